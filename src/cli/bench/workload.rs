//! What is to be measured: recordings as they lie there, presets made once and kept.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::super::nearest::{did_you_mean, recording_like};
use super::super::terminal::say;
use crate::synth::{self, Preset};

/// What is measured when nothing is named.
const DEFAULT: &str = "reference-1667";

/// A recording that is to be measured.
pub(super) struct Workload {
    /// Where it is, or will be.
    pub(super) folder: PathBuf,
    /// What it is made by, where it is not there yet.
    preset: Option<Preset>,
}

/// The recordings that are to be measured. Presets that are not there yet are not made yet.
pub(super) fn find(named: &[String], matrix: bool) -> anyhow::Result<Vec<Workload>> {
    let presets = synth::PRESETS
        .iter()
        .filter(|preset| !preset.committed)
        .map(|preset| preset.name.to_owned());
    let named = match (matrix, named) {
        (true, _) => presets.collect(),
        (false, []) => vec![DEFAULT.to_owned()],
        (false, named) => named.to_vec(),
    };
    named.iter().map(|name| workload(name)).collect()
}

/// Whether `name` is that of a recording or of a preset.
pub(super) fn is_one(name: &Path) -> bool {
    let preset = name.to_str().is_some_and(|name| synth::preset(name).is_ok());
    preset || name.is_dir() || name.extension().is_some_and(|extension| extension == "cap")
}

fn workload(name: &str) -> anyhow::Result<Workload> {
    let path = Path::new(name);
    if path.exists() {
        let folder = path
            .canonicalize()
            .with_context(|| format!("can't find {name}"))?;
        return Ok(Workload { folder, preset: None });
    }
    if path.extension().is_some_and(|extension| extension == "cap") || path.components().count() > 1 {
        let like = recording_like(path).map(|like| like.display().to_string());
        let guess = like.map_or_else(String::new, |like| format!("; did you mean {like}?"));
        bail!("there is no recording {name}{guess}");
    }
    let preset = synth::preset(name).with_context(|| {
        let guess = did_you_mean(name, synth::PRESETS.iter().map(|preset| preset.name));
        format!("there is neither a recording nor a preset {name}{guess}")
    })?;
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
    Ok(Workload {
        folder: cache.join(format!("{}.cap", name.chars().map(safe).collect::<String>())),
        preset: Some(preset),
    })
}

impl Workload {
    /// Makes the recording where it is not there yet.
    pub(super) fn make(&self, quiet: bool) -> anyhow::Result<()> {
        let (folder, Some(preset)) = (&self.folder, &self.preset) else {
            return Ok(());
        };
        if folder.exists() {
            return Ok(());
        }
        let cache = folder
            .parent()
            .context("finding the folder for recordings that are made")?;
        if !quiet {
            let name = folder.file_stem().unwrap_or_default().display();
            say(&format!("making {name}, kept in {}\n", cache.display()));
        }
        fs::create_dir_all(cache).with_context(|| format!("can't make {}", cache.display()))?;
        // Made under another name first: a recording that is there is whole.
        let unfinished = tempfile::Builder::new().prefix(".making-").tempdir_in(cache)?;
        let made = unfinished.path().join("recording");
        synth::write(preset, &made, &mut |_| {})?;
        fs::rename(&made, folder).with_context(|| format!("can't put {} in place", folder.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_taken_as_they_are_and_nonsense_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_string_lossy().into_owned();
        let found = find(std::slice::from_ref(&name), false).unwrap();
        assert_eq!(found[0].folder, folder.path().canonicalize().unwrap());
        found[0].make(true).unwrap();
        for name in ["no-such-preset", "no/such/recording", "nosuch.cap"] {
            assert!(find(&[name.to_owned()], false).is_err(), "{name}");
        }
        assert!(is_one(folder.path()) && is_one(Path::new("desk")) && is_one(Path::new("no.cap")));
        assert!(!is_one(Path::new("out.json")) && !is_one(Path::new("result")));
    }
}
