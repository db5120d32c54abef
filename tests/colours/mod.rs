//! Colours of an export, decoded and converted by BT.709 here, are those that cap-look.md 4 and 20 ask for, within 2/255.

mod backgrounds;

use crate::rig::{
    self, BLACK, Clip, DISPLAY, Picture, Recording, decode, fine, plain, set, settings, timeline,
};
use capstan::convert::PixelPath;
use capstan::export::{ExportSettings, PixelPathSetting};
use capstan::frame::{Size, YuvColor, YuvMatrix, YuvRange};
use capstan::media::track_writer::VideoSpec;
use capstan::synth::canvas::{Area, Canvas, Rgb};
use capstan::synth::tracks;
use serde_json::{Value, json};

const SIZE: Size = Size::new(256, 144);
const TOLERANCE: f64 = 2.0;
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
    for (found_channel, expected_channel) in found.iter().zip(expected) {
        assert!(
            (found_channel - expected_channel).abs() <= TOLERANCE,
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
        assert_color(found, expected, &format!("{what}, patch {index}"));
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
    for path in [PixelPath::Swscale, PixelPath::Simd] {
        let settings = ExportSettings {
            pixel_path: PixelPathSetting::Fixed(path),
            ..settings(30, SIZE)
        };
        check_chart(&fine(SIZE), settings.clone(), &path.to_string());
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
    let recording = Recording::of_picture(&Canvas::new(settings.bounds, BLACK).into_frame(), 0.5);
    on_background_of(&recording, source, settings)
}

/// The same of a recording that holds more than its screen.
fn on_background_of(recording: &Recording, source: &Value, settings: ExportSettings) -> Picture {
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
