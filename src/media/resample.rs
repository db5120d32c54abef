//! Changes rate, layout and format of sound with libswresample; its only use.

use std::ffi::c_int;
use std::ptr::{self, NonNull};

use ffmpeg_next::ffi;
use ffmpeg_next::frame;

use super::ffmpeg::{FfmpegError, check};
use crate::sound::{Channels, Stereo};

/// Taps of the windowed sinc (cap-look.md 21.1).
const FILTER_SIZE: i64 = 128;
/// Pass band, as a fraction of the lower Nyquist frequency (cap-look.md 21.1).
const CUTOFF: f64 = 0.97;

/// Samples come in as FFmpeg holds them, and leave as 48 kHz (or any rate's) float pairs. The first sample out is the
/// first one in; the filter's delay is made up for.
pub(super) struct Resampler {
    context: NonNull<ffi::SwrContext>,
    input: Shape,
    output: Channels,
    /// What libswresample wrote, one or two channels interleaved.
    raw: Vec<f32>,
}

/// Layout of samples in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    format: ffi::AVSampleFormat,
    /// Channels.
    pub(super) channels: c_int,
    /// Samples per second.
    pub(super) rate: c_int,
}

impl Shape {
    /// Interleaved float pairs.
    pub(super) fn stereo(rate: c_int) -> Self {
        Self {
            format: ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT,
            channels: 2,
            rate,
        }
    }

    /// The shape of a decoded frame.
    pub(super) fn of(frame: &frame::Audio) -> Self {
        // SAFETY: the frame is alive, and the fields are plain numbers.
        let (channels, rate) = unsafe {
            (
                (*frame.as_ptr()).ch_layout.nb_channels,
                (*frame.as_ptr()).sample_rate,
            )
        };
        Self {
            format: frame.format().into(),
            channels,
            rate,
        }
    }

    fn planes(self) -> usize {
        // SAFETY: a pure function of the format.
        if unsafe { ffi::av_sample_fmt_is_planar(self.format) } == 1 {
            self.channels as usize
        } else {
            1
        }
    }

    /// Bytes from one sample to the next inside a plane.
    fn step(self) -> usize {
        // SAFETY: a pure function of the format.
        let bytes = unsafe { ffi::av_get_bytes_per_sample(self.format) }.max(0) as usize;
        if self.planes() == 1 {
            bytes * self.channels as usize
        } else {
            bytes
        }
    }
}

// SAFETY: the context is owned, is used through `&mut self` only, and libswresample binds nothing to a thread.
unsafe impl Send for Resampler {}

impl Resampler {
    /// A resampler for what `frame` holds. Channels that have no stated place are taken in FFmpeg's usual order.
    pub(super) fn for_frame(
        frame: &frame::Audio,
        output: Channels,
        rate: c_int,
    ) -> Result<Self, FfmpegError> {
        // SAFETY: the frame is alive during the call.
        let layout = unsafe { &(*frame.as_ptr()).ch_layout };
        Self::new(layout, Shape::of(frame), output, rate)
    }

    /// A resampler for interleaved float pairs.
    pub(super) fn for_stereo(input_rate: c_int, rate: c_int) -> Result<Self, FfmpegError> {
        let layout = default_layout(2);
        Self::new(&layout, Shape::stereo(input_rate), Channels::Stereo, rate)
    }

    fn new(
        layout: &ffi::AVChannelLayout,
        input: Shape,
        output: Channels,
        rate: c_int,
    ) -> Result<Self, FfmpegError> {
        let native = layout.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_NATIVE;
        let assumed = default_layout(input.channels);
        let source = if native { ptr::from_ref(layout) } else { &assumed };
        let target = default_layout(match output {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        });
        let mut context = ptr::null_mut();
        // SAFETY: the context is made here from layouts that live during the call, which copies them (releases before 6.0
        // declare them mutable without changing them); its options have
        // the types that are set; it is only initialised when that worked, and Drop frees it.
        unsafe {
            check(ffi::swr_alloc_set_opts2(
                &mut context,
                ptr::from_ref(&target).cast_mut(),
                ffi::AVSampleFormat::AV_SAMPLE_FMT_FLT,
                rate,
                source.cast_mut(),
                input.format,
                input.rate,
                0,
                ptr::null_mut(),
            ))?;
            let Some(context) = NonNull::new(context) else {
                return Err(FfmpegError::new(ffmpeg_next::Error::Other {
                    errno: libc::ENOMEM,
                }));
            };
            let resampler = Self {
                context,
                input,
                output,
                raw: Vec::new(),
            };
            let options = context.as_ptr().cast();
            check(ffi::av_opt_set_int(
                options,
                c"filter_size".as_ptr(),
                FILTER_SIZE,
                0,
            ))?;
            check(ffi::av_opt_set_double(options, c"cutoff".as_ptr(), CUTOFF, 0))?;
            // Float inside as well, so that a downmix is weighted the same whatever the input's format.
            let float = ffi::AVSampleFormat::AV_SAMPLE_FMT_FLTP;
            check(ffi::av_opt_set_sample_fmt(
                options,
                c"internal_sample_fmt".as_ptr(),
                float,
                0,
            ))?;
            check(ffi::swr_init(context.as_ptr()))?;
            Ok(resampler)
        }
    }

