//! Shows encoders only what changed: finds the rectangles of a picture that differ from the one before, and has them coded by
//! small encoders ([`crate::media::h264::RegionStream`] says how that becomes a stream).

mod bucket;
mod dirty;
mod plan;
mod shown;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::bucket::Bucket;
use self::plan::{Canvas, Placement};
use self::shown::Shown;
use super::stage::convert::Picture;
use crate::frame::Nv12Frame;
use crate::media::encode::{CodedRegion, RegionEncoder, RegionError, VideoSettings};
use crate::media::h264::{MbRect, Part, RegionStream, Source};

/// Encoders that are kept open at most.
const MOST_ENCODERS: usize = 6;
/// Pictures whose changes are remembered: a camera of 30 pictures a second changes in every second or third.
const REMEMBERED: usize = 6;
/// Rectangles that may fail before no more are tried.
const MOST_FAILURES: u64 = 8;

/// What became of the pictures that could have been coded in rectangles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegionReport {
    /// Pictures of which only rectangles were coded.
    pub pictures: u64,
    /// Rectangles in them.
    pub rectangles: u64,
    /// Rectangles that were coded by themselves, since their place, their size or a key frame was new.
    pub restarts: u64,
    /// Rectangles that were coded a second time, by themselves, because motion vectors read outside of them.
    pub coded_again: u64,
    /// Encoders that were opened.
    pub encoders: u64,
    /// Pictures that were coded whole although the one before was known, by reason.
    pub whole: BTreeMap<String, u64>,
}

/// What to do with a picture.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is written with these rectangles.
    Region(Vec<Part>),
    /// It equals the one before.
    Equal,
    /// It is to be coded whole.
    Whole,
}

/// The encoders of rectangles, and where their last pictures are.
pub(super) struct Regions {
    settings: VideoSettings,
    stream: RegionStream,
    slots: Vec<Slot>,
    /// The picture before.
    latest: Option<Arc<Nv12Frame>>,
    /// Where the last few pictures differed from those before them.
    recent: VecDeque<Vec<MbRect>>,
    in_run: bool,
    bucket: Bucket,
    clock: u64,
    failures: u64,
    report: RegionReport,
    /// What the encoders wrote for the last region picture, with their numbers and places.
    #[cfg(test)]
    wrote: Vec<(u64, MbRect, Vec<Vec<u8>>)>,
}

struct Slot {
    encoder: RegionEncoder,
    shown: Shown,
    used: u64,
    #[cfg(test)]
    number: u64,
}

impl Regions {
    /// Beside an encoder of whole pictures that was opened with `settings` and whose pictures go into `stream`.
    pub(super) fn new(settings: VideoSettings, stream: RegionStream) -> Self {
        let rate = stream.limits().bytes_per_second;
        Self {
            bucket: Bucket::new(rate, settings.frame_rate.fps()),
            settings,
            stream,
            slots: Vec::new(),
            latest: None,
            recent: VecDeque::new(),
            in_run: false,
            clock: 0,
            failures: 0,
            report: RegionReport::default(),
            #[cfg(test)]
            wrote: Vec::new(),
        }
    }

    /// The stream that all pictures are written to, in their order.
    pub(super) fn stream(&mut self) -> &mut RegionStream {
        &mut self.stream
    }

    /// The stream's parameter sets (Annex B), which are not those of the encoder of whole pictures.
    pub(super) fn parameter_sets(&self) -> &[u8] {
        self.stream.parameter_sets()
    }

    /// What became of the pictures so far.
    pub(super) fn report(&self) -> &RegionReport {
        &self.report
    }

    /// Judges the picture of output frame `frame`, which is no repetition. `key` asks for a key frame.
    pub(super) fn judge(&mut self, picture: &Picture, frame: i64, key: bool) -> Verdict {
        let Some(planes) = picture.input.shared_planes() else {
            return self.whole(key, Some("its pixels are not in main memory"));
        };
        let latest = self.latest.replace(Arc::clone(planes));
        let Some(latest) = latest.filter(|_| !key) else {
            return self.whole(key, None);
        };
        let (columns, rows) = self.stream.macroblocks();
        let canvas = Canvas {
            columns,
            rows,
            slices: self.stream.limits().slices,
        };
        let Some(boxes) = dirty::boxes(&latest, planes, &picture.areas, canvas.most()) else {
            return self.whole(key, Some(plan::MUCH_CHANGES));
        };
        if boxes.is_empty() {
            return Verdict::Equal;
        }
        if self.failures >= MOST_FAILURES {
            return self.whole(key, Some("rectangles could not be coded"));
        }
        let live: Vec<_> = self.slots.iter().map(|slot| slot.shown.place()).collect();
        let placed = plan::place(&boxes, &live, &self.recent, canvas);
        self.recent.push_back(boxes);
        if self.recent.len() > REMEMBERED {
            self.recent.pop_front();
        }
        let placed = match placed {
            Ok(placed) => placed,
            Err(reason) => return self.whole(key, Some(reason)),
        };
        match self.code(planes, &placed, frame) {
            Ok(parts) => {
                self.in_run = true;
                Verdict::Region(parts)
            }
            Err(reason) => self.whole(key, Some(&reason)),
        }
    }

