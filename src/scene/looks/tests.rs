//! Looks before, inside and after a style, by hand from cap-look.md and cap-additions.md.

use serde_json::{Value, json};

use crate::cap::Recording;
use crate::cap::config::ProjectConfig;
use crate::cap::events::PointerEvents;
use crate::frame::{Rect, Size};
use crate::scene::error::SceneError;
use crate::scene::fixtures::{HD, clicks, facts, moves, scene, text_settings};
use crate::scene::layer::{Card, Fill, Layer};
use crate::scene::{Facts, Node, Role, Scene, SceneFrame, SceneSettings, Track, VideoFacts};
use crate::time::FrameRate;

/// 4 s at 10 fps with a camera of 1280x720; `more` is added to the configuration.
fn recording(styles: Value, more: Value) -> (Recording, Facts) {
    let mut config = json!({
        "background": { "padding": 0, "source": { "type": "color", "value": [0, 0, 0] } },
        "timeline": { "segments": [{ "recordingSegment": 0, "timescale": 1, "start": 0, "end": 4 }], "zoomSegments": [] },
        "cursor": { "raw": true, "useSvg": false },
    });
    config["timeline"]["styleSegments"] = styles;
    for (key, value) in more.as_object().unwrap() {
        if key == "timeline" {
            for (key, value) in value.as_object().unwrap() {
                config["timeline"][key] = value.clone();
            }
        } else {
            config[key] = value.clone();
        }
    }
    let config: ProjectConfig = serde_json::from_value(config).unwrap();
    let pointer = PointerEvents {
        moves: moves(&[(0.0, 0.25, 0.5), (3900.0, 0.25, 0.5)]),
        clicks: clicks(&[(1500.0, true), (1600.0, false)]),
    };
    let recording = crate::scene::fixtures::recording(&[pointer], config);
    let mut facts = facts(&[4.0]);
    facts.segments[0].camera = Some(VideoFacts {
        size: Size::new(1280, 720),
        duration: 4.0,
    });
    (recording, facts)
}

fn shown(styles: Value, more: Value) -> Scene {
    let (recording, facts) = recording(styles, more);
    scene(&recording, &facts, 10)
}

fn layer(frame: &SceneFrame, role: Role) -> Option<&Layer> {
    frame.nodes.iter().find_map(|node| match node {
        Node::Paint(id, layer) if id.role == role => Some(layer),
        _ => None,
    })
}

fn card(frame: &SceneFrame, role: Role) -> Option<&Card> {
    match layer(frame, role)? {
        Layer::Card(card) => Some(card),
        other => panic!("{other:?}"),
    }
}

fn close(rect: &Rect, expected: [f64; 4]) -> bool {
    let found = [rect.x, rect.y, rect.width, rect.height];
    found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3)
}

/// From frame 10 (1 s) to frame 19; frame 20 (2 s) is the configuration's again.
#[test]
fn a_background_takes_place_canvas_and_decoration_with_it() {
    let style = json!({ "padding": 10, "rounding": 20, "roundingType": "rounded", "blur": 50,
        "source": { "type": "color", "value": [255, 0, 51] },
        "border": { "enabled": true, "width": 4, "color": [255, 255, 255], "opacity": 50 } });
    let scene = shown(
        json!([{ "start": 1, "end": 2, "overrides": { "background": style } }]),
        json!({}),
    );
    assert_eq!(scene.output_size(), HD);
    for n in [0, 9, 20, 39] {
        let frame = scene.frame(n).unwrap();
        let card = card(&frame, Role::Screen).unwrap();
        assert!(close(&card.rect, [0.0, 0.0, 1920.0, 1080.0]), "{n}: {card:?}");
        assert_eq!((card.corner.radius, card.border), (0.0, None), "{n}");
    }
    for n in [10, 15, 19] {
        let frame = scene.frame(n).unwrap();
        let Some(Layer::Background(background)) = layer(&frame, Role::Background) else {
            panic!("{frame:?}");
        };
        let red = Fill::Color {
            color: [1.0, 0.0, 0.2],
            alpha: 1.0,
        };
        // 4.4: half of 0.025 heights.
        assert_eq!((&background.fill, background.blur), (&red, 13.5));
        let card = card(&frame, Role::Screen).unwrap();
        // cap-look.md 2.7
        assert!(
            close(&card.rect, [71.097, 39.992, 1777.805, 1000.015]),
            "{n}: {card:?}"
        );
        assert!((card.corner.radius - 0.1 * 1000.015).abs() < 1e-3);
        let border = card.border.unwrap();
        assert_eq!((border.width, border.opacity), (4.0, 0.5));
    }
}

