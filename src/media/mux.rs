//! Writes the MP4: one video stream, at most one sound stream, index at the front.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::{fs, io, ptr};

use ffmpeg_next::format::context;
use ffmpeg_next::packet::Mut as _;
use ffmpeg_next::{Rational, Rescale as _, ffi, media};

use crate::media::encode::{Packet, Track};
use crate::media::ffmpeg::{self, FfmpegError};

/// Time base of the video stream (cap-look.md 22.2).
const VIDEO_TIME_BASE: Rational = Rational(1, 90_000);
/// Unit of the edit lists, which say where a track starts and ends: the least common multiple of 90 kHz and 48 kHz. In
/// FFmpeg's default of milliseconds the end of the sound is cut by up to 47 samples.
const MOVIE_TIME_SCALE: &str = "720000";

/// Why an MP4 could not be written.
#[derive(Debug, thiserror::Error)]
pub enum MuxError {
    /// The path cannot be handed to FFmpeg.
    #[error("cannot write to {path}: the name {why}")]
    Path {
        /// The file.
        path: PathBuf,
        /// What is wrong with the name.
        why: &'static str,
    },
    /// The file could not be opened, or not begun.
    #[error(
        "cannot write {path}: failed while {doing}; check that its folder has room and may be written to, or name another"
    )]
    Start {
        /// The file.
        path: PathBuf,
        /// The step.
        doing: &'static str,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// A packet could not be written: the disk is full, or the packet does not fit the stream.
    #[error(
        "cannot write {path}: failed at {stream} packet {number} ({seconds:.3} s); check that its folder has room and may be written to, or name another"
    )]
    Packet {
        /// The file.
        path: PathBuf,
        /// "video" or "sound".
        stream: &'static str,
        /// Packets of that stream before it.
        number: u64,
        /// Its presentation time.
        seconds: f64,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// Sound was written to a file that was begun without.
    #[error("cannot write sound to {path}: the file was begun without a sound track")]
    NoSoundTrack {
        /// The file.
        path: PathBuf,
    },
    /// The index could not be written, moved to the front, or flushed.
    #[error(
        "cannot finish {path}: failed while {doing}; check that its folder has room and may be written to, or name another"
    )]
    Finish {
        /// The file.
        path: PathBuf,
        /// The step.
        doing: &'static str,
        /// FFmpeg's reason.
        source: FfmpegError,
    },
    /// The finished file could not be looked at.
    #[error(
        "cannot read the size of the finished {path}; check that its folder has room and may be written to, or name another"
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// Nothing was encoded.
    #[error("cannot finish {path}: not one video frame was written")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// What was written.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct MuxReport {
    /// Size of the file.
    pub bytes: u64,
    /// Coded pictures.
    pub video_packets: u64,
    /// Seconds from the first picture to the end of the last.
    pub video_seconds: f64,
    /// AAC frames; 0 without a sound track.
    pub audio_packets: u64,
    /// Seconds from 0 to the end of the last sample.
    pub audio_seconds: f64,
}

/// One stream of the file.
struct Stream {
    index: usize,
    name: &'static str,
    /// Of the packets that come in.
    from: Rational,
    /// Of the packets in the file.
    to: Rational,
    /// Duration of a packet that does not say, in `from`; 0 leaves it to the muxer.
    default_duration: i64,
    packets: u64,
    /// Range of presentation times so far, in `from`.
    span: Option<(i64, i64)>,
}

/// An MP4 being written. Packets of both streams may come in any interleaving; FFmpeg sorts them by time.
///
/// Dropping it without [`Mp4Writer::finish`] closes the file as it is; whoever named it removes it.
pub struct Mp4Writer {
    output: context::Output,
    path: PathBuf,
    /// What errors call the file.
    name: PathBuf,
    video: Stream,
    audio: Option<Stream>,
}

impl Mp4Writer {
    /// Creates `path`, or empties it, and begins an MP4 with these tracks.
    ///
    /// The file names neither program nor machine (FFmpeg's `bitexact`), so equal packets make equal files.
    ///
    /// # Errors
    /// When the file cannot be opened or a track does not fit into an MP4.
    pub fn create(path: &Path, video: &Track, audio: Option<&Track>) -> Result<Self, MuxError> {
        Self::create_named(path, path, video, audio)
    }

