//! The result as one page that needs nothing else: no script, no network, plots as inline SVG.

mod plot;
mod text;

use std::io::Cursor;

use image::{ImageFormat, RgbImage};

use self::text::{bytes, escape, figure, percent};
use super::against::Against;
use super::baseline::{Baseline, Metric};
use super::compare::{Report, Verdict};
use super::criteria::{Checked, Outcome};
use super::error::BenchError;
use super::floor::{Floor, FloorKind};

const STYLE: &str = include_str!("style.css");

/// What a page shows. Parts that are not there are left out.
#[derive(Debug, Default)]
pub struct Page<'a> {
    /// The measurement.
    pub baseline: Option<&'a Baseline>,
    /// Two measurements compared.
    pub comparison: Option<&'a Report>,
    /// Two builds compared by pairs.
    pub against: Option<&'a Against>,
    /// Criteria that were checked.
    pub criteria: &'a [Checked],
    /// The contact sheet.
    pub contact_sheet: Option<&'a RgbImage>,
}

impl Page<'_> {
    /// The page.
    ///
    /// # Errors
    /// When the contact sheet can't be packed.
    pub fn render(&self) -> Result<String, BenchError> {
        let mut body = String::new();
        if let Some(baseline) = self.baseline {
            body += &head(baseline);
            body += &figures(baseline);
            body += &runs(baseline);
            body += &stages(baseline);
            body += &memory(baseline);
            body += &baseline.floor.as_ref().map(floor).unwrap_or_default();
            body += &baseline.own_floor.as_ref().map(floor).unwrap_or_default();
            body += &quality(baseline);
        }
        body += &self.against.map(against).unwrap_or_default();
        body += &self.comparison.map(comparison).unwrap_or_default();
        body += &criteria(self.criteria);
        if let Some(sheet) = self.contact_sheet {
            body += &contact_sheet(sheet)?;
        }
        body += &self.baseline.map(circumstances).unwrap_or_default();
        let title = match (self.baseline, self.against) {
            (Some(baseline), _) => format!("capstan bench: {}", baseline.input.name),
            (None, Some(against)) => format!("capstan bench: {}", against.input),
            (None, None) => "capstan bench".to_owned(),
        };
        Ok(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>\
             <meta name=\"viewport\" content=\"width=device-width\"><link rel=\"icon\" href=\"data:,\">\
             <style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n",
            escape(&title)
        ))
    }
}

fn head(baseline: &Baseline) -> String {
    let (input, tool, machine) = (&baseline.input, &baseline.tool, &baseline.machine);
    let commit = tool
        .commit
        .as_deref()
        .map_or("no commit", |commit| commit.get(..12).unwrap_or(commit));
    let modified = if tool.modified == Some(true) {
        " with changes"
    } else {
        ""
    };
    let adapter = baseline
        .adapter
        .as_ref()
        .map_or("no adapter".to_owned(), |adapter| adapter.name.clone());
    let mut text = format!(
        "<h1>{}</h1><p class=\"soft\">{} frames at {}, {:.2} s &middot; {} {} ({}{modified}, {}) &middot; {}, {} cores \
         &middot; {}</p>\n",
        escape(&input.name),
        input.frames,
        input.output_size,
        input.duration_s,
        escape(&tool.name),
        escape(&tool.version),
        escape(commit),
        escape(&tool.profile),
        escape(&machine.cpu),
        machine.cores,
        escape(&adapter)
    );
    if let Some(void) = &baseline.summary.void {
        text += &format!("<p class=\"void\"><b>Void:</b> {}</p>\n", escape(void));
    }
    text
}

fn figures(baseline: &Baseline) -> String {
    let metrics = &baseline.summary.metrics;
    let mut cards = Vec::new();
    for (name, label) in [
        ("fps", "frames per second"),
        ("wall_s", "export time"),
        ("first_frame_s", "first frame"),
        ("cpu_percent_of_machine", "of all cores"),
        ("gpu_percent", "of the GPU"),
        ("peak_rss_bytes", "peak memory"),
        ("bytes", "size"),
    ] {
        if let Some(metric) = metrics.get(name) {
            cards.push((figure(metric.statistics.median, &metric.unit), label.to_owned()));
        }
    }
    for floor in [&baseline.floor, &baseline.own_floor].into_iter().flatten() {
        if let Some(ratio) = &floor.ratio {
            cards.push((
                format!("{:.2} ×", ratio.ratio),
                format!("of the {}", floor.kind.name()),
            ));
        }
    }
    let bounding = baseline.summary.bounding_stage.as_ref();
    let busy = baseline.summary.bounding_busy_percent.unwrap_or(0.0);
    let bounds = format!("bounds the export, its thread busy for {busy:.0} % of its life");
    cards.extend(bounding.map(|stage| (escape(stage), bounds)));
    let cards: String = cards
        .iter()
        .map(|(value, label)| format!("<div class=\"figure\"><b>{value}</b><span>{label}</span></div>"))
        .collect();
    format!("<div class=\"figures\">{cards}</div>\n")
}

