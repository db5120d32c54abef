//! Opens media files without letting FFmpeg open anything itself.
//!
//! A recording is untrusted: a container may name other files (data references, playlists) or ask for the network. So
//! the files are opened here and read by FFmpeg through callbacks (`Chain`); the container must be one of a short
//! list; and whatever FFmpeg still wants to open is refused.

mod chain;
mod edit;
mod fragment;
pub(crate) mod fuzzing;
mod pages;
mod repair;
#[cfg(test)]
mod tests;

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::{Path, PathBuf};
use std::{ptr, slice};

use ffmpeg_next::format::context::{self, StreamIo};
use ffmpeg_next::{Discard, Packet, ffi, media};

use self::chain::{Chain, Mp4Facts, mp4_facts};
use self::edit::TrackFacts;
use self::repair::Hole;
use super::ffmpeg::{self, FfmpegError, MediaError, check};
use crate::cap::MediaSource;
use crate::cap::recording::FragmentGroup;

/// Largest picture side that is believed, pixels.
pub const MAX_SIDE: u32 = 16384;
/// Largest picture that is believed, pixels.
pub const MAX_AREA: u64 = 1 << 27;
/// Longest track that is believed, seconds: four days.
pub const MAX_SECONDS: f64 = 4.0 * 86400.0;
/// Tracks hold one stream, imported music perhaps a cover besides.
const MAX_STREAMS: u32 = 64;
/// FFmpeg's read buffer. Larger than its default because fragments are read in one sweep.
const BUFFER: usize = 128 * 1024;

/// Samples of a fragmented track that may be marked as not later than one before them.
const MAX_LATE: usize = 30_000;

/// How far demuxers are asked back for the start: far enough for any file, and no arithmetic inside them overflows.
const BEGINNING: i64 = i64::MIN / 2;

/// Which containers may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Allowed {
    /// Tracks of a recording (cap-format.md 7): MP4 and its kin, Ogg, MP3.
    Track,
    /// Imported music: these and what music comes in besides.
    Music,
}

impl Allowed {
    /// FFmpeg's names of the demuxers.
    const fn demuxers(self) -> &'static CStr {
        match self {
            Self::Track => c"mov,mp4,ogg,mp3",
            Self::Music => c"mov,mp4,ogg,mp3,wav,flac,aac,aiff,matroska,webm",
        }
    }

    /// For people.
    const fn describe(self) -> &'static str {
        match self {
            Self::Track => "MP4/M4A/MOV, Ogg, MP3",
            Self::Music => "MP4/M4A/MOV, Ogg, MP3, WAV, FLAC, AAC, AIFF, Matroska/WebM",
        }
    }

    /// Whether `name` (a demuxer may have several, separated by commas) is among them.
    fn contains(self, name: &str) -> bool {
        let allowed = self.demuxers().to_str().unwrap_or_default();
        name.split(',')
            .any(|name| allowed.split(',').any(|allowed| allowed == name))
    }
}

/// The files of a source, one slice for each group that is opened as one input (cap-format.md 3.5). A group's
/// timestamps follow those of the group before.
pub fn groups(source: &MediaSource) -> Vec<&[PathBuf]> {
    match source {
        MediaSource::File(path) => vec![slice::from_ref(path)],
        MediaSource::Fragments(groups) => groups.iter().map(|group| group.files.as_slice()).collect(),
    }
}

/// The groups of a source with what is known of them.
pub(crate) fn fragment_groups(source: &MediaSource) -> Vec<FragmentGroup> {
    match source {
        MediaSource::File(path) => vec![FragmentGroup::of(vec![path.clone()])],
        MediaSource::Fragments(groups) => groups.clone(),
    }
}

/// The file that errors about a source name.
pub fn name_of(source: &MediaSource) -> &Path {
    groups(source)
        .first()
        .and_then(|files| files.first())
        .map_or(Path::new("(no file)"), PathBuf::as_path)
}

/// An opened container: its streams are known, and packets can be read.
///
/// Dropping it closes the files.
pub struct Input {
    context: context::Input,
    file: PathBuf,
    facts: Mp4Facts,
    files: Vec<PathBuf>,
    damage: Vec<String>,
}

