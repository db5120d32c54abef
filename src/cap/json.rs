//! Reads JSON files of bounded size and says everything that is wrong with one, each complaint with its JSON path.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

/// Largest `recording-meta.json`, bytes. A segment takes about 600 bytes.
pub(super) const META_LIMIT: u64 = 4 << 20;
/// Largest `project-config.json`, `captions.json` or `manifest.json`, bytes. An hour of captioned speech takes about 1 MB.
pub(super) const CONFIG_LIMIT: u64 = 16 << 20;
/// Largest `cursor.json`, bytes. An hour of uninterrupted pointer movement takes about 20 MB.
pub(super) const EVENTS_LIMIT: u64 = 64 << 20;
/// Larger files are not held as a tree to look for more than their first fault: a tree takes up to 30 times their size.
const TREE_LIMIT: usize = META_LIMIT as usize;
/// Faults reported of one file.
const MAX_ISSUES: usize = 20;
/// Longest quotation of a file in a message, characters.
const MAX_MESSAGE: usize = 300;

/// One fault of a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issue {
    /// Such as `segments[1].display.path`; empty for the text as a whole.
    pub(super) path: String,
    /// What was found and what was expected.
    pub(super) message: String,
}

/// Why a file could not be read at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadFault {
    /// The system refused.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Beyond the limit.
    #[error("is larger than {limit} bytes, the most that is read of such a file")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadFault> {
    // Asked before opening: opening a named pipe waits for a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadFault::NotAFile);
    }
    let mut bytes = Vec::new();
    // The size may change while the file is read, so the reading itself is bounded.
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadFault::TooLarge { limit });
    }
    Ok(bytes)
}

/// Parses a JSON text, or says what is wrong with it.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Vec<Issue>> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let first = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(value) => {
            return match deserializer.end() {
                Ok(()) => Ok(value),
                Err(error) => Err(vec![Issue::new(&[], &error)]),
            };
        }
        Err(error) => error,
    };
    if first.inner().is_data()
        && bytes.len() <= TREE_LIMIT
        && let Ok(tree) = serde_json::from_slice(bytes)
        // A tree does not show every fault (a key that occurs twice): then the first one stands.
        && let Err(all) = typed::<T>(tree)
    {
        return Err(all);
    }
    let path = if first.inner().is_data() {
        steps(first.path())
    } else {
        Vec::new()
    };
    Err(vec![Issue::new(&path, first.inner())])
}

/// Converts a JSON tree, or says everything that is wrong with it (at most 20 faults).
///
/// A parser stops at its first fault. So the faulty value is cut out and the rest is parsed again, until nothing is wrong
/// with what is left; paths are those of the original tree.
pub(super) fn typed<T: DeserializeOwned>(mut tree: Value) -> Result<T, Vec<Issue>> {
    let mut issues = Vec::new();
    let mut cut: Vec<Vec<Step>> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&tree) {
            Ok(value) if issues.is_empty() => return Ok(value),
            Ok(_) => return Err(issues),
            Err(error) => error,
        };
        let place = existing(&tree, steps(error.path()));
        let original = original_path(&place, &cut);
        // What lacks a part because it was cut out has no fault of its own: neither a required key that is missing, nor
        // anything else (its length, its variant) that was right before.
        let missing = missing_key(&error.inner().to_string());
        let echo = cut.iter().any(|path| {
            path.split_last().is_some_and(|(last, parent)| {
                parent == original
                    && missing
                        .as_ref()
                        .is_none_or(|key| matches!(last, Step::Key(name) if name == key))
            })
        });
        if !echo {
            issues.push(Issue::new(&original, error.inner()));
        }
        if issues.len() >= MAX_ISSUES || !cut_out(&mut tree, &place) {
            return Err(issues);
        }
        cut.push(original);
    }
}

