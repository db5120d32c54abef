use super::*;
use crate::cap::config::{Border, PointerKind, ProjectConfig, Xy, ZoomMode};
use crate::cap::events::PointerEvents;
use crate::frame::Rect;
use crate::scene::fixtures::{
    HD, clicks, clip, crop, facts, moves, recording, scene, text_settings, timeline, zoom,
};
use crate::scene::{Card, Pointer, PointerArt, Shadow, Smear, VideoFacts};
use proptest::prelude::*;

fn resting_pointer(x: f64, y: f64) -> PointerEvents {
    PointerEvents {
        moves: moves(&[(0.0, x, y)]),
        clicks: Vec::new(),
    }
}

/// What is painted over the background.
fn layers(frame: &SceneFrame) -> Vec<&Layer> {
    let mut layers = frame.nodes.iter().map(|node| match node {
        Node::Paint(_, layer) => layer,
        other => panic!("{other:?}"),
    });
    assert!(matches!(layers.next(), Some(Layer::Background(_))));
    layers.collect()
}

fn card(frame: &SceneFrame, index: usize) -> &Card {
    match layers(frame)[index] {
        Layer::Card(card) => card,
        other => panic!("layer {index} is {other:?}"),
    }
}

fn pointer(frame: &SceneFrame) -> Option<&Pointer> {
    layers(frame).into_iter().find_map(|layer| match layer {
        Layer::Pointer(pointer) => Some(pointer),
        _ => None,
    })
}

fn with_camera(durations: &[f64], camera_in: &[usize]) -> Facts {
    let mut facts = facts(durations);
    for &segment in camera_in {
        facts.segments[segment].camera = Some(VideoFacts {
            size: Size::new(1280, 720),
            duration: durations[segment],
        });
    }
    facts
}

#[test]
fn layers_come_in_order() {
    let recording = recording(&[resting_pointer(0.5, 0.5)], ProjectConfig::default());
    let scene = scene(&recording, &with_camera(&[2.0], &[0]), 30);
    assert_eq!(
        (scene.output_size(), scene.frame_count(), scene.duration()),
        (HD, 60, 2.0)
    );
    let frame = scene.frame(30).unwrap();
    assert_eq!(frame.time.secs(), 1.0);
    assert_eq!(layers(&frame).len(), 3);
    assert_eq!(card(&frame, 0).picture.request.source.track, Track::Display);
    assert!(matches!(layers(&frame)[1], Layer::Pointer(_)));
    let camera = card(&frame, 2);
    assert_eq!(camera.picture.request.source.track, Track::Camera);
    assert_eq!((camera.rect.x, camera.rect.right()), (1496.0, 1870.0));
    assert_eq!(camera.border, None);
    assert_eq!(scene.frame(60), None);
    assert!(scene.warnings().is_empty());
}

#[test]
fn the_card_is_decorated() {
    let mut config = ProjectConfig::default();
    config.background.rounding = 7.5;
    config.background.border = Some(Border {
        enabled: true,
        color: [255, 0, 51],
        ..Border::default()
    });
    config.background.crop = Some(crop(160, 90, 1600, 900));
    let recording = recording(&[PointerEvents::default()], config);
    let settings = SceneSettings {
        frame_rate: FrameRate::new(30).unwrap(),
        bounds: Size::new(1600, 900),
        hold_zoom_tails: false,
    };
    let scene = Scene::new(
        &recording,
        &facts(&[1.0]),
        &BTreeMap::new(),
        settings,
        &text_settings(false),
    )
    .unwrap();
    let frame = scene.frame(0).unwrap();
    let card = card(&frame, 0);
    assert_eq!((card.rect.width, card.rect.height), (1600.0, 900.0));
    // cap-look.md 24
    assert!((card.corner.radius - 33.75).abs() < 1e-9);
    let Shadow { size, blur, alpha } = card.shadow.unwrap();
    assert!((size - 47.693).abs() < 1e-3 && (blur - 12.586).abs() < 1e-3 && (alpha - 0.5012).abs() < 1e-4);
    let border = card.border.unwrap();
    assert_eq!(
        (border.width, border.color, border.opacity),
        (5.0, [1.0, 0.0, 0.2], 0.8)
    );
    assert_eq!((card.picture.crop.x, card.picture.crop.width), (160.0, 1600.0));
    assert_eq!(layers(&frame).len(), 1);
}

