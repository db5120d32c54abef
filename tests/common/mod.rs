//! What the tests of the finished program share: running it under a time limit, recordings made by FFmpeg's command line,
//! facts of an MP4 by ffprobe, proof that a recording was left alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use capstan::export::{Cancel, ExportError, ExportReport, ExportSettings, Request, frames};
use capstan::frame::Nv12Frame;
use capstan::render::RenderError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Nothing these tests ask for takes longer, on a slow machine either.
const LIMIT: Duration = Duration::from_secs(60);

/// Fewer and smaller frames than the defaults.
pub(crate) const SMALL: [&str; 4] = ["--fps", "30", "--resolution", "320x180"];

/// A committed recording.
pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
        .with_extension("cap")
}

/// The program, apart from the user's cache, log filter and display.
pub(crate) fn capstan() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_capstan"));
    command
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .env_remove("CAPSTAN_LOG")
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null());
    command
}

/// How the program ended and what it said.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The newline-delimited JSON it printed.
    pub(crate) fn events(&self) -> Vec<Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(parse).collect()
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.assert_no_defect()
    }

    /// Neither a panic nor a message that asks to report one.
    #[track_caller]
    pub(crate) fn assert_no_defect(&self) -> &Self {
        for word in ["panicked", "defect of this program", "RUST_BACKTRACE"] {
            assert!(!self.stderr.contains(word), "{self:#?}");
        }
        self
    }

    /// Ended with 1, saying every one of `words`.
    #[track_caller]
    pub(crate) fn assert_error(&self, words: &[&str]) -> &Self {
        self.assert_code(1);
        for word in words {
            assert!(
                self.stderr.contains(word),
                "{word:?} is not said:\n{}",
                self.stderr
            );
        }
        self
    }
}

