//! Laid-out glyphs become one picture.
//!
//! A glyph stands at the quarter pixel nearest to its place across; down, lines stand at whole pixels, so that the
//! hinted edges of all letters fall on the same rows. Marks keep their distance from the line to a quarter pixel.

use std::ops::Range;
use std::sync::Arc;

use cosmic_text::{CacheKey, FontSystem};

use super::blur::{Plane, reach};
use super::glyphs::{Glyphs, Picture, Pixels};
use super::layout::{Glyph, Laid};
use crate::frame::Size;
use crate::scene::typeset::{Ink, Px, Raster, RasterSpec};

/// Share of the outline's radius at which the diagonals are drawn again (cap-look.md 13).
const INNER_OUTLINE: f32 = 0.7;

/// How far from its origin and advance a glyph's picture may reach, font sizes.
const OVERHANG: f32 = 2.0;

/// A glyph's picture in its place.
struct Placed {
    picture: Arc<Picture>,
    left: i32,
    top: i32,
}

/// Pixels (left, top, right, bottom).
type Bounds = [i32; 4];

/// Pictures what `spec` asks for of `laid`.
pub(super) fn draw(system: &mut FontSystem, glyphs: &mut Glyphs, laid: &Laid, spec: &RasterSpec) -> Raster {
    let reach = match spec.ink {
        Ink::Glow(sigma) => i32::try_from(reach(sigma.get())).unwrap_or(i32::MAX / 4),
        _ => 0,
    };
    // What lies outside the window still glows into it.
    let window = grown(spec.window, reach);
    let shown = laid
        .glyphs
        .iter()
        .filter(|glyph| {
            spec.bytes
                .as_ref()
                .is_none_or(|bytes| bytes.contains(&glyph.start))
        })
        .filter(|glyph| may_meet(glyph, spec, window));
    let stroke = match spec.ink {
        Ink::Stroke(width) => Some(width),
        _ => None,
    };
    let mut placed = Vec::new();
    for glyph in shown {
        for &(dx, dy) in offsets(spec.ink).as_slice() {
            placed.extend(
                place(system, glyphs, glyph, spec, stroke, (dx, dy)).filter(|placed| {
                    let [left, top, right, bottom] = placed.bounds();
                    left < window[2] && right > window[0] && top < window[3] && bottom > window[1]
                }),
            );
        }
    }
    let bounds = placed
        .iter()
        .map(Placed::bounds)
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
        .map(|bounds| meet(grown(bounds, reach), window));
    let Some(bounds) = bounds.filter(|bounds| bounds[0] < bounds[2] && bounds[1] < bounds[3]) else {
        return empty(spec);
    };
    let (width, height) = ((bounds[2] - bounds[0]) as usize, (bounds[3] - bounds[1]) as usize);

    let mut coverage = Plane {
        width,
        height,
        pixels: Vec::new(),
    };
    let mut color = Vec::new();
    for placed in &placed {
        match (&placed.picture.pixels, spec.ink) {
            (Pixels::Coverage(pixels), _) => {
                coverage.pixels.resize(width * height, 0);
                placed.for_each_row(&bounds, |to, from| {
                    for (below, &above) in coverage.pixels[to].iter_mut().zip(&pixels[from]) {
                        *below = over(*below, above);
                    }
                });
            }
            (Pixels::Color(pixels), Ink::Fill) => {
                color.resize(width * height * 4, 0);
                placed.for_each_row(&bounds, |to, from| {
                    let above = pixels[from.start * 4..from.end * 4].chunks_exact(4);
                    for (below, above) in color[to.start * 4..to.end * 4].chunks_exact_mut(4).zip(above) {
                        let alpha = above[3];
                        for (below, &above) in below.iter_mut().zip(above) {
                            *below = above.saturating_add(scaled(*below, 255 - alpha));
                        }
                    }
                });
            }
            (Pixels::Color(pixels), _) => {
                coverage.pixels.resize(width * height, 0);
                placed.for_each_row(&bounds, |to, from| {
                    let above = pixels[from.start * 4..from.end * 4].chunks_exact(4);
                    for (below, above) in coverage.pixels[to].iter_mut().zip(above) {
                        *below = over(*below, above[3]);
                    }
                });
            }
        }
    }
    if let Ink::Glow(sigma) = spec.ink {
        coverage.blur(sigma.get());
    }
    let size = Size::new(width as u32, height as u32);
    Raster::new(spec.clone(), (bounds[0], bounds[1]), size, coverage.pixels, color)
}

