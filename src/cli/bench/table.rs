//! Results for people, as text.

use crate::bench::against::Against;
use crate::bench::baseline::Baseline;
use crate::bench::compare::Report;
use crate::bench::criteria::Checked;
use crate::bench::floor::FloorKind;
use crate::bench::layers::Layers;

/// A figure in its unit, as wide as a column.
fn figure(value: f64, unit: &str) -> String {
    match unit {
        "bytes" => format!("{:.1} MB", value / 1e6),
        "percent" => format!("{value:.0} %"),
        "fps" => format!("{value:.1} fps"),
        "times" => format!("{value:.3}"),
        _ => format!("{value:.3} {unit}"),
    }
}

/// What a measurement found.
pub(super) fn baseline(baseline: &Baseline) -> String {
    let (input, summary) = (&baseline.input, &baseline.summary);
    let mut text = format!(
        "{}: {} frames at {}, {} runs after {} warm-up\n",
        input.name, input.frames, input.output_size, baseline.settings.runs, baseline.settings.warmup
    );
    let adapter = baseline.adapter.as_ref().map_or("none", |adapter| &adapter.name);
    let ran = &baseline.paths.ran;
    text += &format!(
        "  {}, {} cores; adapter {adapter}; pixels by {}; encoder {}\n",
        baseline.machine.cpu,
        baseline.machine.cores,
        ran.pixel_path.as_deref().unwrap_or("none"),
        ran.encoder.as_deref().unwrap_or("none")
    );
    text += &format!(
        "  {:24}{:>14}{:>30}{:>10}\n",
        "", "median", "95 % interval", "MAD"
    );
    for (name, metric) in summary.metrics.iter().filter(|(name, _)| !name.contains('.')) {
        let s = &metric.statistics;
        let figure = |value| figure(value, &metric.unit);
        let interval = format!("{} to {}", figure(s.median_ci.low), figure(s.median_ci.high));
        let scatter = if s.median == 0.0 {
            0.0
        } else {
            s.mad / s.median * 100.0
        };
        text += &format!(
            "  {name:24}{:>14}{interval:>30}{scatter:>8.1} %\n",
            figure(s.median)
        );
    }
    if !summary.stages.is_empty() {
        text += &format!(
            "  {:12}{:>9}{:>9}{:>11}{:>9}{:>9}{:>9}{:>11}{:>11}\n",
            "stage", "busy s", "of wall", "ms/frame", "p50", "p95", "max", "waits in", "waits out"
        );
    }
    for stage in &summary.stages {
        text += &format!(
            "  {:12}{:>9.2}{:>7.0} %{:>11.2}{:>9.2}{:>9.2}{:>9.2}{:>11.2}{:>11.2}\n",
            stage.stage,
            stage.busy_s,
            stage.busy_percent,
            stage.busy_ms_per_frame,
            stage.p50_ms,
            stage.p95_ms,
            stage.max_ms,
            stage.wait_input_s,
            stage.wait_output_s
        );
    }
    text += &summary
        .bounding_stage
        .as_ref()
        .zip(summary.bounding_busy_percent)
        .map(|(stage, busy)| {
            format!("  bounded by {stage}, whose thread works for {busy:.0} % of its life\n")
        })
        .unwrap_or_default();
    text += &notes(baseline);
    text
}

/// Floor, quality, and what speaks against trusting the figures.
fn notes(baseline: &Baseline) -> String {
    let mut text = String::new();
    for floor in [&baseline.floor, &baseline.own_floor].into_iter().flatten() {
        let with = match (floor.kind, floor.same_encoder_options) {
            (FloorKind::Pinned, _) => "x264 with Cap's options",
            (FloorKind::Own, true) => "the export's own encoder options",
            (FloorKind::Own, false) => "the export's own settings, but the encoder ran with other options",
        };
        if let Some(ratio) = &floor.ratio {
            text += &format!(
                "  {:.3} times the {} of {:.3} s [{:.3}, {:.3}] ({with})\n",
                ratio.ratio,
                floor.kind.name(),
                floor.wall_s.median,
                ratio.ci.low,
                ratio.ci.high
            );
        }
    }
    if let Some(quality) = &baseline.quality {
        let sound = quality
            .audio_minus_video_s
            .map_or("no sound".to_owned(), |s| format!("sound {:+.1} ms", s * 1e3));
        text += &format!(
            "  {} of {} frames, SSIM at least {:.4}, PSNR at least {:.1} dB, {sound} against the video\n",
            quality.frames_in_file, quality.frames_expected, quality.ssim_min, quality.psnr_min_db
        );
    }
    for fallback in &baseline.paths.fallbacks {
        text += &format!(
            "  fell back: {} {} -> {}: {}\n",
            fallback.what, fallback.from, fallback.to, fallback.reason
        );
    }
    if !baseline.paths.same_in_all_runs {
        text += "  not all runs took the same paths: see the JSON\n";
    }
    if let Some(wall) = baseline.summary.metrics.get("wall_s") {
        for outlier in &wall.statistics.outliers {
            text += &format!("  run {} is an outlier\n", outlier + 1);
        }
        if let Some(trend) = wall.statistics.trend {
            let change = trend.relative_change * 100.0;
            text += &format!("  the times move by {change:+.1} % over the series: warm up more (--warmup)\n");
        }
    }
    text += &baseline
        .summary
        .void
        .as_ref()
        .map(|why| format!("  VOID: {why}\n"))
        .unwrap_or_default();
    text
}

