//! The result plays in a browser: Chromium loads it, seeks in it and draws the right pictures.

use crate::browser;
use crate::common::{self, Export, Recording};
use serde_json::json;

/// Loads the film, seeks to each time of the query, draws every picture and reports its middle.
pub(crate) const PAGE: &str = r"run(async () => {
  const video = await load('/0.mp4');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const pictures = [];
  for (const time of query) {
    await show(video, time);
    context.drawImage(video, 0, 0);
    const middle = context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
    pictures.push({ time, rgb: [...middle].slice(0, 3) });
  }
  const ended = once(video, 'ended');
  video.currentTime = Math.max(0, video.duration - 0.3);
  await video.play();
  await ended;
  await report({
    readyState: video.readyState, width: video.videoWidth, height: video.videoHeight,
    duration: video.duration, pictures,
  });
})";

/// The colours of the film, a second each.
const COLORS: [(&str, [u8; 3]); 4] = [
    ("0xC83228", [0xC8, 0x32, 0x28]),
    ("0x28B43C", [0x28, 0xB4, 0x3C]),
    ("0x283CC8", [0x28, 0x3C, 0xC8]),
    ("0xDCDCDC", [0xDC, 0xDC, 0xDC]),
];

/// A screen that shows each of [`COLORS`] for a second as one picture: between the changes every frame is a repeat.
fn colors() -> Recording {
    let recording = Recording::new();
    let parts: Vec<_> = COLORS
        .iter()
        .map(|(color, _)| format!("color=c={color}:size=320x180:rate=30:duration=1,format=rgb24"))
        .collect();
    let inputs: String = (0..parts.len()).map(|n| format!("[c{n}]")).collect();
    let labelled: Vec<_> = parts
        .iter()
        .enumerate()
        .map(|(n, part)| format!("{part}[c{n}]"))
        .collect();
    let graph = format!(
        "{};{inputs}concat=n={},fps=1,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
        labelled.join(";"),
        parts.len()
    );
    let x264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "4"];
    recording.display(
        &graph,
        &[&x264[..], &["-colorspace", "bt709", "-color_range", "tv"]].concat(),
    );
    recording
}

#[test]
fn chromium_plays_and_seeks() {
    let Some(chromium) = browser::chromium() else {
        return;
    };
    let recording = colors();
    for (flags, repeats) in [
        (&["--still-pictures", "auto"][..], "still_pictures"),
        (&["--still-pictures", "off"], "encode"),
        (&["--frame-rate-mode", "vfr"], "skip"),
    ] {
        let flags = [&common::SMALL[..], flags].concat();
        let export = Export::done(&recording.path(), &flags);
        let report = export.report();
        assert_eq!(report["paths"]["repeats"], repeats, "{:#}", report["fallbacks"]);
        assert_eq!(report["composed_frames"], 4);
        // Forwards, backwards, and just before and after a change.
        let times = [0.5, 1.5, 2.5, 3.5, 2.2, 0.1, 3.9, 0.95, 1.05];
        let shown = browser::open(chromium, PAGE, &[&export.path()], &json!(times));
        assert!(shown["readyState"].as_u64().unwrap() >= 2, "{shown:#}");
        assert_eq!((&shown["width"], &shown["height"]), (&json!(320), &json!(180)));
        let duration = shown["duration"].as_f64().unwrap();
        assert!((duration - 4.0).abs() < 0.05, "{duration}");
        for (time, picture) in times.iter().zip(shown["pictures"].as_array().unwrap()) {
            let (_, expected) = COLORS[*time as usize];
            for (channel, value) in expected.iter().enumerate() {
                let found = picture["rgb"][channel].as_i64().unwrap();
                assert!(
                    (found - i64::from(*value)).abs() <= 8,
                    "{repeats}: {picture} at {time} s, expected {expected:?}"
                );
            }
        }
    }
}
