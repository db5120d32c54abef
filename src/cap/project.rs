//! `project-config.json` read, with `captions.json` beside it (cap-format.md 4).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::config::{CaptionData, MusicSegment, ProjectConfig};
use super::json;
use super::paths::{PathFault, Root};
use super::problem::Problems;
use super::recording::Music;
use super::{annotations, migrate, newer};

const CONFIG_FILE: &str = "project-config.json";
const CAPTIONS_FILE: &str = "captions.json";
/// Music at or below this gain is silent (cap-look.md 21.5).
const SILENT_DB: f64 = -60.0;

/// A configuration and what its file is called in messages.
pub(super) struct Project {
    pub(super) config: ProjectConfig,
    pub(super) file: PathBuf,
}

/// Reads and migrates the recording's configuration, or the one at `instead`. One that isn't there counts as empty, with a
/// warning; where it can't be read the errors are noted and the defaults stand in.
pub(super) fn load(root: &Root, instead: Option<&Path>, problems: &mut Problems) -> Project {
    let file = instead.map_or_else(|| PathBuf::from(CONFIG_FILE), Path::to_path_buf);
    let mut config = match bytes(root, instead, &file, problems) {
        None => ProjectConfig::default(),
        Some(bytes) => {
            annotations::check(&bytes, &file, problems);
            let (read, replaced) = json::parse_mended(&bytes, &newer::rules());
            for note in replaced {
                problems.warn(&file, &note.path, note.message);
            }
            read.unwrap_or_else(|issues| {
                problems.issues(&file, &issues);
                ProjectConfig::default()
            })
        }
    };
    captions(root, &mut config, problems);
    migrate::migrate(&mut config);
    Project { config, file }
}

fn bytes(root: &Root, instead: Option<&Path>, file: &Path, problems: &mut Problems) -> Option<Vec<u8>> {
    let read = match instead {
        // Named by the user, not by the recording: it may lie anywhere, and must be there.
        Some(path) => json::read_named(path, json::CONFIG_LIMIT),
        None => match root.file(CONFIG_FILE) {
            Ok(path) => json::read(&path, json::CONFIG_LIMIT),
            Err(PathFault::Missing(_)) => {
                problems.warn(file, "", "is not there; every setting has its default");
                return None;
            }
            Err(fault) => {
                problems.error(file, "", fault.to_string());
                return None;
            }
        },
    };
    read.map_err(|fault| problems.error(file, "", fault.to_string()))
        .ok()
}

/// `captions.json` replaces the captions of the configuration when the timeline has none placed (cap-format.md 4.13,
/// cap-look.md 26 row 14).
fn captions(root: &Root, config: &mut ProjectConfig, problems: &mut Problems) {
    let path = match root.file(CAPTIONS_FILE) {
        Ok(path) => path,
        Err(PathFault::Missing(_)) => return,
        Err(fault @ PathFault::Leaves(_)) => {
            problems.error(CAPTIONS_FILE, "", fault.to_string());
            return;
        }
        Err(fault) => {
            problems.warn(CAPTIONS_FILE, "", format!("{fault}; not used"));
            return;
        }
    };
    if config
        .timeline
        .as_ref()
        .is_some_and(|timeline| !timeline.caption_segments.is_empty())
    {
        return;
    }
    match json::read(&path, json::CONFIG_LIMIT) {
        Ok(bytes) => match json::parse::<CaptionData>(&bytes) {
            Ok(captions) => config.captions = Some(captions),
            Err(issues) => {
                for issue in issues {
                    problems.warn(
                        CAPTIONS_FILE,
                        &issue.path,
                        format!("{}; the file is not used", issue.message),
                    );
                }
            }
        },
        Err(fault) => problems.warn(CAPTIONS_FILE, "", format!("{fault}; not used")),
    }
}

/// The music that is heard, with its files. A path out of the recording is an error; a file that isn't there is skipped
/// with a warning, as Cap does (cap-look.md 21.5).
pub(super) fn music(root: &Root, project: &Project, problems: &mut Problems) -> Vec<Music> {
    let segments = project
        .config
        .timeline
        .iter()
        .flat_map(|timeline| &timeline.audio_segments);
    segments
        .enumerate()
        .filter(|(_, segment)| {
            segment.enabled && segment.end > segment.start && segment.volume_db > SILENT_DB
        })
        .filter_map(|(index, segment)| {
            let at = format!("timeline.audioSegments[{index}]");
            match root.file(&segment.path) {
                Ok(file) => Some(Music {
                    segment: in_domain(segment.clone(), &at, &project.file, problems),
                    file,
                }),
                Err(fault @ PathFault::Leaves(_)) => {
                    problems.error(&project.file, &format!("{at}.path"), fault.to_string());
                    None
                }
                Err(fault) => {
                    problems.warn(
                        &project.file,
                        &format!("{at}.path"),
                        format!("{fault}; exported without this music"),
                    );
                    None
                }
            }
        })
        .collect()
}

