//! Window frames and the notch against cap-look.md 5, 15.3 and 16 in double precision.

use proptest::prelude::*;

use super::reference::{Rgb, coverage, distance, over, smoothstep, worst};
use super::scenes::{card, rect, scene};
use super::*;
use crate::cap::config::RoundingType;
use crate::scene::{Bitmap, BorderLine, Card, Corner, Layer, Notch, Rect, Shadow, Smear, Track, Window};

const SIZE: Size = Size::new(96, 64);

/// Two columns: dark and opaque, bright and half there.
fn artwork() -> Bitmap {
    let data = [[40, 80, 120, 255], [100, 90, 80, 128]].concat();
    Bitmap::new(Size::new(2, 1), data).unwrap()
}

/// Of the artwork, premultiplied, bilinear between its two columns; nothing beyond.
fn art_at(art: Rect, x: f64, y: f64) -> [f64; 4] {
    let (u, v) = ((x - art.x) / art.width, (y - art.y) / art.height);
    if !(0.0..=1.0).contains(&u) || !(0.0..=1.0).contains(&v) {
        return [0.0; 4];
    }
    let t = (u * 2.0 - 0.5).clamp(0.0, 1.0);
    let (a, b) = ([40.0, 80.0, 120.0, 255.0], [100.0, 90.0, 80.0, 128.0]);
    [0, 1, 2, 3].map(|c: usize| (a[c] + (b[c] - a[c]) * t) / 255.0)
}

/// A card of the same shape, for 5.1 and 5.2.
fn shape(rect: Rect, corner: Corner) -> Card {
    Card {
        corner,
        ..card(Track::Display, Size::new(2, 2), rect)
    }
}

/// 7.2 and 7.3 from their words: the artwork's samples, each with its own coverage.
fn smeared_art(window: &Window, shape: &Card, x: f64, y: f64) -> [f64; 4] {
    let of = |x: f64, y: f64| {
        let covered = coverage(shape, 0.0, x, y) * window.opacity;
        art_at(window.art, x, y).map(|channel| channel * covered)
    };
    let rect = window.rect;
    let (ray, samples): ([f64; 2], Vec<(f64, f64)>) = match window.smear {
        None => return of(x, y),
        Some(Smear::Directional { vector: [dx, dy] }) => (
            [dx * rect.width, dy * rect.height],
            (0..=20).map(|i| (f64::from(i) / 20.0, 1.0)).collect(),
        ),
        Some(Smear::Radial { centre, amount }) => {
            let way = [
                centre[0] - (x - rect.x) / rect.width,
                centre[1] - (y - rect.y) / rect.height,
            ];
            let distance = way[0].hypot(way[1]).max(1e-9);
            let length = (distance * amount).min(0.10) / distance;
            let place = x as f32 * 12.9898 + y as f32 * 78.233;
            let wave = f64::from(place).sin() as f32 * 43_758.547;
            let noise = f64::from(wave - wave.floor());
            let at = |i: i32| (f64::from(i) + noise) / 13.0;
            (
                [way[0] * length * rect.width, way[1] * length * rect.height],
                (0..13).map(|i| (at(i), 4.0 * (at(i) - at(i) * at(i)))).collect(),
            )
        }
    };
    let weights: f64 = samples.iter().map(|(_, weight)| weight).sum();
    let mut sum = [0.0; 4];
    for (f, weight) in samples {
        let art = of(x + ray[0] * f, y + ray[1] * f);
        sum = std::array::from_fn(|channel| sum[channel] + art[channel] * weight / weights);
    }
    sum
}

fn painted_window(window: &Window, x: f64, y: f64) -> Rgb {
    let shape = shape(window.rect, window.corner);
    let covered = coverage(&shape, 0.0, x, y);
    let mut art = smeared_art(window, &shape, x, y);
    if let (Some(_), Some(border)) = (window.smear, window.border) {
        // 5.6: the border hides what is smeared below it.
        let rim = (coverage(&shape, border.width, x, y) - covered).max(0.0);
        let left = ((1.0 - rim) / art[3].max(1e-4)).min(1.0);
        art = art.map(|channel| channel * left);
    }
    let (ring, line) = window.border.map_or((0.0, [0.0; 3]), |border| {
        let ring = (coverage(&shape, border.width, x, y) - covered).max(0.0);
        (ring * border.opacity, border.color)
    });
    let alpha = art[3] + ring;
    let shadow = window.shadow.map_or(0.0, |shadow| {
        let d = distance(&shape, 0.0, x, y).abs();
        shadow.alpha * smoothstep(shadow.size + shadow.blur, -shadow.blur, d)
    });
    let total = alpha + shadow * (1.0 - alpha);
    [0, 1, 2].map(|c| art[c] + line[c] * ring + CANVAS[c] * (1.0 - total))
}

