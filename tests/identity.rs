//! Every frame of an export shows the source picture that cap-look.md 3.1 and 3.4 ask for: a number drawn into every source
//! picture is read back from every output frame.

use crate::rig::{self, Clip, Exported, Recording, numbered, plain, source_at, timeline};
use capstan::convert::PixelPath;
use capstan::export::{ExportSettings, PixelPathSetting, Rate, Repeats};
use capstan::frame::Size;
use capstan::media::encode::Quality;
use capstan::media::track_writer::VideoSpec;
use capstan::synth::barcode::Placement;
use serde_json::json;

const SIZE: Size = Size::new(256, 144);

/// Output rates that every case is exported at.
const RATES: [u32; 3] = [24, 30, 60];

/// Settings that write repeats as still pictures, which x264 at a constant rate factor rules out (it orders pictures anew).
fn settings(fps: u32) -> ExportSettings {
    ExportSettings {
        rate: Rate::Quality(Quality::Maximum),
        ..rig::settings(fps, SIZE)
    }
}

/// A screen whose pictures are numbered from `first`.
#[derive(Clone, Debug)]
struct Screen {
    /// Rate in the meta file, which lookups are quantised to.
    nominal: u32,
    first: u32,
    times: Vec<f64>,
    end: f64,
}

impl Screen {
    /// Pictures at a constant rate, numbered from `first`.
    fn constant(rate: u32, first: u32, seconds: f64) -> Self {
        let count = (seconds * f64::from(rate)).round() as u32;
        Self {
            nominal: rate,
            first,
            times: (0..count).map(|n| f64::from(n) / f64::from(rate)).collect(),
            end: seconds,
        }
    }

    /// What recorders write: pictures only when something changed, each some milliseconds off the grid of 30 per second.
    fn variable() -> Self {
        let bursts = [(0, 12), (31, 4), (36, 1), (38, 1), (60, 8), (68, 1), (80, 3)];
        let grid = bursts.iter().flat_map(|&(start, count)| start..start + count);
        let times = grid.map(|tick| {
            let jitter = if tick == 0 {
                0.0
            } else {
                f64::from(tick * 37 % 25 - 12) / 1000.0
            };
            f64::from(tick) / 30.0 + jitter
        });
        Self {
            nominal: 30,
            first: 0,
            times: times.collect(),
            end: 3.0,
        }
    }

    /// Number of the picture at media time `seconds` (cap-look.md 3.4): of all pictures, placed on the nominal grid by
    /// rounding, the last one at or before floor(time x rate).
    fn number_at(&self, seconds: f64) -> u32 {
        let rate = f64::from(self.nominal);
        // A time that is on the grid but for the rounding of doubles is on it.
        let wanted = (seconds.max(0.0) * rate + 1e-7).floor();
        let shown = self.times.iter().filter(|&&time| (time * rate).round() <= wanted);
        self.first + (shown.count() as u32).max(1) - 1
    }
}

/// A recording with these screens, one a segment, and the display offsets that come of their start times.
fn recording(screens: &[Screen]) -> Recording {
    let recording = Recording::new();
    let segments: Vec<_> = screens
        .iter()
        .enumerate()
        .map(|(index, screen)| {
            let path = format!("content/segments/segment-{index}/display.mp4");
            let spec = VideoSpec::new(SIZE);
            numbered(
                &recording.place(&path),
                &spec,
                screen.first,
                &screen.times,
                screen.end,
            );
            json!({ "display": { "path": path, "fps": screen.nominal } })
        })
        .collect();
    recording.meta(&json!(segments));
    recording
}

/// Numbers of the source pictures that the frames of an export must show: ceil(fps x duration) of them.
fn expected(screens: &[Screen], clips: &[Clip], offset: f64, fps: u32) -> Vec<u32> {
    let duration: f64 = clips.iter().map(Clip::duration).sum();
    let count = (duration * f64::from(fps) - 1e-7).ceil() as u32;
    (0..count)
        .map(|n| {
            let (clip, source) = source_at(clips, f64::from(n) / f64::from(fps)).unwrap();
            screens[clip.segment].number_at(source + offset)
        })
        .collect()
}

