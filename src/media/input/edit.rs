//! How long the tracks of an MP4 last by its own word: media, edit list, and what an encoder put before the sound.

use std::io::{self, Read, Seek, SeekFrom};

use super::chain::{FoundBox, box_at, read_up_to};

/// Boxes looked at inside one box.
const MOST_BOXES: u32 = 64;
/// Bytes of a small box that are read: room for 80 edits.
const SMALL: u64 = 1024;

/// Fewer samples than these do no harm, whether they are there or not.
const MANY_SAMPLES: u32 = 1_000_000;
/// Times the size of its file that the samples of a track may have.
const OVER: u64 = 16;

/// What a `trak` says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct TrackFacts {
    /// "soun", "vide".
    pub(super) handler: [u8; 4],
    /// Ticks of a second of the media.
    scale: u32,
    /// Ticks that all samples last together.
    ticks: u64,
    /// Edits: duration in the movie's ticks, media time (-1 is emptiness).
    edits: Option<Vec<(u64, i64)>>,
    /// Size that all samples have, and how many they are; `None` where each has its own.
    alike: Option<(u32, u32)>,
    /// Durations of the first and the last sample, in ticks.
    first_last: Option<(u32, u32)>,
}

impl TrackFacts {
    /// Seconds from the first presented sample to the end of the last. `movie_scale` is the ticks of a second of the edits.
    ///
    /// Edits are often counted in milliseconds. Where the rest of the media agrees with an edit as far as its ticks go, the
    /// media's own, finer ticks count.
    pub(super) fn seconds(&self, movie_scale: u32) -> Option<f64> {
        let of = |ticks: u64| ticks as f64 / f64::from(self.scale);
        if self.scale == 0 || self.ticks == 0 {
            return None;
        }
        let Some(edits) = &self.edits else {
            return Some(of(self.ticks));
        };
        let shown: Vec<_> = edits.iter().filter(|(_, media)| *media >= 0).collect();
        if movie_scale == 0 || shown.is_empty() {
            return None;
        }
        let stated = shown.iter().map(|(ticks, _)| *ticks as f64).sum::<f64>() / f64::from(movie_scale);
        if let [(_, media)] = shown[..] {
            let rest = of(self.ticks.saturating_sub(media.unsigned_abs()));
            // An edit of no duration goes on to the end.
            if stated == 0.0 || (rest - stated).abs() <= 1.0 / f64::from(movie_scale) {
                return Some(rest);
            }
        }
        Some(stated)
    }

    /// Whether there is no edit list that could say what an encoder put before the sound, while the last sample is cut to
    /// the sound's length: so an encoder ran from the first sample to the last, and what it began with is in there.
    pub(super) fn begins_unedited(&self) -> bool {
        self.edits.is_none() && self.first_last.is_some_and(|(first, last)| last < first)
    }

    /// How many samples it counts, if they are millions that a file of `length` bytes is far from having room for: FFmpeg takes
    /// memory for all of them. A file that was cut off has room for a part.
    pub(super) fn overcounted(&self, length: u64) -> Option<u32> {
        let (size, count) = self.alike?;
        let claimed = u64::from(size) * u64::from(count);
        (count > MANY_SAMPLES && claimed / OVER > length).then_some(count)
    }

    /// Whether there is an edit list.
    pub(super) fn is_edited(&self) -> bool {
        self.edits.is_some()
    }

    /// Duration of the first sample, seconds.
    pub(super) fn first_sample(&self) -> Option<f64> {
        let (first, _) = self.first_last?;
        (self.scale > 0).then(|| f64::from(first) / f64::from(self.scale))
    }
}

/// Reads the tracks of the `moov` box `moov`.
pub(super) fn tracks(stream: &mut (impl Read + Seek), moov: &FoundBox) -> io::Result<Vec<TrackFacts>> {
    let mut tracks = Vec::new();
    for trak in children(stream, moov)? {
        if &trak.kind == b"trak" {
            tracks.push(track(stream, &trak)?);
        }
    }
    Ok(tracks)
}

fn track(stream: &mut (impl Read + Seek), trak: &FoundBox) -> io::Result<TrackFacts> {
    let mut facts = TrackFacts::default();
    for found in descendants(stream, trak)? {
        let content = content(stream, &found)?;
        let wide = content.first() == Some(&1);
        let number = |at: usize| content.get(at..)?.first_chunk().copied().map(u32::from_be_bytes);
        let long = |at: usize| content.get(at..)?.first_chunk().copied().map(u64::from_be_bytes);
        match &found.kind {
            b"hdlr" => facts.handler = number(8).unwrap_or(0).to_be_bytes(),
            b"mdhd" => {
                let (scale, ticks) = if wide {
                    (number(20), long(24))
                } else {
                    (number(12), number(16).map(u64::from))
                };
                (facts.scale, facts.ticks) = (scale.unwrap_or(0), ticks.unwrap_or(0));
            }
            b"elst" => {
                let size = if wide { 20 } else { 12 };
                let count = number(4).unwrap_or(0) as usize;
                let edits = (0..count).map_while(|index| {
                    let at = 8 + index * size;
                    if wide {
                        Some((long(at)?, long(at + 8)?.cast_signed()))
                    } else {
                        Some((u64::from(number(at)?), i64::from(number(at + 4)?.cast_signed())))
                    }
                });
                facts.edits = Some(edits.collect());
            }
            b"stsz" => {
                let size = number(4).filter(|size| *size > 0);
                facts.alike = size.zip(number(8));
            }
            b"stts" => {
                let first = number(12);
                // The last entry lies at the end of the box.
                let mut last = [0; 4];
                stream.seek(SeekFrom::Start(found.end.saturating_sub(4)))?;
                let have = read_up_to(stream, &mut last)?;
                facts.first_last = first
                    .filter(|_| have == 4 && number(4) > Some(0))
                    .map(|first| (first, u32::from_be_bytes(last)));
            }
            _ => {}
        }
    }
    Ok(facts)
}

/// The boxes inside those that hold what is asked for.
fn descendants(stream: &mut (impl Read + Seek), parent: &FoundBox) -> io::Result<Vec<FoundBox>> {
    let mut all = Vec::new();
    let mut open = children(stream, parent)?;
    while let Some(next) = open.pop() {
        if [b"mdia", b"minf", b"stbl", b"edts"].contains(&&next.kind) {
            open.extend(children(stream, &next)?);
        } else {
            all.push(next);
        }
    }
    Ok(all)
}

fn children(stream: &mut (impl Read + Seek), parent: &FoundBox) -> io::Result<Vec<FoundBox>> {
    let mut found = Vec::new();
    let mut position = parent.content;
    for _ in 0..MOST_BOXES {
        let Some(next) = box_at(stream, position, parent.end)? else {
            break;
        };
        position = next.end;
        found.push(next);
    }
    Ok(found)
}

/// The beginning of a box's content.
fn content(stream: &mut (impl Read + Seek), found: &FoundBox) -> io::Result<Vec<u8>> {
    let mut content = vec![0; (found.end - found.content).min(SMALL) as usize];
    stream.seek(SeekFrom::Start(found.content))?;
    let have = read_up_to(stream, &mut content)?;
    content.truncate(have);
    Ok(content)
}
