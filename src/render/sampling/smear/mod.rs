//! Motion blur of a card, sampled on the processor (cap-look.md 7.2, 7.3).
//!
//! A pixel is the mean of samples on a way from its own place: 21 along a vector, or 13 towards a point, shifted by noise that
//! belongs to the pixel ([`samples`]). They are taken from rows of texels that were converted and sharpened once
//! ([`field`](super::field)). What makes that bearable:
//!
//! * blocks of 8 x 8 pixels none of whose samples leaves one colour are that colour;
//! * along a vector, and where rays are so short that noise makes no difference, sample `i` of all pixels is the picture scaled or moved:
//!   its rows and columns are placed once, and neighbours are mixed together ([`even`]). Only where rays are long does each pixel take its
//!   own samples ([`gather`]);
//! * short rays have fewer samples, by as much as stays near the rounding of the result;
//! * coverage is worked out where a sample lies within the antialiased rim, not where it is deep inside or far outside.
//!
//! Blocks are those of the output, whatever rectangle is asked for, so that a pixel does not depend on the rectangle.

mod even;
mod gather;
mod rays;
mod samples;
mod steps;

use even::{Columns, Rows};
pub(super) use samples::Noise;
use samples::{Count, SETS};

use super::field::Field;
use super::{CHANNELS, Placement, Source};
use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, Rect};
use crate::render::layers::card::{ANTIALIASED, deep_inset};
use crate::render::layers::smear::Smearing;
use crate::scene::Card;

/// Side of a block, pixels.
const BLOCK: u32 = 8;
/// Longest ray of a radial smear, fraction of the card.
const LONGEST_RAY: f64 = crate::scene::LONGEST_RAY;

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

/// Smears cards; keeps its buffers from call to call.
#[derive(Debug, Default)]
pub(super) struct Smearer {
    field: Field,
    lines: Vec<u8>,
    /// Of the rectangle that is drawn, by set of samples.
    columns: [Columns; SETS],
    rows: Rows,
}

/// What a block needs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Block {
    /// No sample meets the card.
    Empty,
    /// All samples have one colour.
    Flat,
    /// All samples lie deep inside the card; these are taken.
    Deep(Count),
    /// Anything else.
    Rim,
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
            smearing: Smearing::of(card.rect, card.smear?),
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
        // Most samples beside a corner are far from its curve, which powers tell without roots.
        let radius = if from[1] < 0.0 {
            self.top_radius
        } else {
            self.radius
        };
        let q = [0, 1].map(|axis| from[axis].abs() - half[axis] + radius);
        if q[0] > 0.0 && q[1] > 0.0 {
            let power = |value: f64| match self.kind {
                RoundingType::Rounded => value * value,
                RoundingType::Squircle => (value * value) * (value * value),
            };
            let norm = power(q[0]) + power(q[1]);
            if norm >= power(radius + ANTIALIASED) {
                return 0.0;
            }
            if radius > ANTIALIASED && norm <= power(radius - ANTIALIASED) {
                return 1.0;
            }
        }
        // A distance changes by at most 1 a pixel.
        let middle = distance(from[0], from[1]);
        if middle.abs() >= ANTIALIASED {
            return if middle < 0.0 { 1.0 } else { 0.0 };
        }
        let inside = |x: f64, y: f64| {
            let u = ((distance(from[0] + x, from[1] + y) + 1.0) / 2.0).clamp(0.0, 1.0);
            1.0 - u * u * (3.0 - 2.0 * u)
        };
        (inside(-0.25, -0.25) + inside(0.25, -0.25) + inside(-0.25, 0.25) + inside(0.25, 0.25)) / 4.0
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
        for columns in &mut self.columns {
            columns.clear();
        }
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
                                let line = line.as_chunks_mut().0;
                                match kind {
                                    Block::Empty => line.fill([0; CHANNELS]),
                                    Block::Flat => line.fill(ways.color(&self.field, (start, y))),
                                    Block::Rim => rays::draw_rim(&ways, &self.field, noise, (start, y), line),
                                    Block::Deep(Count::Noisy) => {
                                        rays::draw_noisy(&ways, &self.field, noise, (start, y), line);
                                    }
                                    Block::Deep(Count::Even(set)) => {
                                        let samples = samples::even(set);
                                        let columns = &mut self.columns[set];
                                        columns.prepare(&ways, samples, rect.x, rect.width as usize);
                                        let room = (&*columns, &mut self.rows);
                                        let window = self.field.window();
                                        even::draw((&ways, samples), &window, room, (start, y), line);
                                    }
                                }
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

    /// The colour of an area of one colour.
    fn color(&self, field: &Field, (x, y): (u32, u32)) -> [u8; CHANNELS] {
        let at = [
            self.texel(0, f64::from(x) + 0.5),
            self.texel(1, f64::from(y) + 0.5),
        ];
        field.color(at[0] as u32, at[1] as u32)
    }

    /// Which samples the pixels of a block take: by its longest ray.
    fn count(&self, pixels: Extent) -> Count {
        if matches!(self.smeared.smearing, Smearing::Along(_)) {
            return Count::DIRECTIONAL;
        }
        let corners = [
            [pixels.left, pixels.top],
            [pixels.right, pixels.top],
            [pixels.left, pixels.bottom],
            [pixels.right, pixels.bottom],
        ];
        let size = [self.smeared.rect.width, self.smeared.rect.height];
        let mut longest: f64 = 0.0;
        for corner in corners {
            let ray = self.smeared.ray(corner);
            // A ray that is cut is no fixed part of its way.
            if length([0, 1].map(|axis| ray[axis] / size[axis])) > LONGEST_RAY * 0.999 {
                return Count::Noisy;
            }
            longest = longest.max(length([0, 1].map(|axis| ray[axis] * self.placement.scale[axis])));
        }
        Count::of_ray(longest)
    }
}
