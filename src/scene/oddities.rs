//! What a recording allows and hardly anybody means: said once, exported all the same.

use super::facts::Facts;
use super::timeline::Timeline;
use crate::cap::Recording;

/// Seconds that a clip may run beyond the longest track of its segment: writers round, and count a last picture in.
const BEYOND: f64 = 1.0;

/// Warnings for a person, each kind once.
pub fn oddities(recording: &Recording, facts: &Facts, timeline: &Timeline) -> Vec<String> {
    long_clips(facts, timeline)
        .into_iter()
        .chain(late_camera(recording, facts, timeline))
        .collect()
}

/// Clips that go on long after everything that was recorded has ended.
fn long_clips(facts: &Facts, timeline: &Timeline) -> Option<String> {
    let mut long = timeline.clips().iter().enumerate().filter_map(|(index, clip)| {
        let recorded = facts.segments.get(clip.segment)?.duration();
        (clip.source_end.secs() > recorded + BEYOND).then_some((index, clip, recorded))
    });
    let (index, clip, recorded) = long.next()?;
    let others = match long.count() {
        0 => String::new(),
        1 => " (and so does 1 more clip)".to_owned(),
        more => format!(" (and so do {more} more clips)"),
    };
    Some(format!(
        "clip {index} shows segment {} up to {:.1} s, but its recording ends at {recorded:.1} s: the last picture stands still for \
         the rest{others}; check timeline.segments in project-config.json",
        clip.segment,
        clip.source_end.secs()
    ))
}

/// A camera that is recorded and shown nowhere, since the first segment decides whether there is one (cap-format.md 7).
fn late_camera(recording: &Recording, facts: &Facts, timeline: &Timeline) -> Option<String> {
    if !recording.needs().camera_shown() || facts.segments.first()?.camera.is_some() {
        return None;
    }
    let shown = |segment: usize| timeline.clips().iter().any(|clip| clip.segment == segment);
    let late = facts
        .segments
        .iter()
        .enumerate()
        .position(|(segment, facts)| facts.camera.is_some() && shown(segment))?;
    Some(format!(
        "segment {late} has a camera, but it is not shown, as in Cap: whether there is a camera is decided by segment 0, which has none"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::ProjectConfig;
    use crate::cap::events::PointerEvents;
    use crate::scene::fixtures::{self, clip, facts};
    use crate::scene::{Scene, SceneSettings, VideoFacts};

    fn found(
        clips: Vec<crate::cap::config::Clip>,
        facts: &Facts,
        change: fn(&mut ProjectConfig),
    ) -> Vec<String> {
        let mut config = ProjectConfig {
            timeline: Some(fixtures::timeline(clips)),
            ..ProjectConfig::default()
        };
        change(&mut config);
        let events = vec![PointerEvents::default(); facts.segments.len()];
        let recording = fixtures::recording(&events, config);
        let settings = SceneSettings {
            frame_rate: crate::time::FrameRate::new(30).unwrap(),
            bounds: crate::frame::Size::new(1920, 1080),
            hold_zoom_tails: false,
        };
        let sizes = std::collections::BTreeMap::from([("a".to_owned(), crate::frame::Size::new(32, 48))]);
        let scene = Scene::new(
            &recording,
            facts,
            &sizes,
            settings,
            &fixtures::text_settings(false),
        )
        .unwrap();
        oddities(&recording, facts, scene.timeline())
    }

    #[test]
    fn a_clip_far_longer_than_its_source_is_named_once() {
        let recorded = facts(&[6.0, 8.0]);
        let none = |_: &mut ProjectConfig| {};
        assert!(
            found(
                vec![clip(0, 0.0, 6.9, 1.0), clip(1, 0.0, 8.0, 1.0)],
                &recorded,
                none
            )
            .is_empty()
        );
        let clips = vec![
            clip(0, 0.0, 6.0, 1.0),
            clip(1, 3.0, 80_000.0, 1.0),
            clip(0, 0.0, 7.5, 1.0),
            clip(0, 5.0, 9.0, 1.0),
        ];
        assert_eq!(
            found(clips, &recorded, none),
            [
                "clip 1 shows segment 1 up to 80000.0 s, but its recording ends at 8.0 s: the last picture stands still for the rest \
              (and so do 2 more clips); check timeline.segments in project-config.json"
            ]
        );
    }

    #[test]
    fn a_camera_that_only_a_later_segment_has_is_named_once() {
        let mut recorded = facts(&[6.0, 6.0, 6.0]);
        let camera = Some(VideoFacts {
            size: crate::frame::Size::new(640, 480),
            duration: 6.0,
        });
        recorded.segments[1].camera = camera;
        recorded.segments[2].camera = camera;
        let clips = |segments: &[u32]| {
            segments
                .iter()
                .map(|&segment| clip(segment, 0.0, 6.0, 1.0))
                .collect::<Vec<_>>()
        };
        let warnings = found(clips(&[0, 2]), &recorded, |_| {});
        assert_eq!(warnings.len(), 1);
        assert!(
            warnings[0].starts_with("segment 2 has a camera, but it is not shown"),
            "{warnings:?}"
        );
        assert!(found(clips(&[0]), &recorded, |_| {}).is_empty());
        assert!(found(clips(&[0, 1]), &recorded, |config| config.camera.hide = true).is_empty());
        recorded.segments[0].camera = camera;
        assert!(found(clips(&[0, 1]), &recorded, |_| {}).is_empty());
    }
}
