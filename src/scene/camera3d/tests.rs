use super::*;
use crate::cap::config::EasedKeyframe;
use crate::frame::Rect;
use serde_json::json;

const HD: Size = Size::new(1920, 1080);

fn camera(list: serde_json::Value) -> Camera3d {
    let list: Vec<Camera3dSegment> = serde_json::from_value(list).unwrap();
    Camera3d::new(&list, HD, &mut Checks::default()).unwrap()
}

fn activity(camera: &Camera3d, time: f64) -> Option<f64> {
    camera.at(time).map(|shot| shot.activity)
}

#[test]
fn the_first_enabled_segment_counts_from_start_to_end() {
    let camera = camera(json!([
        { "start": 0, "end": 9, "enabled": false, "properties": { "roll": 1 } },
        { "start": 1, "end": 2, "properties": { "roll": 2 } },
        { "start": 1.5, "end": 3, "properties": { "roll": 3 } },
    ]));
    let roll = |time: f64| {
        let flat = Pose::new(&Camera3dProperties::default(), 1.0, HD);
        let with = |roll| {
            Pose::new(
                &Camera3dProperties {
                    roll,
                    ..Camera3dProperties::default()
                },
                1.0,
                HD,
            )
        };
        camera
            .at(time)
            .map(|shot| (shot.pose == with(2.0), shot.pose == with(3.0), shot.pose == flat))
    };
    assert_eq!(roll(0.99), None);
    assert_eq!(roll(1.0), Some((true, false, false)));
    assert_eq!(roll(2.0), Some((true, false, false)));
    assert_eq!(roll(2.01), Some((false, true, false)));
    assert_eq!(roll(3.0), Some((false, true, false)));
    assert_eq!(roll(3.01), None);
}

/// cap-look.md 24: E is 0.0708 at a quarter and 0.5 in the middle. Ways longer than half the segment are as long as that.
#[test]
fn the_camera_comes_and_goes() {
    let camera = camera(json!([{ "start": 1, "end": 5, "transitionIn": 1, "transitionOut": 30 }]));
    for (time, expected) in [
        (1.0, 0.0),
        (1.25, 0.0708),
        (1.5, 0.5),
        (2.0, 1.0),
        (3.0, 1.0),
        (4.0, 0.5),
        (4.5, 0.0708),
        (5.0, 0.0),
    ] {
        let found = activity(&camera, time).unwrap();
        assert!((found - expected).abs() < 1e-4, "{time}: {found}");
    }
    let abrupt = self::camera(json!([{ "start": 1, "end": 1, "transitionIn": 1 }]));
    assert_eq!(activity(&abrupt, 1.0), Some(1.0));
}

#[test]
fn tracks_replace_properties_from_the_segments_start() {
    let camera = camera(
        json!([{ "start": 2, "end": 6, "properties": { "tiltX": 5, "panX": 0.25 },
        "tracks": { "tiltX": [{ "time": 1, "value": 10 }, { "time": 3, "value": 30 }] } }]),
    );
    for (time, tilt) in [(2.0, 10.0), (3.0, 10.0), (4.0, 20.0), (5.5, 30.0)] {
        let found = camera.at(time).unwrap().pose.properties();
        assert!((found.tilt_x - tilt).abs() < 1e-9, "{time}: {found:?}");
        assert_eq!((found.pan_x, found.tilt_y), (0.25, 0.0));
    }
}

#[test]
fn the_blur_follows_the_activity_and_its_limits() {
    let blur = |blur: serde_json::Value| {
        let camera = camera(json!([{ "start": 0, "end": 4, "transitionIn": 2, "blur": blur }]));
        move |time: f64| camera.at(time).unwrap().blur
    };
    let radial =
        blur(json!({ "mode": "radial", "strength": 24, "focusSize": 0.3, "focusX": 0.6, "focusY": 0.4 }));
    assert_eq!(radial(0.0), None);
    let shape = FocusShape::Radial {
        centre: [0.6, 0.4],
        size: 0.3,
    };
    let found = radial(1.0).unwrap();
    assert_eq!(found.shape, shape);
    assert!((found.strength - 12.0).abs() < 1e-9);
    assert_eq!(radial(3.0).unwrap().strength, 24.0);
    let strong = blur(json!({ "mode": "directional", "strength": 900, "dirPosition": 0.25 }));
    assert_eq!(strong(3.0).unwrap().strength, 60.0);
    // r = 8/9 + 1/2, a quarter of the way from -r to r.
    let FocusShape::Directional { towards, threshold } = strong(3.0).unwrap().shape else {
        panic!("not directional")
    };
    assert_eq!(towards, [1.0, 0.0]);
    assert!((threshold + 25.0 / 36.0).abs() < 1e-9);
    let bokeh = blur(json!({ "mode": "tiltShift", "strength": 900, "bokeh": true, "angle": 90 }));
    let found = bokeh(3.0).unwrap();
    assert_eq!((found.strength, found.bokeh), (20.0, true));
    let FocusShape::TiltShift { across, .. } = found.shape else {
        panic!("no strip")
    };
    assert!((across[0] - 1.0).abs() < 1e-9 && across[1].abs() < 1e-9);
    assert_eq!(blur(json!({ "strength": 10 }))(3.0), None);
    assert_eq!(blur(json!({ "mode": "radial", "strength": 0.49 }))(3.0), None);
}

fn zoomed() -> ZoomState {
    ZoomState {
        amount: 2.0,
        centre: [1.0, 0.0],
        activity: 1.0,
    }
}

