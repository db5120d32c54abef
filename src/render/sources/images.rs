//! Packed images as textures.

use crate::frame::{PackedFormat, PackedFrame};
use crate::render::error::RenderError;
use crate::render::gpu::device::Device;

/// Refuses an image that no texture can hold or whose data is short.
pub(in crate::render) fn check_image(
    device: &Device,
    what: &str,
    image: &PackedFrame,
) -> Result<(), RenderError> {
    device.check_size(what, image.size)?;
    let row_bytes = image.size.width as usize * 4;
    let expected = image.stride.max(row_bytes) * (image.size.height as usize - 1) + row_bytes;
    if image.data.len() < expected || image.stride < row_bytes {
        return Err(RenderError::Truncated {
            what: what.to_owned(),
            found: image.data.len(),
            expected,
        });
    }
    Ok(())
}

/// A texture with the pixels of a checked image.
pub(in crate::render) fn upload_image(device: &Device, label: &str, image: &PackedFrame) -> wgpu::Texture {
    let texture = device.texture(
        label,
        image.size,
        texture_format(image.format),
        wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
    );
    device.queue.write_texture(
        texture.as_image_copy(),
        &image.data,
        wgpu::TexelCopyBufferLayout {
            offset: 0,
            bytes_per_row: Some(image.stride as u32),
            rows_per_image: None,
        },
        texture.size(),
    );
    texture
}

pub(in crate::render) fn texture_bind_group(
    device: &Device,
    layout: &wgpu::BindGroupLayout,
    sampler: &wgpu::Sampler,
    texture: &wgpu::Texture,
) -> wgpu::BindGroup {
    let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
    device.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("texture"),
        layout,
        entries: &[
            wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::TextureView(&view),
            },
            wgpu::BindGroupEntry {
                binding: 1,
                resource: wgpu::BindingResource::Sampler(sampler),
            },
        ],
    })
}

pub(in crate::render) const fn texture_format(format: PackedFormat) -> wgpu::TextureFormat {
    match format {
        PackedFormat::Rgba => wgpu::TextureFormat::Rgba8Unorm,
        PackedFormat::Bgra => wgpu::TextureFormat::Bgra8Unorm,
    }
}
