//! Packed RGB to NV12, one file a path, one interface.
