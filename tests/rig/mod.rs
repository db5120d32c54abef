//! Makes recordings in temporary folders, exports them through the library and reads the result back.

#![allow(clippy::print_stderr, reason = "a test that skips itself must say so")]

use std::path::{Path, PathBuf};

use capstan::convert::PixelPath;
use capstan::export::{
    Cancel, EncoderSetting, ExportReport, ExportSettings, PixelPathSetting, Rate, Request, Unobserved,
    ZoomTails, export,
};
use capstan::frame::{PackedFrame, PlaneView, Size, YuvColor};
use capstan::media::track_writer::{VideoSpec, VideoTrackWriter};
use capstan::synth::barcode::{self, Placement};
use capstan::synth::canvas::{Area, Canvas, Rgb};
use capstan::synth::folder::{CONFIG, Folder, META};
use capstan::synth::tracks;
use capstan::time::{FrameRate, MediaTime};
use ffmpeg_next as ffmpeg;
use serde_json::{Value, json};

/// Where the tests put the screen of the first segment.
pub(crate) const DISPLAY: &str = "content/segments/segment-0/display.mp4";
pub(crate) const CAMERA: &str = "content/segments/segment-0/camera.mp4";
pub(crate) const MIC: &str = "content/segments/segment-0/audio-input.ogg";
pub(crate) const SYSTEM: &str = "content/segments/segment-0/system_audio.ogg";
pub(crate) const POINTER: &str = "content/segments/segment-0/cursor.json";

pub(crate) const BLACK: Rgb = [0; 3];
pub(crate) const WHITE: Rgb = [255; 3];

/// Whether frames can be composed here. A machine without any adapter skips the test that asks, with a message, unless
/// CAPSTAN_REQUIRE_GPU is set: then it fails.
pub(crate) fn can_compose() -> bool {
    if !capstan::render::adapters().is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none(),
        "CAPSTAN_REQUIRE_GPU is set and there is no Vulkan, Metal or Direct3D 12 adapter"
    );
    eprintln!("skipped: there is no Vulkan, Metal or Direct3D 12 adapter on this machine");
    false
}

/// A `.cap` folder in a temporary folder, which goes when this does.
pub(crate) struct Recording {
    dir: tempfile::TempDir,
    folder: Folder,
}

impl Recording {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::create(&dir.path().join("made.cap")).unwrap();
        Self { dir, folder }
    }

    /// A recording whose only track is a screen of one picture that lasts `seconds`.
    pub(crate) fn of_picture(picture: &PackedFrame, seconds: f64) -> Self {
        let recording = Self::new();
        recording.still(DISPLAY, picture, seconds);
        recording.meta(&json!([{ "display": { "path": DISPLAY, "fps": 30 } }]));
        recording
    }

    /// The folder.
    pub(crate) fn root(&self) -> &Path {
        self.folder.root()
    }

    pub(crate) fn place(&self, relative: &str) -> PathBuf {
        self.folder.place(relative).unwrap()
    }

    pub(crate) fn json(&self, relative: &str, value: &Value) {
        self.folder.json(relative, value).unwrap();
    }

    /// A video of one picture, nearly lossless.
    pub(crate) fn still(&self, relative: &str, picture: &PackedFrame, seconds: f64) {
        let spec = fine(picture.size);
        tracks::still_video(&self.place(relative), &spec, picture.view(), seconds).unwrap();
    }

    pub(crate) fn meta(&self, segments: &Value) {
        self.meta_with_cursors(segments, &json!({}));
    }

    pub(crate) fn meta_with_cursors(&self, segments: &Value, cursors: &Value) {
        let meta = json!({
            "platform": "Linux",
            "pretty_name": "Made",
            "sharing": null,
            "segments": segments,
            "cursors": cursors,
            "status": { "status": "Complete" },
        });
        self.json(META, &meta);
    }

    /// Writes the configuration.
    pub(crate) fn config(&self, config: &Value) {
        self.json(CONFIG, config);
    }

    /// Exports to a file of its own.
    pub(crate) fn export(&self, settings: ExportSettings) -> Exported {
        let target = self.dir.path().join(format!("{}.mp4", fastrand::u64(..)));
        let request = Request {
            recording: self.folder.root().to_owned(),
            target: target.clone(),
            overwrite: false,
            settings,
        };
        let report = export(&request, &Cancel::new(), &mut Unobserved).unwrap();
        Exported { report, path: target }
    }
}

/// What a nearly lossless track is written as.
pub(crate) fn fine(size: Size) -> VideoSpec {
    VideoSpec {
        crf: 1,
        ..VideoSpec::new(size)
    }
}

