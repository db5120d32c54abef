//! The bokeh of a focus blur on the processor (cap-look.md 18.3, 18.4), in single precision.
//!
//! The samples of a pixel lie on rings, between texels. Bilinear filtering between texels is done once for every texel, at four
//! places: on it, halfway to its right neighbour, to the lower one, and between all four. A sample takes the nearest of these
//! places, which is at most a quarter of a texel away on each axis, and already holds the weight that its brightness gives it.
//! Eight pixels of a row have the radius of their middle.

use std::f64::consts::TAU;

use multiversion::multiversion;
use rayon::prelude::*;

use super::amounts::{by_distance, choose};
use crate::frame::{PackedFormat, PixelRect};
use crate::render::filters::stripes::{CHANNELS, Pixels, column_stripes, spread};
use crate::render::sampling::rounded;
use crate::scene::FocusBlur;

/// Pixels of a row with the same samples.
const BLOCK: usize = 8;
/// Places at which a texel is filtered.
const PLACES: usize = 4;
/// Amounts that differ by less than this share have the same samples.
const SAME: f64 = 0.02;

/// A sample of a pixel: rows down and columns to the right of it, at which of the four places, and what it counts.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Sample {
    down: i32,
    right: i32,
    place: usize,
    weight: f32,
}

impl Sample {
    fn at(right: f64, down: f64, weight: f64) -> Self {
        // Counted in halves of a texel.
        let [right, down] = [right, down].map(|offset| (offset * 2.0).round() as i32);
        Self {
            down: down.div_euclid(2),
            right: right.div_euclid(2),
            place: (right.rem_euclid(2) + 2 * down.rem_euclid(2)) as usize,
            weight: weight as f32,
        }
    }
}

/// 18.4: the centre and rings of 5, 10 and 15 samples at thirds of the amount.
fn samples(amount: f64) -> Vec<Sample> {
    let rings = (1..=3u32).flat_map(|ring| {
        let share = f64::from(ring) / 3.0;
        (0..5 * ring).map(move |i| {
            let (sin, cos) = (TAU * f64::from(i) / f64::from(5 * ring)).sin_cos();
            let weight = 1.0 + (share - 1.0) * 0.3;
            Sample::at(cos * amount * share, sin * amount * share, weight)
        })
    });
    let mut samples: Vec<Sample> = std::iter::once(Sample::at(0.0, 0.0, 1.0)).chain(rings).collect();
    // In the order in which they lie in memory.
    samples.sort_by_key(|sample| (sample.down, sample.place, sample.right));
    samples
}

/// How far samples reach, with the texel beside the last one.
pub(in crate::render) fn reach(blur: &FocusBlur) -> u32 {
    blur.strength.max(0.0).ceil() as u32 + 2
}

/// Blurs `parts` of an opaque surface, which do not overlap. `below` holds them and all that lies within [`reach`] of them, up to
/// the surface's edges. Pieces come in any order, with their rows behind each other.
pub(in crate::render) fn bokeh(
    blur: &FocusBlur,
    below: Pixels<'_>,
    parts: &[PixelRect],
) -> Vec<(PixelRect, Vec<u8>)> {
    let mut kernels: Vec<Vec<Sample>> = vec![Vec::new()];
    let mut made = 0.0;
    let by_distance = by_distance(blur, |amount| {
        if kernels.len() == 1 || amount > made * (1.0 + SAME) {
            kernels.push(samples(amount * (1.0 + SAME / 2.0)));
            made = amount;
        }
        // Fewer than there are distances.
        (kernels.len() - 1) as u16
    });
    let pieces = column_stripes(blur.size, parts)
        .into_par_iter()
        .map_init(Room::default, |room, parts| {
            room.stripe(blur, (&kernels, &by_distance), below, &parts)
        });
    pieces.flatten_iter().collect()
}

/// What blurring a stripe needs, kept from one to the next.
#[derive(Default)]
struct Room {
    /// Two rows of texels.
    lines: [Vec<f32>; 2],
    /// R, G and B of each.
    planes: [[Vec<f32>; 3]; 2],
    ring: Ring,
    kernels: Vec<u16>,
    starts: Vec<usize>,
}

