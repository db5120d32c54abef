//! Cards whose pictures the processor samples: their pixels on the way to the target, and to where shaders read them.
//!
//! What hides all below it is copied onto its surface before anything is drawn there. What a shader blends, and pieces too small to be
//! worth a copy of their own, go to a sheet: a texture of the output's size in which a card's pixel lies where it is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::converted::Binder;
use super::picture::Pictures;
use super::planes::Planes;
use super::uploads::Uploads;
use crate::frame::{PackedFormat, PixelRect, Size};
use crate::render::error::RenderError;
use crate::render::gpu::copies::{extent, origin, pitch};
use crate::render::gpu::surfaces::Surfaces;
use crate::render::plan::draw::{Means, Textures};
use crate::render::plan::{Pass, Plan};
use crate::render::sampling::grading::Grading;
use crate::render::sampling::{Sampler, Source};
use crate::render::spec::ColorPolicy;
use crate::scene::{LayerId, SurfaceId};

/// Bytes that a copy command of its own is worth.
const WORTH_A_COPY: u64 = 4096;

/// A texture of the output's size that holds a card's pixels.
#[derive(Debug)]
struct Sheet {
    texture: wgpu::Texture,
    bound: wgpu::BindGroup,
}

/// One sheet a layer, made when it is first needed, and what fills them.
#[derive(Debug)]
pub(in crate::render) struct Sheets {
    format: PackedFormat,
    sheets: BTreeMap<LayerId, Sheet>,
    /// For draws of cards that read no picture.
    blank: wgpu::BindGroup,
    sampler: Sampler,
}

/// Where the pixels of some rectangles lie in an upload buffer, and where they go.
struct Parcel {
    /// The pixels that are copied.
    whole: PixelRect,
    /// Those of them that are sampled; the others are never read.
    rects: Vec<PixelRect>,
    /// Whose pixels.
    layer: LayerId,
    /// The surface they are copied to; `None` is the layer's sheet.
    surface: Option<SurfaceId>,
    offset: u64,
}

impl Parcel {
    fn pitch(&self) -> u32 {
        pitch(self.whole.width * 4)
    }

    fn bytes(&self) -> u64 {
        u64::from(self.pitch()) * u64::from(self.whole.height)
    }

    /// Where the pixel of `row` and `column` within `rect` lies in the buffer.
    fn start(&self, rect: PixelRect, row: u32, column: u32) -> usize {
        let (x, y) = (rect.x - self.whole.x + column, rect.y - self.whole.y + row);
        self.offset as usize + y as usize * self.pitch() as usize + x as usize * 4
    }
}

