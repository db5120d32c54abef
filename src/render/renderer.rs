//! From a scene to a frame on its way back: plan the draws, upload what changed, record, submit.

use std::collections::BTreeMap;
use std::time::Duration;

use super::backdrop::{self, Canvas};
use super::card::{self, CardPlan, Source, worth_a_copy};
use super::converted::{ConversionUniforms, Converter};
use super::device::{AdapterReport, Device};
use super::draw::{Draw, Means, Textures};
use super::error::{RenderError, Stage};
use super::finite::check_numbers;
use super::numbers::{Numbers, UniformBlocks};
use super::nv12::Nv12Pass;
use super::picture::{Loaded, PictureStore, Pictures};
use super::pipeline::{PipelineKey, Pipelines};
use super::planes::shifts;
use super::pointer::{self, ArtStore};
use super::readback::{Ready, ReadyFrame, Ring};
use super::region::subtract_all;
use super::sampling::Sampling;
use super::sheets::{Sheets, Shown, copy_canvas};
use super::spec::{ColorPolicy, RenderSpec, RenderStats};
use super::target::Target;
use super::uploads::Uploads;
use crate::frame::{PackedFormat, PixelRect, YuvColor};
use crate::scene::{Areas, Card, Layer, Pointer, SceneFrame, Track};

/// Composes frames and hands them out in order.
#[derive(Debug)]
pub struct Renderer {
    device: Device,
    target: Target,
    colors: ColorPolicy,
    sampler: wgpu::Sampler,
    pipelines: Pipelines,
    uploads: Uploads,
    pictures: PictureStore,
    converter: Converter,
    /// There where the processor samples.
    sheets: Option<Sheets>,
    art: ArtStore,
    canvas: Canvas,
    numbers: Numbers,
    ring: Ring,
    /// Byte order of the frames.
    format: PackedFormat,
    /// Whether frames are read back whole, however little of them is redrawn.
    whole: bool,
    /// Whether the target holds the frame submitted last.
    kept: bool,
    /// Converts every frame before it is read back.
    planes: Option<Nv12Pass>,
    stats: RenderStats,
}

