//! `--confined`: nothing outside the recording is opened, and the export is the same as without.

use std::fs;
use std::path::Path;

use crate::common::{Export, Recording, SMALL, capstan, fixture, run, skipped};
use serde_json::{Value, json};

/// The flags of [`SMALL`] and these.
fn flags<'a>(more: &[&'a str]) -> Vec<&'a str> {
    SMALL.iter().copied().chain(more.iter().copied()).collect()
}

/// An image of one colour.
fn red(path: &Path) {
    image::RgbImage::from_pixel(64, 64, image::Rgb([255, 0, 0]))
        .save(path)
        .unwrap();
}

fn image(path: &str) -> Value {
    json!({ "source": { "type": "image", "path": path }, "padding": 40 })
}

/// Whether the corner of the first frame shows the red background, and not the white that stands in for it.
fn is_red(export: &Export) -> bool {
    let [r, g, b] = export.pixel(0, 2, 2);
    assert!(r > 200, "neither red nor white: {r} {g} {b}");
    g < 60 && b < 60
}

#[test]
fn a_background_outside_is_named_and_not_opened() {
    let recording = Recording::moving("128x96", 0.2);
    let outside = recording.outside().join("secret.png");
    red(&outside);
    let mut paths = vec![
        outside.to_str().unwrap().to_owned(),
        "../secret.png".to_owned(),
        format!("asset://localhost/{}", outside.display()),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, recording.place("content/link.png")).unwrap();
        std::os::unix::fs::symlink(recording.outside(), recording.place("content/up")).unwrap();
        paths.extend(["content/link.png".to_owned(), "content/up/secret.png".to_owned()]);
    }
    for path in &paths {
        recording.config(&image(path));
        // As Cap does, without the flag.
        assert!(is_red(&Export::done(&recording.path(), &SMALL)), "{path}");

        let confined = Export::done(&recording.path(), &flags(&["--confined"]));
        assert!(!is_red(&confined), "{path}");
        let report = confined.report();
        let unrendered = report["unrendered"].as_array().unwrap();
        let entry = unrendered
            .iter()
            .find(|entry| entry["setting"] == "background.source.path")
            .unwrap_or_else(|| panic!("{path}: {report:#}"));
        let instead = entry["instead"].as_str().unwrap();
        for word in [
            "white is painted",
            "not in the recording",
            "--confined",
            "--background",
        ] {
            assert!(instead.contains(word), "{instead}");
        }
        assert!(
            confined
                .run
                .stderr
                .contains("background.source.path is not rendered"),
            "{}",
            confined.run.stderr
        );
        assert_eq!(report["settings"]["confined"], true);
    }

    let inspected = run(capstan()
        .args(["inspect", "--confined", "--json"])
        .arg(recording.path()));
    inspected.assert_code(0);
    assert!(
        inspected.stdout.contains("background.source.path"),
        "{}",
        inspected.stdout
    );
}

/// Whether a file outside exists is not told: an answer would let a sender ask what is on the server.
#[test]
fn what_is_said_of_a_background_outside_does_not_depend_on_whether_it_exists() {
    let recording = Recording::moving("128x96", 0.2);
    let said = |path: &Path| {
        recording.config(&image(path.to_str().unwrap()));
        let report = Export::done(&recording.path(), &flags(&["--confined"])).report();
        let text = json!([report["unrendered"], report["warnings"]]).to_string();
        text.replace(path.to_str().unwrap(), "PATH")
    };
    let there = recording.outside().join("there.png");
    red(&there);
    assert_eq!(said(&there), said(&recording.outside().join("gone.png")));
}

#[test]
fn a_background_inside_or_named_by_a_flag_is_painted() {
    let recording = Recording::moving("128x96", 0.2);
    red(&recording.place("content/wall.png"));
    let absolute = recording.place("content/wall.png");
    for path in ["content/wall.png", absolute.to_str().unwrap()] {
        recording.config(&image(path));
        let export = Export::done(&recording.path(), &flags(&["--confined"]));
        assert!(is_red(&export), "{path}: {:#}", export.report());
    }
    let named = recording.outside().join("named.png");
    red(&named);
    recording.config(&image("/nowhere.png"));
    let export = Export::done(
        &recording.path(),
        &flags(&["--confined", "--background", named.to_str().unwrap()]),
    );
    assert!(is_red(&export));
    // A configuration beside the recording may be named too.
    let config = recording.outside().join("config.json");
    fs::rename(recording.place("project-config.json"), &config).unwrap();
    let mut flags = flags(&["--confined", "--config", config.to_str().unwrap(), "--background"]);
    flags.push(named.to_str().unwrap());
    assert!(is_red(&Export::done(&recording.path(), &flags)));
}

