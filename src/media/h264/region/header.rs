//! Slice headers of streams that region pictures are made of (H.264 7.3.3): read in full, and written again elsewhere.

use super::super::Declined;
use super::super::bits::{BitReader, BitWriter};
use super::super::nal::{self, kind};
use super::super::parameter_sets::{Pps, Sps};
use super::super::slice::decline_marking;

/// What a macroblock of the slice may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SliceKind {
    /// Intra and predicted.
    P,
    /// Intra only.
    I,
}

/// The filter of block edges (8.7) within the slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Deblocking {
    /// disable_deblocking_filter_idc: 0 on, 1 off, 2 on within the slice.
    pub idc: u32,
    /// slice_alpha_c0_offset_div2 and slice_beta_offset_div2.
    pub offsets: (i32, i32),
}

impl Deblocking {
    pub(super) const OFF: Self = Self {
        idc: 1,
        offsets: (0, 0),
    };
}

/// A slice header. What is not here is written as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// First byte of the unit: nal_ref_idc and nal_unit_type.
    pub unit: u8,
    /// first_mb_in_slice.
    pub first: u32,
    pub kind: SliceKind,
    /// slice_type as it stood; 5 to 9 promise the same type for the whole picture.
    pub slice_type: u32,
    pub frame_num: u32,
    /// idr_pic_id of an IDR picture.
    pub idr: Option<u32>,
    /// abs_diff_pic_num_minus1 of the picture that a P slice is predicted from; otherwise it is the one before.
    pub reference: Option<u32>,
    /// difference_of_pic_nums_minus1 of a picture that is no reference any more afterwards; otherwise the oldest goes.
    pub dropped: Option<u32>,
    /// cabac_init_idc of a P slice.
    pub cabac_init: u32,
    /// SliceQPY, independent of the parameter set.
    pub qp: i32,
    pub deblocking: Deblocking,
}

/// Type and reference class of a P picture's unit: nal_ref_idc 2, nal_unit_type 1.
pub(super) const PREDICTED_UNIT: u8 = 0x41;

impl Header {
    /// Reads the header of a coded slice unit. Returns it with the slice data, which is CABAC and byte-aligned.
    pub(super) fn parse(unit: &[u8], sps: &Sps, pps: &Pps) -> Result<(Self, Vec<u8>), Declined> {
        let idr = nal::unit_kind(unit) == kind::IDR_SLICE;
        if nal::reference_idc(unit) == 0 {
            return Err(Declined::Unsupported("some pictures are not kept for reference"));
        }
        let mut rbsp = nal::unescape(&unit[1..]);
        let mut r = BitReader::new(&rbsp);
        let first = r.ue()?;
        let slice_type = r.ue()?;
        let kind = match slice_type {
            0 | 5 => SliceKind::P,
            2 | 7 => SliceKind::I,
            _ => {
                return Err(Declined::Unsupported(
                    "the stream has other pictures than I and P",
                ));
            }
        };
        if r.ue()? != pps.id {
            return Err(Declined::Unsupported("a picture uses another parameter set"));
        }
        let frame_num = r.bits(sps.frame_num_bits)?;
        let idr = if idr { Some(r.ue()?) } else { None };
        if kind == SliceKind::P {
            if r.flag()? && r.ue()? != 0 {
                return Err(Declined::Unsupported("a picture has several references"));
            }
            if r.flag()? {
                return Err(Declined::Unsupported("the encoder orders references itself"));
            }
        }
        decline_marking(&mut r, idr.is_some())?;
        let cabac_init = if kind == SliceKind::P { r.ue()? } else { 0 };
        if cabac_init > 2 {
            return Err(Declined::Malformed("cabac_init_idc is above 2"));
        }
        let qp = pps.qp.saturating_add(r.se()?);
        if !(0..=51).contains(&qp) {
            return Err(Declined::Malformed("a slice's QP is out of range"));
        }
        let idc = r.ue()?;
        let offsets = match idc {
            0 | 2 => (r.se()?, r.se()?),
            1 => (0, 0),
            _ => return Err(Declined::Malformed("disable_deblocking_filter_idc is above 2")),
        };
        let data = r.position().div_ceil(8);
        if data >= rbsp.len() {
            return Err(Declined::Truncated);
        }
        let header = Self {
            unit: unit[0],
            first,
            kind,
            slice_type,
            frame_num,
            idr,
            reference: None,
            dropped: None,
            cabac_init,
            qp,
            deblocking: Deblocking { idc, offsets },
        };
        Ok((header, rbsp.split_off(data)))
    }

