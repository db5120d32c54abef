//! What a made recording consists of, and the JSON that follows from it.

use serde_json::{Map, Value, json};

use super::pointer;
use super::script::Script;
use crate::frame::Size;
use crate::media::track_writer::Effort;

/// A whole recording.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub title: &'static str,
    pub form: Form,
    /// One for every pause/resume cycle, never empty.
    pub segments: Vec<SegmentPlan>,
    /// `project-config.json`; `None` writes no such file.
    pub config: Option<Value>,
    /// Seconds of `assets/bed.mp3`.
    pub music: Option<f64>,
    /// Writes `assets/background.jpg`.
    pub background: bool,
    /// Whether the pointer images have names that Cap knows.
    pub shapes: bool,
}

/// Which of the folder layouts of cap-format.md 1 is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// Studio, segments in folders of their own.
    Studio,
    /// Studio of 2024: one segment, absolute Windows paths, MP3.
    Legacy,
    /// One finished video with the pointer in the picture.
    Instant,
    /// Stopped but not joined: the screen of every segment is a folder of fragments, the sound fragmented M4A.
    Fragments {
        /// Seconds between key frames, and so the length of a piece.
        piece: f64,
        /// A crash this many seconds before the end: the main pieces and those of the muxer's second process both end in
        /// a torn one.
        torn: Option<f64>,
    },
}

/// One pause/resume cycle.
#[derive(Clone, Debug)]
pub(super) struct SegmentPlan {
    pub display: VideoPlan,
    pub camera: Option<VideoPlan>,
    pub mic: Option<SoundPlan>,
    pub system: Option<SoundPlan>,
    pub pointer: bool,
}

/// A video track.
#[derive(Clone, Debug)]
pub(super) struct VideoPlan {
    pub content: Content,
    pub size: Size,
    pub fps: u32,
    pub seconds: f64,
    /// Seconds after the segment's epoch.
    pub start: Option<f64>,
    /// Numbers every picture with a barcode at its standard place.
    pub counter: bool,
    /// Moves presentation times up to 2 ms off the grid, as capture clocks do.
    pub jitter: bool,
    pub b_frames: bool,
    pub crf: u8,
    pub effort: Effort,
}

/// What a video track shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A desktop.
    Desktop,
    /// A desktop with the pointer in the picture.
    DesktopWithPointer,
    /// Noise on this share of the picture, %.
    Noise(u32),
    /// A desktop at rest: one picture, for the whole length.
    Still,
    /// Somebody before a camera.
    Person,
}

/// A sound track.
#[derive(Clone, Copy, Debug)]
pub(super) struct SoundPlan {
    pub channels: u16,
    pub seconds: f64,
    pub start: Option<f64>,
}

impl VideoPlan {
    /// A screen of moderate quality without start time, counter or jitter.
    pub(super) fn screen(size: Size, fps: u32, seconds: f64) -> Self {
        Self {
            content: Content::Desktop,
            size,
            fps,
            seconds,
            start: None,
            counter: false,
            jitter: false,
            b_frames: false,
            crf: 20,
            effort: Effort::Fast,
        }
    }

    /// A webcam.
    pub(super) fn camera(size: Size, seconds: f64) -> Self {
        Self {
            content: Content::Person,
            crf: 26,
            ..Self::screen(size, 30, seconds)
        }
    }

    /// The same in as few bytes as it takes.
    pub(super) fn small(self) -> Self {
        Self {
            crf: 28,
            effort: Effort::Small,
            ..self
        }
    }

    /// Number of times at which the source is looked at; a picture is written only when it changed.
    pub(super) fn ticks(&self) -> u64 {
        (self.seconds * f64::from(self.fps) - 1e-9).ceil() as u64
    }

    /// When tick `n` happens, seconds.
    pub(super) fn time(&self, n: u64) -> f64 {
        let shift = match (self.jitter, n) {
            (false, _) | (_, 0) => 0.0,
            // Weyl sequence of the golden ratio: spread evenly, the same every time.
            _ => ((n as f64 * 0.618_033_988_749).fract() - 0.5) * 0.004,
        };
        n as f64 / f64::from(self.fps) + shift
    }

    fn json(&self, path: &str) -> Value {
        let mut track = json!({ "path": path, "fps": self.fps });
        if let Some(start) = self.start {
            track["start_time"] = json!(start);
        }
        track
    }
}

