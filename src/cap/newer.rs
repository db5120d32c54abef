//! Names in a configuration that this version does not know: what a newer Cap's kind of scene, transition, text or background
//! is taken for. Nothing that hides something (a mask, a blurred room) is taken for something that shows it.

use super::config::{
    AspectRatio, BackgroundBlur, BackgroundSource, CameraShape, FocusMode, HorizontalPosition, Isolation,
    MaskType, MicStereoMode, OverlayRow, PointerKind, RoundingType, SceneMode, SpeedAudioMode, TextAlign,
    TextAnimation, TextBackground, TextLayout, TransitionKind, VerticalPosition, WaveformSource,
    WaveformStyle, ZoomMode,
};
use super::json::Instead::{Nothing, Text, With};
use super::json::Rule;

/// Where the objects `background`, `camera` and `cursor` may stand a second time.
const STYLES: &str = "timeline.styleSegments[].overrides";

/// What stands in for each kind of unknown name in `project-config.json`.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules = looks();
    rules.extend(looks().into_iter().map(|rule| rule.below(STYLES)));
    rules.extend([
        Rule::new::<AspectRatio>(
            "aspectRatio",
            Text("null"),
            "the output has the shape of the screen",
        ),
        Rule::new::<MicStereoMode>(
            "audio.micStereoMode",
            Text("\"stereo\""),
            "both channels are heard as recorded",
        ),
        Rule::new::<Isolation>("audio.isolation", Text("\"balanced\""), "\"balanced\" is used"),
        Rule::new::<OverlayRow>("overlayOrder[]", Nothing, "this entry is left out"),
        Rule::new::<SpeedAudioMode>(
            "timeline.segments[].speedAudioMode",
            Text("\"mute\""),
            "at another speed this clip is silent",
        ),
        // The length of a transition decides when everything after it happens, so it stays.
        Rule::new::<TransitionKind>(
            "timeline.transitions[].type",
            Text("\"cross-fade\""),
            "a cross-fade of the same length takes its place, so that what follows keeps its time",
        ),
        Rule::new::<ZoomMode>(
            "timeline.zoomSegments[].mode",
            Text("\"auto\""),
            "the zoom follows the pointer",
        ),
        Rule::new::<SceneMode>(
            "timeline.sceneSegments[].mode",
            Text("\"default\""),
            "screen and camera keep their usual places",
        ),
        // Whatever it may be, it may be there to hide something.
        Rule::new::<MaskType>(
            "timeline.maskSegments[].maskType",
            With("\"sensitive\"", &[("pixelation", "16"), ("feather", "0")]),
            "what it covers is made unreadable with large pixels, to be on the safe side",
        ),
        Rule::new::<TextAlign>(
            "timeline.textSegments[].align",
            Text("\"center\""),
            "the lines are centred",
        ),
        Rule::new::<TextAnimation>(
            "timeline.textSegments[].animationIn",
            Text("\"none\""),
            "the text appears at once",
        ),
        Rule::new::<TextAnimation>(
            "timeline.textSegments[].animationOut",
            Text("\"none\""),
            "the text disappears at once",
        ),
        Rule::new::<TextLayout>(
            "timeline.textSegments[].layout",
            Text("\"overlay\""),
            "the text lies over the picture",
        ),
        Rule::new::<TextBackground>(
            "timeline.textSegments[].backgroundStyle",
            Text("\"box\""),
            "a box is drawn behind the text",
        ),
        Rule::new::<FocusMode>(
            "timeline.camera3dSegments[].blur.mode",
            Text("\"none\""),
            "the 3D picture is sharp throughout",
        ),
        Rule::new::<WaveformStyle>(
            "timeline.waveformSegments[].style",
            Text("\"mirrored\""),
            "\"mirrored\" is used",
        ),
        Rule::new::<WaveformSource>(
            "timeline.waveformSegments[].source",
            Text("\"mix\""),
            "all sound is shown",
        ),
    ]);
    rules
}

