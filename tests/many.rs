//! Several recordings by one command.

use std::fs;

use serde_json::Value;

use crate::common::{Recording, SMALL, capstan, fixture, names, run};

#[test]
fn a_failure_of_one_does_not_stop_the_others() {
    let recording = Recording::moving("64x48", 1.0);
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.cap");
    fs::create_dir(&broken).unwrap();
    let out = folder.path().join("new/out");
    let mut command = capstan();
    command
        .arg("export")
        .args([&broken, &fixture("instant"), &recording.path()]);
    command.arg("--output-dir").arg(&out).args(["--jobs", "2"]);
    let done = run(&mut command);
    done.assert_code(1);
    assert_eq!(names(&out), ["instant.mp4", "take.mp4"]);
    for words in [
        "2 of 3 recordings exported",
        "failed:",
        "broken.cap",
        "recording-meta.json",
    ] {
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }

    // What is there already fails, the rest is made; --json says which is which.
    fs::remove_file(out.join("take.mp4")).unwrap();
    let mut command = capstan();
    command
        .arg("export")
        .args([&fixture("instant"), &recording.path()])
        .arg("--json");
    let again = run(command.arg("--output-dir").arg(&out));
    again.assert_code(1);
    let events = again.events();
    let of = |kind: &str| -> Vec<&Value> { events.iter().filter(|event| event["type"] == kind).collect() };
    assert_eq!((of("Completed").len(), of("Error").len()), (1, 1), "{events:#?}");
    assert!(of("Completed")[0]["path"].as_str().unwrap().ends_with("take.mp4"));
    assert!(
        of("Error")[0]["recording"]
            .as_str()
            .unwrap()
            .ends_with("instant.cap")
    );

    let mut command = capstan();
    command
        .arg("export")
        .args([&fixture("instant"), &recording.path()])
        .arg("--overwrite");
    run(command.arg("--output-dir").arg(&out)).assert_code(0);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let recording = Recording::moving("64x48", 1.0);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let refused = |arguments: &[&str]| {
        let mut command = capstan();
        command.arg("export").arg(recording.path()).args(arguments);
        let refused = run(command.args(SMALL));
        refused.assert_code(2);
        assert!(!out.exists(), "{arguments:?}");
        refused.stderr
    };
    let (take, out_name) = (recording.path(), out.to_str().unwrap().to_owned());
    let twice = refused(&[take.to_str().unwrap(), "--output-dir", &out_name]);
    assert!(twice.contains("would both become"), "{twice}");
    let desk = fixture("desk");
    refused(&[desk.to_str().unwrap(), "third.cap"]);
    refused(&[desk.to_str().unwrap(), "--jobs", "2"]);
    refused(&[
        desk.to_str().unwrap(),
        "--output-dir",
        &out_name,
        "--trace",
        "t.json",
    ]);
    let inside = recording.place("out");
    refused(&[desk.to_str().unwrap(), "--output-dir", inside.to_str().unwrap()]);
    assert!(!inside.exists());
}
