//! What headers say of a track's pictures: how they are turned, what their samples mean.

use std::ffi::CStr;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::{Stream, codec, color, ffi, frame};

use super::info::{ColorInfo, Orientation};
use crate::frame::{Size, YuvColor, YuvMatrix, YuvRange};
use crate::media::color::{Light, Primaries, Transfer};
use crate::media::input::{MAX_AREA, MAX_SIDE};

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

/// Pixels are believed to be at most so many times as wide as high, or as high as wide.
const WIDEST_PIXEL: f64 = 8.0;

/// Width of the stream's pixels over their height; 1 where nothing is said or what is said is absurd.
pub(crate) fn pixel_aspect_of(stream: &Stream<'_>) -> f64 {
    // SAFETY: the stream belongs to an open container, of which the function only reads; it allows for no container and no
    // picture. The container's word comes before the codec's.
    let ratio = unsafe {
        ffi::av_guess_sample_aspect_ratio(
            std::ptr::null_mut(),
            stream.as_ptr().cast_mut(),
            std::ptr::null_mut(),
        )
    };
    let aspect = f64::from(ratio.num) / f64::from(ratio.den);
    if (1.0 / WIDEST_PIXEL..=WIDEST_PIXEL).contains(&aspect) {
        aspect
    } else {
        1.0
    }
}

/// The size that shows a picture with square pixels: the side that is short of them grows, so that nothing is lost. The
/// stored size where the larger one is beyond the limits.
pub(crate) fn square_pixels(stored: Size, aspect: f64) -> Size {
    let grown = |side: u32, by: f64| {
        let exact = f64::from(side) * by;
        // Even sides stay even.
        if side.is_multiple_of(2) {
            (exact / 2.0).round() as u32 * 2
        } else {
            exact.round() as u32
        }
    };
    let size = if aspect >= 1.0 {
        Size::new(grown(stored.width, aspect), stored.height)
    } else {
        Size::new(stored.width, grown(stored.height, 1.0 / aspect))
    };
    if size.width > MAX_SIDE || size.height > MAX_SIDE || size.area() > MAX_AREA {
        stored
    } else {
        size
    }
}

/// What the tags of a stream or a picture say of its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ColorTags {
    pub(crate) space: color::Space,
    pub(crate) range: color::Range,
    pub(crate) transfer: color::TransferCharacteristic,
    pub(crate) primaries: color::Primaries,
}

impl ColorTags {
    /// Those in a stream's headers.
    pub(crate) fn of_stream(parameters: &codec::Parameters) -> Self {
        // SAFETY: the parameters keep the container alive, and FFmpeg filled them with values of its own enums.
        let raw = unsafe { &*parameters.as_ptr() };
        Self {
            space: raw.color_space.into(),
            range: raw.color_range.into(),
            transfer: raw.color_trc.into(),
            primaries: raw.color_primaries.into(),
        }
    }

    /// Those of a decoded picture.
    pub(crate) fn of_frame(frame: &frame::Video) -> Self {
        Self {
            space: frame.color_space(),
            range: frame.color_range(),
            transfer: frame.color_transfer_characteristic(),
            primaries: frame.color_primaries(),
        }
    }