/// Settings that leave nothing to chance: this rate and box, nearly lossless x264, the reference pixel path, zooms exactly as
/// specified.
pub(crate) fn settings(fps: u32, bounds: Size) -> ExportSettings {
    ExportSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds,
        rate: Rate::Crf(1),
        encoder: EncoderSetting::Named("libx264".to_owned()),
        pixel_path: PixelPathSetting::Fixed(PixelPath::Swscale),
        zoom_tails: ZoomTails::Exact,
        ..ExportSettings::default()
    }
}

/// A timeline of these clips.
pub(crate) fn timeline(clips: &[Clip]) -> Value {
    let segments: Vec<Value> = clips
        .iter()
        .map(|clip| {
            json!({
                "recordingSegment": clip.segment,
                "timescale": clip.speed,
                "start": clip.start,
                "end": clip.end,
                "speedAudioMode": clip.sound,
            })
        })
        .collect();
    json!({ "segments": segments, "zoomSegments": [] })
}

/// A clip of a timeline (cap-format.md 4.8).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clip {
    pub(crate) segment: usize,
    pub(crate) start: f64,
    pub(crate) end: f64,
    pub(crate) speed: f64,
    pub(crate) sound: Option<&'static str>,
}

impl Clip {
    /// Source seconds `start..end` of the first segment.
    pub(crate) const fn new(start: f64, end: f64) -> Self {
        Self {
            segment: 0,
            start,
            end,
            speed: 1.0,
            sound: None,
        }
    }

    /// The same at another speed.
    pub(crate) const fn at_speed(self, speed: f64) -> Self {
        Self { speed, ..self }
    }

    /// The same of another segment.
    pub(crate) const fn of_segment(self, segment: usize) -> Self {
        Self { segment, ..self }
    }

    /// The same with a way to treat its sound when the speed is not 1.
    pub(crate) const fn sounding(self, mode: &'static str) -> Self {
        Self {
            sound: Some(mode),
            ..self
        }
    }

    pub(crate) fn duration(&self) -> f64 {
        (self.end - self.start) / self.speed
    }
}

/// Clip and source time at output time `at` (cap-look.md 3.1), `None` after the end.
pub(crate) fn source_at(clips: &[Clip], at: f64) -> Option<(Clip, f64)> {
    let mut begin = 0.0;
    for clip in clips {
        // Clip borders of these tests lie on decimal fractions; 1 ns tells rounding from position.
        if at < begin + clip.duration() - 1e-9 {
            return Some((*clip, clip.start + (at - begin).max(0.0) * clip.speed));
        }
        begin += clip.duration();
    }
    None
}

/// A configuration that shows the screen and nothing else: no shadow, no pointer, no motion blur.
pub(crate) fn plain(timeline: &Value) -> Value {
    json!({
        "background": {
            "source": { "type": "color", "value": BLACK },
            "padding": 0, "rounding": 0, "shadow": 0,
        },
        "cursor": { "hide": true, "motionBlur": 0 },
        "camera": { "hide": true },
        "timeline": timeline,
        "screenMotionBlur": 0.0,
        "textSizeVersion": 1,
        "textAnimVersion": 1,
    })
}

/// Puts `value` at a JSON pointer whose parent exists.
pub(crate) fn set(config: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = config.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().insert(key.to_owned(), value);
}

/// Writes a video whose pictures are shown at `times` (seconds) and numbered from `first` by a barcode.
pub(crate) fn numbered(path: &Path, spec: &VideoSpec, first: u32, times: &[f64], end: f64) {
    let mut writer = VideoTrackWriter::create(path, spec).unwrap();
    let mut canvas = Canvas::new(spec.size, [96, 104, 116]);
    for (number, &time) in (first..).zip(times) {
        barcode::draw(&mut canvas, Placement::STANDARD, number);
        writer.write(canvas.view(), MediaTime::from_secs(time)).unwrap();
    }
    writer.finish(MediaTime::from_secs(end)).unwrap();
}

/// A finished export.
pub(crate) struct Exported {
    pub(crate) report: ExportReport,
    pub(crate) path: PathBuf,
}

impl Exported {
    /// Every picture of the file, decoded without this project's decoder.
    pub(crate) fn pictures(&self) -> Vec<Picture> {
        decode(&self.path)
    }

    /// Picture `index`.
    pub(crate) fn picture(&self, index: usize) -> Picture {
        self.pictures().swap_remove(index)
    }
}

/// A decoded picture: 4:2:0 planes without row padding.
#[derive(Clone)]
pub(crate) struct Picture {
    /// Presentation time.
    pub(crate) seconds: f64,
    pub(crate) size: Size,
    planes: [Vec<u8>; 3],
}

impl Picture {
    /// The number that the barcode at `at` carries.
    pub(crate) fn number(&self, at: Placement) -> Option<u32> {
        let luma = PlaneView {
            data: &self.planes[0],
            stride: self.size.width as usize,
        };
        barcode::read(luma, self.size, at)
    }

