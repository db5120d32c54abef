//! A `.cap` folder opened, in the order of the check list in cap-format.md 8.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cleanup::clean_up;
use super::config::ProjectConfig;
use super::events::PointerEvents;
use super::kind::{self, META_FILE};
use super::meta::{CursorImage, RecordingKind, RecordingMeta, SegmentMeta, StudioMeta, StudioStatus};
use super::needs::Needs;
use super::paths::{PathFault, Root};
use super::problem::{CapError, Findings, Problems, printable};
use super::project::Project;
use super::recording::{InstantRecording, Opened, Recording, Segment};
use super::tracks::{self, Found};
use super::validate::{SegmentMap, validate};
use super::{images, instant, json, keys, pointer, project, recover, unused};

/// How a recording is opened.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// A configuration to be used instead of the recording's own `project-config.json`; it may lie anywhere.
    pub config_override: Option<PathBuf>,
}

/// Opens the recording at `path`: reads and validates its files, resolves its tracks. Nothing in it is changed.
///
/// # Errors
/// When the folder can't be looked at, or when what it holds can't be exported: then the error carries everything that is
/// wrong with it, not only the first finding.
pub fn open(path: &Path, options: &OpenOptions) -> Result<Opened, CapError> {
    let root = Root::open(path)?;
    let mut problems = Problems::default();
    let opened = read(&root, options, &mut problems);
    match opened {
        Some(mut opened) if !problems.has_errors() => {
            let warnings = problems.into_warnings();
            match &mut opened {
                Opened::Studio(recording) => recording.warnings = warnings,
                Opened::Instant(recording) => recording.warnings = warnings,
            }
            Ok(opened)
        }
        _ => Err(CapError::Invalid {
            path: root.given().to_path_buf(),
            problems: problems.into_all(),
        }),
    }
}

/// `None` only after an error was noted.
fn read(root: &Root, options: &OpenOptions, problems: &mut Problems) -> Option<Opened> {
    let tree = meta_tree(root, problems)?;
    // The configuration says what of the rest is needed; what is wrong with it is told after what is wrong with the rest.
    let (mut project, of_project) =
        Findings::of(|problems| project::load(root, options.config_override.as_deref(), problems));
    let needs = Needs::of(&project.config);
    let RecordingMeta {
        pretty_name, kind, ..
    } = match kind::parse(&tree, &needs, problems) {
        Some(meta) => meta,
        None => {
            // The kind is unknown, but a configuration that is there can be checked all the same.
            if !matches!(root.file("project-config.json"), Err(PathFault::Missing(_))) {
                problems.absorb(of_project, |_| None);
                validate(&mut project.config, &project.file, None, problems);
            }
            return None;
        }
    };
    let name = printable(&pretty_name);
    match kind {
        RecordingKind::Studio(meta) => {
            let configured = Configured {
                project,
                findings: of_project,
                needs,
            };
            let recording = studio(root, name, meta, &tree, configured, problems)?;
            Some(Opened::Studio(Box::new(recording)))
        }
        RecordingKind::Instant(meta) => {
            if options.config_override.is_some() {
                problems.warn(
                    META_FILE,
                    "",
                    "an instant recording is copied as it is; the given configuration has no effect",
                );
            }
            let (video, audio) = instant::find(root, &meta, problems)?;
            Some(Opened::Instant(InstantRecording {
                name,
                video,
                audio,
                warnings: Vec::new(),
            }))
        }
    }
}

fn meta_tree(root: &Root, problems: &mut Problems) -> Option<Value> {
    let path = match root.file(META_FILE) {
        Ok(path) => path,
        Err(fault @ PathFault::Missing(_)) => {
            problems.error(
                META_FILE,
                "",
                format!("{fault}; is this the folder of a Cap recording?"),
            );
            return None;
        }
        Err(fault) => {
            problems.error(META_FILE, "", fault.to_string());
            return None;
        }
    };
    match json::read(&path, json::META_LIMIT) {
        Ok(bytes) => json::parse(&bytes)
            .map_err(|issues| problems.issues(META_FILE, &issues))
            .ok(),
        Err(fault) => {
            problems.error(META_FILE, "", fault.to_string());
            None
        }
    }
}

