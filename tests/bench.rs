//! `capstan bench` as it is used: a small recording measured, the result validated and compared; its traces.

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
        "--own-floor",
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
    for (floor, kind) in [("floor", "pinned"), ("own_floor", "own")] {
        let floor = &result[floor];
        assert_eq!(floor["kind"], kind);
        // With a rate factor Cap's options are the export's too.
        assert_eq!(floor["same_encoder_options"], true, "{kind}");
        assert_eq!(floor["runs"].as_array().unwrap().len(), 2);
        assert_eq!(floor["runs"][0]["frames"], result["runs"][0]["frames"]);
        assert_eq!(floor["runs"][0]["encoder"], "libx264");
    }
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
        // Threads that ran side by side and the time without any of them add up to the process' life.
        let stages = run["stages"].as_array().unwrap();
        let of_thread = |thread: &Value| -> f64 {
            let stages = stages.iter().filter(|stage| stage["thread"] == *thread);
            let keys = ["busy_s", "wait_input_s", "wait_output_s", "unaccounted_s"];
            stages
                .map(|stage| keys.map(|key| stage[key].as_f64().unwrap()).iter().sum::<f64>())
                .sum()
        };
        let longest = stages
            .iter()
            .map(|stage| of_thread(&stage["thread"]))
            .fold(0.0, f64::max);
        let sum = longest + run["outside_stages_s"].as_f64().unwrap();
        assert!((sum - wall).abs() <= 0.03 * wall, "{sum} s of {wall} s");
        let gpu = &run["gpu"];
        assert!(gpu["percent"].is_number() || gpu["reason"].is_string(), "{gpu}");
    }
    let bounding = result["summary"]["bounding_stage"].as_str().unwrap();
    let busy = result["summary"]["bounding_busy_percent"].as_f64().unwrap();
    assert!(
        !bounding.is_empty() && (1.0..=100.0).contains(&busy),
        "{bounding} {busy} %"
    );
    assert!(result["machine"].as_object().unwrap().contains_key("power"));
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

const SMALL: [&str; 8] = [
    "--fps",
    "10",
    "--resolution",
    "320x180",
    "--crf",
    "10",
    "--encoder",
    "libx264",
];

/// A stretch of time on a track, microseconds.
#[derive(Clone, Debug)]
struct Span {
    name: String,
    begin: f64,
    end: f64,
}

impl Span {
    /// A thousandth of a microsecond of rounding.
    const ROUNDING: f64 = 1e-3;

    fn before(&self, other: &Self) -> bool {
        self.end <= other.begin + Self::ROUNDING
    }

    fn within(&self, other: &Self) -> bool {
        other.begin <= self.begin + Self::ROUNDING && self.end <= other.end + Self::ROUNDING
    }
}

/// Spans of a kind on a track in the order they began.
fn spans(trace: &Value, pid: u64, track: &str, kind: &str) -> Vec<Span> {
    let events = trace["traceEvents"].as_array().unwrap();
    let named = |event: &&Value| {
        event["name"] == "thread_name" && event["pid"] == pid && event["args"]["name"] == track
    };
    let tid = &events
        .iter()
        .find(named)
        .unwrap_or_else(|| panic!("there is no track {track}"))["tid"];
    let mut spans: Vec<_> = events
        .iter()
        .filter(|event| event["ph"] == "X" && event["cat"] == kind)
        .filter(|event| event["pid"] == pid && event["tid"] == *tid)
        .map(|event| {
            let begin = event["ts"].as_f64().unwrap();
            Span {
                name: event["name"].as_str().unwrap().to_owned(),
                begin,
                end: begin + event["dur"].as_f64().unwrap(),
            }
        })
        .collect();
    spans.sort_by(|a, b| a.begin.total_cmp(&b.begin));
    spans
}

fn seconds(spans: &[Span]) -> f64 {
    spans.iter().map(|span| span.end - span.begin).sum::<f64>() / 1e6
}

fn ordered(spans: &[Span]) -> bool {
    spans.windows(2).all(|pair| pair[0].before(&pair[1]))
}