/// Checks what is shown at every n / fps. At a constant rate there is a picture for each; at a variable one the picture
/// before stays.
fn assert_shows(exported: &Exported, expected: &[u32], fps: u32, constant: bool, case: &str) {
    let pictures = exported.pictures();
    assert_eq!(exported.report.frames, expected.len() as u64, "{case}: frames");
    assert_eq!(
        exported.report.written_pictures,
        pictures.len() as u64,
        "{case}: pictures"
    );
    if constant {
        assert_eq!(pictures.len(), expected.len(), "{case}: decoded pictures");
    }
    for picture in &pictures {
        let frame = picture.seconds * f64::from(fps);
        assert!(
            (frame - frame.round()).abs() < 0.01,
            "{case}: a picture at {} s",
            picture.seconds
        );
    }
    let shown: Vec<_> = (0..expected.len())
        .map(|n| {
            let at = (n as f64 + 0.01) / f64::from(fps);
            let index = pictures
                .iter()
                .rposition(|picture| picture.seconds <= at)
                .unwrap();
            if constant {
                assert_eq!(index, n, "{case}: picture of frame {n}");
            }
            pictures[index].number(Placement::STANDARD)
        })
        .collect();
    let expected: Vec<_> = expected.iter().copied().map(Some).collect();
    assert_eq!(shown, expected, "{case}");
}

/// Exports at every rate and checks every frame.
fn check(screens: &[Screen], clips: &[Clip], case: &str) {
    if !rig::can_compose() {
        return;
    }
    let recording = recording(screens);
    recording.config(&plain(&timeline(clips)));
    for fps in RATES {
        let exported = recording.export(settings(fps));
        let expected = expected(screens, clips, 0.0, fps);
        assert_shows(&exported, &expected, fps, true, &format!("{case} at {fps} fps"));
        assert_eq!(
            exported.report.paths.repeats,
            Some(Repeats::StillPictures),
            "{case}"
        );
    }
}

#[test]
fn constant_rates_survive() {
    for nominal in RATES {
        let screen = Screen::constant(nominal, 0, 1.0);
        check(
            &[screen],
            &[Clip::new(0.0, 1.0)],
            &format!("{nominal} fps screen"),
        );
    }
}

#[test]
fn a_variable_rate_holds_the_picture_before() {
    check(&[Screen::variable()], &[Clip::new(0.0, 3.0)], "variable rate");
}

#[test]
fn a_clip_longer_than_its_screen_holds_the_last_picture() {
    check(
        &[Screen::constant(30, 0, 0.5)],
        &[Clip::new(0.2, 1.11)],
        "past the end",
    );
}

#[test]
fn cuts_in_any_order_start_on_their_picture() {
    let clips = [
        Clip::new(1.5, 2.0),
        Clip::new(0.2, 0.6),
        Clip::new(2.05, 2.3),
        Clip::new(0.0, 0.1),
        Clip::new(0.3, 0.7),
    ];
    check(&[Screen::constant(30, 0, 2.4)], &clips, "cuts");
    check(&[Screen::variable()], &clips, "cuts of a variable rate");
}

#[test]
fn speeds_map_time() {
    let clips = [
        Clip::new(0.1, 0.5).at_speed(0.5),
        Clip::new(0.5, 2.3).at_speed(2.0),
        Clip::new(0.3, 0.8),
    ];
    check(&[Screen::constant(30, 0, 2.4)], &clips, "speeds");
    check(&[Screen::variable()], &clips, "speeds of a variable rate");
}

#[test]
fn every_segment_has_its_own_screen_and_rate() {
    let screens = [
        Screen::constant(30, 0, 1.0),
        Screen::constant(60, 1000, 1.0),
        Screen::constant(24, 2000, 1.0),
    ];
    let clips = [
        Clip::new(0.25, 0.5).of_segment(2),
        Clip::new(0.0, 0.5).of_segment(1),
        Clip::new(0.5, 0.75),
        Clip::new(0.25, 0.75).of_segment(1).at_speed(2.0),
    ];
    check(&screens, &clips, "segments");
}

