//! Settings that a recording uses and this exporter does not draw.

use crate::cap::Recording;
use crate::cap::config::{
    BackgroundBlur, Grade, PointerKind, ProjectConfig, SceneMode, TextLayout, Timeline,
};

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
    motion_blur(recording, &mut list);
    if let Some(timeline) = &config.timeline {
        overlays(config, timeline, &mut list);
    }
    let color = &config.color_correction;
    list.add_if(
        graded(&color.screen),
        "colorCorrection.screen",
        "background, screen and pointer keep their colours",
    );
    if has_camera(recording) {
        list.add_if(
            graded(&color.camera),
            "colorCorrection.camera",
            "the camera keeps its colours",
        );
        list.add_if(
            config.camera.background_blur.mode != BackgroundBlur::Off,
            "camera.backgroundBlur",
            "the room behind the person stays sharp",
        );
    }
    let vector_art = has_pointer(recording)
        && config.cursor.use_svg
        && config.cursor.kind != PointerKind::Circle
        && recording
            .cursors
            .values()
            .any(|art| art.image.shape.as_deref().is_some_and(has_vector_art));
    list.add_if(
        vector_art,
        "cursor.useSvg",
        "pointers are drawn with the recorded images, not with vector art",
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
    !recording.config.camera.hide
        && recording
            .segments
            .first()
            .is_some_and(|segment| segment.camera.is_some())
}

fn has_pointer(recording: &Recording) -> bool {
    let config = &recording.config.cursor;
    !config.hide
        && (!recording.legacy || config.kind == PointerKind::Circle)
        && recording
            .segments
            .iter()
            .any(|segment| !segment.pointer.moves.is_empty())
}

fn background(recording: &Recording, list: &mut List) {
    let background = &recording.config.background;
    list.add_if(
        background.blur > 0.0,
        "background.blur",
        "the background stays sharp",
    );
    let chrome = background
        .frame
        .as_ref()
        .is_some_and(|frame| frame.style != "none");
    list.add_if(
        chrome,
        "background.frame",
        "the screen card has no window around it and fills its place",
    );
    let notch = background.notch.is_some_and(|notch| {
        let recorded = recording.notch;
        // cap-format.md 4.2: null fields take the recorded notch, else one that is not empty.
        let width = notch.width.or(recorded.map(|n| n.width)).unwrap_or(1.0);
        let height = notch.height.or(recorded.map(|n| n.height)).unwrap_or(1.0);
        notch.enabled && width > 0.0 && height > 0.0
    });
    list.add_if(notch, "background.notch", "no notch covers the top of the screen");
}

fn motion_blur(recording: &Recording, list: &mut List) {
    let config = &recording.config;
    let moves = config.timeline.as_ref().is_some_and(|timeline| {
        timeline.zoom_segments.iter().any(|zoom| zoom.amount > 1.0)
            || timeline
                .scene_segments
                .iter()
                .any(|scene| scene.mode != SceneMode::Default)
    });
    // cap-format.md 4.16: a missing key takes the pointer's value.
    let screen = config.screen_motion_blur.unwrap_or(config.cursor.motion_blur);
    list.add_if(
        screen > 0.0 && moves,
        "screenMotionBlur",
        "card and camera stay sharp while they move",
    );
    list.add_if(
        config.cursor.motion_blur > 0.0 && has_pointer(recording),
        "cursor.motionBlur",
        "the pointer stays sharp while it moves",
    );
}

fn overlays(config: &ProjectConfig, timeline: &Timeline, list: &mut List) {
    list.add_if(
        timeline
            .transitions
            .iter()
            .any(|t| t.segment_index >= 1 && t.duration > 0.0),
        "timeline.transitions",
        "clips overlap as long as configured, but the incoming one is seen and heard alone",
    );
    list.add_if(
        timeline
            .scene_segments
            .iter()
            .any(|scene| scene.mode != SceneMode::Default),
        "timeline.sceneSegments",
        "screen and camera keep their usual places",
    );
    list.add_if(
        timeline.mask_segments.iter().any(|mask| mask.enabled),
        "timeline.maskSegments",
        "nothing is hidden or highlighted: what a mask covers in Cap is VISIBLE",
    );
    let texts = (0u32..)
        .zip(&timeline.text_segments)
        .filter(|(_, text)| text.enabled && text.end > text.start);
    let holds = texts
        .clone()
        .any(|(_, text)| text.layout == TextLayout::Fullscreen);
    let drawn = texts
        .clone()
        .any(|(index, _)| !config.hidden_text_segments.contains(&index));
    list.add_if(
        drawn || holds,
        "timeline.textSegments",
        if holds {
            "no text is drawn; the recording still pauses under fullscreen texts"
        } else {
            "no text is drawn and none moves the screen aside"
        },
    );
    let captions = config.captions.as_ref().is_some_and(|captions| {
        captions.settings.enabled && !(timeline.caption_segments.is_empty() && captions.segments.is_empty())
    });
    list.add_if(captions, "timeline.captionSegments", "no captions are drawn");
    let keys = config
        .keyboard
        .as_ref()
        .is_some_and(|keyboard| keyboard.settings.enabled)
        && !timeline.keyboard_segments.is_empty();
    list.add_if(keys, "timeline.keyboardSegments", "no key presses are drawn");
    list.add_if(
        timeline
            .camera_3d_segments
            .iter()
            .any(|camera| camera.enabled && camera.end > camera.start),
        "timeline.camera3dSegments",
        "the picture stays flat",
    );
}

