//! NV12 on the GPU: a compute pass turns the target into planes, so that 1.5 bytes a pixel are read back instead of 4.

use std::time::{Duration, Instant};

use wgpu::util::DeviceExt as _;

use super::ring::{Ready, ReadyNv12, Ring};
use crate::frame::{Areas, Nv12Frame, PackedFormat, PackedView, Size, YuvColor, YuvRange};
use crate::render::error::{RenderError, Stage};
use crate::render::gpu::device::Device;
use crate::render::sources::images::texture_format;

/// Pixels that one workgroup of the shader converts.
const WORKGROUP: Size = Size::new(16 * 4, 8 * 2);

/// How NV12 planes lie in a staging buffer: luma rows, then chroma rows, all `stride` bytes apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::render) struct Nv12Layout {
    pub(in crate::render) size: Size,
    /// Padded as [`Nv12Frame::new`] pads: a plane is copied there at once.
    pub(in crate::render) stride: u32,
}

impl Nv12Layout {
    pub(in crate::render) fn new(size: Size) -> Self {
        // A chroma row is as long as a luma row, or one byte longer where the width is odd and padded anyway.
        let stride = size.width.next_multiple_of(64);
        Self { size, stride }
    }

    /// Bytes of the luma plane.
    pub(in crate::render) fn luma_bytes(self) -> u64 {
        u64::from(self.stride) * u64::from(self.size.height)
    }

    /// Bytes of both planes.
    pub(in crate::render) fn bytes(self) -> u64 {
        self.luma_bytes() + u64::from(self.stride) * u64::from(self.size.chroma_420().height)
    }
}

/// What the shader reads, laid out as in nv12.wgsl.
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct Conversion {
    size: [u32; 2],
    stride: u32,
    unused: u32,
    luma: [f32; 4],
    cb: [f32; 4],
    cr: [f32; 4],
}

impl Conversion {
    /// E'Y = Kr R + Kg G + Kb B, E'Cb = (B - E'Y) / 2 (1 - Kb), E'Cr = (R - E'Y) / 2 (1 - Kr), quantised as
    /// 16 + 219 E'Y and 128 + 224 E'C, or 255 E'Y and 128 + 255 E'C at full range (ITU-R BT.709-6 3, BT.601-7 2.5).
    fn new(layout: Nv12Layout, color: YuvColor) -> Self {
        let (kr, kb) = color.matrix.luma_weights();
        let kg = 1.0 - kr - kb;
        let (black, luma, chroma) = match color.range {
            YuvRange::Limited => (16.0, 219.0, 224.0),
            YuvRange::Full => (0.0, 255.0, 255.0),
        };
        let row = |weights: [f64; 3], scale: f64, offset: f64| {
            let [r, g, b] = weights.map(|weight| (weight * scale) as f32);
            [r, g, b, offset as f32]
        };
        Self {
            size: [layout.size.width, layout.size.height],
            stride: layout.stride / 4,
            unused: 0,
            luma: row([kr, kg, kb], luma, black),
            cb: row([-kr, -kg, 1.0 - kb], chroma / (2.0 * (1.0 - kb)), 128.0),
            cr: row([1.0 - kr, -kg, -kb], chroma / (2.0 * (1.0 - kr)), 128.0),
        }
    }
}

/// The compute pass over one picture, with the planes it fills in device memory.
#[derive(Debug)]
pub(in crate::render) struct Nv12Pass {
    layout: Nv12Layout,
    pipeline: wgpu::ComputePipeline,
    group: wgpu::BindGroup,
    planes: wgpu::Buffer,
}

impl Nv12Pass {
    /// A pass that reads `picture`, a view of a texture of `size` that may be bound.
    ///
    /// # Errors
    /// When the planes are beyond the adapter's buffers, or the device fails.
    pub(in crate::render) fn new(
        device: &Device,
        picture: &wgpu::TextureView,
        size: Size,
        color: YuvColor,
    ) -> Result<Self, RenderError> {
        let layout = Nv12Layout::new(size);
        let limits = device.device.limits();
        let limit = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        if layout.bytes() > limit {
            let reason = format!("NV12 planes of {size} are beyond its buffers of {limit} bytes");
            return Err(device.failure(Stage::Setup, None, reason));
        }
        let shader = device
            .device
            .create_shader_module(wgpu::include_wgsl!("../shaders/nv12.wgsl"));
        let pipeline = device
            .device
            .create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("nv12"),
                layout: None,
                module: &shader,
                entry_point: Some("convert"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            });
        let conversion = device
            .device
            .create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("nv12 conversion"),
                contents: bytemuck::bytes_of(&Conversion::new(layout, color)),
                usage: wgpu::BufferUsages::UNIFORM,
            });
        let planes = device.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("nv12 planes"),
            size: layout.bytes(),
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: false,
        });
        let group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("nv12"),
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: conversion.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(picture),
                },
                wgpu::BindGroupEntry {
                    binding: 2,
                    resource: planes.as_entire_binding(),
                },
            ],
        });
        device.check(Stage::Setup, None)?;
        Ok(Self {
            layout,
            pipeline,
            group,
            planes,
        })
    }

    pub(in crate::render) fn layout(&self) -> Nv12Layout {
        self.layout
    }

    /// Frees the planes under the pass: submitting it is an error from here on.
    #[cfg(test)]
    pub(in crate::render) fn break_it(&self) {
        self.planes.destroy();
    }

    /// Records the conversion and the copy of the planes into `staging`.
    pub(in crate::render) fn record(&self, encoder: &mut wgpu::CommandEncoder, staging: &wgpu::Buffer) {
        let Size { width, height } = self.layout.size;
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor {
            label: Some("nv12"),
            timestamp_writes: None,
        });
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &self.group, &[]);
        pass.dispatch_workgroups(
            width.div_ceil(WORKGROUP.width),
            height.div_ceil(WORKGROUP.height),
            1,
        );
        drop(pass);
        encoder.copy_buffer_to_buffer(&self.planes, 0, staging, 0, self.layout.bytes());
    }
}

