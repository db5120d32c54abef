//! `capstan bench compare`.

use super::super::args::Logging;
use super::super::args_bench::CompareArgs;
use super::super::nearest::did_you_mean;
use super::super::{Exit, logging, print, print_error};
use super::{outputs, table};
use crate::bench::baseline::Baseline;
use crate::bench::compare::{Gate, compare};
use crate::bench::html::Page;
use crate::output::Door;

/// Runs the subcommand.
pub(super) fn run(args: &CompareArgs, logging: &Logging, mut door: Door) -> anyhow::Result<Exit> {
    for file in [&args.base, &args.head] {
        door.reads(file, "a baseline")?;
    }
    let page_file = args.html.as_deref().map(|file| door.open(file, "the page"));
    let page_file = page_file.transpose()?;
    logging::start(logging, &mut door)?;
    let (base, head) = match (Baseline::load(&args.base), Baseline::load(&args.head)) {
        (Ok(base), Ok(head)) => (base, head),
        (Err(error), _) | (_, Err(error)) => {
            print_error(&error.into());
            return Ok(Exit::Usage);
        }
    };
    let gate = args.fail_above.map(|fail_above| Gate {
        fail_above,
        metrics: args.metric.clone(),
    });
    let unknown = args.metric.iter().find(|name| {
        let floor_ratio = match name.as_str() {
            "floor_ratio" => base.floor.is_some() && head.floor.is_some(),
            "own_floor_ratio" => base.own_floor.is_some() && head.own_floor.is_some(),
            _ => false,
        };
        let both = [&base, &head]
            .iter()
            .all(|side| side.summary.metrics.contains_key(*name));
        !both && !floor_ratio
    });
    if let (Some(_), Some(name)) = (&gate, unknown) {
        print_error(&anyhow::anyhow!(
            "--metric {name}: the baselines do not both have such a figure{}",
            did_you_mean(name, base.summary.metrics.keys().map(String::as_str))
        ));
        return Ok(Exit::Usage);
    }
    let report = match compare(&base, &head, &args.allow, gate.as_ref()) {
        Ok(report) => report,
        Err(unlike) => {
            let fields: Vec<String> = unlike
                .iter()
                .map(|field| format!("{} ({} and {})", field.field, field.base, field.head))
                .collect();
            print_error(&anyhow::anyhow!(
                "these can't be compared; they differ in {}; --allow FIELD compares them all the same",
                fields.join(", ")
            ));
            return Ok(Exit::Usage);
        }
    };
    if args.json {
        outputs::print_json(&report)?;
    } else {
        print(&table::comparison(&report))?;
    }
    if let Some(file) = page_file {
        let page = Page {
            baseline: Some(&head),
            comparison: Some(&report),
            ..Page::default()
        };
        file.write(page.render()?.as_bytes())?;
    }
    Ok(if report.regressions.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}
