//! A sensitive mask hides what it covers: on every frame of its time, in every pixel path, with damage and without, where
//! repeated frames are left out, and through transitions (cap-look.md 12).

use std::path::PathBuf;

use crate::rig::{self, Clip, Recording, plain, set, settings, timeline};
use capstan::convert::PixelPath;
use capstan::export::{Cancel, ExportSettings, PixelPathSetting, Repeats, Request, SamplingSetting, frames};
use capstan::frame::{Nv12Frame, PackedFormat, PackedFrame, Size};
use capstan::media::track_writer::VideoTrackWriter;
use capstan::render::Sampling;
use capstan::time::{FrameRate, MediaTime};
use serde_json::{Value, json};

const SIZE: Size = Size::new(320, 178);
const FPS: u32 = 30;
/// Amount of 37 pixels at 1080 lines.
const CELL: f64 = 37.0 * 178.0 / 1080.0;

/// A screen of grey noise that is another one on every third picture, with `mask` over two clips that `transition` joins.
/// Output frame n shows clip 0 up to 0.5 s and clip 1 from 0.3 s on.
fn noisy(masks: &Value, transition: &str) -> Recording {
    let recording = Recording::new();
    let mut writer = VideoTrackWriter::create(&recording.place(rig::DISPLAY), &rig::fine(SIZE)).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    let mut picture = PackedFrame::new(SIZE, PackedFormat::Rgba);
    for number in 0..36 {
        if number % 3 == 0 {
            for pixel in picture.data.chunks_exact_mut(4) {
                let grey = random.u8(20..235);
                pixel.copy_from_slice(&[grey, grey, grey, 255]);
            }
        }
        let time = MediaTime::from_secs(f64::from(number) / f64::from(FPS));
        writer.write(picture.view(), time).unwrap();
    }
    writer.finish(MediaTime::from_secs(1.2)).unwrap();
    recording.meta(&json!([{ "display": { "path": rig::DISPLAY, "fps": FPS } }]));
    let clips = [Clip::new(0.0, 0.5), Clip::new(0.6, 1.1)];
    let mut config = plain(&timeline(&clips));
    let joined = json!([{ "segmentIndex": 1, "type": transition, "duration": 0.2 }]);
    set(&mut config, "/timeline/transitions", joined);
    set(&mut config, "/timeline/maskSegments", masks.clone());
    recording.config(&config);
    recording
}

/// From 0.1 s to 0.6 s, over a rectangle with edges within pixels and odd sides.
fn mask(more: &Value) -> Value {
    let mut mask = json!({
        "start": 0.1, "end": 0.6, "maskType": "sensitive", "pixelation": 37, "opacity": 0,
        "center": { "x": 0.43, "y": 0.51 }, "size": { "x": 0.333, "y": 0.411 },
    });
    mask.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    mask
}

/// Pixels that its rectangle touches: x, then y.
fn touched() -> [std::ops::Range<usize>; 2] {
    [(0.43, 0.333, 320.0), (0.51, 0.411, 178.0)].map(|(centre, size, side): (f64, f64, f64)| {
        let (low, high) = ((centre - size / 2.0) * side, (centre + size / 2.0) * side);
        low.floor() as usize..high.ceil() as usize
    })
}

fn covered(x: usize, y: usize) -> bool {
    let [columns, rows] = touched();
    columns.contains(&x) && rows.contains(&y)
}

/// Luma of every frame, without padding.
fn lumas(recording: &Recording, settings: ExportSettings) -> Vec<Vec<u8>> {
    let request = Request {
        recording: recording.root().to_owned(),
        target: PathBuf::new(),
        overwrite: false,
        settings,
    };
    let mut lumas = Vec::new();
    let mut visit = |_: u64, frame: &Nv12Frame| {
        let rows = frame.y.chunks(frame.y_stride).take(SIZE.height as usize);
        lumas.push(
            rows.flat_map(|row| &row[..SIZE.width as usize])
                .copied()
                .collect(),
        );
    };
    frames(&request, &Cancel::new(), &mut visit).unwrap();
    lumas
}

