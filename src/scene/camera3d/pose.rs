//! Where the camera stands, and what of the flat picture it shows where (cap-look.md 18.1, 18.2).

use crate::cap::config::Camera3dProperties;
use crate::frame::Size;
use crate::scene::easing::lerp;
use crate::scene::plane::Plane;

/// Degrees up to which a turn is none.
const FLAT_DEGREES: f64 = 1e-3;
/// World units up to which a shift is none.
const FLAT_UNITS: f64 = 1e-4;
/// Amount up to which the 2D zoom is none.
const UNZOOMED: f64 = 1.001;
/// Determinant, in normalised coordinates, below which the plane is seen from its edge.
const EDGE_ON: f64 = 1e-9;

type Matrix = [[f64; 3]; 3];

/// A pose for frames of one size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pose {
    /// Degrees and world units; the zoom is the camera's distance.
    properties: Camera3dProperties,
    /// Output pixels.
    size: Size,
}

/// What a pose makes of the flat picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum View {
    /// Shown as it is.
    Flat,
    /// Mapped.
    Mapped(Plane),
    /// Seen from its edge: nothing of it shows.
    EdgeOn,
}

/// A point of the flat picture that the 2D zoom magnifies, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Magnified {
    pub(super) amount: f64,
    /// Output pixels.
    pub(super) target: [f64; 2],
}

impl Pose {
    /// The pose `properties` as far as `activity`, 0..=1, has come from the flat one.
    pub(super) fn new(properties: &Camera3dProperties, activity: f64, size: Size) -> Self {
        let fov = properties.fov.clamp(1.0, 179.0);
        let flat = fill_distance(fov, size);
        Self {
            properties: Camera3dProperties {
                tilt_x: properties.tilt_x * activity,
                tilt_y: properties.tilt_y * activity,
                roll: properties.roll * activity,
                rotate_x: properties.rotate_x * activity,
                rotate_y: properties.rotate_y * activity,
                fov,
                zoom: lerp(flat, properties.zoom.clamp(0.05, 100.0), activity),
                pan_x: properties.pan_x * activity,
                pan_y: properties.pan_y * activity,
            },
            size,
        }
    }

    /// Degrees and world units, as far as they have come.
    #[cfg(test)]
    pub(super) fn properties(&self) -> Camera3dProperties {
        self.properties
    }

    /// Whether the picture stays as it is.
    pub(super) fn is_flat(&self) -> bool {
        let p = &self.properties;
        let turns = [p.tilt_x, p.tilt_y, p.roll, p.rotate_x, p.rotate_y];
        let shifts = [p.pan_x, p.pan_y, p.zoom - fill_distance(p.fov, self.size)];
        turns.iter().all(|turn| turn.abs() < FLAT_DEGREES)
            && shifts.iter().all(|shift| shift.abs() < FLAT_UNITS)
    }

    /// What is seen of the flat picture, which the 2D zoom magnifies on the screen.
    pub(super) fn view(&self, magnified: Option<Magnified>) -> View {
        if self.is_flat() {
            return View::Flat;
        }
        let mut seen = self.homography();
        if let Some(Magnified { amount, target }) = magnified.filter(|magnified| magnified.amount > UNZOOMED)
        {
            let [x, y, w] = apply(&seen, apply(&ndc(self.size), [target[0], target[1], 1.0]));
            // A target behind the camera is shown nowhere: the magnification is about the middle.
            let q = if w > 0.0 { [x / w, y / w] } else { [0.0, 0.0] };
            let by = amount - 1.0 / amount;
            seen = product(
                &[
                    [amount, 0.0, -q[0] * by],
                    [0.0, amount, -q[1] * by],
                    [0.0, 0.0, 1.0],
                ],
                &seen,
            );
        }
        let Some(inverse) = inverse(&seen) else {
            return View::EdgeOn;
        };
        View::Mapped(Plane {
            to_flat: product(&pixels(self.size), &product(&inverse, &ndc(self.size))),
            from_flat: product(&pixels(self.size), &product(&seen, &ndc(self.size))),
        })
    }

