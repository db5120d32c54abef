//! The published schema is what the types say.

use std::path::Path;

use capstan::bench::baseline::Baseline;
use serde_json::Value;

fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/baseline.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema is there")).expect("it is JSON")
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let types = serde_json::to_value(Baseline::schema()).unwrap();
    assert!(
        types == published(),
        "renew it: cargo run -- bench schema > docs/baseline.schema.json"
    );
}

#[test]
fn it_is_a_schema_with_the_agreed_keys_and_every_field_is_explained() {
    let schema = published();
    jsonschema::meta::validate(&schema).unwrap();
    let mut keys: Vec<&str> = schema["properties"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    let agreed = [
        "adapter",
        "floor",
        "input",
        "machine",
        "own_floor",
        "paths",
        "quality",
        "runs",
        "schema_version",
        "settings",
        "summary",
        "tool",
    ];
    assert_eq!(keys, agreed);
    let mut silent = Vec::new();
    for (name, definition) in schema["$defs"]
        .as_object()
        .unwrap()
        .iter()
        .chain([(&"Baseline".to_owned(), &schema)])
    {
        for (field, described) in definition["properties"].as_object().into_iter().flatten() {
            if described.get("description").is_none() {
                silent.push(format!("{name}.{field}"));
            }
        }
    }
    assert!(silent.is_empty(), "no description: {}", silent.join(", "));
}

#[test]
fn a_baseline_without_its_parts_is_none() {
    let validator = jsonschema::validator_for(&published()).unwrap();
    assert!(!validator.is_valid(&serde_json::json!({"schema_version": 2})));
    assert!(!validator.is_valid(&serde_json::json!([])));
}
