//! fixtures/everything.cap uses every effect: its export leaves nothing out, has its length and its sound, and redrawing only what
//! changed gives the same.

use crate::common;
use capstan::export::{ExportReport, ExportSettings};
use capstan::frame::{Nv12Frame, Size};
use capstan::media::decode::HardwareChoice;
use capstan::time::FrameRate;

/// Clips of 3 s, 3.5 s and 3.6 s, less two transitions of 0.5 s, and a title that holds the clock for 1.3 s: 10.4 s at 15 fps.
const FRAMES: u64 = 156;

/// Warnings but the one that a system without the fonts of window frames gives.
fn of_note<'a>(warnings: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let frame = "the text of the window frame: none of ";
    warnings
        .into_iter()
        .filter(|warning| !warning.starts_with(frame))
        .collect()
}

/// Shows all frames to `visit`; `None`, said aloud, on a machine without an adapter.
fn show(damage: bool, visit: &mut (dyn FnMut(u64, &Nv12Frame) + Send)) -> Option<ExportReport> {
    let settings = ExportSettings {
        frame_rate: FrameRate::new(15).unwrap(),
        bounds: Size::new(320, 180),
        decoder: HardwareChoice::Off,
        damage,
        ..ExportSettings::default()
    };
    common::compose(&common::fixture("everything"), settings, visit)
}

#[test]
fn redrawing_what_changed_is_enough() {
    let mut whole = Vec::new();
    let Some(report) = show(false, &mut |_, frame| whole.push(common::pixels(frame))) else {
        return;
    };
    assert_eq!(whole.len() as u64, FRAMES);
    assert!(report.unrendered.is_empty(), "{:?}", report.unrendered);
    let mut seen = 0;
    show(true, &mut |n, frame| {
        assert!(common::pixels(frame) == whole[n as usize], "frame {n} differs");
        seen += 1;
    });
    assert_eq!(seen, FRAMES);
}

#[test]
fn nothing_is_left_out() {
    let flags = ["--fps", "15", "--resolution", "320x180"];
    let export = common::Export::done(&common::fixture("everything"), &flags);
    let report = export.report();
    assert_eq!(report["frames"], FRAMES);
    assert_eq!(report["unrendered"].as_array().unwrap().len(), 0, "{report:#}");
    let warnings = report["warnings"].as_array().unwrap();
    let warnings = of_note(warnings.iter().map(|warning| warning.as_str().unwrap()));
    assert!(warnings.is_empty(), "{warnings:?}");

    let video = export.video();
    video.assert_plays_everywhere(FRAMES);
    assert_eq!(video.size(), (320, 180));
    assert!(video.audio.is_some());
    let path = export.path();
    let measure = ["-hide_banner", "-i", path.to_str().unwrap(), "-map", "0:a"];
    let detect = ["-af", "volumedetect", "-f", "null", "-"];
    let heard = common::tool("ffmpeg", &[&measure[..], &detect].concat()).stderr;
    let loudest = heard.split("max_volume: ").nth(1).unwrap();
    let loudest: f64 = loudest.split_whitespace().next().unwrap().parse().unwrap();
    assert!(loudest > -20.0, "{loudest} dB");
}