    /// From normalised coordinates of the flat picture to those of the screen: M (X, Y, 0) + pan, projected.
    fn homography(&self) -> Matrix {
        let p = &self.properties;
        let turned = [
            turn_y(p.tilt_y),
            turn_x(p.tilt_x),
            turn_z(p.roll),
            turn_y(p.rotate_y),
            turn_x(p.rotate_x),
        ]
        .iter()
        .fold(IDENTITY, |all, turn| product(&all, turn));
        let [hx, hy] = half_sides(self.size);
        let focal = 1.0 / (p.fov.to_radians() / 2.0).tan();
        let aspect = f64::from(self.size.width) / f64::from(self.size.height);
        let shift = [p.pan_x, p.pan_y, -p.zoom];
        let scale = [focal / aspect, focal, -1.0];
        std::array::from_fn(|row| {
            let [x, y, _] = turned[row];
            [x * hx * scale[row], y * hy * scale[row], shift[row] * scale[row]]
        })
    }
}

/// From pixels to normalised coordinates, -1..=1 with y up.
fn ndc(size: Size) -> Matrix {
    let [width, height] = [size.width, size.height].map(f64::from);
    [
        [2.0 / width, 0.0, -1.0],
        [0.0, -2.0 / height, 1.0],
        [0.0, 0.0, 1.0],
    ]
}

/// The inverse of [`ndc`].
fn pixels(size: Size) -> Matrix {
    let [width, height] = [size.width, size.height].map(f64::from);
    [
        [width / 2.0, 0.0, width / 2.0],
        [0.0, -height / 2.0, height / 2.0],
        [0.0, 0.0, 1.0],
    ]
}

/// Half the plane's sides: the longer one is 1.
fn half_sides(size: Size) -> [f64; 2] {
    let [width, height] = [size.width, size.height].map(f64::from);
    if width >= height {
        [1.0, height / width]
    } else {
        [width / height, 1.0]
    }
}

/// The distance at which the flat plane fills the frame.
fn fill_distance(fov: f64, size: Size) -> f64 {
    half_sides(size)[1] / (fov.to_radians() / 2.0).tan()
}

const IDENTITY: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

fn turn_x(degrees: f64) -> Matrix {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [[1.0, 0.0, 0.0], [0.0, cos, -sin], [0.0, sin, cos]]
}

fn turn_y(degrees: f64) -> Matrix {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]]
}

fn turn_z(degrees: f64) -> Matrix {
    let (sin, cos) = degrees.to_radians().sin_cos();
    [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]
}

