//! Writes the tracks of made recordings: variable frame rate H.264, Opus.