/// The files of the pictures that are shown. A path out of the recording is an error; a file that isn't there is skipped with
/// a warning.
pub(super) fn overlay_images(
    root: &Root,
    project: &Project,
    problems: &mut Problems,
) -> BTreeMap<String, PathBuf> {
    let timeline = project.config.timeline.iter();
    let segments = timeline.flat_map(|timeline| timeline.image_segments.iter().enumerate());
    let mut seen = BTreeSet::new();
    let mut files = BTreeMap::new();
    for (index, segment) in segments.filter(|(_, segment)| segment.is_drawn()) {
        if !seen.insert(segment.path.as_str()) {
            continue;
        }
        let at = format!("timeline.imageSegments[{index}].path");
        match root.file(&segment.path) {
            Ok(file) => {
                files.insert(segment.path.clone(), file);
            }
            Err(fault @ PathFault::Leaves(_)) => problems.error(&project.file, &at, fault.to_string()),
            Err(fault) => problems.warn(
                &project.file,
                &at,
                format!("{fault}; exported without this picture"),
            ),
        }
    }
    files
}

fn in_domain(mut segment: MusicSegment, at: &str, file: &Path, problems: &mut Problems) -> MusicSegment {
    const SECONDS: (f64, f64) = (0.0, super::MAX_SECONDS);
    for (key, value, (low, high)) in [
        (
            "start",
            &mut segment.start,
            (-super::MAX_SECONDS, super::MAX_SECONDS),
        ),
        ("end", &mut segment.end, (-super::MAX_SECONDS, super::MAX_SECONDS)),
        ("trimStart", &mut segment.trim_start, SECONDS),
        ("fadeIn", &mut segment.fade_in, SECONDS),
        ("fadeOut", &mut segment.fade_out, SECONDS),
        ("volumeDb", &mut segment.volume_db, (SILENT_DB, 60.0)),
    ] {
        if !(low..=high).contains(value) {
            let used = if *value < low { low } else { high };
            let message = format!("expected {low} to {high}, found {value}; {used} is used");
            problems.warn(file, &format!("{at}.{key}"), message);
            *value = used;
        }
    }
    segment
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cap::testing::{Folder, lines};

    fn loaded(folder: &Folder, instead: Option<&Path>) -> (Project, Vec<String>) {
        let mut problems = Problems::default();
        let project = load(&folder.root(), instead, &mut problems);
        (project, lines(problems))
    }

    #[test]
    fn a_missing_file_is_all_defaults() {
        let (project, problems) = loaded(&Folder::new(), None);
        let defaults = ProjectConfig {
            screen_motion_blur: Some(1.0),
            text_size_version: 1,
            text_anim_version: 1,
            ..Default::default()
        };
        assert_eq!(project.config, defaults);
        assert_eq!(
            problems,
            ["Warning project-config.json: is not there; every setting has its default"]
        );
        let folder = Folder::new();
        folder.write(CONFIG_FILE, "{}");
        let (project, problems) = loaded(&folder, None);
        assert_eq!((project.config, problems.len()), (defaults, 0));
    }

    #[test]
    fn faults_name_file_and_place() {
        let folder = Folder::new();
        folder.json(CONFIG_FILE, &json!({
            "background": { "padding": "much" }, "camera": { "shape": "star", "zoom_size": 3, "roundingType": "rounded" },
            "timeline": { "segments": [ { "start": 0, "end": 1 } ] }, "unknown": [1, 2, 3]
        }));
        let (_, problems) = loaded(&folder, None);
        assert_eq!(
            problems,
            [
                "Error project-config.json: background.padding: expected a number, found the text \"much\"",
                "Error project-config.json: timeline.segments[0].timescale: this required key is missing",
                "Error project-config.json: timeline.zoomSegments: this required key is missing",
                "Warning project-config.json: camera.shape: \"star\" is not known to this version; the camera is square",
            ]
        );
        folder.write(CONFIG_FILE, "");
        assert_eq!(
            loaded(&folder, None).1,
            ["Error project-config.json: \"project-config.json\" is empty (0 bytes)"]
        );
    }

    #[test]
    fn pictures_lie_in_the_recording_or_are_left_out() {
        let folder = Folder::new();
        let image = |path: &str| json!({ "start": 0, "end": 1, "path": path });
        let mut off = image("../off.png");
        off["enabled"] = false.into();
        folder.write("assets/a.png", "picture");
        folder.json(
            CONFIG_FILE,
            &json!({ "timeline": { "segments": [], "zoomSegments": [], "imageSegments": [
                image("assets/a.png"), off, image("assets/b.png"), image("assets/a.png"), image("../c.png"),
            ] } }),
        );
        let (project, _) = loaded(&folder, None);
        let mut problems = Problems::default();
        let files = overlay_images(&folder.root(), &project, &mut problems);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["assets/a.png"]);
        assert!(files["assets/a.png"].ends_with("assets/a.png"));
        let problems = lines(problems);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems.iter().any(|line| line.starts_with("Warning")
                && line.contains("imageSegments[2].path")
                && line.contains("b.png")),
            "{problems:?}"
        );
        assert!(
            problems
                .iter()
                .any(|line| line.starts_with("Error") && line.contains("imageSegments[4].path")),
            "{problems:?}"
        );
    }

    #[test]
    fn both_spellings_of_a_key_are_an_error_as_in_cap() {
        let folder = Folder::new();
        folder.json(
            CONFIG_FILE,
            &json!({ "camera": { "rounding_type": "rounded", "roundingType": "rounded" } }),
        );
        let (_, problems) = loaded(&folder, None);
        assert!(
            problems[0].starts_with("Error project-config.json: camera"),
            "{problems:?}"
        );
        folder.json(
            CONFIG_FILE,
            &json!({ "camera": { "rounding_type": "rounded", "advanced_shadow": null } }),
        );
        let (project, problems) = loaded(&folder, None);
        assert_eq!(problems.len(), 0);
        assert_eq!(project.config.camera.advanced_shadow, None);
    }

    #[test]
    fn another_configuration_may_lie_anywhere_but_must_be_there() {
        let folder = Folder::new();
        folder.json(CONFIG_FILE, &json!({ "background": { "padding": 1 } }));
        let other = folder.outside().join("other.json");
        std::fs::write(&other, json!({ "background": { "padding": 2 } }).to_string()).unwrap();
        assert_eq!(loaded(&folder, Some(&other)).0.config.background.padding, 2.0);
        std::fs::remove_file(&other).unwrap();
        let (_, problems) = loaded(&folder, Some(&other));
        assert!(
            problems[0].starts_with(&format!("Error {}: cannot be read", other.display())),
            "{problems:?}"
        );
    }

    #[test]
    fn captions_json_counts_when_no_captions_are_placed() {
        let folder = Folder::new();
        let captions = |text: &str| json!({ "segments": [ { "id": "c1", "start": 0.5, "end": 2.0, "text": text } ], "settings": { "enabled": true } });
        folder.json(CONFIG_FILE, &json!({ "captions": captions("stored") }));
        let text = |project: Project| project.config.captions.unwrap().segments[0].text.clone();
        assert_eq!(text(loaded(&folder, None).0), "stored");
        folder.json(CAPTIONS_FILE, &captions("beside"));
        assert_eq!(text(loaded(&folder, None).0), "beside");
        folder.json(
            CONFIG_FILE,
            &json!({ "captions": captions("stored"), "timeline": { "segments": [], "zoomSegments": [],
            "captionSegments": [ { "id": "c", "start": 0, "end": 1, "text": "placed" } ] } }),
        );
        assert_eq!(text(loaded(&folder, None).0), "stored");
        folder.json(CONFIG_FILE, &json!({ "captions": captions("stored") }));
        folder.write(CAPTIONS_FILE, "{\"segments\": 1}");
        let (project, problems) = loaded(&folder, None);
        assert_eq!(text(project), "stored");
        assert!(
            problems[0].starts_with(
                "Warning captions.json: segments: expected an array, found the number 1; the file is not used"
            ),
            "{problems:?}"
        );
    }

    #[test]
    fn music_outside_is_refused_and_missing_music_skipped() {
        let folder = Folder::new();
        folder.write("assets/audio/bed.mp3", "x");
        let at = |path: &str, extra: serde_json::Value| {
            let mut music = json!({ "start": 0, "end": 20, "path": path });
            music
                .as_object_mut()
                .unwrap()
                .extend(extra.as_object().unwrap().clone());
            music
        };
        folder.json(
            CONFIG_FILE,
            &json!({ "timeline": { "segments": [], "zoomSegments": [], "audioSegments": [
            at("assets/audio/bed.mp3", json!({ "fadeIn": -1, "volumeDb": 1000 })),
            at("assets/audio/gone.mp3", json!({})),
            at("../bed.mp3", json!({})),
            at("/etc/passwd", json!({})),
            at("../unheard.mp3", json!({ "enabled": false })),
            at("../unheard.mp3", json!({ "volumeDb": -60 })),
            at("../unheard.mp3", json!({ "end": 0 })),
        ] } }),
        );
        let (project, _) = loaded(&folder, None);
        let mut problems = Problems::default();
        let music = music(&folder.root(), &project, &mut problems);
        assert_eq!(music.len(), 1);
        assert_eq!(
            music[0].file,
            folder.root().canonical().join("assets/audio/bed.mp3")
        );
        assert_eq!(
            (music[0].segment.fade_in, music[0].segment.volume_db),
            (0.0, 60.0)
        );
        let lines = lines(problems);
        assert_eq!(lines.len(), 5, "{lines:#?}");
        assert!(
            lines[0].starts_with(
                "Error project-config.json: timeline.audioSegments[2].path: \"../bed.mp3\" leaves"
            )
        );
        assert!(lines[1].starts_with(
            "Error project-config.json: timeline.audioSegments[3].path: \"/etc/passwd\" leaves"
        ));
        assert!(
            lines[2].starts_with("Warning project-config.json: timeline.audioSegments[0].fadeIn"),
            "{lines:#?}"
        );
        assert!(
            lines[4].starts_with("Warning project-config.json: timeline.audioSegments[1].path"),
            "{lines:#?}"
        );
    }
}
