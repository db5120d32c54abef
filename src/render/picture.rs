//! Source pictures on the GPU: luma in one texture, interleaved chroma in another, uploaded when they change.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};

use super::converted::{Binder, Converted, Converter};
use super::device::Device;
use super::error::{RenderError, Stage};
use crate::frame::{PixelRect, PlaneView, Size, YuvColor, YuvLayout, YuvPicture};
use crate::scene::Track;

/// What need not be uploaded of a picture, for most of it is on the GPU already.
#[derive(Clone, Debug)]
pub struct Upload {
    /// A picture of the same shape. Where it is not the one on the GPU, everything is uploaded.
    pub since: YuvPicture,
    /// The luma pixels that differ from it, or whose chroma does.
    pub rects: Vec<PixelRect>,
}

/// The source pictures of one frame, one a track.
#[derive(Clone, Debug, Default)]
pub struct Pictures {
    entries: Vec<(Track, Entry)>,
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

    /// Shows `picture` on the cards of `track`.
    pub fn insert(&mut self, track: Track, picture: YuvPicture) {
        self.insert_changed(track, picture, None);
    }

    /// As [`insert`](Self::insert), with what differs from an earlier picture.
    pub fn insert_changed(&mut self, track: Track, picture: YuvPicture, upload: Option<Upload>) {
        let entry = Entry { picture, upload };
        match self.entries.iter_mut().find(|(of, _)| *of == track) {
            Some((_, held)) => *held = entry,
            None => self.entries.push((track, entry)),
        }
    }

    /// The picture of `track`.
    pub fn get(&self, track: Track) -> Option<&YuvPicture> {
        self.entries
            .iter()
            .find(|(of, _)| *of == track)
            .map(|(_, entry)| &entry.picture)
    }

    fn iter(&self) -> impl Iterator<Item = (Track, &Entry)> {
        self.entries.iter().map(|(track, entry)| (*track, entry))
    }
}

/// A picture on the GPU.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Held so that its memory is not given to another picture, which `same_as` would take for this one.
    picture: YuvPicture,
    luma: wgpu::Texture,
    chroma: wgpu::Texture,
    pub(super) planes: wgpu::BindGroup,
    /// There once a card was drawn from it.
    converted: Option<Converted>,
}

impl Loaded {
    /// Luma size.
    pub(super) fn size(&self) -> Size {
        self.picture.size
    }

    pub(super) fn chroma_size(&self) -> Size {
        Size::new(self.chroma.width(), self.chroma.height())
    }

    /// Luma texels per chroma texel in x and y.
    pub(super) fn subsampling(&self) -> (u32, u32) {
        let (shift_x, shift_y) = self.shift();
        (1 << shift_x, 1 << shift_y)
    }

    /// The same as powers of 2.
    pub(super) fn shift(&self) -> (u8, u8) {
        shifts(self.picture.layout)
    }

    /// The picture as R'G'B', as [`PictureStore::convert`] made it.
    pub(super) fn converted(&self) -> Option<&wgpu::BindGroup> {
        self.converted.as_ref().map(Converted::bind_group)
    }

    pub(super) fn color(&self) -> YuvColor {
        self.picture.color
    }

    /// Whether the changed parts of `picture` make this picture into it.
    fn takes(&self, upload: &Upload, picture: &YuvPicture) -> bool {
        self.picture.same_as(&upload.since)
            && self.picture.size == picture.size
            && self.picture.layout == picture.layout
    }
}

fn shifts(layout: YuvLayout) -> (u8, u8) {
    match layout {
        // No side is longer than 2^31, so larger shifts leave one sample as well.
        YuvLayout::Planar { shift_x, shift_y } => (shift_x.min(31), shift_y.min(31)),
        YuvLayout::SemiPlanar420 => (1, 1),
    }
}

/// What uploads cost so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UploadStats {
    pub(super) pictures: u64,
    pub(super) bytes: u64,
    pub(super) time: Duration,
}

/// The current picture of each track, and the mapped buffers that pictures are copied through.
#[derive(Debug)]
pub(super) struct PictureStore {
    pub(super) layout: wgpu::BindGroupLayout,
    sampler: wgpu::Sampler,
    loaded: Vec<(Track, Loaded)>,
    idle: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
    /// Filled for the submission under way.
    filled: Vec<wgpu::Buffer>,
    chroma_row: Vec<u8>,
    pub(super) stats: UploadStats,
}

