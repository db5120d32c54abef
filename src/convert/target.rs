//! The rules that a rectangle and the picture it goes into must keep, checked once for every path.

use super::{ConvertError, ConvertSpec, PixelPath};
use crate::frame::{Nv12Frame, PackedView, Size};

/// The part of an NV12 picture that one rectangle covers.
pub(crate) struct Region<'a> {
    /// Luma, from the rectangle's first pixel to the plane's end.
    pub(crate) y: &'a mut [u8],
    /// Bytes from one luma row to the next.
    pub(crate) y_stride: usize,
    /// Chroma, from the rectangle's first sample to the plane's end.
    pub(crate) uv: &'a mut [u8],
    /// Bytes from one chroma row to the next.
    pub(crate) uv_stride: usize,
}

/// Demands that `source` is as large as the picture.
pub(crate) fn check_whole(
    path: PixelPath,
    source: PackedView<'_>,
    picture: Size,
) -> Result<(), ConvertError> {
    if source.size == picture {
        Ok(())
    } else {
        Err(broken(path, source, picture, (0, 0), "the sizes differ".into()))
    }
}

/// Demands that `source` is a whole picture of `spec`'s size and byte order, with the memory it claims.
#[cfg(any(target_os = "macos", test))]
pub(crate) fn check_source(
    path: PixelPath,
    spec: &ConvertSpec,
    source: PackedView<'_>,
) -> Result<(), ConvertError> {
    check_format(path, spec, source)?;
    check_whole(path, source, spec.size)?;
    match source_rule(source) {
        None => Ok(()),
        Some(what) => Err(broken(path, source, spec.size, (0, 0), what)),
    }
}

fn check_format(path: PixelPath, spec: &ConvertSpec, source: PackedView<'_>) -> Result<(), ConvertError> {
    if source.format == spec.source {
        return Ok(());
    }
    Err(ConvertError::Format {
        path,
        expected: spec.source,
        found: source.format,
    })
}

/// Checks `source` at (`x`, `y`) of `target` against `spec` and borrows the part it covers; `None` when it is empty.
pub(crate) fn region<'a>(
    path: PixelPath,
    spec: &ConvertSpec,
    source: PackedView<'_>,
    target: &'a mut Nv12Frame,
    x: u32,
    y: u32,
) -> Result<Option<Region<'a>>, ConvertError> {
    check_format(path, spec, source)?;
    if let Some(what) = broken_rule(spec, source, target, x, y) {
        return Err(broken(path, source, target.size, (x, y), what));
    }
    if source.size.area() == 0 {
        return Ok(None);
    }
    let Nv12Frame {
        y_stride,
        uv_stride,
        y: luma,
        uv,
        ..
    } = target;
    let (x, y) = (x as usize, y as usize);
    Ok(Some(Region {
        y: &mut luma[y * *y_stride + x..],
        y_stride: *y_stride,
        uv: &mut uv[y / 2 * *uv_stride + x..],
        uv_stride: *uv_stride,
    }))
}

/// Bytes that `rows` rows of `row` bytes each take up at `stride`, without padding behind the last.
pub(crate) fn span(stride: usize, row: usize, rows: u32) -> usize {
    match rows as usize {
        0 => 0,
        rows => stride.saturating_mul(rows - 1).saturating_add(row),
    }
}

/// Copies `rows` rows of `row` bytes each.
pub(crate) fn copy_rows(
    (source, source_stride): (&[u8], usize),
    (target, target_stride): (&mut [u8], usize),
    row: usize,
    rows: u32,
) {
    let pairs = target.chunks_mut(target_stride).zip(source.chunks(source_stride));
    for (target, source) in pairs.take(rows as usize) {
        target[..row].copy_from_slice(&source[..row]);
    }
}

fn broken(
    path: PixelPath,
    source: PackedView<'_>,
    target_size: Size,
    (x, y): (u32, u32),
    what: String,
) -> ConvertError {
    ConvertError::Geometry {
        path,
        source_size: source.size,
        target_size,
        x,
        y,
        what,
    }
}

fn broken_rule(
    spec: &ConvertSpec,
    source: PackedView<'_>,
    target: &Nv12Frame,
    x: u32,
    y: u32,
) -> Option<String> {
    let (from, to) = (source.size, target.size);
    if to != spec.size {
        return Some(format!("the converter was opened for {}", spec.size));
    }
    for (axis, at, length, whole) in [("x", x, from.width, to.width), ("y", y, from.height, to.height)] {
        let end = u64::from(at) + u64::from(length);
        if end > u64::from(whole) {
            return Some(format!("along {axis} it ends at {end}, outside the picture"));
        }
        if at % 2 != 0 {
            return Some(format!(
                "{axis} must be even, for two pixels share a chroma sample"
            ));
        }
        if length % 2 != 0 && end != u64::from(whole) {
            return Some(format!(
                "an odd length along {axis} must end at the picture's edge"
            ));
        }
    }
    let chroma = to.chroma_420();
    let chroma_row = chroma.width as usize * 2;
    let buffers = [
        (
            "luma",
            target.y.len(),
            target.y_stride,
            to.width as usize,
            to.height,
        ),
        (
            "chroma",
            target.uv.len(),
            target.uv_stride,
            chroma_row,
            chroma.height,
        ),
    ];
    source_rule(source).or_else(|| buffers.into_iter().find_map(buffer_rule))
}

fn source_rule(source: PackedView<'_>) -> Option<String> {
    let Size { width, height } = source.size;
    buffer_rule((
        "source",
        source.data.len(),
        source.stride,
        width as usize * 4,
        height,
    ))
}

/// Name, length and stride of a buffer, bytes that a row needs, rows.
fn buffer_rule((name, length, stride, row, rows): (&str, usize, usize, usize, u32)) -> Option<String> {
    if stride < row {
        return Some(format!(
            "a {name} row of {row} bytes does not fit a stride of {stride}"
        ));
    }
    let needed = span(stride, row, rows);
    (length < needed).then(|| format!("the {name} buffer has {length} bytes where {needed} are needed"))
}
