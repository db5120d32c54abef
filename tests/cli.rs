//! The command line as programs and people meet it: exit codes, files, events, what is printed and what is not.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::common::{self, Export, Recording, capstan, digest, fixture, names, run, wait};
use serde_json::Value;

/// As little work as makes an MP4.
const TINY: [&str; 4] = ["--fps", "10", "--resolution", "160x90"];

fn words(line: &str) -> common::Run {
    run(capstan().args(line.split_whitespace()))
}

#[test]
fn help_is_what_people_read_first() {
    let help = words("--help").assert_code(0).stdout.clone();
    insta::assert_snapshot!(help, @r"
    Exports Cap screen recordings to MP4 and measures itself doing it

    Usage: capstan [OPTIONS] <COMMAND>

    Commands:
      export       Export a recording to MP4
      shard        Divide an export into parts that are made anywhere, and join them
      bench        Measure exports: repeated runs, statistics, floor, quality; compare results
      inspect      Say what a recording holds and everything that is wrong with it
      doctor       List adapters, FFmpeg libraries, decoders and encoders, and whether they open
      synth        Make a recording to test or measure with
      similarity   Compare two videos frame by frame (SSIM and PSNR of luma)
      completions  Print a completion script for a shell
      man          Print the manual page (roff)
      help         Print this message or the help of the given subcommand(s)

    Options:
      -q, --quiet            Print nothing but errors
      -v, --verbose...       Log more: -v what is chosen and why, -vv what every stage does
          --log-file <FILE>  Also write the log, at debug level, to this file
          --overwrite        Replace files that exist
      -h, --help             Print help
      -V, --version          Print version

    Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    Environment: CAPSTAN_LOG sets the log filter (e.g. capstan=debug,wgpu=warn).
    ");
}

#[test]
fn the_help_of_export_names_every_flag_of_caps_command_line() {
    let help = words("export --help").assert_code(0).stdout.clone();
    for flag in [
        "-o, --output",
        "--format",
        "--fps",
        "--resolution",
        "--quality",
        "--optimize-filesize",
        "--settings-json",
        "--overwrite",
        "--json",
        "--encoder",
        "--adapter",
    ] {
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    for line in [
        "",
        "exprot a b",
        "export",
        "export a.cap b.mp4 --fps 0",
        "export a.cap b.mp4 --fps 29.97",
        "export a.cap b.mp4 --resolution 1920",
        "export a.cap b.mp4 --format gif",
        "export a.cap b.gif",
        "export a.cap .",
        "export a.cap ..",
        "export a.cap /",
        "export a.cap src",
        "export a.cap new/",
        "export a.cap b.mp4 --quality best",
        "export a.cap b.mp4 --crf 52",
        "export a.cap b.mp4 --crf 20 --bitrate 8M",
        "export a.cap b.mp4 -o c.mp4",
        "export a.cap b.mp4 --quiet --verbose",
        "export a.cap b.mp4 --settings-json {",
        "export a.cap b.mp4 --settings-json {\"format\":\"Gif\"}",
        "completions tcsh",
        "synth",
    ] {
        let run = words(line);
        run.assert_code(2);
        assert!(!run.stderr.is_empty(), "{line}");
    }
    assert!(!Path::new("b.mp4").exists());
}

#[test]
fn a_missing_recording_ends_with_1_and_says_what_to_give() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    let missing = run(capstan()
        .arg("export")
        .arg(folder.path().join("none.cap"))
        .arg(&target));
    missing.assert_error(&["none.cap", "No such file", "give the path of a `.cap` folder"]);
    let file = folder.path().join("file.cap");
    fs::write(&file, "text").unwrap();
    let file = run(capstan().arg("export").arg(&file).arg(&target));
    file.assert_error(&["file.cap", "is not a folder"]);
    let empty = folder.path().join("empty.cap");
    fs::create_dir(&empty).unwrap();
    let empty = run(capstan().arg("export").arg(&empty).arg(&target));
    empty.assert_error(&["recording-meta.json", "is this the folder of a Cap recording?"]);
    assert_eq!(names(folder.path()), ["empty.cap", "file.cap"]);
}

#[test]
fn an_existing_file_is_replaced_only_with_overwrite() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    fs::write(&target, "mine").unwrap();
    let export = |more: &[&str]| {
        run(capstan()
            .arg("export")
            .arg(fixture("portrait"))
            .arg(&target)
            .args(TINY)
            .args(more))
    };
    let refused = export(&[]);
    refused.assert_code(2);
    assert!(refused.stderr.contains("--overwrite"), "{}", refused.stderr);
    assert_eq!(fs::read(&target).unwrap(), b"mine");
    export(&["--overwrite"]).assert_code(0);
    assert!(fs::read(&target).unwrap().starts_with(b"\0\0\0"));
    assert_eq!(names(folder.path()), ["out.mp4"]);
}