    /// The same for a file under a temporary name; errors speak of `name`, which it is going to have.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_named(
        path: &Path,
        name: &Path,
        video: &Track,
        audio: Option<&Track>,
    ) -> Result<Self, MuxError> {
        ffmpeg::init();
        ffmpeg::forget_complaints();
        let mut output = open_output(path, name)?;
        let start = |doing| {
            move |source: FfmpegError| MuxError::Start {
                path: name.to_owned(),
                doing,
                source,
            }
        };
        let mut video = add_stream(&mut output, video, "video").map_err(start("adding the video track"))?;
        let mut audio = audio
            .map(|track| add_stream(&mut output, track, "sound"))
            .transpose()
            .map_err(start("adding the sound track"))?;

        ffmpeg::forget_complaints();
        let mut options = ffmpeg_next::Dictionary::new();
        options.set("movflags", "+faststart");
        options.set("movie_timescale", MOVIE_TIME_SCALE);
        output
            .write_header_with(options)
            .map_err(|code| start("writing the header")(code.into()))?;
        for stream in [Some(&mut video), audio.as_mut()].into_iter().flatten() {
            if let Some(written) = output.stream(stream.index) {
                stream.to = written.time_base();
            }
        }
        Ok(Self {
            output,
            path: path.to_owned(),
            name: name.to_owned(),
            video,
            audio,
        })
    }

    /// Writes a coded picture, in decoding order.
    ///
    /// # Errors
    /// When FFmpeg refuses the packet or the file cannot be written to (a full disk shows here or at the end, since
    /// writes are buffered).
    pub fn write_video(&mut self, packet: Packet) -> Result<(), MuxError> {
        write(&mut self.output, &mut self.video, &self.name, packet)
    }

    /// Writes coded sound.
    ///
    /// # Errors
    /// As [`Self::write_video`], and when the file was begun without sound.
    pub fn write_audio(&mut self, packet: Packet) -> Result<(), MuxError> {
        match &mut self.audio {
            Some(audio) => write(&mut self.output, audio, &self.name, packet),
            None => Err(MuxError::NoSoundTrack {
                path: self.name.clone(),
            }),
        }
    }

    /// Writes the index, moves it to the front and closes the file.
    ///
    /// # Errors
    /// When no picture was written, or the file cannot be written to.
    pub fn finish(mut self) -> Result<MuxReport, MuxError> {
        let path = self.name.clone();
        if self.video.packets == 0 {
            return Err(MuxError::Empty { path });
        }
        let failed = |doing| {
            let path = path.clone();
            move |source: FfmpegError| MuxError::Finish { path, doing, source }
        };
        ffmpeg::forget_complaints();
        self.output
            .write_trailer()
            .map_err(|code| failed("writing the index")(code.into()))?;
        ffmpeg::forget_complaints();
        // SAFETY: the AVIOContext was opened by `open_output`; closing clears the pointer, so that dropping the output
        // does not close it again.
        ffmpeg::check(unsafe { ffi::avio_closep(&mut (*self.output.as_mut_ptr()).pb) })
            .map_err(failed("closing the file"))?;
        let bytes = fs::metadata(&self.path)
            .map_err(|source| MuxError::Size {
                path: path.clone(),
                source,
            })?
            .len();
        let seconds = |stream: &Stream, from_zero: bool| {
            stream.span.map_or(0.0, |(first, end)| {
                f64::from(stream.from) * (end - if from_zero { 0 } else { first }) as f64
            })
        };
        Ok(MuxReport {
            bytes,
            video_packets: self.video.packets,
            video_seconds: seconds(&self.video, false),
            audio_packets: self.audio.as_ref().map_or(0, |audio| audio.packets),
            audio_seconds: self.audio.as_ref().map_or(0.0, |audio| seconds(audio, true)),
        })
    }
}

