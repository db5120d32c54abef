//! The pictures of an encoder that codes a rectangle, one slice a row of macroblocks.

use super::super::Declined;
use super::super::nal::{self, kind};
use super::super::parameter_sets::{Pps, Sps, only_sets};
use super::header::{Deblocking, Header, SliceKind, usable};

/// Reads what the encoder of a rectangle makes.
#[derive(Clone, Debug)]
pub struct RowReader {
    sps: Sps,
    pps: Pps,
    /// Rows above and below that are coded and not shown.
    guard: u32,
}

/// A coded picture of a rectangle, in rows from top to bottom without the guard.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Whether nothing is predicted from earlier pictures of the encoder.
    intra: bool,
    /// Macroblocks in a row.
    width: u32,
    slices: Vec<(Header, Vec<u8>)>,
}

impl Rows {
    /// Whether nothing is predicted from earlier pictures of the encoder.
    pub fn intra(&self) -> bool {
        self.intra
    }

    /// Macroblocks in a row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Number of rows.
    pub fn height(&self) -> u32 {
        self.slices.len() as u32
    }

    /// Bytes of the rows in the stream, about: their data and a dozen for each header.
    pub fn bytes(&self) -> u64 {
        self.slices.iter().map(|(_, data)| data.len() as u64 + 12).sum()
    }

    pub(super) fn slices(&self) -> &[(Header, Vec<u8>)] {
        &self.slices
    }
}

impl RowReader {
    /// For an encoder with these parameter sets (Annex B), whose first and last `guard` rows are not shown.
    pub(super) fn new(parameter_sets: &[u8], guard: u32, whole: &Pps) -> Result<Self, Declined> {
        let (sps, pps) = only_sets(parameter_sets)?;
        usable(&sps, &pps)?;
        let alike = pps.constrained_intra == whole.constrained_intra
            && pps.chroma_qp == whole.chroma_qp
            && pps.transform_8x8 == whole.transform_8x8;
        if !alike {
            return Err(Declined::Unsupported(
                "the two encoders code macroblocks differently",
            ));
        }
        if sps.macroblocks / sps.columns <= 2 * guard {
            return Err(Declined::Malformed("a rectangle has no rows to show"));
        }
        Ok(Self { sps, pps, guard })
    }

    /// Takes a coded picture (Annex B) apart.
    ///
    /// # Errors
    /// When its slices are not such as can be placed in a larger picture.
    pub fn read(&self, picture: &[u8]) -> Result<Rows, Declined> {
        let (width, height) = (self.sps.columns, self.sps.macroblocks / self.sps.columns);
        let mut slices = Vec::with_capacity(height as usize);
        for unit in nal::units(picture) {
            match nal::unit_kind(unit) {
                kind::SLICE | kind::IDR_SLICE => slices.push(Header::parse(unit, &self.sps, &self.pps)?),
                kind::PARTITION_A..=kind::PARTITION_C => {
                    return Err(Declined::Unsupported("slices are partitioned"));
                }
                kind::SPS if Sps::parse(&nal::unescape(&unit[1..]))? != self.sps => {
                    return Err(Declined::Unsupported("the parameter sets change"));
                }
                kind::PPS if Pps::parse(&nal::unescape(&unit[1..]))? != self.pps => {
                    return Err(Declined::Unsupported("the parameter sets change"));
                }
                _ => {}
            }
        }
        let in_rows = slices.len() == height as usize
            && slices
                .iter()
                .zip(0..)
                .all(|((header, _), row)| header.first == row * width);
        if !in_rows {
            return Err(Declined::Unsupported("slices are not one a row of macroblocks"));
        }
        let intra = slices.iter().all(|(header, _)| header.kind == SliceKind::I);
        let idr = slices.iter().all(|(header, _)| header.idr.is_some());
        let predicted = slices
            .iter()
            .all(|(header, _)| header.kind == SliceKind::P && header.idr.is_none());
        if !(intra && idr || predicted) {
            return Err(Declined::Unsupported("a picture has slices of several types"));
        }
        if slices
            .iter()
            .any(|(header, _)| header.deblocking != Deblocking::OFF)
        {
            return Err(Declined::Unsupported("slices filter their edges"));
        }
        let shown = self.guard as usize..(height - self.guard) as usize;
        Ok(Rows {
            intra,
            width,
            slices: slices.drain(shown).collect(),
        })
    }
}
