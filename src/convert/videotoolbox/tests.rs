//! The macOS paths against the stand-in.

use super::converter::{SURFACES, VideoToolbox};
use super::pixel_buffer::{PixelBuffer, Plane};
use super::surfaces::{SurfaceChain, open_surfaces};
use super::sys::stand_in::{Account, Plan, account, attachments, enter};
use super::sys::{self, Constant};
use super::testing::{self, planes_of};
use super::trial::{TrialPictures, surface_candidate};
use crate::convert::calibrate::{Outcome, calibrate};
use crate::convert::reference::{self, Deviation};
use crate::convert::{Candidate, Chain, ConvertError, ConvertSpec, Converter, Luma, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedFrame, PackedView, Size, YuvColor, YuvMatrix, YuvRange};
use crate::media::encode::{EncoderInput, SurfaceFormat, TestPictures};
use std::sync::Arc;

fn spec(size: Size) -> ConvertSpec {
    ConvertSpec {
        size,
        source: PackedFormat::Bgra,
        color: YuvColor::BT709_LIMITED,
        luma: Luma::Rounded,
        threads: 1,
    }
}

/// Bytes for pictures, some of whose slices start on a 16-byte boundary.
#[repr(align(16))]
struct Memory([u8; 128 * 1024]);

fn noise(seed: u64) -> Box<Memory> {
    let mut memory = Box::new(Memory([0; 128 * 1024]));
    fastrand::Rng::with_seed(seed).fill(&mut memory.0);
    memory
}

/// A picture in `memory`, `offset` bytes behind its aligned start, ending with its last pixel unless `padded`.
fn view(memory: &Memory, size: Size, stride: usize, offset: usize, padded: bool) -> PackedView<'_> {
    let length = match padded {
        true => stride * size.height as usize,
        false => stride * (size.height as usize - 1) + size.width as usize * 4,
    };
    PackedView {
        size,
        stride,
        format: PackedFormat::Bgra,
        data: &memory.0[offset..offset + length],
    }
}

/// What 4:2:0 surfaces are tagged with.
const COLORS: [(Constant, Constant); 3] = [
    (Constant::Matrix, Constant::Matrix709),
    (Constant::Primaries, Constant::Primaries709),
    (Constant::Transfer, Constant::Transfer709),
];

/// The world was left as it was found.
fn assert_clean(account: &Account, context: &str) {
    assert!(
        account.alive.is_empty(),
        "{context}: still alive: {:?}",
        account.alive
    );
    assert!(account.breaches.is_empty(), "{context}: {:?}", account.breaches);
}

#[test]
fn pixels_are_right_at_odd_strides_and_sizes() {
    let memory = noise(1);
    let sizes = [
        (2, 2),
        (3, 3),
        (1, 1),
        (5, 2),
        (16, 16),
        (17, 31),
        (64, 48),
        (97, 33),
        (130, 61),
    ];
    for (width, height) in sizes {
        let size = Size::new(width, height);
        let aligned = (width as usize * 4).next_multiple_of(16);
        for (stride, offset, padded) in [
            (aligned, 0, true),
            (aligned, 0, false),
            (aligned, 4, true),
            (width as usize * 4 + 13, 16, true),
        ] {
            for matrix in [YuvMatrix::Bt709, YuvMatrix::Bt601] {
                for range in [YuvRange::Limited, YuvRange::Full] {
                    let color = YuvColor { matrix, range };
                    let world = enter(Plan::default());
                    let source = view(&memory, size, stride, offset, padded);
                    let mut converter = VideoToolbox::new(&ConvertSpec { color, ..spec(size) }).unwrap();
                    let mut target = Nv12Frame::new(size);
                    // Twice: the second frame meets pools and session in use.
                    for _ in 0..2 {
                        converter.convert(source, &mut target).unwrap();
                        let expected = reference::convert(source, color).unwrap();
                        let context = format!("{size} stride {stride} offset {offset} {color:?}");
                        assert_eq!(
                            reference::deviation(&expected, &target),
                            Deviation::default(),
                            "{context}"
                        );
                    }
                    drop(converter);
                    let account = account(&world);
                    let whole_rows = source.data.len() == stride * height as usize;
                    let in_place = whole_rows && offset == 0 && width % 2 == 0 && height % 2 == 0;
                    assert_eq!(
                        account.wraps,
                        if in_place { 2 } else { 0 },
                        "{size} stride {stride}"
                    );
                    assert_clean(&account, "after success");
                }
            }
        }
    }
}

