//! How the tracks of a segment line up in time (cap-format.md 6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::ClipOffsets;
use super::meta::{AudioTrack, GapSummary};
use super::recording::{Segment, Track};
use crate::time::{EventTime, MediaTime, SourceTime};

/// What to do with a stored automatic camera offset, which Cap adds to a delay it already compensates (cap-format.md 6.2,
/// cap-look.md 26 row 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CameraDelay {
    /// The camera is in time: an automatically calculated offset is not added again.
    #[default]
    CountedOnce,
    /// As Cap exports: both are added.
    CountedTwice,
}

/// Positions in the files of one segment, as seconds to add to a [`SourceTime`] (cap-format.md 6.1).
///
/// Absent tracks have the value of a track without a start time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alignment {
    /// L: start of the latest track, seconds after the segment epoch, and the zero of the clip clock. `None` when a track
    /// doesn't say when it started: then all tracks and events are taken to start together.
    pub latest_start: Option<f64>,
    /// Seconds from the clip clock to a position in the display file.
    pub display: f64,
    /// Seconds from the clip clock to a position in the camera file.
    pub camera: f64,
    /// Seconds from the clip clock to a position in the microphone file.
    pub mic: f64,
    /// Seconds from the clip clock to a position in the system sound file.
    pub system_audio: f64,
}

impl Alignment {
    /// The alignment of `segment`, the `index`-th of the recording.
    ///
    /// Sound is aligned by the offsets stored for the segment; where none are stored (a recording that was never edited) by
    /// the ones that the editor would store, with which it is in time (cap-look.md 26 row 3; Cap plays it late). The
    /// editor's calibration of microphones is kept outside the folder, unknown here, and taken as 0.
    pub fn new(segment: &Segment, index: usize, clips: &[ClipOffsets], camera_delay: CameraDelay) -> Self {
        let latest_start = latest_start(segment);
        let stored = clips.iter().find(|clip| usize::try_from(clip.index) == Ok(index));
        let behind = |start: Option<f64>| match (latest_start, start) {
            (Some(latest), Some(start)) => latest - start,
            _ => 0.0,
        };
        let camera_offset = match (stored, camera_delay) {
            (Some(clip), CameraDelay::CountedOnce) if clip.offsets_auto_calculated => 0.0,
            (Some(clip), _) => clip.offsets.camera,
            (None, _) => 0.0,
        };
        let sound = |track: &Option<Track<AudioTrack>>, offset: Option<f64>| {
            let meta = track.as_ref().map(|track| &track.meta);
            let offset = offset.unwrap_or_else(|| behind(meta.and_then(|meta| meta.start_time)));
            offset + meta.and_then(|meta| meta.gap_summary).map_or(0.0, startup_repair)
        };
        Self {
            latest_start,
            display: behind(segment.display.meta.start_time),
            camera: behind(segment.camera.as_ref().and_then(|track| track.meta.start_time)) + camera_offset,
            mic: sound(&segment.mic, stored.map(|clip| clip.offsets.mic)),
            system_audio: sound(
                &segment.system_audio,
                stored.map(|clip| clip.offsets.system_audio),
            ),
        }
    }

    /// Position in the display file.
    pub fn display_at(&self, time: SourceTime) -> MediaTime {
        MediaTime::from_secs(time.secs() + self.display)
    }

    /// Position in the camera file.
    pub fn camera_at(&self, time: SourceTime) -> MediaTime {
        MediaTime::from_secs(time.secs() + self.camera)
    }

    /// Position in the microphone file; before its start there is silence.
    pub fn mic_at(&self, time: SourceTime) -> MediaTime {
        MediaTime::from_secs(time.secs() + self.mic)
    }

    /// Position in the system sound file; before its start there is silence.
    pub fn system_audio_at(&self, time: SourceTime) -> MediaTime {
        MediaTime::from_secs(time.secs() + self.system_audio)
    }

    /// Time of the pointer and key events.
    pub fn events_at(&self, time: SourceTime) -> EventTime {
        EventTime::from_secs(time.secs() + self.latest_start.unwrap_or(0.0))
    }
}

/// L: the latest start of the tracks that were recorded, if all of them have one.
fn latest_start(segment: &Segment) -> Option<f64> {
    let mut latest = segment.display.meta.start_time?;
    if let Some(camera) = &segment.camera {
        latest = latest.max(camera.meta.start_time?);
    }
    for track in segment.mic.iter().chain(&segment.system_audio) {
        latest = latest.max(track.meta.start_time?);
    }
    for start in &segment.unread_starts {
        latest = latest.max((*start)?);
    }
    Some(latest)
}

