//! Motion blur of a card, sampled on the processor (cap-look.md 7.2, 7.3).
//!
//! A pixel is the mean of samples on a way from its own place: 21 along a vector, or 13 towards a point, shifted by noise that
//! belongs to the pixel. No two pixels share a sample, so each takes its own, four channels at a time, from rows of texels
//! that were converted and sharpened once ([`field`](super::field)). What makes that bearable:
//!
//! * blocks of 8 x 8 pixels none of whose samples leaves one colour are that colour;
//! * a ray of at most a texel is sampled more coarsely, by as much as stays within the rounding of the result;
//! * coverage is worked out where a sample lies within the antialiased rim, not where it is deep inside or far outside.
//!
//! Blocks are those of the output, whatever rectangle is asked for, so that a pixel does not depend on the rectangle.

use std::sync::OnceLock;

use multiversion::multiversion;

use super::field::Field;
use super::{CHANNELS, Placement, Source};
use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, Rect};
use crate::render::layers::card::{ANTIALIASED, Smearing, deep_inset};
use crate::scene::Card;

/// Side of a block, pixels.
const BLOCK: u32 = 8;
/// Samples of a radial smear and of a directional one.
const RADIAL: usize = 13;
const DIRECTIONAL: usize = 21;
/// The same, rounded up to what the processor takes at once.
const ROOM: usize = 24;
/// Longest ray of a radial smear, fraction of the card.
const LONGEST_RAY: f64 = crate::scene::LONGEST_RAY;
/// Rays of so many texels at most are sampled so many times, without noise.
const SHORT: [(f64, usize); 3] = [(0.25, 4), (0.5, 6), (1.0, 8)];
/// Added to a number below 2^22 its lowest bits are the nearest integer.
const MAGIC: f32 = 12_582_912.0;

/// A smeared card: its shape and its smear, output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Smeared {
    smearing: Smearing,
    rect: Rect,
    radius: f64,
    /// Of the two upper corners.
    top_radius: f64,
    kind: RoundingType,
    deep: f64,
}

/// Noise of 7.3 in steps of 1/256, a row of pixels at a time, made when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Noise {
    width: u32,
    rows: Vec<OnceLock<Vec<u8>>>,
    /// The samples of 7.3 by step.
    samples: OnceLock<Vec<Samples>>,
}

/// Smears cards; keeps its buffers from call to call.
#[derive(Debug, Default)]
pub(super) struct Smearer {
    field: Field,
    lines: Vec<u8>,
}

/// What a block needs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Block {
    /// No sample meets the card.
    Empty,
    /// All samples have one colour.
    Flat,
    /// All samples lie deep inside the card; so many are taken.
    Deep(Count),
    /// Anything else.
    Rim,
}

/// How many samples a pixel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// All of the formula's.
    All,
    /// Fewer, evenly spaced.
    Few(usize),
}

/// Where the samples of a pixel lie on its way, 0..=1, and their weights, which add up to 1.
#[derive(Clone, Copy, Debug)]
struct Samples {
    at: [f32; ROOM],
    weights: [f32; ROOM],
}

impl Samples {
    /// 7.2.
    fn directional() -> Self {
        Self::of(|i| (i < DIRECTIONAL).then(|| (i as f64 / (DIRECTIONAL - 1) as f64, 1.0)))
    }

    /// 7.3 with `count` samples and this noise.
    fn radial(count: usize, noise: f64) -> Self {
        Self::of(|i| {
            let f = (i as f64 + noise) / count as f64;
            (i < count).then_some((f, 4.0 * (f - f * f)))
        })
    }

    fn of(sample: impl Fn(usize) -> Option<(f64, f64)>) -> Self {
        let mut samples = Self {
            at: [0.0; ROOM],
            weights: [0.0; ROOM],
        };
        let sum: f64 = (0..ROOM).filter_map(&sample).map(|(_, weight)| weight).sum();
        for (i, (at, weight)) in (0..ROOM).filter_map(|i| sample(i).map(|sample| (i, sample))) {
            samples.at[i] = at as f32;
            samples.weights[i] = (weight / sum) as f32;
        }
        samples
    }
}

/// Of a vector of pixels, whose squares are far from the limits that `hypot` cares for at several times the cost.
#[inline]
fn length([x, y]: [f64; 2]) -> f64 {
    (x * x + y * y).sqrt()
}

