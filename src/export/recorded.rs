//! What there is to say of a recording's tracks once they were looked at.

use super::error::ExportError;
use super::plan::SegmentMedia;
use crate::cap::Recording;
use crate::cap::meta::VideoTrack;
use crate::media::probe::nominal_rate;

/// Gives every video track of a recovered recording whose rate is not written down the one that follows from the spacing of
/// its pictures (cap-format.md 3.5, rule 7).
pub(super) fn find_nominal_rates(
    recording: &mut Recording,
    warnings: &mut Vec<String>,
) -> Result<(), ExportError> {
    for (index, segment) in recording.segments.iter_mut().enumerate() {
        let tracks = [
            ("display", Some(&mut segment.display)),
            ("camera", segment.camera.as_mut()),
        ];
        for (name, track) in tracks {
            let Some(track) = track.filter(|track| track.meta.fps.is_none()) else {
                continue;
            };
            let spaced = nominal_rate(&track.source)?;
            let fps = spaced.unwrap_or(VideoTrack::DEFAULT_FPS);
            track.meta.fps = Some(fps);
            let reason = match spaced {
                Some(_) => "the spacing of its pictures says",
                None => "it has too few pictures to tell it by; assumed are",
            };
            warnings.push(format!(
                "{name} of segment {index}: its rate is not written down, and {reason} {fps} frames per second"
            ));
        }
    }
    Ok(())
}

/// Names what of the tracks is damaged or not honoured.
pub(super) fn note_media(media: &[SegmentMedia], warnings: &mut Vec<String>) {
    for (index, segment) in media.iter().enumerate() {
        let (display, camera) = (Some(&segment.display), segment.camera.as_ref());
        let mut note = |name: &str, clauses: &[String]| {
            warnings.extend(
                clauses
                    .iter()
                    .map(|clause| format!("{name} of segment {index}: {clause}")),
            );
        };
        for (name, info) in [("display", display), ("camera", camera)] {
            note(name, info.map_or(&[], |info| &info.damage));
            note(name, info.map_or(&[], |info| &info.colors.unhonoured));
        }
        for (name, info) in [("mic", &segment.mic), ("system audio", &segment.system_audio)] {
            note(name, info.as_ref().map_or(&[], |info| &info.damage));
        }
    }
}