#[test]
fn rectangles_of_changing_sizes_assemble() {
    let world = enter(Plan::default());
    let memory = noise(2);
    let size = Size::new(63, 41);
    let stride = 63 * 4 + 4;
    let whole = view(&memory, size, stride, 0, true);
    let mut converter = VideoToolbox::new(&spec(size)).unwrap();
    let mut target = Nv12Frame::new(size);
    for (x, width) in [(0, 20), (20, 2), (22, 41)] {
        for (y, height) in [(0, 10), (10, 30), (40, 1)] {
            let part = PackedView {
                size: Size::new(width, height),
                data: &whole.data[y as usize * stride + x as usize * 4..],
                ..whole
            };
            converter.convert_rect(part, &mut target, x, y).unwrap();
        }
    }
    let expected = reference::convert(whole, YuvColor::BT709_LIMITED).unwrap();
    assert_eq!(reference::deviation(&expected, &target), Deviation::default());
    drop(converter);
    assert_clean(&account(&world), "after rectangles");
}

/// Runs `work` with a failure at the first call, the second and so on, until it needs no more calls.
fn at_every_call(keeps_sources: bool, work: impl Fn() -> Result<(), ConvertError>) -> Vec<&'static str> {
    let mut functions = Vec::new();
    for call in 1.. {
        let world = enter(Plan {
            fail_at: Some(call),
            keeps_sources,
            ..Plan::default()
        });
        let outcome = work();
        let account = account(&world);
        let Some(function) = account.failed else {
            outcome.expect("nothing failed");
            assert_clean(&account, "after success");
            return functions;
        };
        assert_clean(&account, &format!("{function} failed at call {call}"));
        let error = outcome.expect_err(function).to_string();
        let named = match function {
            "CVPixelBufferGetBytesPerRowOfPlane" => "CVPixelBufferGetBytesPerRow",
            other => other,
        };
        assert!(
            error.contains(named),
            "{function} failed at call {call}, but: {error}"
        );
        functions.push(function);
    }
    functions
}

