//! Decodes video tracks: hold-previous lookup over variable frame rate.
