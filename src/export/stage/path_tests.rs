//! Frames through composing and conversion while pixel paths fail: none is lost, repeated or changed.

use std::thread;

use super::compose::{self, Composer};
use super::decode::{Decoded, Last};
use super::tests::{Event, World, converter, renderer};
use super::{Step, convert};
use crate::convert::reference::{self, Deviation};
use crate::convert::{Candidate, Chain, ConvertSpec, Luma, PathSwitch, PixelPath, failing};
use crate::export::cancel::Cancel;
use crate::export::control::Control;
use crate::export::conversion::Conversion;
use crate::export::meter::Meter;
use crate::export::queue;
use crate::export::report::Fallback;
use crate::frame::{Nv12Frame, PackedFormat, Size, YuvColor};
use crate::media::encode::EncoderInput;
use crate::render::{Pictures, Renderer};

const SIZE: Size = Size::new(320, 180);
/// Output frames of a run.
const FRAMES: u64 = 20;
/// Staging buffers: as many as frames, for the stages take turns here.
const RING: usize = FRAMES as usize;

fn spec(source: PackedFormat) -> ConvertSpec {
    ConvertSpec {
        size: SIZE,
        source,
        color: YuvColor::BT709_LIMITED,
        luma: Luma::Rounded,
        threads: 1,
    }
}

/// What happens before frame `number`: the pointer moves, the screen's content changes, every fourth frame repeats.
fn event(number: u64) -> Event {
    let at = number as f64;
    match number % 4 {
        0 => Event::PointerTo(20.0 + 12.0 * at, 15.0 + 7.0 * at, 0.0),
        1 => Event::Content {
            camera: false,
            plane: 0,
            at: (0.03 * at, 0.04 * at),
            side: 24,
        },
        2 => Event::PointerTo(250.0 - 9.0 * at, 130.0 - 5.0 * at, 0.3),
        _ => Event::Copies,
    }
}

/// The steps of an export, and every frame drawn and converted on its own.
fn frames(format: PackedFormat) -> Option<(Vec<Step<Decoded>>, Vec<Nv12Frame>)> {
    let mut alone = renderer(SIZE, format, 1)?;
    let mut converter = converter(&spec(format));
    let (mut last, mut world) = (Last::new(SIZE, true), World::new(SIZE));
    let (mut steps, mut expected) = (Vec::new(), Vec::new());
    for number in 0..FRAMES {
        world.happen(&event(number));
        let mut pictures = Pictures::new();
        for (track, picture) in world.pictures() {
            pictures.insert(track, picture);
        }
        alone.submit(&world.scene, &pictures).unwrap();
        let mut planes = Nv12Frame::new(SIZE);
        converter
            .convert(number, alone.receive().unwrap().view(), &mut planes)
            .unwrap();
        expected.push(planes);
        steps.push(
            match last.replace(number, world.scene.clone(), world.pictures()) {
                Some(decoded) => Step::New(decoded),
                None => Step::Repeat,
            },
        );
    }
    let repeats = steps.iter().filter(|step| matches!(step, Step::Repeat)).count();
    assert!(repeats > 2 && repeats < 8, "{repeats} repetitions");
    Some((steps, expected))
}

/// A picture as an encoder finds it.
struct Seen {
    planes: Nv12Frame,
    /// Where its memory is.
    address: usize,
    repeats: bool,
}

/// Runs `steps` through both stages; `meddle` gets its hands on the renderer before each. Pictures are looked at and given
/// back on a thread of their own, as an encoder does.
fn run(
    renderer: &mut Renderer,
    conversion: &mut Conversion,
    steps: Vec<Step<Decoded>>,
    mut meddle: impl FnMut(u64, &Renderer),
) -> Vec<Seen> {
    let control = Control::new(Cancel::new(), 0);
    let (read_in, read_out) = queue::bounded("read back", RING);
    let (converted_in, converted_out) = queue::bounded("converted", 3);
    let mut meter = Meter::new(compose::LANES, false);
    let mut composer = Composer::new(renderer, &read_in);
    for (number, step) in (0..).zip(steps) {
        meddle(number, composer.renderer);
        composer.take(step, &mut meter, &control).unwrap();
    }
    composer.finish(&mut meter).unwrap();
    drop(read_in);
    thread::scope(|scope| {
        let encoder = scope.spawn(move || {
            let mut meter = Meter::new(super::encode::LANES, false);
            let mut seen = Vec::new();
            while let Some(picture) = converted_out.recv(&mut meter) {
                seen.push(look(&picture));
            }
            seen
        });
        let mut meter = Meter::new(convert::LANES, false);
        convert::run(conversion, SIZE, &read_out, &converted_in, &mut meter, &control).unwrap();
        drop(converted_in);
        encoder.join().unwrap()
    })
}

