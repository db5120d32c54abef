//! Focus blur of the 3D camera: how far each pixel is blurred (cap-look.md 18.3, 18.4).

use crate::frame::{Extent, PixelRect, Size};
use crate::scene::easing::{lerp, smoothstep};
use crate::scene::layer::finite;

/// Blur radius below which a pixel stays as it is, output pixels.
const SHARP: f64 = 0.5;
/// Longest radius of the gaussian at 1080 lines, and at any size, output pixels.
const LONGEST: [f64; 2] = [40.0, 160.0];
/// Rows whose blurred parts are given as rectangles of one height.
const BAND: u32 = 16;

/// What lies outside of a region of the picture, blurred by its distance from there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FocusBlur {
    /// The sharp region.
    pub shape: FocusShape,
    /// 0..=1: how slowly the blur grows.
    pub falloff: f64,
    /// Largest radius, output pixels.
    pub strength: f64,
    /// Whether bright spots grow to discs; else the blur is a gaussian.
    pub bokeh: bool,
    /// Of the output.
    pub size: Size,
}

/// The sharp region of a picture. Lengths are fractions of the output's height, y points up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FocusShape {
    /// A disc.
    Radial {
        /// Its centre, fractions of the output's sides, y from below.
        centre: [f64; 2],
        /// Its diameter, at least 0.
        size: f64,
    },
    /// A strip.
    TiltShift {
        /// A point of its middle line, as the disc's centre.
        centre: [f64; 2],
        /// Half its width, at least 0 (cap-look.md 18.3: half of that is subtracted twice).
        size: f64,
        /// The unit vector across it.
        across: [f64; 2],
    },
    /// One side of a line.
    Directional {
        /// The unit vector towards the blurred side.
        towards: [f64; 2],
        /// The line's distance from the frame's centre.
        threshold: f64,
    },
}

impl FocusBlur {
    /// The blur radius of the pixel with its centre at (x, y), output pixels.
    pub fn amount(&self, x: f64, y: f64) -> f64 {
        self.amount_at(self.distance(x, y))
    }

    /// The blur radius at this distance from the sharp region (d of cap-look.md 18.3), output pixels.
    pub(crate) fn amount_at(&self, distance: f64) -> f64 {
        smoothstep(0.0, self.ramp(), distance).powf(self.curve()) * self.strength
    }

    /// Longest radius of the gaussian.
    pub fn longest(&self) -> f64 {
        let [of_height, at_all] = LONGEST;
        (of_height * f64::from(self.size.height) / 1080.0).min(at_all)
    }

    /// d of cap-look.md 18.3.
    fn distance(&self, x: f64, y: f64) -> f64 {
        let from = |centre| self.from(centre, x, y);
        match self.shape {
            FocusShape::Radial { centre, size } => {
                let [dx, dy] = from(centre);
                dx.hypot(dy) - size / 2.0
            }
            FocusShape::TiltShift { centre, size, across } => {
                (dot(from(centre), across).abs() - size / 2.0).max(0.0) - size / 2.0
            }
            FocusShape::Directional { towards, threshold } => {
                (dot(from([0.5, 0.5]), towards) - threshold).max(0.0)
            }
        }
    }

    /// From a centre to the point (x, y).
    fn from(&self, centre: [f64; 2], x: f64, y: f64) -> [f64; 2] {
        let [width, height] = [self.size.width, self.size.height].map(f64::from);
        [(x - centre[0] * width) / height, 1.0 - y / height - centre[1]]
    }

    /// The distance from the sharp region at which the blur is full.
    pub(crate) fn ramp(&self) -> f64 {
        let widen = 1.0 + 3.0 * self.falloff;
        let narrow = match self.shape {
            FocusShape::Radial { size, .. } | FocusShape::TiltShift { size, .. } => size / 2.0 + 0.35,
            FocusShape::Directional { .. } => 0.7,
        };
        narrow * widen
    }

    /// Exponent of the growth.
    pub(crate) fn curve(&self) -> f64 {
        lerp(2.0, 0.7, self.falloff)
    }

