//! What a media file holds, read from its headers.

use std::ffi::{CStr, c_char};
use std::path::Path;

use ffmpeg_next::codec::packet::side_data;
use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::{Packet, Rational, Stream, codec, color, decoder, ffi, media};

use super::ffmpeg::{self, MediaError};
use super::input::{Allowed, Input, MAX_AREA, MAX_SECONDS, MAX_SIDE, groups, name_of};
use crate::cap::MediaSource;
use crate::frame::{Size, YuvColor, YuvMatrix, YuvRange};

/// Unreadable packets in a row after which a file counts as read.
const MAX_FAILURES: u32 = 1000;

/// How a stored picture is turned to be shown: mirrored first (left and right swapped), then turned clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Orientation {
    /// Clockwise quarter turns, 0..=3.
    pub quarter_turns: u8,
    /// Whether left and right are swapped before turning.
    pub mirrored: bool,
}

impl Orientation {
    /// Whether there is nothing to do.
    pub const fn is_upright(self) -> bool {
        self.quarter_turns == 0 && !self.mirrored
    }

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        self.quarter_turns % 2 == 1
    }

    /// Size of a stored picture as it is shown.
    pub const fn apply(self, stored: Size) -> Size {
        if self.swaps_sides() {
            Size::new(stored.height, stored.width)
        } else {
            stored
        }
    }

    /// From the display matrix of a track header (ISO/IEC 14496-12, 8.3.2; nine values, of which the first, second,
    /// fourth and fifth are 16.16 fixed point): a stored pixel at (x, y) is shown at (a x + c y, b x + d y).
    fn from_matrix(matrix: [i32; 9]) -> Self {
        let [a, b, c, d] = [matrix[0], matrix[1], matrix[3], matrix[4]].map(f64::from);
        let mirrored = a * d - b * c < 0.0;
        // Where the stored x axis points, mirroring undone; y runs down, so a positive angle is clockwise.
        let (x, y) = if mirrored { (-a, -b) } else { (a, b) };
        let turns = (y.atan2(x) / std::f64::consts::FRAC_PI_2).round();
        Self {
            quarter_turns: turns.rem_euclid(4.0) as u8,
            mirrored,
        }
    }
}

/// Where a duration was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DurationSource {
    /// The container's header.
    Container,
    /// The track's header.
    Stream,
    /// The last packets.
    Packets,
}

/// A video track.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct VideoInfo {
    /// FFmpeg's name of the codec, "h264".
    pub codec: String,
    /// "High", where the codec has profiles.
    pub profile: Option<String>,
    /// FFmpeg's name, "yuv420p".
    pub pixel_format: String,
    /// Picture size as it is stored.
    pub stored_size: Size,
    /// How stored pictures are turned.
    pub orientation: Orientation,
    /// Picture size as it is shown.
    pub size: Size,
    /// Matrix tag.
    pub matrix: Option<YuvMatrix>,
    /// Range tag, or what the pixel format implies.
    pub range: Option<YuvRange>,
    /// First presentation time on the container's clock, seconds.
    pub start: f64,
    /// Seconds from the first presentation time to the end of the last picture.
    pub duration: f64,
    /// Where the duration was found.
    pub duration_source: DurationSource,
    /// Pictures per second on average.
    pub average_rate: Option<f64>,
    /// Number of pictures.
    pub frames: Option<u64>,
    /// Bits per second.
    pub bit_rate: Option<u64>,
}

impl VideoInfo {
    /// How the pictures are to be read: the tags, BT.709 and limited range where there are none (cap-format.md 7).
    pub fn color(&self) -> YuvColor {
        YuvColor {
            matrix: self.matrix.unwrap_or(YuvColor::BT709_LIMITED.matrix),
            range: self.range.unwrap_or(YuvColor::BT709_LIMITED.range),
        }
    }
}

/// A sound track.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct AudioInfo {
    /// FFmpeg's name of the codec, "opus".
    pub codec: String,
    /// Samples per second and channel.
    pub rate: u32,
    /// Number of channels.
    pub channels: u32,
    /// FFmpeg's name of the layout, "stereo".
    pub layout: String,
    /// First presentation time on the container's clock, seconds.
    pub start: f64,
    /// Seconds.
    pub duration: f64,
    /// Where the duration was found.
    pub duration_source: DurationSource,
    /// Bits per second.
    pub bit_rate: Option<u64>,
}

