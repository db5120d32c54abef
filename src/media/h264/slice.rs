//! Slice headers (H.264 7.3.3).

use super::Declined;
use super::bits::{BitReader, BitWriter};
use super::parameter_sets::{Pps, Sps};

/// What the header of a coded slice says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SliceHeader {
    pub frame_num: u32,
    /// Bit position of frame_num in the RBSP.
    pub frame_num_at: usize,
}

/// Identity of the picture parameter set that a slice uses.
pub(super) fn pps_of(rbsp: &[u8]) -> Result<u32, Declined> {
    let mut r = BitReader::new(rbsp);
    r.ue()?;
    r.ue()?;
    r.ue()
}

impl SliceHeader {
    /// Parses the header of a slice that must be the only one of its picture, and declines what copies would disturb.
    pub(super) fn parse(rbsp: &[u8], idr: bool, sps: &Sps, pps: &Pps) -> Result<Self, Declined> {
        let mut r = BitReader::new(rbsp);
        if r.ue()? != 0 {
            return Err(Declined::Unsupported("pictures have several slices"));
        }
        // Types 5..=9 say that all slices of the picture are of type - 5 (table 7-6).
        let slice_type = r.ue()? % 5;
        let predicted = slice_type == 0;
        if !predicted && slice_type != 2 {
            return Err(Declined::Unsupported(
                "the stream has other pictures than I and P",
            ));
        }
        r.ue()?;
        if sps.separate_colour_planes {
            r.bits(2)?;
        }
        let frame_num_at = r.position();
        let frame_num = r.bits(sps.frame_num_bits)?;
        if idr {
            r.ue()?;
        }
        if pps.redundant_pictures && r.ue()? != 0 {
            return Err(Declined::Unsupported("the stream has redundant pictures"));
        }
        let mut references = pps.default_references;
        if predicted {
            if r.flag()? {
                references = r.ue()? + 1;
            }
            if references > 32 {
                return Err(Declined::Malformed("more than 32 references"));
            }
            decline_far_references(&mut r)?;
            if pps.weighted {
                skip_weights(&mut r, references, sps.chroma_array)?;
            }
        }
        decline_marking(&mut r, idr)?;
        Ok(Self {
            frame_num,
            frame_num_at,
        })
    }
}

/// Reads dec_ref_pic_marking (7.3.3.3) of a picture that must leave its marking to the sliding window.
pub(super) fn decline_marking(r: &mut BitReader<'_>, idr: bool) -> Result<(), Declined> {
    if idr {
        r.flag()?;
        if r.flag()? {
            return Err(Declined::Unsupported(
                "the stream has long-term reference pictures",
            ));
        }
    } else if r.flag()? {
        return Err(Declined::Unsupported(
            "the encoder marks reference pictures itself",
        ));
    }
    Ok(())
}

/// ref_pic_list_modification() (7.3.3.1). With one reference picture a list can only name the picture before; anything
/// else would name another one once copies stand between.
fn decline_far_references(r: &mut BitReader<'_>) -> Result<(), Declined> {
    if !r.flag()? {
        return Ok(());
    }
    // From the current picture's number one step back, then (for a list that repeats it) steps of MaxFrameNum.
    let mut first = true;
    for _ in 0..=66 {
        match r.ue()? {
            3 => return Ok(()),
            0 if first && r.ue()? == 0 => {}
            0 | 1 if !first => {
                r.ue()?;
            }
            _ => {
                return Err(Declined::Unsupported(
                    "a picture refers to another one than that before it",
                ));
            }
        }
        first = false;
    }
    Err(Declined::Malformed("a reference list has no end"))
}

/// pred_weight_table() (7.3.3.2) of a P slice.
fn skip_weights(r: &mut BitReader<'_>, references: u32, chroma: bool) -> Result<(), Declined> {
    r.ue()?;
    if chroma {
        r.ue()?;
    }
    for _ in 0..references {
        if r.flag()? {
            r.se()?;
            r.se()?;
        }
        if chroma && r.flag()? {
            for _ in 0..4 {
                r.se()?;
            }
        }
    }
    Ok(())
}

/// The header of a P slice, the only one of a reference picture, that repeats the picture before it.
pub(super) fn write_repeat(sps: &Sps, pps: &Pps, frame_num: u32) -> BitWriter {
    let mut w = BitWriter::default();
    w.ue(0);
    w.ue(5);
    w.ue(pps.id);
    if sps.separate_colour_planes {
        w.bits(2, 0);
    }
    w.bits(sps.frame_num_bits, frame_num);
    if pps.redundant_pictures {
        w.ue(0);
    }
    // One reference, in the default order, whatever the set's default says.
    let override_references = pps.default_references != 1;
    w.flag(override_references);
    if override_references {
        w.ue(0);
    }
    w.flag(false);
    if pps.weighted {
        w.ue(0);
        if sps.chroma_array {
            w.ue(0);
        }
        w.flag(false);
        if sps.chroma_array {
            w.flag(false);
        }
    }
    // Sliding window marking.
    w.flag(false);
    if pps.cabac {
        w.ue(0);
    }
    w.se(0);
    // Skipped macroblocks with equal motion have boundary strength 0 (8.7.2.1): the filter is switched off to save
    // decoders the look, where the set lets a slice do so.
    if pps.deblocking_control {
        w.ue(1);
    }
    w
}
