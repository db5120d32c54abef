//! Every file that the program writes: where it may go, what it is called meanwhile, what is left of it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::{DISPLAY, Recording, Run, capstan, digest, fixture, names, run, wait};
use tempfile::TempDir;

/// As little work as makes an MP4.
const TINY: [&str; 4] = ["--fps", "10", "--resolution", "160x90"];

/// A folder for outputs, with files that are in the way.
struct Place {
    folder: TempDir,
    recording: Recording,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            recording: Recording::moving("128x96", 0.2),
        }
    }

    fn at(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.folder.path().join(name.as_ref())
    }

    fn export(&self, target: impl AsRef<OsStr>, more: &[&OsStr]) -> Run {
        run(capstan()
            .current_dir(self.folder.path())
            .arg("export")
            .arg(self.recording.path())
            .arg(target.as_ref())
            .args(TINY)
            .args(more))
    }
}

fn words(words: &[impl AsRef<OsStr>]) -> Vec<OsString> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}

#[test]
fn a_second_file_has_the_rules_of_the_first() {
    let place = Place::new();
    let before = digest(&place.recording.path());
    let meta = place.recording.place("recording-meta.json");
    let display = place.recording.place(DISPLAY);
    fs::write(place.at("mine"), "mine").unwrap();
    symlink(&display, place.at("link")).unwrap();
    fs::hard_link(&display, place.at("hard")).unwrap();
    symlink(".", place.at("here")).unwrap();
    let overwrite = OsStr::new("--overwrite");
    for flag in ["--trace", "--log-file"] {
        for (file, more) in [
            (place.at("out.mp4"), None),
            (place.at("here/out.mp4"), None),
            (place.at("mine"), None),
            (meta.clone(), Some(overwrite)),
            (display.clone(), Some(overwrite)),
            (place.recording.place("new.json"), None),
            (place.at("link"), Some(overwrite)),
            (place.at("hard"), Some(overwrite)),
            (place.folder.path().to_owned(), Some(overwrite)),
        ] {
            let args = [Some(OsStr::new(flag)), Some(file.as_os_str()), more];
            let args: Vec<_> = args.into_iter().flatten().collect();
            let refused = place.export("out.mp4", &args);
            refused.assert_code(2);
            assert!(!place.at("out.mp4").exists(), "{file:?}: {refused:#?}");
        }
    }
    let both = place.export(
        "out.mp4",
        &["--trace", "one", "--log-file", "./one"].map(OsStr::new),
    );
    both.assert_code(2);
    assert!(
        both.stderr.contains("the log file") && both.stderr.contains("the trace"),
        "{}",
        both.stderr
    );
    assert_eq!(fs::read(place.at("mine")).unwrap(), b"mine");
    assert_eq!(names(place.folder.path()), ["hard", "here", "link", "mine"]);
    assert_eq!(before, digest(&place.recording.path()));
}

#[test]
fn a_file_that_is_read_is_not_written() {
    let place = Place::new();
    fs::write(place.at("config.json"), "{}").unwrap();
    fs::copy(
        fixture("cuts").join("assets/background.jpg"),
        place.at("image.jpg"),
    )
    .unwrap();
    for (read, flag) in [("config.json", "--config"), ("image.jpg", "--background")] {
        let before = fs::read(place.at(read)).unwrap();
        for write in ["--trace", "--log-file"] {
            let args = [flag, read, write, read, "--overwrite"].map(OsStr::new);
            place.export("out.mp4", &args).assert_code(2);
        }
        assert_eq!(fs::read(place.at(read)).unwrap(), before);
    }
    // A background that the recording itself names, outside its folder.
    let image = place.at("image.jpg");
    place
        .recording
        .config(&serde_json::json!({ "source": { "type": "image", "path": image } }));
    let before = fs::read(&image).unwrap();
    let refused = place.export(
        "out.mp4",
        &["--trace", "image.jpg", "--overwrite"].map(OsStr::new),
    );
    refused.assert_code(2);
    assert!(refused.stderr.contains("background image"), "{}", refused.stderr);
    assert_eq!(fs::read(&image).unwrap(), before);
    assert_eq!(names(place.folder.path()), ["config.json", "image.jpg"]);
}

