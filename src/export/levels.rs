//! The levels that waveforms show, measured before the first frame (cap-additions.md, `timeline.waveformSegments[]`).

use std::collections::BTreeMap;
use std::ops::Range;

use super::cancel::Cancel;
use super::error::ExportError;
use super::plan::Plan;
use super::sound_files::SoundFiles;
use crate::budget::Claim;
use crate::cap::MediaSource;
use crate::cap::config::MicStereoMode;
use crate::media::input::Allowed;
use crate::scene::{BANDS, LEVELS_A_SECOND, LevelSpan, Levels, SoundTrack};
use crate::sound::{HOP, LevelMeter, SampleSource, Stereo, TrackSound, WINDOW};

/// Moments that are measured of one reading of samples.
const AT_ONCE: usize = LEVELS_A_SECOND as usize;

/// Measures the tracks that waveforms show, as far as these frames show them, and hands the levels to the scene. What of a track is not
/// heard anywhere is silent.
pub(super) fn measure(
    plan: &mut Plan,
    frames: &Range<u64>,
    cancel: &Cancel,
    warnings: &mut Vec<String>,
) -> Result<(), ExportError> {
    let mut levels = BTreeMap::new();
    let mut claims: Vec<Claim> = Vec::new();
    let mut files: Option<SoundFiles> = None;
    for track in [SoundTrack::Mic, SoundTrack::System] {
        for span in plan.scene.sounding(track, frames) {
            let Some(heard) = heard(plan, track, span.segment) else {
                continue;
            };
            let (first, last) = moments(span);
            let count = usize::try_from(last - first + 1).unwrap_or(0);
            let bytes = count.saturating_mul(size_of::<[u16; BANDS]>()) as u64;
            match plan.budget.claim(bytes) {
                Ok(claim) => claims.push(claim),
                Err(error) => {
                    warnings.push(format!(
                        "waveforms stay flat over {:.0} s of segment {}: the levels of its {} can't be kept: {error}",
                        span.to - span.from,
                        span.segment,
                        name(track)
                    ));
                    continue;
                }
            }
            let files = match &files {
                Some(files) => files,
                None => files.insert(SoundFiles::new(&plan.budget)?),
            };
            let (mut source, _) = files.source(&heard.source, Allowed::Track)?;
            let measured = track_levels(&mut *source, &heard, first, count, cancel)?;
            levels.insert((span.segment, track), measured);
        }
    }
    plan.claims.extend(claims);
    plan.scene.set_levels(levels);
    Ok(())
}

/// A track as it is heard.
struct HeardTrack {
    name: String,
    source: MediaSource,
    /// Samples added to a source sample to get the file's.
    offset: i64,
    mode: MicStereoMode,
}

/// `None` where a segment has no such track, or it is not heard anywhere.
fn heard(plan: &Plan, track: SoundTrack, segment: usize) -> Option<HeardTrack> {
    let needs = plan.recording.needs();
    let number = u32::try_from(segment).ok()?;
    let recorded = plan.recording.segments.get(segment)?;
    let alignment = plan.alignments.get(segment)?;
    let (recorded, is_heard, offset, mode) = match track {
        SoundTrack::Mic => (
            &recorded.mic,
            needs.mic(number),
            alignment.mic,
            plan.recording.config.audio.mic_stereo_mode,
        ),
        SoundTrack::System => (
            &recorded.system_audio,
            needs.system_audio(number),
            alignment.system_audio,
            MicStereoMode::Stereo,
        ),
    };
    let recorded = recorded.as_ref().filter(|_| is_heard)?;
    Some(HeardTrack {
        name: format!("the {} of segment {segment}", name(track)),
        source: recorded.source.clone(),
        offset: TrackSound::offset_of(offset),
        mode,
    })
}

/// The first and the last moment that a span may ask for.
fn moments(span: LevelSpan) -> (i64, i64) {
    let rate = f64::from(LEVELS_A_SECOND);
    let first = (span.from * rate).floor() as i64 - Levels::MARGIN;
    let last = (span.to * rate).ceil() as i64 + Levels::MARGIN;
    (first, last.max(first))
}

fn name(track: SoundTrack) -> &'static str {
    match track {
        SoundTrack::Mic => "microphone",
        SoundTrack::System => "system sound",
    }
}