impl Renderer {
    /// Prepares the target, the canvas and the ring.
    ///
    /// # Errors
    /// When a size is beyond the adapter's textures, an image is shorter than its size says, or the device fails.
    pub fn new(device: Device, spec: RenderSpec) -> Result<Self, RenderError> {
        device.check_size("the output", spec.size)?;
        let target = Target::new(&device, spec.size, spec.format);
        let sampler = device.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("bilinear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let pictures = PictureStore::new(&device, &sampler);
        let mut pipelines = Pipelines::new(&device, target.texture.format(), spec.size, &pictures.layout);
        let converter = Converter::new(&device, &pipelines.layouts.uniforms, &pictures.layout);
        let sheets = (spec.sampling == Sampling::Processor)
            .then(|| Sheets::new(pictures.binder(&device), spec.format));
        let canvas = backdrop::prepare(&device, &mut pipelines, &sampler, &target, &spec.background)?;
        let art = ArtStore::new(&device, spec.pointer_art)?;
        let numbers = Numbers::new(&device, &pipelines, 8, 256);
        let ring = Ring::new(&device, spec.size, spec.format, spec.ring.max(1));
        device.check(Stage::Setup, None)?;
        Ok(Self {
            device,
            target,
            colors: spec.colors,
            sampler,
            pipelines,
            uploads: Uploads::new(),
            pictures,
            converter,
            sheets,
            art,
            canvas,
            numbers,
            ring,
            format: spec.format,
            whole: false,
            kept: false,
            planes: None,
            stats: RenderStats::default(),
        })
    }

    /// The adapter that draws.
    pub fn adapter(&self) -> &AdapterReport {
        self.device.report()
    }

    /// The device that draws.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// From here on frames are converted on the GPU and read back as NV12 with `color`'s matrix and range. To be called
    /// before the first frame: frames in flight are given up.
    ///
    /// # Errors
    /// When the planes are beyond the adapter's buffers, or the device fails; frames are read back as before then.
    pub fn read_back_nv12(&mut self, color: YuvColor) -> Result<(), RenderError> {
        let pass = Nv12Pass::new(&self.device, &self.target.view, self.target.size, color)?;
        let ring = Ring::of_planes(&self.device, pass.layout(), self.ring.capacity());
        self.device.check(Stage::Setup, None)?;
        self.ring = ring;
        self.planes = Some(pass);
        Ok(())
    }

    /// From here on frames are read back as packed pixels again: the way on where converting them failed. Frames in flight
    /// are given up, and the next frame is drawn whole from pictures that are uploaded anew.
    pub fn read_back_packed(&mut self) {
        self.planes = None;
        self.ring = Ring::new(&self.device, self.target.size, self.format, self.ring.capacity());
        self.kept = false;
        self.pictures.forget();
    }

    /// From here on packed pixels are read back whole, however little of a frame is redrawn: for who hands on whole
    /// pictures instead of keeping one up to date.
    pub fn read_back_whole(&mut self) {
        self.whole = true;
    }

    /// Whether frames are converted on the GPU.
    pub fn converts(&self) -> bool {
        self.planes.is_some()
    }

    /// Makes every later conversion fail as it does when the driver refuses it.
    #[cfg(test)]
    pub(crate) fn break_conversion(&self) {
        if let Some(planes) = &self.planes {
            planes.break_it();
        }
    }

    /// Makes every frame in flight one that does not come back.
    #[cfg(test)]
    pub(crate) fn break_readback(&self) {
        self.ring.break_in_flight();
    }

    /// Frames submitted and not received yet.
    pub fn in_flight(&self) -> usize {
        self.ring.in_flight()
    }

    /// Number of staging buffers.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Staging buffers that are neither in flight nor lent out: submits that succeed from here.
    pub fn free(&self) -> usize {
        self.ring.free()
    }

    /// Waits until a staging buffer is free; `false` when no [`ReadyFrame`] was dropped in time. Frames in flight become
    /// free only by being received.
    pub fn wait_free(&self, timeout: Duration) -> bool {
        self.ring.wait_free(timeout)
    }

    /// What rendering cost so far.
    pub fn stats(&self) -> RenderStats {
        let uploads = self.pictures.stats;
        RenderStats {
            pictures_uploaded: uploads.pictures,
            bytes_uploaded: self.stats.bytes_uploaded + uploads.bytes,
            upload_time: uploads.time,
            missing_pointer_art: self.art.missing().clone(),
            ..self.stats.clone()
        }
    }

    /// Uploads the pictures that changed, draws the frame and starts its way back. Does not wait for the GPU.
    ///
    /// # Errors
    /// When the ring is full, a picture is missing or malformed, a number is not finite, or the device fails.
    pub fn submit(&mut self, frame: &SceneFrame, pictures: &Pictures) -> Result<(), RenderError> {
        self.submit_areas(frame, pictures, &Areas::whole(self.target.size))
    }

    /// As [`submit`](Self::submit), but draws and reads back only the pixels of `areas`; the others keep what the
    /// frame submitted before left there. Everything is drawn where there is none or the areas are of another size.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_areas(
        &mut self,
        frame: &SceneFrame,
        pictures: &Pictures,
        areas: &Areas,
    ) -> Result<(), RenderError> {
        let index = self.stats.frames;
        check_numbers(frame, index)?;
        let staging = self.ring.take(index)?;
        let whole = Areas::whole(self.target.size);
        let usable = self.kept && areas.size() == whole.size();
        let areas = if usable { areas } else { &whole };
        self.kept = false;
        match self.draw(frame, pictures, areas, &staging, index) {
            Ok(submission) => {
                let read = self.read_areas(areas, &whole);
                self.ring.submitted(index, read, staging, submission);
                self.uploads.submitted();
                self.stats.frames += 1;
                self.kept = true;
                self.device.check(Stage::Draw, Some(index))
            }
            Err(error) => {
                self.ring.put_back(staging);
                self.pictures.forget();
                self.uploads.forget();
                Err(error)
            }
        }
    }

    /// What is read back of a frame that is redrawn in `areas`. Planes are converted and read back whole.
    fn read_areas<'a>(&self, areas: &'a Areas, whole: &'a Areas) -> &'a Areas {
        if self.planes.is_some() || self.whole {
            whole
        } else {
            areas
        }
    }

