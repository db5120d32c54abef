//! cap-look.md 4, 5 and 8 in double precision, one pixel at a time, written from its formulas alone.

use super::*;
use crate::cap::config::RoundingType;
use crate::frame::PackedFrame;
use crate::scene::{Card, Grade, Layer, Node, Pointer, PointerArt, Smear};

pub(super) type Rgb = [f64; 3];

pub(super) fn smoothstep(e0: f64, e1: f64, v: f64) -> f64 {
    let u = ((v - e0) / (e1 - e0)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

pub(super) fn over(below: Rgb, color: Rgb, alpha: f64) -> Rgb {
    [0, 1, 2].map(|i| color[i] * alpha + below[i] * (1.0 - alpha))
}

/// 17, in its order, of straight R'G'B'. The hash is in single precision, as 4.2 says.
pub(super) fn graded(color: Rgb, grade: Option<&Grade>, x: f64, y: f64) -> Rgb {
    let Some(grade) = grade else { return color };
    let luma = |rgb: Rgb| -> f64 {
        let weights = [0.2126, 0.7152, 0.0722];
        (0..3).map(|c| rgb[c].clamp(0.0, 1.0) * weights[c]).sum()
    };
    let mut rgb = [0, 1, 2].map(|c| (color[c] * grade.balance[c] - 0.5) * grade.contrast + 0.5);
    let brightness = luma(rgb);
    rgb = rgb.map(|channel| brightness + (channel - brightness) * grade.saturation);
    let shadows = 1.0 - smoothstep(0.2, 0.65, brightness);
    let highlights = smoothstep(0.35, 0.8, brightness);
    let (cold, warm) = ([-0.06, 0.02, 0.08], [0.08, 0.02, -0.06]);
    rgb = [0, 1, 2].map(|c| rgb[c] + grade.split_tone * (shadows * cold[c] + highlights * warm[c]));
    rgb = rgb.map(|channel| channel * (1.0 - 0.18 * grade.fade) + 0.09 * grade.fade);
    if let Some(vignette) = grade.vignette {
        let within = vignette.within;
        let (u, v) = ((x - within.x) / within.width, (y - within.y) / within.height);
        let r = 2.0 * (u - 0.5).hypot(v - 0.5);
        rgb = rgb.map(|channel| channel * (1.0 - 0.65 * vignette.strength * smoothstep(0.5, 1.5, r)));
    }
    if let Some(grain) = grade.grain {
        let seed = grain.seed as f32;
        let noise = f64::from(hash(x as f32 + 17.0 * seed, y as f32 + 29.0 * seed));
        let strength = 0.25 + 0.75 * (1.0 - (2.0 * luma(rgb) - 1.0).abs());
        rgb = rgb.map(|channel| channel + (noise - 0.5) * grain.strength * 0.35 * strength);
    }
    rgb.map(|channel| channel.clamp(0.0, 1.0))
}

/// 4.2, in single precision.
pub(super) fn hash(x: f32, y: f32) -> f32 {
    let fract = |v: f32| v - v.floor();
    let v = [x, y, x].map(|p| fract(p * 0.1031));
    let dot = v[0] * (v[1] + 33.33) + v[1] * (v[2] + 33.33) + v[2] * (v[0] + 33.33);
    let v = v.map(|p| p + dot);
    fract((v[0] + v[1]) * v[2])
}

/// 5.1, for a card grown by `grow` on every side.
pub(super) fn distance(card: &Card, grow: f64, x: f64, y: f64) -> f64 {
    let half = (card.rect.width / 2.0 + grow, card.rect.height / 2.0 + grow);
    let upper = y < card.rect.y + card.rect.height / 2.0;
    let radius = card.corner.radius * if upper { card.top_rounding } else { 1.0 } + grow;
    let centre = (
        card.rect.x + card.rect.width / 2.0,
        card.rect.y + card.rect.height / 2.0,
    );
    let q = (
        (x - centre.0).abs() - half.0 + radius,
        (y - centre.1).abs() - half.1 + radius,
    );
    let (a, b) = (q.0.max(0.0), q.1.max(0.0));
    let norm = match card.corner.kind {
        RoundingType::Rounded => a.hypot(b),
        RoundingType::Squircle => (a.powi(4) + b.powi(4)).powf(0.25),
    };
    norm + q.0.max(q.1).min(0.0) - radius
}

/// 5.2.
pub(super) fn coverage(card: &Card, grow: f64, x: f64, y: f64) -> f64 {
    let mut sum = 0.0;
    for dy in [-0.25, 0.25] {
        for dx in [-0.25, 0.25] {
            sum += 1.0 - smoothstep(-1.0, 1.0, distance(card, grow, x + dx, y + dy));
        }
    }
    sum / 4.0
}

/// 20.1 and 20.3: the texel's own luma with the chroma sample of its block.
fn texel(picture: &YuvPicture, colors: ColorPolicy, x: i64, y: i64) -> Rgb {
    let x = x.clamp(0, i64::from(picture.size.width) - 1) as usize;
    let y = y.clamp(0, i64::from(picture.size.height) - 1) as usize;
    let at = |index: usize, x: usize, y: usize| {
        let plane = picture.plane(index);
        f64::from(plane.data[y * plane.stride + x]) / 255.0
    };
    let (u, v) = match picture.layout {
        YuvLayout::Planar { shift_x, shift_y } => (
            at(1, x >> shift_x, y >> shift_y),
            at(2, x >> shift_x, y >> shift_y),
        ),
        YuvLayout::SemiPlanar420 => (at(1, x / 2 * 2, y / 2), at(1, x / 2 * 2 + 1, y / 2)),
    };
    let (u, v) = (u - 128.0 / 255.0, v - 128.0 / 255.0);
    let luma = at(0, x, y);
    let rgb = if colors == ColorPolicy::Cap601 {
        let luma = 1.164 * (luma - 16.0 / 256.0);
        [luma + 1.596 * v, luma - 0.391 * u - 0.813 * v, luma + 2.018 * u]
    } else {
        let (luma, u, v) = match picture.color.range {
            YuvRange::Limited => (
                (luma * 255.0 - 16.0) / 219.0,
                u * 255.0 / 224.0,
                v * 255.0 / 224.0,
            ),
            YuvRange::Full => (luma, u, v),
        };
        let (kr, kb) = picture.color.matrix.luma_weights();
        let red = luma + 2.0 * (1.0 - kr) * v;
        let blue = luma + 2.0 * (1.0 - kb) * u;
        // Luma is kr R + kg G + kb B.
        [red, (luma - kr * red - kb * blue) / (1.0 - kr - kb), blue]
    };
    rgb.map(|channel| channel.clamp(0.0, 1.0))
}

fn bilinear(x: f64, y: f64, texel: impl Fn(i64, i64) -> Rgb) -> Rgb {
    let (x, y) = (x - 0.5, y - 0.5);
    let (i, j) = (x.floor(), y.floor());
    let mix = |a: Rgb, b: Rgb, t: f64| [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * t);
    let row = |j: f64| mix(texel(i as i64, j as i64), texel(i as i64 + 1, j as i64), x - i);
    mix(row(j), row(j + 1.0), y - j)
}

/// 5.5.
fn sample(card: &Card, picture: &YuvPicture, colors: ColorPolicy, x: f64, y: f64) -> Rgb {
    let crop = card.picture.crop;
    let mut t = (
        (x - card.rect.x) / card.rect.width,
        (y - card.rect.y) / card.rect.height,
    );
    if card.picture.mirrored {
        t.0 = 1.0 - t.0;
    }
    let size = card.picture.size;
    let stretch = (
        f64::from(picture.size.width) / f64::from(size.width),
        f64::from(picture.size.height) / f64::from(size.height),
    );
    let ratio = (crop.width / card.rect.width, crop.height / card.rect.height);
    // One texel of the actual picture inside the crop; a crop of less shows its middle.
    let clamp = |v: f64, start: f64, length: f64, stretch: f64| {
        let (low, high) = (start * stretch + 1.0, (start + length) * stretch - 1.0);
        if low > high {
            (low + high) / 2.0
        } else {
            (v * stretch).clamp(low, high)
        }
    };
    let sx = crop.x + t.0 * crop.width;
    let sy = crop.y + t.1 * crop.height;
    let whole = |v: f64| (v - v.round()).abs() < 1e-9;
    let aligned = ratio == (1.0, 1.0) && stretch == (1.0, 1.0) && whole(sx - 0.5) && whole(sy - 0.5);
    let (sx, sy) = if aligned {
        (
            sx.clamp(crop.x + 0.5, crop.right() - 0.5),
            sy.clamp(crop.y + 0.5, crop.bottom() - 0.5),
        )
    } else {
        (
            clamp(sx, crop.x, crop.width, stretch.0),
            clamp(sy, crop.y, crop.height, stretch.1),
        )
    };
    let tap = |x: f64, y: f64| bilinear(x, y, |i, j| texel(picture, colors, i, j));
    let centre = tap(sx, sy);
    let reduce = ratio.0.max(ratio.1);
    let enlarge = (1.0 / ratio.0).max(1.0 / ratio.1);
    let factor = if reduce > 1.1 {
        (0.3 * ratio.0).min(0.7)
    } else if enlarge > 1.05 {
        ((enlarge - 1.0) * 0.25).min(0.45)
    } else {
        return centre;
    };
    let around = [
        tap(sx - 1.0, sy),
        tap(sx + 1.0, sy),
        tap(sx, sy - 1.0),
        tap(sx, sy + 1.0),
    ];
    [0, 1, 2].map(|c| {
        let mean = around.iter().map(|tap| tap[c]).sum::<f64>() / 4.0;
        (centre[c] + (centre[c] - mean) * factor).clamp(0.0, 1.0)
    })
}

/// 5.3-5.6, with the border of 26, quirk 10 mended unless Cap is imitated.
pub(super) fn paint_card(
    below: Rgb,
    card: &Card,
    picture: &YuvPicture,
    colors: ColorPolicy,
    x: f64,
    y: f64,
) -> Rgb {
    let mut result = below;
    if let Some(shadow) = card.shadow {
        let d = distance(card, 0.0, x, y).abs();
        let alpha = shadow.alpha * smoothstep(shadow.size + shadow.blur, -shadow.blur, d);
        result = over(result, [0.0; 3], alpha);
    }
    let covered = coverage(card, 0.0, x, y);
    let ring = card
        .border
        .map_or(0.0, |border| coverage(card, border.width, x, y) - covered);
    let (ring_share, ring_color) = card
        .border
        .map_or((0.0, [0.0; 3]), |border| (ring * border.opacity, border.color));
    let (shown, share) = match card.smear {
        None if covered > 0.0 => {
            let shown = sample(card, picture, colors, x, y);
            (shown.map(|channel| channel * covered), covered)
        }
        None => ([0.0; 3], 0.0),
        Some(smear) => {
            let (shown, share) = smeared(card, smear, (picture, colors), x, y);
            // 5.6: the border hides it.
            let left = (1.0 - ring).min(share) / share.max(1e-9);
            (shown.map(|channel| channel * left), share * left)
        }
    };
    let shown = match &card.grade {
        Some(grade) if share > 0.0 => {
            let straight = shown.map(|channel| (channel / share).clamp(0.0, 1.0));
            graded(straight, Some(grade), x, y).map(|channel| channel * share)
        }
        _ => shown,
    };
    // 26, quirk 10.
    let replaced = colors == ColorPolicy::Cap601 && ring > 0.001;
    let (shown, share) = if replaced { ([0.0; 3], 0.0) } else { (shown, share) };
    let picture_share = share * card.opacity;
    [0, 1, 2].map(|c| {
        shown[c] * card.opacity + ring_color[c] * ring_share + result[c] * (1.0 - picture_share - ring_share)
    })
}

/// 7.2, 7.3: the picture, premultiplied with its coverage, and the coverage.
fn smeared(
    card: &Card,
    smear: Smear,
    (picture, colors): (&YuvPicture, ColorPolicy),
    x: f64,
    y: f64,
) -> (Rgb, f64) {
    let rect = card.rect;
    let t = [(x - rect.x) / rect.width, (y - rect.y) / rect.height];
    let (ray, taps): ([f64; 2], Vec<(f64, f64)>) = match smear {
        Smear::Directional { vector } => (vector, (0..=20).map(|i| (f64::from(i) / 20.0, 1.0)).collect()),
        Smear::Radial { centre, amount } => {
            let way = [centre[0] - t[0], centre[1] - t[1]];
            let distance = way[0].hypot(way[1]);
            let length = (distance * amount).min(0.10) / distance.max(1e-9);
            let noise = f64::from(x as f32 * 12.9898 + y as f32 * 78.233).sin() as f32 * 43_758.547;
            let noise = f64::from(noise - noise.floor());
            let at = |i: u32| (f64::from(i) + noise) / 13.0;
            let taps = (0..13).map(|i| (at(i), 4.0 * (at(i) - at(i).powi(2))));
            (way.map(|part| part * length), taps.collect())
        }
    };
    let (mut color, mut share, mut weights) = ([0.0; 3], 0.0, 0.0);
    for (f, weight) in taps {
        let (x, y) = (x + ray[0] * rect.width * f, y + ray[1] * rect.height * f);
        let covered = coverage(card, 0.0, x, y) * weight;
        let shown = sample(card, picture, colors, x, y);
        color = [0, 1, 2].map(|c| color[c] + shown[c] * covered);
        share += covered;
        weights += weight;
    }
    (color.map(|channel| channel / weights), share / weights)
}

/// 8.6, 8.9; `art` is premultiplied.
pub(super) fn paint_pointer(below: Rgb, pointer: &Pointer, art: &PackedFrame, x: f64, y: f64) -> Rgb {
    let inside = |v: f64, low: f64, high: f64| (v - low).min(high - v);
    let clip = pointer.clip;
    let depth = inside(x, clip.x, clip.right()).min(inside(y, clip.y, clip.bottom()));
    let feather = (depth + 0.5).clamp(0.0, 1.0);
    // The sprite's unit square was turned counter-clockwise on a screen whose y points down.
    let (u, v) = (
        (x - pointer.rect.x) / pointer.rect.width,
        (y - pointer.rect.y) / pointer.rect.height,
    );
    let (sin, cos) = pointer.rotation.sin_cos();
    let (u, v) = (u * cos - v * sin, u * sin + v * cos);
    let size = art.size;
    let at = |i: i64, j: i64, channel: usize| {
        let x = i.clamp(0, i64::from(size.width) - 1) as usize;
        let y = j.clamp(0, i64::from(size.height) - 1) as usize;
        f64::from(art.data[y * art.stride + x * 4 + channel]) / 255.0
    };
    let tap = |u: f64, v: f64| {
        if !(0.0..=1.0).contains(&u) || !(0.0..=1.0).contains(&v) {
            return ([0.0; 3], 0.0);
        }
        let (sx, sy) = (u * f64::from(size.width), v * f64::from(size.height));
        let color = bilinear(sx, sy, |i, j| [0, 1, 2].map(|channel| at(i, j, channel)));
        (color, bilinear(sx, sy, |i, j| [at(i, j, 3); 3])[0])
    };
    // 8.7.
    let taps: Vec<(Rgb, f64)> = match pointer.smear {
        None => vec![tap(u, v)],
        Some([x, y]) => (0..=20)
            .map(|i| f64::from(i) / 20.0)
            .map(|f| tap(u + x * f, v + y * f))
            .collect(),
    };
    let mean = |of: &dyn Fn(&(Rgb, f64)) -> f64| taps.iter().map(of).sum::<f64>() / taps.len() as f64;
    let color = [0, 1, 2].map(|c| mean(&|tap| tap.0[c]));
    let alpha = mean(&|tap| tap.1);
    let strength = feather * pointer.opacity;
    if alpha > 0.0 && pointer.grade.is_some() {
        let straight = color.map(|channel| (channel / alpha).clamp(0.0, 1.0));
        let color = graded(straight, pointer.grade.as_ref(), x, y);
        return over(below, color, alpha * strength);
    }
    [0, 1, 2].map(|c| color[c] * strength + below[c] * (1.0 - alpha * strength))
}

/// All pixels of a scene over a canvas.
pub(super) fn paint(
    size: Size,
    canvas: impl Fn(f64, f64) -> Rgb,
    scene: &SceneFrame,
    pictures: &Pictures,
    colors: ColorPolicy,
    art: &dyn Fn(&PointerArt) -> PackedFrame,
) -> Vec<Rgb> {
    let pixel = |index: u64| {
        let x = (index % u64::from(size.width)) as f64 + 0.5;
        let y = (index / u64::from(size.width)) as f64 + 0.5;
        scene.nodes.iter().fold([0.0; 3], |below, node| match node {
            Node::Paint(_, Layer::Background(_)) => canvas(x, y),
            Node::Paint(_, Layer::Card(card)) => {
                let picture = pictures.get(card.picture.request.source).unwrap();
                paint_card(below, card, picture, colors, x, y)
            }
            Node::Paint(_, Layer::Pointer(pointer)) => {
                paint_pointer(below, pointer, &art(&pointer.art), x, y)
            }
            other => panic!("no reference of {other:?}"),
        })
    };
    (0..size.area()).map(pixel).collect()
}

/// Largest difference in code values, with where it is and both colours.
pub(super) fn worst(size: Size, found: &[[u8; 4]], expected: &[Rgb]) -> (f64, String) {
    assert_eq!(found.len(), expected.len());
    let mut worst = (0.0, String::new());
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        for channel in 0..3 {
            let off = (f64::from(found[channel]) - expected[channel] * 255.0).abs();
            if off > worst.0 {
                let (x, y) = (index % size.width as usize, index / size.width as usize);
                let expected = expected.map(|channel| channel * 255.0);
                worst = (off, format!("({x}, {y}): {found:?} for {expected:.2?}"));
            }
        }
    }
    worst
}
