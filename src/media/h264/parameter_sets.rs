//! Sequence and picture parameter sets, as far as slice headers depend on them (H.264 7.3.2.1, 7.3.2.2).

use super::Declined;
use super::bits::{BitReader, BitWriter};
use super::nal::{self, kind};

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sps {
    pub id: u32,
    pub separate_colour_planes: bool,
    pub chroma_array: bool,
    /// Width of frame_num in bits.
    pub frame_num_bits: u32,
    /// Bit position of log2_max_frame_num_minus4 in the RBSP.
    pub frame_num_bits_at: usize,
    pub macroblocks: u32,
    /// Macroblocks in a row.
    pub columns: u32,
    /// max_num_ref_frames.
    pub references: u32,
    pub profile: u32,
    /// level_idc; 9 for level 1b.
    pub level: u32,
    /// Whether samples are 8 bits of 4:2:0 and no scaling lists or lossless macroblocks are in use.
    pub plain: bool,
}

/// What a picture parameter set says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pps {
    pub id: u32,
    pub sps: u32,
    pub cabac: bool,
    pub bottom_field_pic_order: bool,
    pub default_references: u32,
    pub weighted: bool,
    /// QP of a slice whose slice_qp_delta is 0.
    pub qp: i32,
    pub deblocking_control: bool,
    pub redundant_pictures: bool,
    pub constrained_intra: bool,
    /// chroma_qp_index_offset and second_chroma_qp_index_offset.
    pub chroma_qp: (i32, i32),
    pub transform_8x8: bool,
    pub scaling: bool,
}

/// Profiles whose sets carry chroma format and scaling lists (7.3.2.1.1).
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

/// The one set of each kind that a byte stream holds (Annex B: an encoder's extradata, or the start of its first packet).
pub(super) fn only_sets(stream: &[u8]) -> Result<(Sps, Pps), Declined> {
    let (mut sps, mut pps) = (None, None);
    for unit in nal::units(stream) {
        let rbsp = nal::unescape(&unit[1..]);
        match nal::unit_kind(unit) {
            kind::SPS if sps.replace(Sps::parse(&rbsp)?).is_some() => {
                return Err(Declined::Unsupported(
                    "the stream has several sequence parameter sets",
                ));
            }
            kind::PPS if pps.replace(Pps::parse(&rbsp)?).is_some() => {
                return Err(Declined::Unsupported(
                    "the stream has several picture parameter sets",
                ));
            }
            _ => {}
        }
    }
    let (Some(sps), Some(pps)) = (sps, pps) else {
        return Err(Declined::Unsupported(
            "the encoder gives no parameter sets beforehand",
        ));
    };
    if pps.sps != sps.id {
        return Err(Declined::Malformed(
            "the picture parameter set names another sequence",
        ));
    }
    Ok((sps, pps))
}