/// The last rows of filtered texels: row by row, place by place, R, G, B times the brightness and the brightness.
#[derive(Default)]
struct Ring {
    values: Vec<f32>,
    rows: usize,
    /// Texels of a row.
    width: usize,
}

impl Ring {
    fn resize(&mut self, width: usize, rows: usize) {
        self.values.resize(width * rows * PLACES * CHANNELS, 0.0);
        (self.rows, self.width) = (rows, width);
    }

    /// Where row `index` begins.
    fn start(&self, index: usize) -> usize {
        index % self.rows * self.width * PLACES * CHANNELS
    }
}

impl Room {
    /// The parts within one stripe.
    fn stripe(
        &mut self,
        blur: &FocusBlur,
        (kernels, by_distance): (&[Vec<Sample>], &[u16]),
        below: Pixels<'_>,
        parts: &[PixelRect],
    ) -> Vec<(PixelRect, Vec<u8>)> {
        let Some(hull) = parts.iter().copied().reduce(PixelRect::hull) else {
            return Vec::new();
        };
        let block = BLOCK as u32;
        let x = hull.x / block * block;
        let hull = PixelRect {
            x,
            width: (hull.right() - x).next_multiple_of(block),
            ..hull
        };
        let reach = reach(blur) as usize;
        let blocks = hull.width as usize / BLOCK;
        let width = hull.width as usize + 2 * reach;
        self.ring.resize(width, 2 * reach + 1);
        self.kernels.resize(blocks, 0);
        let mut pieces: Vec<(PixelRect, Vec<u8>)> = parts
            .iter()
            .map(|part| (*part, Vec::with_capacity(part.area() as usize * CHANNELS)))
            .collect();
        // Rows of the ring are counted from `reach` rows above the hull.
        let mut next = 0;
        for row in 0..hull.height as usize {
            let y = hull.y + row as u32;
            let shown = |part: &PixelRect| part.y <= y && y < part.bottom();
            if !parts.iter().any(shown) {
                continue;
            }
            for index in next.max(row)..=row + 2 * reach {
                self.texels(below, hull, reach, index);
            }
            next = row + 2 * reach + 1;
            choose(blur, by_distance, y, (hull.x, block), &mut self.kernels);
            self.starts.clear();
            let starts = (row..=row + 2 * reach).map(|index| self.ring.start(index));
            self.starts.extend(starts);
            for (part, bytes) in pieces.iter_mut().filter(|(part, _)| shown(part)) {
                let own = below.row(y);
                let start = (part.x - below.rect.x) as usize * CHANNELS;
                let from = bytes.len();
                bytes.extend_from_slice(&own[start..start + part.width as usize * CHANNELS]);
                let target = &mut bytes[from..];
                let (first, end) = ((part.x - hull.x) as usize, (part.right() - hull.x) as usize);
                for index in first / BLOCK..end.div_ceil(BLOCK) {
                    let samples = &kernels[self.kernels[index] as usize];
                    if samples.is_empty() {
                        continue;
                    }
                    let at = index * BLOCK;
                    let mut sums = [[0.0; BLOCK]; CHANNELS];
                    gather(
                        &self.ring.values,
                        (&self.starts, width),
                        (at + reach, reach),
                        samples,
                        &mut sums,
                    );
                    let pixels = at.max(first)..(at + BLOCK).min(end);
                    for x in pixels {
                        let texel = &mut target[(x - first) * CHANNELS..][..3];
                        for (byte, sum) in texel.iter_mut().zip(&sums) {
                            *byte = rounded((sum[x - at] / sums[3][x - at]).clamp(0.0, 255.0));
                        }
                    }
                }
            }
        }
        pieces
    }

