//! What is opened, what is refused, and that a chain of files reads like one.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};

use ffmpeg_next::packet::Ref;
use ffmpeg_next::{Dictionary, format};
use proptest::prelude::*;

use super::chain::{mp4_facts, read_up_to};
use super::*;
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::probe::{probe_audio, probe_video};
use crate::media::testing::{Clip, position_of, split_fragments};

fn refusal(path: &Path) -> MediaError {
    let opened = Input::open(&[path.to_owned()], Allowed::Track);
    let error = opened.err().expect("an error");
    let name = path.file_name().expect("a name").to_string_lossy().into_owned();
    assert!(error.to_string().contains(&name), "{error}");
    error
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, content).expect("written");
    path
}

#[test]
fn what_is_no_media_file_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    assert!(matches!(
        refusal(&write(folder, "empty.mp4", "")),
        MediaError::Empty { .. }
    ));
    assert!(matches!(
        refusal(&folder.join("missing.mp4")),
        MediaError::Io { .. }
    ));
    assert!(matches!(refusal(folder), MediaError::Io { .. }));
    let text = write(folder, "text.mp4", "this is no video\n".repeat(200));
    assert!(matches!(refusal(&text), MediaError::Container { .. }));
}

#[test]
fn files_that_name_other_files_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    Clip::default().write(folder, "good.mp4");
    let cases = [
        (
            "hls.mp4",
            "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\ngood.mp4\n#EXT-X-ENDLIST\n",
            "hls",
        ),
        ("concat.mp4", "ffconcat version 1.0\nfile good.mp4\n", "concat"),
        (
            "dash.mp4",
            "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"urn:mpeg:dash:profile:isoff-live:2011\"></MPD>",
            "",
        ),
        (
            "sdp.mp4",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\nc=IN IP4 127.0.0.1\n",
            "sdp",
        ),
    ];
    for (name, content, demuxer) in cases {
        match refusal(&write(folder, name, content)) {
            MediaError::Container { found, .. } => assert!(found.contains(demuxer), "{name}: {found}"),
            error => panic!("{name}: {error:?}"),
        }
    }
}

#[test]
fn a_file_without_its_headers_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Clip::default().write(folder.path(), "cut.mp4");
    let bytes = fs::read(&path).expect("read");
    fs::write(&path, &bytes[..position_of(&bytes, b"moov") - 4]).expect("written");
    let error = refusal(&path);
    let cause = error.source().expect("a cause").to_string();
    assert!(cause.contains("moov atom not found"), "{cause}");
}

#[test]
fn sizes_and_durations_are_bounded_by_the_headers() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Clip::default().write(folder.path(), "large.mp4");
    let mut bytes = fs::read(&path).expect("read");
    // The sample entry: type, reserved 6, data reference 2, reserved 16, width 2, height 2.
    let at = position_of(&bytes, b"avc1\0\0\0\0\0\0") + 4 + 24;
    assert_eq!(bytes[at..at + 4], [0, 128, 0, 64]);
    bytes[at..at + 4].fill(0xff);
    fs::write(&path, bytes).expect("written");
    assert!(matches!(
        refusal(&path),
        MediaError::Limit {
            what: "a picture size",
            ..
        }
    ));

    let clip = Clip {
        muxer: vec![("use_editlist", "0")],
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "long.mp4");
    let mut bytes = fs::read(&path).expect("read");
    // The media header: type, version and flags 4, creation 4, modification 4, ticks of a second 4, duration 4.
    let at = position_of(&bytes, b"mdhd") + 4 + 12;
    bytes[at..at + 4].copy_from_slice(&1_u32.to_be_bytes());
    bytes[at + 4..at + 8].copy_from_slice(&4_000_000_u32.to_be_bytes());
    // Decoding times: type, version and flags 4, one entry 4, its count 4, ticks of each sample 4.
    let at = position_of(&bytes, b"stts") + 4 + 12;
    bytes[at..at + 4].copy_from_slice(&100_000_u32.to_be_bytes());
    fs::write(&path, bytes).expect("written");
    let opened = probe_video(&MediaSource::File(path));
    assert!(
        matches!(
            &opened,
            Err(MediaError::Limit {
                what: "a duration",
                ..
            })
        ),
        "{opened:?}"
    );
}