impl Smeared {
    /// `card`, if it is smeared.
    pub(in crate::render) fn of(card: &Card) -> Option<Self> {
        Some(Self {
            smearing: Smearing::of(card, card.smear?),
            rect: card.rect,
            radius: card.corner_radius(),
            top_radius: card.corner_radius() * card.top_rounding.clamp(0.0, 1.0),
            kind: card.corner.kind,
            deep: deep_inset(card),
        })
    }

    /// From the pixel centre at `pixel` to its farthest sample.
    fn ray(&self, pixel: [f64; 2]) -> [f64; 2] {
        match self.smearing {
            Smearing::Along(vector) => vector,
            Smearing::Towards { centre, amount } => {
                let way = [centre[0] - pixel[0], centre[1] - pixel[1]];
                let distance = length([way[0] / self.rect.width, way[1] / self.rect.height]);
                let part = amount.min(LONGEST_RAY / distance.max(1e-6));
                way.map(|along| along * part)
            }
        }
    }

    /// All samples of the pixels whose centres lie within `pixels` lie within this.
    fn samples(&self, pixels: Extent) -> Extent {
        let ends = match self.smearing {
            Smearing::Along([x, y]) => Extent {
                left: pixels.left + x,
                top: pixels.top + y,
                right: pixels.right + x,
                bottom: pixels.bottom + y,
            },
            // Rays that are cut end on the way there.
            Smearing::Towards { centre, amount } => {
                let end = |at: f64, centre: f64| at + (centre - at) * amount;
                Extent {
                    left: end(pixels.left, centre[0]),
                    top: end(pixels.top, centre[1]),
                    right: end(pixels.right, centre[0]),
                    bottom: end(pixels.bottom, centre[1]),
                }
            }
        };
        pixels.hull(ends)
    }

    /// 5.2 at a point.
    fn coverage(&self, at: [f64; 2]) -> f64 {
        let half = [self.rect.width / 2.0, self.rect.height / 2.0];
        let from = [at[0] - self.rect.x - half[0], at[1] - self.rect.y - half[1]];
        let beyond = (from[0].abs() - half[0]).max(from[1].abs() - half[1]);
        if beyond <= -self.deep {
            return 1.0;
        }
        if beyond >= ANTIALIASED {
            return 0.0;
        }
        let distance = |x: f64, y: f64| {
            let radius = if y < 0.0 { self.top_radius } else { self.radius };
            let q = [x.abs() - half[0] + radius, y.abs() - half[1] + radius];
            if q[0] <= 0.0 || q[1] <= 0.0 {
                // Beside a straight part of the edge, where the curve's formula comes to the same.
                return q[0].max(q[1]) - radius;
            }
            let norm = match self.kind {
                RoundingType::Rounded => length(q),
                RoundingType::Squircle => length(q.map(|part| part * part)).sqrt(),
            };
            norm - radius
        };
        let inside = |x: f64, y: f64| {
            let u = ((distance(from[0] + x, from[1] + y) + 1.0) / 2.0).clamp(0.0, 1.0);
            1.0 - u * u * (3.0 - 2.0 * u)
        };
        (inside(-0.25, -0.25) + inside(0.25, -0.25) + inside(-0.25, 0.25) + inside(0.25, 0.25)) / 4.0
    }
}

impl Noise {
    /// Makes room for outputs of this size at least.
    pub(super) fn prepare(&mut self, width: u32, height: u32) {
        if width > self.width {
            self.rows.clear();
            self.width = width;
        }
        if self.rows.len() < height as usize {
            self.rows.resize_with(height as usize, OnceLock::new);
        }
    }

    /// Row `y`.
    fn row(&self, y: u32) -> &[u8] {
        self.rows[y as usize].get_or_init(|| {
            let step = |x: u32| {
                // In single precision, as shaders have it: in double the noise is another.
                let place = (x as f32 + 0.5) * 12.9898 + (y as f32 + 0.5) * 78.233;
                let wave = f64::from(place).sin() as f32 * 43_758.547;
                ((wave - wave.floor()) * 256.0) as u8
            };
            (0..self.width).map(step).collect()
        })
    }

