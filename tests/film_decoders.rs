//! What FFmpeg, OpenH264 and Chromium make of a finished film: the same samples, played through or sought.
//!
//! `CAPSTAN_DECODER_FILMS=a.mp4:b.mp4` names further films to check (`scripts/check-shards.py` makes them of recordings).

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use crate::browser;
use crate::films::{Film, Picture, SEEKS, decode_ffmpeg, decode_openh264, sought_by_ffmpeg};

/// Times of pictures in the order in which they are shown.
fn shown(pictures: &[Picture]) -> Vec<i64> {
    let mut times: Vec<i64> = pictures.iter().map(|picture| picture.at).collect();
    times.sort_unstable();
    times
}

/// Digests of what a film shows at the times asked for (that of `tests/films.rs`): samples as they were decoded, before any
/// conversion to RGB. Then the film is played to its end.
const DIGEST: &str = r"run(async () => {
  const film = await load('/0.mp4');
  const digests = [];
  let format;
  for (const time of query) {
    await show(film, time);
    const frame = new VideoFrame(film);
    format = frame.format;
    const { width, height } = frame.visibleRect;
    const bytes = new Uint8Array(frame.allocationSize());
    const layout = await frame.copyTo(bytes);
    frame.close();
    let digest = 0x811c9dc5 | 0;
    for (let plane = 0; plane < 3; plane++) {
      const [columns, rows] = plane ? [(width + 1) >> 1, (height + 1) >> 1] : [width, height];
      const semi = format === 'NV12' && plane > 0;
      const { offset, stride } = layout[semi ? 1 : plane];
      for (let y = 0; y < rows; y++) {
        const row = offset + y * stride;
        for (let x = 0; x < columns; x += 4) {
          let word = 0;
          for (let n = 0; n < 4 && x + n < columns; n++) {
            const at = semi ? row + 2 * (x + n) + plane - 1 : row + x + n;
            word |= bytes[at] << (8 * n);
          }
          digest ^= word;
          digest = Math.imul(digest << 5 | digest >>> 27, 0x01000193);
        }
      }
    }
    digests.push(digest >>> 0);
  }
  const ended = once(film, 'ended');
  film.currentTime = Math.max(0, film.duration - 0.3);
  await film.play();
  await ended;
  await report({ format, digests, duration: film.duration });
})";

/// Compares what decoders make of `film`, which was read from `path`. Says which they were.
pub(crate) fn check(path: &Path, film: &Film, seeks_in_chromium: usize) -> &'static str {
    let name = path.display();
    let frames = film.pictures.len();
    let decoded = decode_ffmpeg(&film.sets, &film.pictures);
    assert_eq!(decoded.len(), frames, "{name}: FFmpeg");
    let other = decode_openh264(&film.sets, &film.pictures);
    let differs = other
        .iter()
        .zip(&decoded)
        .position(|(other, decoded)| other != decoded);
    // OpenH264 decodes B-pictures of x264, of any export with --crf, without an error, and to other samples than FFmpeg.
    let reordered = film.is_reordered();
    assert!(
        other == decoded || reordered && other.len() == frames,
        "{name}: OpenH264 gives {} pictures, FFmpeg {frames}; the first that differs is {differs:?}",
        other.len()
    );
    let expected: HashMap<i64, u64> = shown(&film.pictures).into_iter().zip(decoded).collect();
    assert_eq!(expected.len(), frames, "{name}: two pictures at the same time");

    let mut random = fastrand::Rng::with_seed(264);
    for _ in 0..SEEKS {
        let at = random.usize(..frames);
        let time = film.pictures[at].at;
        let found = sought_by_ffmpeg(path, time, film.frames_per_second);
        assert_eq!(
            found, expected[&time],
            "{name}: FFmpeg after seeking to frame {time}"
        );
        if reordered {
            continue;
        }
        let key = (0..=at).rev().find(|&n| film.pictures[n].key).unwrap();
        let group = &film.pictures[key..=at];
        let found = decode_openh264(&film.sets, group);
        let group: Vec<u64> = shown(group).iter().map(|time| expected[time]).collect();
        assert_eq!(found, group, "{name}: OpenH264 after seeking to frame {time}");
    }

    if seeks_in_chromium > 0
        && let Some(chromium) = browser::chromium()
    {
        let sought: Vec<i64> = (0..seeks_in_chromium)
            .map(|_| film.pictures[random.usize(..frames)].at)
            .collect();
        // In the middle of frames: a player may round a time between two of them either way.
        let middle = |time: &i64| (*time as f64 + 0.5) / f64::from(film.frames_per_second);
        let times: Vec<f64> = sought.iter().map(middle).collect();
        let report = browser::open(chromium, DIGEST, &[path], &json!(times));
        let digests: Vec<u64> = sought.iter().map(|time| expected[time]).collect();
        assert_eq!(
            report["digests"],
            json!(digests),
            "{name}: Chromium, {}",
            report["format"]
        );
        return "FFmpeg, OpenH264, Chromium";
    }
    "FFmpeg, OpenH264"
}

#[test]
fn films_named_by_the_environment() {
    let Some(films) = std::env::var_os("CAPSTAN_DECODER_FILMS") else {
        return;
    };
    for film in std::env::split_paths(&films) {
        let seen = check(&film, &Film::read(&film), SEEKS);
        writeln!(std::io::stderr(), "{}: {seen} agree", film.display()).unwrap();
    }
}
