//! Odd, unusual and broken sources: each exports rightly, or ends in an error that names the file and says what to do.

use std::fs;

use crate::common::{DISPLAY, Export, MIC, Mp4, Recording, SMALL, capstan, has_encoder, run, skipped};
use serde_json::{Value, json};

const X264: [&str; 6] = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];

/// Exports and checks what every export must be.
#[track_caller]
fn exports(recording: &Recording, frames: u64) -> (Mp4, Value) {
    exports_with(recording, frames, &SMALL)
}

#[track_caller]
fn exports_with(recording: &Recording, frames: u64, flags: &[&str]) -> (Mp4, Value) {
    let export = Export::done(&recording.path(), flags);
    let video = export.video();
    video.assert_plays_everywhere(frames);
    (video, export.report())
}

/// Ends with 1 and a message that holds all of `words`.
#[track_caller]
fn refused(recording: &Recording, words: &[&str]) {
    Export::of(&recording.path(), &SMALL).run.assert_error(words);
}

fn warnings(report: &Value) -> String {
    report["warnings"].to_string()
}

/// The four quarters of a picture: red, green, blue, grey, with BT.709 made of them in `range` (tv or pc).
fn quarters(size: &str, range: &str, format: &str) -> String {
    let (width, height) = size.split_once('x').unwrap();
    let (w, h): (u32, u32) = (width.parse().unwrap(), height.parse().unwrap());
    let patch = |color: &str, x: u32, y: u32| {
        format!("drawbox=x={x}:y={y}:w={}:h={}:color={color}:t=fill", w / 2, h / 2)
    };
    format!(
        "color=c=black:size={size}:rate=30:duration=0.4,format=rgb24,{},{},{},{},\
         scale=out_color_matrix=bt709:out_range={range}:flags=accurate_rnd+full_chroma_int,format={format},\
         setparams=colorspace=bt709:color_primaries=bt709:color_trc=bt709:range={range}",
        patch("0xC83228", 0, 0),
        patch("0x28B43C", w / 2, 0),
        patch("0x283CC8", 0, h / 2),
        patch("0x808080", w / 2, h / 2),
    )
}

/// The quarters as they must come out: within 2/255 after the source's and the export's encoding, each.
#[track_caller]
fn assert_quarters(recording: &Recording) {
    let flags = ["--fps", "30", "--resolution", "320x180", "--crf", "4"];
    let export = Export::done(&recording.path(), &flags);
    let video = export.video();
    video.assert_plays_everywhere(12);
    let (width, height) = video.size();
    let (w, h) = (width as u32, height as u32);
    for (x, y, expected) in [
        (w / 4, h / 4, [0xC8, 0x32, 0x28]),
        (w * 3 / 4, h / 4, [0x28, 0xB4, 0x3C]),
        (w / 4, h * 3 / 4, [0x28, 0x3C, 0xC8]),
        (w * 3 / 4, h * 3 / 4, [0x80, 0x80, 0x80]),
    ] {
        let found = export.pixel(6, x, y);
        let worst = expected.iter().zip(found).map(|(a, b)| u8::abs_diff(*a, b)).max();
        assert!(worst <= Some(4), "({x}, {y}): {found:?}, expected {expected:?}");
    }
}

#[test]
fn sizes() {
    for (width, height) in [(1366, 768), (3024, 1964), (360, 640), (64, 1024), (2, 2)] {
        let recording = Recording::moving(&format!("{width}x{height}"), 0.2);
        let (video, _) = exports(&recording, 6);
        // cap-look.md 2.2 for a box of 320x180 and no padding.
        let scale = (320.0 / width as f32).min(180.0 / height as f32);
        let up_to = |side: u32, multiple| u64::from((side as f32 * scale) as u32).next_multiple_of(multiple);
        assert_eq!(
            video.size(),
            (up_to(width, 4), up_to(height, 2)),
            "{width}x{height}"
        );
    }
}