#[test]
fn the_zoom_is_neutralised_unless_the_picture_is_flat() {
    let camera = camera(json!([{ "start": 0, "end": 4, "transitionIn": 1, "properties": { "tiltX": 10 } }]));
    assert_eq!(camera.at(0.0).unwrap().zoom(zoomed()), zoomed());
    let plain = camera.at(2.0).unwrap().zoom(zoomed());
    assert_eq!((plain.amount, plain.activity), (1.0, 0.0));
}

#[test]
fn numbers_that_are_none_are_refused_and_absurd_ones_kept_in_range() {
    let read = |json: serde_json::Value| {
        let mut list: Vec<Camera3dSegment> = serde_json::from_value(json!([json])).unwrap();
        let mut checks = Checks::default();
        list[0].properties.tilt_x *= 1e300;
        Camera3d::new(&list, HD, &mut checks).map(|camera| (camera, checks.warnings))
    };
    let (_, warnings) = read(json!({ "start": 0, "end": 1 })).unwrap();
    assert!(warnings.is_empty());
    let (camera, warnings) = read(json!({ "start": 0, "end": 1, "properties": { "tiltX": 9 } })).unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(camera.at(0.5).is_some());
    assert!(read(json!({ "start": 0, "end": 1, "properties": { "tiltX": 1e300 } })).is_err());
    let key = EasedKeyframe {
        time: f64::NEG_INFINITY,
        value: 0.0,
        out_easing: None,
        in_easing: None,
    };
    let mut list: Vec<Camera3dSegment> = serde_json::from_value(json!([{ "start": 0, "end": 1 }])).unwrap();
    list[0].tracks.blur_angle.push(key);
    assert!(Camera3d::new(&list, HD, &mut Checks::default()).is_err());
}

#[test]
fn a_hundred_thousand_segments_are_looked_up() {
    let list: Vec<_> = (0..100_000)
        .map(|i| json!({ "start": i, "end": i + 1, "properties": { "roll": 3 } }))
        .collect();
    let camera = camera(json!(list));
    let started = std::time::Instant::now();
    for n in 0..10_000 {
        assert!(camera.at(f64::from(n) * 9.7).is_some());
    }
    assert!(started.elapsed().as_secs() < 20);
}

#[test]
fn the_centre_of_the_zoomed_card_is_the_target() {
    let layout = Layout {
        output: HD,
        screen: HD,
        crop: Rect::default(),
        card: Rect {
            x: 100.0,
            y: 50.0,
            width: 1000.0,
            height: 500.0,
        },
    };
    let target = layout.zoom_target(&zoomed());
    // The right upper quarter is shown.
    assert_eq!(target, [850.0, 175.0]);
    let rect = layout.zoomed(
        Rect {
            x: target[0],
            y: target[1],
            width: 0.0,
            height: 0.0,
        },
        &zoomed(),
    );
    assert_eq!((rect.x, rect.y), (600.0, 300.0));
}

/// 1.2: layers 4-9 are the plane, the background lies below it, the blur above all; 18.2: no zoom of card and camera, and
/// shadows go as the camera comes: their size once and their darkness twice by the rest.
#[test]
fn the_scene_is_mapped_and_blurred() {
    use crate::cap::config::ProjectConfig;
    use crate::cap::events::PointerEvents;
    use crate::scene::fixtures::{facts, recording, scene};
    let config: ProjectConfig = serde_json::from_value(json!({
        "background": { "padding": 10 },
        "timeline": {
            "segments": [{ "recordingSegment": 0, "timescale": 1, "start": 0, "end": 4 }],
            "zoomSegments": [{ "start": 0, "end": 4, "amount": 2, "mode": { "manual": { "x": 0.5, "y": 0.5 } } }],
            "camera3dSegments": [{ "start": 1, "end": 3, "transitionIn": 1,
                "properties": { "tiltX": 10, "zoom": 2.5 }, "blur": { "mode": "radial", "strength": 20 } }],
        },
    }))
    .unwrap();
    let recording = recording(&[PointerEvents::default()], config);
    let scene = scene(&recording, &facts(&[4.0]), 30);
    let card = |nodes: &[Node]| match nodes {
        [Node::Paint(_, Layer::Card(card))] => card.clone(),
        other => panic!("{other:?}"),
    };
    let before = scene.frame(29).unwrap();
    let zoomed = card(&before.nodes[1..]);
    // The activity is 0.5.
    let half = scene.frame(45).unwrap();
    let [
        Node::Paint(_, Layer::Background(_)),
        Node::Warp(_, flat, plane),
        Node::Filter(_, Filter::FocusBlur(blur)),
    ] = &half.nodes[..]
    else {
        panic!("{half:?}")
    };
    let plain = card(flat);
    assert!(zoomed.rect.width > 1.9 * plain.rect.width);
    assert!((blur.strength - 10.0).abs() < 1e-9);
    let scale = zoomed.rect.width / plain.rect.width;
    let (full, faded) = (zoomed.shadow.unwrap(), plain.shadow.unwrap());
    assert!((faded.size * 2.0 * scale - full.size).abs() < 1e-9);
    assert!((faded.blur * 2.0 * scale - full.blur).abs() < 1e-9);
    assert!((faded.alpha * 4.0 - full.alpha).abs() < 1e-9);
    // The middle of the zoomed view is the middle of the frame, which a tilt leaves where it is.
    let [x, y, w] = plane
        .from_flat
        .map(|row| row[0] * 960.0 + row[1] * 540.0 + row[2]);
    assert!((x / w - 960.0).abs() < 1e-6 && (y / w - 540.0).abs() < 1e-6);
    let there = scene.frame(75).unwrap();
    let Node::Warp(_, flat, _) = &there.nodes[1] else {
        panic!("{there:?}")
    };
    assert_eq!(card(flat).shadow, None);
    let after = scene.frame(91).unwrap();
    assert_eq!(card(&after.nodes[1..]).shadow.unwrap().alpha, full.alpha);
}