    /// The distance from the sharp region up to which pixels stay as they are; `None` when all do.
    fn sharp_up_to(&self) -> Option<f64> {
        let share = (SHARP / self.strength).powf(1.0 / self.curve());
        // The inverse of smoothstep.
        (share < 1.0).then(|| self.ramp() * (0.5 - ((1.0 - 2.0 * share).asin() / 3.0).sin()))
    }

    /// The columns of row `y` (of its pixels' centres) that stay as they are, as left and right ends; they may be infinite.
    /// Each region is convex, so what two rows have in common all rows between them have.
    fn sharp_columns(&self, y: f64, up_to: f64) -> Option<(f64, f64)> {
        let [width, height] = [self.size.width, self.size.height].map(f64::from);
        let columns = |centre: [f64; 2], low: f64, high: f64| {
            (low < high).then_some((
                centre[0] * width + low * height,
                centre[0] * width + high * height,
            ))
        };
        // Where `low < x direction + up < high`.
        let between = |centre, low: f64, high: f64, direction: f64, up: f64| {
            let ends = if direction.abs() < 1e-9 {
                let all = low < up && up < high;
                all.then_some((f64::NEG_INFINITY, f64::INFINITY))?
            } else {
                let (a, b) = ((low - up) / direction, (high - up) / direction);
                (a.min(b), a.max(b))
            };
            columns(centre, ends.0, ends.1)
        };
        let up = |centre: [f64; 2]| self.from(centre, 0.0, y)[1];
        match self.shape {
            FocusShape::Radial { centre, size } => {
                let radius = size / 2.0 + up_to;
                let half = (radius * radius - up(centre) * up(centre)).max(0.0).sqrt();
                columns(centre, -half, half)
            }
            FocusShape::TiltShift { centre, size, across } => {
                let reach = size + up_to;
                between(centre, -reach, reach, across[0], up(centre) * across[1])
            }
            FocusShape::Directional { towards, threshold } => {
                let centre = [0.5, 0.5];
                let end = threshold + up_to;
                between(
                    centre,
                    f64::NEG_INFINITY,
                    end,
                    towards[0],
                    up(centre) * towards[1],
                )
            }
        }
    }

    /// The parts of `area` with all its pixels that are blurred, and few others.
    pub(crate) fn blurred(&self, area: PixelRect) -> Vec<PixelRect> {
        let Some(up_to) = self.sharp_up_to() else {
            return Vec::new();
        };
        let mut parts: Vec<PixelRect> = Vec::new();
        let mut y = area.y;
        while y < area.bottom() {
            let end = (y / BAND + 1).saturating_mul(BAND).min(area.bottom());
            let row = |y: u32| self.sharp_columns(f64::from(y) + 0.5, up_to);
            let band = PixelRect {
                y,
                height: end - y,
                ..area
            };
            let sharp = row(y).zip(row(end - 1)).and_then(|(a, b)| {
                // Whole pixels whose centres are within; one less on each side for rounding.
                let column =
                    |at: f64| (at - 0.5).clamp(f64::from(area.x) - 2.0, f64::from(area.right()) + 2.0);
                let left = (column(a.0.max(b.0)).ceil() + 1.0).max(f64::from(area.x)) as u32;
                let right = column(a.1.min(b.1)).floor().min(f64::from(area.right())).max(0.0) as u32;
                (left < right).then_some((left, right))
            });
            let (left, right) = sharp.unwrap_or((area.right(), area.right()));
            for (x, end) in [(area.x, left), (right, area.right())] {
                add(
                    &mut parts,
                    PixelRect {
                        x,
                        width: end.saturating_sub(x),
                        ..band
                    },
                );
            }
            y = end;
        }
        parts
    }

    /// Where it rewrites, output pixels.
    pub(super) fn extent(&self) -> Option<Extent> {
        let parts = self.blurred(PixelRect::full(self.size));
        parts.into_iter().reduce(PixelRect::hull).map(Extent::from)
    }

