//! Where results go.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::args_bench::MeasureArgs;
use crate::export;
use crate::output::{Door, OutputError, OutputFile};

/// The files that results of one recording go to, opened before it is measured.
pub(super) struct Outputs {
    pub(super) json: Option<OutputFile>,
    pub(super) html: Option<OutputFile>,
    pub(super) contact_sheet: Option<OutputFile>,
    pub(super) trace: Option<OutputFile>,
}

impl Outputs {
    /// Opens the files that `args` ask for, of one of `several` recordings.
    pub(super) fn open(
        door: &mut Door,
        args: &MeasureArgs,
        recording: &Path,
        several: bool,
    ) -> Result<Self, OutputError> {
        let mut open = |file: Option<&PathBuf>, what| {
            file.map(|file| door.open(&file_for(file, recording, several), what))
                .transpose()
        };
        Ok(Self {
            json: open(args.json.as_ref().and_then(Option::as_ref), "the JSON")?,
            html: open(args.html.as_ref(), "the page")?,
            contact_sheet: open(args.contact_sheet.as_ref(), "the contact sheet")?,
            trace: open(args.trace.as_ref(), export::TRACE)?,
        })
    }
}

/// Prints JSON on one line, so that several results can be told apart.
pub(super) fn print_json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    super::super::print_exactly(&format!("{}\n", serde_json::to_string(value)?))
}

/// Writes JSON.
pub(super) fn write_json<T: Serialize>(file: OutputFile, value: &T) -> anyhow::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(value)?);
    file.write(text.as_bytes())?;
    Ok(())
}

/// The file for one of several recordings: `out.json` becomes `out.demo.json` for `demo.cap`.
pub(super) fn file_for(file: &Path, recording: &Path, several: bool) -> PathBuf {
    if !several {
        return file.to_owned();
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = recording.file_stem().unwrap_or_default().to_string_lossy();
    let extension = file
        .extension()
        .map(|extension| format!(".{}", extension.to_string_lossy()))
        .unwrap_or_default();
    file.with_file_name(format!("{stem}.{name}{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_recordings_get_a_file_each() {
        let name = |several| file_for(Path::new("a/out.json"), Path::new("/x/demo.cap"), several);
        assert_eq!(
            (name(false), name(true)),
            ("a/out.json".into(), "a/out.demo.json".into())
        );
    }
}