impl Input {
    /// Opens `files`, whose bytes one after the other are one container, and reads its headers.
    ///
    /// A fragmented MP4 is walked through once (headers only) so that its duration and its index are complete.
    ///
    /// # Errors
    /// When a file can't be read, is empty, is in another container, or promises more than the limits of this module.
    pub fn open(files: &[PathBuf], allowed: Allowed) -> Result<Self, MediaError> {
        ffmpeg::init();
        ffmpeg::forget_complaints();
        let file = files.first().cloned().unwrap_or_default();
        let mut chain = Chain::open(files)?;
        if chain.is_empty() {
            return Err(MediaError::Empty { file });
        }
        let failed = |source| MediaError::Io {
            action: "read",
            file: file.clone(),
            source,
        };
        let facts = mp4_facts(&mut chain).map_err(failed)?;
        if let Some(count) = facts
            .tracks
            .iter()
            .find_map(|track| track.overcounted(chain.length()))
        {
            return Err(MediaError::Limit {
                file,
                what: "a number of samples",
                found: count.to_string(),
                limit: format!("what its {} bytes have room for", chain.length()),
            });
        }
        let holes = repair::find_holes(&mut chain).map_err(failed)?;
        let damage = holes.iter().map(|hole| describe_hole(&chain, hole)).collect();
        chain.patch(holes.iter().filter_map(repair::cover).collect());
        let io = StreamIo::from_read_seek_with_capacity(chain, BUFFER)
            .map_err(|error| MediaError::ffmpeg("prepare to read", &file, error))?;
        let context = open_container(io, &file, allowed)?;
        let mut input = Self {
            context,
            file,
            facts,
            files: files.to_vec(),
            damage,
        };
        input.check_limits()?;
        input.find_streams()?;
        if input.facts.fragmented {
            input.index_fragments()?;
        }
        input.check_limits()?;
        Ok(input)
    }

    /// FFmpeg's side.
    pub fn context(&mut self) -> &mut context::Input {
        &mut self.context
    }

    /// FFmpeg's side, to look at.
    pub fn context_ref(&self) -> &context::Input {
        &self.context
    }

    /// The file that errors name: the first of the group.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether the container is a fragmented MP4.
    pub fn is_fragmented(&self) -> bool {
        self.facts.fragmented
    }

    /// Duration in the container's header, seconds, from its beginning and not from the first presentation.
    ///
    /// Of an MP4 the movie header is read here: FFmpeg from 6 on passes a shorter track's duration off for it where pictures
    /// are reordered and far apart.
    pub(crate) fn header_seconds(&self) -> Option<f64> {
        if self.is_mp4() {
            return self.facts.seconds;
        }
        // SAFETY: the context is open; a plain field is read.
        let ticks = unsafe { (*self.context.as_ptr()).duration };
        (ticks != ffi::AV_NOPTS_VALUE && ticks > 0 && !self.durations_are_guessed())
            .then(|| ticks as f64 / f64::from(ffi::AV_TIME_BASE))
    }

    /// Whether FFmpeg divided the file's size by its bit rate, for want of anything better.
    pub(crate) fn durations_are_guessed(&self) -> bool {
        // SAFETY: the context is open; a plain field is read.
        let method = unsafe { (*self.context.as_ptr()).duration_estimation_method };
        method == ffi::AVDurationEstimationMethod::AVFMT_DURATION_FROM_BITRATE
    }

    /// Damage between the boxes of an MP4, each stretch as a sentence's end that names file and place. What lies behind it
    /// can be read.
    pub(crate) fn damage(&self) -> &[String] {
        &self.damage
    }

    /// Damage in the pages of an Ogg file of this sample rate, in the words of [`damage`](Self::damage); the file is read for
    /// it. Empty for other containers.
    ///
    /// # Errors
    /// When the file can't be read.
    pub(crate) fn damage_of_pages(&self, rate: u32) -> Result<Vec<String>, MediaError> {
        if self.context.format().name() != "ogg" {
            return Ok(Vec::new());
        }
        let mut chain = Chain::open(&self.files)?;
        let holes = pages::find_holes(&mut chain, rate).map_err(|source| MediaError::Io {
            action: "read",
            file: self.file.clone(),
            source,
        })?;
        Ok(holes.iter().map(|hole| describe_hole(&chain, hole)).collect())
    }

    /// Whether an MP4's first sound track has an edit list.
    pub(crate) fn has_edited_sound(&self) -> bool {
        self.facts_of(media::Type::Audio)
            .is_some_and(TrackFacts::is_edited)
    }