    /// Filters the texels of row `index` of the ring; those beyond the surface are copies of the outermost.
    fn texels(&mut self, below: Pixels<'_>, hull: PixelRect, reach: usize, index: usize) {
        let row = |index: usize| {
            let y = (hull.y as usize + index).saturating_sub(reach) as u32;
            y.clamp(below.rect.y, below.rect.bottom() - 1)
        };
        let width = self.ring.width;
        for (number, (line, planes)) in self.lines.iter_mut().zip(&mut self.planes).enumerate() {
            // One texel more, for the place beside the last one.
            line.resize((width + 2) * CHANNELS, 0.0);
            spread(below, row(index + number), hull, reach + 1, line);
            for (channel, plane) in planes.iter_mut().enumerate() {
                plane.clear();
                plane.extend(line[CHANNELS..].iter().skip(channel).step_by(CHANNELS));
            }
        }
        let start = self.ring.start(index);
        let values = &mut self.ring.values[start..start + width * PLACES * CHANNELS];
        let weights = match below.format {
            PackedFormat::Rgba => [0.299, 0.587, 0.114],
            PackedFormat::Bgra => [0.114, 0.587, 0.299],
        };
        let [upper, lower] = &self.planes;
        for (place, values) in values.chunks_exact_mut(width * CHANNELS).enumerate() {
            filter([upper, lower], place, weights, values);
        }
    }
}

/// Texels of a row at one of the four places, times their brightness.
#[multiversion(targets("x86_64+avx2"))]
fn filter(rows: [&[Vec<f32>; 3]; 2], place: usize, weights: [f32; 3], values: &mut [f32]) {
    let width = values.len() / CHANNELS;
    let right = place % 2;
    let lower = rows[place / 2];
    let upper = rows[0];
    let (channels, brightness) = values.split_at_mut(3 * width);
    for (channel, values) in channels.chunks_exact_mut(width).enumerate() {
        let (a, b) = (&upper[channel][..width], &upper[channel][right..width + right]);
        let (c, d) = (&lower[channel][..width], &lower[channel][right..width + right]);
        for index in 0..width {
            values[index] = 0.25 * ((a[index] + b[index]) + (c[index] + d[index]));
        }
    }
    let (first, rest) = channels.split_at_mut(width);
    let (second, third) = rest.split_at_mut(width);
    for index in 0..width {
        let luma = first[index] * weights[0] + second[index] * weights[1] + third[index] * weights[2];
        let t = ((luma / 255.0 - 0.7) / 0.3).clamp(0.0, 1.0);
        let bright = 1.0 + 1.5 * (t * t * (3.0 - 2.0 * t));
        first[index] *= bright;
        second[index] *= bright;
        third[index] *= bright;
        brightness[index] = bright;
    }
}