    /// Appends the slice as a unit (Annex B) of a stream whose frame_num has `frame_num_bits`. The parameter set must be such as
    /// [`usable`] accepts.
    pub(super) fn append(&self, out: &mut Vec<u8>, data: &[u8], frame_num_bits: u32, pps: &Pps) {
        let mut w = BitWriter::default();
        w.ue(self.first);
        w.ue(self.slice_type);
        w.ue(pps.id);
        w.bits(frame_num_bits, self.frame_num);
        if let Some(id) = self.idr {
            w.ue(id);
        }
        if self.kind == SliceKind::P {
            // One reference, as the set says.
            w.flag(false);
            w.flag(self.reference.is_some());
            if let Some(distance) = self.reference {
                w.ue(0);
                w.ue(distance);
                w.ue(3);
            }
        }
        if self.idr.is_some() {
            w.bits(2, 0);
        } else {
            w.flag(self.dropped.is_some());
            if let Some(distance) = self.dropped {
                w.ue(1);
                w.ue(distance);
                w.ue(0);
            }
        }
        if self.kind == SliceKind::P {
            w.ue(self.cabac_init);
        }
        w.se(self.qp - pps.qp);
        w.ue(self.deblocking.idc);
        if self.deblocking.idc != 1 {
            w.se(self.deblocking.offsets.0);
            w.se(self.deblocking.offsets.1);
        }
        w.align_with(true);
        let mut rbsp = w.into_bytes();
        rbsp.extend_from_slice(data);
        nal::append(out, self.unit, &rbsp);
    }
}

/// Declines parameter sets under which slices can't be read and written by [`Header`].
pub(super) fn usable(sps: &Sps, pps: &Pps) -> Result<(), Declined> {
    let conditions = [
        (sps.plain && !pps.scaling, "samples are not plain 8-bit 4:2:0"),
        (pps.cabac, "slices are not CABAC coded"),
        (
            pps.deblocking_control,
            "slices can't switch the deblocking filter off",
        ),
        (pps.default_references == 1, "pictures have several references"),
        (!pps.weighted, "prediction is weighted"),
        (!pps.redundant_pictures, "the stream has redundant pictures"),
    ];
    match conditions.into_iter().find(|(holds, _)| !holds) {
        Some((_, reason)) => Err(Declined::Unsupported(reason)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(super) fn sets() -> (Sps, Pps) {
        let sps = Sps {
            id: 0,
            separate_colour_planes: false,
            chroma_array: true,
            frame_num_bits: 4,
            frame_num_bits_at: 0,
            macroblocks: 99,
            columns: 11,
            references: 2,
            profile: 100,
            level: 10,
            plain: true,
        };
        let pps = Pps {
            id: 0,
            sps: 0,
            cabac: true,
            bottom_field_pic_order: false,
            default_references: 1,
            weighted: false,
            qp: 23,
            deblocking_control: true,
            redundant_pictures: false,
            constrained_intra: false,
            chroma_qp: (0, 0),
            transform_8x8: true,
            scaling: false,
        };
        (sps, pps)
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            first in 0u32..99, predicted: bool, same_type: bool, frame_num in 0u32..16, idr_id in 0u32..300,
            qp in 0i32..=51, idc in 0u32..3, alpha in -6i32..=6, cabac_init in 0u32..3,
            data in prop::collection::vec(any::<u8>(), 1..40),
        ) {
            let (sps, pps) = sets();
            let kind = if predicted { SliceKind::P } else { SliceKind::I };
            let header = Header {
                unit: if predicted { PREDICTED_UNIT } else { 0x65 },
                first,
                kind,
                slice_type: u32::from(!predicted) * 2 + u32::from(same_type) * 5,
                frame_num,
                idr: (!predicted).then_some(idr_id),
                reference: None,
                dropped: None,
                cabac_init: if predicted { cabac_init } else { 0 },
                qp,
                deblocking: Deblocking { idc, offsets: if idc == 1 { (0, 0) } else { (alpha, -alpha) } },
            };
            let mut data = data;
            data.push(0x80);
            let mut stream = Vec::new();
            header.append(&mut stream, &data, sps.frame_num_bits, &pps);
            let unit = nal::units(&stream).next().unwrap();
            prop_assert_eq!(Header::parse(unit, &sps, &pps)?, (header, data));
        }

        #[test]
        fn any_bytes_are_declined_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 1..64)) {
            let (sps, pps) = sets();
            let _ = Header::parse(&bytes, &sps, &pps);
        }
    }

    /// The bits of 7.3.3 by hand: a P slice that is predicted from the picture three back and lets go the one two back.
    #[test]
    fn markings_and_references_stand_where_the_syntax_has_them() {
        let (sps, pps) = sets();
        let header = Header {
            unit: PREDICTED_UNIT,
            first: 0,
            kind: SliceKind::P,
            slice_type: 0,
            frame_num: 5,
            idr: None,
            reference: Some(2),
            dropped: Some(1),
            cabac_init: 0,
            qp: 23,
            deblocking: Deblocking::OFF,
        };
        let mut stream = Vec::new();
        header.append(&mut stream, &[0xAB, 0x80], sps.frame_num_bits, &pps);
        let bits: String = stream[5..].iter().map(|byte| format!("{byte:08b}")).collect();
        let expected = [
            "1", "1", "1", "0101", "0", "1", "1", "011",
            "00100", // first, type, set, frame_num, one reference, list
            "1", "010", "010", "1", // marking 1 (1), end
            "1", "1", "010", // cabac_init_idc, QP difference, filter off
        ]
        .concat();
        assert!(
            bits.starts_with(&expected),
            "{bits} does not start with {expected}"
        );
    }
}
