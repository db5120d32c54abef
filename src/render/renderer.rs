//! From a scene to a frame on its way back: plan the draws, upload what changed, record, submit.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::{RenderError, Stage};
use super::gpu::device::{AdapterReport, Device};
use super::gpu::numbers::Numbers;
use super::gpu::pipeline::Pipelines;
use super::gpu::surfaces::Surfaces;
use super::layers::card::Source;
use super::passes::{self, Room};
use super::plan::draw::{Draw, Means, Textures};
use super::plan::uniforms::UniformBlocks;
use super::plan::{self, Facts, Plan};
use super::readback::nv12::Nv12Pass;
use super::readback::ring::{Ready, ReadyFrame, Ring};
use super::sampling::Sampling;
use super::sources::art::ArtStore;
use super::sources::bitmaps::BitmapStore;
use super::sources::canvas::Canvases;
use super::sources::converted::{ConversionUniforms, Converter};
use super::sources::glyphs::GlyphStore;
use super::sources::images::texture_format;
use super::sources::picture::{Loaded, PictureStore, Pictures};
use super::sources::planes::shifts;
use super::sources::sheets::Sheets;
use super::sources::uploads::Uploads;
use super::spec::{ColorPolicy, RenderSpec, RenderStats};
use crate::frame::{Areas, PackedFormat, YuvColor};
use crate::scene::{Damage, SceneFrame, SourceId, SurfaceId};

/// Composes frames and hands them out in order.
#[derive(Debug)]
pub struct Renderer {
    device: Device,
    surfaces: Surfaces,
    colors: ColorPolicy,
    sampler: wgpu::Sampler,
    pipelines: Pipelines,
    uploads: Uploads,
    pictures: PictureStore,
    converter: Converter,
    /// There where the processor samples.
    sheets: Option<Sheets>,
    art: ArtStore,
    bitmaps: BitmapStore,
    glyphs: GlyphStore,
    canvases: Canvases,
    numbers: Numbers,
    ring: Ring,
    /// Byte order of the frames.
    format: PackedFormat,
    /// Whether frames are read back whole, however little of them is redrawn.
    whole: bool,
    /// Converts every frame before it is read back.
    planes: Option<Nv12Pass>,
    stats: RenderStats,
}

