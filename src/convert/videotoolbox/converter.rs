//! The `videotoolbox` path: one transfer session for the export.

use std::time::Duration;

use super::pixel_buffer::{PixelBuffer, Plane, Pool, Wrapped};
use super::session::{Session, matrix_name};
use super::status::Failure;
use super::sys;
use crate::convert::target::{self, Region};
use crate::convert::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedView, Size, YuvMatrix, YuvRange};

const PATH: PixelPath = PixelPath::VideoToolbox;
/// Surfaces that an encoder may hold back before the next one waits: what h264_videotoolbox keeps in flight, doubled.
pub(super) const SURFACES: u32 = 16;
/// How long a surface may take to come back from an encoder before the wait counts as a failure.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Converts with a VTPixelTransferSession.
pub struct VideoToolbox {
    spec: ConvertSpec,
    session: Session,
    buffers: Buffers,
    /// Frames are wrapped where they lie, until VideoToolbox was seen to keep one beyond its transfer.
    wrap: bool,
}

/// The pools of one working size.
struct Buffers {
    size: Size,
    /// 4:2:0 destinations.
    planar: Pool,
    /// 32BGRA sources for frames that cannot be read in place; made when first needed.
    packed: Option<Pool>,
}

impl Buffers {
    fn new(size: Size, range: YuvRange) -> Result<Self, Failure> {
        Ok(Self {
            size,
            planar: Pool::new(size, planar_format(range), SURFACES)?,
            packed: None,
        })
    }
}

/// NV12 of `range`, as CoreVideo calls it.
pub(super) fn planar_format(range: YuvRange) -> u32 {
    match range {
        YuvRange::Limited => sys::FORMAT_420V,
        YuvRange::Full => sys::FORMAT_420F,
    }
}

impl VideoToolbox {
    /// A converter for `spec`.
    ///
    /// # Errors
    /// [`ConvertError::Unavailable`] for RGBA pixels, a matrix other than BT.709 or BT.601, or a system without
    /// transfer sessions; [`ConvertError::Call`] when the session or the pool could not be made.
    pub fn new(spec: &ConvertSpec) -> Result<Self, ConvertError> {
        // 32RGBA is no source that transfers are documented to take; 32ARGB has another byte order.
        if spec.source != PackedFormat::Bgra {
            return Err(ConvertError::unavailable(PATH, "it takes BGRA pixels only"));
        }
        Ok(Self {
            spec: *spec,
            session: Session::new(spec.color.matrix)?,
            buffers: Buffers::new(even(spec.size), spec.color.range).map_err(|failure| failure.of(PATH))?,
            wrap: true,
        })
    }

    /// Converts `source` into a 4:2:0 buffer of its size with odd sides made even.
    pub(super) fn transfer(&mut self, source: PackedView<'_>) -> Result<PixelBuffer, Failure> {
        let size = even(source.size);
        if self.buffers.size != size {
            self.buffers = Buffers::new(size, self.spec.color.range)?;
        }
        let mut planar = self.buffers.planar.buffer(PATIENCE)?;
        if self.wrap && size == source.size && Wrapped::fits(source) {
            let wrapped = Wrapped::new(source)?;
            wrapped.buffer().attach_colors(None);
            self.session.transfer(wrapped.buffer(), &mut planar)?;
            if wrapped.end() {
                tracing::warn!(
                    "VideoToolbox keeps source frames beyond their transfer; they are copied from here on"
                );
                self.wrap = false;
            }
            return Ok(planar);
        }
        let packed = match &mut self.buffers.packed {
            Some(pool) => pool,
            none => none.insert(Pool::new(size, sys::FORMAT_BGRA, SURFACES)?),
        };
        let packed = filled(packed, source, size)?;
        self.session.transfer(&packed, &mut planar)?;
        Ok(planar)
    }
}

impl Converter for VideoToolbox {
    fn path(&self) -> PixelPath {
        PATH
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        let Some(region) = target::region(PATH, &self.spec, source, target, x, y)? else {
            return Ok(());
        };
        self.transfer(source)
            .and_then(|planar| copy_planes(&planar, source.size, region))
            .map_err(|failure| failure.of(PATH))
    }
}

/// `size` with odd sides made even: 4:2:0 buffers of odd sizes are nothing that encoders take.
fn even(size: Size) -> Size {
    Size::new(size.width.next_multiple_of(2), size.height.next_multiple_of(2))
}

/// A 32BGRA buffer of `pool`, whose buffers are `size` large, with a copy of `source`; an odd edge is repeated.
pub(super) fn filled(pool: &mut Pool, source: PackedView<'_>, size: Size) -> Result<PixelBuffer, Failure> {
    let mut buffer = pool.buffer(PATIENCE)?;
    let row_bytes = size.width as usize * 4;
    let mut locked = buffer.lock_for_writing()?;
    let (bytes, stride) = locked.bytes_mut(Plane::Packed, row_bytes, size.height)?;
    for (y, target) in (0..size.height).zip(bytes.chunks_mut(stride)) {
        let row = source.row(y.min(source.size.height - 1));
        target[..row.len()].copy_from_slice(row);
        if row.len() < row_bytes {
            target[row.len()..row_bytes].copy_from_slice(&row[row.len() - 4..]);
        }
    }
    locked.unlock()?;
    buffer.attach_colors(None);
    Ok(buffer)
}

/// Copies the upper left `size` of a 4:2:0 buffer to `region`.
pub(super) fn copy_planes(planar: &PixelBuffer, size: Size, region: Region<'_>) -> Result<(), Failure> {
    let chroma = size.chroma_420();
    let locked = planar.lock_for_reading()?;
    let planes = [
        (
            Plane::Luma,
            size.width as usize,
            size.height,
            region.y,
            region.y_stride,
        ),
        (
            Plane::Chroma,
            chroma.width as usize * 2,
            chroma.height,
            region.uv,
            region.uv_stride,
        ),
    ];
    for (plane, row, rows, target, target_stride) in planes {
        let (bytes, stride) = locked.bytes(plane, row, rows)?;
        target::copy_rows((bytes, stride), (target, target_stride), row, rows);
    }
    locked.unlock()
}

/// A 4:2:0 buffer of `pool`, whose buffers have the picture's size, with a copy of `picture`, which has `matrix`.
pub(super) fn uploaded(
    pool: &mut Pool,
    picture: &Nv12Frame,
    matrix: YuvMatrix,
) -> Result<PixelBuffer, Failure> {
    let mut buffer = pool.buffer(PATIENCE)?;
    let chroma = picture.size.chroma_420();
    let mut locked = buffer.lock_for_writing()?;
    let planes = [
        (
            Plane::Luma,
            picture.size.width as usize,
            picture.size.height,
            &picture.y,
            picture.y_stride,
        ),
        (
            Plane::Chroma,
            chroma.width as usize * 2,
            chroma.height,
            &picture.uv,
            picture.uv_stride,
        ),
    ];
    for (plane, row, rows, source, source_stride) in planes {
        let (bytes, stride) = locked.bytes_mut(plane, row, rows)?;
        target::copy_rows((source, source_stride), (bytes, stride), row, rows);
    }
    locked.unlock()?;
    buffer.attach_colors(matrix_name(matrix));
    Ok(buffer)
}
