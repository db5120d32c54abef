//! Pictures of the sound: which, where and when (cap-additions.md, `timeline.waveformSegments[]`).
//!
//! A waveform shows what a recording's own tracks hold at the moment of the source that the output shows, as recorded:
//! gains do not change it. A clip whose sound is off, and a hold, are silent.

mod levels;

use std::collections::BTreeMap;

pub use self::levels::{BANDS, LEVELS_A_SECOND, Levels};
use super::color::{WHITE, parse};
use super::error::{Checks, SceneError, finite};
use super::layer::{Layer, MOST_BARS, Waveform};
use super::tree::{LayerId, Node, Role, Side};
use crate::cap::config::{WaveformSegment, WaveformSource, WaveformStyle};
use crate::frame::{Rect, Size};
use crate::time::{OutputTime, SourceTime};

/// Frames that a waveform may be wide, high or away from the frame: far beyond anything that is seen.
const FAR: f64 = 100.0;
/// Least half width of a bar, output pixels.
const LEAST_HALF: f64 = 0.5;

/// A sound track of a recording segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SoundTrack {
    /// Microphone.
    Mic,
    /// Computer sound.
    System,
}

/// What is heard of a recording at a moment of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    /// Recording segment.
    pub(crate) segment: usize,
    /// Time of its source.
    pub(crate) source: SourceTime,
    /// Whether its sound is off.
    pub(crate) silent: bool,
}

/// Source times of a segment whose levels are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelSpan {
    /// Recording segment.
    pub segment: usize,
    /// First source second.
    pub from: f64,
    /// Last source second.
    pub to: f64,
}

/// The waveform segments of a recording, by their position in `timeline.waveformSegments`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Waveforms {
    list: Vec<Option<TimedWaveform>>,
    levels: BTreeMap<(usize, SoundTrack), Levels>,
}

/// A waveform segment with checked numbers.
#[derive(Clone, Debug)]
struct TimedWaveform {
    start: f64,
    end: f64,
    source: WaveformSource,
    smoothing: f64,
    sensitivity: f64,
    count: usize,
    /// What it looks like in silence.
    silent: Waveform,
}

impl Waveforms {
    /// Checks the segments for a frame of `output` pixels.
    ///
    /// # Errors
    /// When a number is none.
    pub(crate) fn new(
        segments: &[WaveformSegment],
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let mut list = Vec::with_capacity(segments.len());
        for (index, segment) in segments.iter().enumerate() {
            list.push(if segment.enabled && segment.start < segment.end {
                TimedWaveform::new(segment, index, output, checks)?
            } else {
                None
            });
        }
        Ok(Self {
            list,
            levels: BTreeMap::new(),
        })
    }

    /// Spans of the output in which waveforms show `track`, as start and end, seconds.
    pub(crate) fn spans(&self, track: SoundTrack) -> impl Iterator<Item = [f64; 2]> {
        let shown = self.list.iter().flatten().filter(move |one| one.shows(track));
        shown.map(|one| [one.start, one.end])
    }

    /// Hands over the levels of sound tracks. One without is silent.
    pub(crate) fn set_levels(&mut self, levels: BTreeMap<(usize, SoundTrack), Levels>) {
        self.levels = levels;
    }

    /// What segment `index` of the configuration shows at `time`.
    pub(crate) fn node(&self, index: u32, time: OutputTime, heard: Heard, side: Side) -> Option<Node> {
        let waveform = self.list.get(index as usize)?.as_ref()?;
        if !(waveform.start..waveform.end).contains(&time.secs()) {
            return None;
        }
        let id = LayerId {
            role: Role::Waveform,
            index,
            side,
        };
        let bands = self.bands(waveform, heard);
        let levels =
            levels::bars(&bands, waveform.count).map(|level| (level * waveform.sensitivity).min(1.0));
        let shown = Waveform {
            levels: levels.collect(),
            ..waveform.silent.clone()
        };
        Some(Node::Paint(id, Layer::Waveform(shown)))
    }

    fn bands(&self, waveform: &TimedWaveform, heard: Heard) -> [f64; BANDS] {
        let mut bands = [0.0_f64; BANDS];
        if heard.silent {
            return bands;
        }
        for track in [SoundTrack::Mic, SoundTrack::System] {
            let known = self.levels.get(&(heard.segment, track));
            if let Some(levels) = known.filter(|_| waveform.shows(track)) {
                let levels = levels.at(heard.source.secs(), waveform.smoothing);
                for (band, level) in bands.iter_mut().zip(levels) {
                    *band = band.max(level);
                }
            }
        }
        bands
    }
}

