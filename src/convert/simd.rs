//! The `yuv` crate's kernels (AVX2, SSE 4.1, NEON, plain code elsewhere; chosen at run time).
//!
//! One picture moves 5.5 bytes a pixel, 4 in and 1.5 out, so the memory bus sets the pace and a second core is
//! only worth its wake-up on large pictures: see [`bands`].

use rayon::prelude::*;
use yuv::{BufferStoreMut, YuvBiPlanarImageMut, YuvConversionMode, YuvError, YuvStandardMatrix};

use super::target::{self, Region};
use super::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedView, Size, YuvMatrix, YuvRange};

/// Pixels below which a band is not worth a thread of its own: handing a band over costs some 10 us, converting
/// this many about 70 us (docs/pixel-paths.md has the figures).
const PIXELS_PER_BAND: u64 = 256 * 1024;

/// Converts with SIMD, over several threads where the spec allows and the picture is large.
pub struct Simd {
    spec: ConvertSpec,
    /// Threads of our own, so that a conversion never waits behind other work of the process.
    pool: Option<rayon::ThreadPool>,
}

impl Simd {
    /// A converter for `spec`.
    ///
    /// # Errors
    /// [`ConvertError::Unavailable`] when the threads it is allowed cannot be started.
    pub fn new(spec: &ConvertSpec) -> Result<Self, ConvertError> {
        let bands = bands(spec.size, spec.threads);
        let pool = (bands > 1)
            .then(|| {
                rayon::ThreadPoolBuilder::new()
                    .num_threads(bands)
                    .thread_name(|index| format!("convert-{index}"))
                    .build()
            })
            .transpose()
            .map_err(|error| ConvertError::unavailable(PixelPath::Simd, error.to_string()))?;
        Ok(Self { spec: *spec, pool })
    }
}

impl Converter for Simd {
    fn path(&self) -> PixelPath {
        PixelPath::Simd
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        let spec = self.spec;
        let Some(region) = target::region(PixelPath::Simd, &spec, source, target, x, y)? else {
            return Ok(());
        };
        let bands = bands(source.size, spec.threads);
        match &self.pool {
            Some(pool) if bands > 1 => pool.install(|| convert_bands(&spec, source, region, bands)),
            _ => convert_band(&spec, source, region),
        }
        .map_err(|error| ConvertError::Call {
            path: PixelPath::Simd,
            function: "yuv::rgba_to_yuv_nv12",
            doing: "converting to NV12",
            status: error.to_string(),
        })
    }
}

/// How many bands of rows a rectangle of `size` is split into.
fn bands(size: Size, threads: usize) -> usize {
    let worth = usize::try_from(size.area() / PIXELS_PER_BAND).unwrap_or(usize::MAX);
    threads.min(worth).max(1)
}

/// Splits the rectangle into `bands` bands of whole row pairs and converts them at the same time.
fn convert_bands(
    spec: &ConvertSpec,
    source: PackedView<'_>,
    region: Region<'_>,
    bands: usize,
) -> Result<(), YuvError> {
    let pairs = (source.size.height as usize).div_ceil(2).div_ceil(bands).max(1);
    let Region {
        y,
        y_stride,
        uv,
        uv_stride,
    } = region;
    source
        .data
        .par_chunks(2 * pairs * source.stride)
        .zip(y.par_chunks_mut(2 * pairs * y_stride))
        .zip(uv.par_chunks_mut(pairs * uv_stride))
        .enumerate()
        .try_for_each(|(band, ((data, y), uv))| {
            let first = (band * pairs * 2) as u32;
            let height = source.size.height.saturating_sub(first).min(pairs as u32 * 2);
            if height == 0 {
                return Ok(());
            }
            let size = Size::new(source.size.width, height);
            let band = PackedView { size, data, ..source };
            let region = Region {
                y,
                y_stride,
                uv,
                uv_stride,
            };
            convert_band(spec, band, region)
        })
}

/// Converts one band on this thread.
///
/// The crate walks its buffers in steps of whole strides and leaves out a last row whose padding is missing, so
/// rows that end where the buffer does go through a small buffer of their own.
fn convert_band(spec: &ConvertSpec, source: PackedView<'_>, region: Region<'_>) -> Result<(), YuvError> {
    let Size { width, height } = source.size;
    let padded = |length: usize, stride: usize, rows: u32| length >= stride * rows as usize;
    let chroma_rows = height.div_ceil(2);
    let whole = padded(source.data.len(), source.stride, height)
        && padded(region.y.len(), region.y_stride, height)
        && padded(region.uv.len(), region.uv_stride, chroma_rows);
    let direct = if whole { height } else { (height - 1) / 2 * 2 };
    if direct > 0 {
        let view = PackedView {
            size: Size::new(width, direct),
            ..source
        };
        call(spec, view, region.y, region.y_stride, region.uv, region.uv_stride)?;
    }
    let rest = height - direct;
    if rest == 0 {
        return Ok(());
    }
    let row_bytes = width as usize * 4;
    let mut packed = Vec::with_capacity(row_bytes * rest as usize);
    for y in direct..height {
        packed.extend_from_slice(source.row(y));
    }
    let mut out = Nv12Frame::new(Size::new(width, rest));
    let view = PackedView {
        size: out.size,
        stride: row_bytes,
        data: &packed,
        ..source
    };
    call(spec, view, &mut out.y, out.y_stride, &mut out.uv, out.uv_stride)?;
    let luma = (
        &mut region.y[direct as usize * region.y_stride..],
        region.y_stride,
    );
    let uv = (
        &mut region.uv[direct as usize / 2 * region.uv_stride..],
        region.uv_stride,
    );
    target::copy_rows((&out.y, out.y_stride), luma, width as usize, rest);
    target::copy_rows((&out.uv, out.uv_stride), uv, width.div_ceil(2) as usize * 2, 1);
    Ok(())
}

/// Hands buffers of exactly whole strides to the crate.
fn call(
    spec: &ConvertSpec,
    source: PackedView<'_>,
    y: &mut [u8],
    y_stride: usize,
    uv: &mut [u8],
    uv_stride: usize,
) -> Result<(), YuvError> {
    let Size { width, height } = source.size;
    let rows = height as usize;
    let narrow = |stride: usize| u32::try_from(stride).map_err(|_| YuvError::PointerOverflow);
    let mut image = YuvBiPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(&mut y[..y_stride * rows]),
        y_stride: narrow(y_stride)?,
        uv_plane: BufferStoreMut::Borrowed(&mut uv[..uv_stride * rows.div_ceil(2)]),
        uv_stride: narrow(uv_stride)?,
        width,
        height,
    };
    let convert = match source.format {
        PackedFormat::Rgba => yuv::rgba_to_yuv_nv12,
        PackedFormat::Bgra => yuv::bgra_to_yuv_nv12,
    };
    let matrix = match spec.color.matrix {
        YuvMatrix::Bt601 => YuvStandardMatrix::Bt601,
        YuvMatrix::Bt709 => YuvStandardMatrix::Bt709,
        YuvMatrix::Bt2020 => YuvStandardMatrix::Bt2020,
    };
    let range = match spec.color.range {
        YuvRange::Limited => yuv::YuvRange::Limited,
        YuvRange::Full => yuv::YuvRange::Full,
    };
    let data = &source.data[..source.stride * rows];
    convert(
        &mut image,
        data,
        narrow(source.stride)?,
        range,
        matrix,
        // Rounds to the nearest code. `Balanced` adds up quarters of a code, each rounded by itself, and is up to 1.1 codes
        // off in luma, for four fifths of the time.
        YuvConversionMode::Professional,
    )
}