#[test]
fn a_trace_that_cannot_be_written_costs_no_export() {
    let place = Place::new();
    let refused = place.export("out.mp4", &["--trace", "no/such/trace"].map(OsStr::new));
    refused.assert_error(&["the trace", "no/such/trace", "No such file"]);
    assert_eq!(names(place.folder.path()), [""; 0]);
    place
        .export("out.mp4", &["--trace", "trace.json"].map(OsStr::new))
        .assert_code(0);
    let trace: serde_json::Value =
        serde_json::from_slice(&fs::read(place.at("trace.json")).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().len() > 10);
    assert_eq!(names(place.folder.path()), ["out.mp4", "trace.json"]);
}

/// The export is worth more than the events about it, but that they are lost is said.
#[cfg(target_os = "linux")]
#[test]
fn events_without_room_are_missed_aloud() {
    let place = Place::new();
    let output = capstan()
        .arg("export")
        .arg(place.recording.path())
        .arg(place.at("out.mp4"))
        .args(TINY)
        .arg("--json")
        .stdout(fs::File::options().write(true).open("/dev/full").unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("the JSON events can't be written"), "{said}");
    assert_eq!(names(place.folder.path()), ["out.mp4"]);
}

#[test]
fn results_of_bench_are_refused_before_anything_is_measured() {
    let place = Place::new();
    fs::write(place.at("mine"), "mine").unwrap();
    let recording = place.recording.path();
    let inside = place.recording.place("x.json");
    let bench = |args: Vec<OsString>| {
        run(capstan()
            .current_dir(place.folder.path())
            .args(["bench", "--runs", "1", "--warmup", "0"])
            .args(TINY)
            .args(args))
    };
    for flag in ["--json", "--html", "--contact-sheet", "--trace", "--log-file"] {
        for file in [Path::new("mine"), &inside] {
            let refused = bench(words(&[recording.as_os_str(), flag.as_ref(), file.as_ref()]));
            refused.assert_code(2);
            assert!(!refused.stderr.contains("run 1"), "{}", refused.stderr);
        }
    }
    let same = bench(words(&[
        recording.as_os_str(),
        "--json".as_ref(),
        "new".as_ref(),
        "--html=./new".as_ref(),
    ]));
    same.assert_code(2);
    // Two recordings of one name would write to one file.
    let twin = place.at("twin/take.cap");
    fs::create_dir_all(twin.parent().unwrap()).unwrap();
    symlink(&recording, &twin).unwrap();
    let broken = place.at("broken.cap");
    fs::create_dir(&broken).unwrap();
    let refused = bench(words(&[recording.as_os_str(), broken.as_os_str()]));
    refused.assert_error(&["broken.cap", "recording-meta.json"]);
    assert!(!refused.stderr.contains("run 1"), "{}", refused.stderr);
    fs::remove_dir(&broken).unwrap();
    let criteria = bench(words(&[
        recording.as_os_str(),
        "--criteria".as_ref(),
        "none.json".as_ref(),
    ]));
    assert_eq!(criteria.code, Some(1), "{criteria:#?}");
    assert!(
        criteria.stderr.contains("none.json") && !criteria.stderr.contains("run 1"),
        "{}",
        criteria.stderr
    );
    let written = bench(words(&[
        recording.as_os_str(),
        "--json".as_ref(),
        "mine".as_ref(),
        "--overwrite".as_ref(),
    ]));
    written.assert_code(0);
    assert!(fs::read_to_string(place.at("mine")).unwrap().starts_with('{'));
    assert_eq!(names(place.folder.path()), ["mine", "twin"]);
}