/// Reads what the video track of a source is. Nothing is decoded beyond what FFmpeg needs to know the pixel format.
///
/// Several groups count as one track: durations and pictures are summed, the rest is the first readable group's.
///
/// # Errors
/// When no group can be opened or the (first readable) one has no video stream; limits as in [`Input::open`].
pub fn probe_video(source: &MediaSource) -> Result<VideoInfo, MediaError> {
    fold_groups(source, Allowed::Track, describe_video, |all, next| {
        all.duration += next.duration;
        all.frames = all.frames.zip(next.frames).map(|(a, b)| a + b);
        all.average_rate = all.frames.map(|frames| frames as f64 / all.duration);
    })
}

/// Reads what the sound track of a source is.
///
/// # Errors
/// As [`probe_video`].
pub fn probe_audio(source: &MediaSource, allowed: Allowed) -> Result<AudioInfo, MediaError> {
    fold_groups(source, allowed, describe_audio, |all, next| {
        all.duration += next.duration;
    })
}

/// Describes every group and adds them up; groups that can't be used are skipped with a warning unless none is left.
fn fold_groups<T>(
    source: &MediaSource,
    allowed: Allowed,
    describe: impl Fn(&mut Input) -> Result<T, MediaError>,
    add: impl Fn(&mut T, T),
) -> Result<T, MediaError> {
    let mut all = None;
    let mut first_error = None;
    for files in groups(source) {
        match (
            Input::open(files, allowed).and_then(|mut input| describe(&mut input)),
            &mut all,
        ) {
            (Ok(info), None) => all = Some(info),
            (Ok(info), Some(all)) => add(all, info),
            (Err(error), _) => {
                if let Some(earlier) = first_error.replace(error) {
                    warn_skipped(&earlier);
                }
            }
        }
    }
    match (all, first_error) {
        (Some(all), error) => {
            error.iter().for_each(warn_skipped);
            Ok(all)
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(MediaError::Empty {
            file: name_of(source).to_owned(),
        }),
    }
}

/// Says that a group of fragments is left out.
pub(crate) fn warn_skipped(error: &MediaError) {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    tracing::warn!("fragments are skipped: {error}{}", cause.unwrap_or_default());
}

/// Index of the stream of a kind that is used: FFmpeg's choice among several, cover pictures left out.
///
/// # Errors
/// [`MediaError::NoStream`].
pub(crate) fn find_stream(input: &Input, kind: media::Type) -> Result<usize, MediaError> {
    input
        .context_ref()
        .streams()
        .best(kind)
        .filter(|stream| !stream.disposition().contains(Disposition::ATTACHED_PIC))
        .map(|stream| stream.index())
        .ok_or_else(|| MediaError::NoStream {
            file: input.file().to_owned(),
            kind: if kind == media::Type::Video {
                "video"
            } else {
                "audio"
            },
        })
}

/// A stream that is known to exist.
pub(crate) fn stream(input: &Input, index: usize) -> Result<Stream<'_>, MediaError> {
    input
        .context_ref()
        .stream(index)
        .ok_or_else(|| MediaError::NoStream {
            file: input.file().to_owned(),
            kind: "such",
        })
}

/// Extent of a stream in time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    /// First presentation time in the stream's time base, where the headers say it.
    pub(crate) start: Option<i64>,
    /// Seconds from there to the end.
    pub(crate) seconds: f64,
    /// The same as far as packets are there for it, by the headers.
    pub(crate) promised: f64,
    /// Where `seconds` is from.
    pub(crate) source: DurationSource,
}

