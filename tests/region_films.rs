//! Region pictures in finished files: FFmpeg, OpenH264 and Chromium decode the same samples, played through or sought, and
//! they are those of the frames that were composed.
//!
//! That the samples are those that the encoders have in mind is tested beside them (`src/export/regions/tests.rs`). The
//! committed recordings are exported here. `CAPSTAN_REGION_FILMS=a.mp4:b.mp4` names further exports to check
//! (`scripts/check-still-pictures.sh --regions` makes them of recordings).

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::common::{self, Export};
use crate::film_decoders;
use crate::films::{Film, SEEKS};
use capstan::export::{ExportSettings, Rate};
use capstan::frame::{Nv12Frame, Size};
use ffmpeg_next as ffmpeg;
use serde_json::{Value, json};

/// Slices of each picture, with what else stands in it.
fn units(film: &Film) -> impl Iterator<Item = usize> {
    film.pictures.iter().map(|picture| {
        let starts = picture.data.windows(4).filter(|window| *window == [0, 0, 0, 1]);
        starts.count()
    })
}

/// Compares what decoders make of a film. Says what was compared.
fn check(path: &Path, seeks_in_chromium: usize) -> String {
    let name = path.display();
    let film = Film::read(path);
    let frames = film.pictures.len();
    let most = units(&film).max().unwrap();
    assert!(most <= 48 + 2, "{name}: {most} units in a picture");
    // Pictures in the order in which they are shown have to be the same in all decoders.
    assert!(!film.is_reordered(), "{name}");
    let seen = film_decoders::check(path, &film, seeks_in_chromium);
    let keys = film.pictures.iter().filter(|picture| picture.key).count();
    let several = units(&film).filter(|units| *units > 1).count();
    format!(
        "{frames} pictures, {keys} of them key frames, {several} of several units, {most} at most; \
         {seen} agree, and after {SEEKS} seeks each"
    )
}

/// Least PSNR of the luma of any frame against the composed one, dB.
fn least_psnr(path: &Path, composed: &[Nv12Frame]) -> f64 {
    let mut input = ffmpeg::format::input(path).unwrap();
    let stream = input.streams().best(ffmpeg::media::Type::Video).unwrap();
    let number = stream.index();
    let context = ffmpeg::codec::context::Context::from_parameters(stream.parameters()).unwrap();
    let mut decoder = context.decoder().video().unwrap();
    let (mut least, mut shown) = (f64::INFINITY, composed.iter());
    let mut drain = |decoder: &mut ffmpeg::decoder::Video| {
        let mut frame = ffmpeg::frame::Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            let source = shown.next().unwrap();
            let (width, height) = (source.size.width as usize, source.size.height as usize);
            let error: u64 = (0..height)
                .flat_map(|y| {
                    let ours = &source.y[y * source.y_stride..][..width];
                    let theirs = &frame.data(0)[y * frame.stride(0)..][..width];
                    ours.iter().zip(theirs)
                })
                .map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2))
                .sum();
            let mean = error as f64 / (width * height) as f64;
            least = least.min(10.0 * (255.0 * 255.0 / mean.max(1e-9)).log10());
        }
    };
    for (_, packet) in input.packets().filter(|(stream, _)| stream.index() == number) {
        decoder.send_packet(&packet).unwrap();
        drain(&mut decoder);
    }
    decoder.send_eof().unwrap();
    drain(&mut decoder);
    assert!(shown.next().is_none(), "every frame is in the film");
    least
}

const CRF: u8 = 18;

