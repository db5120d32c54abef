//! Settings that a recording uses and this exporter does not draw.

use crate::cap::Recording;
use crate::cap::config::{BackgroundBlur, BackgroundSource};

/// A setting without its effect.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Unrendered {
    /// Path of the key in `project-config.json`.
    pub setting: String,
    /// What the output shows instead.
    pub instead: String,
}

/// Every setting of `recording` that cap-look.md gives an effect and the output lacks, each once.
pub fn unrendered(recording: &Recording) -> Vec<Unrendered> {
    let config = &recording.config;
    let mut list = List::default();
    background(recording, &mut list);
    let cameras = || config.cameras().filter(|camera| !camera.hide);
    let blurs = || cameras().map(|camera| camera.background_blur.mode);
    list.add_if(
        has_camera(recording) && blurs().any(|blur| blur != BackgroundBlur::Off),
        "camera.backgroundBlur",
        if blurs().any(|blur| blur == BackgroundBlur::Remove) {
            "the room behind the person is VISIBLE: taking it out needs a model that finds people"
        } else {
            "the room behind the person stays sharp"
        },
    );
    list.0
}

#[derive(Default)]
struct List(Vec<Unrendered>);

impl List {
    fn add_if(&mut self, applies: bool, setting: &str, instead: &str) {
        if applies {
            self.0.push(Unrendered {
                setting: setting.to_owned(),
                instead: instead.to_owned(),
            });
        }
    }
}

fn has_camera(recording: &Recording) -> bool {
    let first = recording.segments.first();
    first.is_some_and(|segment| segment.camera.is_some())
}

