//! Chromium without a window, given a page and films over HTTP, that reports what it saw.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// Functions for every page: `query` is what the test asks, `report` answers, `show` seeks and waits for the picture.
const COMMON: &str = r"<!doctype html><meta charset=utf-8><body><script>
const query = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const report = body => fetch('/report', { method: 'POST', body: JSON.stringify(body) });
const once = (video, name) => new Promise((done, fail) => {
  video.addEventListener(name, done, { once: true });
  video.addEventListener('error', () => fail(new Error(video.error.message)), { once: true });
});
const load = async source => {
  const video = document.createElement('video');
  [video.muted, video.playsInline] = [true, true];
  document.body.append(video);
  const loaded = once(video, 'loadeddata');
  video.src = source;
  await loaded;
  return video;
};
const show = async (video, time) => {
  // `seeked` may come before the new picture is there to draw.
  const shown = new Promise(done => video.requestVideoFrameCallback(done));
  const seeked = once(video, 'seeked');
  video.currentTime = time;
  await seeked;
  await shown;
};
const run = main => main().catch(error => report({ error: String(error) }));
</script>";

/// What the browser is given.
struct Site {
    page: String,
    films: Vec<Vec<u8>>,
}

/// The browser's name; says so when there is none.
pub(crate) fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser"].into_iter().find(|name| {
        let version = Command::new(name).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    if found.is_none() {
        crate::common::skipped(
            "no chromium on the PATH (scripts/install-deps.sh --tests installs it on Debian)",
        );
    }
    found
}

/// Opens a page whose script is `script` and returns its report. The films are at `/0.mp4`, `/1.mp4` and so on.
///
/// # Panics
/// When the page reports an error, or nothing within two minutes.
pub(crate) fn open(chromium: &str, script: &str, films: &[&Path], query: &Value) -> Value {
    let (port, reports) = serve(Site {
        page: format!("{COMMON}<script>{script}</script>"),
        films: films.iter().map(|film| fs::read(film).unwrap()).collect(),
    });
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
        .arg(format!("http://127.0.0.1:{port}/#{query}"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let report = reports.recv_timeout(Duration::from_secs(120));
    browser.kill().unwrap();
    browser.wait().unwrap();
    let report = report.expect("Chromium reports within two minutes");
    assert_eq!(report["error"], json!(null), "{report:#}");
    report
}

/// Serves the site until the process ends; reports come out of the channel.
fn serve(site: Site) -> (u16, Receiver<Value>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = channel();
    let site = Arc::new(site);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (site, sender) = (site.clone(), sender.clone());
            // A browser may leave in the middle of an answer.
            thread::spawn(move || answer(stream.unwrap(), &site, &sender).ok());
        }
    });
    (port, receiver)
}

/// Answers one request, with the range it asks for: browsers seek by ranges.
fn answer(mut stream: TcpStream, site: &Site, reports: &Sender<Value>) -> std::io::Result<()> {
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
    let number = target
        .trim_start_matches('/')
        .strip_suffix(".mp4")
        .and_then(|name| name.parse().ok());
    let film = number.and_then(|number: usize| site.films.get(number));
    let (status, kind, extra, body) = match (target, film, range) {
        ("/", ..) => ("200 OK", "text/html", String::new(), site.page.as_bytes()),
        (_, Some(film), Some((Some(from), to))) => {
            let from: usize = from;
            let to = to.unwrap_or(usize::MAX).min(film.len() - 1);
            let extra = format!("Content-Range: bytes {from}-{to}/{}\r\n", film.len());
            let part = film.get(from..=to).unwrap_or_default();
            ("206 Partial Content", "video/mp4", extra, part)
        }
        (_, Some(film), _) => ("200 OK", "video/mp4", String::new(), &film[..]),
        ("/report", ..) => {
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