/// Makes the only data reference of an MP4, whose headers lie behind its samples, an alias of `target`.
fn refer_to(bytes: &[u8], target: &Path) -> Vec<u8> {
    let path = target.to_string_lossy().into_owned();
    let path = if path.len() % 2 == 1 {
        format!("/{path}")
    } else {
        path
    };
    // What FFmpeg reads of a Macintosh alias record: 10 bytes, volume (length, 27), 12, file name (length, 63), 16, two
    // levels of 2, 16, then records of type, length, content; 2 is the absolute path.
    let mut entry = b"alis\0\0\0\0".to_vec();
    entry.extend([0; 10 + 1 + 27 + 12 + 1 + 63 + 16]);
    entry.extend([0, 1, 0, 1]);
    entry.extend([0; 16]);
    entry.extend([0, 2]);
    entry.extend(u16::try_from(path.len()).expect("a short path").to_be_bytes());
    entry.extend(path.bytes());
    entry.extend([0xff, 0xff, 0, 0]);
    entry.splice(0..0, u32::try_from(entry.len() + 4).expect("small").to_be_bytes());

    let reference = position_of(bytes, b"dref") - 4;
    // dref: length, type, version and flags, count; then the entry of 12 bytes that says "this file".
    let old = reference + 16;
    assert_eq!(&bytes[old + 4..old + 12], b"url \0\0\0\x01");
    let mut changed = bytes.to_vec();
    for kind in [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"] {
        let at = position_of(bytes, kind) - 4;
        let length = u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let length = length + u32::try_from(entry.len()).expect("small") - 12;
        changed[at..at + 4].copy_from_slice(&length.to_be_bytes());
    }
    changed.splice(old..old + 12, entry);
    changed
}

#[test]
fn samples_in_other_files_are_not_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path().canonicalize().expect("a path");
    let original = Clip::default().write(&folder, "original.mp4");
    let bytes = fs::read(&original).expect("read");
    let path = write(&folder, "refers.mp4", refer_to(&bytes, &original));
    // FFmpeg itself would follow the reference if it was allowed to: the file is what the test takes it for.
    let mut options = Dictionary::new();
    options.set("enable_drefs", "1");
    options.set("use_absolute_path", "1");
    let mut followed = format::input_with_dictionary(&path, options).expect("an input");
    assert!(followed.packets().next().is_some());

    let mut input = Input::open(slice::from_ref(&path), Allowed::Track).expect("an input");
    let read = Packet::empty().read(input.context());
    assert!(matches!(read, Err(ffmpeg_next::Error::Eof)), "{read:?}");
    let options = DecodeOptions {
        nominal_fps: 30,
        hardware: HardwareChoice::Off,
        threads: 1,
    };
    let error = VideoDecoder::open(&MediaSource::File(path), &options)
        .err()
        .expect("an error");
    assert!(matches!(error, MediaError::NothingDecoded { .. }), "{error:?}");
    // SAFETY: the callback only reads the URL, which is NUL-terminated text.
    let code = unsafe {
        refuse_to_open(
            ptr::null_mut(),
            ptr::null_mut(),
            c"file:x".as_ptr(),
            0,
            ptr::null_mut(),
        )
    };
    assert_eq!(code, ffi::AVERROR(libc::EPERM));
}

/// A RIFF WAVE file of 16-bit samples.
fn wav(rate: u32, channels: u16, frames: u32) -> Vec<u8> {
    let bytes = frames * u32::from(channels) * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    file.extend(1_u16.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(channels) * 2).to_le_bytes());
    file.extend((channels * 2).to_le_bytes());
    file.extend(16_u16.to_le_bytes());
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.resize(file.len() + bytes as usize, 0);
    file
}

#[test]
fn music_may_be_in_more_containers_than_tracks() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = write(folder.path(), "a.wav", wav(44100, 2, 66150));
    assert!(matches!(refusal(&path), MediaError::Container { .. }));
    let source = MediaSource::File(path);
    let info = probe_audio(&source, Allowed::Music).expect("sound");
    assert_eq!(
        (info.rate, info.channels, info.layout.as_str()),
        (44100, 2, "stereo")
    );
    assert!((info.duration - 1.5).abs() < 1e-6, "{info:?}");
    assert!(matches!(probe_video(&source), Err(MediaError::Container { .. })));
}