    /// These tags, and those of `other` where these say nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            space: if matrix_of(self.space).is_some() {
                self.space
            } else {
                other.space
            },
            range: if self.range == color::Range::Unspecified {
                other.range
            } else {
                self.range
            },
            transfer: if transfer_of(self.transfer).is_some() {
                self.transfer
            } else {
                other.transfer
            },
            primaries: if primaries_of(self.primaries).is_some() {
                self.primaries
            } else {
                other.primaries
            },
        }
    }

    /// How code values are to be read: BT.709 and limited range where the tags say nothing (cap-format.md 7), the matrix of
    /// BT.2020 where they say that its colours are meant.
    pub(crate) fn yuv(self) -> YuvColor {
        let usual = match self.light().primaries {
            Primaries::Bt2020 => YuvMatrix::Bt2020,
            _ => YuvColor::BT709_LIMITED.matrix,
        };
        YuvColor {
            matrix: matrix_of(self.space).unwrap_or(usual),
            range: range_of(self.range).unwrap_or(YuvColor::BT709_LIMITED.range),
        }
    }

    /// What the code values mean as light: BT.709 where the tags say nothing, BT.2020 where they name nothing but an HDR
    /// transfer (BT.2100 knows no other primaries).
    pub(crate) fn light(self) -> Light {
        let transfer = transfer_of(self.transfer).unwrap_or(Light::BT709.transfer);
        let usual = match transfer {
            Transfer::Pq | Transfer::Hlg => Primaries::Bt2020,
            _ => Light::BT709.primaries,
        };
        Light {
            transfer,
            primaries: primaries_of(self.primaries).unwrap_or(usual),
        }
    }

    /// The tags for people and reports; a pixel format may imply full range.
    pub(crate) fn describe(self, full_range: bool) -> ColorInfo {
        let name = |name: Option<&'static str>| name.map(str::to_owned);
        ColorInfo {
            matrix: matrix_of(self.space),
            range: range_of(self.range).or(full_range.then_some(YuvRange::Full)),
            transfer: name(self.transfer.name()),
            primaries: name(self.primaries.name()),
            hdr: self.light().is_hdr(),
            unhonoured: self.unhonoured(),
        }
    }

    /// What of the tags is not honoured, each as a clause.
    fn unhonoured(self) -> Vec<String> {
        let mut clauses = Vec::new();
        let mut clause = |what: &str, name: Option<&str>, instead: &str| {
            clauses.push(format!(
                "{what} {} is read as {instead}",
                name.unwrap_or("without a name")
            ));
        };
        let silent = matches!(self.space, color::Space::Unspecified | color::Space::RGB);
        match matrix_of(self.space) {
            Some(_) if self.space == color::Space::BT2020CL => {
                clause(
                    "the matrix",
                    self.space.name(),
                    "BT.2020 with non-constant luminance",
                );
            }
            None if !silent => clause("the matrix", self.space.name(), "BT.709"),
            _ => {}
        }
        let unknown = self.transfer != color::TransferCharacteristic::Unspecified;
        if unknown && transfer_of(self.transfer).is_none() {
            clause("the transfer", self.transfer.name(), "BT.709");
        }
        let unknown = self.primaries != color::Primaries::Unspecified;
        if unknown && primaries_of(self.primaries).is_none() {
            clause("the primaries", self.primaries.name(), "BT.709");
        }
        clauses
    }
}

/// The transfer a tag stands for; `None` where it says nothing, or something that is not converted.
fn transfer_of(tag: color::TransferCharacteristic) -> Option<Transfer> {
    use color::TransferCharacteristic as Tag;
    match tag {
        Tag::BT709 | Tag::SMPTE170M | Tag::SMPTE240M | Tag::BT2020_10 | Tag::BT2020_12 => Some(Transfer::Sdr),
        // sRGB; BT.709 with room for more colours; gamma 2.2.
        Tag::IEC61966_2_1 | Tag::IEC61966_2_4 | Tag::BT1361_ECG | Tag::GAMMA22 => Some(Transfer::Sdr),
        Tag::GAMMA28 => Some(Transfer::Gamma28),
        Tag::Linear => Some(Transfer::Linear),
        Tag::SMPTE428 => Some(Transfer::St428),
        Tag::SMPTE2084 => Some(Transfer::Pq),
        Tag::ARIB_STD_B67 => Some(Transfer::Hlg),
        _ => None,
    }
}

/// The primaries a tag stands for; `None` where it says nothing, or something that is not converted.
fn primaries_of(tag: color::Primaries) -> Option<Primaries> {
    use color::Primaries as Tag;
    match tag {
        Tag::BT709 => Some(Primaries::Bt709),
        Tag::BT470M => Some(Primaries::Bt470M),
        Tag::BT470BG => Some(Primaries::Bt601With625),
        Tag::SMPTE170M | Tag::SMPTE240M => Some(Primaries::Bt601With525),
        Tag::Film => Some(Primaries::Film),
        Tag::BT2020 => Some(Primaries::Bt2020),
        Tag::SMPTE431 => Some(Primaries::DciP3),
        Tag::SMPTE432 => Some(Primaries::DisplayP3),
        Tag::JEDEC_P22 => Some(Primaries::Ebu3213),
        _ => None,
    }
}

/// The matrix a tag stands for; `None` where it says nothing that a Y'CbCr matrix follows from. BT.470BG and SMPTE 170M
/// are BT.601's numbers; SMPTE 240M differs from BT.709 by less than half a per cent in either weight.
pub(super) fn matrix_of(space: color::Space) -> Option<YuvMatrix> {
    match space {
        color::Space::BT709 | color::Space::SMPTE240M => Some(YuvMatrix::Bt709),
        color::Space::BT470BG | color::Space::SMPTE170M | color::Space::FCC => Some(YuvMatrix::Bt601),
        color::Space::BT2020NCL | color::Space::BT2020CL => Some(YuvMatrix::Bt2020),
        _ => None,
    }
}

/// The range a tag stands for.
pub(super) fn range_of(range: color::Range) -> Option<YuvRange> {
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
