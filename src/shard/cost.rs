//! What each frame is going to cost, guessed without decoding: how much of it the scene changes, and how many bytes the recorder
//! spent on the pictures that are new in it. Only the proportions count: they say where an export is cut.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::export::Plan;
use crate::media::MediaError;
use crate::media::probe::{ListedPicture, list_pictures};
use crate::scene::{SourceId, Track, damage};

/// A frame that repeats the one before. A frame that is redrawn as a whole costs about 1.
const REPEATED: f64 = 0.02;
/// A frame of which something is redrawn.
const REDRAWN: f64 = 0.25;
/// Added to it where all of it is.
const WHOLE: f64 = 0.75;
/// Decoding a source picture.
const DECODED: f64 = 0.1;
/// Pictures with fewer bytes repeat the one before.
const RESTING: u32 = 300;
/// Bytes for each pixel from which on a picture counts as changed everywhere.
const CHANGED: f64 = 0.02;

/// Costs of these frames.
///
/// # Errors
/// When a track can't be read.
pub(super) fn costs(plan: &Plan, frames: Range<u64>) -> Result<Vec<f64>, MediaError> {
    let tracks = Tracks::of(plan)?;
    let scene = &plan.scene;
    let size = scene.output_size();
    let mut before = None;
    let mut shown: BTreeMap<SourceId, f64> = BTreeMap::new();
    let mut costs = Vec::with_capacity(usize::try_from(frames.end - frames.start).unwrap_or(0));
    for number in frames {
        let Some(frame) = scene.frame(number) else {
            costs.push(REPEATED);
            continue;
        };
        let (mut area, mut decoded) = (0.0_f64, 0);
        for request in frame.pictures() {
            let time = request.time.secs();
            let last = shown.insert(request.source, time);
            let (pictures, changed) = tracks.between(request.source, last, time);
            decoded += pictures;
            area = area.max(changed);
        }
        area = match &before {
            None => 1.0,
            Some(before) => {
                let changed = damage(before, &frame, |_| None, size);
                let pixels = changed.output().pixels() as f64;
                area.max(pixels / size.area().max(1) as f64)
            }
        };
        let drawn = if area > 0.0 {
            REDRAWN + WHOLE * area.min(1.0)
        } else {
            REPEATED
        };
        costs.push(drawn + DECODED * decoded.min(30) as f64);
        before = Some(frame);
    }
    Ok(costs)
}

/// The coded pictures of every track.
struct Tracks(BTreeMap<(usize, bool), Pictures>);

/// Pictures of one track, by time.
struct Pictures {
    seconds: Vec<f64>,
    /// What part of the picture is new, 0 to 1.
    changed: Vec<f64>,
}

impl Tracks {
    fn of(plan: &Plan) -> Result<Self, MediaError> {
        let mut tracks = BTreeMap::new();
        for (index, (segment, media)) in plan.recording.segments.iter().zip(&plan.media).enumerate() {
            let list = list_pictures(&segment.display.source)?;
            tracks.insert((index, false), Pictures::new(list, media.display.size.area()));
            if let (Some(camera), Some(info)) = (&segment.camera, &media.camera) {
                let list = list_pictures(&camera.source)?;
                // A camera covers a small part of the output, and changes all the time.
                tracks.insert(
                    (index, true),
                    Pictures::new(list, info.size.area().saturating_mul(4)),
                );
            }
        }
        Ok(Self(tracks))
    }

    /// How many pictures are decoded from one time to another, and how much is new in them.
    fn between(&self, source: SourceId, from: Option<f64>, to: f64) -> (usize, f64) {
        let Some(pictures) = self.0.get(&(source.segment, source.track == Track::Camera)) else {
            return (0, 0.0);
        };
        let behind = pictures.seconds.partition_point(|seconds| *seconds <= to);
        let first = match from {
            Some(from) if from <= to => pictures.seconds.partition_point(|seconds| *seconds <= from),
            _ => behind.saturating_sub(1),
        };
        let new = &pictures.changed[first.min(behind)..behind];
        (new.len(), new.iter().copied().fold(0.0, f64::max))
    }
}

impl Pictures {
    fn new(mut list: Vec<ListedPicture>, pixels: u64) -> Self {
        list.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let full = (pixels as f64 * CHANGED).max(1.0);
        let mut before = u32::MAX;
        let changed = list
            .iter()
            .map(|picture| {
                // A key frame has many bytes, whether anything changes or not.
                let bytes = if picture.key { before } else { picture.bytes };
                before = bytes;
                if bytes < RESTING {
                    0.0
                } else {
                    (f64::from(bytes) / full).min(1.0)
                }
            })
            .collect();
        Self {
            seconds: list.iter().map(|picture| picture.seconds).collect(),
            changed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(seconds: f64, bytes: u32, key: bool) -> ListedPicture {
        ListedPicture { seconds, bytes, key }
    }

    #[test]
    fn resting_pictures_change_nothing_and_key_frames_are_like_their_neighbours() {
        let pixels = 100_000;
        let list = vec![
            picture(0.0, 9000, true),
            picture(0.1, 100, false),
            picture(0.2, 9000, true),
            picture(0.3, 1000, false),
            picture(0.4, 9000, true),
            picture(0.5, 5000, false),
        ];
        let pictures = Pictures::new(list, pixels);
        assert_eq!(pictures.changed, [1.0, 0.0, 0.0, 0.5, 0.5, 1.0]);
    }
}