    /// Waits for the oldest frame in flight, which is read back as packed pixels.
    ///
    /// # Errors
    /// As [`receive_any`](Self::receive_any); also when [`read_back_nv12`](Self::read_back_nv12) was called.
    pub fn receive(&mut self) -> Result<ReadyFrame, RenderError> {
        match self.receive_any()? {
            Ready::Packed(frame) => Ok(frame),
            Ready::Nv12(_) => Err(RenderError::Arrangement),
        }
    }

    /// Waits for the oldest frame in flight, and for no later one.
    ///
    /// # Errors
    /// When none is in flight, the GPU takes longer than half a minute, or the device fails.
    pub fn receive_any(&mut self) -> Result<Ready, RenderError> {
        let ready = self.ring.receive(&self.device)?;
        self.stats.bytes_read_back += ready.bytes_read();
        Ok(ready)
    }

    fn draw(
        &mut self,
        frame: &SceneFrame,
        pictures: &Pictures,
        areas: &Areas,
        staging: &wgpu::Buffer,
        index: u64,
    ) -> Result<wgpu::SubmissionIndex, RenderError> {
        let mut encoder = self
            .device
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("frame") });
        if self.sheets.is_none() {
            self.pictures
                .load(&self.device, &mut encoder, &mut self.uploads, pictures, index)?;
        }
        let mut blocks = UniformBlocks::default();
        let mut draws = Vec::new();
        let mut shown = BTreeMap::new();
        for &area in areas.rects() {
            draws.extend(self.plan(frame, pictures, area, &mut blocks, &mut shown, index)?);
        }
        for draw in &draws {
            if let Means::Pipeline(key) = draw.means {
                self.pipelines.prepare(&self.device, key);
            }
        }
        let conversions = self.plan_conversions(&draws, &mut blocks);
        self.device.check(Stage::Draw, Some(index))?;
        let rects: Vec<[u32; 4]> = draws
            .iter()
            .filter(|draw| draw.means != Means::Copy)
            .flat_map(|draw| &draw.rects)
            .map(|rect| [rect.x, rect.y, rect.width, rect.height])
            .collect();
        self.numbers
            .write(&self.device, &self.pipelines, &blocks.bytes, &rects);
        for (track, uniforms, details) in conversions {
            let uniforms = (&self.numbers.uniform_group, uniforms);
            self.pictures.convert(
                &self.device,
                &mut encoder,
                &self.converter,
                track,
                uniforms,
                details,
            );
        }
        if let Some(sheets) = &mut self.sheets {
            self.stats.bytes_uploaded += sheets.fill(
                self.pictures.binder(&self.device),
                (&mut encoder, &mut self.uploads),
                &self.target,
                (&draws, &shown),
                (pictures, self.colors),
                index,
            )?;
        }
        copy_canvas(&mut encoder, &self.canvas.texture, &self.target, &draws);
        self.record(&mut encoder, &draws);
        match &self.planes {
            Some(planes) => planes.record(&mut encoder, staging),
            None => {
                let whole = Areas::whole(self.target.size);
                let read = self.read_areas(areas, &whole);
                self.ring.copy(&mut encoder, &self.target.texture, read, staging);
            }
        }
        let submission = self.device.queue.submit([encoder.finish()]);
        Ok(submission)
    }

    /// The draws that `area` needs, bottom to top, without what opaque ones above hide.
    fn plan(
        &mut self,
        frame: &SceneFrame,
        pictures: &Pictures,
        area: PixelRect,
        blocks: &mut UniformBlocks,
        shown: &mut BTreeMap<usize, Shown>,
        index: u64,
    ) -> Result<Vec<Draw>, RenderError> {
        // Top to bottom, so that a layer knows what hides it.
        let mut hidden: Vec<PixelRect> = Vec::new();
        let mut top_down: Vec<Draw> = Vec::new();
        for (number, layer) in frame.layers.iter().enumerate().rev() {
            let (draws, opaque) = match layer {
                Layer::Card(card) => {
                    let sheet = self.sheets.as_ref().map(|_| number);
                    let plan = self.plan_card(card, pictures, sheet, area, blocks, index)?;
                    let (track, map) = (card.picture.request.track, plan.map);
                    shown.insert(number, Shown { track, map });
                    (plan.draws, plan.opaque)
                }
                Layer::Pointer(pointer) => (self.plan_pointer(pointer, area, blocks), Vec::new()),
            };
            for draw in draws.into_iter().rev() {
                let rects = subtract_all(draw.rects, &hidden);
                if !rects.is_empty() {
                    top_down.push(Draw { rects, ..draw });
                }
            }
            hidden.extend(opaque);
        }
        let canvas = subtract_all(vec![area], &hidden);
        let (copied, drawn): (Vec<_>, Vec<_>) = canvas
            .into_iter()
            .partition(|rect| self.sheets.is_some() && worth_a_copy(*rect));
        for (means, rects) in [
            (Means::Pipeline(PipelineKey::Still), drawn),
            (Means::Copy, copied),
        ] {
            if !rects.is_empty() {
                top_down.push(Draw {
                    means,
                    textures: Textures::Backdrop,
                    uniforms: 0,
                    rects,
                });
            }
        }
        top_down.reverse();
        Ok(top_down)
    }

    fn plan_card(
        &self,
        card: &Card,
        pictures: &Pictures,
        sheet: Option<usize>,
        area: PixelRect,
        blocks: &mut UniformBlocks,
        index: u64,
    ) -> Result<CardPlan, RenderError> {
        let track = card.picture.request.track;
        let picture = match sheet {
            Some(_) => pictures.get(track),
            None => self.pictures.get(track).map(Loaded::picture),
        };
        let picture = picture.ok_or(RenderError::MissingPicture { frame: index, track })?;
        let source = Source::of(picture, self.colors.conversion(picture.color), sheet);
        Ok(card::plan(card, &source, area, |block| {
            blocks.push(bytemuck::bytes_of(block))
        }))
    }

    /// Which pictures `draws` take as R'G'B', with the place of their conversion's numbers and whether details are read.
    fn plan_conversions(&self, draws: &[Draw], blocks: &mut UniformBlocks) -> Vec<(Track, u32, bool)> {
        let mut wanted: BTreeMap<Track, bool> = BTreeMap::new();
        for draw in draws {
            if let Textures::Converted { track, details } = draw.textures {
                *wanted.entry(track).or_default() |= details;
            }
        }
        let planned = wanted.into_iter().filter_map(|(track, details)| {
            let loaded = self.pictures.get(track)?;
            let picture = loaded.picture();
            let numbers =
                ConversionUniforms::new(&self.colors.conversion(picture.color), shifts(picture.layout));
            Some((track, blocks.push(bytemuck::bytes_of(&numbers)), details))
        });
        planned.collect()
    }

    fn plan_pointer(&mut self, pointer: &Pointer, area: PixelRect, blocks: &mut UniformBlocks) -> Vec<Draw> {
        let layout = &self.pipelines.layouts.texture;
        if !self.art.load(&self.device, layout, &self.sampler, &pointer.art) {
            return Vec::new();
        }
        pointer::plan(pointer, area, |block| blocks.push(bytemuck::bytes_of(block)))
            .into_iter()
            .collect()
    }

    fn record(&self, encoder: &mut wgpu::CommandEncoder, draws: &[Draw]) {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("frame"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.target.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Load,
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_vertex_buffer(0, self.numbers.rects.slice(..));
        let mut first = 0;
        for draw in draws {
            let Means::Pipeline(key) = draw.means else {
                continue;
            };
            let instances = first..first + draw.rects.len() as u32;
            first = instances.end;
            let textures = match &draw.textures {
                Textures::Backdrop => Some(&self.canvas.bound),
                Textures::Sheet(layer) => self.sheets.as_ref().map(|sheets| sheets.get(*layer)),
                Textures::Blank => self.sheets.as_ref().map(Sheets::blank),
                Textures::Planes(track) => self.pictures.get(*track).map(|loaded| &loaded.planes),
                Textures::Converted { track, .. } => self.pictures.get(*track).and_then(Loaded::converted),
                Textures::Art(art) => self.art.get(art),
            };
            // Both were prepared while planning.
            let (Some(textures), Some(pipeline)) = (textures, self.pipelines.get(key)) else {
                continue;
            };
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.numbers.uniform_group, &[draw.uniforms]);
            pass.set_bind_group(1, textures, &[]);
            pass.draw(0..4, instances);
        }
    }
}
