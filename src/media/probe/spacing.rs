//! The nominal rate of a track whose rate is written down nowhere, from how its pictures are spaced (cap-format.md 3.5,
//! rule 7).

use ffmpeg_next::{Packet, media};

use super::{find_stream, groups, seconds, stream};
use crate::cap::MediaSource;
use crate::media::ffmpeg::{self, MediaError};
use crate::media::input::{Allowed, Input};

/// Most pictures that are looked at: half an hour at 60 a second.
const MOST_PICTURES: usize = 108_000;
/// Unreadable packets in a row after which a group counts as read.
const MOST_FAILURES: u32 = 64;
/// Pictures closer than this, seconds, are one picture stored twice.
const SHORTEST_GAP: f64 = 1.0 / 500.0;
/// Gaps that are further than this part of a spacing from it belong to another: twice the spacing and half of it do.
const NEAR: f64 = 0.4;
/// Rates that recorders and cameras have. A measured one this close, as a part of it, is one of them.
const USUAL: [f64; 14] = [
    24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 72.0, 75.0, 90.0, 100.0, 120.0, 144.0, 165.0, 240.0,
];
const SNAP: f64 = 0.02;
/// Slower rates are multiplied until they are at least this one: the pictures of such a film need not lie on the grid of
/// their spacing, and a finer grid shows each in time.
const SLOWEST: f64 = 23.5;

/// A grid for the pictures of a video track: its [`picture_rate`], or a multiple of that where it is slow.
///
/// # Errors
/// When the track can't be opened.
pub fn nominal_rate(source: &MediaSource) -> Result<Option<u32>, MediaError> {
    Ok(picture_rate(source)?.map(grid_of))
}

/// The finest spacing that is common among the pictures of a video track, as pictures per second; `None` where there are
/// fewer than two. Reads the packets of the file, and decodes nothing.
///
/// # Errors
/// When the track can't be opened.
pub fn picture_rate(source: &MediaSource) -> Result<Option<f64>, MediaError> {
    let mut gaps = Vec::new();
    let mut failure = None;
    for files in groups(source) {
        let read = Input::open(files, Allowed::Track).and_then(|mut input| gaps_of(&mut input));
        match read {
            Ok(more) => gaps.extend(more),
            Err(error) => failure = Some(error),
        }
        if gaps.len() >= MOST_PICTURES {
            break;
        }
    }
    match failure {
        Some(error) if gaps.is_empty() => Err(error),
        _ => Ok(rate_of(gaps)),
    }
}

/// Seconds from picture to picture.
fn gaps_of(input: &mut Input) -> Result<Vec<f64>, MediaError> {
    let index = find_stream(input, media::Type::Video)?;
    let base = stream(input, index)?.time_base();
    let mut times = Vec::new();
    let mut packet = Packet::empty();
    let mut failures = 0;
    ffmpeg::forget_complaints();
    while times.len() < MOST_PICTURES {
        match ffmpeg::read_packet(input.context(), &mut packet) {
            Ok(()) => failures = 0,
            Err(ffmpeg_next::Error::InvalidData) if failures < MOST_FAILURES => {
                failures += 1;
                continue;
            }
            Err(_) => break,
        }
        if packet.stream() == index
            && let Some(pts) = packet.pts()
        {
            times.push(pts);
        }
    }
    times.sort_unstable();
    Ok(times
        .windows(2)
        .map(|pair| seconds(pair[1].saturating_sub(pair[0]), base))
        .collect())
}

/// The rate of the finest spacing among `gaps` that is more than an accident.
fn rate_of(mut gaps: Vec<f64>) -> Option<f64> {
    gaps.retain(|gap| *gap >= SHORTEST_GAP && gap.is_finite());
    gaps.sort_by(f64::total_cmp);
    let last = gaps.len().checked_sub(1)?;
    // What occurs once among many, or in less than one of a hundred, is an accident.
    let from = if last < 3 { 0 } else { (gaps.len() / 100).max(1) };
    let mut spacing = gaps[from.min(last)];
    // Clocks jitter: the middle of the gaps around it, which draws nearer with every round.
    for _ in 0..8 {
        let near = |gap: &&f64| (**gap / spacing - 1.0).abs() < NEAR;
        let (sum, count) = gaps
            .iter()
            .filter(near)
            .fold((0.0, 0.0), |(sum, count), gap| (sum + gap, count + 1.0));
        if count == 0.0 {
            break;
        }
        spacing = sum / count;
    }
    let rate = 1.0 / spacing;
    let usual = USUAL
        .into_iter()
        .min_by(|a, b| (rate / a).ln().abs().total_cmp(&(rate / b).ln().abs()))
        .filter(|usual| (rate / usual - 1.0).abs() <= SNAP);
    Some(usual.unwrap_or(rate))
}

/// The rate itself, or its smallest multiple that is fine enough.
fn grid_of(rate: f64) -> u32 {
    (rate * (SLOWEST / rate).ceil().max(1.0)).round() as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_second_of_motion_and_five_of_rest_have_the_rate_of_the_motion() {
        let mut gaps = vec![1.0 / 60.0; 60];
        gaps.push(5.0);
        assert_eq!(rate_of(gaps), Some(60.0));
    }

    #[test]
    fn milliseconds_and_broadcast_rates_are_told() {
        let milliseconds: Vec<f64> = (0..200)
            .map(|n| f64::from((n + 1) * 50 / 3 - n * 50 / 3) / 1000.0)
            .collect();
        assert_eq!(rate_of(milliseconds), Some(60.0));
        assert_eq!(rate_of(vec![1001.0 / 30000.0; 9]), Some(30.0));
        assert_eq!(rate_of(vec![1001.0 / 24000.0; 9]), Some(24.0));
    }

    #[test]
    fn pictures_that_are_stored_twice_and_single_accidents_do_not_count() {
        let mut gaps = vec![1.0 / 30.0; 40];
        gaps.extend([0.0, 0.0005, 0.004]);
        assert_eq!(rate_of(gaps), Some(30.0));
        assert_eq!(rate_of(vec![1.0 / 60.0, 4.0]), Some(60.0));
        assert_eq!(rate_of(vec![]), None);
        assert_eq!(rate_of(vec![0.0; 5]), None);
    }

    #[test]
    fn slow_films_get_a_finer_grid_of_their_own() {
        assert_eq!(rate_of(vec![0.1; 9]), Some(10.0));
        for (rate, grid) in [
            (10.0, 30),
            (1.0, 24),
            (0.01, 24),
            (24.0, 24),
            (25.0, 25),
            (60.0, 60),
            (15.0, 30),
        ] {
            assert_eq!(grid_of(rate), grid, "{rate}");
        }
    }

    proptest! {
        /// A screen that changes on some of its display's ticks, by a clock that is off by up to a fiftieth of a tick.
        #[test]
        fn the_display_is_told_from_the_ticks_that_were_kept(
            rate in prop::sample::select(vec![24_u32, 25, 30, 50, 60, 120, 144]),
            steps in prop::collection::vec((prop::sample::select(vec![1_u32, 1, 1, 2, 3, 7, 400]), -0.02..0.02_f64), 40..300),
        ) {
            prop_assume!(steps.iter().filter(|(step, _)| *step == 1).count() > steps.len() / 4);
            let gaps = steps.iter().map(|(step, off)| (f64::from(*step) + off) / f64::from(rate)).collect();
            prop_assert_eq!(rate_of(gaps), Some(f64::from(rate)));
        }
    }
}
