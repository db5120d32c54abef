//! Short-lived pointer shapes removed from the events of a segment (cap-format.md 5.4).

use std::collections::{BTreeMap, HashMap};

use super::events::PointerEvents;
use super::meta::CursorImage;

/// Shapes shown for less than this are replaced, milliseconds.
const THRESHOLD_MS: f64 = 1000.0;

/// Consecutive moves with the same pointer.
struct Run {
    id: String,
    start: f64,
    duration: f64,
    moves: std::ops::Range<usize>,
}

/// Whether an image is a plain arrow; macOS 26's own arrow is not counted, as in Cap (cap-format.md 2.6).
fn is_arrow(image: &CursorImage) -> bool {
    matches!(image.shape.as_deref(), Some("MacOS|Arrow" | "Windows|Arrow"))
}

/// Replaces, in events that are in time order, the pointer of every run shorter than a second that isn't an arrow: by the
/// first arrow, else by the pointer shown longest (the earlier one of two). Clicks take the pointer of the run they fall in.
pub(super) fn clean_up(events: &mut PointerEvents, images: &BTreeMap<String, CursorImage>) {
    let mut runs = runs(events);
    if events.moves.len() < 2 || runs.len() < 2 {
        return;
    }
    let arrow = |id: &str| images.get(id).is_some_and(is_arrow);
    let preferred = runs.iter().find(|run| arrow(&run.id)).map(|run| run.id.clone());
    let Some(substitute) = preferred.or_else(|| dominant(&runs)) else {
        return;
    };
    for run in &mut runs {
        if run.duration < THRESHOLD_MS && !arrow(&run.id) {
            run.id.clone_from(&substitute);
            for index in run.moves.clone() {
                events.moves[index].cursor_id.clone_from(&substitute);
            }
        }
    }
    for click in &mut events.clicks {
        let after = runs.partition_point(|run| run.start <= click.time_ms);
        if let Some(run) = after.checked_sub(1).and_then(|index| runs.get(index)) {
            click.cursor_id.clone_from(&run.id);
        }
    }
}

fn runs(events: &PointerEvents) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, event) in events.moves.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.id == event.cursor_id => run.moves.end = index + 1,
            _ => runs.push(Run {
                id: event.cursor_id.clone(),
                start: event.time_ms,
                duration: 0.0,
                moves: index..index + 1,
            }),
        }
    }
    let last_move = events.moves.last().map_or(0.0, |event| event.time_ms);
    let ends: Vec<f64> = runs
        .iter()
        .skip(1)
        .map(|run| run.start)
        .chain([last_move])
        .collect();
    for (run, end) in runs.iter_mut().zip(ends) {
        run.duration = (end - run.start).max(0.0);
    }
    runs
}

/// The id shown longest in all; of equals the one that appears first.
fn dominant(runs: &[Run]) -> Option<String> {
    let mut totals: HashMap<&str, f64> = HashMap::new();
    for run in runs {
        *totals.entry(&run.id).or_default() += run.duration;
    }
    let mut best: Option<(&str, f64)> = None;
    for run in runs {
        let total = totals.get(run.id.as_str()).copied().unwrap_or_default();
        if best.is_none_or(|(_, most)| total > most) {
            best = Some((&run.id, total));
        }
    }
    best.map(|(id, _)| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::Xy;
    use crate::cap::events::{Click, Move};

    fn events(moves: &[(&str, f64)], clicks: &[f64]) -> PointerEvents {
        PointerEvents {
            moves: moves
                .iter()
                .map(|(id, time)| Move {
                    cursor_id: (*id).into(),
                    time_ms: *time,
                    x: 0.0,
                    y: 0.0,
                })
                .collect(),
            clicks: clicks
                .iter()
                .map(|time| Click {
                    cursor_id: "?".into(),
                    cursor_num: 1,
                    time_ms: *time,
                    down: true,
                })
                .collect(),
        }
    }

    fn images(shapes: &[(&str, &str)]) -> BTreeMap<String, CursorImage> {
        shapes
            .iter()
            .map(|(id, shape)| {
                let image = CursorImage {
                    image_path: String::new(),
                    hotspot: Xy { x: 0.0, y: 0.0 },
                    shape: Some((*shape).into()),
                };
                ((*id).to_owned(), image)
            })
            .collect()
    }

    fn ids(events: &PointerEvents) -> (Vec<&str>, Vec<&str>) {
        let moves = events
            .moves
            .iter()
            .map(|event| event.cursor_id.as_str())
            .collect();
        (
            moves,
            events
                .clicks
                .iter()
                .map(|click| click.cursor_id.as_str())
                .collect(),
        )
    }

    #[test]
    fn short_runs_take_the_first_arrow() {
        // Runs: hand 0..400, beam 400..2000, arrow 2000..2300, beam 2300..2900 (the last move).
        let mut events = events(
            &[
                ("hand", 0.0),
                ("hand", 100.0),
                ("beam", 400.0),
                ("arrow", 2000.0),
                ("beam", 2300.0),
                ("beam", 2900.0),
            ],
            &[-5.0, 399.0, 400.0, 2299.0, 9999.0],
        );
        clean_up(
            &mut events,
            &images(&[("arrow", "Windows|Arrow"), ("hand", "Windows|Hand")]),
        );
        let (moves, clicks) = ids(&events);
        assert_eq!(moves, ["arrow", "arrow", "beam", "arrow", "arrow", "arrow"]);
        assert_eq!(clicks, ["?", "arrow", "beam", "arrow", "arrow"]);
    }

    #[test]
    fn without_an_arrow_the_longest_wins_and_tahoe_is_none() {
        let moves = [
            ("a", 0.0),
            ("b", 900.0),
            ("a", 2100.0),
            ("c", 2700.0),
            ("c", 3300.0),
        ];
        let mut cleaned = events(&moves, &[]);
        // a: 900 + 600, b: 1200, c: 600.
        clean_up(&mut cleaned, &images(&[("c", "MacOS|TahoeArrow")]));
        assert_eq!(ids(&cleaned).0, ["a", "b", "a", "a", "a"]);
    }

    #[test]
    fn a_run_of_exactly_one_second_stays() {
        let mut events = events(&[("a", 0.0), ("b", 5000.0), ("a", 6000.0), ("a", 9000.0)], &[]);
        clean_up(&mut events, &BTreeMap::new());
        assert_eq!(ids(&events).0, ["a", "b", "a", "a"]);
    }

    #[test]
    fn a_single_run_or_move_is_left_alone() {
        for moves in [&[("a", 0.0), ("a", 10.0)][..], &[("a", 0.0)], &[]] {
            let mut cleaned = events(moves, &[5.0]);
            clean_up(&mut cleaned, &images(&[("z", "MacOS|Arrow")]));
            assert_eq!(cleaned, events(moves, &[5.0]));
        }
    }

    #[test]
    fn equal_totals_fall_to_the_earlier() {
        let mut events = events(&[("a", 0.0), ("b", 500.0), ("b", 1000.0)], &[]);
        clean_up(&mut events, &BTreeMap::new());
        assert_eq!(ids(&events).0, ["a", "a", "a"]);
    }
}