#[test]
fn crops_down_to_one_pixel() {
    let recording = Recording::new();
    recording.display(
        &quarters("320x180", "tv", "yuv420p"),
        &[&X264[..], &["-crf", "4"]].concat(),
    );
    for (side, x) in [(1, 10), (2, 10), (3, 11)] {
        recording.config(&json!({
            "padding": 0, "crop": { "position": { "x": x, "y": 20 }, "size": { "x": side, "y": side } },
        }));
        let export = Export::done(&recording.path(), &[&SMALL[..], &["--crf", "4"]].concat());
        let video = export.video();
        video.assert_plays_everywhere(12);
        let (width, height) = video.size();
        assert_eq!(width, height);
        let found = export.pixel(6, width as u32 / 2, height as u32 / 2);
        let worst = [0xC8, 0x32, 0x28]
            .iter()
            .zip(found)
            .map(|(a, b)| u8::abs_diff(*a, b))
            .max();
        assert!(worst <= Some(4), "crop {side}: {found:?}");
    }
}

#[test]
fn a_crop_outside_the_screen_is_refused() {
    let recording = Recording::moving("320x180", 0.2);
    recording.config(&json!({
        "padding": 0, "crop": { "position": { "x": 300, "y": 0 }, "size": { "x": 64, "y": 64 } },
    }));
    let export = Export::of(&recording.path(), &SMALL);
    export.run.assert_no_defect();
    // Either it is cut to the screen and said so, or it is an error that names the setting.
    match export.run.code {
        Some(0) => assert!(warnings(&export.report()).contains("crop"), "{}", export.report()),
        _ => {
            export.run.assert_error(&["crop"]);
        }
    }
}

#[test]
fn colours_survive_every_pixel_format() {
    for (range, format, profile) in [
        ("tv", "yuv420p", "high"),
        ("pc", "yuvj420p", "high"),
        ("tv", "yuv444p", "high444"),
        ("tv", "yuv420p10le", "high10"),
        ("tv", "yuv422p", "high422"),
    ] {
        let recording = Recording::new();
        let options = [
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-crf",
            "4",
            "-profile:v",
            profile,
        ];
        let colors = ["-color_range", range, "-colorspace", "bt709"];
        recording.display(
            &quarters("320x180", range, format),
            &[&options[..], &colors].concat(),
        );
        assert_quarters(&recording);
    }
}

#[test]
fn hevc() {
    if !has_encoder("libx265") {
        skipped("this FFmpeg has no libx265 to make HEVC with");
        return;
    }
    for format in ["yuv420p", "yuv420p10le"] {
        let recording = Recording::new();
        let options = [
            "-c:v",
            "libx265",
            "-preset",
            "ultrafast",
            "-crf",
            "4",
            "-tag:v",
            "hvc1",
        ];
        let quiet = [
            "-x265-params",
            "log-level=error",
            "-colorspace",
            "bt709",
            "-color_range",
            "tv",
        ];
        recording.display(
            &quarters("320x180", "tv", format),
            &[&options[..], &quiet].concat(),
        );
        assert_quarters(&recording);
    }
}

/// Turns an MP4's picture clockwise by the matrix of its track header (ISO/IEC 14496-12, 8.3.2).
fn turn_clockwise(bytes: &mut [u8]) {
    let header = bytes.windows(4).position(|kind| kind == b"tkhd").unwrap();
    // After the type: version and flags, 20 bytes of times and number, 8 reserved, layer, group, volume, reserved.
    let matrix = &mut bytes[header + 4 + 40..][..36];
    let (one, w) = (1 << 16, 1 << 30);
    let turned = [0, one, 0, -one, 0, 0, 0, 0, w];
    for (place, value) in matrix.chunks_mut(4).zip(turned) {
        place.copy_from_slice(&i32::to_be_bytes(value));
    }
}

#[test]
fn a_turned_screen_is_shown_upright() {
    let recording = Recording::new();
    recording.display(
        &quarters("320x180", "tv", "yuv420p"),
        &[&X264[..], &["-crf", "4"]].concat(),
    );
    let mut bytes = fs::read(recording.place(DISPLAY)).unwrap();
    turn_clockwise(&mut bytes);
    fs::write(recording.place(DISPLAY), bytes).unwrap();
    let export = Export::done(&recording.path(), &SMALL);
    let (width, height) = export.video().size();
    assert_eq!(
        (width, height),
        (104, 180),
        "180x320 in a box of 320x180 is 101 px wide"
    );
    let (w, h) = (width as u32, height as u32);
    // Red lay at the top left, blue at the bottom left.
    for (x, y, strongest) in [
        (w / 4, h / 4, 2),
        (w * 3 / 4, h / 4, 0),
        (w * 3 / 4, h * 3 / 4, 1),
    ] {
        let found = export.pixel(6, x, y);
        assert!(
            (0..3).all(|channel| channel == strongest || found[channel] < found[strongest] / 2),
            "({x}, {y}): {found:?}"
        );
    }
}