#[test]
fn without_a_timeline_the_whole_screen_is_shown() {
    if !rig::can_compose() {
        return;
    }
    let screen = Screen::constant(30, 0, 0.85);
    let recording = recording(std::slice::from_ref(&screen));
    let mut config = plain(&json!(null));
    config.as_object_mut().unwrap().remove("timeline");
    recording.config(&config);
    let exported = recording.export(settings(30));
    // 0.85 s x 30 is 25.5: 26 frames (cap-look.md 3.4). The screen has 26 pictures, the last one cut short.
    let expected: Vec<u32> = (0..26).collect();
    assert_shows(&exported, &expected, 30, true, "no timeline");
}

/// Source time 0 is the start of the latest track (cap-format.md 6.1): the screen is read from where it was then.
#[test]
fn start_times_align_the_screen() {
    if !rig::can_compose() {
        return;
    }
    let screen = Screen::constant(30, 0, 1.5);
    let recording = recording(std::slice::from_ref(&screen));
    recording.still(
        rig::CAMERA,
        &capstan::synth::canvas::Canvas::new(Size::new(64, 64), rig::BLACK).into_frame(),
        1.0,
    );
    recording.meta(&json!([{
        "display": { "path": rig::DISPLAY, "fps": 30, "start_time": 0.1 },
        "camera": { "path": rig::CAMERA, "fps": 30, "start_time": 0.6 },
    }]));
    let clips = [Clip::new(0.0, 0.9)];
    recording.config(&plain(&timeline(&clips)));
    let exported = recording.export(settings(30));
    let expected = expected(&[screen], &clips, 0.5, 30);
    assert_eq!(expected[0], 15);
    assert_shows(&exported, &expected, 30, true, "start times");
}

#[test]
fn every_pixel_path_keeps_the_order() {
    if !rig::can_compose() {
        return;
    }
    let screen = Screen::variable();
    let recording = recording(std::slice::from_ref(&screen));
    let clips = [Clip::new(0.0, 3.0).at_speed(2.0), Clip::new(0.4, 1.0)];
    recording.config(&plain(&timeline(&clips)));
    let expected = expected(&[screen], &clips, 0.0, 30);
    for path in [PixelPath::Swscale, PixelPath::Simd] {
        let exported = recording.export(ExportSettings {
            pixel_path: PixelPathSetting::Fixed(path),
            ..settings(30)
        });
        assert_shows(&exported, &expected, 30, true, &path.to_string());
    }
}

/// However a frame that repeats the one before is written, the same pictures are shown at the same times.
#[test]
fn repeats_show_the_same_pictures_at_the_same_times() {
    if !rig::can_compose() {
        return;
    }
    let screen = Screen::variable();
    let recording = recording(std::slice::from_ref(&screen));
    let clips = [Clip::new(0.0, 3.0), Clip::new(0.4, 1.0)];
    recording.config(&plain(&timeline(&clips)));
    let expected = expected(&[screen], &clips, 0.0, 30);
    let changes = 1 + expected.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    for repeats in [Repeats::StillPictures, Repeats::Encode, Repeats::Skip] {
        let exported = recording.export(ExportSettings {
            repeats,
            ..settings(30)
        });
        let case = format!("{repeats:?}");
        assert_eq!(
            exported.report.paths.repeats,
            Some(repeats),
            "{case} was not what ran"
        );
        let constant = repeats != Repeats::Skip;
        assert_shows(&exported, &expected, 30, constant, &case);
        assert!(exported.report.composed_frames <= changes, "{case}: composed");
        if !constant {
            assert!(exported.report.written_pictures <= changes, "{case}: written");
        }
        let info =
            capstan::media::probe::probe_video(&capstan::cap::MediaSource::File(exported.path)).unwrap();
        let length = expected.len() as f64 / 30.0;
        assert!(
            (info.duration - length).abs() < 0.001,
            "{case}: {} s for {length} s",
            info.duration
        );
    }
}
