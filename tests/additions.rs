//! What newer versions of Cap add (docs/cap-additions.md), in whole exports: styles with the pixels before, inside and after them,
//! waveforms, and that redrawing only what changed gives the same.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common;
use capstan::export::{ExportReport, ExportSettings};
use capstan::frame::{Nv12Frame, Size};
use capstan::media::decode::HardwareChoice;
use capstan::time::FrameRate;
use serde_json::{Value, json};

/// A copy of desk.cap whose configuration `change` made another.
fn recording(folder: &Path, change: impl FnOnce(&mut Value)) -> PathBuf {
    let recording = folder.join("styled.cap");
    common::copy_folder(&common::fixture("desk"), &recording);
    let file = recording.join("project-config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    change(&mut config);
    fs::write(&file, serde_json::to_vec(&config).unwrap()).unwrap();
    recording
}

/// Shows all frames to `visit`; `None`, said aloud, on a machine without an adapter.
fn show(
    recording: &Path,
    damage: bool,
    visit: &mut (dyn FnMut(u64, &Nv12Frame) + Send),
) -> Option<ExportReport> {
    let settings = ExportSettings {
        frame_rate: FrameRate::new(15).unwrap(),
        bounds: Size::new(640, 360),
        decoder: HardwareChoice::Off,
        damage,
        ..ExportSettings::default()
    };
    common::compose(recording, settings, visit)
}

/// Y', Cb, Cr of BT.709 in limited range.
fn video(rgb: [f64; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(|channel| channel / 255.0);
    let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [
        16.0 + 219.0 * y,
        128.0 + 224.0 * (b - y) / 1.8556,
        128.0 + 224.0 * (r - y) / 1.5748,
    ]
}

fn at(frame: &Nv12Frame, x: usize, y: usize) -> [f64; 3] {
    let chroma = y / 2 * frame.uv_stride + x / 2 * 2;
    [
        frame.y[y * frame.y_stride + x],
        frame.uv[chroma],
        frame.uv[chroma + 1],
    ]
    .map(f64::from)
}

fn assert_color(frame: &Nv12Frame, n: u64, (x, y): (usize, usize), rgb: [f64; 3]) {
    let (found, expected) = (at(frame, x, y), video(rgb));
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() < 2.5,
            "frame {n} at ({x}, {y}): {found:?} for {expected:?}"
        );
    }
}

/// Styles that come, go, overlap and follow each other, and change all three objects.
fn all_kinds(config: &mut Value) {
    config["timeline"]["styleSegments"] = json!([
        { "start": 0.4, "end": 1.2, "overrides": { "background": { "padding": 25, "blur": 30,
            "source": { "type": "gradient", "from": [0, 0, 0], "to": [255, 255, 255], "angle": 90 } } } },
        { "start": 1.2, "end": 2.0, "overrides": { "background": { "padding": 0 },
            "camera": { "shape": "source", "mirror": true, "position": { "x": "left", "y": "top" } } } },
        { "start": 1.6, "end": 3.0, "track": 1, "overrides": { "cursor": { "size": 400, "type": "circle", "raw": true,
            "ripple": { "enabled": true, "size": 3 } } } },
        { "start": 2.2, "end": 2.6, "overrides": { "camera": { "hide": true }, "cursor": { "hide": true } } },
        { "start": 3.0, "end": 4.0, "overrides": { "background": { "padding": 15,
            "frame": { "style": "macOS" }, "shadow": 100, "rounding": 40,
            "crop": { "position": { "x": 200, "y": 100 }, "size": { "x": 500, "y": 500 } } } } },
        { "start": 4.0, "end": 5.0, "overrides": { "cameraOnlyPadding": 12 } }
    ]);
    config["timeline"]["sceneSegments"] = json!([{ "start": 3.8, "end": 4.6, "mode": "cameraOnly" }]);
}

#[test]
fn redrawing_what_changed_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path(), all_kinds);
    let mut whole = Vec::new();
    if show(&recording, false, &mut |_, frame| {
        whole.push(common::pixels(frame))
    })
    .is_none()
    {
        return;
    }
    let report = show(&recording, true, &mut |n, frame| {
        assert!(common::pixels(frame) == whole[n as usize], "frame {n} differs");
    });
    assert!(report.unwrap().unrendered.is_empty());
}

/// The corner shows the background, whose colour changes at 1 s and 2 s: frames 15 and 30.
#[test]
fn pixels_before_inside_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("blue.png");
    common::tool(
        "ffmpeg",
        &[
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "color=0x2040c0:s=64x36",
            "-frames:v",
            "1",
            "-pix_fmt",
            "rgb24",
            picture.to_str().unwrap(),
        ],
    );
    let recording = recording(folder.path(), |config| {
        let solid = |rgb: [u8; 3]| json!({ "padding": 20, "source": { "type": "color", "value": rgb } });
        config["background"] = solid([200, 40, 40]);
        config["timeline"]["styleSegments"] = json!([
            { "start": 1, "end": 2, "overrides": { "background": solid([30, 160, 60]) } },
            { "start": 3, "end": 4, "overrides": { "background": { "padding": 20,
                "source": { "type": "image", "path": picture.to_str().unwrap() } } } }
        ]);
        config["timeline"]["zoomSegments"] = json!([]);
    });
    let mut seen = 0;
    let report = show(&recording, true, &mut |n, frame| {
        let rgb = match n {
            15..30 => [30.0, 160.0, 60.0],
            45..60 => [32.0, 64.0, 192.0],
            _ => [200.0, 40.0, 40.0],
        };
        assert_color(frame, n, (2, 2), rgb);
        seen += 1;
    });
    if let Some(report) = report {
        assert_eq!(seen, 90);
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    }
}

