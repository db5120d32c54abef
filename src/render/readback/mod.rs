//! Frames on their way back to memory: a ring of staging buffers, and the conversion to NV12 before that.

pub(in crate::render) mod nv12;
pub(in crate::render) mod ring;
