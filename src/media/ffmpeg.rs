//! FFmpeg itself: start-up, versions, log, errors.

use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::{io, mem, ptr};

use ffmpeg_next::codec;
use ffmpeg_next::format::context;
use ffmpeg_next::{Packet, ffi};

use crate::budget::OverBudget;

/// Most that FFmpeg may take at a time, bytes. Files of a few bytes can count billions of samples, for which its demuxers take memory
/// before they see that there are none. A plane of the largest picture (`input::MAX_AREA`) has 128 MB, and the index of six
/// million samples (28 hours at 60 a second) 144 MB.
const LARGEST_ALLOCATION: usize = 144 << 20;

/// Prepares FFmpeg: bounds what it takes of the memory, and sends its log to [`tracing`]. Cheap, and harmless to call again; whatever opens, encodes or writes
/// media calls it first.
pub fn init() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // `ffmpeg_next::init` only registers components, which FFmpeg does by itself since 4.0; it has no way to fail.
        if let Err(error) = ffmpeg_next::init() {
            tracing::warn!("FFmpeg's start-up reported: {error}");
        }
        // The level also bounds what libraries that FFmpeg loads (x264, VA-API) are asked to say.
        ffmpeg_next::log::set_level(ffmpeg_next::log::Level::Info);
        // SAFETY: stores a number; no other thread allocates by FFmpeg yet, and it would be harmless if one did.
        unsafe { ffi::av_max_alloc(LARGEST_ALLOCATION) };
        install_log(ffi::av_log_set_callback, ffi::av_log_format_line);
    });
}

/// Versions and build of the FFmpeg libraries that run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Versions {
    /// The release, as FFmpeg names it ("5.1.8-0+deb12u1").
    pub release: String,
    /// libavutil, "major.minor.micro".
    pub avutil: String,
    /// libavcodec.
    pub avcodec: String,
    /// libavformat.
    pub avformat: String,
    /// libavfilter.
    pub avfilter: String,
    /// libswscale.
    pub swscale: String,
    /// libswresample.
    pub swresample: String,
    /// The options of FFmpeg's configure script.
    pub configuration: String,
    /// Licence of the build, for instance "GPL version 2 or later".
    pub license: String,
}

/// The libraries that are linked at run time.
pub fn versions() -> Versions {
    // SAFETY: none of these functions takes an argument or touches state; the strings are static, NUL-terminated text
    // inside the libraries.
    unsafe {
        Versions {
            release: static_text(ffi::av_version_info()),
            avutil: triple(ffi::avutil_version()),
            avcodec: triple(ffi::avcodec_version()),
            avformat: triple(ffi::avformat_version()),
            avfilter: triple(ffi::avfilter_version()),
            swscale: triple(ffi::swscale_version()),
            swresample: triple(ffi::swresample_version()),
            configuration: static_text(ffi::avformat_configuration()),
            license: static_text(ffi::avformat_license()),
        }
    }
}

