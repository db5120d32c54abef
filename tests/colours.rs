//! Colours of an export, decoded and converted by BT.709 here, are those that cap-look.md 4 and 20 ask for, within 2/255.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

mod rig;

use capstan::convert::PixelPath;
use capstan::export::{ExportSettings, PixelPathSetting};
use capstan::frame::{Size, YuvColor, YuvMatrix, YuvRange};
use capstan::media::track_writer::VideoSpec;
use capstan::synth::canvas::{Area, Canvas, Rgb};
use capstan::synth::tracks;
use rig::{BLACK, Clip, DISPLAY, Picture, Recording, decode, fine, plain, set, settings, timeline};
use serde_json::{Value, json};

const SIZE: Size = Size::new(256, 144);
const TOLERANCE: f64 = 2.0;
/// The `yuv` crate's kernels round down instead of to the nearest code: saturated blue, a code low in both planes, is 2.11
/// away.
const SIMD_TOLERANCE: f64 = 2.2;

/// Primaries, greys and some of what screens show.
const COLORS: [Rgb; 12] = [
    [0, 0, 0],
    [255, 255, 255],
    [128, 128, 128],
    [64, 64, 64],
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [0, 255, 255],
    [255, 0, 255],
    [255, 255, 0],
    [51, 153, 230],
    [200, 120, 40],
];
const COLUMNS: u32 = 4;

/// One frame.
fn one_frame() -> Value {
    timeline(&[Clip::new(0.0, 1.0 / 30.0)])
}

/// Patch `index` without its borders, where chroma subsampling and ringing mix colours.
fn patch(index: usize) -> Area {
    tracks::patch(SIZE, COLUMNS, COLORS.len(), index).inner(12)
}

fn assert_color(found: [f64; 3], expected: [f64; 3], what: &str) {
    assert_near(found, expected, TOLERANCE, what);
}

fn assert_near(found: [f64; 3], expected: [f64; 3], tolerance: f64, what: &str) {
    for (found_channel, expected_channel) in found.iter().zip(expected) {
        assert!(
            (found_channel - expected_channel).abs() <= tolerance,
            "{what}: {found:.1?} for {expected:.1?}"
        );
    }
}

/// A recording whose screen is the chart, written as `spec` says.
fn charted(spec: &VideoSpec) -> Recording {
    let recording = Recording::new();
    let chart = tracks::chart(SIZE, COLUMNS, &COLORS);
    tracks::still_video(&recording.place(DISPLAY), spec, chart.view(), 0.5).unwrap();
    recording.meta(&json!([{ "display": { "path": DISPLAY, "fps": 30 } }]));
    recording.config(&plain(&one_frame()));
    recording
}

/// Colours of the patches of the source itself, by its own matrix and range: what eight-bit samples made of the chart.
fn source_colors(recording: &Recording, color: YuvColor) -> Vec<[f64; 3]> {
    let picture = decode(&recording.place(DISPLAY)).swap_remove(0);
    (0..COLORS.len())
        .map(|index| picture.mean_rgb(color, patch(index)))
        .collect()
}

fn check_chart(spec: &VideoSpec, settings: ExportSettings, what: &str) {
    check_chart_within(spec, settings, TOLERANCE, what);
}

fn check_chart_within(spec: &VideoSpec, settings: ExportSettings, tolerance: f64, what: &str) {
    let recording = charted(spec);
    let picture = recording.export(settings).picture(0);
    let expected = source_colors(&recording, spec.color);
    for (index, expected) in expected.into_iter().enumerate() {
        let intended = COLORS[index].map(f64::from);
        assert_color(
            expected,
            intended,
            &format!("the source itself, {what}, patch {index}"),
        );
        let found = picture.mean_rgb(YuvColor::BT709_LIMITED, patch(index));
        assert_near(found, expected, tolerance, &format!("{what}, patch {index}"));
    }
}

#[test]
fn sources_are_read_by_their_tags() {
    if !rig::can_compose() {
        return;
    }
    for matrix in [YuvMatrix::Bt709, YuvMatrix::Bt601] {
        for range in [YuvRange::Limited, YuvRange::Full] {
            let spec = VideoSpec {
                color: YuvColor { matrix, range },
                ..fine(SIZE)
            };
            check_chart(&spec, settings(30, SIZE), &format!("{matrix:?} {range:?}"));
        }
    }
}

#[test]
fn an_untagged_source_is_bt709_limited() {
    if !rig::can_compose() {
        return;
    }
    let spec = VideoSpec {
        tagged: false,
        ..fine(SIZE)
    };
    check_chart(&spec, settings(30, SIZE), "untagged");
}

#[test]
fn every_pixel_path_keeps_the_colours() {
    if !rig::can_compose() {
        return;
    }
    for (path, tolerance) in [(PixelPath::Swscale, TOLERANCE), (PixelPath::Simd, SIMD_TOLERANCE)] {
        let settings = ExportSettings {
            pixel_path: PixelPathSetting::Fixed(path),
            ..settings(30, SIZE)
        };
        check_chart_within(&fine(SIZE), settings.clone(), tolerance, &path.to_string());
        for color in COLORS {
            let source = json!({ "type": "color", "value": color });
            let picture = on_background(&source, settings.clone());
            let found = picture.mean_rgb(YuvColor::BT709_LIMITED, MARGINS[0]);
            assert_color(
                found,
                color.map(f64::from),
                &format!("{path}, background {color:?}"),
            );
        }
    }
}

