//! Recordings made in code for the tests of this room.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use super::error::SceneError;
use super::facts::{Facts, SegmentClock, SegmentFacts, VideoFacts};
use super::scene::{Scene, SceneSettings};
use super::setter::{Setter, TextSettings};
use super::typeset::{
    Align, Cluster, FontSpec, Line, Measured, Px, Raster, RasterSpec, TextSpec, Typesetter,
};
use crate::cap::Recording;
use crate::cap::config::{Clip, Crop, ProjectConfig, TextSegment, Timeline, Xy, ZoomMode, ZoomSegment};
use crate::cap::events::{Click, Move, PointerEvents};
use crate::cap::meta::{CursorImage, VideoTrack};
use crate::cap::recording::{CursorArt, MediaSource, Segment, Track};
use crate::frame::Size;
use crate::time::FrameRate;

pub(crate) const HD: Size = Size::new(1920, 1080);

/// Facts of a segment of `duration` seconds with a full HD screen, tracks aligned.
pub(crate) fn segment_facts(duration: f64) -> SegmentFacts {
    SegmentFacts {
        display: VideoFacts { size: HD, duration },
        camera: None,
        mic_duration: None,
        clock: SegmentClock::default(),
    }
}

pub(crate) fn facts(durations: &[f64]) -> Facts {
    Facts {
        segments: durations
            .iter()
            .map(|&duration| segment_facts(duration))
            .collect(),
    }
}

/// A recording with one segment per entry of `pointers`; image `a` is an arrow with its hotspot in the corner.
pub(crate) fn recording(pointers: &[PointerEvents], config: ProjectConfig) -> Recording {
    let track = || Track {
        meta: VideoTrack {
            path: "display.mp4".into(),
            fps: Some(30),
            start_time: None,
        },
        source: MediaSource::File(PathBuf::from("display.mp4")),
    };
    let art = CursorArt {
        image: CursorImage {
            image_path: "a.png".into(),
            hotspot: Xy { x: 0.25, y: 0.125 },
            shape: None,
        },
        file: PathBuf::from("a.png"),
    };
    Recording {
        root: PathBuf::from("test.cap"),
        name: "test".into(),
        segments: pointers
            .iter()
            .map(|pointer| Segment {
                display: track(),
                camera: None,
                mic: None,
                system_audio: None,
                unread_starts: Vec::new(),
                pointer: pointer.clone(),
                keys: Vec::new(),
            })
            .collect(),
        cursors: BTreeMap::from([("a".to_owned(), art)]),
        config,
        music: Vec::new(),
        overlay_images: BTreeMap::new(),
        notch: None,
        legacy: false,
        recovered: false,
        warnings: Vec::new(),
        unused: Vec::new(),
    }
}

/// A scene at 1920x1080, image `a` being 32x48 pixels.
pub(crate) fn scene(recording: &Recording, facts: &Facts, fps: u32) -> Scene {
    let settings = SceneSettings {
        frame_rate: FrameRate::new(fps).unwrap(),
        bounds: HD,
        hold_zoom_tails: false,
    };
    let sizes = BTreeMap::from([("a".to_owned(), Size::new(32, 48))]);
    Scene::new(recording, facts, &sizes, settings, &text_settings(false)).unwrap()
}

pub(crate) fn timeline(segments: Vec<Clip>) -> Timeline {
    Timeline {
        segments,
        ..Timeline::default()
    }
}

/// A clip of `segment` from `start` to `end` at `timescale`.
pub(crate) fn clip(segment: u32, start: f64, end: f64, timescale: f64) -> Clip {
    Clip {
        timescale,
        ..Clip::new(segment, start, end)
    }
}

pub(crate) fn zoom(start: f64, end: f64, amount: f64, mode: ZoomMode) -> ZoomSegment {
    ZoomSegment {
        start,
        end,
        amount,
        mode,
        instant_animation: false,
        edge_snap_ratio: 0.25,
    }
}

pub(crate) fn text(start: f64, end: f64, layout: &str) -> TextSegment {
    serde_json::from_value(serde_json::json!({ "start": start, "end": end, "layout": layout })).unwrap()
}

/// Moves (ms, x, y) of image `a`.
pub(crate) fn moves(list: &[(f64, f64, f64)]) -> Vec<Move> {
    list.iter()
        .map(|&(time_ms, x, y)| Move {
            cursor_id: "a".into(),
            time_ms,
            x,
            y,
        })
        .collect()
}

/// Presses and releases (ms, down) of the usual button.
pub(crate) fn clicks(list: &[(f64, bool)]) -> Vec<Click> {
    list.iter()
        .map(|&(time_ms, down)| Click {
            cursor_id: "a".into(),
            cursor_num: 1,
            time_ms,
            down,
        })
        .collect()
}