#[test]
fn a_track_of_the_wrong_kind_says_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Clip::default().write(folder.path(), "a.mp4");
    let result = probe_audio(&MediaSource::File(path), Allowed::Track);
    assert!(
        matches!(&result, Err(MediaError::NoStream { kind: "audio", .. })),
        "{result:?}"
    );
}

#[test]
fn a_video_is_described() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        b_frames: 2,
        options: vec![("preset", "veryfast"), ("profile", "high")],
        ..Clip::default()
    };
    let info = probe_video(&MediaSource::File(clip.write(folder.path(), "a.mp4"))).expect("a video");
    assert_eq!(
        (info.codec.as_str(), info.profile.as_deref()),
        ("h264", Some("High"))
    );
    assert_eq!((info.pixel_format.as_str(), info.frames), ("yuv420p", Some(40)));
    assert_eq!(info.average_rate, Some(30.0));
    assert!((info.duration - 40.0 / 30.0).abs() < 1e-3, "{info:?}");
    assert!(info.start.abs() < 1e-6 && info.bit_rate.is_some(), "{info:?}");
}

/// A box of an MP4.
fn mp4_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len() + 8).expect("small");
    [&length.to_be_bytes(), kind.as_slice(), content].concat()
}

/// ISO/IEC 14496-12, 8.2.2: both versions, an unknown length, and what is no header at all.
#[test]
fn the_movie_header_is_read() {
    let seconds = |mvhd: &[u8]| {
        let moov = [mp4_box(b"udta", b"first"), mp4_box(b"mvhd", mvhd)].concat();
        let file = [
            mp4_box(b"ftyp", b"isom"),
            mp4_box(b"mdat", b"media"),
            mp4_box(b"moov", &moov),
        ];
        let facts = mp4_facts(&mut io::Cursor::new(file.concat())).expect("an answer");
        assert!(!facts.fragmented);
        facts.seconds
    };
    let short = |scale: u32, ticks: u32| {
        let numbers = [0, 7, 7, scale, ticks].map(u32::to_be_bytes);
        [numbers.as_flattened(), &[0; 80]].concat()
    };
    assert_eq!(seconds(&short(1000, 3934)), Some(3.934));
    assert_eq!(seconds(&short(1000, u32::MAX)), None);
    assert_eq!(seconds(&short(1000, 0)), None);
    assert_eq!(seconds(&short(0, 5)), None);
    assert_eq!(seconds(&short(1000, 3934)[..19]), None);
    let mut long = vec![1, 0, 0, 0];
    long.extend([0; 16]);
    long.extend(90_000_u32.to_be_bytes());
    long.extend((90_000_u64 * 100_000).to_be_bytes());
    long.extend([0; 80]);
    assert_eq!(seconds(&long), Some(100_000.0));
    let fragmented = [
        mp4_box(b"moov", &mp4_box(b"mvhd", &short(1000, 0))),
        mp4_box(b"moof", b""),
    ];
    let facts = mp4_facts(&mut io::Cursor::new(fragmented.concat())).expect("an answer");
    assert_eq!((facts.fragmented, facts.seconds), (true, None));
}

/// Seven pictures of which two are reordered, far apart: decoding ends 0.7 s before the last one is shown. Some versions of
/// FFmpeg take the earlier time for the container's.
#[test]
fn reordered_pictures_far_apart_last_to_the_last_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        b_frames: 2,
        pts: vec![0, 3, 45, 48, 51, 100, 117],
        ..Clip::default()
    };
    let info = probe_video(&MediaSource::File(clip.write(folder.path(), "a.mp4"))).expect("a video");
    // The movie header counts milliseconds.
    assert!((info.duration - 118.0 / 30.0).abs() <= 1e-3, "{info:?}");
    let clip = Clip {
        muxer: vec![("use_editlist", "0")],
        ..clip
    };
    let info = probe_video(&MediaSource::File(clip.write(folder.path(), "b.mp4"))).expect("a video");
    assert!(info.duration > 3.0, "{info:?}");
}