/// Measures a stream: by the container's header, else its own (cap-format.md 6.6), else by its packets.
///
/// A fragmented MP4 says nothing about its length in its header: it is measured by its last packets. The container comes
/// before the track because a track's header counts decoding times, which end before the presentation does where frames
/// are reordered and far apart.
pub(crate) fn span(input: &mut Input, index: usize) -> Result<Span, MediaError> {
    let stream = stream(input, index)?;
    let (start, base) = (known(stream.start_time()), stream.time_base());
    let (container, header) = if input.is_fragmented() {
        (None, None)
    } else {
        let header = known(stream.duration()).filter(|ticks| *ticks > 0 && !input.durations_are_guessed());
        (input.header_seconds(), header.map(|ticks| seconds(ticks, base)))
    };
    // The time line of an MP4's header starts at 0, before a track that starts late (an empty edit); that of other
    // containers starts with the first track.
    let before = start
        .filter(|_| input.is_mp4())
        .map_or(0.0, |start| seconds(start.max(0), base));
    // A track that starts late without an edit list is not delayed but reordered, and as long as its own header says.
    let container = container
        .map(|all| (all - before).max(header.unwrap_or(0.0)))
        .filter(|rest| *rest > 0.0);
    let (start, seconds, source) = match (container, header) {
        (Some(container), _) => (start, container, DurationSource::Container),
        (None, Some(header)) => (start, header, DurationSource::Stream),
        (None, None) => {
            let range = packet_range(input, index)?;
            let start = start.or(range.map(|(first, _)| first));
            let length = start
                .zip(range)
                .map_or(0, |(start, (_, end))| end.saturating_sub(start));
            (start, seconds(length, base), DurationSource::Packets)
        }
    };
    if !seconds.is_finite() || seconds > MAX_SECONDS {
        return Err(MediaError::Limit {
            file: input.file().to_owned(),
            what: "a duration",
            found: format!("{seconds:.0} s"),
            limit: format!("{MAX_SECONDS} s"),
        });
    }
    Ok(Span {
        start,
        seconds: seconds.max(0.0),
        promised: header.map_or(seconds, |header| header.min(seconds)),
        source,
    })
}

/// Ticks of a time base as seconds: one division of whole numbers, so that the same moment is the same double in every
/// time base (multiplying by a rounded 1/90000 would not be).
pub(crate) fn seconds(ticks: i64, base: Rational) -> f64 {
    ticks as f64 * f64::from(base.numerator()) / f64::from(base.denominator())
}

/// `None` for FFmpeg's "no timestamp".
fn known(timestamp: i64) -> Option<i64> {
    (timestamp != ffi::AV_NOPTS_VALUE).then_some(timestamp)
}

/// Decoding time of the last packet that the demuxer's index knows.
fn last_index_timestamp(input: &Input, index: usize) -> Option<i64> {
    let stream = stream(input, index).ok()?;
    // SAFETY: the stream belongs to an open context that nothing else uses meanwhile; the functions only read from it,
    // and the entry is read before anything can change it.
    let entry = unsafe {
        let count = ffi::avformat_index_get_entries_count(stream.as_ptr());
        ffi::avformat_index_get_entry(stream.as_ptr().cast_mut(), count - 1).as_ref()
    };
    entry.and_then(|entry| known(entry.timestamp))
}

/// First presentation time and end of a stream's packets. Of a fragmented MP4 those behind the last key frame do, unless
/// the file is torn and its index promises packets that are not there: then all of it is read.
fn packet_range(input: &mut Input, index: usize) -> Result<Option<(i64, i64)>, MediaError> {
    if input.is_fragmented() {
        let last = last_index_timestamp(input, index);
        if let Some(range) = scan_packets(input, index, last)? {
            return Ok(Some(range));
        }
    }
    scan_packets(input, index, None)
}

/// First presentation time and end of the packets, all of them or those from the key frame before `from` on; leaves the
/// input at its start.
fn scan_packets(
    input: &mut Input,
    index: usize,
    from: Option<i64>,
) -> Result<Option<(i64, i64)>, MediaError> {
    if let Some(from) = from {
        input.seek(index, from)?;
    }
    let mut range: Option<(i64, i64)> = None;
    let mut failures = 0;
    let mut packet = Packet::empty();
    // The last packet of a fragmented MP4 comes without a duration: it lasts as long as the one before it.
    let mut step = 0;
    let mut before = None;
    ffmpeg::forget_complaints();
    loop {
        match packet.read(input.context()) {
            Ok(()) => failures = 0,
            // What can't be read is passed over; a demuxer that never gets on is at its end.
            Err(ffmpeg_next::Error::InvalidData) if failures < MAX_FAILURES => {
                failures += 1;
                continue;
            }
            Err(ffmpeg_next::Error::Eof | ffmpeg_next::Error::InvalidData) => break,
            Err(error) => return Err(MediaError::ffmpeg("read", input.file(), error)),
        }
        if let (true, Some(pts)) = (packet.stream() == index, packet.pts().or(packet.dts())) {
            if let (Some(before), Some(dts)) = (before, packet.dts()) {
                step = i64::saturating_sub(dts, before).max(0);
            }
            before = packet.dts();
            let length = if packet.duration() > 0 {
                packet.duration()
            } else {
                step
            };
            let end = pts.saturating_add(length);
            range = Some(range.map_or((pts, end), |(first, last)| (first.min(pts), last.max(end))));
        }
    }
    input.rewind()?;
    Ok(range)
}

