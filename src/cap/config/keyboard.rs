//! The keyboard overlay (cap-format.md 4.8 and 4.14, cap-look.md 14).

use serde::Deserialize;

use super::captions::OverlayPosition;

/// Keys pressed together or in a row, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyboardSegment {
    /// Identity within the file.
    pub id: String,
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// What it shows in the end.
    pub display_text: String,
    /// When which part of it appears.
    #[serde(default)]
    pub keys: Vec<KeyTime>,
    /// Seconds, in place of the setting.
    #[serde(default)]
    pub fade_duration_override: Option<f64>,
    /// In place of the setting.
    #[serde(default)]
    pub position_override: Option<OverlayPosition>,
    /// In place of the setting.
    #[serde(default)]
    pub color_override: Option<String>,
    /// In place of the setting.
    #[serde(default)]
    pub background_color_override: Option<String>,
    /// In place of the setting, pixels at 1080 lines.
    #[serde(default)]
    pub font_size_override: Option<f64>,
    /// In place of the setting.
    #[serde(default)]
    pub uppercase_override: Option<bool>,
}

/// A key of a segment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyTime {
    /// What it adds to the text.
    pub key: String,
    /// Milliseconds after the start of the segment.
    pub time_offset: f64,
}

/// `keyboard`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct KeyboardData {
    /// Settings.
    pub settings: KeyboardSettings,
}

/// `keyboard.settings`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct KeyboardSettings {
    /// Nothing is drawn when false.
    pub enabled: bool,
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
    /// Where it stands.
    pub position: OverlayPosition,
    /// As for captions.
    pub font_weight: f64,
    /// Seconds.
    pub fade_duration: f64,
    /// Seconds; for the editor's grouping of key events.
    pub linger_duration: f64,
    /// Milliseconds; for the editor's grouping of key events.
    pub grouping_threshold_ms: f64,
    /// For the editor's grouping of key events.
    pub show_modifiers: bool,
    /// For the editor's grouping of key events.
    pub show_special_keys: bool,
    /// All letters upper case.
    pub uppercase: bool,
}

impl Default for KeyboardSettings {
    fn default() -> Self {
        Self {
            enabled: false,
            font: "System Sans-Serif".into(),
            size: 50.0,
            color: "#FFFFFF".into(),
            background_color: "#000000".into(),
            background_opacity: 95.0,
            position: OverlayPosition::default(),
            font_weight: 400.0,
            fade_duration: 0.15,
            linger_duration: 0.8,
            grouping_threshold_ms: 500.0,
            show_modifiers: true,
            show_special_keys: true,
            uppercase: false,
        }
    }
}
