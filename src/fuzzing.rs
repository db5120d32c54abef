//! Entry points of the fuzz targets in `fuzz/`, and of the test that replays their corpus (`tests/fuzz_corpus.rs`).
//!
//! Each takes any bytes, gives them to the code that reads such bytes from a recording, and panics where an answer can't be
//! right. What the code says about the bytes is not looked at: refusing them is as good as reading them.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::cap::{MediaSource, OpenOptions, Opened, Recording, Severity, open};
use crate::frame::Size;
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::h264::StillPictures;
use crate::media::input::{Allowed, fuzzing as walkers};
use crate::media::probe;
use crate::scene::{Facts, Scene, SceneSettings, SegmentClock, SegmentFacts, TextSettings, VideoFacts};
use crate::text::Fonts;
use crate::time::{FrameRate, MediaTime};

/// Frames of a scene that are asked for, spread over its length.
const FRAMES: u64 = 6;
/// Pictures of a track that are decoded.
const PICTURES: u32 = 4;
/// Seconds that the pretended screen lasts.
const SECONDS: f64 = 3.0;

/// A target: its name, which is that of its folder of seeds, and its entry.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 10] = [
    ("captions", captions),
    ("config", config),
    ("cursor", cursor),
    ("h264", h264),
    ("keyboard", keyboard),
    ("manifest", manifest),
    ("meta", meta),
    ("mp4", mp4),
    ("ogg", ogg),
    ("track", track),
];

/// `recording-meta.json`.
pub fn meta(bytes: &[u8]) {
    opened(Kind::Studio, "recording-meta.json", bytes);
    opened(Kind::Instant, "recording-meta.json", bytes);
}

/// `project-config.json`, and the frames it leads to.
pub fn config(bytes: &[u8]) {
    drawn(opened(Kind::Studio, "project-config.json", bytes));
}

/// `captions.json`, and the frames it leads to.
pub fn captions(bytes: &[u8]) {
    drawn(opened(Kind::Studio, "captions.json", bytes));
}

/// `cursor.json`, and the frames it leads to.
pub fn cursor(bytes: &[u8]) {
    drawn(opened(
        Kind::Studio,
        "content/segments/segment-0/cursor.json",
        bytes,
    ));
}

/// The pressed keys of a configuration: the text of `timeline.keyboardSegments`.
pub fn keyboard(bytes: &[u8]) {
    let before = br#"{"keyboard":{"settings":{"enabled":true}},"timeline":{"zoomSegments":[],"segments":[{"timescale":1,"start":0,"end":3}],"keyboardSegments":"#;
    config(&[&before[..], bytes, b"}}"].concat());
}

/// `manifest.json` of a folder of fragments.
pub fn manifest(bytes: &[u8]) {
    opened(
        Kind::Crashed,
        "content/segments/segment-0/display/manifest.json",
        bytes,
    );
}

/// The boxes of an MP4, of a fragment among others, and of one that is opened by its structure alone.
pub fn mp4(bytes: &[u8]) {
    walkers::boxes(bytes);
    opened(
        Kind::Crashed,
        "content/segments/segment-0/display/segment_001.m4s",
        bytes,
    );
}

/// The pages of an Ogg file.
pub fn ogg(bytes: &[u8]) {
    walkers::ogg_pages(bytes);
}

/// An H.264 stream (Annex B): parameter sets up to the first slice, then one picture a slice, each repeated.
pub fn h264(bytes: &[u8]) {
    let starts: Vec<usize> = (0..bytes.len().saturating_sub(3))
        .filter(|at| bytes[*at..].starts_with(&[0, 0, 1]))
        .collect();
    let is_slice = |at: &&usize| matches!(bytes[**at + 3] & 31, 1..=5);
    let slices: Vec<usize> = starts.iter().filter(is_slice).copied().collect();
    let head = slices.first().copied().unwrap_or(bytes.len());
    let Ok(mut still) = StillPictures::new(&bytes[..head]) else {
        return;
    };
    for (number, &start) in slices.iter().enumerate() {
        let end = slices.get(number + 1).copied().unwrap_or(bytes.len());
        let Ok(renumbered) = still.coded(&bytes[start..end]) else {
            return;
        };
        if number > 0 {
            assert!(renumbered.is_none_or(|picture| !picture.is_empty()));
        }
        match still.repeat() {
            Ok(copy) => assert!(copy.starts_with(&[0, 0, 0, 1]), "a copy is Annex B: {copy:?}"),
            Err(_) => return,
        }
    }
}

