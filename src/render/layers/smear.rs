//! Motion blur in output pixels (cap-look.md 7): which samples a pixel is the mean of, for the shaders and for the processor.

use crate::frame::{Extent, Rect};
use crate::scene::Smear;

/// Which formula shaders/smear.wgsl takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::render) enum SmearKey {
    /// None.
    #[default]
    Sharp,
    /// 7.2.
    Directional,
    /// 7.3.
    Radial,
}

impl SmearKey {
    pub(in crate::render) const fn of(smear: Option<Smear>) -> Self {
        match smear {
            None => Self::Sharp,
            Some(Smear::Directional { .. }) => Self::Directional,
            Some(Smear::Radial { .. }) => Self::Radial,
        }
    }

    /// The pipeline constant of shaders/smear.wgsl.
    pub(in crate::render) const fn constant(self) -> (&'static str, f64) {
        let number = match self {
            Self::Sharp => 0.0,
            Self::Directional => 1.0,
            Self::Radial => 2.0,
        };
        ("smear", number)
    }
}

/// A smear in output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) enum Smearing {
    /// Samples lie on the way from the pixel to so many pixels farther.
    Along([f64; 2]),
    /// Samples lie on the way to a point.
    Towards {
        /// Output pixels.
        centre: [f64; 2],
        /// The part of the way that is gone, unless a ray is cut (cap-look.md 7.3).
        amount: f64,
    },
}

impl Smearing {
    /// Of what is shown in `rect`.
    pub(in crate::render) fn of(rect: Rect, smear: Smear) -> Self {
        match smear {
            Smear::Directional { vector } => Self::Along([vector[0] * rect.width, vector[1] * rect.height]),
            Smear::Radial { centre, amount } => Self::Towards {
                centre: [rect.x + centre[0] * rect.width, rect.y + centre[1] * rect.height],
                amount,
            },
        }
    }

    /// The numbers of shaders/smear.wgsl.
    pub(in crate::render) fn uniform(smearing: Option<Self>) -> [f32; 4] {
        let [x, y, amount] = match smearing {
            None => [0.0; 3],
            Some(Self::Along([x, y])) => [x, y, 0.0],
            Some(Self::Towards {
                centre: [x, y],
                amount,
            }) => [x, y, amount],
        };
        [x as f32, y as f32, amount as f32, 0.0]
    }

    /// The pixels all of whose samples lie within `extent`.
    pub(in crate::render) fn reading(self, extent: Extent) -> Option<Extent> {
        let ends = match self {
            Self::Along([x, y]) => Extent {
                left: extent.left - x,
                top: extent.top - y,
                right: extent.right - x,
                bottom: extent.bottom - y,
            },
            Self::Towards { centre, amount } => {
                let from = |end: f64, centre: f64| (end - centre * amount) / (1.0 - amount);
                Extent {
                    left: from(extent.left, centre[0]),
                    top: from(extent.top, centre[1]),
                    right: from(extent.right, centre[0]),
                    bottom: from(extent.bottom, centre[1]),
                }
            }
        };
        extent.within(ends)
    }
}
