//! Every default and every key of cap-format.md 4 and of cap-additions.md, written out by hand from there.

use serde_json::{Value, json};

use super::*;

fn timeline(key: &str, segment: Value) -> Timeline {
    let mut timeline = json!({ "segments": [], "zoomSegments": [] });
    timeline[key] = json!([segment]);
    serde_json::from_value(timeline).unwrap()
}

fn xy(x: f64, y: f64) -> Xy {
    Xy { x, y }
}

#[test]
fn a_mask_has_its_defaults() {
    let mask = json!({ "start": 1, "end": 2, "maskType": "highlight", "center": { "x": 0.1, "y": 0.2 }, "size": { "x": 0.3, "y": 0.4 } });
    assert_eq!(
        timeline("maskSegments", mask).mask_segments,
        [MaskSegment {
            start: 1.0,
            end: 2.0,
            track: 0,
            enabled: true,
            mask_type: MaskType::Highlight,
            center: xy(0.1, 0.2),
            size: xy(0.3, 0.4),
            feather: 0.0,
            opacity: 1.0,
            pixelation: 16.0,
            darkness: 0.0,
            fade_duration: 0.15,
            keyframes: MaskKeyframes::default(),
        }]
    );
}

#[test]
fn a_mask_moves_and_covers() {
    let mask = |pixelation: f64| {
        json!({ "start": 1, "end": 2, "maskType": "sensitive", "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 },
                "track": 3, "enabled": false, "feather": 0.5, "opacity": 0.25, "pixelation": pixelation, "darkness": 0.75,
                "fadeDuration": 1, "keyframes": { "position": [{ "time": 0, "x": 0.1, "y": 0.2 }],
                "size": [{ "time": 1, "x": 0.3, "y": 0.4 }], "intensity": [{ "time": 2, "value": 0.5 }] } })
    };
    let read = timeline("maskSegments", mask(12.0)).mask_segments.remove(0);
    assert_eq!(
        (read.track, read.enabled, read.feather, read.opacity),
        (3, false, 0.5, 0.25)
    );
    assert_eq!((read.darkness, read.fade_duration), (0.75, 1.0));
    assert_eq!(
        read.keyframes,
        MaskKeyframes {
            position: vec![PointKeyframe {
                time: 0.0,
                x: 0.1,
                y: 0.2
            }],
            size: vec![PointKeyframe {
                time: 1.0,
                x: 0.3,
                y: 0.4
            }],
            intensity: vec![ValueKeyframe {
                time: 2.0,
                value: 0.5
            }],
        }
    );
    for (pixelation, cover) in [
        (12.0, MaskCover::Pixelate(12.0)),
        (0.0, MaskCover::Pixelate(16.0)),
        (-5.0, MaskCover::Pixelate(16.0)),
        (1.0, MaskCover::Pixelate(4.0)),
        (999.0, MaskCover::Pixelate(80.0)),
        (1000.0, MaskCover::Blur(16.0)),
        (1024.0, MaskCover::Blur(24.0)),
        (1002.0, MaskCover::Blur(4.0)),
        (9000.0, MaskCover::Blur(80.0)),
    ] {
        let read = timeline("maskSegments", mask(pixelation)).mask_segments.remove(0);
        assert_eq!(read.cover(), cover, "{pixelation}");
    }
}

#[test]
fn a_text_has_its_defaults() {
    assert_eq!(
        timeline("textSegments", json!({ "start": 1, "end": 2 })).text_segments,
        [TextSegment {
            start: 1.0,
            end: 2.0,
            track: 0,
            enabled: true,
            content: "Text".into(),
            center: xy(0.5, 0.5),
            size: xy(0.35, 0.2),
            font_family: "sans-serif".into(),
            font_size: 48.0,
            font_weight: 700.0,
            italic: false,
            color: "#ffffff".into(),
            fade_duration: 0.15,
            align: TextAlign::Center,
            letter_spacing: 0.0,
            line_height: 1.2,
            opacity: 1.0,
            shadow: 0.0,
            animation_in: TextAnimation::Fade,
            animation_out: TextAnimation::Fade,
            animation_in_duration: 0.15,
            animation_out_duration: 0.15,
            layout: TextLayout::Overlay,
            layout_transition: 0.5,
            background_color: None,
            background_style: TextBackground::Box,
            uppercase: false,
            stroke_width: 0.0,
            stroke_color: "#000000".into(),
            gradient_color: None,
            glow: 0.0,
        }]
    );
}

