//! The picture that frames are drawn into. It persists from frame to frame: what is not redrawn stays.

use super::device::Device;
use super::pointer::texture_format;
use crate::frame::{PackedFormat, Size};

/// A texture of the output's size; 8-bit gamma-encoded values are blended as they are (cap-look.md 1.3).
#[derive(Debug)]
pub(super) struct Target {
    pub(super) size: Size,
    pub(super) texture: wgpu::Texture,
    pub(super) view: wgpu::TextureView,
}

impl Target {
    pub(super) fn new(device: &Device, size: Size, format: PackedFormat) -> Self {
        let texture = device.texture(
            "target",
            size,
            texture_format(format),
            // Read by the conversion to NV12, written by copies where the processor samples.
            wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::COPY_SRC
                | wgpu::TextureUsages::COPY_DST
                | wgpu::TextureUsages::TEXTURE_BINDING,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self { size, texture, view }
    }
}
