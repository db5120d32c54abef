//! SIGINT and SIGTERM during an export, and exports that fail: they end soon and leave nothing.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::common::{DISPLAY, Export, Mp4, Recording, SMALL, capstan, digest, names, wait};
use capstan::export::{Cancel, ExportError, ExportSettings, Observer, Phase, Progress, Request, export};
use capstan::frame::Size;
use serde_json::Value;

/// Within which an interrupted export must have ended.
const LIMIT: Duration = Duration::from_secs(2);

/// A recording whose export takes far longer than these tests wait.
static LONG: LazyLock<Recording> = LazyLock::new(|| Recording::moving("640x360", 20.0));

/// Sends `signal` as soon as `now` holds for an event of the export, then checks what is left.
fn interrupted(signal: &str, now: impl Fn(&Value) -> bool) {
    let before = digest(&LONG.path());
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    fs::write(&target, "mine").unwrap();
    let mut child = capstan()
        .arg("export")
        .arg(LONG.path())
        .arg(&target)
        .args(["--overwrite", "--json", "--fps", "240"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines
        .by_ref()
        .any(|line| now(&serde_json::from_str(&line.unwrap()).unwrap()));
    assert!(reached, "the export ended before it could be interrupted");
    let sent = Instant::now();
    let kill = Command::new("kill")
        .args(["-s", signal, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(kill.success());
    let status = wait(&mut child, Duration::from_secs(30)).expect("it ends");
    let took = sent.elapsed();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(status.code(), Some(130), "{stderr}");
    assert!(took < LIMIT, "{signal} took {took:?}");
    assert!(!stderr.contains("panicked"), "{stderr}");
    // No unfinished file, and the one that was to be replaced is as it was.
    assert_eq!(names(folder.path()), ["out.mp4"]);
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    assert!(before == digest(&LONG.path()), "the recording was changed");
}

fn rendered(event: &Value) -> u64 {
    event["rendered_count"].as_u64().unwrap()
}

#[test]
fn sigint_amid_the_frames() {
    interrupted("INT", |event| rendered(event) > 0);
}

#[test]
fn sigterm_amid_the_frames() {
    interrupted("TERM", |event| rendered(event) > 0);
}

#[test]
fn sigint_while_preparing() {
    interrupted("INT", |event| event["phase"] == "prepare");
}

/// Asks an export to stop in the moment in which it says that it is finishing the file, and notes when that was. The export
/// tells of that phase from its own thread before it puts the file in place, so nothing here depends on speed.
struct StopWhileFinishing {
    cancel: Cancel,
    asked: Option<Instant>,
}

impl Observer for StopWhileFinishing {
    fn progress(&mut self, progress: &Progress) {
        if progress.phase == Phase::Finish && self.asked.is_none() {
            assert_eq!(progress.frames, progress.total);
            self.cancel.request();
            self.asked = Some(Instant::now());
        }
    }
}

#[test]
fn a_stop_while_the_file_is_finished_leaves_nothing() {
    let recording = Recording::moving("128x96", 1.0);
    let before = digest(&recording.path());
    let folder = tempfile::tempdir().unwrap();
    for mine in [false, true] {
        let target = folder.path().join("out.mp4");
        if mine {
            fs::write(&target, "mine").unwrap();
        }
        let request = Request {
            recording: recording.path(),
            target: target.clone(),
            overwrite: mine,
            settings: ExportSettings {
                bounds: Size::new(128, 96),
                ..ExportSettings::default()
            },
        };
        let cancel = Cancel::new();
        let mut observer = StopWhileFinishing {
            cancel: cancel.clone(),
            asked: None,
        };
        let result = export(&request, &cancel, &mut observer);
        let took = observer.asked.expect("the file was finished").elapsed();
        assert!(matches!(result, Err(ExportError::Cancelled)), "{result:?}");
        assert!(took < LIMIT, "it took {took:?}");
        if mine {
            assert_eq!(names(folder.path()), ["out.mp4"]);
            assert_eq!(fs::read(&target).unwrap(), b"mine");
        } else {
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }
    assert!(before == digest(&recording.path()), "the recording was changed");
}

/// SIGINT comes when the program says that it is finishing, or a moment later: what it leaves is nothing, or a whole file that
/// it says it finished.
#[test]
fn sigint_while_the_file_is_finished_leaves_no_part_of_it() {
    let recording = Recording::moving("320x180", 2.0);
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    let mut child = capstan()
        .arg("export")
        .arg(recording.path())
        .arg(&target)
        .args(["--json", "--quality", "maximum"])
        .args(SMALL)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let event = |line: std::io::Result<String>| serde_json::from_str::<Value>(&line.unwrap()).unwrap();
    assert!(lines.by_ref().map(event).any(|event| event["phase"] == "finish"));
    let sent = Instant::now();
    // It may be gone already.
    let _ = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .stderr(Stdio::null())
        .status();
    let status = wait(&mut child, Duration::from_secs(30)).expect("it ends");
    assert!(sent.elapsed() < LIMIT, "it took {:?}", sent.elapsed());
    let completed = lines.map(event).any(|event| event["type"] == "Completed");
    match status.code() {
        Some(0) => {
            assert!(completed);
            assert_eq!(names(folder.path()), ["out.mp4"]);
            Mp4::read(&target).assert_plays_everywhere(60);
        }
        code => {
            assert_eq!(code, Some(130));
            assert!(!completed);
            assert_eq!(names(folder.path()), [""; 0]);
        }
    }
}

#[test]
fn a_screen_that_cannot_be_read_leaves_nothing() {
    // `Export::of` looks at the folder and the recording.
    let recording = Recording::new();
    fs::write(recording.place(DISPLAY), "no video").unwrap();
    Export::of(&recording.path(), &SMALL)
        .run
        .assert_error(&["display.mp4"]);
}

#[test]
fn an_encoder_that_fails_leaves_nothing() {
    let recording = Recording::moving("128x96", 0.2);
    // It exists, and this build of FFmpeg or this machine has none.
    Export::of(&recording.path(), &["--encoder", "h264_amf"])
        .run
        .assert_error(&["h264_amf"]);
}
