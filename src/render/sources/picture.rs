//! Source pictures on the GPU: luma in one texture, interleaved chroma in another, uploaded when they change.

use std::time::{Duration, Instant};

use super::converted::{Binder, Converted, Converter};
use super::planes::{Planes, name, shifts};
use super::uploads::Uploads;
use crate::frame::{PixelRect, Size, YuvColor, YuvPicture};
use crate::render::error::{RenderError, Stage};
use crate::render::gpu::copies::pitch;
use crate::render::gpu::device::Device;
use crate::scene::SourceId;

/// What need not be uploaded of a picture, for most of it is on the GPU already.
#[derive(Clone, Debug)]
pub struct Upload {
    /// A picture of the same shape. Where it is not the one on the GPU, everything is uploaded.
    pub since: YuvPicture,
    /// The luma pixels that differ from it, or whose chroma does.
    pub rects: Vec<PixelRect>,
}

/// The source pictures of one frame, one a source.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    entries: Vec<(SourceId, Entry)>,
}

#[derive(Clone, Debug)]
struct Entry {
    picture: YuvPicture,
    upload: Option<Upload>,
}

impl Pictures {
    /// No picture.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows `picture` on the cards of `source`.
    pub fn insert(&mut self, source: SourceId, picture: YuvPicture) {
        self.insert_changed(source, picture, None);
    }

    /// As [`insert`](Self::insert), with what differs from an earlier picture.
    pub fn insert_changed(&mut self, source: SourceId, picture: YuvPicture, upload: Option<Upload>) {
        let entry = Entry { picture, upload };
        match self.entries.iter_mut().find(|(of, _)| *of == source) {
            Some((_, held)) => *held = entry,
            None => self.entries.push((source, entry)),
        }
    }

    /// The picture of `source`.
    pub fn get(&self, source: SourceId) -> Option<&YuvPicture> {
        self.entries
            .iter()
            .find(|(of, _)| *of == source)
            .map(|(_, entry)| &entry.picture)
    }

    fn iter(&self) -> impl Iterator<Item = (SourceId, &Entry)> {
        self.entries.iter().map(|(source, entry)| (*source, entry))
    }
}

/// A picture on the GPU.
#[derive(Debug)]
pub(in crate::render) struct Loaded {
    /// Held so that its memory is not given to another picture, which `same_as` would take for this one.
    picture: YuvPicture,
    luma: wgpu::Texture,
    chroma: wgpu::Texture,
    pub(in crate::render) planes: wgpu::BindGroup,
    /// There once a card was drawn from it.
    converted: Option<Converted>,
}

impl Loaded {
    /// The picture.
    pub(in crate::render) fn picture(&self) -> &YuvPicture {
        &self.picture
    }

    /// Luma size.
    fn size(&self) -> Size {
        self.picture.size
    }

    fn chroma_size(&self) -> Size {
        Size::new(self.chroma.width(), self.chroma.height())
    }

    /// The picture as R'G'B', as [`PictureStore::convert`] made it.
    pub(in crate::render) fn converted(&self) -> Option<&wgpu::BindGroup> {
        self.converted.as_ref().map(Converted::bind_group)
    }

    fn color(&self) -> YuvColor {
        self.picture.color
    }

    /// Whether the changed parts of `picture` make this picture into it.
    fn takes(&self, upload: &Upload, picture: &YuvPicture) -> bool {
        self.picture.same_as(&upload.since)
            && self.picture.size == picture.size
            && self.picture.layout == picture.layout
    }
}

/// What uploads cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::render) struct UploadStats {
    pub(in crate::render) pictures: u64,
    pub(in crate::render) bytes: u64,
    pub(in crate::render) time: Duration,
}

/// The current picture of each source, and the mapped buffers that pictures are copied through.
#[derive(Debug)]
pub(in crate::render) struct PictureStore {
    pub(in crate::render) layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    loaded: Vec<(SourceId, Loaded)>,
    chroma_row: Vec<u8>,
    pub(in crate::render) stats: UploadStats,
}

