//! `background` (cap-format.md 4.2 and 4.3).

use serde::Deserialize;

use super::{AnimatedGradient, RoundingType, Xy};

/// Canvas, padding and decoration of the screen card.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Background {
    /// What fills the canvas.
    pub source: BackgroundSource,
    /// Blur of the canvas, 0..=100.
    pub blur: f64,
    /// Ring around the card, 0..=100 %; 100 is 40 % of the reference side on each side.
    pub padding: f64,
    /// Corner radius, 0..=100 %; 100 is half the shorter side.
    pub rounding: f64,
    /// Corner curve.
    pub rounding_type: RoundingType,
    /// Part of the screen that is shown, recorded pixels.
    pub crop: Option<Crop>,
    /// Centre of the card in the output, 0..=1 each.
    pub display_position: Option<Xy>,
    /// Shadow strength, 0..=100.
    pub shadow: f64,
    /// Shadow numbers. A missing key is `Some(default)`, an explicit null is `None` (50 / 18 / 50).
    pub advanced_shadow: Option<AdvancedShadow>,
    /// Line around the card.
    pub border: Option<Border>,
    /// Decorative window chrome.
    pub frame: Option<WindowChrome>,
    /// Black notch over the top of the screen.
    pub notch: Option<NotchConfig>,
}

impl Default for Background {
    fn default() -> Self {
        Self {
            source: BackgroundSource::default(),
            blur: 0.0,
            padding: 0.0,
            rounding: 0.0,
            rounding_type: RoundingType::Squircle,
            crop: None,
            display_position: None,
            shadow: 73.6,
            advanced_shadow: Some(AdvancedShadow::default()),
            border: None,
            frame: None,
            notch: None,
        }
    }
}

/// What fills the canvas. The multi-word keys of the gradient are snake_case.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum BackgroundSource {
    /// An image of the application's collection.
    Wallpaper {
        /// Path on the recording machine, or URL-like text.
        #[serde(default)]
        path: Option<String>,
    },
    /// An image of the user's.
    Image {
        /// Path on the recording machine, or URL-like text.
        #[serde(default)]
        path: Option<String>,
    },
    /// One colour.
    Color {
        /// R, G, B, 0..=255.
        value: [u16; 3],
        /// 0..=255.
        #[serde(default = "opaque")]
        alpha: u8,
    },
    /// A linear gradient in the unit square (cap-look.md 4.2).
    Gradient {
        /// R, G, B at the start.
        from: [u16; 3],
        /// R, G, B at the end.
        to: [u16; 3],
        /// Degrees; 90 runs left to right, 180 top to bottom.
        #[serde(default = "rightwards")]
        angle: u16,
        /// 0..=100; null is 0.
        #[serde(default)]
        noise_intensity: Option<f64>,
        /// 0..=100; null is 3.
        #[serde(default)]
        noise_scale: Option<f64>,
    },
    /// A moving gradient, which nothing public describes: its first colour is painted.
    AnimatedGradient {
        /// Its settings.
        #[serde(default)]
        config: AnimatedGradient,
    },
}

const fn opaque() -> u8 {
    255
}

const fn rightwards() -> u16 {
    90
}

impl Default for BackgroundSource {
    fn default() -> Self {
        Self::Color {
            value: [255, 255, 255],
            alpha: 255,
        }
    }
}

/// Part of the recorded screen, whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Crop {
    /// Top left corner.
    pub position: UnsignedXy,
    /// Width (x) and height (y).
    pub size: UnsignedXy,
}

/// A pair of whole pixel numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct UnsignedXy {
    /// Horizontal.
    pub x: u32,
    /// Vertical.
    pub y: u32,
}

/// Shadow numbers, 0..=100 each, multiplied by the master strength (cap-look.md 5.3).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct AdvancedShadow {
    /// Reach, % of half the shorter side.
    pub size: f64,
    /// Darkness, %.
    pub opacity: f64,
    /// Softness, % of half the shorter side.
    pub blur: f64,
}

impl AdvancedShadow {
    /// What an explicit null stands for.
    pub const NULL: Self = Self {
        size: 50.0,
        opacity: 18.0,
        blur: 50.0,
    };
}

impl Default for AdvancedShadow {
    fn default() -> Self {
        Self {
            size: 14.4,
            opacity: 68.1,
            blur: 3.8,
        }
    }
}

/// Line around the card.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Border {
    /// Whether it is drawn.
    pub enabled: bool,
    /// Output pixels.
    pub width: f64,
    /// R, G, B, 0..=255.
    pub color: [u16; 3],
    /// 0..=100 %.
    pub opacity: f64,
}

impl Default for Border {
    fn default() -> Self {
        Self {
            enabled: false,
            width: 5.0,
            color: [255, 255, 255],
            opacity: 80.0,
        }
    }
}

/// Decorative frame (cap-look.md 15).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct WindowChrome {
    /// `none`, `macOS`, `windows`, `browser` or `macbook`.
    pub style: String,
    /// `dark` or `light`.
    pub theme: String,
    /// Text of the browser's address bar.
    pub url: String,
    /// Window title.
    pub title: String,
}

impl Default for WindowChrome {
    fn default() -> Self {
        Self {
            style: "none".into(),
            theme: "dark".into(),
            url: "Cap.so".into(),
            title: String::new(),
        }
    }
}

/// Notch override (cap-look.md 16); null fields fall back to the recorded notch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct NotchConfig {
    /// Whether it is drawn.
    pub enabled: bool,
    /// Left edge, fraction of the video width.
    pub x: Option<f64>,
    /// Fraction of the video width.
    pub width: Option<f64>,
    /// Fraction of the video height.
    pub height: Option<f64>,
}