    /// The samples of 7.3 with the noise of a pixel.
    fn samples(&self, step: u8) -> &Samples {
        let all = self.samples.get_or_init(|| {
            let all = (0..=u8::MAX).map(|step| Samples::radial(RADIAL, Self::value(step)));
            all.collect()
        });
        &all[usize::from(step)]
    }

    /// What a step stands for: the middle of it.
    fn value(step: u8) -> f64 {
        (f64::from(step) + 0.5) / 256.0
    }
}

impl Smearer {
    /// Hands `write` the pixels of `rect`, a row at a time from the top: the row within the rectangle, and pixels, 4 bytes each,
    /// premultiplied with the coverage of their samples. The noise has room for them.
    pub(super) fn smear(
        &mut self,
        source: &Source<'_>,
        placement: &Placement,
        (smeared, noise): (&Smeared, &Noise),
        rect: PixelRect,
        mut write: impl FnMut(u32, &mut [u8]),
    ) {
        if rect.is_empty() {
            return;
        }
        let pixels = |rect: PixelRect| Extent {
            left: f64::from(rect.x) + 0.5,
            top: f64::from(rect.y) + 0.5,
            right: f64::from(rect.right()) - 0.5,
            bottom: f64::from(rect.bottom()) - 0.5,
        };
        let ways = Ways {
            smeared,
            placement,
            size: [source.size.width, source.size.height],
        };
        // Blocks are looked at whole.
        let whole = PixelRect {
            x: rect.x / BLOCK * BLOCK,
            y: rect.y / BLOCK * BLOCK,
            width: rect.right().next_multiple_of(BLOCK) - rect.x / BLOCK * BLOCK,
            height: rect.bottom().next_multiple_of(BLOCK) - rect.y / BLOCK * BLOCK,
        };
        let (read, asked) = (ways.texels(pixels(rect)), ways.texels(pixels(whole)));
        self.field.begin(source, placement, read, asked);
        let stride = rect.width as usize * CHANNELS;
        self.lines.resize(stride * BLOCK as usize, 0);
        for block_y in rect.y / BLOCK..rect.bottom().div_ceil(BLOCK) {
            let top = (block_y * BLOCK).max(rect.y);
            let rows = top..(block_y * BLOCK + BLOCK).min(rect.bottom());
            let band = PixelRect {
                y: top,
                height: rows.end - top,
                ..rect
            };
            let needed = ways.texels(pixels(band));
            // Rounding to single precision may take a sample to the next row.
            let (first, last) = (needed.top.floor() as u32, needed.bottom.floor() as u32);
            self.field.rows(source, first.saturating_sub(1), last + 2);
            // Neighbours of one kind are sampled together.
            let mut run: Option<(u32, u32, Block)> = None;
            for block_x in rect.x / BLOCK..=rect.right().div_ceil(BLOCK) {
                let left = (block_x * BLOCK).max(rect.x);
                let right = (block_x * BLOCK + BLOCK).min(rect.right());
                let kind = (left < right).then(|| ways.block(block_x, block_y, &self.field));
                match (&mut run, kind) {
                    (Some((_, end, same)), Some(kind)) if *same == kind && kind != Block::Flat => {
                        *end = right
                    }
                    _ => {
                        if let Some((start, end, kind)) = run.take() {
                            for y in rows.clone() {
                                let line = &mut self.lines[(y - top) as usize * stride..][..stride];
                                let line = &mut line[(start - rect.x) as usize * CHANNELS..]
                                    [..(end - start) as usize * CHANNELS];
                                draw(&ways, &self.field, noise, kind, (start, y), line);
                            }
                        }
                        run = kind.map(|kind| (left, right, kind));
                    }
                }
            }
            for y in rows {
                write(
                    y - rect.y,
                    &mut self.lines[(y - top) as usize * stride..][..stride],
                );
            }
        }
    }
}

/// From pixels to the texels that their samples read.
struct Ways<'a> {
    smeared: &'a Smeared,
    placement: &'a Placement,
    /// Of the picture, texels.
    size: [u32; 2],
}