    /// Seconds that the first track of a kind lasts by its own word, in its own ticks; `None` where an MP4 that is not in
    /// fragments doesn't say.
    pub(crate) fn track_seconds(&self, kind: media::Type) -> Option<f64> {
        self.facts_of(kind)?.seconds(self.facts.movie_scale)
    }

    /// Seconds of what an encoder put before the sound, of a file that has no edit list to say so: one frame, the least that
    /// any AAC encoder needs.
    pub(crate) fn unstated_priming(&self) -> Option<f64> {
        let facts = self.facts_of(media::Type::Audio)?;
        facts.begins_unedited().then(|| facts.first_sample())?
    }

    /// Seconds of the first sample of an MP4's first sound track.
    pub(crate) fn first_sample_seconds(&self) -> Option<f64> {
        self.facts_of(media::Type::Audio)?.first_sample()
    }

    fn facts_of(&self, kind: media::Type) -> Option<&TrackFacts> {
        let handler = match kind {
            media::Type::Video => b"vide",
            media::Type::Audio => b"soun",
            _ => return None,
        };
        let tracks = || self.facts.tracks.iter().filter(|track| &track.handler == handler);
        (!self.facts.fragmented).then(|| tracks().next())?
    }

    /// Whether the container is an MP4 or QuickTime file.
    pub fn is_mp4(&self) -> bool {
        self.context.format().name().split(',').any(|name| name == "mp4")
    }

    /// Sizes and durations that headers state, before memory is taken for them.
    fn check_limits(&self) -> Result<(), MediaError> {
        let limit = |what, found: String, limit: String| MediaError::Limit {
            file: self.file.clone(),
            what,
            found,
            limit,
        };
        for stream in self.context.streams() {
            let parameters = stream.parameters();
            // SAFETY: the parameters keep the container alive, and the fields are plain numbers.
            let (width, height) = unsafe { ((*parameters.as_ptr()).width, (*parameters.as_ptr()).height) };
            let side = i64::from(width.max(height));
            let area = u64::from(width.unsigned_abs()) * u64::from(height.unsigned_abs());
            if width < 0 || height < 0 || side > i64::from(MAX_SIDE) || area > MAX_AREA {
                return Err(limit(
                    "a picture size",
                    format!("{width}x{height}"),
                    format!("{MAX_SIDE} a side and {MAX_AREA} pixels"),
                ));
            }
            let base = stream.time_base();
            let seconds =
                stream.duration() as f64 * f64::from(base.numerator()) / f64::from(base.denominator());
            if stream.duration() != ffi::AV_NOPTS_VALUE && seconds > MAX_SECONDS {
                return Err(limit(
                    "a duration",
                    format!("{seconds:.0} s"),
                    format!("{MAX_SECONDS} s"),
                ));
            }
        }
        Ok(())
    }

    /// `avformat_find_stream_info`, with the decoders it tries kept on one thread and inside the picture limit.
    fn find_streams(&mut self) -> Result<(), MediaError> {
        ffmpeg::forget_complaints();
        let count = self.context.nb_streams() as usize;
        let mut options: Vec<*mut ffi::AVDictionary> = vec![ptr::null_mut(); count];
        let pixels = CString::new(MAX_AREA.to_string()).unwrap_or_default();
        for dictionary in &mut options {
            set(dictionary, c"threads", c"1");
            set(dictionary, c"max_pixels", &pixels);
        }
        // SAFETY: the context is open; one dictionary (null or made by FFmpeg) is passed for each stream it has, and
        // every one of them is freed afterwards. More streams can only appear in formats that are not opened here
        // (those with AVFMTCTX_NOHEADER), for which FFmpeg uses no options.
        let code = unsafe {
            let code = ffi::avformat_find_stream_info(self.context.as_mut_ptr(), options.as_mut_ptr());
            for dictionary in &mut options {
                ffi::av_dict_free(dictionary);
            }
            code
        };
        match check(code) {
            Ok(_) => Ok(()),
            Err(error) => Err(
                MediaError::ffmpeg("read the stream headers of", &self.file, error)
                    .with_advice("the file is damaged or was never finished; restore it from a copy, or take its track out of recording-meta.json"),
            ),
        }
    }

