//! What this module reads by itself, before FFmpeg does, for arbitrary bytes.

use std::io::{self, Cursor};

use super::chain::mp4_facts;
use super::pages;
use super::repair::{self, Hole, cover};

/// Looks through `bytes` as through an MP4: its header, its tracks, damage between its boxes.
///
/// # Panics
/// When an answer can't be right.
pub(crate) fn boxes(bytes: &[u8]) {
    let mut stream = Cursor::new(bytes);
    let facts = mp4_facts(&mut stream).expect("bytes in memory can be read");
    assert_eq!(stream.position(), 0, "the position is left at the start");
    for track in &facts.tracks {
        check(track.seconds(facts.movie_scale));
        check(track.first_sample());
        let _ = (track.begins_unedited(), track.is_edited());
    }
    let holes = repair::find_holes(&mut stream).expect("bytes in memory can be read");
    assert_eq!(stream.position(), 0, "the position is left at the start");
    judge(&holes, bytes.len());
    for patch in holes.iter().filter_map(cover) {
        assert!(
            patch.at + patch.bytes.len() as u64 <= bytes.len() as u64,
            "a patch lies within the file"
        );
    }
}

/// Looks through `bytes` as through an Ogg file.
///
/// # Panics
/// When an answer can't be right.
pub(crate) fn ogg_pages(bytes: &[u8]) {
    let holes = pages::find_holes(&mut Cursor::new(bytes), 48_000).unwrap_or_else(|error: io::Error| {
        panic!("bytes in memory can be read: {error}");
    });
    judge(&holes, bytes.len());
}

/// Seconds that are told are numbers.
fn check(seconds: Option<f64>) {
    assert!(seconds.is_none_or(f64::is_finite), "{seconds:?}");
}

/// Holes lie one behind the other, within the file.
fn judge(holes: &[Hole], length: usize) {
    let mut reached = 0;
    for hole in holes {
        assert!(
            reached <= hole.start && hole.start <= hole.end,
            "{hole:?} behind {reached}"
        );
        assert!(hole.end <= length as u64, "{hole:?} of {length} bytes");
        check(hole.from);
        check(hole.to);
        reached = hole.end;
    }
}
