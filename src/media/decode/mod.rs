//! Decodes video tracks: hold-previous lookup over variable frame rate (cap-look.md 3.4).
//!
//! [`VideoDecoder`] answers "what is on screen at this time of the file"; below it, a `reader` turns one group of files
//! into frames, `hardware` decodes them on a device where there is one, and `picture` makes them [`YuvPicture`]s.

mod groups;
mod hardware;
mod picture;
mod reader;
mod recolor;
mod report;
#[cfg(test)]
mod tests;

use std::mem;
use std::path::PathBuf;
use std::time::Instant;

use ffmpeg_next::frame;

pub use hardware::{HardwareProbe, hardware_names, probe_hardware};
pub use report::{DecodeOptions, DecoderReport, DecoderStats, FailedAttempt, HardwareChoice};

use self::groups::Groups;
use self::hardware::Failures;
use self::picture::PictureMaker;
use self::reader::{DecoderSetup, Opened, Reader, Step};
use super::ffmpeg::{FfmpegError, MediaError};
use super::input::name_of;
use crate::cap::MediaSource;
use crate::frame::{Size, YuvPicture};
use crate::time::MediaTime;

/// Failures in a row that end the decoding (cap-look.md 3.5).
const MAX_FAILURES: u32 = 200;
/// The same while nothing was decoded yet.
const MAX_FIRST_FAILURES: u32 = 8;
/// A jump forward seeks only when that spares at least this many packets: playing forward, at any usual speed, never
/// does.
const MIN_SPARED: u32 = 48;
/// A time this little (in nominal frames) below a grid point counts as on it, so that k / fps computed in doubles is k.
const GRID_EPSILON: f64 = 1e-6;

/// A video track as pictures by time.
///
/// Going forward decodes forward, however far apart the times are unless a key frame spares much; going back seeks.
pub struct VideoDecoder {
    groups: Groups,
    file: PathBuf,
    fps: f64,
    threads: u32,
    kind: Option<hardware::Kind>,
    /// Of the group that is read.
    reader: Reader,
    maker: PictureMaker,
    size: Size,
    /// Number of the track's first frame: there is nothing before it.
    first_number: i64,
    current: Option<Candidate>,
    /// The frame after `current`, once it is decoded.
    ahead: Option<Candidate>,
    ended: bool,
    failures: u32,
    last_failure: Option<FfmpegError>,
    stats: DecoderStats,
}

/// A decoded frame that may be shown.
struct Candidate {
    /// Position on the nominal grid.
    number: i64,
    /// Seconds from the track's start.
    seconds: f64,
    /// Whether the decoder said so.
    damaged: bool,
    content: Content,
}

enum Content {
    /// Not asked for yet.
    Frame(frame::Video),
    Picture(YuvPicture),
}

impl VideoDecoder {
    /// Opens a track and decodes its first picture, which is what proves that a device works.
    ///
    /// # Errors
    /// When the track can't be opened, or not one picture can be decoded.
    pub fn open(source: &MediaSource, options: &DecodeOptions) -> Result<(Self, DecoderReport), MediaError> {
        let mut failed = Failures::new();
        for kind in hardware::kinds(&options.hardware, &mut failed) {
            match Self::open_with(source, options, Some(kind)) {
                Ok((decoder, decoder_name, threads)) => {
                    tracing::debug!("{}: decoded by {}", decoder.file.display(), kind.name());
                    let report = DecoderReport {
                        decoder: decoder_name,
                        hardware: Some(kind.name()),
                        threads,
                        failed,
                    };
                    return Ok((decoder, report));
                }
                Err(error) => failed.push(FailedAttempt {
                    name: kind.name(),
                    reason: describe(&error),
                }),
            }
        }
        let (decoder, decoder_name, threads) = Self::open_with(source, options, None)?;
        for attempt in &failed {
            let (file, FailedAttempt { name, reason }) = (decoder.file.display(), attempt);
            match options.hardware {
                HardwareChoice::Named(_) => {
                    tracing::warn!("{file}: not decoded by {name}, as asked for: {reason}")
                }
                _ => tracing::debug!("{file}: not decoded by {name}: {reason}"),
            }
        }
        let report = DecoderReport {
            decoder: decoder_name,
            hardware: None,
            threads,
            failed,
        };
        Ok((decoder, report))
    }

