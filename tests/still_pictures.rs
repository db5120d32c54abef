//! Still pictures: copies that cost no encoding decode to exactly the picture they repeat, in two independent decoders.

use crate::decoders;
use capstan::media::h264::{Declined, StillPictures, idr_pic_id, with_idr_pic_id};
use ffmpeg_next as ffmpeg;
use proptest::prelude::*;

/// What a test stream is made with.
#[derive(Clone, Debug)]
struct Stream {
    width: u32,
    height: u32,
    pictures: u32,
    options: &'static str,
    gop: u32,
}

const PLAIN: Stream = Stream {
    width: 176,
    height: 144,
    pictures: 24,
    options: "ref=1:bframes=0",
    gop: 250,
};

/// Coded pictures of moving content, Annex B, and the encoder's parameter sets.
fn encode(stream: &Stream) -> (Vec<u8>, Vec<Vec<u8>>) {
    ffmpeg::init().unwrap();
    ffmpeg::log::set_level(ffmpeg::log::Level::Error);
    let codec =
        ffmpeg::encoder::find_by_name("libx264").expect("libx264 is in the FFmpeg of every CI machine");
    let context = ffmpeg::codec::context::Context::new_with_codec(codec);
    let mut encoder = context.encoder().video().unwrap();
    encoder.set_width(stream.width);
    encoder.set_height(stream.height);
    encoder.set_format(ffmpeg::format::Pixel::YUV420P);
    encoder.set_time_base((1, 30));
    encoder.set_gop(stream.gop);
    // FFmpeg's default for x264 is CLOSED_GOP, which setting the flags takes away: then key frames are no IDR pictures.
    encoder.set_flags(ffmpeg::codec::Flags::GLOBAL_HEADER | ffmpeg::codec::Flags::CLOSED_GOP);
    let mut options = ffmpeg::Dictionary::new();
    options.set("preset", "veryfast");
    options.set("x264-params", stream.options);
    let mut encoder = encoder.open_with(options).unwrap();
    // SAFETY: the context is open; extradata and its size are set by the encoder and live as long as it does.
    let sets = unsafe {
        let context = encoder.as_ptr();
        std::slice::from_raw_parts((*context).extradata, (*context).extradata_size as usize).to_vec()
    };
    let mut packets = Vec::new();
    let mut drain = |encoder: &mut ffmpeg::encoder::video::Encoder| {
        let mut packet = ffmpeg::Packet::empty();
        while encoder.receive_packet(&mut packet).is_ok() {
            packets.push(packet.data().unwrap().to_vec());
        }
    };
    for n in 0..stream.pictures {
        let mut frame =
            ffmpeg::frame::Video::new(ffmpeg::format::Pixel::YUV420P, stream.width, stream.height);
        for plane in 0..3 {
            let (stride, rows) = (frame.stride(plane), frame.plane_height(plane) as usize);
            let data = frame.data_mut(plane);
            for y in 0..rows {
                for (x, pixel) in data[y * stride..(y + 1) * stride].iter_mut().enumerate() {
                    *pixel =
                        (16 + (x as u32 * 3 + n * 7) % 97 + (y as u32 * n + plane as u32 * 31) % 89) as u8;
                }
            }
        }
        frame.set_pts(Some(i64::from(n)));
        encoder.send_frame(&frame).unwrap();
        drain(&mut encoder);
    }
    encoder.send_eof().unwrap();
    drain(&mut encoder);
    (sets, packets)
}

/// Inserts `copies[i]` copies after coded picture i.
fn insert(sets: &[u8], packets: &[Vec<u8>], copies: &[u32]) -> Result<Vec<Vec<u8>>, Declined> {
    let mut still = StillPictures::new(sets)?;
    let mut out = Vec::new();
    for (packet, &count) in packets.iter().zip(copies) {
        out.push(still.coded(packet)?.unwrap_or_else(|| packet.clone()));
        for _ in 0..count {
            out.push(still.repeat()?);
        }
    }
    Ok(out)
}