/// Every other path of a configuration is refused when it leads out, with the flag as without it.
#[test]
fn music_and_pictures_outside_are_refused() {
    let recording = Recording::moving("128x96", 0.2);
    red(&recording.outside().join("secret.png"));
    let secret = recording.outside().join("secret.png");
    for (list, path) in [
        ("audioSegments", "../secret.png"),
        ("imageSegments", "../secret.png"),
        ("imageSegments", secret.to_str().unwrap()),
    ] {
        let config = json!({ "timeline": { "segments": [{ "start": 0, "end": 0.2, "timescale": 1 }], "zoomSegments": [],
            (list): [{ "start": 0, "end": 0.2, "path": path, "volumeDb": 0 }] } });
        fs::write(recording.place("project-config.json"), config.to_string()).unwrap();
        let export = Export::of(&recording.path(), &flags(&["--confined"]));
        export.run.assert_error(&[
            &format!("timeline.{list}[0].path"),
            "leaves the recording's folder",
        ]);
    }
}

/// The same bytes, by the same encoder and pixel path, with everything that drivers and fonts need.
#[test]
fn a_confined_export_is_the_same() {
    for name in ["desk", "fragments", "instant", "legacy"] {
        // x264 gives the same bytes twice where no ceiling of the rate makes it look at how far its threads are.
        let repeatable = [&SMALL[..], &["--cap-rate"]].concat();
        let more: &[&str] = if name == "instant" { &[] } else { &repeatable };
        let free = Export::done(&fixture(name), more);
        let confined = Export::done(&fixture(name), &[more, &["--confined"]].concat());
        assert!(
            fs::read(free.path()).unwrap() == fs::read(confined.path()).unwrap(),
            "{name}: {:#}",
            confined.report()
        );
        let paths = |export: &Export| {
            let mut paths = export.report()["paths"].clone();
            paths.as_object_mut().unwrap().remove("calibration");
            paths
        };
        assert_eq!(paths(&free), paths(&confined), "{name}");
        assert_eq!(free.report()["confinement"], Value::Null);
        let confinement = confined.report()["confinement"].clone();
        if confinement["landlock"]["abi"].is_null() {
            skipped(&format!("no wall here: {confinement}"));
            let warnings = confined.report()["warnings"].to_string();
            assert!(warnings.contains("--confined"), "{warnings}");
            continue;
        }
        for guard in ["files", "network", "programs"] {
            let refused = confinement["refused"].as_array().unwrap();
            assert!(refused.contains(&json!(guard)), "{confinement:#}");
        }
    }
}

/// Fonts are found, those of the system included: the text is set in the same letters.
#[test]
fn texts_are_set_in_the_same_fonts() {
    let recording = Recording::moving("128x96", 0.4);
    let mut config: Value =
        serde_json::from_slice(&fs::read(recording.place("project-config.json")).unwrap()).unwrap();
    config["timeline"] = json!({
        "segments": [{ "start": 0, "end": 0.4, "timescale": 1 }], "zoomSegments": [],
        "textSegments": [{ "start": 0, "end": 1, "content": "Grün", "fontSize": 60, "center": { "x": 0.5, "y": 0.5 },
            "size": { "x": 0.8, "y": 0.4 } }],
    });
    fs::write(recording.place("project-config.json"), config.to_string()).unwrap();
    let free = Export::done(&recording.path(), &SMALL);
    let confined = Export::done(&recording.path(), &flags(&["--confined"]));
    assert_eq!(free.report()["warnings"], confined.report()["warnings"]);
    assert!(fs::read(free.path()).unwrap() == fs::read(confined.path()).unwrap());
    // The text is there at all.
    config["timeline"]["textSegments"] = json!([]);
    fs::write(recording.place("project-config.json"), config.to_string()).unwrap();
    let bare = Export::done(&recording.path(), &SMALL);
    assert!(fs::read(free.path()).unwrap() != fs::read(bare.path()).unwrap());
}

/// A trace and a log, named by flags, are written although the walls stand.
#[test]
fn files_that_flags_name_are_written() {
    let recording = Recording::moving("128x96", 0.2);
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        folder.path().join(name).join("file").to_str().unwrap().to_owned()
    };
    let (trace, log) = (at("traces"), at("logs"));
    Export::done(
        &recording.path(),
        &flags(&["--confined", "--trace", &trace, "--log-file", &log]),
    );
    assert!(fs::read_to_string(&trace).unwrap().contains("traceEvents"));
    assert!(
        fs::read_to_string(&log)
            .unwrap()
            .contains("confined: the kernel refuses")
    );
    // A second export replaces all three.
    let target = folder.path().join("out.mp4");
    for _ in 0..2 {
        let run = run(capstan()
            .args([
                "export",
                "--confined",
                "--overwrite",
                "--trace",
                &trace,
                "--log-file",
                &log,
            ])
            .args(SMALL)
            .arg(recording.path())
            .arg(&target));
        run.assert_code(0);
        assert!(
            run.stderr.contains("confined: the kernel refuses"),
            "{}",
            run.stderr
        );
    }
}

#[test]
fn doctor_says_which_walls_work_here() {
    let run = run(capstan().args(["doctor", "--json"]));
    let found: Value = serde_json::from_str(&run.stdout).unwrap();
    let confinement = &found["confinement"];
    for wall in ["landlock", "seccomp"] {
        assert!(
            confinement[wall]["stands"].is_boolean()
                && !confinement[wall]["detail"].as_str().unwrap().is_empty()
        );
    }
    let kept =
        confinement["refused"].as_array().unwrap().len() + confinement["missing"].as_array().unwrap().len();
    assert!(kept >= 4, "{confinement:#}");
}
