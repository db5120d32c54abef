//! One group of files as a sequence of decoded frames: demuxing, decoding, seeking.

use std::path::{Path, PathBuf};

use ffmpeg_next::codec::packet::Flags as PacketFlags;
use ffmpeg_next::{Packet, Rational, codec, decoder, ffi, frame, media};

use super::hardware::{self, Device, Kind};
use super::picture::Presentation;
use crate::media::ffmpeg::{self, FfmpegError, MediaError};
use crate::media::input::{Allowed, Input, MAX_AREA};
use crate::media::probe;

/// A decoded frame with its time.
pub(super) struct Decoded {
    pub(super) frame: frame::Video,
    /// Seconds after the group's first presentation time.
    pub(super) seconds: f64,
    /// Whether the decoder said that it is damaged.
    pub(super) damaged: bool,
}

/// What comes next.
pub(super) enum Step {
    Frame(Decoded),
    /// A packet that could not be decoded.
    Failed(FfmpegError),
    End,
}

/// An open group.
pub(super) struct Reader {
    input: Input,
    stream: usize,
    time_base: Rational,
    /// First presentation time; from the headers, else from the first frame.
    start: Option<i64>,
    seconds: f64,
    promised: f64,
    decoder: decoder::Video,
    packet: Packet,
    draining: bool,
    /// After a seek, until the first key packet was met: frames before its time lack their references.
    resync: Resync,
    last_pts: Option<i64>,
    /// End of the last packet that was read since the last seek.
    packet_end: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Resync {
    Done,
    AwaitKey,
    DropBefore(i64),
}

/// What to open a group's decoder with.
#[derive(Clone, Copy)]
pub(super) struct DecoderSetup {
    pub(super) hardware: Option<Kind>,
    pub(super) threads: u32,
}

/// What a group turned out to be.
pub(super) struct Opened {
    pub(super) reader: Reader,
    pub(super) decoder_name: String,
    pub(super) threads: u32,
    pub(super) presentation: Presentation,
}

impl Reader {
    /// Opens a group and its decoder.
    ///
    /// # Errors
    /// Those of [`Input::open`]; no video; no decoder; a device that can't be opened.
    pub(super) fn open(files: &[PathBuf], setup: DecoderSetup) -> Result<Opened, MediaError> {
        let mut input = Input::open(files, Allowed::Track)?;
        let file = input.file().to_owned();
        let stream = probe::find_stream(&input, media::Type::Video)?;
        let span = probe::span(&mut input, stream)?;
        let seconds = probe::joint_seconds(&input, media::Type::Video, span.seconds);
        keep_only(&mut input, stream);
        let found = probe::stream(&input, stream)?;
        let (time_base, parameters) = (found.time_base(), found.parameters());
        let presentation = Presentation {
            orientation: probe::orientation_of(&found),
            pixel_aspect: probe::pixel_aspect_of(&found),
            tags: probe::ColorTags::of_stream(&parameters),
        };
        let failed = |action| {
            let file = file.clone();
            move |error: FfmpegError| MediaError::ffmpeg(action, &file, error)
        };
        ffmpeg::forget_complaints();
        let codec = decoder::find(parameters.id())
            .ok_or_else(|| MediaError::no_decoder(&file, "video", parameters.id()))?;
        let mut context = codec::Context::from_parameters(parameters)
            .map_err(|error| failed("set up the decoder of")(error.into()))?;
        // SAFETY: the context is not open yet, so its options may be set. With `UNALIGNED`, cropping is exact.
        unsafe {
            let raw = context.as_mut_ptr();
            (*raw).pkt_timebase = time_base.into();
            (*raw).max_pixels = MAX_AREA.cast_signed();
            (*raw).flags |= ffi::AV_CODEC_FLAG_UNALIGNED.cast_signed();
            // A device decodes by itself; threads would only hold more of its pictures.
            (*raw).thread_count = if setup.hardware.is_some() {
                1
            } else {
                setup.threads.min(256).cast_signed()
            };
        }
        if let Some(kind) = setup.hardware {
            let format = hardware::device_format(&codec, kind).ok_or_else(|| MediaError::NoDecoder {
                file: file.clone(),
                codec: format!("{} (by {})", codec.name(), kind.name()),
            })?;
            let device = Device::open(kind).map_err(failed("open the hardware decoder for"))?;
            hardware::attach(&mut context, device, format);
        }
        let decoder = context
            .decoder()
            .open_as(codec)
            .and_then(|opened| opened.video())
            .map_err(|error| failed("open the decoder of")(error.into()))?;
        // SAFETY: the context is open; a plain field is read.
        let threads = unsafe { (*decoder.as_ptr()).thread_count };
        Ok(Opened {
            decoder_name: codec.name().to_owned(),
            threads: threads.max(1).unsigned_abs(),
            presentation,
            reader: Self {
                input,
                stream,
                time_base,
                start: span.start,
                seconds,
                promised: span.promised,
                decoder,
                packet: Packet::empty(),
                draining: false,
                resync: Resync::Done,
                last_pts: None,
                packet_end: None,
            },
        })
    }