fn track_levels(
    source: &mut dyn SampleSource,
    heard: &HeardTrack,
    first: i64,
    count: usize,
    cancel: &Cancel,
) -> Result<Levels, ExportError> {
    let mut meter = LevelMeter::default();
    let mut samples: Vec<Stereo> = Vec::new();
    let mut mono: Vec<f32> = Vec::new();
    let mut moments = Vec::with_capacity(count);
    while moments.len() < count {
        if cancel.is_requested() {
            return Err(ExportError::Cancelled);
        }
        let some = AT_ONCE.min(count - moments.len());
        let moment = first + moments.len() as i64;
        samples.resize((some - 1) * HOP + WINDOW, [0.0; 2]);
        let from = moment * HOP as i64 + heard.offset - WINDOW as i64 / 2;
        source
            .read(from, &mut samples)
            .map_err(|source| ExportError::Levels {
                track: heard.name.clone(),
                source,
            })?;
        mono.clear();
        mono.extend(samples.iter().map(|[left, right]| match heard.mode {
            MicStereoMode::Stereo => (left + right) / 2.0,
            MicStereoMode::MonoL => *left,
            MicStereoMode::MonoR => *right,
        }));
        for number in 0..some {
            let window = &mono[number * HOP..number * HOP + WINDOW];
            let levels = meter.levels(window).unwrap_or([0.0; BANDS]);
            moments.push(levels.map(|level| (level * f64::from(u16::MAX)).round() as u16));
        }
    }
    Ok(Levels { first, moments })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::{BoxError, Channels, SAMPLE_RATE};

    /// 1 kHz at -20 dB on the left from file second 2 on, silence before and on the right.
    struct Beep;

    impl SampleSource for Beep {
        fn channels(&self) -> Channels {
            Channels::Stereo
        }

        fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError> {
            for (number, sample) in (position..).zip(out) {
                let turn = std::f64::consts::TAU * 1000.0 * number as f64 / f64::from(SAMPLE_RATE);
                let on = number >= 2 * i64::from(SAMPLE_RATE);
                *sample = [if on { (0.1 * turn.sin()) as f32 } else { 0.0 }, 0.0];
            }
            Ok(())
        }
    }

    /// The file runs half a second ahead of the source clock: the beep is heard from source second 1.5 on.
    #[test]
    fn levels_stand_at_the_time_of_their_source() {
        let of = |mode| {
            let heard = HeardTrack {
                name: "the beep".to_owned(),
                source: MediaSource::File("beep.ogg".into()),
                offset: 24_000,
                mode,
            };
            track_levels(&mut Beep, &heard, 60, 121, &Cancel::new()).unwrap()
        };
        let left = of(MicStereoMode::MonoL);
        assert_eq!((left.first, left.moments.len()), (60, 121));
        // Band 18 holds 1 kHz, and its middle, 1015 Hz, adds 0.07 dB.
        let level = |levels: &Levels, time: f64| levels.at(time, 0.0)[18];
        assert!(level(&left, 1.45) < 0.01);
        assert!((level(&left, 1.55) - (-20.0 + 0.066 + 75.0) / 60.0).abs() < 0.002);
        // Half of it on both sides is 6.02 dB less.
        let both = of(MicStereoMode::Stereo);
        assert!((level(&both, 2.0) - (-26.02 + 0.066 + 75.0) / 60.0).abs() < 0.002);
        assert_eq!(of(MicStereoMode::MonoR).moments[100], [0; BANDS]);
    }

    #[test]
    fn a_span_is_measured_with_what_smoothing_reads() {
        let span = LevelSpan {
            segment: 0,
            from: 1.0,
            to: 1.5,
        };
        assert_eq!(moments(span), (60 - 7, 90 + 7));
    }

    #[test]
    fn a_request_to_stop_is_heard() {
        let cancel = Cancel::new();
        cancel.request();
        let heard = HeardTrack {
            name: "the beep".to_owned(),
            source: MediaSource::File("beep.ogg".into()),
            offset: 0,
            mode: MicStereoMode::Stereo,
        };
        let stopped = track_levels(&mut Beep, &heard, 0, 10, &cancel);
        assert!(matches!(stopped, Err(ExportError::Cancelled)));
    }
}
