use super::*;
use crate::cap::config::Transition;
use crate::scene::fixtures::{clip, facts, segment_facts, text, timeline};
use crate::scene::{SegmentFacts, VideoFacts};
use proptest::prelude::*;

fn at(seconds: f64) -> OutputTime {
    OutputTime::from_secs(seconds)
}

fn made(config: &config::Timeline, durations: &[f64]) -> Result<(Timeline, Vec<String>), SceneError> {
    let mut checks = Checks::default();
    let timeline = Timeline::new(Some(config), &facts(durations), &mut checks)?;
    Ok((timeline, checks.warnings))
}

fn quiet(config: &config::Timeline, durations: &[f64]) -> Timeline {
    let (timeline, warnings) = made(config, durations).unwrap();
    assert_eq!(warnings, [""; 0]);
    timeline
}

fn cross_fade(segment_index: u32, duration: f64) -> Transition {
    Transition {
        segment_index,
        kind: TransitionKind::CrossFade,
        duration,
    }
}

/// Clip and source time at `seconds`.
fn shown(timeline: &Timeline, seconds: f64) -> (usize, f64) {
    let located = timeline.locate(at(seconds)).unwrap();
    (located.clip, located.source.secs())
}

#[test]
fn clips_follow_each_other_in_any_order_and_at_any_speed() {
    // cap-look.md 3.1
    let config = timeline(vec![
        clip(1, 4.0, 8.0, 2.0),
        clip(0, 1.0, 2.0, 0.5),
        clip(1, 4.0, 5.0, 1.0),
    ]);
    let timeline = quiet(&config, &[10.0, 10.0]);
    assert_eq!(timeline.duration(), 5.0);
    assert_eq!(shown(&timeline, 0.0), (0, 4.0));
    assert_eq!(shown(&timeline, 1.5), (0, 7.0));
    assert_eq!(shown(&timeline, 2.0), (1, 1.0));
    assert_eq!(shown(&timeline, 3.0), (1, 1.5));
    assert_eq!(shown(&timeline, 4.5), (2, 4.5));
    assert_eq!(timeline.locate(at(5.0)), None);
    assert_eq!(timeline.locate(at(-0.001)), None);
    assert_eq!(timeline.clips()[0].segment, 1);
}

#[test]
fn holds_pause_the_clips() {
    // cap-look.md 24
    let mut config = timeline(vec![clip(0, 0.0, 4.0, 1.0), clip(0, 20.0, 26.0, 1.0)]);
    config.text_segments = vec![text(2.0, 5.0, "fullscreen")];
    let timeline = quiet(&config, &[30.0]);
    assert_eq!(timeline.duration(), 13.0);
    assert_eq!(shown(&timeline, 3.5), (0, 2.0));
    assert!(timeline.locate(at(3.5)).unwrap().held);
    assert_eq!(shown(&timeline, 7.5), (1, 20.5));
    assert!(!timeline.locate(at(7.5)).unwrap().held);
    assert_eq!(timeline.clips()[1].output_start, at(7.0));
    assert_eq!(timeline.clips()[1].duration, 6.0);
    assert_eq!(timeline.holds().len(), 1);
}

#[test]
fn transitions_overlap_the_clips() {
    // cap-look.md 24
    let mut config = timeline(vec![clip(0, 0.0, 4.0, 1.0), clip(0, 20.0, 26.0, 1.0)]);
    config.transitions = vec![cross_fade(1, 9.0), cross_fade(1, 1.0)];
    let timeline = quiet(&config, &[30.0]);
    assert_eq!(timeline.duration(), 9.0);
    assert_eq!(timeline.clips()[1].output_start, at(3.0));
    let located = timeline.locate(at(3.25)).unwrap();
    assert_eq!((located.clip, located.source.secs()), (1, 20.25));
    assert_eq!(
        located.outgoing,
        Some(Outgoing {
            clip: 0,
            source: SourceTime::from_secs(3.25),
            progress: 0.25
        })
    );
    assert_eq!(timeline.locate(at(2.999)).unwrap().outgoing, None);
    assert_eq!(timeline.locate(at(4.0)).unwrap().outgoing, None);
}

#[test]
fn transitions_are_limited_to_half_the_shorter_clip() {
    // cap-look.md 3.2
    let lengths = |first: f64, duration: f64| {
        let mut config = timeline(vec![clip(0, 0.0, first, 1.0), clip(0, 0.0, 4.0, 1.0)]);
        config.transitions = vec![cross_fade(1, duration), cross_fade(0, 1.0), cross_fade(7, 1.0)];
        quiet(&config, &[9.0]).clips()[1]
            .transition_in
            .map(|transition| transition.duration)
    };
    assert_eq!(lengths(1.0, 3.0), Some(0.5));
    assert_eq!(lengths(1.0, 0.01), Some(0.05));
    assert_eq!(lengths(0.0625, 1.0), None);
    assert_eq!(lengths(1.0, 0.0), None);
    assert_eq!(lengths(1.0, -2.0), None);
}

