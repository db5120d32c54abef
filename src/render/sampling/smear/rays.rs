//! Rays of the pixels of a row: of those deep inside a card, and of those near its rim, some of whose samples weigh less.

use super::gather::{Gatherer, Rays};
use super::samples::{Noise, ROOM, Samples, Weights};
use super::{ANTIALIASED, CHANNELS, LONGEST_RAY, Ways};
use crate::render::layers::smear::Smearing;
use crate::render::sampling::field::Field;

/// A row of pixels from one on.
struct Row<'a> {
    ways: &'a Ways<'a>,
    /// Centre of the first pixel.
    pixel: [f64; 2],
    /// Place of the output's corner, texels counted from the centre of the first.
    corner: [f64; 2],
    /// Size of the card, texels.
    card: [f32; 2],
    /// Whether a ray may be cut to [`LONGEST_RAY`].
    limited: bool,
}

impl<'a> Row<'a> {
    /// `count` pixels from (`x`, `y`) on.
    fn new(ways: &'a Ways<'a>, (x, y): (u32, u32), count: usize) -> Self {
        let (placement, rect) = (ways.placement, ways.smeared.rect);
        let pixel = [f64::from(x) + 0.5, f64::from(y) + 0.5];
        let card = [rect.width * placement.scale[0], rect.height * placement.scale[1]];
        let limited = match ways.smeared.smearing {
            Smearing::Along(_) => false,
            Smearing::Towards { centre, amount } => {
                let distance = |x: f64| {
                    let way = [centre[0] - x, centre[1] - pixel[1]];
                    super::length([way[0] / rect.width, way[1] / rect.height])
                };
                // The farthest pixel of a row is one of its ends.
                let farthest = distance(pixel[0]).max(distance(pixel[0] + count as f64));
                amount * farthest > LONGEST_RAY * 0.999
            }
        };
        Self {
            ways,
            pixel,
            corner: placement.origin.map(|origin| origin - 0.5),
            card: card.map(|side| side as f32),
            limited,
        }
    }

    /// Place of a pixel and its ray, texels.
    #[inline(always)]
    fn ray(&self, index: usize) -> ([f32; 2], [f32; 2]) {
        let scale = self.ways.placement.scale;
        let pixel = [self.pixel[0] + index as f64, self.pixel[1]];
        let at = [0, 1].map(|axis| (pixel[axis] * scale[axis] + self.corner[axis]) as f32);
        let texels = |way: [f64; 2]| [0, 1].map(|axis| (way[axis] * scale[axis]) as f32);
        match self.ways.smeared.smearing {
            Smearing::Along(vector) => (at, texels(vector)),
            Smearing::Towards { centre, amount } => {
                let way = texels([centre[0] - pixel[0], centre[1] - pixel[1]]);
                let mut part = amount as f32;
                if self.limited {
                    let (u, v) = (way[0] / self.card[0], way[1] / self.card[1]);
                    let distance = (u * u + v * v).sqrt().max(1e-6);
                    part = part.min(LONGEST_RAY as f32 / distance);
                }
                (at, way.map(|along| along * part))
            }
        }
    }

    fn gatherer<'f>(&self, field: &'f Field) -> Gatherer<'f> {
        let placement = self.ways.placement;
        Gatherer {
            window: field.window(),
            bounds: [placement.low, placement.high]
                .map(|bound| [0, 1].map(|axis| self.ways.shown(axis, bound[axis]) as f32)),
        }
    }
}

/// All samples lie inside.
struct Deep<'a> {
    row: Row<'a>,
    /// One for all pixels, or one for each step of noise.
    samples: &'a [Samples],
    noise: &'a [u8],
}

impl Deep<'_> {
    #[inline(always)]
    fn of(&self, index: usize) -> &Samples {
        match self.samples {
            [all] => all,
            steps => &steps[usize::from(self.noise[index])],
        }
    }
}

