//! Picture overlays (cap-additions.md).

use serde::Deserialize;

use super::Xy;
use super::timeline::{centre, one, yes};

/// A picture over the frame, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Row of the editor, for `overlayOrder`.
    #[serde(default)]
    pub track: u32,
    /// Whether it is drawn.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Relative to the recording folder.
    pub path: String,
    /// Centre, fraction of the output.
    #[serde(default = "centre")]
    pub center: Xy,
    /// Size, fraction of the output.
    #[serde(default = "picture_box")]
    pub size: Xy,
    /// 0..=1.
    #[serde(default = "one")]
    pub opacity: f64,
    /// Degrees, clockwise.
    #[serde(default)]
    pub rotation: f64,
    /// Corner radius, 0..=100; 100 is half the shorter side.
    #[serde(default)]
    pub rounding: f64,
    /// Mirrored left to right.
    #[serde(default)]
    pub flip_x: bool,
    /// Mirrored top to bottom.
    #[serde(default)]
    pub flip_y: bool,
}

impl ImageSegment {
    /// Whether it is ever seen, if its picture is there.
    pub fn is_drawn(&self) -> bool {
        self.enabled && self.end > self.start && self.opacity > 0.0
    }
}

const fn picture_box() -> Xy {
    Xy { x: 0.3, y: 0.3 }
}