/// Decoded pictures as luma and chroma samples, by FFmpeg.
fn decode_ffmpeg(sets: &[u8], packets: &[Vec<u8>]) -> Vec<[Vec<u8>; 3]> {
    decoders::ffmpeg(sets, packets, decoders::samples)
}

/// The same by OpenH264.
fn decode_openh264(sets: &[u8], packets: &[Vec<u8>]) -> Vec<[Vec<u8>; 3]> {
    decoders::openh264(sets, packets, decoders::samples)
}

/// What the stream must decode to: each coded picture, as often as it stands there.
fn expected(sets: &[u8], packets: &[Vec<u8>], copies: &[u32]) -> Vec<[Vec<u8>; 3]> {
    let originals = decode_ffmpeg(sets, packets);
    assert_eq!(originals.len(), packets.len());
    let repeat = |(picture, &count): ([Vec<u8>; 3], &u32)| std::iter::repeat_n(picture, count as usize + 1);
    originals.into_iter().zip(copies).flat_map(repeat).collect()
}

fn assert_bit_exact(stream: &Stream, copies: &[u32]) {
    let (sets, packets) = encode(stream);
    let repeated = insert(&sets, &packets, copies).unwrap();
    let expected = expected(&sets, &packets, copies);
    assert!(
        decode_ffmpeg(&sets, &repeated) == expected,
        "FFmpeg decodes something else: {stream:?}"
    );
    assert!(
        decode_openh264(&sets, &repeated) == expected,
        "OpenH264 decodes something else: {stream:?}"
    );
}

#[test]
fn copies_are_bit_exact_with_cabac_and_cavlc() {
    let copies: Vec<u32> = (0..24).map(|n| n * 5 % 13).collect();
    for options in [
        "ref=1:bframes=0",
        "ref=1:bframes=0:cabac=0",
        "ref=1:bframes=0:weightp=0",
        "ref=1:bframes=0:weightp=1:no-deblock=1",
        "ref=1:bframes=0:cabac=0:weightp=0:8x8dct=0:profile=baseline",
        "ref=1:bframes=0:qp=45",
        "ref=1:bframes=0:sliced-threads=0:threads=3",
    ] {
        for gop in [7, 250] {
            assert_bit_exact(
                &Stream {
                    options,
                    gop,
                    ..PLAIN.clone()
                },
                &copies,
            );
        }
    }
}

#[test]
fn frame_num_wraps_around() {
    // 16-bit frame_num at most; x264 uses as few bits as its key frame interval asks for.
    assert_bit_exact(&Stream { pictures: 6, ..PLAIN }, &[700, 0, 300, 1, 0, 40]);
}

#[test]
fn a_copy_is_small() {
    let stream = Stream {
        width: 1920,
        height: 1088,
        pictures: 2,
        ..PLAIN
    };
    let (sets, packets) = encode(&stream);
    let repeated = insert(&sets, &packets, &[1, 1]).unwrap();
    assert!(repeated[1].len() < 80, "{} bytes", repeated[1].len());
}