#[test]
fn nothing_is_left_after_a_failure_at_any_call() {
    let memory = noise(3);
    let size = Size::new(32, 18);
    for keeps_sources in [false, true] {
        for (stride, offset) in [(128, 0), (131, 1)] {
            let work = || {
                let source = view(&memory, size, stride, offset, true);
                let mut converter = VideoToolbox::new(&spec(size))?;
                let mut target = Nv12Frame::new(size);
                for _ in 0..3 {
                    converter.convert(source, &mut target)?;
                }
                Ok(())
            };
            let functions = at_every_call(keeps_sources, work);
            for function in [
                "CFNumberCreate",
                "CFDictionaryCreate",
                "CVPixelBufferPoolCreate",
                "CVPixelBufferPoolCreatePixelBufferWithAuxAttributes",
                "CVPixelBufferLockBaseAddress",
                "CVPixelBufferUnlockBaseAddress",
                "CVPixelBufferGetBaseAddressOfPlane",
                "CVPixelBufferGetBytesPerRowOfPlane",
                "VTPixelTransferSessionCreate",
                "VTSessionSetProperty",
                "VTPixelTransferSessionTransferImage",
                if offset == 0 {
                    "CVPixelBufferCreateWithBytes"
                } else {
                    "CVPixelBufferGetBaseAddress"
                },
            ] {
                assert!(
                    functions.contains(&function),
                    "{function} was never called: {functions:?}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_left_after_a_failure_while_making_surfaces() {
    let memory = noise(4);
    let size = Size::new(16, 8);
    for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
        let functions = at_every_call(false, || {
            let mut converter = open_surfaces(path, &spec(size))?;
            let kept = converter.surface(view(&memory, size, 64, 0, true))?;
            let again = converter.surface(view(&memory, size, 65, 3, true))?;
            drop(converter);
            drop(kept);
            drop(again);
            Ok(())
        });
        assert!(functions.contains(&"CVPixelBufferPoolCreatePixelBufferWithAuxAttributes"));
    }
}

#[test]
fn a_source_that_is_kept_is_copied_from_then_on() {
    let memory = noise(5);
    let size = Size::new(32, 8);
    let world = enter(Plan {
        keeps_sources: true,
        ..Plan::default()
    });
    let mut converter = VideoToolbox::new(&spec(size)).unwrap();
    let mut target = Nv12Frame::new(size);
    for _ in 0..4 {
        let source = view(&memory, size, 128, 0, true);
        converter.convert(source, &mut target).unwrap();
        let expected = reference::convert(source, YuvColor::BT709_LIMITED).unwrap();
        assert_eq!(reference::deviation(&expected, &target), Deviation::default());
    }
    drop(converter);
    let account = account(&world);
    assert_eq!(account.wraps, 1);
    assert_clean(&account, "after a kept source");
}

#[test]
fn a_transferred_surface_says_what_its_colours_are() {
    let memory = noise(6);
    let size = Size::new(16, 16);
    let world = enter(Plan::default());
    let mut converter = open_surfaces(PixelPath::VideoToolbox, &spec(size)).unwrap();
    let source = view(&memory, size, 64, 0, true);
    let surface = converter.surface(source).unwrap();
    assert_eq!(attachments(surface.as_ptr().as_ptr()), COLORS);
    // The encoder's thread may be the last to hold it, and the pool gone by then.
    let clone = surface.clone();
    drop((converter, surface));
    let found = std::thread::spawn(move || planes_of(&clone, size))
        .join()
        .unwrap();
    assert_eq!(
        found,
        reference::convert(source, YuvColor::BT709_LIMITED).unwrap()
    );
    assert_clean(&account(&world), "after the encoder's end");
}

#[test]
fn a_bgra_surface_holds_the_very_pixels() {
    let memory = noise(7);
    let size = Size::new(10, 6);
    let world = enter(Plan::default());
    let mut converter = open_surfaces(PixelPath::Bgra, &spec(size)).unwrap();
    let source = view(&memory, size, 43, 2, false);
    let surface = converter.surface(source).unwrap();
    let locked = surface.lock_for_reading().unwrap();
    let (bytes, stride) = locked.bytes(Plane::Packed, 40, 6).unwrap();
    for y in 0..6 {
        assert_eq!(&bytes[y * stride..][..40], source.row(y as u32));
    }
    locked.unlock().unwrap();
    drop((surface, converter));
    assert_clean(&account(&world), "after a BGRA surface");
}

#[test]
fn a_full_pool_waits_for_a_surface_to_come_back() {
    let memory = noise(8);
    let size = Size::new(16, 2);
    let world = enter(Plan::default());
    let mut converter = open_surfaces(PixelPath::Bgra, &spec(size)).unwrap();
    let source = view(&memory, size, 64, 0, true);
    let held: Vec<_> = (0..SURFACES)
        .map(|_| converter.surface(source).unwrap())
        .collect();
    let encoder = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(30));
        drop(held);
    });
    let one_more = converter.surface(source).unwrap();
    encoder.join().unwrap();
    drop((one_more, converter));
    assert_clean(&account(&world), "after a full pool");
}