impl Sps {
    /// Parses the RBSP of a set and declines streams whose pictures can't be repeated.
    pub(super) fn parse(rbsp: &[u8]) -> Result<Self, Declined> {
        let mut r = BitReader::new(rbsp);
        let profile = r.bits(8)?;
        let (constraints, mut level) = (r.bits(8)?, r.bits(8)?);
        // constraint_set3_flag makes level 1.1 level 1b in the profiles below High (A.3.1).
        if level == 11 && constraints & 0x10 != 0 && !HIGH_PROFILES.contains(&profile) {
            level = 9;
        }
        let id = r.ue()?;
        let (mut chroma_format, mut separate_colour_planes) = (1, false);
        let mut plain = true;
        if HIGH_PROFILES.contains(&profile) {
            chroma_format = r.ue()?;
            if chroma_format == 3 {
                separate_colour_planes = r.flag()?;
            }
            let (luma_depth, chroma_depth, lossless) = (r.ue()?, r.ue()?, r.flag()?);
            plain = chroma_format == 1 && luma_depth == 0 && chroma_depth == 0 && !lossless;
            if r.flag()? {
                plain = false;
                skip_scaling_lists(&mut r, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        let frame_num_bits_at = r.position();
        let frame_num_bits = r.ue()?.saturating_add(4);
        if frame_num_bits > 16 {
            return Err(Declined::Malformed("log2_max_frame_num is above 16"));
        }
        if r.ue()? != 2 {
            return Err(Declined::Unsupported(
                "pictures may be shown in another order than they are coded",
            ));
        }
        let references = r.ue()?;
        if r.flag()? {
            return Err(Declined::Unsupported("gaps in frame_num are allowed"));
        }
        let width = r
            .ue()?
            .checked_add(1)
            .ok_or(Declined::Malformed("the width is out of range"))?;
        let height = r
            .ue()?
            .checked_add(1)
            .ok_or(Declined::Malformed("the height is out of range"))?;
        if !r.flag()? {
            return Err(Declined::Unsupported("the stream may be interlaced"));
        }
        r.flag()?;
        if r.flag()? {
            for _ in 0..4 {
                r.ue()?;
            }
        }
        if r.flag()? {
            decline_hrd(&mut r)?;
        }
        let macroblocks = width.checked_mul(height).filter(|&count| count <= 139_264);
        Ok(Self {
            id,
            separate_colour_planes,
            chroma_array: chroma_format != 0 && !separate_colour_planes,
            frame_num_bits,
            frame_num_bits_at,
            macroblocks: macroblocks.ok_or(Declined::Malformed("more macroblocks than any level allows"))?,
            columns: width,
            references,
            profile,
            level,
            plain,
        })
    }
}

/// The RBSP of a sequence parameter set with another width of frame_num.
pub(super) fn with_frame_num_bits(rbsp: &[u8], bits: u32) -> Result<Vec<u8>, Declined> {
    let parsed = Sps::parse(rbsp)?;
    let mut r = BitReader::new(rbsp);
    let mut w = BitWriter::default();
    while r.position() < parsed.frame_num_bits_at {
        w.flag(r.flag()?);
    }
    r.ue()?;
    w.ue(bits - 4);
    while r.more_data() {
        w.flag(r.flag()?);
    }
    w.trailing_bits();
    Ok(w.into_bytes())
}

/// scaling_list() (7.3.2.1.1.1): only its length matters.
pub(super) fn skip_scaling_lists(r: &mut BitReader<'_>, count: usize) -> Result<(), Declined> {
    for list in 0..count {
        if !r.flag()? {
            continue;
        }
        let (mut last, mut next) = (8i32, 8i32);
        for _ in 0..if list < 6 { 16 } else { 64 } {
            if next != 0 {
                next = (last + r.se()?.rem_euclid(256)).rem_euclid(256);
            }
            if next != 0 {
                last = next;
            }
        }
    }
    Ok(())
}

/// vui_parameters() (E.1.1) up to the hypothetical decoder: its timing messages would have to be written for copies too.
fn decline_hrd(r: &mut BitReader<'_>) -> Result<(), Declined> {
    if r.flag()? && r.bits(8)? == 255 {
        r.bits(32)?;
    }
    if r.flag()? {
        r.flag()?;
    }
    if r.flag()? {
        r.bits(4)?;
        if r.flag()? {
            r.bits(24)?;
        }
    }
    if r.flag()? {
        r.ue()?;
        r.ue()?;
    }
    if r.flag()? {
        r.bits(32)?;
        r.bits(32)?;
        r.flag()?;
    }
    if r.flag()? || r.flag()? {
        return Err(Declined::Unsupported(
            "the stream carries decoder buffer timing (HRD)",
        ));
    }
    if r.flag()? {
        return Err(Declined::Unsupported("the stream carries picture timing"));
    }
    Ok(())
}

impl Pps {
    /// Parses the RBSP of a set and declines streams whose pictures can't be repeated.
    pub(super) fn parse(rbsp: &[u8]) -> Result<Self, Declined> {
        let mut r = BitReader::new(rbsp);
        let (id, sps) = (r.ue()?, r.ue()?);
        let cabac = r.flag()?;
        let bottom_field_pic_order = r.flag()?;
        if r.ue()? != 0 {
            return Err(Declined::Unsupported("pictures have slice groups"));
        }
        let default_references = r.ue()? + 1;
        r.ue()?;
        let weighted = r.flag()?;
        r.bits(2)?;
        let qp = 26 + r.se()?.clamp(-26, 25);
        r.se()?;
        let chroma_qp = r.se()?;
        let deblocking_control = r.flag()?;
        let constrained_intra = r.flag()?;
        let redundant_pictures = r.flag()?;
        let (mut transform_8x8, mut scaling, mut second_chroma_qp) = (false, false, chroma_qp);
        if r.more_data() {
            transform_8x8 = r.flag()?;
            scaling = r.flag()?;
            if !scaling {
                second_chroma_qp = r.se()?;
            }
        }
        if default_references > 32 {
            return Err(Declined::Malformed("more than 32 references"));
        }
        Ok(Self {
            id,
            sps,
            cabac,
            bottom_field_pic_order,
            default_references,
            weighted,
            qp,
            deblocking_control,
            redundant_pictures,
            constrained_intra,
            chroma_qp: (chroma_qp, second_chroma_qp),
            transform_8x8,
            scaling,
        })
    }
}