/// Whether the picture of `glyph` can reach into `window`. Spares picturing those that can't.
fn may_meet(glyph: &Glyph, spec: &RasterSpec, window: Bounds) -> bool {
    let scale = spec.scale.get();
    let reach = OVERHANG * spec.text.size.get() * scale;
    let (left, line) = (glyph.x * scale, (glyph.baseline + glyph.y) * scale);
    let [from_x, from_y, to_x, to_y] = window.map(|edge| edge as f32);
    left - reach < to_x
        && left + glyph.width * scale + reach > from_x
        && line - reach < to_y
        && line + reach > from_y
}

/// A picture of nothing.
pub(super) fn empty(spec: &RasterSpec) -> Raster {
    Raster::new(spec.clone(), (0, 0), Size::new(0, 0), Vec::new(), Vec::new())
}

/// Where copies of a glyph stand around its place.
fn offsets(ink: Ink) -> Vec<(f32, f32)> {
    let Ink::Outline(radius) = ink else {
        return vec![(0.0, 0.0)];
    };
    let radius = radius.get();
    let diagonal = radius * std::f32::consts::FRAC_1_SQRT_2;
    let corners = [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)];
    let sides = [(-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0)];
    let at = |unit: f32| move |(x, y): (f32, f32)| (x * unit, y * unit);
    sides
        .into_iter()
        .map(at(radius))
        .chain(corners.into_iter().map(at(diagonal)))
        .chain(corners.into_iter().map(at(diagonal * INNER_OUTLINE)))
        .collect()
}

fn place(
    system: &mut FontSystem,
    glyphs: &mut Glyphs,
    glyph: &Glyph,
    spec: &RasterSpec,
    stroke: Option<Px>,
    (dx, dy): (f32, f32),
) -> Option<Placed> {
    let scale = spec.scale.get();
    let baseline = (glyph.baseline * scale).round();
    let position = (
        spec.phase.get() + glyph.x * scale + dx,
        baseline + glyph.y * scale + dy,
    );
    let size = spec.text.size.get() * scale;
    let (key, x, y) = CacheKey::new(glyph.font, glyph.id, size, position, glyph.weight, glyph.flags);
    let picture = glyphs.picture(system, key, stroke);
    let (left, top) = (x.checked_add(picture.left)?, y.checked_add(picture.top)?);
    (picture.width > 0 && picture.height > 0).then_some(Placed { picture, left, top })
}

impl Placed {
    fn bounds(&self) -> Bounds {
        let (width, height) = (self.picture.width as i32, self.picture.height as i32);
        [
            self.left,
            self.top,
            self.left.saturating_add(width),
            self.top.saturating_add(height),
        ]
    }

    /// Calls `each` with the pixels of every row that lies within `bounds`: those of the whole and those of the glyph.
    fn for_each_row(&self, bounds: &Bounds, mut each: impl FnMut(Range<usize>, Range<usize>)) {
        let [left, top, right, bottom] = meet(self.bounds(), *bounds);
        if left >= right {
            return;
        }
        let width = (bounds[2] - bounds[0]) as usize;
        let length = (right - left) as usize;
        for row in top..bottom {
            let to = (row - bounds[1]) as usize * width + (left - bounds[0]) as usize;
            let from = (row - self.top) as usize * self.picture.width + (left - self.left) as usize;
            each(to..to + length, from..from + length);
        }
    }
}

fn grown([left, top, right, bottom]: Bounds, by: i32) -> Bounds {
    [
        left.saturating_sub(by),
        top.saturating_sub(by),
        right.saturating_add(by),
        bottom.saturating_add(by),
    ]
}

fn meet(a: Bounds, b: Bounds) -> Bounds {
    [a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]
}

/// `value` times `share` / 255, rounded.
fn scaled(value: u8, share: u8) -> u8 {
    ((u16::from(value) * u16::from(share) + 127) / 255) as u8
}

/// Coverage of two shapes, one over the other.
fn over(below: u8, above: u8) -> u8 {
    above + scaled(below, 255 - above)
}