impl Issue {
    fn new(path: &[Step], error: &serde_json::Error) -> Self {
        let mut path = path.to_vec();
        let text = error.to_string();
        let message = match missing_key(&text) {
            Some(key) => {
                path.push(Step::Key(key));
                "this required key is missing".to_owned()
            }
            None => text,
        };
        let message = match message.char_indices().nth(MAX_MESSAGE) {
            Some((end, _)) => format!("{}…", &message[..end]),
            None => message,
        };
        let shown = path.iter().fold(String::new(), |mut shown, step| {
            match step {
                Step::Index(index) => shown.push_str(&format!("[{index}]")),
                Step::Key(key) => {
                    if !shown.is_empty() {
                        shown.push('.');
                    }
                    shown.extend(key.chars().take(MAX_MESSAGE));
                }
            }
            shown
        });
        Self { path: shown, message }
    }
}

/// What a tree holds at a place, in words, for messages of the form "expected this, found that".
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => format!("the number {value}"),
        Value::String(value) => format!("the text {:?}", value.chars().take(60).collect::<String>()),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

/// One step into a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    path.iter()
        .map_while(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Key(key.clone())),
            Segment::Enum { variant } => Some(Step::Key(variant.clone())),
            Segment::Unknown => None,
        })
        .collect()
}

/// The key that serde's "missing field" names.
fn missing_key(message: &str) -> Option<String> {
    let rest = message.strip_prefix("missing field `")?;
    Some(rest.split('`').next()?.to_owned())
}

/// The leading steps of `path` that `tree` really has: the name of an enum variant is a key only where it holds content.
fn existing(tree: &Value, path: Vec<Step>) -> Vec<Step> {
    let mut here = Some(tree);
    path.into_iter()
        .take_while(|step| {
            here = here.and_then(|value| match step {
                Step::Key(key) => value.get(key),
                Step::Index(index) => value.get(index),
            });
            here.is_some()
        })
        .collect()
}

/// Where `path`, a place in the tree that `cut` was taken out of in that order, lies in the original tree.
fn original_path(path: &[Step], cut: &[Vec<Step>]) -> Vec<Step> {
    let mut original: Vec<Step> = Vec::with_capacity(path.len());
    for step in path {
        let step = match step {
            Step::Key(key) => Step::Key(key.clone()),
            Step::Index(index) => {
                let mut gone: Vec<usize> = cut
                    .iter()
                    .filter_map(|path| match path.split_last() {
                        Some((Step::Index(index), parent)) if *parent == original[..] => Some(*index),
                        _ => None,
                    })
                    .collect();
                gone.sort_unstable();
                Step::Index(gone.into_iter().fold(
                    *index,
                    |index, gone| if gone <= index { index + 1 } else { index },
                ))
            }
        };
        original.push(step);
    }
    original
}