    fn open_with(
        source: &MediaSource,
        options: &DecodeOptions,
        kind: Option<hardware::Kind>,
    ) -> Result<(Self, String, u32), MediaError> {
        let mut groups = Groups::new(source);
        let setup = DecoderSetup {
            hardware: kind,
            threads: options.threads,
        };
        let mut next = (!groups.is_empty()).then_some(0);
        let mut first_error = None;
        let (index, opened) = loop {
            let Some(index) = next else {
                return Err(first_error.unwrap_or_else(|| MediaError::Empty {
                    file: name_of(source).to_owned(),
                }));
            };
            match Reader::open(groups.files(index), setup) {
                Ok(opened) => break (index, opened),
                Err(error) => {
                    // A lone file that can't be opened is the caller's error, not a part to be left out.
                    if groups.after(index).is_some() {
                        groups.skip(index, &error);
                    }
                    next = groups.after(index);
                    if first_error.is_none() {
                        first_error = Some(error);
                    }
                }
            }
        };
        let Opened {
            reader,
            decoder_name,
            threads,
            presentation,
        } = opened;
        let mut decoder = Self {
            groups,
            file: name_of(source).to_owned(),
            fps: f64::from(options.nominal_fps.max(1)),
            threads: options.threads,
            kind,
            maker: PictureMaker::new(reader.file(), presentation),
            reader,
            size: Size::new(0, 0),
            first_number: 0,
            current: None,
            ahead: None,
            ended: false,
            failures: 0,
            last_failure: None,
            stats: DecoderStats::default(),
        };
        decoder.groups.enter(index, decoder.reader.seconds());
        decoder.current = decoder.next_candidate()?;
        decoder.first_number = decoder.current.as_ref().map_or(0, |first| first.number);
        decoder.size = decoder.current_picture()?.size;
        Ok((decoder, decoder_name, threads))
    }

    /// Size of the pictures, as they are shown.
    pub fn size(&self) -> Size {
        self.size
    }

    /// What was done so far.
    pub fn stats(&self) -> DecoderStats {
        self.stats
    }

    /// The picture at `time`: of all frames numbered round((pts - start) x fps), the last whose number is at most
    /// floor(time x fps); the first frame before it, the last frame after the end. The same frame is the same picture
    /// ([`YuvPicture::same_as`]) as long as the lookups don't go back.
    ///
    /// # Errors
    /// When the file can't be read any more, or [`MediaError::Damaged`] after 200 failures in a row.
    pub fn picture_at(&mut self, time: MediaTime) -> Result<YuvPicture, MediaError> {
        let started = Instant::now();
        let picture = self.find(self.grid(time));
        self.stats.busy += started.elapsed();
        picture
    }

    /// floor(time x fps) (cap-look.md 3.4). Times below 0, and what is no number, count as 0.
    fn grid(&self, time: MediaTime) -> i64 {
        (time.secs().max(0.0) * self.fps + GRID_EPSILON).floor() as i64
    }

    fn find(&mut self, wanted: i64) -> Result<YuvPicture, MediaError> {
        match &self.current {
            Some(current) if current.number <= wanted => self.leap(wanted)?,
            Some(current) if current.number <= self.first_number => {}
            _ => self.go_back(wanted)?,
        }
        self.advance(wanted)?;
        self.current_picture()
    }