/// The renderer's conversion on pictures that come from memory: how the GPU path is checked and timed.
#[derive(Debug)]
pub struct GpuPlanes {
    device: Device,
    format: PackedFormat,
    texture: wgpu::Texture,
    pass: Nv12Pass,
    planes: Ring,
    frames: u64,
}

impl GpuPlanes {
    /// Prepares the conversion of pictures of `size`.
    ///
    /// # Errors
    /// When `size` is beyond the adapter's textures or buffers, or the device fails.
    pub fn new(
        device: Device,
        size: Size,
        format: PackedFormat,
        color: YuvColor,
    ) -> Result<Self, RenderError> {
        device.check_size("the picture", size)?;
        let texture = device.texture(
            "picture",
            size,
            texture_format(format),
            wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_DST
                | wgpu::TextureUsages::COPY_SRC,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let pass = Nv12Pass::new(&device, &view, size, color)?;
        let planes = Ring::of_planes(&device, pass.layout(), 1);
        Ok(Self {
            device,
            format,
            texture,
            pass,
            planes,
            frames: 0,
        })
    }

    /// Size of the pictures.
    pub fn size(&self) -> Size {
        self.pass.layout().size
    }

    /// Converts `source`, which has the size and byte order that this was made for. The planes must be dropped before
    /// the next picture.
    ///
    /// # Errors
    /// When the buffer is too short, the planes before are still held, or the device fails.
    pub fn convert(&mut self, source: PackedView<'_>) -> Result<ReadyNv12, RenderError> {
        let row = u64::from(source.size.width) * 4;
        let expected = source.stride as u64 * u64::from(source.size.height.saturating_sub(1)) + row;
        let stride = u32::try_from(source.stride).ok();
        let (Some(stride), true) = (stride, source.data.len() as u64 >= expected) else {
            return Err(RenderError::Truncated {
                what: "the picture".to_owned(),
                found: source.data.len(),
                expected: usize::try_from(expected).unwrap_or(usize::MAX),
            });
        };
        self.device.queue.write_texture(
            self.texture.as_image_copy(),
            source.data,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(stride),
                rows_per_image: None,
            },
            self.texture.size(),
        );
        self.device.check(Stage::Upload, Some(self.frames))?;
        self.read_planes()
    }

    /// The shortest of `rounds` times from a picture on the GPU to NV12 in a buffer of the encoder's, beside the
    /// shortest to packed pixels in mapped memory.
    ///
    /// # Errors
    /// When the device fails.
    pub fn time(&mut self, rounds: u32) -> Result<ReadbackTimes, RenderError> {
        let mut target = Nv12Frame::new(self.size());
        let mut packed = Ring::new(&self.device, self.size(), self.format, 1);
        let mut times = ReadbackTimes {
            planes: Duration::MAX,
            packed: Duration::MAX,
        };
        // One round more, which warms up.
        for round in 0..=rounds {
            let started = Instant::now();
            self.read_planes()?.copy_to(&mut target);
            let planes = started.elapsed();
            let started = Instant::now();
            self.read_packed(&mut packed)?;
            if round > 0 {
                times.planes = times.planes.min(planes);
                times.packed = times.packed.min(started.elapsed());
            }
        }
        Ok(times)
    }

    fn read_planes(&mut self) -> Result<ReadyNv12, RenderError> {
        let staging = self.planes.take(self.frames)?;
        let mut encoder = self.encoder();
        self.pass.record(&mut encoder, &staging);
        let submission = self.device.queue.submit([encoder.finish()]);
        let whole = Areas::whole(self.pass.layout().size);
        self.planes.submitted(self.frames, &whole, staging, submission);
        self.frames += 1;
        match self.planes.receive(&self.device)? {
            Ready::Nv12(planes) => Ok(planes),
            Ready::Packed(_) => Err(RenderError::Arrangement),
        }
    }

    fn read_packed(&mut self, ring: &mut Ring) -> Result<(), RenderError> {
        let staging = ring.take(self.frames)?;
        let mut encoder = self.encoder();
        let whole = Areas::whole(self.pass.layout().size);
        ring.copy(&mut encoder, &self.texture, &whole, &staging);
        let submission = self.device.queue.submit([encoder.finish()]);
        ring.submitted(self.frames, &whole, staging, submission);
        self.frames += 1;
        ring.receive(&self.device).map(drop)
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        let descriptor = wgpu::CommandEncoderDescriptor { label: Some("nv12") };
        self.device.device.create_command_encoder(&descriptor)
    }
}

/// What it takes to get a picture from the GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadbackTimes {
    /// Converted on the GPU, read back as NV12 and copied out of the staging buffer.
    pub planes: Duration,
    /// Read back as packed pixels, which are still to be converted.
    pub packed: Duration,
}
