use serde_json::json;

use super::*;
use crate::cap::testing::{Folder, init_mp4, lines, piece_m4s, whole_mp4};

const DIR: &str = "content/segments/segment-0/display";

/// Collects and gives the names of the files of each group, and the problems.
fn collected(folder: &Folder, rescue: Rescue) -> (Vec<Vec<String>>, Vec<String>) {
    let root = folder.root();
    let mut problems = Problems::default();
    let found = collect(&root, DIR, rescue, &mut problems);
    let base = root.canonical().join(DIR);
    let groups = found
        .groups
        .iter()
        .map(|group| {
            let name = |path: &PathBuf| path.strip_prefix(&base).unwrap().to_string_lossy().into_owned();
            group.files.iter().map(name).collect()
        })
        .collect();
    (groups, lines(problems))
}

fn at(name: &str) -> String {
    format!("{DIR}/{name}")
}

fn manifest(entries: &[(&str, u32, bool, Option<u64>)]) -> serde_json::Value {
    let entries: Vec<_> = entries
        .iter()
        .map(|(path, index, complete, size)| {
            json!({ "path": path, "index": index, "duration": 2.0, "is_complete": complete, "file_size": size })
        })
        .collect();
    json!({ "version": 5, "type": "m4s_segments", "init_segment": "init.mp4", "segments": entries, "is_complete": false })
}

#[test]
fn complete_entries_of_the_stated_size_are_joined_to_the_init_segment() {
    let folder = Folder::new();
    let size = piece_m4s().len() as u64;
    folder.write(&at("init.mp4"), init_mp4());
    for n in 1..=5 {
        folder.write(&at(&format!("segment_00{n}.m4s")), piece_m4s());
    }
    folder.json(
        &at("manifest.json"),
        &manifest(&[
            ("segment_002.m4s", 2, true, Some(size)),
            ("segment_001.m4s", 1, true, None),
            ("segment_003.m4s", 3, true, Some(size + 1)),
            ("segment_009.m4s", 4, true, None),
            ("segment_001.m4s", 5, true, None),
            ("segment_005.m4s", 6, false, None),
        ]),
    );
    let (groups, problems) = collected(&folder, Rescue::Complete);
    assert_eq!(groups, [["init.mp4", "segment_001.m4s", "segment_002.m4s"]]);
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(
        problems[0].contains("segments[2].path: \"segment_003.m4s\" has 300 bytes instead of 301; left out"),
        "{problems:?}"
    );
    assert!(problems[1].contains("segments[3].path: \"segment_009.m4s\" does not exist"));
    assert!(problems[2].contains("segments[4].path: \"segment_001.m4s\" is listed twice"));
    assert!(problems[3].contains("segments[5].path: \"segment_005.m4s\" was still being written"));
}

#[test]
fn the_older_type_is_a_group_per_file_that_decodes() {
    let folder = Folder::new();
    folder.write(&at("fragment_000.mp4"), whole_mp4());
    folder.write(&at("fragment_001.mp4"), init_mp4());
    folder.write(&at("fragment_002.mp4"), whole_mp4());
    let entries: Vec<_> = (0..3)
        .map(|n| json!({ "path": format!("fragment_00{n}.mp4"), "index": n, "duration": null, "is_complete": true }))
        .collect();
    folder.json(
        &at("manifest.json"),
        &json!({ "version": 2, "fragments": entries, "is_complete": true }),
    );
    let (groups, _) = collected(&folder, Rescue::Nothing);
    assert_eq!(groups, [["fragment_000.mp4"], ["fragment_002.mp4"]]);
}

#[test]
fn without_a_usable_entry_all_pieces_are_taken_in_numeric_order() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    folder.write(&at("segment_1000.m4s"), piece_m4s());
    folder.write(&at("segment_101.m4s"), piece_m4s());
    folder.write(&at("segment_099.m4s"), piece_m4s());
    folder.write(&at("segment_100.m4s"), [0; 99]);
    folder.write(&at("dash_manifest.mpd"), "x");
    let expected = [[
        "init.mp4",
        "segment_099.m4s",
        "segment_101.m4s",
        "segment_1000.m4s",
    ]];
    // No manifest, one that can't be read, one that lists nothing usable.
    assert_eq!(collected(&folder, Rescue::Nothing).0, expected);
    folder.write(&at("manifest.json"), "{\"segments\": [");
    let (groups, problems) = collected(&folder, Rescue::Nothing);
    assert_eq!(groups, expected);
    assert!(
        problems[0].starts_with("Warning content/segments/segment-0/display/manifest.json: EOF"),
        "{problems:?}"
    );
    folder.json(
        &at("manifest.json"),
        &manifest(&[("segment_001.m4s", 1, true, None)]),
    );
    assert_eq!(collected(&folder, Rescue::Nothing).0, expected);
}

#[test]
fn without_an_init_segment_files_that_decode_are_taken() {
    let folder = Folder::new();
    folder.write(&at("b_10.mp4"), whole_mp4());
    folder.write(&at("b_9.m4s"), whole_mp4());
    folder.write(&at("b_1.m4s"), piece_m4s());
    folder.write(&at("a_2.ogg"), [b"OggS".as_slice(), &[0; 100]].concat());
    folder.write(&at("notes.txt"), "OggS");
    folder.json(&at("manifest.json"), &manifest(&[("b_1.m4s", 1, true, None)]));
    assert_eq!(
        collected(&folder, Rescue::Nothing).0,
        [["a_2.ogg"], ["b_9.m4s"], ["b_10.mp4"]]
    );
}

