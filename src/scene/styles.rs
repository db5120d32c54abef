//! Which style is in effect: parts of the configuration that are replaced for a while (cap-additions.md).

use super::error::{SceneError, finite};
use super::intervals::FirstAt;
use crate::cap::config::StyleSegment;

/// The style segments of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Styles {
    background: Choice,
    camera: Choice,
    pointer: Choice,
    camera_only_padding: Choice,
}

/// Whose settings count at a moment: positions in `timeline.styleSegments`; `None` is the configuration itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct StyleState {
    /// For `background`.
    pub(crate) background: Option<usize>,
    /// For `camera`.
    pub(crate) camera: Option<usize>,
    /// For `cursor`.
    pub(crate) pointer: Option<usize>,
    /// For `cameraOnlyPadding`.
    pub(crate) camera_only_padding: Option<usize>,
}

/// The segments that replace one object, the one that wins first.
#[derive(Clone, Debug, Default, PartialEq)]
struct Choice {
    intervals: FirstAt,
    segments: Vec<usize>,
}

impl Choice {
    fn new(list: &[StyleSegment], replaces: impl Fn(&StyleSegment) -> bool) -> Self {
        let mut segments: Vec<usize> = (0..list.len())
            .filter(|&index| list[index].enabled && replaces(&list[index]))
            .collect();
        segments.sort_by(|&a, &b| {
            let (first, second) = (&list[b], &list[a]);
            let by_start = || first.start.total_cmp(&second.start);
            first.track.cmp(&second.track).then_with(by_start).then(b.cmp(&a))
        });
        Self {
            intervals: FirstAt::new(segments.iter().map(|&index| (list[index].start, list[index].end))),
            segments,
        }
    }

    fn at(&self, time: f64) -> Option<usize> {
        self.intervals.at(time).map(|position| self.segments[position])
    }
}

impl Styles {
    /// Reads `list`, `timeline.styleSegments` of the configuration.
    ///
    /// # Errors
    /// When a time is not finite.
    pub(crate) fn new(list: &[StyleSegment]) -> Result<Self, SceneError> {
        for (index, segment) in list.iter().enumerate() {
            finite(&format!("timeline.styleSegments[{index}].start"), segment.start)?;
            finite(&format!("timeline.styleSegments[{index}].end"), segment.end)?;
        }
        Ok(Self {
            background: Choice::new(list, |segment| segment.overrides.background.is_some()),
            camera: Choice::new(list, |segment| segment.overrides.camera.is_some()),
            pointer: Choice::new(list, |segment| segment.overrides.cursor.is_some()),
            camera_only_padding: Choice::new(list, |segment| segment.overrides.camera_only_padding.is_some()),
        })
    }

    /// Whose settings count at output time `time`, seconds.
    pub(crate) fn at(&self, time: f64) -> StyleState {
        StyleState {
            background: self.background.at(time),
            camera: self.camera.at(time),
            pointer: self.pointer.at(time),
            camera_only_padding: self.camera_only_padding.at(time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn styles(list: serde_json::Value) -> Styles {
        let list: Vec<StyleSegment> = serde_json::from_value(list).unwrap();
        Styles::new(&list).unwrap()
    }

    fn state(background: Option<usize>, camera: Option<usize>, pointer: Option<usize>) -> StyleState {
        StyleState {
            background,
            camera,
            pointer,
            camera_only_padding: None,
        }
    }

    #[test]
    fn the_highest_row_then_the_latest_start_then_the_last_wins() {
        let styles = styles(serde_json::json!([
            { "start": 0, "end": 9, "track": 1, "overrides": { "background": {}, "cursor": {} } },
            { "start": 1, "end": 9, "overrides": { "background": {}, "camera": {} } },
            { "start": 2, "end": 4, "overrides": { "camera": {} } },
            { "start": 2, "end": 3, "overrides": { "camera": {} } },
            { "start": 2, "end": 9, "track": 7, "enabled": false, "overrides": { "cursor": {} } },
            { "start": 5, "end": 6, "track": 2, "overrides": { "background": {}, "cursor": {} } },
        ]));
        assert_eq!(styles.at(0.5), state(Some(0), None, Some(0)));
        assert_eq!(styles.at(1.0), state(Some(0), Some(1), Some(0)));
        assert_eq!(styles.at(2.5), state(Some(0), Some(3), Some(0)));
        assert_eq!(styles.at(3.0), state(Some(0), Some(2), Some(0)));
        assert_eq!(styles.at(4.5), state(Some(0), Some(1), Some(0)));
        assert_eq!(styles.at(5.0), state(Some(5), Some(1), Some(5)));
        assert_eq!(styles.at(6.0), state(Some(0), Some(1), Some(0)));
        assert_eq!(styles.at(9.0), StyleState::default());
    }

    #[test]
    fn the_ring_around_a_camera_is_chosen_on_its_own() {
        let styles = styles(serde_json::json!([
            { "start": 0, "end": 9, "overrides": { "cameraOnlyPadding": 10 } },
            { "start": 1, "end": 3, "track": 1, "overrides": { "camera": {} } },
            { "start": 2, "end": 4, "overrides": { "cameraOnlyPadding": 0 } },
        ]));
        let chosen = |time| styles.at(time).camera_only_padding;
        assert_eq!(
            [1.0, 2.0, 4.0, 9.0].map(chosen),
            [Some(0), Some(2), Some(0), None]
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let mut list: Vec<StyleSegment> =
            serde_json::from_value(serde_json::json!([{ "start": 0, "end": 9 }])).unwrap();
        list[0].end = f64::NAN;
        assert!(Styles::new(&list).is_err());
    }
}
