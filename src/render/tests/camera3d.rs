//! Mapped surfaces and the focus blur against their formulas in double precision (cap-look.md 18).

use super::*;
use crate::scene::{Background, Filter, FocusBlur, FocusShape, Layer, LayerId, Node, Plane, Role, Side};

const SIZE: Size = Size::new(120, 68);

fn grey(seed: u32, x: f64, y: f64) -> f64 {
    let at = |at: f64, side: u32| at.clamp(0.0, f64::from(side) - 1.0) as u32;
    f64::from(grain(seed, at(x, SIZE.width), at(y, SIZE.height), 0, 255))
}

fn drawn(nodes: Vec<Node>, pictures: &Pictures) -> Option<Vec<[u8; 4]>> {
    let background = Layer::Background(Background::plain(scenes::FILL));
    let mut all = vec![Node::paint(Role::Background, background)];
    all.extend(nodes);
    let frame = SceneFrame {
        nodes: all,
        ..scenes::scene(Vec::new())
    };
    Some(draw(device()?, spec(SIZE), &frame, pictures))
}

fn assert_grey(found: &[[u8; 4]], tolerance: f64, expected: impl Fn(f64, f64) -> f64) {
    for (index, pixel) in found.iter().enumerate() {
        let (x, y) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
        let expected = expected(f64::from(x) + 0.5, f64::from(y) + 0.5);
        let off = (f64::from(pixel[0]) - expected).abs();
        assert!(off <= tolerance, "({x}, {y}): {pixel:?} for {expected:.2}");
    }
}

/// The plane whose inverse is given by rows.
fn plane(to_flat: [[f64; 3]; 3]) -> Plane {
    let m = to_flat;
    let minor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * minor(0, c)).sum();
    let from_flat = std::array::from_fn(|r| std::array::from_fn(|c| minor(c, r) / determinant));
    Plane { to_flat, from_flat }
}

/// 18.2: bilinear, the edge fading over an output pixel, nothing behind the camera. The rate at which the edge's distance
/// changes is measured here by steps of a thousandth of a pixel.
#[test]
fn a_plane_in_space_is_mapped() {
    let planes = [
        // Turned and shrunk.
        [[1.1, 0.35, -20.0], [-0.25, 1.3, -2.0], [0.0, 0.0, 1.0]],
        // Leaning: the horizon lies within the frame, to the right.
        [[1.2, 0.1, -10.0], [0.15, 1.4, -15.0], [-0.011, 0.0, 1.0]],
        // The same with the horizon below.
        [[1.5, 0.0, -40.0], [0.1, 1.1, -8.0], [0.001, -0.017, 1.0]],
    ];
    for to_flat in planes {
        let (screen, pictures) = scenes::noise(SIZE, 6);
        let id = LayerId::only(Role::Camera3d, Side::Incoming);
        let nodes = vec![Node::Warp(id, vec![screen], plane(to_flat))];
        let Some(found) = drawn(nodes, &pictures) else {
            return;
        };
        let flat = |x: f64, y: f64| {
            let [u, v, w] = to_flat.map(|row| row[0] * x + row[1] * y + row[2]);
            (u / w, v / w, w)
        };
        let mut behind = 0;
        let mut seen = 0;
        for (index, pixel) in found.iter().enumerate() {
            let (x, y) = (index as u32 % SIZE.width, index as u32 / SIZE.width);
            let (x, y) = (f64::from(x) + 0.5, f64::from(y) + 0.5);
            let canvas = CANVAS[0] * 255.0;
            let (u, v, w) = flat(x, y);
            let expected = if w <= 0.0 {
                behind += 1;
                canvas
            } else {
                let step = 1e-3;
                let (right, down) = (flat(x + step, y), flat(x, y + step));
                let fade = |at: f64, end: u32, by_x: f64, by_y: f64| {
                    let rate = ((by_x - at) / step).hypot((by_y - at) / step);
                    (at.min(f64::from(end) - at) / rate + 0.5).clamp(0.0, 1.0)
                };
                let cover = fade(u, SIZE.width, right.0, down.0).min(fade(v, SIZE.height, right.1, down.1));
                seen += usize::from(cover > 0.0);
                let (left, top) = ((u - 0.5).floor(), (v - 0.5).floor());
                let (dx, dy) = (u - 0.5 - left, v - 0.5 - top);
                let row = |y: f64| grey(6, left, y) * (1.0 - dx) + grey(6, left + 1.0, y) * dx;
                let shown = row(top) * (1.0 - dy) + row(top + 1.0) * dy;
                // Near the horizon a pixel shows too much for single precision to tell which texels they are.
                if right.0 - u > step * 20.0 || down.1 - v > step * 20.0 {
                    continue;
                }
                shown * cover + canvas * (1.0 - cover)
            };
            // Texture units weigh texels in steps of 1/256 of the 255 between two of them.
            let off = (f64::from(pixel[0]) - expected).abs();
            assert!(off <= 3.0, "({x}, {y}): {pixel:?} for {expected:.2}");
        }
        assert!(seen > 1000);
        assert_eq!(behind > 0, to_flat[2] != [0.0, 0.0, 1.0]);
    }
}

const CENTRE: [f64; 2] = [0.4, 0.6];

