//! FFmpeg's list of H.264 encoders, and setting options on one of them.

use std::ffi::CString;
use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use ffmpeg_next::{Codec, Error, codec};

use crate::media::ffmpeg;

/// Every H.264 encoder of this FFmpeg, in FFmpeg's order.
pub(super) fn h264_encoders() -> Vec<Codec> {
    let mut state = ptr::null_mut();
    let mut found = Vec::new();
    loop {
        // SAFETY: `state` is the iterator's own cursor, started at null as FFmpeg asks; what it returns is static.
        let codec = unsafe { ffi::av_codec_iterate(&mut state) };
        if codec.is_null() {
            return found;
        }
        // SAFETY: a non-null result of av_codec_iterate lives as long as the library.
        let codec = unsafe { Codec::wrap(codec) };
        if codec.is_encoder() && codec.id() == codec::Id::H264 {
            found.push(codec);
        }
    }
}

/// The H.264 encoder of that name, if this FFmpeg has it.
pub(super) fn h264_encoder(name: &str) -> Option<Codec> {
    h264_encoders().into_iter().find(|codec| codec.name() == name)
}

/// The pixel formats that an encoder takes; empty where it does not say.
pub(super) fn pixel_formats(codec: Codec) -> Vec<Pixel> {
    let formats = codec.video().ok().and_then(|video| video.formats());
    formats.map_or_else(Vec::new, Iterator::collect)
}

/// FFmpeg's name of a pixel format.
pub(super) fn pixel_name(format: Pixel) -> &'static str {
    format
        .descriptor()
        .map_or("unknown", |descriptor| descriptor.name())
}

/// Sets one option of a codec context that is not open yet, of the encoder itself or of every encoder.
///
/// # Errors
/// [`Error::OptionNotFound`] when this FFmpeg does not know the option, another when it refuses the value.
pub(super) fn set_option(context: &mut codec::Context, key: &str, value: &str) -> Result<(), Error> {
    let (Ok(key), Ok(value)) = (CString::new(key), CString::new(value)) else {
        return Err(Error::InvalidData);
    };
    ffmpeg::forget_complaints();
    // SAFETY: an AVCodecContext starts with its AVClass, which is what av_opt_set needs; both strings are
    // NUL-terminated and copied by FFmpeg.
    let code = unsafe {
        ffi::av_opt_set(
            context.as_mut_ptr().cast(),
            key.as_ptr(),
            value.as_ptr(),
            ffi::AV_OPT_SEARCH_CHILDREN,
        )
    };
    if code < 0 { Err(code.into()) } else { Ok(()) }
}
