//! The 3D camera (cap-format.md 4.8, cap-look.md 18).

use serde::Deserialize;

use super::timeline::yes;

/// A 3D camera move, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Camera3dSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Whether it applies.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where the camera stands and looks.
    #[serde(default)]
    pub properties: Camera3dProperties,
    /// Focus blur.
    #[serde(default)]
    pub blur: Camera3dBlur,
    /// Movements of single properties; an empty track leaves the property at its own value.
    #[serde(default)]
    pub tracks: Camera3dTracks,
    /// Seconds in which the picture leaves the flat position.
    #[serde(default)]
    pub transition_in: f64,
    /// Seconds in which it returns.
    #[serde(default)]
    pub transition_out: f64,
}

/// Where the 3D camera stands and looks.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Camera3dProperties {
    /// Degrees.
    pub tilt_x: f64,
    /// Degrees.
    pub tilt_y: f64,
    /// Degrees.
    pub roll: f64,
    /// Degrees.
    pub rotate_x: f64,
    /// Degrees.
    pub rotate_y: f64,
    /// Field of view, degrees.
    pub fov: f64,
    /// Distance of the camera, world units; a larger one makes a smaller picture.
    pub zoom: f64,
    /// World units.
    pub pan_x: f64,
    /// World units.
    pub pan_y: f64,
}

impl Default for Camera3dProperties {
    fn default() -> Self {
        Self {
            tilt_x: 0.0,
            tilt_y: 0.0,
            roll: 0.0,
            rotate_x: 0.0,
            rotate_y: 0.0,
            fov: 45.0,
            zoom: 2.0,
            pan_x: 0.0,
            pan_y: 0.0,
        }
    }
}

/// Focus blur of the 3D camera.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Camera3dBlur {
    /// Shape of the sharp part.
    pub mode: FocusMode,
    /// Radius, pixels at 1080 lines.
    pub strength: f64,
    /// Width of the way from sharp to blurred.
    pub falloff: f64,
    /// Centre of the sharp part.
    pub focus_x: f64,
    /// Centre of the sharp part.
    pub focus_y: f64,
    /// Size of the sharp part.
    pub focus_size: f64,
    /// Degrees.
    pub angle: f64,
    /// Place of the line of [`FocusMode::Directional`].
    pub dir_position: f64,
    /// Bright spots grow to discs.
    pub bokeh: bool,
}

impl Default for Camera3dBlur {
    fn default() -> Self {
        Self {
            mode: FocusMode::None,
            strength: 0.0,
            falloff: 0.0,
            focus_x: 0.37,
            focus_y: 0.5,
            focus_size: 0.5,
            angle: 0.0,
            dir_position: 0.5,
            bokeh: false,
        }
    }
}

/// Shape of the sharp part of a 3D picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-look.md 18")]
pub enum FocusMode {
    #[default]
    None,
    Radial,
    Directional,
    TiltShift,
}

/// Movements of the properties of the same names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "the names are those of the properties and of the blur's settings"
)]
pub struct Camera3dTracks {
    pub tilt_x: Vec<EasedKeyframe>,
    pub tilt_y: Vec<EasedKeyframe>,
    pub roll: Vec<EasedKeyframe>,
    pub rotate_x: Vec<EasedKeyframe>,
    pub rotate_y: Vec<EasedKeyframe>,
    pub fov: Vec<EasedKeyframe>,
    pub zoom: Vec<EasedKeyframe>,
    pub pan_x: Vec<EasedKeyframe>,
    pub pan_y: Vec<EasedKeyframe>,
    pub blur_strength: Vec<EasedKeyframe>,
    pub blur_falloff: Vec<EasedKeyframe>,
    pub blur_focus_size: Vec<EasedKeyframe>,
    pub blur_focus_x: Vec<EasedKeyframe>,
    pub blur_focus_y: Vec<EasedKeyframe>,
    pub blur_angle: Vec<EasedKeyframe>,
    pub blur_dir_position: Vec<EasedKeyframe>,
}

/// A value at a time, with the handles of the curve before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EasedKeyframe {
    /// Seconds after the start of the segment.
    pub time: f64,
    /// Value.
    pub value: f64,
    /// Handle of the curve that leaves this keyframe; `None` for the default of cap-look.md 18.
    #[serde(default)]
    pub out_easing: Option<[f64; 2]>,
    /// Handle of the curve that arrives at this keyframe.
    #[serde(default)]
    pub in_easing: Option<[f64; 2]>,
}

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct ValueKeyframe {
    /// Seconds after the start of the segment.
    pub time: f64,
    /// Value.
    pub value: f64,
}