    /// Walks over all fragments without reading their samples: the demuxer adds each fragment's samples to its index
    /// as it meets them, so that afterwards duration and key frames of the whole file are known.
    fn index_fragments(&mut self) -> Result<(), MediaError> {
        let mut discards = Vec::new();
        for mut stream in self.context.streams_mut() {
            // SAFETY: the stream belongs to the open context; `discard` is a plain field meant to be set by users.
            unsafe {
                discards.push((*stream.as_mut_ptr()).discard);
                (*stream.as_mut_ptr()).discard = Discard::All.into();
            }
        }
        let mut packet = Packet::empty();
        let mut failures = 0;
        loop {
            match ffmpeg::read_packet(&mut self.context, &mut packet) {
                Ok(()) => failures = 0,
                // A damaged fragment: what lies behind it can still be found.
                Err(ffmpeg_next::Error::InvalidData) if failures < 64 => failures += 1,
                Err(_) => break,
            }
        }
        for (mut stream, discard) in self.context.streams_mut().zip(discards) {
            // SAFETY: as above; the value is the one that was there.
            unsafe { (*stream.as_mut_ptr()).discard = discard };
        }
        self.context.clear_eof();
        self.check_index()?;
        self.rewind()
    }

    /// Refuses a file in which too many samples are not later than one before them. FFmpeg marks such samples, and its search
    /// for a timestamp takes time that grows with the square of how many stand together.
    fn check_index(&self) -> Result<(), MediaError> {
        for stream in self.context.streams() {
            // SAFETY: the stream belongs to an open context that nothing else uses meanwhile; the functions only read from it,
            // and each entry is read before anything can change it.
            let (late, all) = unsafe {
                let raw = stream.as_ptr();
                let all = ffi::avformat_index_get_entries_count(raw);
                let late = |index: &c_int| {
                    let entry = ffi::avformat_index_get_entry(raw.cast_mut(), *index).as_ref();
                    entry.is_some_and(|entry| entry.flags() & ffi::AVINDEX_DISCARD_FRAME as c_int != 0)
                };
                ((0..all).filter(late).count(), all)
            };
            if late > MAX_LATE {
                return Err(MediaError::Limit {
                    file: self.file.clone(),
                    what: "times that go back",
                    found: format!("{late} of {all} samples are not later than one before them"),
                    limit: format!(
                        "{MAX_LATE}: the pieces are copies of one another, or their times are damaged"
                    ),
                });
            }
        }
        Ok(())
    }

    /// Back to the first packet.
    ///
    /// # Errors
    /// When the demuxer refuses.
    pub fn rewind(&mut self) -> Result<(), MediaError> {
        let streams = self.context.streams();
        let stream = streams
            .best(media::Type::Video)
            .or_else(|| streams.best(media::Type::Audio));
        match stream.map(|stream| stream.index()) {
            Some(stream) => self.seek(stream, BEGINNING),
            None => Ok(()),
        }
    }

    /// To the key packet of `stream` at or before `timestamp` (in its time base), or to the first packet.
    ///
    /// # Errors
    /// When the demuxer refuses.
    pub(crate) fn seek(&mut self, stream: usize, timestamp: i64) -> Result<(), MediaError> {
        ffmpeg::forget_complaints();
        let stream = c_int::try_from(stream).unwrap_or(-1);
        // SAFETY: the context is open; FFmpeg checks the index of the stream.
        let code = unsafe {
            ffi::av_seek_frame(
                self.context.as_mut_ptr(),
                stream,
                timestamp.max(BEGINNING),
                ffi::AVSEEK_FLAG_BACKWARD,
            )
        };
        match check(code) {
            Ok(_) => Ok(()),
            Err(error) => Err(MediaError::ffmpeg("seek in", &self.file, error)),
        }
    }
}

/// A hole for people.
fn describe_hole(chain: &Chain, hole: &Hole) -> String {
    let (file, at) = chain.place(hole.start).unwrap_or((Path::new(""), hole.start));
    let bytes = hole.end - hole.start;
    let lost = match (hole.from, hole.to) {
        (Some(from), Some(to)) if to > from => format!("what was between {from:.3} s and {to:.3} s is lost"),
        (Some(from), None) => format!("what came after {from:.3} s is lost"),
        (None, Some(to)) => format!("what came before {to:.3} s is lost"),
        _ => "what they held is lost".to_owned(),
    };
    format!(
        "{}: {bytes} bytes from byte {at} on are damaged; {lost}",
        file.display()
    )
}

