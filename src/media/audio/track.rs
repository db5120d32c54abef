//! One input of a sound track: packets in, runs of 48 kHz samples with their position out.

use std::ffi::c_int;

use ffmpeg_next::{Discard, Packet, codec, decoder, ffi, frame, media};

use super::super::ffmpeg::{self, FfmpegError, MediaError, check};
use super::super::input::{Allowed, Input};
use super::super::resample::{Resampler, Shape};
use super::AudioReport;
use crate::cap::recording::FragmentGroup;
use crate::sound::{Channels, SAMPLE_RATE, Stereo, samples_at};

/// Rate of the samples that come out.
const OUTPUT: i64 = SAMPLE_RATE as i64;
/// Rates that are believed, samples a second: at lower ones a frame would become too many samples.
const RATES: std::ops::RangeInclusive<c_int> = 4_000..=768_000;
/// Most channels that are believed.
const MAX_CHANNELS: c_int = 64;
/// By how much timestamps may disagree with the count of samples before samples are moved, seconds: containers round
/// them to as much as a millisecond, and the shortest common packet lasts 20.
const JITTER: f64 = 0.010;
/// The same when a packet is known to be lost.
const JITTER_AFTER_LOSS: f64 = 0.001;
/// Timestamps that go back further than this, seconds, have started anew.
const RESTART: f64 = 1.0;
/// Failures to read a packet, in a row, that are borne.
const READ_FAILURES: u32 = 64;

/// An opened input and its decoder.
pub(super) struct Track {
    input: Input,
    stream: usize,
    decoder: decoder::Audio,
    /// Seconds a tick.
    tick: f64,
    channels: Channels,
    /// Timestamp of sample 0, ticks.
    origin: i64,
    /// Whether a frame without a timestamp follows what came before; not so after a seek.
    anchored: bool,
    run: Option<Run>,
    frame: frame::Audio,
    /// Whether `frame` was decoded but not resampled yet.
    pending: bool,
    draining: bool,
    /// Position behind the last sample that came out.
    end: i64,
    /// Packets that failed since they were last asked for.
    failures: u64,
    /// Whether a packet failed since the last frame.
    lost: bool,
    last: Option<FfmpegError>,
    first_packet: Option<i64>,
    /// Samples that the file is long by its own word, where others follow it.
    length: Option<i64>,
}

/// Frames that follow one another without a gap.
struct Run {
    resampler: Resampler,
    /// Position of the next frame, in samples of the file's rate.
    next: i64,
    /// Position of the resampler's next sample.
    out: i64,
    /// Samples before this position are not heard.
    floor: i64,
}

impl Track {
    /// Opens a group of files and decodes the first frame. `channels` is what comes out, by default one where the file has
    /// one and else two. `joint` says that other groups come before or after it.
    pub(super) fn open(
        group: &FragmentGroup,
        joint: bool,
        allowed: Allowed,
        channels: Option<Channels>,
    ) -> Result<Self, MediaError> {
        let mut input = Input::open(&group.files, allowed)?;
        let file = input.file().to_owned();
        let stream = input
            .context_ref()
            .streams()
            .best(media::Type::Audio)
            .ok_or_else(|| MediaError::NoStream {
                file: file.clone(),
                kind: "audio",
            })?;
        let (index, base, id) = (stream.index(), stream.time_base(), stream.parameters().id());
        if decoder::find(id).is_none() {
            return Err(MediaError::no_decoder(&file, "audio", id));
        }
        ffmpeg::forget_complaints();
        let mut decoder = codec::Context::from_parameters(stream.parameters())
            .map_err(|error| MediaError::ffmpeg("set up the decoder of", &file, error))?
            .decoder();
        decoder.set_packet_time_base(base);
        let decoder = decoder
            .audio()
            .map_err(|error| MediaError::ffmpeg("open the decoder of", &file, error))?;
        for mut other in input
            .context()
            .streams_mut()
            .filter(|stream| stream.index() != index)
        {
            // SAFETY: the stream belongs to the open context; `discard` is a plain field meant to be set by users.
            unsafe { (*other.as_mut_ptr()).discard = Discard::All.into() };
        }
        let mut track = Self {
            input,
            stream: index,
            decoder,
            tick: f64::from(base),
            channels: channels.unwrap_or(Channels::Stereo),
            origin: 0,
            anchored: true,
            run: None,
            frame: frame::Audio::empty(),
            pending: false,
            draining: false,
            end: 0,
            failures: 0,
            lost: false,
            last: None,
            first_packet: None,
            length: None,
        };
        if !track.decode()? {
            return Err(MediaError::NothingDecoded {
                file,
                unit: "sample",
                last: track.last,
            });
        }
        track.pending = true;
        track.lost = false;
        track.origin = track.find_origin();
        if joint {
            let stated = group.stated.map(|stated| stated.as_secs_f64());
            let (priming, seconds) = own_length(&track.input, stated);
            track.origin = track.origin.saturating_add((priming / track.tick).round() as i64);
            track.length = seconds.map(samples_at);
        }
        if channels.is_none() && Shape::of(&track.frame).channels == 1 {
            track.channels = Channels::Mono;
        }
        Ok(track)
    }