/// Waits for a child, but not for ever.
pub(crate) fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if begun.elapsed() > limit {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs a command to its end; panics when it does not come.
pub(crate) fn run(command: &mut Command) -> Run {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let drain = |mut pipe: Box<dyn Read + Send>| {
        thread::spawn(move || {
            let mut text = Vec::new();
            pipe.read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let stdout = drain(Box::new(child.stdout.take().unwrap()));
    let stderr = drain(Box::new(child.stderr.take().unwrap()));
    let status = wait(&mut child, LIMIT);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    let Some(status) = status else {
        panic!("{command:?} did not end within {LIMIT:?}\n{stdout}\n{stderr}");
    };
    Run {
        code: status.code(),
        stdout,
        stderr,
    }
}

/// Runs FFmpeg's command line, or another tool beside it.
pub(crate) fn tool(name: &str, args: &[&str]) -> Run {
    let run = run(Command::new(name).args(args).stdin(Stdio::null()));
    assert_eq!(run.code, Some(0), "{name} {args:?}\n{}", run.stderr);
    run
}

/// Composes all frames of `recording` for `visit`; `None`, said aloud, on a machine without an adapter.
#[track_caller]
pub(crate) fn compose(
    recording: &Path,
    settings: ExportSettings,
    visit: &mut (dyn FnMut(u64, &Nv12Frame) + Send),
) -> Option<ExportReport> {
    let request = Request {
        recording: recording.to_owned(),
        target: PathBuf::new(),
        overwrite: false,
        settings,
    };
    let mut visit = |index: u64, frame: &Nv12Frame| visit(index, frame);
    match frames(&request, &Cancel::new(), &mut visit) {
        Ok(report) => Some(report),
        Err(ExportError::Render(RenderError::NoAdapter))
            if std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none() =>
        {
            skipped(&RenderError::NoAdapter.to_string());
            None
        }
        Err(error) => panic!("{}: {error}", recording.display()),
    }
}

/// The bytes of a frame without the padding of its rows.
pub(crate) fn pixels(frame: &Nv12Frame) -> Vec<u8> {
    let chroma = frame.size.chroma_420();
    let y = frame.y.chunks(frame.y_stride);
    let uv = frame.uv.chunks(frame.uv_stride);
    y.flat_map(|row| &row[..frame.size.width as usize])
        .chain(uv.flat_map(|row| &row[..chroma.width as usize * 2]))
        .copied()
        .collect()
}

/// Copies a folder with all that is in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Says that a test was skipped, and why, past the harness, which keeps to itself what passing tests print.
pub(crate) fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {reason}");
}

/// Whether this FFmpeg has an encoder.
pub(crate) fn has_encoder(name: &str) -> bool {
    tool("ffmpeg", &["-hide_banner", "-encoders"])
        .stdout
        .split_whitespace()
        .any(|word| word == name)
}

/// Every file below a folder with a digest of its bytes; links by where they point.
pub(crate) fn digest(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            let digest = if kind.is_symlink() {
                format!("link to {}", fs::read_link(&path).unwrap().display())
            } else if kind.is_dir() {
                folders.push(path.clone());
                "folder".to_owned()
            } else {
                let hash = Sha256::digest(fs::read(&path).unwrap());
                hash.iter().map(|byte| format!("{byte:02x}")).collect()
            };
            files.insert(path, digest);
        }
    }
    files
}

/// Names in a folder, hidden ones included.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// An export that was tried: the recording was left alone in any case.
pub(crate) struct Export {
    folder: TempDir,
    pub(crate) run: Run,
}

impl Export {
    /// Exports `recording` into a folder of its own with `--json` and `flags`.
    pub(crate) fn of(recording: &Path, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let before = digest(recording);
        let mut command = capstan();
        command.arg("export").arg(recording);
        command
            .arg(folder.path().join("out.mp4"))
            .arg("--json")
            .args(flags);
        let run = run(&mut command);
        assert!(before == digest(recording), "{} was changed", recording.display());
        let expected: &[&str] = if run.code == Some(0) { &["out.mp4"] } else { &[] };
        assert_eq!(names(folder.path()), expected, "{run:#?}");
        Self { folder, run }
    }

    /// An export that must succeed.
    #[track_caller]
    pub(crate) fn done(recording: &Path, flags: &[&str]) -> Self {
        let export = Self::of(recording, flags);
        export.run.assert_code(0);
        export
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("out.mp4")
    }

    /// The `report` of the `Completed` event.
    pub(crate) fn report(&self) -> Value {
        let last = self.run.events().pop().unwrap();
        assert_eq!(last["type"], "Completed", "{last:#}");
        last["report"].clone()
    }

    pub(crate) fn video(&self) -> Mp4 {
        Mp4::read(&self.path())
    }

    /// One pixel of one frame as a player shows it: RGB by FFmpeg with the stream's own tags.
    pub(crate) fn pixel(&self, frame: u64, x: u32, y: u32) -> [u8; 3] {
        let raw = self.folder.path().join("pixel.rgb");
        let filter = format!(
            "select=eq(n\\,{frame}),scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24,crop=1:1:{x}:{y}"
        );
        let (input, output) = (self.path(), raw.to_str().unwrap().to_owned());
        let args = ["-v", "error", "-y", "-i", input.to_str().unwrap(), "-vf", &filter];
        tool(
            "ffmpeg",
            &[&args[..], &["-frames:v", "1", "-f", "rawvideo", &output]].concat(),
        );
        let pixel = fs::read(&raw).unwrap();
        fs::remove_file(raw).unwrap();
        pixel.try_into().unwrap()
    }
}

/// What ffprobe and a full decode find in an MP4.
pub(crate) struct Mp4 {
    pub(crate) video: Value,
    pub(crate) audio: Option<Value>,
    /// Pictures that decode.
    pub(crate) decoded: u64,
    /// Times of the key frames, seconds.
    pub(crate) key_frames: Vec<f64>,
    /// Types of the boxes at the top level, in order.
    pub(crate) boxes: Vec<String>,
}

impl Mp4 {
    pub(crate) fn read(path: &Path) -> Self {
        let name = path.to_str().unwrap();
        let format = ["-v", "error", "-of", "json"];
        let show = ["-show_streams", "-count_frames", name];
        let probe = tool("ffprobe", &[&format[..], &show].concat());
        let probe: Value = serde_json::from_str(&probe.stdout).unwrap();
        let streams = probe["streams"].as_array().unwrap();
        let of_type = |kind| {
            streams
                .iter()
                .find(|stream| stream["codec_type"] == kind)
                .cloned()
        };
        let video = of_type("video").unwrap();
        let show = [
            "-select_streams",
            "v:0",
            "-show_entries",
            "packet=pts_time,flags",
            name,
        ];
        let packets = tool("ffprobe", &[&format[..], &show].concat());
        let packets: Value = serde_json::from_str(&packets.stdout).unwrap();
        let key_frames = packets["packets"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|packet| packet["flags"].as_str().unwrap().starts_with('K'))
            .map(|packet| packet["pts_time"].as_str().unwrap().parse().unwrap())
            .collect();
        // Any complaint of the decoder counts, not only what ends it.
        let decode = tool(
            "ffmpeg",
            &["-v", "warning", "-xerror", "-i", name, "-f", "null", "-"],
        );
        assert_eq!(decode.stderr, "", "{name} does not decode cleanly");
        Self {
            decoded: video["nb_read_frames"].as_str().unwrap().parse().unwrap(),
            audio: of_type("audio"),
            video,
            key_frames,
            boxes: boxes(&fs::read(path).unwrap()),
        }
    }

    pub(crate) fn size(&self) -> (u64, u64) {
        let side = |name: &str| self.video[name].as_u64().unwrap();
        (side("width"), side("height"))
    }

    /// Seconds of the video stream.
    pub(crate) fn seconds(&self) -> f64 {
        self.video["duration"].as_str().unwrap().parse().unwrap()
    }

    /// What every export must be, whatever went in.
    #[track_caller]
    pub(crate) fn assert_plays_everywhere(&self, frames: u64) {
        let video = &self.video;
        assert_eq!(video["codec_name"], "h264");
        assert!(
            ["High", "Main"]
                .iter()
                .any(|profile| video["profile"] == *profile),
            "{video:#}"
        );
        assert_eq!(video["pix_fmt"], "yuv420p");
        for tag in ["color_space", "color_primaries", "color_transfer"] {
            assert_eq!(video[tag], "bt709", "{tag}");
        }
        assert_eq!(video["color_range"], "tv");
        assert_eq!(self.decoded, frames);
        let sound = self.audio.as_ref().map(|audio| {
            assert_eq!(audio["codec_name"], "aac");
            audio["duration"].as_str().unwrap().parse::<f64>().unwrap()
        });
        if let Some(sound) = sound {
            assert!(
                (sound - self.seconds()).abs() <= 1024.0 / 48000.0,
                "{sound} {}",
                self.seconds()
            );
        }
        let place = |name: &str| self.boxes.iter().position(|found| found == name).unwrap();
        assert!(place("moov") < place("mdat"), "{:?}", self.boxes);
        let ends = self.key_frames.iter().copied().skip(1).chain([self.seconds()]);
        for (from, to) in self.key_frames.iter().zip(ends) {
            assert!(
                to - from <= 2.0 + 1e-3,
                "no key frame between {from} s and {to} s"
            );
        }
    }
}

fn boxes(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + 8) {
        found.push(String::from_utf8_lossy(&header[4..]).into_owned());
        let size = match u32::from_be_bytes(header[..4].try_into().unwrap()) {
            0 => break,
            1 => u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap()) as usize,
            size => size as usize,
        };
        at += size.max(8);
    }
    found
}

