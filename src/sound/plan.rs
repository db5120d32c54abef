//! What is heard when: the plain data a [`Mixer`](super::Mixer) renders.

use std::ops::Range;

use super::SoundError;
use super::clock::samples_at;
use super::gain::MUSIC_SILENT_DB;
use super::retimed::Retime;
use crate::cap::config::{MicStereoMode, MusicSegment, SpeedAudioMode, TransitionKind};
use crate::time::SourceTime;

/// The sound of a whole export. Sources are named by their index in the list given to [`Mixer::new`](super::Mixer::new).
///
/// Two clocks count samples: the output's, and the recording's, which stands still during holds. Without holds they are
/// the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SoundPlan {
    /// Length, output samples; see [`samples_in_frames`](super::samples_in_frames).
    pub total: u64,
    /// Silences microphone and system sound, not music.
    pub mute: bool,
    /// Clips in play order. Their borders are recording samples. A clip overlaps the one before where a transition joins
    /// them, and no other one.
    pub clips: Vec<ClipSound>,
    /// Tracks of each recording segment.
    pub segments: Vec<SegmentSound>,
    /// Output samples during which the recording's clock stands still (cap-look.md 3.3): sorted, apart from one another.
    pub holds: Vec<Range<u64>>,
    /// Music that is usable, in the order in which it is added.
    pub music: Vec<MusicSound>,
}

/// A clip as it is heard.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipSound {
    /// When, recording samples: borders are at round(cumulative duration × 48000) (cap-look.md 21.2).
    pub span: Range<u64>,
    /// How it takes over from the clip before, for as long as they overlap (cap-look.md 21.4).
    pub transition: Option<TransitionKind>,
    /// Factor on its recorded tracks, 0..=2 (cap-additions.md).
    pub gain: f64,
    /// Source time of its first sample.
    pub start: SourceTime,
    /// Playback speed.
    pub speed: f64,
    /// What another speed than 1 does to the sound; `None` is mute.
    pub speed_mode: Option<SpeedAudioMode>,
    /// Index into [`SoundPlan::segments`].
    pub segment: usize,
}

/// Sound tracks of one recording segment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentSound {
    /// Microphone.
    pub mic: Option<TrackSound>,
    /// Computer sound.
    pub system: Option<TrackSound>,
}

/// A sound track of a recording segment.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackSound {
    /// Which source.
    pub source: usize,
    /// Samples added to a source sample to get the file's, see [`TrackSound::offset_of`] (cap-format.md 6.1).
    pub offset: i64,
    /// Gain, dB; at or below -30 silent.
    pub volume_db: f64,
    /// Which channels are heard; system sound is always `Stereo`.
    pub stereo_mode: MicStereoMode,
}

/// A piece of music.
#[derive(Clone, Debug, PartialEq)]
pub struct MusicSound {
    /// Which source.
    pub source: usize,
    /// When, output samples.
    pub span: Range<u64>,
    /// Sample of the file that is heard first.
    pub start: i64,
    /// Gain, dB; at or below -60 silent.
    pub volume_db: f64,
    /// Linear ramp at the start, seconds.
    pub fade_in: f64,
    /// Linear ramp at the end, seconds.
    pub fade_out: f64,
}

impl SoundPlan {
    /// Whether a sound track is written: always, silent if need be, unless the recording is muted and there is no
    /// usable music (cap-look.md 21.6).
    pub fn has_track(&self) -> bool {
        !self.mute || !self.music.is_empty()
    }

