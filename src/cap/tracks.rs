//! The tracks of a recorded segment as `recording-meta.json` names them, found on disk.

use super::fragments::{self, Rescue};
use super::kind::META_FILE;
use super::meta::{AudioTrack, SegmentMeta, VideoTrack};
use super::paths::Root;
use super::problem::Problems;
use super::recording::{MediaSource, Segment, Track};
use super::{MAX_SECONDS, events::PointerEvents};

/// A segment found on disk, its events not yet read.
#[derive(Debug)]
pub(super) struct Found {
    /// What the timeline calls it: its index in the meta file (for a recovered one that isn't there, its folder's number).
    pub(super) number: u32,
    /// Tracks in place.
    pub(super) segment: Segment,
    /// Path of the pointer events.
    pub(super) cursor: Option<String>,
    /// JSON path of the segment, ending in a dot unless it is empty.
    pub(super) at: String,
}

/// Finds the tracks of one segment; `at` is its JSON path, ending in a dot unless it is empty, and `mic_key` what the file
/// calls the microphone. `None` when the screen is not there; every fault is noted.
///
/// A track that is named but missing is an error: a recording must not lose its sound or its camera unnoticed on a server.
pub(super) fn find(
    root: &Root,
    number: u32,
    meta: &SegmentMeta,
    at: &str,
    mic_key: &str,
    problems: &mut Problems,
) -> Option<Found> {
    let display = video(
        root,
        &meta.display,
        &format!("{at}display"),
        Rescue::Complete,
        problems,
    );
    let camera = meta
        .camera
        .as_ref()
        .and_then(|track| video(root, track, &format!("{at}camera"), Rescue::Nothing, problems));
    let mic = meta
        .mic
        .as_ref()
        .and_then(|track| audio(root, track, &format!("{at}{mic_key}"), problems));
    let system_audio = meta
        .system_audio
        .as_ref()
        .and_then(|track| audio(root, track, &format!("{at}system_audio"), problems));
    Some(Found {
        number,
        segment: Segment {
            display: display?,
            camera,
            mic,
            system_audio,
            unread_starts: Vec::new(),
            pointer: PointerEvents::default(),
            keys: Vec::new(),
        },
        cursor: meta.cursor.clone(),
        at: at.to_owned(),
    })
}

fn video(
    root: &Root,
    meta: &VideoTrack,
    at: &str,
    rescue: Rescue,
    problems: &mut Problems,
) -> Option<Track<VideoTrack>> {
    let mut meta = meta.clone();
    if meta.fps == Some(0) {
        problems.warn(
            META_FILE,
            &format!("{at}.fps"),
            "expected frames per second, found 0; 30 is used",
        );
        meta.fps = None;
    }
    meta.fps.get_or_insert(VideoTrack::DEFAULT_FPS);
    check_start(meta.start_time, at, problems);
    let source = source(root, &meta.path, at, rescue, problems)?;
    Some(Track { meta, source })
}

fn audio(root: &Root, meta: &AudioTrack, at: &str, problems: &mut Problems) -> Option<Track<AudioTrack>> {
    check_start(meta.start_time, at, problems);
    let source = source(root, &meta.path, at, Rescue::Nothing, problems)?;
    Some(Track {
        meta: meta.clone(),
        source,
    })
}

fn check_start(start: Option<f64>, at: &str, problems: &mut Problems) {
    if let Some(start) = start.filter(|start| start.abs() > MAX_SECONDS) {
        let message =
            format!("expected seconds, at most {MAX_SECONDS} from the start of the segment, found {start}");
        problems.error(META_FILE, &format!("{at}.start_time"), message);
    }
}

/// The bytes at `stored`: a file, or the fragments of a folder.
fn source(
    root: &Root,
    stored: &str,
    at: &str,
    rescue: Rescue,
    problems: &mut Problems,
) -> Option<MediaSource> {
    let at = format!("{at}.path");
    if root.resolve(stored).is_ok_and(|path| path.is_dir()) {
        let found = fragments::collect(root, stored.trim_end_matches('/'), rescue, problems);
        if found.groups.is_empty() {
            problems.error(
                META_FILE,
                &at,
                format!("the fragment folder {stored:?} holds nothing that can be decoded"),
            );
            return None;
        }
        return Some(MediaSource::Fragments(found.groups));
    }
    match root.file(stored) {
        Ok(path) => Some(MediaSource::File(path)),
        Err(fault) => {
            problems.error(
                META_FILE,
                &at,
                format!("{fault}; restore it, or take the track out of {META_FILE}"),
            );
            None
        }
    }
}

