//! Which clip is shown when (cap-look.md 3.1-3.4).
//!
//! Clips follow one another in the output, overlapping where a transition joins them, and stand still under
//! fullscreen texts. [`Timeline::locate`] goes from output time to source time; the other way round a clip's source
//! time s is shown at the output time of `play start + (s - in point) / speed` ([`Timeline::output_time_in`]).

use std::collections::{BTreeMap, BTreeSet};

use super::error::{Checks, MAX_DURATION, MAX_FRAMES, SceneError, finite, setting};
use super::facts::Facts;
use super::holds::{Hold, Holds};
use super::tree::Side;
use crate::cap::config::{self, SpeedAudioMode, TransitionKind};
use crate::time::{FrameRate, OutputTime, SourceTime};

/// Transitions below this many seconds are ignored (cap-look.md 3.2).
const SHORTEST_TRANSITION: f64 = 0.05;

/// Clips in the order they play.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    clips: Vec<TimelineClip>,
    holds: Holds,
    /// Seconds of clips, pauses not counted.
    play_duration: f64,
}

/// A piece of a recording segment on the output timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineClip {
    /// Position in `timeline.segments`, or the segment where the configuration has no timeline.
    pub index: usize,
    /// Index of the recording segment.
    pub segment: usize,
    /// First moment of the output it is shown at, fading in included.
    pub output_start: OutputTime,
    /// Seconds it plays, pauses not counted: (`source_end` - `source_start`) / `speed`.
    pub duration: f64,
    /// In point.
    pub source_start: SourceTime,
    /// Out point.
    pub source_end: SourceTime,
    /// Source seconds per output second, above 0.
    pub speed: f64,
    /// Its sound where `speed` is not 1.
    pub audio_mode: SpeedAudioMode,
    /// Factor on its recorded sound, 0..=2.
    pub gain: f64,
    /// How it takes over from the clip before, which it overlaps for that long.
    pub transition_in: Option<ClipTransition>,
    /// Seconds of clips played when it begins.
    play_start: f64,
}

impl TimelineClip {
    /// Seconds of clips played when it begins, pauses not counted and overlaps counted once.
    pub fn play_start(&self) -> f64 {
        self.play_start
    }

    fn play_end(&self) -> f64 {
        self.play_start + self.duration
    }

    /// Source time after `played` seconds of it, within its in and out points.
    fn source_after(&self, played: f64) -> SourceTime {
        let source = self.source_start.secs() + played * self.speed;
        SourceTime::from_secs(source.clamp(self.source_start.secs(), self.source_end.secs()))
    }
}

/// A transition in effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipTransition {
    /// Kind.
    pub kind: TransitionKind,
    /// Seconds, pauses not counted.
    pub duration: f64,
}

/// What plays at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Position in [`Timeline::clips`]; during a transition the incoming clip.
    pub clip: usize,
    /// Where in its segment.
    pub source: SourceTime,
    /// Whether the clock stands still: the picture is frozen and the recording is silent.
    pub held: bool,
    /// The clip that goes, during a transition.
    pub outgoing: Option<Outgoing>,
}

/// The outgoing side of a transition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outgoing {
    /// Position in [`Timeline::clips`].
    pub clip: usize,
    /// Where in its segment.
    pub source: SourceTime,
    /// g of cap-look.md 3.2: 0 at the start of the transition, towards 1 at its end.
    pub progress: f64,
}

impl Timeline {
    /// Lays out the clips of `config`, or one clip per segment without one (cap-format.md 6.6).
    ///
    /// # Errors
    /// When a clip makes no sense, none is left, or the output would be longer than [`MAX_DURATION`].
    pub(crate) fn new(
        config: Option<&config::Timeline>,
        facts: &Facts,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let (clips, transitions, texts) = match config {
            Some(config) => (
                config.segments.clone(),
                transitions(&config.transitions)?,
                config.text_segments.as_slice(),
            ),
            None => (whole_segments(facts), BTreeMap::new(), [].as_slice()),
        };
        for (index, text) in texts.iter().enumerate() {
            finite(&format!("timeline.textSegments[{index}].start"), text.start)?;
            finite(&format!("timeline.textSegments[{index}].end"), text.end)?;
        }
        let clips = place(&clips, &transitions, facts.segments.len(), checks)?;
        let Some(last) = clips.last() else {
            return Err(SceneError::NothingToExport(
                "no clip of the timeline shows any of the recording; add one in Cap's editor",
            ));
        };
        let play_duration = last.play_end();
        let (holds, late) = Holds::new(texts, play_duration);
        if late > 0 {
            checks.warnings.push(format!(
                "{late} fullscreen text(s) begin after the last clip and do not lengthen the output"
            ));
        }
        let mut this = Self {
            clips,
            holds,
            play_duration,
        };
        for clip in &mut this.clips {
            clip.output_start = this.holds.output_time(clip.play_start);
        }
        if this.duration() > MAX_DURATION {
            return Err(SceneError::TooLong {
                seconds: this.duration(),
            });
        }
        Ok(this)
    }

