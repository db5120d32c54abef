//! The result plays in a browser: Chromium loads it, seeks in it and draws the right pictures.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use common::{Export, Recording};
use serde_json::{Value, json};

/// Loads the film, seeks to each time of the query, draws every picture and reports its middle.
const PAGE: &str = r"<!doctype html><meta charset=utf-8><video id=video muted playsinline></video><script>
const video = document.getElementById('video');
const report = body => fetch('/report', { method: 'POST', body: JSON.stringify(body) });
const once = name => new Promise((done, fail) => {
  video.addEventListener(name, done, { once: true });
  video.addEventListener('error', () => fail(new Error(video.error.message)), { once: true });
});
(async () => {
  const loaded = once('loadeddata');
  video.src = '/film.mp4';
  await loaded;
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const pictures = [];
  for (const time of JSON.parse(decodeURIComponent(location.hash.slice(1)))) {
    // `seeked` may come before the new picture is there to draw.
    const shown = new Promise(done => video.requestVideoFrameCallback(done));
    const seeked = once('seeked');
    video.currentTime = time;
    await seeked;
    await shown;
    context.drawImage(video, 0, 0);
    const middle = context.getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data;
    pictures.push({ time, rgb: [...middle].slice(0, 3) });
  }
  const ended = once('ended');
  video.currentTime = Math.max(0, video.duration - 0.3);
  await video.play();
  await ended;
  await report({
    readyState: video.readyState, width: video.videoWidth, height: video.videoHeight,
    duration: video.duration, pictures,
  });
})().catch(error => report({ error: String(error) }));
</script>";

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

/// Whether there is a Chromium; says so when there is none.
fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        common::skipped("no chromium on the PATH (scripts/install-deps.sh --tests installs it on Debian)");
    }
    found
}

/// Serves the page and the film until the process ends; reports come out of the channel.
fn serve(film: Vec<u8>) -> (u16, Receiver<Value>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    let film = Arc::new(film);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (film, sender) = (film.clone(), sender.clone());
            // A browser may leave in the middle of an answer.
            thread::spawn(move || answer(stream.unwrap(), &film, &sender).ok());
        }
    });
    (port, receiver)
}

/// Answers one request, with the range it asks for: browsers seek by ranges.
fn answer(mut stream: TcpStream, film: &[u8], reports: &Sender<Value>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let (mut range, mut length) = (None, 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_ascii_lowercase();
        if let Some(bytes) = line.strip_prefix("range: bytes=") {
            range = bytes
                .split_once('-')
                .map(|(from, to)| (from.parse().ok(), to.parse().ok()));
        } else if let Some(bytes) = line.strip_prefix("content-length: ") {
            length = bytes.parse().unwrap_or(0);
        } else if line.is_empty() {
            break;
        }
    }
    let target = request.split_whitespace().nth(1).unwrap_or_default();
    let (status, kind, extra, body) = match (target, range) {
        ("/", _) => ("200 OK", "text/html", String::new(), PAGE.as_bytes()),
        ("/film.mp4", Some((Some(from), to))) => {
            let from: usize = from;
            let to = to.unwrap_or(usize::MAX).min(film.len() - 1);
            let extra = format!("Content-Range: bytes {from}-{to}/{}\r\n", film.len());
            let part = film.get(from..=to).unwrap_or_default();
            ("206 Partial Content", "video/mp4", extra, part)
        }
        ("/film.mp4", _) => ("200 OK", "video/mp4", String::new(), film),
        ("/report", _) => {
            let mut body = vec![0; length];
            reader.read_exact(&mut body)?;
            // Nobody listens any more after the first report.
            let _ = reports.send(serde_json::from_slice(&body)?);
            ("204 No Content", "text/plain", String::new(), &[][..])
        }
        _ => ("404 Not Found", "text/plain", String::new(), &[][..]),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nAccept-Ranges: bytes\r\n{extra}Connection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// What Chromium makes of `film`, shown at each of `times`.
fn play(chromium: &str, film: &Path, times: &[f64]) -> Value {
    let (port, reports) = serve(fs::read(film).unwrap());
    let profile = tempfile::tempdir().unwrap();
    let mut browser = Command::new(chromium)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ])
        .args([
            "--no-first-run",
            "--mute-audio",
            "--autoplay-policy=no-user-gesture-required",
        ])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg("--remote-debugging-port=0")
        .arg(format!("http://127.0.0.1:{port}/#{}", json!(times)))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let report = reports.recv_timeout(Duration::from_secs(60));
    browser.kill().unwrap();
    browser.wait().unwrap();
    let report = report.expect("Chromium reports within a minute");
    assert_eq!(report["error"], Value::Null, "{report:#}");
    report
}

#[test]
fn chromium_plays_and_seeks() {
    let Some(chromium) = chromium() else { return };
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
        let shown = play(chromium, &export.path(), &times);
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