/// AV_VERSION_INT packs major << 16 | minor << 8 | micro.
fn triple(version: u32) -> String {
    format!("{}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff)
}

/// # Safety
/// `text` is null or NUL-terminated and lives during the call.
unsafe fn static_text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: not null, and NUL-terminated by the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

thread_local! {
    /// The last lines of level error that FFmpeg logged on this thread, oldest first.
    static COMPLAINTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}
/// How many complaints are kept for an error's text: the first tends to be the cause, later ones its echo.
const COMPLAINTS_KEPT: usize = 4;

/// Forgets what FFmpeg complained about on this thread, so that a later [`FfmpegError`] does not quote an older call.
pub fn forget_complaints() {
    COMPLAINTS.with_borrow_mut(Vec::clear);
}

/// Reads the next packet of any stream into `packet`, whose old content is let go first: `av_read_frame` overwrites it,
/// which would leak it.
///
/// # Errors
/// At the end, and when the demuxer fails.
pub(super) fn read_packet(input: &mut context::Input, packet: &mut Packet) -> Result<(), ffmpeg_next::Error> {
    *packet = Packet::empty();
    packet.read(input)
}

/// `av_log_set_callback`; `V` is C's `va_list`, whose type differs from target to target.
type SetCallback<V> =
    unsafe extern "C" fn(Option<unsafe extern "C" fn(*mut c_void, c_int, *const c_char, V)>);
/// `av_log_format_line`.
type FormatLine<V> =
    unsafe extern "C" fn(*mut c_void, c_int, *const c_char, V, *mut c_char, c_int, *mut c_int);

/// [`FormatLine`] of the target's `va_list`, stored before the callback that reads it is installed.
static FORMAT_LINE: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

/// Makes FFmpeg log through [`log_line`]. Generic so that the target's `va_list` need not be named.
fn install_log<V>(set_callback: SetCallback<V>, format_line: FormatLine<V>) {
    FORMAT_LINE.store(format_line as *mut c_void, Ordering::Release);
    // SAFETY: the callback lives as long as the program, may be called from any thread and never unwinds into C (an
    // `extern "C"` function aborts instead).
    unsafe { set_callback(Some(log_line::<V>)) }
}

/// What FFmpeg calls for each line it logs.
///
/// Its errors and warnings are `debug` here: they name bits of a stream, often hundreds for one damaged picture, and
/// what matters to a user comes back as a [`MediaError`] that quotes them.
unsafe extern "C" fn log_line<V>(context: *mut c_void, level: c_int, format: *const c_char, arguments: V) {
    // The bits above the lowest byte are a colour hint.
    let level = level & 0xff;
    let wanted = if level <= ffi::AV_LOG_ERROR {
        true
    } else if level <= ffi::AV_LOG_WARNING {
        tracing::enabled!(target: "ffmpeg", tracing::Level::DEBUG)
    } else {
        level <= ffi::AV_LOG_INFO && tracing::enabled!(target: "ffmpeg", tracing::Level::TRACE)
    };
    let format_line = FORMAT_LINE.load(Ordering::Acquire);
    if !wanted || format_line.is_null() {
        return;
    }
    let mut line = [0 as c_char; 1024];
    let mut print_prefix: c_int = 1;
    // SAFETY: the pointer was made from a function of exactly this type by `install_log` with the same `V`, for that is
    // the only place that installs this instance. FFmpeg passes a valid format with its arguments; the buffer's length
    // is stated, and the result is cut and NUL-terminated.
    let line = unsafe {
        let format_line: FormatLine<V> = mem::transmute(format_line);
        let length = line.len() as c_int;
        format_line(
            context,
            level,
            format,
            arguments,
            line.as_mut_ptr(),
            length,
            &mut print_prefix,
        );
        CStr::from_ptr(line.as_ptr()).to_string_lossy()
    };
    let line = line.trim();
    if line.is_empty() {
        return;
    }
    if level <= ffi::AV_LOG_ERROR {
        // Not available while the thread is being torn down, when nobody will ask either.
        let _ = COMPLAINTS.try_with(|complaints| {
            if let Ok(mut complaints) = complaints.try_borrow_mut()
                && complaints.len() < COMPLAINTS_KEPT
            {
                complaints.push(strip_prefix(line).to_owned());
            }
        });
    }
    if level <= ffi::AV_LOG_FATAL {
        tracing::warn!(target: "ffmpeg", "{line}");
    } else if level <= ffi::AV_LOG_WARNING {
        tracing::debug!(target: "ffmpeg", "{line}");
    } else {
        tracing::trace!(target: "ffmpeg", "{line}");
    }
}

/// Without the `[mov,mp4,m4a @ 0x5581...]` that FFmpeg puts before a line.
fn strip_prefix(line: &str) -> &str {
    match line.split_once("] ") {
        Some((prefix, rest)) if prefix.starts_with('[') && prefix.contains(" @ 0x") => strip_prefix(rest),
        _ => line,
    }
}

/// An error that an FFmpeg function returned, with what FFmpeg logged about it.
#[derive(Clone, Debug)]
pub struct FfmpegError {
    /// The code.
    pub code: ffmpeg_next::Error,
    /// The lines FFmpeg logged on this thread since [`forget_complaints`], oldest first.
    pub complaints: Vec<String>,
}

impl FfmpegError {
    /// Wraps `code` with the complaints of this thread, which are used up.
    pub fn new(code: ffmpeg_next::Error) -> Self {
        Self {
            code,
            complaints: COMPLAINTS.with_borrow_mut(mem::take),
        }
    }
}

impl From<ffmpeg_next::Error> for FfmpegError {
    fn from(code: ffmpeg_next::Error) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for FfmpegError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // -1, which some of FFmpeg's functions return for any failure, is also what the system calls a lack of permission.
        let unexplained = matches!(self.code, ffmpeg_next::Error::Other { errno: libc::EPERM });
        match self.complaints.as_slice() {
            [] if unexplained => f.write_str("FFmpeg does not say why"),
            [] => write!(f, "{}", self.code),
            complaints if unexplained => f.write_str(&complaints.join("; ")),
            complaints => write!(f, "{} ({})", complaints.join("; "), self.code),
        }
    }
}

