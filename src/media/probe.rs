//! What a media file holds, read from its headers.

mod info;
mod listing;
mod spacing;
mod span;
mod tags;

use std::ffi::{CStr, c_char};
use std::path::Path;

use ffmpeg_next::format::stream::Disposition;
use ffmpeg_next::{Rational, Stream, codec, decoder, ffi, media};

pub use self::info::{AudioInfo, DurationSource, Orientation, VideoInfo};
pub use self::listing::{ListedPicture, list_pictures};
pub use self::spacing::{nominal_rate, picture_rate};
pub(crate) use self::span::{joint_seconds, seconds, span};
use self::tags::pixel_format_name;
pub(crate) use self::tags::{ColorTags, orientation_of, pixel_aspect_of, square_pixels};
use super::ffmpeg::MediaError;
use super::input::{Allowed, Input, MAX_AREA, MAX_SIDE, fragment_groups, groups, name_of};
use crate::cap::MediaSource;
use crate::cap::recording::FragmentGroup;
use crate::causes::one_line;
use crate::frame::Size;

/// Reads what the video track of a source is. Nothing is decoded beyond what FFmpeg needs to know the pixel format.
///
/// Several groups count as one track: durations and pictures are summed, the rest is the first readable group's.
///
/// # Errors
/// When no group can be opened or the (first readable) one has no video stream; limits as in [`Input::open`].
pub fn probe_video(source: &MediaSource) -> Result<VideoInfo, MediaError> {
    fold_groups(source, Allowed::Track, describe_video, |all, next| {
        all.duration += next.duration;
        all.damage.extend(next.damage);
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
        all.damage.extend(next.damage);
    })
}

/// What the parts of a track have in common.
trait Info {
    fn duration(&mut self) -> &mut f64;
    fn damage(&mut self) -> &mut Vec<String>;
}

impl Info for VideoInfo {
    fn duration(&mut self) -> &mut f64 {
        &mut self.duration
    }

    fn damage(&mut self) -> &mut Vec<String> {
        &mut self.damage
    }
}

impl Info for AudioInfo {
    fn duration(&mut self) -> &mut f64 {
        &mut self.duration
    }

    fn damage(&mut self) -> &mut Vec<String> {
        &mut self.damage
    }
}

/// A track that is shorter than its manifest promises by more than this, seconds, lost something.
const SHORT: f64 = 0.5;

/// Describes every group and adds them up; groups that can't be used are left out, which is damage, unless none is left.
fn fold_groups<T: Info>(
    source: &MediaSource,
    allowed: Allowed,
    describe: impl Fn(&mut Input, &FragmentGroup) -> Result<T, MediaError>,
    add: impl Fn(&mut T, T),
) -> Result<T, MediaError> {
    let mut all: Option<T> = None;
    let (mut first_error, mut left_out) = (None, Vec::new());
    // What is missing before the first group that can be used.
    let mut before = 0.0;
    for group in fragment_groups(source) {
        let lost = group.lost_before.as_secs_f64();
        let described = Input::open(&group.files, allowed).and_then(|mut input| describe(&mut input, &group));
        match (described, &mut all) {
            (Ok(mut info), None) => {
                *info.duration() += before + lost;
                all = Some(info);
            }
            (Ok(info), Some(all)) => {
                *all.duration() += lost;
                add(all, info);
            }
            (Err(error), all) => {
                let stated = group.stated.map_or(0.0, |stated| stated.as_secs_f64());
                match all {
                    Some(all) => *all.duration() += lost + stated,
                    None => before += lost + stated,
                }
                left_out.push(format!("a part is left out: {}", one_line(&error)));
                first_error.get_or_insert(error);
            }
        }
    }
    match (all, first_error) {
        (Some(mut all), _) => {
            all.damage().extend(left_out);
            Ok(all)
        }
        (None, Some(error)) => Err(error),
        (None, None) => Err(MediaError::Empty {
            file: name_of(source).to_owned(),
        }),
    }
}

/// The damage of one group: what was found between its boxes, and what it lacks of the length that its manifest promises.
fn damage_of(input: &Input, group: &FragmentGroup, seconds: f64) -> Vec<String> {
    let mut damage = input.damage().to_vec();
    let stated = group.stated.map_or(0.0, |stated| stated.as_secs_f64());
    let missing = stated - seconds;
    if missing > SHORT {
        let file = input.file().display();
        damage.push(format!(
            "{file}: the manifest promises {stated:.3} s from here on, of which {missing:.3} s are missing"
        ));
    }
    damage
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

fn describe_video(input: &mut Input, group: &FragmentGroup) -> Result<VideoInfo, MediaError> {
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
    let tags = ColorTags::of_stream(&parameters);
    let pixel_aspect = pixel_aspect_of(&stream);
    let full_range = pixel_format.starts_with("yuvj");
    Ok(VideoInfo {
        codec: codec_name(&parameters),
        profile: profile_name(&parameters, profile),
        pixel_format,
        stored_size,
        orientation,
        pixel_aspect,
        size: orientation.apply(square_pixels(stored_size, pixel_aspect)),
        colors: tags.describe(full_range),
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
        damage: damage_of(input, group, span.seconds),
    })
}

fn describe_audio(input: &mut Input, group: &FragmentGroup) -> Result<AudioInfo, MediaError> {
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
    let mut damage = damage_of(input, group, span.seconds);
    damage.extend(input.damage_of_pages(rate)?);
    Ok(AudioInfo {
        codec: codec_name(&parameters),
        rate,
        channels,
        layout,
        start: seconds(span.start.unwrap_or(0), stream.time_base()),
        duration: span.seconds,
        duration_source: span.source,
        bit_rate: bit_rate(&parameters, input),
        damage,
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
