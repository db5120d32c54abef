//! Colour grades against cap-look.md 17 in double precision, and blurred backgrounds against 4.4.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::reference::{Rgb, graded, paint, worst};
use super::scenes::{FILL, card, grainy, of, rect};
use super::*;
use crate::frame::PackedFrame;
use crate::scene::{
    Background, Fill, Grade, Grain, Layer, LayerId, Node, Pointer, PointerArt, Role, Side, Track, Vignette,
};
use crate::time::OutputTime;

const SIZE: Size = Size::new(96, 64);
const SCREEN: Size = Size::new(60, 40);

fn grade() -> impl Strategy<Value = Grade> {
    let factor = || 0.4..1.6f64;
    let vignette = prop::option::of((0.1..1.0f64, any::<bool>()));
    (
        [factor(), factor(), factor()],
        [0.0..2.0f64, 0.0..2.0f64, -1.0..1.0f64, 0.0..1.0f64],
        vignette,
    )
        .prop_map(
            |(balance, [contrast, saturation, split_tone, fade], vignette)| Grade {
                balance,
                contrast,
                saturation,
                split_tone,
                fade,
                vignette: vignette.map(|(strength, whole)| Vignette {
                    strength,
                    within: if whole {
                        rect(0.0, 0.0, 96.0, 64.0)
                    } else {
                        rect(11.0, 7.0, 55.0, 40.0)
                    },
                }),
                grain: None,
            },
        )
}

fn frame(background: Background, layers: Vec<Layer>) -> SceneFrame {
    let layers = (0..).zip(layers).map(|(index, layer)| {
        let (role, side) = (Role::Screen, Side::Incoming);
        Node::Paint(LayerId { role, index, side }, layer)
    });
    let background = Node::paint(Role::Background, Layer::Background(background));
    SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes: std::iter::once(background).chain(layers).collect(),
    }
}

/// A disc with soft edges, premultiplied.
fn disc(_: &PointerArt) -> PackedFrame {
    let mut image = PackedFrame::new(Size::new(16, 16), PackedFormat::Rgba);
    for (index, pixel) in image.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((index % 16) as f64 - 7.5, (index / 16) as f64 - 7.5);
        let alpha = (8.0 - x.hypot(y)).clamp(0.0, 1.0) * 255.0;
        *pixel.first_chunk_mut().unwrap() = [alpha * 0.8, alpha * 0.5, alpha * 0.2, alpha].map(|v| v as u8);
    }
    image
}

fn painted(scene: &SceneFrame, pictures: &Pictures, sampling: Sampling) -> Option<Vec<[u8; 4]>> {
    let spec = RenderSpec {
        pointer_art: BTreeMap::from([("a".to_owned(), Arc::new(disc(&PointerArt::Circle)))]),
        sampling,
        ..spec(SIZE)
    };
    Some(draw(device()?, spec, scene, pictures))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn grades_of_all_layers_are_as_specified(
        grade in grade(),
        aligned in any::<bool>(),
        opacity in prop_oneof![Just(1.0), 0.3..1.0f64],
    ) {
        let place = if aligned { rect(20.0, 12.0, 60.0, 40.0) } else { rect(17.3, 10.6, 51.0, 41.3) };
        let mut shown = card(Track::Display, SCREEN, place);
        shown.corner.radius = 9.0;
        shown.opacity = opacity;
        shown.grade = Some(grade);
        let pointer = Pointer {
            art: PointerArt::Recorded("a".to_owned()),
            rect: rect(50.0, 30.0, 22.0, 22.0),
            rotation: 0.2,
            opacity: 0.9,
            clip: place,
            smear: None,
            grade: Some(grade),
        };
        let background = Background { grade: Some(grade), ..Background::plain(FILL) };
        let scene = frame(background, vec![Layer::Card(shown), Layer::Pointer(pointer)]);
        let picture = grainy(SCREEN, scenes::I420, YuvColor::BT709_LIMITED, 5);
        let pictures = of(&[(Track::Display, &picture)]);
        let canvas = |x, y| graded(CANVAS.map(|c| (c * 255.0).round() / 255.0), Some(&grade), x, y);
        let expected = paint(SIZE, canvas, &scene, &pictures, ColorPolicy::ByTags, &disc);
        for sampling in BOTH {
            let Some(found) = painted(&scene, &pictures, sampling) else { return Ok(()) };
            let (off, place) = worst(SIZE, &found, &expected);
            // What is graded has 8 bits, and the filter's weights have; contrast, saturation and balance multiply that. What
            // the processor graded has 8 bits again before it is blended.
            let gain = grade.balance.iter().fold(0.0f64, |a, b| a.max(*b)) * grade.contrast.max(0.3)
                * grade.saturation.max(1.0);
            prop_assert!(off <= 2.2 + 1.6 * gain, "{sampling}: {off:.2} off at {place}");
        }
    }
}