fn assert_painted(layer: Layer, tolerance: f64, at: impl Fn(f64, f64) -> Rgb) -> Result<(), TestCaseError> {
    let Some(device) = device() else { return Ok(()) };
    let found = draw(device, spec(SIZE), &scene(vec![layer]), &Pictures::new());
    let pixel = |index: u64| {
        let x = (index % u64::from(SIZE.width)) as f64 + 0.5;
        let y = (index / u64::from(SIZE.width)) as f64 + 0.5;
        at(x, y)
    };
    let expected: Vec<Rgb> = (0..SIZE.area()).map(pixel).collect();
    let (off, place) = worst(SIZE, &found, &expected);
    prop_assert!(off <= tolerance, "{off:.2} off at {place}");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn window_frames_are_cut_and_decorated_like_cards(
        (x, y, width, height) in (-20.0..40.0f64, -20.0..30.0f64, 20.0..90.0f64, 20.0..60.0f64),
        radius in 0.0..10.0f64,
        squircle in any::<bool>(),
        shadow in any::<bool>(),
        border in any::<bool>(),
        opacity in prop_oneof![Just(1.0), 0.1..1.0f64],
        bar in 0.2..1.0f64,
        smear in prop_oneof![
            Just(None),
            (-0.15..0.15f64, -0.15..0.15f64).prop_map(|(x, y)| Some(Smear::Directional { vector: [x, y] })),
            (0.0..1.0f64, 0.0..1.0f64, 0.01..0.3f64)
                .prop_map(|(x, y, amount)| Some(Smear::Radial { centre: [x, y], amount })),
        ],
    ) {
        let place = rect(x, y, width, height);
        let window = Window {
            bitmap: artwork(),
            art: rect(x, y, width, height * bar),
            rect: place,
            corner: Corner {
                kind: if squircle { RoundingType::Squircle } else { RoundingType::Rounded },
                radius,
            },
            shadow: shadow.then_some(Shadow { size: 8.0, blur: 5.0, alpha: 0.6 }),
            border: border.then_some(BorderLine { width: 3.0, color: [1.0, 0.4, 0.0], opacity: 0.8 }),
            opacity,
            smear,
            hidden: None,
        };
        // Bilinear weights have 8 bits; the noise is the driver's sine.
        let tolerance = if matches!(smear, Some(Smear::Radial { .. })) { 6.0 } else { 2.2 };
        assert_painted(Layer::Window(window.clone()), tolerance, |x, y| painted_window(&window, x, y))?;
    }

    #[test]
    fn the_notch_is_cut_at_the_screens_edges(
        (x, y, width, height) in (-10.0..40.0f64, -15.0..20.0f64, 12.0..60.0f64, 8.0..30.0f64),
        (left, top) in (-5.0..30.0f64, -5.0..20.0f64),
        opacity in prop_oneof![Just(1.0), 0.1..1.0f64],
    ) {
        let notch = Notch {
            rect: rect(x, y, width, height),
            clip: rect(left, top, 60.0, 50.0),
            opacity,
        };
        assert_painted(Layer::Notch(notch), 1.6, |x, y| painted_notch(&notch, x, y))?;
    }
}

/// By 16: straight sides, inset by a fillet of 0.075 h at the top, and lower corners of 0.25 h.
fn painted_notch(notch: &Notch, x: f64, y: f64) -> Rgb {
    let rect = notch.rect;
    let seen = {
        let (left, top) = (rect.x.max(notch.clip.x), rect.y.max(notch.clip.y));
        let right = rect.right().min(notch.clip.right());
        let bottom = rect.bottom().min(notch.clip.bottom());
        if right <= left || bottom <= top {
            return CANVAS;
        }
        Rect {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        }
    };
    let corner = Corner {
        kind: RoundingType::Rounded,
        radius: 0.0,
    };
    let within = coverage(&shape(seen, corner), 0.0, x, y);
    let fillet = (0.075 * rect.height).min(rect.width / 4.0);
    let radius = (0.25 * rect.height).min((rect.width - 2.0 * fillet) / 2.0);
    let from_middle = (x - rect.x - rect.width / 2.0).abs();
    let side = rect.width / 2.0 - fillet;
    // Distance to the body, whose top is far above.
    let (qx, qy) = (from_middle - side + radius, y - rect.bottom() + radius);
    let body = qx.max(0.0).hypot(qy.max(0.0)) + qx.max(qy).min(0.0) - radius;
    let d = if from_middle >= side && y <= rect.y + fillet {
        fillet - (from_middle - side - fillet).hypot(y - rect.y - fillet)
    } else {
        body
    };
    let alpha = (0.5 - d).clamp(0.0, 1.0) * within * notch.opacity;
    over(CANVAS, [0.0; 3], alpha)
}
