//! `annotations` of a configuration (cap-format.md 4.15): shapes of the screenshot editor, never drawn in a video.
//!
//! Cap refuses a whole project whose annotations are not valid; here each of them is a warning.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::json;
use super::problem::Problems;

/// Annotations looked at; what is wrong with more of them is no news.
const LOOKED_AT: usize = 1000;

#[derive(Deserialize)]
struct Holder<'a> {
    #[serde(borrow, default)]
    annotations: Option<&'a RawValue>,
}

/// The first entries of an array as texts, and how many more there are.
struct First<'a> {
    entries: Vec<&'a RawValue>,
    more: usize,
}

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<First<'de>, A::Error> {
                let mut entries = Vec::new();
                while entries.len() < LOOKED_AT {
                    match seq.next_element()? {
                        Some(entry) => entries.push(entry),
                        None => break,
                    }
                }
                let mut more = 0;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    more += 1;
                }
                Ok(First { entries, more })
            }
        }
        deserializer.deserialize_seq(Entries)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "the keys must be there and of these types, nothing reads them"
)]
struct Annotation {
    id: String,
    #[serde(rename = "type")]
    kind: Kind,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    stroke_color: String,
    stroke_width: f64,
    fill_color: String,
    opacity: f64,
    rotation: f64,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    mask_type: Option<MaskKind>,
    #[serde(default)]
    mask_level: Option<f64>,
    #[serde(default)]
    points: Option<Vec<[f64; 2]>>,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Arrow,
    Circle,
    Rectangle,
    Text,
    Mask,
    Draw,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum MaskKind {
    Blur,
    Pixelate,
}

/// Notes what is wrong with the annotations of the configuration whose text is `bytes`.
pub(super) fn check(bytes: &[u8], file: &Path, problems: &mut Problems) {
    const NOT_DRAWN: &str = "annotations are not drawn in a video, but Cap itself refuses this file";
    // What is wrong with the text as a whole is found when it is read as a configuration.
    let Some(array) = json::borrowed::<Holder<'_>>(bytes).and_then(|holder| holder.annotations) else {
        return;
    };
    let first = match json::parse_borrowed::<First<'_>>(array.get()) {
        Ok(first) => first,
        Err(message) => {
            problems.warn(file, "annotations", format!("{message}; {NOT_DRAWN}"));
            return;
        }
    };
    if first.more > 0 {
        let message = format!(
            "{} more annotations are not looked at; none is drawn in a video",
            first.more
        );
        problems.warn(file, "annotations", message);
    }
    for (index, value) in first.entries.into_iter().enumerate() {
        let at = format!("annotations[{index}]");
        let mut wrong = |key: &str, message: &str| {
            let at = if key.is_empty() {
                at.clone()
            } else {
                format!("{at}.{key}")
            };
            problems.warn(file, &at, format!("{message}; {NOT_DRAWN}"));
        };
        match json::parse::<Annotation>(value.get().as_bytes()) {
            Ok(annotation) if annotation.kind == Kind::Mask => {
                if annotation.mask_type.is_none() {
                    wrong("maskType", "a mask needs `blur` or `pixelate`");
                }
                if annotation.mask_level.is_none_or(|level| level <= 0.0) {
                    wrong("maskLevel", "a mask needs a level above 0");
                }
            }
            Ok(annotation) => {
                if annotation.mask_type.is_some() {
                    wrong("maskType", "only a mask has this key");
                }
                if annotation.mask_level.is_some() {
                    wrong("maskLevel", "only a mask has this key");
                }
            }
            Err(issues) => {
                for issue in issues {
                    wrong(&issue.path, &issue.message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn places(annotations: Value) -> Vec<String> {
        let mut problems = Problems::default();
        let text = json!({ "annotations": annotations }).to_string();
        check(text.as_bytes(), Path::new("project-config.json"), &mut problems);
        assert!(!problems.has_errors());
        problems
            .into_warnings()
            .into_iter()
            .filter_map(|problem| problem.json_path)
            .collect()
    }

    fn annotation(kind: &str, extra: Value) -> Value {
        let mut shape = json!({ "id": "a", "type": kind, "x": 0, "y": 0, "width": 1, "height": 1, "strokeColor": "#000",
            "strokeWidth": 1, "fillColor": "#000", "opacity": 1, "rotation": 0 });
        shape
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        shape
    }

    #[test]
    fn masks_and_only_masks_have_a_kind_and_a_level() {
        assert!(
            places(json!([
                annotation("arrow", json!({})),
                annotation("draw", json!({"points": [[0, 1]]}))
            ]))
            .is_empty()
        );
        assert!(
            places(json!([annotation(
                "mask",
                json!({"maskType": "blur", "maskLevel": 3})
            )]))
            .is_empty()
        );
        assert_eq!(
            places(json!([annotation("mask", json!({}))])),
            ["annotations[0].maskType", "annotations[0].maskLevel"]
        );
        assert_eq!(
            places(json!([annotation(
                "mask",
                json!({"maskType": "pixelate", "maskLevel": 0})
            )])),
            ["annotations[0].maskLevel"]
        );
        assert_eq!(
            places(json!([annotation(
                "text",
                json!({"maskType": "blur", "maskLevel": 1})
            )])),
            ["annotations[0].maskType", "annotations[0].maskLevel"]
        );
    }

    #[test]
    fn required_keys_are_named() {
        assert_eq!(
            places(json!([{}, annotation("star", json!({}))]))[0],
            "annotations[0].id"
        );
        assert_eq!(
            places(json!([annotation("star", json!({}))])),
            ["annotations[0].type"]
        );
        assert_eq!(places(json!({})), ["annotations"]);
    }

    #[test]
    fn a_flood_is_cut_short() {
        let found = places(json!(vec![0; 800_000]));
        assert_eq!(found[0], "annotations");
        assert!(found.len() <= 100, "{}", found.len());
    }
}