proptest! {
    /// Reads and seeks on a chain of pieces give what they give on the joined bytes.
    #[test]
    fn a_chain_reads_like_one_file(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6),
        steps in prop::collection::vec((0_u64..250, 1_usize..60, 0_u8..3), 1..20),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let files: Vec<PathBuf> = pieces
            .iter()
            .enumerate()
            .map(|(index, piece)| write(folder.path(), &format!("{index}"), piece))
            .collect();
        let mut chain = Chain::open(&files).expect("a chain");
        let mut joined = io::Cursor::new(pieces.concat());
        for (offset, length, whence) in steps {
            let target = match whence {
                0 => SeekFrom::Start(offset),
                1 => SeekFrom::Current(offset.cast_signed() - 125),
                _ => SeekFrom::End(-offset.cast_signed()),
            };
            match (chain.seek(target), joined.seek(target)) {
                (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
                (Err(_), Err(_)) => {}
                (a, b) => prop_assert!(false, "{:?} {:?}", a, b),
            }
            let (mut a, mut b) = (vec![0; length], vec![0; length]);
            let (a_length, b_length) = (read_up_to(&mut chain, &mut a).expect("read"), joined.read(&mut b).expect("read"));
            prop_assert_eq!(&a[..a_length], &b[..b_length]);
        }
    }

    /// No bytes make the search for fragments fail or run on.
    #[test]
    fn any_bytes_are_looked_through(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut stream = io::Cursor::new(bytes);
        mp4_facts(&mut stream).expect("an answer");
        prop_assert_eq!(stream.position(), 0);
    }
}

#[test]
fn a_packet_that_is_read_into_again_lets_its_bytes_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = Clip::default().write(folder.path(), "clip.mp4");
    let mut input = Input::open(slice::from_ref(&path), Allowed::Track).expect("an input");
    let mut packet = Packet::empty();
    ffmpeg::read_packet(input.context(), &mut packet).expect("a packet");
    // SAFETY: the packet holds its buffer, which is reference-counted; null would be refused by the next call.
    let mut kept = unsafe { ffi::av_buffer_ref((*packet.as_ptr()).buf) };
    assert!(!kept.is_null());
    ffmpeg::read_packet(input.context(), &mut packet).expect("another");
    // SAFETY: this reference is the test's own, not null, and given back once.
    let owners = unsafe {
        let owners = ffi::av_buffer_get_ref_count(kept);
        ffi::av_buffer_unref(&mut kept);
        owners
    };
    assert_eq!(owners, 1, "nobody but the test");
}

#[test]
fn thousands_of_pieces_with_equal_times_are_refused_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let clip = Clip {
        gop: 40,
        muxer: vec![("movflags", "frag_keyframe+empty_moov+default_base_moof")],
        ..Clip::default()
    };
    let path = clip.write(folder.path(), "whole.mp4");
    let pieces = split_fragments(&path, &folder.path().join("display"));
    let copies = |count: usize| [vec![pieces[0].clone()], vec![pieces[1].clone(); count]].concat();
    Input::open(&copies(10), Allowed::Track).expect("a few are borne");
    let begun = std::time::Instant::now();
    let error = Input::open(&copies(5000), Allowed::Track)
        .err()
        .expect("an error");
    assert!(matches!(error, MediaError::Limit { .. }), "{error}");
    assert!(error.to_string().contains("init.mp4"), "{error}");
    // Searching them took minutes.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// `stsz` can count four billion samples of one size in 20 bytes (14496-12, 8.7.3): FFmpeg makes an index of them.
#[test]
fn more_samples_than_the_file_has_room_for_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fuzz/track/whole.mp4");
    let mut bytes = fs::read(seed).expect("the seed");
    let at = bytes
        .windows(4)
        .position(|kind| kind == b"stsz")
        .expect("a table");
    // Behind the name: version and flags, the size of all samples, their number.
    bytes[at + 8..at + 12].copy_from_slice(&1_u32.to_be_bytes());
    bytes[at + 12..at + 16].copy_from_slice(&80_000_000_u32.to_be_bytes());
    let path = write(folder.path(), "counted.mp4", bytes);
    let error = refusal(&path).to_string();
    assert!(
        error.contains("counted.mp4 states a number of samples of 80000000"),
        "{error}"
    );
}