#[test]
fn nothing_is_written_into_the_recording() {
    let recording = Recording::moving("128x96", 0.2);
    let before = digest(&recording.path());
    for place in ["out.mp4", "content/out.mp4", "content/../out.mp4"] {
        let refused = run(capstan()
            .arg("export")
            .arg(recording.path())
            .arg(recording.place(place))
            .args(["--overwrite"]));
        refused.assert_code(2);
        assert!(
            refused.stderr.contains("inside the recording"),
            "{}",
            refused.stderr
        );
    }
    #[cfg(unix)]
    {
        let door = recording.outside().join("door");
        std::os::unix::fs::symlink(recording.path(), &door).unwrap();
        let refused = run(capstan()
            .arg("export")
            .arg(recording.path())
            .arg(door.join("out.mp4")));
        refused.assert_code(2);
    }
    assert_eq!(before, digest(&recording.path()));
}

#[test]
fn a_target_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/out.mp4");
    let run_missing = run(capstan().arg("export").arg(fixture("portrait")).arg(&missing));
    run_missing.assert_error(&["no/such/out.mp4", "No such file"]);
    let named = folder.path().join("folder.mp4");
    fs::create_dir(&named).unwrap();
    let run_folder = run(capstan().arg("export").arg(fixture("portrait")).arg(&named));
    run_folder.assert_code(2);
    assert!(run_folder.stderr.contains("is a folder"), "{}", run_folder.stderr);
}

#[test]
fn the_output_can_be_named_in_every_way() {
    let folder = tempfile::tempdir().unwrap();
    let export = |args: &[&str]| {
        run(capstan()
            .current_dir(folder.path())
            .arg("export")
            .arg(fixture("instant"))
            .args(args))
    };
    for (args, file) in [
        (&["a.mp4"][..], "a.mp4"),
        (&["-o", "b.mp4"], "b.mp4"),
        (&["--output", "c.MP4"], "c.MP4"),
        (&["--output=d.mp4"], "d.mp4"),
        (&[], "instant.mp4"),
    ] {
        let done = export(args);
        done.assert_code(0);
        assert!(folder.path().join(file).is_file(), "{file}: {done:#?}");
    }
    let appended = export(&["-o", "e.video"]);
    appended.assert_code(0);
    assert!(
        appended.stderr.contains("writing e.video.mp4"),
        "{}",
        appended.stderr
    );
    let expected = ["a.mp4", "b.mp4", "c.MP4", "d.mp4", "e.video.mp4", "instant.mp4"];
    assert_eq!(names(folder.path()), expected);
}

#[test]
fn settings_of_an_instant_recording_are_refused_not_ignored() {
    let export = Export::of(&fixture("instant"), &["--fps", "30"]);
    export.run.assert_code(2);
    assert!(export.run.stderr.contains("--fps"), "{}", export.run.stderr);
}

#[test]
fn caps_settings_json_decides_rate_and_size() {
    let json = r#"{"format":"Mp4","fps":10,"resolution_base":{"x":160,"y":90},"compression":"Potato",
        "custom_bpp":null,"force_ffmpeg_decoder":true,"optimize_filesize":false}"#;
    let export = Export::done(&fixture("desk"), &["--settings-json", json]);
    let video = export.video();
    assert_eq!(video.size(), (160, 90));
    assert_eq!(video.video["r_frame_rate"], "10/1");
    let flagged = Export::done(&fixture("desk"), &["--settings-json", json, "--fps", "5"]);
    assert_eq!(flagged.video().video["r_frame_rate"], "5/1");
}