    fn whole(&mut self, key: bool, reason: Option<&str>) -> Verdict {
        for slot in &mut self.slots {
            slot.shown.whole(key, self.in_run);
        }
        self.in_run = false;
        if let Some(reason) = reason {
            *self.report.whole.entry(reason.to_owned()).or_default() += 1;
        }
        Verdict::Whole
    }

    /// Codes the rectangles of one picture, or says why they can't be.
    fn code(&mut self, picture: &Nv12Frame, placed: &[Placement], frame: i64) -> Result<Vec<Part>, String> {
        self.clock += 1;
        #[cfg(test)]
        self.wrote.clear();
        let mut parts: Vec<Part> = Vec::with_capacity(placed.len());
        let mut used = Vec::with_capacity(placed.len());
        // Those that go on where they are don't begin elsewhere in the same picture.
        let mut taken: Vec<usize> = placed.iter().filter_map(|placement| placement.live).collect();
        let mut again = 0;
        let mut failed = None;
        for placement in placed {
            match self.code_one(picture, placement, &taken) {
                Ok((slot, part, coded_again)) => {
                    used.push(slot);
                    taken.push(slot);
                    parts.push(part);
                    again += u64::from(coded_again);
                }
                Err(error) => {
                    self.failures += 1;
                    tracing::warn!("a rectangle of a picture could not be coded: {error}");
                    failed = Some(format!("a rectangle could not be coded: {error}"));
                    break;
                }
            }
        }
        // The slices between the rectangles take some 20 bytes each.
        let limits = self.stream.limits();
        let bytes = parts.iter().map(|part| part.rows.bytes()).sum::<u64>() + 20 * u64::from(limits.slices);
        if failed.is_none() && (bytes > limits.bytes || !self.bucket.take(frame, bytes)) {
            failed =
                Some("its rectangles would take more bytes than level and bit rate leave them".to_owned());
        }
        if let Some(reason) = failed {
            // What these encoders coded last is in no picture.
            for slot in used {
                self.slots[slot].shown.lost();
            }
            return Err(reason);
        }
        let rects: Vec<MbRect> = parts.iter().map(Part::rect).collect();
        for (index, slot) in self.slots.iter_mut().enumerate() {
            match used.iter().position(|&used| used == index) {
                Some(part) => slot.shown.put(rects[part]),
                None => slot.shown.others(&rects),
            }
        }
        let report = &mut self.report;
        report.pictures += 1;
        report.rectangles += parts.len() as u64;
        let alone = parts.iter().filter(|part| part.source == Source::Itself);
        report.restarts += alone.count() as u64 - again;
        report.coded_again += again;
        Ok(parts)
    }

    /// Codes one rectangle, with an encoder that is not in `taken` where it begins. Returns which, and whether it was coded twice.
    fn code_one(
        &mut self,
        picture: &Nv12Frame,
        placement: &Placement,
        taken: &[usize],
    ) -> Result<(usize, Part, bool), RegionError> {
        let rect = placement.rect;
        let slot = match placement.live {
            Some(slot) => slot,
            None => self.slot_for(rect, taken)?,
        };
        let place = &mut self.slots[slot];
        place.used = self.clock;
        let source = match placement.live {
            Some(_) => place.shown.source(),
            None => Source::Itself,
        };
        let coded = place
            .encoder
            .code(picture, rect.x, rect.y, source == Source::Itself)
            .inspect_err(|_| place.shown.lost())?;
        #[cfg(test)]
        self.wrote.push((place.number, rect, coded.packets));
        let CodedRegion { rows, again, .. } = coded;
        let part = Part {
            x: rect.x,
            y: rect.y,
            source: if again { Source::Itself } else { source },
            rows,
        };
        Ok((slot, part, again))
    }

    /// An encoder for a rectangle that begins: one of its size that is not at work elsewhere, or a new one.
    fn slot_for(&mut self, rect: MbRect, taken: &[usize]) -> Result<usize, RegionError> {
        let size = (rect.width, rect.height);
        let idle = |slot: &Slot| (slot.shown.place().is_some(), slot.used);
        let free = (0..self.slots.len()).filter(|slot| !taken.contains(slot));
        let same = free
            .clone()
            .filter(|&slot| self.slots[slot].encoder.size() == size)
            .min_by_key(|&slot| idle(&self.slots[slot]));
        if let Some(slot) = same {
            return Ok(slot);
        }
        let encoder = RegionEncoder::open(&self.settings, size.0, size.1, &self.stream)?;
        self.report.encoders += 1;
        let slot = Slot {
            encoder,
            shown: Shown::default(),
            used: self.clock,
            #[cfg(test)]
            number: self.report.encoders,
        };
        let oldest = free.min_by_key(|&slot| self.slots[slot].used);
        match oldest.filter(|_| self.slots.len() >= MOST_ENCODERS) {
            Some(oldest) => {
                self.slots[oldest] = slot;
                Ok(oldest)
            }
            None => {
                self.slots.push(slot);
                Ok(self.slots.len() - 1)
            }
        }
    }
}
