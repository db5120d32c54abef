//! Renders a plan, front to back.

use super::gain::{Route, clamp, music_gain, track_gain, transition_weights};
use super::plan::{ClipSound, MusicSound, SegmentSound, SoundPlan, TrackSound, Unheard};
use super::retimed::{RetimedClip, RetimerFactory};
use super::{BoxError, SAMPLE_RATE, SampleSource, SoundError, Stereo};
use crate::cap::config::{MicStereoMode, TransitionKind};

/// Most samples rendered at a time: bounds the scratch buffer.
const BLOCK: usize = 4096;

/// Renders the sound of an export in order: recording tracks, speed, holds, music (cap-look.md 21).
pub struct Mixer {
    plan: SoundPlan,
    sources: Sources,
    retimers: RetimerFactory,
    /// Output sample that is rendered next.
    position: u64,
    /// First hold that does not lie wholly before `position`.
    hold: usize,
    /// Samples of the holds before it.
    held: u64,
    /// First clip that does not lie wholly before the recording's clock.
    clip: usize,
    /// That clip and the next one, where they have begun.
    playing: [Option<Playing>; 2],
    /// Samples of the next clip during a transition.
    incoming: Vec<Stereo>,
}

/// How the clip at hand is rendered.
enum Playing {
    Straight,
    Retimed(RetimedClip),
    Silent,
}

/// What covers the output from some sample on.
enum Span {
    /// Nothing of the recording.
    Silence,
    /// The clip at hand, at this recording sample.
    Clip(u64),
    /// The clip at hand and the next one, at this recording sample.
    Transition(u64),
}

impl Mixer {
    /// A mixer at the first sample of `plan`.
    ///
    /// # Errors
    /// [`SoundError::Plan`] when the plan contradicts itself or names a source that is not in `sources`.
    pub fn new(
        plan: SoundPlan,
        sources: Vec<Box<dyn SampleSource>>,
        retimers: RetimerFactory,
    ) -> Result<Self, SoundError> {
        plan.check(sources.len())?;
        Ok(Self {
            plan,
            sources: Sources {
                all: sources,
                scratch: Vec::new(),
            },
            retimers,
            position: 0,
            hold: 0,
            held: 0,
            clip: 0,
            playing: [None, None],
            incoming: Vec::new(),
        })
    }

    /// Output sample that is rendered next.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Goes on to output sample `position`, which must not lie before [`Self::position`]. What follows is what would have been
    /// heard there: nothing in between is read but the beginning of a clip that plays at another speed, whose sound depends
    /// on all of the clip before it.
    pub fn skip_to(&mut self, position: u64) {
        if position > self.position {
            self.position = position;
            // Clips that have begun would go on where they were.
            self.playing = [None, None];
        }
    }

    /// Writes the next samples and says how many: all that `out` holds, fewer only where the plan's total is reached.
    /// The samples do not depend on how they are divided into calls.
    ///
    /// # Errors
    /// [`SoundError::Read`] and [`SoundError::Retime`] when a source or a retimer fails.
    pub fn fill(&mut self, out: &mut [Stereo]) -> Result<usize, SoundError> {
        let left = self.plan.total.saturating_sub(self.position);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let mut rest = &mut out[..wanted];
        while !rest.is_empty() {
            let (span, length) = self.span();
            let length = usize::try_from(length)
                .unwrap_or(usize::MAX)
                .min(rest.len())
                .min(BLOCK);
            let (block, after) = rest.split_at_mut(length);
            match span {
                Span::Silence => block.fill([0.0; 2]),
                Span::Clip(clock) => self.recording(0, clock, block)?,
                Span::Transition(clock) => self.transition(clock, block)?,
            }
            for music in &self.plan.music {
                self.sources.add_music(music, self.position, block)?;
            }
            self.position += length as u64;
            rest = after;
        }
        Ok(wanted)
    }