#[test]
fn sound_of_any_layout_becomes_stereo() {
    for (layout, codec) in [("mono", "libopus"), ("stereo", "libopus"), ("5.1", "libopus")] {
        let recording = Recording::moving("128x96", 1.1).with_mic();
        let tone =
            format!("sine=frequency=440:sample_rate=48000:duration=1,aformat=channel_layouts={layout}");
        recording.track(
            MIC,
            &tone,
            &[
                "-c:a",
                codec,
                "-mapping_family",
                if layout == "5.1" { "1" } else { "0" },
            ],
        );
        let (video, _) = exports(&recording, 33);
        let audio = video.audio.unwrap();
        assert_eq!(
            (&audio["channels"], &audio["sample_rate"]),
            (&json!(2), &json!("48000")),
            "{layout}"
        );
    }
}

#[test]
fn a_screen_without_pictures_is_named() {
    let recording = Recording::new();
    refused(
        &recording,
        &["segments[0].display.path", "display.mp4", "does not exist"],
    );
    fs::write(recording.place(DISPLAY), "").unwrap();
    refused(
        &recording,
        &["segments[0].display.path", "display.mp4", "empty (0 bytes)"],
    );
    fs::write(recording.place(DISPLAY), "This is no video.\n".repeat(50)).unwrap();
    refused(&recording, &["display.mp4", "MP4"]);
    fs::write(recording.place(DISPLAY), [0u8; 4096]).unwrap();
    refused(&recording, &["display.mp4"]);
    let sound = "sine=frequency=440:duration=0.3";
    recording.track(DISPLAY, sound, &["-c:a", "aac"]);
    refused(&recording, &["display.mp4", "no video"]);
    fs::remove_file(recording.place(DISPLAY)).unwrap();
    fs::create_dir(recording.place(DISPLAY)).unwrap();
    refused(&recording, &["display.mp4"]);
}

#[test]
fn a_broken_microphone_is_named() {
    let recording = Recording::moving("128x96", 0.4).with_mic();
    for content in ["", "This is no sound.\n"] {
        fs::write(recording.place(MIC), content.repeat(50)).unwrap();
        let export = Export::of(&recording.path(), &SMALL);
        export.run.assert_no_defect();
        match export.run.code {
            Some(0) => assert!(
                warnings(&export.report()).contains("audio-input.ogg"),
                "{}",
                export.report()
            ),
            _ => {
                export.run.assert_error(&["audio-input.ogg"]);
            }
        }
    }
}

#[test]
fn a_truncated_screen_without_its_index_is_named() {
    let recording = Recording::moving("320x180", 1.0);
    let whole = fs::read(recording.place(DISPLAY)).unwrap();
    // FFmpeg writes the index (moov) last: the first half of the file lacks it.
    fs::write(recording.place(DISPLAY), &whole[..whole.len() / 2]).unwrap();
    refused(&recording, &["display.mp4"]);
}

#[test]
fn a_truncated_screen_with_its_index_exports_and_says_so() {
    let recording = Recording::new();
    let options = [&X264[..], &["-movflags", "+faststart"]].concat();
    recording.display("testsrc2=size=320x180:rate=30:duration=1", &options);
    let whole = fs::read(recording.place(DISPLAY)).unwrap();
    fs::write(recording.place(DISPLAY), &whole[..whole.len() / 2]).unwrap();
    let export = Export::of(&recording.path(), &SMALL);
    export.run.assert_code(0);
    export.video().assert_plays_everywhere(30);
}

