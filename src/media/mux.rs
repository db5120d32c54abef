//! Writes the MP4.
