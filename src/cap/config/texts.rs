//! Text segments (cap-format.md 4.8, cap-additions.md, cap-look.md 11).

use serde::Deserialize;

use super::Xy;
use super::timeline::{centre, fade, one, yes};

/// A text, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TextSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Row of the editor, for `overlayOrder`.
    #[serde(default)]
    pub track: u32,
    /// Whether it is drawn and, for `fullscreen`, whether it holds the clock.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The words.
    #[serde(default = "placeholder")]
    pub content: String,
    /// Centre of the box, fraction of the output.
    #[serde(default = "centre")]
    pub center: Xy,
    /// Box size, fraction of the output; it only wraps the text, which may be taller.
    #[serde(default = "text_box")]
    pub size: Xy,
    /// A generic family (`sans-serif`, `serif`, `monospace` and their aliases of cap-look.md 11.1) or the name of a font.
    #[serde(default = "family")]
    pub font_family: String,
    /// Pixels at 1080 lines, 8..=480 in effect.
    #[serde(default = "text_px")]
    pub font_size: f64,
    /// 100..=900.
    #[serde(default = "bold")]
    pub font_weight: f64,
    /// Slanted.
    #[serde(default)]
    pub italic: bool,
    /// `#rrggbb`; anything else is white.
    #[serde(default = "white")]
    pub color: String,
    /// Seconds, the legacy animation length.
    #[serde(default = "fade")]
    pub fade_duration: f64,
    /// Alignment of the lines within the box.
    #[serde(default)]
    pub align: TextAlign,
    /// Pixels at 1080 lines, -24..=240 in effect.
    #[serde(default)]
    pub letter_spacing: f64,
    /// Multiple of the font size, 0.5..=3 in effect.
    #[serde(default = "line_height")]
    pub line_height: f64,
    /// 0..=1.
    #[serde(default = "one")]
    pub opacity: f64,
    /// Strength of the hard drop shadow, 0..=1.
    #[serde(default)]
    pub shadow: f64,
    /// How it comes.
    #[serde(default)]
    pub animation_in: TextAnimation,
    /// How it goes.
    #[serde(default)]
    pub animation_out: TextAnimation,
    /// Seconds.
    #[serde(default = "fade")]
    pub animation_in_duration: f64,
    /// Seconds.
    #[serde(default = "fade")]
    pub animation_out_duration: f64,
    /// Where it stands; `fullscreen` pauses the recording clock (cap-look.md 3.3).
    #[serde(default)]
    pub layout: TextLayout,
    /// Seconds in which the screen card makes room for a layout other than `overlay`.
    #[serde(default = "layout_transition")]
    pub layout_transition: f64,
    /// Colour behind the text, as `color`; `None` for nothing behind it.
    #[serde(default)]
    pub background_color: Option<String>,
    /// Shape of the colour behind the text.
    #[serde(default)]
    pub background_style: TextBackground,
    /// All letters upper case.
    #[serde(default)]
    pub uppercase: bool,
    /// Line around the glyphs, pixels at 1080 lines.
    #[serde(default)]
    pub stroke_width: f64,
    /// Colour of that line.
    #[serde(default = "black")]
    pub stroke_color: String,
    /// Second colour of a horizontal gradient over each line; `None` for one colour.
    #[serde(default)]
    pub gradient_color: Option<String>,
    /// Strength of the glow, 0..=1.
    #[serde(default)]
    pub glow: f64,
}

fn placeholder() -> String {
    "Text".into()
}

fn family() -> String {
    "sans-serif".into()
}

fn white() -> String {
    "#ffffff".into()
}

/// cap-additions.md names no default for the stroke's colour; a width of 0 hides it until an editor sets both.
fn black() -> String {
    "#000000".into()
}

const fn text_box() -> Xy {
    Xy { x: 0.35, y: 0.2 }
}

const fn text_px() -> f64 {
    48.0
}

const fn bold() -> f64 {
    700.0
}

const fn line_height() -> f64 {
    1.2
}

const fn layout_transition() -> f64 {
    0.5
}

/// Alignment of the lines of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TextAlign {
    Left,
    #[default]
    Center,
    Right,
}

/// How a text comes or goes (cap-look.md 11.2; from `slideLeft` on cap-additions.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of the specification")]
pub enum TextAnimation {
    None,
    #[default]
    Fade,
    SlideUp,
    SlideDown,
    Pop,
    Typewriter,
    SlideLeft,
    SlideRight,
    Zoom,
    Bounce,
    Wipe,
    Words,
    Letters,
    Tracking,
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

/// Shape of the colour behind a text (cap-additions.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TextBackground {
    /// One rectangle behind the whole text.
    #[default]
    Box,
    /// One with fully rounded ends.
    Pill,
    /// A strip behind each line.
    Highlight,
}
