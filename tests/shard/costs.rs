//! What a part takes: no more memory than the whole export, and no more reading at the end of a recording than at its beginning.

use super::Shards;
use crate::common::{Recording, SMALL, capstan};
use crate::memory::Measured;

#[test]
fn a_part_takes_no_more_memory_and_reads_no_more_the_further_it_lies() {
    // 24 s, some 20 MB, a key frame every two seconds.
    let recording = Recording::new();
    let noise = "testsrc2=size=640x360:rate=30:duration=24,noise=alls=30:allf=t";
    let options = [
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        "20",
        "-g",
        "60",
        "-pix_fmt",
        "yuv420p",
    ];
    recording.display(noise, &options);
    let whole = recording.outside().join("whole.mp4");
    let mut command = capstan();
    command
        .arg("export")
        .arg(recording.path())
        .arg(&whole)
        .args(SMALL);
    let whole = Measured::of(&mut command);
    whole.assert(2000);
    let track = std::fs::metadata(recording.place(crate::common::DISPLAY))
        .unwrap()
        .len();
    assert!(track > 10 << 20 && whole.read > track, "{track} {}", whole.read);

    let shards = Shards::plan(&recording.path(), 10_000, &SMALL);
    assert_eq!(shards.parts(), 12);
    let parts: Vec<Measured> = [1, 5, 10]
        .map(|part| Measured::of(&mut shards.command(&part.to_string(), &[])))
        .into();
    for part in &parts {
        // Both vary by some MB from run to run.
        part.assert(whole.peak + 8);
        assert!(
            part.read < parts[0].read + track / 20,
            "{} bytes read, {} by part 1",
            part.read,
            parts[0].read
        );
        assert!(
            part.read + track / 2 < whole.read,
            "it does not read all of the track"
        );
    }
}
