//! Measuring recordings, one after the other.

use std::io::Cursor;
use std::path::Path;

use anyhow::Context;
use image::ImageFormat;

use super::super::terminal::say;
use super::super::{Exit, args_bench::MeasureArgs};
use super::{Setup, outputs, table, workload};
use crate::bench::baseline::Baseline;
use crate::bench::child::Target;
use crate::bench::contact_sheet;
use crate::bench::criteria::{Criteria, Outcome};
use crate::bench::floor::FloorKind;
use crate::bench::html::Page;
use crate::bench::runner::{Order, Step};
use crate::bench::{Measured, Measurement, measure_recording};
use crate::output::OutputFile;

/// Runs the measurement.
pub(super) fn run(args: &MeasureArgs, setup: &mut Setup) -> anyhow::Result<Exit> {
    let criteria = match &args.criteria {
        None => None,
        Some(None) => Some(Criteria::brief()?),
        Some(Some(file)) => Some(Criteria::load(file)?),
    };
    let base = args.baseline.as_deref().map(Baseline::load).transpose()?;
    let workloads = workload::find(&args.workloads, args.matrix)?;
    let outputs = setup.open_outputs(args, &workloads)?;
    for workload in &workloads {
        workload.make(setup.quiet)?;
    }
    setup.look_at(&workloads)?;
    let mut floors = Vec::new();
    floors.extend(args.floor.then_some(FloorKind::Pinned));
    floors.extend(args.own_floor.then_some(FloorKind::Own));
    let mut exit = Exit::Done;
    for (workload, outputs) in workloads.iter().zip(outputs) {
        let recording = &workload.folder;
        let order = Order {
            warmup: args.warmup,
            runs: args.runs,
            floors: floors.clone(),
        };
        let target = Target {
            executable: setup.executable.clone(),
            recording: recording.clone(),
            flags: setup.flags.clone(),
            settings: setup.settings.clone(),
        };
        let told = order.clone();
        let measurement = Measurement {
            target,
            order,
            spread_bound: args.spread_bound,
            trace: args.trace.is_some(),
        };
        let measured = measure_recording(&measurement, &setup.stop, &mut |step| {
            tell(setup, recording, step, &told)
        })
        .with_context(|| format!("measuring {}", recording.display()))?;
        let checked = criteria
            .as_ref()
            .map_or_else(Vec::new, |all| all.check(&measured.baseline, base.as_ref()));
        if checked.iter().any(|checked| checked.outcome == Outcome::Fail) {
            exit = Exit::Failed;
        }
        let printed = matches!(args.json, Some(None));
        if !printed && !setup.quiet {
            super::super::print(&table::baseline(&measured.baseline))?;
            super::super::print(&table::criteria(&checked))?;
        }
        if printed {
            outputs::print_json(&measured.baseline)?;
        }
        if let Some(file) = outputs.json {
            outputs::write_json(file, &measured.baseline)?;
        }
        if let Some((file, trace)) = outputs.trace.zip(measured.trace.as_ref()) {
            file.write(&serde_json::to_vec(trace)?)?;
        }
        pictures(outputs.contact_sheet, outputs.html, &measured, &checked)?;
    }
    Ok(exit)
}

fn pictures(
    sheet_file: Option<OutputFile>,
    page_file: Option<OutputFile>,
    measured: &Measured,
    checked: &[crate::bench::criteria::Checked],
) -> anyhow::Result<()> {
    let sheet = contact_sheet::draw(&measured.pairs)?;
    if let Some(file) = sheet_file {
        let sheet = sheet
            .as_ref()
            .context("there is no contact sheet: nothing was written that could be looked at")?;
        let mut png = Vec::new();
        sheet
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .context("packing the contact sheet")?;
        file.write(&png)?;
    }
    if let Some(file) = page_file {
        let page = Page {
            baseline: Some(&measured.baseline),
            criteria: checked,
            contact_sheet: sheet.as_ref(),
            ..Page::default()
        };
        file.write(page.render()?.as_bytes())?;
    }
    Ok(())
}

fn tell(setup: &Setup, recording: &Path, step: Step, order: &Order) {
    if !setup.quiet && step != Step::Check {
        let name = recording.file_name().unwrap_or_default().to_string_lossy();
        let of = match step {
            Step::Run(_) | Step::Floor(..) => format!(" of {}", order.runs),
            Step::Warmup(_) => format!(" of {}", order.warmup),
            Step::WarmupFloor(_) | Step::Check | Step::Quality => String::new(),
        };
        say(&format!("{name}: {step}{of}\n"));
    }
}