fn runs(baseline: &Baseline) -> String {
    let values = |metric: Option<&Metric>| metric.map(|metric| metric.values.clone()).unwrap_or_default();
    let mut series = vec![plot::Points {
        name: "export",
        color: "var(--mark)",
        values: values(baseline.summary.metrics.get("wall_s")),
    }];
    for (floor, color) in [
        (&baseline.floor, "var(--floor)"),
        (&baseline.own_floor, "var(--soft)"),
    ] {
        if let Some(floor) = floor {
            let values = floor.runs.iter().map(|run| run.usage.wall_s).collect();
            series.push(plot::Points {
                name: floor.kind.name(),
                color,
                values,
            });
        }
    }
    let mut text = "<h2>Runs</h2>\n".to_owned();
    text += &plot::points(&series, "s");
    let Some(wall) = baseline.summary.metrics.get("wall_s") else {
        return text;
    };
    let s = &wall.statistics;
    text += &format!(
        "<p class=\"soft\">median {:.3} s [{:.3}, {:.3}], mean {:.3} s, standard deviation {:.3} s, MAD {:.3} s, \
         {} runs after {} warm-up</p>\n",
        s.median, s.median_ci.low, s.median_ci.high, s.mean, s.sd, s.mad, s.n, baseline.settings.warmup
    );
    if !s.outliers.is_empty() {
        let numbers: Vec<String> = s.outliers.iter().map(|index| (index + 1).to_string()).collect();
        text += &format!("<p class=\"bad\">outliers: run {}</p>\n", numbers.join(", "));
    }
    if let Some(trend) = s.trend {
        let change = trend.relative_change * 100.0;
        text +=
            &format!("<p class=\"bad\">the times move by {change:+.1} % over the series: warm up more</p>\n");
    }
    text
}

fn stages(baseline: &Baseline) -> String {
    let stages = &baseline.summary.stages;
    if stages.is_empty() {
        return String::new();
    }
    let rows: String = stages
        .iter()
        .map(|stage| {
            format!(
                "<tr><td>{}</td><td>{:.2}</td><td>{:.0} %</td><td>{:.2}</td><td>{:.2}</td><td>{:.2}</td><td>{:.2}</td>\
                 <td>{:.2}</td><td>{:.2}</td><td>{}</td></tr>",
                escape(&stage.stage),
                stage.busy_s,
                stage.busy_percent,
                stage.busy_ms_per_frame,
                stage.p50_ms,
                stage.p95_ms,
                stage.max_ms,
                stage.wait_input_s,
                stage.wait_output_s,
                bytes(stage.bytes as f64)
            )
        })
        .collect();
    let mut text = "<h2>Stages</h2>\n".to_owned();
    text += &plot::bars(baseline);
    text += &format!(
        "<table><tr><th>stage</th><th>busy s</th><th>of wall</th><th>ms/frame</th><th>p50 ms</th><th>p95 ms</th>\
         <th>max ms</th><th>waits in s</th><th>waits out s</th><th>moved</th></tr>{rows}</table>\n"
    );
    text
}

fn memory(baseline: &Baseline) -> String {
    let curves: Vec<Vec<(f64, f64)>> = baseline
        .runs
        .iter()
        .map(|run| {
            run.usage
                .memory
                .iter()
                .map(|point| (point.at_s, point.rss_bytes as f64 / 1e6))
                .collect()
        })
        .collect();
    format!("<h2>Memory over time</h2>\n{}", plot::curves(&curves, "MB"))
}

fn floor(floor: &Floor) -> String {
    let (title, with) = match floor.kind {
        FloorKind::Pinned => ("Floor", "by x264 with Cap's options at Cap's bit rate"),
        FloorKind::Own => ("Own floor", "with the export's own encoder options"),
    };
    let mut text = format!(
        "<h2>{title}</h2>\n<p class=\"soft\">The same input decoded and encoded {with}, nothing composed.</p>\n"
    );
    if let Some(ratio) = &floor.ratio {
        text += &format!(
            "<p>Export time is <b>{:.2} times</b> the floor's [{:.2}, {:.2}]; the floor takes {:.3} s.</p>\n",
            ratio.ratio, ratio.ci.low, ratio.ci.high, floor.wall_s.median
        );
    }
    if floor.kind == FloorKind::Own && !floor.same_encoder_options {
        text += "<p class=\"bad\">The export's encoder ran with other options: the ratio compares two encodings.</p>\n";
    }
    text
}

