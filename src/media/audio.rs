//! Decodes a sound track to 48 kHz float samples, readable from any position (cap-look.md 21.1).

mod track;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::track::Track;
use super::ffmpeg::MediaError;
use super::input::{self, Allowed};
use crate::cap::MediaSource;
use crate::cap::recording::FragmentGroup;
use crate::sound::{BoxError, Channels, SAMPLE_RATE, SampleSource, Stereo, samples_at};

/// Decoded and thrown away after a seek, samples: decoders and the resampler need what came before to be exact. Opus
/// asks for 80 ms (RFC 7845, 4.6), MP3 may refer back 9 frames.
const PRE_ROLL: i64 = SAMPLE_RATE as i64 / 2;
/// A jump ahead up to this many samples is decoded through: cheaper than a seek with its pre-roll.
const NEAR: i64 = SAMPLE_RATE as i64 * 5;
/// A track that ends earlier than stated by more than this many samples is reported.
const MISSING: i64 = SAMPLE_RATE as i64 / 2;

/// What a sound track turned out to be.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct AudioReport {
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// Samples per second in the file.
    pub rate: u32,
    /// Channels in the file.
    pub source_channels: u32,
    /// Channels it is read as.
    pub channels: Channels,
    /// Stated length, seconds, with what is cut off at its start; of the first group where a track is in fragments.
    pub duration: Option<f64>,
}

/// What was found damaged while a track was read; can be looked at after the reader is gone.
#[derive(Debug, Default)]
pub struct AudioDamage {
    packets: AtomicU64,
    groups: AtomicU64,
    missing_samples: AtomicU64,
}

impl AudioDamage {
    /// Packets that could not be decoded: silence is heard in their place.
    pub fn packets(&self) -> u64 {
        self.packets.load(Ordering::Relaxed)
    }

    /// Groups of fragments that could not be opened or decoded: they are left out.
    pub fn groups(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }

    /// Seconds by which the track ends before its headers say.
    pub fn missing_seconds(&self) -> f64 {
        self.missing_samples.load(Ordering::Relaxed) as f64 / f64::from(SAMPLE_RATE)
    }
}

/// A sound track, decoded as it is read. Memory does not grow with its length.
///
/// Sample 0 is the first presented one: what a codec only needs to get going (AAC priming, Opus pre-skip) is cut off
/// where the container tells. Reading forward decodes straight on; a jump back, or far ahead, seeks. A mono track stays
/// mono, everything else becomes stereo by libswresample's standard downmix. Samples stay where their timestamps say:
/// what is missing or can't be decoded is silent, and does not shift what follows.
pub struct AudioReader {
    groups: Vec<FragmentGroup>,
    allowed: Allowed,
    channels: Channels,
    /// Index of the group that is decoded.
    group: usize,
    /// `None` where the group was left out, or could not be opened again.
    track: Option<Track>,
    /// Groups that could not be opened.
    left_out: Vec<usize>,
    /// Where each group begins; a group's is known once the one before was decoded to its end.
    starts: Vec<i64>,
    block: Block,
    /// Position behind everything that was ever decoded: damage before it is known already.
    furthest: i64,
    damage: Arc<AudioDamage>,
}

/// The samples decoded last.
#[derive(Default)]
struct Block {
    /// Everything from here to `start` is known to be silent.
    known_from: i64,
    /// Position of the first sample; `i64::MAX` behind the end of the track.
    start: i64,
    samples: Vec<Stereo>,
}

impl Block {
    fn end(&self) -> i64 {
        self.start.saturating_add(self.samples.len() as i64)
    }
}

