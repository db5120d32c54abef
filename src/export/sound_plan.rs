//! The sound of an export: which samples of which file are heard when (cap-look.md 21).

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use super::error::ExportError;
use super::plan::Plan;
use super::report::{DecoderPath, ImprovedMicrophone, Paths};
use super::settings::ExportSettings;
use super::sound_files::SoundFiles;
use crate::cap::MediaSource;
use crate::cap::config::{AudioConfig, MicStereoMode};
use crate::cap::meta::AudioTrack;
use crate::cap::recording::Track;
use crate::causes::one_line;
use crate::media::input::Allowed;
use crate::media::retime;
use crate::scene::Timeline;
use crate::sound::{
    ClipSound, Improved, Improvement, Mixer, MusicSound, SAMPLE_RATE, SampleSource, SegmentSound, SoundPlan,
    TrackSound, samples_at, samples_in_frames,
};

/// The sound of an export, opened.
pub(super) struct OpenedSound {
    /// `None` when no track is to be written.
    pub mixer: Option<Mixer>,
    /// Tell afterwards what was damaged.
    pub files: SoundFiles,
    improved: Vec<(usize, Arc<OnceLock<Improvement>>)>,
}

impl OpenedSound {
    /// No sound.
    pub(super) fn none(plan: &Plan) -> Result<Self, ExportError> {
        Ok(Self {
            mixer: None,
            files: SoundFiles::new(&plan.budget)?,
            improved: Vec::new(),
        })
    }

    /// What was made of the microphones that were heard.
    pub(super) fn improved(&self) -> Vec<ImprovedMicrophone> {
        let made = self.improved.iter().filter_map(|(segment, made)| {
            let improvement = *made.get()?;
            Some(ImprovedMicrophone {
                segment: *segment,
                improvement,
            })
        });
        made.collect()
    }
}

/// Opens every sound that is heard before the end of the first `frames` frames.
pub(super) fn open(
    plan: &Plan,
    settings: &ExportSettings,
    frames: u64,
    paths: &mut Paths,
    warnings: &mut Vec<String>,
) -> Result<OpenedSound, ExportError> {
    let config = &plan.recording.config.audio;
    let mut opener = Opener {
        files: SoundFiles::new(&plan.budget)?,
        opened: 0,
        sources: Vec::new(),
        improved: Vec::new(),
        paths,
    };
    let mut sound = SoundPlan {
        total: samples_in_frames(frames, settings.frame_rate),
        mute: config.mute,
        clips: clips(plan.scene.timeline()),
        segments: vec![SegmentSound::default(); plan.recording.segments.len()],
        holds: holds(plan.scene.timeline()),
        music: Vec::new(),
    };
    if !config.mute {
        opener.recorded(plan, config, &mut sound)?;
    }
    opener.music(plan, &mut sound, warnings);
    let Opener {
        files,
        opened,
        sources,
        improved,
        ..
    } = opener;
    paths.sound = if !sound.has_track() {
        "none: muted, and no music".to_owned()
    } else if sources.is_empty() {
        "aac, silent: the recording has no sound that is heard".to_owned()
    } else {
        format!("aac, {opened} sources")
    };
    let mixer = if sound.has_track() {
        Some(Mixer::new(sound, sources, retime::retimers())?)
    } else {
        None
    };
    Ok(OpenedSound {
        mixer,
        files,
        improved,
    })
}

/// The clips on the recording's sample clock.
fn clips(timeline: &Timeline) -> Vec<ClipSound> {
    let sample = |seconds| u64::try_from(samples_at(seconds)).unwrap_or(0);
    let sounds = timeline.clips().iter().map(|clip| ClipSound {
        span: sample(clip.play_start())..sample(clip.play_start() + clip.duration),
        transition: clip.transition_in.map(|transition| transition.kind),
        gain: clip.gain,
        start: clip.source_start,
        speed: clip.speed,
        speed_mode: Some(clip.audio_mode),
        segment: clip.segment,
    });
    let mut sounds: Vec<ClipSound> = sounds.collect();
    // Borders are where clips start: rounding must make no overlaps of its own.
    for index in 1..sounds.len() {
        let start = sounds[index].span.start;
        if sounds[index].transition.is_none() {
            sounds[index - 1].span.end = start;
        }
        if let Some(earlier) = index.checked_sub(2) {
            let end = &mut sounds[earlier].span.end;
            *end = (*end).min(start);
        }
    }
    sounds
}

