//! Masks (cap-format.md 4.8, cap-look.md 12).

use serde::Deserialize;

use super::Xy;
use super::camera3d::ValueKeyframe;
use super::timeline::{fade, one, yes};

/// A mask, output seconds. It lies over the frame, not over the screen card.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaskSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Row of the editor; masks are drawn in the order of the file (cap-look.md 12) unless `overlayOrder` lists their row.
    #[serde(default)]
    pub track: u32,
    /// Whether it is drawn.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `sensitive` or `highlight`.
    pub mask_type: MaskType,
    /// Centre, fraction of the output.
    pub center: Xy,
    /// Size, fraction of the output.
    pub size: Xy,
    /// Soft edge inside the rectangle, 0..=1 of half the shorter side.
    #[serde(default)]
    pub feather: f64,
    /// Strength of a highlight, 0..=1; a sensitive mask always has its full effect.
    #[serde(default = "one")]
    pub opacity: f64,
    /// Cell size of the pixelation; from 1000 on, 1000 plus the radius of a blur. Pixels at 1080 lines. See
    /// [`Self::cover`].
    #[serde(default = "pixelation")]
    pub pixelation: f64,
    /// How much a highlight dims what is outside, 0..=1.
    #[serde(default)]
    pub darkness: f64,
    /// Seconds in which a highlight comes and goes.
    #[serde(default = "fade")]
    pub fade_duration: f64,
    /// Movements.
    #[serde(default)]
    pub keyframes: MaskKeyframes,
}

impl MaskSegment {
    /// What a sensitive mask does to the picture: the meaning of `pixelation` (cap-format.md 4.8).
    pub fn cover(&self) -> MaskCover {
        let amount = |value: f64| {
            if value > 0.0 {
                value.clamp(4.0, 80.0)
            } else {
                DEFAULT_AMOUNT
            }
        };
        if self.pixelation >= BLUR_FROM {
            MaskCover::Blur(amount(self.pixelation - BLUR_FROM))
        } else {
            MaskCover::Pixelate(amount(self.pixelation))
        }
    }
}

const BLUR_FROM: f64 = 1000.0;
const DEFAULT_AMOUNT: f64 = 16.0;

const fn pixelation() -> f64 {
    DEFAULT_AMOUNT
}

/// What a sensitive mask does, in pixels at 1080 lines, 4..=80.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaskCover {
    /// Cells of this size.
    Pixelate(f64),
    /// A Gaussian of this radius (three times its sigma).
    Blur(f64),
}

/// What a mask does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MaskType {
    /// Hides what is inside.
    Sensitive,
    /// Dims what is outside.
    Highlight,
}

/// Movements of a mask: linear between the keyframes, held before the first and after the last. An empty list leaves the
/// mask's own value in force.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct MaskKeyframes {
    /// Centre, fraction of the output.
    pub position: Vec<PointKeyframe>,
    /// Size, fraction of the output.
    pub size: Vec<PointKeyframe>,
    /// Strength of a highlight, in the place of its opacity, 0..=1.
    pub intensity: Vec<ValueKeyframe>,
}

/// A point at a time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct PointKeyframe {
    /// Seconds after the start of the segment.
    pub time: f64,
    /// Horizontal.
    pub x: f64,
    /// Vertical.
    pub y: f64,
}
