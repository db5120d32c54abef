//! `timeline` (cap-format.md 4.8): clips in source time, overlay tracks in output time.

use serde::{Deserialize, Deserializer};

use super::Xy;
use super::camera3d::Camera3dSegment;
use super::captions::CaptionSegment;
use super::images::ImageSegment;
use super::keyboard::KeyboardSegment;
use super::list::{list, some_list};
use super::masks::MaskSegment;
use super::styles::StyleSegment;
use super::texts::TextSegment;
use super::waveforms::WaveformSegment;

/// Clips and overlay tracks. All times are seconds. Of lists with more than [`super::MAX_ENTRIES`] entries one more is kept.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Timeline {
    /// Clips in play order.
    #[serde(deserialize_with = "list")]
    pub segments: Vec<Clip>,
    /// Zooms; the key is required.
    #[serde(deserialize_with = "list")]
    pub zoom_segments: Vec<ZoomSegment>,
    /// Transitions between clips.
    #[serde(default, deserialize_with = "list")]
    pub transitions: Vec<Transition>,
    /// Scene layouts.
    #[serde(default, deserialize_with = "list")]
    pub scene_segments: Vec<SceneSegment>,
    /// Masks.
    #[serde(default, deserialize_with = "list")]
    pub mask_segments: Vec<MaskSegment>,
    /// Texts.
    #[serde(default, deserialize_with = "list")]
    pub text_segments: Vec<TextSegment>,
    /// Captions.
    #[serde(default, deserialize_with = "list")]
    pub caption_segments: Vec<CaptionSegment>,
    /// Keyboard overlays; `None` where the file has no such list: then no editor has seen the recorded keys.
    #[serde(default, deserialize_with = "some_list")]
    pub keyboard_segments: Option<Vec<KeyboardSegment>>,
    /// Music.
    #[serde(default, deserialize_with = "list")]
    pub audio_segments: Vec<MusicSegment>,
    /// 3D camera.
    #[serde(default, rename = "camera3dSegments", deserialize_with = "list")]
    pub camera_3d_segments: Vec<Camera3dSegment>,
    /// Other settings for a while.
    #[serde(default, deserialize_with = "list")]
    pub style_segments: Vec<StyleSegment>,
    /// Pictures.
    #[serde(default, deserialize_with = "list")]
    pub image_segments: Vec<ImageSegment>,
    /// Waveforms.
    #[serde(default, deserialize_with = "list")]
    pub waveform_segments: Vec<WaveformSegment>,
}

/// A piece of one recording segment.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Clip {
    /// Index into the recording's segments.
    #[serde(default)]
    pub recording_segment: u32,
    /// Playback speed, 2 is twice as fast.
    pub timescale: f64,
    /// In point, source seconds.
    pub start: f64,
    /// Out point, source seconds.
    pub end: f64,
    /// What happens to the sound at another speed than 1; `None` is mute.
    #[serde(default)]
    pub speed_audio_mode: Option<SpeedAudioMode>,
    /// What the editor calls it.
    #[serde(default)]
    pub name: Option<String>,
    /// Factor on the recorded tracks (not on music), 0..=2; null is 1. See [`Self::gain`].
    #[serde(default = "one", deserialize_with = "one_if_null")]
    pub volume: f64,
    /// Silences the recorded tracks.
    #[serde(default)]
    pub audio_muted: bool,
    /// No pointer in this clip.
    #[serde(default)]
    pub hide_cursor: bool,
}

impl Clip {
    /// `recording_segment` from `start` to `end`, source seconds, at its own speed and with every other setting at its
    /// default.
    pub const fn new(recording_segment: u32, start: f64, end: f64) -> Self {
        Self {
            recording_segment,
            timescale: 1.0,
            start,
            end,
            speed_audio_mode: None,
            name: None,
            volume: 1.0,
            audio_muted: false,
            hide_cursor: false,
        }
    }

