//! Looks at a joined file as a player would.

use std::path::Path;

use super::error::ShardError;
use super::plan::ShardPlan;
use crate::cap::MediaSource;
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::input::Allowed;
use crate::media::probe::{list_pictures, probe_audio, probe_video};
use crate::time::MediaTime;

/// Most by which a time in the file may be off, seconds: half a tick of 90 kHz, and rounding.
const CLOCK: f64 = 1e-5;
/// Most by which the sound may be shorter or longer than planned, seconds: one frame of AAC.
const SOUND: f64 = 1024.0 / 48_000.0;

/// What a finished file was found to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JoinedFacts {
    /// Frames that it shows.
    pub frames: u64,
    /// Coded pictures.
    pub pictures: u64,
    /// Places where one part follows another; pictures on both sides of each were decoded.
    pub borders: usize,
}

/// Checks that `file` holds pictures at `times`, frames from 0 on, in order and once each, that pictures decode at every border,
/// and that the sound is as long as planned.
pub(super) fn look(plan: &ShardPlan, file: &Path, mut times: Vec<i64>) -> Result<JoinedFacts, ShardError> {
    let source = MediaSource::named(file);
    let rate = f64::from(plan.settings.frame_rate.fps());
    times.sort_unstable();
    if let Some(pair) = times.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(ShardError::Joined(format!("frame {} is there twice", pair[0])));
    }
    let mut found: Vec<f64> = list_pictures(&source)?
        .iter()
        .map(|picture| picture.seconds)
        .collect();
    found.sort_by(f64::total_cmp);
    if found.len() != times.len() {
        return Err(ShardError::Joined(format!(
            "it holds {} pictures in the place of {}",
            found.len(),
            times.len()
        )));
    }
    for (seconds, frame) in found.iter().zip(&times) {
        if (seconds - *frame as f64 / rate).abs() > CLOCK {
            return Err(ShardError::Joined(format!(
                "frame {frame} is shown at {seconds:.6} s"
            )));
        }
    }
    let video = probe_video(&source)?;
    let length = plan.frames() as f64 / rate;
    if (video.duration - length).abs() > 1.0 / rate || video.size != plan.size {
        return Err(ShardError::Joined(format!(
            "its video is {} and lasts {:.3} s in the place of {} and {length:.3} s",
            video.size, video.duration, plan.size
        )));
    }
    if let Some(sound) = plan.sound {
        let seconds = probe_audio(&source, Allowed::Track)?.duration;
        let planned = sound.samples as f64 / 48_000.0;
        if (seconds - planned).abs() > SOUND {
            return Err(ShardError::Joined(format!(
                "its sound lasts {seconds:.3} s in the place of {planned:.3} s"
            )));
        }
    }
    let borders = decode_borders(plan, &source)?;
    Ok(JoinedFacts {
        frames: plan.frames(),
        pictures: found.len() as u64,
        borders,
    })
}

/// Decodes the first two pictures of every part.
fn decode_borders(plan: &ShardPlan, source: &MediaSource) -> Result<usize, ShardError> {
    let options = DecodeOptions {
        nominal_fps: plan.settings.frame_rate.fps(),
        hardware: HardwareChoice::Off,
        threads: 1,
    };
    let rate = plan.settings.frame_rate;
    let (mut decoder, _) = VideoDecoder::open(source, &options)?;
    for part in &plan.parts {
        for frame in [part.first, (part.first + 1).min(part.end - 1)] {
            let seconds = rate.time_of(frame - plan.first).secs();
            decoder.picture_at(MediaTime::from_secs(seconds))?;
            if decoder.stats().damaged > 0 {
                return Err(ShardError::Joined(format!(
                    "frame {frame}, at the beginning of part {}, does not decode",
                    part.part
                )));
            }
        }
    }
    Ok(plan.parts.len() - 1)
}