impl TimedWaveform {
    fn new(
        segment: &WaveformSegment,
        index: usize,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Option<Self>, SceneError> {
        let key = |name: &str| format!("timeline.waveformSegments[{index}].{name}");
        let mut near = |name: &str, value| checks.clamp(&key(name), value, -FAR..=FAR);
        let (across, down) = (f64::from(output.width), f64::from(output.height));
        let centre = [
            near("center.x", segment.center.x)? * across,
            near("center.y", segment.center.y)? * down,
        ];
        let (width, height) = (
            near("size.x", segment.size.x)? * across,
            near("size.y", segment.size.y)? * down,
        );
        let mut color = |name: &str, color: &str| {
            parse(color).unwrap_or_else(|| {
                let key = key(name);
                checks.warnings.push(format!(
                    "`{key}` is {color:?}, not of the form #rrggbb; white is used"
                ));
                WHITE
            })
        };
        let top = color("color", &segment.color);
        let bottom = segment.secondary_color.as_deref();
        let bottom = bottom.map_or(top, |bottom| color("secondaryColor", bottom));
        let mut unit = |name: &str, value| checks.clamp(&key(name), value, 0.0..=1.0);
        let bar_width = unit("barWidth", segment.bar_width)?;
        let rounding = unit("rounding", segment.rounding)?;
        let smoothing = unit("smoothing", segment.smoothing)?;
        let count = usize::try_from(segment.bar_count)
            .unwrap_or(MOST_BARS)
            .clamp(8, MOST_BARS);
        let slot = width / count as f64;
        let half = match segment.style {
            // A line has half the width of a bar.
            WaveformStyle::Line => (slot * bar_width / 4.0).max(down / 1080.0).max(LEAST_HALF),
            _ => (slot * bar_width / 2.0).max(LEAST_HALF),
        };
        let silent = Waveform {
            rect: Rect {
                x: centre[0] - width / 2.0,
                y: centre[1] - height / 2.0,
                width,
                height,
            },
            style: segment.style,
            levels: Vec::new(),
            half,
            radius: rounding * half,
            colors: [top, bottom],
        };
        let one = Self {
            start: finite(&key("start"), segment.start)?,
            end: finite(&key("end"), segment.end)?,
            source: segment.source,
            smoothing,
            sensitivity: checks.clamp(&key("sensitivity"), segment.sensitivity, 0.0..=1000.0)?,
            count,
            silent,
        };
        Ok((width > 0.0 && height > 0.0).then_some(one))
    }

    fn shows(&self, track: SoundTrack) -> bool {
        match self.source {
            WaveformSource::Mix => true,
            WaveformSource::Mic => track == SoundTrack::Mic,
            WaveformSource::System => track == SoundTrack::System,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HD: Size = Size::new(1920, 1080);

    fn waveforms(list: serde_json::Value) -> Waveforms {
        let list: Vec<WaveformSegment> = serde_json::from_value(list).unwrap();
        Waveforms::new(&list, HD, &mut Checks::default()).unwrap()
    }

    fn shown(waveforms: &Waveforms, time: f64, heard: Heard) -> Option<Waveform> {
        match waveforms.node(0, OutputTime::from_secs(time), heard, Side::Incoming)? {
            Node::Paint(_, Layer::Waveform(waveform)) => Some(waveform),
            other => panic!("{other:?}"),
        }
    }

    fn heard(source: f64) -> Heard {
        Heard {
            segment: 0,
            source: SourceTime::from_secs(source),
            silent: false,
        }
    }

    /// Ten seconds of one level in all bands.
    fn steady(level: f64) -> Levels {
        Levels {
            first: 0,
            moments: vec![[(level * 65535.0) as u16; BANDS]; 600],
        }
    }

    #[test]
    fn place_and_sizes_of_the_defaults() {
        let waveforms = waveforms(serde_json::json!([{ "start": 1, "end": 2, "secondaryColor": "#0000ff" }]));
        assert!(shown(&waveforms, 0.999, heard(0.0)).is_none());
        assert!(shown(&waveforms, 2.0, heard(0.0)).is_none());
        let waveform = shown(&waveforms, 1.0, heard(0.0)).unwrap();
        // 0.8 x 1920 by 0.3 x 1080 in the middle; 64 slots of 24 pixels, 0.6 of which are bars.
        let rect = waveform.rect;
        assert_eq!(
            (rect.x, rect.y, rect.width, rect.height),
            (192.0, 378.0, 1536.0, 324.0)
        );
        assert_eq!((waveform.levels.len(), waveform.slot()), (64, 24.0));
        assert!((waveform.half - 7.2).abs() < 1e-9 && (waveform.radius - 7.2).abs() < 1e-9);
        assert_eq!(waveform.colors, [[1.0; 3], [0.0, 0.0, 1.0]]);
        assert!(waveform.levels.iter().all(|&level| level == 0.0));
    }

    #[test]
    fn a_mix_is_the_louder_of_both() {
        let of = |source: &str, sensitivity: f64| {
            let mut waveforms = waveforms(serde_json::json!([
                { "start": 0, "end": 9, "source": source, "sensitivity": sensitivity }
            ]));
            waveforms.set_levels(BTreeMap::from([
                ((0, SoundTrack::Mic), steady(0.25)),
                ((0, SoundTrack::System), steady(0.5)),
                ((1, SoundTrack::Mic), steady(1.0)),
            ]));
            let at = |heard| shown(&waveforms, 1.0, heard).unwrap().levels[7];
            let silent = Heard {
                silent: true,
                ..heard(5.0)
            };
            assert_eq!(at(silent), 0.0);
            at(heard(5.0))
        };
        let close = |a: f64, b: f64| (a - b).abs() < 1e-4;
        assert!(close(of("mix", 1.0), 0.5));
        assert!(close(of("mic", 1.0), 0.25));
        assert!(close(of("system", 1.0), 0.5));
        assert!(close(of("mic", 3.0), 0.75));
        assert!(close(of("mic", 30.0), 1.0));
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_odd_colours_are_named() {
        let list = serde_json::json!([
            { "start": 0, "end": 1, "size": { "x": 0, "y": 0.5 } },
            { "start": 0, "end": 1, "color": "blue" }
        ]);
        let list: Vec<WaveformSegment> = serde_json::from_value(list).unwrap();
        let mut checks = Checks::default();
        let waveforms = Waveforms::new(&list, HD, &mut checks).unwrap();
        assert!(waveforms.list[0].is_none() && waveforms.list[1].is_some());
        assert!(checks.warnings[0].contains("timeline.waveformSegments[1].color"));
        let mut odd = list;
        odd[1].center.x = f64::NAN;
        assert!(Waveforms::new(&odd, HD, &mut Checks::default()).is_err());
    }
}