/// A file of a track: probed and decoded by FFmpeg as picture and as sound.
pub fn track(bytes: &[u8]) {
    in_folder(Kind::Empty, |folder| {
        let file = folder.join("track");
        write(&file, bytes);
        let source = MediaSource::File(file);
        if let Ok(info) = probe::probe_video(&source) {
            assert!(
                info.duration.is_finite() && info.duration >= 0.0,
                "{} s",
                info.duration
            );
            assert!(info.size.width > 0 && info.size.height > 0, "{}", info.size);
            pictures(&source, info.duration);
        }
        for allowed in [Allowed::Track, Allowed::Music] {
            if let Ok(info) = probe::probe_audio(&source, allowed) {
                assert!(
                    info.duration.is_finite() && info.duration >= 0.0,
                    "{} s",
                    info.duration
                );
            }
        }
    });
}

/// Decodes a few pictures, backwards too.
fn pictures(source: &MediaSource, seconds: f64) {
    let options = DecodeOptions {
        nominal_fps: 30,
        hardware: HardwareChoice::Off,
        threads: 1,
    };
    let Ok((mut decoder, _)) = VideoDecoder::open(source, &options) else {
        return;
    };
    for step in [0, 2, 1, PICTURES] {
        let time = seconds * f64::from(step) / f64::from(PICTURES);
        if decoder.picture_at(MediaTime::from_secs(time)).is_err() {
            return;
        }
    }
}

/// The kinds of folder that bytes are put into.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Studio,
    Instant,
    Crashed,
    Empty,
}

const KINDS: usize = 4;

thread_local! {
    /// A folder of each kind, made when it is needed first. Threads of a test don't share one.
    static FOLDERS: [OnceCell<tempfile::TempDir>; KINDS] = const { [const { OnceCell::new() }; KINDS] };
    /// Fonts are looked up once.
    static FONTS: Arc<Fonts> = Arc::new(Fonts::system());
}

fn in_folder<T>(kind: Kind, act: impl FnOnce(&Path) -> T) -> T {
    FOLDERS.with(|folders| {
        let folder = folders[kind as usize].get_or_init(|| {
            let folder = tempfile::Builder::new()
                .prefix("capstan-fuzz-")
                .tempdir()
                .unwrap_or_else(|error| panic!("making a folder for temporary files: {error}"));
            for (name, content) in kind.files() {
                write(&folder.path().join(name), &content);
            }
            folder
        });
        act(folder.path())
    })
}

/// Not by way of [`crate::output`]: nothing here is a file of a user's.
fn write(path: &Path, content: &[u8]) {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent)
        .and_then(|()| fs::write(path, content))
        .unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
}

/// Opens a recording in which one file holds `bytes`, and puts the file back.
fn opened(kind: Kind, name: &str, bytes: &[u8]) -> Option<Recording> {
    in_folder(kind, |folder| {
        let path = folder.join(name);
        let before = fs::read(&path).ok();
        write(&path, bytes);
        let result = open(folder, &OpenOptions::default());
        match before {
            Some(before) => write(&path, &before),
            None => fs::remove_file(&path).unwrap_or_else(|error| panic!("removing {name}: {error}")),
        }
        match result {
            Ok(Opened::Studio(recording)) => {
                assert!(!recording.segments.is_empty(), "a recording has segments");
                Some(*recording)
            }
            Ok(Opened::Instant(_)) => None,
            Err(error) => {
                let errors = |problem: &&crate::cap::Problem| problem.severity == Severity::Error;
                assert!(
                    error.problems().iter().any(|problem| errors(&problem)),
                    "a refusal has its reason: {error}"
                );
                None
            }
        }
    })
}