    /// The file that errors name.
    pub(super) fn file(&self) -> &Path {
        self.input.file()
    }

    /// Seconds from the first presentation time to the end, as the headers say.
    pub(super) fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The next frame in order of presentation.
    ///
    /// # Errors
    /// When the file can't be read any more. Damaged content is no error here but [`Step::Failed`].
    pub(super) fn next(&mut self) -> Result<Step, MediaError> {
        loop {
            let mut frame = frame::Video::empty();
            ffmpeg::forget_complaints();
            match self.decoder.receive_frame(&mut frame) {
                Ok(()) => {
                    if let Some(decoded) = self.accept(frame) {
                        return Ok(Step::Frame(decoded));
                    }
                }
                Err(ffmpeg_next::Error::Eof) => return Ok(Step::End),
                Err(ffmpeg_next::Error::Other { errno }) if errno == libc::EAGAIN && !self.draining => {
                    if let Some(error) = self.feed()? {
                        return Ok(Step::Failed(error));
                    }
                }
                // A decoder that asks for more after the end was announced has nothing left.
                Err(ffmpeg_next::Error::Other { errno }) if errno == libc::EAGAIN => return Ok(Step::End),
                Err(error) => return Ok(Step::Failed(error.into())),
            }
        }
    }

    /// Gives the decoder one packet, or the end. Returns why it could not be used.
    fn feed(&mut self) -> Result<Option<FfmpegError>, MediaError> {
        loop {
            match ffmpeg::read_packet(self.input.context(), &mut self.packet) {
                Ok(()) if self.packet.stream() != self.stream => continue,
                Ok(()) => break,
                Err(ffmpeg_next::Error::Eof) => {
                    self.draining = true;
                    return Ok(self.decoder.send_eof().err().map(FfmpegError::from));
                }
                // The demuxer has moved on past what it could not read.
                Err(error @ ffmpeg_next::Error::InvalidData) => return Ok(Some(error.into())),
                Err(error) => return Err(MediaError::ffmpeg("read", self.input.file(), error)),
            }
        }
        if let Some(pts) = self.packet.pts() {
            let end = pts.saturating_add(self.packet.duration().max(0));
            self.packet_end = Some(self.packet_end.map_or(end, |last| last.max(end)));
        }
        if self.resync == Resync::AwaitKey && self.packet.flags().contains(PacketFlags::KEY) {
            self.resync = self.packet.pts().map_or(Resync::Done, Resync::DropBefore);
        }
        Ok(self
            .decoder
            .send_packet(&self.packet)
            .err()
            .map(FfmpegError::from))
    }