/// Holds a thread's spans against what the report says of its stages.
fn check_thread(trace: &Value, stages: &[Value], thread: &str) {
    let waits = spans(trace, 1, thread, "wait");
    assert!(ordered(&waits), "waits on {thread} overlap");
    let of_thread: Vec<&Value> = stages.iter().filter(|stage| stage["thread"] == thread).collect();
    let figure = |key: &str| -> f64 { of_thread.iter().map(|stage| stage[key].as_f64().unwrap()).sum() };
    let mut all = waits.clone();
    let mut worked = 0.0;
    for stage in of_thread.iter().map(|stage| stage["stage"].as_str().unwrap()) {
        let work = spans(trace, 1, stage, "work");
        assert!(!work.is_empty() && ordered(&work), "work on {stage}");
        worked += seconds(&work);
        for wait in &waits {
            // A wait lies within the work on a frame or beside it, never across its edge.
            let nests = |span: &Span| wait.before(span) || span.before(wait) || wait.within(span);
            assert!(work.iter().all(nests), "{wait:?} on {stage}");
            if work.iter().any(|span| wait.within(span)) {
                worked -= (wait.end - wait.begin) / 1e6;
            }
        }
        all.extend(work);
    }
    let begin = all.iter().map(|span| span.begin).fold(f64::INFINITY, f64::min);
    let end = all.iter().map(|span| span.end).fold(0.0, f64::max);
    let lived = (end - begin) / 1e6;
    let slack = 0.03 * lived + 0.002;
    // Spans leave out what lies between two frames, where the system may have let another thread run.
    let between = 0.05 * lived + 0.005;
    let (busy, unaccounted) = (figure("busy_s"), figure("unaccounted_s"));
    let waited = figure("wait_input_s") + figure("wait_output_s");
    assert!(
        (worked - busy).abs() <= between,
        "{thread}: spans of {worked} s, {busy} s booked"
    );
    assert!(
        (seconds(&waits) - waited).abs() <= slack,
        "{thread} waited {waited} s"
    );
    let explained = busy + waited + unaccounted;
    assert!(
        (explained - lived).abs() <= slack,
        "{thread} lived {lived} s, {explained} s are explained"
    );
    assert!(
        unaccounted <= slack,
        "{thread}: {unaccounted} s are unaccounted for"
    );
}

#[test]
fn a_trace_shows_every_frame_in_every_stage_and_agrees_with_the_stage_figures() {
    if !can_export() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, output) = (folder.path().join("trace.json"), folder.path().join("out.mp4"));
    let exported = Command::new(env!("CARGO_BIN_EXE_capstan"))
        .arg("export")
        .args([&fixture("desk.cap"), &output])
        .args(SMALL)
        .arg("--json")
        .arg("--trace")
        .arg(&file)
        .output()
        .unwrap();
    assert!(exported.status.success(), "{}", said(&exported));
    let last = exported
        .stdout
        .trim_ascii()
        .split(|byte| *byte == b'\n')
        .next_back();
    let report = serde_json::from_slice::<Value>(last.unwrap()).unwrap()["report"].take();
    let trace: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 8);

    let count = |track: &str, name: &str| {
        spans(&trace, 1, track, "work")
            .iter()
            .filter(|span| span.name == name)
            .count() as u64
    };
    let coded = count("encode", "encode");
    assert_eq!(coded, report["coded_pictures"]);
    assert_eq!(coded + count("encode", "repeat"), report["frames"]);
    assert_eq!(count("decode", "decode"), report["frames"]);
    for stage in ["upload", "render", "readback", "convert"] {
        assert_eq!(count(stage, stage), report["composed_frames"], "{stage}");
    }
    assert!(count("mux", "mux") > 0 && count("sound", "sound") > 0);
    for thread in ["decode", "render", "convert", "encode", "mux", "sound"] {
        check_thread(&trace, stages, thread);
    }
    // What no stage accounts for is there too, and it all adds up to the export's time.
    let phases = spans(&trace, 1, "export", "export");
    let names: Vec<_> = phases.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["open", "stages", "close"]);
    let (sum, wall) = (seconds(&phases), report["wall_s"].as_f64().unwrap());
    assert!((sum - wall).abs() <= 0.03 * wall, "{sum} s of {wall} s");
    let events = trace["traceEvents"].as_array().unwrap();
    let depths = |event: &&Value| event["ph"] == "C" && event["name"] == "queue to encode";
    assert!(events.iter().filter(depths).count() > 10);
}

#[test]
fn a_traced_measurement_has_a_process_for_every_export() {
    if !can_export() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json").to_string_lossy().into_owned();
    let recording = fixture("desk.cap").to_string_lossy().into_owned();
    let output = bench(&[&[&recording, "--runs", "2", "--trace", &file][..], &SMALL].concat());
    assert!(output.status.success(), "{}", said(&output));
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&*folder.path().to_string_lossy()) && !text.contains("desk.cap"));
    let trace: Value = serde_json::from_str(&text).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let mut names: Vec<_> = events
        .iter()
        .filter(|event| event["name"] == "process_name")
        .map(|event| event["args"]["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["run 1", "run 2", "warm-up 1"]);
    let exports = [1, 2, 3].map(|pid| spans(&trace, pid, "export", "export"));
    let in_turn = exports.windows(2).all(|pair| pair[0][2].before(&pair[1][0]));
    assert!(in_turn, "{exports:?}");
    assert!(events.iter().any(|event| event["name"] == "resident set"));
}