    /// Luma of a pixel as a level, 0 black to 1 white (limited range).
    pub(crate) fn level(&self, x: usize, y: usize) -> f64 {
        (f64::from(self.planes[0][y * self.size.width as usize + x]) - 16.0) / 219.0
    }

    /// R'G'B' of a pixel, 0..=255, by BT.709 limited range, which is what exports are tagged with.
    pub(crate) fn rgb(&self, x: usize, y: usize) -> [f64; 3] {
        self.rgb_as(YuvColor::BT709_LIMITED, x, y)
    }

    /// R'G'B' of a pixel, 0..=255, when the samples mean `color` (ITU-T H.273, 8.3).
    pub(crate) fn rgb_as(&self, color: YuvColor, x: usize, y: usize) -> [f64; 3] {
        let chroma = (y / 2) * self.size.chroma_420().width as usize + x / 2;
        let code = [self.planes[1][chroma], self.planes[2][chroma]].map(|code| f64::from(code) - 128.0);
        let luma = f64::from(self.planes[0][y * self.size.width as usize + x]);
        let (luma, [u, v]) = match color.range {
            capstan::frame::YuvRange::Limited => ((luma - 16.0) / 219.0, code.map(|code| code / 224.0)),
            capstan::frame::YuvRange::Full => (luma / 255.0, code.map(|code| code / 255.0)),
        };
        let (kr, kb) = color.matrix.luma_weights();
        let red = luma + 2.0 * (1.0 - kr) * v;
        let blue = luma + 2.0 * (1.0 - kb) * u;
        let green = (luma - kr * red - kb * blue) / (1.0 - kr - kb);
        [red, green, blue].map(|level| (level * 255.0).clamp(0.0, 255.0))
    }

    /// Mean R'G'B' over `area`, the samples meaning `color`.
    pub(crate) fn mean_rgb(&self, color: YuvColor, area: Area) -> [f64; 3] {
        let mut sum = [0.0; 3];
        for y in area.y..area.y + area.height {
            for x in area.x..area.x + area.width {
                let pixel = self.rgb_as(color, x as usize, y as usize);
                sum = std::array::from_fn(|channel| sum[channel] + pixel[channel]);
            }
        }
        sum.map(|sum| sum / f64::from(area.width * area.height))
    }

    /// Levels along a row, `from..to`.
    pub(crate) fn row(&self, y: usize, from: usize, to: usize) -> Vec<f64> {
        (from..to).map(|x| self.level(x, y)).collect()
    }

    /// Levels along a column, `from..to`.
    pub(crate) fn column(&self, x: usize, from: usize, to: usize) -> Vec<f64> {
        (from..to).map(|y| self.level(x, y)).collect()
    }
}

/// Where the one edge along `levels` is, in pixels from the first pixel's outer side. A ramp counts by its area, so an edge
/// that is antialiased symmetrically lies where it was meant to.
pub(crate) fn edge(levels: &[f64]) -> f64 {
    let (first, last) = (levels[0], levels[levels.len() - 1]);
    assert!(
        (first - last).abs() > 0.3,
        "there is no edge between {first:.3} and {last:.3}"
    );
    levels.iter().map(|level| (level - last) / (first - last)).sum()
}

/// Every picture of a file's video track.
pub(crate) fn decode(path: &Path) -> Vec<Picture> {
    ffmpeg::init().unwrap();
    let mut input = ffmpeg::format::input(path).unwrap();
    let stream = input.streams().best(ffmpeg::media::Type::Video).unwrap();
    let (index, time_base) = (stream.index(), f64::from(stream.time_base()));
    let context = ffmpeg::codec::context::Context::from_parameters(stream.parameters()).unwrap();
    let mut decoder = context.decoder().video().unwrap();
    let mut pictures = Vec::new();
    let mut drain = |decoder: &mut ffmpeg::decoder::Video| {
        let mut frame = ffmpeg::frame::Video::empty();
        while decoder.receive_frame(&mut frame).is_ok() {
            assert!(!frame.is_corrupt());
            let planes = [0, 1, 2].map(|plane| {
                let (width, rows) = (
                    frame.plane_width(plane) as usize,
                    frame.plane_height(plane) as usize,
                );
                let rows = frame.data(plane).chunks(frame.stride(plane)).take(rows);
                rows.flat_map(|row| &row[..width]).copied().collect()
            });
            pictures.push(Picture {
                seconds: frame.timestamp().unwrap() as f64 * time_base,
                size: Size::new(frame.width(), frame.height()),
                planes,
            });
        }
    };
    for (stream, packet) in input.packets() {
        if stream.index() == index {
            decoder.send_packet(&packet).unwrap();
            drain(&mut decoder);
        }
    }
    decoder.send_eof().unwrap();
    drain(&mut decoder);
    pictures
}
