//! What a `moof` box says of its track: when it starts and ends (ISO/IEC 14496-12, 8.8).

/// Box types of the parts of a fragment, and of what may lie beside them.
const MOST_CHILDREN: usize = 1 << 16;

/// Most samples of a run that says nothing about each of them: more than a second of sound has, sample by sample.
const MOST_ALIKE: u32 = 1 << 16;

/// Units and defaults of the tracks, from `moov`.
#[derive(Debug, Default)]
pub(super) struct Timing {
    tracks: Vec<TrackTiming>,
}

#[derive(Debug, Default)]
struct TrackTiming {
    id: u32,
    /// Ticks of a second.
    scale: u32,
    /// Duration of a sample that states none.
    default: u32,
}

/// When the first track of a fragment starts and ends, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Fragment {
    pub(super) start: Option<f64>,
    pub(super) end: Option<f64>,
}

impl Timing {
    /// Reads the content of a `moov`.
    pub(super) fn read(&mut self, moov: &[u8]) {
        self.tracks.clear();
        for (kind, content) in children(moov) {
            match &kind {
                b"trak" => self.tracks.extend(track(content)),
                b"mvex" => {
                    for (_, trex) in children(content).filter(|(kind, _)| kind == b"trex") {
                        let (id, default) = (number(trex, 4), number(trex, 12));
                        if let Some(track) = self.tracks.iter_mut().find(|track| Some(track.id) == id) {
                            track.default = default.unwrap_or(0);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn track(trak: &[u8]) -> Option<TrackTiming> {
    let of = |kind: &[u8; 4], within| {
        children(within)
            .find(|(found, _)| found == kind)
            .map(|(_, content)| content)
    };
    let (header, media) = (of(b"tkhd", trak)?, of(b"mdhd", of(b"mdia", trak)?)?);
    // Version and flags, then creation and modification, of 8 bytes each in version 1.
    let times = |content: &[u8]| if content.first() == Some(&1) { 16 } else { 8 };
    Some(TrackTiming {
        id: number(header, 4 + times(header))?,
        scale: number(media, 4 + times(media))?,
        default: 0,
    })
}

impl Fragment {
    /// Reads the content of a `moof`; `None` where it is damaged: its boxes don't fill it, it holds no track with samples, or it
    /// counts more samples than it describes.
    pub(super) fn read(moof: &[u8], timing: &Timing) -> Option<Self> {
        let mut walk = Children { rest: moof };
        let parts: Vec<_> = walk.by_ref().take(MOST_CHILDREN).collect();
        if !walk.rest.is_empty() || parts.first()?.0 != *b"mfhd" {
            return None;
        }
        let mut first = None;
        for (_, traf) in parts.iter().filter(|(kind, _)| kind == b"traf") {
            let mut walk = Children { rest: traf };
            let boxes: Vec<_> = walk.by_ref().take(MOST_CHILDREN).collect();
            let named = |wanted: &[u8; 4]| boxes.iter().any(|(kind, _)| kind == wanted);
            let runs = boxes.iter().filter(|(kind, _)| kind == b"trun");
            if !walk.rest.is_empty() || !named(b"tfhd") || !runs.clone().all(|(_, run)| has_room(run)) {
                return None;
            }
            first.get_or_insert_with(|| times(&boxes, timing));
        }
        Some(first?.unwrap_or_default())
    }
}

/// Start and end of one `traf`.
fn times(boxes: &[([u8; 4], &[u8])], timing: &Timing) -> Option<Fragment> {
    let of = |wanted: &[u8; 4]| {
        boxes
            .iter()
            .find(|(kind, _)| kind == wanted)
            .map(|(_, content)| *content)
    };
    let header = of(b"tfhd")?;
    let (flags, id) = (number(header, 0)? & 0xff_ffff, number(header, 4)?);
    let track = timing
        .tracks
        .iter()
        .find(|track| track.id == id && track.scale > 0)?;
    let decode_time = of(b"tfdt")?;
    let start = match decode_time.first()? {
        1 => u64::from(number(decode_time, 4)?) << 32 | u64::from(number(decode_time, 8)?),
        _ => u64::from(number(decode_time, 4)?),
    };
    // Before the default duration: base data offset (8 bytes) and sample description (4).
    let at = 8 + if flags & 1 != 0 { 8 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 };
    let default = if flags & 8 != 0 {
        number(header, at)?
    } else {
        track.default
    };
    let mut ticks = 0_u64;
    for (_, run) in boxes.iter().filter(|(kind, _)| kind == b"trun") {
        let (flags, count) = (number(run, 0)? & 0xff_ffff, number(run, 4)?);
        if flags & 0x100 == 0 {
            ticks = ticks.saturating_add(u64::from(count) * u64::from(default));
            continue;
        }
        let (begin, entry) = entries(flags);
        for index in 0..count as usize {
            ticks = ticks.saturating_add(u64::from(number(run, begin + index * entry)?));
        }
    }
    let seconds = |ticks: u64| ticks as f64 / f64::from(track.scale);
    Some(Fragment {
        start: Some(seconds(start)),
        end: Some(seconds(start.saturating_add(ticks))),
    })
}

/// Where in a `trun` with these flags the entries of the samples begin, and how long one is, bytes.
fn entries(flags: u32) -> (usize, usize) {
    let fields = |all: &[u32]| 4 * all.iter().filter(|flag| flags & **flag != 0).count();
    (8 + fields(&[1, 4]), fields(&[0x100, 0x200, 0x400, 0x800]))
}

/// Whether a `trun` describes as many samples as it counts. FFmpeg takes memory for all of them.
fn has_room(run: &[u8]) -> bool {
    let (Some(flags), Some(count)) = (number(run, 0), number(run, 4)) else {
        return false;
    };
    match entries(flags) {
        (_, 0) => count <= MOST_ALIKE,
        (begin, entry) => run.len().saturating_sub(begin) / entry >= count as usize,
    }
}

/// The number of 4 bytes at `at`.
fn number(content: &[u8], at: usize) -> Option<u32> {
    content.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

fn children(content: &[u8]) -> Children<'_> {
    Children { rest: content }
}

/// The boxes in a content, in order; ends before the first that is none, which `rest` then begins with.
pub(super) struct Children<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Children<'a> {
    type Item = ([u8; 4], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let size = number(self.rest, 0)? as usize;
        let kind: [u8; 4] = *self.rest.get(4..)?.first_chunk()?;
        if size < 8 || size > self.rest.len() {
            return None;
        }
        let (this, rest) = self.rest.split_at(size);
        self.rest = rest;
        Some((kind, &this[8..]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&size[..], kind, content].concat()
    }

    /// The content of a `moof` with a run of `count` samples, of which `entries` bytes are there.
    fn moof(flags: u32, count: u32, entries: usize) -> Vec<u8> {
        let run = [&flags.to_be_bytes()[..], &count.to_be_bytes(), &vec![1; entries]].concat();
        let track = [boxed(b"tfhd", &[0; 8]), boxed(b"trun", &run)].concat();
        [boxed(b"mfhd", &[0; 8]), boxed(b"traf", &track)].concat()
    }

    /// A `trun` of 16 bytes can count four billion samples (14496-12, 8.8.8).
    #[test]
    fn runs_are_as_long_as_they_say() {
        let read = |flags, count, entries| Fragment::read(&moof(flags, count, entries), &Timing::default());
        // Duration and size of each sample behind the offset of the data.
        assert!(read(0x301, 2, 4 + 16).is_some());
        assert!(read(0x301, 3, 4 + 16).is_none());
        assert!(read(0x301, u32::MAX, 4 + 16).is_none());
        assert!(read(0, 48_000, 0).is_some());
        assert!(read(0, 100_000_000, 0).is_none());
    }
}