fn still_settings(path: PixelPath, sampling: Sampling, damage: bool) -> ExportSettings {
    ExportSettings {
        frame_rate: FrameRate::new(FPS).unwrap(),
        pixel_path: PixelPathSetting::Fixed(path),
        sampling: SamplingSetting::Fixed(sampling),
        damage,
        ..settings(FPS, SIZE)
    }
}

/// Luma of the pixels of each cell that the rectangle covers.
fn cells(luma: &[u8]) -> Vec<Vec<u8>> {
    let [columns, rows] = touched();
    let mut cells = std::collections::BTreeMap::<(u32, u32), Vec<u8>>::new();
    for y in rows {
        for x in columns.clone() {
            let cell = [x, y].map(|at| ((at as f64 + 0.5) / CELL).floor() as u32);
            let value = luma[y * SIZE.width as usize + x];
            cells.entry((cell[0], cell[1])).or_default().push(value);
        }
    }
    cells.into_values().collect()
}

fn spread(values: &[u8]) -> u8 {
    values.iter().max().unwrap() - values.iter().min().unwrap()
}

/// Frames 3 to 18 lie at 0.1 s to 0.6 s.
fn in_time(frame: usize) -> bool {
    (3..=18).contains(&frame)
}

#[test]
fn every_cell_is_of_one_colour_on_every_frame_whatever_the_path() {
    if !rig::can_compose() {
        return;
    }
    for (transition, other) in [
        ("cross-fade", "fade-through-black"),
        ("fade-through-black", "cross-fade"),
    ] {
        let bare = noisy(&json!([]), transition);
        let masked = noisy(&json!([mask(&json!({}))]), transition);
        for (path, sampling, damage) in [
            (PixelPath::Simd, Sampling::Processor, true),
            (PixelPath::Swscale, Sampling::Adapter, true),
            (PixelPath::Gpu, Sampling::Adapter, true),
            (PixelPath::Simd, Sampling::Processor, false),
        ] {
            let told = format!("{transition} (not {other}), {path}, {sampling}, damage {damage}");
            let settings = || still_settings(path, sampling, damage);
            let (without, with) = (lumas(&bare, settings()), lumas(&masked, settings()));
            assert_eq!((without.len(), with.len()), (24, 24));
            for (frame, (without, with)) in without.iter().zip(&with).enumerate() {
                if !in_time(frame) {
                    assert!(without == with, "{told}: frame {frame} has no mask");
                    continue;
                }
                for (index, (a, b)) in without.iter().zip(with).enumerate() {
                    let (x, y) = (index % SIZE.width as usize, index / SIZE.width as usize);
                    assert!(
                        covered(x, y) || a == b,
                        "{told}: frame {frame}: ({x}, {y}) is outside"
                    );
                }
                // The noise below is spread widely in every cell, but where the fade is black.
                assert!(
                    cells(with).iter().all(|cell| spread(cell) == 0),
                    "{told}: frame {frame}: a cell shows more than one colour"
                );
                let bright = without.iter().any(|&luma| luma > 150);
                let whole = cells(without);
                let whole = whole.iter().filter(|cell| cell.len() > 20);
                assert!(
                    !bright || whole.clone().all(|cell| spread(cell) > 10),
                    "{told}: frame {frame}"
                );
            }
        }
    }
}

