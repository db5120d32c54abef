//! The `gpu` path: the renderer's compute shader.
//!
//! In an export the shader reads the renderer's own target and no converter is involved. This converter uploads its
//! pictures first, so that calibration and the conformance suite judge the same shader on the same pictures as every
//! other path.

use super::target::{self, Region};
use super::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedView};
use crate::render::{Device, GpuPlanes, RenderError};

/// Rounds that readback is timed over.
const TIMED_ROUNDS: u32 = 3;

/// Converts on the GPU.
pub struct Gpu {
    spec: ConvertSpec,
    device: Device,
    planes: GpuPlanes,
}

impl Gpu {
    /// A converter for `spec` on `device`.
    ///
    /// # Errors
    /// [`ConvertError::Unavailable`] when the size is beyond the adapter or the device fails.
    pub fn new(device: Device, spec: &ConvertSpec) -> Result<Self, ConvertError> {
        let planes = GpuPlanes::new(device.clone(), spec.size, spec.source, spec.color)
            .map_err(|error| ConvertError::unavailable(PixelPath::Gpu, error.to_string()))?;
        Ok(Self {
            spec: *spec,
            device,
            planes,
        })
    }

    /// A converter for `spec` on the best adapter of this machine.
    ///
    /// # Errors
    /// [`ConvertError::Unavailable`] when there is none, otherwise as [`Gpu::new`].
    pub fn open(spec: &ConvertSpec) -> Result<Self, ConvertError> {
        let device = Device::open(None)
            .map_err(|error| ConvertError::unavailable(PixelPath::Gpu, error.to_string()))?;
        Self::new(device, spec)
    }
}

impl Converter for Gpu {
    fn path(&self) -> PixelPath {
        PixelPath::Gpu
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        let spec = self.spec;
        let Some(region) = target::region(PixelPath::Gpu, &spec, source, target, x, y)? else {
            return Ok(());
        };
        if self.planes.size() != source.size {
            self.planes = GpuPlanes::new(self.device.clone(), source.size, spec.source, spec.color)
                .map_err(|error| failed("preparing", &error))?;
        }
        let ready = self
            .planes
            .convert(source)
            .map_err(|error| failed("converting to NV12", &error))?;
        let (luma, chroma) = ready.planes();
        let (width, height) = (source.size.width as usize, source.size.height);
        let Region {
            y,
            y_stride,
            uv,
            uv_stride,
        } = region;
        target::copy_rows((luma, ready.stride()), (y, y_stride), width, height);
        let halved = source.size.chroma_420();
        let row = halved.width as usize * 2;
        target::copy_rows((chroma, ready.stride()), (uv, uv_stride), row, halved.height);
        Ok(())
    }
}

fn failed(doing: &'static str, error: &RenderError) -> ConvertError {
    ConvertError::Call {
        path: PixelPath::Gpu,
        function: "the nv12 compute pass",
        doing,
        status: error.to_string(),
    }
}

/// Milliseconds a frame from the renderer's target to memory, as measured on a texture of the export's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadbackCost {
    /// The whole `gpu` path: conversion on the GPU, 1.5 bytes a pixel read back, copied into the encoder's planes.
    pub planes_ms: f64,
    /// What every other path pays before its conversion: 4 bytes a pixel read back.
    pub packed_ms: f64,
}

impl ReadbackCost {
    /// Measures on `device`, frame by frame without overlap.
    ///
    /// # Errors
    /// As [`Gpu::new`]; [`ConvertError::Call`] when the device fails meanwhile.
    pub fn measure(device: Device, spec: &ConvertSpec) -> Result<Self, ConvertError> {
        let times = Gpu::new(device, spec)?
            .planes
            .time(TIMED_ROUNDS)
            .map_err(|error| failed("timing readback", &error))?;
        Ok(Self {
            planes_ms: times.planes.as_secs_f64() * 1e3,
            packed_ms: times.packed.as_secs_f64() * 1e3,
        })
    }
}
