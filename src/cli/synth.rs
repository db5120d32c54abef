//! `capstan synth`: makes recordings to test and measure with.

use anyhow::Context;

use super::Exit;
use super::args::SynthArgs;
use super::nearest::did_you_mean;
use super::terminal::{push_line, say};
use crate::synth;

/// Runs the subcommand.
pub(super) fn run(args: &SynthArgs) -> anyhow::Result<Exit> {
    let Some((name, folder)) = args.preset.as_ref().zip(args.folder.as_ref()) else {
        let mut list = String::new();
        for preset in synth::PRESETS {
            list += &format!("{:24} {}\n", preset.name, preset.about);
        }
        super::print(&list)?;
        return Ok(Exit::Done);
    };
    let preset = synth::preset(name).with_context(|| {
        let guess = did_you_mean(name, synth::PRESETS.iter().map(|preset| preset.name));
        format!("there is no preset {name:?}{guess}")
    })?;
    synth::write(&preset, folder, &mut |_| {}).with_context(|| format!("making {}", folder.display()))?;
    let mut line = String::new();
    push_line(&mut line, &folder.display().to_string());
    say(&line);
    Ok(Exit::Done)
}