/// In the file itself, where repeated frames are left out and the last picture lasts.
#[test]
fn what_is_written_hides_it_too() {
    if !rig::can_compose() {
        return;
    }
    let recording = noisy(&json!([mask(&json!({}))]), "cross-fade");
    for repeats in [Repeats::Skip, Repeats::StillPictures] {
        let exported = recording.export(ExportSettings {
            repeats,
            ..settings(FPS, SIZE)
        });
        let pictures = exported.pictures();
        assert!(pictures.len() <= 24);
        let shown = |frame: u32| {
            let time = f64::from(frame) / f64::from(FPS) + 1e-3;
            pictures
                .iter()
                .rev()
                .find(|picture| picture.seconds <= time)
                .unwrap()
        };
        for frame in 3..=18 {
            let picture = shown(frame);
            let luma: Vec<u8> = (0..SIZE.height as usize)
                .flat_map(|y| picture.row(y, 0, SIZE.width as usize))
                .map(|level| (level * 219.0 + 16.0) as u8)
                .collect();
            // Nearly lossless coding keeps a cell flat within a few values.
            let worst = cells(&luma).iter().map(|cell| spread(cell)).max().unwrap();
            assert!(
                worst <= 20,
                "{repeats:?}: frame {frame}: a cell is spread by {worst}"
            );
        }
    }
}

/// A blur leaves the noise a fraction of its contrast, and none of its pixels by themselves.
#[test]
fn a_blur_hides_single_pixels() {
    if !rig::can_compose() {
        return;
    }
    let blurred = noisy(&json!([mask(&json!({ "pixelation": 1040 }))]), "cross-fade");
    let bare = noisy(&json!([]), "cross-fade");
    let settings = || still_settings(PixelPath::Simd, Sampling::Processor, true);
    let (without, with) = (lumas(&bare, settings()), lumas(&blurred, settings()));
    for frame in 3..=18 {
        let inside = |luma: &[u8]| -> Vec<f64> {
            let pixels = luma.iter().enumerate();
            let pixels =
                pixels.filter(|(index, _)| covered(index % SIZE.width as usize, index / SIZE.width as usize));
            pixels.map(|(_, &luma)| f64::from(luma)).collect()
        };
        let deviation = |values: &[f64]| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let squares = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
            (squares / values.len() as f64).sqrt()
        };
        let (sharp, soft) = (
            deviation(&inside(&without[frame])),
            deviation(&inside(&with[frame])),
        );
        // Sigma is a third of 6.6 pixels: white noise keeps 1 / (2 sqrt(pi) 2.2) = 0.13 of its deviation.
        assert!(soft < 0.2 * sharp, "frame {frame}: {soft:.1} of {sharp:.1}");
    }
}

/// A highlight dims what is outside by its darkness and leaves what is inside.
#[test]
fn a_highlight_dims_the_outside() {
    if !rig::can_compose() {
        return;
    }
    let more = json!({ "maskType": "highlight", "darkness": 0.5, "opacity": 1, "fadeDuration": 0.1 });
    let lit = noisy(&json!([mask(&more)]), "cross-fade");
    let bare = noisy(&json!([]), "cross-fade");
    let settings = || still_settings(PixelPath::Simd, Sampling::Processor, true);
    let (without, with) = (lumas(&bare, settings()), lumas(&lit, settings()));
    // Output times in tenths of a second of the fades: 0.1 s, a third of the way, full, a third before the end.
    for (frame, strength) in [
        (2, 0.0),
        (3, 0.0),
        (4, 0.5 / 3.0),
        (6, 0.5),
        (10, 0.5),
        (17, 0.5 / 3.0),
        (18, 0.0),
    ] {
        for (index, (&a, &b)) in without[frame].iter().zip(&with[frame]).enumerate() {
            let (x, y) = (index % SIZE.width as usize, index / SIZE.width as usize);
            let centre = [(x as f64 + 0.5) / 320.0, (y as f64 + 0.5) / 178.0];
            let spared = (centre[0] - 0.43).abs() < 0.333 / 2.0 && (centre[1] - 0.51).abs() < 0.411 / 2.0;
            let expected = if spared {
                f64::from(a)
            } else {
                16.0 + (f64::from(a) - 16.0) * (1.0 - strength)
            };
            assert!(
                (f64::from(b) - expected).abs() <= 2.2,
                "frame {frame}: ({x}, {y}): {b} for {expected:.1}"
            );
        }
    }
}