#[test]
fn without_a_timeline_every_segment_plays_whole() {
    // cap-format.md 6.6
    let mut long_camera: SegmentFacts = segment_facts(5.0);
    long_camera.camera = Some(VideoFacts {
        duration: 6.0,
        ..long_camera.display
    });
    long_camera.mic_duration = Some(5.5);
    let facts = Facts {
        segments: vec![segment_facts(2.0), long_camera],
    };
    let timeline = Timeline::new(None, &facts, &mut Checks::default()).unwrap();
    assert_eq!(timeline.duration(), 8.0);
    assert_eq!(shown(&timeline, 2.0), (1, 0.0));
    assert_eq!(timeline.clips()[1].segment, 1);
}

#[test]
fn what_can_not_be_shown_is_left_out_with_a_word() {
    let mut config = timeline(vec![
        clip(0, 0.0, 2.0, 1.0),
        clip(9, 0.0, 2.0, 1.0),
        clip(0, 3.0, 3.0, 1.0),
        clip(0, 5.0, 6.0, 1.0),
    ]);
    // The left neighbour of clip 3 is gone, so it has nothing to fade from.
    config.transitions = vec![cross_fade(3, 0.5)];
    let (timeline, warnings) = made(&config, &[10.0]).unwrap();
    assert_eq!(warnings.len(), 2);
    assert_eq!(timeline.duration(), 3.0);
    assert_eq!(timeline.clips()[1].index, 3);
    assert_eq!(timeline.clips()[1].transition_in, None);
}

#[test]
fn nonsense_is_refused() {
    let refused = |clips: Vec<config::Clip>| made(&timeline(clips), &[10.0]).map(|_| ()).unwrap_err();
    assert!(
        refused(vec![clip(0, 0.0, 1.0, 0.0)])
            .to_string()
            .contains("timeline.segments[0].timescale")
    );
    assert!(matches!(
        refused(vec![clip(0, 0.0, 1.0, -1.0)]),
        SceneError::Setting { .. }
    ));
    assert!(matches!(
        refused(vec![clip(0, 2.0, 1.0, 1.0)]),
        SceneError::Setting { .. }
    ));
    assert!(matches!(
        refused(vec![clip(0, f64::NAN, 1.0, 1.0)]),
        SceneError::Setting { .. }
    ));
    assert!(matches!(refused(vec![]), SceneError::NothingToExport(_)));
    assert!(matches!(
        refused(vec![clip(3, 0.0, 1.0, 1.0)]),
        SceneError::NothingToExport(_)
    ));
    assert!(matches!(
        refused(vec![clip(0, 0.0, 1.0, 1e-300)]),
        SceneError::TooLong { .. }
    ));
    assert!(matches!(
        refused(vec![clip(0, 0.0, 1e300, 1e-300)]),
        SceneError::TooLong { .. }
    ));
}

#[test]
fn frame_counts() {
    // cap-look.md 24
    let count = |duration, fps| {
        let config = timeline(vec![clip(0, 0.0, duration, 1.0)]);
        quiet(&config, &[100.0]).frame_count(FrameRate::new(fps).unwrap())
    };
    assert_eq!(count(2.5, 30), Ok(75));
    assert_eq!(count(2.501, 30), Ok(76));
    assert_eq!(count(27.0, 60), Ok(1620));
    assert_eq!(count(0.001, 1), Ok(1));
    let config = timeline(vec![clip(0, 0.2, 1.1, 1.0)]);
    let count_of_a_clip = quiet(&config, &[100.0]).frame_count(FrameRate::new(30).unwrap());
    assert_eq!(count_of_a_clip, Ok(27));
    assert!(matches!(
        count(80_000.0, u32::MAX),
        Err(SceneError::TooManyFrames { .. })
    ));
}

