//! This build against another.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};

use super::super::terminal::say;
use super::super::{Exit, args_bench::MeasureArgs};
use super::{Setup, outputs, table, workload};
use crate::bench::against::{Contender, Names, Pairs, Turn, judge, run_pairs};
use crate::bench::child::{ChildContender, Target};
use crate::bench::html::Page;
use crate::bench::tool;

/// Runs both builds in turn and judges.
pub(super) fn run(args: &MeasureArgs, base: &Path, setup: &mut Setup) -> anyhow::Result<Exit> {
    let base = base
        .canonicalize()
        .with_context(|| format!("there is no other build at {}", base.display()))?;
    let workloads = workload::find(&args.workloads, false)?;
    let [workload] = workloads.as_slice() else {
        bail!("--against takes one recording at a time")
    };
    let outputs = setup.open_outputs(args, &workloads)?.pop();
    workload.make(setup.quiet)?;
    let recording = &workload.folder;
    let target = |executable: &Path| Target {
        executable: executable.to_owned(),
        recording: recording.clone(),
        flags: setup.flags.clone(),
        settings: setup.settings.clone(),
    };
    let mut of_base = ChildContender::new(target(&base), Arc::clone(&setup.stop))?;
    let mut of_head = ChildContender::new(target(&setup.executable), Arc::clone(&setup.stop))?;
    let pairs = Pairs {
        least: args.pairs,
        most: args.max_pairs.max(args.pairs),
        precision: args.precision,
        fail_above: args.fail_above,
    };
    let mut watch = |turn: Turn| {
        if !setup.quiet {
            say(&match turn {
                Turn::Warmup => "warm-up\n".to_owned(),
                Turn::Base(n) => format!("pair {n}: other build\n"),
                Turn::Head(n) => format!("pair {n}: this build\n"),
            });
        }
    };
    let done = run_pairs(
        &mut of_base as &mut dyn Contender,
        &mut of_head,
        pairs,
        &mut watch,
    )?;
    let names = Names {
        base_sha256: tool::sha256_of(&base)?,
        head_sha256: tool::sha256_of(&setup.executable)?,
        input: recording
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
    };
    let against = judge(names, done, args.fail_above)?;
    if !matches!(args.json, Some(None)) && !setup.quiet {
        super::super::print(&table::against(&against))?;
    }
    if matches!(args.json, Some(None)) {
        outputs::print_json(&against)?;
    }
    if let Some(outputs) = outputs {
        if let Some(file) = outputs.json {
            outputs::write_json(file, &against)?;
        }
        if let Some(file) = outputs.html {
            let page = Page {
                against: Some(&against),
                ..Page::default()
            };
            file.write(page.render()?.as_bytes())?;
        }
    }
    Ok(if against.regression {
        Exit::Failed
    } else {
        Exit::Done
    })
}