/// Path of the screen's track within a [`Recording`].
pub(crate) const DISPLAY: &str = "content/segments/segment-0/display.mp4";
/// Path of the microphone's track within a [`Recording`].
pub(crate) const MIC: &str = "content/segments/segment-0/audio-input.ogg";

/// A studio recording of one segment, with tracks that FFmpeg's command line makes.
pub(crate) struct Recording {
    holder: TempDir,
    meta: Value,
}

impl Recording {
    /// Without any track's file yet, but with the screen's named.
    pub(crate) fn new() -> Self {
        let meta = json!({
            "platform": "Linux", "pretty_name": "Take",
            "segments": [{ "display": { "path": DISPLAY, "fps": 30 } }],
            "cursors": {}, "status": { "status": "Complete" },
        });
        let recording = Self {
            holder: tempfile::tempdir().unwrap(),
            meta,
        };
        fs::create_dir_all(recording.place(DISPLAY).parent().unwrap()).unwrap();
        recording.write_meta();
        recording.config(&json!({}));
        recording
    }

    /// With a screen of `size` at 30 fps for `seconds` that never stands still.
    pub(crate) fn moving(size: &str, seconds: f64) -> Self {
        let recording = Self::new();
        let source = format!("testsrc2=size={size}:rate=30:duration={seconds}");
        recording.display(
            &source,
            &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"],
        );
        recording
    }

    /// Makes the screen's track of a lavfi `source` with these encoder options.
    pub(crate) fn display(&self, source: &str, options: &[&str]) {
        self.track(DISPLAY, source, options);
    }

    /// Makes a track of a lavfi `source` with these encoder options.
    pub(crate) fn track(&self, path: &str, source: &str, options: &[&str]) {
        let file = self.place(path);
        let input = ["-v", "error", "-y", "-f", "lavfi", "-i", source];
        tool(
            "ffmpeg",
            &[&input[..], options, &[file.to_str().unwrap()]].concat(),
        );
    }

    /// Adds a microphone's track to the description.
    pub(crate) fn with_mic(mut self) -> Self {
        self.meta["segments"][0]["mic"] = json!({ "path": MIC });
        self.write_meta();
        self
    }

    /// Names another file as the screen's track.
    pub(crate) fn with_display_at(mut self, path: &str) -> Self {
        self.meta["segments"][0]["display"]["path"] = json!(path);
        self.write_meta();
        self
    }

    fn write_meta(&self) {
        fs::write(self.place("recording-meta.json"), self.meta.to_string()).unwrap();
    }

    /// Writes `project-config.json`: the picture without any frame around it, changed by `background`.
    pub(crate) fn config(&self, background: &Value) {
        let mut config = json!({
            "background": {
                "source": { "type": "color", "value": [0, 0, 0] },
                "padding": 0, "rounding": 0, "shadow": 0,
            },
        });
        for (key, value) in background.as_object().unwrap() {
            config["background"][key] = value.clone();
        }
        fs::write(self.place("project-config.json"), config.to_string()).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.holder.path().join("take.cap")
    }

    /// The folder around the recording.
    pub(crate) fn outside(&self) -> &Path {
        self.holder.path()
    }

    pub(crate) fn place(&self, relative: &str) -> PathBuf {
        self.path().join(relative)
    }
}
