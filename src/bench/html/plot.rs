//! Plots as SVG.

use super::text::escape;
use crate::bench::baseline::Baseline;

/// Width of a plot in its own units, which browsers scale to the page.
const WIDTH: f64 = 1000.0;
/// Height of a plot with axes.
const HEIGHT: f64 = 220.0;
/// Space on the left, for labels.
const LEFT: f64 = 72.0;
/// Space on the right.
const RIGHT: f64 = 16.0;
/// Space above.
const TOP: f64 = 16.0;
/// Space below, for labels.
const BOTTOM: f64 = 28.0;
/// Height of a bar with the space around it.
const BAR: f64 = 26.0;
/// Colours of stages, in the order of the pipeline; told apart also by who sees no red or no green (Okabe and Ito 2008).
const COLORS: [&str; 8] = [
    "#0072b2", "#56b4e9", "#009e73", "#f0e442", "#e69f00", "#d55e00", "#cc79a7", "#999999",
];

/// A row of values.
pub(super) struct Points {
    /// What they are.
    pub name: &'static str,
    /// CSS colour.
    pub color: &'static str,
    /// The values, in order.
    pub values: Vec<f64>,
}

/// A scale from values to positions.
struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    fn at(&self, value: f64) -> f64 {
        let span = self.from.1 - self.from.0;
        let part = if span > 0.0 {
            (value - self.from.0) / span
        } else {
            0.5
        };
        self.to.0 + part * (self.to.1 - self.to.0)
    }
}

/// Values by their number, from 0 upwards so that no difference looks larger than it is.
pub(super) fn points(series: &[Points], unit: &str) -> String {
    let top = series
        .iter()
        .flat_map(|points| &points.values)
        .copied()
        .fold(0.0, f64::max)
        * 1.1;
    let count = series.iter().map(|points| points.values.len()).max().unwrap_or(0);
    let y = Scale {
        from: (0.0, top),
        to: (HEIGHT - BOTTOM, TOP),
    };
    let x = Scale {
        from: (0.5, count as f64 + 0.5),
        to: (LEFT, WIDTH - RIGHT),
    };
    let mut svg = axes(&y, top, unit);
    for number in (1..=count).filter(|number| count <= 20 || number % 5 == 0) {
        svg += &format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{number}</text>",
            x.at(number as f64),
            HEIGHT - 8.0
        );
    }
    for points in series {
        for (index, value) in points.values.iter().enumerate() {
            svg += &format!(
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" style=\"fill:{}\"><title>{} {}: {value:.3} {}</title></circle>",
                x.at(index as f64 + 1.0),
                y.at(*value),
                points.color,
                points.name,
                index + 1,
                escape(unit)
            );
        }
    }
    let entries: Vec<(&str, &str)> = series.iter().map(|points| (points.color, points.name)).collect();
    framed(&svg, HEIGHT) + &legend(&entries)
}

/// Curves over seconds, from 0 upwards.
pub(super) fn curves(curves: &[Vec<(f64, f64)>], unit: &str) -> String {
    let all = || curves.iter().flatten();
    let (right, top) = (
        all().map(|p| p.0).fold(0.0, f64::max),
        all().map(|p| p.1).fold(0.0, f64::max) * 1.1,
    );
    let y = Scale {
        from: (0.0, top),
        to: (HEIGHT - BOTTOM, TOP),
    };
    let x = Scale {
        from: (0.0, right),
        to: (LEFT, WIDTH - RIGHT),
    };
    let mut svg = axes(&y, top, unit);
    for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let (at, seconds) = (x.at(right * part), right * part);
        let anchor = if part == 1.0 { "end" } else { "middle" };
        svg += &format!(
            "<text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\">{seconds:.1} s</text>",
            HEIGHT - 8.0
        );
    }
    for (curve, color) in curves.iter().zip(COLORS.iter().cycle()) {
        let path: Vec<String> = curve
            .iter()
            .map(|(t, v)| format!("{:.1},{:.1}", x.at(*t), y.at(*v)))
            .collect();
        svg += &format!(
            "<polyline points=\"{}\" style=\"fill:none;stroke:{color};stroke-width:1.5\"/>",
            path.join(" ")
        );
    }
    framed(&svg, HEIGHT)
}