#[test]
fn a_corrupt_picture_amid_the_screen_is_bridged_and_said() {
    let recording = Recording::new();
    let options = [&X264[..], &["-g", "10", "-movflags", "+faststart"]].concat();
    recording.display("testsrc2=size=320x180:rate=30:duration=1", &options);
    let mut bytes = fs::read(recording.place(DISPLAY)).unwrap();
    let middle = bytes.len() / 2;
    for (n, byte) in bytes[middle..middle + 3000].iter_mut().enumerate() {
        *byte = (n * 37) as u8;
    }
    fs::write(recording.place(DISPLAY), bytes).unwrap();
    let (_, report) = exports(&recording, 30);
    assert!(warnings(&report).contains("damaged"), "{}", warnings(&report));
}

#[test]
fn bytes_of_a_header_changed_at_random_never_cause_a_defect() {
    let recording = Recording::new();
    let options = [&X264[..], &["-movflags", "+faststart"]].concat();
    recording.display("testsrc2=size=128x96:rate=30:duration=0.2", &options);
    let whole = fs::read(recording.place(DISPLAY)).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..8 {
        let mut bytes = whole.clone();
        for _ in 0..6 {
            let at = random.usize(0..900.min(bytes.len()));
            bytes[at] = random.u8(..);
        }
        fs::write(recording.place(DISPLAY), bytes).unwrap();
        let export = Export::of(&recording.path(), &SMALL);
        export.run.assert_no_defect();
        match export.run.code {
            Some(0) => assert!(export.video().decoded > 0),
            _ => {
                export.run.assert_error(&["display.mp4"]);
            }
        }
    }
}

/// A source of one colour in its left and another in its right half, given as 10-bit code values.
fn halves(left: [u16; 3], right: [u16; 3]) -> String {
    let plane = |index: usize| {
        let (left, right) = (left[index], right[index]);
        format!("'if(lt(X,W/2),{left},{right})'")
    };
    format!(
        "color=c=black:size=320x180:rate=30:duration=0.2,format=yuv420p10le,geq=lum={}:cb={}:cr={}",
        plane(0),
        plane(1),
        plane(2)
    )
}

/// 10-bit limited code values of R'G'B' by a matrix's weights of red and blue.
fn ten_bits([r, g, b]: [f64; 3], (kr, kb): (f64, f64)) -> [u16; 3] {
    let y = kr * r + (1.0 - kr - kb) * g + kb * b;
    let chroma =
        |difference: f64, weight: f64| (512.0 + 896.0 * difference / (2.0 - 2.0 * weight)).round() as u16;
    [
        (64.0 + 876.0 * y).round() as u16,
        chroma(b - y, kb),
        chroma(r - y, kr),
    ]
}

/// Options that tag what is encoded: matrix, primaries and transfer.
fn tagged([matrix, primaries, transfer]: [&str; 3]) -> [&str; 8] {
    let [m, p, t] = ["-colorspace", "-color_primaries", "-color_trc"];
    [m, matrix, p, primaries, t, transfer, "-color_range", "tv"]
}

/// What the middles of both halves become.
fn shown(source: &str, tags: [&str; 3]) -> [[u8; 3]; 2] {
    let recording = Recording::new();
    let options = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "2"];
    recording.display(source, &[&options[..], &tagged(tags)].concat());
    let export = Export::done(
        &recording.path(),
        &["--fps", "30", "--resolution", "320x180", "--crf", "4"],
    );
    [80, 240].map(|x| export.pixel(3, x, 90))
}

#[track_caller]
fn assert_near(found: [u8; 3], expected: [u8; 3], tolerance: u8) {
    let near = expected
        .iter()
        .zip(found)
        .all(|(a, b)| u8::abs_diff(*a, b) <= tolerance);
    assert!(near, "{found:?}, expected {expected:?}");
}