fn look(picture: &convert::Picture) -> Seen {
    let (planes, address) = match &picture.input {
        EncoderInput::Nv12(planes) => (Nv12Frame::clone(planes), std::ptr::from_ref(&**planes).addr()),
        #[cfg(not(target_os = "macos"))]
        EncoderInput::Surface(surface) => {
            let address = surface.pixel_buffer().as_ptr().addr();
            (
                crate::convert::videotoolbox::testing::as_nv12(surface, SIZE),
                address,
            )
        }
        #[cfg(target_os = "macos")]
        EncoderInput::Surface(_) => unreachable!("the tests of surfaces run against the stand-in"),
    };
    let repeats = picture.repeats;
    Seen {
        planes,
        address,
        repeats,
    }
}

/// Every frame is the one expected in its place, and a repetition is the very memory of the frame before.
fn assert_whole(seen: &[Seen], expected: &[Nv12Frame], context: &str) {
    assert_eq!(seen.len(), expected.len(), "{context}");
    let off = |a: &Nv12Frame, b: &Nv12Frame| {
        let Deviation { luma, chroma } = reference::deviation(a, b);
        luma > 1 || chroma > 2
    };
    for (number, (found, wanted)) in seen.iter().zip(expected).enumerate() {
        assert!(
            !off(&found.planes, wanted),
            "{context}: frame {number} is another"
        );
        let Some(before) = number.checked_sub(1) else {
            continue;
        };
        assert_eq!(
            found.repeats,
            !off(wanted, &expected[before]),
            "{context}: frame {number}"
        );
        if found.repeats {
            assert_eq!(found.address, seen[before].address, "{context}: frame {number}");
        }
    }
}

fn reserve() -> Vec<Candidate> {
    vec![Candidate::builtin(PixelPath::Simd)]
}

/// Runs the GPU's path, which `meddle` breaks; the switches, and what was seen is whole.
fn by_gpu(context: &str, meddle: impl FnMut(u64, &Renderer)) -> Option<Vec<PathSwitch>> {
    let (steps, expected) = frames(PackedFormat::Rgba)?;
    let mut renderer = renderer(SIZE, PackedFormat::Rgba, RING)?;
    renderer.read_back_nv12(YuvColor::BT709_LIMITED).unwrap();
    let mut conversion = Conversion::gpu(spec(PackedFormat::Rgba), reserve());
    let seen = run(&mut renderer, &mut conversion, steps, meddle);
    assert_whole(&seen, &expected, context);
    let switches = conversion.switches();
    let path = if switches.is_empty() {
        PixelPath::Gpu
    } else {
        PixelPath::Simd
    };
    assert_eq!(conversion.path(), path, "{context}");
    Some(switches)
}

#[test]
fn the_gpu_alone_makes_the_same_frames() {
    let Some(switches) = by_gpu("nothing fails", |_, _| {}) else {
        return;
    };
    assert_eq!(switches, []);
}

#[test]
fn a_conversion_that_the_gpu_refuses_is_done_in_memory_from_that_frame_on() {
    for fails_at in [0, 1, 5, 9, 18] {
        let context = format!("the conversion fails at frame {fails_at}");
        let Some(switches) = by_gpu(&context, |number, renderer| {
            if number == fails_at {
                renderer.break_conversion();
            }
        }) else {
            return;
        };
        let [switch] = &switches[..] else {
            panic!("{context}: {switches:?}");
        };
        assert_eq!(
            (switch.frame, switch.from, switch.to),
            (fails_at, PixelPath::Gpu, PixelPath::Simd),
            "{context}"
        );
        assert!(
            switch.reason.contains("nv12 planes"),
            "{context}: {}",
            switch.reason
        );
        let reported = Fallback::from(switch.clone());
        assert_eq!(reported.what, format!("pixel path, at frame {fails_at}"));
        assert_eq!((reported.from.as_str(), reported.to.as_str()), ("gpu", "simd"));
        assert_eq!(reported.reason, switch.reason);
    }
}

