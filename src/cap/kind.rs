//! `recording-meta.json` read: which kind of recording it describes, decided by the keys that are there (cap-format.md 2.2).

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::images;
use super::json::{self, Issue};
use super::meta::{
    AudioTrack, InstantMeta, RecordingKind, RecordingMeta, SegmentMeta, StudioMeta, StudioStatus, VideoTrack,
};
use super::needs::Needs;
use super::paths::normalise;
use super::problem::Problems;

/// Name of the file.
pub(super) const META_FILE: &str = "recording-meta.json";

/// Most segments: a pause every three seconds of a working day.
const MAX_SEGMENTS: usize = 10_000;

/// The general keys (cap-format.md 2.1).
#[derive(Deserialize)]
struct General {
    pretty_name: String,
    #[serde(default)]
    platform: Option<String>,
}

/// The single-segment form of 2024 (cap-format.md 2.5).
#[derive(Deserialize)]
struct Legacy {
    display: VideoTrack,
    #[serde(default)]
    camera: Option<VideoTrack>,
    #[serde(default)]
    audio: Option<AudioTrack>,
    #[serde(default)]
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    status: Option<StatusText>,
}

#[derive(Deserialize)]
struct StatusText {
    status: String,
    #[serde(default)]
    error: Option<String>,
}

/// The meta file of `tree`, paths normalised; `None` when an error was noted. A malformed segment that an export does not
/// need is left out with a warning.
pub(super) fn parse(tree: &Value, needs: &Needs, problems: &mut Problems) -> Option<RecordingMeta> {
    let Some(keys) = tree.as_object() else {
        problems.error(
            META_FILE,
            "",
            format!("expected an object, found {}", json::describe(tree)),
        );
        return None;
    };
    let general = json::typed::<General>(tree)
        .map_err(|issues| problems.issues(META_FILE, &issues))
        .ok();
    let kind = kind(tree, keys, needs, problems);
    let general = general?;
    Some(RecordingMeta {
        pretty_name: general.pretty_name,
        platform: general.platform,
        kind: kind?,
    })
}

/// The first kind whose keys are valid, in the order of cap-format.md 2.2.
///
/// Where the keys of a studio recording are there but not valid, that is the error: such a file is never taken for an
/// instant recording because `fps` or `error` happen to be there too.
fn kind(
    tree: &Value,
    keys: &Map<String, Value>,
    needs: &Needs,
    problems: &mut Problems,
) -> Option<RecordingKind> {
    let present = |key: &str| keys.get(key).filter(|value| !value.is_null());
    let legacy_issues = match present("display").map(|_| json::typed::<Legacy>(tree)) {
        Some(Ok(legacy)) => return Some(RecordingKind::Studio(legacy_studio(legacy))),
        Some(Err(issues)) => issues,
        None => Vec::new(),
    };
    let Some(segments) = present("segments") else {
        if legacy_issues.is_empty() {
            return instant(keys, problems).map(RecordingKind::Instant);
        }
        problems.issues(META_FILE, &legacy_issues);
        return None;
    };
    // The `segments` of a legacy file hold only start and end: its faults are those of its top-level tracks.
    let of_tracks = |segment: &Value| segment.get("display").is_some();
    if !legacy_issues.is_empty() && !segments.as_array().is_some_and(|all| all.iter().any(of_tracks)) {
        problems.issues(META_FILE, &legacy_issues);
        return None;
    }
    let read = self::segments(segments, needs, problems)?;
    for issue in &legacy_issues {
        problems.warn(
            META_FILE,
            &issue.path,
            format!("{}; ignored beside `segments`", issue.message),
        );
    }
    let status = status(tree, problems);
    let cursors = images::read(present("cursors"), problems);
    Some(RecordingKind::Studio(StudioMeta {
        segments: read,
        cursors: cursors?,
        status: status?,
        legacy: false,
    }))
}

/// The segments by number; `None` when one that an export needs is malformed.
fn segments(array: &Value, needs: &Needs, problems: &mut Problems) -> Option<BTreeMap<u32, SegmentMeta>> {
    let Some(entries) = array.as_array() else {
        let message = format!("expected an array of segments, found {}", json::describe(array));
        problems.error(META_FILE, "segments", message);
        return None;
    };
    if entries.len() > MAX_SEGMENTS {
        let message = format!(
            "expected at most {MAX_SEGMENTS} segments, found {}",
            entries.len()
        );
        problems.error(META_FILE, "segments", message);
        return None;
    }
    let mut segments = BTreeMap::new();
    let mut valid = true;
    for (number, entry) in (0_u32..).zip(entries) {
        match json::typed::<SegmentMeta>(entry) {
            Ok(segment) => {
                segments.insert(number, normalise_segment(segment));
            }
            Err(issues) => {
                let needed = needs.segment(number);
                valid &= !needed;
                for issue in issues {
                    let dot = if issue.path.is_empty() { "" } else { "." };
                    let at = format!("segments[{number}]{dot}{}", issue.path);
                    if needed {
                        problems.error(META_FILE, &at, issue.message);
                    } else {
                        let message = format!(
                            "{}; no clip shows segment {number}, so it is not needed",
                            issue.message
                        );
                        problems.warn(META_FILE, &at, message);
                    }
                }
            }
        }
    }
    valid.then_some(segments)
}