/// Adds the samples of a block that begins with texel `at` of the rows; the block's own row is the one in the middle.
#[multiversion(targets("x86_64+avx2"))]
fn gather(
    values: &[f32],
    rows: (&[usize], usize),
    place: (usize, usize),
    samples: &[Sample],
    sums: &mut [[f32; BLOCK]; CHANNELS],
) {
    let (starts, width) = rows;
    let (at, reach) = place;
    let mut sum = *sums;
    for sample in samples {
        let row = starts[(reach as i32 + sample.down) as usize];
        let start = row + sample.place * width * CHANNELS + (at as i32 + sample.right) as usize;
        let texels = &values[start..start + 3 * width + BLOCK];
        for (channel, sum) in sum.iter_mut().enumerate() {
            let texels = &texels[channel * width..channel * width + BLOCK];
            for index in 0..BLOCK {
                sum[index] += texels[index] * sample.weight;
            }
        }
    }
    *sums = sum;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::scene::FocusShape;

    const SIZE: Size = Size {
        width: 330,
        height: 200,
    };

    fn blur(strength: f64) -> FocusBlur {
        FocusBlur {
            shape: FocusShape::Radial {
                centre: [0.4, 0.5],
                size: 0.2,
            },
            falloff: 0.0,
            strength,
            bokeh: true,
            size: SIZE,
        }
    }

    /// R, G, B of a pixel of a picture that curves, with bright and dark places; those beyond its edges are its outermost.
    fn texel(x: f64, y: f64) -> [f64; 3] {
        let x = x.clamp(0.5, f64::from(SIZE.width) - 0.5);
        let y = y.clamp(0.5, f64::from(SIZE.height) - 0.5);
        [
            128.0 + 120.0 * (x / 11.0).sin(),
            160.0 + 90.0 * (y / 9.0).cos(),
            128.0 + 100.0 * ((x + y) / 13.0).sin(),
        ]
        .map(f64::round)
    }

    fn picture() -> Vec<u8> {
        let pixels = (0..SIZE.height).flat_map(|y| {
            (0..SIZE.width).flat_map(move |x| {
                let [r, g, b] = texel(f64::from(x) + 0.5, f64::from(y) + 0.5).map(|value| value as u8);
                [r, g, b, 255]
            })
        });
        pixels.collect()
    }

    fn bilinear(x: f64, y: f64) -> [f64; 3] {
        let (left, top) = ((x - 0.5).floor() + 0.5, (y - 0.5).floor() + 0.5);
        let (dx, dy) = (x - left, y - top);
        let row = |y: f64| {
            let (a, b) = (texel(left, y), texel(left + 1.0, y));
            [0, 1, 2].map(|channel| a[channel] * (1.0 - dx) + b[channel] * dx)
        };
        let (a, b) = (row(top), row(top + 1.0));
        [0, 1, 2].map(|channel| a[channel] * (1.0 - dy) + b[channel] * dy)
    }

    /// 18.4 in double precision.
    fn expected(blur: &FocusBlur, x: f64, y: f64) -> [f64; 3] {
        let amount = blur.amount(x, y);
        if amount < 0.5 {
            return texel(x, y);
        }
        let mut sums = [0.0; 4];
        let mut add = |[r, g, b]: [f64; 3], weight: f64| {
            let luma = (0.299 * r + 0.587 * g + 0.114 * b) / 255.0;
            let t = ((luma - 0.7) / 0.3).clamp(0.0, 1.0);
            let weight = weight * (1.0 + 1.5 * t * t * (3.0 - 2.0 * t));
            for (sum, value) in sums.iter_mut().zip([r, g, b, 1.0]) {
                *sum += value * weight;
            }
        };
        add(texel(x, y), 1.0);
        for ring in 1..=3u32 {
            let share = f64::from(ring) / 3.0;
            for i in 0..5 * ring {
                let (sin, cos) = (TAU * f64::from(i) / f64::from(5 * ring)).sin_cos();
                let radius = amount * share;
                add(
                    bilinear(x + cos * radius, y + sin * radius),
                    1.0 + (share - 1.0) * 0.3,
                );
            }
        }
        [0, 1, 2].map(|channel| sums[channel] / sums[3])
    }

    fn blurred(blur: &FocusBlur, parts: &[PixelRect]) -> Vec<(PixelRect, Vec<u8>)> {
        let picture = picture();
        let below = Pixels {
            data: &picture,
            stride: SIZE.width as usize * CHANNELS,
            rect: PixelRect::full(SIZE),
            format: PackedFormat::Rgba,
        };
        bokeh(blur, below, parts)
    }

    #[test]
    fn rings_are_those_of_the_formula() {
        for strength in [3.0, 8.0] {
            let blur = blur(strength);
            let mut count = 0;
            for (part, pixels) in blurred(&blur, &[PixelRect::full(SIZE)]) {
                for (index, pixel) in pixels.chunks_exact(4).enumerate() {
                    let (x, y) = (
                        f64::from(part.x + index as u32 % part.width) + 0.5,
                        f64::from(part.y + index as u32 / part.width) + 0.5,
                    );
                    for (found, expected) in pixel.iter().zip(expected(&blur, x, y)) {
                        let difference = (f64::from(*found) - expected).abs();
                        assert!(difference <= 3.0, "{strength}: {x}, {y}: {found}, not {expected}");
                    }
                    count += 1;
                }
            }
            assert_eq!(count, SIZE.area());
        }
    }

    #[test]
    fn a_part_has_the_pixels_of_the_whole() {
        let blur = blur(9.0);
        let whole = blurred(&blur, &[PixelRect::full(SIZE)]);
        let parts = [
            PixelRect {
                x: 3,
                y: 5,
                width: 130,
                height: 4,
            },
            PixelRect {
                x: 90,
                y: 40,
                width: 7,
                height: 20,
            },
        ];
        for (part, pixels) in blurred(&blur, &parts) {
            let (of, all) = whole
                .iter()
                .find(|(of, _)| of.intersect(part) == Some(part))
                .expect("a stripe");
            for (row, found) in pixels.chunks_exact(part.width as usize * 4).enumerate() {
                let y = (part.y - of.y) as usize + row;
                let start = (y * of.width as usize + (part.x - of.x) as usize) * 4;
                assert_eq!(found, &all[start..start + found.len()]);
            }
        }
    }
}