    /// Decodes forward until the frame after the current one is beyond `wanted`.
    fn advance(&mut self, wanted: i64) -> Result<(), MediaError> {
        loop {
            if self.ahead.is_none() && !self.ended {
                self.ahead = self.next_candidate()?;
                self.ended = self.ahead.is_none();
            }
            match self.ahead.take_if(|ahead| ahead.number <= wanted) {
                Some(ahead) => self.current = Some(ahead),
                None => return Ok(()),
            }
        }
    }

    /// Seeks forward if that spares much decoding.
    fn leap(&mut self, wanted: i64) -> Result<(), MediaError> {
        let Some(position) = self
            .ahead
            .as_ref()
            .or(self.current.as_ref())
            .map(|frame| frame.seconds)
        else {
            return Ok(());
        };
        let target = wanted as f64 / self.fps;
        if self.ended || target - position < 1.0 {
            return Ok(());
        }
        let group = self.groups.at(target);
        if group == self.groups.current() {
            let offset = self.groups.offset();
            if self.reader.spared_by_seek(position - offset, target - offset) < MIN_SPARED {
                return Ok(());
            }
        }
        self.seek_to(group, wanted)
    }

    /// Seeks back to a frame at or before `wanted`.
    fn go_back(&mut self, wanted: i64) -> Result<(), MediaError> {
        let group = self.groups.at(wanted as f64 / self.fps);
        self.seek_to(group, wanted)
    }

    /// Makes `current` a good frame of `group` (or one before it) that is numbered at most `wanted`, else the track's
    /// first.
    ///
    /// Key frames are found by decoding time, and indexes can be wrong, so what comes out is checked: while it is too
    /// late the seek goes further back, in the end to the start of the group and into the group before.
    fn seek_to(&mut self, mut group: usize, wanted: i64) -> Result<(), MediaError> {
        self.stats.seeks += 1;
        self.current = None;
        self.ahead = None;
        let mut target = Some(wanted as f64 / self.fps);
        let mut step = 0.0;
        loop {
            let entered = group == self.groups.current() || self.enter(group);
            let offset = self.groups.offset();
            target = target.filter(|target| *target > offset);
            // A demuxer that can't seek starts over.
            let placed = entered
                && (self.reader.seek(target.map(|target| target - offset)).is_ok() || {
                    target = None;
                    self.enter(group)
                });
            if placed {
                self.ended = false;
                let found = self.next_candidate()?;
                let at_start = target.is_none() && self.groups.before(group).is_none();
                if found
                    .as_ref()
                    .is_some_and(|found| at_start || (found.number <= wanted && !found.damaged))
                {
                    self.current = found;
                    return Ok(());
                }
            }
            match (target, self.groups.before(group)) {
                (Some(tried), _) if placed => {
                    let key = self
                        .reader
                        .key_before(tried - step - offset)
                        .map(|key| key + offset);
                    // Without an index, or with one that leads nowhere, by time.
                    target = Some(key.unwrap_or(tried - step).min(tried - 1e-3));
                    step = if step == 0.0 { 1.0 } else { step * 2.0 };
                }
                (_, Some(previous)) => {
                    group = previous;
                    target = Some(wanted as f64 / self.fps);
                    step = 0.0;
                }
                (_, None) => return Err(self.nothing_decoded()),
            }
        }
    }

    /// The next frame of the track that may be shown. Damaged ones are passed over as long as there is a good one to show
    /// on in their place.
    fn next_candidate(&mut self) -> Result<Option<Candidate>, MediaError> {
        loop {
            match self.reader.next()? {
                Step::Frame(decoded) => {
                    self.stats.decoded += 1;
                    if decoded.damaged {
                        self.stats.damaged += 1;
                        if self.current.is_some() {
                            self.count_failure(None)?;
                            continue;
                        }
                    } else {
                        self.failures = 0;
                    }
                    let seconds = self.groups.offset() + decoded.seconds;
                    return Ok(Some(Candidate {
                        number: (seconds * self.fps).round() as i64,
                        seconds,
                        damaged: decoded.damaged,
                        content: Content::Frame(decoded.frame),
                    }));
                }
                Step::Failed(error) => {
                    self.stats.damaged += 1;
                    self.count_failure(Some(error))?;
                }
                Step::End => {
                    if let Some(missing) = self.reader.missing_at_end() {
                        self.stats.missing_seconds = self.stats.missing_seconds.max(missing);
                    }
                    match self.groups.after(self.groups.current()) {
                        Some(next) => {
                            // One that can't be opened is marked as skipped, and the one after it is next.
                            self.enter(next);
                        }
                        None => return Ok(None),
                    }
                }
            }
        }
    }