    /// Timestamp of the first presented sample. The first frame carries it, unless packets before it failed.
    fn find_origin(&self) -> i64 {
        let first_frame = self.stamp();
        if self.failures == 0 && first_frame.is_some() {
            return first_frame.unwrap_or_default();
        }
        let start = self
            .input
            .context_ref()
            .stream(self.stream)
            .map(|stream| stream.start_time());
        let start = start.filter(|&start| start != ffi::AV_NOPTS_VALUE);
        start.or(self.first_packet).or(first_frame).unwrap_or_default()
    }

    /// What the track is.
    pub(super) fn report(&self) -> AudioReport {
        let shape = Shape::of(&self.frame);
        AudioReport {
            codec: self.decoder.id().name().to_owned(),
            rate: shape.rate.unsigned_abs(),
            source_channels: shape.channels.unsigned_abs(),
            channels: self.channels,
            duration: self.duration(),
        }
    }

    /// Length that the headers state, seconds; `None` where FFmpeg only guesses it from the bit rate.
    pub(super) fn duration(&self) -> Option<f64> {
        if self.input.durations_are_guessed() {
            return None;
        }
        let ticks = self.input.context_ref().stream(self.stream)?.duration();
        (ticks > 0).then_some(ticks as f64 * self.tick)
    }

    /// Samples that the file is long by its container's word; only known where others follow it.
    pub(super) fn length(&self) -> Option<i64> {
        self.length
    }

    /// Position behind the last sample that came out.
    pub(super) fn end(&self) -> i64 {
        self.end
    }

    /// Packets that could not be decoded since this was last asked.
    pub(super) fn take_failures(&mut self) -> u64 {
        std::mem::take(&mut self.failures)
    }

    /// The decoder's last words.
    pub(super) fn last_failure(&self) -> Option<&FfmpegError> {
        self.last.as_ref()
    }

    /// Goes to a packet before position `target`, as far as the container can tell; says whether that worked. What is
    /// decoded first is not exact.
    pub(super) fn seek(&mut self, target: i64) -> bool {
        let seconds = target as f64 / f64::from(SAMPLE_RATE);
        let ticks = self.origin.saturating_add((seconds / self.tick) as i64);
        ffmpeg::forget_complaints();
        // SAFETY: the context is open and the stream is one of its own.
        let code = unsafe {
            ffi::av_seek_frame(
                self.input.context().as_mut_ptr(),
                self.stream as c_int,
                ticks,
                ffi::AVSEEK_FLAG_BACKWARD,
            )
        };
        if let Err(error) = check(code) {
            tracing::debug!(file = %self.input.file().display(), %error, "can't seek to {seconds:.3} s");
            return false;
        }
        self.decoder.flush();
        self.run = None;
        self.pending = false;
        self.draining = false;
        self.anchored = false;
        self.lost = false;
        self.end = 0;
        true
    }

