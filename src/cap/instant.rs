//! Instant recordings: one finished video, or its fragments (cap-format.md 2.8).

use super::fragments::{self, Rescue};
use super::kind::META_FILE;
use super::meta::InstantMeta;
use super::paths::{PathFault, Root};
use super::problem::Problems;
use super::recording::MediaSource;

const OUTPUT: &str = "content/output.mp4";
const DISPLAY: &str = "content/display";
const AUDIO: &str = "content/audio";

/// The video of an instant recording, and its sound where that lies beside it; `None` when an error was noted.
pub(super) fn find(
    root: &Root,
    meta: &InstantMeta,
    problems: &mut Problems,
) -> Option<(MediaSource, Option<MediaSource>)> {
    match meta {
        InstantMeta::Complete { .. } => {}
        InstantMeta::InProgress(true) => {
            let message = "the instant recording is still running, or its recorder crashed; stop it in Cap, then export";
            problems.error(META_FILE, "recording", message);
            return None;
        }
        InstantMeta::InProgress(false) => {
            problems.error(
                META_FILE,
                "recording",
                "the instant recording is incomplete; finish it in Cap, then export",
            );
            return None;
        }
        InstantMeta::Failed(reason) => {
            problems.error(
                META_FILE,
                "error",
                format!("the instant recording failed: {reason}"),
            );
            return None;
        }
    }
    let output = root.file(OUTPUT);
    if let Err(fault @ PathFault::Leaves(_)) = &output {
        problems.error(OUTPUT, "", fault.to_string());
        return None;
    }
    let has_audio = root.resolve(AUDIO).is_ok_and(|path| path.is_dir());
    match output {
        Ok(path) if !has_audio => return Some((MediaSource::File(path), None)),
        _ => {}
    }
    let display = fragments::collect(root, DISPLAY, Rescue::Complete, problems);
    if !display.groups.is_empty() {
        let audio = fragments::collect(root, AUDIO, Rescue::Nothing, problems);
        let audio = (!audio.groups.is_empty()).then_some(MediaSource::Fragments(audio.groups));
        if has_audio && audio.is_none() {
            problems.warn(
                AUDIO,
                "",
                "holds no sound that can be decoded; exported without sound",
            );
        }
        return Some((MediaSource::Fragments(display.groups), audio));
    }
    match output {
        Ok(path) => {
            problems.warn(
                DISPLAY,
                "",
                format!("holds nothing that can be decoded; {OUTPUT} is used, with the sound it has"),
            );
            Some((MediaSource::File(path), None))
        }
        Err(fault) => {
            problems.error(
                OUTPUT,
                "",
                format!("{fault}, and {DISPLAY} holds no fragments to build it from"),
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::testing::{Folder, init_mp4, lines, piece_m4s, whole_mp4};

    const COMPLETE: InstantMeta = InstantMeta::Complete { fps: 30 };

    fn found(
        folder: &Folder,
        meta: &InstantMeta,
    ) -> (Option<(MediaSource, Option<MediaSource>)>, Vec<String>) {
        let mut problems = Problems::default();
        let found = find(&folder.root(), meta, &mut problems);
        (found, lines(problems))
    }

    fn fragments(folder: &Folder, name: &str) {
        folder
            .write(&format!("{name}/init.mp4"), init_mp4())
            .write(&format!("{name}/segment_001.m4s"), piece_m4s());
    }

    #[test]
    fn the_finished_file_is_used_unless_sound_lies_beside_it() {
        let folder = Folder::new();
        folder.write(OUTPUT, whole_mp4());
        let output = MediaSource::File(folder.root().canonical().join(OUTPUT));
        fragments(&folder, DISPLAY);
        assert_eq!(found(&folder, &COMPLETE), (Some((output, None)), vec![]));
        fragments(&folder, AUDIO);
        let (built, _) = found(&folder, &COMPLETE);
        assert!(
            matches!(
                built,
                Some((MediaSource::Fragments(_), Some(MediaSource::Fragments(_))))
            ),
            "{built:?}"
        );
    }

    #[test]
    fn an_empty_output_is_built_from_fragments() {
        let folder = Folder::new();
        folder.write(OUTPUT, "");
        let (none, problems) = found(&folder, &COMPLETE);
        assert!(none.is_none());
        assert!(
            problems[0]
                .starts_with("Error content/output.mp4: \"content/output.mp4\" is empty (0 bytes), and"),
            "{problems:?}"
        );
        fragments(&folder, DISPLAY);
        let (built, _) = found(&folder, &COMPLETE);
        assert!(
            matches!(built, Some((MediaSource::Fragments(_), None))),
            "{built:?}"
        );
    }

    #[test]
    fn an_output_beside_unusable_fragments_is_used_with_a_warning() {
        let folder = Folder::new();
        folder.write(OUTPUT, whole_mp4()).write("content/audio/x", "x");
        let (built, problems) = found(&folder, &COMPLETE);
        assert!(matches!(built, Some((MediaSource::File(_), None))));
        assert!(
            problems[0].starts_with("Warning content/display: "),
            "{problems:?}"
        );
    }

    #[test]
    fn unfinished_and_failed_ones_say_so() {
        let folder = Folder::new();
        folder.write(OUTPUT, whole_mp4());
        for (meta, place) in [
            (
                InstantMeta::InProgress(true),
                "recording: the instant recording is still running",
            ),
            (
                InstantMeta::InProgress(false),
                "recording: the instant recording is incomplete",
            ),
            (
                InstantMeta::Failed("encoder stopped".into()),
                "error: the instant recording failed: encoder stopped",
            ),
        ] {
            let (none, problems) = found(&folder, &meta);
            assert!(none.is_none());
            assert!(problems[0].contains(place), "{problems:?}");
        }
    }
}