/// A fixture as it is and without zooms, at constant and at variable frame rate.
fn check_fixture(name: &str) {
    if !common::has_encoder("libx264") {
        return common::skipped("this FFmpeg has no libx264");
    }
    let recording = common::fixture(name);
    let folder = tempfile::tempdir().unwrap();
    let config =
        fs::read_to_string(recording.join("project-config.json")).unwrap_or_else(|_| "{}".to_owned());
    let mut config: Value = serde_json::from_str(&config).unwrap();
    if let Some(timeline) = config["timeline"].as_object_mut() {
        timeline.insert("zoomSegments".to_owned(), json!([]));
    }
    let resting = folder.path().join("resting.json");
    fs::write(&resting, config.to_string()).unwrap();
    let crf = CRF.to_string();
    let flags = [
        "--fps",
        "60",
        "--resolution",
        "960x540",
        "--encoder",
        "libx264",
        "--crf",
        &crf,
        "--region-pictures",
        "on",
    ];
    let mut regions = 0;
    for (more, seeks_in_chromium) in [
        (vec![], 0),
        (vec!["--config", resting.to_str().unwrap()], SEEKS),
        (vec!["--frame-rate-mode", "vfr"], 10),
    ] {
        let export = Export::done(&recording, &[&flags[..], &more].concat());
        let report = export.report();
        let kinds = &report["pictures"];
        let [whole, region, still] = ["whole", "region", "still"].map(|kind| kinds[kind].as_u64().unwrap());
        assert_eq!(
            report["written_pictures"],
            json!(whole + region + still),
            "{report:#}"
        );
        assert_eq!(report["regions"]["pictures"], json!(region), "{report:#}");
        regions += region;
        check(&export.path(), seeks_in_chromium);
        let settings = ExportSettings {
            bounds: Size::new(960, 540),
            rate: Rate::Crf(CRF),
            config: more.contains(&"--config").then(|| resting.clone()),
            ..ExportSettings::default()
        };
        if !more.contains(&"vfr") {
            let mut composed = Vec::new();
            let keep = &mut |_, frame: &Nv12Frame| composed.push(frame.clone());
            if common::compose(&recording, settings, keep).is_none() {
                continue;
            }
            let psnr = least_psnr(&export.path(), &composed);
            assert!(psnr > 34.0, "{name}: {psnr:.1} dB, {report:#}");
        }
    }
    assert!(regions > 0, "{name}: no region pictures");
}

#[test]
#[ignore = "takes minutes: cargo test --release --test whole region_films -- --ignored"]
fn desk() {
    check_fixture("desk");
}

#[test]
fn cuts() {
    check_fixture("cuts");
}

#[test]
fn portrait() {
    check_fixture("portrait");
}

#[test]
#[ignore = "takes minutes: cargo test --release --test whole region_films -- --ignored"]
fn legacy() {
    check_fixture("legacy");
}

#[test]
#[ignore = "takes minutes: cargo test --release --test whole region_films -- --ignored"]
fn fragments() {
    check_fixture("fragments");
}

#[test]
#[ignore = "takes minutes: cargo test --release --test whole region_films -- --ignored"]
fn everything() {
    check_fixture("everything");
}

#[test]
fn what_speaks_against_them_is_said() {
    let recording = common::fixture("desk");
    let refused = |flags: &[&str], words: &[&str]| {
        let flags = [&common::SMALL[..], &["--region-pictures", "on"], flags].concat();
        Export::of(&recording, &flags).run.assert_error(words);
    };
    refused(
        &["--encoder", "libx264", "--bitrate", "2M"],
        &["region pictures", "average bit rate", "--region-pictures auto"],
    );
    refused(
        &["--encoder", "libx264", "--crf", "20", "--still-pictures", "off"],
        &["region pictures", "every frame is to be encoded"],
    );
    let flags = [
        &common::SMALL[..],
        &[
            "--encoder",
            "libx264",
            "--bitrate",
            "2M",
            "--region-pictures",
            "auto",
        ],
    ]
    .concat();
    let report = Export::done(&recording, &flags).report();
    let fallbacks = report["fallbacks"].as_array().unwrap();
    let said = fallbacks
        .iter()
        .any(|fallback| fallback["from"] == "region pictures");
    assert!(said, "{report:#}");
    assert_eq!(report["pictures"]["region"], 0);
}

#[test]
fn films_named_by_the_environment() {
    let Some(films) = std::env::var_os("CAPSTAN_REGION_FILMS") else {
        return;
    };
    for film in std::env::split_paths(&films) {
        let compared = check(&film, SEEKS);
        writeln!(std::io::stderr(), "{}: {compared}", film.display()).unwrap();
    }
}