impl std::error::Error for FfmpegError {}

/// Turns a C return value into a result: negative values are error codes.
pub(crate) fn check(code: c_int) -> Result<c_int, FfmpegError> {
    if code < 0 {
        Err(FfmpegError::new(ffmpeg_next::Error::from(code)))
    } else {
        Ok(code)
    }
}

/// What to do about a file that can't be read as what it should be.
const RESTORE: &str = "restore it from a copy, or take its track out of recording-meta.json";

/// What can go wrong between a file and its pictures or samples, in either direction.
///
/// The text says what was being done to which file and what to do; the cause is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The operating system refused a file.
    #[error("can't {action} {file} (check that it is there and may be read)")]
    Io {
        /// What was being done, "open".
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// FFmpeg refused.
    #[error("can't {action} {file}{}", hint(.advice))]
    Ffmpeg {
        /// What was being done, "read the headers of".
        action: &'static str,
        /// The file; the first one of a group of fragments.
        file: PathBuf,
        /// What to do about it, or empty.
        advice: &'static str,
        /// Why.
        source: FfmpegError,
    },
    /// A media file without a byte.
    #[error(
        "{file} is empty (0 bytes): the recorder never wrote to it; remove the track from recording-meta.json or recover the file"
    )]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// Not one of the containers that are read.
    #[error(
        "{file} is not a media file that is read here: found {found}, expected one of {expected}; {RESTORE}"
    )]
    Container {
        /// The file.
        file: PathBuf,
        /// FFmpeg's name of the format, or what is known instead.
        found: String,
        /// FFmpeg's names of the formats that are opened.
        expected: &'static str,
    },
    /// No stream of the kind that was asked for.
    #[error("{file} holds no {kind} stream; check that recording-meta.json names the right file")]
    NoStream {
        /// The file.
        file: PathBuf,
        /// "video" or "audio".
        kind: &'static str,
    },
    /// A header promises more than is believed.
    #[error("{file} states {what} of {found}; the limit is {limit}; the file may be damaged: {RESTORE}")]
    Limit {
        /// The file.
        file: PathBuf,
        /// What is too large, "a picture size".
        what: &'static str,
        /// The stated value.
        found: String,
        /// What is accepted.
        limit: String,
    },
    /// FFmpeg has no decoder for the stream, whose kind of coding it knows.
    #[error("{file} is coded as {codec}, for which this FFmpeg has no decoder; install a full FFmpeg build")]
    NoDecoder {
        /// The file.
        file: PathBuf,
        /// FFmpeg's name of the codec.
        codec: String,
    },
    /// A stream whose kind of coding is not stated in a way that FFmpeg knows.
    #[error(
        "{file} does not say in a known way how its {kind} is coded: the file is damaged, or made by a program that FFmpeg does not know; {RESTORE}"
    )]
    UnknownCodec {
        /// The file.
        file: PathBuf,
        /// "video" or "audio".
        kind: &'static str,
    },
    /// A stream of which not one picture (or sample) could be decoded.
    #[error(
        "not one {unit} of {file} could be decoded: the file is damaged or truncated{}; {RESTORE}",
        last_failure(.last)
    )]
    NothingDecoded {
        /// The file.
        file: PathBuf,
        /// "picture" or "sample".
        unit: &'static str,
        /// The decoder's last words.
        last: Option<FfmpegError>,
    },
    /// Too many failures in a row (cap-look.md 3.5).
    #[error(
        "{failures} pictures in a row could not be decoded in {file}, at {seconds:.3} s: the file is damaged from there on{}; \
         restore it from a copy, or end the clips before that time",
        last_failure(.last)
    )]
    Damaged {
        /// The file.
        file: PathBuf,
        /// Failures in a row.
        failures: u32,
        /// Where in the file the last good picture is.
        seconds: f64,
        /// The decoder's last words.
        last: Option<FfmpegError>,
    },
    /// A file that takes more memory than a recording may claim.
    #[error("{what} {file} is too large; reduce it or leave it out")]
    TooMuch {
        /// What it is, "the image".
        what: &'static str,
        /// The file.
        file: PathBuf,
        /// How much it takes.
        source: OverBudget,
    },
    /// A still image that can't be used.
    #[error("can't read the image {file}; restore it, or name another image")]
    Image {
        /// The file.
        file: PathBuf,
        /// Why.
        source: image::ImageError,
    },
}