#[test]
fn events_tell_of_progress_and_of_what_really_ran() {
    let export = Export::done(&fixture("portrait"), &TINY);
    let events = export.run.events();
    let (completed, progress) = events.split_last().unwrap();
    assert!(progress.len() >= 3, "{events:#?}");
    let mut last = 0;
    let mut phases = Vec::new();
    for event in progress {
        assert_eq!(event["type"], "Progress");
        let rendered = event["rendered_count"].as_u64().unwrap();
        let total = event["total_frames"].as_u64().unwrap();
        assert!(rendered >= last, "{events:#?}");
        last = rendered;
        let phase = event["phase"].as_str().unwrap().to_owned();
        // A timeline of 3.5 s at 10 fps, known as soon as the recording is read.
        assert_eq!(total, if phase == "prepare" { 0 } else { 35 }, "{event}");
        assert!(rendered <= 35);
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
        for key in ["fps", "speed", "elapsed_s"] {
            assert!(event[key].as_f64().unwrap() >= 0.0, "{event}");
        }
    }
    assert_eq!(phases, ["prepare", "export", "finish"]);
    assert_eq!(last, 35);
    assert_eq!(completed["type"], "Completed");
    assert_eq!(completed["path"], export.path().to_str().unwrap());
    let report = &completed["report"];
    assert_eq!(report["frames"], 35);
    assert_eq!(report["bytes"], fs::metadata(export.path()).unwrap().len());
    let paths = &report["paths"];
    assert!(!paths["adapter"]["name"].as_str().unwrap().is_empty());
    assert!(["simd", "swscale"].contains(&paths["pixel_path"].as_str().unwrap()));
    assert!(paths["encoder"].as_str().unwrap().contains("264"), "{paths:#}");
    let tracks: Vec<_> = paths["decoders"].as_array().unwrap().iter().collect();
    assert!(
        tracks.iter().any(|decoder| decoder["track"] == "display"),
        "{tracks:#?}"
    );
    let stages: Vec<_> = report["stages"].as_array().unwrap().iter().collect();
    assert!(stages.len() >= 6, "{stages:#?}");
    for stage in &stages {
        let seconds = |key: &str| stage[key].as_f64().unwrap_or_else(|| panic!("{key}: {stage:#}"));
        assert!(
            seconds("busy_s") >= 0.0 && seconds("wait_input_s") >= 0.0 && seconds("wait_output_s") >= 0.0
        );
    }
    let frames_of =
        |name: &str| stages.iter().find(|stage| stage["stage"] == name).unwrap()["frames"].clone();
    assert_eq!(frames_of("encode"), 35);
}

#[test]
fn an_error_is_an_event_too() {
    let folder = tempfile::tempdir().unwrap();
    let export = Export::of(folder.path(), &[]);
    export.run.assert_code(1);
    let events = export.run.events();
    let error = events.last().unwrap();
    assert_eq!(error["type"], "Error");
    assert_eq!(error["exit_code"], 1);
    assert!(
        error["error"].as_str().unwrap().contains("recording-meta.json"),
        "{error:#}"
    );
    assert!(error["causes"].is_array());
    let usage = Export::of(&fixture("desk"), &["--settings-json", "{"]);
    assert_eq!(usage.run.code, Some(2));
    assert_eq!(usage.run.events()[0]["exit_code"], 2);
}

#[test]
fn quiet_prints_nothing() {
    for name in ["portrait", "desk", "fragments"] {
        let folder = tempfile::tempdir().unwrap();
        let quiet = run(capstan()
            .args(["--quiet", "export"])
            .arg(fixture(name))
            .arg(folder.path().join("out.mp4"))
            .args(TINY));
        quiet.assert_code(0);
        assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "{name}");
    }
}

#[test]
fn without_a_terminal_progress_is_lines_and_a_summary() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    let plain = run(capstan()
        .arg("export")
        .arg(fixture("portrait"))
        .arg(&target)
        .args(TINY));
    plain.assert_code(0);
    assert_eq!(plain.stdout, "");
    for part in [
        "export: ",
        "/35 frames",
        "finish: 35/35",
        "out.mp4",
        "35 frames",
        "adapter",
        "sound:",
    ] {
        assert!(plain.stderr.contains(part), "{part:?} in {}", plain.stderr);
    }
    let first = plain
        .stderr
        .lines()
        .find(|line| line.contains("out.mp4"))
        .unwrap();
    assert!(first.contains("3.5 s, made in "), "{first}");
    // What a machine without a GPU falls back from is one line here, and all of it with -v.
    assert!(!plain.stderr.contains("fell back: decoder") || !plain.stderr.contains("software:"));
    let target = folder.path().join("verbose.mp4");
    let verbose = run(capstan()
        .args(["-v", "export"])
        .arg(fixture("portrait"))
        .arg(&target)
        .args(TINY));
    verbose.assert_code(0);
    if plain.stderr.contains("no GPU encoder or decoder here") {
        assert!(verbose.stderr.contains("fell back: "), "{}", verbose.stderr);
    }
    assert!(
        !plain.stderr.contains('\u{1b}') && !plain.stderr.contains('\r'),
        "{}",
        plain.stderr
    );
}