impl Ways<'_> {
    /// Texel position along an axis, counted from the centre of the first, of an output position.
    fn texel(&self, axis: usize, pixel: f64) -> f64 {
        let at = pixel * self.placement.scale[axis] + self.placement.origin[axis];
        self.shown(axis, at)
    }

    fn shown(&self, axis: usize, at: f64) -> f64 {
        let shown = at.max(self.placement.low[axis]).min(self.placement.high[axis]);
        (shown - 0.5).clamp(0.0, f64::from(self.size[axis] - 1))
    }

    /// Where the samples of pixels lie.
    fn texels(&self, pixels: Extent) -> Extent {
        let samples = self.smeared.samples(pixels);
        let [a, b] = [samples.left, samples.right].map(|x| self.texel(0, x));
        Extent {
            left: a.min(b),
            top: self.texel(1, samples.top),
            right: a.max(b),
            bottom: self.texel(1, samples.bottom),
        }
    }

    /// What block (`x`, `y`) of the output needs.
    fn block(&self, x: u32, y: u32, field: &Field) -> Block {
        let centre = |block: u32, at: f64| f64::from(block * BLOCK) + at;
        let pixels = Extent {
            left: centre(x, 0.5),
            top: centre(y, 0.5),
            right: centre(x, f64::from(BLOCK) - 0.5),
            bottom: centre(y, f64::from(BLOCK) - 0.5),
        };
        let samples = self.smeared.samples(pixels);
        let card = Extent::from(self.smeared.rect);
        if card.grown(ANTIALIASED).within(samples).is_none() {
            return Block::Empty;
        }
        let deep = card.grown(-self.smeared.deep);
        let inside = samples.left >= deep.left
            && samples.top >= deep.top
            && samples.right <= deep.right
            && samples.bottom <= deep.bottom;
        if !inside {
            return Block::Rim;
        }
        if field.is_flat(self.texels(pixels)) {
            return Block::Flat;
        }
        Block::Deep(self.count(pixels))
    }

    /// How many samples the pixels of a block take: by its longest ray.
    fn count(&self, pixels: Extent) -> Count {
        if matches!(self.smeared.smearing, Smearing::Along(_)) {
            return Count::All;
        }
        let corners = [
            [pixels.left, pixels.top],
            [pixels.right, pixels.top],
            [pixels.left, pixels.bottom],
            [pixels.right, pixels.bottom],
        ];
        let length = |corner| {
            let ray = self.smeared.ray(corner);
            (ray[0] * self.placement.scale[0]).hypot(ray[1] * self.placement.scale[1])
        };
        let longest = corners.into_iter().map(length).fold(0.0, f64::max);
        SHORT
            .iter()
            .find(|(texels, _)| longest <= *texels)
            .map_or(Count::All, |&(_, count)| Count::Few(count))
    }
}

/// The pixels from (`x`, `y`) on.
fn draw(ways: &Ways<'_>, field: &Field, noise: &Noise, kind: Block, (x, y): (u32, u32), line: &mut [u8]) {
    let count = (line.len() / CHANNELS) as u32;
    match kind {
        Block::Empty => line.fill(0),
        Block::Flat => {
            let at = [
                ways.texel(0, f64::from(x) + 0.5),
                ways.texel(1, f64::from(y) + 0.5),
            ];
            let color = field
                .texel(at[0] as u32, at[1] as u32)
                .map(super::filter::rounded);
            line.as_chunks_mut::<CHANNELS>().0.fill(color);
        }
        Block::Deep(samples) => {
            let run = Run::new(ways, field, x, y);
            match samples {
                Count::All if matches!(ways.smeared.smearing, Smearing::Along(_)) => {
                    run.draw::<DIRECTIONAL, false>(&Samples::directional(), &[], line);
                }
                Count::All => {
                    let noise = &noise.row(y)[x as usize..(x + count) as usize];
                    run.draw::<RADIAL, true>(&Samples::radial(RADIAL, 0.5), noise, line);
                }
                Count::Few(4) => run.draw::<4, false>(&Samples::radial(4, 0.5), &[], line),
                Count::Few(6) => run.draw::<6, false>(&Samples::radial(6, 0.5), &[], line),
                Count::Few(_) => run.draw::<8, false>(&Samples::radial(8, 0.5), &[], line),
            }
        }
        Block::Rim => {
            let directional = Samples::directional();
            let radial = matches!(ways.smeared.smearing, Smearing::Towards { .. });
            for (pixel, x) in line.as_chunks_mut::<CHANNELS>().0.iter_mut().zip(x..) {
                let (samples, count) = if radial {
                    let step = noise.row(y)[x as usize];
                    (noise.samples(step), RADIAL)
                } else {
                    (&directional, DIRECTIONAL)
                };
                let centre = [f64::from(x) + 0.5, f64::from(y) + 0.5];
                *pixel = rim(
                    ways,
                    field,
                    centre,
                    (&samples.at[..count], &samples.weights[..count]),
                );
            }
        }
    }
}

