//! An export in parts: the parts hold the frames and the sound of the whole, the joined file is what an export is, and what
//! goes wrong is mended by a retry or named by `join`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use capstan::export::{Cancel, ExportError, ExportSettings, Span, Unobserved};
use capstan::frame::Size;
use capstan::media::decode::HardwareChoice;
use capstan::media::encode::Quality;
use capstan::render::RenderError;
use capstan::shard::{self, PartId, PartRequest, PlanRequest, ShardError, ShardPlan};
use capstan::time::FrameRate;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{self, Export, Mp4, Recording, Run, capstan, digest, fixture, names, run, tool};
use crate::{browser, chromium};

/// An export of a recording in parts, in a folder of its own.
struct Shards {
    folder: tempfile::TempDir,
    plan: Value,
}

impl Shards {
    fn plan(recording: &Path, parts: u32, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = capstan();
        command
            .args(["shard", "plan"])
            .arg(recording)
            .args(["--parts", &parts.to_string(), "--json"]);
        command.arg("-o").arg(folder.path().join("plan.json")).args(flags);
        run(&mut command).assert_code(0);
        let plan = fs::read(folder.path().join("plan.json")).unwrap();
        let plan = serde_json::from_slice(&plan).unwrap();
        Self { folder, plan }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn parts(&self) -> usize {
        self.plan["parts"].as_array().unwrap().len()
    }

    fn frames(&self) -> u64 {
        self.plan["end"].as_u64().unwrap() - self.plan["first"].as_u64().unwrap()
    }

    fn command(&self, part: &str, flags: &[&str]) -> std::process::Command {
        let mut command = capstan();
        command.args(["shard", "run"]).arg(self.at("plan.json"));
        command
            .args(["--part", part, "--json", "-o"])
            .arg(self.at("parts"))
            .args(flags);
        command
    }

    fn run(&self, part: &str) -> Run {
        run(&mut self.command(part, &[]))
    }

    /// Makes a part, which must succeed; whether it was there already.
    #[track_caller]
    fn make(&self, part: &str) -> bool {
        let made = self.run(part);
        made.assert_code(0);
        made.events()[0]["kept"].as_bool().unwrap()
    }

    fn make_all(&self) {
        for part in 0..self.parts() {
            self.make(&part.to_string());
        }
        if !self.plan["sound"].is_null() {
            self.make("sound");
        }
    }

    fn join(&self, name: &str) -> Run {
        let mut command = capstan();
        command
            .args(["shard", "join"])
            .arg(self.at("plan.json"))
            .arg(self.at("parts"));
        run(command.arg("-o").arg(self.at(name)).arg("--json"))
    }

    fn joined(&self) -> Mp4 {
        self.join("out.mp4").assert_code(0);
        Mp4::read(&self.at("out.mp4"))
    }

    fn file(&self, part: &str) -> PathBuf {
        match part.parse::<u32>() {
            Ok(number) => self.at(&format!("parts/part-{number:04}.packets")),
            Err(_) => self.at("parts/sound.packets"),
        }
    }
}

/// Seven seconds that move, with a tone: four key frames at 30 fps.
fn take() -> Recording {
    let recording = Recording::moving("320x180", 7.0).with_mic();
    recording.track(common::MIC, "sine=440:duration=7", &["-c:a", "libopus"]);
    recording
}

/// What a stream of a file decodes to, or its packets where `copy` is given, as one number.
fn md5(file: &Path, stream: &str, copy: bool) -> String {
    let codec = if copy { "copy" } else { "pcm_f32le" };
    let args = [
        "-v",
        "error",
        "-i",
        file.to_str().unwrap(),
        "-map",
        stream,
        "-c:a",
        codec,
        "-f",
        "md5",
        "-",
    ];
    tool("ffmpeg", &args).stdout
}

#[test]
fn parts_render_the_frames_of_the_whole() {
    for (name, fps) in [
        ("desk", 30),
        ("cuts", 30),
        ("portrait", 10),
        ("legacy", 10),
        ("fragments", 10),
        ("everything", 6),
    ] {
        let recording = fixture(name);
        let settings = ExportSettings {
            frame_rate: FrameRate::new(fps).unwrap(),
            bounds: Size::new(320, 180),
            decoder: HardwareChoice::Off,
            ..ExportSettings::default()
        };
        let frames = |span| {
            let mut found = Vec::new();
            let settings = ExportSettings {
                span,
                ..settings.clone()
            };
            common::compose(&recording, settings, &mut |number, frame| {
                found.push((number, Sha256::digest(common::pixels(frame)).to_vec()));
            })
            .map(|_| found)
        };
        let Some(whole) = frames(Span::Whole) else {
            return;
        };
        let mut tried: Vec<Span> = Vec::new();
        // As many as are asked for, and one for each key frame.
        for parts in [1, 2, 3, 7, 10_000] {
            let request = PlanRequest {
                recording: recording.clone(),
                settings: settings.clone(),
                parts,
            };
            let plan = shard::plan(&request).unwrap().plan;
            assert_eq!((plan.first, plan.end), (0, whole.len() as u64));
            assert!(plan.parts.len() <= parts as usize);
            let mut next = 0;
            for part in &plan.parts {
                assert_eq!((part.first, part.first % u64::from(fps * 2)), (next, 0));
                next = part.end;
                let span = Span::Frames {
                    first: part.first,
                    end: part.end,
                };
                if tried.contains(&span) {
                    continue;
                }
                tried.push(span);
                let expected = &whole[part.first as usize..part.end as usize];
                assert!(frames(span).unwrap() == expected, "{name}: {span:?} differs");
            }
            assert_eq!(next, plan.end);
        }
    }
}

#[test]
fn a_joined_file_is_what_an_export_is() {
    let recording = take();
    let flags = [&common::SMALL[..], &["--crf", "20"]].concat();
    let whole = Export::done(&recording.path(), &flags);
    for parts in [1, 2, 3] {
        let shards = Shards::plan(&recording.path(), parts, &flags);
        assert_eq!(shards.parts(), parts as usize);
        shards.make_all();
        let joined = shards.joined();
        joined.assert_plays_everywhere(shards.frames());
        assert_eq!(joined.boxes, whole.video().boxes);
        let (joined, whole) = (shards.at("out.mp4"), whole.path());
        assert_eq!(
            md5(&joined, "0:a", true),
            md5(&whole, "0:a", true),
            "packets of sound"
        );
        assert_eq!(md5(&joined, "0:a", false), md5(&whole, "0:a", false), "samples");
        let against = |file: &Path| psnr(file, &recording, &flags);
        let (of_parts, of_whole) = (against(&joined), against(&whole));
        // Short parts of two seconds: the encoder's rate control has seen less of what is to come.
        let most = if parts < 3 { 0.1 } else { 0.2 };
        assert!(
            (of_parts - of_whole).abs() <= most,
            "{parts} parts: {of_parts} {of_whole} dB"
        );
    }
}

/// PSNR of a film against the frames that are rendered for it.
fn psnr(file: &Path, recording: &Recording, flags: &[&str]) -> f64 {
    let raw = recording.outside().join("rendered.nv12");
    if !raw.exists() {
        assert_eq!(flags[..2], ["--fps", "30"]);
        let settings = ExportSettings {
            frame_rate: FrameRate::new(30).unwrap(),
            bounds: Size::new(320, 180),
            ..ExportSettings::default()
        };
        let mut bytes = Vec::new();
        common::compose(&recording.path(), settings, &mut |_, frame| {
            bytes.extend(common::pixels(frame))
        })
        .unwrap();
        fs::write(&raw, bytes).unwrap();
    }
    let raw = [
        "-f",
        "rawvideo",
        "-pix_fmt",
        "nv12",
        "-s",
        "320x180",
        "-r",
        "30",
        "-i",
        raw.to_str().unwrap(),
    ];
    let filter = "[0:v]format=yuv420p[a];[1:v]format=yuv420p[b];[a][b]psnr";
    let args = [
        &["-i", file.to_str().unwrap()],
        &raw[..],
        &["-lavfi", filter, "-f", "null", "-"],
    ]
    .concat();
    let run = tool("ffmpeg", &args);
    let (_, average) = run.stderr.rsplit_once("average:").unwrap();
    average.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn every_way_of_coding_joins() {
    let recording = Recording::new();
    // Rests for four seconds, then moves.
    let source = "color=c=0x336699:size=320x180:rate=30:duration=4[a];testsrc2=size=320x180:rate=30:duration=3[b];[a][b]concat";
    recording.display(
        source,
        &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
    );
    for flags in [
        &["--bitrate", "500k"][..],
        &["--still-pictures", "off"],
        // References among B-pictures, and a first decoding time before 0.
        &["--still-pictures", "off", "--crf", "28"],
        // A part that rests is one picture: two IDR pictures follow one another.
        &["--frame-rate-mode", "vfr"],
        &["--frame-rate-mode", "vfr", "--crf", "28"],
        &["--quality", "potato", "--from", "1.5", "--to", "6.5"],
    ] {
        let flags = [&common::SMALL[..], flags].concat();
        let whole = Export::done(&recording.path(), &flags);
        let shards = Shards::plan(&recording.path(), 10_000, &flags);
        assert!(shards.parts() >= 3, "{flags:?}");
        shards.make_all();
        let (joined, whole) = (shards.joined(), whole.video());
        assert!((joined.seconds() - whole.seconds()).abs() < 1e-3, "{flags:?}");
        if !flags.contains(&"vfr") {
            joined.assert_plays_everywhere(whole.decoded);
        }
        let film = shards.at("out.mp4");
        assert_rising(&film);
    }
}

/// Decoding times rise from packet to packet, and no picture is decoded after it is shown.
fn assert_rising(file: &Path) {
    let show = [
        "-v",
        "error",
        "-of",
        "json",
        "-select_streams",
        "v:0",
        "-show_entries",
        "packet=pts,dts",
    ];
    let packets = tool("ffprobe", &[&show[..], &[file.to_str().unwrap()]].concat());
    let packets: Value = serde_json::from_str(&packets.stdout).unwrap();
    let mut last = i64::MIN;
    for packet in packets["packets"].as_array().unwrap() {
        let (pts, dts) = (packet["pts"].as_i64().unwrap(), packet["dts"].as_i64().unwrap());
        assert!(dts > last && dts <= pts, "{packet} after {last}");
        last = dts;
    }
}

#[test]
fn faults_are_mended_by_a_retry_or_named() {
    let recording = take();
    // Without a ceiling of the rate x264 gives the same bytes twice.
    let shards = Shards::plan(
        &recording.path(),
        3,
        &[&common::SMALL[..], &["--crf", "20"]].concat(),
    );
    // Nothing is there yet.
    let refused = shards.join("out.mp4");
    refused.assert_error(&["4 of 4 parts", "0, 1, 2, sound", "--array=0-3"]);
    assert!(!shards.at("out.mp4").exists());
    shards.make_all();
    let made = digest(&shards.at("parts"));
    let whole = shards.joined();
    whole.assert_plays_everywhere(shards.frames());
    let film = fs::read(shards.at("out.mp4")).unwrap();

    // Run twice: kept, not made again. The index behind the last part is the sound.
    assert!(shards.make("1"));
    assert!(shards.make("sound") && shards.make("3"));
    assert!(digest(&shards.at("parts")) == made);

    // Missing.
    fs::remove_file(shards.file("1")).unwrap();
    shards.join("b.mp4").assert_error(&["1 of 4 parts", "--array=1"]);
    assert!(!shards.make("1"));
    assert!(digest(&shards.at("parts")) == made, "the same bytes again");

    // Truncated, and changed in the middle.
    for part in ["0", "2", "sound"] {
        let bytes = fs::read(shards.file(part)).unwrap();
        fs::write(shards.file(part), &bytes[..bytes.len() * 2 / 3]).unwrap();
        let refused = shards.join("b.mp4");
        refused.assert_error(&["1 of 4 parts", "is cut off", part]);
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        fs::write(shards.file(part), changed).unwrap();
        shards
            .join("b.mp4")
            .assert_error(&["1 of 4 parts", "damaged", part]);
        assert!(!shards.make(part));
    }
    assert!(digest(&shards.at("parts")) == made);

    // In another's place.
    fs::copy(shards.file("0"), shards.file("1")).unwrap();
    shards.join("b.mp4").assert_error(&["holds part 0 of the plan"]);
    assert!(!shards.make("1"));

    // From other settings: another plan.
    let other = Shards::plan(
        &recording.path(),
        3,
        &[&common::SMALL[..], &["--quality", "web"]].concat(),
    );
    other.make("2");
    fs::copy(other.file("2"), shards.file("2")).unwrap();
    shards
        .join("b.mp4")
        .assert_error(&["belongs to another plan", "--array=2"]);
    assert!(!shards.make("2"));

    shards.join("b.mp4").assert_code(0);
    assert!(
        fs::read(shards.at("b.mp4")).unwrap() == film,
        "the same film again"
    );
    assert_eq!(names(&shards.at("parts")).len(), 4);
}

#[test]
fn a_part_made_twice_at_once_or_killed_is_made() {
    let recording = take();
    let shards = Shards::plan(&recording.path(), 2, &common::SMALL);
    let start = |part| -> Child {
        let mut command = shards.command(part, &[]);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    // Killed at some point, more than once.
    for milliseconds in [30, 300, 900] {
        let mut child = start("0");
        thread::sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        child.wait().unwrap();
        if shards.file("0").exists() {
            assert!(shards.make("0"), "there whole or not at all");
            fs::remove_file(shards.file("0")).unwrap();
        }
    }
    let mut two = [start("0"), start("0")];
    for child in &mut two {
        assert!(common::wait(child, Duration::from_secs(60)).unwrap().success());
    }
    assert_eq!(names(&shards.at("parts")), ["part-0000.packets"]);
    assert!(shards.make("0"));
    shards.make("1");
    shards.make("sound");
    shards.joined().assert_plays_everywhere(shards.frames());
}

#[test]
fn what_does_not_fit_the_plan_is_refused() {
    let recording = take();
    let shards = Shards::plan(&recording.path(), 2, &common::SMALL);
    shards.run("7").assert_code(2);
    assert!(shards.run("7").stderr.contains("0 to 1 and sound"));

    // Another recording, in the same place and elsewhere.
    let config = recording.place("project-config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("[0,0,0]", "[1,0,0]")).unwrap();
    shards.run("0").assert_error(&["was changed since"]);
    shards.run("sound").assert_error(&["was changed since"]);
    fs::write(&config, &text).unwrap();
    let other = fixture("desk");
    let elsewhere = run(&mut shards.command("0", &["--recording", other.to_str().unwrap()]));
    elsewhere.assert_error(&["is not the recording"]);
    let copy = shards.at("moved.cap");
    common::copy_folder(&recording.path(), &copy);
    run(&mut shards.command("0", &["--recording", copy.to_str().unwrap()])).assert_code(0);
    fs::remove_file(shards.file("0")).unwrap();

    // An edited plan.
    let file = shards.at("plan.json");
    let plan = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        plan.replace("\"requested_parts\": 2", "\"requested_parts\": 3"),
    )
    .unwrap();
    shards.run("0").assert_error(&["was changed after it was made"]);
    fs::write(&file, &plan).unwrap();

    // Another build, another encoder, other options, another stream.
    let plan = ShardPlan::read(&file).unwrap();
    let refuses = |change: &dyn Fn(&mut ShardPlan), words: &[&str]| {
        let mut plan = plan.clone();
        change(&mut plan);
        let request = PartRequest {
            part: PartId::Video(0),
            folder: shards.at("parts"),
            recording: None,
        };
        let error = shard::run(&plan, &request, &Cancel::new(), &mut Unobserved).unwrap_err();
        if matches!(
            &error,
            ShardError::Export(ExportError::Render(RenderError::NoAdapter))
        ) {
            return;
        }
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is not said: {error}");
        }
    };
    refuses(
        &|plan| plan.tool.version = "0.0.1".to_owned(),
        &["capstan 0.0.1", "same build"],
    );
    refuses(&|plan| plan.tool.ffmpeg = "1.0".to_owned(), &["FFmpeg 1.0"]);
    refuses(
        &|plan| plan.encoder = "h264_nvenc".to_owned(),
        &["the encoder is libx264 here"],
    );
    refuses(
        &|plan| {
            let threads = plan
                .encoder_options
                .iter_mut()
                .find(|option| option.key == "threads");
            threads.unwrap().value = "77".to_owned();
        },
        &["libx264's threads", "77 in the plan"],
    );
    refuses(
        &|plan| plan.track.parameter_sets = "00".to_owned(),
        &["another build"],
    );
    refuses(&|plan| plan.track.level += 1, &["another build"]);
    assert!(!shards.file("0").exists());
    assert_eq!(
        plan.settings.rate,
        capstan::export::Rate::Quality(Quality::Maximum)
    );
}

#[test]
fn short_outputs_make_fewer_parts_and_say_so() {
    let recording = Recording::moving("64x48", 3.0);
    let folder = tempfile::tempdir().unwrap();
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "16", "--fps", "30"]);
    let planned = run(command.arg("-o").arg(folder.path().join("plan.json")));
    planned.assert_code(0);
    assert!(
        planned.stderr.contains("2 parts of 90 frames"),
        "{}",
        planned.stderr
    );
    assert!(planned.stderr.contains("16 were asked for"), "{}", planned.stderr);
    // Not over a file that is there, and not into the recording.
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("plan.json"))).assert_code(2);
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(recording.place("plan.json"))).assert_code(2);
    // Nothing to divide, and nothing to encode.
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(fixture("instant"))
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("b.json")))
        .assert_error(&["instant recording", "capstan export"]);
    let mut command = capstan();
    command
        .args(["shard", "plan", "--encoder", "none"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("b.json"))).assert_code(2);
    assert_eq!(names(folder.path()), ["plan.json"]);
}