#[test]
fn the_log_goes_to_a_file_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log.txt");
    let logged = run(capstan()
        .args(["-q", "--log-file"])
        .arg(&log)
        .arg("export")
        .arg(fixture("portrait"))
        .arg(folder.path().join("out.mp4"))
        .args(TINY));
    logged.assert_code(0);
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains("export begins"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours in a file: {text}");
    let nowhere = run(capstan()
        .arg("--log-file")
        .arg(folder.path().join("no/log"))
        .args(["synth", "--list"]));
    nowhere.assert_error(&["can't write the log file"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.mp4");
    let mut child = capstan()
        .arg("export")
        .arg(fixture("portrait"))
        .arg(&target)
        .args(TINY)
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = wait(&mut child, Duration::from_secs(60)).unwrap();
    assert_eq!(status.code(), Some(0));
    assert!(target.is_file());
    for line in ["synth --list", "man", "doctor"] {
        let mut child = capstan()
            .args(line.split_whitespace())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(
            wait(&mut child, Duration::from_secs(60)).unwrap().code(),
            Some(0),
            "{line}"
        );
    }
}

#[test]
fn inspect_says_what_a_recording_holds() {
    let before = digest(&fixture("cuts"));
    let text = run(capstan().arg("inspect").arg(fixture("cuts")));
    text.assert_code(0);
    for part in [
        "Cuts (studio recording)",
        "7 clips",
        "  timeline      0",
        "    clips       |###",
        "    music ",
        "segment 1",
        "h264 960x540",
        "opus 48000 Hz stereo",
        "can be exported",
    ] {
        assert!(text.stdout.contains(part), "{part:?} in {}", text.stdout);
    }
    let json = run(capstan().arg("inspect").arg(fixture("cuts")).arg("--json"));
    json.assert_code(0);
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(found["can_export"], true);
    assert_eq!(found["clips"], 7);
    assert_eq!(found["timeline"][0]["kind"], "clips");
    assert_eq!(found["timeline"][0]["spans"].as_array().unwrap().len(), 7);
    let schema = run(capstan().args(["inspect", "--schema"]));
    let published = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/inspect.schema.json");
    assert_eq!(
        schema.assert_code(0).stdout,
        fs::read_to_string(published).unwrap(),
        "renew it: cargo run -- inspect --schema > docs/inspect.schema.json"
    );
    let schema: Value = serde_json::from_str(&schema.stdout).unwrap();
    for value in [&found, &json_of("legacy"), &json_of("instant")] {
        assert!(jsonschema::is_valid(&schema, value), "{value:#}");
    }
    assert_eq!(found["segments"].as_array().unwrap().len(), 2);
    assert_eq!(found["segments"][0]["media"]["display"]["frames"], 120);
    let legacy: Value = json_of("legacy");
    assert_eq!(legacy["kind"], "legacy studio");
    let instant: Value = json_of("instant");
    assert_eq!(
        (&instant["kind"], &instant["video"]["size"]["width"]),
        (&"instant".into(), &640.into())
    );
    assert_eq!(before, digest(&fixture("cuts")));
}

fn json_of(name: &str) -> Value {
    let json = run(capstan().arg("inspect").arg(fixture(name)).arg("--json"));
    serde_json::from_str(&json.assert_code(0).stdout).unwrap()
}

#[test]
fn inspect_names_every_problem_of_a_broken_recording() {
    let folder = tempfile::tempdir().unwrap();
    let meta = r#"{ "pretty_name": "Broken", "platform": "Linux", "segments": [
        { "display": { "path": "content/none.mp4", "fps": 30 }, "mic": { "path": "../outside.ogg" } },
        { "display": { "path": "content/empty.mp4", "fps": 30 } } ] }"#;
    fs::write(folder.path().join("recording-meta.json"), meta).unwrap();
    fs::create_dir(folder.path().join("content")).unwrap();
    fs::write(folder.path().join("content/empty.mp4"), "").unwrap();
    let config = r#"{ "background": { "padding": "much" }, "timeline": { "segments": "none" } }"#;
    fs::write(folder.path().join("project-config.json"), config).unwrap();
    let before = digest(folder.path());
    let text = run(capstan().arg("inspect").arg(folder.path()));
    text.assert_code(1);
    for part in [
        "segments[0].display.path",
        "content/none.mp4",
        "segments[0].mic.path",
        "../outside.ogg",
        "segments[1].display.path",
        "empty (0 bytes)",
        "project-config.json: background.padding",
        "can't be exported",
    ] {
        assert!(text.stdout.contains(part), "{part:?} in {}", text.stdout);
    }
    let json = run(capstan().arg("inspect").arg(folder.path()).arg("--json"));
    json.assert_code(1);
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(found["can_export"], false);
    assert!(found["problems"].as_array().unwrap().len() >= 4, "{found:#}");
    for problem in found["problems"].as_array().unwrap() {
        assert!(
            problem["file"].is_string() && problem["severity"].is_string(),
            "{problem:#}"
        );
    }
    assert_eq!(before, digest(folder.path()));
}

