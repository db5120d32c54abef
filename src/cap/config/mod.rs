//! `project-config.json`: how the recording must look and sound (cap-format.md 4).
//!
//! Plain data with every default in place. Keys are camelCase unless a field says otherwise, unknown keys are
//! ignored, `null` is accepted only where the field is an `Option`.

mod background;
mod camera;
mod camera3d;
mod captions;
mod gradient;
mod images;
mod keyboard;
mod list;
mod masks;
mod pointer;
mod styles;
mod texts;
mod timeline;
mod waveforms;

use serde::Deserialize;

pub use background::{AdvancedShadow, Background, BackgroundSource, Border, Crop, NotchConfig, WindowChrome};
pub use camera::{
    BackgroundBlur, CameraConfig, CameraShape, CornerPosition, HorizontalPosition, VerticalPosition,
};
pub use camera3d::{
    Camera3dBlur, Camera3dProperties, Camera3dSegment, Camera3dTracks, EasedKeyframe, FocusMode,
    ValueKeyframe,
};
pub use captions::{
    CaptionAnimation, CaptionData, CaptionSegment, CaptionSettings, CaptionWord, HighlightStyle,
    OverlayPosition,
};
pub use gradient::AnimatedGradient;
pub use images::ImageSegment;
pub use keyboard::{KeyTime, KeyboardData, KeyboardSegment, KeyboardSettings};
pub use list::MAX_ENTRIES;
pub use masks::{MaskCover, MaskKeyframes, MaskSegment, MaskType, PointKeyframe};
pub use pointer::{PointerConfig, PointerKind, Ripple, SpringConfig};
pub use styles::{OverlayKind, OverlayRow, StyleOverrides, StyleSegment};
pub use texts::{TextAlign, TextAnimation, TextBackground, TextLayout, TextSegment};
pub use timeline::{
    Clip, MusicSegment, SceneMode, SceneSegment, SpeedAudioMode, SplitLayout, Timeline, Transition,
    TransitionKind, ZoomMode, ZoomSegment,
};
pub use waveforms::{WaveformSegment, WaveformSource, WaveformStyle};

/// A point; both keys are required wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Xy {
    /// Horizontal, rightwards.
    pub x: f64,
    /// Vertical, downwards.
    pub y: f64,
}

/// Shape of the output frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AspectRatio {
    /// 16:9.
    Wide,
    /// 9:16.
    Vertical,
    /// 1:1.
    Square,
    /// 4:3.
    Classic,
    /// 3:4.
    Tall,
}

impl AspectRatio {
    /// Width over height.
    pub const fn ratio(self) -> f64 {
        match self {
            Self::Wide => 16.0 / 9.0,
            Self::Vertical => 9.0 / 16.0,
            Self::Square => 1.0,
            Self::Classic => 4.0 / 3.0,
            Self::Tall => 3.0 / 4.0,
        }
    }
}

/// Corner curve of a card (cap-look.md 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RoundingType {
    /// Superellipse of exponent 4.
    #[default]
    Squircle,
    /// Circular arc.
    Rounded,
}

/// `audio` (cap-format.md 4.6).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AudioConfig {
    /// Silences microphone and system sound, not music.
    pub mute: bool,
    /// Noise suppression and levelling of the microphone.
    pub improve: bool,
    /// How much of the suppressed signal is heard.
    pub isolation: Isolation,
    /// Gain in dB; at or below -30 silent.
    pub mic_volume_db: f64,
    /// Which channels of a two-channel microphone are heard.
    pub mic_stereo_mode: MicStereoMode,
    /// Gain in dB; at or below -30 silent.
    pub system_volume_db: f64,
}

impl Default for AudioConfig {
    fn default() -> Self {
        Self {
            mute: false,
            improve: false,
            isolation: Isolation::Balanced,
            mic_volume_db: 0.0,
            mic_stereo_mode: MicStereoMode::Stereo,
            system_volume_db: 0.0,
        }
    }
}

/// How much of the signal without noise takes the microphone's place (cap-additions.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-additions.md")]
pub enum Isolation {
    Light,
    #[default]
    Balanced,
    Strong,
}

impl Isolation {
    /// Share of the signal without noise, 0..=1.
    pub const fn wet(self) -> f64 {
        match self {
            Self::Light => 0.7,
            Self::Balanced => 0.9,
            Self::Strong => 0.98,
        }
    }
}

/// Treatment of a two-channel microphone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MicStereoMode {
    /// As recorded.
    #[default]
    Stereo,
    /// The left channel on both sides.
    MonoL,
    /// The right channel on both sides.
    MonoR,
}

/// The zoom spring (cap-look.md 6.3); all three keys are required when the object is present.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScreenSpring {
    /// Tension.
    pub stiffness: f64,
    /// Friction.
    pub damping: f64,
    /// Mass.
    pub mass: f64,
}

impl Default for ScreenSpring {
    fn default() -> Self {
        Self {
            stiffness: 200.0,
            damping: 40.0,
            mass: 2.25,
        }
    }
}

