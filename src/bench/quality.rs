//! What encoding did to the pictures: output frames against the same frames rendered and not encoded.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::BenchError;
use super::similarity::{Luma, psnr, ssim};
use crate::cap::MediaSource;
use crate::frame::{Nv12Frame, PlaneView, Size};
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::input::Allowed;
use crate::media::nv12::ToNv12;
use crate::media::probe::{probe_audio, probe_video};
use crate::time::{FrameRate, MediaTime};

/// Parts of the output whose frames are looked at.
const PARTS: [u64; 5] = [0, 25, 50, 75, 100];

/// What an output looks like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quality {
    /// Frames at 0, 25, 50, 75 and 100 % of the output.
    pub frames: Vec<FrameQuality>,
    /// Smallest SSIM of them.
    pub ssim_min: f64,
    /// Smallest PSNR of them, dB.
    pub psnr_min_db: f64,
    /// Frames that the timeline asks for.
    pub frames_expected: u64,
    /// Frames' worth of time in the file.
    pub frames_in_file: u64,
    /// Pictures in the file: fewer than frames at variable frame rate.
    pub pictures_in_file: Option<u64>,
    /// Seconds of video.
    pub video_s: f64,
    /// Seconds of sound; null without sound.
    pub audio_s: Option<f64>,
    /// Seconds by which the sound is longer than the video; null without sound.
    pub audio_minus_video_s: Option<f64>,
    /// Size of the file, bytes.
    pub bytes: u64,
}

/// One frame, luma only.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrameQuality {
    /// Output frame, from 0.
    pub frame: u64,
    /// Peak signal-to-noise ratio in dB; 100 where the pictures are equal.
    pub psnr_db: f64,
    /// Structural similarity: 1 where the pictures are equal.
    pub ssim: f64,
}

/// A frame before and after encoding.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Output frame.
    pub frame: u64,
    /// As it was rendered.
    pub rendered: Nv12Frame,
    /// As it is decoded from the output.
    pub encoded: Nv12Frame,
}

/// What a finished file is by its tracks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tracks {
    size: Size,
    pictures: Option<u64>,
    video_s: f64,
    audio_s: Option<f64>,
}

impl Tracks {
    /// Probes `output`. `sound` says whether it should have any.
    ///
    /// # Errors
    /// When it can't be read, or has no sound although it should.
    pub fn of(output: &Path, sound: bool) -> Result<Self, BenchError> {
        let source = MediaSource::named(output);
        let video = probe_video(&source)?;
        let audio = if sound {
            Some(probe_audio(&source, Allowed::Track)?)
        } else {
            None
        };
        Ok(Self {
            size: video.size,
            pictures: video.frames,
            video_s: video.duration,
            audio_s: audio.map(|audio| audio.duration),
        })
    }

    /// Whether they are what an export said it wrote: so many frames of that size at that rate, in so many pictures.
    ///
    /// # Errors
    /// When not.
    pub fn check(&self, frames: u64, pictures: u64, size: Size, rate: FrameRate) -> Result<(), BenchError> {
        let wrong = |reason: String| Err(BenchError::Output { reason });
        if self.size != size {
            return wrong(format!("its pictures are {} instead of {size}", self.size));
        }
        if self.frames(rate) != frames {
            return wrong(format!(
                "it lasts {} frames instead of {frames}",
                self.frames(rate)
            ));
        }
        match self.pictures {
            Some(found) if found != pictures => {
                wrong(format!("it has {found} pictures instead of {pictures}"))
            }
            _ => Ok(()),
        }
    }

    /// Frames' worth of time.
    fn frames(&self, rate: FrameRate) -> u64 {
        (self.video_s * f64::from(rate.fps())).round() as u64
    }
}

/// The output frames that are looked at, ascending, each once.
pub fn sample_frames(total: u64) -> Vec<u64> {
    let mut frames: Vec<u64> = PARTS
        .iter()
        .map(|part| total.saturating_sub(1) * part / 100)
        .collect();
    frames.dedup();
    frames
}

