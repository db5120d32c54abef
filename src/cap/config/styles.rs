//! Style segments, which replace parts of the configuration for a while, and the order of overlays (cap-additions.md).

use serde::Deserialize;

use super::timeline::yes;
use super::{Background, CameraConfig, PointerConfig};

/// Other settings from `start` (included) to `end` (excluded), output seconds. For each of the three objects the segment
/// with the largest (track, start, place in the file) wins.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StyleSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Row of the editor.
    #[serde(default)]
    pub track: u32,
    /// Whether it applies.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the editor calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// What it replaces.
    #[serde(default)]
    pub overrides: StyleOverrides,
}

impl StyleSegment {
    /// Whether it replaces anything at any time.
    pub fn acts(&self) -> bool {
        self.enabled && self.start < self.end
    }
}

/// Whole objects that stand in for those of the configuration; `None` leaves the configuration's own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct StyleOverrides {
    /// In place of `background`.
    pub background: Option<Box<Background>>,
    /// In place of `camera`.
    pub camera: Option<Box<CameraConfig>>,
    /// In place of `cursor`.
    pub cursor: Option<Box<PointerConfig>>,
    /// Ring around a camera that stands alone, 0..=40 %.
    pub camera_only_padding: Option<f64>,
}

/// An entry of `overlayOrder`: the overlays of one kind in one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct OverlayRow {
    /// Kind.
    pub kind: OverlayKind,
    /// Row of the editor.
    pub track: u32,
}

/// Kinds of overlay that `overlayOrder` sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum OverlayKind {
    Mask,
    Image,
    Text,
    Waveform,
}
