use super::*;
use crate::cap::config::{Xy, ZoomSegment};
use crate::scene::error::SceneError;
use crate::scene::fixtures::{HD, clip, facts, moves, timeline, zoom};
use proptest::prelude::*;

const SCREEN: Rect = Rect {
    x: 0.0,
    y: 0.0,
    width: 1920.0,
    height: 1080.0,
};

fn manual(x: f64, y: f64) -> ZoomMode {
    ZoomMode::Manual(Xy { x, y })
}

fn config(segments: Vec<ZoomSegment>, clips: Vec<crate::cap::config::Clip>) -> ProjectConfig {
    let mut timeline = timeline(clips);
    timeline.zoom_segments = segments;
    ProjectConfig {
        timeline: Some(timeline),
        ..ProjectConfig::default()
    }
}

fn made(config: &ProjectConfig, events: &[Vec<Move>]) -> Result<Zooms, SceneError> {
    let mut checks = Checks::default();
    let facts = facts(&vec![1e4; events.len()]);
    let timeline = Timeline::new(config.timeline.as_ref(), &facts, &mut checks)?;
    Zooms::new(
        config,
        &timeline,
        View {
            crop: SCREEN,
            screen: HD,
            look_back: 1.0 / 30.0,
        },
        |segment| &events[segment],
        &mut StepsLeft::default(),
        &mut checks,
    )
}

pub(super) fn zooms(segments: Vec<ZoomSegment>, duration: f64) -> Zooms {
    made(&config(segments, vec![clip(0, 0.0, duration, 1.0)]), &[vec![]]).unwrap()
}

fn at(zooms: &Zooms, time: f64) -> ZoomState {
    zooms.at(0, Side::Incoming, OutputTime::from_secs(time))
}

#[test]
fn one_manual_zoom() {
    // cap-look.md 24
    let zooms = zooms(vec![zoom(1.0, 3.0, 2.0, manual(0.25, 0.75))], 6.0);
    for (time, amount, centre, activity) in [
        (0.5, 1.0, [0.5, 0.5], 0.0),
        (1.0, 1.0, [0.5, 0.5], 0.0),
        (1.1, 1.2496, [0.25, 0.75], 0.2496),
        (1.25, 1.7065, [0.25, 0.75], 0.7065),
        (1.5, 1.9668, [0.25, 0.75], 0.9668),
        (2.0, 2.0001, [0.25, 0.75], 1.0),
        (3.25, 1.2935, [0.25, 0.75], 0.2935),
        (3.5, 1.0332, [0.25, 0.75], 0.0332),
    ] {
        let state = at(&zooms, time);
        assert!((state.amount - amount).abs() < 1e-4, "{time}: {state:?}");
        assert!((state.activity - activity).abs() < 1e-4, "{time}: {state:?}");
        assert_eq!(state.centre, centre, "{time}");
    }
}

#[test]
fn a_second_zoom_takes_over() {
    // cap-look.md 24
    let zooms = zooms(
        vec![
            zoom(3.0, 5.0, 1.5, manual(0.5, 0.5)),
            zoom(1.0, 3.0, 2.0, manual(0.25, 0.75)),
        ],
        6.0,
    );
    for (time, amount, centre) in [
        (3.1, 1.8752, [0.3124, 0.6876]),
        (3.25, 1.6467, [0.4266, 0.5734]),
        (3.5, 1.5166, [0.4917, 0.5083]),
    ] {
        let state = at(&zooms, time);
        assert!((state.amount - amount).abs() < 1e-4, "{time}: {state:?}");
        assert!((state.activity - 1.0).abs() < 1e-3, "{time}: {state:?}");
        let off = |axis: usize| (state.centre[axis] - centre[axis]).abs();
        assert!(off(0) < 1e-4 && off(1) < 1e-4, "{time}: {state:?}");
    }
}

#[test]
fn rest_is_bit_for_bit_still_and_costs_no_memory() {
    let zooms = zooms(vec![zoom(100.0, 2000.0, 2.0, manual(0.2, 0.3))], 5000.0);
    assert_eq!(at(&zooms, 110.0), at(&zooms, 1999.987));
    assert_eq!(at(&zooms, 110.0).amount, 2.0);
    assert_eq!(at(&zooms, 1.0), at(&zooms, 99.999));
    assert_eq!(at(&zooms, 2010.0), at(&zooms, 4999.99));
    assert_eq!(at(&zooms, 2010.0).amount, 1.0);
    assert!(zooms.kept_samples() < 1000, "{}", zooms.kept_samples());
}