/// Asks for frames of a recording whose media are pretended.
fn drawn(recording: Option<Recording>) {
    let Some(recording) = recording else {
        return;
    };
    let screen = VideoFacts {
        size: Size::new(320, 180),
        duration: SECONDS,
    };
    let segment = SegmentFacts {
        display: screen,
        camera: Some(screen),
        mic_duration: None,
        clock: SegmentClock::default(),
    };
    let facts = Facts {
        segments: vec![segment; recording.segments.len()],
    };
    let settings = SceneSettings {
        frame_rate: FrameRate::SIXTY,
        bounds: Size::new(320, 180),
        hold_zoom_tails: true,
    };
    let texts = TextSettings {
        typesetter: FONTS.with(Arc::clone),
        linear_colors: false,
    };
    let sizes: BTreeMap<String, Size> = recording
        .cursors
        .keys()
        .map(|id| (id.clone(), Size::new(32, 48)))
        .collect();
    let Ok(scene) = Scene::new(&recording, &facts, &sizes, settings, &texts) else {
        return;
    };
    let count = scene.frame_count();
    for step in 0..FRAMES.min(count) {
        let number = (count - 1) * step / (FRAMES - 1).max(1);
        assert!(scene.frame(number).is_some(), "frame {number} of {count}");
    }
    assert!(scene.frame(count).is_none(), "{count} frames");
}

impl Kind {
    /// The files of such a folder. Media are stand-ins: the structure is there that opening a recording asks for.
    fn files(self) -> Vec<(PathBuf, Vec<u8>)> {
        let segment = |name: &str| PathBuf::from("content/segments/segment-0").join(name);
        let mut files = Vec::new();
        match self {
            Self::Studio => {
                let meta = json!({
                    "pretty_name": "fuzz", "platform": "Linux", "status": { "status": "Complete" },
                    "cursors": { "0": { "imagePath": "content/cursors/cursor_0.png", "hotspot": { "x": 0.25, "y": 0.5 }, "shape": null } },
                    "segments": [{
                        "display": { "path": "content/segments/segment-0/display.mp4", "fps": 30 },
                        "camera": { "path": "content/segments/segment-0/camera.mp4", "fps": 30 },
                        "cursor": "content/segments/segment-0/cursor.json",
                    }],
                });
                let config = json!({ "timeline": { "segments": [{ "timescale": 1, "start": 0, "end": SECONDS }], "zoomSegments": [] } });
                files.push((
                    PathBuf::from("recording-meta.json"),
                    meta.to_string().into_bytes(),
                ));
                files.push((
                    PathBuf::from("project-config.json"),
                    config.to_string().into_bytes(),
                ));
                files.push((
                    PathBuf::from("content/cursors/cursor_0.png"),
                    b"\x89PNG\r\n\x1a\n".to_vec(),
                ));
                files.push((segment("display.mp4"), whole()));
                files.push((segment("camera.mp4"), whole()));
                files.push((segment("cursor.json"), br#"{"moves":[],"clicks":[]}"#.to_vec()));
            }
            Self::Instant => {
                files.push((
                    PathBuf::from("recording-meta.json"),
                    br#"{"pretty_name":"fuzz","fps":30,"sample_rate":null}"#.to_vec(),
                ));
                files.push((PathBuf::from("content/output.mp4"), whole()));
            }
            Self::Crashed => {
                let meta = json!({
                    "pretty_name": "fuzz", "status": { "status": "InProgress" },
                    "segments": [{ "display": { "path": "content/segments/segment-0/display", "fps": 30 } }],
                });
                files.push((
                    PathBuf::from("recording-meta.json"),
                    meta.to_string().into_bytes(),
                ));
                files.push((
                    segment("display/init.mp4"),
                    [boxed(b"ftyp", 16), boxed(b"moov", 200)].concat(),
                ));
                for number in 1..=3 {
                    files.push((segment(&format!("display/segment_00{number}.m4s")), piece()));
                }
                files.push((
                    segment("display/respawn-1/init.mp4"),
                    [boxed(b"ftyp", 16), boxed(b"moov", 200)].concat(),
                ));
                files.push((segment("display/respawn-1/segment_001.m4s"), piece()));
            }
            Self::Empty => {}
        }
        files
    }
}

/// A box with zeros in it.
fn boxed(kind: &[u8; 4], content: u8) -> Vec<u8> {
    let mut bytes = vec![0, 0, 0, content + 8];
    bytes.extend(kind);
    bytes.resize(usize::from(content) + 8, 0);
    bytes
}

fn whole() -> Vec<u8> {
    [boxed(b"ftyp", 16), boxed(b"moov", 200), boxed(b"mdat", 240)].concat()
}

fn piece() -> Vec<u8> {
    [boxed(b"styp", 16), boxed(b"moof", 60), boxed(b"mdat", 200)].concat()
}
