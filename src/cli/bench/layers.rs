//! What each part of the look costs.

use std::fs;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::Value;

use super::super::terminal::say;
use super::super::{Exit, args_bench::MeasureArgs};
use super::{Setup, outputs, table, workload};
use crate::bench::BenchError;
use crate::bench::against::Contender;
use crate::bench::child::{ChildContender, Target};
use crate::bench::input::Input;
use crate::bench::layers::{Part, configurations, measure_layers};

/// Measures the parts of one recording's look.
pub(super) fn run(args: &MeasureArgs, setup: &mut Setup) -> anyhow::Result<Exit> {
    let workloads = workload::find(&args.workloads, false)?;
    let [workload] = workloads.as_slice() else {
        bail!("--layers takes one recording at a time")
    };
    let outputs = setup.open_outputs(args, &workloads)?.pop();
    workload.make(setup.quiet)?;
    let recording = &workload.folder;
    let settings = setup.settings.clone();
    let input = Input::of(recording, &settings)?;
    let file = settings
        .config
        .clone()
        .unwrap_or_else(|| recording.join("project-config.json"));
    let config: Value = match fs::read(&file) {
        Ok(bytes) => {
            // The recording's own reader takes a byte order mark too.
            let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
            serde_json::from_slice(text).with_context(|| format!("reading {}", file.display()))?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Value::Null,
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    };
    let (steps, absent) = configurations(&config);
    let folder = tempfile::Builder::new()
        .prefix("capstan-layers-")
        .tempdir()
        .context("making a folder for configurations")?;
    // The configuration is given anew for every step.
    let flags: Vec<_> = setup
        .flags
        .iter()
        .filter(|flag| !flag.to_string_lossy().starts_with("--config="))
        .cloned()
        .collect();
    let mut contenders: Vec<(Part, Box<dyn Contender>)> = Vec::new();
    for (part, config) in &steps {
        let path = folder.path().join(format!("{}.json", part.name()));
        fs::write(&path, serde_json::to_vec(config)?)
            .with_context(|| format!("writing {}", path.display()))?;
        let mut flag = std::ffi::OsString::from("--config=");
        flag.push(&path);
        let mut settings = settings.clone();
        settings.config = Some(path);
        let target = Target {
            executable: setup.executable.clone(),
            recording: recording.clone(),
            flags: flags.iter().cloned().chain([flag]).collect(),
            settings,
        };
        let contender = ChildContender::new(target, Arc::clone(&setup.stop))?;
        contenders.push((*part, Box::new(contender)));
    }
    let mut watch = |round: u32, part: Part| {
        if !setup.quiet {
            let of = if round == 0 {
                "warm-up".to_owned()
            } else {
                format!("round {round} of {}", args.runs)
            };
            say(&format!("{of}: up to {}\n", part.name()));
        }
    };
    let layers = measure_layers(
        &mut contenders,
        args.runs,
        (&input.name, input.frames),
        absent,
        args.spread_bound,
        &mut watch,
    )
    .map_err(|error| match error {
        BenchError::Unsuited { what, reason } => anyhow::anyhow!("{what}: {reason}; give --runs 5 or more"),
        other => other.into(),
    })?;
    if !matches!(args.json, Some(None)) && !setup.quiet {
        super::super::print(&table::layers(&layers))?;
    }
    if matches!(args.json, Some(None)) {
        outputs::print_json(&layers)?;
    }
    if let Some(file) = outputs.and_then(|outputs| outputs.json) {
        outputs::write_json(file, &layers)?;
    }
    Ok(if layers.void.is_some() {
        Exit::Failed
    } else {
        Exit::Done
    })
}