#[test]
fn engines_name_the_part() {
    let recording = Recording::moving("64x48", 5.0);
    let shards = Shards::plan(&recording.path(), 2, &["--fps", "30"]);
    for (variable, index) in [
        ("SLURM_ARRAY_TASK_ID", "0"),
        ("JOB_COMPLETION_INDEX", "1"),
        ("HQ_TASK_ID", "2"),
    ] {
        let mut command = capstan();
        command
            .args(["shard", "run"])
            .arg(shards.at("plan.json"))
            .arg("-o")
            .arg(shards.at("parts"));
        run(command.env(variable, index)).assert_code(0);
    }
    shards.joined().assert_plays_everywhere(150);
    let mut command = capstan();
    command
        .args(["shard", "run"])
        .arg(shards.at("plan.json"))
        .arg("-o")
        .arg(shards.at("parts"));
    let refused = run(&mut command);
    refused.assert_code(2);
    assert!(
        refused.stderr.contains("SLURM_ARRAY_TASK_ID"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_published_schema_is_that_of_the_types_and_holds_for_plans() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/shard-plan.schema.json");
    let published: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let printed = run(capstan().args(["shard", "schema"]));
    assert!(
        serde_json::from_str::<Value>(&printed.stdout).unwrap() == published,
        "renew it: cargo run -- shard schema > docs/shard-plan.schema.json"
    );
    jsonschema::meta::validate(&published).unwrap();
    let recording = take();
    let plan = Shards::plan(&recording.path(), 2, &common::SMALL).plan;
    let validator = jsonschema::validator_for(&published).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&plan)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// A joined film plays and seeks in a browser: the grey of a picture tells its second.
#[test]
fn a_joined_file_plays_and_seeks_in_chromium() {
    let Some(chromium) = browser::chromium() else {
        return;
    };
    let recording = Recording::new();
    let grey =
        "nullsrc=size=320x180:rate=30:duration=9,format=yuv420p,geq=lum='40+20*floor(T+0.001)':cb=128:cr=128";
    recording.display(
        grey,
        &[
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "4",
            "-colorspace",
            "bt709",
            "-color_range",
            "tv",
        ],
    );
    let shards = Shards::plan(&recording.path(), 10_000, &common::SMALL);
    assert_eq!(shards.parts(), 5);
    shards.make_all();
    shards.joined().assert_plays_everywhere(270);
    // Fifty places, in an order of chance.
    let mut state = 12_345_u64;
    let times: Vec<f64> = (0..50)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let frame = (state >> 33) % 270;
            (frame as f64 + 0.5) / 30.0
        })
        .collect();
    let shown = browser::open(
        chromium,
        chromium::PAGE,
        &[&shards.at("out.mp4")],
        &serde_json::json!(times),
    );
    assert!(
        (shown["duration"].as_f64().unwrap() - 9.0).abs() < 0.05,
        "{shown:#}"
    );
    let pictures = shown["pictures"].as_array().unwrap();
    assert_eq!(pictures.len(), 50);
    for (time, picture) in times.iter().zip(pictures) {
        let expected = (24.0 + 20.0 * time.floor()) * 255.0 / 219.0;
        let found = picture["rgb"][1].as_f64().unwrap();
        assert!(
            (found - expected).abs() <= 8.0,
            "{picture} at {time} s, expected {expected}"
        );
    }
}