fn holds(timeline: &Timeline) -> Vec<std::ops::Range<u64>> {
    let sample = |seconds| u64::try_from(samples_at(seconds)).unwrap_or(0);
    let spans = timeline
        .holds()
        .iter()
        .map(|hold| sample(hold.start.secs())..sample(hold.end.secs()));
    spans.filter(|span| !span.is_empty()).collect()
}

struct Opener<'a> {
    files: SoundFiles,
    /// Files so far.
    opened: usize,
    sources: Vec<Box<dyn SampleSource>>,
    /// Microphones that are improved, by segment.
    improved: Vec<(usize, Arc<OnceLock<Improvement>>)>,
    paths: &'a mut Paths,
}

impl Opener<'_> {
    /// Microphone and system sound of the segments that a clip plays.
    fn recorded(
        &mut self,
        plan: &Plan,
        config: &AudioConfig,
        sound: &mut SoundPlan,
    ) -> Result<(), ExportError> {
        let needs = plan.recording.needs();
        for (number, (index, segment)) in (0_u32..).zip(plan.recording.segments.iter().enumerate()) {
            if !sound.clips.iter().any(|clip| clip.segment == index) {
                continue;
            }
            let alignment = &plan.alignments[index];
            let mut track =
                |track: &Option<Track<AudioTrack>>, heard, name, offset, volume_db, stereo_mode| {
                    let Some(track) = track.as_ref().filter(|_| heard) else {
                        return Ok(None);
                    };
                    let source = self.open(&track.source, Allowed::Track, index, name)?;
                    Ok::<_, ExportError>(Some(TrackSound {
                        source,
                        offset: TrackSound::offset_of(offset),
                        volume_db,
                        stereo_mode,
                    }))
                };
            sound.segments[index] = SegmentSound {
                mic: track(
                    &segment.mic,
                    needs.mic(number),
                    "mic",
                    alignment.mic,
                    config.mic_volume_db,
                    config.mic_stereo_mode,
                )?,
                system: track(
                    &segment.system_audio,
                    needs.system_audio(number),
                    "system_audio",
                    alignment.system_audio,
                    config.system_volume_db,
                    MicStereoMode::Stereo,
                )?,
            };
            if let Some(mic) = sound.segments[index].mic.as_ref().filter(|_| config.improve) {
                self.improve(mic, index, config.isolation.wet(), &sound.clips);
            }
        }
        Ok(())
    }

    /// Improves the microphone of segment `index` (cap-additions.md, `audio.improve`).
    fn improve(&mut self, mic: &TrackSound, index: usize, wet: f64, clips: &[ClipSound]) {
        // Nothing is heard behind the end of the last clip, but for the samples that a change of speed looks ahead.
        let ends = clips.iter().filter(|clip| clip.segment == index).map(|clip| {
            let played = (clip.span.end - clip.span.start) as f64 / f64::from(SAMPLE_RATE);
            samples_at(clip.start.secs() + played * clip.speed)
        });
        let last = ends.max().unwrap_or(0).saturating_add(mic.offset);
        let length = u64::try_from(last)
            .unwrap_or(0)
            .saturating_add(u64::from(SAMPLE_RATE));
        let recorded = self.sources.remove(mic.source);
        let improved = Improved::new(recorded, length, wet);
        self.improved.push((index, improved.improvement()));
        self.sources.insert(mic.source, Box::new(improved));
    }

    /// Music. What can't be decoded is left out with a warning (cap-look.md 21.5).
    fn music(&mut self, plan: &Plan, sound: &mut SoundPlan, warnings: &mut Vec<String>) {
        let mut broken = BTreeSet::new();
        for (index, music) in plan.recording.music.iter().enumerate() {
            if MusicSound::new(&music.segment, 0).is_none() || broken.contains(&music.file) {
                continue;
            }
            match self.open(
                &MediaSource::File(music.file.clone()),
                Allowed::Music,
                index,
                "music",
            ) {
                Ok(source) => sound.music.extend(MusicSound::new(&music.segment, source)),
                Err(error) => {
                    broken.insert(&music.file);
                    warnings.push(format!(
                        "music {:?} is left out: {}",
                        music.segment.path,
                        one_line(&error)
                    ));
                }
            }
        }
    }

    fn open(
        &mut self,
        source: &MediaSource,
        allowed: Allowed,
        segment: usize,
        track: &str,
    ) -> Result<usize, ExportError> {
        let (reader, report) = self.files.source(source, allowed)?;
        if let Some(report) = report {
            self.opened += 1;
            self.paths.decoders.push(DecoderPath {
                segment,
                track: track.to_owned(),
                decoder: report.codec,
                hardware: None,
            });
        }
        self.sources.push(reader);
        Ok(self.sources.len() - 1)
    }
}
