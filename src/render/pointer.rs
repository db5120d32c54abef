//! The pointer: its art as textures, where its sprite lies (cap-look.md 8.6, 8.8, 8.9).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::device::Device;
use super::draw::{Draw, Means, Textures};
use super::error::RenderError;
use super::pipeline::PipelineKey;
use super::region::{centres_within, intersect};
use crate::frame::{PackedFormat, PackedFrame, PixelRect, Size};
use crate::scene::{Pointer, PointerArt};

/// Numbers of shaders/pointer.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct PointerUniforms {
    matrix: [f32; 4],
    clip: [f32; 4],
    origin: [f32; 2],
    opacity: f32,
    unused: f32,
}

/// Plans a pointer with finite numbers; `None` when no pixel of it is seen.
pub(super) fn plan(
    pointer: &Pointer,
    area: PixelRect,
    uniforms: impl FnOnce(&PointerUniforms) -> u32,
) -> Option<Draw> {
    let rect = pointer.rect;
    let clip = pointer.clip;
    if !(pointer.opacity > 0.0 && rect.width > 0.0 && rect.height > 0.0) {
        return None;
    }
    // Turned in the unit square, then scaled; y points down, so a counter-clockwise turn lifts the right end (8.6).
    let (sin, cos) = pointer.rotation.sin_cos();
    let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(u, v): (f64, f64)| {
        (
            rect.x + rect.width * (u * cos + v * sin),
            rect.y + rect.height * (v * cos - u * sin),
        )
    });
    let low = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::INFINITY, f64::min);
    let high = |pick: fn(&(f64, f64)) -> f64| corners.iter().map(pick).fold(f64::NEG_INFINITY, f64::max);
    // A pixel more on every side: rounding decides in the shader which centres lie on the sprite.
    let sprite = centres_within(
        area,
        low(|corner| corner.0) - 1.0,
        low(|corner| corner.1) - 1.0,
        high(|corner| corner.0) + 1.0,
        high(|corner| corner.1) + 1.0,
    )?;
    let feathered = centres_within(
        area,
        clip.x - 0.5,
        clip.y - 0.5,
        clip.right() + 0.5,
        clip.bottom() + 0.5,
    )?;
    let seen = intersect(sprite, feathered)?;
    let offset = uniforms(&PointerUniforms {
        matrix: [
            cos / rect.width,
            -sin / rect.height,
            sin / rect.width,
            cos / rect.height,
        ]
        .map(|v| v as f32),
        clip: [clip.x, clip.y, clip.right(), clip.bottom()].map(|v| v as f32),
        origin: [rect.x as f32, rect.y as f32],
        opacity: pointer.opacity.min(1.0) as f32,
        unused: 0.0,
    });
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Pointer),
        textures: Textures::Art(pointer.art.clone()),
        uniforms: offset,
        rects: vec![seen],
    })
}

/// The art of a recording: uploaded when first shown.
#[derive(Debug)]
pub(super) struct ArtStore {
    recorded: BTreeMap<String, PackedFrame>,
    loaded: HashMap<PointerArt, wgpu::BindGroup>,
    missing: BTreeSet<String>,
}

impl ArtStore {
    /// # Errors
    /// When an image is too large for a texture or holds fewer bytes than its size asks for.
    pub(super) fn new(device: &Device, recorded: BTreeMap<String, PackedFrame>) -> Result<Self, RenderError> {
        for (id, image) in &recorded {
            check_image(device, &format!("pointer image {id:?}"), image)?;
        }
        Ok(Self {
            recorded,
            loaded: HashMap::new(),
            missing: BTreeSet::new(),
        })
    }

    /// Ids that a scene asked for and the recording has no image of. Nothing is drawn for them (26, quirk 7).
    pub(super) fn missing(&self) -> &BTreeSet<String> {
        &self.missing
    }

    pub(super) fn get(&self, art: &PointerArt) -> Option<&wgpu::BindGroup> {
        self.loaded.get(art)
    }

