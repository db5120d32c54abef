//! What of a recording an export of its configuration reads. Whatever it does not read may be broken: that is worth a warning,
//! not a refusal.

use std::collections::BTreeMap;

use super::config::{Clip, ProjectConfig, SpeedAudioMode};

/// Sound at or below this gain is silent (cap-format.md 4.6).
const SILENT_DB: f64 = -30.0;

/// What is read, by the number that clips call a recording segment.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Segments that clips show, and whether one of those clips is heard; `None` when every segment is played whole.
    played: Option<BTreeMap<u32, bool>>,
    camera: bool,
    pointer: bool,
    mic: bool,
    system_audio: bool,
}

impl Needs {
    /// Of an export as `config` wants it.
    pub(super) fn of(config: &ProjectConfig) -> Self {
        let played = config.timeline.as_ref().map(|timeline| {
            let mut played = BTreeMap::new();
            for clip in &timeline.segments {
                *played.entry(clip.recording_segment).or_insert(false) |= is_heard(clip);
            }
            played
        });
        let audio = &config.audio;
        Self {
            played,
            camera: config.cameras().any(|camera| !camera.hide),
            pointer: config.cursors().any(|pointer| !pointer.hide),
            mic: !audio.mute && audio.mic_volume_db > SILENT_DB,
            system_audio: !audio.mute && audio.system_volume_db > SILENT_DB,
        }
    }

    /// Whether anything of `segment` is shown or heard.
    pub fn segment(&self, segment: u32) -> bool {
        self.played
            .as_ref()
            .is_none_or(|played| played.contains_key(&segment))
    }

    /// Whether a camera may be shown anywhere.
    pub fn camera_shown(&self) -> bool {
        self.camera
    }

    /// Whether the camera of `segment` may be shown.
    pub fn camera(&self, segment: u32) -> bool {
        self.camera && self.segment(segment)
    }

    /// Whether the microphone of `segment` is heard.
    pub fn mic(&self, segment: u32) -> bool {
        self.mic && self.heard(segment)
    }

    /// Whether the system sound of `segment` is heard.
    pub fn system_audio(&self, segment: u32) -> bool {
        self.system_audio && self.heard(segment)
    }

    /// Whether a pointer may be drawn.
    pub fn pointer(&self) -> bool {
        self.pointer
    }

    fn heard(&self, segment: u32) -> bool {
        self.played
            .as_ref()
            .is_none_or(|played| played.get(&segment) == Some(&true))
    }
}

fn is_heard(clip: &Clip) -> bool {
    let muted_by_speed =
        clip.timescale != 1.0 && clip.speed_audio_mode.unwrap_or_default() == SpeedAudioMode::Mute;
    clip.gain() > 0.0 && !muted_by_speed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn needs(config: Value) -> Needs {
        Needs::of(&serde_json::from_value(config).unwrap())
    }

    fn clip(segment: u32, more: Value) -> Value {
        let mut clip = json!({ "recordingSegment": segment, "timescale": 1, "start": 0, "end": 1 });
        clip.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        clip
    }

    #[test]
    fn without_a_timeline_everything_is_read() {
        let needs = needs(json!({}));
        assert!(
            needs.segment(7) && needs.camera(7) && needs.mic(7) && needs.system_audio(7) && needs.pointer()
        );
    }

    #[test]
    fn with_one_only_what_its_clips_show() {
        let clips = json!([
            clip(1, json!({})),
            clip(2, json!({ "audioMuted": true })),
            clip(3, json!({ "timescale": 2 })),
            clip(4, json!({ "timescale": 2, "speedAudioMode": "matchSpeed" })),
            clip(5, json!({ "volume": 0 })),
            clip(5, json!({})),
        ]);
        let needs = needs(json!({ "timeline": { "segments": clips, "zoomSegments": [] } }));
        let all =
            |test: fn(&Needs, u32) -> bool| (0..7).map(|segment| test(&needs, segment)).collect::<Vec<_>>();
        assert_eq!(all(Needs::segment), [false, true, true, true, true, true, false]);
        assert_eq!(all(Needs::mic), [false, true, false, false, true, true, false]);
        assert_eq!(all(Needs::camera), all(Needs::segment));
    }

    #[test]
    fn silent_and_hidden_tracks_are_not_read() {
        for (audio, mic, system) in [
            (json!({ "mute": true }), false, false),
            (json!({ "micVolumeDb": -30 }), false, true),
            (
                json!({ "micVolumeDb": -29.9, "systemVolumeDb": -80 }),
                true,
                false,
            ),
        ] {
            let needs = needs(json!({ "audio": audio }));
            assert_eq!((needs.mic(0), needs.system_audio(0)), (mic, system), "{audio}");
        }
        let hidden = json!({ "camera": { "hide": true }, "cursor": { "hide": true } });
        assert!(!needs(hidden.clone()).camera(0) && !needs(hidden.clone()).pointer());
        let mut styled = hidden;
        styled["timeline"] = json!({ "segments": [clip(0, json!({}))], "zoomSegments": [],
            "styleSegments": [{ "start": 0, "end": 1, "overrides": { "camera": {}, "cursor": {} } }] });
        assert!(needs(styled.clone()).camera(0) && needs(styled).pointer());
    }
}