    /// Replaces `out` by the next samples, and says where the first one belongs; `None` at the end of the track.
    pub(super) fn next(&mut self, out: &mut Vec<Stereo>) -> Result<Option<i64>, MediaError> {
        out.clear();
        loop {
            let more = self.pending || self.decode()?;
            self.pending = false;
            let resampled = if more {
                self.resample(out)
            } else {
                self.finish(out)
            };
            if let Err(error) = resampled {
                return Err(MediaError::ffmpeg(
                    "resample the sound of",
                    self.input.file(),
                    error,
                ));
            }
            if !out.is_empty() {
                return Ok(Some(self.end - out.len() as i64));
            }
            if !more {
                return Ok(None);
            }
        }
    }

    /// Timestamp of the frame at hand, ticks.
    fn stamp(&self) -> Option<i64> {
        self.frame.pts().or_else(|| self.frame.timestamp())
    }

    /// Decodes the next frame; `false` at the end.
    fn decode(&mut self) -> Result<bool, MediaError> {
        let mut failures = 0;
        while failures < READ_FAILURES {
            match self.decoder.receive_frame(&mut self.frame) {
                Ok(()) if self.usable() => return Ok(true),
                Ok(()) => continue,
                Err(ffmpeg_next::Error::Eof) => return Ok(false),
                Err(ffmpeg_next::Error::Other { errno: libc::EAGAIN }) => {}
                Err(error) => {
                    failures += u32::from(self.draining);
                    self.fail(error);
                }
            }
            if self.draining {
                continue;
            }
            let mut packet = Packet::empty();
            match packet.read(self.input.context()) {
                Ok(()) => {
                    failures = 0;
                    if packet.stream() == self.stream {
                        self.first_packet = self.first_packet.or(packet.pts());
                        if let Err(error) = self.decoder.send_packet(&packet) {
                            self.fail(error);
                        }
                    }
                }
                Err(ffmpeg_next::Error::Eof) => {
                    self.draining = true;
                    if self.decoder.send_eof().is_err() {
                        return Ok(false);
                    }
                }
                // Damage between packets: what lies behind it can still be found.
                Err(ffmpeg_next::Error::InvalidData) => failures += 1,
                Err(error) => return Err(MediaError::ffmpeg("read", self.input.file(), error)),
            }
        }
        Ok(false)
    }

    /// Whether the frame at hand holds sound of a believable shape.
    fn usable(&mut self) -> bool {
        let shape = Shape::of(&self.frame);
        if self.frame.samples() == 0 {
            return false;
        }
        let believable = RATES.contains(&shape.rate) && (1..=MAX_CHANNELS).contains(&shape.channels);
        if !believable {
            self.fail(ffmpeg_next::Error::InvalidData);
        }
        believable
    }

    fn fail(&mut self, error: ffmpeg_next::Error) {
        self.failures += 1;
        self.lost = true;
        self.last = Some(FfmpegError::new(error));
    }

