//! The pointer's art as textures (cap-look.md 8.8).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::images::{check_image, texture_bind_group, upload_image};
use crate::frame::{PackedFormat, PackedFrame, Size};
use crate::render::error::RenderError;
use crate::render::gpu::device::Device;
use crate::render::spec::ColorPolicy;
use crate::scene::PointerArt;

/// The art of a recording: uploaded when first shown.
#[derive(Debug)]
pub(in crate::render) struct ArtStore {
    recorded: BTreeMap<String, Arc<PackedFrame>>,
    /// Whether images are blended as Cap does, with bright fringes where their alpha is straight.
    as_cap: bool,
    loaded: HashMap<PointerArt, wgpu::BindGroup>,
    /// Textures of recorded images. Ids that share an image share its texture.
    textures: Vec<(Arc<PackedFrame>, wgpu::BindGroup)>,
    missing: BTreeSet<String>,
}

impl ArtStore {
    /// With Cap's colour maths images with straight alpha are taken for premultiplied, as Cap takes them (26, quirk 7).
    ///
    /// # Errors
    /// When an image is too large for a texture or holds fewer bytes than its size asks for.
    pub(in crate::render) fn new(
        device: &Device,
        recorded: BTreeMap<String, Arc<PackedFrame>>,
        colors: ColorPolicy,
    ) -> Result<Self, RenderError> {
        for (id, image) in &recorded {
            check_image(device, &format!("pointer image {id:?}"), image)?;
        }
        Ok(Self {
            recorded,
            as_cap: colors == ColorPolicy::Cap601,
            loaded: HashMap::new(),
            textures: Vec::new(),
            missing: BTreeSet::new(),
        })
    }

    /// Ids that a scene asked for and the recording has no image of. Nothing is drawn for them (26, quirk 7).
    pub(in crate::render) fn missing(&self) -> &BTreeSet<String> {
        &self.missing
    }

    pub(in crate::render) fn get(&self, art: &PointerArt) -> Option<&wgpu::BindGroup> {
        self.loaded.get(art)
    }

    /// Uploads `art` if it is not on the GPU yet; nothing is drawn where there is none of that id.
    pub(in crate::render) fn load(
        &mut self,
        device: &Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        art: &PointerArt,
    ) {
        if self.loaded.contains_key(art) {
            return;
        }
        let bind = |image: &PackedFrame| {
            let texture = upload_image(device, "pointer", image);
            texture_bind_group(device, layout, sampler, &texture)
        };
        let bound = match art {
            PointerArt::Circle => bind(&circle()),
            PointerArt::Own(shape) => match shape.draw() {
                Some(picture) => bind(&PackedFrame {
                    size: picture.size,
                    stride: picture.size.width as usize * 4,
                    format: PackedFormat::Rgba,
                    data: picture.data,
                }),
                None => {
                    if self.missing.insert(format!("{shape:?}")) {
                        tracing::warn!(
                            ?shape,
                            "there is no memory for this pointer's art; it is not drawn"
                        );
                    }
                    return;
                }
            },
            PointerArt::Recorded(id) => match self.recorded.get(id) {
                Some(image) => {
                    let known = self.textures.iter().find(|(of, _)| Arc::ptr_eq(of, image));
                    let prepared = || {
                        if self.as_cap {
                            bind(image)
                        } else {
                            bind(&premultiplied(image))
                        }
                    };
                    let bound = known.map_or_else(prepared, |(_, bound)| bound.clone());
                    if known.is_none() {
                        self.textures.push((Arc::clone(image), bound.clone()));
                    }
                    bound
                }
                None => {
                    if self.missing.insert(id.clone()) {
                        tracing::warn!(id, "the recording has no image of this pointer; it is not drawn");
                    }
                    return;
                }
            },
        };
        self.loaded.insert(art.clone(), bound);
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