#[test]
fn instant_zooms_cut() {
    let mut cut = zoom(1.0, 2.0, 2.0, manual(0.2, 0.3));
    cut.instant_animation = true;
    let zooms = zooms(vec![cut], 4.0);
    assert_eq!(at(&zooms, 1.0).amount, 1.0);
    assert_eq!(at(&zooms, 1.009).amount, 2.0);
    assert_eq!(at(&zooms, 2.0).amount, 2.0);
    assert_eq!(at(&zooms, 2.009).amount, 1.0);
    assert_eq!(at(&zooms, 3.0).amount, 1.0);
}

#[test]
fn a_zoom_from_the_start_springs_open_unless_it_began_before() {
    let from_zero = zooms(vec![zoom(0.0, 2.0, 2.0, manual(0.2, 0.3))], 4.0);
    assert_eq!(at(&from_zero, 0.0).amount, 1.0);
    assert!((at(&from_zero, 0.1).amount - 1.250).abs() < 1e-3);
    let before = zooms(vec![zoom(-1.0, 2.0, 2.0, manual(0.2, 0.3))], 4.0);
    assert_eq!(at(&before, 0.0).amount, 2.0);
}

#[test]
fn automatic_zooms_follow_the_pointer_of_their_segment() {
    // Two segments with the pointer in opposite corners; the second is shown from 5 s on.
    let events = [
        moves(&[(0.0, 0.1, 0.1), (9000.0, 0.1, 0.1)]),
        moves(&[(0.0, 0.9, 0.9), (9000.0, 0.9, 0.9)]),
    ];
    let clips = vec![clip(0, 0.0, 5.0, 1.0), clip(1, 0.0, 5.0, 1.0)];
    let config = config(vec![zoom(1.0, 9.0, 2.0, ZoomMode::Auto)], clips);
    let zooms = made(&config, &events).unwrap();
    // 0.1 and 0.9 lie in the outer quarter and snap to the edges.
    assert_eq!(
        zooms.at(0, Side::Incoming, OutputTime::from_secs(4.0)).centre,
        [0.0, 0.0]
    );
    assert_eq!(
        zooms.at(1, Side::Incoming, OutputTime::from_secs(6.0)).centre,
        [1.0, 1.0]
    );
}

/// cap-look.md 6.4: within one segment each side of a transition follows its own moment of it.
#[test]
fn both_sides_of_a_transition_zoom_for_themselves() {
    // The pointer is at the left up to 5 s, and at the right from then on.
    let events = [moves(&[
        (0.0, 0.1, 0.5),
        (4999.0, 0.1, 0.5),
        (5000.0, 0.9, 0.5),
        (9000.0, 0.9, 0.5),
    ])];
    let mut config = config(
        vec![zoom(0.2, 3.5, 2.0, ZoomMode::Auto)],
        vec![clip(0, 0.0, 3.0, 1.0), clip(0, 6.0, 9.0, 1.0)],
    );
    config.timeline.as_mut().unwrap().transitions = vec![crate::cap::config::Transition {
        segment_index: 1,
        kind: crate::cap::config::TransitionKind::CrossFade,
        duration: 1.5,
    }];
    let zooms = made(&config, &events).unwrap();
    let x = |side, time| zooms.at(0, side, OutputTime::from_secs(time)).centre[0];
    // The second clip begins at 1.5 s.
    assert_eq!(x(Side::Incoming, 1.4), x(Side::Outgoing, 1.4));
    assert!(x(Side::Incoming, 2.5) > 0.8, "{}", x(Side::Incoming, 2.5));
    assert!(x(Side::Outgoing, 2.9) < 0.2, "{}", x(Side::Outgoing, 2.9));
}

#[test]
fn automatic_zooms_read_source_time() {
    // At speed 2 the pointer's jump at 4 s of source comes at 2 s of output.
    let events = [moves(&[
        (0.0, 0.1, 0.1),
        (3999.0, 0.1, 0.1),
        (4000.0, 0.9, 0.9),
        (9000.0, 0.9, 0.9),
    ])];
    let config = config(
        vec![zoom(0.5, 4.0, 2.0, ZoomMode::Auto)],
        vec![clip(0, 0.0, 9.0, 2.0)],
    );
    let zooms = made(&config, &events).unwrap();
    assert_eq!(at(&zooms, 1.99).centre, [0.0, 0.0]);
    assert!(at(&zooms, 2.1).centre[0] > 0.1);
    assert!((at(&zooms, 3.8).centre[0] - 1.0).abs() < 1e-3);
}