/// A crop of `width` by `height` pixels at (`x`, `y`).
pub(crate) fn crop(x: u32, y: u32, width: u32, height: u32) -> Crop {
    let [position, size] = [(x, y), (width, height)].map(|(x, y)| serde_json::json!({ "x": x, "y": y }));
    serde_json::from_value(serde_json::json!({ "position": position, "size": size })).unwrap()
}

/// A typesetter whose every character is a block half its size wide and a line high; it knows every font and character.
#[derive(Debug)]
struct Blocks;

impl Typesetter for Blocks {
    fn prepare(&self, _font: &FontSpec, _chars: &str) -> Result<Vec<String>, SceneError> {
        Ok(Vec::new())
    }

    fn installed(&self, _family: &str) -> bool {
        false
    }

    fn measure(&self, text: &Arc<TextSpec>) -> Arc<Measured> {
        let mut measured = Measured::default();
        let mut start = 0;
        for paragraph in text.text.split('\n') {
            for line in block_lines(paragraph, text) {
                block_line(&mut measured, text, start + line.start..start + line.end);
            }
            start += paragraph.len() + 1;
        }
        Arc::new(measured)
    }

    fn raster(&self, spec: &RasterSpec) -> Arc<Raster> {
        let measured = self.measure(&spec.text);
        let (scale, phase) = (spec.scale.get(), spec.phase.get());
        let bytes = spec.bytes.clone().unwrap_or(0..usize::MAX);
        let mut bounds: Option<[i32; 4]> = None;
        for cluster in &measured.clusters {
            let blank = spec.text.text[cluster.bytes.clone()].trim().is_empty();
            if blank || !bytes.contains(&cluster.bytes.start) {
                continue;
            }
            let top = measured.lines[cluster.line].top;
            let low = |value: f32| (value + 1e-3).floor() as i32;
            let high = |value: f32| (value - 1e-3).ceil() as i32;
            let block = [
                low(phase + cluster.x * scale),
                low(top * scale),
                high(phase + (cluster.x + cluster.width) * scale),
                high((top + spec.text.line_height.get()) * scale),
            ];
            bounds = Some(bounds.map_or(block, |all| {
                [
                    all[0].min(block[0]),
                    all[1].min(block[1]),
                    all[2].max(block[2]),
                    all[3].max(block[3]),
                ]
            }));
        }
        let [left, top, right, bottom] = bounds.unwrap_or_default();
        let (width, height) = ((right - left) as u32, (bottom - top) as u32);
        let coverage = vec![255; width as usize * height as usize];
        Arc::new(Raster::new(
            spec.clone(),
            (left, top),
            Size::new(width, height),
            coverage,
            Vec::new(),
        ))
    }
}

/// The bytes of the lines of a paragraph.
fn block_lines(paragraph: &str, text: &TextSpec) -> Vec<std::ops::Range<usize>> {
    let room = text.wrap_width.map_or(f32::INFINITY, Px::get);
    let width = |line: &str| line.trim_end().chars().count() as f32 * (text.size.get() / 2.0);
    let mut lines: Vec<std::ops::Range<usize>> = Vec::new();
    let mut start = 0;
    let mut end = 0;
    for word in paragraph.split_inclusive(' ') {
        if end > start && width(&paragraph[start..end + word.len()]) > room {
            lines.push(start..end);
            start = end;
        }
        end += word.len();
    }
    lines.push(start..end);
    lines
}

fn block_line(measured: &mut Measured, text: &TextSpec, bytes: std::ops::Range<usize>) {
    let advance = text.size.get() / 2.0;
    let content = text.text[bytes.clone()].trim_end_matches(' ');
    let width = content.chars().count() as f32 * advance;
    let room = text.wrap_width.map_or(width, Px::get);
    let x = match text.align {
        _ if text.wrap_width.is_none() => 0.0,
        Align::Left => 0.0,
        Align::Center => (room - width) / 2.0,
        Align::Right => room - width,
    };
    let line = measured.lines.len();
    let graphemes = content.grapheme_indices(true).enumerate();
    measured
        .clusters
        .extend(graphemes.map(|(column, (start, grapheme))| Cluster {
            bytes: bytes.start + start..bytes.start + start + grapheme.len(),
            x: x + column as f32 * advance,
            width: advance,
            line,
        }));
    measured.lines.push(Line {
        x,
        top: measured.height,
        baseline: measured.height + 0.8 * text.line_height.get(),
        width,
    });
    measured.width = measured.width.max(width);
    measured.height += text.line_height.get();
}

/// What sets texts in tests.
pub(crate) fn text_settings(linear_colors: bool) -> TextSettings {
    TextSettings {
        typesetter: Arc::new(Blocks),
        linear_colors,
    }
}

/// Sets texts for frames of `frame` pixels.
pub(crate) fn setter(frame: Size, linear_colors: bool) -> Setter {
    Setter::new(text_settings(linear_colors), frame)
}
