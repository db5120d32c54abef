//! Puts whole pictures, region pictures and still pictures into one stream.

use super::super::Declined;
use super::super::nal::{self, kind};
use super::super::parameter_sets::{Pps, Sps, only_sets, with_frame_num_bits};
use super::header::{Deblocking, Header, PREDICTED_UNIT, SliceKind, usable};
use super::level::Limits;
use super::rect::{MbRect, Span, all_rows, spans};
use super::references::{FRAME_NUM_BITS, Kind, NEEDED, Numbers, References};
use super::rows::{RowReader, Rows};
use super::skips::{self, Skips};

/// What a coded rectangle is predicted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nothing but itself.
    Itself,
    /// The picture before, which shows in this place what the rectangle's encoder made last.
    Previous,
    /// The last picture of the last run of region pictures, which does. Only for the first picture of the next run.
    LastRun,
}

/// A coded rectangle and its place in the picture.
#[derive(Clone, Debug)]
pub struct Part {
    /// Column of macroblocks of its left edge.
    pub x: u32,
    /// Row of macroblocks of its top edge.
    pub y: u32,
    /// Its slices.
    pub rows: Rows,
    /// What they are predicted from.
    pub source: Source,
}

impl Part {
    /// Where it is.
    pub fn rect(&self) -> MbRect {
        MbRect {
            x: self.x,
            y: self.y,
            width: self.rows.width(),
            height: self.rows.height(),
        }
    }
}

/// Writes a stream of whole pictures of one encoder, region pictures and still pictures.
///
/// Every picture is a reference picture and takes the next frame_num. The whole pictures' encoder refers to its own last
/// picture, over region pictures that stand between. The first picture of a run of region pictures may refer to the last of
/// the run before, so that rectangles go on from where they were.
#[derive(Clone, Debug)]
pub struct RegionStream {
    sps: Sps,
    pps: Pps,
    /// The stream's own parameter sets (Annex B).
    sets: Vec<u8>,
    limits: Limits,
    references: References,
    /// Whether region pictures stand behind the last whole picture.
    in_run: bool,
    skips: Skips,
}

impl RegionStream {
    /// For an encoder of whole pictures with these parameter sets (Annex B) at `frames_per_second`, whose bits per second
    /// have this ceiling, if any.
    ///
    /// # Errors
    /// When its stream can't be joined with others, with the reason.
    pub fn new(
        parameter_sets: &[u8],
        frames_per_second: u32,
        ceiling: Option<u64>,
    ) -> Result<Self, Declined> {
        let (sps, pps) = only_sets(parameter_sets)?;
        usable(&sps, &pps)?;
        if sps.references != NEEDED {
            return Err(Declined::Unsupported("the number of reference pictures is not 2"));
        }
        let mut sets = Vec::with_capacity(parameter_sets.len() + 8);
        for unit in nal::units(parameter_sets) {
            let rbsp = nal::unescape(&unit[1..]);
            if nal::unit_kind(unit) == kind::SPS {
                nal::append(&mut sets, unit[0], &with_frame_num_bits(&rbsp, FRAME_NUM_BITS)?);
            } else {
                nal::append(&mut sets, unit[0], &rbsp);
            }
        }
        Ok(Self {
            limits: Limits::new(&sps, frames_per_second, ceiling)?,
            references: References::default(),
            sps,
            pps,
            sets,
            in_run: false,
            skips: Skips::default(),
        })
    }

    /// The stream's parameter sets (Annex B), which are not those of the encoder.
    pub fn parameter_sets(&self) -> &[u8] {
        &self.sets
    }

    /// What region pictures must keep to.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Columns and rows of macroblocks.
    pub fn macroblocks(&self) -> (u32, u32) {
        (self.sps.columns, self.sps.macroblocks / self.sps.columns)
    }

    /// Reads the pictures of a rectangle's encoder with these parameter sets, whose first and last `guard` rows of
    /// macroblocks are not shown.
    ///
    /// # Errors
    /// When its slices would mean something else in this stream.
    pub fn reader(&self, parameter_sets: &[u8], guard: u32) -> Result<RowReader, Declined> {
        RowReader::new(parameter_sets, guard, &self.pps)
    }

