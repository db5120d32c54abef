//! What a recording may claim of the memory: small files that unpack to much, many names for one file, thousands of pieces.

use std::fs;
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::common::{capstan, copy_folder, fixture};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A run, with what it took.
pub(crate) struct Measured {
    code: Option<i32>,
    stdout: String,
    stderr: String,
    /// The most memory that was resident at a time, MB.
    pub(crate) peak: u64,
    /// Bytes that it read, whether from a disk or not.
    pub(crate) read: u64,
}

impl Measured {
    #[track_caller]
    pub(crate) fn assert(&self, peak: u64) {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        assert!(self.peak < peak, "{} MB of at most {peak}", self.peak);
    }

    /// Runs a command. What the system tells of a child that has ended counts what its parent held when it was started, so the
    /// child is asked while it runs.
    pub(crate) fn of(command: &mut Command) -> Self {
        let (mut out, mut err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        let mut child = command
            .stdout(out.try_clone().unwrap())
            .stderr(err.try_clone().unwrap())
            .spawn()
            .unwrap();
        let of_process = |name: &str| format!("/proc/{}/{name}", child.id());
        let (status, io) = (of_process("status"), of_process("io"));
        let (mut peak, mut read) = (0, 0);
        let code = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status.code();
            }
            let now = fs::read_to_string(&status).unwrap_or_default();
            let highest = now.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let highest = highest.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            peak = peak.max(highest.unwrap_or(0) >> 10);
            let now = fs::read_to_string(&io).unwrap_or_default();
            let bytes = now.lines().find_map(|line| line.strip_prefix("rchar:"));
            read = read.max(bytes.and_then(|text| text.trim().parse().ok()).unwrap_or(0));
            thread::sleep(Duration::from_millis(3));
        };
        assert!(peak > 10, "the peak was seen");
        let text = |file: &mut fs::File| {
            let mut text = String::new();
            file.rewind().unwrap();
            file.read_to_string(&mut text).unwrap();
            text
        };
        Self {
            code,
            stdout: text(&mut out),
            stderr: text(&mut err),
            peak,
            read,
        }
    }
}

/// A copy of a fixture that is to be made hostile.
struct Hostile {
    folder: TempDir,
}

impl Hostile {
    fn new(name: &str) -> Self {
        let hostile = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        copy_folder(&fixture(name), &hostile.at(""));
        hostile
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join("a.cap").join(name)
    }

    fn change(&self, file: &str, change: impl FnOnce(&mut Value)) {
        let mut value = serde_json::from_slice(&fs::read(self.at(file)).unwrap()).unwrap();
        change(&mut value);
        fs::write(self.at(file), value.to_string()).unwrap();
    }

    fn inspect(&self) -> Measured {
        Measured::of(capstan().args(["inspect", "--json"]).arg(self.at("")))
    }

    fn export(&self) -> Measured {
        Measured::of(
            capstan()
                .arg("export")
                .arg(self.at(""))
                .arg(self.folder.path().join("out.mp4"))
                .args(["--fps", "10", "--resolution", "160x90", "--overwrite"]),
        )
    }
}

/// A PNG of one bit a pixel, all of it `shade`.
fn bomb(side: u32, shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let row = side.div_ceil(8) as usize;
    let encoder = PngEncoder::new(&mut bytes);
    let pixels = vec![shade; row * 8 * side as usize];
    encoder
        .write_image(
            &pixels[..side as usize * side as usize],
            side,
            side,
            ExtendedColorType::L8,
        )
        .unwrap();
    bytes
}

/// Names pointer images `0`, `1`, ... of these files, and has the events show each.
fn name_pointers(hostile: &Hostile, files: &[String]) {
    hostile.change("recording-meta.json", |meta| {
        let art = |file: &String| json!({ "imagePath": file, "hotspot": { "x": 0, "y": 0 }, "shape": null });
        let arts = files
            .iter()
            .enumerate()
            .map(|(n, file)| (n.to_string(), art(file)));
        meta["cursors"] = arts.collect::<serde_json::Map<_, _>>().into();
    });
    hostile.change("content/segments/segment-0/cursor.json", |events| {
        let moves = events["moves"].as_array_mut().unwrap();
        // In turn and for more than a second each: what flickers up is left out as the events are cleaned.
        let all = moves.len();
        for (n, moved) in moves.iter_mut().enumerate() {
            moved["cursor_id"] = (n * files.len() / all).to_string().into();
            moved["time_ms"] = json!(n as f64 * 1200.0 * files.len() as f64 / all as f64);
        }
    });
}