#[test]
fn a_text_has_every_key() {
    let text = json!({ "start": 1, "end": 2, "track": 1, "content": "a", "center": { "x": 0, "y": 1 }, "fontFamily": "serif",
        "fontWeight": 400, "italic": true, "color": "#010203", "align": "right", "letterSpacing": -3, "lineHeight": 2,
        "opacity": 0.5, "shadow": 0.25, "layoutTransition": 1, "layout": "splitLeft", "backgroundColor": "#040506",
        "backgroundStyle": "pill", "uppercase": true, "strokeWidth": 2, "strokeColor": "#070809", "gradientColor": "#0a0b0c",
        "glow": 0.75, "animationIn": "slideLeft", "animationOut": "tracking" });
    let text = timeline("textSegments", text).text_segments.remove(0);
    assert_eq!(
        (text.track, &text.content[..], text.center),
        (1, "a", xy(0.0, 1.0))
    );
    assert_eq!(
        (&text.font_family[..], text.font_weight, text.italic),
        ("serif", 400.0, true)
    );
    assert_eq!(
        (&text.color[..], text.align, text.letter_spacing),
        ("#010203", TextAlign::Right, -3.0)
    );
    assert_eq!((text.line_height, text.opacity, text.shadow), (2.0, 0.5, 0.25));
    assert_eq!(
        (text.layout, text.layout_transition),
        (TextLayout::SplitLeft, 1.0)
    );
    assert_eq!(
        (text.background_color.as_deref(), text.background_style),
        (Some("#040506"), TextBackground::Pill)
    );
    assert_eq!(
        (text.uppercase, text.stroke_width, &text.stroke_color[..]),
        (true, 2.0, "#070809")
    );
    assert_eq!(
        (text.gradient_color.as_deref(), text.glow),
        (Some("#0a0b0c"), 0.75)
    );
    assert_eq!(
        (text.animation_in, text.animation_out),
        (TextAnimation::SlideLeft, TextAnimation::Tracking)
    );
    for (name, animation) in [
        ("slideRight", TextAnimation::SlideRight),
        ("zoom", TextAnimation::Zoom),
        ("bounce", TextAnimation::Bounce),
        ("wipe", TextAnimation::Wipe),
        ("words", TextAnimation::Words),
        ("letters", TextAnimation::Letters),
        ("typewriter", TextAnimation::Typewriter),
    ] {
        assert_eq!(
            serde_json::from_value::<TextAnimation>(json!(name)).unwrap(),
            animation
        );
    }
}