impl MediaError {
    /// Why there is no decoder for a stream of `kind` ("video" or "audio") of this codec.
    pub(super) fn no_decoder(file: &Path, kind: &'static str, codec: codec::Id) -> Self {
        let file = file.to_owned();
        match codec {
            codec::Id::None => Self::UnknownCodec { file, kind },
            codec => Self::NoDecoder {
                file,
                codec: codec.name().to_owned(),
            },
        }
    }

    /// An error of FFmpeg while doing `action` ("decode") to `file`; quotes what FFmpeg complained about.
    pub fn ffmpeg(action: &'static str, file: &Path, source: impl Into<FfmpegError>) -> Self {
        Self::Ffmpeg {
            action,
            file: file.to_owned(),
            advice: "the file may be damaged; restore it from a copy, or take its track out of recording-meta.json",
            source: source.into(),
        }
    }

    /// The same with a word on what to do, a clause without a full stop.
    pub fn with_advice(mut self, text: &'static str) -> Self {
        if let Self::Ffmpeg { advice, .. } = &mut self {
            *advice = text;
        }
        self
    }
}

fn hint(advice: &str) -> String {
    if advice.is_empty() {
        String::new()
    } else {
        format!(" ({advice})")
    }
}

fn last_failure(last: &Option<FfmpegError>) -> String {
    last.as_ref()
        .map(|error| format!(": {error}"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_bindings() {
        let versions = versions();
        // The headers the bindings were made from and the library that is loaded share the major version.
        let major = |text: &str| text.split('.').next().and_then(|n| n.parse().ok());
        assert_eq!(major(&versions.avcodec), Some(ffi::LIBAVCODEC_VERSION_MAJOR));
        assert_eq!(major(&versions.avformat), Some(ffi::LIBAVFORMAT_VERSION_MAJOR));
        assert_eq!(major(&versions.swscale), Some(ffi::LIBSWSCALE_VERSION_MAJOR));
        assert!(versions.license.contains("GPL"), "{versions:?}");
        assert!(versions.configuration.contains("--"), "{versions:?}");
    }

    #[test]
    fn a_failure_without_a_code_is_not_called_a_lack_of_permission() {
        forget_complaints();
        let error = FfmpegError::new(ffmpeg_next::Error::from(-1));
        assert_eq!(error.to_string(), "FFmpeg does not say why");
        let full = FfmpegError::new(ffmpeg_next::Error::Other { errno: libc::ENOSPC });
        assert!(full.to_string().contains("space"), "{full}");
    }

    #[test]
    fn prefixes_are_stripped() {
        assert_eq!(
            strip_prefix("[mov,mp4,m4a @ 0x55e0] moov atom not found"),
            "moov atom not found"
        );
        assert_eq!(strip_prefix("[in @ 0x1] [h264 @ 0x2] bad [x] y"), "bad [x] y");
        assert_eq!(strip_prefix("[1] is not a prefix"), "[1] is not a prefix");
    }

    #[test]
    fn errors_quote_the_complaints_of_their_thread_once() {
        init();
        forget_complaints();
        // SAFETY: a null context is allowed; the format takes one string, which is given.
        unsafe {
            ffi::av_log(
                ptr::null_mut(),
                ffi::AV_LOG_ERROR,
                c"the %s is loose\n".as_ptr(),
                c"screw".as_ptr(),
            );
        }
        let error = FfmpegError::new(ffmpeg_next::Error::InvalidData);
        assert_eq!(error.complaints, ["the screw is loose"]);
        assert!(error.to_string().starts_with("the screw is loose ("), "{error}");
        assert!(
            FfmpegError::new(ffmpeg_next::Error::InvalidData)
                .complaints
                .is_empty()
        );
    }
}