#[test]
fn pointer_images_that_are_equal_are_one() {
    let hostile = Hostile::new("desk");
    fs::write(hostile.at("content/cursors/cursor_0.png"), bomb(4096, 7)).unwrap();
    name_pointers(&hostile, &vec!["content/cursors/cursor_0.png".to_owned(); 60]);
    hostile.inspect().assert(300);
    hostile.export().assert(700);
}

#[test]
fn more_pointer_images_than_may_be_claimed_are_not_drawn_and_that_is_said() {
    let hostile = Hostile::new("desk");
    let files: Vec<String> = (0..12).map(|n| format!("content/cursors/many_{n}.png")).collect();
    name_pointers(&hostile, &files);
    for (shades, refused) in [(1, 0), (12, 9)] {
        for (n, file) in files.iter().enumerate() {
            fs::write(hostile.at(file), bomb(4096, (n % shades) as u8)).unwrap();
        }
        let found = hostile.inspect();
        found.assert(600);
        let found: Value = serde_json::from_str(&found.stdout).unwrap();
        let warnings: Vec<_> = found["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(Value::to_string)
            .collect();
        let over = warnings
            .iter()
            .filter(|warning| warning.contains("that a recording may claim"));
        // 64 MB each, three times: as pixels, as a texture, on the way there. Three of them fit into 640 MB.
        assert_eq!(over.count(), refused, "{warnings:#?}");
    }
    hostile.export().assert(950);
}

/// One clip of 0.6 s.
fn one_clip(config: &mut Value) {
    config["timeline"]["segments"] =
        json!([{ "start": 0, "end": 0.6, "recordingSegment": 0, "timescale": 1.0 }]);
}

#[test]
fn a_background_that_unpacks_to_too_much_is_refused_by_its_header() {
    let hostile = Hostile::new("cuts");
    fs::write(hostile.at("assets/background.jpg"), bomb(26_500, 0)).unwrap();
    hostile.change("project-config.json", one_clip);
    let painted = hostile.export();
    painted.assert(400);
    assert!(
        painted.stderr.contains("white is painted instead"),
        "{}",
        painted.stderr
    );
}

#[test]
fn thousands_of_pieces_of_music_open_a_few_files() {
    let hostile = Hostile::new("cuts");
    hostile.change("project-config.json", |config| {
        let piece = config["timeline"]["audioSegments"][0].clone();
        let piece = |n: usize| {
            let mut piece = piece.clone();
            piece["start"] = json!(n as f64 * 1e-4);
            piece["end"] = json!(n as f64 * 1e-4 + 0.4);
            piece
        };
        config["timeline"]["audioSegments"] = (0..3000).map(piece).collect();
        one_clip(config);
    });
    hostile.export().assert(400);
}

/// A software adapter that compiled a shader for every movement of the pointer took 0.36 MB for each, and kept them.
#[test]
fn a_moving_pointer_takes_no_memory_for_each_frame() {
    let hostile = Hostile::new("desk");
    hostile.change("content/segments/segment-0/cursor.json", |events| {
        let moves = (0..240).map(|step| {
            // Every step has another length and direction.
            let turn = f64::from(step * step) * 0.002;
            json!({
                "active_modifiers": [], "cursor_id": "0", "time_ms": f64::from(step) * 1000.0 / 60.0,
                "x": 0.5 + 0.3 * turn.cos(), "y": 0.5 + 0.3 * turn.sin(),
            })
        });
        *events = json!({ "moves": moves.collect::<Vec<_>>(), "clicks": [] });
    });
    let peak = |blur: f64| {
        hostile.change("project-config.json", |config| {
            config["timeline"] = json!({
                "segments": [{ "start": 0, "end": 4, "recordingSegment": 0, "timescale": 1.0 }], "zoomSegments": [],
            });
            config["cursor"]["motionBlur"] = json!(blur);
        });
        let out = hostile.folder.path().join("out.mp4");
        let run = Measured::of(capstan().arg("export").arg(hostile.at("")).arg(out).args([
            "--fps",
            "60",
            "--resolution",
            "160x90",
            "--overwrite",
            "--encoder",
            "none",
        ]));
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.peak
    };
    let (still, moving) = (peak(0.0), peak(1.0));
    assert!(moving < still + 45, "{moving} MB with trails, {still} MB without");
}