fn shapes() -> [FocusShape; 3] {
    let (sin, cos) = 30f64.to_radians().sin_cos();
    [
        FocusShape::Radial {
            centre: CENTRE,
            size: 0.2,
        },
        FocusShape::TiltShift {
            centre: CENTRE,
            size: 0.1,
            across: [sin, cos],
        },
        FocusShape::Directional {
            towards: [cos, sin],
            threshold: -0.2,
        },
    ]
}

/// 18.3, from the formulas as they are written: UV with y up.
fn amount(blur: &FocusBlur, x: f64, y: f64) -> f64 {
    let (width, height) = (f64::from(SIZE.width), f64::from(SIZE.height));
    let aspect = width / height;
    let uv = [x / width, 1.0 - y / height];
    let from = |centre: [f64; 2]| [(uv[0] - centre[0]) * aspect, uv[1] - centre[1]];
    let dot = |a: [f64; 2], b: [f64; 2]| a[0] * b[0] + a[1] * b[1];
    let widen = 1.0 + 3.0 * blur.falloff;
    let (d, ramp) = match blur.shape {
        FocusShape::Radial { centre, size } => {
            let d = from(centre);
            (d[0].hypot(d[1]) - size / 2.0, (size / 2.0 + 0.35) * widen)
        }
        FocusShape::TiltShift { centre, size, across } => (
            (dot(from(centre), across).abs() - size / 2.0).max(0.0) - size / 2.0,
            (size / 2.0 + 0.35) * widen,
        ),
        FocusShape::Directional { towards, threshold } => {
            ((dot(from([0.5, 0.5]), towards) - threshold).max(0.0), 0.7 * widen)
        }
    };
    let u = (d / ramp).clamp(0.0, 1.0);
    (u * u * (3.0 - 2.0 * u)).powf(2.0 + (0.7 - 2.0) * blur.falloff) * blur.strength
}

fn blur(shape: FocusShape, strength: f64, bokeh: bool) -> FocusBlur {
    FocusBlur {
        shape,
        falloff: 0.3,
        strength,
        bokeh,
        size: SIZE,
    }
}

fn blurred(seed: u32, blur: FocusBlur) -> Option<Vec<[u8; 4]>> {
    let (screen, pictures) = scenes::noise(SIZE, seed);
    let id = LayerId::only(Role::FocusBlur, Side::Incoming);
    drawn(vec![screen, Node::Filter(id, Filter::FocusBlur(blur))], &pictures)
}

/// 18.4: a separable gaussian of half the amount, cut at the whole pixels of the amount, or of 40 pixels of 1080 lines.
#[test]
fn the_focus_blur_is_a_gaussian_of_each_pixels_own_radius() {
    for shape in shapes() {
        // At 68 lines the longest radius is 2.5 pixels.
        for strength in [1.4, 9.0] {
            let blur = blur(shape, strength, false);
            let Some(found) = blurred(7, blur) else {
                return;
            };
            let weighted = |x: f64, y: f64, tap: &dyn Fn(f64) -> f64| {
                let amount = amount(&blur, x, y);
                if amount < 0.5 {
                    return tap(0.0);
                }
                let radius = amount.min(40.0 * f64::from(SIZE.height) / 1080.0).floor() as i32;
                let sigma = amount / 2.0;
                let (mut sum, mut weights) = (0.0, 0.0);
                for i in -radius..=radius {
                    let weight = (-0.5 * (f64::from(i) / sigma).powi(2)).exp();
                    sum += weight * tap(f64::from(i));
                    weights += weight;
                }
                sum / weights
            };
            let row = |x: f64, y: f64| weighted(x, y, &|i| grey(7, x + i, y)).round();
            // Half a code value of rounding for each of the two passes.
            assert_grey(&found, 1.6, |x, y| {
                let last = f64::from(SIZE.height) - 0.5;
                weighted(x, y, &|i| row(x, (y + i).clamp(0.5, last)))
            });
        }
    }
}

/// 18.4: rings of 5, 10 and 15 samples at thirds of the amount; bright ones count more.
#[test]
fn a_bokeh_is_made_of_rings() {
    for shape in shapes() {
        let blur = blur(shape, 8.0, true);
        let Some(found) = blurred(8, blur) else {
            return;
        };
        let bilinear = |x: f64, y: f64| {
            let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
            let (dx, dy) = (x - 0.5 - left, y - 0.5 - top);
            let row = |y: f64| grey(8, left, y) * (1.0 - dx) + grey(8, left + 1.0, y) * dx;
            row(top) * (1.0 - dy) + row(top + 1.0) * dy
        };
        assert_grey(&found, 2.0, |x, y| {
            let radius = amount(&blur, x, y);
            if radius < 0.5 {
                return grey(8, x, y);
            }
            let (mut sum, mut weights) = (0.0, 0.0);
            let mut add = |value: f64, weight: f64| {
                let u = ((value / 255.0 - 0.7) / 0.3).clamp(0.0, 1.0);
                let weight = weight * (1.0 + 1.5 * u * u * (3.0 - 2.0 * u));
                sum += value * weight;
                weights += weight;
            };
            add(grey(8, x, y), 1.0);
            for k in 1..=3u32 {
                let share = f64::from(k) / 3.0;
                for i in 0..5 * k {
                    let turn = std::f64::consts::TAU * f64::from(i) / f64::from(5 * k);
                    let (sin, cos) = turn.sin_cos();
                    let at = bilinear(x + cos * radius * share, y + sin * radius * share);
                    add(at, 1.0 + (share - 1.0) * 0.3);
                }
            }
            sum / weights
        });
    }
}