    /// Factor on the clip's recorded tracks (cap-additions.md), 0..=2.
    pub fn gain(&self) -> f64 {
        match (self.audio_muted, self.volume) {
            (true, _) => 0.0,
            (false, volume) if volume.is_finite() => volume.clamp(0.0, 2.0),
            (false, _) => 1.0,
        }
    }
}

/// A factor; null, which is how JSON writes what is not a number, is 1.
fn one_if_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(1.0))
}

/// Sound of a clip whose speed is not 1 (cap-look.md 21.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SpeedAudioMode {
    /// Silence.
    #[default]
    Mute,
    /// Tempo change without pitch change.
    MaintainPitch,
    /// Plain resampling; the pitch follows the speed.
    MatchSpeed,
}

/// Overlap of two clips (cap-look.md 3.2).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transition {
    /// Index of the clip on the right of the cut, at least 1.
    pub segment_index: u32,
    /// Kind.
    #[serde(rename = "type")]
    pub kind: TransitionKind,
    /// Seconds.
    pub duration: f64,
}

/// Kind of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransitionKind {
    /// Linear mix.
    CrossFade,
    /// Out to black, in from black.
    FadeThroughBlack,
}

/// A zoom, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ZoomSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Card scale; below 1 counts as 1.
    pub amount: f64,
    /// Where to.
    pub mode: ZoomMode,
    /// Hard cut instead of the spring.
    #[serde(default)]
    pub instant_animation: bool,
    /// Auto mode: outer band, 0..=0.5, mapped to the edge.
    #[serde(default = "quarter")]
    pub edge_snap_ratio: f64,
}

const fn quarter() -> f64 {
    0.25
}

/// Centre of a zoom.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ZoomMode {
    /// Follows the pointer.
    Auto,
    /// A fixed point; 0 is flush left or top, 1 flush right or bottom.
    Manual(Xy),
}

/// A scene layout, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SceneSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Layout.
    #[serde(default)]
    pub mode: SceneMode,
    /// Pane settings of the split layouts.
    #[serde(default)]
    pub split_layout: Option<SplitLayout>,
    /// Seconds.
    #[serde(default = "scene_transition")]
    pub transition_in: f64,
    /// Seconds.
    #[serde(default = "scene_transition")]
    pub transition_out: f64,
}

const fn scene_transition() -> f64 {
    0.3
}

/// Layout of a scene (cap-look.md 10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of cap-look.md 10.1")]
pub enum SceneMode {
    #[default]
    Default,
    CameraOnly,
    HideCamera,
    SplitScreen,
    Floating,
}

/// Pane settings of a split scene.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SplitLayout {
    /// Tighter crop, factor.
    pub screen_zoom: f64,
    /// Focal point, 0..=1.
    pub screen_position: Xy,
    /// Tighter crop, factor.
    pub camera_zoom: f64,
    /// Focal point, 0..=1.
    pub camera_position: Xy,
}

impl Default for SplitLayout {
    fn default() -> Self {
        Self {
            screen_zoom: 1.0,
            screen_position: centre(),
            camera_zoom: 1.0,
            camera_position: centre(),
        }
    }
}

/// Imported music, output seconds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MusicSegment {
    /// Start.
    pub start: f64,
    /// End.
    pub end: f64,
    /// Relative to the recording folder.
    pub path: String,
    /// Whether it is heard.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Seconds skipped in the file.
    #[serde(default)]
    pub trim_start: f64,
    /// Gain in dB; at or below -60 silent.
    #[serde(default)]
    pub volume_db: f64,
    /// Linear ramp, seconds.
    #[serde(default)]
    pub fade_in: f64,
    /// Linear ramp, seconds.
    #[serde(default)]
    pub fade_out: f64,
}

pub(super) const fn yes() -> bool {
    true
}

pub(super) const fn one() -> f64 {
    1.0
}

pub(super) const fn fade() -> f64 {
    0.15
}

pub(super) const fn centre() -> Xy {
    Xy { x: 0.5, y: 0.5 }
}