/// A camera that the configuration hides and one style shows is decoded, and seen in that style alone.
#[test]
fn a_camera_of_a_style() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path(), |config| {
        config["camera"] = json!({ "hide": true });
        config["background"] = json!({ "padding": 0 });
        config["timeline"]["zoomSegments"] = json!([]);
        config["cursor"] = json!({ "hide": true });
        config["timeline"]["styleSegments"] = json!([{ "start": 2, "end": 3,
            "overrides": { "camera": { "size": 60, "shape": "source", "position": { "x": "left", "y": "top" } } } }]);
    });
    // The camera covers the middle of its place, (150, 120), from frame 30 to frame 44.
    let mut colors = Vec::new();
    let report = show(&recording, true, &mut |_, frame| colors.push(at(frame, 150, 120)));
    let Some(report) = report else { return };
    assert!(
        report
            .paths
            .decoders
            .iter()
            .any(|decoder| decoder.track == "camera"),
        "{:?}",
        report.paths.decoders
    );
    let far = |a: [f64; 3], b: [f64; 3]| a.iter().zip(b).any(|(a, b)| (a - b).abs() > 6.0);
    assert!(far(colors[29], colors[30]), "{:?}", &colors[28..32]);
    assert!(far(colors[44], colors[45]), "{:?}", &colors[43..47]);
    assert!(!far(colors[29], colors[45]), "{:?} {:?}", colors[29], colors[45]);
}

/// The system sound is silent but for beeps of 440 Hz, 50 ms long, at 1 s, 2 s... of its track. Of eight bars the fourth holds 440 Hz: it
/// is as high as the frame then, and as high as it is wide in between.
#[test]
fn a_waveform_shows_the_beeps() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path(), |config| {
        config["hideDisplay"] = true.into();
        config["background"] = json!({ "source": { "type": "color", "value": [0, 0, 0] } });
        config["camera"] = json!({ "hide": true });
        config["cursor"] = json!({ "hide": true });
        config["timeline"]["zoomSegments"] = json!([]);
        config["timeline"]["waveformSegments"] = json!([{ "start": 0, "end": 4, "style": "bars", "source": "system",
            "size": { "x": 1, "y": 1 }, "barCount": 8, "barWidth": 0.5, "sensitivity": 1000, "smoothing": 0 }]);
    });
    // The middle of the fourth of eight bars, high up, and beside it.
    let mut lit = Vec::new();
    let report = show(&recording, true, &mut |n, frame| {
        let high = at(frame, 280, 100)[0];
        assert!(
            (at(frame, 322, 100)[0] - 16.0).abs() < 1.5,
            "frame {n}: between two bars"
        );
        assert!(!(20.0..=230.0).contains(&high), "frame {n}: {high}");
        if high > 230.0 {
            lit.push(n as f64 / 15.0);
        }
    });
    let Some(report) = report else { return };
    assert!(report.unrendered.is_empty(), "{:?}", report.unrendered);
    assert!(report.warnings.is_empty(), "{:?}", report.warnings);
    assert!(!lit.is_empty() && lit.iter().all(|&time| time < 4.0), "{lit:?}");
    // Frames are 67 ms apart; with its window a beep is seen for 82 ms. Beeps are a second apart.
    let beeps: Vec<f64> = lit
        .iter()
        .copied()
        .filter(|time| !lit.contains(&(time - 1.0 / 15.0)))
        .collect();
    assert!((3..=4).contains(&beeps.len()), "{lit:?}");
    for pair in beeps.windows(2) {
        assert!((pair[1] - pair[0] - 1.0).abs() < 0.15, "{lit:?}");
    }
}

#[test]
fn waveforms_are_redrawn_where_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let recording = recording(folder.path(), |config| {
        let styles = ["bars", "mirrored", "line", "dots"];
        let list = styles.iter().enumerate().map(|(index, style)| {
            json!({ "start": index as f64, "end": index as f64 + 2.0, "style": style, "secondaryColor": "#ff0080",
                "center": { "x": 0.5, "y": 0.2 + 0.2 * index as f64 }, "track": index })
        });
        config["timeline"]["waveformSegments"] = list.collect();
        config["overlayOrder"] = json!([{ "kind": "waveform", "track": 0 }]);
    });
    let mut whole = Vec::new();
    if show(&recording, false, &mut |_, frame| {
        whole.push(common::pixels(frame))
    })
    .is_none()
    {
        return;
    }
    show(&recording, true, &mut |n, frame| {
        assert!(common::pixels(frame) == whole[n as usize], "frame {n} differs");
    });
}