/// A configuration that was read and not yet validated.
struct Configured {
    project: Project,
    /// What is wrong with it.
    findings: Findings,
    needs: Needs,
}

fn studio(
    root: &Root,
    name: String,
    meta: StudioMeta,
    tree: &Value,
    configured: Configured,
    problems: &mut Problems,
) -> Option<Recording> {
    let Configured {
        mut project,
        findings,
        needs,
    } = configured;
    let (found, recovered) = segments(root, &meta, tree, &needs, problems);
    problems.absorb(findings, |_| None);
    let complete = !problems.has_errors() && !found.is_empty();
    let numbers: SegmentMap = found.iter().map(|found| found.number).zip(0..).collect();
    validate(
        &mut project.config,
        &project.file,
        complete.then_some(&numbers),
        problems,
    );
    let music = project::music(root, &project, problems);
    let overlay_images = project::overlay_images(root, &project, problems);
    if let Some(timeline) = &mut project.config.timeline {
        timeline.audio_segments = music.iter().map(|music| music.segment.clone()).collect();
    }
    let images = images::listed_or_found(root, &meta, recovered, problems);
    let keys_read = needs_keys(&project.config);
    let unused = unused::find(root, &meta, &found, keys_read);
    let segments: Vec<Segment> = found
        .into_iter()
        .map(|mut found| {
            let ((), findings) = Findings::of(|problems| {
                if !meta.legacy {
                    tracks::check_start_times(&mut found, problems);
                }
                found.segment.pointer = events(root, &found, &images, recovered, meta.legacy, problems);
                if keys_read && needs.segment(found.number) {
                    let file = unused::key_events(root, &meta, &found);
                    let file = file.as_deref().and_then(Path::to_str);
                    found.segment.keys = file.map_or_else(Vec::new, |file| keys::load(root, file, problems));
                }
            });
            problems.absorb(findings, |place| unneeded(&needs, found.number, &found.at, place));
            found.segment
        })
        .collect();
    if segments.is_empty() {
        if !problems.has_errors() {
            problems.error(META_FILE, "segments", "no segment is left that could be exported");
        }
        return None;
    }
    let (cursors, findings) = Findings::of(|problems| images::resolve(root, images, problems));
    problems.absorb(findings, |_| {
        (!needs.pointer()).then(|| "the pointer is hidden anyway".to_owned())
    });
    Some(Recording {
        root: root.canonical().to_path_buf(),
        name,
        segments,
        cursors,
        config: project.config,
        music,
        overlay_images,
        notch: meta.segments.get(&0).and_then(|segment| segment.display_notch),
        legacy: meta.legacy,
        recovered,
        warnings: Vec::new(),
        unused,
    })
}

