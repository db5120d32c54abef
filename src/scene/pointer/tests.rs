use super::*;
use crate::scene::fixtures::{clicks, moves};

fn track(config: &PointerConfig, events: &PointerEvents) -> PointerTrack {
    let rules = PointerRules::new(config, 10.0, 1920, &mut Checks::default()).unwrap();
    PointerTrack::new(events, &rules, EventTime::from_secs(100.0), std::iter::empty())
        .unwrap()
        .unwrap()
}

fn events(list: &[(f64, f64, f64)]) -> PointerEvents {
    PointerEvents {
        moves: moves(list),
        clicks: Vec::new(),
    }
}

fn raw() -> PointerConfig {
    PointerConfig {
        raw: true,
        ..PointerConfig::default()
    }
}

fn at(track: &PointerTrack, ms: f64) -> PointerState<'_> {
    track.at(EventTime::from_secs(ms / 1000.0))
}

#[test]
fn raw_positions_are_steps() {
    let track = track(&raw(), &events(&[(100.0, 0.1, 0.2), (200.0, 0.3, 0.4)]));
    assert_eq!(at(&track, 0.0).uv, [0.1, 0.2]);
    assert_eq!(at(&track, 199.0).uv, [0.1, 0.2]);
    assert_eq!(at(&track, 200.0).uv, [0.3, 0.4]);
    assert_eq!(at(&track, 9e9).uv, [0.3, 0.4]);
}

#[test]
fn shapes_change_with_the_moves() {
    let mut events = events(&[(100.0, 0.1, 0.2), (500.0, 0.1, 0.2), (900.0, 0.1, 0.2)]);
    events.moves[1].cursor_id = "hand".into();
    for config in [raw(), PointerConfig::default()] {
        let track = track(&config, &events);
        assert_eq!(at(&track, 300.0).shape, "a");
        assert_eq!(at(&track, 600.0).shape, "hand");
        assert_eq!(at(&track, 1000.0).shape, "a");
    }
}

#[test]
fn moving_right_tilts_counter_clockwise() {
    // cap-look.md 8.6: 0.01 x 1920 x 0.03 x 0.15 = 0.0864 degrees
    let track_of = |config: &PointerConfig, to| track(config, &events(&[(0.0, 0.5, 0.5), (1000.0, to, 0.5)]));
    let slow = track_of(&raw(), 0.51);
    assert!((at(&slow, 1100.0).rotation - 0.0864f64.to_radians()).abs() < 1e-9);
    assert_eq!(at(&slow, 999.0).rotation, 0.0);
    assert_eq!(at(&slow, 1500.0).rotation, 0.0);

    let strong = PointerConfig {
        rotation_amount: 10.0,
        base_rotation: 1.0,
        ..raw()
    };
    let limit = 20f64.to_radians();
    assert!((at(&track_of(&strong, 0.9), 1100.0).rotation - (1.0 + limit)).abs() < 1e-9);
    assert!((at(&track_of(&strong, 0.1), 1100.0).rotation - (1.0 - limit)).abs() < 1e-9);
}

#[test]
fn movement_stops_before_the_end_but_clicks_go_on() {
    // Output of 10 s, frozen for the last 4: at 6 s of event time (quirk 16).
    let config = PointerConfig {
        stop_movement_in_last_seconds: Some(4.0),
        ..raw()
    };
    let mut events = events(&[(0.0, 0.1, 0.1), (5000.0, 0.2, 0.1), (7000.0, 0.9, 0.1)]);
    events.clicks = clicks(&[(8000.0, true), (8500.0, false)]);
    let track = track(&config, &events);
    assert_eq!(at(&track, 9000.0).uv, [0.2, 0.1]);
    assert_eq!(at(&track, 8200.0).click_scale, 0.8);
    assert_eq!(at(&track, 9000.0).click_scale, 1.0);
}

#[test]
fn idle_pointers_fade_only_when_asked_to() {
    let events = events(&[(0.0, 0.1, 0.1), (10_000.0, 0.2, 0.1)]);
    assert_eq!(at(&track(&raw(), &events), 5000.0).opacity, 1.0);
    let hiding = |hide_when_idle_delay| PointerConfig {
        hide_when_idle: true,
        hide_when_idle_delay,
        ..raw()
    };
    assert_eq!(at(&track(&hiding(2.0), &events), 5000.0).opacity, 0.0);
    assert_eq!(at(&track(&hiding(8.0), &events), 5000.0).opacity, 1.0);
    // At least half a second.
    assert_eq!(at(&track(&hiding(0.0), &events), 500.0).opacity, 1.0);
    assert_eq!(at(&track(&hiding(0.0), &events), 900.0).opacity, 0.0);
}

#[test]
fn a_resting_pointer_is_bit_for_bit_still() {
    let list: Vec<_> = (0..30)
        .map(|i| (f64::from(i) * 16.7, 0.1 + 0.013 * f64::from(i), 0.3))
        .collect();
    let track = track(&PointerConfig::default(), &events(&list));
    assert_eq!(at(&track, 4000.0), at(&track, 4016.666));
    assert_eq!(at(&track, 4000.0), at(&track, 90_000.1));
}

#[test]
fn no_moves_no_pointer_and_absurd_times_are_refused() {
    let rules = PointerRules::new(&PointerConfig::default(), 10.0, 1920, &mut Checks::default()).unwrap();
    let until = EventTime::from_secs(1e12);
    assert!(matches!(
        PointerTrack::new(&events(&[]), &rules, until, std::iter::empty()),
        Ok(None)
    ));
    let absurd = events(&[(0.0, 0.5, 0.5), (1e15, 0.5, 0.5)]);
    assert!(matches!(
        PointerTrack::new(&absurd, &rules, until, std::iter::empty()),
        Err(SceneError::TooManySteps { .. })
    ));
    assert!(PointerTrack::new(&absurd, &rules, EventTime::from_secs(10.0), std::iter::empty()).is_ok());
}

#[test]
fn movement_is_since_the_frame_before_and_of_one_image() {
    // A step of 0.1 at 500 ms, raw; another image at 1000 ms.
    let mut events = events(&[(0.0, 0.2, 0.5), (500.0, 0.3, 0.5), (1000.0, 0.9, 0.5)]);
    events.moves[2].cursor_id = "b".into();
    let config = PointerConfig {
        raw: true,
        ..PointerConfig::default()
    };
    let rules = PointerRules::new(&config, 10.0, 1920, &mut Checks::default()).unwrap();
    let track = PointerTrack::new(&events, &rules, EventTime::from_secs(10.0), std::iter::empty())
        .unwrap()
        .unwrap();
    let moved = |ms: f64| track.moved(EventTime::from_secs(ms / 1000.0), 0.1)[0];
    assert_eq!(moved(400.0), 0.0);
    assert!((moved(550.0) - 0.1).abs() < 1e-12);
    assert_eq!(moved(700.0), 0.0);
    assert_eq!(moved(1050.0), 0.0);
}
