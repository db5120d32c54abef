//! `cursor.json` of a segment read, made safe and put in order (cap-format.md 5.1 to 5.3).

use super::MAX_SECONDS;
use super::events::PointerEvents;
use super::json;
use super::paths::{PathFault, Root};
use super::problem::Problems;

/// Positions further away than this many captured widths are damage, not a pointer on another screen.
const MAX_DISTANCE: f64 = 100.0;

/// The events at `stored`, in time order; empty, with a warning, where they can't be read: a recording without its pointer
/// is still worth exporting. A path out of the recording is an error at `at` in `meta_file`.
pub(super) fn load(
    root: &Root,
    stored: &str,
    meta_file: &str,
    at: &str,
    problems: &mut Problems,
) -> PointerEvents {
    let path = match root.file(stored) {
        Ok(path) => path,
        Err(fault @ PathFault::Leaves(_)) => {
            problems.error(meta_file, at, fault.to_string());
            return PointerEvents::default();
        }
        Err(fault) => {
            problems.warn(
                meta_file,
                at,
                format!("{fault}; no pointer is drawn in this segment"),
            );
            return PointerEvents::default();
        }
    };
    let bytes = match json::read(&path, json::EVENTS_LIMIT) {
        Ok(bytes) => bytes,
        Err(fault) => {
            problems.warn(
                stored,
                "",
                format!("{fault}; no pointer is drawn in this segment"),
            );
            return PointerEvents::default();
        }
    };
    match json::parse::<PointerEvents>(&bytes) {
        Ok(mut events) => {
            make_safe(&mut events, stored, problems);
            events
        }
        Err(issues) => {
            for issue in issues {
                let message = format!("{}; no pointer is drawn in this segment", issue.message);
                problems.warn(stored, &issue.path, message);
            }
            PointerEvents::default()
        }
    }
}

/// Leaves out what no recorder writes and sorts by time, which everything that reads the events relies on.
fn make_safe(events: &mut PointerEvents, file: &str, problems: &mut Problems) {
    let in_time = |ms: f64| (ms / 1000.0).abs() <= MAX_SECONDS;
    let before = events.moves.len() + events.clicks.len();
    events.moves.retain(|event| {
        in_time(event.time_ms) && event.x.abs() <= MAX_DISTANCE && event.y.abs() <= MAX_DISTANCE
    });
    events.clicks.retain(|click| in_time(click.time_ms));
    let gone = before - events.moves.len() - events.clicks.len();
    if gone > 0 {
        let message =
            format!("{gone} of {before} events have impossible times or positions and are left out");
        problems.warn(file, "", message);
    }
    for (key, sorted) in [
        ("moves", events.moves.is_sorted_by(|a, b| a.time_ms <= b.time_ms)),
        (
            "clicks",
            events.clicks.is_sorted_by(|a, b| a.time_ms <= b.time_ms),
        ),
    ] {
        if !sorted {
            problems.warn(file, key, "not in time order; sorted");
        }
    }
    events.moves.sort_by(|a, b| a.time_ms.total_cmp(&b.time_ms));
    events.clicks.sort_by(|a, b| a.time_ms.total_cmp(&b.time_ms));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::problem::{Problem, Severity};

    fn loaded(text: Option<&str>, stored: &str) -> (PointerEvents, Vec<Problem>) {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = text {
            std::fs::write(folder.path().join("cursor.json"), text).unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let mut problems = Problems::default();
        let events = load(
            &root,
            stored,
            "recording-meta.json",
            "segments[0].cursor",
            &mut problems,
        );
        (events, problems.into_all())
    }

    #[test]
    fn the_sample_of_the_specification_is_read() {
        let text = r#"{ "clicks": [
            { "active_modifiers": [], "cursor_num": 1, "cursor_id": "0", "time_ms": 1510.2, "down": true },
            { "active_modifiers": [], "cursor_num": 1, "cursor_id": "0", "time_ms": 1598.7, "down": false } ],
          "moves": [
            { "active_modifiers": [], "cursor_id": "0", "time_ms": 17.3, "x": 0.412, "y": 0.530 },
            { "active_modifiers": [], "cursor_id": "0", "time_ms": 33.9, "x": 0.418, "y": 0.526 } ],
          "cursor_images": {} }"#;
        let (events, problems) = loaded(Some(text), "cursor.json");
        assert_eq!(problems, []);
        assert_eq!((events.moves.len(), events.clicks.len()), (2, 2));
        assert_eq!((events.moves[1].time_ms, events.moves[1].x), (33.9, 0.418));
        assert!(events.clicks[0].down && !events.clicks[1].down);
    }

    #[test]
    fn a_missing_or_damaged_file_is_a_warning_and_an_escape_an_error() {
        let (events, problems) = loaded(None, "cursor.json");
        assert_eq!(events, PointerEvents::default());
        assert_eq!(problems[0].severity, Severity::Warning);
        assert_eq!(problems[0].json_path.as_deref(), Some("segments[0].cursor"));
        let (events, problems) = loaded(
            Some(r#"{"moves": [{"cursor_id": "0", "time_ms": "x", "x": 0, "y": 0}], "clicks": []}"#),
            "cursor.json",
        );
        assert_eq!(events, PointerEvents::default());
        assert_eq!(problems[0].severity, Severity::Warning);
        assert_eq!(problems[0].json_path.as_deref(), Some("moves[0].time_ms"));
        let (_, problems) = loaded(Some("{}"), "../cursor.json");
        assert_eq!(problems[0].severity, Severity::Error);
    }

    #[test]
    fn events_are_sorted_and_impossible_ones_left_out() {
        let text = r#"{ "clicks": [], "moves": [
            { "cursor_id": "b", "time_ms": 20, "x": 0, "y": 0 }, { "cursor_id": "a", "time_ms": 10, "x": 0, "y": 0 },
            { "cursor_id": "c", "time_ms": 20, "x": 0, "y": 0 }, { "cursor_id": "d", "time_ms": 1e300, "x": 0, "y": 0 },
            { "cursor_id": "e", "time_ms": 30, "x": 1e300, "y": 0 } ] }"#;
        let (events, problems) = loaded(Some(text), "cursor.json");
        let ids: Vec<_> = events
            .moves
            .iter()
            .map(|event| event.cursor_id.as_str())
            .collect();
        assert_eq!(ids, ["a", "b", "c"]);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].message.starts_with("2 of 5 events"));
    }
}