    /// Clips in the order they play, never empty.
    pub fn clips(&self) -> &[TimelineClip] {
        &self.clips
    }

    /// Pauses of the recording clock, in order, none touching the next (cap-look.md 3.3).
    pub fn holds(&self) -> &[Hold] {
        self.holds.as_slice()
    }

    /// Seconds of output (cap-look.md 3.4).
    pub fn duration(&self) -> f64 {
        self.play_duration + self.holds.total()
    }

    /// Output frames at `rate`: as many as cover the duration, [`FrameRate::frames_in`].
    ///
    /// # Errors
    /// When there are more than [`MAX_FRAMES`].
    pub(crate) fn frame_count(&self, rate: FrameRate) -> Result<u64, SceneError> {
        let frames = rate.frames_in(self.duration());
        if frames > MAX_FRAMES {
            return Err(SceneError::TooManyFrames {
                seconds: self.duration(),
                rate,
                frames: frames as f64,
            });
        }
        Ok(frames)
    }

    /// What plays at `time`; `None` outside 0..[`Self::duration`].
    pub fn locate(&self, time: OutputTime) -> Option<Located> {
        if !(0.0..self.duration()).contains(&time.secs()) {
            return None;
        }
        let (play, held) = self.holds.play_time(time);
        let index = self
            .clips
            .partition_point(|clip| clip.play_start <= play)
            .checked_sub(1)?;
        let clip = &self.clips[index];
        let played = play - clip.play_start;
        let outgoing = clip
            .transition_in
            .filter(|transition| played < transition.duration)
            .map(|transition| {
                let before = &self.clips[index - 1];
                Outgoing {
                    clip: index - 1,
                    source: before.source_after(before.duration - transition.duration + played),
                    progress: played / transition.duration,
                }
            });
        Some(Located {
            clip: index,
            source: clip.source_after(played),
            held,
            outgoing,
        })
    }

    /// First moment of the output at which clip `clip` of [`Self::clips`] has reached `source`; `None` when it never
    /// does or there is no such clip.
    pub fn output_time_in(&self, clip: usize, source: SourceTime) -> Option<OutputTime> {
        let clip = self.clips.get(clip)?;
        if !(clip.source_start..clip.source_end).contains(&source) {
            return None;
        }
        let played = (source - clip.source_start) / clip.speed;
        Some(self.holds.output_time(clip.play_start + played))
    }

    /// When clip `clip` of [`Self::clips`] shows what it has of `start`..`end` of its segment; `None` when it has none.
    pub(crate) fn output_span_in(
        &self,
        clip: usize,
        start: SourceTime,
        end: SourceTime,
    ) -> Option<(OutputTime, OutputTime)> {
        let clip = self.clips.get(clip)?;
        let start = start.secs().max(clip.source_start.secs());
        let end = end.secs().min(clip.source_end.secs());
        let at = |source: f64| {
            let played = (source - clip.source_start.secs()) / clip.speed;
            self.holds.output_time(clip.play_start + played)
        };
        (start < end).then(|| (at(start), at(end)))
    }

    /// The clips of one recording segment, as they are seen from `side` of a transition.
    pub(crate) fn of_segment(&self, segment: usize, side: Side) -> SegmentTime<'_> {
        SegmentTime {
            holds: &self.holds,
            all: &self.clips,
            clips: self.clips.iter().filter(|clip| clip.segment == segment).collect(),
            segment,
            side,
        }
    }

    /// Segments that a transition leads from and to: there its two sides see the time differently.
    pub(crate) fn joined_to_themselves(&self) -> BTreeSet<usize> {
        let joined = self.clips.windows(2).filter(|pair| {
            let [before, clip] = pair else { return false };
            clip.transition_in.is_some() && before.segment == clip.segment
        });
        joined.map(|pair| pair[0].segment).collect()
    }
}

/// Output time as one recording segment sees it (cap-look.md 6.4).
#[derive(Clone, Debug)]
pub(crate) struct SegmentTime<'a> {
    holds: &'a Holds,
    all: &'a [TimelineClip],
    /// Those of the segment.
    clips: Vec<&'a TimelineClip>,
    segment: usize,
    side: Side,
}