    /// What comes in.
    pub(super) fn input(&self) -> Shape {
        self.input
    }

    /// Takes `samples` samples of silence.
    pub(super) fn push_silence(&mut self, samples: c_int) -> Result<(), FfmpegError> {
        // SAFETY: the context is initialised.
        check(unsafe { ffi::swr_inject_silence(self.context.as_ptr(), samples) }).map(|_| ())
    }

    /// Takes the samples of `frame` but the first `skip`, and appends what is ready to `out`.
    ///
    /// A frame of another shape than [`input`](Self::input) is refused.
    pub(super) fn push_frame(
        &mut self,
        frame: &frame::Audio,
        skip: usize,
        out: &mut Vec<Stereo>,
    ) -> Result<(), FfmpegError> {
        if Shape::of(frame) != self.input {
            return Err(FfmpegError::new(ffmpeg_next::Error::InputChanged));
        }
        let count = frame.samples().saturating_sub(skip);
        // SAFETY: the frame holds `skip + count` samples in each of its planes (as many as its format and channel
        // count say, which are those of `input`), and `extended_data` points to that many plane pointers.
        let planes: Vec<*const u8> = unsafe {
            let data = (*frame.as_ptr()).extended_data;
            (0..self.input.planes())
                .map(|plane| (*data.add(plane)).add(skip * self.input.step()).cast_const())
                .collect()
        };
        // SAFETY: `planes` points to `count` samples for each plane of the input's shape.
        unsafe { self.convert(Some((planes, count as c_int)), out) }.map(|_| ())
    }

    /// Takes pairs, where [`for_stereo`](Self::for_stereo) made this resampler.
    pub(super) fn push(&mut self, input: &[Stereo], out: &mut Vec<Stereo>) -> Result<(), FfmpegError> {
        if self.input != Shape::stereo(self.input.rate) {
            return Err(FfmpegError::new(ffmpeg_next::Error::InputChanged));
        }
        for block in input.chunks(1 << 16) {
            let planes = vec![block.as_ptr().cast()];
            // SAFETY: the shape is one plane of float pairs, and `block` is as long as is said.
            unsafe { self.convert(Some((planes, block.len() as c_int)), out)? };
        }
        Ok(())
    }

    /// Says that all input was taken, and appends the rest.
    pub(super) fn finish(&mut self, out: &mut Vec<Stereo>) -> Result<(), FfmpegError> {
        // SAFETY: there is no input.
        while unsafe { self.convert(None, out) }? > 0 {}
        Ok(())
    }

    /// Converts the planes of that many samples, or flushes; returns how many samples came out.
    ///
    /// # Safety
    /// There are as many planes as `self.input` has, and each holds the stated number of samples.
    unsafe fn convert(
        &mut self,
        input: Option<(Vec<*const u8>, c_int)>,
        out: &mut Vec<Stereo>,
    ) -> Result<usize, FfmpegError> {
        let (mut planes, count) = input.unwrap_or_default();
        let source = if planes.is_empty() {
            ptr::null_mut()
        } else {
            planes.as_mut_ptr()
        };
        let channels = match self.output {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        };
        // SAFETY: the context is initialised; the output is one plane of `room` samples of `channels` floats; the
        // input is as the caller promises.
        let written = unsafe {
            let room = check(ffi::swr_get_out_samples(self.context.as_ptr(), count))?.max(1024);
            self.raw.resize(room as usize * channels, 0.0);
            let mut plane = self.raw.as_mut_ptr().cast();
            check(ffi::swr_convert(
                self.context.as_ptr(),
                &mut plane,
                room,
                source,
                count,
            ))? as usize
        };
        let raw = &self.raw[..written * channels];
        match self.output {
            Channels::Mono => out.extend(raw.iter().map(|&value| [value; 2])),
            Channels::Stereo => out.extend(raw.chunks_exact(2).map(|pair| [pair[0], pair[1]])),
        }
        Ok(written)
    }
}

impl Drop for Resampler {
    fn drop(&mut self) {
        let mut context = self.context.as_ptr();
        // SAFETY: the context is owned and not used after this.
        unsafe { ffi::swr_free(&mut context) };
    }
}

fn default_layout(channels: c_int) -> ffi::AVChannelLayout {
    // SAFETY: all zeroes is the empty layout, which the call overwrites; a default layout owns no memory.
    unsafe {
        let mut layout = std::mem::zeroed();
        ffi::av_channel_layout_default(&mut layout, channels);
        layout
    }
}
