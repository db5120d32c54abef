//! Decodes a sound track to 48 kHz float samples.