#[test]
fn doctor_tells_what_this_machine_offers() {
    let json = run(capstan().args(["doctor", "--json"]));
    json.assert_code(0);
    assert_eq!(json.stderr, "");
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(found["can_export"], true);
    assert_eq!(found["capstan"], env!("CARGO_PKG_VERSION"));
    assert!(!found["adapters"].as_array().unwrap().is_empty());
    assert!(found["ffmpeg"]["avcodec"].as_str().unwrap().contains('.'));
    let encoders = found["encoders"].as_array().unwrap();
    assert!(
        encoders.iter().any(|encoder| encoder["opened"] == true),
        "{encoders:#?}"
    );
    for encoder in encoders {
        let explained = encoder["opened"] == true || !encoder["reason"].as_str().unwrap().is_empty();
        assert!(explained, "{encoder:#}");
    }
    let text = run(capstan().arg("doctor"));
    text.assert_code(0);
    let taken = found["export_encoder"].as_str().unwrap();
    let marked = format!("{taken} (an export takes this one)");
    for heading in [
        "GPU adapters",
        "FFmpeg ",
        "Hardware decoding",
        "H.264 encoders that work\n",
        "H.264 encoders that don't work here\n",
        &marked,
    ] {
        assert!(text.stdout.contains(heading), "{}", text.stdout);
    }
}

#[test]
fn an_adapter_or_encoder_that_is_not_there_is_named() {
    let export = Export::of(&fixture("portrait"), &["--adapter", "voodoo", "--fps", "10"]);
    export.run.assert_error(&["voodoo"]);
    for (flag, name, meant) in [
        ("--encoder", "h264_nvnec", "h264_nvenc"),
        ("--decoder", "vapi", "vaapi"),
    ] {
        let export = Export::of(&fixture("portrait"), &[flag, name, "--fps", "10"]);
        export.run.assert_code(2);
        let said = format!("did you mean {meant}?");
        assert!(export.run.stderr.contains(&said), "{}", export.run.stderr);
    }
}

#[test]
fn completions_and_manual_are_printed() {
    for (shell, mark) in [
        ("bash", "complete -F _capstan"),
        ("zsh", "#compdef capstan"),
        ("fish", "complete -c capstan"),
    ] {
        let script = words(&format!("completions {shell}"))
            .assert_code(0)
            .stdout
            .clone();
        for part in [mark, "optimize-filesize", "inspect"] {
            assert!(script.contains(part), "{part} in {shell}");
        }
    }
    let page = words("man").assert_code(0).stdout.clone();
    assert!(
        page.contains(".TH capstan") && page.contains("130 interrupted"),
        "{page}"
    );
}

#[test]
fn synth_lists_its_presets_and_makes_them() {
    let list = words("synth --list").assert_code(0).stdout.clone();
    for name in [
        "desk",
        "cuts",
        "fragments",
        "reference-1667",
        "screen-1080p30-60s",
        "worst-1080p30",
    ] {
        assert!(list.lines().any(|line| line.starts_with(name)), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let made = folder.path().join("made.cap");
    run(capstan().args(["synth", "counter:256x144@30:0.5"]).arg(&made)).assert_code(0);
    run(capstan().args(["synth", "counter:256x144@30:0.5"]).arg(&made))
        .assert_error(&["made.cap", "already exists"]);
    run(capstan()
        .args(["synth", "nothing"])
        .arg(folder.path().join("x.cap")))
    .assert_error(&["\"nothing\"", "known are desk"]);
    assert_eq!(Export::done(&made, &common::SMALL).report()["frames"], 15);
}