#[test]
fn streams_that_break_a_condition_are_declined() {
    for (options, reason) in [
        ("ref=1:bframes=2:b-adapt=0", "order"),
        ("ref=3:bframes=0", "reference pictures"),
        ("ref=1:bframes=0:slices=4", "slices"),
        ("ref=1:bframes=0:interlaced=1", ""),
        (
            "ref=1:bframes=0:nal-hrd=vbr:vbv-maxrate=1000:vbv-bufsize=1000",
            "timing",
        ),
    ] {
        let (sets, packets) = encode(&Stream { options, ..PLAIN });
        let declined = insert(&sets, &packets, &[1; 24]).unwrap_err();
        assert!(declined.to_string().contains(reason), "{options}: {declined}");
    }
    assert!(StillPictures::new(&[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn random_runs_are_bit_exact(
        copies in prop::collection::vec(prop_oneof![3 => 0u32..3, 1 => 0u32..60], 16),
        gop in prop_oneof![Just(3u32), Just(5), Just(250)],
        cavlc: bool,
    ) {
        let options = if cavlc { "ref=1:bframes=0:cabac=0" } else { "ref=1:bframes=0" };
        assert_bit_exact(&Stream { width: 96, height: 80, pictures: 16, options, gop }, &copies);
    }

    #[test]
    fn any_bytes_are_declined_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), at in 0usize..40, flip: u8) {
        let _ = StillPictures::new(&bytes);
        let stream = [&[0, 0, 1, 0x67][..], &bytes, &[0, 0, 1, 0x68], &bytes].concat();
        let _ = StillPictures::new(&stream);
        let (mut sets, packets) = CODED.with(Clone::clone);
        if let Ok(mut still) = StillPictures::new(&sets) {
            let mut packet = packets[0].clone();
            let at_packet = at % packet.len();
            packet[at_packet] ^= flip;
            let _ = still.coded(&packet);
            let _ = still.coded(&bytes);
            let _ = still.repeat();
        }
        let at = at % sets.len();
        sets[at] ^= flip;
        let _ = StillPictures::new(&sets);
    }
}

thread_local! {
    static CODED: (Vec<u8>, Vec<Vec<u8>>) = encode(&Stream { pictures: 2, ..PLAIN });
}

/// IDR pictures with another number decode to the same pictures, whatever follows the number in their headers.
#[test]
fn idr_pictures_are_renumbered() {
    for options in [
        "keyint=6:min-keyint=6:ref=1:bframes=0",
        "keyint=6:min-keyint=6:ref=1:bframes=0:cabac=0",
        // Picture order counts are written, and pictures come in another order.
        "keyint=6:min-keyint=6:scenecut=0:ref=3:bframes=3",
        "keyint=6:min-keyint=6:scenecut=0:ref=3:bframes=3:cabac=0:deblock=-1,2",
        "keyint=6:min-keyint=6:scenecut=0:bframes=2:slices=3",
        "keyint=6:min-keyint=6:bframes=0:ref=1:no-deblock=1",
    ] {
        let stream = Stream {
            options,
            gop: 6,
            ..PLAIN
        };
        let (sets, packets) = encode(&stream);
        let mut last = None;
        let mut numbers = 0;
        let renumbered: Vec<Vec<u8>> = packets
            .iter()
            .map(|packet| {
                let Some(number) = idr_pic_id(&sets, packet).unwrap() else {
                    return packet.clone();
                };
                assert_ne!(last, Some(number), "x264 alternates");
                last = Some(number);
                numbers += 1;
                for other in [0, 1, 2, 7, 65_535] {
                    let changed = with_idr_pic_id(&sets, packet, other).unwrap();
                    assert_eq!(idr_pic_id(&sets, &changed).unwrap(), Some(other), "{options}");
                    let back = with_idr_pic_id(&sets, &changed, number).unwrap();
                    let plain = with_idr_pic_id(&sets, packet, number).unwrap();
                    assert!(
                        back == plain,
                        "{options}: what was changed and changed back is what it was"
                    );
                }
                with_idr_pic_id(&sets, packet, 5 + numbers).unwrap()
            })
            .collect();
        assert_eq!(numbers, 4, "{options}");
        assert!(
            decode_ffmpeg(&sets, &renumbered) == decode_ffmpeg(&sets, &packets),
            "{options}"
        );
        if !options.contains("bframes=3") && !options.contains("bframes=2") {
            assert!(
                decode_openh264(&sets, &renumbered) == decode_openh264(&sets, &packets),
                "{options}"
            );
        }
    }
    assert!(idr_pic_id(&[], &[]).is_err());
    assert!(with_idr_pic_id(&[0, 0, 0, 1, 0x67, 1], &[0, 0, 0, 1, 0x65], 0).is_err());
}