#[test]
fn captions_have_their_defaults_and_keys() {
    let data: CaptionData = serde_json::from_value(json!({ "segments": [], "settings": {} })).unwrap();
    let settings = data.settings;
    assert!(!data.source_timed && !settings.enabled && settings.export_with_subtitles.is_none());
    assert_eq!(
        (&settings.font[..], settings.size, settings.font_weight),
        ("System Sans-Serif", 24.0, 700.0)
    );
    assert_eq!(
        [
            &settings.color,
            &settings.background_color,
            &settings.outline_color,
            &settings.highlight_color
        ],
        ["#FFFFFF", "#000000", "#000000", "#FFFFFF"]
    );
    assert_eq!(
        (settings.background_opacity, settings.position),
        (90.0, OverlayPosition::BottomCenter)
    );
    assert_eq!(
        (
            settings.fade_duration,
            settings.linger_duration,
            settings.word_transition_duration
        ),
        (0.15, 0.4, 0.25)
    );
    assert_eq!(
        (settings.manual_position, settings.animation),
        (None, CaptionAnimation::Bounce)
    );
    assert_eq!(settings.highlight_style, HighlightStyle::Color);
    assert!(!settings.outline && !settings.active_word_highlight && !settings.uppercase && !settings.italic);

    let data: CaptionData = serde_json::from_value(json!({
        "segments": [{ "id": "c", "start": 0, "end": 2, "text": "a b", "words": [{ "text": "a", "start": 0, "end": 0.5 }],
                       "fadeDurationOverride": 1, "lingerDurationOverride": null, "positionOverride": "top",
                       "colorOverride": "#111111", "backgroundColorOverride": "#222222", "fontSizeOverride": 12 }],
        "settings": { "enabled": true, "exportWithSubtitles": true, "position": "manual", "manualPosition": { "x": 0.1, "y": 0.2 },
                      "animation": "pop", "highlightStyle": "pill", "preset": "classic" },
        "sourceTimed": true })).unwrap();
    assert!(data.source_timed && data.settings.drawn());
    // Recordings from before the switch don't have it.
    for (switches, drawn) in [
        (json!({ "enabled": true }), true),
        (json!({ "enabled": true, "exportWithSubtitles": false }), false),
        (json!({ "enabled": false, "exportWithSubtitles": true }), false),
    ] {
        let settings: CaptionSettings = serde_json::from_value(switches.clone()).unwrap();
        assert_eq!(settings.drawn(), drawn, "{switches}");
    }
    assert_eq!(
        (data.settings.position, data.settings.manual_position),
        (OverlayPosition::Manual, Some(xy(0.1, 0.2)))
    );
    assert_eq!(
        (data.settings.animation, data.settings.highlight_style),
        (CaptionAnimation::Pop, HighlightStyle::Pill)
    );
    let caption = &data.segments[0];
    assert_eq!(
        caption.words,
        [CaptionWord {
            text: "a".into(),
            start: 0.0,
            end: 0.5
        }]
    );
    assert_eq!(
        (caption.fade_duration_override, caption.linger_duration_override),
        (Some(1.0), None)
    );
    assert_eq!(caption.position_override, Some(OverlayPosition::TopCenter));
    assert_eq!(
        (caption.color_override.as_deref(), caption.font_size_override),
        (Some("#111111"), Some(12.0))
    );
}

#[test]
fn names_that_captions_do_not_have_are_their_fallbacks() {
    for (name, position) in [
        ("top-left", OverlayPosition::TopLeft),
        ("top-center", OverlayPosition::TopCenter),
        ("top-right", OverlayPosition::TopRight),
        ("bottom-left", OverlayPosition::BottomLeft),
        ("bottom-right", OverlayPosition::BottomRight),
        ("bottom-center", OverlayPosition::BottomCenter),
        ("bottom", OverlayPosition::BottomCenter),
        ("above-captions", OverlayPosition::Other),
    ] {
        assert_eq!(
            serde_json::from_value::<OverlayPosition>(json!(name)).unwrap(),
            position,
            "{name}"
        );
    }
    assert_eq!(
        serde_json::from_value::<CaptionAnimation>(json!("spin")).unwrap(),
        CaptionAnimation::Bounce
    );
    assert_eq!(
        serde_json::from_value::<HighlightStyle>(json!("glow")).unwrap(),
        HighlightStyle::Color
    );
}

#[test]
fn the_keyboard_has_its_defaults_and_keys() {
    let data: KeyboardData = serde_json::from_value(json!({ "settings": {} })).unwrap();
    assert_eq!(
        data.settings,
        KeyboardSettings {
            enabled: false,
            font: "System Sans-Serif".into(),
            size: 50.0,
            color: "#FFFFFF".into(),
            background_color: "#000000".into(),
            background_opacity: 95.0,
            position: OverlayPosition::BottomCenter,
            font_weight: 400.0,
            fade_duration: 0.15,
            linger_duration: 0.8,
            grouping_threshold_ms: 500.0,
            show_modifiers: true,
            show_special_keys: true,
            uppercase: false,
        }
    );
    let keys = json!({ "id": "k", "start": 1, "end": 2, "displayText": "hi", "keys": [{ "key": "h", "timeOffset": 140 }],
        "fadeDurationOverride": 0.5, "positionOverride": "top-right", "colorOverride": "#111111",
        "backgroundColorOverride": "#222222", "fontSizeOverride": 30, "uppercaseOverride": true });
    assert_eq!(
        timeline("keyboardSegments", keys).keyboard_segments.unwrap(),
        [KeyboardSegment {
            id: "k".into(),
            start: 1.0,
            end: 2.0,
            display_text: "hi".into(),
            keys: vec![KeyTime {
                key: "h".into(),
                time_offset: 140.0
            }],
            fade_duration_override: Some(0.5),
            position_override: Some(OverlayPosition::TopRight),
            color_override: Some("#111111".into()),
            background_color_override: Some("#222222".into()),
            font_size_override: Some(30.0),
            uppercase_override: Some(true),
        }]
    );
}

