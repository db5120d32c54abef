//! Composes frames with wgpu and reads them back: device, compositor, one file a layer, readback, shaders.