    /// Uploads `art` if it is not on the GPU yet; `false` when there is none of that id.
    pub(super) fn load(
        &mut self,
        device: &Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        art: &PointerArt,
    ) -> bool {
        if self.loaded.contains_key(art) {
            return true;
        }
        let image = match art {
            PointerArt::Circle => Cow::Owned(circle()),
            PointerArt::Recorded(id) => match self.recorded.get(id) {
                Some(image) => premultiplied(image),
                None => {
                    if self.missing.insert(id.clone()) {
                        tracing::warn!(id, "the recording has no image of this pointer; it is not drawn");
                    }
                    return false;
                }
            },
        };
        let texture = upload_image(device, "pointer", &image);
        self.loaded
            .insert(art.clone(), texture_bind_group(device, layout, sampler, &texture));
        true
    }
}

/// Refuses an image that no texture can hold or whose data is short.
pub(super) fn check_image(device: &Device, what: &str, image: &PackedFrame) -> Result<(), RenderError> {
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
pub(super) fn upload_image(device: &Device, label: &str, image: &PackedFrame) -> wgpu::Texture {
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

pub(super) fn texture_bind_group(
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

pub(super) const fn texture_format(format: PackedFormat) -> wgpu::TextureFormat {
    match format {
        PackedFormat::Rgba => wgpu::TextureFormat::Rgba8Unorm,
        PackedFormat::Bgra => wgpu::TextureFormat::Bgra8Unorm,
    }
}

/// The image with premultiplied alpha. One with a channel above its alpha somewhere is straight (8.8).
fn premultiplied(image: &PackedFrame) -> Cow<'_, PackedFrame> {
    let rows = || (0..image.size.height).map(|y| image.view().row(y));
    let straight = rows().any(|row| {
        row.chunks_exact(4)
            .any(|pixel| pixel[..3].iter().any(|&channel| channel > pixel[3]))
    });
    if !straight {
        return Cow::Borrowed(image);
    }
    let mut result = PackedFrame::new(image.size, image.format);
    for (row, into) in rows().zip(result.data.chunks_exact_mut(image.size.width as usize * 4)) {
        for (pixel, into) in row.chunks_exact(4).zip(into.chunks_exact_mut(4)) {
            let alpha = u16::from(pixel[3]);
            for channel in 0..3 {
                into[channel] = ((u16::from(pixel[channel]) * alpha + 127) / 255) as u8;
            }
            into[3] = pixel[3];
        }
    }
    Cow::Owned(result)
}

/// The disc of the `circle` type (8.8), premultiplied.
fn circle() -> PackedFrame {
    const SIDE: u32 = 256;
    let mut image = PackedFrame::new(Size::new(SIDE, SIDE), PackedFormat::Rgba);
    for (index, pixel) in image.data.chunks_exact_mut(4).enumerate() {
        let centred = |at: u32| f64::from(at) + 0.5 - f64::from(SIDE) / 2.0;
        let (white, alpha) = disc(centred(index as u32 % SIDE).hypot(centred(index as u32 / SIDE)));
        let byte = |value: f64| (value * 255.0).round() as u8;
        pixel.copy_from_slice(&[byte(white), byte(white), byte(white), byte(alpha)]);
    }
    image
}

/// Premultiplied grey and alpha of the disc at a distance from its centre, in its own pixels.
fn disc(distance: f64) -> (f64, f64) {
    const RADIUS: f64 = 107.52;
    const GLOW: f64 = 8.96;
    const FADE: f64 = 4.608;
    let beyond = distance - RADIUS;
    let glow = if beyond > 0.0 && beyond <= GLOW {
        0.16 * (1.0 - (beyond / GLOW).powi(2))
    } else {
        0.0
    };
    if beyond > FADE {
        return (0.0, glow);
    }
    let fade = 1.0 - (beyond / FADE).clamp(0.0, 1.0).powf(1.2);
    let (grey, alpha) = if beyond > -3.584 {
        (0.0, 0.38 * fade)
    } else if beyond > -7.68 {
        (1.0, 0.42 * fade)
    } else {
        (1.0, 0.14 * fade)
    };
    (grey * alpha, alpha + glow * (1.0 - alpha))
}