/// Takes the value at `path` out of `tree`; false for the tree itself, which can't be taken out.
fn cut_out(tree: &mut Value, path: &[Step]) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let parent = parents.iter().try_fold(tree, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    });
    match (parent, last) {
        (Some(Value::Object(map)), Step::Key(key)) => map.remove(key).is_some(),
        (Some(Value::Array(items)), Step::Index(index)) if *index < items.len() => {
            items.remove(*index);
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::cap::config::{ProjectConfig, ZoomSegment};
    use crate::cap::events::PointerEvents;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Item {
        a: u32,
        b: String,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "read by serde")]
    struct Outer {
        items: Vec<Item>,
        more: Option<Vec<Vec<u8>>>,
    }

    fn found(issues: &[Issue]) -> Vec<(&str, &str)> {
        issues
            .iter()
            .map(|issue| (issue.path.as_str(), issue.message.as_str()))
            .collect()
    }

    #[test]
    fn every_fault_is_named_at_its_place_in_the_original() {
        let text = br#"{"items": [{"a": 1, "b": "x"}, {"a": "one", "b": "x"}, {"a": 2, "b": "x"}, {"b": "x", "a": -1}, {"a": 4}],
                        "more": [[1], [2, 300, 4, null], [5]]}"#;
        let issues = parse::<Outer>(text).unwrap_err();
        assert_eq!(
            found(&issues),
            [
                ("items[1].a", "invalid type: string \"one\", expected u32"),
                ("items[3].a", "invalid value: integer `-1`, expected u32"),
                ("items[4].b", "this required key is missing"),
                ("more[1][1]", "invalid value: integer `300`, expected u8"),
                ("more[1][3]", "invalid type: null, expected u8"),
            ]
        );
    }

    #[test]
    fn a_syntax_error_says_line_and_column() {
        let issues = parse::<Outer>(b"{\"items\": [}").unwrap_err();
        assert_eq!(found(&issues), [("", "expected value at line 1 column 12")]);
        let issues = parse::<Outer>(b"{\"items\": []} x").unwrap_err();
        assert_eq!(found(&issues), [("", "trailing characters at line 1 column 15")]);
        let issues = parse::<Outer>(b"").unwrap_err();
        assert_eq!(
            found(&issues),
            [("", "EOF while parsing a value at line 1 column 0")]
        );
    }

    #[test]
    fn a_key_that_occurs_twice_is_a_fault() {
        let issues = parse::<Outer>(b"{\"items\": [], \"items\": []}").unwrap_err();
        assert_eq!(issues.len(), 1);
        assert!(
            issues[0].message.starts_with("duplicate field `items`"),
            "{issues:?}"
        );
    }

    #[test]
    fn paths_run_into_enum_content() {
        let zoom = json!({"start": 0, "end": 1, "amount": 2, "mode": {"manual": {"x": "left", "y": 0}}});
        let issues = typed::<ZoomSegment>(zoom).unwrap_err();
        assert_eq!(
            found(&issues),
            [("mode.manual.x", "invalid type: string \"left\", expected f64")]
        );
        let zoom = json!({"start": 0, "end": 1, "amount": 2, "mode": "sideways"});
        let issues = typed::<ZoomSegment>(zoom).unwrap_err();
        assert_eq!(issues[0].path, "mode");
        assert!(
            issues[0].message.contains("expected `auto` or `manual`"),
            "{issues:?}"
        );
    }

    #[test]
    fn long_quotations_are_cut() {
        let text = format!("{{\"items\": \"{}\"}}", "é".repeat(10_000));
        let issues = parse::<Outer>(text.as_bytes()).unwrap_err();
        assert_eq!(issues[0].message.chars().count(), MAX_MESSAGE + 1);
    }

    #[test]
    fn reading_is_bounded_and_only_of_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        std::fs::write(&file, b"12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        assert!(matches!(read(&file, 4), Err(ReadFault::TooLarge { limit: 4 })));
        assert!(matches!(read(folder.path(), 4), Err(ReadFault::NotAFile)));
        assert!(matches!(
            read(&folder.path().join("b.json"), 4),
            Err(ReadFault::Io(_))
        ));
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("segments"),
            Just("timeline"),
            Just("background"),
            Just("source"),
            Just("type"),
            Just("start"),
            Just("zoomSegments"),
            Just("mode"),
            Just("manual"),
            Just("x"),
            Just("moves"),
            Just("clicks"),
            Just("camera")
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-z]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key.clone().prop_map(String::from), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_are_explained(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(issues) = parse::<ProjectConfig>(&bytes) {
                prop_assert!(!issues.is_empty());
            }
        }

        #[test]
        fn any_json_parses_or_is_explained(value in any_json()) {
            let text = value.to_string();
            if let Err(issues) = parse::<ProjectConfig>(text.as_bytes()) {
                prop_assert!(!issues.is_empty() && issues.len() <= MAX_ISSUES);
            }
            if let Err(issues) = parse::<PointerEvents>(text.as_bytes()) {
                prop_assert!(!issues.is_empty() && issues.len() <= MAX_ISSUES);
            }
        }
    }
}