impl PictureStore {
    pub(super) fn new(device: &Device, sampler: &wgpu::Sampler) -> Self {
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
        let (home, idle) = crossbeam_channel::unbounded();
        Self {
            layout,
            sampler: sampler.clone(),
            loaded: Vec::new(),
            idle,
            home,
            filled: Vec::new(),
            chroma_row: Vec::new(),
            stats: UploadStats::default(),
        }
    }

    pub(super) fn get(&self, track: Track) -> Option<&Loaded> {
        self.loaded
            .iter()
            .find(|(of, _)| *of == track)
            .map(|(_, loaded)| loaded)
    }

    /// Records the uploads of the pictures that are not on the GPU yet.
    pub(super) fn load(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        pictures: &Pictures,
        frame: u64,
    ) -> Result<(), RenderError> {
        for (track, Entry { picture, upload }) in pictures.iter() {
            let loaded = self.get(track);
            if loaded.is_some_and(|loaded| loaded.picture.same_as(picture)) {
                continue;
            }
            let whole = [PixelRect::full(picture.size)];
            let changed = upload
                .as_ref()
                .filter(|upload| loaded.is_some_and(|loaded| loaded.takes(upload, picture)));
            let rects = changed.map_or(&whole[..], |upload| &upload.rects);
            let started = Instant::now();
            self.upload(device, encoder, track, picture, rects, frame)?;
            self.stats.pictures += 1;
            self.stats.time += started.elapsed();
        }
        Ok(())
    }

    /// Records what makes the picture of `track` into R'G'B' where it changed since, and its details where they are asked
    /// for. `uniforms` are the conversion's numbers.
    pub(super) fn convert(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        converter: &Converter,
        track: Track,
        uniforms: (&wgpu::BindGroup, u32),
        details: bool,
    ) {
        let binder = Binder {
            device,
            layout: &self.layout,
            sampler: &self.sampler,
        };
        let found = self.loaded.iter_mut().find(|(of, _)| *of == track);
        if let Some((_, loaded)) = found {
            let size = loaded.size();
            loaded
                .converted
                .get_or_insert_with(|| Converted::new(binder, size))
                .update(encoder, converter, binder, &loaded.planes, uniforms, details);
        }
    }

    /// Drops what was loaded for a submission that did not come about.
    pub(super) fn forget(&mut self) {
        self.loaded.clear();
        self.filled.clear();
    }

    /// Maps the buffers of a submission again, behind it.
    pub(super) fn submitted(&mut self) {
        for buffer in self.filled.drain(..) {
            let home = self.home.clone();
            let mapped = buffer.clone();
            buffer.map_async(wgpu::MapMode::Write, .., move |result| {
                if result.is_ok() {
                    // Fails when the renderer is gone, and then nobody needs the buffer.
                    let _ = home.send(mapped);
                }
            });
        }
    }

