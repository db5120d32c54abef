//! What only decoding shows: every track of a recording from its first picture or sample to its last, for `inspect --decode`.

use super::error::ExportError;
use super::plan::Plan;
use super::sound_files::SoundFiles;
use super::sources::damage_of;
use crate::cap::MediaSource;
use crate::cap::meta::VideoTrack;
use crate::cap::recording::InstantRecording;
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::input::Allowed;
use crate::media::probe::{probe_audio, probe_video};
use crate::sound::SAMPLE_RATE;
use crate::time::MediaTime;

/// Seconds from one picture that is asked for to the next: near enough for no decoder to seek in between.
const STEP: f64 = 0.5;
/// Samples that are read together.
const SAMPLES: usize = 48_000;

/// Decodes every track of `plan`'s recording and tells what of it is damaged, a sentence each. Takes as long as decoding does.
///
/// # Errors
/// When no more can be kept in memory; what can't be decoded is told, not an error.
pub fn decode_all(plan: &Plan) -> Result<Vec<String>, ExportError> {
    let mut found = Vec::new();
    let sounds = SoundFiles::new(&plan.budget)?;
    for (index, (segment, media)) in plan.recording.segments.iter().zip(&plan.media).enumerate() {
        let camera = segment.camera.as_ref().zip(media.camera.as_ref());
        let videos = [
            Some(("display", (&segment.display, &media.display))),
            camera.map(|both| ("camera", both)),
        ];
        for (name, (track, info)) in videos.into_iter().flatten() {
            let told = video(&track.source, track.meta.nominal_fps(), info.duration);
            found.extend(
                told.into_iter()
                    .map(|told| format!("{name} of segment {index}: {told}")),
            );
        }
        let tracks = [
            (segment.mic.as_ref(), media.mic.as_ref()),
            (segment.system_audio.as_ref(), media.system_audio.as_ref()),
        ];
        for (track, info) in tracks {
            if let (Some(track), Some(info)) = (track, info) {
                found.extend(sound(&sounds, &track.source, info.duration));
            }
        }
    }
    found.extend(sounds.damage());
    Ok(found)
}

/// The same for an instant recording.
///
/// # Errors
/// As [`decode_all`].
pub fn decode_all_instant(recording: &InstantRecording) -> Result<Vec<String>, ExportError> {
    let info = probe_video(&recording.video)?;
    let mut found = video(&recording.video, VideoTrack::DEFAULT_FPS, info.duration);
    if let Some(audio) = &recording.audio {
        let sounds = SoundFiles::new(&crate::budget::Budget::default())?;
        let info = probe_audio(audio, Allowed::Track)?;
        found.extend(sound(&sounds, audio, info.duration));
        found.extend(sounds.damage());
    }
    Ok(found)
}

/// A track of `duration` seconds.
fn video(source: &MediaSource, nominal_fps: u32, duration: f64) -> Vec<String> {
    let options = DecodeOptions {
        nominal_fps,
        hardware: HardwareChoice::Off,
        threads: 0,
    };
    let mut decoder = match VideoDecoder::open(source, &options) {
        Ok((decoder, _)) => decoder,
        Err(error) => return vec![crate::causes::one_line(&error)],
    };
    let mut found = Vec::new();
    for step in 0..=(duration / STEP).ceil() as u64 {
        let time = step as f64 * STEP;
        if let Err(error) = decoder.picture_at(MediaTime::from_secs(time)) {
            found.push(format!(
                "decoding ends at {time:.1} s: {}",
                crate::causes::one_line(&error)
            ));
            break;
        }
    }
    found.extend(damage_of(&decoder.stats()));
    found
}

/// A track of `duration` seconds; its damage is known to `sounds` afterwards.
fn sound(sounds: &SoundFiles, source: &MediaSource, duration: f64) -> Option<String> {
    let read = || -> Result<(), crate::sound::BoxError> {
        let (mut track, _) = sounds.source(source, Allowed::Track)?;
        let mut samples = vec![[0.0; 2]; SAMPLES];
        let last = (duration * f64::from(SAMPLE_RATE)).ceil() as i64;
        for position in (0..last).step_by(SAMPLES) {
            track.read(position, &mut samples)?;
        }
        Ok(())
    };
    read().err().map(|error| crate::causes::one_line(&*error))
}
