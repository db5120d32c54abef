//! Old configurations brought to the current meaning, in memory (cap-format.md 4.16).
//!
//! The fourth migration there, the old spellings under `camera`, is part of the data types.

use super::config::{ProjectConfig, TextAnimation};

/// Applies the migrations.
pub(super) fn migrate(config: &mut ProjectConfig) {
    motion_blur(config);
    let texts = config
        .timeline
        .iter_mut()
        .flat_map(|timeline| &mut timeline.text_segments);
    for text in texts {
        if config.text_size_version == 0 {
            let growth = (text.size.y / 0.2).clamp(0.25, 4.0);
            text.font_size = (text.font_size * growth).clamp(1.0, 480.0);
        }
        if config.text_anim_version == 0 {
            let fade = text.fade_duration.max(0.0);
            text.animation_in_duration = fade;
            text.animation_out_duration = fade;
            if fade == 0.0 {
                text.animation_in = TextAnimation::None;
                text.animation_out = TextAnimation::None;
            }
        }
    }
    config.text_size_version = config.text_size_version.max(1);
    config.text_anim_version = config.text_anim_version.max(1);
}

/// The screen blur follows the pointer's wherever the two differ.
fn motion_blur(config: &mut ProjectConfig) {
    let pointer = config.cursor.motion_blur.clamp(0.0, 1.0);
    let screen = config.screen_motion_blur.map(|blur| blur.clamp(0.0, 1.0));
    config.screen_motion_blur = Some(
        screen
            .filter(|screen| (screen - pointer).abs() <= 1e-7)
            .unwrap_or(pointer),
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn migrated(config: serde_json::Value) -> ProjectConfig {
        let mut config = serde_json::from_value(config).unwrap();
        migrate(&mut config);
        config
    }

    fn with_texts(texts: serde_json::Value) -> serde_json::Value {
        json!({ "timeline": { "segments": [], "zoomSegments": [], "textSegments": texts } })
    }

    #[test]
    fn the_pointers_motion_blur_wins() {
        for (config, blur) in [
            (json!({}), 1.0),
            (json!({"screenMotionBlur": 0.3}), 1.0),
            (json!({"cursor": {"motionBlur": 0.4}}), 0.4),
            (
                json!({"cursor": {"motionBlur": 0.4}, "screenMotionBlur": 0.9}),
                0.4,
            ),
            (
                json!({"cursor": {"motionBlur": 7.0}, "screenMotionBlur": 0.9}),
                1.0,
            ),
            (
                json!({"cursor": {"motionBlur": 0.5}, "screenMotionBlur": 0.50000005}),
                0.50000005,
            ),
        ] {
            assert_eq!(
                migrated(config.clone()).screen_motion_blur,
                Some(blur),
                "{config}"
            );
        }
    }

    #[test]
    fn old_text_sizes_scale_with_the_box() {
        let texts = json!([
            { "start": 0, "end": 1, "fontSize": 40, "size": { "x": 0.3, "y": 0.4 } },
            { "start": 0, "end": 1, "fontSize": 40, "size": { "x": 0.3, "y": 0.01 } },
            { "start": 0, "end": 1, "fontSize": 400, "size": { "x": 0.3, "y": 2 } },
        ]);
        let sizes = |config: ProjectConfig| -> Vec<f64> {
            config
                .timeline
                .unwrap()
                .text_segments
                .iter()
                .map(|text| text.font_size)
                .collect()
        };
        assert_eq!(sizes(migrated(with_texts(texts.clone()))), [80.0, 10.0, 480.0]);
        let mut current = with_texts(texts);
        current["textSizeVersion"] = json!(1);
        assert_eq!(sizes(migrated(current)), [40.0, 40.0, 400.0]);
    }

    #[test]
    fn old_text_animations_come_from_the_fade() {
        let texts = json!([
            { "start": 0, "end": 1, "fadeDuration": 0.6 },
            { "start": 0, "end": 1, "fadeDuration": -1, "animationIn": "pop" },
        ]);
        let config = migrated(with_texts(texts.clone()));
        let timeline = config.timeline.unwrap();
        let [faded, cut] = &timeline.text_segments[..] else {
            panic!()
        };
        assert_eq!(
            (faded.animation_in_duration, faded.animation_out_duration),
            (0.6, 0.6)
        );
        assert_eq!(faded.animation_in, TextAnimation::Fade);
        assert_eq!(
            (cut.animation_in_duration, cut.animation_in),
            (0.0, TextAnimation::None)
        );
        assert_eq!((config.text_size_version, config.text_anim_version), (1, 1));
        let mut current = with_texts(texts);
        current["textAnimVersion"] = json!(1);
        let timeline = migrated(current).timeline.unwrap();
        assert_eq!(timeline.text_segments[0].animation_in_duration, 0.15);
        assert_eq!(timeline.text_segments[1].animation_in, TextAnimation::Pop);
    }
}
