//! Names that a newer version of Cap writes and this program does not know: replaced, before the text is read, by what a rule
//! says, each with a note. A recording must not be refused for one new kind of animation.
//!
//! Works on the text and holds no tree: a tree takes up to a hundred times the size of a hostile text.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Issue, MAX_MESSAGE};

/// A value that is a name, or an object that names its kind.
pub(crate) struct Rule {
    /// Where it stands: keys, with `[]` for every entry of an array.
    pub(crate) at: Vec<&'static str>,
    /// The unknown name in a value, if it has one.
    unknown: fn(&str) -> Option<String>,
    /// What takes its place.
    pub(crate) instead: Instead,
    /// The same for a person: completes "... is not known to this version; ".
    pub(crate) consequence: &'static str,
}

/// What takes the place of an unknown name.
#[derive(Clone, Copy)]
pub(crate) enum Instead {
    /// This JSON text.
    Text(&'static str),
    /// This JSON text, and these values for other keys of the same object.
    With(&'static str, &'static [(&'static str, &'static str)]),
    /// Nothing: the entry of an array is left out.
    Nothing,
}

impl Rule {
    /// A rule for the value at `at` (keys separated by dots, `[]` after the key of an array), which must be a `T`.
    pub(crate) fn new<T: DeserializeOwned>(
        at: &'static str,
        instead: Instead,
        consequence: &'static str,
    ) -> Self {
        Self {
            at: at.split('.').flat_map(steps).collect(),
            unknown: unknown::<T>,
            instead,
            consequence,
        }
    }

    /// The same rule below `prefix`.
    pub(crate) fn below(mut self, prefix: &'static str) -> Self {
        self.at.splice(0..0, prefix.split('.').flat_map(steps));
        self
    }
}

fn steps(part: &'static str) -> impl Iterator<Item = &'static str> {
    let (key, entry) = match part.strip_suffix("[]") {
        Some(key) => (key, Some("[]")),
        None => (part, None),
    };
    std::iter::once(key).chain(entry)
}

/// The name in `text` that is none of those of `T`, if that is why it is no `T`.
fn unknown<T: DeserializeOwned>(text: &str) -> Option<String> {
    let message = serde_json::from_str::<T>(text).err()?.to_string();
    let (name, _) = message
        .strip_prefix("unknown variant `")?
        .rsplit_once("`, expected ")?;
    Some(name.chars().take(MAX_MESSAGE).collect())
}

/// The text with unknown names replaced, and a note for each; `None` when there are none, or when it is no JSON.
pub(super) fn mend(text: &str, rules: &[Rule]) -> Option<(String, Vec<Issue>)> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut mender = Mender {
        out: String::with_capacity(text.len()),
        path: String::new(),
        notes: Vec::new(),
        more: 0,
    };
    let rules: Vec<&Rule> = rules.iter().collect();
    mender.value(raw, &rules, 0).ok()?;
    if mender.more > 0 {
        mender.notes.push(Issue {
            path: String::new(),
            message: format!("{} more names are not known to this version", mender.more),
        });
    }
    (!mender.notes.is_empty()).then_some((mender.out, mender.notes))
}

/// Notes kept; the others are counted.
const MAX_NOTES: usize = 100;

struct Mender {
    out: String,
    path: String,
    notes: Vec<Issue>,
    more: usize,
}

impl Mender {
    /// Writes `raw`, to which `rules` lead in their first `depth` steps.
    fn value(&mut self, raw: &RawValue, rules: &[&Rule], depth: usize) -> serde_json::Result<()> {
        let text = raw.get();
        if let Some(rule) = rules.iter().find(|rule| rule.at.len() == depth)
            && let Some(name) = (rule.unknown)(text)
        {
            self.note(&name, rule);
            if let Instead::Text(instead) | Instead::With(instead, _) = rule.instead {
                self.out.push_str(instead);
            }
            return Ok(());
        }
        if !rules.iter().any(|rule| rule.at.len() > depth) {
            self.out.push_str(text);
            return Ok(());
        }
        match text.as_bytes().first() {
            Some(b'{') => self.object(text, rules, depth),
            Some(b'[') => self.array(text, rules, depth),
            _ => {
                self.out.push_str(text);
                Ok(())
            }
        }
    }

    fn object(&mut self, text: &str, rules: &[&Rule], depth: usize) -> serde_json::Result<()> {
        let Members(members) = serde_json::from_str(text)?;
        let below: Vec<Vec<&Rule>> = members
            .iter()
            .map(|(key, _)| {
                rules
                    .iter()
                    .copied()
                    .filter(|rule| rule.at.get(depth) == Some(&key.as_str()))
                    .collect()
            })
            .collect();
        // Values that the replacement of another one brings along.
        let mut brought: Vec<(&str, &str)> = Vec::new();
        for ((_, value), rules) in members.iter().zip(&below) {
            for rule in rules {
                if let Instead::With(_, others) = rule.instead
                    && rule.at.len() == depth + 1
                    && (rule.unknown)(value.get()).is_some()
                {
                    brought.extend(others);
                }
            }
        }
        let mut first = true;
        let mut next = |out: &mut String, key: &str| -> serde_json::Result<()> {
            out.push(if std::mem::take(&mut first) { '{' } else { ',' });
            out.push_str(&serde_json::to_string(key)?);
            out.push(':');
            Ok(())
        };
        for ((key, value), rules) in members.iter().zip(&below) {
            if brought.iter().any(|(other, _)| other == key) {
                continue;
            }
            next(&mut self.out, key)?;
            let length = self.path.len();
            if length > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            self.value(value, rules, depth + 1)?;
            self.path.truncate(length);
        }
        for (key, value) in brought {
            next(&mut self.out, key)?;
            self.out.push_str(value);
        }
        self.out.push_str(if first { "{}" } else { "}" });
        Ok(())
    }