impl Sheets {
    pub(in crate::render) fn new(binder: Binder<'_>, format: PackedFormat) -> Self {
        let device = binder.device;
        let texture = device.texture(
            "no picture",
            Size::new(1, 1),
            wgpu::TextureFormat::Rgba8Unorm,
            wgpu::TextureUsages::TEXTURE_BINDING,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        Self {
            format,
            sheets: BTreeMap::new(),
            blank: binder.bind(&view, &view),
            sampler: Sampler::default(),
        }
    }

    /// What a draw of the card of `layer` reads.
    pub(in crate::render) fn get(&self, layer: LayerId) -> &wgpu::BindGroup {
        self.sheets.get(&layer).map_or(&self.blank, |sheet| &sheet.bound)
    }

    /// For draws of cards that read no picture.
    pub(in crate::render) fn blank(&self) -> &wgpu::BindGroup {
        &self.blank
    }

    /// Samples what `plan` needs of its cards and records the copies. The bytes written.
    ///
    /// # Errors
    /// When a picture holds less than its size promises, or a buffer cannot be written.
    pub(in crate::render) fn fill(
        &mut self,
        binder: Binder<'_>,
        (encoder, uploads): (&mut wgpu::CommandEncoder, &mut Uploads),
        surfaces: &Surfaces,
        plan: &Plan,
        (pictures, colors): (&Pictures, ColorPolicy),
        frame: u64,
    ) -> Result<u64, RenderError> {
        let device = binder.device;
        let mut parcels = parcels(&plan.passes);
        let mut bytes = 0;
        for parcel in &mut parcels {
            parcel.offset = bytes;
            bytes += parcel.bytes();
        }
        if bytes == 0 {
            return Ok(0);
        }
        let buffer = uploads.take(device, bytes);
        {
            let mut mapped = uploads.map(device, &buffer, frame)?;
            let layers: BTreeSet<LayerId> = parcels.iter().map(|parcel| parcel.layer).collect();
            for layer in layers {
                let Some(shown) = plan.shown.get(&layer) else {
                    continue;
                };
                let id = shown.source;
                let picture = pictures
                    .get(id)
                    .ok_or(RenderError::MissingPicture { frame, picture: id })?;
                let planes = Planes::checked(picture, id)?;
                let conversion = colors.conversion(picture.color);
                let source = Source::new(&planes, picture.size, &conversion, self.format);
                let grading = shown.grade.map(|grade| Grading::new(&grade, self.format));
                let (owners, rects): (Vec<&Parcel>, Vec<PixelRect>) = parcels
                    .iter()
                    .filter(|parcel| parcel.layer == layer)
                    .flat_map(|parcel| parcel.rects.iter().map(move |&rect| (parcel, rect)))
                    .unzip();
                let write = |index: usize, row, column, pixels: &mut [u8]| {
                    let rect = rects[index];
                    if let Some(grading) = &grading {
                        grading.apply(pixels, rect.x + column, rect.y + row);
                    }
                    let start = owners[index].start(rect, row, column);
                    mapped.slice(start..start + pixels.len()).copy_from_slice(pixels);
                };
                let placement = &shown.placement;
                match &shown.smeared {
                    None => self.sampler.sample(&source, placement, &rects, write),
                    Some(smeared) => self.sampler.smear(&source, placement, smeared, &rects, write),
                }
            }
        }
        buffer.unmap();
        for parcel in &parcels {
            let texture = match parcel.surface {
                // Every surface of the plan was prepared.
                Some(surface) => match surfaces.get(surface) {
                    Some(surface) => &surface.texture,
                    None => continue,
                },
                None => self.sheet(binder, surfaces, parcel.layer),
            };
            encoder.copy_buffer_to_texture(
                wgpu::TexelCopyBufferInfo {
                    buffer: &buffer,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: parcel.offset,
                        bytes_per_row: Some(parcel.pitch()),
                        rows_per_image: None,
                    },
                },
                wgpu::TexelCopyTextureInfo {
                    origin: origin(parcel.whole),
                    ..texture.as_image_copy()
                },
                extent(parcel.whole),
            );
        }
        uploads.fill(buffer);
        Ok(bytes)
    }

    fn sheet(&mut self, binder: Binder<'_>, surfaces: &Surfaces, layer: LayerId) -> &wgpu::Texture {
        let sheet = self.sheets.entry(layer).or_insert_with(|| {
            let texture = binder.device.texture(
                "sheet",
                surfaces.size,
                surfaces.texture_format(),
                wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            );
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let bound = binder.bind(&view, &view);
            Sheet { texture, bound }
        });
        &sheet.texture
    }
}

/// What is to be sampled for `passes`.
fn parcels(passes: &[Pass]) -> Vec<Parcel> {
    let mut parcels = Vec::new();
    let mut blended: BTreeMap<LayerId, Vec<PixelRect>> = BTreeMap::new();
    let one = |rect: PixelRect, layer, surface| Parcel {
        whole: rect,
        rects: vec![rect],
        layer,
        surface,
        offset: 0,
    };
    for (pass, draw) in passes
        .iter()
        .flat_map(|pass| pass.draws.iter().map(move |draw| (pass, draw)))
    {
        let Textures::Sheet(layer) = draw.textures else {
            continue;
        };
        if draw.means == Means::Copy {
            parcels.extend(draw.rects.iter().map(|&rect| one(rect, layer, Some(pass.target))));
        } else {
            blended.entry(layer).or_default().extend(&draw.rects);
        }
    }
    for (layer, rects) in blended {
        let apart: Vec<Parcel> = rects.iter().map(|&rect| one(rect, layer, None)).collect();
        let Some(whole) = rects.iter().copied().reduce(PixelRect::hull) else {
            continue;
        };
        let together = Parcel {
            whole,
            rects,
            layer,
            surface: None,
            offset: 0,
        };
        let cost = |parcel: &Parcel| parcel.bytes() + WORTH_A_COPY;
        if cost(&together) <= apart.iter().map(cost).sum() {
            parcels.push(together);
        } else {
            parcels.extend(apart);
        }
    }
    parcels
}