    /// A pixel depends on others within the radius; one more for the bilinear taps.
    pub(super) fn reach(&self) -> f64 {
        let radius = if self.bokeh {
            self.strength
        } else {
            self.strength.min(self.longest())
        };
        radius.ceil() + 1.0
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let shape = match self.shape {
            FocusShape::Radial { centre: [x, y], size } => finite(&[x, y, size]) && size >= 0.0,
            FocusShape::TiltShift {
                centre: [x, y],
                size,
                across: [a, b],
            } => finite(&[x, y, size, a, b]) && size >= 0.0,
            FocusShape::Directional {
                towards: [a, b],
                threshold,
            } => finite(&[a, b, threshold]),
        };
        let growth = (0.0..=1.0).contains(&self.falloff) && self.strength.is_finite() && self.strength >= 0.0;
        if shape && growth && self.size.area() > 0 {
            Ok(())
        } else {
            Err("the focus blur's numbers")
        }
    }
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Adds a rectangle, as a part of the one above it where both have the same columns.
fn add(parts: &mut Vec<PixelRect>, rect: PixelRect) {
    if rect.is_empty() {
        return;
    }
    // Bands have at most two parts.
    let above = parts
        .iter_mut()
        .rev()
        .take(3)
        .find(|above| above.bottom() == rect.y && above.x == rect.x && above.width == rect.width);
    match above {
        Some(above) => above.height += rect.height,
        None => parts.push(rect),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HD: Size = Size::new(1920, 1080);

    fn blur(shape: FocusShape, falloff: f64) -> FocusBlur {
        FocusBlur {
            shape,
            falloff,
            strength: 20.0,
            bokeh: false,
            size: HD,
        }
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
    }

    /// cap-look.md 18.3, by hand: a point half the output's height from the centre, past a disc of 0.4.
    #[test]
    fn radial_amounts() {
        let centre = [0.25, 0.75];
        let radial = blur(FocusShape::Radial { centre, size: 0.4 }, 0.0);
        // The centre is (480, 270): y is counted from below.
        close(radial.amount(480.0, 270.0), 0.0);
        close(radial.amount(480.0 + 0.2 * 1080.0, 270.0), 0.0);
        // d = 0.3 of 0.55, u = 6 / 11: u² (3 - 2u) = 0.567994, squared.
        close(
            radial.amount(480.0, 270.0 + 540.0),
            20.0 * (756.0f64 / 1331.0).powi(2),
        );
        close(
            radial.amount(480.0 + 540.0, 270.0),
            20.0 * (756.0f64 / 1331.0).powi(2),
        );
        close(radial.amount(1900.0, 1000.0), 20.0);
        // All falloff: d of 2.2, to the power 0.7.
        let slow = blur(FocusShape::Radial { centre, size: 0.4 }, 1.0);
        let u: f64 = 0.3 / 2.2;
        close(
            slow.amount(1020.0, 270.0),
            20.0 * (u * u * (3.0 - 2.0 * u)).powf(0.7),
        );
    }

    #[test]
    fn tilt_shift_subtracts_the_size_twice() {
        let strip = FocusShape::TiltShift {
            centre: [0.5, 0.5],
            size: 0.2,
            across: [0.0, 1.0],
        };
        let strip = blur(strip, 0.0);
        close(strip.amount(3.0, 540.0 + 0.2 * 1080.0), 0.0);
        // d = 0.4 - 0.1 - 0.1 of 0.45.
        let s = smoothstep(0.0, 0.45, 0.2);
        close(strip.amount(1700.0, 540.0 - 0.4 * 1080.0), 20.0 * s * s);
        close(strip.amount(1700.0, 540.0 + 0.4 * 1080.0), 20.0 * s * s);
    }

    #[test]
    fn directional_blurs_beyond_a_line() {
        let half = FocusShape::Directional {
            towards: [0.0, 1.0],
            threshold: 0.1,
        };
        let half = blur(half, 0.5);
        close(half.amount(100.0, 900.0), 0.0);
        close(half.amount(100.0, 540.0 - 0.1 * 1080.0), 0.0);
        // d = 0.25 of 0.7 * 2.5, to the power (2 + 0.7) / 2.
        let s = smoothstep(0.0, 1.75, 0.25);
        close(half.amount(1800.0, 540.0 - 0.35 * 1080.0), 20.0 * s.powf(1.35));
    }

    #[test]
    fn limits() {
        let mut all = blur(
            FocusShape::Radial {
                centre: [0.5, 0.5],
                size: 0.0,
            },
            0.0,
        );
        all.strength = 60.0;
        assert_eq!((all.longest(), all.reach()), (40.0, 41.0));
        all.bokeh = true;
        assert_eq!(all.reach(), 61.0);
        all.size = Size::new(7680, 8640);
        assert_eq!(all.longest(), 160.0);
        all.strength = 0.4;
        assert_eq!(all.extent(), None);
        assert!(all.check().is_ok());
        all.falloff = f64::NAN;
        assert!(all.check().is_err());
    }

    fn shape() -> impl Strategy<Value = FocusShape> {
        let centre = || (-0.5..1.5f64, -0.5..1.5f64).prop_map(|(x, y)| [x, y]);
        let turn = || prop_oneof![Just(0.0), Just(90.0), Just(180.0), -360.0..360.0f64];
        prop_oneof![
            (centre(), 0.0..2.0f64).prop_map(|(centre, size)| FocusShape::Radial { centre, size }),
            (centre(), 0.0..1.0f64, turn()).prop_map(|(centre, size, angle)| {
                let (sin, cos) = angle.to_radians().sin_cos();
                FocusShape::TiltShift {
                    centre,
                    size,
                    across: [sin, cos],
                }
            }),
            (turn(), -2.0..2.0f64).prop_map(|(angle, threshold)| {
                let (sin, cos) = angle.to_radians().sin_cos();
                FocusShape::Directional {
                    towards: [cos, sin],
                    threshold,
                }
            }),
        ]
    }

    proptest! {
        /// Every pixel of 0.5 or more is in a part, once; and of those that stay as they are, most are in none.
        #[test]
        fn the_parts_hold_what_is_blurred(
            shape in shape(), falloff in 0.0..1.0f64, strength in 0.0..60.0f64,
            area in (0u32..100, 0u32..60, 1u32..120, 1u32..90),
        ) {
            let blur = FocusBlur { shape, falloff, strength, bokeh: false, size: Size::new(160, 90) };
            let area = PixelRect { x: area.0, y: area.1, width: area.2, height: area.3 };
            let parts = blur.blurred(area);
            for y in 0..160 {
                for x in 0..240 {
                    let within = |rect: &PixelRect| {
                        (rect.x..rect.right()).contains(&x) && (rect.y..rect.bottom()).contains(&y)
                    };
                    let times = parts.iter().filter(|part| within(part)).count();
                    prop_assert!(times <= usize::from(within(&area)));
                    let amount = blur.amount(f64::from(x) + 0.5, f64::from(y) + 0.5);
                    if within(&area) && amount >= SHARP {
                        prop_assert_eq!(times, 1, "({}, {}): {}", x, y, amount);
                    }
                }
            }
        }
    }

    #[test]
    fn what_stays_sharp_is_in_no_part() {
        let radial = blur(
            FocusShape::Radial {
                centre: [0.5, 0.5],
                size: 0.6,
            },
            0.0,
        );
        let pixels: u64 = radial
            .blurred(PixelRect::full(HD))
            .iter()
            .map(|part| part.area())
            .sum();
        let (mut blurred, mut y) = (0, 0.5);
        while y < 1080.0 {
            blurred += (0..1920)
                .filter(|&x| radial.amount(f64::from(x) + 0.5, y) >= SHARP)
                .count() as u64;
            y += 1.0;
        }
        assert!(
            pixels >= blurred && pixels < blurred + 40_000,
            "{pixels} for {blurred}"
        );
    }
}