impl SoundPlan {
    /// A track of `seconds` without start time.
    pub(super) const fn new(channels: u16, seconds: f64) -> Self {
        Self {
            channels,
            seconds,
            start: None,
        }
    }

    fn json(&self, path: &str) -> Value {
        let mut track = json!({ "path": path });
        if let Some(start) = self.start {
            track["start_time"] = json!(start);
        }
        track
    }
}

impl SegmentPlan {
    /// The script of its screen.
    pub(super) fn script(&self) -> Script {
        Script::new(self.display.seconds)
    }

    /// Its `cursor.json`.
    pub(super) fn pointer_events(&self) -> Option<Value> {
        let start = self.display.start.unwrap_or(0.0);
        self.pointer
            .then(|| pointer::events(&self.script(), start, self.display.seconds))
    }
}

impl Plan {
    /// Path of a segment's folder.
    pub(super) fn segment_folder(index: usize) -> String {
        format!("content/segments/segment-{index}")
    }

    /// Name of the sound files' ending.
    pub(super) fn sound_ending(&self) -> &'static str {
        match self.form {
            Form::Studio | Form::Instant => "ogg",
            Form::Legacy => "mp3",
            Form::Fragments { .. } => "m4a",
        }
    }

    /// `recording-meta.json`.
    pub(super) fn meta(&self) -> Value {
        let first = &self.segments[0];
        match self.form {
            Form::Instant => json!({
                "platform": "Windows", "pretty_name": self.title, "sharing": null,
                "fps": first.display.fps, "sample_rate": null,
            }),
            Form::Legacy => {
                // What Cap for Windows wrote in 2024: absolute paths of the recording machine, or backslashes.
                let absolute = r"C:\Users\someone\AppData\Roaming\so.cap.desktop\recordings\Take.cap\content";
                let mut meta = json!({
                    "pretty_name": self.title, "sharing": null,
                    "display": first.display.json(&format!(r"{absolute}\display.mp4")),
                    "camera": first.camera.as_ref().map(|camera| camera.json(r"content\camera.mp4")),
                    "audio": first.mic.map(|mic| mic.json(&format!(r"{absolute}\audio-input.mp3"))),
                });
                if first.pointer {
                    meta["cursor"] = json!("cursor.json");
                }
                meta
            }
            Form::Studio | Form::Fragments { .. } => {
                let mut meta = json!({
                    "platform": "Linux", "pretty_name": self.title, "sharing": null,
                    "segments": self.segments.iter().enumerate().map(|(index, segment)| {
                        self.segment_json(index, segment)
                    }).collect::<Vec<_>>(),
                });
                if self.segments.iter().any(|segment| segment.pointer) {
                    meta["cursors"] = self.cursors();
                }
                let status = match self.form {
                    Form::Fragments { .. } => "NeedsRemux",
                    _ => "Complete",
                };
                meta["status"] = json!({ "status": status });
                meta
            }
        }
    }

    fn segment_json(&self, index: usize, segment: &SegmentPlan) -> Value {
        let folder = Self::segment_folder(index);
        let display = match self.form {
            Form::Fragments { .. } => format!("{folder}/display"),
            _ => format!("{folder}/display.mp4"),
        };
        let ending = self.sound_ending();
        let mut json = Map::new();
        json.insert("display".into(), segment.display.json(&display));
        if let Some(camera) = &segment.camera {
            json.insert("camera".into(), camera.json(&format!("{folder}/camera.mp4")));
        }
        if let Some(mic) = &segment.mic {
            json.insert("mic".into(), mic.json(&format!("{folder}/audio-input.{ending}")));
        }
        if let Some(system) = &segment.system {
            json.insert(
                "system_audio".into(),
                system.json(&format!("{folder}/system_audio.{ending}")),
            );
        }
        if segment.pointer {
            json.insert("cursor".into(), json!(format!("{folder}/cursor.json")));
        }
        Value::Object(json)
    }

    fn cursors(&self) -> Value {
        let named = |shape: &str| if self.shapes { json!(shape) } else { Value::Null };
        let image = |id: &str, art: pointer::Art, shape: Value| {
            json!({
                "imagePath": format!("content/cursors/cursor_{id}.png"),
                "hotspot": { "x": art.hotspot.0, "y": art.hotspot.1 },
                "shape": shape,
            })
        };
        json!({
            "0": image("0", pointer::arrow(), named("MacOS|Arrow")),
            "1": image("1", pointer::beam(), named("MacOS|IBeam")),
        })
    }
}