/// Cap's rule for recordings of the current form: of the tracks of a segment all or none have a `start_time`
/// (cap-format.md 6.4). The first track decides; a screen or camera that disagrees is an error, a microphone that does is
/// left out with a warning.
pub(super) fn check_start_times(found: &mut Found, problems: &mut Problems) {
    let Found { segment, at, .. } = found;
    let display = segment.display.meta.start_time;
    let decided = segment
        .system_audio
        .as_ref()
        .map_or(display, |track| track.meta.start_time)
        .is_some();
    let has = |decided: bool| if decided { "has" } else { "has not" };
    let camera = segment.camera.as_ref().map(|track| track.meta.start_time);
    for (key, start) in [("display", Some(display)), ("camera", camera)] {
        if start.is_some_and(|start| start.is_some() != decided) {
            let message = format!(
                "the first track of the segment {} a start time and this one {}; either all tracks have one or none",
                has(decided),
                has(!decided)
            );
            problems.error(META_FILE, &format!("{at}{key}.start_time"), message);
        }
    }
    if let Some(mic) = segment
        .mic
        .take_if(|mic| mic.meta.start_time.is_some() != decided)
    {
        let message = format!(
            "the first track of the segment {} a start time and the microphone {:?} {}, so it can't be aligned; left out, as \
             Cap does: give all tracks a start time, or none",
            has(decided),
            mic.meta.path,
            has(!decided)
        );
        problems.warn(META_FILE, &format!("{at}mic.start_time"), message);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cap::testing::{Folder, init_mp4, lines, piece_m4s};

    fn found(folder: &Folder, meta: Value) -> (Option<Found>, Vec<String>) {
        let meta: SegmentMeta = serde_json::from_value(meta).unwrap();
        let mut problems = Problems::default();
        let found = find(&folder.root(), 0, &meta, "segments[0].", "mic", &mut problems);
        (found, lines(problems))
    }

    #[test]
    fn missing_and_empty_tracks_are_errors_at_their_place() {
        let folder = Folder::new();
        folder.write("content/d.mp4", "d").write("content/empty.ogg", "");
        let (found, problems) = found(
            &folder,
            json!({ "display": { "path": "content/d.mp4", "fps": 0 }, "camera": { "path": "content/c.mp4" },
                    "mic": { "path": "content/empty.ogg" }, "system_audio": { "path": "../s.ogg", "start_time": 1e9 } }),
        );
        let found = found.unwrap();
        assert_eq!(found.segment.display.meta.fps, Some(30));
        assert!(found.segment.camera.is_none());
        assert_eq!(problems.len(), 5, "{problems:#?}");
        assert!(problems[0].starts_with(
            "Error recording-meta.json: segments[0].camera.path: \"content/c.mp4\" does not exist"
        ));
        assert!(problems[1].starts_with(
            "Error recording-meta.json: segments[0].mic.path: \"content/empty.ogg\" is empty (0 bytes)"
        ));
        assert!(problems[2].starts_with("Error recording-meta.json: segments[0].system_audio.start_time: "));
        assert!(problems[3].starts_with(
            "Error recording-meta.json: segments[0].system_audio.path: \"../s.ogg\" leaves the recording"
        ));
        assert!(problems[4].starts_with("Warning recording-meta.json: segments[0].display.fps: "));
    }

    #[test]
    fn a_folder_is_read_as_fragments() {
        let folder = Folder::new();
        folder
            .write("content/display/init.mp4", init_mp4())
            .write("content/display/segment_001.m4s", piece_m4s());
        let meta = json!({ "display": { "path": "content/display/" } });
        let (segment, _) = found(&folder, meta);
        let base = folder.root().canonical().join("content/display");
        let group = fragments_group(&segment.unwrap());
        assert_eq!(group, [base.join("init.mp4"), base.join("segment_001.m4s")]);
        std::fs::remove_file(folder.path().join("content/display/init.mp4")).unwrap();
        let (none, problems) = found(&folder, json!({ "display": { "path": "content/display" } }));
        assert!(none.is_none());
        assert!(
            problems[0].contains("segments[0].display.path: the fragment folder"),
            "{problems:?}"
        );
    }

    fn fragments_group(found: &Found) -> Vec<std::path::PathBuf> {
        match &found.segment.display.source {
            MediaSource::Fragments(groups) => groups[0].files.clone(),
            MediaSource::File(_) => panic!(),
        }
    }

    #[test]
    fn a_path_that_names_nothing_is_named_itself() {
        let folder = Folder::new();
        for (path, said) in [
            ("", "segments[0].display.path: \"\" names no file"),
            (".", "own folder"),
            ("content/..", "own folder"),
        ] {
            folder.write("content/a.txt", "a");
            let (none, problems) = found(&folder, json!({ "display": { "path": path } }));
            assert!(none.is_none());
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert!(problems[0].contains(said), "{problems:?}");
        }
    }

    #[test]
    fn all_tracks_have_a_start_time_or_none() {
        let folder = Folder::new();
        folder.write("content/a", "a");
        let track = |start: Option<f64>| json!({ "path": "content/a", "start_time": start });
        let check = |display, camera, mic, system: Option<Option<f64>>| {
            let mut meta = json!({ "display": track(display), "camera": track(camera), "mic": track(mic) });
            if let Some(start) = system {
                meta["system_audio"] = track(start);
            }
            let mut found = found(&folder, meta).0.unwrap();
            let mut problems = Problems::default();
            check_start_times(&mut found, &mut problems);
            let places: Vec<String> = problems
                .into_all()
                .into_iter()
                .filter_map(|problem| problem.json_path)
                .collect();
            (found.segment.mic.is_some(), places)
        };
        let (yes, no) = (Some(0.1), None);
        assert_eq!(check(yes, yes, yes, Some(yes)), (true, vec![]));
        assert_eq!(check(no, no, no, Some(no)), (true, vec![]));
        assert_eq!(
            check(yes, yes, no, None),
            (false, vec!["segments[0].mic.start_time".into()])
        );
        assert_eq!(
            check(yes, no, yes, None),
            (true, vec!["segments[0].camera.start_time".into()])
        );
        // System sound comes first and decides.
        assert_eq!(
            check(yes, yes, no, Some(no)),
            (
                true,
                vec![
                    "segments[0].display.start_time".into(),
                    "segments[0].camera.start_time".into()
                ]
            )
        );
    }
}