    /// Gives a frame its time; `None` for one that is left over from before the key frame a seek went to.
    fn accept(&mut self, frame: frame::Video) -> Option<Decoded> {
        // A frame without any timestamp (no container here makes one) follows its predecessor.
        let pts = frame.timestamp().or(frame.pts()).or(self.last_pts).unwrap_or(0);
        if let Resync::DropBefore(key) = self.resync {
            if pts < key {
                return None;
            }
            self.resync = Resync::Done;
        }
        self.last_pts = Some(pts);
        let start = *self.start.get_or_insert(pts);
        Some(Decoded {
            seconds: probe::seconds(pts.saturating_sub(start), self.time_base),
            damaged: frame.is_corrupt() || frame.has_decode_errors(),
            frame,
        })
    }

    /// Seconds that the headers promise beyond the last packet, if that is more than containers differ by.
    pub(super) fn missing_at_end(&self) -> Option<f64> {
        let end = probe::seconds(self.packet_end?.saturating_sub(self.start?), self.time_base);
        Some(self.promised - end).filter(|missing| *missing > 0.5)
    }

    /// The stream's timestamp of a time.
    fn timestamp(&self, seconds: f64) -> i64 {
        let ticks = seconds / f64::from(self.time_base);
        self.start.unwrap_or(0).saturating_add(ticks.round() as i64)
    }

    /// Number of packets that a seek to the key frame at or before `to` would spare when frames up to `from` are decoded
    /// already; 0 where the demuxer has no index.
    pub(super) fn spared_by_seek(&self, from: f64, to: f64) -> u32 {
        let Ok(stream) = probe::stream(&self.input, self.stream) else {
            return 0;
        };
        // SAFETY: the stream belongs to the open container, which nothing else uses during these calls; they only search
        // its index.
        unsafe {
            let raw = stream.as_ptr().cast_mut();
            let key = ffi::av_index_search_timestamp(raw, self.timestamp(to), ffi::AVSEEK_FLAG_BACKWARD);
            let here = ffi::av_index_search_timestamp(
                raw,
                self.timestamp(from),
                ffi::AVSEEK_FLAG_BACKWARD | ffi::AVSEEK_FLAG_ANY,
            );
            if key < 0 || here < 0 {
                0
            } else {
                u32::try_from(key - here).unwrap_or(0)
            }
        }
    }

    /// Time of the last key frame before `seconds`, by the index; `None` where there is none or no index.
    pub(super) fn key_before(&self, seconds: f64) -> Option<f64> {
        let stream = probe::stream(&self.input, self.stream).ok()?;
        // SAFETY: as in `spared_by_seek`; the entry is copied at once.
        let entry = unsafe {
            ffi::avformat_index_get_entry_from_timestamp(
                stream.as_ptr().cast_mut(),
                self.timestamp(seconds).saturating_sub(1),
                ffi::AVSEEK_FLAG_BACKWARD,
            )
            .as_ref()
        }?;
        Some(probe::seconds(
            entry.timestamp.saturating_sub(self.start.unwrap_or(0)),
            self.time_base,
        ))
    }

    /// Goes to the key frame at or before `seconds`, or to the start.
    ///
    /// # Errors
    /// When the demuxer refuses.
    pub(super) fn seek(&mut self, seconds: Option<f64>) -> Result<(), MediaError> {
        let target = seconds.map_or(i64::MIN, |seconds| self.timestamp(seconds));
        self.input.seek(self.stream, target)?;
        self.decoder.flush();
        self.draining = false;
        self.last_pts = None;
        self.packet_end = None;
        // At the start of a stream nothing is missing that another position could supply.
        self.resync = if seconds.is_some() {
            Resync::AwaitKey
        } else {
            Resync::Done
        };
        Ok(())
    }
}

/// Tells the demuxer that only one stream is read.
fn keep_only(input: &mut Input, index: usize) {
    for mut stream in input.context().streams_mut() {
        // SAFETY: the stream belongs to the open container; `discard` is a plain field for users to set.
        unsafe {
            let raw = stream.as_mut_ptr();
            let keep = usize::try_from((*raw).index).is_ok_and(|own| own == index);
            (*raw).discard = if keep {
                ffi::AVDiscard::AVDISCARD_DEFAULT
            } else {
                ffi::AVDiscard::AVDISCARD_ALL
            };
        }
    }
}
