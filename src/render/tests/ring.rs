//! The readback ring and the adapters.

use std::time::Duration;

use super::*;
use crate::render::adapters;
use crate::scene::{Layer, Track};

const SIZE: Size = Size::new(33, 20);

fn renderer(ring: usize) -> Option<Renderer> {
    Some(Renderer::new(device()?, RenderSpec { ring, ..spec(SIZE) }).unwrap())
}

/// A frame of one grey, with a picture of its own.
fn shade(value: u8) -> (SceneFrame, Pictures) {
    let size = Size::new(8, 8);
    let color = YuvColor {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Full,
    };
    let source = picture(
        size,
        scenes::I420,
        color,
        |plane, _, _| if plane == 0 { value } else { 128 },
    );
    let card = scenes::card(Track::Display, size, scenes::rect(-9.0, -9.0, 60.0, 60.0));
    (
        scenes::scene(vec![Layer::Card(card)]),
        scenes::of(&[(Track::Display, &source)]),
    )
}

fn shows(frame: &crate::render::ReadyFrame, value: u8) -> bool {
    pixels(frame)
        .iter()
        .all(|pixel| *pixel == [value, value, value, 255])
}

#[test]
fn frames_come_back_in_order_each_with_its_own_picture() {
    let Some(mut renderer) = renderer(3) else { return };
    assert_eq!(
        (renderer.capacity(), renderer.free(), renderer.in_flight()),
        (3, 3, 0)
    );
    for value in 0..40u8 {
        if let Some(oldest) = value.checked_sub(3) {
            let frame = renderer.receive().unwrap();
            assert_eq!(frame.index(), u64::from(oldest));
            assert_eq!((frame.view().size, frame.view().stride), (SIZE, 256));
            assert!(shows(&frame, oldest * 5));
        }
        let (scene, pictures) = shade(value * 5);
        renderer.submit(&scene, &pictures).unwrap();
    }
    assert_eq!((renderer.free(), renderer.in_flight()), (0, 3));
    let stats = renderer.stats();
    assert_eq!(
        (stats.frames, stats.pictures_uploaded, stats.bytes_read_back),
        (40, 40, 37 * 256 * 20)
    );
}

#[test]
fn a_full_ring_refuses_until_a_frame_is_dropped() {
    let Some(mut renderer) = renderer(2) else { return };
    let (scene, pictures) = shade(50);
    renderer.submit(&scene, &pictures).unwrap();
    renderer.submit(&scene, &pictures).unwrap();
    let full = renderer.submit(&scene, &pictures);
    assert!(matches!(
        full,
        Err(RenderError::RingFull {
            frame: 2,
            capacity: 2
        })
    ));

    let lent = renderer.receive().unwrap();
    assert!(
        !renderer.wait_free(Duration::from_millis(1)),
        "the received frame still holds its buffer"
    );
    assert!(matches!(
        renderer.submit(&scene, &pictures),
        Err(RenderError::RingFull { .. })
    ));
    drop(lent);
    assert!(renderer.wait_free(Duration::ZERO));
    renderer.submit(&scene, &pictures).unwrap();

    assert_eq!(renderer.receive().unwrap().index(), 1);
    assert_eq!(renderer.receive().unwrap().index(), 2);
    assert!(matches!(renderer.receive(), Err(RenderError::NothingInFlight)));
}

#[test]
fn frames_are_read_and_dropped_on_another_thread() {
    let Some(mut renderer) = renderer(2) else { return };
    let (send, take) = crossbeam_channel::bounded(2);
    let reader = std::thread::spawn(move || {
        take.iter()
            .map(|frame| shows(&frame, 77))
            .filter(|same| *same)
            .count()
    });
    let (scene, pictures) = shade(77);
    for _ in 0..20 {
        assert!(renderer.wait_free(Duration::from_secs(10)));
        renderer.submit(&scene, &pictures).unwrap();
        send.send(renderer.receive().unwrap()).unwrap();
    }
    drop(send);
    assert_eq!(reader.join().unwrap(), 20);
    assert_eq!(renderer.free(), 2);
}

#[test]
fn a_frame_outlives_its_renderer() {
    let Some(mut renderer) = renderer(1) else { return };
    let (scene, pictures) = shade(123);
    renderer.submit(&scene, &pictures).unwrap();
    let frame = renderer.receive().unwrap();
    drop(renderer);
    assert!(shows(&frame, 123));
}

#[test]
fn an_unknown_adapter_is_refused_with_a_list() {
    if device().is_none() {
        return;
    }
    let error = Device::open(Some("no such thing")).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("no such thing"), "{text}");
    for adapter in adapters() {
        assert!(text.contains(&adapter.name), "{text}");
        let shouted = adapter.name.to_uppercase();
        assert_eq!(Device::open(Some(&shouted)).unwrap().report().name, adapter.name);
    }
}

#[test]
fn outputs_beyond_the_adapter_are_refused() {
    for size in [Size::new(1 << 20, 16), Size::new(16, 0)] {
        let Some(device) = device() else { return };
        let refused = Renderer::new(device, spec(size));
        assert!(matches!(refused, Err(RenderError::Size { size: found, .. }) if found == size));
    }
}