/// The output keeps its size; a crop of its own is fitted into it undistorted.
#[test]
fn a_style_with_a_crop_keeps_the_output() {
    let style = json!({ "padding": 0,
        "crop": { "position": { "x": 100, "y": 0 }, "size": { "x": 1080, "y": 1080 } } });
    let scene = shown(
        json!([{ "start": 1, "end": 2, "overrides": { "background": style } }]),
        json!({}),
    );
    let frame = scene.frame(10).unwrap();
    let card = card(&frame, Role::Screen).unwrap();
    assert!(close(&card.rect, [420.0, 0.0, 1080.0, 1080.0]), "{card:?}");
    assert!(close(&card.picture.crop, [100.0, 0.0, 1080.0, 1080.0]));
    // The pointer, at the recorded pixel (480, 540), hangs on the style's card: (800, 540); its hotspot is a quarter of
    // 40 pixels to the right of its left edge (8.3: 60 high, 2 : 3).
    let Some(Layer::Pointer(pointer)) = layer(&frame, Role::Pointer) else {
        panic!("{frame:?}");
    };
    assert!(close(&pointer.rect, [790.0, 532.5, 40.0, 60.0]), "{pointer:?}");
}

#[test]
fn a_camera_may_be_seen_in_a_style_alone() {
    let scene = shown(
        json!([{ "start": 1, "end": 2, "overrides": { "camera": { "mirror": true, "position": { "x": "left", "y": "top" } } } }]),
        json!({ "camera": { "hide": true } }),
    );
    for (n, seen) in [(9, false), (10, true), (19, true), (20, false)] {
        let frame = scene.frame(n).unwrap();
        let asked = frame
            .pictures()
            .iter()
            .any(|request| request.source.track == Track::Camera);
        assert_eq!(asked, seen, "{n}");
        let card = card(&frame, Role::Camera);
        // 9: 50 pixels from the edges.
        let place = card.map(|card| (card.picture.mirrored, card.rect.x, card.rect.y));
        assert_eq!(place, seen.then_some((true, 50.0, 50.0)), "{n}");
    }
}

#[test]
fn a_pointer_may_be_hidden_or_larger() {
    let styles = json!([
        { "start": 1, "end": 2, "overrides": { "cursor": { "hide": true } } },
        { "start": 2, "end": 3, "overrides": { "cursor": { "raw": true, "useSvg": false, "size": 200 } } },
    ]);
    let scene = shown(styles, json!({}));
    let heights: Vec<Option<f64>> = [9, 10, 19, 20, 29, 30]
        .map(|n| match layer(&scene.frame(n).unwrap(), Role::Pointer) {
            Some(Layer::Pointer(pointer)) => Some(pointer.rect.height),
            None => None,
            other => panic!("{other:?}"),
        })
        .into();
    let (own, large) = (Some(60.0), Some(120.0));
    assert_eq!(heights, [own, None, None, large, large, own]);
}

/// A press at 1.5 s rings for 0.6 s, in the style that has ripples only.
#[test]
fn ripples_of_a_style() {
    let scene = shown(
        json!([{ "start": 1, "end": 2, "overrides": { "cursor": { "ripple": { "enabled": true } } } }]),
        json!({}),
    );
    let rings = |n| layer(&scene.frame(n).unwrap(), Role::Ripple).is_some();
    assert_eq!([14, 15, 19, 20].map(rings), [false, true, true, false]);
}

