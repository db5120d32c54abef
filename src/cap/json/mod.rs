//! Reads JSON files of bounded size and says everything that is wrong with one, each complaint with its JSON path.

mod mend;
mod words;

use std::borrow::Cow;
use std::io::{self, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

pub(super) use mend::{Instead, Rule};

use crate::reading::{self, Place};

/// Largest `recording-meta.json`, bytes. A segment takes about 600 bytes.
pub(super) const META_LIMIT: u64 = 4 << 20;
/// Largest `project-config.json`, `captions.json` or `manifest.json`, bytes. An hour of captioned speech takes about 1 MB.
pub(super) const CONFIG_LIMIT: u64 = 16 << 20;
/// Largest `cursor.json`, bytes. An hour of uninterrupted pointer movement takes about 20 MB.
pub(super) const EVENTS_LIMIT: u64 = 64 << 20;
/// Larger files are not held as a tree to look for more than their first fault: a tree takes up to a hundred times the size of
/// a hostile text, and is copied once.
const TREE_LIMIT: usize = 2 << 20;
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

/// Reads a regular file of a recording, of at most `limit` bytes.
pub(super) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ReadFault> {
    read_from(path, Place::Recording, limit)
}

/// As [`read`] for a file that the user named.
pub(super) fn read_named(path: &Path, limit: u64) -> Result<Vec<u8>, ReadFault> {
    read_from(path, Place::Anywhere, limit)
}

fn read_from(path: &Path, place: Place, limit: u64) -> Result<Vec<u8>, ReadFault> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(ReadFault::NotAFile);
    }
    let mut bytes = Vec::new();
    // The size may change while the file is read, so the reading itself is bounded.
    reading::open(path, place)?
        .take(limit + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadFault::TooLarge { limit });
    }
    Ok(bytes)
}

/// Parses a JSON text, or says what is wrong with it. A byte order mark of UTF-8 before it is no part of it.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Vec<Issue>> {
    parse_text(text_of(bytes)?)
}

/// Part of a JSON text, without copying it; `None` where there is anything wrong with it.
pub(super) fn borrowed<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    serde_json::from_str(text_of(bytes).ok()?).ok()
}

/// As [`parse`] for a part of a text that is known to be JSON, without copying it; the fault in words.
pub(super) fn parse_borrowed<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| words::in_words(&error.to_string()))
}

/// As [`parse`], with names that a newer version of Cap may have written replaced as `rules` say; each replacement is told.
pub(super) fn parse_mended<T: DeserializeOwned>(
    bytes: &[u8],
    rules: &[Rule],
) -> (Result<T, Vec<Issue>>, Vec<Issue>) {
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err(issues) => return (Err(issues), Vec::new()),
    };
    let first = parse_text(text);
    match &first {
        Err(_) => match mend::mend(text, rules) {
            Some((mended, notes)) => (parse_text(&mended), notes),
            None => (first, Vec::new()),
        },
        Ok(_) => (first, Vec::new()),
    }
}

/// The text of a file: UTF-8, with or without its mark.
fn text_of(bytes: &[u8]) -> Result<&str, Vec<Issue>> {
    let wrong = |message: String| {
        vec![Issue {
            path: String::new(),
            message,
        }]
    };
    if let Some(name) = other_encoding(bytes) {
        return Err(wrong(format!(
            "is text in {name}; only UTF-8 is read: save the file again as UTF-8"
        )));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        wrong(format!(
            "is not UTF-8 text (from byte {} on); save the file again as UTF-8, or restore it if it is damaged",
            error.valid_up_to()
        ))
    })
}

/// The encoding that the first bytes show, where it is not UTF-8: by its mark, or by the zeros that the first two
/// characters of a JSON text, which are ASCII, have in it.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    Some(match bytes {
        [0xff, 0xfe, 0, 0, ..] => "UTF-32 (little endian)",
        [0, 0, 0xfe, 0xff, ..] => "UTF-32 (big endian)",
        [0xff, 0xfe, ..] => "UTF-16 (little endian)",
        [0xfe, 0xff, ..] => "UTF-16 (big endian)",
        [1..=0x7f, 0, 0, 0, ..] => "UTF-32 (little endian)",
        [0, 0, 0, 1..=0x7f, ..] => "UTF-32 (big endian)",
        [1..=0x7f, 0, 1..=0x7f, 0, ..] => "UTF-16 (little endian)",
        [0, 1..=0x7f, 0, 1..=0x7f, ..] => "UTF-16 (big endian)",
        _ => return None,
    })
}

fn parse_text<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Issue>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
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
        && text.len() <= TREE_LIMIT
        && let Ok(tree) = serde_json::from_str(text)
        // A tree does not show every fault (a key that occurs twice): then the first one stands.
        && let Err(all) = typed::<T>(&tree)
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
pub(super) fn typed<T: DeserializeOwned>(tree: &Value) -> Result<T, Vec<Issue>> {
    // Only a tree with a fault is copied to be cut.
    let mut tree = Cow::Borrowed(tree);
    let mut issues = Vec::new();
    let mut cut: Vec<Vec<Step>> = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(tree.as_ref()) {
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
        if issues.len() >= MAX_ISSUES || !cut_out(tree.to_mut(), &place) {
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
            // Of a text that is no JSON the place is all that is known.
            None if error.is_data() => words::in_words(&text),
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
mod tests;