#[test]
fn zoom_grows_the_card_with_its_corners_and_the_pointer() {
    let mut config = ProjectConfig::default();
    config.background.rounding = 10.0;
    let mut list = timeline(vec![clip(0, 0.0, 6.0, 1.0)]);
    list.zoom_segments = vec![zoom(1.0, 5.0, 2.0, ZoomMode::Manual(Xy { x: 0.25, y: 0.75 }))];
    config.timeline = Some(list);
    let recording = recording(&[resting_pointer(0.5, 0.5)], config);
    let scene = scene(&recording, &facts(&[6.0]), 30);
    let (plain, zoomed) = (scene.frame(0).unwrap(), scene.frame(120).unwrap());
    let rect = card(&zoomed, 0).rect;
    assert_eq!(
        (rect.x, rect.y, rect.width, rect.height),
        (-480.0, -810.0, 3840.0, 2160.0)
    );
    assert_eq!(
        card(&zoomed, 0).corner.radius,
        2.0 * card(&plain, 0).corner.radius
    );
    let (small, large) = (pointer(&plain).unwrap(), pointer(&zoomed).unwrap());
    assert_eq!(large.clip, rect);
    assert_eq!(large.rect.height, 2.0 * small.rect.height);
    // The hotspot stays on the same spot of the card: its middle.
    let tip = |p: &Pointer| (p.rect.x + 0.25 * p.rect.width, p.rect.y + 0.125 * p.rect.height);
    let (x, y) = tip(small);
    assert!((x - 960.0).abs() < 1e-9 && (y - 540.0).abs() < 1e-9);
    let (x, y) = tip(large);
    assert!((x - (rect.x + 1920.0)).abs() < 1e-6 && (y - (rect.y + 1080.0)).abs() < 1e-6);
}

#[test]
fn pointer_height() {
    // cap-look.md 24: a 1440-line screen on a card 720 px high gives 40 px, pressed 32.
    let mut pointer_events = resting_pointer(0.5, 0.5);
    pointer_events.clicks = clicks(&[(500.0, true), (900.0, false)]);
    let recording = recording(&[pointer_events], ProjectConfig::default());
    let mut facts = facts(&[2.0]);
    facts.segments[0].display.size = Size::new(2560, 1440);
    let settings = SceneSettings {
        frame_rate: FrameRate::new(10).unwrap(),
        bounds: Size::new(1280, 720),
        hold_zoom_tails: false,
    };
    let size_of = |image: Size, n| {
        let sizes = BTreeMap::from([("a".to_owned(), image)]);
        let scene = Scene::new(&recording, &facts, &sizes, settings, &text_settings(false)).unwrap();
        let rect = pointer(&scene.frame(n).unwrap()).unwrap().rect;
        (rect.width, rect.height)
    };
    let close = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9;
    assert!(close(size_of(Size::new(16, 32), 0), (20.0, 40.0)));
    assert!(close(size_of(Size::new(16, 32), 7), (16.0, 32.0)));
    assert!(close(size_of(Size::new(32, 16), 0), (40.0, 20.0)));
}

#[test]
fn pointers_that_can_not_be_drawn_are_not() {
    let at = |pointer_events: PointerEvents, config: ProjectConfig, legacy: bool| {
        let mut recording = recording(&[pointer_events], config);
        recording.legacy = legacy;
        let frame = scene(&recording, &facts(&[2.0]), 30).frame(10).unwrap();
        pointer(&frame).map(|pointer| pointer.art.clone())
    };
    let centre = || resting_pointer(0.5, 0.5);
    let with = |change: fn(&mut ProjectConfig)| {
        let mut config = ProjectConfig::default();
        change(&mut config);
        config
    };
    let arrow = Some(PointerArt::Recorded("a".into()));
    assert_eq!(at(centre(), with(|_| {}), false), arrow);
    let mut unknown = centre();
    unknown.moves[0].cursor_id = "never recorded".into();
    assert_eq!(at(unknown.clone(), with(|_| {}), false), None);
    assert_eq!(
        at(unknown, with(|c| c.cursor.kind = PointerKind::Circle), false),
        Some(PointerArt::Circle)
    );
    assert_eq!(at(centre(), with(|_| {}), true), None);
    assert_eq!(
        at(centre(), with(|c| c.cursor.kind = PointerKind::Circle), true),
        Some(PointerArt::Circle)
    );
    assert_eq!(at(centre(), with(|c| c.cursor.hide = true), false), None);
    // Outside the card by more than its size and the clip's feather, and just hanging in.
    assert_eq!(at(resting_pointer(1.1, 0.5), with(|_| {}), false), None);
    assert_eq!(at(resting_pointer(0.5, -0.06), with(|_| {}), false), None);
    assert_eq!(at(resting_pointer(0.5, -0.04), with(|_| {}), false), arrow);
}

