//! Segments of a recording that was not finished, put together from what its folders hold (cap-format.md 3.5).

use std::path::PathBuf;

use super::events::PointerEvents;
use super::fragments::{self, Fragments, Rescue};
use super::kind::META_FILE;
use super::meta::{AudioTrack, SegmentMeta, StudioMeta, VideoTrack};
use super::paths::{PathFault, Root};
use super::problem::Problems;
use super::recording::{MediaSource, Segment, Track};
use super::tracks::Found;
use crate::reading;

const SEGMENTS: &str = "content/segments";
/// Recovered sound of this size or less is only headers (cap-format.md 3.5).
const MIN_AUDIO_BYTES: u64 = 500;
/// Most segment folders looked at.
const MAX_SEGMENTS: usize = 10_000;

/// Finds the segments in the order of their folders' numbers; those without a screen are left out with a warning. Empty
/// when nothing can be recovered.
pub(super) fn recover(root: &Root, meta: &StudioMeta, problems: &mut Problems) -> Vec<Found> {
    folders(root, problems)
        .into_iter()
        .filter_map(|number| segment(root, meta, number, problems))
        .collect()
}

/// Numbers of the `segment-<n>` folders, ascending.
fn folders(root: &Root, problems: &mut Problems) -> Vec<u32> {
    let path = match root.resolve(SEGMENTS) {
        Ok(path) => path,
        Err(fault) => {
            if matches!(fault, PathFault::Leaves(_)) {
                problems.error(SEGMENTS, "", fault.to_string());
            }
            return Vec::new();
        }
    };
    let entries = match reading::list(&path) {
        Ok(entries) => entries,
        Err(error) => {
            problems.warn(SEGMENTS, "", format!("cannot be listed: {error}"));
            return Vec::new();
        }
    };
    let mut numbers: Vec<u32> = entries
        .take(MAX_SEGMENTS)
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let number = name.strip_prefix("segment-")?.parse().ok()?;
            // Only the folder that the number is written as: not `segment-01` nor `segment-+1`.
            (name == format!("segment-{number}")).then_some(number)
        })
        .collect();
    numbers.sort_unstable();
    numbers
}

fn segment(root: &Root, meta: &StudioMeta, folder: u32, problems: &mut Problems) -> Option<Found> {
    let base = format!("{SEGMENTS}/segment-{folder}");
    // The meta file's own index where it names the folder; by number, as Cap does, where it doesn't.
    let named = meta
        .segments
        .iter()
        .find(|(_, segment)| segment.display.path.starts_with(&format!("{base}/")));
    let entry = named.or_else(|| meta.segments.get_key_value(&folder));
    let index = entry.map(|(index, _)| *index);
    let known = entry.map(|(_, known)| known);

    let Some((source, rate)) = video(root, &base, "display", Rescue::Complete, problems) else {
        problems.warn(
            &base,
            "",
            "holds no screen that can be decoded; the segment is left out",
        );
        return None;
    };
    let stated = |known: Option<&VideoTrack>| known.and_then(|known| known.fps).filter(|fps| *fps > 0);
    let fps = stated(known.map(|known| &known.display)).or(rate);
    let start = known.and_then(|known| known.display.start_time);
    let display = Track {
        meta: VideoTrack {
            path: format!("{base}/display"),
            fps,
            start_time: start,
        },
        source,
    };

    // Tracks without a start time of their own start with the screen; without the screen's nothing can be aligned.
    let start_of = |own: Option<f64>| start.map(|start| own.unwrap_or(start));
    let known_camera = known.and_then(|known| known.camera.as_ref());
    let camera = video(root, &base, "camera", Rescue::Nothing, problems).map(|(source, rate)| {
        let fps = stated(known_camera).or(rate);
        let start_time = start_of(known_camera.and_then(|camera| camera.start_time));
        Track {
            meta: VideoTrack {
                path: format!("{base}/camera"),
                fps,
                start_time,
            },
            source,
        }
    });
    let mut sound = |name: &str, known: Option<&AudioTrack>| {
        audio(root, &base, name, problems).map(|source| {
            let meta = AudioTrack {
                path: format!("{base}/{name}"),
                start_time: start_of(known.and_then(|known| known.start_time)),
                gap_summary: known.and_then(|known| known.gap_summary),
            };
            Track { meta, source }
        })
    };
    let mic = sound("audio-input", known.and_then(|known| known.mic.as_ref()));
    let system_audio = sound(
        "system_audio",
        known.and_then(|known| known.system_audio.as_ref()),
    );
    if let Some(known) = known {
        warn_of_lost(
            &base,
            known,
            camera.is_some(),
            mic.is_some(),
            system_audio.is_some(),
            problems,
        );
    }

    let cursor = format!("{base}/cursor.json");
    let cursor = (!matches!(root.file(&cursor), Err(PathFault::Missing(_)))).then_some(cursor);
    Some(Found {
        number: index.unwrap_or(folder),
        segment: Segment {
            display,
            camera,
            mic,
            system_audio,
            unread_starts: Vec::new(),
            pointer: PointerEvents::default(),
            keys: Vec::new(),
        },
        cursor,
        at: index.map_or_else(String::new, |index| format!("segments[{index}].")),
    })
}