impl Renderer {
    /// Prepares the surfaces and the ring.
    ///
    /// # Errors
    /// When a size is beyond the adapter's textures, an image is shorter than its size says, or the device fails.
    pub fn new(device: Device, spec: RenderSpec) -> Result<Self, RenderError> {
        device.check_size("the output", spec.size)?;
        let sampler = device.device.create_sampler(&wgpu::SamplerDescriptor {
            label: Some("bilinear"),
            mag_filter: wgpu::FilterMode::Linear,
            min_filter: wgpu::FilterMode::Linear,
            ..wgpu::SamplerDescriptor::default()
        });
        let pictures = PictureStore::new(&device, &sampler);
        let pipelines = Pipelines::new(&device, texture_format(spec.format), spec.size, &pictures.layout);
        let converter = Converter::new(&device, &pipelines.layouts.uniforms, &pictures.layout);
        let sheets = (spec.sampling == Sampling::Processor)
            .then(|| Sheets::new(pictures.binder(&device), spec.format));
        let surfaces = Surfaces::new(&device, &pipelines.layouts, &sampler, spec.size, spec.format);
        let canvases = Canvases::new(&device, spec.background_images, spec.colors)?;
        let art = ArtStore::new(&device, spec.pointer_art, spec.colors)?;
        let bitmaps = BitmapStore::new(&device);
        let numbers = Numbers::new(&device, &pipelines, 8, 256);
        let ring = Ring::new(&device, spec.size, spec.format, spec.ring.max(1));
        device.check(Stage::Setup, None)?;
        Ok(Self {
            device,
            surfaces,
            colors: spec.colors,
            sampler,
            pipelines,
            uploads: Uploads::new(),
            pictures,
            converter,
            sheets,
            art,
            bitmaps,
            glyphs: GlyphStore::default(),
            canvases,
            numbers,
            ring,
            format: spec.format,
            whole: false,
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
        let pass = Nv12Pass::new(
            &self.device,
            &self.surfaces.output.view,
            self.surfaces.size,
            color,
        )?;
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
        self.ring = Ring::new(
            &self.device,
            self.surfaces.size,
            self.format,
            self.ring.capacity(),
        );
        self.surfaces.keep(false);
        self.pictures.forget();
    }

    /// From here on packed pixels are read back whole, however little of a frame is redrawn: for consumers that need
    /// complete frames.
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
            bytes_uploaded: self.stats.bytes_uploaded + uploads.bytes + self.glyphs.uploaded,
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
        self.submit_damage(frame, pictures, &Damage::whole(self.surfaces.size))
    }

    /// As [`submit`](Self::submit), but draws and reads back only the pixels of `damage`; the others keep what the
    /// frame submitted before left there. Everything is drawn where there is none or the areas are of another size.
    ///
    /// # Errors
    /// As [`submit`](Self::submit).
    pub fn submit_damage(
        &mut self,
        frame: &SceneFrame,
        pictures: &Pictures,
        damage: &Damage,
    ) -> Result<(), RenderError> {
        let index = self.stats.frames;
        frame
            .check()
            .map_err(|what| RenderError::NotFinite { frame: index, what })?;
        let staging = self.ring.take(index)?;
        let whole = Damage::whole(self.surfaces.size);
        let usable = self.surfaces.kept(SurfaceId::Output) && damage.output().size() == self.surfaces.size;
        let damage = if usable { damage } else { &whole };
        let drawn = self.draw(frame, pictures, damage, &staging, index);
        self.surfaces.keep(drawn.is_ok());
        match drawn {
            Ok(submission) => {
                let read = self.read_areas(damage.output(), whole.output());
                self.ring.submitted(index, read, staging, submission);
                self.uploads.submitted();
                self.stats.frames += 1;
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
        damage: &Damage,
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
        let mut plan = self.plan(frame, pictures, damage, index)?;
        self.prepare(&plan)?;
        let conversions = self.plan_conversions(&plan.passes, &mut plan.blocks);
        self.device.check(Stage::Draw, Some(index))?;
        self.numbers.write(
            &self.device,
            &self.pipelines,
            &plan.blocks.bytes,
            &passes::rects(&plan.passes),
        );
        for (source, uniforms, details) in conversions {
            let uniforms = (&self.numbers.uniform_group, uniforms);
            self.pictures.convert(
                &self.device,
                &mut encoder,
                &self.converter,
                source,
                uniforms,
                details,
            );
        }
        if let Some(sheets) = &mut self.sheets {
            self.stats.bytes_uploaded += sheets.fill(
                self.pictures.binder(&self.device),
                (&mut encoder, &mut self.uploads),
                &self.surfaces,
                &plan,
                (pictures, self.colors),
                index,
            )?;
        }
        let room = Room {
            surfaces: &self.surfaces,
            pipelines: &self.pipelines,
            numbers: &self.numbers,
            canvases: &self.canvases,
            pictures: &self.pictures,
            sheets: self.sheets.as_ref(),
            art: &self.art,
            bitmaps: &self.bitmaps,
            glyphs: &self.glyphs,
        };
        passes::record(&mut encoder, &plan.passes, &room).map_err(|missing| RenderError::Device {
            adapter: self.device.report().name.clone(),
            stage: Stage::Draw,
            frame: Some(index),
            reason: format!("{} was not prepared; please report this", missing.0),
        })?;
        match &self.planes {
            Some(planes) => planes.record(&mut encoder, staging),
            None => {
                let whole = Areas::whole(self.surfaces.size);
                let read = self.read_areas(damage.output(), &whole);
                self.ring
                    .copy(&mut encoder, &self.surfaces.output.texture, read, staging);
            }
        }
        let submission = self.device.queue.submit([encoder.finish()]);
        Ok(submission)
    }

    fn plan(
        &self,
        frame: &SceneFrame,
        pictures: &Pictures,
        damage: &Damage,
        index: u64,
    ) -> Result<Plan, RenderError> {
        let picture = |source: SourceId| {
            let picture = match self.sheets {
                Some(_) => pictures.get(source),
                None => self.pictures.get(source).map(Loaded::picture),
            }?;
            Some(Source::of(picture, self.colors.conversion(picture.color), None))
        };
        let facts = Facts {
            size: self.surfaces.size,
            index,
            processor: self.sheets.is_some(),
            borders_replace: self.colors == ColorPolicy::Cap601,
            picture: &picture,
            kept: &|surface| self.surfaces.kept(surface),
        };
        plan::plan(frame, damage, &facts)
    }

    /// Makes what the draws of `plan` need and is not there yet.
    fn prepare(&mut self, plan: &Plan) -> Result<(), RenderError> {
        let Self {
            device,
            surfaces,
            sampler,
            pipelines,
            ..
        } = self;
        let wanted: Vec<SurfaceId> = plan.passes.iter().map(|pass| pass.target).collect();
        surfaces.prepare(device, &pipelines.layouts, sampler, &wanted);
        let format = surfaces.texture_format();
        self.bitmaps.begin_frame();
        self.glyphs.next_frame();
        for draw in plan.passes.iter().flat_map(|pass| &pass.draws) {
            if let Means::Pipeline(key) = draw.means {
                pipelines.prepare(device, key);
            }
            match &draw.textures {
                Textures::Canvas(background) => {
                    let shape = (surfaces.size, format);
                    self.canvases
                        .prepare(device, pipelines, sampler, shape, background)?;
                }
                Textures::Bitmap(bitmap) => self.bitmaps.load(device, &pipelines.layouts.texture, bitmap),
                Textures::Art(art) => self.art.load(device, &pipelines.layouts.texture, sampler, art),
                Textures::Glyphs { raster, own_colors } => {
                    let layout = &pipelines.layouts.texture;
                    self.glyphs.load(device, layout, sampler, raster, *own_colors)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Which pictures the draws take as R'G'B', with the place of their conversion's numbers and whether details are read.
    fn plan_conversions(
        &self,
        passes: &[plan::Pass],
        blocks: &mut UniformBlocks,
    ) -> Vec<(SourceId, u32, bool)> {
        let mut wanted: BTreeMap<SourceId, bool> = BTreeMap::new();
        for Draw { textures, .. } in passes.iter().flat_map(|pass| &pass.draws) {
            if let Textures::Converted { source, details } = textures {
                *wanted.entry(*source).or_default() |= details;
            }
        }
        let planned = wanted.into_iter().filter_map(|(source, details)| {
            let loaded = self.pictures.get(source)?;
            let picture = loaded.picture();
            let numbers =
                ConversionUniforms::new(&self.colors.conversion(picture.color), shifts(picture.layout));
            Some((source, blocks.push(bytemuck::bytes_of(&numbers)), details))
        });
        planned.collect()
    }
}