    /// Counts a failure; too many in a row are an error (cap-look.md 3.5).
    fn count_failure(&mut self, error: Option<FfmpegError>) -> Result<(), MediaError> {
        self.failures += 1;
        if error.is_some() {
            self.last_failure = error;
        }
        if self.stats.decoded == 0 {
            if self.failures >= MAX_FIRST_FAILURES {
                return Err(self.nothing_decoded());
            }
        } else if self.failures >= MAX_FAILURES {
            return Err(MediaError::Damaged {
                file: self.reader.file().to_owned(),
                failures: self.failures,
                seconds: self.current.as_ref().map_or(0.0, |frame| frame.seconds),
                last: self.last_failure.take(),
            });
        }
        Ok(())
    }

    fn nothing_decoded(&mut self) -> MediaError {
        MediaError::NothingDecoded {
            file: self.reader.file().to_owned(),
            unit: "picture",
            last: self.last_failure.take(),
        }
    }

    /// The current frame as a picture, made once.
    fn current_picture(&mut self) -> Result<YuvPicture, MediaError> {
        let Some(current) = &mut self.current else {
            return Err(self.nothing_decoded());
        };
        let frame = match &mut current.content {
            Content::Picture(picture) => return Ok(picture.clone()),
            Content::Frame(frame) => mem::replace(frame, frame::Video::empty()),
        };
        let frame = if hardware::is_on_device(&frame) {
            hardware::fetch(&frame).map_err(|error| {
                MediaError::ffmpeg("fetch a decoded picture of", self.reader.file(), error)
            })?
        } else {
            frame
        };
        let picture = self.maker.make(frame)?;
        current.content = Content::Picture(picture.clone());
        Ok(picture)
    }

    /// Opens the start of a group. One that can't be opened is skipped from then on, with a warning.
    fn enter(&mut self, group: usize) -> bool {
        let open = |hardware| {
            let setup = DecoderSetup {
                hardware,
                threads: self.threads,
            };
            Reader::open(self.groups.files(group), setup)
        };
        let opened = open(self.kind).or_else(|error| match self.kind {
            Some(kind) => {
                let reason = describe(&error);
                tracing::warn!(
                    "{}: goes on in software, not by {}: {reason}",
                    self.file.display(),
                    kind.name()
                );
                open(None)
            }
            None => Err(error),
        });
        match opened {
            Ok(opened) => {
                self.maker.set_stream_tags(opened.presentation.tags);
                self.reader = opened.reader;
                self.groups.enter(group, self.reader.seconds());
                true
            }
            Err(error) => {
                self.groups.skip(group, &error);
                false
            }
        }
    }
}

impl Drop for VideoDecoder {
    fn drop(&mut self) {
        let (file, stats) = (self.file.display(), &self.stats);
        if stats.damaged > 0 {
            let damaged = stats.damaged;
            tracing::warn!(
                "{file}: {damaged} damaged pictures; the picture before was shown on in their place"
            );
        }
        if stats.missing_seconds > 0.0 {
            let missing = stats.missing_seconds;
            tracing::warn!(
                "{file}: the last {missing:.1} s are missing (truncated); the last picture was shown on"
            );
        }
    }
}

/// An error with its cause on one line.
fn describe(error: &MediaError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
