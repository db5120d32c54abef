//! Redrawing, reading back and converting only what changed gives the very frames that doing all of it gives.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]
#![allow(
    clippy::print_stderr,
    reason = "what was skipped or saved is for whoever runs the tests"
)]

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use capstan::convert::PixelPath;
use capstan::export::{Cancel, ExportError, ExportReport, ExportSettings, PixelPathSetting, Request, frames};
use capstan::frame::{Nv12Frame, Size};
use capstan::media::decode::HardwareChoice;
use capstan::render::RenderError;
use capstan::time::FrameRate;

/// A frame as numbers: two of 64 bits, so that equal ones mean equal pixels.
fn digest(frame: &Nv12Frame) -> [u64; 2] {
    [1u8, 2].map(|seed| {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        let chroma = frame.size.chroma_420();
        for row in frame.y.chunks(frame.y_stride) {
            row[..frame.size.width as usize].hash(&mut hasher);
        }
        for row in frame.uv.chunks(frame.uv_stride) {
            row[..chroma.width as usize * 2].hash(&mut hasher);
        }
        hasher.finish()
    })
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)
}

/// Digests of all frames and the report; `None`, said aloud, on a machine without an adapter.
fn run(recording: &Path, fps: u32, damage: bool, path: PixelPath) -> Option<(Vec<[u64; 2]>, ExportReport)> {
    let settings = ExportSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds: Size::new(640, 360),
        decoder: HardwareChoice::Off,
        pixel_path: PixelPathSetting::Fixed(path),
        damage,
        ..ExportSettings::default()
    };
    let request = Request {
        recording: recording.to_owned(),
        target: PathBuf::new(),
        overwrite: false,
        settings,
    };
    let mut digests = Vec::new();
    let mut visit = |index: u64, frame: &Nv12Frame| {
        assert_eq!(index, digests.len() as u64);
        digests.push(digest(frame));
    };
    match frames(&request, &Cancel::new(), &mut visit) {
        Ok(report) => Some((digests, report)),
        Err(ExportError::Render(RenderError::NoAdapter))
            if std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none() =>
        {
            eprintln!("skipped: {}", RenderError::NoAdapter);
            None
        }
        Err(error) => panic!("{}: {error}", recording.display()),
    }
}

fn bytes(report: &ExportReport, stage: &str) -> u64 {
    let found = report.stages.iter().find(|found| found.stage == stage);
    found.unwrap().bytes
}

fn compare(name: &str, fps: u32, path: PixelPath) {
    let recording = fixture(name);
    let Some((all, whole)) = run(&recording, fps, false, path) else {
        return;
    };
    let Some((some, partial)) = run(&recording, fps, true, path) else {
        return;
    };
    assert_eq!(all.len() as u64, whole.frames);
    assert_eq!(some.len(), all.len());
    if let Some(first) = (0..all.len()).find(|&index| all[index] != some[index]) {
        panic!("{name}: frame {first} of {} differs", all.len());
    }
    assert!(partial.composed_frames <= whole.composed_frames);
    for stage in ["upload", "readback", "convert"] {
        let (less, more) = (bytes(&partial, stage), bytes(&whole, stage));
        assert!(less < more, "{name}: {stage} moved {less} bytes of {more}");
        eprintln!("{name}: {stage} moved {less} bytes of {more}");
    }
    eprintln!(
        "{name}: {} of {} frames composed",
        partial.composed_frames, whole.composed_frames
    );
}

#[test]
fn desk() {
    compare("desk.cap", 30, PixelPath::Simd);
}

#[test]
fn cuts() {
    compare("cuts.cap", 30, PixelPath::Simd);
}

#[test]
fn portrait() {
    compare("portrait.cap", 15, PixelPath::Simd);
}

#[test]
fn legacy() {
    compare("legacy.cap", 15, PixelPath::Simd);
}

#[test]
fn fragments() {
    compare("fragments.cap", 15, PixelPath::Simd);
}

#[test]
fn desk_by_swscale() {
    compare("desk.cap", 15, PixelPath::Swscale);
}