/// Names the tracks that the meta file knows of and the folder doesn't hold.
fn warn_of_lost(
    base: &str,
    known: &SegmentMeta,
    camera: bool,
    mic: bool,
    system_audio: bool,
    problems: &mut Problems,
) {
    for (name, lost) in [
        ("camera", known.camera.is_some() && !camera),
        ("microphone", known.mic.is_some() && !mic),
        ("system sound", known.system_audio.is_some() && !system_audio),
    ] {
        if lost {
            let message = format!(
                "{META_FILE} knows of a {name} here, but nothing of it could be recovered; exported without"
            );
            problems.warn(base, "", message);
        }
    }
}

/// The fragments of `<base>/<name>/`, else `<base>/<name>.mp4` if it decodes on its own; with the rate that is written down.
fn video(
    root: &Root,
    base: &str,
    name: &str,
    rescue: Rescue,
    problems: &mut Problems,
) -> Option<(MediaSource, Option<u32>)> {
    let Fragments {
        groups, frame_rate, ..
    } = fragments::collect(root, &format!("{base}/{name}"), rescue, problems);
    if !groups.is_empty() {
        return Some((MediaSource::Fragments(groups), frame_rate));
    }
    let (path, _) = decodable(root, &format!("{base}/{name}.mp4"), problems)?;
    Some((MediaSource::File(path), None))
}

/// The fragments of `<base>/<name>/`, else the first sound file of that name.
fn audio(root: &Root, base: &str, name: &str, problems: &mut Problems) -> Option<MediaSource> {
    let found = fragments::collect(root, &format!("{base}/{name}"), Rescue::Nothing, problems);
    if !found.groups.is_empty() && found.bytes > MIN_AUDIO_BYTES {
        return Some(MediaSource::Fragments(found.groups));
    }
    ["ogg", "m4a", "mp3"].iter().find_map(|extension| {
        let (path, bytes) = decodable(root, &format!("{base}/{name}.{extension}"), problems)?;
        (bytes > MIN_AUDIO_BYTES).then_some(MediaSource::File(path))
    })
}

