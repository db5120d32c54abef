//! What goes wrong with parts: a retry mends it, or `join` names it.

use std::fs;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::{Shards, take};
use crate::common::{self, Recording, digest, names};

#[test]
fn faults_are_mended_by_a_retry_or_named() {
    let recording = take();
    // Without a ceiling of the rate x264 gives the same bytes twice.
    let shards = Shards::plan(
        &recording.path(),
        3,
        &[&common::SMALL[..], &["--crf", "20"]].concat(),
    );
    // Nothing is there yet.
    let refused = shards.join("out.mp4");
    refused.assert_error(&["4 of 4 parts", "0, 1, 2, sound", "--array=0-3"]);
    assert!(!shards.at("out.mp4").exists());
    shards.make_all();
    let made = digest(&shards.at("parts"));
    let whole = shards.joined();
    whole.assert_plays_everywhere(shards.frames());
    let film = fs::read(shards.at("out.mp4")).unwrap();

    // Run twice: kept, not made again. The index behind the last part is the sound.
    assert!(shards.make("1"));
    assert!(shards.make("sound") && shards.make("3"));
    assert!(digest(&shards.at("parts")) == made);

    // Missing.
    fs::remove_file(shards.file("1")).unwrap();
    shards.join("b.mp4").assert_error(&["1 of 4 parts", "--array=1"]);
    assert!(!shards.make("1"));
    assert!(digest(&shards.at("parts")) == made, "the same bytes again");

    // Truncated, and changed in the middle.
    for part in ["0", "2", "sound"] {
        let bytes = fs::read(shards.file(part)).unwrap();
        fs::write(shards.file(part), &bytes[..bytes.len() * 2 / 3]).unwrap();
        let refused = shards.join("b.mp4");
        refused.assert_error(&["1 of 4 parts", "is cut off", part]);
        let mut changed = bytes.clone();
        changed[bytes.len() / 2] ^= 1;
        fs::write(shards.file(part), changed).unwrap();
        shards
            .join("b.mp4")
            .assert_error(&["1 of 4 parts", "damaged", part]);
        assert!(!shards.make(part));
    }
    assert!(digest(&shards.at("parts")) == made);

    // In another's place.
    fs::copy(shards.file("0"), shards.file("1")).unwrap();
    shards.join("b.mp4").assert_error(&["holds part 0 of the plan"]);
    assert!(!shards.make("1"));

    // From other settings, and from another recording: other plans.
    let other = Recording::moving("320x180", 7.0);
    for (recording, crf) in [(&recording, "21"), (&other, "20")] {
        let flags = [&common::SMALL[..], &["--crf", crf]].concat();
        let other = Shards::plan(&recording.path(), 3, &flags);
        for part in ["2", "sound"] {
            other.make(part);
            fs::copy(other.file(part), shards.file(part)).unwrap();
        }
        shards
            .join("b.mp4")
            .assert_error(&["2 of 4 parts", "belongs to another plan", "--array=2,3"]);
        assert!(!shards.make("2") && !shards.make("sound"));
        assert!(digest(&shards.at("parts")) == made);
    }

    shards.join("b.mp4").assert_code(0);
    assert!(
        fs::read(shards.at("b.mp4")).unwrap() == film,
        "the same film again"
    );
    assert_eq!(names(&shards.at("parts")).len(), 4);
}

/// Starts making a part, and says nothing of it.
fn start(shards: &Shards, part: &str) -> Child {
    shards
        .command(part, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The part is there whole or not at all wherever its making ends, and is made by a retry.
#[test]
fn a_part_killed_at_any_point_is_made_by_a_retry() {
    let recording = take();
    let shards = Shards::plan(&recording.path(), 2, &common::SMALL);
    for part in ["0", "sound"] {
        let begun = Instant::now();
        shards.make(part);
        let takes = begun.elapsed();
        let whole = fs::read(shards.file(part)).unwrap();
        for tenth in 0..=10 {
            fs::remove_file(shards.file(part)).unwrap();
            let mut child = start(&shards, part);
            thread::sleep(takes * tenth / 10);
            child.kill().unwrap();
            child.wait().unwrap();
            let left: Vec<String> = names(&shards.at("parts"))
                .into_iter()
                .filter(|name| !name.starts_with('.'))
                .collect();
            match shards.file(part).exists() {
                true => assert!(shards.make(part), "there whole or not at all"),
                false => {
                    assert_eq!(left, [""; 0]);
                    shards.join("out.mp4").assert_error(&["3 of 3 parts", part]);
                    assert!(!shards.make(part));
                }
            }
            assert_eq!(
                names(&shards.at("parts")),
                [shards.file(part).file_name().unwrap().to_str().unwrap()]
            );
            // The length of a part may differ a little: x264 keeps a ceiling by how far its threads have come.
            let made = fs::metadata(shards.file(part)).unwrap().len();
            assert!(
                made.abs_diff(whole.len() as u64) * 20 < whole.len() as u64,
                "{made}"
            );
        }
        fs::remove_file(shards.file(part)).unwrap();
    }
}

#[test]
fn a_part_made_twice_at_once_is_made() {
    let recording = take();
    let shards = Shards::plan(&recording.path(), 2, &common::SMALL);
    // At the same moment, and one when the other is in the middle.
    for (part, apart) in [("0", 0), ("1", 300), ("sound", 0)] {
        let mut first = start(&shards, part);
        thread::sleep(Duration::from_millis(apart));
        let mut second = start(&shards, part);
        for child in [&mut first, &mut second] {
            assert!(common::wait(child, Duration::from_secs(60)).unwrap().success());
        }
        assert!(shards.make(part));
    }
    assert_eq!(
        names(&shards.at("parts")),
        ["part-0000.packets", "part-0001.packets", "sound.packets"]
    );
    shards.joined().assert_plays_everywhere(shards.frames());
}
