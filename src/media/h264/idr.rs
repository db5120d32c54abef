//! The number of an IDR picture. Two that follow one another directly must have different ones (H.264 7.4.3), which streams that
//! were encoded apart and are joined may not have.

use super::Declined;
use super::bits::{BitReader, BitWriter};
use super::nal::{self, kind};
use super::parameter_sets::{Pps, skip_scaling_lists};

/// What of a sequence parameter set the headers of IDR slices depend on.
struct Sequence {
    separate_colour_planes: bool,
    frame_num_bits: u32,
    order: Order,
}

/// pic_order_cnt_type and what belongs to it.
enum Order {
    Lsb { bits: u32 },
    Cycle { always_zero: bool },
    Coded,
}

/// Profiles whose sets carry chroma format and scaling lists (7.3.2.1.1).
const HIGH_PROFILES: [u32; 13] = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];

impl Sequence {
    fn parse(rbsp: &[u8]) -> Result<Self, Declined> {
        let mut r = BitReader::new(rbsp);
        let profile = r.bits(8)?;
        r.bits(16)?;
        r.ue()?;
        let mut separate_colour_planes = false;
        if HIGH_PROFILES.contains(&profile) {
            let chroma_format = r.ue()?;
            if chroma_format == 3 {
                separate_colour_planes = r.flag()?;
            }
            r.ue()?;
            r.ue()?;
            r.flag()?;
            if r.flag()? {
                skip_scaling_lists(&mut r, if chroma_format == 3 { 12 } else { 8 })?;
            }
        }
        let frame_num_bits = r.ue()?.saturating_add(4);
        let order = match r.ue()? {
            0 => Order::Lsb {
                bits: r.ue()?.saturating_add(4),
            },
            1 => {
                let always_zero = r.flag()?;
                r.se()?;
                r.se()?;
                let cycle = r.ue()?;
                if cycle > 255 {
                    return Err(Declined::Malformed(
                        "the cycle of picture order counts is above 255",
                    ));
                }
                for _ in 0..cycle {
                    r.se()?;
                }
                Order::Cycle { always_zero }
            }
            _ => Order::Coded,
        };
        if frame_num_bits > 16 || matches!(order, Order::Lsb { bits } if bits > 16) {
            return Err(Declined::Malformed("a counter has more than 16 bits"));
        }
        r.ue()?;
        r.flag()?;
        r.ue()?;
        r.ue()?;
        if !r.flag()? {
            return Err(Declined::Unsupported("the stream may be interlaced"));
        }
        Ok(Self {
            separate_colour_planes,
            frame_num_bits,
            order,
        })
    }
}

/// The sets of a stream (Annex B).
fn sets(parameter_sets: &[u8]) -> Result<(Sequence, Pps), Declined> {
    let find = |wanted| nal::units(parameter_sets).find(|unit| nal::unit_kind(unit) == wanted);
    let (Some(sps), Some(pps)) = (find(kind::SPS), find(kind::PPS)) else {
        return Err(Declined::Unsupported(
            "the encoder gives no parameter sets beforehand",
        ));
    };
    Ok((
        Sequence::parse(&nal::unescape(&sps[1..]))?,
        Pps::parse(&nal::unescape(&pps[1..]))?,
    ))
}

/// A reader behind frame_num, where the number stands.
fn at_number<'a>(rbsp: &'a [u8], sequence: &Sequence) -> Result<BitReader<'a>, Declined> {
    let mut r = BitReader::new(rbsp);
    for _ in 0..3 {
        r.ue()?;
    }
    if sequence.separate_colour_planes {
        r.bits(2)?;
    }
    r.bits(sequence.frame_num_bits)?;
    Ok(r)
}

/// idr_pic_id of a picture (Annex B); `None` when it is no IDR picture.
///
/// # Errors
/// When the stream uses something that this does not know.
pub fn idr_pic_id(parameter_sets: &[u8], picture: &[u8]) -> Result<Option<u32>, Declined> {
    let (sequence, _) = sets(parameter_sets)?;
    let slice = nal::units(picture).find(|unit| nal::unit_kind(unit) == kind::IDR_SLICE);
    slice
        .map(|unit| at_number(&nal::unescape(&unit[1..]), &sequence)?.ue())
        .transpose()
}

/// An IDR picture (Annex B) with another idr_pic_id. Nothing else of it changes.
///
/// # Errors
/// When the stream uses something that this does not know.
pub fn with_idr_pic_id(parameter_sets: &[u8], picture: &[u8], number: u32) -> Result<Vec<u8>, Declined> {
    let (sequence, pps) = sets(parameter_sets)?;
    let mut out = Vec::with_capacity(picture.len() + 16);
    for unit in nal::units(picture) {
        if nal::unit_kind(unit) == kind::IDR_SLICE {
            let rbsp = renumber(&nal::unescape(&unit[1..]), unit, (&sequence, &pps), number)?;
            nal::append(&mut out, unit[0], &rbsp);
        } else {
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(unit);
        }
    }
    Ok(out)
}

fn renumber(
    rbsp: &[u8],
    unit: &[u8],
    (sequence, pps): (&Sequence, &Pps),
    number: u32,
) -> Result<Vec<u8>, Declined> {
    let mut r = at_number(rbsp, sequence)?;
    let before = r.position();
    r.ue()?;
    let behind = r.position();
    skip_header(&mut r, unit, sequence, pps)?;
    let header_end = r.position();

    let mut w = BitWriter::default();
    copy(rbsp, 0..before, &mut w)?;
    w.ue(number);
    copy(rbsp, behind..header_end, &mut w)?;
    if pps.cabac {
        w.align_with(true);
        let mut bytes = w.into_bytes();
        bytes.extend_from_slice(rbsp.get(header_end.div_ceil(8)..).ok_or(Declined::Truncated)?);
        return Ok(bytes);
    }
    let last = rbsp
        .iter()
        .rposition(|&byte| byte != 0)
        .ok_or(Declined::Truncated)?;
    let stop = last * 8 + 7 - rbsp[last].trailing_zeros() as usize;
    copy(rbsp, header_end..stop, &mut w)?;
    w.trailing_bits();
    Ok(w.into_bytes())
}

/// What follows the number in the header of an I slice (7.3.3).
fn skip_header(r: &mut BitReader<'_>, unit: &[u8], sequence: &Sequence, pps: &Pps) -> Result<(), Declined> {
    match sequence.order {
        Order::Lsb { bits } => {
            r.bits(bits)?;
            if pps.bottom_field_pic_order {
                r.se()?;
            }
        }
        Order::Cycle { always_zero: false } => {
            r.se()?;
            if pps.bottom_field_pic_order {
                r.se()?;
            }
        }
        Order::Cycle { always_zero: true } | Order::Coded => {}
    }
    if pps.redundant_pictures {
        r.ue()?;
    }
    if nal::reference_idc(unit) != 0 {
        r.bits(2)?;
    }
    r.se()?;
    if pps.deblocking_control && r.ue()? != 1 {
        r.se()?;
        r.se()?;
    }
    Ok(())
}

/// Copies bits as they are.
fn copy(from: &[u8], bits: std::ops::Range<usize>, to: &mut BitWriter) -> Result<(), Declined> {
    for at in bits {
        let byte = from.get(at / 8).ok_or(Declined::Truncated)?;
        to.flag(byte >> (7 - at % 8) & 1 == 1);
    }
    Ok(())
}