impl PictureStore {
    pub(in crate::render) fn new(device: &Device, sampler: &wgpu::Sampler) -> Self {
        let texture = |binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::FRAGMENT,
            ty: wgpu::BindingType::Texture {
                sample_type: wgpu::TextureSampleType::Float { filterable: true },
                view_dimension: wgpu::TextureViewDimension::D2,
                multisampled: false,
            },
            count: None,
        };
        let layout = device
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some("picture"),
                entries: &[
                    texture(0),
                    texture(1),
                    wgpu::BindGroupLayoutEntry {
                        binding: 2,
                        visibility: wgpu::ShaderStages::FRAGMENT,
                        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                        count: None,
                    },
                ],
            });
        Self {
            layout,
            sampler: sampler.clone(),
            loaded: Vec::new(),
            chroma_row: Vec::new(),
            stats: UploadStats::default(),
        }
    }

    /// How its pictures are bound.
    pub(in crate::render) fn binder<'a>(&'a self, device: &'a Device) -> Binder<'a> {
        Binder {
            device,
            layout: &self.layout,
            sampler: &self.sampler,
        }
    }

    pub(in crate::render) fn get(&self, source: SourceId) -> Option<&Loaded> {
        self.loaded
            .iter()
            .find(|(of, _)| *of == source)
            .map(|(_, loaded)| loaded)
    }

    /// Records the uploads of the pictures that are not on the GPU yet. Those of other sources are let go.
    pub(in crate::render) fn load(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        uploads: &mut Uploads,
        pictures: &Pictures,
        frame: u64,
    ) -> Result<(), RenderError> {
        self.loaded.retain(|(source, _)| pictures.get(*source).is_some());
        for (source, Entry { picture, upload }) in pictures.iter() {
            let loaded = self.get(source);
            if loaded.is_some_and(|loaded| loaded.picture.same_as(picture)) {
                continue;
            }
            let whole = [PixelRect::full(picture.size)];
            let changed = upload
                .as_ref()
                .filter(|upload| loaded.is_some_and(|loaded| loaded.takes(upload, picture)));
            let rects = changed.map_or(&whole[..], |upload| &upload.rects);
            let started = Instant::now();
            self.upload(device, encoder, uploads, (source, picture), rects, frame)?;
            self.stats.pictures += 1;
            self.stats.time += started.elapsed();
        }
        Ok(())
    }

    /// Records what makes the picture of `source` into R'G'B' where it changed since, and its details where they are asked
    /// for. `uniforms` are the conversion's numbers.
    pub(in crate::render) fn convert(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        converter: &Converter,
        source: SourceId,
        uniforms: (&wgpu::BindGroup, u32),
        details: bool,
    ) {
        // Not through `binder`, which would borrow all of the store.
        let binder = Binder {
            device,
            layout: &self.layout,
            sampler: &self.sampler,
        };
        let found = self.loaded.iter_mut().find(|(of, _)| *of == source);
        if let Some((_, loaded)) = found {
            let size = loaded.size();
            loaded
                .converted
                .get_or_insert_with(|| Converted::new(binder, size))
                .update(encoder, converter, binder, &loaded.planes, uniforms, details);
        }
    }

    /// Drops what was loaded for a submission that did not come about.
    pub(in crate::render) fn forget(&mut self) {
        self.loaded.clear();
    }

    fn upload(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        uploads: &mut Uploads,
        (source, picture): (SourceId, &YuvPicture),
        rects: &[PixelRect],
        frame: u64,
    ) -> Result<(), RenderError> {
        device.check_size(&name(source), picture.size)?;
        let planes = Planes::checked(picture, source)?;
        let luma_parts = parts(rects, (0, 0), picture.size);
        let chroma_parts = parts(rects, shifts(picture.layout), planes.chroma);
        let luma_pitch = pitch(picture.size.width);
        let chroma_pitch = pitch(planes.chroma.width * 2);
        let luma_bytes = u64::from(luma_pitch) * u64::from(picture.size.height);
        let bytes = luma_bytes + u64::from(chroma_pitch) * u64::from(planes.chroma.height);

        let buffer = uploads.take(device, bytes);
        {
            let mut mapped = uploads.map(device, &buffer, frame)?;
            for part in &luma_parts {
                for y in part.y..part.y + part.height {
                    let (start, row) = (offset(part, y, luma_pitch, 1), planes.luma_row(y));
                    let columns = part.x as usize..(part.x + part.width) as usize;
                    let row = &row[columns];
                    mapped.slice(start..start + row.len()).copy_from_slice(row);
                }
            }
            self.chroma_row.resize(planes.chroma.width as usize * 2, 0);
            for part in &chroma_parts {
                for y in part.y..part.y + part.height {
                    let row = planes.chroma_row(y, part.x, part.width, &mut self.chroma_row);
                    let start = luma_bytes as usize + offset(part, y, chroma_pitch, 2);
                    mapped.slice(start..start + row.len()).copy_from_slice(row);
                }
            }
        }
        buffer.unmap();

        let place = self.place(device, source, picture, planes.chroma, rects);
        let mut copy = |texture: &wgpu::Texture, parts: &[Part], base, bytes_per_row, sample| {
            for part in parts {
                encoder.copy_buffer_to_texture(
                    wgpu::TexelCopyBufferInfo {
                        buffer: &buffer,
                        layout: wgpu::TexelCopyBufferLayout {
                            offset: base + offset(part, part.y, bytes_per_row, sample) as u64,
                            bytes_per_row: Some(bytes_per_row),
                            rows_per_image: None,
                        },
                    },
                    wgpu::TexelCopyTextureInfo {
                        origin: wgpu::Origin3d {
                            x: part.x,
                            y: part.y,
                            z: 0,
                        },
                        ..texture.as_image_copy()
                    },
                    wgpu::Extent3d {
                        width: part.width,
                        height: part.height,
                        depth_or_array_layers: 1,
                    },
                );
            }
        };
        copy(&place.luma, &luma_parts, 0, luma_pitch, 1);
        copy(&place.chroma, &chroma_parts, luma_bytes, chroma_pitch, 2);
        uploads.fill(buffer);
        self.stats.bytes += if rects == [PixelRect::full(picture.size)] {
            bytes
        } else {
            bytes_of(&luma_parts, 1) + bytes_of(&chroma_parts, 2)
        };
        device.check(Stage::Upload, Some(frame))
    }

    /// The textures of `source`, made anew when the picture's shape differs from the last one's, for `picture`, which is new
    /// within `rects`.
    fn place(
        &mut self,
        device: &Device,
        source: SourceId,
        picture: &YuvPicture,
        chroma: Size,
        rects: &[PixelRect],
    ) -> &Loaded {
        let known = self.loaded.iter().position(|(of, _)| *of == source);
        let index = match known {
            Some(index) => {
                let loaded = &mut self.loaded[index].1;
                if loaded.size() == picture.size && loaded.chroma_size() == chroma {
                    if loaded.color() != picture.color {
                        loaded.converted = None;
                    }
                    if let Some(converted) = &mut loaded.converted {
                        rects.iter().for_each(|&rect| converted.changed(rect));
                    }
                    loaded.picture = picture.clone();
                } else {
                    self.loaded[index].1 = self.create(device, picture, chroma);
                }
                index
            }
            None => {
                let loaded = self.create(device, picture, chroma);
                self.loaded.push((source, loaded));
                self.loaded.len() - 1
            }
        };
        &self.loaded[index].1
    }

    fn create(&self, device: &Device, picture: &YuvPicture, chroma: Size) -> Loaded {
        let plane = |label, size: Size, format| {
            device.texture(
                label,
                size,
                format,
                wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
            )
        };
        let luma = plane("luma", picture.size, wgpu::TextureFormat::R8Unorm);
        let chroma = plane("chroma", chroma, wgpu::TextureFormat::Rg8Unorm);
        let view = |texture: &wgpu::Texture| texture.create_view(&wgpu::TextureViewDescriptor::default());
        let binder = self.binder(device);
        let planes = binder.bind(&view(&luma), &view(&chroma));
        Loaded {
            picture: picture.clone(),
            luma,
            chroma,
            planes,
            converted: None,
        }
    }
}

