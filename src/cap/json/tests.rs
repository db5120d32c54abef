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
            (
                "items[1].a",
                "expected a whole number of 0 to 4294967295, found the text \"one\""
            ),
            (
                "items[3].a",
                "expected a whole number of 0 to 4294967295, found the number -1"
            ),
            ("items[4].b", "this required key is missing"),
            (
                "more[1][1]",
                "expected a whole number of 0 to 255, found the number 300"
            ),
            ("more[1][3]", "expected a whole number of 0 to 255, found null"),
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
fn a_byte_order_mark_is_no_part_of_the_text() {
    let outer = parse::<Outer>(b"\xef\xbb\xbf{\"items\": []}").unwrap();
    assert!(outer.items.is_empty());
    let issues = parse::<Outer>(b"\xef\xbb\xbf{\"items\": [}").unwrap_err();
    assert_eq!(found(&issues), [("", "expected value at line 1 column 12")]);
}

#[test]
fn other_encodings_are_named() {
    let utf16 =
        |text: &str, bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let utf32 = |text: &str| {
        text.chars()
            .flat_map(|c| u32::from(c).to_le_bytes())
            .collect::<Vec<u8>>()
    };
    for (bytes, name) in [
        (utf16("\u{feff}{}", u16::to_le_bytes), "UTF-16 (little endian)"),
        (utf16("\u{feff}{}", u16::to_be_bytes), "UTF-16 (big endian)"),
        (
            utf16("{\"items\": []}", u16::to_le_bytes),
            "UTF-16 (little endian)",
        ),
        (utf16("{\"items\": []}", u16::to_be_bytes), "UTF-16 (big endian)"),
        (utf32("\u{feff}{}"), "UTF-32 (little endian)"),
        (utf32("{}"), "UTF-32 (little endian)"),
    ] {
        let issues = parse::<Outer>(&bytes).unwrap_err();
        let message = format!("is text in {name}; only UTF-8 is read: save the file again as UTF-8");
        assert_eq!(found(&issues), [("", message.as_str())]);
    }
    let issues = parse::<Outer>(b"{\"items\": [], \"x\": \"\xfc\"}").unwrap_err();
    assert!(
        issues[0]
            .message
            .starts_with("is not UTF-8 text (from byte 20 on)"),
        "{issues:?}"
    );
}

#[test]
fn a_key_that_occurs_twice_is_a_fault() {
    let issues = parse::<Outer>(b"{\"items\": [], \"items\": []}").unwrap_err();
    assert_eq!(issues.len(), 1);
    assert!(
        issues[0].message == "the key `items` stands here twice",
        "{issues:?}"
    );
}

#[test]
fn paths_run_into_enum_content() {
    let zoom = json!({"start": 0, "end": 1, "amount": 2, "mode": {"manual": {"x": "left", "y": 0}}});
    let issues = typed::<ZoomSegment>(&zoom).unwrap_err();
    assert_eq!(
        found(&issues),
        [("mode.manual.x", "expected a number, found the text \"left\"")]
    );
    let zoom = json!({"start": 0, "end": 1, "amount": 2, "mode": "sideways"});
    let issues = typed::<ZoomSegment>(&zoom).unwrap_err();
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