fn describe_video(input: &mut Input) -> Result<VideoInfo, MediaError> {
    let index = find_stream(input, media::Type::Video)?;
    let span = span(input, index)?;
    let stream = stream(input, index)?;
    let parameters = stream.parameters();
    // SAFETY: the parameters keep the container alive and FFmpeg filled them; fields are copied out. The pixel format is
    // an int in the struct; it is looked up by FFmpeg below, not taken for an enum value.
    let (width, height, pixel_format, profile) = unsafe {
        let p = &*parameters.as_ptr();
        (p.width, p.height, p.format, p.profile)
    };
    let stored_size = checked_size(input.file(), width, height)?;
    let orientation = orientation_of(&stream);
    let pixel_format = pixel_format_name(pixel_format);
    let frames = if input.is_fragmented() {
        // SAFETY: as in `last_index_timestamp`.
        i64::from(unsafe { ffi::avformat_index_get_entries_count(stream.as_ptr()) })
    } else {
        stream.frames()
    };
    let frames = u64::try_from(frames).ok().filter(|count| *count > 0);
    let average = positive(stream.avg_frame_rate()).filter(|_| !input.is_fragmented());
    let (matrix, range) = color_tags(&parameters);
    let full_range = pixel_format.starts_with("yuvj");
    Ok(VideoInfo {
        codec: codec_name(&parameters),
        profile: profile_name(&parameters, profile),
        pixel_format,
        stored_size,
        orientation,
        size: orientation.apply(stored_size),
        matrix,
        range: range.or(full_range.then_some(YuvRange::Full)),
        start: seconds(span.start.unwrap_or(0), stream.time_base()),
        duration: span.seconds,
        duration_source: span.source,
        average_rate: average.or_else(|| {
            frames
                .filter(|_| span.seconds > 0.0)
                .map(|frames| frames as f64 / span.seconds)
        }),
        frames,
        bit_rate: bit_rate(&parameters, input),
    })
}

fn describe_audio(input: &mut Input) -> Result<AudioInfo, MediaError> {
    let index = find_stream(input, media::Type::Audio)?;
    let span = span(input, index)?;
    let stream = stream(input, index)?;
    let parameters = stream.parameters();
    let mut name = [0 as c_char; 128];
    // SAFETY: the parameters keep the container alive; the layout inside them is valid for FFmpeg's own functions, one of
    // which cuts its text to the stated length and terminates it. A default layout owns no memory.
    let (rate, channels, layout) = unsafe {
        let p = &*parameters.as_ptr();
        let mut usual = p.ch_layout;
        if usual.order == ffi::AVChannelOrder::AV_CHANNEL_ORDER_UNSPEC {
            ffi::av_channel_layout_default(&mut usual, p.ch_layout.nb_channels);
        }
        ffi::av_channel_layout_describe(&usual, name.as_mut_ptr(), name.len());
        let layout = CStr::from_ptr(name.as_ptr()).to_string_lossy().into_owned();
        (p.sample_rate, p.ch_layout.nb_channels, layout)
    };
    let (Ok(rate @ 1..=768_000), Ok(channels @ 1..=64)) = (u32::try_from(rate), u32::try_from(channels))
    else {
        return Err(MediaError::Limit {
            file: input.file().to_owned(),
            what: "a sound format",
            found: format!("{rate} Hz with {channels} channels"),
            limit: "1 to 768000 Hz with 1 to 64 channels".into(),
        });
    };
    Ok(AudioInfo {
        codec: codec_name(&parameters),
        rate,
        channels,
        layout,
        start: seconds(span.start.unwrap_or(0), stream.time_base()),
        duration: span.seconds,
        duration_source: span.source,
        bit_rate: bit_rate(&parameters, input),
    })
}

/// A picture size inside the limits.
pub(crate) fn checked_size(file: &Path, width: i32, height: i32) -> Result<Size, MediaError> {
    let size = Size::new(width.try_into().unwrap_or(0), height.try_into().unwrap_or(0));
    if size.area() == 0 || size.width > MAX_SIDE || size.height > MAX_SIDE || size.area() > MAX_AREA {
        return Err(MediaError::Limit {
            file: file.to_owned(),
            what: "a picture size",
            found: format!("{width}x{height}"),
            limit: format!("{MAX_SIDE} a side and {MAX_AREA} pixels, and not nothing"),
        });
    }
    Ok(size)
}