impl SegmentTime<'_> {
    /// Source time at `time` in the clip in effect, whatever segment that is of; ahead of all clips the start of the first,
    /// behind them the end of the last. Of two clips of a transition one of this segment counts, of two such ones the later
    /// for the incoming side and the earlier for the outgoing one; else the incoming clip.
    pub(crate) fn source_at(&self, time: OutputTime) -> SourceTime {
        let (play, _) = self.holds.play_time(time);
        let begun = self.all.partition_point(|clip| clip.play_start <= play);
        let Some(last) = begun.checked_sub(1).and_then(|index| self.all.get(index)) else {
            return self
                .all
                .first()
                .map_or(SourceTime::ZERO, |clip| clip.source_start);
        };
        let before = begun
            .checked_sub(2)
            .and_then(|index| self.all.get(index))
            .filter(|before| play < before.play_end());
        let own = |clip: &TimelineClip| clip.segment == self.segment;
        let clip = match (before, self.side) {
            (Some(before), Side::Incoming) if own(before) && !own(last) => before,
            (Some(before), Side::Outgoing) if own(before) => before,
            _ => last,
        };
        clip.source_after(play - clip.play_start)
    }

    /// Whether one of the clips is shown less than `slack` seconds from `time`.
    pub(crate) fn shown_near(&self, time: OutputTime, slack: f64) -> bool {
        let (later, _) = self.holds.play_time(time + slack);
        let begun = self.clips.partition_point(|clip| clip.play_start <= later);
        let (earlier, _) = self.holds.play_time(time - slack);
        begun
            .checked_sub(1)
            .is_some_and(|index| earlier < self.clips[index].play_end())
    }

    /// Latest source time that is shown, `None` when no clip shows the segment.
    pub(crate) fn last_source(&self) -> Option<SourceTime> {
        self.clips
            .iter()
            .map(|clip| clip.source_end)
            .max_by(|a, b| a.secs().total_cmp(&b.secs()))
    }
}

/// One clip per segment over its full length (cap-format.md 6.6).
fn whole_segments(facts: &Facts) -> Vec<config::Clip> {
    (0u32..)
        .zip(&facts.segments)
        .map(|(recording_segment, segment)| config::Clip::new(recording_segment, 0.0, segment.duration()))
        .collect()
}

/// Transitions by the clip they lead to; of several for one clip the last counts (cap-format.md 4.8).
fn transitions(list: &[config::Transition]) -> Result<BTreeMap<usize, ClipTransition>, SceneError> {
    let mut by_clip = BTreeMap::new();
    for (index, transition) in list.iter().enumerate() {
        let duration = finite(
            &format!("timeline.transitions[{index}].duration"),
            transition.duration,
        )?;
        by_clip.insert(
            transition.segment_index as usize,
            ClipTransition {
                kind: transition.kind,
                duration,
            },
        );
    }
    Ok(by_clip)
}

/// Checks the clips and lays them one after the other.
fn place(
    clips: &[config::Clip],
    transitions: &BTreeMap<usize, ClipTransition>,
    segments: usize,
    checks: &mut Checks,
) -> Result<Vec<TimelineClip>, SceneError> {
    let mut placed: Vec<TimelineClip> = Vec::with_capacity(clips.len());
    for (index, clip) in clips.iter().enumerate() {
        let key = |name: &str| format!("timeline.segments[{index}].{name}");
        let start = finite(&key("start"), clip.start)?;
        let end = finite(&key("end"), clip.end)?;
        let speed = finite(&key("timescale"), clip.timescale)?;
        if speed <= 0.0 {
            return Err(setting(
                &key("timescale"),
                speed,
                "a clip's speed must be above 0",
            ));
        }
        if end < start {
            return Err(setting(&key("end"), end, "a clip must not end before it starts"));
        }
        let segment = clip.recording_segment as usize;
        if segment >= segments {
            checks.warnings.push(format!(
                "`{}` is {segment} but the recording has {segments} segment(s); the clip is left out",
                key("recordingSegment")
            ));
            continue;
        }
        let duration = (end - start) / speed;
        if duration == 0.0 {
            checks.warnings.push(format!(
                "clip {index} of the timeline has no length and is left out"
            ));
            continue;
        }
        // A transition whose left clip was dropped has nothing to come from.
        let before = placed
            .last()
            .filter(|before| index > 0 && before.index == index - 1);
        let transition_in = before.and_then(|before| {
            let transition = transitions.get(&index)?;
            let longest = before.duration.min(duration) / 2.0;
            (transition.duration > 0.0 && longest >= SHORTEST_TRANSITION).then(|| ClipTransition {
                kind: transition.kind,
                duration: transition.duration.clamp(SHORTEST_TRANSITION, longest),
            })
        });
        let play_start = placed.last().map_or(0.0, TimelineClip::play_end)
            - transition_in.map_or(0.0, |transition| transition.duration);
        if play_start + duration > MAX_DURATION {
            return Err(SceneError::TooLong {
                seconds: play_start + duration,
            });
        }
        placed.push(TimelineClip {
            index,
            segment,
            output_start: OutputTime::from_secs(play_start),
            duration,
            source_start: SourceTime::from_secs(start),
            source_end: SourceTime::from_secs(end),
            speed,
            audio_mode: clip.speed_audio_mode.unwrap_or_default(),
            gain: clip.gain(),
            transition_in,
            play_start,
        });
    }
    Ok(placed)
}

#[cfg(test)]
mod tests;
