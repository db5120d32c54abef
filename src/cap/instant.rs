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
///
/// One that was not finished, or failed, is recovered by the same rules from what is whole.
pub(super) fn find(
    root: &Root,
    meta: &InstantMeta,
    problems: &mut Problems,
) -> Option<(MediaSource, Option<MediaSource>)> {
    let (at, state) = match meta {
        InstantMeta::Complete { .. } => return look(root, false, problems),
        InstantMeta::InProgress(true) => (
            "recording",
            "the instant recording is still running, or its recorder crashed".to_owned(),
        ),
        InstantMeta::InProgress(false) => {
            ("recording", "the instant recording was never finished".to_owned())
        }
        InstantMeta::Failed(reason) => ("error", format!("the instant recording failed: {reason}")),
    };
    match look(root, true, problems) {
        Some((video, audio)) => {
            let sound = audio
                .as_ref()
                .map_or(String::new(), |audio| format!(" and {}", parts(audio, AUDIO)));
            let video_parts = parts(&video, DISPLAY);
            problems.warn(
                META_FILE,
                at,
                format!("{state}; recovered from {video_parts}{sound}"),
            );
            Some((video, audio))
        }
        None => {
            problems.error(META_FILE, at, format!("{state}, and nothing of it can be played"));
            None
        }
    }
}

/// What a source consists of, for people; fragments lie in `folder`.
fn parts(source: &MediaSource, folder: &str) -> String {
    match source {
        MediaSource::File(_) => OUTPUT.to_owned(),
        MediaSource::Fragments(groups) => {
            // A group of several files begins with its init segment.
            let pieces: usize = groups
                .iter()
                .map(|group| group.files.len().saturating_sub(1).max(1))
                .sum();
            format!("{pieces} piece(s) in {folder}")
        }
    }
}

/// Looks where the media are; with `careful`, a finished file counts only if it has what playing it needs.
fn look(root: &Root, careful: bool, problems: &mut Problems) -> Option<(MediaSource, Option<MediaSource>)> {
    let mut output = root.file(OUTPUT);
    if let Ok(path) = &output
        && careful
        && !fragments::decodes_alone(path).unwrap_or(false)
    {
        problems.warn(OUTPUT, "", "was not finished and can't be played; left out");
        output = Err(PathFault::Missing(OUTPUT.to_owned()));
    }
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
    fn unfinished_and_failed_ones_are_recovered_and_say_so() {
        for (meta, state) in [
            (
                InstantMeta::InProgress(true),
                "recording: the instant recording is still running, or its recorder crashed",
            ),
            (
                InstantMeta::InProgress(false),
                "recording: the instant recording was never finished",
            ),
            (
                InstantMeta::Failed("encoder stopped".into()),
                "error: the instant recording failed: encoder stopped",
            ),
        ] {
            let folder = Folder::new();
            let (none, problems) = found(&folder, &meta);
            assert!(none.is_none());
            assert!(problems.iter().any(|line| line.contains(state)), "{problems:?}");
            folder.write(OUTPUT, whole_mp4());
            let output = MediaSource::File(folder.root().canonical().join(OUTPUT));
            let (recovered, problems) = found(&folder, &meta);
            assert_eq!(recovered, Some((output, None)));
            let warning = format!("Warning recording-meta.json: {state}; recovered from content/output.mp4");
            assert_eq!(problems, [warning]);
            // A file without its index is nothing, the pieces are.
            folder.write(OUTPUT, init_mp4());
            fragments(&folder, DISPLAY);
            fragments(&folder, AUDIO);
            let (recovered, problems) = found(&folder, &meta);
            assert!(matches!(
                recovered,
                Some((MediaSource::Fragments(_), Some(MediaSource::Fragments(_))))
            ));
            let said = "recovered from 1 piece(s) in content/display and 1 piece(s) in content/audio";
            assert!(problems.iter().any(|line| line.contains(said)), "{problems:?}");
        }
    }
}