#[test]
fn a_segment_keeps_its_own_time() {
    let mut config = timeline(vec![
        clip(0, 10.0, 12.0, 1.0),
        clip(1, 0.0, 2.0, 1.0),
        clip(0, 20.0, 24.0, 2.0),
        clip(0, 0.0, 2.0, 1.0),
    ]);
    config.transitions = vec![cross_fade(3, 1.0)];
    let timeline = quiet(&config, &[30.0, 30.0]);
    let of = timeline.of_segment(0, Side::Incoming);
    let source = |of: &SegmentTime<'_>, t| of.source_at(at(t)).secs();
    assert_eq!(source(&of, -1.0), 10.0);
    assert_eq!(source(&of, 1.0), 11.0);
    // The clip in effect counts, though it is of the other segment.
    assert_eq!(source(&of, 3.0), 1.0);
    assert_eq!(source(&of, 4.5), 21.0);
    // Of two overlapping clips of the segment the later counts for the incoming side, the earlier for the outgoing one.
    assert_eq!(source(&of, 5.5), 0.5);
    let outgoing = timeline.of_segment(0, Side::Outgoing);
    assert_eq!(source(&outgoing, 5.5), 23.0);
    assert_eq!(source(&outgoing, 6.5), 1.5);
    // To the other segment both are foreign: the incoming one counts.
    let other = timeline.of_segment(1, Side::Outgoing);
    assert_eq!(source(&other, 5.5), 0.5);
    assert_eq!(source(&of, 99.0), 2.0);
    assert_eq!(timeline.joined_to_themselves(), BTreeSet::from([0]));
    assert_eq!(of.last_source(), Some(SourceTime::from_secs(24.0)));
    assert!(of.shown_near(at(2.05), 0.1) && !of.shown_near(at(3.0), 0.1) && of.shown_near(at(3.95), 0.1));
    assert_eq!(timeline.of_segment(7, Side::Incoming).last_source(), None);
}

/// A transition between two segments: each sees its own clip through it.
#[test]
fn both_sides_of_a_border_keep_their_own_clip() {
    let mut config = timeline(vec![clip(1, 6.0, 8.0, 1.0), clip(0, 10.0, 12.0, 1.0)]);
    config.transitions = vec![cross_fade(1, 1.0)];
    let timeline = quiet(&config, &[30.0, 30.0]);
    for side in [Side::Incoming, Side::Outgoing] {
        let source = |segment, t| timeline.of_segment(segment, side).source_at(at(t)).secs();
        assert_eq!((source(0, 0.5), source(1, 0.5)), (6.5, 6.5));
        assert_eq!((source(0, 1.5), source(1, 1.5)), (10.5, 7.5));
        assert_eq!((source(0, 2.5), source(1, 2.5)), (11.5, 11.5));
    }
    assert!(timeline.joined_to_themselves().is_empty());
}

proptest! {
    #[test]
    fn every_moment_has_a_clip_and_none_beyond(
        clips in prop::collection::vec((0.0..20.0f64, 0.001..9.0f64, 0.1..8.0f64), 1..8),
        fades in prop::collection::vec((1u32..8, 0.0..5.0f64), 0..6),
        texts in prop::collection::vec((0.0..60.0f64, 0.0..4.0f64), 0..4),
        part in 0.0..1.0f64,
    ) {
        let mut config = timeline(clips.iter().map(|&(start, length, speed)| clip(0, start, start + length, speed)).collect());
        config.transitions = fades.iter().map(|&(index, duration)| cross_fade(index, duration)).collect();
        config.text_segments = texts.iter().map(|&(start, length)| text(start, start + length, "fullscreen")).collect();
        let (timeline, _) = made(&config, &[30.0]).unwrap();
        let duration = timeline.duration();

        prop_assert!(timeline.locate(at(0.0)).is_some());
        prop_assert!(timeline.locate(at(duration.next_down())).is_some());
        prop_assert!(timeline.locate(at(duration)).is_none());
        let located = timeline.locate(at(duration * part * 0.999_999)).unwrap();
        let clip = &timeline.clips()[located.clip];
        prop_assert!((clip.source_start..=clip.source_end).contains(&located.source));
        if let Some(outgoing) = located.outgoing {
            prop_assert!((0.0..1.0).contains(&outgoing.progress));
            let clip = &timeline.clips()[outgoing.clip];
            prop_assert!((clip.source_start..=clip.source_end).contains(&outgoing.source));
        }
        if let (false, Some(back)) = (located.held, timeline.output_time_in(located.clip, located.source)) {
            let again = timeline.locate(back).unwrap();
            prop_assert!((again.source - located.source).abs() < 1e-6 || again.clip != located.clip);
        }

        let rate = FrameRate::new(30).unwrap();
        let frames = timeline.frame_count(rate).unwrap();
        prop_assert!(timeline.locate(rate.time_of(frames - 1)).is_some());
        prop_assert!((frames as f64 - (30.0 * duration).ceil()).abs() <= 1.0);
    }
}
