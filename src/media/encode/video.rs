//! One open H.264 encoder.

use std::collections::VecDeque;
use std::path::Path;
use std::ptr;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Error, Rational, codec, encoder, ffi, frame, picture as picture_kind};

use crate::frame::Size;
use crate::media::encode::options::{Family, options, ran_rate};
#[cfg(any(target_os = "macos", test))]
use crate::media::encode::surface::{SURFACE_ENCODER, SurfaceFrames};
use crate::media::encode::vaapi::{Surfaces, render_nodes};
use crate::media::encode::{
    EncodeError, EncoderInput, OptionSet, Packet, RanRate, RateControl, Track, VideoSettings, codec as list,
    picture,
};
use crate::media::ffmpeg::{self, FfmpegError};

/// How pictures reach the encoder.
enum Feed {
    /// As they are, shared.
    Nv12,
    /// With the chroma planes taken apart.
    Planar,
    /// Copied to surfaces of a VA-API device.
    Vaapi(Surfaces),
    /// As surfaces that the encoder reads where they are.
    #[cfg(any(target_os = "macos", test))]
    CoreVideo(SurfaceFrames),
}

/// An H.264 encoder that takes NV12 pictures and gives packets. Opened by [`crate::media::encode::open_video`].
///
/// Pictures and packets are counted in frames: the time base is one over the frame rate. A packet may come out
/// several pictures after the one that it codes.
pub struct VideoEncoder {
    encoder: encoder::Video,
    name: String,
    size: Size,
    feed: Feed,
    ready: VecDeque<Packet>,
    finished: bool,
}

/// An encoder with what was set to open it.
pub(super) struct Opened {
    pub(super) encoder: VideoEncoder,
    pub(super) pixel_format: &'static str,
    pub(super) rate: RanRate,
    pub(super) options: Vec<OptionSet>,
    pub(super) unknown_options: Vec<OptionSet>,
}

impl VideoEncoder {
    /// Opens `codec` with the options of its family.
    ///
    /// An option that this version of FFmpeg does not know is reported, not fatal; a value that it refuses is an error.
    pub(super) fn open(codec: Codec, settings: &VideoSettings) -> Result<Opened, EncodeError> {
        ffmpeg::init();
        settings.check()?;
        let name = codec.name();
        let family = Family::of(name);
        if matches!(settings.rate, RateControl::Crf(_)) && family != Family::X264 {
            return Err(EncodeError::Unsuited {
                name: name.to_owned(),
                why: "has no constant rate factor; only libx264 takes --crf and --optimize-filesize"
                    .to_owned(),
            });
        }
        let failed = |doing: &'static str| {
            move |source: FfmpegError| EncodeError::Open {
                name: name.to_owned(),
                what: format!("{} at {} fps", settings.size, settings.frame_rate),
                doing,
                source,
            }
        };
        let (Ok(width), Ok(height), Ok(fps)) = (
            i32::try_from(settings.size.width),
            i32::try_from(settings.size.height),
            i32::try_from(settings.frame_rate.fps()),
        ) else {
            return Err(EncodeError::Unsuited {
                name: name.to_owned(),
                why: format!("cannot count to {} at {} fps", settings.size, settings.frame_rate),
            });
        };

        let (feed, format) = Self::feed_for(codec, settings)?;
        let mut context = codec::Context::new_with_codec(codec);
        // SAFETY: only the pointer is read.
        if unsafe { context.as_ptr() }.is_null() {
            return Err(EncodeError::OutOfMemory {
                doing: "making an encoder",
            });
        }
        context.set_time_base(Rational(1, fps));
        context.set_frame_rate(Some(Rational(fps, 1)));
        // SAFETY: the context is ours and not open; these are plain fields meant to be set by users.
        unsafe {
            let raw = &mut *context.as_mut_ptr();
            raw.width = width;
            raw.height = height;
            raw.pix_fmt = format.into();
        }
        match &feed {
            Feed::Nv12 | Feed::Planar => Ok(()),
            Feed::Vaapi(surfaces) => surfaces.attach(&mut context),
            #[cfg(any(target_os = "macos", test))]
            Feed::CoreVideo(frames) => frames.attach(&mut context),
        }
        .map_err(failed("attaching surfaces"))?;
        let (mut set, mut unknown) = (Vec::new(), Vec::new());
        for (key, value) in options(family, settings) {
            let option = OptionSet {
                key: key.to_owned(),
                value,
            };
            match list::set_option(&mut context, key, &option.value) {
                Ok(()) => set.push(option),
                Err(Error::OptionNotFound) => {
                    tracing::warn!(
                        "this FFmpeg's {name} has no option {key}; {key}={} is left out",
                        option.value
                    );
                    unknown.push(option);
                }
                Err(code) => {
                    return Err(EncodeError::Option {
                        name: name.to_owned(),
                        key: option.key,
                        value: option.value,
                        source: FfmpegError::new(code),
                    });
                }
            }
        }

