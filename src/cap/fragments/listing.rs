//! The content of a fragment folder, checked to lie inside the recording and in numeric order.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::cap::paths::{PathFault, Root};
use crate::cap::problem::Problems;
use crate::reading;

/// Most entries of a fragment folder: two days of pieces of two seconds.
const MAX_ENTRIES: usize = 100_000;

/// A file of the folder that holds something.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Bare name.
    pub(super) name: String,
    /// Inside the recording.
    pub(super) path: PathBuf,
    /// Size.
    pub(super) bytes: u64,
    /// How long the manifest says that it lasts.
    pub(super) stated: Option<Duration>,
    /// How long those before it would have lasted that the manifest lists and that are left out.
    pub(super) lost_before: Duration,
}

impl Piece {
    /// Numeric order: `segment_101` before `segment_1000` (cap-format.md 3.5, note on rule 4).
    pub(super) fn in_order(&self, other: &Self) -> Ordering {
        number(&self.name)
            .cmp(&number(&other.name))
            .then_with(|| self.name.cmp(&other.name))
    }
}

/// The last run of digits before the extension, as a number of any length: by its length without leading zeros, then by
/// its digits.
pub(super) fn number(name: &str) -> Option<(usize, &str)> {
    let stem = name.split('.').next().unwrap_or(name);
    let end = stem.rfind(|c: char| c.is_ascii_digit())? + 1;
    let start = stem[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + stem[at..].chars().next().map_or(1, char::len_utf8));
    let digits = stem[start..end].trim_start_matches('0');
    Some((digits.len(), digits))
}

/// The folder's files and respawn folders.
#[derive(Debug)]
pub(super) struct Listing {
    files: BTreeMap<String, Piece>,
    respawns: Vec<String>,
}

impl Listing {
    /// Lists `folder`, a path inside the recording; `None`, with a note, when it can't be listed. Links that lead out of
    /// the recording are errors, names that are no text are passed over: no recorder writes them.
    pub(super) fn read(root: &Root, folder: &str, problems: &mut Problems) -> Option<Self> {
        let path = match root.resolve(folder) {
            Ok(path) => path,
            Err(fault @ PathFault::Leaves(_)) => {
                problems.error(folder, "", fault.to_string());
                return None;
            }
            Err(_) => return None,
        };
        let entries = match reading::list(&path) {
            Ok(entries) => entries,
            Err(error) => {
                problems.warn(folder, "", format!("cannot be listed: {error}"));
                return None;
            }
        };
        let mut listing = Self {
            files: BTreeMap::new(),
            respawns: Vec::new(),
        };
        for (count, entry) in entries.enumerate() {
            if count == MAX_ENTRIES {
                problems.error(
                    folder,
                    "",
                    format!("holds more than {MAX_ENTRIES} files, the most that is read"),
                );
                return None;
            }
            let name = match entry.map(|entry| entry.file_name().into_string()) {
                Ok(Ok(name)) => name,
                Ok(Err(_)) => continue,
                Err(error) => {
                    problems.warn(folder, "", format!("cannot be listed to its end: {error}"));
                    break;
                }
            };
            listing.add(root, folder, name, problems);
        }
        listing.respawns.sort_by(|a, b| number(a).cmp(&number(b)));
        Some(listing)
    }

    fn add(&mut self, root: &Root, folder: &str, name: String, problems: &mut Problems) {
        let inside = format!("{folder}/{name}");
        match root.resolve(&inside) {
            Ok(path) => match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() && metadata.len() > 0 => {
                    let piece = Piece {
                        name: name.clone(),
                        path,
                        bytes: metadata.len(),
                        stated: None,
                        lost_before: Duration::ZERO,
                    };
                    self.files.insert(name, piece);
                }
                Ok(metadata) if metadata.is_dir() && is_respawn(&name) => self.respawns.push(name),
                Ok(_) => {}
                Err(error) => problems.warn(inside, "", format!("cannot be reached: {error}; left out")),
            },
            Err(fault @ PathFault::Leaves(_)) => problems.error(inside, "", fault.to_string()),
            Err(fault) => problems.warn(inside, "", format!("{fault}; left out")),
        }
    }

    /// The file of that name, if it holds something.
    pub(super) fn get(&self, name: &str) -> Option<&Piece> {
        self.files.get(name)
    }

    /// Whether there is a file of that name that holds something.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name)
    }

    /// Names of the respawn folders in numeric order.
    pub(super) fn respawns(&self) -> &[String] {
        &self.respawns
    }

    /// Files whose name ends so, in numeric order.
    pub(super) fn pieces_named(&self, suffix: &str) -> Vec<Piece> {
        self.pieces(|name| name.ends_with(suffix))
    }

    /// `segment_<n>.m4s` files in numeric order.
    pub(super) fn numbered_pieces(&self) -> Vec<Piece> {
        self.pieces(|name| {
            name.strip_prefix("segment_")
                .and_then(|rest| rest.strip_suffix(".m4s"))
                .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    }

    /// Everything that may be media, in numeric order.
    pub(super) fn media(&self) -> Vec<Piece> {
        self.pieces(|name| {
            [".mp4", ".m4s", ".m4a", ".ogg"]
                .iter()
                .any(|suffix| name.ends_with(suffix))
        })
    }

    fn pieces(&self, wanted: impl Fn(&str) -> bool) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = self
            .files
            .values()
            .filter(|piece| wanted(&piece.name))
            .cloned()
            .collect();
        pieces.sort_by(Piece::in_order);
        pieces
    }
}

fn is_respawn(name: &str) -> bool {
    name.strip_prefix("respawn-")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(name: &str) -> Piece {
        Piece {
            name: name.into(),
            path: name.into(),
            bytes: 1,
            stated: None,
            lost_before: Duration::ZERO,
        }
    }

    #[test]
    fn numbers_are_read_from_the_stem() {
        assert!(number("segment_1000.m4s") > number("segment_101.m4s"));
        assert!(number("fragment_010.mp4") == number("fragment_10.mp4"));
        assert_eq!(number("init.mp4"), None);
        assert_eq!(number("é7é.m4s"), Some((1, "7")));
        assert_eq!(number("a000.m4s"), Some((0, "")));
        let long = format!("segment_{}.m4s", "9".repeat(60));
        assert!(number(&long) > number("segment_99999999999999999999.m4s"));
    }

    proptest! {
        #[test]
        fn pieces_are_always_in_numeric_order(numbers in prop::collection::vec(any::<u32>(), 0..40)) {
            let mut pieces: Vec<Piece> = numbers.iter().map(|n| piece(&format!("segment_{n:03}.m4s"))).collect();
            pieces.sort_by(Piece::in_order);
            let mut sorted = numbers;
            sorted.sort_unstable();
            let names: Vec<String> = sorted.iter().map(|n| format!("segment_{n:03}.m4s")).collect();
            prop_assert_eq!(pieces.into_iter().map(|piece| piece.name).collect::<Vec<_>>(), names);
        }

        #[test]
        fn any_name_has_a_place(a in any::<String>(), b in any::<String>()) {
            prop_assert_eq!(piece(&a).in_order(&piece(&b)), piece(&b).in_order(&piece(&a)).reverse());
        }
    }
}
