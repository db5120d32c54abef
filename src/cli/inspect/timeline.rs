//! What happens when, as data and as a small picture of letters.

use schemars::JsonSchema;
use serde::Serialize;

use super::super::terminal::push_line;
use crate::cap::config::ProjectConfig;
use crate::scene::Scene;

/// Columns of the picture.
const COLUMNS: usize = 60;

/// Everything of one kind on the timeline.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Row {
    /// clips, zooms, scenes, texts, captions, masks, keys, camera, images, waveforms, styles or music.
    pub(super) kind: &'static str,
    /// Beginning and end of each, seconds of the output, as configured.
    pub(super) spans: Vec<[f64; 2]>,
}

/// The rows that hold something. What is switched off is left out.
pub(super) fn rows(scene: &Scene, config: &ProjectConfig) -> Vec<Row> {
    let clips = scene.timeline().clips().iter().map(|clip| {
        let start = clip.output_start.secs();
        [start, start + clip.duration]
    });
    let mut rows = vec![Row {
        kind: "clips",
        spans: clips.collect(),
    }];
    let Some(timeline) = &config.timeline else {
        return rows;
    };
    macro_rules! row {
        ($kind:literal, $segments:expr) => {
            row!($kind, $segments, |_| true)
        };
        ($kind:literal, $segments:expr, $shown:expr) => {
            let shown = $segments.iter().filter($shown);
            rows.push(Row {
                kind: $kind,
                spans: shown.map(|segment| [segment.start, segment.end]).collect(),
            });
        };
    }
    row!("zooms", timeline.zoom_segments);
    row!("scenes", timeline.scene_segments);
    row!("texts", timeline.text_segments, |text| text.enabled);
    row!("captions", timeline.caption_segments);
    row!("masks", timeline.mask_segments, |mask| mask.enabled);
    row!("keys", timeline.keyboard_segments.as_deref().unwrap_or_default());
    row!("camera", timeline.camera_3d_segments, |camera| camera.enabled);
    row!("images", timeline.image_segments);
    row!("waveforms", timeline.waveform_segments);
    row!("styles", timeline.style_segments);
    row!("music", timeline.audio_segments, |music| music.enabled);
    rows.retain(|row| !row.spans.is_empty());
    rows
}

/// Draws the rows of a timeline that lasts `seconds`: a line each, `#` and `=` in turn for what follows one another.
pub(super) fn draw(rows: &[Row], seconds: f64, text: &mut String) {
    if !(seconds.is_finite() && seconds > 0.0) {
        return;
    }
    let end = format!("{seconds:.3} s");
    let gap = COLUMNS.saturating_sub(end.len());
    push_line(text, &format!("  timeline      0{:gap$}{end}", ""));
    for row in rows {
        let mut cells = [' '; COLUMNS];
        for (span, letter) in row.spans.iter().zip(['#', '='].into_iter().cycle()) {
            let column = |at: f64| (at / seconds * COLUMNS as f64).clamp(0.0, COLUMNS as f64);
            let [from, to] = [column(span[0]).floor(), column(span[1]).ceil()];
            // What is too short for a column still has one, and what lies outside has none.
            let inside = span[0] < seconds && span[1] > 0.0;
            let from = (from as usize).min(COLUMNS - 1);
            for cell in cells.iter_mut().take(to as usize).skip(from).filter(|_| inside) {
                *cell = letter;
            }
        }
        let cells: String = cells.iter().collect();
        let count = row.spans.len();
        push_line(text, &format!("    {:10}  |{cells}| {count}", row.kind));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(spans: &[[f64; 2]], seconds: f64) -> String {
        let mut text = String::new();
        let row = Row {
            kind: "clips",
            spans: spans.to_vec(),
        };
        draw(&[row], seconds, &mut text);
        text.lines().nth(1).unwrap_or_default().to_owned()
    }

    #[test]
    fn spans_lie_where_they_are() {
        let line = drawn(&[[0.0, 30.0], [30.0, 45.0]], 60.0);
        let expected = format!(
            "    clips       |{}{}{}| 2",
            "#".repeat(30),
            "=".repeat(15),
            " ".repeat(15)
        );
        assert_eq!(line, expected);
    }

    #[test]
    fn the_shortest_is_seen_and_what_lies_outside_is_not() {
        assert_eq!(drawn(&[[10.0, 10.001]], 3600.0).matches('#').count(), 1);
        assert_eq!(drawn(&[[3599.9999, 4000.0]], 3600.0).matches('#').count(), 1);
        for outside in [
            [60.0, 70.0],
            [-5.0, 0.0],
            [f64::INFINITY, f64::INFINITY],
            [5.0, 1.0],
        ] {
            assert!(!drawn(&[outside], 60.0).contains('#'), "{outside:?}");
        }
        assert_eq!(drawn(&[[0.0, 1.0]], 0.0), "");
        assert_eq!(drawn(&[[-1e300, 1e300]], 60.0).matches('#').count(), COLUMNS);
        assert!(!drawn(&[[f64::NAN, f64::NAN]], 60.0).contains('#'));
    }
}
