//! Motion blur of card and camera: what moved since the frame before, and how that smears a picture (cap-look.md 7).

use crate::frame::Rect;

/// Frame rate at which *screenMotionBlur* 1 is a factor of 1.
const FULL_RATE: f64 = 60.0;
/// Least movement or growth that blurs, output pixels.
const LEAST: f64 = 1.0;
/// Longest directional smear, fractions of the card.
const LONGEST: f64 = 0.15;
/// Longest ray of a radial smear, fractions of the card.
pub(crate) const LONGEST_RAY: f64 = 0.10;
/// Largest amount of a radial smear, and the largest where a scene change forces one.
const MOST: f64 = 0.5;
const MOST_FORCED: f64 = 0.08;
/// Below this a radial smear is none.
const LEAST_AMOUNT: f64 = 1e-4;

/// How a picture is smeared. Positions and lengths are fractions of its rectangle, x right, y down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smear {
    /// 21 samples from the pixel's own place along `vector`, equal weights (cap-look.md 7.2).
    Directional {
        /// From the pixel to the last sample: the movement since the frame before.
        vector: [f64; 2],
    },
    /// 13 weighted samples from the pixel's own place towards `centre` (cap-look.md 7.3).
    Radial {
        /// Where all rays go to, within 0..=1.
        centre: [f64; 2],
        /// kappa: the part of the way to the centre that a ray goes, unless it is cut at 0.10. 1e-4..=0.5.
        amount: f64,
    },
}

impl Smear {
    /// The smear of what moves with the picture in `from`, and lies in `to`: by as many pixels, towards the same point.
    #[must_use]
    pub fn carried(self, from: Rect, to: Rect) -> Self {
        let scale = [from.width / to.width, from.height / to.height];
        match self {
            Self::Directional { vector: [x, y] } => Self::Directional {
                vector: [x * scale[0], y * scale[1]],
            },
            Self::Radial {
                centre: [x, y],
                amount,
            } => Self::Radial {
                centre: [
                    (from.x - to.x) / to.width + x * scale[0],
                    (from.y - to.y) / to.height + y * scale[1],
                ],
                amount,
            },
        }
    }

    /// How far beyond its rectangle a picture is smeared: left, top, right, bottom.
    pub fn spread(&self) -> [f64; 4] {
        match *self {
            Self::Directional { vector: [x, y] } => {
                // A pixel sees what lies ahead of it, so the picture trails behind its movement.
                [x.max(0.0), y.max(0.0), (-x).max(0.0), (-y).max(0.0)]
            }
            Self::Radial {
                centre: [x, y],
                amount,
            } => {
                // A pixel `a` beyond an edge that is `c` away from the centre reaches it where (c + a) amount >= a.
                let beyond = |c: f64| (c * amount / (1.0 - amount)).min(LONGEST_RAY);
                [beyond(x), beyond(y), beyond(1.0 - x), beyond(1.0 - y)]
            }
        }
    }
}

/// mu: the factor of *screenMotionBlur* `strength` at `fps` frames per second, so that the shutter time is the same at any rate.
pub(crate) fn shutter(strength: f64, fps: f64) -> f64 {
    strength * fps / FULL_RATE
}

/// The smear of a rectangle that stood at `before` one frame ago, where nothing snapped in between (cap-look.md 7.1).
/// `mu` is [`shutter`]'s factor, `scene_blur` that of cap-look.md 10.2.
pub(crate) fn smear(now: &Rect, before: &Rect, mu: f64, scene_blur: f64) -> Option<Smear> {
    let diagonal = |rect: &Rect| rect.width.hypot(rect.height);
    let moved = [
        (now.x + now.width / 2.0) - (before.x + before.width / 2.0),
        (now.y + now.height / 2.0) - (before.y + before.height / 2.0),
    ];
    let distance = moved[0].hypot(moved[1]);
    let growth = (now.width - before.width).hypot(now.height - before.height);
    let mut rate = (diagonal(now) - diagonal(before)).abs() / diagonal(before);
    let extra = (0.8 * scene_blur).min(1.2);
    let forced = extra > 0.0;
    if forced {
        rate = (rate + extra).min(3.0);
    }
    if forced || growth > distance {
        let amount = (rate * mu).min(if forced { MOST_FORCED } else { MOST });
        return ((forced || growth >= LEAST) && amount >= LEAST_AMOUNT).then(|| Smear::Radial {
            centre: centre(now, before),
            amount,
        });
    }
    if distance < LEAST {
        return None;
    }
    let sides = [now.width.max(before.width), now.height.max(before.height)];
    let vector = [moved[0] / sides[0] * mu, moved[1] / sides[1] * mu];
    let length = vector[0].hypot(vector[1]);
    (length > 0.0).then(|| Smear::Directional {
        vector: vector.map(|part| part * (LONGEST / length).min(1.0)),
    })
}

