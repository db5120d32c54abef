//! The scene's bitmaps as textures, uploaded when first shown and let go when others need the room.

use std::borrow::Cow;

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgba};

use super::images::texture_bind_group;
use crate::frame::Size;
use crate::render::gpu::device::Device;
use crate::scene::Bitmap;

/// A bitmap on the GPU.
#[derive(Debug)]
struct Held {
    /// Held so that its memory is not given to another bitmap, which `same_as` would take for this one.
    bitmap: Bitmap,
    bound: wgpu::BindGroup,
    bytes: u64,
    /// When it was shown last, in frames.
    shown: u64,
}

/// Bitmaps on the GPU.
#[derive(Debug)]
pub(in crate::render) struct BitmapStore {
    sampler: wgpu::Sampler,
    held: Vec<Held>,
    frame: u64,
}

impl BitmapStore {
    /// Bytes of bitmaps that are kept though the frame does not show them.
    const KEPT: u64 = 64 << 20;

    pub(in crate::render) fn new(device: &Device) -> Self {
        let sampler = device.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("trilinear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            mipmap_filter: wgpu::MipmapFilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        Self {
            sampler,
            held: Vec::new(),
            frame: 0,
        }
    }

    /// Begins the next frame: of the bitmaps that the last one did not show, those shown least lately are let go.
    pub(in crate::render) fn begin_frame(&mut self) {
        let frame = self.frame;
        self.held.sort_by_key(|held| std::cmp::Reverse(held.shown));
        let mut bytes = 0;
        self.held.retain(|held| {
            if held.shown == frame {
                return true;
            }
            bytes += held.bytes;
            bytes <= Self::KEPT
        });
        self.frame += 1;
    }

    /// Uploads `bitmap` unless it is there.
    pub(in crate::render) fn load(
        &mut self,
        device: &Device,
        layout: &wgpu::BindGroupLayout,
        bitmap: &Bitmap,
    ) {
        let frame = self.frame;
        let known = self.held.iter_mut().find(|held| held.bitmap.same_as(bitmap));
        if let Some(held) = known {
            held.shown = frame;
            return;
        }
        let texture = upload(device, bitmap);
        self.held.push(Held {
            bitmap: bitmap.clone(),
            bound: texture_bind_group(device, layout, &self.sampler, &texture),
            bytes: bitmap.size().area() * 4,
            shown: frame,
        });
    }

    /// What a draw of `bitmap`, which was loaded, reads.
    pub(in crate::render) fn get(&self, bitmap: &Bitmap) -> Option<&wgpu::BindGroup> {
        let held = self.held.iter().find(|held| held.bitmap.same_as(bitmap))?;
        Some(&held.bound)
    }
}

fn upload(device: &Device, bitmap: &Bitmap) -> wgpu::Texture {
    let size = bitmap.size();
    let largest = fitted(size, device.max_side());
    let levels = if bitmap.is_mipmapped() {
        largest.width.max(largest.height).ilog2() + 1
    } else {
        1
    };
    let texture = device.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("bitmap"),
        size: extent(largest),
        mip_level_count: levels,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let write = |level: u32, size: Size, data: &[u8]| {
        device.queue.write_texture(
            wgpu::TexelCopyTextureInfo {
                mip_level: level,
                ..texture.as_image_copy()
            },
            data,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(size.width * 4),
                rows_per_image: None,
            },
            extent(size),
        );
    };
    let mut level_size = largest;
    let mut pixels = Cow::Borrowed(bitmap.data());
    if largest != size {
        tracing::debug!(from = %size, to = %largest, "reduced a picture to what a texture can hold");
        pixels = Cow::Owned(reduced(&pixels, size, largest));
    }
    write(0, largest, &pixels);
    for level in 1..levels {
        let half = Size::new((level_size.width / 2).max(1), (level_size.height / 2).max(1));
        pixels = Cow::Owned(reduced(&pixels, level_size, half));
        level_size = half;
        write(level, half, &pixels);
    }
    texture
}

fn extent(size: Size) -> wgpu::Extent3d {
    wgpu::Extent3d {
        width: size.width,
        height: size.height,
        depth_or_array_layers: 1,
    }
}

/// `size` with no side above `limit`, in its shape.
fn fitted(size: Size, limit: u32) -> Size {
    let longest = size.width.max(size.height);
    if longest <= limit {
        return size;
    }
    let factor = f64::from(limit) / f64::from(longest);
    let shrink = |side: u32| ((f64::from(side) * factor).round() as u32).clamp(1, limit);
    Size::new(shrink(size.width), shrink(size.height))
}

/// Pixels of an image of `from`, which fill it, at `to`, which is smaller. Premultiplied ones may be averaged as they are.
fn reduced(pixels: &[u8], from: Size, to: Size) -> Vec<u8> {
    let image = ImageBuffer::<Rgba<u8>, &[u8]>::from_raw(from.width, from.height, pixels);
    image.map_or_else(Vec::new, |image| {
        imageops::resize(&image, to.width, to.height, FilterType::Triangle).into_raw()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_large_a_picture_keeps_its_shape() {
        assert_eq!(fitted(Size::new(8192, 100), 8192), Size::new(8192, 100));
        assert_eq!(fitted(Size::new(30_000, 300), 8192), Size::new(8192, 82));
        assert_eq!(fitted(Size::new(2, 30_000), 8192), Size::new(1, 8192));
    }

    #[test]
    fn a_smaller_copy_is_the_mean_of_its_pixels() {
        let data: Vec<u8> = [[0u8; 4], [200; 4], [100; 4], [100; 4]].concat();
        assert_eq!(reduced(&data, Size::new(2, 2), Size::new(1, 1)), [100; 4]);
    }
}
