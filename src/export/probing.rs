//! The tracks of a recording opened to see what they are. What no export needs may be unreadable: then it is left out, with a
//! warning.

use super::error::ExportError;
use super::plan::SegmentMedia;
use crate::cap::recording::Track;
use crate::cap::{MediaSource, Recording};
use crate::causes::one_line;
use crate::media::input::Allowed;
use crate::media::probe::{probe_audio, probe_video};

/// What the tracks are, one entry a segment that is left.
///
/// # Errors
/// When a track that is needed can't be read.
pub(super) fn probe(
    recording: &mut Recording,
    warnings: &mut Vec<String>,
) -> Result<Vec<SegmentMedia>, ExportError> {
    let needs = recording.needs();
    let mut media = Vec::with_capacity(recording.segments.len());
    let mut left_out = 0;
    // Numbers as the recording's configuration has them before anything is left out.
    for number in 0_u32.. {
        let index = media.len();
        let Some(segment) = recording.segments.get_mut(index) else {
            break;
        };
        let display = match probe_video(&segment.display.source) {
            Ok(display) => display,
            Err(error) if !needs.segment(number) => {
                warnings.push(format!(
                    "segment {number} is left out, no clip shows it: {}",
                    one_line(&error)
                ));
                recording.leave_out(index);
                left_out += 1;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let mut unread = Unread {
            number,
            starts: &mut segment.unread_starts,
            warnings,
        };
        let camera = unread.or_info(
            &mut segment.camera,
            "camera, which is not shown",
            needs.camera(number),
            |meta| meta.start_time,
            probe_video,
        )?;
        let sound = |source: &MediaSource| probe_audio(source, Allowed::Track);
        let mic = unread.or_info(
            &mut segment.mic,
            "microphone, which is not heard",
            needs.mic(number),
            |meta| meta.start_time,
            sound,
        )?;
        let system_audio = unread.or_info(
            &mut segment.system_audio,
            "system sound, which is not heard",
            needs.system_audio(number),
            |meta| meta.start_time,
            sound,
        )?;
        media.push(SegmentMedia {
            display,
            camera,
            mic,
            system_audio,
        });
    }
    tracing::debug!(segments = media.len(), left_out, "tracks probed");
    Ok(media)
}

/// Where tracks of a segment that can't be read are noted.
struct Unread<'a> {
    number: u32,
    starts: &'a mut Vec<Option<f64>>,
    warnings: &'a mut Vec<String>,
}

impl Unread<'_> {
    /// What `probe` finds out about a track. One that can't be read and is not needed is taken out of its segment; its start
    /// time stays (cap-format.md 6.1).
    fn or_info<M, I, E: std::error::Error + 'static>(
        &mut self,
        track: &mut Option<Track<M>>,
        name: &str,
        needed: bool,
        start: impl Fn(&M) -> Option<f64>,
        probe: impl Fn(&MediaSource) -> Result<I, E>,
    ) -> Result<Option<I>, E> {
        let Some(found) = track else {
            return Ok(None);
        };
        match probe(&found.source) {
            Ok(info) => Ok(Some(info)),
            Err(error) if !needed => {
                self.warnings.push(format!(
                    "segment {}: exported without its {name}: {}",
                    self.number,
                    one_line(&error)
                ));
                self.starts.push(start(&found.meta));
                *track = None;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