#[test]
fn circles_hang_on_their_middle() {
    let mut config = ProjectConfig::default();
    config.cursor.kind = PointerKind::Circle;
    config.cursor.size = 200;
    let recording = recording(&[resting_pointer(0.25, 0.75)], config);
    let frame = scene(&recording, &facts(&[1.0]), 30).frame(0).unwrap();
    let rect = pointer(&frame).unwrap().rect;
    assert_eq!(
        (rect.x, rect.y, rect.width, rect.height),
        (420.0, 750.0, 120.0, 120.0)
    );
}

#[test]
fn tracks_are_read_on_their_own_clocks() {
    let mut config = ProjectConfig {
        timeline: Some(timeline(vec![clip(0, 1.0, 3.0, 2.0)])),
        ..ProjectConfig::default()
    };
    config.cursor.raw = true;
    let events = PointerEvents {
        moves: moves(&[(0.0, 0.1, 0.1), (1899.0, 0.5, 0.5), (1901.0, 0.9, 0.9)]),
        clicks: Vec::new(),
    };
    let recording = recording(&[events], config);
    let mut facts = with_camera(&[5.0], &[0]);
    facts.segments[0].clock = SegmentClock {
        display_offset: 0.25,
        camera_offset: -9.0,
        event_offset: 0.5,
    };
    let scene = scene(&recording, &facts, 10);
    // Frame 2 is 0.2 s of output, 1.4 s of source, 1.9 s of events.
    let frame = scene.frame(2).unwrap();
    let times: Vec<f64> = frame
        .pictures()
        .iter()
        .map(|picture| picture.time.secs())
        .collect();
    assert!((times[0] - 1.65).abs() < 1e-12);
    assert_eq!(times[1], 0.0);
    let rect = pointer(&frame).unwrap().rect;
    assert!((rect.x + 0.25 * rect.width - 960.0).abs() < 1e-9);
}

#[test]
fn cameras_follow_their_segments_and_the_first_decides() {
    let config = || ProjectConfig::default();
    let two = [PointerEvents::default(), PointerEvents::default()];
    let shown = |camera_in: &[usize], config: ProjectConfig| {
        let recording = recording(&two, config);
        let scene = scene(&recording, &with_camera(&[1.0, 1.0], camera_in), 10);
        [
            layers(&scene.frame(5).unwrap()).len() - 1,
            layers(&scene.frame(15).unwrap()).len() - 1,
        ]
    };
    assert_eq!(shown(&[0, 1], config()), [1, 1]);
    assert_eq!(shown(&[0], config()), [1, 0]);
    assert_eq!(shown(&[1], config()), [0, 0]);
    let mut hidden = config();
    hidden.camera.hide = true;
    assert_eq!(shown(&[0, 1], hidden), [0, 0]);
}

#[test]
fn still_frames_look_alike_and_moving_ones_do_not() {
    let mut config = ProjectConfig::default();
    let mut list = timeline(vec![clip(0, 0.0, 20.0, 1.0)]);
    list.zoom_segments = vec![zoom(2.0, 18.0, 1.8, ZoomMode::Auto)];
    config.timeline = Some(list);
    let glide: Vec<_> = (0..60)
        .map(|i| (f64::from(i) * 17.0, 0.2 + 0.01 * f64::from(i), 0.4))
        .collect();
    let events = PointerEvents {
        moves: moves(&glide),
        clicks: Vec::new(),
    };
    let recording = recording(&[events], config);
    let scene = scene(&recording, &with_camera(&[20.0], &[0]), 60);
    let alike = |n| scene.frame(n).unwrap().looks_like(&scene.frame(n + 1).unwrap());
    assert!(!alike(30), "the pointer moves");
    assert!(!alike(125), "the card zooms");
    assert!((240..1079).all(alike), "everything rests");
    assert_eq!(scene.frame(600), scene.frame(600));
}

