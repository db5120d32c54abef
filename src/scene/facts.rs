//! What opening the media of a recording found out.

use super::error::SceneError;
use crate::frame::Size;

/// Facts about every segment of a recording, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// One entry per recording segment.
    pub segments: Vec<SegmentFacts>,
}

/// Facts about one recording segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentFacts {
    /// Screen.
    pub display: VideoFacts,
    /// Webcam.
    pub camera: Option<VideoFacts>,
    /// Length of the microphone track, seconds.
    pub mic_duration: Option<f64>,
    /// Alignment of the tracks.
    pub clock: SegmentClock,
}

impl SegmentFacts {
    /// Longest of screen, camera and microphone, seconds (cap-format.md 6.6).
    pub(crate) fn duration(&self) -> f64 {
        let camera = self.camera.map_or(0.0, |camera| camera.duration);
        self.display
            .duration
            .max(camera)
            .max(self.mic_duration.unwrap_or(0.0))
    }
}

/// Facts about a video track.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VideoFacts {
    /// Pictures, rotation applied.
    pub size: Size,
    /// Seconds.
    pub duration: f64,
}

/// Seconds to be added to a source time (cap-format.md 6.1).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SegmentClock {
    /// Gives the position in the screen's file.
    pub display_offset: f64,
    /// Gives the position in the camera's file.
    pub camera_offset: f64,
    /// Gives the time of pointer events.
    pub event_offset: f64,
}

impl Facts {
    /// Checks that every number can be reckoned with.
    pub(crate) fn check(&self, recorded: usize) -> Result<(), SceneError> {
        if self.segments.is_empty() {
            return Err(SceneError::NothingToExport("the recording has no segments"));
        }
        if self.segments.len() != recorded {
            return Err(SceneError::SegmentCount {
                described: self.segments.len(),
                recorded,
            });
        }
        for (segment, facts) in self.segments.iter().enumerate() {
            let problem = |track, problem: String| SceneError::Media {
                segment,
                track,
                problem,
            };
            let videos = [
                Some(("display", facts.display)),
                facts.camera.map(|camera| ("camera", camera)),
            ];
            for (track, video) in videos.into_iter().flatten() {
                if video.size.width == 0 || video.size.height == 0 {
                    return Err(problem(track, format!("pictures of {}", video.size)));
                }
                check_seconds(video.duration).map_err(|text| problem(track, text))?;
            }
            check_seconds(facts.mic_duration.unwrap_or(0.0)).map_err(|text| problem("microphone", text))?;
            let clock = facts.clock;
            for (track, offset) in [
                ("display", clock.display_offset),
                ("camera", clock.camera_offset),
                ("pointer", clock.event_offset),
            ] {
                if !offset.is_finite() {
                    return Err(problem(track, format!("an offset of {offset} s")));
                }
            }
        }
        Ok(())
    }
}

fn check_seconds(duration: f64) -> Result<(), String> {
    if duration.is_finite() && duration >= 0.0 {
        Ok(())
    } else {
        Err(format!("a length of {duration} s"))
    }
}