/// A pixel some of whose samples may lie on the rim or beyond.
/// `samples`: their places and weights.
fn rim(ways: &Ways<'_>, field: &Field, pixel: [f64; 2], samples: (&[f32], &[f32])) -> [u8; CHANNELS] {
    let ray = ways.smeared.ray(pixel);
    let mut sum = [0.0f32; CHANNELS];
    for (&along, &weight) in samples.0.iter().zip(samples.1) {
        let at = [0, 1].map(|axis| pixel[axis] + ray[axis] * f64::from(along));
        let weight = weight * ways.smeared.coverage(at) as f32;
        if weight == 0.0 {
            continue;
        }
        let color = field.between([ways.texel(0, at[0]) as f32, ways.texel(1, at[1]) as f32]);
        for (sum, color) in sum.iter_mut().zip(color) {
            *sum += color * weight;
        }
    }
    sum.map(super::filter::rounded)
}

/// Pixels of one row, and the texels of a field. Places are those of the picture, counted from the centre of its first texel,
/// so that their rounding does not depend on the field.
struct Run<'a> {
    texels: &'a [f32],
    stride: usize,
    /// Column and row of the first texel.
    origin: [u32; 2],
    clamped: bool,
    smearing: Smearing,
    /// Centre of the first pixel.
    pixel: [f64; 2],
    /// Texels per pixel, and the place of the output's corner.
    scale: [f64; 2],
    corner: [f64; 2],
    /// Size of the card, texels.
    card: [f32; 2],
    /// Least and greatest place.
    bounds: [[f32; 2]; 2],
}

impl<'a> Run<'a> {
    /// From pixel (`x`, `y`) on.
    fn new(ways: &Ways<'_>, field: &'a Field, x: u32, y: u32) -> Self {
        let placement = ways.placement;
        let rect = ways.smeared.rect;
        let scale = placement.scale;
        Self {
            texels: field.texels(),
            stride: field.stride(),
            origin: field.origin(),
            clamped: placement.sharpening > 0.0,
            smearing: ways.smeared.smearing,
            pixel: [f64::from(x) + 0.5, f64::from(y) + 0.5],
            scale,
            corner: placement.origin.map(|origin| origin - 0.5),
            card: [(rect.width * scale[0]) as f32, (rect.height * scale[1]) as f32],
            bounds: [placement.low, placement.high]
                .map(|bound| [0, 1].map(|axis| ways.shown(axis, bound[axis]) as f32)),
        }
    }

    /// Where the pixel `index` pixels farther lies, and its ray.
    #[inline(always)]
    fn start(&self, index: usize) -> ([f32; 2], [f32; 2]) {
        let pixel = [self.pixel[0] + index as f64, self.pixel[1]];
        let at = [0, 1].map(|axis| (pixel[axis] * self.scale[axis] + self.corner[axis]) as f32);
        let texels = |way: [f64; 2]| [0, 1].map(|axis| (way[axis] * self.scale[axis]) as f32);
        match self.smearing {
            Smearing::Along(vector) => (at, texels(vector)),
            Smearing::Towards { centre, amount } => {
                let way = texels([centre[0] - pixel[0], centre[1] - pixel[1]]);
                let (u, v) = (way[0] / self.card[0], way[1] / self.card[1]);
                let distance = at_least((u * u + v * v).sqrt(), 1e-6);
                let part = at_most(amount as f32, LONGEST_RAY as f32 / distance);
                (at, way.map(|along| along * part))
            }
        }
    }

    fn draw<const COUNT: usize, const NOISY: bool>(&self, samples: &Samples, noise: &[u8], line: &mut [u8]) {
        if self.clamped {
            smear_run::<COUNT, NOISY, true>(self, samples, noise, line);
        } else {
            smear_run::<COUNT, NOISY, false>(self, samples, noise, line);
        }
    }
}