        ffmpeg::forget_complaints();
        // SAFETY: the context was allocated for this very codec and is not open.
        let code = unsafe { ffi::avcodec_open2(context.as_mut_ptr(), codec.as_ptr(), ptr::null_mut()) };
        ffmpeg::check(code).map_err(failed("opening"))?;
        let video = context
            .encoder()
            .video()
            .map_err(|code| failed("opening")(code.into()))?;
        Ok(Opened {
            encoder: Self {
                encoder: encoder::video::Encoder(video),
                name: name.to_owned(),
                size: settings.size,
                feed,
                ready: VecDeque::new(),
                finished: false,
            },
            pixel_format: list::pixel_name(format),
            rate: ran_rate(family, settings.rate),
            options: set,
            unknown_options: unknown,
        })
    }

    /// The first arrangement of samples that the encoder takes and that pictures can be brought to.
    fn feed_for(codec: Codec, settings: &VideoSettings) -> Result<(Feed, Pixel), EncodeError> {
        let size = settings.size;
        #[cfg(any(target_os = "macos", test))]
        if let Some(format) = settings.surfaces {
            let unsuited = |why| EncodeError::Unsuited {
                name: codec.name().to_owned(),
                why,
            };
            if codec.name() != SURFACE_ENCODER {
                return Err(unsuited(format!(
                    "takes no CVPixelBuffers; only {SURFACE_ENCODER} does"
                )));
            }
            let frames = SurfaceFrames::open(size, format)
                .map_err(|error| unsuited(format!("opens no VideoToolbox device: {error}")))?;
            return Ok((Feed::CoreVideo(frames), Pixel::VIDEOTOOLBOX));
        }
        let formats = list::pixel_formats(codec);
        if formats.is_empty() || formats.contains(&Pixel::NV12) {
            return Ok((Feed::Nv12, Pixel::NV12));
        }
        if formats.contains(&Pixel::YUV420P) {
            return Ok((Feed::Planar, Pixel::YUV420P));
        }
        let unsuited = |why| EncodeError::Unsuited {
            name: codec.name().to_owned(),
            why,
        };
        if !formats.contains(&Pixel::VAAPI) {
            let names: Vec<&str> = formats.into_iter().map(list::pixel_name).collect();
            return Err(unsuited(format!(
                "takes only {} pictures, not 8-bit 4:2:0 in main memory",
                names.join(", ")
            )));
        }
        let nodes = render_nodes();
        let mut reasons = Vec::new();
        for node in &nodes {
            match Surfaces::open(node, size) {
                Ok(surfaces) => return Ok((Feed::Vaapi(surfaces), Pixel::VAAPI)),
                Err(error) => reasons.push(format!("{}: {error}", Path::display(node))),
            }
        }
        Err(unsuited(if nodes.is_empty() {
            "needs a render node, and there is none under /dev/dri".to_owned()
        } else {
            format!("found no VA-API device that works ({})", reasons.join("; "))
        }))
    }

    /// FFmpeg's name of the encoder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the muxer has to know of the packets.
    pub fn track(&self) -> Track {
        Track {
            parameters: codec::Parameters::from(&self.encoder),
            time_base: self.encoder.time_base(),
            frame_rate: Some(self.encoder.frame_rate()),
        }
    }

    /// Pictures that are held back for reordering.
    pub fn reordered_by(&self) -> i32 {
        // SAFETY: the context is open; a plain field is read.
        unsafe { (*self.encoder.as_ptr()).has_b_frames }
    }

    /// Gives the encoder the picture that is shown from frame `pts` on; `force_key` makes decoding possible from it.
    /// Positions must increase; a gap makes the picture before it last longer.
    ///
    /// # Errors
    /// When the picture is not of the size the encoder was opened for, its planes are shorter than it says, or the
    /// encoder fails.
    pub fn send(&mut self, picture: &EncoderInput, pts: i64, force_key: bool) -> Result<(), EncodeError> {
        if self.finished {
            return Err(EncodeError::Finished {
                name: self.name.clone(),
            });
        }
        let mut frame = match picture {
            EncoderInput::Nv12(nv12) => {
                picture::check(nv12, self.size).map_err(|why| EncodeError::Picture { pts, why })?;
                match &self.feed {
                    Feed::Nv12 => picture::wrap(nv12)?,
                    Feed::Planar => picture::deinterleave(nv12)?,
                    Feed::Vaapi(surfaces) => surfaces.upload(&self.name, &picture::wrap(nv12)?)?,
                    #[cfg(any(target_os = "macos", test))]
                    Feed::CoreVideo(_) => {
                        let why = "it lies in main memory, the encoder was opened for surfaces".to_owned();
                        return Err(EncodeError::Picture { pts, why });
                    }
                }
            }
            #[cfg(any(target_os = "macos", test))]
            EncoderInput::Surface(surface) => match &self.feed {
                Feed::CoreVideo(frames) => frames.wrap(surface, pts)?,
                Feed::Nv12 | Feed::Planar | Feed::Vaapi(_) => {
                    let why = "it is a surface, the encoder was opened for planes".to_owned();
                    return Err(EncodeError::Picture { pts, why });
                }
            },
        };
        frame.set_pts(Some(pts));
        if force_key {
            frame.set_kind(picture_kind::Type::I);
        }
        self.push(Some(&frame), || format!("encoding picture {pts}"))
    }

    /// Announces that no picture follows. Afterwards [`Self::receive`] gives what is left.
    pub fn finish(&mut self) -> Result<(), EncodeError> {
        if self.finished {
            return Ok(());
        }
        self.finished = true;
        self.push(None, || "finishing the stream".to_owned())
    }

    /// The next packet in decoding order; `None` when the encoder wants another picture first, and after
    /// [`Self::finish`] when there is nothing left.
    pub fn receive(&mut self) -> Result<Option<Packet>, EncodeError> {
        match self.ready.pop_front() {
            Some(packet) => Ok(Some(packet)),
            None => self.pull(),
        }
    }

    /// Sends a frame, or the end; takes packets out while the encoder has no room.
    fn push(&mut self, frame: Option<&frame::Video>, doing: impl Fn() -> String) -> Result<(), EncodeError> {
        loop {
            ffmpeg::forget_complaints();
            let sent = match frame {
                Some(frame) => self.encoder.send_frame(frame),
                None => self.encoder.send_eof(),
            };
            match sent {
                Ok(()) => return Ok(()),
                Err(code) => {
                    let full = code == Error::Other { errno: libc::EAGAIN };
                    let error = FfmpegError::new(code);
                    match if full { self.pull()? } else { None } {
                        Some(packet) => self.ready.push_back(packet),
                        None => {
                            return Err(EncodeError::Run {
                                name: self.name.clone(),
                                doing: doing(),
                                source: error,
                            });
                        }
                    }
                }
            }
        }
    }

    fn pull(&mut self) -> Result<Option<Packet>, EncodeError> {
        ffmpeg::forget_complaints();
        let mut packet = ffmpeg_next::Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => {
                if packet.duration() <= 0 {
                    packet.set_duration(1);
                }
                Ok(Some(Packet::from_ffmpeg(packet)))
            }
            Err(Error::Eof | Error::Other { errno: libc::EAGAIN }) => Ok(None),
            Err(code) => Err(EncodeError::Run {
                name: self.name.clone(),
                doing: "taking a coded picture out".to_owned(),
                source: code.into(),
            }),
        }
    }
}
