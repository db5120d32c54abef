//! Opens media files without letting FFmpeg open anything itself.