    /// What is heard of the recording at `position`, and for how many samples that stays so.
    fn span(&mut self) -> (Span, u64) {
        while let Some(hold) = self
            .plan
            .holds
            .get(self.hold)
            .filter(|hold| hold.end <= self.position)
        {
            self.held += hold.end - hold.start;
            self.hold += 1;
        }
        let until_hold = match self.plan.holds.get(self.hold) {
            Some(hold) if hold.start <= self.position => return (Span::Silence, hold.end - self.position),
            Some(hold) => hold.start - self.position,
            None => u64::MAX,
        };
        let clock = self.position - self.held;
        while self
            .plan
            .clips
            .get(self.clip)
            .is_some_and(|clip| clip.span.end <= clock)
        {
            self.clip += 1;
            self.playing.swap(0, 1);
            self.playing[1] = None;
        }
        let Some(clip) = self.plan.clips.get(self.clip) else {
            return (Span::Silence, until_hold);
        };
        if clip.span.start > clock {
            return (Span::Silence, until_hold.min(clip.span.start - clock));
        }
        let length = until_hold.min(clip.span.end - clock);
        match self.plan.clips.get(self.clip + 1) {
            Some(next) if next.span.start <= clock && clock < next.span.end => {
                (Span::Transition(clock), length.min(next.span.end - clock))
            }
            Some(next) if next.span.start > clock => (Span::Clip(clock), length.min(next.span.start - clock)),
            _ => (Span::Clip(clock), length),
        }
    }

    /// Renders samples of the clip at hand and of the next one, mixed (cap-look.md 21.4).
    fn transition(&mut self, clock: u64, out: &mut [Stereo]) -> Result<(), SoundError> {
        let mut incoming = std::mem::take(&mut self.incoming);
        incoming.clear();
        incoming.resize(out.len(), [0.0; 2]);
        self.recording(0, clock, out)?;
        self.recording(1, clock, &mut incoming)?;
        let (before, next) = (&self.plan.clips[self.clip], &self.plan.clips[self.clip + 1]);
        // Plans are checked: clips that overlap are joined by one.
        let kind = next.transition.unwrap_or(TransitionKind::CrossFade);
        let length = (before.span.end - next.span.start) as f64;
        for ((out, into), at) in out.iter_mut().zip(&incoming).zip(clock - next.span.start..) {
            let [going, coming] = transition_weights(kind, at as f64 / length);
            *out = clamp([0, 1].map(|side| out[side] * going + into[side] * coming));
        }
        self.incoming = incoming;
        Ok(())
    }

    /// Renders samples of the clip at hand, or of the next one where `ahead` is 1, from recording sample `clock` on.
    fn recording(&mut self, ahead: usize, clock: u64, out: &mut [Stereo]) -> Result<(), SoundError> {
        let clip = &self.plan.clips[self.clip + ahead];
        let at = clock - clip.span.start;
        let segment = &self.plan.segments[clip.segment];
        let output = self.position;
        // Samples of a clip that begins behind what was rendered so far come from its start; `skip_to` may lead into one.
        let mut skipped = if self.playing[ahead].is_none() { at } else { 0 };
        let playing = match &mut self.playing[ahead] {
            Some(playing) => playing,
            none => none.insert(if self.plan.mute || clip.gain <= 0.0 {
                Playing::Silent
            } else {
                Playing::new(clip, &mut self.retimers).map_err(|source| retime_error(clip, output, source))?
            }),
        };
        match playing {
            Playing::Silent => out.fill([0.0; 2]),
            Playing::Straight => {
                let first = clip.first_sample().saturating_add_unsigned(at);
                self.sources.mix((segment, clip.gain), first, output, out)?;
            }
            Playing::Retimed(retimed) => {
                let sources = &mut self.sources;
                let mut mix = |first, block: &mut [Stereo]| {
                    sources
                        .mix((segment, clip.gain), first, output, block)
                        .map_err(RetimedError::Read)
                };
                let failed = |error| match error {
                    RetimedError::Read(error) => error,
                    RetimedError::Retime(source) => retime_error(clip, output, source),
                };
                while skipped > 0 {
                    let count = out.len().min(usize::try_from(skipped).unwrap_or(usize::MAX));
                    retimed.read(&mut out[..count], &mut mix).map_err(failed)?;
                    skipped -= count as u64;
                }
                retimed.read(out, mix).map_err(failed)?;
                out.iter_mut().for_each(|sample| *sample = clamp(*sample));
            }
        }
        Ok(())
    }
}

