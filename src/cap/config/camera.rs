//! `camera` (cap-format.md 4.5).

use serde::Deserialize;

use super::{AdvancedShadow, RoundingType, Xy};

/// Camera overlay.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CameraConfig {
    /// No camera anywhere.
    pub hide: bool,
    /// Horizontal flip.
    pub mirror: bool,
    /// Corner or edge the overlay sits at.
    pub position: CornerPosition,
    /// Centre of the overlay, 0..=1 each; overrides `position`.
    pub manual_position: Option<Xy>,
    /// % of the output's shorter side, plus a constant (cap-look.md 9).
    pub size: f64,
    /// Corner radius, 0..=100 % of half the shorter side.
    pub rounding: f64,
    /// Shadow strength, 0..=100.
    pub shadow: f64,
    /// Shadow numbers. A missing key is `Some(33.9, 44.2, 10.5)`, an explicit null is `None` (50 / 18 / 50).
    #[serde(alias = "advanced_shadow")]
    pub advanced_shadow: Option<AdvancedShadow>,
    /// Square or the camera's own shape.
    pub shape: CameraShape,
    /// Corner curve.
    #[serde(alias = "rounding_type")]
    pub rounding_type: RoundingType,
    /// Size factor while fully zoomed in.
    pub scale_during_zoom: f64,
    /// Segmentation blur of the room behind the person.
    pub background_blur: BackgroundBlurConfig,
}

impl Default for CameraConfig {
    fn default() -> Self {
        Self {
            hide: false,
            mirror: false,
            position: CornerPosition::default(),
            manual_position: None,
            size: 30.0,
            rounding: 100.0,
            shadow: 62.5,
            advanced_shadow: Some(AdvancedShadow {
                size: 33.9,
                opacity: 44.2,
                blur: 10.5,
            }),
            shape: CameraShape::Square,
            rounding_type: RoundingType::Squircle,
            scale_during_zoom: 0.7,
            background_blur: BackgroundBlurConfig::default(),
        }
    }
}

/// Anchor of the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct CornerPosition {
    /// Horizontal anchor.
    #[serde(default)]
    pub x: HorizontalPosition,
    /// Vertical anchor.
    #[serde(default)]
    pub y: VerticalPosition,
}

/// Horizontal anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum HorizontalPosition {
    Left,
    Center,
    #[default]
    Right,
}

/// Vertical anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum VerticalPosition {
    Top,
    #[default]
    Bottom,
}

/// Shape of the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CameraShape {
    /// The centred square of the picture.
    #[default]
    Square,
    /// The whole picture.
    Source,
}

/// `backgroundBlur`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct BackgroundBlurConfig {
    /// Strength.
    pub mode: BackgroundBlur,
}

/// Strength of the segmentation blur.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum BackgroundBlur {
    #[default]
    Off,
    Light,
    Heavy,
    Remove,
}
