//! What is to be measured: recordings as they lie there, presets made once and kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::super::progress::say;
use crate::synth;

/// What is measured when nothing is named.
const DEFAULT: &str = "reference-1667";

/// Folders of the recordings that are to be measured. Presets that are not there yet are made.
pub(super) fn resolve(named: &[String], matrix: bool, quiet: bool) -> anyhow::Result<Vec<PathBuf>> {
    let presets = synth::PRESETS
        .iter()
        .filter(|preset| !preset.committed)
        .map(|preset| preset.name.to_owned());
    let named = match (matrix, named) {
        (true, _) => presets.collect(),
        (false, []) => vec![DEFAULT.to_owned()],
        (false, named) => named.to_vec(),
    };
    named.iter().map(|name| folder_of(name, quiet)).collect()
}

fn folder_of(name: &str, quiet: bool) -> anyhow::Result<PathBuf> {
    let path = Path::new(name);
    if path.exists() {
        return path.canonicalize().with_context(|| format!("can't find {name}"));
    }
    if path.extension().is_some_and(|extension| extension == "cap") || path.components().count() > 1 {
        bail!("there is no recording {name}");
    }
    let preset = synth::preset(name).with_context(|| format!("there is no recording {name} either"))?;
    let cache =
        etcetera::choose_base_strategy().context("finding the folder for recordings that are made")?;
    let cache = etcetera::BaseStrategy::cache_dir(&cache)
        .join("capstan/workloads")
        .join(env!("CARGO_PKG_VERSION"));
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "-_.@".contains(c) {
            c
        } else {
            '_'
        }
    };
    let folder = cache.join(format!("{}.cap", name.chars().map(safe).collect::<String>()));
    if folder.exists() {
        return Ok(folder);
    }
    if !quiet {
        say(&format!("making {name}, kept in {}\n", cache.display()));
    }
    fs::create_dir_all(&cache).with_context(|| format!("can't make {}", cache.display()))?;
    // Made under another name first: a recording that is there is whole.
    let unfinished = tempfile::Builder::new().prefix(".making-").tempdir_in(&cache)?;
    let made = unfinished.path().join("recording");
    synth::write(&preset, &made, &mut |_| {})?;
    fs::rename(&made, &folder).with_context(|| format!("can't put {} in place", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_taken_as_they_are_and_nonsense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_string_lossy().into_owned();
        assert_eq!(
            resolve(std::slice::from_ref(&name), false, true).unwrap(),
            [folder.path().canonicalize().unwrap()]
        );
        for name in ["no-such-preset", "no/such/recording", "nosuch.cap"] {
            assert!(resolve(&[name.to_owned()], false, true).is_err(), "{name}");
        }
    }
}