#[test]
fn bad_input_is_an_error() {
    let settings = SceneSettings {
        frame_rate: FrameRate::new(30).unwrap(),
        bounds: HD,
        hold_zoom_tails: false,
    };
    let sizes = BTreeMap::new();
    let good = recording(&[PointerEvents::default()], ProjectConfig::default());
    let error = |recording: &Recording, facts: &Facts| {
        Scene::new(recording, facts, &sizes, settings, &text_settings(false)).unwrap_err()
    };

    assert!(matches!(
        error(&good, &facts(&[1.0, 1.0])),
        SceneError::SegmentCount { .. }
    ));
    assert!(matches!(
        error(&good, &facts(&[])),
        SceneError::NothingToExport(_)
    ));
    assert!(matches!(
        error(&good, &facts(&[0.0])),
        SceneError::NothingToExport(_)
    ));
    assert!(matches!(
        error(&good, &facts(&[f64::NAN])),
        SceneError::Media { .. }
    ));
    let mut flat = facts(&[1.0]);
    flat.segments[0].display.size = Size::new(0, 1080);
    assert!(matches!(error(&good, &flat), SceneError::Media { .. }));
    let mut adrift = facts(&[1.0]);
    adrift.segments[0].clock.event_offset = f64::INFINITY;
    assert!(matches!(error(&good, &adrift), SceneError::Media { .. }));

    let lost = recording(&[resting_pointer(f64::NAN, 0.5)], ProjectConfig::default());
    assert!(matches!(
        error(&lost, &facts(&[1.0])),
        SceneError::PointerEvent { .. }
    ));
    let mut config = ProjectConfig::default();
    config.background.padding = f64::INFINITY;
    let text = error(&recording(&[PointerEvents::default()], config), &facts(&[1.0])).to_string();
    assert!(
        text.contains("background.padding") && text.contains("finite"),
        "{text}"
    );
}