/// A smaller number than `bound` becomes it; for numbers only, so that it is one instruction.
#[inline(always)]
fn at_least(value: f32, bound: f32) -> f32 {
    if value > bound { value } else { bound }
}

#[inline(always)]
fn at_most(value: f32, bound: f32) -> f32 {
    if value < bound { value } else { bound }
}

#[multiversion(targets("x86_64+avx2"))]
fn smear_run<const COUNT: usize, const NOISY: bool, const CLAMPED: bool>(
    run: &Run<'_>,
    samples: &Samples,
    noise: &[u8],
    line: &mut [u8],
) {
    let [low, high] = run.bounds;
    let (along, mut weights) = (samples.at, samples.weights);
    let mut places = along;
    let row = run.stride * CHANNELS;
    let first = run.origin.map(|at| MAGIC.to_bits() + at);
    // Whole registers.
    let room = if COUNT <= 16 { 16 } else { ROOM };
    for (index, pixel) in line.as_chunks_mut::<CHANNELS>().0.iter_mut().enumerate() {
        let (at, ray) = run.start(index);
        if NOISY {
            let n = (f32::from(noise[index]) + 0.5) / 256.0;
            let count = COUNT as f32;
            // The sums of i and of i squared below COUNT.
            let (first, second) = (
                count * (count - 1.0) / 2.0,
                count * (count - 1.0) * (2.0 * count - 1.0) / 6.0,
            );
            let squares = (second + 2.0 * n * first + count * n * n) / (count * count);
            let whole = 4.0 * ((first + count * n) / count - squares);
            let scale = 4.0 / whole;
            for i in 0..room {
                let f = (i as f32 + n) * (1.0 / count);
                places[i] = f;
                weights[i] = (f - f * f) * scale;
            }
        }
        let mut offsets = [0u32; ROOM];
        let (mut right, mut down) = ([0.0f32; ROOM], [0.0f32; ROOM]);
        for i in 0..room {
            let u = at_most(at_least(at[0] + ray[0] * places[i], low[0]), high[0]);
            let v = at_most(at_least(at[1] + ray[1] * places[i], low[1]), high[1]);
            // An integer at most a half away from what is half a texel back: the texel on the left or the very next one, of
            // which the one at the other end then has all the weight.
            let (column, line) = ((u - 0.5) + MAGIC, (v - 0.5) + MAGIC);
            right[i] = u - (column - MAGIC);
            down[i] = v - (line - MAGIC);
            let column = column.to_bits().wrapping_sub(first[0]);
            let line = line.to_bits().wrapping_sub(first[1]);
            offsets[i] = line.wrapping_mul(run.stride as u32).wrapping_add(column);
        }
        let mut sum = [0.0f32; CHANNELS];
        let mut pairs = [0.0f32; 2 * CHANNELS];
        for i in 0..COUNT {
            let start = offsets[i] as usize * CHANNELS;
            // A texel and the one to its right lie next to each other: both go down at once.
            let upper = &run.texels[start..][..2 * CHANNELS];
            let lower = &run.texels[start + row..][..2 * CHANNELS];
            let mut pair = [0.0f32; 2 * CHANNELS];
            for value in 0..2 * CHANNELS {
                pair[value] = upper[value] + (lower[value] - upper[value]) * down[i];
            }
            if CLAMPED {
                for channel in 0..CHANNELS {
                    let value = pair[channel] + (pair[channel + CHANNELS] - pair[channel]) * right[i];
                    sum[channel] += at_most(at_least(value, 0.0), 255.0) * weights[i];
                }
            } else {
                // What is not clamped may be added up before it goes to the right.
                let next = right[i] * weights[i];
                let own = weights[i] - next;
                let shares = [own, own, own, own, next, next, next, next];
                for value in 0..2 * CHANNELS {
                    pairs[value] += pair[value] * shares[value];
                }
            }
        }
        if !CLAMPED {
            for channel in 0..CHANNELS {
                sum[channel] = pairs[channel] + pairs[channel + CHANNELS];
            }
        }
        *pixel = sum.map(super::filter::rounded);
    }
}