#[test]
fn what_cannot_serve_says_why() {
    let world = enter(Plan {
        missing_symbol: Some("VTPixelTransferSessionCreate"),
        ..Plan::default()
    });
    let size = Size::new(16, 16);
    let reason = |spec: &ConvertSpec| match VideoToolbox::new(spec) {
        Err(ConvertError::Unavailable { reason, .. }) => reason,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("opened"),
    };
    assert!(reason(&spec(size)).contains("VTPixelTransferSessionCreate"));
    let rgba = ConvertSpec {
        source: PackedFormat::Rgba,
        ..spec(size)
    };
    assert!(reason(&rgba).contains("BGRA"));
    let mut bt2020 = spec(size);
    bt2020.color.matrix = YuvMatrix::Bt2020;
    assert!(reason(&bt2020).contains("BT.709"));
    for (path, spec) in [
        (PixelPath::Bgra, spec(Size::new(15, 16))),
        (PixelPath::Simd, spec(size)),
    ] {
        assert!(matches!(
            open_surfaces(path, &spec),
            Err(ConvertError::Unavailable { .. })
        ));
    }
    let mut bgra = open_surfaces(PixelPath::Bgra, &spec(size)).unwrap();
    let small = PackedFrame::new(Size::new(8, 8), PackedFormat::Bgra);
    assert!(matches!(
        bgra.surface(small.view()),
        Err(ConvertError::Geometry { .. })
    ));
    drop(bgra);
    assert_clean(&account(&world), "after refusals");
}

/// Frames of one grey each, by number.
fn grey(frame: u64, size: Size) -> PackedFrame {
    let mut picture = PackedFrame::new(size, PackedFormat::Bgra);
    picture.data.fill(frame as u8 * 10);
    picture
}

fn luma_of(frame: u64) -> u8 {
    (16.0 + 219.0 * (frame as f64 * 10.0) / 255.0 + 0.5) as u8
}

/// Converts ten frames with a failure at call `fail_at`; the luma of each, and the frames at which paths changed.
fn ten_frames(fail_at: u64) -> Option<(Vec<u8>, Vec<u64>)> {
    let size = Size::new(8, 8);
    let world = enter(Plan {
        fail_at: Some(fail_at),
        ..Plan::default()
    });
    let apple = Candidate {
        open: Arc::new(|spec| Ok(Box::new(VideoToolbox::new(spec)?))),
        ..Candidate::builtin(PixelPath::VideoToolbox)
    };
    let mut chain =
        Chain::open([apple, Candidate::builtin(PixelPath::Simd)], &spec(size)).expect("SIMD is in reserve");
    let mut shown = Vec::new();
    for frame in 0..10 {
        let mut target = Nv12Frame::new(size);
        chain
            .convert(frame, grey(frame, size).view(), &mut target)
            .expect("SIMD is in reserve");
        shown.push(target.y[0]);
    }
    let switched = chain.switches().iter().map(|switch| switch.frame).collect();
    drop(chain);
    let account = account(&world);
    assert_clean(&account, "after a fallback");
    account.failed.map(|_| (shown, switched))
}

#[test]
fn a_fallback_in_the_middle_leaves_the_sequence_whole() {
    let mut switches = Vec::new();
    let mut fail_at = 1;
    while let Some((shown, switched)) = ten_frames(fail_at) {
        for (frame, luma) in (0..).zip(shown) {
            assert!(
                luma.abs_diff(luma_of(frame)) <= 1,
                "call {fail_at}, frame {frame}: {luma}"
            );
        }
        assert_eq!(switched.len(), 1, "call {fail_at}");
        switches.extend(switched);
        fail_at += 1;
    }
    switches.dedup();
    assert_eq!(
        switches,
        (0..10).collect::<Vec<_>>(),
        "every frame was failed at once"
    );
}

#[test]
fn surfaces_go_on_by_way_of_planes() {
    let size = Size::new(8, 8);
    for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
        // Opening takes at most 13 calls, ten frames at least 30 more; what follows them inspects the surfaces.
        for fail_at in 14..=43 {
            let world = enter(Plan {
                fail_at: Some(fail_at),
                ..Plan::default()
            });
            let reserve = [Candidate::builtin(PixelPath::Simd)];
            let mut chain = SurfaceChain::open(path, reserve, &spec(size)).unwrap();
            let mut made = Vec::new();
            for frame in 0..10 {
                made.push(chain.surface(frame, grey(frame, size).view()).unwrap());
            }
            let [switch] = &chain.switches()[..] else {
                panic!("{path} call {fail_at}: {:?}", chain.switches());
            };
            for (frame, surface) in (0..).zip(&made) {
                if path == PixelPath::VideoToolbox || frame >= switch.frame {
                    let surface = PixelBuffer::shared(surface);
                    let found = planes_of(&surface, size).y[7];
                    let context = format!("{path} call {fail_at} frame {frame}: {found}");
                    assert!(found.abs_diff(luma_of(frame)) <= 1, "{context}");
                    let attached = attachments(surface.as_ptr().as_ptr());
                    assert_eq!(attached, COLORS, "{context}");
                }
            }
            drop((made, chain));
            assert_clean(&account(&world), "after a fallback");
        }
    }
}