fn quality(baseline: &Baseline) -> String {
    let Some(quality) = &baseline.quality else {
        return String::new();
    };
    let rows: String = quality
        .frames
        .iter()
        .map(|frame| {
            format!(
                "<tr><td>{}</td><td>{:.2}</td><td>{:.5}</td></tr>",
                frame.frame, frame.psnr_db, frame.ssim
            )
        })
        .collect();
    let sound = quality
        .audio_minus_video_s
        .map_or("no sound".to_owned(), |s| format!("sound {:+.1} ms", s * 1e3));
    format!(
        "<h2>Quality</h2>\n<p class=\"soft\">{} of {} frames, {sound} against the video, {}</p>\n\
         <table><tr><th>frame</th><th>PSNR dB</th><th>SSIM</th></tr>{rows}</table>\n",
        quality.frames_in_file,
        quality.frames_expected,
        bytes(quality.bytes as f64)
    )
}

fn class_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Faster => "good",
        Verdict::Slower => "bad",
        Verdict::NoDifference | Verdict::Void => "soft",
    }
}

fn against(against: &Against) -> String {
    let ratio = &against.wall;
    let open = against
        .open
        .as_ref()
        .map(|open| format!("<p class=\"bad\">{}</p>", escape(open)))
        .unwrap_or_default();
    let series = [plot::Points {
        name: "head over base",
        color: "var(--mark)",
        values: against.wall.pairs.clone(),
    }];
    format!(
        "<h2>Against the other build</h2>\n<p>On {}: <b class=\"{}\">{}</b>, {} [{}, {}] of the other's time over {} \
         pairs.</p>{open}\n{}",
        escape(&against.input),
        class_of(against.verdict),
        against.verdict.words(),
        percent(ratio.ratio),
        percent(ratio.ci.low),
        percent(ratio.ci.high),
        against.pairs.len(),
        plot::points(&series, "times")
    )
}

fn comparison(report: &Report) -> String {
    let rows: String = report
        .metrics
        .iter()
        .map(|compared| {
            let ratio = compared.ratio.map_or("&ndash;".to_owned(), |ratio| {
                format!("{:.3} [{:.3}, {:.3}]", ratio.ratio, ratio.ci.low, ratio.ci.high)
            });
            let p = compared.test.map_or("&ndash;".to_owned(), |test| format!("{:.4}", test.p));
            format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{ratio}</td><td>{p}</td><td class=\"text {}\">{}</td></tr>",
                escape(&compared.metric),
                figure(compared.base, &compared.unit),
                figure(compared.head, &compared.unit),
                class_of(compared.verdict),
                compared.verdict.words()
            )
        })
        .collect();
    format!(
        "<h2>Comparison</h2>\n<p class=\"soft\">{} (base) and {} (head)</p>\n<table><tr><th>figure</th><th>base</th>\
         <th>head</th><th>head over base</th><th>p</th><th class=\"text\">verdict</th></tr>{rows}</table>\n",
        escape(&report.base),
        escape(&report.head)
    )
}

fn criteria(checked: &[Checked]) -> String {
    if checked.is_empty() {
        return String::new();
    }
    let rows: String = checked
        .iter()
        .map(|checked| {
            let class = match checked.outcome {
                Outcome::Pass => "good",
                Outcome::Fail => "bad",
                Outcome::NotMeasurable => "soft",
            };
            let value = checked.value_words();
            let reason = checked
                .reason
                .as_ref()
                .map(|reason| format!(": {}", escape(reason)))
                .unwrap_or_default();
            format!(
                "<tr><td>{}</td><td>{}</td><td>{value}</td><td class=\"text {class}\">{}{reason}</td></tr>",
                escape(&checked.name),
                escape(&checked.bound),
                checked.outcome.words()
            )
        })
        .collect();
    format!(
        "<h2>Criteria</h2>\n<table><tr><th>criterion</th><th>bound</th><th>value</th><th class=\"text\">outcome</th></tr>\
         {rows}</table>\n"
    )
}

fn contact_sheet(sheet: &RgbImage) -> Result<String, BenchError> {
    let mut png = Vec::new();
    sheet
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|error| BenchError::Output {
            reason: format!("the contact sheet can't be packed: {error}"),
        })?;
    Ok(format!(
        "<h2>Contact sheet</h2>\n<p class=\"soft\">rendered, encoded, difference (8 times)</p>\
         <img alt=\"contact sheet\" src=\"data:image/png;base64,{}\">\n",
        text::base64(&png)
    ))
}