#[test]
fn the_3d_camera_has_its_defaults_and_keys() {
    let camera = timeline("camera3dSegments", json!({ "start": 1, "end": 2 }))
        .camera_3d_segments
        .remove(0);
    let properties = camera.properties;
    assert_eq!(
        (properties.fov, properties.zoom, properties.pan_x, properties.roll),
        (45.0, 2.0, 0.0, 0.0)
    );
    let blur = camera.blur;
    assert_eq!(
        (blur.mode, blur.strength, blur.falloff, blur.bokeh),
        (FocusMode::None, 0.0, 0.0, false)
    );
    assert_eq!((blur.focus_x, blur.focus_y, blur.focus_size), (0.37, 0.5, 0.5));
    assert_eq!((blur.angle, blur.dir_position), (0.0, 0.5));
    assert_eq!(
        (camera.enabled, camera.transition_in, camera.transition_out),
        (true, 0.0, 0.0)
    );
    assert_eq!(camera.tracks, Camera3dTracks::default());

    let camera = json!({ "start": 1, "end": 2, "transitionIn": 0.5, "properties": { "tiltX": -12, "rotateY": 3, "panY": 0.1 },
        "blur": { "mode": "tiltShift", "strength": 10, "bokeh": true, "dirPosition": 0.25 },
        "tracks": { "tiltY": [{ "time": 0, "value": 18, "outEasing": [0.5, 1], "inEasing": null }], "blurFocusSize": [{ "time": 1, "value": 2 }] } });
    let camera = timeline("camera3dSegments", camera).camera_3d_segments.remove(0);
    assert_eq!(
        (
            camera.properties.tilt_x,
            camera.properties.rotate_y,
            camera.properties.pan_y
        ),
        (-12.0, 3.0, 0.1)
    );
    assert_eq!(
        (camera.blur.mode, camera.blur.bokeh, camera.blur.dir_position),
        (FocusMode::TiltShift, true, 0.25)
    );
    assert_eq!(
        camera.tracks.tilt_y,
        [EasedKeyframe {
            time: 0.0,
            value: 18.0,
            out_easing: Some([0.5, 1.0]),
            in_easing: None
        }]
    );
    assert_eq!(camera.tracks.blur_focus_size[0].value, 2.0);
}

#[test]
fn the_added_overlays_have_their_defaults() {
    assert_eq!(
        timeline(
            "imageSegments",
            json!({ "start": 1, "end": 2, "path": "assets/a.png" })
        )
        .image_segments,
        [ImageSegment {
            start: 1.0,
            end: 2.0,
            track: 0,
            enabled: true,
            path: "assets/a.png".into(),
            center: xy(0.5, 0.5),
            size: xy(0.3, 0.3),
            opacity: 1.0,
            rotation: 0.0,
            rounding: 0.0,
            flip_x: false,
            flip_y: false,
        }]
    );
    assert_eq!(
        timeline("waveformSegments", json!({ "start": 1, "end": 2 })).waveform_segments,
        [WaveformSegment {
            start: 1.0,
            end: 2.0,
            track: 0,
            enabled: true,
            center: xy(0.5, 0.5),
            size: xy(0.8, 0.3),
            style: WaveformStyle::Mirrored,
            color: "#FFFFFF".into(),
            secondary_color: None,
            bar_count: 64,
            bar_width: 0.6,
            rounding: 1.0,
            sensitivity: 1.0,
            smoothing: 0.5,
            source: WaveformSource::Mix,
        }]
    );
    let style =
        json!({ "start": 1, "end": 2, "overrides": { "camera": { "size": 50 }, "cameraOnlyPadding": 12 } });
    let style = timeline("styleSegments", style).style_segments.remove(0);
    assert_eq!((style.track, style.enabled, style.name), (0, true, None));
    assert_eq!((style.overrides.background, style.overrides.cursor), (None, None));
    assert_eq!(style.overrides.camera_only_padding, Some(12.0));
    // The whole object is replaced: what it does not name has its default, not the configuration's value.
    let camera = CameraConfig {
        size: 50.0,
        ..CameraConfig::default()
    };
    assert_eq!(style.overrides.camera.as_deref(), Some(&camera));
}