    /// Resamples the frame at hand, or leaves it pending and ends the run that it does not continue.
    fn resample(&mut self, out: &mut Vec<Stereo>) -> Result<(), FfmpegError> {
        let shape = Shape::of(&self.frame);
        let rate = f64::from(shape.rate);
        let seconds = |origin: i64, stamp: i64| (stamp.saturating_sub(origin)) as f64 * self.tick;
        let position = |origin, stamp| (seconds(origin, stamp) * rate).round() as i64;
        let stamp = self.stamp();
        let mut skip = 0;
        match &self.run {
            Some(run) if run.resampler.input() == shape => {
                let ahead = stamp.map_or(0, |stamp| position(self.origin, stamp).saturating_sub(run.next));
                let jitter = if self.lost { JITTER_AFTER_LOSS } else { JITTER };
                let jitter = (jitter.max(2.0 * self.tick) * rate) as i64;
                if ahead < -(RESTART * rate) as i64 {
                    tracing::warn!(file = %self.input.file().display(), "timestamps start anew at {:.3} s", run.next as f64 / rate);
                    let elapsed = (run.next as f64 / rate / self.tick).round() as i64;
                    self.origin = stamp.unwrap_or_default().saturating_sub(elapsed);
                } else if ahead < -jitter {
                    skip = usize::try_from(-ahead).unwrap_or(usize::MAX);
                } else if ahead > jitter {
                    self.pending = true;
                    return self.finish(out);
                }
            }
            Some(_) => {
                self.pending = true;
                return self.finish(out);
            }
            None => {
                let position = match stamp {
                    Some(stamp) => position(self.origin, stamp),
                    None if self.anchored => (self.end as f64 * rate / OUTPUT as f64).round() as i64,
                    None => return Ok(()),
                };
                self.start(position, shape)?;
            }
        }
        self.anchored = true;
        self.lost = false;
        let Some(run) = &mut self.run else { return Ok(()) };
        let samples = self.frame.samples();
        if skip < samples {
            run.resampler.push_frame(&self.frame, skip, out)?;
            run.next += (samples - skip) as i64;
        }
        self.place(out);
        Ok(())
    }

    /// Starts a run at `position`, in samples of the file's rate.
    ///
    /// Samples come out at whole output samples only where both rates meet, so the run starts at the meeting point
    /// before, with silence up to `position`. The same file sample is thereby always resampled with the same phase.
    fn start(&mut self, position: i64, shape: Shape) -> Result<(), FfmpegError> {
        let rate = i64::from(shape.rate);
        let meeting = rate / gcd(rate, OUTPUT);
        let lead = position.rem_euclid(meeting);
        let mut resampler = Resampler::for_frame(&self.frame, self.channels, SAMPLE_RATE as c_int)?;
        if lead > 0 {
            resampler.push_silence(lead as c_int)?;
        }
        let exact = |samples: i64| (samples / meeting).saturating_mul(OUTPUT / (rate / meeting));
        let out = exact(position - lead);
        let first = out.saturating_add((lead * OUTPUT + rate - 1) / rate);
        self.run = Some(Run {
            resampler,
            next: position,
            out,
            floor: first.max(self.end),
        });
        Ok(())
    }

    /// Ends the run: what the resampler still holds comes out.
    fn finish(&mut self, out: &mut Vec<Stereo>) -> Result<(), FfmpegError> {
        if let Some(run) = &mut self.run {
            run.resampler.finish(out)?;
            self.place(out);
            self.run = None;
        }
        Ok(())
    }

    /// Counts the samples that came out of the run, and drops those that are not heard.
    fn place(&mut self, out: &mut Vec<Stereo>) {
        if let Some(run) = &mut self.run {
            let unheard = usize::try_from(run.floor.saturating_sub(run.out))
                .unwrap_or(0)
                .min(out.len());
            run.out = run.out.saturating_add(out.len() as i64);
            out.drain(..unheard);
            self.end = self.end.max(run.out);
        }
    }
}

/// Seconds of priming that no edit list cuts off, and seconds that a file of its own lasts without them: by its edit list,
/// else by its samples and its manifest. Decoded samples don't count: a last packet is decoded with its padding.
fn own_length(input: &Input, stated: Option<f64>) -> (f64, Option<f64>) {
    let Some(media) = input.track_seconds(media::Type::Audio) else {
        return (0.0, None);
    };
    if input.has_edited_sound() {
        return (0.0, Some(media));
    }
    if let Some(priming) = input.unstated_priming() {
        return (priming, Some((media - priming).max(0.0)));
    }
    // Whole packets: only the manifest tells whether the first is priming.
    match (stated, input.first_sample_seconds()) {
        (Some(stated), Some(first)) if media - stated >= 0.999 * first && media - stated < 4.0 * first => {
            (first, Some(stated))
        }
        _ => (0.0, Some(media)),
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