#[test]
fn complete_temporary_pieces_are_rescued() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    folder.write(&at("segment_001.m4s"), piece_m4s());
    folder.write(&at("segment_001.m4s.tmp"), piece_m4s());
    folder.write(&at("segment_002.m4s.tmp"), piece_m4s());
    folder.write(&at("segment_003.m4s.tmp"), &piece_m4s()[..280]);
    folder.write(&at("segment_004.m4s.tmp"), piece_m4s());
    folder.write(&at("segment_004.m4s.corrupt"), "x");
    assert_eq!(
        collected(&folder, Rescue::Complete).0,
        [["init.mp4", "segment_001.m4s", "segment_002.m4s.tmp"]]
    );
    assert_eq!(
        collected(&folder, Rescue::Nothing).0,
        [["init.mp4", "segment_001.m4s"]]
    );
    // They are not in the manifest, so they count only when it lists nothing usable.
    folder.json(
        &at("manifest.json"),
        &manifest(&[("segment_001.m4s", 1, true, None)]),
    );
    assert_eq!(
        collected(&folder, Rescue::Complete).0,
        [["init.mp4", "segment_001.m4s"]]
    );
}

#[test]
fn only_the_last_piece_may_be_cut_short() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    folder.write(&at("segment_001.m4s"), &piece_m4s()[..200]);
    folder.write(&at("segment_002.m4s"), piece_m4s());
    folder.write(&at("segment_003.m4s"), &piece_m4s()[..200]);
    let (groups, problems) = collected(&folder, Rescue::Nothing);
    assert_eq!(groups, [["init.mp4", "segment_002.m4s", "segment_003.m4s"]]);
    assert!(
        problems[0].contains("segment_001.m4s: is damaged"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("segment_003.m4s: is cut short"),
        "{problems:?}"
    );
}

#[test]
fn respawned_groups_follow_in_numeric_order() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    folder.write(&at("segment_001.m4s"), piece_m4s());
    for group in ["respawn-10", "respawn-2", "respawn-1"] {
        folder.write(&at(&format!("{group}/init.mp4")), init_mp4());
        folder.write(&at(&format!("{group}/segment_010.m4s")), piece_m4s());
        folder.write(&at(&format!("{group}/segment_2.m4s")), piece_m4s());
        folder.write(&at(&format!("{group}/segment_x.m4s")), piece_m4s());
    }
    folder.write(&at("respawn-3/segment_001.m4s"), piece_m4s());
    folder.write(&at("respawn-4/init.mp4"), init_mp4());
    folder.write(&at("respawn-x/init.mp4"), init_mp4());
    let (groups, problems) = collected(&folder, Rescue::Nothing);
    let respawned = |n: u32| -> Vec<String> {
        ["init.mp4", "segment_2.m4s", "segment_010.m4s"]
            .iter()
            .map(|name| format!("respawn-{n}/{name}"))
            .collect()
    };
    assert_eq!(groups[0], ["init.mp4", "segment_001.m4s"]);
    assert_eq!(groups[1..], [respawned(1), respawned(2), respawned(10)]);
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn nothing_outside_the_folder_is_read() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    folder.write(&at("segment_001.m4s"), piece_m4s());
    folder.json(
        &at("manifest.json"),
        &manifest(&[
            ("../../../../../secret.m4s", 1, true, None),
            ("segment_001.m4s", 2, true, None),
            ("..", 3, true, None),
        ]),
    );
    let (groups, problems) = collected(&folder, Rescue::Nothing);
    assert_eq!(groups, [["init.mp4", "segment_001.m4s"]]);
    assert!(
        problems[0].starts_with("Error content/segments/segment-0/display/manifest.json: segments[0].path: "),
        "{problems:?}"
    );
    assert!(
        problems[1].starts_with("Error content/segments/segment-0/display/manifest.json: segments[2].path: "),
        "{problems:?}"
    );
}

#[cfg(unix)]
#[test]
fn links_out_of_the_recording_are_errors() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    std::fs::write(folder.outside().join("secret.m4s"), piece_m4s()).unwrap();
    std::os::unix::fs::symlink(
        folder.outside().join("secret.m4s"),
        folder.path().join(at("segment_001.m4s")),
    )
    .unwrap();
    std::os::unix::fs::symlink(folder.outside(), folder.path().join(at("respawn-1"))).unwrap();
    let (groups, problems) = collected(&folder, Rescue::Nothing);
    assert_eq!(groups, Vec::<Vec<String>>::new());
    assert_eq!(
        problems
            .iter()
            .filter(|line| line.starts_with("Error") && line.contains("leaves the recording"))
            .count(),
        2
    );
}

#[test]
fn an_absent_or_empty_folder_holds_nothing() {
    let folder = Folder::new();
    assert_eq!(collected(&folder, Rescue::Complete).0.len(), 0);
    folder.write(&at("manifest.json"), "{}");
    assert_eq!(collected(&folder, Rescue::Complete).0.len(), 0);
}

#[test]
fn sizes_and_rate_are_told() {
    let folder = Folder::new();
    folder.write(&at("init.mp4"), init_mp4());
    let bytes = piece_m4s().len() as u64;
    folder.write(&at("segment_001.m4s"), piece_m4s());
    folder.json(
        &at("manifest.json"),
        &json!({ "type": "m4s_segments", "codec_info": { "frame_rate_num": 60000, "frame_rate_den": 1001 },
                 "segments": [ { "path": "segment_001.m4s", "index": 1, "duration": 2.0, "is_complete": true, "file_size": bytes } ] }),
    );
    let found = collect(&folder.root(), DIR, Rescue::Nothing, &mut Problems::default());
    assert_eq!(
        (found.bytes, found.frame_rate, found.groups.len()),
        (bytes, Some(60), 1)
    );
}
