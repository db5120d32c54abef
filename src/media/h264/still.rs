//! Inserts copies of pictures into an H.264 stream.

use thiserror::Error;

use super::bits::overwrite;
use super::cabac;
use super::nal::{self, kind};
use super::parameter_sets::{Pps, Sps, only_sets};
use super::slice::{self, SliceHeader};

/// Why a stream's pictures can't be repeated without encoding them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Declined {
    /// The stream uses something that copies would disturb.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The stream breaks the standard.
    #[error("the stream is malformed: {0}")]
    Malformed(&'static str),
    /// The stream ends within a header.
    #[error("a header of the stream is cut off")]
    Truncated,
}

/// Writes all-skip P pictures between the pictures of a stream that an encoder made.
///
/// The stream must be progressive, of I and P pictures in one slice each, with one reference picture and POC type 2.
/// A copy is a reference picture: it takes the next frame_num and replaces its original in the decoder's picture buffer,
/// so that the next coded picture is predicted from the same pixels. What follows is renumbered up to the next IDR
/// picture.
#[derive(Clone, Debug)]
pub struct StillPictures {
    sps: Sps,
    pps: Pps,
    /// Copies since the last IDR picture, modulo MaxFrameNum.
    added: u32,
    /// Whether there were any.
    renumbering: bool,
    /// frame_num of the last picture written; `None` before the first.
    frame_num: Option<u32>,
    /// Slice data of a copy and whether it starts byte-aligned (CABAC) or follows the header's bits (CAVLC).
    skipped: SkippedData,
}

#[derive(Clone, Debug)]
enum SkippedData {
    Cabac(Vec<u8>),
    Cavlc,
}

impl StillPictures {
    /// For a stream with these parameter sets (Annex B: an encoder's extradata, or the start of its first packet).
    ///
    /// # Errors
    /// When the stream can't be repeated, with the reason.
    pub fn new(parameter_sets: &[u8]) -> Result<Self, Declined> {
        let (sps, pps) = only_sets(parameter_sets)?;
        if sps.references != 1 {
            return Err(Declined::Unsupported("the number of reference pictures is not 1"));
        }
        let skipped = if pps.cabac {
            SkippedData::Cabac(cabac::all_skipped(sps.macroblocks, pps.qp))
        } else {
            SkippedData::Cavlc
        };
        Ok(Self {
            sps,
            pps,
            added: 0,
            renumbering: false,
            frame_num: None,
            skipped,
        })
    }

    /// Takes the next coded picture (Annex B). Returns it renumbered, or `None` where its bytes can stay as they are.
    ///
    /// # Errors
    /// When the picture breaks a condition. Nothing that was written before is wrong then, but no copy may follow.
    pub fn coded(&mut self, picture: &[u8]) -> Result<Option<Vec<u8>>, Declined> {
        let mut out = Vec::with_capacity(picture.len() + 16);
        let mut slices = 0;
        for unit in nal::units(picture) {
            let unit_kind = nal::unit_kind(unit);
            match unit_kind {
                kind::SLICE | kind::IDR_SLICE => {
                    slices += 1;
                    if slices > 1 {
                        return Err(Declined::Unsupported("pictures have several slices"));
                    }
                    self.coded_slice(unit, unit_kind == kind::IDR_SLICE, &mut out)?;
                }
                kind::PARTITION_A..=kind::PARTITION_C => {
                    return Err(Declined::Unsupported("slices are partitioned"));
                }
                kind::SPS if Sps::parse(&nal::unescape(&unit[1..]))? != self.sps => {
                    return Err(Declined::Unsupported("the parameter sets change"));
                }
                kind::PPS if Pps::parse(&nal::unescape(&unit[1..]))? != self.pps => {
                    return Err(Declined::Unsupported("the parameter sets change"));
                }
                _ => {
                    out.extend_from_slice(&[0, 0, 0, 1]);
                    out.extend_from_slice(unit);
                }
            }
        }
        if slices == 0 {
            return Err(Declined::Malformed("a packet holds no picture"));
        }
        Ok(self.renumbering.then_some(out))
    }

    fn coded_slice(&mut self, unit: &[u8], idr: bool, out: &mut Vec<u8>) -> Result<(), Declined> {
        if nal::reference_idc(unit) == 0 {
            return Err(Declined::Unsupported("some pictures are not kept for reference"));
        }
        let mut rbsp = nal::unescape(&unit[1..]);
        if slice::pps_of(&rbsp)? != self.pps.id {
            return Err(Declined::Unsupported("a picture uses another parameter set"));
        }
        let header = SliceHeader::parse(&rbsp, idr, &self.sps, &self.pps)?;
        let bits = self.sps.frame_num_bits;
        let frame_num = if idr {
            (self.added, self.renumbering) = (0, false);
            header.frame_num
        } else {
            let expected = self.frame_num.ok_or(Declined::Malformed(
                "the stream does not start with an IDR picture",
            ))?;
            let frame_num = (header.frame_num + self.added) % (1 << bits);
            if frame_num != (expected + 1) % (1 << bits) {
                return Err(Declined::Malformed(
                    "frame_num does not follow the picture before",
                ));
            }
            frame_num
        };
        self.frame_num = Some(frame_num);
        overwrite(&mut rbsp, header.frame_num_at, bits, frame_num);
        nal::append(out, unit[0], &rbsp);
        Ok(())
    }

    /// A copy of the picture before it (Annex B).
    ///
    /// # Errors
    /// Before the first coded picture.
    pub fn repeat(&mut self) -> Result<Vec<u8>, Declined> {
        let last = self
            .frame_num
            .ok_or(Declined::Malformed("there is no picture to repeat"))?;
        let frame_num = (last + 1) % (1 << self.sps.frame_num_bits);
        let mut header = slice::write_repeat(&self.sps, &self.pps, frame_num);
        let rbsp = match &self.skipped {
            SkippedData::Cabac(data) => {
                header.align_with(true);
                let mut rbsp = header.into_bytes();
                rbsp.extend_from_slice(data);
                rbsp
            }
            SkippedData::Cavlc => {
                header.ue(self.sps.macroblocks);
                header.trailing_bits();
                header.into_bytes()
            }
        };
        self.frame_num = Some(frame_num);
        self.added = (self.added + 1) % (1 << self.sps.frame_num_bits);
        self.renumbering = true;
        let mut picture = Vec::with_capacity(rbsp.len() + 8);
        nal::append(&mut picture, REPEAT_HEADER, &rbsp);
        Ok(picture)
    }
}

/// nal_ref_idc 2, nal_unit_type 1: what encoders write for P pictures that are kept for reference.
const REPEAT_HEADER: u8 = 0x41;
