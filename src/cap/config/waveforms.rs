//! Waveform overlays (cap-additions.md).

use serde::Deserialize;

use super::Xy;
use super::timeline::{centre, one, yes};

/// A moving picture of the sound, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WaveformSegment {
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
    /// Centre, fraction of the output.
    #[serde(default = "centre")]
    pub center: Xy,
    /// Size, fraction of the output.
    #[serde(default = "waveform_box")]
    pub size: Xy,
    /// Shape.
    #[serde(default)]
    pub style: WaveformStyle,
    /// `#rrggbb`.
    #[serde(default = "white")]
    pub color: String,
    /// Colour at the bottom of a vertical gradient; `None` for one colour.
    #[serde(default)]
    pub secondary_color: Option<String>,
    /// Bars, 8..=256.
    #[serde(default = "bar_count")]
    pub bar_count: u32,
    /// Width of a bar, fraction of its slot.
    #[serde(default = "bar_width")]
    pub bar_width: f64,
    /// Rounding of the bars' ends, 0..=1.
    #[serde(default = "one")]
    pub rounding: f64,
    /// Factor on the level.
    #[serde(default = "one")]
    pub sensitivity: f64,
    /// Smoothing over time, 0..=1.
    #[serde(default = "half")]
    pub smoothing: f64,
    /// Whose sound.
    #[serde(default)]
    pub source: WaveformSource,
}

fn white() -> String {
    "#FFFFFF".into()
}

const fn waveform_box() -> Xy {
    Xy { x: 0.8, y: 0.3 }
}

const fn bar_count() -> u32 {
    64
}

const fn bar_width() -> f64 {
    0.6
}

const fn half() -> f64 {
    0.5
}

/// Shape of a waveform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-additions.md")]
pub enum WaveformStyle {
    Bars,
    #[default]
    Mirrored,
    Line,
    Dots,
}

/// Whose sound a waveform shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum WaveformSource {
    /// The louder of microphone and system sound.
    #[default]
    Mix,
    /// The microphone.
    Mic,
    /// The system sound.
    System,
}