#[test]
fn candidates_that_make_surfaces_are_judged_by_them() {
    let world = enter(Plan::default());
    let candidates = [
        surface_candidate(PixelPath::VideoToolbox),
        surface_candidate(PixelPath::Bgra),
        Candidate::builtin(PixelPath::Simd),
    ];
    let calibration = calibrate(&spec(Size::new(64, 36)), &candidates, "none", None).unwrap();
    for report in &calibration.candidates {
        assert!(
            matches!(report.outcome, Outcome::Chosen | Outcome::Slower),
            "{report:?}"
        );
        assert!(report.ms_per_frame.is_some_and(|ms| ms > 0.0), "{report:?}");
    }
    assert_clean(&account(&world), "after a calibration");
    let mut cap = spec(Size::new(64, 36));
    cap.color = YuvColor::BT601_LIMITED;
    assert!(matches!(
        open_surfaces(PixelPath::Bgra, &cap),
        Err(ConvertError::Unavailable { reason, .. }) if reason.contains("--cap-colors")
    ));
}

#[test]
fn trial_pictures_are_the_same_in_surfaces_and_in_memory() {
    for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
        for size in [Size::new(2, 2), Size::new(64, 36), Size::new(130, 62)] {
            let world = enter(Plan::default());
            let mut pictures = TrialPictures::open(path, &spec(size)).unwrap();
            let mut last = None;
            for number in 0..8 {
                let expected = pictures.expected(number).unwrap();
                let EncoderInput::Surface(surface) = pictures.input(number).unwrap() else {
                    panic!("planes in memory");
                };
                let found = testing::as_nv12(&surface, size);
                let Deviation { luma, chroma } = reference::deviation(&expected, &found);
                assert!(luma <= 1 && chroma <= 2, "{path} {size} picture {number}");
                if size.width > 2 {
                    assert_ne!(last.as_ref(), Some(&expected), "{size} picture {number} repeats");
                }
                last = Some(expected);
            }
            drop(pictures);
            assert_clean(&account(&world), "after trial pictures");
        }
    }
}

#[test]
fn a_chain_tells_what_its_surfaces_hold() {
    let world = enter(Plan::default());
    for (path, format) in [
        (PixelPath::VideoToolbox, SurfaceFormat::Nv12),
        (PixelPath::Bgra, SurfaceFormat::Bgra),
    ] {
        let chain = SurfaceChain::open(path, [], &spec(Size::new(16, 16))).unwrap();
        assert_eq!((chain.path(), chain.format()), (path, format));
    }
    assert_clean(&account(&world), "after chains");
}

#[test]
fn the_stand_in_sees_breaches() {
    let world = enter(Plan::default());
    let number = sys::CFNumberCreateInt(3);
    // SAFETY: a living number, released once too often on purpose: the stand-in keeps the address.
    unsafe {
        sys::CFRelease(number);
        sys::CFRelease(number);
    }
    let mut pool = super::pixel_buffer::Pool::new(Size::new(4, 4), sys::FORMAT_BGRA, 2).unwrap();
    let buffer = pool.buffer(std::time::Duration::ZERO).unwrap();
    // SAFETY: a living buffer; asking outside a lock is the breach.
    let outside = unsafe { sys::CVPixelBufferGetBaseAddress(buffer.as_ptr().as_ptr()) };
    assert!(outside.is_null());
    std::mem::forget(buffer);
    drop(pool);
    let account = account(&world);
    assert_eq!(account.breaches.len(), 2, "{:?}", account.breaches);
    assert_eq!(account.alive, ["buffer"]);
}