fn finite(rect: &Rect) -> bool {
    [rect.x, rect.y, rect.width, rect.height]
        .iter()
        .all(|v| v.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_number_is_ever_lost(
        screen in (1u32..5000, 1u32..5000),
        area in (0u32..5000, 0u32..5000, 0u32..5000, 0u32..5000),
        (padding, rounding, shadow, size) in (-10.0..150.0f64, -10.0..150.0f64, -10.0..150.0f64, 0u32..1000),
        zooms in prop::collection::vec((0.0..4.0f64, 0.0..2.0f64, 0.0..20.0f64, any::<bool>()), 0..4),
        pointer_events in prop::collection::vec((-100.0..5000.0f64, -1.0..2.0f64, -1.0..2.0f64), 0..30),
        buttons in prop::collection::vec((0.0..5000.0f64, any::<bool>()), 0..6),
        (raw, idle) in any::<(bool, bool)>(),
        spring in (1.0..2000.0f64, 0.01..10.0f64, 0.0..200.0f64),
        n in 0u64..120,
    ) {
        let mut config = ProjectConfig::default();
        config.background.padding = padding;
        config.background.rounding = rounding;
        config.background.shadow = shadow;
        config.background.crop = Some(crop(area.0, area.1, area.2, area.3));
        config.cursor.size = size;
        config.cursor.raw = raw;
        config.cursor.hide_when_idle = idle;
        (config.cursor.tension, config.cursor.mass, config.cursor.friction) = spring;
        let mut list = timeline(vec![clip(0, 0.0, 4.0, 1.0)]);
        list.zoom_segments = zooms
            .iter()
            .map(|&(start, length, amount, auto)| {
                let mode = if auto { ZoomMode::Auto } else { ZoomMode::Manual(Xy { x: 0.3, y: 2.0 }) };
                zoom(start, start + length, amount, mode)
            })
            .collect();
        config.timeline = Some(list);
        let events = PointerEvents { moves: moves(&pointer_events), clicks: clicks(&buttons) };
        let recording = recording(&[events], config);
        let mut facts = with_camera(&[4.0], &[0]);
        facts.segments[0].display.size = Size::new(screen.0, screen.1);
        let scene = scene(&recording, &facts, 30);
        let frame = scene.frame(n).unwrap();
        for layer in layers(&frame) {
            match layer {
                Layer::Card(card) => {
                    prop_assert!(finite(&card.rect) && finite(&card.picture.crop));
                    prop_assert!(card.rect.width > 0.0 && card.rect.height > 0.0);
                    prop_assert!(card.picture.crop.width >= 1.0 && card.picture.crop.height >= 1.0);
                    prop_assert!((0.0..=0.5 * card.rect.width.min(card.rect.height) + 1e-9).contains(&card.corner.radius));
                    prop_assert!(card.shadow.is_none_or(|s| s.size >= 0.0 && s.blur >= 0.0 && s.alpha <= 1.0));
                    prop_assert!(card.picture.request.time.secs() >= 0.0);
                }
                Layer::Pointer(pointer) => {
                    prop_assert!(finite(&pointer.rect) && finite(&pointer.clip) && pointer.rotation.is_finite());
                    prop_assert!(pointer.opacity > 0.0 && pointer.opacity <= 1.0);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
        prop_assert_eq!(scene.frame(n), Some(frame));
    }
}

#[test]
fn settings_without_use_do_not_prevent_an_export() {
    let mut config = ProjectConfig::default();
    config.cursor.hide = true;
    config.cursor.tension = 0.0;
    config.camera.hide = true;
    config.camera.size = f64::NAN;
    config.screen_movement_spring.mass = f64::NAN;
    let recording = recording(&[resting_pointer(0.5, 0.5)], config);
    assert_eq!(
        layers(
            &scene(&recording, &with_camera(&[1.0], &[0]), 30)
                .frame(0)
                .unwrap()
        )
        .len(),
        1
    );
}

/// A scene segment of `mode` from 1 s to 3 s.
fn scene_of(mode: &str) -> ProjectConfig {
    let mut config = ProjectConfig::default();
    let mut list = timeline(vec![clip(0, 0.0, 9.0, 1.0)]);
    list.scene_segments =
        serde_json::from_value(serde_json::json!([{ "start": 1, "end": 3, "mode": mode }])).unwrap();
    config.timeline = Some(list);
    config
}

#[test]
fn scenes_put_their_layers_in_order() {
    let planned = |mode: &str| {
        let recording = recording(&[resting_pointer(0.5, 0.5)], scene_of(mode));
        scene(&recording, &with_camera(&[9.0], &[0]), 30)
    };
    let roles = |frame: &SceneFrame| frame.nodes.iter().map(|node| node.id().role).collect::<Vec<_>>();
    let (screen, pointer) = (Role::Screen, Role::Pointer);
    let scene = planned("cameraOnly");
    // On the way at 0.8 s, there from 1 s on.
    assert_eq!(
        roles(&scene.frame(24).unwrap()),
        [Role::Background, screen, pointer, Role::FullCamera, Role::Camera]
    );
    assert_eq!(
        roles(&scene.frame(45).unwrap()),
        [Role::Background, screen, pointer, Role::FullCamera]
    );
    let hidden = planned("hideCamera").frame(45).unwrap();
    assert_eq!(roles(&hidden), [Role::Background, screen, pointer]);
    let split = planned("splitScreen").frame(45).unwrap();
    assert_eq!(card(&split, 0).rect.right(), 960.0);
    assert_eq!(card(&split, 2).rect.x, 960.0);
    assert_eq!((card(&split, 0).shadow, card(&split, 2).shadow), (None, None));
}

#[test]
fn a_camera_that_fades_takes_its_shadow_along() {
    let recording = recording(&[PointerEvents::default()], scene_of("hideCamera"));
    let scene = scene(&recording, &with_camera(&[9.0], &[0]), 20);
    let whole = card(&scene.frame(0).unwrap(), 1).shadow.unwrap();
    // 0.7 s to 1 s, halfway at 0.85 s: B(0.5).
    let half = scene.frame(17).unwrap();
    assert!((card(&half, 1).opacity - 0.5).abs() < 1e-9);
    let shadow = card(&half, 1).shadow.unwrap();
    assert!((shadow.alpha - whole.alpha / 2.0).abs() < 1e-9);
    assert_eq!((shadow.size, shadow.blur), (whole.size, whole.blur));
}

#[test]
fn cards_are_smeared_while_they_move_and_nothing_else() {
    let mut config = ProjectConfig::default();
    let mut list = timeline(vec![clip(0, 0.0, 9.0, 1.0)]);
    list.zoom_segments = vec![zoom(1.0, 3.0, 2.0, manual(0.25, 0.75))];
    config.timeline = Some(list);
    let smears = |config: &ProjectConfig, frame: u64| {
        let recording = recording(&[resting_pointer(0.5, 0.5)], config.clone());
        let scene = scene(&recording, &with_camera(&[9.0], &[0]), 30);
        let frame = scene.frame(frame).unwrap();
        assert_eq!(pointer(&frame).unwrap().smear, None);
        (card(&frame, 0).smear, card(&frame, 2).smear)
    };
    assert_eq!(smears(&config, 0), (None, None));
    assert_eq!(smears(&config, 30), (None, None));
    // cap-look.md 24: 1.1 s 1.2496, 1.0667 s between; the card grows about (0.25, 0.75), the camera shrinks into its corner.
    let (Some(Smear::Radial { centre, amount }), Some(Smear::Radial { centre: corner, .. })) =
        smears(&config, 33)
    else {
        panic!()
    };
    assert!(
        (centre[0] - 0.25).abs() < 1e-3 && (centre[1] - 0.75).abs() < 1e-3,
        "{centre:?}"
    );
    // Half a shutter of a growth from 1.134 to 1.2496.
    assert!((0.050..0.052).contains(&amount), "{amount}");
    // The camera's old place holds its new one, so the old middle counts.
    assert!(corner[0] < 0.5 && corner[1] < 0.5, "{corner:?}");
    // At rest at 2.5 s.
    assert_eq!(smears(&config, 75), (None, None));
    config.screen_motion_blur = Some(0.0);
    assert_eq!(smears(&config, 33), (None, None));
    let mut instant = config.clone();
    instant.screen_motion_blur = Some(1.0);
    instant.timeline.as_mut().unwrap().zoom_segments[0].instant_animation = true;
    assert!((27..=94).all(|frame| smears(&instant, frame) == (None, None)));
}

fn manual(x: f64, y: f64) -> ZoomMode {
    ZoomMode::Manual(Xy { x, y })
}

#[test]
fn a_moving_pointer_leaves_a_trail() {
    let events = PointerEvents {
        // 0.6 of the width in 1 s, raw: 20 ms steps of 0.012.
        moves: moves(
            &(0..50)
                .map(|n| (20.0 * f64::from(n), 0.2 + 0.012 * f64::from(n), 0.5))
                .collect::<Vec<_>>(),
        ),
        clicks: Vec::new(),
    };
    let mut config = ProjectConfig::default();
    config.cursor.raw = true;
    let smear = |config: &ProjectConfig| {
        let scene = scene(
            &recording(std::slice::from_ref(&events), config.clone()),
            &facts(&[2.0]),
            50,
        );
        pointer(&scene.frame(20).unwrap()).unwrap().smear
    };
    // 0.012 x 1920 pixels of the recording, 50 / 60 of them, in sprites 40 wide.
    let [x, y] = smear(&config).unwrap();
    assert!(
        (x - 0.012 * 1920.0 * 50.0 / 60.0 / 40.0).abs() < 1e-9 && y == 0.0,
        "{x} {y}"
    );
    config.cursor.motion_blur = 0.0;
    assert_eq!(smear(&config), None);
}

#[test]
fn what_hides_screen_and_pointer() {
    let mut config = ProjectConfig::default();
    let mut list = timeline(vec![clip(0, 0.0, 2.0, 1.0), clip(0, 2.0, 4.0, 1.0)]);
    list.segments[1].hide_cursor = true;
    config.timeline = Some(list);
    config.hide_display = true;
    let scene = scene(
        &recording(&[resting_pointer(0.5, 0.5)], config),
        &facts(&[4.0]),
        20,
    );
    let shown = |n| {
        let frame = scene.frame(n).unwrap();
        assert!(frame.nodes.iter().all(|node| node.id().role != Role::Screen));
        pointer(&frame).map(|pointer| pointer.opacity)
    };
    assert_eq!(shown(39), Some(1.0));
    // Half of 0.3 s in.
    assert!((shown(43).unwrap() - 0.5).abs() < 1e-9);
    assert_eq!(shown(50), None);
    assert_eq!(shown(79), None);
}

#[test]
fn presses_ring() {
    let mut config = ProjectConfig::default();
    config.cursor.ripple.enabled = true;
    let mut events = resting_pointer(0.5, 0.25);
    events.clicks = clicks(&[(1000.0, true), (1100.0, false)]);
    let scene = scene(&recording(&[events], config), &facts(&[4.0]), 20);
    let ring = |n| {
        scene
            .frame(n)
            .unwrap()
            .nodes
            .into_iter()
            .find_map(|node| match node {
                Node::Paint(_, Layer::Ripple(ripple)) => Some(ripple),
                _ => None,
            })
    };
    assert_eq!(ring(19), None);
    let ripple = ring(26).unwrap();
    // 1.25 x 60 pixels about the middle of the upper half; 0.3 of 0.6 s.
    assert!((ripple.radius - 75.0).abs() < 1e-9 && (ripple.age - 0.5).abs() < 1e-9);
    assert!((ripple.centre[0] - 960.0).abs() < 1e-6 && (ripple.centre[1] - 270.0).abs() < 1e-6);
    assert_eq!((ripple.strength, ripple.color[2]), (0.7, 1.0));
    assert_eq!(ring(32), None);
}