/// Samples of a plane, `x..x + width` by `y..y + height`.
type Part = PixelRect;

/// The samples of a plane of `size` that the luma pixels of `rects` share, one part a rectangle. They may overlap.
fn parts(rects: &[PixelRect], (shift_x, shift_y): (u8, u8), size: Size) -> Vec<Part> {
    let along = |start: u32, length: u32, shift: u8, side: u32| {
        let end = u64::from(start) + u64::from(length);
        let first = (start >> shift).min(side);
        let end = end.div_ceil(1 << shift).min(u64::from(side)) as u32;
        (first, end.saturating_sub(first))
    };
    let part = |rect: &PixelRect| {
        let (x, width) = along(rect.x, rect.width, shift_x, size.width);
        let (y, height) = along(rect.y, rect.height, shift_y, size.height);
        Part { x, y, width, height }
    };
    rects.iter().map(part).filter(|part| !part.is_empty()).collect()
}

/// Where row `y` of `part` starts in a buffer whose rows are `pitch` bytes apart.
fn offset(part: &Part, y: u32, pitch: u32, sample: usize) -> usize {
    y as usize * pitch as usize + part.x as usize * sample
}

fn bytes_of(parts: &[Part], sample: u64) -> u64 {
    let samples = |part: &Part| u64::from(part.width) * u64::from(part.height);
    parts.iter().map(samples).sum::<u64>() * sample
}