    /// Checks everything the mixer relies on.
    pub(super) fn check(&self, sources: usize) -> Result<(), SoundError> {
        let fail = |what: String| Err(SoundError::Plan(what));
        for (i, pair) in self.clips.windows(2).enumerate() {
            let joined = pair[1].transition.is_some() && pair[1].span.start >= pair[0].span.start;
            if pair[1].span.start < pair[0].span.end && !joined {
                return fail(format!("clip {} starts before clip {i} ends", i + 1));
            }
        }
        for (i, three) in self.clips.windows(3).enumerate() {
            if three[2].span.start < three[0].span.end {
                return fail(format!("clip {} starts before clip {i} ends", i + 2));
            }
        }
        for (i, clip) in self.clips.iter().enumerate() {
            if clip.span.start > clip.span.end {
                return fail(format!("clip {i} ends before it starts"));
            }
            if clip.segment >= self.segments.len() {
                return fail(format!(
                    "clip {i} plays segment {}, of {}",
                    clip.segment,
                    self.segments.len()
                ));
            }
        }
        for (i, hold) in self.holds.iter().enumerate() {
            let after_the_last = i == 0 || self.holds[i - 1].end < hold.start;
            if hold.start >= hold.end || !after_the_last {
                return fail(format!("hold {i} is empty, or touches the one before"));
            }
        }
        let tracks = self
            .segments
            .iter()
            .flat_map(|s| [&s.mic, &s.system])
            .flatten()
            .map(|t| t.source);
        match tracks
            .chain(self.music.iter().map(|m| m.source))
            .find(|&source| source >= sources)
        {
            Some(source) => fail(format!("source {source} is named, but there are {sources}")),
            None => Ok(()),
        }
    }
}

impl ClipSound {
    /// How the clip is played: straight (`Ok(None)`), retimed, or not at all (`Err(Unheard)`) (cap-look.md 21.3).
    pub(super) fn retime(&self) -> Result<Option<Retime>, Unheard> {
        // A speed this near to 1 shifts an hour by less than 4 ms.
        if (self.speed - 1.0).abs() < 1e-6 {
            return Ok(None);
        }
        let keep_pitch = match self.speed_mode {
            None | Some(SpeedAudioMode::Mute) => return Err(Unheard),
            Some(SpeedAudioMode::MaintainPitch) => true,
            Some(SpeedAudioMode::MatchSpeed) => false,
        };
        if !(Retime::MIN_SPEED..=Retime::MAX_SPEED).contains(&self.speed) {
            return Err(Unheard);
        }
        Ok(Some(Retime {
            speed: self.speed,
            keep_pitch,
        }))
    }

    /// Source sample of the clip's first sample.
    pub(super) fn first_sample(&self) -> i64 {
        samples_at(self.start.secs())
    }
}

/// A clip is silent by its settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unheard;

impl TrackSound {
    /// The [`offset`](Self::offset) of a track whose file is read `seconds` ahead of the source clock.
    pub fn offset_of(seconds: f64) -> i64 {
        samples_at(seconds)
    }
}

