//! What headers say of a track's pictures: how they are turned, what their samples mean.

use std::ffi::CStr;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::{Stream, codec, color, ffi};

use super::info::Orientation;
use crate::frame::{YuvColor, YuvMatrix, YuvRange};

/// How the stream's display matrix turns its pictures.
pub(crate) fn orientation_of(stream: &Stream<'_>) -> Orientation {
    let Some(data) = stream
        .side_data()
        .find(|data| data.kind() == side_data::Type::DisplayMatrix)
    else {
        return Orientation::default();
    };
    let mut matrix = [0_i32; 9];
    for (value, bytes) in matrix.iter_mut().zip(data.data().as_chunks().0) {
        *value = i32::from_ne_bytes(*bytes);
    }
    Orientation::from_matrix(matrix)
}

/// Matrix and range that a stream's headers state.
pub(super) fn color_tags(parameters: &codec::Parameters) -> (Option<YuvMatrix>, Option<YuvRange>) {
    // SAFETY: the parameters keep the container alive, and FFmpeg filled them with values of its own enums.
    let (space, range) = unsafe {
        (
            (*parameters.as_ptr()).color_space,
            (*parameters.as_ptr()).color_range,
        )
    };
    (matrix_of(space.into()), range_of(range.into()))
}

/// How a stream's pictures are to be read where they say nothing themselves.
pub(crate) fn color_of(parameters: &codec::Parameters) -> YuvColor {
    let (matrix, range) = color_tags(parameters);
    YuvColor {
        matrix: matrix.unwrap_or(YuvColor::BT709_LIMITED.matrix),
        range: range.unwrap_or(YuvColor::BT709_LIMITED.range),
    }
}

/// The matrix a tag stands for; `None` where it says nothing that a Y'CbCr matrix follows from. BT.470BG and SMPTE 170M
/// are BT.601's numbers; SMPTE 240M differs from BT.709 by less than half a per cent in either weight.
pub(crate) fn matrix_of(space: color::Space) -> Option<YuvMatrix> {
    match space {
        color::Space::BT709 | color::Space::SMPTE240M => Some(YuvMatrix::Bt709),
        color::Space::BT470BG | color::Space::SMPTE170M | color::Space::FCC => Some(YuvMatrix::Bt601),
        color::Space::BT2020NCL | color::Space::BT2020CL => Some(YuvMatrix::Bt2020),
        _ => None,
    }
}

/// The range a tag stands for.
pub(crate) fn range_of(range: color::Range) -> Option<YuvRange> {
    match range {
        color::Range::MPEG => Some(YuvRange::Limited),
        color::Range::JPEG => Some(YuvRange::Full),
        color::Range::Unspecified => None,
    }
}

/// FFmpeg's name of a pixel format number; "unknown" where it has none.
pub(super) fn pixel_format_name(number: i32) -> String {
    // SAFETY: walks FFmpeg's static table; the pointers are valid or null, names are static text. The number is compared,
    // never turned into an enum value it might not be.
    unsafe {
        let mut descriptor = ffi::av_pix_fmt_desc_next(std::ptr::null());
        while !descriptor.is_null() {
            if ffi::av_pix_fmt_desc_get_id(descriptor) as i32 == number {
                return CStr::from_ptr((*descriptor).name).to_string_lossy().into_owned();
            }
            descriptor = ffi::av_pix_fmt_desc_next(descriptor);
        }
    }
    "unknown".into()
}