    fn array(&mut self, text: &str, rules: &[&Rule], depth: usize) -> serde_json::Result<()> {
        let entries: Vec<&RawValue> = serde_json::from_str(text)?;
        let below: Vec<&Rule> = rules
            .iter()
            .copied()
            .filter(|rule| rule.at.get(depth) == Some(&"[]"))
            .collect();
        self.out.push('[');
        let mut first = true;
        for (index, entry) in entries.iter().enumerate() {
            let length = self.path.len();
            self.path.push_str(&format!("[{index}]"));
            let left_out = below
                .iter()
                .filter(|rule| matches!(rule.instead, Instead::Nothing) && rule.at.len() == depth + 1)
                .find_map(|rule| Some((rule, (rule.unknown)(entry.get())?)));
            if let Some((rule, name)) = left_out {
                self.note(&name, rule);
            } else {
                if !std::mem::take(&mut first) {
                    self.out.push(',');
                }
                self.value(entry, &below, depth + 1)?;
            }
            self.path.truncate(length);
        }
        self.out.push(']');
        Ok(())
    }

    fn note(&mut self, name: &str, rule: &Rule) {
        if self.notes.len() >= MAX_NOTES {
            self.more += 1;
            return;
        }
        self.notes.push(Issue {
            path: self.path.clone(),
            message: format!("{name:?} is not known to this version; {}", rule.consequence),
        });
    }
}

/// The members of an object in their order, with keys that occur twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cap::config::{OverlayRow, SceneMode, ZoomMode};

    fn rules() -> Vec<Rule> {
        vec![
            Rule::new::<SceneMode>(
                "list[].mode",
                Instead::With("\"default\"", &[("level", "7")]),
                "the usual one is used",
            ),
            Rule::new::<ZoomMode>("deep.zoom", Instead::Text("\"auto\""), "it follows the pointer"),
            Rule::new::<OverlayRow>("rows[]", Instead::Nothing, "left out"),
        ]
    }

    fn mended(value: &Value) -> Option<(Value, Vec<String>)> {
        let (text, notes) = mend(&value.to_string(), &rules())?;
        let notes = notes
            .into_iter()
            .map(|note| format!("{}: {}", note.path, note.message))
            .collect();
        Some((serde_json::from_str(&text).unwrap(), notes))
    }

    #[test]
    fn unknown_names_are_replaced_and_everything_else_stays() {
        let text = json!({
            "list": [{ "mode": "floating", "level": 1 }, { "level": 2, "mode": "hologram", "other": [1, { "a": null }] }, { "mode": 3 }, 5],
            "deep": { "zoom": { "spring": { "x": 1 } }, "b\"c": "d" },
            "rows": [{ "kind": "sticker", "track": 1 }, { "kind": "mask", "track": 2 }],
            "mode": "hologram"
        });
        let (value, notes) = mended(&text).unwrap();
        assert_eq!(
            value,
            json!({
                "list": [{ "mode": "floating", "level": 1 }, { "mode": "default", "other": [1, { "a": null }], "level": 7 }, { "mode": 3 }, 5],
                "deep": { "zoom": "auto", "b\"c": "d" },
                "rows": [{ "kind": "mask", "track": 2 }],
                "mode": "hologram"
            })
        );
        assert_eq!(
            notes,
            [
                "deep.zoom: \"spring\" is not known to this version; it follows the pointer",
                "list[1].mode: \"hologram\" is not known to this version; the usual one is used",
                "rows[0]: \"sticker\" is not known to this version; left out",
            ]
        );
    }

    #[test]
    fn many_notes_are_counted() {
        let rows = vec![json!({ "kind": "sticker", "track": 1 }); 100_000];
        let (value, notes) = mended(&json!({ "rows": rows })).unwrap();
        assert_eq!(value, json!({ "rows": [] }));
        assert_eq!(notes.len(), MAX_NOTES + 1);
        assert_eq!(
            notes[MAX_NOTES],
            ": 99900 more names are not known to this version"
        );
    }

    #[test]
    fn what_needs_no_mending_is_left_alone() {
        assert!(
            mended(&json!({ "list": [{ "mode": "default" }], "deep": { "zoom": "auto" }, "rows": [] }))
                .is_none()
        );
        assert!(mended(&json!({ "list": { "mode": "hologram" }, "deep": [] })).is_none());
        assert!(mend("{\"list\": [", &rules()).is_none());
        assert!(mend("", &rules()).is_none());
    }
}