    /// Takes the next whole picture (Annex B), which is an IDR picture if and only if `key` says so. Returns it rewritten.
    ///
    /// # Errors
    /// When the picture breaks a condition. What was written before is right then, but the stream can't go on.
    pub fn whole(&mut self, picture: &[u8], key: bool) -> Result<Vec<u8>, Declined> {
        let mut out = Vec::with_capacity(picture.len() + 32);
        let mut slices = 0;
        for unit in nal::units(picture) {
            match nal::unit_kind(unit) {
                kind::SLICE | kind::IDR_SLICE => {
                    slices += 1;
                    if slices > 1 {
                        return Err(Declined::Unsupported("pictures have several slices"));
                    }
                    self.whole_slice(unit, key, &mut out)?;
                }
                kind::PARTITION_A..=kind::PARTITION_C => {
                    return Err(Declined::Unsupported("slices are partitioned"));
                }
                kind::SPS | kind::PPS => {
                    return Err(Declined::Unsupported("the encoder repeats its parameter sets"));
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
        Ok(out)
    }

    fn whole_slice(&mut self, unit: &[u8], key: bool, out: &mut Vec<u8>) -> Result<(), Declined> {
        let (mut header, data) = Header::parse(unit, &self.sps, &self.pps)?;
        if header.first != 0 {
            return Err(Declined::Unsupported("pictures have several slices"));
        }
        match (header.idr.is_some(), key) {
            (true, true) => {
                if header.frame_num != 0 {
                    return Err(Declined::Malformed("frame_num of an IDR picture is not 0"));
                }
                self.references.idr();
            }
            (true, false) => return Err(Declined::Unsupported("a key frame comes unasked")),
            (false, true) => {
                return Err(Declined::Unsupported("a key frame that was asked for is missing"));
            }
            (false, false) => {
                let numbers = self.numbers(Kind::Whole)?;
                header.frame_num = numbers.frame_num;
                header.dropped = numbers.dropped;
                header.reference = numbers.whole.filter(|_| header.kind == SliceKind::P);
            }
        }
        self.in_run = false;
        header.append(out, &data, FRAME_NUM_BITS, &self.pps);
        Ok(())
    }

    fn numbers(&mut self, kind: Kind) -> Result<Numbers, Declined> {
        if !self.references.begun() {
            return Err(Declined::Malformed(
                "the stream does not start with an IDR picture",
            ));
        }
        self.references
            .next(kind)
            .ok_or(Declined::Malformed("there is no key frame among 65,536 pictures"))
    }

    /// A copy of the picture before it (Annex B).
    ///
    /// # Errors
    /// Before the first whole picture.
    pub fn still(&mut self) -> Result<Vec<u8>, Declined> {
        self.assemble(&[], Kind::Still)
    }

    /// A picture that differs from the one before in these rectangles, which must not overlap (Annex B).
    ///
    /// # Errors
    /// Before the first whole picture, and when a part is predicted from what the stream does not hold, reaches beyond the
    /// picture or overlaps another.
    pub fn region(&mut self, parts: &[Part]) -> Result<Vec<u8>, Declined> {
        let (columns, rows) = self.macroblocks();
        for (index, part) in parts.iter().enumerate() {
            let rect = part.rect();
            if rect.right() > columns || rect.bottom() > rows {
                return Err(Declined::Malformed("a rectangle reaches beyond the picture"));
            }
            if parts[..index].iter().any(|other| other.rect().overlaps(rect)) {
                return Err(Declined::Malformed("two rectangles overlap"));
            }
            if part.rows.intra() != (part.source == Source::Itself) {
                return Err(Declined::Malformed(
                    "a rectangle is predicted from something else than it says",
                ));
            }
            if part.source == Source::LastRun && (self.in_run || !self.references.has_region()) {
                return Err(Declined::Malformed("the last run of region pictures is gone"));
            }
        }
        let picture = self.assemble(parts, Kind::Region)?;
        self.in_run = true;
        Ok(picture)
    }

    fn assemble(&mut self, parts: &[Part], kind: Kind) -> Result<Vec<u8>, Declined> {
        let numbers = self.numbers(kind)?;
        let (columns, rows) = self.macroblocks();
        let rects: Vec<MbRect> = parts.iter().map(Part::rect).collect();
        let mut coded = all_rows(&rects);
        coded.retain(|&(index, row)| !self.only_repeats(&parts[index], row));
        let mut picture = Vec::new();
        for Span { first, count, coded } in spans(&rects, &coded, columns, rows) {
            let blank = Header {
                unit: PREDICTED_UNIT,
                first,
                kind: SliceKind::P,
                slice_type: 0,
                frame_num: numbers.frame_num,
                idr: None,
                reference: None,
                dropped: numbers.dropped,
                cabac_init: 0,
                qp: skips::QP,
                deblocking: Deblocking::OFF,
            };
            match coded {
                None => {
                    let data = self.skips.data(count, skips::QP);
                    blank.append(&mut picture, data, FRAME_NUM_BITS, &self.pps);
                }
                Some((index, row)) => {
                    let part = &parts[index];
                    let (slice, data) = &part.rows.slices()[row as usize];
                    let header = Header {
                        kind: slice.kind,
                        slice_type: slice.slice_type % 5,
                        reference: numbers.region.filter(|_| part.source == Source::LastRun),
                        cabac_init: slice.cabac_init,
                        qp: slice.qp,
                        ..blank
                    };
                    header.append(&mut picture, data, FRAME_NUM_BITS, &self.pps);
                }
            }
        }
        Ok(picture)
    }

    /// Whether a row is skipped as a whole and so may join the skipped macroblocks around it.
    fn only_repeats(&mut self, part: &Part, row: u32) -> bool {
        let (slice, data) = &part.rows.slices()[row as usize];
        part.source == Source::Previous
            && slice.cabac_init == 0
            && self.skips.data(part.rows.width(), slice.qp) == data.as_slice()
    }
}