/// Whether a grade changes anything (cap-look.md 17).
fn graded(grade: &Grade) -> bool {
    let intensity = grade.intensity.clamp(0.0, 1.0);
    let scaled = [
        grade.exposure,
        grade.contrast,
        grade.saturation,
        grade.temperature,
        grade.tint,
        grade.split_tone,
        grade.fade,
        grade.vignette,
    ];
    scaled.iter().any(|value| (value * intensity).abs() > 1e-4) || grade.grain.abs() > 1e-4
}

/// Whether Cap draws a shape with art of its own (cap-look.md 8.8).
fn has_vector_art(shape: &str) -> bool {
    match shape.split_once('|') {
        Some(("MacOS", name)) => !name.ends_with("DisappearingItem"),
        Some(("Windows", name)) => !name.starts_with("Scroll") && name != "ArrowCD",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::{Transition, TransitionKind, ZoomMode};
    use crate::cap::events::PointerEvents;
    use crate::scene::fixtures::{clip, moves, recording, text, timeline, zoom};

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
    fn defaults_lack_only_the_pointers_blur() {
        assert_eq!(
            named(&recording(&[pointer()], ProjectConfig::default())),
            ["cursor.motionBlur"]
        );
        assert!(named(&recording(&[PointerEvents::default()], ProjectConfig::default())).is_empty());
        let mut sharp = ProjectConfig::default();
        sharp.cursor.motion_blur = 0.0;
        assert!(named(&recording(&[pointer()], sharp)).is_empty());
    }

    #[test]
    fn the_cards_blur_counts_where_the_card_moves() {
        let mut config = ProjectConfig::default();
        let mut list = timeline(vec![clip(0, 0.0, 9.0, 1.0)]);
        list.zoom_segments = vec![zoom(1.0, 2.0, 2.0, ZoomMode::Auto)];
        config.timeline = Some(list);
        config.cursor.hide = true;
        assert_eq!(
            named(&recording(&[pointer()], config.clone())),
            ["screenMotionBlur"]
        );
        config.screen_motion_blur = Some(0.0);
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
            "captions": { "segments": [], "settings": { "enabled": true } },
            "keyboard": { "settings": { "enabled": true } },
            "colorCorrection": { "screen": { "exposure": 0.5 }, "camera": { "grain": 0.5 } },
            "timeline": {
                "segments": [{ "timescale": 1, "start": 0, "end": 9 }],
                "zoomSegments": [{ "start": 1, "end": 2, "amount": 2, "mode": "auto" }],
                "sceneSegments": [{ "start": 1, "end": 2, "mode": "cameraOnly" }],
                "maskSegments": [{ "start": 1, "end": 2, "maskType": "sensitive",
                    "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 } }],
                "textSegments": [{ "start": 1, "end": 2 }, { "start": 2, "end": 3 }],
                "captionSegments": [{ "id": "c", "start": 1, "end": 2, "text": "hi" }],
                "keyboardSegments": [{ "id": "k", "start": 1, "end": 2, "displayText": "hi" }],
                "camera3dSegments": [{ "start": 1, "end": 2 }],
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
        assert_eq!(
            named(&recording),
            [
                "background.blur",
                "background.frame",
                "background.notch",
                "screenMotionBlur",
                "cursor.motionBlur",
                "timeline.transitions",
                "timeline.sceneSegments",
                "timeline.maskSegments",
                "timeline.textSegments",
                "timeline.captionSegments",
                "timeline.keyboardSegments",
                "timeline.camera3dSegments",
                "colorCorrection.screen",
                "colorCorrection.camera",
                "camera.backgroundBlur",
                "cursor.useSvg",
            ]
        );
    }

    #[test]
    fn hidden_texts_are_not_missed_but_their_pauses_are() {
        let mut list = timeline(vec![clip(0, 0.0, 9.0, 1.0)]);
        list.text_segments = vec![text(1.0, 2.0, "overlay")];
        let mut config = ProjectConfig {
            timeline: Some(list),
            hidden_text_segments: vec![0],
            ..ProjectConfig::default()
        };
        let none = [PointerEvents::default()];
        assert!(named(&recording(&none, config.clone())).is_empty());
        config.timeline.as_mut().unwrap().text_segments = vec![text(1.0, 2.0, "fullscreen")];
        let list = unrendered(&recording(&none, config));
        assert!(list[0].instead.contains("pauses"));
    }

    #[test]
    fn shapes_with_art_of_their_own() {
        for (shape, known) in [
            ("MacOS|TahoeIBeam", true),
            ("MacOS|TahoeDisappearingItem", false),
            ("Windows|Hand", true),
            ("Windows|ScrollNS", false),
            ("Windows|ArrowCD", false),
            ("Arrow", false),
        ] {
            assert_eq!(has_vector_art(shape), known, "{shape}");
        }
    }
}