#[test]
fn planes_that_do_not_come_back_are_drawn_again_as_pixels() {
    // Frames 9 to 17 are in flight, or repeat one that is, when the buffers of those that are go.
    let Some(switches) = by_gpu("readback fails", |number, renderer| {
        if number == 18 {
            renderer.break_readback();
        }
    }) else {
        return;
    };
    let [switch] = &switches[..] else {
        panic!("{switches:?}");
    };
    assert!((8..18).contains(&switch.frame), "{switch:?}");
    assert!(switch.reason.contains("reading back"), "{}", switch.reason);
}

#[test]
fn a_path_in_memory_that_fails_is_replaced_at_that_frame() {
    let Some((steps, expected)) = frames(PackedFormat::Rgba) else {
        return;
    };
    let mut renderer = renderer(SIZE, PackedFormat::Rgba, RING).unwrap();
    let failing = Chain::open(
        [failing(7), Candidate::builtin(PixelPath::Swscale)],
        &spec(PackedFormat::Rgba),
    );
    let mut conversion = Conversion::memory(failing.unwrap());
    let seen = run(&mut renderer, &mut conversion, steps, |_, _| {});
    assert_whole(&seen, &expected, "a path in memory fails");
    let [switch] = &conversion.switches()[..] else {
        panic!("{:?}", conversion.switches());
    };
    // More than one rectangle may be converted for a frame.
    assert!((3..FRAMES).contains(&switch.frame), "{switch:?}");
    assert_eq!(conversion.path(), PixelPath::Swscale);
}

#[cfg(not(target_os = "macos"))]
mod surfaces {
    use super::*;
    use crate::convert::SurfaceChain;
    use crate::convert::videotoolbox::testing::enter;

    /// Runs `path` in frameworks whose call `fail_at` fails; the switches, frames wrapped without a copy, and whether the
    /// call was reached.
    fn by_surfaces(path: PixelPath, fail_at: Option<u64>) -> Option<(Vec<PathSwitch>, u64, bool)> {
        let (steps, expected) = frames(PackedFormat::Bgra)?;
        let mut renderer = renderer(SIZE, PackedFormat::Bgra, RING)?;
        renderer.read_back_whole();
        let context = format!("{path}, call {fail_at:?} fails");
        let frameworks = enter();
        let chain = SurfaceChain::open(path, reserve(), &spec(PackedFormat::Bgra)).unwrap();
        if let Some(call) = fail_at {
            frameworks.fail_after(call);
        }
        let mut conversion = Conversion::surfaces(chain);
        let seen = run(&mut renderer, &mut conversion, steps, |_, _| {});
        assert_whole(&seen, &expected, &context);
        let switches = conversion.switches();
        drop(conversion);
        let wraps = frameworks.wraps();
        Some((switches, wraps, frameworks.settle().is_some()))
    }

    #[test]
    fn surfaces_hold_the_frames_and_repetitions_share_them() {
        for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
            let Some((switches, wraps, _)) = by_surfaces(path, None) else {
                return;
            };
            assert_eq!(switches, []);
            // The transfer reads the staging buffer where it lies; BGRA is copied, for the encoder keeps it.
            assert_eq!(wraps > 0, path == PixelPath::VideoToolbox, "{path}: {wraps}");
        }
    }

    #[test]
    fn a_framework_that_fails_is_replaced_at_that_frame() {
        for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
            let mut at = Vec::new();
            for fail_at in [1, 2, 4, 9, 15] {
                let Some((switches, _, failed)) = by_surfaces(path, Some(fail_at)) else {
                    return;
                };
                assert!(failed, "{path}: call {fail_at} was never made");
                let [switch] = &switches[..] else {
                    panic!("{path} call {fail_at}: {switches:?}");
                };
                assert_eq!((switch.from, switch.to), (path, PixelPath::Simd));
                at.push(switch.frame);
            }
            assert!(at[0] == 0 && at.is_sorted() && at[4] > 1, "{path}: {at:?}");
        }
    }
}
