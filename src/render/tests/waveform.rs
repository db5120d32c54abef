//! Pictures of the sound against their definition, one pixel at a time in double precision.

use proptest::prelude::*;

use super::reference::worst;
use super::scenes::{rect, scene};
use super::*;
use crate::cap::config::WaveformStyle;
use crate::scene::{Layer, Waveform};

const SIZE: Size = Size::new(96, 64);

const STYLES: [WaveformStyle; 4] = [
    WaveformStyle::Bars,
    WaveformStyle::Mirrored,
    WaveformStyle::Line,
    WaveformStyle::Dots,
];

/// How much of the pixel whose centre is (x, y) a waveform covers, 0..=1. Bars and dots that touch count together.
fn coverage(wave: &Waveform, x: f64, y: f64) -> f64 {
    let slot = wave.rect.width / wave.levels.len() as f64;
    let bottom = wave.rect.y + wave.rect.height;
    let middle = |number: usize| wave.rect.x + (number as f64 + 0.5) * slot;
    let soft = |distance: f64| (0.5 - distance).clamp(0.0, 1.0);
    let bar = |number: usize, level: f64| {
        let height = (level * wave.rect.height).max(2.0 * wave.half);
        let centre = if wave.style == WaveformStyle::Bars {
            bottom - height / 2.0
        } else {
            bottom - wave.rect.height / 2.0
        };
        let radius = wave.radius.min(wave.half);
        let dx = (x - middle(number)).abs() - wave.half + radius;
        let dy = (y - centre).abs() - height / 2.0 + radius;
        soft(dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius)
    };
    let dot = |number: usize, level: f64| {
        let row = bottom - wave.half - level * (wave.rect.height - 2.0 * wave.half).max(0.0);
        soft((x - middle(number)).hypot(y - row) - wave.half)
    };
    let levels = || wave.levels.iter().copied().enumerate();
    match wave.style {
        WaveformStyle::Bars | WaveformStyle::Mirrored => {
            levels().map(|(n, level)| bar(n, level)).sum::<f64>().min(1.0)
        }
        WaveformStyle::Dots => levels().map(|(n, level)| dot(n, level)).sum::<f64>().min(1.0),
        WaveformStyle::Line => {
            let point = |n: usize| [middle(n), bottom - wave.levels[n] * wave.rect.height];
            let segment = |n: usize| {
                let (a, b) = (point(n), point(n + 1));
                let (ax, ay) = (b[0] - a[0], b[1] - a[1]);
                let share = ((x - a[0]) * ax + (y - a[1]) * ay) / (ax * ax + ay * ay);
                let share = share.clamp(0.0, 1.0);
                (x - a[0] - ax * share).hypot(y - a[1] - ay * share)
            };
            let nearest = (0..wave.levels.len() - 1)
                .map(segment)
                .fold(f64::INFINITY, f64::min);
            soft(nearest - wave.half)
        }
    }
}

/// The worst difference from the definition, code values; `None` without an adapter.
fn worst_of(wave: &Waveform) -> Option<(f64, String)> {
    let found = draw(
        device()?,
        spec(SIZE),
        &scene(vec![Layer::Waveform(wave.clone())]),
        &Pictures::new(),
    );
    let expected = (0..SIZE.area()).map(|index| {
        let x = (index % u64::from(SIZE.width)) as f64 + 0.5;
        let y = (index / u64::from(SIZE.width)) as f64 + 0.5;
        let alpha = coverage(wave, x, y);
        let share = ((y - wave.rect.y) / wave.rect.height).clamp(0.0, 1.0);
        [0, 1, 2].map(|channel| {
            let color = wave.colors[0][channel] + (wave.colors[1][channel] - wave.colors[0][channel]) * share;
            color * alpha + CANVAS[channel] * (1.0 - alpha)
        })
    });
    Some(worst(SIZE, &found, &expected.collect::<Vec<_>>()))
}

/// Bars of 12 pixels on a bottom at row 60: a level of a half of 40 pixels begins at row 40; beside the bars, and above them,
/// there is nothing.
#[test]
fn bars_stand_on_the_bottom_of_the_box() {
    let wave = Waveform {
        rect: rect(8.0, 20.0, 80.0, 40.0),
        style: WaveformStyle::Bars,
        levels: vec![0.5, 1.0, 0.0, 0.25],
        half: 6.0,
        radius: 0.0,
        colors: [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    };
    let Some(device) = device() else { return };
    let layer = Layer::Waveform(wave);
    let found = draw(device, spec(SIZE), &scene(vec![layer]), &Pictures::new());
    let at = |x: usize, y: usize| found[y * 96 + x];
    let canvas = at(0, 0);
    // The first bar: columns 12 to 23, rows 40 to 59.
    assert_eq!([at(11, 50), at(24, 50), at(18, 39), at(18, 60)], [canvas; 4]);
    // Red turns blue down the box: at row 50, 30.5 of 40 rows down.
    let blue = 255.0 * 30.5 / 40.0;
    let pixel = at(12, 50);
    assert!(
        (f64::from(pixel[2]) - blue).abs() <= 1.0 && (f64::from(pixel[0]) - (255.0 - blue)).abs() <= 1.0,
        "{pixel:?}"
    );
    // The second reaches the top, the third is as high as it is wide.
    assert_eq!(at(38, 20)[2], 3);
    assert_eq!((at(58, 47), at(58, 48) == canvas), (canvas, false));
}

fn wave() -> impl Strategy<Value = Waveform> {
    let place = (-20.0..40.0f64, -20.0..30.0f64, 20.0..90.0f64, 5.0..60.0f64);
    let levels = prop::collection::vec(0.0..=1.0f64, 8..40);
    (place, levels, 0.02..=1.0f64, 0.0..=1.0f64, 0..4usize).prop_map(
        |((x, y, width, height), levels, share, rounding, style)| {
            let half = (width / levels.len() as f64 * share / 2.0).max(0.5);
            Waveform {
                rect: rect(x, y, width, height),
                style: STYLES[style],
                levels,
                half,
                radius: rounding * half,
                colors: [[1.0, 0.9, 0.0], [0.0, 0.2, 1.0]],
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn every_pixel_is_as_defined(wave in wave()) {
        let Some((worst, at)) = worst_of(&wave) else { return Ok(()) };
        prop_assert!(worst < 1.6, "{wave:?} {at}");
    }
}