/// A context for MP4 whose bytes go to `path`.
///
/// The path is given as a `file:` URL: a name with a colon, or one that reads like another of FFmpeg's protocols, is
/// still a file.
fn open_output(path: &Path, name: &Path) -> Result<context::Output, MuxError> {
    let url = file_url(path)?;
    let start = |doing, source| MuxError::Start {
        path: name.to_owned(),
        doing,
        source,
    };
    let mut raw = ptr::null_mut();
    // SAFETY: `raw` receives a new context or stays null; both strings are NUL-terminated and copied.
    let code = unsafe {
        ffi::avformat_alloc_output_context2(&mut raw, ptr::null_mut(), c"mp4".as_ptr(), url.as_ptr())
    };
    ffmpeg::check(code).map_err(|source| start("looking for FFmpeg's MP4 muxer", source))?;
    // SAFETY: the context is new; the wrapper frees it, and closes `pb`, which may be null.
    let output = unsafe {
        (*raw).flags |= ffi::AVFMT_FLAG_BITEXACT;
        context::Output::wrap(raw)
    };
    // SAFETY: `pb` is null and receives an open AVIOContext or stays null.
    let code = unsafe { ffi::avio_open(&mut (*raw).pb, url.as_ptr(), ffi::AVIO_FLAG_WRITE) };
    ffmpeg::check(code).map_err(|source| start("opening the file", source))?;
    Ok(output)
}

fn file_url(path: &Path) -> Result<CString, MuxError> {
    let bad = |why| MuxError::Path {
        path: path.to_owned(),
        why,
    };
    #[cfg(unix)]
    let bytes = std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str());
    #[cfg(not(unix))]
    let bytes = path
        .to_str()
        .ok_or_else(|| bad("is not valid Unicode"))?
        .as_bytes();
    CString::new([b"file:", bytes].concat()).map_err(|_| bad("contains a NUL"))
}

fn add_stream(
    output: &mut context::Output,
    track: &Track,
    name: &'static str,
) -> Result<Stream, FfmpegError> {
    let mut stream = output
        .add_stream(None::<ffmpeg_next::Codec>)
        .map_err(FfmpegError::new)?;
    stream.set_parameters(track.parameters.clone());
    let video = track.parameters.medium() == media::Type::Video;
    stream.set_time_base(if video { VIDEO_TIME_BASE } else { track.time_base });
    if let Some(rate) = track.frame_rate {
        stream.set_rate(rate);
        stream.set_avg_frame_rate(rate);
    }
    // SAFETY: the stream is new and its parameters are its own; 0 lets the muxer choose the tag that MP4 has for the
    // codec instead of the one that another container used.
    unsafe { (*(*stream.as_mut_ptr()).codecpar).codec_tag = 0 };
    let frame = track
        .frame_rate
        .map_or(0, |rate| 1.rescale(rate.invert(), track.time_base).max(1));
    Ok(Stream {
        index: stream.index(),
        name,
        from: track.time_base,
        to: stream.time_base(),
        default_duration: frame,
        packets: 0,
        span: None,
    })
}

fn write(
    output: &mut context::Output,
    stream: &mut Stream,
    path: &Path,
    packet: Packet,
) -> Result<(), MuxError> {
    let mut packet = packet.into_ffmpeg();
    if packet.duration() <= 0 {
        packet.set_duration(stream.default_duration);
    }
    let pts = packet.pts().or(packet.dts());
    let duration = packet.duration();
    packet.set_stream(stream.index);
    packet.set_position(-1);
    packet.rescale_ts(stream.from, stream.to);
    ffmpeg::forget_complaints();
    // SAFETY: the output is open with its header written; FFmpeg takes over the packet's reference and leaves it blank,
    // whether it succeeds or not.
    let code = unsafe { ffi::av_interleaved_write_frame(output.as_mut_ptr(), packet.as_mut_ptr()) };
    ffmpeg::check(code).map_err(|source| MuxError::Packet {
        path: path.to_owned(),
        stream: stream.name,
        number: stream.packets,
        seconds: f64::from(stream.from) * pts.unwrap_or(0) as f64,
        source,
    })?;
    stream.packets += 1;
    if let Some(pts) = pts {
        let end = pts.saturating_add(duration);
        let (first, last) = stream.span.unwrap_or((pts, end));
        stream.span = Some((first.min(pts), last.max(end)));
    }
    Ok(())
}