#[test]
fn amounts_below_one_and_impossible_springs() {
    let small = zooms(vec![zoom(1.0, 3.0, 0.2, manual(0.0, 0.0))], 6.0);
    assert_eq!(at(&small, 2.0).amount, 1.0);
    assert_eq!(at(&small, 2.0).activity, 1.0);

    let mut stiff = config(
        vec![zoom(0.0, 1.0, 2.0, manual(0.0, 0.0))],
        vec![clip(0, 0.0, 1.0, 1.0)],
    );
    stiff.screen_movement_spring.stiffness = 0.0;
    assert!(matches!(made(&stiff, &[vec![]]), Err(SceneError::Setting { .. })));
}

#[test]
fn skipping_rests_changes_nothing() {
    // Against every step of cap-look.md 6.3 done one by one.
    let segments = vec![
        zoom(1.0, 3.0, 2.0, manual(0.25, 0.75)),
        zoom(3.0, 3.004, 1.5, manual(0.5, 0.5)),
        zoom(8.0, 8.001, 3.0, manual(0.1, 0.9)),
        zoom(9.0, 9.5, 2.5, manual(0.9, 0.1)),
    ];
    let skipping = zooms(segments.clone(), 20.0);
    let mut motion = (Motion::resting([0.5, 0.5]), Motion::resting([1.0, 0.0]));
    let spring = SpringStep::new(
        SpringConstants {
            tension: 200.0,
            mass: 2.25,
            friction: 40.0,
        },
        STEP,
    );
    let mut last = [0.5, 0.5];
    for step in 1..2500u32 {
        let time = f64::from(step) * STEP;
        let active = segments.iter().find(|s| s.start < time && time <= s.end);
        let target = match active.map(|s| (s.amount, s.mode)) {
            Some((amount, ZoomMode::Manual(centre))) => {
                last = [centre.x, centre.y];
                [amount, 1.0]
            }
            _ => [1.0, 0.0],
        };
        let (centre, amount) = &mut motion;
        if amount.position[0] <= PRE_AIM {
            *centre = Motion::resting(last);
        }
        spring.advance(centre, last);
        spring.advance(amount, target);
        if amount.position[0] < 1.0 {
            amount.position[0] = 1.0;
            amount.velocity[0] = 0.0;
        }
        assert_eq!(
            skipping.tracks[0].at(u64::from(step)),
            sample(centre, amount),
            "{time}"
        );
    }
}

proptest! {
    #[test]
    fn the_zoom_stays_within_its_limits(
        list in prop::collection::vec((0.0..10.0f64, 0.0..4.0f64, 0.5..5.0f64, 0.0..1.0f64, any::<(bool, bool)>()), 0..6),
        pointer in prop::collection::vec((0.0..12_000.0f64, -0.5..1.5f64), 0..40),
        time in 0.0..12.0f64,
    ) {
        let segments: Vec<_> = list
            .iter()
            .map(|&(start, length, amount, x, (auto, instant))| ZoomSegment {
                instant_animation: instant,
                ..zoom(start, start + length, amount, if auto { ZoomMode::Auto } else { manual(x, 1.0 - x) })
            })
            .collect();
        let mut events: Vec<_> = pointer.iter().map(|&(ms, x)| (ms, x, x)).collect();
        events.sort_by(|a, b| a.0.total_cmp(&b.0));
        let largest = list.iter().map(|zoom| zoom.2).fold(1.0, f64::max);
        let zooms = made(&config(segments, vec![clip(0, 0.0, 12.0, 1.0)]), &[moves(&events)]).unwrap();
        let state = at(&zooms, time);
        // The default spring is slightly underdamped: it overshoots by a fraction of a per cent.
        prop_assert!(state.amount >= 1.0 && state.amount <= largest + 0.01 * (largest - 1.0), "{:?}", state);
        prop_assert!(state.centre.iter().all(|v| (0.0..=1.0).contains(v)));
        prop_assert!((0.0..=1.0).contains(&state.activity));
    }
}