/// Of the objects that a style may replace.
fn looks() -> Vec<Rule> {
    vec![
        Rule::new::<BackgroundSource>(
            "background.source",
            Text("{\"type\":\"color\",\"value\":[255,255,255]}"),
            "the background is white",
        ),
        Rule::new::<RoundingType>(
            "background.roundingType",
            Text("\"squircle\""),
            "\"squircle\" is used",
        ),
        Rule::new::<HorizontalPosition>(
            "camera.position.x",
            Text("\"right\""),
            "the camera stands at the right",
        ),
        Rule::new::<VerticalPosition>(
            "camera.position.y",
            Text("\"bottom\""),
            "the camera stands at the bottom",
        ),
        Rule::new::<CameraShape>("camera.shape", Text("\"square\""), "the camera is square"),
        Rule::new::<RoundingType>(
            "camera.roundingType",
            Text("\"squircle\""),
            "\"squircle\" is used",
        ),
        Rule::new::<RoundingType>(
            "camera.rounding_type",
            Text("\"squircle\""),
            "\"squircle\" is used",
        ),
        Rule::new::<BackgroundBlur>(
            "camera.backgroundBlur.mode",
            Text("\"heavy\""),
            "\"heavy\" is used, since it may be there to hide the room",
        ),
        Rule::new::<PointerKind>(
            "cursor.type",
            Text("\"auto\""),
            "the pointer is drawn as recorded",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cap::config::{Background, CameraConfig, MaskCover, MaskSegment, ProjectConfig};
    use crate::cap::json;

    /// The value with a name that nobody knows at `at`, and everything required around it.
    fn config_with(at: &[&str], name: Value) -> Value {
        let Some((key, rest)) = at.split_first() else {
            return name;
        };
        if *key == "[]" {
            let mut entry = json!({ "start": 1, "end": 2, "timescale": 1, "segmentIndex": 1, "type": "cross-fade", "duration": 1,
                "amount": 2, "mode": "auto", "maskType": "sensitive", "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 } });
            match config_with(rest, name) {
                Value::Object(inner) => {
                    let overwrites = inner.contains_key("mode") || inner.contains_key("type");
                    if !overwrites {
                        entry.as_object_mut().unwrap().remove("mode");
                        entry["mode"] = if inner.contains_key("blur") {
                            json!("x")
                        } else {
                            json!("auto")
                        };
                    }
                    entry.as_object_mut().unwrap().extend(inner);
                }
                other => entry = other,
            }
            return json!([entry]);
        }
        let mut object = json!({});
        if *key == "timeline" {
            object["timeline"] = json!({ "segments": [], "zoomSegments": [] });
            let inner = config_with(rest, name);
            object["timeline"]
                .as_object_mut()
                .unwrap()
                .extend(inner.as_object().unwrap().clone());
        } else {
            object[*key] = config_with(rest, name);
        }
        object
    }

    fn read(config: &Value) -> (Option<ProjectConfig>, Vec<String>) {
        let (config, notes) = json::parse_mended::<ProjectConfig>(config.to_string().as_bytes(), &rules());
        let notes = notes
            .into_iter()
            .map(|note| format!("{}: {}", note.path, note.message));
        (config.ok(), notes.collect())
    }

    #[test]
    fn each_rule_takes_the_place_of_a_refusal() {
        for rule in rules() {
            let name = match rule.at[..] {
                [.., "source"] if rule.at.contains(&"background") => {
                    json!({ "type": "hologram", "speed": 3 })
                }
                ["overlayOrder", "[]"] => json!({ "kind": "hologram", "track": 0 }),
                _ => json!("hologram"),
            };
            let config = config_with(&rule.at, name);
            assert!(
                json::parse::<ProjectConfig>(config.to_string().as_bytes()).is_err(),
                "{config}"
            );
            let (read, notes) = read(&config);
            assert!(read.is_some(), "{config}");
            let path = rule.at.join(".").replace(".[]", "[0]");
            assert_eq!(
                notes,
                [format!(
                    "{path}: \"hologram\" is not known to this version; {}",
                    rule.consequence
                )],
                "{config}"
            );
        }
    }

    #[test]
    fn an_unknown_mask_hides_what_it_covers() {
        let mask = json!({ "start": 0, "end": 1, "maskType": "glass", "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 },
                           "pixelation": 1004, "feather": 1 });
        let config = json!({ "timeline": { "segments": [], "zoomSegments": [], "maskSegments": [mask] } });
        let (config, _) = read(&config);
        let mask: MaskSegment = config.unwrap().timeline.unwrap().mask_segments.remove(0);
        assert_eq!(
            (mask.mask_type, mask.cover(), mask.feather),
            (MaskType::Sensitive, MaskCover::Pixelate(16.0), 0.0)
        );
    }

    #[test]
    fn an_unknown_background_is_white_and_the_rest_of_it_is_kept() {
        let (config, notes) = read(&json!({
            "background": { "padding": 12, "source": { "type": "aurora", "value": [1, 2, 3] } },
            "camera": { "backgroundBlur": { "mode": "bokeh" }, "size": 40 },
            "unknown": [1, 2, 3]
        }));
        let config = config.unwrap();
        let background = Background {
            padding: 12.0,
            ..Background::default()
        };
        assert_eq!(config.background, background);
        let mut camera = CameraConfig {
            size: 40.0,
            ..CameraConfig::default()
        };
        camera.background_blur.mode = BackgroundBlur::Heavy;
        assert_eq!(config.camera, camera);
        assert_eq!(notes.len(), 2);
    }

    #[test]
    fn faults_beside_unknown_names_are_still_faults() {
        let text = json!({ "aspectRatio": "round", "background": { "padding": "much" } }).to_string();
        let (read, notes) = json::parse_mended::<ProjectConfig>(text.as_bytes(), &rules());
        assert_eq!(notes.len(), 1);
        let issues = read.unwrap_err();
        assert_eq!(issues.len(), 1);
        assert_eq!(issues[0].path, "background.padding");
    }
}
