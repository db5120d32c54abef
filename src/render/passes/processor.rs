//! What the processor draws in the middle of a frame: a surface comes back to memory, is filtered there, and its pixels go to
//! the surface above it. Only for adapters that draw on the processor themselves: others would wait for the copies.

use std::time::Duration;

use crate::frame::PixelRect;
use crate::render::error::{RenderError, Stage};
use crate::render::filters::processor::Filtering;
use crate::render::filters::stripes::Pixels;
use crate::render::gpu::copies::{extent, origin, pitch};
use crate::render::gpu::device::Device;
use crate::render::gpu::surfaces::Surfaces;
use crate::render::plan::draw::{Means, Textures};
use crate::render::plan::{Pass, Plan};
use crate::render::sources::uploads::Uploads;
use crate::scene::SurfaceId;

/// What is waited for the passes below.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Brings surfaces to memory; keeps its buffer from frame to frame.
#[derive(Debug, Default)]
pub(in crate::render) struct Processor {
    staging: Option<wgpu::Buffer>,
}

/// Part of a surface in a buffer.
#[derive(Clone, Copy)]
struct Excerpt {
    rect: PixelRect,
    pitch: u32,
}

impl Excerpt {
    fn of(rect: PixelRect) -> Self {
        let pitch = pitch(rect.width * 4);
        Self { rect, pitch }
    }

    fn bytes(&self) -> u64 {
        u64::from(self.pitch) * u64::from(self.rect.height)
    }

    /// Where `rect`, a part of it, begins in `buffer`.
    fn layout<'b>(&self, buffer: &'b wgpu::Buffer, rect: PixelRect) -> wgpu::TexelCopyBufferInfo<'b> {
        let (x, y) = (u64::from(rect.x - self.rect.x), u64::from(rect.y - self.rect.y));
        wgpu::TexelCopyBufferInfo {
            buffer,
            layout: wgpu::TexelCopyBufferLayout {
                offset: y * u64::from(self.pitch) + x * 4,
                bytes_per_row: Some(self.pitch),
                rows_per_image: None,
            },
        }
    }
}

impl Processor {
    /// Draws what `pass` leaves to the processor. All that `encoder` has recorded is submitted and waited for then; the encoder
    /// for the rest of the frame comes back.
    ///
    /// # Errors
    /// When the device fails, or the surface does not come back.
    pub(in crate::render) fn draw(
        &mut self,
        device: &Device,
        mut encoder: wgpu::CommandEncoder,
        (surfaces, uploads): (&Surfaces, &mut Uploads),
        (plan, pass): (&Plan, &Pass),
        frame: u64,
    ) -> Result<wgpu::CommandEncoder, RenderError> {
        for (filtering, below, rects) in jobs(plan, pass) {
            let (Some(from), Some(to)) = (surfaces.get(below), surfaces.get(pass.target)) else {
                let reason = "a surface to be filtered was not prepared; please report this".to_owned();
                return Err(device.failure(Stage::Draw, Some(frame), reason));
            };
            let Some(hull) = rects.iter().copied().reduce(PixelRect::hull) else {
                continue;
            };
            let read = Excerpt::of(reached(hull, filtering));
            let staging = self.staging(device, read.bytes());
            encoder.copy_texture_to_buffer(
                wgpu::TexelCopyTextureInfo {
                    origin: origin(read.rect),
                    ..from.texture.as_image_copy()
                },
                read.layout(&staging, read.rect),
                extent(read.rect),
            );
            let submission = device.queue.submit([encoder.finish()]);
            staging.map_async(wgpu::MapMode::Read, 0..read.bytes(), |_| {
                // A refusal is an error of the range that is taken below.
            });
            device.wait(submission, frame, TIMEOUT)?;
            let pieces = {
                let bytes = staging.get_mapped_range(0..read.bytes()).map_err(|error| {
                    let reason = format!("reading a surface back: {error}");
                    device.failure(Stage::Readback, Some(frame), reason)
                })?;
                let below = Pixels {
                    data: &bytes,
                    stride: read.pitch as usize,
                    rect: read.rect,
                    format: surfaces.format,
                };
                filtering.apply(below, &rects)
            };
            staging.unmap();

            let written = Excerpt::of(hull);
            let buffer = uploads.take(device, written.bytes());
            {
                let mut mapped = uploads.map(device, &buffer, frame)?;
                for (rect, pixels) in &pieces {
                    let start = written.layout(&buffer, *rect).layout.offset as usize;
                    for (row, pixels) in pixels.chunks_exact(rect.width as usize * 4).enumerate() {
                        let start = start + row * written.pitch as usize;
                        mapped.slice(start..start + pixels.len()).copy_from_slice(pixels);
                    }
                }
            }
            buffer.unmap();
            encoder = device
                .device
                .create_command_encoder(&wgpu::CommandEncoderDescriptor {
                    label: Some("rest of the frame"),
                });
            for &rect in &rects {
                encoder.copy_buffer_to_texture(
                    written.layout(&buffer, rect),
                    wgpu::TexelCopyTextureInfo {
                        origin: origin(rect),
                        ..to.texture.as_image_copy()
                    },
                    extent(rect),
                );
            }
            uploads.fill(buffer);
        }
        Ok(encoder)
    }

    /// A buffer of at least `bytes` bytes that is not mapped.
    fn staging(&mut self, device: &Device, bytes: u64) -> wgpu::Buffer {
        if let Some(fitting) = self.staging.as_ref().filter(|buffer| buffer.size() >= bytes) {
            return fitting.clone();
        }
        let made = device.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("surface to be filtered"),
            size: bytes,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        self.staging = Some(made.clone());
        made
    }
}

/// What the processor filters on a surface: how, from which surface, which pixels.
fn jobs<'p>(plan: &'p Plan, pass: &Pass) -> Vec<(&'p Filtering, SurfaceId, Vec<PixelRect>)> {
    let mut jobs: Vec<(&Filtering, SurfaceId, Vec<PixelRect>)> = Vec::new();
    for draw in &pass.draws {
        let (Means::Processor(index), Textures::Surface(below)) = (draw.means, &draw.textures) else {
            continue;
        };
        let filtering = &plan.filterings[index];
        match jobs.iter_mut().find(|job| job.0 == filtering && job.1 == *below) {
            Some(job) => job.2.extend(&draw.rects),
            None => jobs.push((filtering, *below, draw.rects.clone())),
        }
    }
    jobs
}

/// `rect` with all that its pixels depend on.
fn reached(rect: PixelRect, filtering: &Filtering) -> PixelRect {
    let (reach, size) = (filtering.reach(), filtering.size());
    let (x, y) = (rect.x.saturating_sub(reach), rect.y.saturating_sub(reach));
    PixelRect {
        x,
        y,
        width: rect.right().saturating_add(reach).min(size.width) - x,
        height: rect.bottom().saturating_add(reach).min(size.height) - y,
    }
}
