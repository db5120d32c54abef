//! Overlay tracks that lie flat over the frame: masks, texts, captions, keyboard (cap-format.md 4.8, 4.13, 4.14).

use serde::Deserialize;

use super::Xy;
use super::timeline::yes;

/// A mask, output seconds (cap-look.md 12).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MaskSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Whether it is drawn.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// `sensitive` or `highlight`.
    pub mask_type: MaskType,
    /// Centre, fraction of the output.
    pub center: Xy,
    /// Size, fraction of the output.
    pub size: Xy,
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

/// A text, output seconds (cap-look.md 11). Fields the migrations touch are kept; drawing is not done yet.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TextSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Whether it is drawn and, for `fullscreen`, whether it holds the clock.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The words.
    #[serde(default = "placeholder")]
    pub content: String,
    /// Box size, fraction of the output.
    #[serde(default = "text_box")]
    pub size: Xy,
    /// Pixels at 1080 lines.
    #[serde(default = "text_px")]
    pub font_size: f64,
    /// Seconds, the legacy animation length.
    #[serde(default = "text_fade")]
    pub fade_duration: f64,
    /// Animation names.
    #[serde(default)]
    pub animation_in: TextAnimation,
    /// Animation names.
    #[serde(default)]
    pub animation_out: TextAnimation,
    /// Seconds.
    #[serde(default = "text_fade")]
    pub animation_in_duration: f64,
    /// Seconds.
    #[serde(default = "text_fade")]
    pub animation_out_duration: f64,
    /// Where it stands; `fullscreen` pauses the recording clock (cap-look.md 3.3).
    #[serde(default)]
    pub layout: TextLayout,
}

fn placeholder() -> String {
    "Text".into()
}

const fn text_box() -> Xy {
    Xy { x: 0.35, y: 0.2 }
}

const fn text_px() -> f64 {
    48.0
}

const fn text_fade() -> f64 {
    0.15
}

/// How a text comes or goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-look.md 11")]
pub enum TextAnimation {
    None,
    #[default]
    Fade,
    SlideUp,
    SlideDown,
    Pop,
    Typewriter,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-look.md 11.3")]
pub enum TextLayout {
    #[default]
    Overlay,
    Fullscreen,
    SplitLeft,
    SplitRight,
}

/// A caption, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CaptionSegment {
    /// Identity within the file.
    pub id: String,
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// The words.
    pub text: String,
}

/// `captions` (cap-format.md 4.13).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptionData {
    /// Source material.
    pub segments: Vec<CaptionSegment>,
    /// Settings.
    pub settings: OverlaySwitch,
    /// Whether `segments` is in recording time.
    #[serde(default)]
    pub source_timed: bool,
}

/// A keyboard overlay, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyboardSegment {
    /// Identity within the file.
    pub id: String,
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// What it shows.
    pub display_text: String,
}

/// `keyboard` (cap-format.md 4.14).
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct KeyboardData {
    /// Settings.
    pub settings: OverlaySwitch,
}

/// The one setting that decides whether an overlay is wanted at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct OverlaySwitch {
    /// Nothing is drawn when false.
    pub enabled: bool,
}
