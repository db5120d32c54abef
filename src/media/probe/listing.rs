//! The coded pictures of a track, told without decoding them.

use ffmpeg_next::{Error, Packet, media};

use super::{find_stream, groups, seconds, stream};
use crate::cap::MediaSource;
use crate::media::ffmpeg::{self, MediaError};
use crate::media::input::{Allowed, Input};

/// Unreadable packets in a row after which a group counts as read.
const MOST_FAILURES: u32 = 64;

/// A coded picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListedPicture {
    /// When it is shown, seconds from the first picture of its track.
    pub seconds: f64,
    /// Coded bytes.
    pub bytes: u32,
    /// Whether decoding can start here.
    pub key: bool,
}

/// The pictures of a video track in the order in which they are stored. Groups of fragments follow one another.
///
/// # Errors
/// When the track can't be opened.
pub fn list_pictures(source: &MediaSource) -> Result<Vec<ListedPicture>, MediaError> {
    let mut pictures: Vec<ListedPicture> = Vec::new();
    let mut failure = None;
    for files in groups(source) {
        let from = pictures.iter().map(|picture| picture.seconds).fold(0.0, f64::max);
        match Input::open(files, Allowed::Track).and_then(|mut input| list(&mut input, from)) {
            Ok(more) => pictures.extend(more),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if pictures.is_empty() => Err(error),
        _ => Ok(pictures),
    }
}

fn list(input: &mut Input, from: f64) -> Result<Vec<ListedPicture>, MediaError> {
    let index = find_stream(input, media::Type::Video)?;
    let base = stream(input, index)?.time_base();
    let mut found = Vec::new();
    let mut packet = Packet::empty();
    let mut failures = 0;
    ffmpeg::forget_complaints();
    loop {
        match ffmpeg::read_packet(input.context(), &mut packet) {
            Ok(()) => failures = 0,
            Err(Error::InvalidData) if failures < MOST_FAILURES => {
                failures += 1;
                continue;
            }
            Err(_) => break,
        }
        if packet.stream() == index
            && let Some(pts) = packet.pts()
        {
            found.push((pts, packet.size(), packet.is_key()));
        }
    }
    let first = found.iter().map(|(pts, ..)| *pts).min().unwrap_or(0);
    Ok(found
        .into_iter()
        .map(|(pts, bytes, key)| ListedPicture {
            seconds: from + seconds(pts.saturating_sub(first), base),
            bytes: u32::try_from(bytes).unwrap_or(u32::MAX),
            key,
        })
        .collect())
}