impl AudioReader {
    /// Opens a track and decodes its beginning.
    ///
    /// # Errors
    /// [`MediaError`] when the file can't be read, is none of the `allowed` containers, holds no sound, or not one of
    /// its samples can be decoded.
    pub fn open(source: &MediaSource, allowed: Allowed) -> Result<(Self, AudioReport), MediaError> {
        let groups = input::fragment_groups(source);
        let first = groups.first().cloned().unwrap_or_default();
        let track = Track::open(&first, groups.len() > 1, allowed, None)?;
        let report = track.report();
        tracing::debug!(file = %input::name_of(source).display(), ?report, "opened a sound track");
        let reader = Self {
            groups,
            allowed,
            channels: report.channels,
            group: 0,
            track: Some(track),
            left_out: Vec::new(),
            starts: vec![samples_at(first.lost_before.as_secs_f64())],
            block: Block::default(),
            furthest: i64::MIN,
            damage: Arc::default(),
        };
        Ok((reader, report))
    }

    /// What is found damaged as the track is read.
    pub fn damage(&self) -> Arc<AudioDamage> {
        Arc::clone(&self.damage)
    }

    /// Writes the samples from `position` on, silence outside the track. A mono track writes both sides alike.
    ///
    /// # Errors
    /// [`MediaError`] when the file can no longer be read. Damage inside the file is none: it is silent, counted and
    /// warned of.
    pub fn read_at(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), MediaError> {
        let before = usize::try_from(position.saturating_neg())
            .unwrap_or(0)
            .min(out.len());
        let (silent, mut out) = out.split_at_mut(before);
        silent.fill([0.0; 2]);
        let mut position = position.saturating_add_unsigned(before as u64);
        let mut sought = false;
        while !out.is_empty() {
            let far = !sought && position.saturating_sub(self.block.end()) > NEAR;
            if far || position < self.block.known_from {
                self.seek(position)?;
                sought = true;
            }
            if self.block.start == i64::MAX {
                out.fill([0.0; 2]);
                break;
            }
            if position >= self.block.end() {
                self.advance()?;
                continue;
            }
            let ready = usize::try_from(position - self.block.start)
                .ok()
                .and_then(|at| self.block.samples.get(at..));
            let written = match ready {
                Some(ready) => {
                    let count = ready.len().min(out.len());
                    out[..count].copy_from_slice(&ready[..count]);
                    count
                }
                None => {
                    let gap =
                        usize::try_from(self.block.start.saturating_sub(position)).unwrap_or(usize::MAX);
                    let count = gap.min(out.len());
                    out[..count].fill([0.0; 2]);
                    count
                }
            };
            position = position.saturating_add_unsigned(written as u64);
            out = &mut out[written..];
        }
        Ok(())
    }

    /// Decodes the next block, going on to the next group where one ends.
    fn advance(&mut self) -> Result<(), MediaError> {
        self.block.known_from = self.block.known_from.max(self.block.end());
        loop {
            if self.decode()? {
                return Ok(());
            }
            if self.starts.len() == self.group + 1 {
                let end = self.track.as_ref().map_or(0, Track::end);
                self.check_length(end);
                let seconds = |duration: Duration| samples_at(duration.as_secs_f64());
                let length = match &self.track {
                    Some(track) => track.length().unwrap_or(end),
                    None => self.groups[self.group].stated.map_or(0, seconds),
                };
                let next = self.groups.get(self.group + 1);
                let lost = next.map_or(0, |next| seconds(next.lost_before));
                self.starts.push(
                    self.starts[self.group]
                        .saturating_add(length)
                        .saturating_add(lost),
                );
            }
            if self.group + 1 == self.groups.len() {
                self.block.start = i64::MAX;
                return Ok(());
            }
            self.group += 1;
            self.open_group()?;
        }
    }