#[test]
fn a_clip_has_a_volume() {
    let gain = |more: Value| {
        let mut clip = json!({ "timescale": 1, "start": 0, "end": 1 });
        clip.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let clip: Clip = serde_json::from_value(clip).unwrap();
        clip.gain()
    };
    for (more, expected) in [
        (json!({}), 1.0),
        (json!({ "volume": 0.5 }), 0.5),
        (json!({ "volume": null }), 1.0),
        (json!({ "volume": -3 }), 0.0),
        (json!({ "volume": 7 }), 2.0),
        (json!({ "volume": 1.5, "audioMuted": true }), 0.0),
    ] {
        assert_eq!(gain(more.clone()), expected, "{more}");
    }
    let clip: Clip =
        serde_json::from_value(json!({ "timescale": 1, "start": 2, "end": 3, "recordingSegment": 4 }))
            .unwrap();
    assert_eq!(clip, Clip::new(4, 2.0, 3.0));
}

#[test]
fn the_top_level_has_the_added_keys() {
    let config: ProjectConfig = serde_json::from_value(json!({
        "hideDisplay": true,
        "overlayOrder": [{ "kind": "image", "track": 2 }, { "kind": "mask", "track": 0 }],
        "cursor": { "type": "windows", "ripple": { "enabled": true, "color": [1, 2, 3], "size": 2 } },
        "camera": { "backgroundBlur": { "mode": "remove" } },
        "audio": { "isolation": "strong" },
        "background": { "source": { "type": "animatedGradient", "config": { "colors": ["#102030"] } } },
    }))
    .unwrap();
    assert!(config.hide_display);
    assert_eq!(
        config.overlay_order,
        [
            OverlayRow {
                kind: OverlayKind::Image,
                track: 2
            },
            OverlayRow {
                kind: OverlayKind::Mask,
                track: 0
            }
        ]
    );
    assert_eq!(config.cursor.kind, PointerKind::Windows);
    assert_eq!(
        config.cursor.ripple,
        Ripple {
            enabled: true,
            color: [1, 2, 3],
            strength: 0.7,
            size: 2.0,
            duration: 0.6
        }
    );
    assert_eq!(config.camera.background_blur.mode, BackgroundBlur::Remove);
    assert_eq!(config.audio.isolation.wet(), 0.98);
    assert_eq!(ProjectConfig::default().audio.isolation.wet(), 0.9);
    let BackgroundSource::AnimatedGradient { config } = config.background.source else {
        panic!()
    };
    assert_eq!(config.first_color, Some([0x10, 0x20, 0x30]));
}

#[test]
fn of_a_list_without_end_only_the_beginning_is_kept() {
    let zoom = json!({ "start": 1, "end": 2, "amount": 2, "mode": "auto" });
    let mut zooms = vec![zoom; MAX_ENTRIES + 1];
    zooms.extend(vec![json!(null); 10]);
    let read: Timeline = serde_json::from_value(json!({ "segments": [], "zoomSegments": zooms })).unwrap();
    assert_eq!(read.zoom_segments.len(), MAX_ENTRIES + 1);
    let wrong = json!({ "segments": [], "zoomSegments": 3 });
    let message = serde_json::from_value::<Timeline>(wrong).unwrap_err().to_string();
    assert!(message.ends_with("expected a sequence"), "{message}");
}
