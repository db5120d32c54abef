//! Captions: those placed in the timeline, their source material and their settings (cap-format.md 4.8 and 4.13).
//!
//! A key of the settings with a value that none of the names here is takes the name the specification gives for it
//! ("anything else"), as in Cap.

use serde::Deserialize;

use super::Xy;
use super::list::list;

/// A caption. In `timeline.captionSegments` in output seconds; in [`CaptionData`] in recording seconds if that says so.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptionSegment {
    /// Identity within the file.
    pub id: String,
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// The words as one text.
    pub text: String,
    /// The words one by one; their times are on the clock of the segment's own.
    #[serde(default)]
    pub words: Vec<CaptionWord>,
    /// Seconds, in place of the setting.
    #[serde(default)]
    pub fade_duration_override: Option<f64>,
    /// Seconds; stored by the editor, without effect.
    #[serde(default)]
    pub linger_duration_override: Option<f64>,
    /// In place of the setting, by the same names (see [`OverlayPosition`]).
    #[serde(default)]
    pub position_override: Option<OverlayPosition>,
    /// Stored by the editor, without effect.
    #[serde(default)]
    pub color_override: Option<String>,
    /// Stored by the editor, without effect.
    #[serde(default)]
    pub background_color_override: Option<String>,
    /// Stored by the editor, without effect.
    #[serde(default)]
    pub font_size_override: Option<f64>,
}

/// A word of a caption.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CaptionWord {
    /// The word.
    pub text: String,
    /// Seconds.
    pub start: f64,
    /// Seconds.
    pub end: f64,
}

/// `captions`, and the whole of `captions.json`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CaptionData {
    /// Source material.
    #[serde(deserialize_with = "list")]
    pub segments: Vec<CaptionSegment>,
    /// Settings.
    pub settings: CaptionSettings,
    /// Whether `segments` is in recording time and must be projected through the clips.
    #[serde(default)]
    pub source_timed: bool,
}

/// `captions.settings`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CaptionSettings {
    /// Nothing is drawn when false.
    pub enabled: bool,
    /// Whether an export shows them: both this and `enabled` are needed (cap-additions.md). `None` in recordings from before
    /// there was this switch, whose captions are drawn when they are enabled (cap-format.md 4.13).
    pub export_with_subtitles: Option<bool>,
    /// `System Serif` and `System Monospace`; everything else is sans.
    pub font: String,
    /// Pixels at 1080 lines.
    pub size: f64,
    /// `#rrggbb`.
    pub color: String,
    /// `#rrggbb`.
    pub background_color: String,
    /// 0..=100 %.
    pub background_opacity: f64,
    /// Where they stand.
    pub position: OverlayPosition,
    /// Centre for [`OverlayPosition::Manual`], 0..=1 each.
    pub manual_position: Option<Xy>,
    /// Stored by the editor, without effect.
    pub italic: bool,
    /// From 700 on bold, from 500 on medium, else regular.
    pub font_weight: f64,
    /// Line around the glyphs.
    pub outline: bool,
    /// `#rrggbb`.
    pub outline_color: String,
    /// `#rrggbb` of the word that is spoken.
    pub highlight_color: String,
    /// Seconds.
    pub fade_duration: f64,
    /// Seconds; stored by the editor, without effect.
    pub linger_duration: f64,
    /// Seconds in which the highlight moves on.
    pub word_transition_duration: f64,
    /// Whether the word that is spoken is highlighted.
    pub active_word_highlight: bool,
    /// How captions come and go.
    pub animation: CaptionAnimation,
    /// How the spoken word is highlighted.
    pub highlight_style: HighlightStyle,
    /// All letters upper case.
    pub uppercase: bool,
}

impl Default for CaptionSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            export_with_subtitles: None,
            font: "System Sans-Serif".into(),
            size: 24.0,
            color: "#FFFFFF".into(),
            background_color: "#000000".into(),
            background_opacity: 90.0,
            position: OverlayPosition::default(),
            manual_position: None,
            italic: false,
            font_weight: 700.0,
            outline: false,
            outline_color: "#000000".into(),
            highlight_color: "#FFFFFF".into(),
            fade_duration: 0.15,
            linger_duration: 0.4,
            word_transition_duration: 0.25,
            active_word_highlight: false,
            animation: CaptionAnimation::default(),
            highlight_style: HighlightStyle::default(),
            uppercase: false,
        }
    }
}

impl CaptionSettings {
    /// Whether an export draws captions at all (cap-additions.md).
    pub fn drawn(&self) -> bool {
        self.enabled && self.export_with_subtitles != Some(false)
    }
}

/// Where captions or keys stand. For captions any unknown name is bottom centre, for keys above the captions
/// (cap-look.md 13, 14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of cap-format.md 4.13")]
pub enum OverlayPosition {
    TopLeft,
    #[serde(alias = "top")]
    TopCenter,
    TopRight,
    BottomLeft,
    BottomRight,
    Manual,
    #[default]
    #[serde(alias = "bottom")]
    BottomCenter,
    #[serde(other)]
    Other,
}

/// How captions come and go. Any unknown name is `Bounce`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-format.md 4.13")]
pub enum CaptionAnimation {
    None,
    Pop,
    #[default]
    #[serde(other)]
    Bounce,
}

/// How the spoken word is highlighted. Any unknown name is `Color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HighlightStyle {
    /// A rounded box behind it.
    Pill,
    /// In a colour of its own.
    #[default]
    #[serde(other)]
    Color,
}