/// A file that exists and decodes on its own, with its size.
fn decodable(root: &Root, stored: &str, problems: &mut Problems) -> Option<(PathBuf, u64)> {
    let path = match root.file(stored) {
        Ok(path) => path,
        Err(PathFault::Missing(_)) => return None,
        Err(fault @ PathFault::Leaves(_)) => {
            problems.error(stored, "", fault.to_string());
            return None;
        }
        Err(fault) => {
            problems.warn(stored, "", format!("{fault}; left out"));
            return None;
        }
    };
    let judged = fragments::decodes_alone(&path).and_then(|good| Ok((good, std::fs::metadata(&path)?.len())));
    match judged {
        Ok((true, bytes)) => return Some((path, bytes)),
        Ok((false, _)) => problems.warn(stored, "", "was not finished and can't be decoded; left out"),
        Err(error) => problems.warn(stored, "", format!("cannot be read: {error}; left out")),
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cap::meta::StudioStatus;
    use crate::cap::testing::{Folder, init_mp4, lines, piece_m4s, whole_mp4};

    fn ogg(bytes: usize) -> Vec<u8> {
        let mut ogg = b"OggS".to_vec();
        ogg.resize(bytes, 0);
        ogg
    }

    fn studio(segments: Value) -> StudioMeta {
        StudioMeta {
            segments: (0..)
                .zip(serde_json::from_value::<Vec<SegmentMeta>>(segments).unwrap())
                .collect(),
            cursors: Default::default(),
            status: StudioStatus::InProgress,
            legacy: false,
        }
    }

    fn recovered(folder: &Folder, segments: Value) -> (Vec<Found>, Vec<String>) {
        let mut problems = Problems::default();
        let found = recover(&folder.root(), &studio(segments), &mut problems);
        (found, lines(problems))
    }

    fn file(folder: &Folder, name: &str) -> MediaSource {
        MediaSource::File(folder.root().canonical().join(name))
    }

    #[test]
    fn a_crashed_recording_is_put_together_from_its_folders() {
        let folder = Folder::new();
        for n in [0, 2, 10] {
            let at = |name: &str| format!("content/segments/segment-{n}/{name}");
            folder
                .write(&at("display/init.mp4"), init_mp4())
                .write(&at("display/segment_001.m4s.tmp"), piece_m4s());
        }
        folder
            .json(
                "content/segments/segment-0/display/manifest.json",
                &json!({ "type": "m4s_segments", "segments": [], "codec_info": { "frame_rate_num": 60, "frame_rate_den": 1 } }),
            )
            .write("content/segments/segment-0/camera.mp4", whole_mp4())
            .write("content/segments/segment-0/audio-input.ogg", ogg(500))
            .write("content/segments/segment-0/audio-input.m4a", whole_mp4())
            .write("content/segments/segment-0/system_audio.ogg", ogg(501))
            .write("content/segments/segment-0/cursor.json", "{}")
            .write("content/segments/segment-1/display.mp4", init_mp4())
            .write("content/segments/segment-2/camera/init.mp4", init_mp4())
            .write("content/segments/segment-2/camera/segment_001.m4s.tmp", piece_m4s())
            .write("content/segments/segment-03/display.mp4", whole_mp4());
        let (found, problems) = recovered(&folder, json!([]));
        assert_eq!(
            found.iter().map(|found| found.number).collect::<Vec<_>>(),
            [0, 2, 10]
        );
        let first = &found[0].segment;
        assert_eq!(
            (first.display.meta.fps, first.display.meta.start_time),
            (Some(60), None)
        );
        assert!(
            matches!(&first.display.source, MediaSource::Fragments(groups) if groups[0].files.len() == 2)
        );
        assert_eq!(
            first.camera.as_ref().unwrap().source,
            file(&folder, "content/segments/segment-0/camera.mp4")
        );
        assert_eq!(
            first.mic.as_ref().unwrap().source,
            file(&folder, "content/segments/segment-0/audio-input.m4a")
        );
        assert_eq!(
            first.system_audio.as_ref().unwrap().source,
            file(&folder, "content/segments/segment-0/system_audio.ogg")
        );
        assert_eq!(
            found[0].cursor.as_deref(),
            Some("content/segments/segment-0/cursor.json")
        );
        assert_eq!(
            (found[1].segment.display.meta.fps, found[1].cursor.as_ref()),
            (None, None)
        );
        assert!(
            found[1].segment.camera.is_none(),
            "temporary pieces are rescued for the screen only"
        );
        let unfinished =
            "Warning content/segments/segment-1/display.mp4: was not finished and can't be decoded; left out";
        assert!(problems.iter().any(|line| line == unfinished), "{problems:#?}");
        let left_out = "Warning content/segments/segment-1: holds no screen that can be decoded; the segment is left out";
        assert!(problems.iter().any(|line| line == left_out), "{problems:#?}");
    }

    #[test]
    fn what_the_meta_file_knows_is_kept() {
        let folder = Folder::new();
        for n in [1, 4] {
            let at = |name: &str| format!("content/segments/segment-{n}/{name}");
            folder
                .write(&at("display.mp4"), whole_mp4())
                .write(&at("camera.mp4"), whole_mp4());
            folder.write(&at("audio-input/fragment_000.m4a"), whole_mp4());
        }
        // Segment 0 lies in folder 4: the name counts, not the number.
        let (found, problems) = recovered(
            &folder,
            json!([
                { "display": { "path": "content/segments/segment-4/display", "fps": 24, "start_time": 0.3 },
                  "camera": { "path": "content/segments/segment-4/camera", "fps": 25, "start_time": 0.5 },
                  "mic": { "path": "x" }, "system_audio": { "path": "y" } },
                { "display": { "path": "elsewhere" }, "camera": { "path": "z", "start_time": 0.7 } }
            ]),
        );
        let [second, first] = &found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((second.number, first.number), (1, 0));
        assert_eq!(
            (
                first.segment.display.meta.fps,
                first.segment.display.meta.start_time
            ),
            (Some(24), Some(0.3))
        );
        let camera = &first.segment.camera.as_ref().unwrap().meta;
        assert_eq!((camera.fps, camera.start_time), (Some(25), Some(0.5)));
        assert_eq!(
            first.segment.mic.as_ref().unwrap().meta.start_time,
            Some(0.3),
            "falls back to the screen's"
        );
        assert_eq!(
            second.segment.camera.as_ref().unwrap().meta.start_time,
            None,
            "nothing to align it to"
        );
        assert!(
            problems
                .iter()
                .any(|line| line.contains("knows of a system sound")),
            "{problems:#?}"
        );
    }

    #[test]
    fn nothing_to_recover_is_nothing() {
        let folder = Folder::new();
        assert!(recovered(&folder, json!([])).0.is_empty());
        folder.write("content/segments/segment-x/display.mp4", whole_mp4());
        assert!(recovered(&folder, json!([])).0.is_empty());
    }
}
