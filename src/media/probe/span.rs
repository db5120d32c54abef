//! How long a track lasts.

use ffmpeg_next::{Packet, Rational, ffi, media};

use super::info::DurationSource;
use super::stream;
use crate::media::ffmpeg::{self, MediaError};
use crate::media::input::{Input, MAX_SECONDS};

/// Unreadable packets in a row after which a file counts as read.
const MAX_FAILURES: u32 = 1000;

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

/// Seconds after which the file that follows this one begins, where several are one track: the track's own ticks where they
/// agree with the header's, which are often milliseconds and would add up.
pub(crate) fn joint_seconds(input: &Input, kind: media::Type, seconds: f64) -> f64 {
    match input.track_seconds(kind) {
        Some(own) if (own - seconds).abs() <= 0.001 => own,
        _ => seconds,
    }
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
        match ffmpeg::read_packet(input.context(), &mut packet) {
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