impl MusicSound {
    /// A music segment played from `source`, or `None` where its settings make it inaudible (cap-look.md 21.5).
    pub fn new(segment: &MusicSegment, source: usize) -> Option<Self> {
        let audible = segment.enabled && segment.end > segment.start && segment.volume_db > MUSIC_SILENT_DB;
        let sample = |seconds| u64::try_from(samples_at(seconds)).unwrap_or(0);
        audible.then(|| Self {
            source,
            span: sample(segment.start)..sample(segment.end),
            // A segment that starts before the output has played for that long already.
            start: samples_at(segment.trim_start).saturating_add(samples_at(-segment.start).max(0)),
            volume_db: segment.volume_db,
            fade_in: segment.fade_in,
            fade_out: segment.fade_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clip(speed: f64, speed_mode: Option<SpeedAudioMode>) -> ClipSound {
        ClipSound {
            span: 0..48_000,
            transition: None,
            gain: 1.0,
            start: SourceTime::from_secs(1.5),
            speed,
            speed_mode,
            segment: 0,
        }
    }

    fn segment() -> MusicSegment {
        MusicSegment {
            start: 1.0,
            end: 3.0,
            path: "music.mp3".into(),
            enabled: true,
            trim_start: 0.25,
            volume_db: -6.0,
            fade_in: 0.5,
            fade_out: 1.0,
        }
    }

    #[test]
    fn speed_one_is_played_straight_in_every_mode() {
        for mode in [None, Some(SpeedAudioMode::Mute), Some(SpeedAudioMode::MatchSpeed)] {
            assert_eq!(clip(1.0, mode).retime(), Ok(None));
        }
    }

    #[test]
    fn other_speeds_follow_their_mode() {
        assert_eq!(clip(2.0, None).retime(), Err(Unheard));
        assert_eq!(clip(2.0, Some(SpeedAudioMode::Mute)).retime(), Err(Unheard));
        for (mode, keep_pitch) in [
            (SpeedAudioMode::MaintainPitch, true),
            (SpeedAudioMode::MatchSpeed, false),
        ] {
            for speed in [0.25, 0.5, 2.0, 8.0] {
                assert_eq!(
                    clip(speed, Some(mode)).retime(),
                    Ok(Some(Retime { speed, keep_pitch }))
                );
            }
            for speed in [0.249, 8.001, 0.0, -1.0, f64::NAN] {
                assert_eq!(clip(speed, Some(mode)).retime(), Err(Unheard));
            }
        }
    }

    #[test]
    fn a_track_is_written_unless_nothing_could_be_heard() {
        let music = MusicSound::new(&segment(), 0).unwrap();
        let plan = |mute, music| SoundPlan {
            mute,
            music,
            ..SoundPlan::default()
        };
        assert!(plan(false, vec![]).has_track());
        assert!(!plan(true, vec![]).has_track());
        assert!(plan(true, vec![music]).has_track());
    }

    #[test]
    fn music_settings_become_samples() {
        let music = MusicSound::new(&segment(), 3).unwrap();
        assert_eq!(
            (music.source, music.span, music.start),
            (3, 48_000..144_000, 12_000)
        );
        let early = MusicSound::new(
            &MusicSegment {
                start: -0.5,
                ..segment()
            },
            0,
        )
        .unwrap();
        assert_eq!((early.span, early.start), (0..144_000, 36_000));
    }

    #[test]
    fn inaudible_music_is_left_out() {
        assert_eq!(
            MusicSound::new(
                &MusicSegment {
                    enabled: false,
                    ..segment()
                },
                0
            ),
            None
        );
        assert_eq!(
            MusicSound::new(
                &MusicSegment {
                    end: 1.0,
                    ..segment()
                },
                0
            ),
            None
        );
        assert_eq!(
            MusicSound::new(
                &MusicSegment {
                    volume_db: -60.0,
                    ..segment()
                },
                0
            ),
            None
        );
    }

    #[test]
    fn contradictions_are_refused() {
        let good = SoundPlan {
            total: 96_000,
            clips: vec![
                clip(1.0, None),
                ClipSound {
                    span: 48_000..96_000,
                    ..clip(1.0, None)
                },
            ],
            segments: vec![SegmentSound::default()],
            holds: vec![10..20, 30..40],
            ..SoundPlan::default()
        };
        assert!(good.check(0).is_ok());
        let mut overlapping = good.clone();
        overlapping.clips[1].span.start = 47_999;
        let mut joined = overlapping.clone();
        joined.clips[1].transition = Some(TransitionKind::CrossFade);
        assert!(joined.check(0).is_ok());
        let mut three = joined.clone();
        three.clips.push(ClipSound {
            span: 47_999..96_000,
            ..joined.clips[1].clone()
        });
        let mut no_segment = good.clone();
        no_segment.clips[0].segment = 1;
        let mut backwards = good.clone();
        backwards.clips.truncate(1);
        backwards.clips[0].span = Range { start: 5, end: 4 };
        let mut touching = good.clone();
        touching.holds[1].start = 20;
        let mut no_source = good.clone();
        no_source.segments[0].mic = Some(TrackSound {
            source: 0,
            offset: 0,
            volume_db: 0.0,
            stereo_mode: MicStereoMode::Stereo,
        });
        for (plan, says) in [
            (overlapping, "clip 1 starts before clip 0 ends"),
            (three, "clip 2 starts before clip 0 ends"),
            (no_segment, "clip 0 plays segment 1, of 1"),
            (backwards, "clip 0 ends before it starts"),
            (touching, "hold 1 is empty, or touches the one before"),
            (no_source, "source 0 is named, but there are 0"),
        ] {
            assert!(plan.check(0).unwrap_err().to_string().ends_with(says), "{says}");
        }
    }
}