/// The smear of the camera that fills the frame, `blur` of 10.2 (cap-look.md 10.4).
pub(crate) fn full_camera_smear(blur: f64, mu: f64) -> Option<Smear> {
    let amount = (0.75 * (0.45 * blur * mu).clamp(0.0, 1.0)).min(MOST_FORCED);
    (amount >= LEAST_AMOUNT).then_some(Smear::Radial {
        centre: [0.5; 2],
        amount,
    })
}

/// The point about which `before` became `now`, as a fraction of `now`.
fn centre(now: &Rect, before: &Rect) -> [f64; 2] {
    let middle = [before.x + before.width / 2.0, before.y + before.height / 2.0];
    let contained = before.x <= now.x
        && before.y <= now.y
        && before.right() >= now.right()
        && before.bottom() >= now.bottom();
    let corners = |rect: &Rect| {
        [
            [rect.x, rect.y],
            [rect.right(), rect.bottom()],
            [rect.right(), rect.y],
            [rect.x, rect.bottom()],
        ]
    };
    let point = if contained {
        middle
    } else {
        let [a, b] = [corners(before), corners(now)];
        let cross = |i: usize, j: usize| intersection([a[i], b[i]], [a[j], b[j]]);
        cross(0, 1).or_else(|| cross(2, 3)).unwrap_or(middle)
    };
    [
        ((point[0] - now.x) / now.width).clamp(0.0, 1.0),
        ((point[1] - now.y) / now.height).clamp(0.0, 1.0),
    ]
}

