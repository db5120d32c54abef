//! Decodes still images: backgrounds and pointer art.