impl Playing {
    fn new(clip: &ClipSound, retimers: &mut RetimerFactory) -> Result<Self, BoxError> {
        Ok(match clip.retime() {
            Err(Unheard) => Self::Silent,
            Ok(None) => Self::Straight,
            Ok(Some(retime)) => {
                let samples = clip.span.end - clip.span.start;
                let retimer = retimers(retime)?;
                Self::Retimed(RetimedClip::new(
                    retimer,
                    retime.speed,
                    clip.first_sample(),
                    samples,
                ))
            }
        })
    }
}

/// Tells a failing source from a failing retimer.
enum RetimedError {
    Read(SoundError),
    Retime(BoxError),
}

impl From<BoxError> for RetimedError {
    fn from(source: BoxError) -> Self {
        Self::Retime(source)
    }
}

fn retime_error(clip: &ClipSound, output: u64, source: BoxError) -> SoundError {
    SoundError::Retime {
        speed: clip.speed,
        at: seconds(output as f64),
        source,
    }
}

fn seconds(samples: f64) -> f64 {
    samples / f64::from(SAMPLE_RATE)
}

struct Sources {
    all: Vec<Box<dyn SampleSource>>,
    scratch: Vec<Stereo>,
}

impl Sources {
    /// Renders microphone and system sound of a segment, times a factor, from source sample `first` on (cap-look.md 21.2).
    /// `output` is the output sample at hand, for errors.
    fn mix(
        &mut self,
        (segment, factor): (&SegmentSound, f64),
        first: i64,
        output: u64,
        out: &mut [Stereo],
    ) -> Result<(), SoundError> {
        out.fill([0.0; 2]);
        for track in [&segment.mic, &segment.system].into_iter().flatten() {
            let TrackSound {
                source,
                offset,
                volume_db,
                stereo_mode,
            } = *track;
            let Some(gain) = track_gain(volume_db) else {
                continue;
            };
            let route = Route::new(self.all[source].channels(), stereo_mode, gain * factor as f32);
            let read = self.read(source, first.saturating_add(offset), output, out.len())?;
            for (sum, &sample) in out.iter_mut().zip(read) {
                let [left, right] = route.apply(sample);
                *sum = [sum[0] + left, sum[1] + right];
            }
        }
        out.iter_mut().for_each(|sample| *sample = clamp(*sample));
        Ok(())
    }

    /// Adds the part of `music` that falls on the output samples from `position` on (cap-look.md 21.5).
    fn add_music(&mut self, music: &MusicSound, position: u64, out: &mut [Stereo]) -> Result<(), SoundError> {
        let start = music.span.start.max(position);
        let end = music.span.end.min(position + out.len() as u64);
        let Some(gain) = music_gain(music.volume_db).filter(|_| start < end) else {
            return Ok(());
        };
        let route = Route::new(self.all[music.source].channels(), MicStereoMode::Stereo, gain);
        let first = music.start.saturating_add_unsigned(start - music.span.start);
        let out = &mut out[(start - position) as usize..(end - position) as usize];
        let read = self.read(music.source, first, start, out.len())?;
        for ((sum, &sample), j) in out.iter_mut().zip(read).zip(start..) {
            let fade = fade(music, j);
            let [left, right] = route.apply(sample);
            *sum = clamp([sum[0] + left * fade, sum[1] + right * fade]);
        }
        Ok(())
    }

    fn read(
        &mut self,
        source: usize,
        position: i64,
        output: u64,
        samples: usize,
    ) -> Result<&[Stereo], SoundError> {
        self.scratch.clear();
        self.scratch.resize(samples, [0.0; 2]);
        self.all[source]
            .read(position, &mut self.scratch)
            .map_err(|source| SoundError::Read {
                seconds: seconds(position as f64),
                at: seconds(output as f64),
                source,
            })?;
        Ok(&self.scratch)
    }
}

/// Linear ramps of `music` at output sample `j` of its span.
fn fade(music: &MusicSound, j: u64) -> f32 {
    let local = seconds((j - music.span.start) as f64);
    let remaining = seconds((music.span.end - j) as f64);
    let mut gain = 1.0;
    if local < music.fade_in {
        gain *= local / music.fade_in;
    }
    if remaining <= music.fade_out && music.fade_out > 0.0 {
        gain *= remaining / music.fade_out;
    }
    gain as f32
}

#[cfg(test)]
mod tests;