/// Where two lines, given by two points each, cross; `None` where they are parallel or no lines.
fn intersection([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> Option<[f64; 2]> {
    let (u, v) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let determinant = u[0] * v[1] - u[1] * v[0];
    // Movements of less than a ten thousandth of a pixel have no direction.
    if determinant.abs() < 1e-8 {
        return None;
    }
    let along = ((c[0] - a[0]) * v[1] - (c[1] - a[1]) * v[0]) / determinant;
    Some([a[0] + u[0] * along, a[1] + u[1] * along])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    fn radial(smear: Option<Smear>) -> ([f64; 2], f64) {
        match smear {
            Some(Smear::Radial { centre, amount }) => (centre, amount),
            other => panic!("{other:?}"),
        }
    }

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn the_shutter_is_open_as_long_at_any_rate() {
        assert_eq!(shutter(1.0, 60.0), 1.0);
        assert_eq!(shutter(1.0, 30.0), 0.5);
        assert_eq!(shutter(0.5, 120.0), 1.0);
    }

    #[test]
    fn a_card_that_moves_is_smeared_along_its_way() {
        let smear = |dx: f64, dy: f64, mu| {
            smear(
                &rect(100.0 + dx, 50.0 + dy, 1000.0, 500.0),
                &rect(100.0, 50.0, 1000.0, 500.0),
                mu,
                0.0,
            )
        };
        // 30 of 1000 pixels and -20 of 500, half a shutter.
        let Some(Smear::Directional { vector }) = smear(30.0, -20.0, 0.5) else {
            panic!()
        };
        assert!(close(&vector, &[0.015, -0.02]));
        // 0.6 and 0.8 of the card are a length of 1, cut to 0.15.
        let Some(Smear::Directional { vector }) = smear(600.0, 400.0, 1.0) else {
            panic!()
        };
        assert!(close(&vector, &[0.09, 0.12]));
        assert_eq!(smear(0.7, 0.7, 1.0), None);
        assert!(smear(0.8, 0.7, 1.0).is_some());
        assert_eq!(smear(30.0, 0.0, 0.0), None);
    }

    #[test]
    fn what_moves_with_a_picture_is_smeared_as_far_and_towards_the_same_point() {
        let (from, to) = (rect(20.0, 30.0, 100.0, 50.0), rect(20.0, 20.0, 100.0, 60.0));
        let along = Smear::Directional { vector: [0.1, 0.06] };
        // 10 and 3 pixels.
        assert_eq!(
            along.carried(from, to),
            Smear::Directional { vector: [0.1, 0.05] }
        );
        // (45, 40) is a quarter and a fifth of the one, a quarter and a third of the other.
        let towards = Smear::Radial {
            centre: [0.25, 0.2],
            amount: 0.3,
        };
        let (centre, amount) = radial(Some(towards.carried(from, to)));
        assert!(close(&centre, &[0.25, 1.0 / 3.0]), "{centre:?}");
        assert_eq!(amount, 0.3);
    }

    #[test]
    fn a_card_that_grows_is_smeared_towards_the_point_it_grows_from() {
        // cap-look.md 6.1: 1000x500 at (100, 50), amounts 1.2 after 1.1 about (0.25, 0.75).
        let zoomed = |a: f64| {
            rect(
                100.0 - (a - 1.0) * 250.0,
                50.0 - (a - 1.0) * 375.0,
                1000.0 * a,
                500.0 * a,
            )
        };
        let (centre, amount) = radial(smear(&zoomed(1.2), &zoomed(1.1), 1.0, 0.0));
        assert!(close(&centre, &[0.25, 0.75]), "{centre:?}");
        // The diagonal grows by 1.2 / 1.1 - 1.
        assert!(close(&[amount], &[0.1 / 1.1]));
        // At half the shutter half of it, and never more than 0.5.
        assert!(close(
            &[radial(smear(&zoomed(1.2), &zoomed(1.1), 0.5, 0.0)).1],
            &[0.05 / 1.1]
        ));
        assert_eq!(radial(smear(&zoomed(4.0), &zoomed(1.0), 1.0, 0.0)).1, 0.5);
        // Less than a pixel of growth: 1118 pixels of diagonal by 0.0008.
        assert_eq!(smear(&zoomed(1.0008), &zoomed(1.0), 1.0, 0.0), None);
        assert!(smear(&zoomed(1.001), &zoomed(1.0), 1.0, 0.0).is_some());
    }

    #[test]
    fn a_card_that_shrinks_within_itself_is_smeared_about_where_it_was() {
        // About the left top corner; the old rectangle holds the new one, so its centre counts: 500, 250 of 800, 400.
        let (centre, amount) = radial(smear(
            &rect(0.0, 0.0, 800.0, 400.0),
            &rect(0.0, 0.0, 1000.0, 500.0),
            1.0,
            0.0,
        ));
        assert!(close(&centre, &[0.625, 0.625]));
        assert!(close(&[amount], &[0.2]));
    }

    #[test]
    fn growth_from_a_corner_or_an_edge_has_a_centre_too() {
        let grown = |x, y| {
            let smear = smear(
                &rect(x, y, 1100.0, 550.0),
                &rect(0.0, 0.0, 1000.0, 500.0),
                1.0,
                0.0,
            );
            radial(smear).0
        };
        // Corners that stand still draw no line; the other two do.
        assert!(close(&grown(0.0, 0.0), &[0.0, 0.0]));
        assert!(close(&grown(-100.0, -50.0), &[1.0, 1.0]));
        assert!(close(&grown(-100.0, 0.0), &[1.0, 0.0]));
        assert!(close(&grown(-50.0, 0.0), &[0.5, 0.0]));
    }

    #[test]
    fn a_scene_change_forces_a_smear_about_the_middle() {
        let still = rect(100.0, 50.0, 1000.0, 500.0);
        // 0.8 x 0.05 = 0.04; half a shutter.
        let (centre, amount) = radial(smear(&still, &still, 0.5, 0.05));
        assert!(close(&centre, &[0.5, 0.5]));
        assert!(close(&[amount], &[0.02]));
        assert_eq!(radial(smear(&still, &still, 1.0, 1.0)).1, 0.08);
        assert_eq!(smear(&still, &still, 1.0, 0.0), None);
        assert_eq!(smear(&still, &still, 0.0, 1.0), None);
    }

    #[test]
    fn the_full_camera_is_smeared_while_it_comes_and_goes() {
        // min(0.75 x 0.45 x 0.2 x 0.5, 0.08)
        assert!(close(&[radial(full_camera_smear(0.2, 0.5)).1], &[0.033_75]));
        assert_eq!(radial(full_camera_smear(1.0, 1.0)), ([0.5, 0.5], 0.08));
        assert_eq!(full_camera_smear(0.0, 1.0), None);
    }

    #[test]
    fn a_picture_spreads_behind_its_movement() {
        let directional = Smear::Directional { vector: [0.1, -0.05] };
        assert_eq!(directional.spread(), [0.1, 0.0, 0.0, 0.05]);
        let radial = Smear::Radial {
            centre: [0.2, 1.0],
            amount: 0.2,
        };
        // 0.2 x 0.25, 0.25 cut at 0.1, 0.8 x 0.25 cut at 0.1, 0.
        assert!(close(&radial.spread(), &[0.05, 0.1, 0.1, 0.0]));
    }

    proptest! {
        /// No pixel outside the spread has a sample on the card.
        #[test]
        fn samples_beyond_the_spread_miss_the_card(
            centre in (0.0..=1.0f64, 0.0..=1.0f64), amount in 1e-4..0.5f64, at in (-0.5..1.5f64, -0.5..1.5f64),
            f in 0.0..=1.0f64,
        ) {
            let smear = Smear::Radial { centre: [centre.0, centre.1], amount };
            let [left, top, right, bottom] = smear.spread();
            let within = at.0 >= -left && at.0 <= 1.0 + right && at.1 >= -top && at.1 <= 1.0 + bottom;
            let (dx, dy) = (centre.0 - at.0, centre.1 - at.1);
            let distance = dx.hypot(dy).max(1e-9);
            let ray = (distance * amount).min(LONGEST_RAY) * f / distance;
            let sample = (at.0 + dx * ray, at.1 + dy * ray);
            let hit = (1e-9..1.0 - 1e-9).contains(&sample.0) && (1e-9..1.0 - 1e-9).contains(&sample.1);
            prop_assert!(within || !hit);
        }
    }
}
