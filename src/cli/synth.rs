//! `capstan synth`: makes recordings to test and measure with.

use anyhow::Context;

use super::Exit;
use super::args::SynthArgs;
use super::progress::say;
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
    let preset = synth::preset(name)?;
    synth::write(&preset, folder, &mut |_| {}).with_context(|| format!("making {}", folder.display()))?;
    say(&format!("{}\n", folder.display()));
    Ok(Exit::Done)
}