/// How the stream's display matrix turns its pictures.
pub(crate) fn orientation_of(stream: &Stream<'_>) -> Orientation {
    let Some(data) = stream
        .side_data()
        .find(|data| data.kind() == side_data::Type::DisplayMatrix)
    else {
        return Orientation::default();
    };
    let mut matrix = [0_i32; 9];
    for (value, bytes) in matrix.iter_mut().zip(data.data().as_chunks().0) {
        *value = i32::from_ne_bytes(*bytes);
    }
    Orientation::from_matrix(matrix)
}

/// Matrix and range that a stream's headers state.
fn color_tags(parameters: &codec::Parameters) -> (Option<YuvMatrix>, Option<YuvRange>) {
    // SAFETY: the parameters keep the container alive, and FFmpeg filled them with values of its own enums.
    let (space, range) = unsafe {
        (
            (*parameters.as_ptr()).color_space,
            (*parameters.as_ptr()).color_range,
        )
    };
    (matrix_of(space.into()), range_of(range.into()))
}

/// How a stream's pictures are to be read where they say nothing themselves.
pub(crate) fn color_of(parameters: &codec::Parameters) -> YuvColor {
    let (matrix, range) = color_tags(parameters);
    YuvColor {
        matrix: matrix.unwrap_or(YuvColor::BT709_LIMITED.matrix),
        range: range.unwrap_or(YuvColor::BT709_LIMITED.range),
    }
}

/// The matrix a tag stands for; `None` where it says nothing that a Y'CbCr matrix follows from. BT.470BG and SMPTE 170M
/// are BT.601's numbers; SMPTE 240M differs from BT.709 by less than half a per cent in either weight.
pub(crate) fn matrix_of(space: color::Space) -> Option<YuvMatrix> {
    match space {
        color::Space::BT709 | color::Space::SMPTE240M => Some(YuvMatrix::Bt709),
        color::Space::BT470BG | color::Space::SMPTE170M | color::Space::FCC => Some(YuvMatrix::Bt601),
        color::Space::BT2020NCL | color::Space::BT2020CL => Some(YuvMatrix::Bt2020),
        _ => None,
    }
}

/// The range a tag stands for.
pub(crate) fn range_of(range: color::Range) -> Option<YuvRange> {
    match range {
        color::Range::MPEG => Some(YuvRange::Limited),
        color::Range::JPEG => Some(YuvRange::Full),
        color::Range::Unspecified => None,
    }
}

/// FFmpeg's name of a pixel format number; "unknown" where it has none.
fn pixel_format_name(number: i32) -> String {
    // SAFETY: walks FFmpeg's static table; the pointers are valid or null, names are static text. The number is compared,
    // never turned into an enum value it might not be.
    unsafe {
        let mut descriptor = ffi::av_pix_fmt_desc_next(std::ptr::null());
        while !descriptor.is_null() {
            if ffi::av_pix_fmt_desc_get_id(descriptor) as i32 == number {
                return CStr::from_ptr((*descriptor).name).to_string_lossy().into_owned();
            }
            descriptor = ffi::av_pix_fmt_desc_next(descriptor);
        }
    }
    "unknown".into()
}

fn codec_name(parameters: &codec::Parameters) -> String {
    parameters.id().name().to_owned()
}

fn profile_name(parameters: &codec::Parameters, profile: i32) -> Option<String> {
    let codec = decoder::find(parameters.id())?;
    // SAFETY: the codec is one of FFmpeg's static descriptions; the result is null or static text.
    unsafe {
        let name = ffi::av_get_profile_name(codec.as_ptr(), profile);
        (!name.is_null()).then(|| CStr::from_ptr(name).to_string_lossy().into_owned())
    }
}

fn bit_rate(parameters: &codec::Parameters, input: &Input) -> Option<u64> {
    [parameters.bit_rate(), input.context_ref().bit_rate()]
        .into_iter()
        .find_map(|rate| u64::try_from(rate).ok().filter(|rate| *rate > 0))
}

fn positive(rate: Rational) -> Option<f64> {
    (rate.numerator() > 0 && rate.denominator() > 0).then(|| f64::from(rate))
}