/// Two measurements compared.
pub(super) fn comparison(report: &Report) -> String {
    let mut text = format!("base {}, head {}\n", report.base, report.head);
    for note in &report.notes {
        text += &format!(
            "  note: {} differs: {} and {}\n",
            note.field, note.base, note.head
        );
    }
    text += &format!(
        "  {:28}{:>14}{:>14}{:>26}{:>9}  verdict\n",
        "", "base", "head", "head over base", "p"
    );
    for compared in &report.metrics {
        let ratio = compared.ratio.map_or("-".to_owned(), |ratio| {
            format!("{:.3} [{:.3}, {:.3}]", ratio.ratio, ratio.ci.low, ratio.ci.high)
        });
        let p = compared
            .test
            .map_or("-".to_owned(), |test| format!("{:.4}", test.p));
        text += &format!(
            "  {:28}{:>14}{:>14}{ratio:>26}{p:>9}  {}\n",
            compared.metric,
            figure(compared.base, &compared.unit),
            figure(compared.head, &compared.unit),
            compared.verdict.words()
        );
    }
    for metric in &report.regressions {
        text += &format!("REGRESSION: {metric}\n");
    }
    text
}

/// Two builds compared by pairs.
pub(super) fn against(against: &Against) -> String {
    let ratio = &against.wall;
    let p = against.wall.test.map_or(1.0, |test| test.p / 2.0);
    let mut text = format!(
        "{}: {} ({} pairs): {:.1} % of the other's time [{:.1}, {:.1}], p {p:.4} on one side\n",
        against.input,
        against.verdict.words(),
        against.pairs.len(),
        ratio.ratio * 100.0,
        ratio.ci.low * 100.0,
        ratio.ci.high * 100.0
    );
    for (name, figure) in [("CPU time", &against.cpu), ("peak memory", &against.peak_rss)] {
        if let Some(figure) = figure {
            let ratio = figure;
            text += &format!(
                "  {name}: {:.1} % [{:.1}, {:.1}]\n",
                ratio.ratio * 100.0,
                ratio.ci.low * 100.0,
                ratio.ci.high * 100.0
            );
        }
    }
    text += &against
        .open
        .as_ref()
        .map(|open| format!("  {open}\n"))
        .unwrap_or_default();
    if against.regression {
        text += "REGRESSION\n";
    }
    text
}

/// What the parts of a look cost.
pub(super) fn layers(layers: &Layers) -> String {
    let mut text = format!("{}: {} frames\n", layers.input, layers.frames);
    for step in &layers.steps {
        let added = step.added_ms_per_frame.zip(step.ratio.as_ref());
        let added = added.map_or_else(String::new, |(added, ratio)| {
            format!(
                ", {added:+.2} ms a frame, {:.1} % of the step before [{:.1}, {:.1}]",
                ratio.ratio * 100.0,
                ratio.ci.low * 100.0,
                ratio.ci.high * 100.0
            )
        });
        text += &format!(
            "  + {:<10} {:.2} s{added}\n",
            step.part.name(),
            step.wall_s.median
        );
    }
    for part in &layers.absent {
        text += &format!("  {} changes nothing here\n", part.name());
    }
    if let Some(void) = &layers.void {
        text += &format!("VOID: {void}\n");
    }
    text
}

/// Criteria that were checked.
pub(super) fn criteria(checked: &[Checked]) -> String {
    let mut text = String::new();
    for checked in checked {
        let value = checked.value_words();
        let reason = checked
            .reason
            .as_ref()
            .map(|reason| format!(": {reason}"))
            .unwrap_or_default();
        text += &format!(
            "  {:40}{:>24}{value:>18}  {}{reason}\n",
            checked.name,
            checked.bound,
            checked.outcome.words()
        );
    }
    text
}