/// Grain is held to its values: the hash in single precision, at pixel centres moved by the frame's number.
#[test]
fn grain_is_the_specified_hash() {
    let grade = Grade {
        balance: [1.0; 3],
        contrast: 1.0,
        saturation: 1.0,
        split_tone: 0.0,
        fade: 0.0,
        vignette: None,
        grain: Some(Grain {
            strength: 0.6,
            seed: 23,
        }),
    };
    let background = Background {
        grade: Some(grade),
        ..Background::plain(FILL)
    };
    let Some(found) = painted(
        &frame(background, Vec::new()),
        &Pictures::new(),
        Sampling::Adapter,
    ) else {
        return;
    };
    let base = CANVAS.map(|channel| (channel * 255.0).round() / 255.0);
    let mut near = 0;
    for (index, pixel) in found.iter().enumerate() {
        let (x, y) = (index % 96, index / 96);
        let expected = graded(base, Some(&grade), x as f64 + 0.5, y as f64 + 0.5);
        near += u32::from((0..3).all(|c| (f64::from(pixel[c]) - expected[c] * 255.0).abs() < 1.5));
    }
    // Adapters may contract multiplications and additions, which moves single values far.
    assert!(near > 96 * 64 * 98 / 100, "{near} of {}", 96 * 64);
}

#[test]
fn blur_is_a_gaussian_in_two_halves() {
    let mut image = PackedFrame::new(SIZE, PackedFormat::Rgba);
    for (index, pixel) in image.data.chunks_exact_mut(4).enumerate() {
        let (x, y) = ((index % 96) as u32, (index / 96) as u32);
        pixel.copy_from_slice(&[
            grain(1, x, y, 0, 255),
            grain(2, x / 5, y / 5, 0, 255),
            (x * 2) as u8,
            255,
        ]);
    }
    for sigma in [0.2, 1.7, 11.0] {
        let background = Background {
            blur: sigma,
            ..Background::plain(Fill::Image("picture".to_owned()))
        };
        let Some(device) = device() else { return };
        let spec = RenderSpec {
            background_images: BTreeMap::from([("picture".to_owned(), Arc::new(image.clone()))]),
            ..spec(SIZE)
        };
        let found = draw(device, spec, &frame(background, Vec::new()), &Pictures::new());
        let source: Vec<Rgb> = image
            .data
            .chunks_exact(4)
            .map(|pixel| [0, 1, 2].map(|c| f64::from(pixel[c]) / 255.0))
            .collect();
        let rows = halved(&source, sigma, (1.0, 0.0));
        let rounded: Vec<Rgb> = rows
            .iter()
            .map(|rgb| rgb.map(|c| (c * 255.0).round() / 255.0))
            .collect();
        let expected = halved(&rounded, sigma, (0.0, 1.0));
        let (off, place) = worst(SIZE, &found, &expected);
        assert!(off < 1.6, "sigma {sigma}: {off:.2} off at {place}");
    }
}

/// One half of 4.4: K = min(24, ceil(3 sigma)) taps on either side, 3 sigma / K apart.
fn halved(source: &[Rgb], sigma: f64, direction: (f64, f64)) -> Vec<Rgb> {
    let taps = (3.0 * sigma).ceil().min(24.0);
    let at = |x: f64, y: f64| {
        let clamp = |v: f64, side: u32| v.clamp(0.0, f64::from(side - 1)) as usize;
        source[clamp(y, SIZE.height) * SIZE.width as usize + clamp(x, SIZE.width)]
    };
    let mix = |a: Rgb, b: Rgb, t: f64| [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * t);
    let pixel = |index: usize| {
        let (x, y) = ((index % 96) as f64, (index / 96) as f64);
        let (mut sum, mut weights) = ([0.0; 3], 0.0);
        for i in -(taps as i32)..=taps as i32 {
            let offset = f64::from(i) * 3.0 * sigma / taps;
            let weight = (-offset * offset / (2.0 * sigma * sigma)).exp();
            let (sx, sy) = (x + offset * direction.0, y + offset * direction.1);
            let (fx, fy) = (sx.floor(), sy.floor());
            let row = |y: f64| mix(at(fx, y), at(fx + 1.0, y), sx - fx);
            let tap = mix(row(fy), row(fy + 1.0), sy - fy);
            sum = [0, 1, 2].map(|c| sum[c] + weight * tap[c]);
            weights += weight;
        }
        sum.map(|channel| channel / weights)
    };
    (0..source.len()).map(pixel).collect()
}
