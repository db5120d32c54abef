//! Filters, mixes and warps against their formulas.

use super::scenes::{FILL, rect};
use super::*;
use crate::scene::{
    Background, Filter, Layer, LayerId, Mask, MaskEffect, Mix, Node, Plane, Role, Shade, Side, SourceId,
    Track,
};

const SIZE: Size = Size::new(75, 51);

/// Grain over the whole output, pixel by pixel.
fn noise(seed: u32) -> (Node, Pictures) {
    scenes::noise(SIZE, seed)
}

fn background() -> Node {
    Node::paint(Role::Background, Layer::Background(Background::plain(FILL)))
}

fn grey(seed: u32, x: i64, y: i64) -> f64 {
    let x = x.clamp(0, i64::from(SIZE.width) - 1) as u32;
    let y = y.clamp(0, i64::from(SIZE.height) - 1) as u32;
    f64::from(grain(seed, x, y, 0, 255))
}

fn drawn(nodes: Vec<Node>, pictures: &Pictures, sampling: Sampling) -> Option<Vec<[u8; 4]>> {
    let mut all = vec![background()];
    all.extend(nodes);
    let frame = SceneFrame {
        nodes: all,
        ..scenes::scene(Vec::new())
    };
    let spec = RenderSpec {
        sampling,
        ..spec(SIZE)
    };
    Some(draw(device()?, spec, &frame, pictures))
}

fn assert_grey(found: &[[u8; 4]], tolerance: f64, expected: impl Fn(u32, u32) -> f64) {
    for (index, pixel) in found.iter().enumerate() {
        let (x, y) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
        let off = (f64::from(pixel[0]) - expected(x, y)).abs();
        assert!(
            off <= tolerance,
            "({x}, {y}): {pixel:?} for {:.2}",
            expected(x, y)
        );
    }
}

fn mask(softness: f64, effect: MaskEffect) -> Node {
    let mask = Mask {
        rect: rect(10.0, 6.0, 40.0, 30.0),
        softness,
        effect,
    };
    Node::Filter(LayerId::only(Role::Mask, Side::Incoming), Filter::Mask(mask))
}

fn inside(x: u32, y: u32) -> bool {
    (10..50).contains(&x) && (6..36).contains(&y)
}

/// 12: the colour of the pixel at the cell's centre, cells counted from the frame's origin.
#[test]
fn a_pixelated_mask_shows_the_centres_of_its_cells() {
    for sampling in BOTH {
        for cell in [1.0f64, 7.0, 9.5] {
            let (screen, pictures) = noise(1);
            let nodes = vec![screen, mask(0.0, MaskEffect::Pixelate { cell })];
            let Some(found) = drawn(nodes, &pictures, sampling) else {
                return;
            };
            let centre = |at: u32| (((f64::from(at) + 0.5) / cell).floor() + 0.5) * cell;
            assert_grey(&found, 0.51, |x, y| {
                if inside(x, y) {
                    grey(1, centre(x) as i64, centre(y) as i64)
                } else {
                    grey(1, i64::from(x), i64::from(y))
                }
            });
        }
    }
}

/// 12: 25 taps over twice the radius, weights of a gaussian in steps of a quarter.
#[test]
fn a_blurred_mask_is_a_gaussian_blended_by_its_membership() {
    let radius = 12.0;
    let softness = 0.1;
    let (screen, pictures) = noise(2);
    let nodes = vec![screen, mask(softness, MaskEffect::Blur { radius })];
    let Some(found) = drawn(nodes, &pictures, Sampling::Adapter) else {
        return;
    };
    let weights: Vec<f64> = (-12..=12)
        .map(|i| (-0.5 * (f64::from(i) / 4.0).powi(2)).exp())
        .collect();
    let sum: f64 = weights.iter().sum();
    assert_grey(&found, 2.0, |x, y| {
        let (x, y) = (i64::from(x), i64::from(y));
        let row = |y: i64| {
            let taps = (-12..=12).zip(&weights);
            taps.map(|(i, weight)| grey(2, x + i, y) * weight).sum::<f64>() / sum
        };
        let taps = (-12..=12).zip(&weights);
        let blurred = taps
            .map(|(i, weight)| row((y + i).clamp(0, i64::from(SIZE.height) - 1)) * weight)
            .sum::<f64>()
            / sum;
        let u = (x as f64 + 0.5) / f64::from(SIZE.width);
        let v = (y as f64 + 0.5) / f64::from(SIZE.height);
        let (width, height) = (f64::from(SIZE.width), f64::from(SIZE.height));
        let within = |at: f64, low: f64, high: f64| (at - low).min(high - at);
        let depth = within(u, 10.0 / width, 50.0 / width).min(within(v, 6.0 / height, 36.0 / height));
        let t = (depth / softness).clamp(0.0, 1.0);
        let member = t * t * (3.0 - 2.0 * t);
        grey(2, x, y) * (1.0 - member) + blurred * member
    });
}

#[test]
fn a_mix_weighs_two_whole_pictures() {
    let (out, mut pictures) = noise(3);
    let (into, others) = noise(4);
    let id = SourceId::incoming(4, Track::Display);
    pictures.insert(id, others.get(id).unwrap().clone());
    for progress in [0.0, 0.25, 0.8] {
        let mix = Mix {
            out: vec![background(), out.clone()],
            into: vec![background(), into.clone()],
            progress,
        };
        let node = Node::Mix(LayerId::only(Role::Transition, Side::Incoming), mix);
        for sampling in BOTH {
            let Some(found) = drawn(vec![node.clone()], &pictures, sampling) else {
                return;
            };
            // Half a code value of rounding for each of weight, weighted picture and sum.
            assert_grey(&found, 1.51, |x, y| {
                let (x, y) = (i64::from(x), i64::from(y));
                grey(3, x, y) * (1.0 - progress) + grey(4, x, y) * progress
            });
        }
    }
}

#[test]
fn a_shade_darkens_all_but_its_rectangle() {
    let (screen, pictures) = noise(5);
    let shade = Shade {
        spared: Some(rect(10.0, 6.0, 40.0, 30.0)),
        strength: 0.4,
    };
    let nodes = vec![screen, Node::paint(Role::Mask, Layer::Shade(shade))];
    let Some(found) = drawn(nodes, &pictures, Sampling::Adapter) else {
        return;
    };
    assert_grey(&found, 0.6, |x, y| {
        let grey = grey(5, i64::from(x), i64::from(y));
        if inside(x, y) { grey } else { grey * 0.6 }
    });
}

/// A plane that is moved by whole pixels shows the pixels that it is made of, and what it leaves free stays.
#[test]
fn a_warp_maps_its_surface() {
    let (screen, pictures) = noise(6);
    let moved = |x: f64, y: f64| [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]];
    let plane = Plane {
        to_flat: moved(-20.0, 5.0),
        from_flat: moved(20.0, -5.0),
    };
    let id = LayerId::only(Role::Camera3d, Side::Incoming);
    for sampling in BOTH {
        let nodes = vec![Node::Warp(id, vec![screen.clone()], plane)];
        let Some(found) = drawn(nodes, &pictures, sampling) else {
            return;
        };
        assert_grey(&found, 0.51, |x, y| {
            if x >= 20 && y + 5 < SIZE.height {
                grey(6, i64::from(x) - 20, i64::from(y) + 5)
            } else {
                CANVAS[0] * 255.0
            }
        });
    }
}