/// The ring around a camera that stands alone: 10 % of 1080 lines. What it leaves free shows the background only.
#[test]
fn a_camera_alone_may_leave_a_ring() {
    let scene = shown(
        json!([{ "start": 1, "end": 2, "overrides": { "cameraOnlyPadding": 10 } }]),
        json!({ "timeline": { "sceneSegments": [{ "start": 0, "end": 4, "mode": "cameraOnly" }] } }),
    );
    for (n, rect, screen) in [
        (9, [0.0, 0.0, 1920.0, 1080.0], true),
        (10, [108.0, 108.0, 1704.0, 864.0], false),
        (20, [0.0, 0.0, 1920.0, 1080.0], true),
    ] {
        let frame = scene.frame(n).unwrap();
        let camera = card(&frame, Role::FullCamera).unwrap();
        assert!(close(&camera.rect, rect), "{n}: {camera:?}");
        // 10.4: covered without distortion.
        let crop = camera.picture.crop;
        let aspects = (crop.width / crop.height, rect[2] / rect[3]);
        assert!((aspects.0 - aspects.1).abs() < 0.01, "{aspects:?}");
        assert_eq!(card(&frame, Role::Screen).is_some(), screen, "{n}");
        assert_eq!(layer(&frame, Role::Pointer).is_some(), screen, "{n}");
    }
}

/// An automatic zoom looks at the middle of the presses within the part of the screen that is shown.
#[test]
fn automatic_zooms_follow_the_crop_of_the_style() {
    let crop = |x: u32| json!({ "padding": 0, "crop": { "position": { "x": x, "y": 0 }, "size": { "x": 960, "y": 1080 } } });
    let zoom = json!({ "zoomSegments": [{ "start": 0, "end": 4, "amount": 2, "mode": "auto" }] });
    let styled = |x| {
        let styles = json!([{ "start": 2, "end": 4, "overrides": { "background": crop(x) } }]);
        let frame = shown(styles, json!({ "timeline": zoom })).frame(30).unwrap();
        card(&frame, Role::Screen).unwrap().rect
    };
    // The pointer rests at pixel 480: the middle of the first crop, the left edge of the second.
    let (middle, edge) = (styled(0), styled(480));
    assert!((middle.x + middle.width / 2.0 - 960.0).abs() < 1.0, "{middle:?}");
    assert!((edge.x - 480.0).abs() < 1.0, "{edge:?}");
}

#[test]
fn what_is_odd_is_named_where_it_stands() {
    let styles = json!([
        { "start": 0, "end": 1, "overrides": { "background": {} } },
        { "start": 1, "end": 2, "overrides": { "background": { "padding": 300 } } },
    ]);
    let scene = shown(styles, json!({}));
    let warning = &scene.warnings()[0];
    assert!(
        warning.starts_with("`timeline.styleSegments[1].overrides.background.padding` is 300"),
        "{warning}"
    );
    let (mut recording, facts) = recording(
        json!([{ "start": 0, "end": 1, "overrides": { "cursor": {} } }]),
        json!({}),
    );
    let list = recording.config.timeline.as_mut().unwrap();
    let cursor = list.style_segments[0].overrides.cursor.as_mut().unwrap();
    cursor.tension = f64::NAN;
    cursor.raw = false;
    assert!(matches!(
        made(&recording, &facts),
        Err(SceneError::Setting { key, .. }) if key == "timeline.styleSegments[0].overrides.cursor.tension"
    ));
}

fn made(recording: &Recording, facts: &Facts) -> Result<Scene, SceneError> {
    let settings = SceneSettings {
        frame_rate: FrameRate::new(10).unwrap(),
        bounds: HD,
        hold_zoom_tails: false,
    };
    Scene::new(
        recording,
        facts,
        &Default::default(),
        settings,
        &text_settings(false),
    )
}

/// 10,000 segments of 31 looks are fine; a 32nd beside the configuration's own is too many.
#[test]
fn only_different_looks_count() {
    let segments = |different: usize| {
        let list = (0..10_000).map(|index| {
            json!({ "start": index as f64 * 1e-3, "end": index as f64 * 1e-3 + 1e-3,
                "overrides": { "background": { "padding": 1 + index % different } } })
        });
        let (recording, facts) = recording(list.collect(), json!({}));
        made(&recording, &facts)
    };
    assert!(segments(31).is_ok());
    assert!(matches!(
        segments(32),
        Err(SceneError::TooManyStyles {
            kind: "background",
            max: 32
        })
    ));
}