    fn upload(
        &mut self,
        device: &Device,
        encoder: &mut wgpu::CommandEncoder,
        track: Track,
        picture: &YuvPicture,
        rects: &[PixelRect],
        frame: u64,
    ) -> Result<(), RenderError> {
        let what = || format!("the {track:?} track's picture");
        device.check_size(&what(), picture.size)?;
        let planes = Planes::of(picture).map_err(|(found, expected)| RenderError::Truncated {
            what: what(),
            found,
            expected,
        })?;
        let luma_parts = parts(rects, (0, 0), picture.size);
        let chroma_parts = parts(rects, shifts(picture.layout), planes.chroma);
        let luma_pitch = pitch(picture.size.width);
        let chroma_pitch = pitch(planes.chroma.width * 2);
        let luma_bytes = u64::from(luma_pitch) * u64::from(picture.size.height);
        let bytes = luma_bytes + u64::from(chroma_pitch) * u64::from(planes.chroma.height);

        let buffer = self.staging(device, bytes);
        {
            let mut mapped = buffer.get_mapped_range_mut(..).map_err(|error| {
                let failure = device.failure(Stage::Upload, Some(frame), error.to_string());
                device.check(Stage::Upload, Some(frame)).err().unwrap_or(failure)
            })?;
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

        let place = self.place(device, track, picture, planes.chroma, rects);
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
        self.filled.push(buffer);
        self.stats.bytes += if rects == [PixelRect::full(picture.size)] {
            bytes
        } else {
            bytes_of(&luma_parts, 1) + bytes_of(&chroma_parts, 2)
        };
        device.check(Stage::Upload, Some(frame))
    }

    /// A mapped buffer of `bytes` bytes: one that came back, or a new one.
    fn staging(&self, device: &Device, bytes: u64) -> wgpu::Buffer {
        // Sizes rarely change: a camera and a screen take turns, so what does not fit now fits soon.
        let mut others = Vec::new();
        let mut fitting = None;
        while let Ok(buffer) = self.idle.try_recv() {
            if buffer.size() == bytes {
                fitting = Some(buffer);
                break;
            }
            others.push(buffer);
        }
        // A handful is enough for two tracks; sizes that a recording no longer has must not pile up.
        for buffer in others.into_iter().take(8) {
            let _ = self.home.send(buffer);
        }
        fitting.unwrap_or_else(|| {
            device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("upload"),
                size: bytes,
                usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
                mapped_at_creation: true,
            })
        })
    }

    /// The textures of `track`, made anew when the picture's shape differs from the last one's, for `picture`, which is new
    /// within `rects`.
    fn place(
        &mut self,
        device: &Device,
        track: Track,
        picture: &YuvPicture,
        chroma: Size,
        rects: &[PixelRect],
    ) -> &Loaded {
        let known = self.loaded.iter().position(|(of, _)| *of == track);
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
                self.loaded.push((track, loaded));
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
        let binder = Binder {
            device,
            layout: &self.layout,
            sampler: &self.sampler,
        };
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

fn pitch(row_bytes: u32) -> u32 {
    row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
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

/// The planes of a picture, checked against its size.
struct Planes<'a> {
    luma: PlaneView<'a>,
    /// Size of a chroma plane in samples.
    chroma: Size,
    layout: ChromaPlanes<'a>,
}

enum ChromaPlanes<'a> {
    Separate(PlaneView<'a>, PlaneView<'a>),
    Interleaved(PlaneView<'a>),
}

impl<'a> Planes<'a> {
    /// The planes, or the bytes found and expected of one that is too short.
    fn of(picture: &'a YuvPicture) -> Result<Self, (usize, usize)> {
        let (shift_x, shift_y) = shifts(picture.layout);
        let shrink = |side: u32, shift: u8| u64::from(side).div_ceil(1u64 << shift) as u32;
        let chroma = Size::new(
            shrink(picture.size.width, shift_x),
            shrink(picture.size.height, shift_y),
        );
        let plane = |index, row_bytes: u32, height: u32| {
            let plane = picture.plane(index);
            let row_bytes = row_bytes as usize;
            let expected = plane.stride.max(row_bytes) * (height as usize - 1) + row_bytes;
            if plane.data.len() < expected || plane.stride < row_bytes {
                return Err((plane.data.len(), expected));
            }
            Ok(plane)
        };
        let luma = plane(0, picture.size.width, picture.size.height)?;
        let layout = match picture.layout {
            YuvLayout::Planar { .. } => ChromaPlanes::Separate(
                plane(1, chroma.width, chroma.height)?,
                plane(2, chroma.width, chroma.height)?,
            ),
            YuvLayout::SemiPlanar420 => ChromaPlanes::Interleaved(plane(1, chroma.width * 2, chroma.height)?),
        };
        Ok(Self { luma, chroma, layout })
    }

    /// Row `y` of luma.
    fn luma_row(&self, y: u32) -> &'a [u8] {
        &self.luma.data[y as usize * self.luma.stride..]
    }

    /// Samples `x..x + width` of row `y` as U, V, U, V ..., made in `scratch` unless they are stored that way.
    fn chroma_row<'b>(&'b self, y: u32, x: u32, width: u32, scratch: &'b mut [u8]) -> &'b [u8] {
        let (x, width) = (x as usize, width as usize);
        let row = |plane: PlaneView<'a>, sample: usize| {
            let start = y as usize * plane.stride + x * sample;
            &plane.data[start..start + width * sample]
        };
        match self.layout {
            ChromaPlanes::Interleaved(plane) => row(plane, 2),
            ChromaPlanes::Separate(u, v) => {
                let scratch = &mut scratch[..width * 2];
                for ((pair, u), v) in scratch.chunks_exact_mut(2).zip(row(u, 1)).zip(row(v, 1)) {
                    pair[0] = *u;
                    pair[1] = *v;
                }
                scratch
            }
        }
    }
}