/// Adds an entry to one of FFmpeg's dictionaries.
fn set(dictionary: &mut *mut ffi::AVDictionary, key: &CStr, value: &CStr) {
    // SAFETY: the dictionary is null or made by this function; key and value are copied. Out of memory leaves the entry
    // out, which only drops a restriction that `check_limits` applies as well.
    unsafe { ffi::av_dict_set(dictionary, key.as_ptr(), value.as_ptr(), 0) };
}

/// Finds out the container, checks that it is allowed, and opens it.
fn open_container(mut io: StreamIo, file: &Path, allowed: Allowed) -> Result<context::Input, MediaError> {
    let failed = |error: FfmpegError| {
        MediaError::ffmpeg("read the headers of", file, error)
            .with_advice("the file is damaged, truncated, or was never finished; restore it from a copy, or take its track out of recording-meta.json")
    };
    // The extension is a hint to FFmpeg's guess; the content decides.
    let name =
        CString::new(file.file_name().unwrap_or_default().to_string_lossy().as_bytes()).unwrap_or_default();
    let mut format: *const ffi::AVInputFormat = ptr::null();
    // SAFETY: `io` owns the AVIOContext; `format` receives a static description. The bytes
    // that were read to guess stay in the AVIOContext, rewound.
    let score = unsafe {
        ffi::av_probe_input_buffer2(io.as_mut_ptr(), &mut format, c"".as_ptr(), ptr::null_mut(), 0, 0)
    };
    let found = if format.is_null() {
        None
    } else {
        // SAFETY: a demuxer's name is static NUL-terminated text.
        Some(unsafe { CStr::from_ptr((*format).name) }.to_string_lossy())
    };
    match &found {
        Some(name) if score >= 0 && allowed.contains(name) => {}
        _ => {
            return Err(MediaError::Container {
                file: file.to_owned(),
                found: found.map_or_else(|| "no known container".into(), |name| name.into_owned()),
                expected: allowed.describe(),
            });
        }
    }

    let mut options = ptr::null_mut();
    set(&mut options, c"format_whitelist", allowed.demuxers());
    // No protocol has this name, so none passes.
    set(&mut options, c"protocol_whitelist", c"none");
    set(&mut options, c"enable_drefs", c"0");
    set(&mut options, c"use_absolute_path", c"0");
    let streams = CString::new(MAX_STREAMS.to_string()).unwrap_or_default();
    set(&mut options, c"max_streams", &streams);
    // SAFETY: the context is made here. `pb` stays owned by `io`, which AVFMT_FLAG_CUSTOM_IO tells FFmpeg; on failure
    // avformat_open_input frees the context and leaves `pb` alone, and `io` is dropped afterwards; on success the
    // wrapper closes the context before it drops `io`. `options` is freed on both ways.
    unsafe {
        let mut context = ffi::avformat_alloc_context();
        if context.is_null() {
            ffi::av_dict_free(&mut options);
            return Err(failed(FfmpegError::new(ffmpeg_next::Error::Other {
                errno: libc::ENOMEM,
            })));
        }
        (*context).pb = io.as_mut_ptr();
        (*context).flags |= ffi::AVFMT_FLAG_CUSTOM_IO;
        (*context).io_open = Some(refuse_to_open);
        let code = ffi::avformat_open_input(&mut context, name.as_ptr(), format.cast_mut(), &mut options);
        ffi::av_dict_free(&mut options);
        check(code).map_err(failed)?;
        Ok(context::Input::wrap_with_custom_io(context, io))
    }
}

/// FFmpeg's `io_open` callback: whatever a container wants opened besides itself is refused.
unsafe extern "C" fn refuse_to_open(
    _: *mut ffi::AVFormatContext,
    _: *mut *mut ffi::AVIOContext,
    url: *const c_char,
    _: c_int,
    _: *mut *mut ffi::AVDictionary,
) -> c_int {
    if !url.is_null() {
        // SAFETY: not null; FFmpeg passes NUL-terminated text.
        let url = unsafe { CStr::from_ptr(url) }.to_string_lossy();
        tracing::warn!("refused to open {url:?}, which a media file refers to");
    }
    ffi::AVERROR(libc::EPERM)
}