/// The EETF of BT.2390 brings reference white (203 cd/m²) to 159, and (159 / 203)^(1 / 2.4) is 230.3 of 255. Red of BT.709
/// at 100 cd/m² is (62.7, 6.9, 1.6) of BT.2020, below the knee, and (100 / 203)^(1 / 2.4) is 190.
#[test]
fn hdr_is_tone_mapped_to_near_white_and_keeps_its_hue() {
    let pq = |nits: f64| {
        let root = (nits / 10_000.0).powf(0.159_301_757_812_5);
        ((0.835_937_5 + 18.851_562_5 * root) / (1.0 + 18.6875 * root)).powf(78.84375)
    };
    let bt2020 = (0.2627, 0.0593);
    let red = [62.74, 6.91, 1.64].map(pq);
    let source = halves(ten_bits([pq(203.0); 3], bt2020), ten_bits(red, bt2020));
    let [white, red] = shown(&source, ["bt2020nc", "bt2020", "smpte2084"]);
    assert_near(white, [230; 3], 3);
    assert_near(red, [190, 0, 0], 10);
    let source = halves(ten_bits([0.75; 3], bt2020), ten_bits([0.0; 3], bt2020));
    let [white, black] = shown(&source, ["bt2020nc", "bt2020", "arib-std-b67"]);
    assert_near(white, [230; 3], 3);
    assert_near(black, [0; 3], 2);
}

/// By the matrix of SMPTE EG 432-1 to BT.709, worked out by hand; white stays white.
#[test]
fn other_primaries_are_converted() {
    let colour = [200.0, 120.0, 80.0].map(|channel| channel / 255.0);
    let bt709 = (0.2126, 0.0722);
    let source = halves(ten_bits(colour, bt709), ten_bits([1.0; 3], bt709));
    let [found, white] = shown(&source, ["bt709", "smpte432", "iec61966-2-1"]);
    assert_near(found, [213, 115, 70], 4);
    assert_near(white, [255; 3], 2);
}

#[test]
fn a_tag_that_is_not_honoured_is_named() {
    let recording = Recording::new();
    let options = [&X264[..], &tagged(["bt709", "bt709", "log100"])].concat();
    recording.display("testsrc2=size=320x180:rate=30:duration=0.2", &options);
    let (_, report) = exports(&recording, 6);
    assert!(
        warnings(&report).contains("transfer log100 is read as BT.709"),
        "{report:#}"
    );
}

#[test]
fn pixels_that_are_not_square_are_shown_in_their_shape() {
    let recording = Recording::new();
    recording.display("testsrc2=size=240x180:rate=30:duration=0.2,setsar=4/3", &X264);
    let (video, _) = exports(&recording, 6);
    assert_eq!(video.size(), (320, 180));
}

/// The packets of a track whose headers are whole hold zeros in the middle: `inspect` alone can't know, `inspect --decode` says so, as
/// the export does.
#[test]
fn damage_inside_a_track_is_found_by_decoding_it() {
    let recording = Recording::moving("320x180", 2.0);
    let file = recording.path().join(DISPLAY);
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 3000].fill(0);
    fs::write(&file, bytes).unwrap();
    let inspect = |flags: &[&str]| {
        let run = run(capstan()
            .arg("inspect")
            .args(flags)
            .arg("--json")
            .arg(recording.path()));
        run.assert_code(0);
        serde_json::from_str::<Value>(&run.stdout).unwrap()
    };
    let headers = inspect(&[]);
    assert_eq!(headers["decoded"], false);
    assert!(!warnings(&headers).contains("damaged pictures"), "{headers:#}");
    let decoded = inspect(&["--decode"]);
    assert_eq!(decoded["decoded"], true);
    assert!(warnings(&decoded).contains("display of segment 0"), "{decoded:#}");
    assert!(warnings(&decoded).contains("damaged pictures"), "{decoded:#}");
    let report = Export::done(&recording.path(), &SMALL).report();
    assert!(warnings(&report).contains("damaged pictures"), "{report:#}");
}

/// A sample entry of a kind that FFmpeg does not know is damage, no matter of which FFmpeg is installed.
#[test]
fn a_track_that_does_not_say_how_it_is_coded_is_damaged() {
    let recording = Recording::moving("320x180", 0.5);
    let file = recording.path().join(DISPLAY);
    let mut bytes = fs::read(&file).unwrap();
    let entry = bytes.windows(4).rposition(|four| four == b"avc1").unwrap();
    bytes[entry..entry + 4].copy_from_slice(b"zzz9");
    fs::write(&file, bytes).unwrap();
    let refused = Export::of(&recording.path(), &SMALL).run;
    refused.assert_error(&[
        "display.mp4",
        "does not say in a known way",
        "the file is damaged",
    ]);
    assert!(!refused.stderr.contains("install"), "{}", refused.stderr);
}