/// Decodes the frames of `output` that `rendered` holds, and judges them.
///
/// # Errors
/// When the output can't be decoded.
pub fn judge(
    output: &Path,
    rendered: Vec<(u64, Nv12Frame)>,
    tracks: &Tracks,
    expected: u64,
    rate: FrameRate,
) -> Result<(Quality, Vec<Pair>), BenchError> {
    let options = DecodeOptions {
        nominal_fps: rate.fps(),
        hardware: HardwareChoice::Off,
        threads: 0,
    };
    let (mut decoder, _) = VideoDecoder::open(&MediaSource::named(output), &options)?;
    let mut to_nv12 = ToNv12::new(tracks.size);
    let mut pairs = Vec::new();
    let mut frames = Vec::new();
    for (frame, rendered) in rendered {
        let picture = decoder.picture_at(MediaTime::from_secs(rate.time_of(frame).secs()))?;
        let mut encoded = Nv12Frame::new(tracks.size);
        to_nv12
            .convert(&picture, &mut encoded)
            .map_err(|source| BenchError::Ffmpeg {
                action: "take over a decoded picture",
                source,
            })?;
        let (Some(psnr_db), Some(ssim)) = (
            psnr(luma(&encoded), luma(&rendered)),
            ssim(luma(&encoded), luma(&rendered)),
        ) else {
            let reason = format!(
                "frame {frame} is {} and was rendered at {}",
                encoded.size, rendered.size
            );
            return Err(BenchError::Output { reason });
        };
        frames.push(FrameQuality { frame, psnr_db, ssim });
        pairs.push(Pair {
            frame,
            rendered,
            encoded,
        });
    }
    let bytes = std::fs::metadata(output)
        .map_err(|source| BenchError::Io {
            action: "read the size of",
            path: output.to_owned(),
            source,
        })?
        .len();
    let smallest = |figure: fn(&FrameQuality) -> f64| frames.iter().map(figure).fold(f64::INFINITY, f64::min);
    let quality = Quality {
        ssim_min: smallest(|frame| frame.ssim),
        psnr_min_db: smallest(|frame| frame.psnr_db),
        frames,
        frames_expected: expected,
        frames_in_file: tracks.frames(rate),
        pictures_in_file: tracks.pictures,
        video_s: tracks.video_s,
        audio_s: tracks.audio_s,
        audio_minus_video_s: tracks.audio_s.map(|audio| audio - tracks.video_s),
        bytes,
    };
    Ok((quality, pairs))
}

fn luma(frame: &Nv12Frame) -> Luma<'_> {
    Luma {
        size: frame.size,
        plane: PlaneView {
            data: &frame.y,
            stride: frame.y_stride,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_from_begin_to_end_are_looked_at_once_each() {
        assert_eq!(sample_frames(101), [0, 25, 50, 75, 100]);
        assert_eq!(sample_frames(1667), [0, 416, 833, 1249, 1666]);
        assert_eq!(sample_frames(2), [0, 1]);
        assert_eq!(sample_frames(1), [0]);
    }

    #[test]
    fn a_lost_frame_is_found() {
        let rate = FrameRate::new(30).unwrap();
        let size = Size::new(64, 64);
        let tracks = Tracks {
            size,
            pictures: Some(59),
            video_s: 59.0 / 30.0,
            audio_s: None,
        };
        let reason = |frames, pictures, size| {
            tracks
                .check(frames, pictures, size, rate)
                .map_err(|e| e.to_string())
        };
        assert_eq!(reason(59, 59, size), Ok(()));
        assert!(
            reason(60, 60, size)
                .unwrap_err()
                .contains("59 frames instead of 60")
        );
        assert!(
            reason(59, 58, size)
                .unwrap_err()
                .contains("59 pictures instead of 58")
        );
        assert!(
            reason(59, 59, Size::new(64, 62))
                .unwrap_err()
                .contains("64x64 instead of 64x62")
        );
    }
}
