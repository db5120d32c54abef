//! What a mistyped name may have meant.

use std::fs;
use std::path::{Path, PathBuf};

/// Names less alike than this are no guess worth making (clap draws the line for its own guesses here too).
const ALIKE: f64 = 0.7;
/// Most entries of a folder that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The name that is most like `given`, if one is much like it.
pub(super) fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| (alike(&given, &name.to_lowercase()), name))
        .filter(|(alike, _)| *alike > ALIKE)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

/// How much alike two names are, 0 to 1. One that is a part of the other is much like it.
fn alike(given: &str, name: &str) -> f64 {
    let part = given.len() >= 3 && name.contains(given);
    strsim::jaro(given, name).max(if part { 0.9 } else { 0.0 })
}

/// `; did you mean ...?`, or nothing.
pub(super) fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(given, known).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// A recording beside `missing`, which is not there, that may be meant.
pub(super) fn recording_like(missing: &Path) -> Option<PathBuf> {
    if missing.exists() {
        return None;
    }
    let folder = missing.parent()?;
    let entries = match folder.as_os_str().is_empty() {
        true => fs::read_dir("."),
        false => fs::read_dir(folder),
    };
    let names: Vec<String> = entries
        .ok()?
        .take(MAX_ENTRIES)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "cap")
        })
        .collect();
    let given = missing.file_name()?.to_str()?;
    let name = nearest(given, names.iter().map(String::as_str))?;
    Some(folder.join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["libx264", "h264_nvenc", "libopenh264"];
        assert_eq!(nearest("libx246", known), Some("libx264"));
        assert_eq!(nearest("H264_NVENK", known), Some("h264_nvenc"));
        assert_eq!(nearest("something", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(did_you_mean("x264", known), "; did you mean libx264?");
        assert_eq!(did_you_mean("qqq", known), "");
    }

    #[test]
    fn a_recording_beside_a_missing_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["demo.cap", "talk.cap", "dema.mp4"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let like = |name: &str| recording_like(&folder.path().join(name));
        assert_eq!(like("demp.cap"), Some(folder.path().join("demo.cap")));
        assert_eq!(like("Talk"), Some(folder.path().join("talk.cap")));
        assert_eq!(like("demo.cap"), None, "it is there");
        assert_eq!(like("zzz.cap"), None);
        assert_eq!(recording_like(Path::new("/no/such/folder/demo.cap")), None);
    }
}