/// Seconds of work of every stage, one bar a run; work overlaps, so a bar may be longer than the run took.
pub(super) fn bars(baseline: &Baseline) -> String {
    let total = |stages: &[crate::export::StageReport]| stages.iter().map(|stage| stage.busy_s).sum::<f64>();
    let longest = baseline
        .runs
        .iter()
        .map(|run| total(&run.stages).max(run.usage.wall_s))
        .fold(0.0, f64::max);
    let x = Scale {
        from: (0.0, longest),
        to: (LEFT, WIDTH - RIGHT),
    };
    let mut svg = String::new();
    for (index, run) in baseline.runs.iter().enumerate() {
        let y = TOP + index as f64 * BAR;
        svg += &format!("<text x=\"8\" y=\"{:.1}\">run {}</text>", y + 14.0, index + 1);
        let mut from = 0.0;
        for (stage, color) in run.stages.iter().zip(COLORS.iter().cycle()) {
            let (left, right) = (x.at(from), x.at(from + stage.busy_s));
            from += stage.busy_s;
            svg += &format!(
                "<rect x=\"{left:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"18\" fill=\"{color}\"><title>{}: {:.3} s\
                 </title></rect>",
                (right - left).max(0.0),
                escape(&stage.stage),
                stage.busy_s
            );
        }
        let wall = x.at(run.usage.wall_s);
        svg += &format!(
            "<line x1=\"{wall:.1}\" x2=\"{wall:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" style=\"stroke:var(--ink);stroke-width:2\">\
             <title>wall time {:.3} s</title></line>",
            y - 2.0,
            y + 20.0,
            run.usage.wall_s
        );
    }
    let names = baseline.runs.first().map(|run| {
        run.stages
            .iter()
            .map(|stage| stage.stage.as_str())
            .collect::<Vec<_>>()
    });
    let mut entries: Vec<(&str, &str)> = COLORS
        .into_iter()
        .cycle()
        .zip(names.unwrap_or_default())
        .collect();
    entries.push(("var(--ink)", "wall time (line)"));
    framed(&svg, TOP + baseline.runs.len() as f64 * BAR + 8.0) + &legend(&entries)
}

fn axes(y: &Scale, top: f64, unit: &str) -> String {
    let mut svg = String::new();
    for part in [0.0, 0.5, 1.0] {
        let (value, at) = (top * part, y.at(top * part));
        let digits = if top < 10.0 { 2 } else { 0 };
        svg += &format!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.digits$} {}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            escape(unit)
        );
    }
    svg
}

fn framed(content: &str, height: f64) -> String {
    format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">{content}</svg>\n")
}

fn legend(entries: &[(&str, &str)]) -> String {
    let entry = |(color, name): &(&str, &str)| {
        format!(
            "<span><i style=\"background:{color}\"></i>{}</span>",
            escape(name)
        )
    };
    format!(
        "<div class=\"legend\">{}</div>\n",
        entries.iter().map(entry).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_scale_says() {
        // 5 of a top of 11 stands 5/11 of the way from 192 up to 16.
        let svg = points(
            &[Points {
                name: "a",
                color: "red",
                values: vec![10.0, 5.0],
            }],
            "s",
        );
        let cy = 192.0 - 5.0 / 11.0 * 176.0;
        assert!(svg.contains(&format!("cy=\"{cy:.1}\"")), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 2);
    }

    #[test]
    fn nothing_to_plot_is_still_a_plot() {
        for svg in [
            points(&[], "s"),
            curves(&[], "MB"),
            curves(&[vec![(0.0, 0.0)]], "MB"),
        ] {
            assert!(svg.contains("<svg") && !svg.contains("NaN"), "{svg}");
        }
    }
}