impl Rays for Deep<'_> {
    #[inline(always)]
    fn ray(&self, index: usize) -> ([f32; 2], [f32; 2]) {
        self.row.ray(index)
    }

    #[inline(always)]
    fn samples(&self, index: usize) -> Option<(&Samples, Weights)> {
        let samples = self.of(index);
        Some((samples, samples.weights))
    }
}

/// Some samples may lie on the rim or beyond.
struct Rim<'a>(Deep<'a>);

impl Rays for Rim<'_> {
    #[inline(always)]
    fn ray(&self, index: usize) -> ([f32; 2], [f32; 2]) {
        self.0.row.ray(index)
    }

    #[inline(always)]
    fn samples(&self, index: usize) -> Option<(&Samples, Weights)> {
        let (row, samples) = (&self.0.row, self.0.of(index));
        let smeared = row.ways.smeared;
        let rect = smeared.rect;
        let pixel = [row.pixel[0] + index as f64, row.pixel[1]];
        let ray = smeared.ray(pixel);
        // From the middle of the card.
        let half = [rect.width / 2.0, rect.height / 2.0];
        let from = [pixel[0] - rect.x - half[0], pixel[1] - rect.y - half[1]];
        let ([x, y], [along_x, along_y]) = (from.map(|at| at as f32), ray.map(|at| at as f32));
        let (half_x, half_y) = (half[0] as f32, half[1] as f32);
        let (deep, outside) = (-smeared.deep as f32, ANTIALIASED as f32);
        // The corners' squares, with the reach of the four points of 5.2.
        let straight = -(smeared.radius.max(smeared.top_radius) + 1.0) as f32;
        // How far beyond the nearest edge a sample lies, and from where on that matters: away from the corners an edge is straight.
        let mut beyond = [0.0f32; ROOM];
        let mut covered = [0.0f32; ROOM];
        for i in 0..ROOM {
            let along = (i as f32 + samples.shift) * samples.step;
            let out_x = (x + along_x * along).abs() - half_x;
            let out_y = (y + along_y * along).abs() - half_y;
            let (near, far) = if out_x > out_y {
                (out_x, out_y)
            } else {
                (out_y, out_x)
            };
            beyond[i] = near;
            covered[i] = if far < straight { -outside } else { deep };
        }
        let mut weights = samples.weights;
        let mut any = 0;
        for i in 0..samples.count {
            if beyond[i] > covered[i] {
                weights[i] = if beyond[i] >= outside {
                    0
                } else {
                    let along = f64::from((i as f32 + samples.shift) * samples.step);
                    let at = [0, 1].map(|axis| pixel[axis] + ray[axis] * along);
                    (f64::from(weights[i]) * smeared.coverage(at)).round() as i16
                };
            }
            any |= weights[i];
        }
        (any != 0).then_some((samples, weights))
    }
}

/// The pixels from (`x`, `y`) on of a radial smear, all of whose samples lie deep inside the card, shifted by noise.
pub(super) fn draw_noisy(
    ways: &Ways<'_>,
    field: &Field,
    noise: &Noise,
    (x, y): (u32, u32),
    line: &mut [[u8; CHANNELS]],
) {
    let row = Row::new(ways, (x, y), line.len());
    let gatherer = row.gatherer(field);
    let (samples, noise) = (noise.samples(), &noise.row(y)[x as usize..]);
    gatherer.draw(&Deep { row, samples, noise }, line);
}

/// The pixels from (`x`, `y`) on, some of whose samples may lie on the rim or beyond.
pub(super) fn draw_rim(
    ways: &Ways<'_>,
    field: &Field,
    noise: &Noise,
    (x, y): (u32, u32),
    line: &mut [[u8; CHANNELS]],
) {
    let row = Row::new(ways, (x, y), line.len());
    let gatherer = row.gatherer(field);
    let one;
    let (samples, noise) = match ways.smeared.smearing {
        Smearing::Along(_) => {
            one = [Samples::directional()];
            (&one[..], &[][..])
        }
        Smearing::Towards { .. } => (noise.samples(), &noise.row(y)[x as usize..]),
    };
    gatherer.draw(&Rim(Deep { row, samples, noise }), line);
}
