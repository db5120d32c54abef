//! Texts, captions and keys: plates and pictures of glyphs, one over the other (cap-look.md 11, 13, 14).

use std::sync::Arc;

use super::{Corner, LayerKind, finite};
use crate::frame::{Extent, Rect};
use crate::scene::typeset::Raster;

/// One text, caption or group of keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lettering {
    /// Bottom to top.
    pub marks: Vec<Mark>,
}

/// A part of a lettering.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A rounded box of one colour.
    Plate(Plate),
    /// Glyphs.
    Glyphs(Glyphs),
}

/// A rounded box of one colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plate {
    /// Where, output pixels.
    pub rect: Rect,
    /// Corner curve and radius.
    pub corner: Corner,
    /// Its edge fades over this many pixels to either side (cap-look.md 13).
    pub softness: f64,
    /// R, G, B, 0..=1.
    pub color: [f64; 3],
    /// 0..=1.
    pub alpha: f64,
    /// Nothing is drawn right of this column; half a pixel to either side fades.
    pub edge: Option<f64>,
}

/// Glyphs in their place.
#[derive(Clone, Debug, PartialEq)]
pub struct Glyphs {
    /// Their picture, which is drawn pixel by pixel.
    pub raster: Arc<Raster>,
    /// Column of the pixel that holds the corner of the text's layout.
    pub x: i32,
    /// Row of it.
    pub y: i32,
    /// R, G, B, 0..=1. Glyphs with colours of their own keep them.
    pub color: [f64; 3],
    /// Another colour further right.
    pub gradient: Option<Gradient>,
    /// 0..=1.
    pub alpha: f64,
    /// Nothing is drawn right of this column; half a pixel to either side fades.
    pub edge: Option<f64>,
}

/// A change of colour across.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gradient {
    /// Column up to which the first colour reaches.
    pub from: f64,
    /// Column from which on there is the second.
    pub to: f64,
    /// R, G, B of the second, 0..=1.
    pub color: [f64; 3],
}

impl Mark {
    /// Where it draws, output pixels; `None` when nothing of it is seen.
    pub fn extent(&self) -> Option<Extent> {
        let (extent, alpha, edge) = match self {
            Self::Plate(plate) => {
                let sized = plate.rect.width > 0.0 && plate.rect.height > 0.0;
                let extent = Extent::from(plate.rect).grown(plate.softness.max(0.5) + 1.0);
                (sized.then_some(extent)?, plate.alpha, plate.edge)
            }
            Self::Glyphs(glyphs) => (glyphs.extent()?, glyphs.alpha, glyphs.edge),
        };
        let uncovered = Extent {
            right: edge.map_or(f64::INFINITY, |edge| edge + 1.0),
            ..Extent::EVERYTHING
        };
        (alpha > 0.0).then(|| extent.within(uncovered)).flatten()
    }
}

impl Glyphs {
    fn extent(&self) -> Option<Extent> {
        let raster = &self.raster;
        let left = f64::from(self.x) + f64::from(raster.left);
        let top = f64::from(self.y) + f64::from(raster.top);
        (!raster.is_empty()).then(|| Extent {
            left,
            top,
            right: left + f64::from(raster.width),
            bottom: top + f64::from(raster.height),
        })
    }
}

impl LayerKind for Lettering {
    fn extent(&self) -> Option<Extent> {
        self.marks.iter().filter_map(Mark::extent).reduce(|a, b| Extent {
            left: a.left.min(b.left),
            top: a.top.min(b.top),
            right: a.right.max(b.right),
            bottom: a.bottom.max(b.bottom),
        })
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let fine = self.marks.iter().all(|mark| match mark {
            Mark::Plate(plate) => {
                plate.rect.is_finite()
                    && finite(&plate.color)
                    && finite(&[plate.corner.radius, plate.softness, plate.alpha])
                    && plate.edge.is_none_or(f64::is_finite)
            }
            Mark::Glyphs(glyphs) => {
                finite(&glyphs.color)
                    && glyphs.alpha.is_finite()
                    && glyphs.edge.is_none_or(f64::is_finite)
                    && glyphs.gradient.is_none_or(|gradient| {
                        finite(&[gradient.from, gradient.to]) && finite(&gradient.color)
                    })
            }
        });
        if fine {
            Ok(())
        } else {
            Err("the numbers of a text")
        }
    }
}