/// Seconds (none or negative) by which a track whose beginning was trimmed while it was recorded is read earlier
/// (cap-format.md 6.5).
fn startup_repair(gaps: GapSummary) -> f64 {
    let trimmed = gaps.startup_overlap_trimmed_ms;
    if gaps.startup_overlap_drops >= 3 && gaps.overlap_dropped_frames >= 3 && (100..=2000).contains(&trimmed)
    {
        -f64::from(trimmed) / 1000.0
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::TrackOffsets;
    use crate::cap::events::PointerEvents;
    use crate::cap::meta::VideoTrack;
    use crate::cap::recording::MediaSource;

    fn video(start_time: Option<f64>) -> Track<VideoTrack> {
        let meta = VideoTrack {
            path: String::new(),
            fps: Some(30),
            start_time,
        };
        Track {
            meta,
            source: MediaSource::File("v".into()),
        }
    }

    fn audio(start_time: Option<f64>) -> Track<AudioTrack> {
        let meta = AudioTrack {
            path: String::new(),
            start_time,
            gap_summary: None,
        };
        Track {
            meta,
            source: MediaSource::File("a".into()),
        }
    }

    /// The start times of the example in cap-format.md 2.4: L is the camera's 0.391.
    fn segment() -> Segment {
        Segment {
            display: video(Some(0.214)),
            camera: Some(video(Some(0.391))),
            mic: Some(audio(Some(0.102))),
            system_audio: Some(audio(Some(0.0))),
            unread_starts: Vec::new(),
            pointer: PointerEvents::default(),
            keys: Vec::new(),
        }
    }

    #[test]
    fn tracks_that_are_not_read_still_count() {
        let mut segment = segment();
        segment.camera = None;
        segment.unread_starts = vec![Some(0.391)];
        assert_eq!(latest_start(&segment), Some(0.391));
        segment.unread_starts = vec![Some(0.1), None];
        assert_eq!(latest_start(&segment), None);
    }

    fn stored(index: u32, camera: f64, mic: f64, system_audio: f64, automatic: bool) -> ClipOffsets {
        ClipOffsets {
            index,
            offsets: TrackOffsets {
                camera,
                mic,
                system_audio,
            },
            offsets_auto_calculated: automatic,
        }
    }

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn an_unedited_recording_is_aligned_automatically() {
        let aligned = Alignment::new(&segment(), 0, &[], CameraDelay::CountedOnce);
        assert_eq!(aligned.latest_start, Some(0.391));
        assert!(near(aligned.display, 0.177));
        assert!(near(aligned.camera, 0.0));
        assert!(near(aligned.mic, 0.289));
        assert!(near(aligned.system_audio, 0.391));
        let at = SourceTime::from_secs(2.0);
        assert!(near(aligned.display_at(at).secs(), 2.177));
        assert!(near(aligned.camera_at(at).secs(), 2.0));
        assert!(near(aligned.mic_at(at).secs(), 2.289));
        assert!(near(aligned.system_audio_at(at).secs(), 2.391));
        assert!(near(aligned.events_at(at).secs(), 2.391));
    }

    #[test]
    fn stored_offsets_belong_to_their_segment_and_the_first_wins() {
        let clips = [
            stored(1, 0.0, 9.0, 9.0, false),
            stored(0, 0.1, 0.2, -0.3, false),
            stored(0, 8.0, 8.0, 8.0, false),
        ];
        let aligned = Alignment::new(&segment(), 0, &clips, CameraDelay::CountedOnce);
        assert!(near(aligned.camera, 0.1));
        assert!(near(aligned.mic, 0.2));
        assert!(near(aligned.system_audio, -0.3));
        assert!(near(aligned.display, 0.177));
    }

    #[test]
    fn an_automatic_camera_offset_counts_once_unless_asked_otherwise() {
        let mut segment = segment();
        segment.mic = Some(audio(Some(0.5)));
        // L = 0.5, so the editor stores 0.5 - 0.391 = 0.109 for the camera.
        let clips = [stored(0, 0.109, 0.0, 0.5, true)];
        let once = Alignment::new(&segment, 0, &clips, CameraDelay::CountedOnce);
        let twice = Alignment::new(&segment, 0, &clips, CameraDelay::CountedTwice);
        assert!(near(once.camera, 0.109));
        assert!(near(twice.camera, 0.218));
        // An offset that a person set is kept in both.
        let clips = [stored(0, 0.05, 0.0, 0.5, false)];
        assert!(near(
            Alignment::new(&segment, 0, &clips, CameraDelay::CountedOnce).camera,
            0.159
        ));
    }

    #[test]
    fn one_track_without_start_time_means_all_start_together() {
        let mut segment = segment();
        segment.system_audio = Some(audio(None));
        let aligned = Alignment::new(&segment, 0, &[], CameraDelay::CountedOnce);
        assert_eq!(
            aligned,
            Alignment {
                latest_start: None,
                display: 0.0,
                camera: 0.0,
                mic: 0.0,
                system_audio: 0.0
            }
        );
        assert_eq!(aligned.events_at(SourceTime::from_secs(1.5)).secs(), 1.5);
    }

    #[test]
    fn absent_tracks_do_not_count() {
        let mut segment = segment();
        segment.camera = None;
        segment.system_audio = None;
        let aligned = Alignment::new(&segment, 0, &[], CameraDelay::CountedOnce);
        assert_eq!(aligned.latest_start, Some(0.214));
        assert_eq!((aligned.camera, aligned.system_audio), (0.0, 0.0));
        assert!(near(aligned.mic, 0.112));
    }

    #[test]
    fn the_startup_repair_has_four_conditions() {
        let gaps = |startup_overlap_drops, overlap_dropped_frames, startup_overlap_trimmed_ms| GapSummary {
            total_overlap_trimmed_ms: 2500,
            startup_overlap_trimmed_ms,
            overlap_dropped_frames,
            startup_overlap_drops,
        };
        for (summary, repair) in [
            (gaps(3, 3, 100), -0.1),
            (gaps(5, 9, 2000), -2.0),
            (gaps(2, 3, 500), 0.0),
            (gaps(3, 2, 500), 0.0),
            (gaps(3, 3, 99), 0.0),
            (gaps(3, 3, 2001), 0.0),
        ] {
            assert_eq!(startup_repair(summary), repair, "{summary:?}");
            let mut segment = segment();
            if let Some(mic) = &mut segment.mic {
                mic.meta.gap_summary = Some(summary);
            }
            let clips = [stored(0, 0.0, 0.25, 0.0, true)];
            assert!(near(
                Alignment::new(&segment, 0, &clips, CameraDelay::CountedOnce).mic,
                0.25 + repair
            ));
            assert!(near(
                Alignment::new(&segment, 0, &[], CameraDelay::CountedOnce).mic,
                0.289 + repair
            ));
        }
    }
}