/// Per-segment track offsets (cap-format.md 4.9).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ClipOffsets {
    /// Recording segment the offsets belong to; the first entry with an index wins.
    pub index: u32,
    /// Seconds added to the read position of each track.
    pub offsets: TrackOffsets,
    /// Whether the editor computed the offsets (cap-format.md 6.2).
    pub offsets_auto_calculated: bool,
}

/// Seconds added to the read position of a track; keys are snake_case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TrackOffsets {
    /// Camera, seconds.
    pub camera: f64,
    /// Microphone, seconds.
    pub mic: f64,
    /// System sound, seconds.
    pub system_audio: f64,
}

/// `colorCorrection` (cap-format.md 4.4).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ColorCorrection {
    /// Grade of background, screen card and (see `grade_cursor`) pointer.
    pub screen: Grade,
    /// Grade of the camera.
    pub camera: Grade,
    /// Whether the pointer takes the screen grade.
    pub grade_cursor: bool,
}

impl Default for ColorCorrection {
    fn default() -> Self {
        Self {
            screen: Grade::default(),
            camera: Grade::default(),
            grade_cursor: true,
        }
    }
}

/// One colour grade; the identity when every value is 0 (cap-look.md 17).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "the names are the settings of cap-look.md 17, all unitless"
)]
pub struct Grade {
    pub intensity: f64,
    pub exposure: f64,
    pub contrast: f64,
    pub saturation: f64,
    pub temperature: f64,
    pub tint: f64,
    pub split_tone: f64,
    pub fade: f64,
    pub vignette: f64,
    pub grain: f64,
}

impl Default for Grade {
    fn default() -> Self {
        Self {
            intensity: 1.0,
            exposure: 0.0,
            contrast: 0.0,
            saturation: 0.0,
            temperature: 0.0,
            tint: 0.0,
            split_tone: 0.0,
            fade: 0.0,
            vignette: 0.0,
            grain: 0.0,
        }
    }
}

/// The whole file (cap-format.md 4.1). An absent file is `ProjectConfig::default()`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProjectConfig {
    /// Shape of the output; `None` follows the cropped screen.
    pub aspect_ratio: Option<AspectRatio>,
    /// Canvas, padding and card decoration.
    pub background: Background,
    /// Camera overlay.
    pub camera: CameraConfig,
    /// Sound levels.
    pub audio: AudioConfig,
    /// Pointer.
    pub cursor: PointerConfig,
    /// Clips and overlay tracks; `None` plays every segment whole.
    pub timeline: Option<Timeline>,
    /// Captions.
    pub captions: Option<CaptionData>,
    /// Keyboard overlay.
    pub keyboard: Option<KeyboardData>,
    /// Track offsets.
    #[serde(deserialize_with = "list::list")]
    pub clips: Vec<ClipOffsets>,
    /// The screen card is not drawn; everything else is.
    pub hide_display: bool,
    /// Rows of overlays in drawing order, bottom to top. Rows that it does not list are drawn before those it lists: texts,
    /// waveforms, images, masks, of each kind higher rows first.
    #[serde(deserialize_with = "list::list")]
    pub overlay_order: Vec<OverlayRow>,
    /// Indices of text segments that are not drawn.
    #[serde(deserialize_with = "list::list")]
    pub hidden_text_segments: Vec<u32>,
    /// Motion blur of card and camera, 0..=1; `None` where the file has no such key (see the migrations).
    pub screen_motion_blur: Option<f64>,
    /// Zoom spring.
    pub screen_movement_spring: ScreenSpring,
    /// Colour grades.
    pub color_correction: ColorCorrection,
    /// Version of the text size rule; 0 asks for migration 2 of cap-format.md 4.16.
    pub text_size_version: u32,
    /// Version of the text animation rule; 0 asks for migration 3.
    pub text_anim_version: u32,
}

impl ProjectConfig {
    /// Styles that replace something for a while.
    pub fn styles(&self) -> impl Iterator<Item = &StyleOverrides> {
        let segments = self.timeline.iter().flat_map(|timeline| &timeline.style_segments);
        segments
            .filter(|style| style.acts())
            .map(|style| &style.overrides)
    }

    /// The configuration's own `background` and those of its styles.
    pub fn backgrounds(&self) -> impl Iterator<Item = &Background> {
        let styles = self.styles().filter_map(|style| style.background.as_deref());
        std::iter::once(&self.background).chain(styles)
    }

    /// The configuration's own `camera` and those of its styles.
    pub fn cameras(&self) -> impl Iterator<Item = &CameraConfig> {
        let styles = self.styles().filter_map(|style| style.camera.as_deref());
        std::iter::once(&self.camera).chain(styles)
    }

    /// The configuration's own `cursor` and those of its styles.
    pub fn cursors(&self) -> impl Iterator<Item = &PointerConfig> {
        let styles = self.styles().filter_map(|style| style.cursor.as_deref());
        std::iter::once(&self.cursor).chain(styles)
    }
}

#[cfg(test)]
mod tests;