fn circumstances(baseline: &Baseline) -> String {
    let (machine, paths) = (&baseline.machine, &baseline.paths);
    let mut rows = vec![
        (
            "system",
            format!("{}, kernel {}, {}", machine.os, machine.kernel, machine.arch),
        ),
        ("FFmpeg", baseline.tool.ffmpeg.release.clone()),
        (
            "recording",
            format!("{} (SHA-256 {})", baseline.input.name, baseline.input.sha256),
        ),
    ];
    let load = |load: Option<super::machine::Load>| {
        load.map_or("unknown".to_owned(), |load| format!("{:.2}", load.one))
    };
    rows.push((
        "load before and after",
        format!("{}, {}", load(machine.load_before), load(machine.load_after)),
    ));
    for decoder in &paths.ran.decoders {
        let by = decoder.hardware.as_deref().unwrap_or("software");
        rows.push((
            "decoder",
            format!(
                "{} of segment {}: {} ({by})",
                decoder.track, decoder.segment, decoder.decoder
            ),
        ));
    }
    rows.extend(
        paths
            .ran
            .pixel_path
            .iter()
            .map(|path| ("pixel path", path.clone())),
    );
    rows.extend(
        paths
            .ran
            .encoder
            .iter()
            .map(|encoder| ("encoder", encoder.clone())),
    );
    for fallback in &paths.fallbacks {
        let text = format!(
            "{}: {} to {}: {}",
            fallback.what, fallback.from, fallback.to, fallback.reason
        );
        rows.push(("fell back", text));
    }
    rows.extend(paths.warnings.iter().map(|warning| ("warning", warning.clone())));
    let row = |(name, text): &(&str, String)| {
        format!("<tr><td>{name}</td><td class=\"text\">{}</td></tr>", escape(text))
    };
    format!(
        "<h2>Circumstances</h2>\n<table>{}</table>\n",
        rows.iter().map(row).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::super::compare::compare;
    use super::super::criteria::Criteria;
    use super::super::fixtures::baseline;
    use super::*;

    fn page() -> String {
        let mut base = baseline(&[10.0, 10.1, 9.9]);
        base.input.name = "<b>&demo</b>.cap".to_owned();
        let report = compare(&base, &base, &[], None).unwrap();
        let checked = Criteria::brief().unwrap().check(&base, None);
        let sheet = RgbImage::new(4, 4);
        let page = Page {
            baseline: Some(&base),
            comparison: Some(&report),
            criteria: &checked,
            contact_sheet: Some(&sheet),
            against: None,
        };
        page.render().unwrap()
    }

    #[test]
    fn everything_is_on_the_page_and_nothing_is_fetched() {
        let page = page();
        for heading in [
            "Runs",
            "Stages",
            "Memory over time",
            "Comparison",
            "Criteria",
            "Contact sheet",
            "Circumstances",
        ] {
            assert!(page.contains(&format!("<h2>{heading}</h2>")), "{heading}");
        }
        assert!(page.contains("&lt;b&gt;&amp;demo&lt;/b&gt;.cap") && !page.contains("<b>&demo"));
        assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
        assert!(
            !page.contains("NaN") && !page.contains("inf"),
            "every coordinate is a number"
        );
        for tag in ["svg", "table", "div", "p", "h2"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    /// Renders the page in headless Chromium where there is one.
    #[test]
    fn chromium_shows_it_without_an_error() {
        let names = ["chromium", "chromium-browser", "google-chrome"];
        let run = |name: &str, arguments: &[&str]| {
            std::process::Command::new(name)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--enable-logging=stderr",
                    "--v=0",
                ])
                .args(arguments)
                .output()
        };
        let Some(name) = names
            .iter()
            .find(|name| run(name, &["--version"]).is_ok_and(|o| o.status.success()))
        else {
            #[expect(
                clippy::print_stderr,
                reason = "whoever runs the tests should know that this one was not run"
            )]
            {
                eprintln!("skipped: there is no chromium here");
            }
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("page.html");
        std::fs::write(&file, page()).unwrap();
        let url = format!("file://{}", file.display());
        let shot = folder.path().join("page.png");
        let output = run(name, &["--dump-dom", &url]).unwrap();
        let (dom, log) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success() && dom.contains("Memory over time") && dom.contains("<svg"),
            "{log}"
        );
        assert!(!log.contains("CONSOLE"), "{log}");
        run(
            name,
            &[
                &format!("--screenshot={}", shot.display()),
                "--window-size=1100,2400",
                &url,
            ],
        )
        .unwrap();
        let picture = image::open(&shot).unwrap().to_rgb8();
        let colors: std::collections::BTreeSet<[u8; 3]> = picture.pixels().map(|pixel| pixel.0).collect();
        assert!(
            colors.len() > 20,
            "the page is not blank: {} colours",
            colors.len()
        );
    }
}