fn background(recording: &Recording, list: &mut List) {
    let backgrounds = || recording.config.backgrounds();
    list.add_if(
        backgrounds()
            .any(|background| matches!(background.source, BackgroundSource::AnimatedGradient { .. })),
        "background.source",
        "the first colour of the moving gradient is painted, white if it names none",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::{ProjectConfig, Transition, TransitionKind, ZoomMode};
    use crate::cap::events::PointerEvents;
    use crate::scene::fixtures::{clip, moves, recording, timeline, zoom};

    fn pointer() -> PointerEvents {
        PointerEvents {
            moves: moves(&[(0.0, 0.5, 0.5)]),
            clicks: Vec::new(),
        }
    }

    fn named(recording: &Recording) -> Vec<String> {
        unrendered(recording)
            .into_iter()
            .map(|entry| entry.setting)
            .collect()
    }

    #[test]
    fn defaults_lack_nothing() {
        let mut config = ProjectConfig::default();
        let mut list = timeline(vec![clip(0, 0.0, 9.0, 1.0)]);
        list.zoom_segments = vec![zoom(1.0, 2.0, 2.0, ZoomMode::Auto)];
        config.timeline = Some(list);
        assert!(named(&recording(&[pointer()], config)).is_empty());
    }

    #[test]
    fn every_setting_without_effect_is_named_once() {
        let mut config: ProjectConfig = serde_json::from_value(serde_json::json!({
            "background": {
                "source": { "type": "gradient", "from": [0, 0, 0], "to": [9, 9, 9], "noise_intensity": 50 },
                "blur": 20,
                "frame": { "style": "macOS" },
                "notch": { "enabled": true },
            },
            "camera": { "backgroundBlur": { "mode": "heavy" } },
            "cursor": { "hideWhenIdle": true },
            "captions": { "segments": [], "settings": { "enabled": true, "exportWithSubtitles": true } },
            "keyboard": { "settings": { "enabled": true } },
            "colorCorrection": { "screen": { "exposure": 0.5 }, "camera": { "grain": 0.5 } },
            "timeline": {
                "segments": [{ "timescale": 1, "start": 0, "end": 9 }],
                "zoomSegments": [{ "start": 1, "end": 2, "amount": 2, "mode": "auto" }],
                "sceneSegments": [{ "start": 1, "end": 2, "mode": "cameraOnly" }],
                "maskSegments": [{ "start": 1, "end": 2, "maskType": "sensitive",
                    "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 } }],
                "textSegments": [{ "start": 1, "end": 2 }, { "start": 2, "end": 3, "layout": "splitLeft" }],
                "captionSegments": [{ "id": "c", "start": 1, "end": 2, "text": "hi" }],
                "keyboardSegments": [{ "id": "k", "start": 1, "end": 2, "displayText": "hi" }],
            },
        }))
        .unwrap();
        config.timeline.as_mut().unwrap().transitions = vec![Transition {
            segment_index: 1,
            kind: TransitionKind::CrossFade,
            duration: 1.0,
        }];
        let mut recording = recording(&[pointer()], config);
        let display = recording.segments[0].display.clone();
        recording.segments[0].camera = Some(display);
        recording.cursors.get_mut("a").unwrap().image.shape = Some("MacOS|Arrow".into());
        assert_eq!(named(&recording), ["camera.backgroundBlur"]);
    }

    #[test]
    fn the_added_settings_are_named() {
        let config = |more: serde_json::Value| -> ProjectConfig {
            let mut config = serde_json::json!({ "cursor": { "motionBlur": 0, "useSvg": false } });
            for (key, value) in more.as_object().unwrap() {
                match config.get_mut(key).and_then(serde_json::Value::as_object_mut) {
                    Some(object) => object.extend(value.as_object().unwrap().clone()),
                    None => config[key] = value.clone(),
                }
            }
            serde_json::from_value(config).unwrap()
        };
        let timeline = |key: &str, value: serde_json::Value| {
            let mut timeline = serde_json::json!({ "segments": [{ "timescale": 1, "start": 0, "end": 9 }], "zoomSegments": [] });
            if key == "clip" {
                timeline["segments"][0]
                    .as_object_mut()
                    .unwrap()
                    .extend(value.as_object().unwrap().clone());
            } else {
                timeline[key] = value;
            }
            serde_json::json!({ "timeline": timeline })
        };
        for (settings, name) in [
            (serde_json::json!({ "hideDisplay": true }), None),
            (serde_json::json!({ "audio": { "improve": true } }), None),
            (
                serde_json::json!({ "cursor": { "ripple": { "enabled": true } } }),
                None,
            ),
            (
                serde_json::json!({ "cursor": { "ripple": { "enabled": true }, "hide": true } }),
                None,
            ),
            (serde_json::json!({ "cursor": { "type": "tahoe" } }), None),
            (
                serde_json::json!({ "background": { "source": { "type": "animatedGradient", "config": {} } } }),
                Some("background.source"),
            ),
            (
                serde_json::json!({ "camera": { "backgroundBlur": { "mode": "remove" } } }),
                Some("camera.backgroundBlur"),
            ),
            (timeline("clip", serde_json::json!({ "volume": 0.5 })), None),
            (timeline("clip", serde_json::json!({ "volume": null })), None),
            (timeline("clip", serde_json::json!({ "audioMuted": true })), None),
            (timeline("clip", serde_json::json!({ "hideCursor": true })), None),
            (
                timeline(
                    "styleSegments",
                    serde_json::json!([{ "start": 0, "end": 1, "overrides": { "camera": {} } }]),
                ),
                None,
            ),
            (
                timeline(
                    "styleSegments",
                    serde_json::json!([
                        { "start": 0, "end": 1, "overrides": { "camera": { "backgroundBlur": { "mode": "remove" } } } },
                    ]),
                ),
                Some("camera.backgroundBlur"),
            ),
            (
                timeline(
                    "styleSegments",
                    serde_json::json!([
                        { "start": 0, "end": 1, "enabled": false,
                          "overrides": { "background": { "source": { "type": "animatedGradient", "config": {} } } } },
                        { "start": 1, "end": 1,
                          "overrides": { "background": { "source": { "type": "animatedGradient", "config": {} } } } },
                    ]),
                ),
                None,
            ),
            (
                timeline(
                    "imageSegments",
                    serde_json::json!([{ "start": 0, "end": 1, "path": "a.png" }]),
                ),
                None,
            ),
            (
                timeline(
                    "imageSegments",
                    serde_json::json!([{ "start": 0, "end": 1, "path": "a.png", "enabled": false }]),
                ),
                None,
            ),
            (
                timeline("waveformSegments", serde_json::json!([{ "start": 0, "end": 1 }])),
                None,
            ),
        ] {
            let mut pointer = pointer();
            pointer.clicks = crate::scene::fixtures::clicks(&[(0.0, true)]);
            let mut recording = recording(&[pointer], config(settings.clone()));
            let display = recording.segments[0].display.clone();
            recording.segments[0].camera = Some(display);
            recording.cursors.get_mut("a").unwrap().image.shape = Some("MacOS|Arrow".into());
            recording.segments[0].mic = Some(crate::cap::recording::Track {
                meta: serde_json::from_value(serde_json::json!({ "path": "mic.ogg" })).unwrap(),
                source: recording.segments[0].display.source.clone(),
            });
            assert_eq!(
                named(&recording),
                name.into_iter().collect::<Vec<_>>(),
                "{settings}"
            );
        }
    }
}