    /// Decodes the next block of the group at hand; `false` at its end. Counts what is damaged.
    fn decode(&mut self) -> Result<bool, MediaError> {
        let Some(track) = &mut self.track else {
            return Ok(false);
        };
        let start = track.next(&mut self.block.samples)?;
        // What lies beyond the piece's own end is padding of its last packet, in the place of the next piece.
        if let Some((start, length)) = start.zip(track.length()) {
            let inside = usize::try_from(length.saturating_sub(start)).unwrap_or(0);
            self.block.samples.truncate(inside);
        }
        let base = self.starts[self.group];
        let at = base.saturating_add(start.unwrap_or(track.end()));
        let failures = track.take_failures();
        // What fails in a pre-roll, or while known samples are decoded again, says nothing new.
        if failures > 0 && at >= self.block.known_from && at >= self.furthest {
            let file = file_of(&self.groups[self.group]).display();
            let error = track.last_failure().map(tracing::field::display);
            let seconds = at as f64 / f64::from(SAMPLE_RATE);
            if self.damage.packets.fetch_add(failures, Ordering::Relaxed) == 0 {
                tracing::warn!(%file, error, "damaged sound before {seconds:.3} s is silent");
            } else {
                tracing::debug!(%file, error, "damaged sound before {seconds:.3} s is silent");
            }
        }
        if start.is_some() {
            self.block.start = at;
        }
        self.furthest = self
            .furthest
            .max(at.saturating_add(self.block.samples.len() as i64));
        Ok(start.is_some())
    }

    /// Warns where the group at hand ended before its headers say.
    fn check_length(&self, length: i64) {
        let stated = self
            .track
            .as_ref()
            .and_then(Track::duration)
            .map_or(0, samples_at);
        let missing = stated.saturating_sub(length);
        if missing > MISSING {
            self.damage
                .missing_samples
                .fetch_add(missing.unsigned_abs(), Ordering::Relaxed);
            let file = file_of(&self.groups[self.group]).display();
            let missing = missing as f64 / f64::from(SAMPLE_RATE);
            tracing::warn!(%file, "sound ends {missing:.3} s before its headers say; the rest is silent");
        }
    }

    /// Opens the group at hand from its start. One that is damaged is left out: it has no length (cap-format.md 3.5).
    ///
    /// # Errors
    /// When a group could be opened before.
    fn open_group(&mut self) -> Result<(), MediaError> {
        self.track = None;
        if self.left_out.contains(&self.group) {
            return Ok(());
        }
        let group = &self.groups[self.group];
        let joint = self.groups.len() > 1;
        match Track::open(group, joint, self.allowed, Some(self.channels)) {
            Ok(track) => self.track = Some(track),
            Err(error) if self.group == 0 || self.starts.len() > self.group + 1 => return Err(error),
            Err(error) => {
                self.left_out.push(self.group);
                self.damage.groups.fetch_add(1, Ordering::Relaxed);
                let file = file_of(group).display();
                let error: &dyn std::error::Error = &error;
                tracing::warn!(%file, error, "a piece of a sound track is left out");
            }
        }
        Ok(())
    }

    /// Makes `position` readable: afterwards the block at hand does not begin behind it.
    fn seek(&mut self, position: i64) -> Result<(), MediaError> {
        // The last group that is known to begin before.
        let known = &self.starts[..self.starts.len().min(self.groups.len())];
        let group = known
            .partition_point(|&start| start <= position)
            .saturating_sub(1);
        if group != self.group {
            self.group = group;
            self.open_group()?;
        }
        let base = self.starts[group];
        let mut back = 2 * PRE_ROLL;
        loop {
            let target = position.saturating_sub(base).saturating_sub(back);
            if target <= 0 || !self.track.as_mut().is_some_and(|track| track.seek(target)) {
                break;
            }
            // Nothing is counted until it is known where the seek led.
            self.block.known_from = i64::MAX;
            if self.decode()? && self.block.start.saturating_add(PRE_ROLL) <= position {
                self.block.known_from = self.block.start + PRE_ROLL;
                return Ok(());
            }
            back = back.saturating_mul(4);
        }
        // From the start of the group, where nothing has to be found.
        self.open_group()?;
        self.block = Block {
            known_from: base,
            start: base,
            samples: Vec::new(),
        };
        Ok(())
    }
}

/// The file that messages about a group name.
fn file_of(group: &FragmentGroup) -> &Path {
    group.files.first().map_or(Path::new(""), PathBuf::as_path)
}

impl SampleSource for AudioReader {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError> {
        Ok(self.read_at(position, out)?)
    }
}

#[cfg(test)]
mod tests;