#[test]
fn every_name_that_the_file_system_takes_is_written() {
    let place = Place::new();
    for length in [240, 251, 255] {
        let name = "n".repeat(length - 4) + ".mp4";
        place.export(&name, &[]).assert_code(0);
        assert!(place.at(&name).is_file());
    }
    let long = place.export("n".repeat(300), &[]);
    long.assert_error(&["File name too long"]);
    let bytes = OsStr::from_bytes(b"\xff.mp4");
    let done = place.export(bytes, &["--json"].map(OsStr::new));
    done.assert_code(0);
    let last = done.events().pop().unwrap();
    assert_eq!(
        (&last["type"], last["path"].as_str()),
        (&"Completed".into(), Some("\u{fffd}.mp4"))
    );
    assert!(place.at(bytes).is_file());
}

#[test]
fn what_a_killed_export_left_goes_with_the_next_one() {
    let place = Place::new();
    let long = Recording::moving("640x360", 20.0);
    let mut child = capstan()
        .current_dir(place.folder.path())
        .arg("export")
        .arg(long.path())
        .args(["out.mp4", "--fps", "240"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !names(place.folder.path())
        .iter()
        .any(|name| name.ends_with(".partial"))
    {
        std::thread::sleep(Duration::from_millis(5));
    }
    // One that runs keeps its file.
    place.export("out.mp4", &[]).assert_code(0);
    assert_eq!(names(place.folder.path()).len(), 2);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(place.folder.path()).len(), 2, "SIGKILL leaves it");
    place
        .export("out.mp4", &["--overwrite"].map(OsStr::new))
        .assert_code(0);
    assert_eq!(names(place.folder.path()), ["out.mp4"]);
}

/// Runs an export by a shell that does `before` first.
fn export_after(before: &str, place: &Place, recording: &Path) -> Command {
    let line = format!("{before}; exec \"$@\"");
    let mut command = Command::new("bash");
    command
        .current_dir(place.folder.path())
        .args(["-c", &line, "bash", env!("CARGO_BIN_EXE_capstan"), "export"])
        .arg(recording)
        .args(["out.mp4"]);
    command
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error() {
    let place = Place::new();
    let recording = Recording::moving("640x360", 2.0);
    let limited =
        run(export_after("ulimit -f 20", &place, &recording.path()).env("MESA_SHADER_CACHE_DISABLE", "true"));
    limited.assert_error(&["out.mp4", "File too large"]);
    assert!(!limited.stderr.contains(".partial"), "{}", limited.stderr);
    assert_eq!(names(place.folder.path()), [""; 0]);
}

#[test]
fn hanging_up_ends_an_export_unless_that_is_to_be_ignored() {
    let place = Place::new();
    let recording = Recording::moving("640x360", 20.0);
    for (before, code) in [("true", 130), ("trap '' HUP", 0)] {
        let mut child = export_after(before, &place, &recording.path())
            .args(["--resolution", "64x36", "--fps", "15"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !names(place.folder.path())
            .iter()
            .any(|name| name.ends_with(".partial"))
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        let kill = Command::new("kill")
            .args(["-s", "HUP", &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
        let status = wait(&mut child, Duration::from_secs(120)).expect("it ends");
        assert_eq!(status.code(), Some(code), "{before}");
        assert_eq!(
            names(place.folder.path()).len(),
            usize::from(code == 0),
            "{before}"
        );
    }
}

/// A log that can't be written costs no export, but it is said, once.
#[cfg(target_os = "linux")]
#[test]
fn a_log_file_that_can_not_be_written_is_said_once() {
    let folder = TempDir::new().unwrap();
    let target = folder.path().join("out.mp4");
    let mut command = capstan();
    command.arg("export").arg(fixture("desk")).arg(&target);
    command.args(["--resolution", "320x180", "--fps", "5", "--log-file", "/dev/full"]);
    let run = run(&mut command);
    run.assert_code(0);
    let said = run.stderr.matches("the log file can't be written").count();
    assert_eq!(said, 1, "{}", run.stderr);
}
