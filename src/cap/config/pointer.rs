//! `cursor` (cap-format.md 4.7).

use serde::Deserialize;

/// Pointer.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PointerConfig {
    /// Not drawn at all.
    pub hide: bool,
    /// Fade out while it rests.
    pub hide_when_idle: bool,
    /// Seconds of rest before it fades, at least 0.5 in effect.
    pub hide_when_idle_delay: f64,
    /// %, 0 counts as 100; 100 is 60 px tall on a 1080-line source.
    pub size: u32,
    /// Recorded art or a disc.
    #[serde(rename = "type")]
    pub kind: PointerKind,
    /// Tension of the smoothing spring.
    pub tension: f64,
    /// Mass of the smoothing spring.
    pub mass: f64,
    /// Friction of the smoothing spring.
    pub friction: f64,
    /// No smoothing.
    pub raw: bool,
    /// Motion blur, 0..=1.
    pub motion_blur: f64,
    /// Substitute vector art where the shape is known.
    pub use_svg: bool,
    /// Tilt with horizontal motion, factor.
    pub rotation_amount: f64,
    /// Radians.
    pub base_rotation: f64,
    /// Spring around clicks; `None` is 530, 1, 40.
    pub click_spring: Option<SpringConfig>,
    /// Freeze the pointer this many seconds before the end.
    pub stop_movement_in_last_seconds: Option<f64>,
    /// Rings that spread from clicks.
    pub ripple: Ripple,
}

impl Default for PointerConfig {
    fn default() -> Self {
        Self {
            hide: false,
            hide_when_idle: false,
            hide_when_idle_delay: 2.0,
            size: 100,
            kind: PointerKind::Auto,
            tension: 470.0,
            mass: 3.0,
            friction: 70.0,
            raw: false,
            motion_blur: 1.0,
            use_svg: true,
            rotation_amount: 0.15,
            base_rotation: 0.0,
            click_spring: None,
            stop_movement_in_last_seconds: None,
            ripple: Ripple::default(),
        }
    }
}

/// What is drawn for the pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PointerKind {
    /// The recorded shape.
    #[default]
    Auto,
    /// As `Auto`.
    Pointer,
    /// A translucent disc (cap-look.md 8.8).
    Circle,
    /// Art of macOS for known shapes, else the recorded one (cap-additions.md).
    Macos,
    /// As `Macos`, of the system that Apple names Tahoe.
    Tahoe,
    /// As `Macos`, of Windows.
    Windows,
}

/// `cursor.ripple`: rings that spread from clicks (cap-additions.md).
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Ripple {
    /// Whether they are drawn.
    pub enabled: bool,
    /// R, G, B, 0..=255.
    pub color: [u16; 3],
    /// 0..=1.
    pub strength: f64,
    /// 0.25..=3; 1 is a radius of 1.25 times the pointer's height.
    pub size: f64,
    /// Seconds, 0.2..=1.5.
    pub duration: f64,
}

impl Default for Ripple {
    fn default() -> Self {
        Self {
            enabled: false,
            color: [71, 133, 255],
            strength: 0.7,
            size: 1.0,
            duration: 0.6,
        }
    }
}

/// A spring; all three keys are required.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct SpringConfig {
    /// Tension.
    pub tension: f64,
    /// Mass.
    pub mass: f64,
    /// Friction.
    pub friction: f64,
}
