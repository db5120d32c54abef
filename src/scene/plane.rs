//! A plane in space onto which a flat picture is mapped: a homography of pixels (cap-look.md 18.2).

use crate::frame::{Areas, Extent, Rect};

/// A mapping of a flat picture of the output's size onto the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// Rows of a matrix: an output pixel (x, y, 1) becomes (X w, Y w, w) with (X, Y) the pixel of the flat picture. Where w
    /// is not above 0 the plane is behind the camera and nothing is seen.
    pub to_flat: [[f64; 3]; 3],
    /// The inverse: a pixel of the flat picture becomes (x w, y w, w) with (x, y) the output pixel.
    pub from_flat: [[f64; 3]; 3],
}

impl Plane {
    /// Refuses numbers that can't be reckoned with.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let numbers = [self.to_flat, self.from_flat];
        if numbers
            .iter()
            .flatten()
            .flatten()
            .all(|number| number.is_finite())
        {
            Ok(())
        } else {
            Err("the 3D camera's matrix")
        }
    }

    /// Where the plane shows `rect` of the flat picture, output pixels; everywhere when a corner is not in front of the camera.
    pub fn shown(&self, rect: Rect) -> Extent {
        let corners = [
            [rect.x, rect.y],
            [rect.right(), rect.y],
            [rect.x, rect.bottom()],
            [rect.right(), rect.bottom()],
        ];
        let mut extent = Extent {
            left: f64::INFINITY,
            top: f64::INFINITY,
            right: f64::NEG_INFINITY,
            bottom: f64::NEG_INFINITY,
        };
        for [x, y] in corners {
            let [px, py, w] = self.from_flat.map(|row| row[0] * x + row[1] * y + row[2]);
            if w <= 1e-9 {
                return Extent::EVERYTHING;
            }
            let (x, y) = (px / w, py / w);
            extent.left = extent.left.min(x);
            extent.right = extent.right.max(x);
            extent.top = extent.top.min(y);
            extent.bottom = extent.bottom.max(y);
        }
        extent
    }

    /// What changes on the output where `inside` changed on the flat picture: a pixel shows a bilinear tap, and its edge
    /// fades over one pixel.
    pub(crate) fn spread(&self, inside: &Areas) -> Areas {
        let mut areas = Areas::none(inside.size());
        for &rect in inside.rects() {
            let tapped = Extent::from(rect).grown(1.0);
            let shown = self.shown(Rect {
                x: tapped.left,
                y: tapped.top,
                width: tapped.right - tapped.left,
                height: tapped.bottom - tapped.top,
            });
            areas.add_extent(&shown.grown(2.0));
        }
        areas
    }
}