/// The segments as the status asks for (cap-format.md 2.7), and whether they had to be recovered. An error was noted where
/// there are none.
fn segments(
    root: &Root,
    meta: &StudioMeta,
    tree: &Value,
    needs: &Needs,
    problems: &mut Problems,
) -> (Vec<Found>, bool) {
    match &meta.status {
        StudioStatus::Complete => {}
        unfinished => {
            let found = recover::recover(root, meta, problems);
            let state = match unfinished {
                StudioStatus::Failed(reason) => format!("the recorder gave this recording up: {reason}"),
                StudioStatus::NeedsRemux => "the recorder stopped before it joined its files".to_owned(),
                _ => "the recorder is still running, or crashed".to_owned(),
            };
            if !found.is_empty() {
                let count = found.len();
                problems.warn(
                    META_FILE,
                    "status",
                    format!("{state}; {count} segment(s) are put together from what is there"),
                );
                return (found, true);
            }
            if meta.segments.is_empty() {
                let message = format!("{state}, and content/segments holds nothing that can be put together");
                problems.error(META_FILE, "status", message);
                return (Vec::new(), true);
            }
            problems.warn(
                META_FILE,
                "status",
                format!("{state}; its tracks are taken where the segments name them"),
            );
        }
    }
    let empty = tree
        .get("segments")
        .and_then(Value::as_array)
        .is_some_and(Vec::is_empty);
    if meta.segments.is_empty() && empty {
        problems.error(
            META_FILE,
            "segments",
            "expected at least one segment, found an empty array",
        );
    }
    let found = meta
        .segments
        .iter()
        .filter_map(|(&number, segment)| {
            let (at, mic_key) = if meta.legacy {
                (String::new(), "audio")
            } else {
                let written = usize::try_from(number)
                    .ok()
                    .and_then(|index| tree.get("segments")?.get(index)?.get("audio"));
                let mic_key = if written.is_some() { "audio" } else { "mic" };
                (format!("segments[{number}]."), mic_key)
            };
            let (mut found, findings) =
                Findings::of(|problems| tracks::find(root, number, segment, &at, mic_key, problems));
            problems.absorb(findings, |place| unneeded(needs, number, &at, place));
            if let Some(found) = &mut found {
                note_unread(&mut found.segment, segment);
            }
            found
        })
        .collect();
    (found, false)
}

/// Why an export does without what `place` names, a place in the meta file below `at`; `None` when it needs it.
fn unneeded(needs: &Needs, number: u32, at: &str, place: &str) -> Option<String> {
    let below = place.strip_prefix(at)?;
    if !needs.segment(number) {
        return Some(format!("no clip shows segment {number}, so it is not needed"));
    }
    let why = match below.split('.').next()? {
        "camera" if !needs.camera(number) => "the camera is hidden anyway",
        "mic" | "audio" if !needs.mic(number) => "it is not heard anyway",
        "system_audio" if !needs.system_audio(number) => "it is not heard anyway",
        _ => return None,
    };
    Some(why.to_owned())
}

/// Keeps the start times of tracks that were recorded and can't be read: the clip clock counts from the latest start of all
/// tracks (cap-format.md 6.1).
fn note_unread(segment: &mut Segment, recorded: &SegmentMeta) {
    let camera = recorded.camera.iter().filter(|_| segment.camera.is_none());
    let mic = recorded.mic.iter().filter(|_| segment.mic.is_none());
    let system_audio = recorded
        .system_audio
        .iter()
        .filter(|_| segment.system_audio.is_none());
    let starts = camera
        .map(|track| track.start_time)
        .chain(mic.chain(system_audio).map(|track| track.start_time));
    segment.unread_starts = starts.collect();
}

/// Whether recorded keys are drawn: where the overlay is on and no editor has made segments of them. A list without entries is an
/// editor's word that none are to be seen.
fn needs_keys(config: &ProjectConfig) -> bool {
    let listed = config
        .timeline
        .as_ref()
        .is_some_and(|timeline| timeline.keyboard_segments.is_some());
    !listed
        && config
            .keyboard
            .as_ref()
            .is_some_and(|keyboard| keyboard.settings.enabled)
}

/// Events of a segment; of the current form cleaned up (cap-format.md 5.4 is for that form only).
fn events(
    root: &Root,
    found: &Found,
    images: &BTreeMap<String, CursorImage>,
    recovered: bool,
    legacy: bool,
    problems: &mut Problems,
) -> PointerEvents {
    let Some(stored) = &found.cursor else {
        return PointerEvents::default();
    };
    // The meta file of a recovered recording need not name it.
    let mut events = if recovered {
        pointer::load(root, stored, stored, "", problems)
    } else {
        pointer::load(root, stored, META_FILE, &format!("{}cursor", found.at), problems)
    };
    if !legacy {
        clean_up(&mut events, images);
    }
    events
}

#[cfg(test)]
mod tests;