/// A frame whose card covers the middle only, with this background.
fn on_background(source: &Value, settings: ExportSettings) -> Picture {
    let recording = Recording::of_picture(&Canvas::new(SIZE, BLACK).into_frame(), 0.5);
    let mut config = plain(&one_frame());
    set(&mut config, "/background/source", source.clone());
    set(&mut config, "/background/padding", json!(100));
    recording.config(&config);
    recording.export(settings).picture(0)
}

/// Areas of the background: padding 100 leaves 0.4 / 1.8 of each side free.
const MARGINS: [Area; 4] = [
    Area::new(4, 4, 248, 20),
    Area::new(4, 120, 248, 20),
    Area::new(4, 4, 44, 136),
    Area::new(208, 4, 44, 136),
];

#[test]
fn a_background_colour_is_painted_as_given() {
    if !rig::can_compose() {
        return;
    }
    for color in COLORS {
        let source = json!({ "type": "color", "value": color });
        let picture = on_background(&source, settings(30, SIZE));
        for area in MARGINS {
            let found = picture.mean_rgb(YuvColor::BT709_LIMITED, area);
            assert_color(found, color.map(f64::from), &format!("{color:?} at {area:?}"));
        }
    }
}

/// Composited over black once: rgb x alpha (cap-look.md 4.1 and 26, 9).
#[test]
fn a_translucent_background_lies_on_black() {
    if !rig::can_compose() {
        return;
    }
    for alpha in [0u8, 64, 128, 200] {
        let color: Rgb = [200, 100, 250];
        let source = json!({ "type": "color", "value": color, "alpha": alpha });
        let picture = on_background(&source, settings(30, SIZE));
        let expected = color.map(|channel| f64::from(channel) * f64::from(alpha) / 255.0);
        let found = picture.mean_rgb(YuvColor::BT709_LIMITED, MARGINS[0]);
        assert_color(found, expected, &format!("alpha {alpha}"));
    }
}

/// cap-look.md 4.2.
#[test]
fn gradients_run_as_in_css_but_in_the_unit_square() {
    if !rig::can_compose() {
        return;
    }
    let (from, to): (Rgb, Rgb) = ([20, 40, 160], [240, 180, 60]);
    for angle in [0u32, 90, 135, 180, 225, 270] {
        let source = json!({ "type": "gradient", "from": from, "to": to, "angle": angle });
        let picture = on_background(&source, settings(30, SIZE));
        let theta = f64::from(angle + 270).to_radians();
        let color_at = |x: i32, y: i32| -> [f64; 3] {
            let u = (f64::from(x) + 0.5) / f64::from(SIZE.width) - 0.5;
            let v = (f64::from(y) + 0.5) / f64::from(SIZE.height) - 0.5;
            let t = (u * theta.cos() + v * theta.sin() + 0.5).clamp(0.0, 1.0);
            std::array::from_fn(|channel| {
                let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
                from + (to - from) * t
            })
        };
        for y in (0..SIZE.height as i32).step_by(8) {
            for x in (0..SIZE.width as i32).step_by(8) {
                // The card, and blocks of the encoder that it shares with the background.
                if (48..208).contains(&x) && (24..120).contains(&y) {
                    continue;
                }
                // A mean over many samples is finer than a sample, whose rounding takes up the tolerance.
                let mut expected = [0.0; 3];
                for pixel in 0..64 {
                    let color = color_at(x + pixel % 8, y + pixel / 8);
                    expected = std::array::from_fn(|channel| expected[channel] + color[channel] / 64.0);
                }
                let found = picture.mean_rgb(YuvColor::BT709_LIMITED, Area::new(x, y, 8, 8));
                assert_color(found, expected, &format!("angle {angle} at {x}, {y}"));
            }
        }
    }
}

/// With Cap's maths what is drawn is shifted on a player that believes the tags; the numbers are those of cap-look.md 20.3.
#[test]
fn cap_colours_shift_what_is_drawn() {
    if !rig::can_compose() {
        return;
    }
    let settings = ExportSettings {
        cap_colors: true,
        ..settings(30, SIZE)
    };
    for (color, expected) in [
        ([255, 0, 0], [255.0, 25.0, 0.0]),
        ([0, 255, 0], [0.0, 215.0, 0.0]),
        ([51, 153, 230], [41.0, 148.0, 234.0]),
        ([128, 128, 128], [128.0; 3]),
    ] {
        let source = json!({ "type": "color", "value": color });
        let picture = on_background(&source, settings.clone());
        let found = picture.mean_rgb(YuvColor::BT709_LIMITED, MARGINS[0]);
        assert_color(found, expected, &format!("{color:?}"));
    }
}