fn legacy_studio(legacy: Legacy) -> StudioMeta {
    // All tracks of a legacy recording start together (cap-format.md 2.5), whatever their descriptors say.
    let video = |track: VideoTrack| VideoTrack {
        start_time: None,
        ..track
    };
    let segment = SegmentMeta {
        display: video(legacy.display),
        camera: legacy.camera.map(video),
        mic: legacy.audio.map(|track| AudioTrack {
            start_time: None,
            ..track
        }),
        system_audio: None,
        cursor: legacy.cursor,
        keyboard: None,
        display_notch: None,
    };
    StudioMeta {
        segments: BTreeMap::from([(0, normalise_segment(segment))]),
        cursors: BTreeMap::new(),
        status: StudioStatus::Complete,
        legacy: true,
    }
}

fn normalise_segment(mut segment: SegmentMeta) -> SegmentMeta {
    let SegmentMeta {
        display,
        camera,
        mic,
        system_audio,
        cursor,
        ..
    } = &mut segment;
    let video = std::iter::once(display)
        .chain(camera)
        .map(|track| &mut track.path);
    let audio = mic.iter_mut().chain(system_audio).map(|track| &mut track.path);
    for path in video.chain(audio).chain(cursor) {
        *path = normalise(path);
    }
    segment
}

fn status(tree: &Value, problems: &mut Problems) -> Option<StudioStatus> {
    match json::typed::<Status>(tree) {
        Ok(Status { status: None }) => Some(StudioStatus::Complete),
        Ok(Status {
            status: Some(StatusText { status, error }),
        }) => Some(match status.as_str() {
            "Complete" => StudioStatus::Complete,
            "InProgress" => StudioStatus::InProgress,
            "NeedsRemux" => StudioStatus::NeedsRemux,
            "Failed" => StudioStatus::Failed(error.unwrap_or_else(|| "no reason was stored".into())),
            _ => {
                let message = format!(
                    "{} is not known to this version; the recording is taken for a complete one",
                    json::describe(&Value::String(status))
                );
                problems.warn(META_FILE, "status.status", message);
                StudioStatus::Complete
            }
        }),
        Err(issues) => {
            problems.issues(META_FILE, &issues);
            None
        }
    }
}

/// The instant kinds (cap-format.md 2.8), first valid key first.
fn instant(keys: &Map<String, Value>, problems: &mut Problems) -> Option<InstantMeta> {
    let mut wrong = Vec::new();
    let mut expected = |key: &str, what: &str, found: &Value| {
        wrong.push(Issue {
            path: key.into(),
            message: format!("expected {what}, found {}", json::describe(found)),
        });
    };
    let present = |key: &str| keys.get(key).filter(|value| !value.is_null());
    match present("recording") {
        Some(Value::Bool(running)) => return Some(InstantMeta::InProgress(*running)),
        Some(other) => expected("recording", "true or false", other),
        None => {}
    }
    match present("error") {
        Some(Value::String(reason)) => return Some(InstantMeta::Failed(reason.clone())),
        Some(other) => expected("error", "a text", other),
        None => {}
    }
    if let Some(fps) = present("fps") {
        let rate = present("sample_rate");
        match (fps.as_u64().and_then(|fps| u32::try_from(fps).ok()), rate) {
            (Some(fps), None) => return Some(InstantMeta::Complete { fps }),
            (Some(fps), Some(rate)) if rate.as_u64().is_some_and(|rate| u32::try_from(rate).is_ok()) => {
                return Some(InstantMeta::Complete { fps });
            }
            (Some(_), Some(rate)) => expected("sample_rate", "a whole number of Hz", rate),
            (None, _) => expected("fps", "a whole number of frames per second", fps),
        }
    }
    if wrong.is_empty() {
        problems.error(
            META_FILE,
            "",
            "none of the keys `segments`, `display`, `recording`, `error` and `fps` is there, so it does not say what was recorded",
        );
    }
    problems.issues(META_FILE, &wrong);
    None
}

#[cfg(test)]
mod tests;