fn apply(matrix: &Matrix, v: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    a.map(|row| std::array::from_fn(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

/// `None` where the matrix flattens everything onto a line.
fn inverse(m: &Matrix) -> Option<Matrix> {
    let cofactor = |r: usize, c: usize| {
        let (r1, r2, c1, c2) = ((r + 1) % 3, (r + 2) % 3, (c + 1) % 3, (c + 2) % 3);
        m[r1][c1] * m[r2][c2] - m[r1][c2] * m[r2][c1]
    };
    let determinant: f64 = (0..3).map(|c| m[0][c] * cofactor(0, c)).sum();
    (determinant.abs() > EDGE_ON)
        .then(|| std::array::from_fn(|r| std::array::from_fn(|c| cofactor(c, r) / determinant)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HD: Size = Size::new(1920, 1080);

    fn shown(plane: &Plane, x: f64, y: f64) -> (f64, f64) {
        let [px, py, w] = apply(&plane.from_flat, [x, y, 1.0]);
        assert!(w > 0.0);
        (px / w, py / w)
    }

    fn plane(properties: Camera3dProperties, size: Size) -> Plane {
        match Pose::new(&properties, 1.0, size).view(None) {
            View::Mapped(plane) => plane,
            other => panic!("{other:?}"),
        }
    }

    fn close(found: (f64, f64), expected: (f64, f64)) {
        let off = (found.0 - expected.0).hypot(found.1 - expected.1);
        assert!(off < 1e-6, "{found:?} for {expected:?}");
    }

    /// At twice the distance that fills the frame the picture has half its size, about the middle.
    #[test]
    fn distance_scales() {
        for size in [HD, Size::new(600, 1000)] {
            let fill = fill_distance(45.0, size);
            let zoomed = plane(
                Camera3dProperties {
                    zoom: 2.0 * fill,
                    ..Camera3dProperties::default()
                },
                size,
            );
            let (width, height) = (f64::from(size.width), f64::from(size.height));
            close(shown(&zoomed, 0.0, 0.0), (width / 4.0, height / 4.0));
            close(shown(&zoomed, width, height), (width * 0.75, height * 0.75));
            close(
                shown(&zoomed, width / 2.0, height / 2.0),
                (width / 2.0, height / 2.0),
            );
        }
        // (9 / 16) / tan 22.5 degrees
        assert!((fill_distance(45.0, HD) - 1.357_995_2).abs() < 1e-6);
    }

    /// Pans are shares of the plane's longer half: 0.5 to the right and 0.25 up at the distance that fills the frame.
    #[test]
    fn pans_move() {
        let moved = Camera3dProperties {
            zoom: fill_distance(45.0, HD),
            pan_x: 0.5,
            pan_y: 0.25,
            ..Camera3dProperties::default()
        };
        close(
            shown(&plane(moved, HD), 960.0, 540.0),
            (960.0 + 480.0, 540.0 - 240.0),
        );
    }

    /// Each turn alone, by trigonometry: right-handed, y up, towards the viewer z.
    #[test]
    fn turns_are_right_handed() {
        let fill = fill_distance(45.0, HD);
        let base = Camera3dProperties {
            zoom: fill,
            ..Camera3dProperties::default()
        };
        let (sin, cos) = 20f64.to_radians().sin_cos();
        let focal = 1.0 / 22.5f64.to_radians().tan();
        let pixel = |x: f64, y: f64, z: f64| {
            let w = fill - z;
            (
                960.0 * (1.0 + focal / (16.0 / 9.0) * x / w),
                540.0 * (1.0 - focal * y / w),
            )
        };
        // The middle of the right edge is (1, 0, 0).
        let y = Camera3dProperties { tilt_y: 20.0, ..base };
        close(shown(&plane(y, HD), 1920.0, 540.0), pixel(cos, 0.0, -sin));
        let y = Camera3dProperties {
            rotate_y: 20.0,
            ..base
        };
        close(shown(&plane(y, HD), 1920.0, 540.0), pixel(cos, 0.0, -sin));
        let z = Camera3dProperties { roll: 20.0, ..base };
        close(shown(&plane(z, HD), 1920.0, 540.0), pixel(cos, sin, 0.0));
        // The middle of the upper edge is (0, 9/16, 0).
        let up = 9.0 / 16.0;
        let x = Camera3dProperties { tilt_x: 20.0, ..base };
        close(shown(&plane(x, HD), 960.0, 0.0), pixel(0.0, up * cos, up * sin));
        let x = Camera3dProperties {
            rotate_x: 20.0,
            ..base
        };
        close(shown(&plane(x, HD), 960.0, 0.0), pixel(0.0, up * cos, up * sin));
        // Ry(tilt) Rz(roll): rolled first, then tilted.
        let both = Camera3dProperties {
            tilt_y: 20.0,
            roll: 90.0,
            ..base
        };
        close(shown(&plane(both, HD), 1920.0, 540.0), pixel(0.0, 1.0, 0.0));
        // Rx(tilt) Ry(rotate) of (1, 0, 0): (cos, sin sin, -sin cos).
        let both = Camera3dProperties {
            tilt_x: 20.0,
            rotate_y: 20.0,
            ..base
        };
        close(
            shown(&plane(both, HD), 1920.0, 540.0),
            pixel(cos, sin * sin, -sin * cos),
        );
    }

    #[test]
    fn no_activity_is_flat() {
        let tilted = Camera3dProperties {
            tilt_x: 30.0,
            pan_x: 0.4,
            ..Camera3dProperties::default()
        };
        assert_eq!(Pose::new(&tilted, 0.0, HD).view(None), View::Flat);
        assert!(!Pose::new(&tilted, 1e-3, HD).is_flat());
        let barely = Camera3dProperties {
            zoom: fill_distance(45.0, HD) + 0.9e-4,
            tilt_x: 0.9e-3,
            ..Camera3dProperties::default()
        };
        assert!(Pose::new(&barely, 1.0, HD).is_flat());
    }

    #[test]
    fn a_plane_seen_from_its_edge_shows_nothing() {
        let edge = Camera3dProperties {
            tilt_y: 90.0,
            ..Camera3dProperties::default()
        };
        assert_eq!(Pose::new(&edge, 1.0, HD).view(None), View::EdgeOn);
    }

    /// x' = a x - q (a - 1/a): the target lands at q / a, and a picture twice as far from the middle moves a times as far.
    #[test]
    fn the_zoom_magnifies_the_screen() {
        let tilted = Camera3dProperties {
            tilt_x: 12.0,
            roll: 5.0,
            ..Camera3dProperties::default()
        };
        let pose = Pose::new(&tilted, 1.0, HD);
        let plain = plane(tilted, HD);
        let target = [1500.0, 300.0];
        let amount = 2.5;
        let View::Mapped(zoomed) = pose.view(Some(Magnified { amount, target })) else {
            panic!("not mapped")
        };
        let normalised = |(x, y): (f64, f64)| (x / 960.0 - 1.0, 1.0 - y / 540.0);
        let q = normalised(shown(&plain, target[0], target[1]));
        let at = normalised(shown(&zoomed, target[0], target[1]));
        close(at, (q.0 / amount, q.1 / amount));
        let other = normalised(shown(&plain, 100.0, 900.0));
        let moved = normalised(shown(&zoomed, 100.0, 900.0));
        close(
            (moved.0 - at.0, moved.1 - at.1),
            (amount * (other.0 - q.0), amount * (other.1 - q.1)),
        );
        // Up to 1.001 it is none.
        let barely = Magnified {
            amount: 1.001,
            target,
        };
        assert_eq!(pose.view(Some(barely)), pose.view(None));
    }

    proptest! {
        /// The two matrices undo each other, for points before the camera and behind it.
        #[test]
        fn to_flat_undoes_from_flat(
            turns in prop::array::uniform5(-400.0..400.0f64), fov in -10.0..400.0f64, zoom in -3.0..8.0f64,
            pan in (-3.0..3.0f64, -3.0..3.0f64), amount in 1.0..4.0f64, point in (0.0..1920.0f64, 0.0..1080.0f64),
        ) {
            let [tilt_x, tilt_y, roll, rotate_x, rotate_y] = turns;
            let (pan_x, pan_y) = pan;
            let properties = Camera3dProperties { tilt_x, tilt_y, roll, rotate_x, rotate_y, fov, zoom, pan_x, pan_y };
            let magnified = Magnified { amount, target: [700.0, 500.0] };
            if let View::Mapped(plane) = Pose::new(&properties, 1.0, HD).view(Some(magnified)) {
                prop_assert!(plane.check().is_ok());
                let there = apply(&plane.from_flat, [point.0, point.1, 1.0]);
                let back = apply(&plane.to_flat, there);
                let off = (back[0] / back[2] - point.0).hypot(back[1] / back[2] - point.1);
                prop_assert!(off < 0.05, "{:?} {:?}", plane, off);
                prop_assert!((back[2] - 1.0).abs() < 1e-4);
            }
        }
    }
}
