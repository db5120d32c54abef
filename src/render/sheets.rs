//! Cards whose pictures the processor samples: their pixels on the way to the target, and to where shaders read them.
//!
//! What hides all below it is copied into the target before anything is drawn. What a shader blends, and pieces too small to be
//! worth a copy of their own, go to a sheet: a texture of the output's size in which a card's pixel lies where it is shown.

use std::collections::BTreeMap;

use super::converted::Binder;
use super::draw::{Draw, Means, Textures};
use super::error::RenderError;
use super::map::Map;
use super::picture::Pictures;
use super::planes::Planes;
use super::sampling::{Sampler, Source};
use super::spec::ColorPolicy;
use super::target::Target;
use super::uploads::Uploads;
use crate::frame::{PackedFormat, PixelRect, Size};
use crate::scene::Track;

/// Bytes that a copy command of its own is worth.
const WORTH_A_COPY: u64 = 4096;

/// A card that a frame shows, and how its picture lies on the output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) track: Track,
    pub(super) map: Map,
}

/// A texture of the output's size that holds a card's pixels.
#[derive(Debug)]
struct Sheet {
    texture: wgpu::Texture,
    bound: wgpu::BindGroup,
}

/// One sheet a layer, made when it is first needed, and what fills them.
#[derive(Debug)]
pub(super) struct Sheets {
    format: PackedFormat,
    sheets: BTreeMap<usize, Sheet>,
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
    /// Whose sheet; `None` is the target.
    sheet: Option<usize>,
    offset: u64,
}

impl Parcel {
    fn pitch(&self) -> u32 {
        (self.whole.width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
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
    pub(super) fn new(binder: Binder<'_>, format: PackedFormat) -> Self {
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
    pub(super) fn get(&self, layer: usize) -> &wgpu::BindGroup {
        self.sheets.get(&layer).map_or(&self.blank, |sheet| &sheet.bound)
    }

    /// For draws of cards that read no picture.
    pub(super) fn blank(&self) -> &wgpu::BindGroup {
        &self.blank
    }

    /// Samples what `draws` need of the cards in `shown`, by layer, and records the copies. The bytes written.
    ///
    /// # Errors
    /// When a picture holds less than its size promises, or a buffer cannot be written.
    pub(super) fn fill(
        &mut self,
        binder: Binder<'_>,
        (encoder, uploads): (&mut wgpu::CommandEncoder, &mut Uploads),
        target: &Target,
        (draws, shown): (&[Draw], &BTreeMap<usize, Shown>),
        (pictures, colors): (&Pictures, ColorPolicy),
        frame: u64,
    ) -> Result<u64, RenderError> {
        let device = binder.device;
        let mut parcels = parcels(draws);
        let mut bytes = 0;
        for parcel in &mut parcels {
            parcel.0.offset = bytes;
            bytes += parcel.0.bytes();
        }
        if bytes == 0 {
            return Ok(0);
        }
        let buffer = uploads.take(device, bytes);
        {
            let mut mapped = uploads.map(device, &buffer, frame)?;
            for (parcel, layer) in &parcels {
                let Some(shown) = shown.get(layer) else { continue };
                let track = shown.track;
                let picture = pictures
                    .get(track)
                    .ok_or(RenderError::MissingPicture { frame, track })?;
                let planes = Planes::checked(picture, track)?;
                let conversion = colors.conversion(picture.color);
                let source = Source::new(&planes, picture.size, &conversion, self.format);
                for &rect in &parcel.rects {
                    self.sampler
                        .sample(&source, &shown.map, rect, |row, column, pixels| {
                            let start = parcel.start(rect, row, column);
                            mapped.slice(start..start + pixels.len()).copy_from_slice(pixels);
                        });
                }
            }
        }
        buffer.unmap();
        for (parcel, _) in &parcels {
            let texture = match parcel.sheet {
                None => &target.texture,
                Some(layer) => self.sheet(binder, target, layer),
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

    fn sheet(&mut self, binder: Binder<'_>, target: &Target, layer: usize) -> &wgpu::Texture {
        let sheet = self.sheets.entry(layer).or_insert_with(|| {
            let texture = binder.device.texture(
                "sheet",
                target.size,
                target.texture.format(),
                wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            );
            let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
            let bound = binder.bind(&view, &view);
            Sheet { texture, bound }
        });
        &sheet.texture
    }
}

/// Copies what `draws` take from the finished canvas into the target.
pub(super) fn copy_canvas(
    encoder: &mut wgpu::CommandEncoder,
    canvas: &wgpu::Texture,
    target: &Target,
    draws: &[Draw],
) {
    let copied = draws
        .iter()
        .filter(|draw| draw.means == Means::Copy && draw.textures == Textures::Backdrop);
    for &rect in copied.flat_map(|draw| &draw.rects) {
        let at = origin(rect);
        encoder.copy_texture_to_texture(
            wgpu::TexelCopyTextureInfo {
                origin: at,
                ..canvas.as_image_copy()
            },
            wgpu::TexelCopyTextureInfo {
                origin: at,
                ..target.texture.as_image_copy()
            },
            extent(rect),
        );
    }
}

fn origin(rect: PixelRect) -> wgpu::Origin3d {
    wgpu::Origin3d {
        x: rect.x,
        y: rect.y,
        z: 0,
    }
}

fn extent(rect: PixelRect) -> wgpu::Extent3d {
    wgpu::Extent3d {
        width: rect.width,
        height: rect.height,
        depth_or_array_layers: 1,
    }
}

/// What is to be sampled for `draws`, with the layer of the card.
fn parcels(draws: &[Draw]) -> Vec<(Parcel, usize)> {
    let mut parcels = Vec::new();
    let mut blended: BTreeMap<usize, Vec<PixelRect>> = BTreeMap::new();
    let one = |rect: PixelRect, sheet| Parcel {
        whole: rect,
        rects: vec![rect],
        sheet,
        offset: 0,
    };
    for draw in draws {
        let Textures::Sheet(layer) = draw.textures else {
            continue;
        };
        if draw.means == Means::Copy {
            parcels.extend(draw.rects.iter().map(|&rect| (one(rect, None), layer)));
        } else {
            blended.entry(layer).or_default().extend(&draw.rects);
        }
    }
    for (layer, rects) in blended {
        let apart: Vec<Parcel> = rects.iter().map(|&rect| one(rect, Some(layer))).collect();
        let Some(whole) = hull(&rects) else { continue };
        let together = Parcel {
            whole,
            rects,
            sheet: Some(layer),
            offset: 0,
        };
        let cost = |parcel: &Parcel| parcel.bytes() + WORTH_A_COPY;
        if cost(&together) <= apart.iter().map(cost).sum() {
            parcels.push((together, layer));
        } else {
            parcels.extend(apart.into_iter().map(|parcel| (parcel, layer)));
        }
    }
    parcels
}

/// The smallest rectangle that holds all of `rects`.
fn hull(rects: &[PixelRect]) -> Option<PixelRect> {
    let x = rects.iter().map(|rect| rect.x).min()?;
    let y = rects.iter().map(|rect| rect.y).min()?;
    let right = rects.iter().map(|rect| rect.x + rect.width).max()?;
    let bottom = rects.iter().map(|rect| rect.y + rect.height).max()?;
    Some(PixelRect {
        x,
        y,
        width: right - x,
        height: bottom - y,
    })
}
