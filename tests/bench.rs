//! `capstan bench` as it is used: a small recording measured, the result validated and compared.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

fn bench(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capstan"));
    command
        .arg("bench")
        .args(arguments)
        .output()
        .expect("capstan starts")
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Whether exports can run here at all; without a Vulkan driver they can't.
fn can_export() -> bool {
    let doctor = Command::new(env!("CARGO_BIN_EXE_capstan"))
        .args(["doctor", "--json"])
        .output()
        .expect("capstan starts");
    let can = doctor.status.success();
    if !can {
        #[expect(
            clippy::print_stderr,
            reason = "whoever runs the tests should know that this one was not run"
        )]
        {
            eprintln!("skipped: no adapter or no encoder opens here");
        }
    }
    can
}

#[test]
fn a_measurement_validates_names_nobody_and_compares_with_itself() {
    if !can_export() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let (json, html, sheet) = (at("a.json"), at("a.html"), at("a.png"));
    let recording = fixture("desk.cap").to_string_lossy().into_owned();
    let flags = [
        "--fps",
        "10",
        "--resolution",
        "320x180",
        "--crf",
        "10",
        "--encoder",
        "libx264",
    ];
    let json_flag = format!("--json={json}");
    let line = [
        &recording,
        "--runs",
        "2",
        "--floor",
        "--html",
        &html,
        "--contact-sheet",
        &sheet,
        &json_flag,
    ];
    let output = bench(&[&line[..], &flags].concat());
    assert!(output.status.success(), "{}", said(&output));

    let text = std::fs::read_to_string(&json).unwrap();
    let result: Value = serde_json::from_str(&text).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/baseline.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&result)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");

    for secret in [
        folder.path(),
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &std::env::home_dir().unwrap(),
    ] {
        assert!(
            !text.contains(&*secret.to_string_lossy()),
            "{} is in the baseline",
            secret.display()
        );
    }
    assert_eq!(result["input"]["name"], "desk.cap");
    assert_eq!(result["runs"].as_array().unwrap().len(), 2);
    assert_eq!(result["floor"]["runs"].as_array().unwrap().len(), 2);
    assert_eq!(result["floor"]["runs"][0]["frames"], result["runs"][0]["frames"]);
    assert_eq!(result["floor"]["same_encoder_options"], true);
    assert_eq!(
        result["quality"]["frames_in_file"],
        result["quality"]["frames_expected"]
    );
    assert!(result["quality"]["ssim_min"].as_f64().unwrap() > 0.97);
    for run in result["runs"].as_array().unwrap() {
        // Every moment of a thread is booked: none can have worked and waited for longer than the process lived.
        let wall = run["wall_s"].as_f64().unwrap();
        let encode = run["stages"]
            .as_array()
            .unwrap()
            .iter()
            .find(|stage| stage["stage"] == "encode")
            .unwrap();
        let booked: f64 = ["busy_s", "wait_input_s", "wait_output_s", "unaccounted_s"]
            .map(|key| encode[key].as_f64().unwrap())
            .iter()
            .sum();
        assert!(booked <= wall, "{booked} s of {wall} s");
    }
    assert!(
        std::fs::read_to_string(&html)
            .unwrap()
            .contains("data:image/png;base64,")
    );
    assert!(image::open(&sheet).unwrap().width() > 1000);

    let same = bench(&["compare", &json, &json, "--fail-above", "5%"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    let other = at("other.json");
    std::fs::write(
        &other,
        text.replace(result["input"]["sha256"].as_str().unwrap(), "0"),
    )
    .unwrap();
    let unlike = bench(&["compare", &json, &other]);
    assert_eq!(unlike.status.code(), Some(2));
    assert!(said(&unlike).contains("input.sha256"), "{}", said(&unlike));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let no_recording = bench(&["no/such.cap"]);
    assert_eq!(no_recording.status.code(), Some(1));
    assert!(
        said(&no_recording).contains("no/such.cap"),
        "{}",
        said(&no_recording)
    );
    for line in [
        &["--runs", "0"][..],
        &["compare", "a.json"],
        &["x.cap", "--fail-above", "5%"],
    ] {
        assert_eq!(bench(line).status.code(), Some(2), "{line:?}");
    }
    let schema = bench(&["schema"]);
    assert!(serde_json::from_slice::<Value>(&schema.stdout).unwrap()["$defs"].is_object());
    let unreadable = bench(&["compare", "Cargo.toml", "Cargo.toml"]);
    assert_eq!(unreadable.status.code(), Some(2));
    assert!(
        said(&unreadable).contains("Cargo.toml is no baseline"),
        "{}",
        said(&unreadable)
    );
}
