//! Joins the streams of a finished or interrupted recording into one MP4 without encoding (cap-format.md 2.8, 3.5).

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use ffmpeg_next::{Error, Packet as RawPacket, Rational, Rescale as _, codec, media};

use crate::cap::MediaSource;
use crate::causes::one_line;
use crate::media::encode::{Packet, Track};
use crate::media::ffmpeg::{self, FfmpegError, MediaError};
use crate::media::input::{self, Allowed, Input};
use crate::media::mux::{Mp4Writer, MuxError, MuxReport};

/// Unit in which groups of fragments are placed one after the other.
const MICROSECONDS: Rational = Rational(1, 1_000_000);
/// Damaged packets in a row after which the rest of a group is given up.
const MOST_DAMAGED: u32 = 64;

/// Why streams could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum RemuxError {
    /// Not one file or group of fragments of a track could be opened.
    #[error("cannot copy the {track}: nothing of it can be read")]
    Unreadable {
        /// "video" or "sound".
        track: &'static str,
        /// What the first attempt met.
        source: MediaError,
    },
    /// A track without any file.
    #[error("cannot copy the {track}: its folder holds no usable fragments")]
    NoFragments {
        /// "video" or "sound".
        track: &'static str,
    },
    /// A later group of fragments is coded otherwise than the first, so one track cannot hold both.
    #[error("cannot join {file} to {first} without encoding: {what} differs")]
    Mismatch {
        /// First file of the later group.
        file: PathBuf,
        /// First file of the track.
        first: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// A file could not be read to its end.
    #[error("cannot read {file} while copying it")]
    Read {
        /// First file of the group.
        file: PathBuf,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// The MP4 could not be written.
    #[error(transparent)]
    Mux(#[from] MuxError),
    /// The caller asked to stop.
    #[error("copying to {path} was stopped")]
    Stopped {
        /// The unfinished file.
        path: PathBuf,
    },
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct CopyReport {
    /// The file.
    #[serde(flatten)]
    pub file: MuxReport,
    /// Damaged or unreadable parts that were left out.
    pub warnings: Vec<String>,
}

/// Copies the video of `video` and the sound of `audio` to an MP4 at `path`; without `audio`, the sound that lies beside
/// the video, if any.
///
/// Groups of fragments follow one another in time. A group that cannot be opened, and damaged packets, are left out
/// with a warning. `progress` is told the seconds copied so far and may stop the copy.
///
/// # Errors
/// When nothing of a track can be read, groups do not fit together, the file cannot be written, or `progress` says so.
pub fn copy_streams(
    video: &MediaSource,
    audio: Option<&MediaSource>,
    path: &Path,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<CopyReport, RemuxError> {
    let mut readers = match audio {
        None => vec![Reader::open(
            video,
            "video",
            &[media::Type::Video, media::Type::Audio],
        )?],
        Some(audio) => vec![
            Reader::open(video, "video", &[media::Type::Video])?,
            Reader::open(audio, "sound", &[media::Type::Audio])?,
        ],
    };
    let start = readers
        .iter()
        .map(|reader| reader.start)
        .min()
        .unwrap_or(0)
        .max(0);
    for reader in &mut readers {
        reader.shift = -start;
    }
    let track = |kind| {
        let slots = readers.iter().flat_map(|reader| &reader.slots);
        slots
            .filter(|slot| slot.kind == kind)
            .map(|slot| &slot.track)
            .next()
    };
    let Some(video_track) = track(media::Type::Video) else {
        return Err(RemuxError::Unreadable {
            track: "video",
            source: MediaError::NoStream {
                file: input::name_of(video).to_owned(),
                kind: "video",
            },
        });
    };
    let mut writer = Mp4Writer::create(path, video_track, track(media::Type::Audio))?;

    let mut next: Vec<Option<Timed>> = Vec::new();
    for reader in &mut readers {
        next.push(reader.read()?);
    }
    loop {
        // The reader whose packet is due first.
        let due = (0..next.len())
            .filter_map(|index| Some((index, next[index].as_ref()?.seconds)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some((index, seconds)) = due else {
            break;
        };
        let following = readers[index].read()?;
        if let Some(packet) = std::mem::replace(&mut next[index], following) {
            match packet.kind {
                media::Type::Video => writer.write_video(packet.packet)?,
                _ => writer.write_audio(packet.packet)?,
            }
        }
        if progress(seconds).is_break() {
            return Err(RemuxError::Stopped {
                path: path.to_owned(),
            });
        }
    }
    let warnings = readers.into_iter().flat_map(|reader| reader.warnings).collect();
    Ok(CopyReport {
        file: writer.finish()?,
        warnings,
    })
}

/// A packet on the clock of the output.
struct Timed {
    kind: media::Type,
    packet: Packet,
    /// Decoding time.
    seconds: f64,
}

/// One stream that is copied.
struct Slot {
    kind: media::Type,
    /// As the first group has it: what the output says of it.
    track: Track,
    /// Its number in the group that is open.
    stream: usize,
    /// Its time base in the group that is open.
    time_base: Rational,
}

/// Reads the groups of a source one after the other.
struct Reader {
    groups: std::vec::IntoIter<Vec<PathBuf>>,
    input: Option<Input>,
    first: PathBuf,
    slots: Vec<Slot>,
    /// Earliest presentation time of the open group, microseconds.
    start: i64,
    /// What is added to the times of the open group, microseconds.
    shift: i64,
    /// Where the latest packet of all groups ends on the output's clock, microseconds.
    end: i64,
    warnings: Vec<String>,
}

impl Reader {
    fn open(source: &MediaSource, name: &'static str, kinds: &[media::Type]) -> Result<Self, RemuxError> {
        let groups: Vec<Vec<PathBuf>> = input::groups(source)
            .into_iter()
            .map(<[PathBuf]>::to_vec)
            .collect();
        let mut reader = Self {
            groups: groups.into_iter(),
            input: None,
            first: PathBuf::new(),
            slots: Vec::new(),
            start: 0,
            shift: 0,
            end: 0,
            warnings: Vec::new(),
        };
        let mut failure = None;
        while let Some(files) = reader.groups.next() {
            let opened = Input::open(&files, Allowed::Track).and_then(|input| {
                let slots = slots(&input, kinds);
                let kind = if kinds[0] == media::Type::Video {
                    "video"
                } else {
                    "audio"
                };
                match slots.first() {
                    Some(slot) if slot.kind == kinds[0] => Ok((input, slots)),
                    _ => Err(MediaError::NoStream {
                        file: input.file().to_owned(),
                        kind,
                    }),
                }
            });
            match opened {
                Ok((input, slots)) => {
                    reader.first = input.file().to_owned();
                    reader.start = start_of(&input, &slots);
                    reader.slots = slots;
                    reader.input = Some(input);
                    return Ok(reader);
                }
                Err(error) => {
                    reader.warn(format!("left out: {}", one_line(&error)));
                    failure.get_or_insert(error);
                }
            }
        }
        Err(match failure {
            Some(source) => RemuxError::Unreadable { track: name, source },
            None => RemuxError::NoFragments { track: name },
        })
    }

    fn warn(&mut self, warning: String) {
        tracing::warn!("{warning}");
        self.warnings.push(warning);
    }

    /// The next packet of any copied stream, on the clock of the output; `None` after the last.
    fn read(&mut self) -> Result<Option<Timed>, RemuxError> {
        let mut damaged = 0;
        loop {
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            ffmpeg::forget_complaints();
            let mut packet = RawPacket::empty();
            match packet.read(input.context()) {
                Ok(()) if packet.is_corrupt() => {
                    let file = input.file().display().to_string();
                    self.warn(format!("a truncated packet at the end of {file} was left out"));
                }
                Ok(()) => {
                    damaged = 0;
                    let found = self.slots.iter().position(|slot| slot.stream == packet.stream());
                    if let Some(slot) = found {
                        return Ok(Some(self.place(slot, packet)));
                    }
                }
                Err(Error::Eof) => self.open_next()?,
                Err(Error::InvalidData) if damaged < MOST_DAMAGED => damaged += 1,
                Err(Error::InvalidData) => {
                    let file = input.file().display().to_string();
                    self.warn(format!("the rest of {file} is damaged and was left out"));
                    self.open_next()?;
                }
                Err(code) => {
                    return Err(RemuxError::Read {
                        file: input.file().to_owned(),
                        source: code.into(),
                    });
                }
            }
        }
    }

    /// Moves a packet from the clock of its group to that of the output.
    fn place(&mut self, slot: usize, mut packet: RawPacket) -> Timed {
        let slot = &self.slots[slot];
        packet.rescale_ts(slot.time_base, slot.track.time_base);
        let shift = self.shift.rescale(MICROSECONDS, slot.track.time_base);
        packet.set_pts(packet.pts().map(|pts| pts.saturating_add(shift)));
        packet.set_dts(packet.dts().map(|dts| dts.saturating_add(shift)));
        let due = packet.dts().or(packet.pts()).unwrap_or(0);
        let shown = packet.pts().unwrap_or(due).saturating_add(packet.duration());
        self.end = self.end.max(shown.rescale(slot.track.time_base, MICROSECONDS));
        Timed {
            kind: slot.kind,
            seconds: due as f64 * f64::from(slot.track.time_base),
            packet: Packet::from_ffmpeg(packet),
        }
    }

    /// Opens the next group that can be opened, and places it behind what was read.
    fn open_next(&mut self) -> Result<(), RemuxError> {
        self.input = None;
        while let Some(files) = self.groups.next() {
            let input = match Input::open(&files, Allowed::Track) {
                Ok(input) => input,
                Err(error) => {
                    self.warn(format!("left out: {}", one_line(&error)));
                    continue;
                }
            };
            let kinds: Vec<media::Type> = self.slots.iter().map(|slot| slot.kind).collect();
            let found = slots(&input, &kinds);
            if found.len() != kinds.len() {
                let file = input.file().display().to_string();
                self.warn(format!(
                    "left out: {file} lacks a stream that the track had before"
                ));
                continue;
            }
            for (slot, found) in self.slots.iter_mut().zip(&found) {
                if let Some(what) = difference(&slot.track, &found.track) {
                    return Err(RemuxError::Mismatch {
                        file: input.file().to_owned(),
                        first: self.first.clone(),
                        what,
                    });
                }
                (slot.stream, slot.time_base) = (found.stream, found.time_base);
            }
            self.start = start_of(&input, &found);
            self.shift = self.end - self.start;
            self.input = Some(input);
            return Ok(());
        }
        Ok(())
    }
}

/// The streams of these kinds, in the order of `kinds`.
fn slots(input: &Input, kinds: &[media::Type]) -> Vec<Slot> {
    let streams = input.context_ref().streams();
    let best = kinds.iter().filter_map(|kind| streams.best(*kind));
    best.map(|stream| {
        let rate = stream.avg_frame_rate();
        let video = stream.parameters().medium() == media::Type::Video;
        Slot {
            kind: stream.parameters().medium(),
            track: Track {
                // A copy: what `parameters` gives would keep the file open.
                parameters: stream.parameters().clone(),
                time_base: stream.time_base(),
                frame_rate: (video && rate.numerator() > 0 && rate.denominator() > 0).then_some(rate),
            },
            stream: stream.index(),
            time_base: stream.time_base(),
        }
    })
    .collect()
}

/// Earliest presentation time of the copied streams, microseconds; 0 where the container does not say.
fn start_of(input: &Input, slots: &[Slot]) -> i64 {
    let streams = slots
        .iter()
        .filter_map(|slot| input.context_ref().stream(slot.stream));
    streams
        .filter(|stream| stream.start_time() != ffmpeg_next::ffi::AV_NOPTS_VALUE)
        .map(|stream| stream.start_time().rescale(stream.time_base(), MICROSECONDS))
        .min()
        .unwrap_or(0)
}

/// What keeps the packets of two streams out of one track.
fn difference(first: &Track, other: &Track) -> Option<&'static str> {
    let facts = |parameters: &codec::Parameters| {
        // SAFETY: plain fields of parameters that are alive.
        unsafe {
            let raw = &*parameters.as_ptr();
            (raw.codec_id, (raw.width, raw.height), raw.sample_rate)
        }
    };
    let (a, b) = (facts(&first.parameters), facts(&other.parameters));
    if a.0 != b.0 {
        Some("the codec")
    } else if a.1 != b.1 {
        Some("the picture size")
    } else if a.2 != b.2 {
        Some("the sample rate")
    } else if first.extradata() != other.extradata() {
        Some("the codec's headers")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::Arc;

    use crate::cap::recording::FragmentGroup;
    use crate::frame::{Nv12Frame, Size};
    use crate::media::encode::{AAC_BIT_RATE, AacEncoder, RateControl, VideoSettings, open_video};
    use crate::time::FrameRate;

    /// Packets of a file: stream kind, decoding and presentation time in seconds, bytes.
    type Listing = Vec<(media::Type, f64, f64, Vec<u8>)>;

    fn listing(path: &Path) -> Listing {
        let mut input = Input::open(&[path.to_owned()], Allowed::Track).expect("opens");
        let bases: Vec<(media::Type, f64)> = input
            .context_ref()
            .streams()
            .map(|stream| (stream.parameters().medium(), f64::from(stream.time_base())))
            .collect();
        let mut list = Vec::new();
        loop {
            let mut packet = RawPacket::empty();
            match packet.read(input.context()) {
                Ok(()) => {
                    let (kind, base) = bases[packet.stream()];
                    let time = |at: Option<i64>| at.expect("timed") as f64 * base;
                    let data = packet.data().expect("bytes").to_vec();
                    list.push((kind, time(packet.dts()), time(packet.pts()), data));
                }
                Err(Error::Eof) => return list,
                Err(code) => panic!("{code}"),
            }
        }
    }

    fn only(list: &Listing, kind: media::Type) -> Vec<(f64, f64, Vec<u8>)> {
        let rows = list.iter().filter(|row| row.0 == kind);
        rows.map(|(_, dts, pts, data)| (*dts, *pts, data.clone()))
            .collect()
    }

    fn same(a: &[(f64, f64, Vec<u8>)], b: &[(f64, f64, Vec<u8>)], shift: f64) {
        assert_eq!(a.len(), b.len());
        for (number, (a, b)) in a.iter().zip(b).enumerate() {
            assert!((a.0 + shift - b.0).abs() < 2e-5, "{number}: {} {}", a.0, b.0);
            assert!((a.1 + shift - b.1).abs() < 2e-5, "{number}: {} {}", a.1, b.1);
            assert_eq!(a.2, b.2, "{number}");
        }
    }

    /// An MP4 of `count` pictures at 30 fps, with as much sound where asked; `None` without an encoder.
    fn make(path: &Path, count: i64, size: Size, video: bool, sound: bool) -> Option<()> {
        let rate = FrameRate::new(30).expect("not 0");
        let settings = VideoSettings::new(size, rate, RateControl::bitrate(1_000_000));
        let (mut encoder, _) = open_video(&settings).ok()?;
        let mut audio = AacEncoder::open(AAC_BIT_RATE).expect("FFmpeg's own");
        let audio_track = audio.track();
        let first = if video { encoder.track() } else { audio.track() };
        let mut writer =
            Mp4Writer::create(path, &first, (video && sound).then_some(&audio_track)).expect("creates");
        if video {
            for number in 0..count {
                let mut frame = Nv12Frame::new(size);
                frame.y.fill(16 + (number * 3 % 200) as u8);
                frame.uv.fill(128);
                encoder
                    .send(&Arc::new(frame).into(), number, false)
                    .expect("encodes");
            }
            encoder.finish().expect("ends");
            while let Some(packet) = encoder.receive().expect("healthy") {
                writer.write_video(packet).expect("writes");
            }
        }
        if sound {
            let samples: Vec<[f32; 2]> = (0..count * 1600)
                .map(|n| [(n as f32 * 0.05).sin() * 0.5; 2])
                .collect();
            audio.send(&samples).expect("encodes");
            audio.finish().expect("ends");
            while let Some(packet) = audio.receive().expect("healthy") {
                if video {
                    writer.write_audio(packet)
                } else {
                    writer.write_video(packet)
                }
                .expect("writes");
            }
        }
        writer.finish().expect("finishes");
        Some(())
    }

    fn go_on(_: f64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    const SIZE: Size = Size::new(160, 90);

    #[test]
    fn a_finished_file_is_copied_packet_for_packet() {
        let folder = tempfile::tempdir().expect("a folder");
        let (from, to) = (folder.path().join("output.mp4"), folder.path().join("copy.mp4"));
        if make(&from, 70, SIZE, true, true).is_none() {
            return;
        }
        let before = fs::read(&from).expect("there");
        let report = copy_streams(&MediaSource::File(from.clone()), None, &to, &mut go_on).expect("copies");
        assert_eq!(report.warnings, Vec::<String>::new());
        assert_eq!(report.file.video_packets, 70);
        assert!(
            (report.file.video_seconds - 70.0 / 30.0).abs() < 1e-6,
            "{report:?}"
        );
        assert!(
            (report.file.audio_seconds - 70.0 / 30.0).abs() < 1e-6,
            "{report:?}"
        );
        let (a, b) = (listing(&from), listing(&to));
        for kind in [media::Type::Video, media::Type::Audio] {
            same(&only(&a, kind), &only(&b, kind), 0.0);
        }
        assert_eq!(
            fs::read(&from).expect("there"),
            before,
            "the recording is untouched"
        );
    }

    #[test]
    fn groups_follow_one_another_and_sound_comes_from_its_own_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        if make(&file("1.mp4"), 40, SIZE, true, false).is_none() {
            return;
        }
        make(&file("2.mp4"), 20, SIZE, true, false).expect("as before");
        make(&file("a.m4a"), 60, SIZE, false, true).expect("as before");
        fs::write(file("0.mp4"), b"no media file at all").expect("writes");
        let groups = |names: &[&str]| {
            let group = |name: &&str| FragmentGroup {
                files: vec![file(name)],
            };
            MediaSource::Fragments(names.iter().map(group).collect())
        };
        let video = groups(&["0.mp4", "1.mp4", "2.mp4"]);
        let report =
            copy_streams(&video, Some(&groups(&["a.m4a"])), &file("out.mp4"), &mut go_on).expect("copies");
        assert_eq!(report.warnings.len(), 1, "{:?}", report.warnings);
        assert!(report.warnings[0].contains("0.mp4"), "{:?}", report.warnings);
        let out = listing(&file("out.mp4"));
        let copied = only(&out, media::Type::Video);
        same(
            &only(&listing(&file("1.mp4")), media::Type::Video),
            &copied[..40],
            0.0,
        );
        same(
            &only(&listing(&file("2.mp4")), media::Type::Video),
            &copied[40..],
            40.0 / 30.0,
        );
        same(
            &only(&listing(&file("a.m4a")), media::Type::Audio),
            &only(&out, media::Type::Audio),
            0.0,
        );
    }

    #[test]
    fn what_does_not_fit_together_is_an_error_that_names_both_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        if make(&file("1.mp4"), 5, SIZE, true, false).is_none() {
            return;
        }
        make(&file("2.mp4"), 5, Size::new(176, 144), true, false).expect("as before");
        let group = |name: &str| FragmentGroup {
            files: vec![file(name)],
        };
        let source = MediaSource::Fragments(vec![group("1.mp4"), group("2.mp4")]);
        let error = copy_streams(&source, None, &file("out.mp4"), &mut go_on).expect_err("sizes differ");
        let text = error.to_string();
        assert!(
            text.contains("1.mp4") && text.contains("2.mp4") && text.contains("picture size"),
            "{text}"
        );
    }

    #[test]
    fn missing_tracks_and_a_stop_are_errors() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        let out = file("out.mp4");
        let none = copy_streams(&MediaSource::Fragments(Vec::new()), None, &out, &mut go_on);
        assert!(matches!(none, Err(RemuxError::NoFragments { track: "video" })));
        let missing = copy_streams(&MediaSource::File(file("output.mp4")), None, &out, &mut go_on);
        assert!(matches!(
            missing,
            Err(RemuxError::Unreadable { track: "video", .. })
        ));
        if make(&file("a.mp4"), 10, SIZE, true, false).is_none() {
            return;
        }
        make(&file("s.m4a"), 10, SIZE, false, true).expect("as before");
        let sound_only = copy_streams(&MediaSource::File(file("s.m4a")), None, &out, &mut go_on);
        assert!(matches!(sound_only, Err(RemuxError::Unreadable { .. })));
        let mut calls = 0;
        let stopped = copy_streams(&MediaSource::File(file("a.mp4")), None, &out, &mut |_| {
            calls += 1;
            if calls == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        assert!(matches!(stopped, Err(RemuxError::Stopped { .. })));
        assert_eq!(calls, 3);
    }
}
