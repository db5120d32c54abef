use super::*;
use proptest::prelude::*;

const OUTPUT: Size = Size::new(1920, 1080);

fn masks(list: serde_json::Value) -> Result<Masks, SceneError> {
    masks_at(OUTPUT, list)
}

fn masks_at(output: Size, list: serde_json::Value) -> Result<Masks, SceneError> {
    let mut list = list;
    for mask in list.as_array_mut().unwrap() {
        let mask = mask.as_object_mut().unwrap();
        for (key, value) in [
            ("start", serde_json::json!(1.0)),
            ("end", serde_json::json!(3.0)),
            ("maskType", serde_json::json!("sensitive")),
            ("center", serde_json::json!({ "x": 0.5, "y": 0.5 })),
            ("size", serde_json::json!({ "x": 0.25, "y": 0.5 })),
        ] {
            mask.entry(key).or_insert(value);
        }
    }
    let segments: Vec<MaskSegment> = serde_json::from_value(list).unwrap();
    Masks::new(&segments, output, &mut Checks::default())
}

fn node(masks: &Masks, index: u32, time: f64) -> Option<Node> {
    masks.node(index, OutputTime::from_secs(time), Side::Incoming)
}

fn filter(masks: &Masks, time: f64) -> Option<Mask> {
    match node(masks, 0, time)? {
        Node::Filter(_, Filter::Mask(mask)) => Some(mask),
        other => panic!("{other:?}"),
    }
}

fn shade(masks: &Masks, time: f64) -> Option<Shade> {
    match node(masks, 0, time)? {
        Node::Paint(_, Layer::Shade(shade)) => Some(shade),
        other => panic!("{other:?}"),
    }
}

fn near(a: [f64; 4], b: [f64; 4]) -> bool {
    a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
}

fn edges(rect: Rect) -> [f64; 4] {
    [rect.x, rect.y, rect.width, rect.height]
}

/// 12: start <= T <= end, both included, at any frame rate.
#[test]
fn a_sensitive_mask_lies_on_its_first_and_last_moment() {
    let exact = masks(serde_json::json!([{ "start": 1.0, "end": 7.0 / 3.0 }])).unwrap();
    for (time, there) in [
        (0.999, false),
        (0.9996, true),
        (1.0, true),
        (70.0 / 30.0, true),
        (7.0 / 3.0 + 0.0004, true),
        (7.0 / 3.0 + 0.001, false),
    ] {
        assert_eq!(filter(&exact, time).is_some(), there, "{time}");
    }
    // As Cap stores seconds: in single precision, here half a microsecond early.
    let rounded = masks(serde_json::json!([{ "start": 0.0, "end": 2.333_332_8 }])).unwrap();
    assert!(filter(&rounded, 70.0 / 30.0).is_some());
}

/// 12: centre and size are fractions of the output, clamped to [0, 1] and [0.01, 2].
#[test]
fn its_rectangle_is_a_fraction_of_the_output() {
    let of = |center: [f64; 2], size: [f64; 2]| {
        let list = serde_json::json!([{
            "center": { "x": center[0], "y": center[1] }, "size": { "x": size[0], "y": size[1] },
        }]);
        edges(filter(&masks(list).unwrap(), 2.0).unwrap().rect)
    };
    assert!(near(of([0.5, 0.5], [0.25, 0.5]), [720.0, 270.0, 480.0, 540.0]));
    assert!(near(of([-3.0, 7.0], [0.0, 9.0]), [-9.6, 0.0, 19.2, 2160.0]));
}

/// cap-format.md 4.8 with the resolution of 12; a cell of a pixel would hide nothing.
#[test]
fn pixelation_says_what_and_how_much() {
    let of = |pixelation: f64, height: u32| {
        let list = serde_json::json!([{ "pixelation": pixelation }]);
        let masks = masks_at(Size::new(640, height), list).unwrap();
        filter(&masks, 2.0).unwrap().effect
    };
    let cell = |cell| MaskEffect::Pixelate { cell };
    let blur = |radius| MaskEffect::Blur { radius };
    assert_eq!(of(16.0, 1080), cell(16.0));
    assert_eq!(of(-1.0, 1080), cell(16.0));
    assert_eq!(of(0.0, 2160), cell(32.0));
    assert_eq!(of(2.0, 1080), cell(4.0));
    assert_eq!(of(999.0, 1080), cell(80.0));
    assert_eq!(of(1000.0, 1080), blur(16.0));
    assert_eq!(of(1040.0, 540), blur(20.0));
    assert_eq!(of(1500.0, 1080), blur(80.0));
    assert_eq!(of(4.0, 200), cell(2.0));
    assert_eq!(of(1004.0, 200), blur(2.0));
}

/// 12: F = max(0.5 min(size) feather, 0.0001), the latter being no edge at all.
#[test]
fn the_soft_edge_counts_in_fractions_of_the_output() {
    let of = |feather: f64| {
        filter(&masks(serde_json::json!([{ "feather": feather }])).unwrap(), 2.0)
            .unwrap()
            .softness
    };
    assert_eq!(of(0.0), 0.0);
    assert!((of(0.3) - 0.5 * 0.25 * 0.3).abs() < 1e-12);
    assert!((of(5.0) - 0.125).abs() < 1e-12);
    assert_eq!(of(0.0005), 0.0);
}

/// 12: linear by time after the start, held outside; they replace the base value. Opacity and intensity are ignored.
#[test]
fn keyframes_move_it() {
    let list = serde_json::json!([{
        "opacity": 0.0,
        "keyframes": {
            "position": [{ "time": 1.5, "x": 0.7, "y": 0.9 }, { "time": 0.5, "x": 0.3, "y": 0.1 }],
            "size": [{ "time": 1.0, "x": 0.1, "y": 0.2 }],
            "intensity": [{ "time": 0.0, "value": 0.0 }],
        },
    }]);
    let masks = masks(list).unwrap();
    let at = |time| edges(filter(&masks, time).unwrap().rect);
    let centred = |x: f64, y: f64| [(x - 0.05) * 1920.0, (y - 0.1) * 1080.0, 192.0, 216.0];
    assert!(near(at(1.0), centred(0.3, 0.1)));
    assert!(near(at(1.5), centred(0.3, 0.1)));
    assert!(near(at(1.75), centred(0.4, 0.3)));
    assert!(near(at(2.5), centred(0.7, 0.9)));
    assert!(near(at(3.0), centred(0.7, 0.9)));
}

/// 12: intensity = opacity or keyframes, times ramps at both ends; the outside is multiplied by 1 - darkness x intensity.
#[test]
fn a_highlight_comes_and_goes() {
    let of = |more: serde_json::Value| {
        let mut mask = serde_json::json!({ "maskType": "highlight", "darkness": 0.8, "opacity": 0.5, "fadeDuration": 0.5, "feather": 1.0 });
        mask.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        masks(serde_json::json!([mask])).unwrap()
    };
    let plain = of(serde_json::json!({}));
    for (time, strength) in [
        (1.0, 0.0),
        (1.125, 0.1),
        (1.5, 0.4),
        (2.0, 0.4),
        (2.75, 0.2),
        (3.0, 0.0),
    ] {
        let found = shade(&plain, time).map_or(0.0, |shade| shade.strength);
        assert!((found - strength).abs() < 1e-12, "{time}: {found}");
    }
    let spared = shade(&plain, 2.0).unwrap().spared.unwrap();
    assert!(near(edges(spared), [720.0, 270.0, 480.0, 540.0]));
    let keyed = of(serde_json::json!({ "keyframes": {
        "intensity": [{ "time": 0.5, "value": 0.2 }, { "time": 1.5, "value": 1.0 }],
    } }));
    assert!((shade(&keyed, 2.0).unwrap().strength - 0.8 * 0.6).abs() < 1e-12);
    let sudden = of(serde_json::json!({ "fadeDuration": 0 }));
    assert!((shade(&sudden, 1.0).unwrap().strength - 0.4).abs() < 1e-12);
    assert!((shade(&sudden, 3.0).unwrap().strength - 0.4).abs() < 1e-12);
    assert_eq!(shade(&sudden, 3.0001), None);
    let absurd = of(serde_json::json!({ "darkness": 1e300, "opacity": 1e300, "fadeDuration": 0 }));
    assert_eq!(shade(&absurd, 2.0).unwrap().strength, 1.0);
}

#[test]
fn what_is_off_or_ends_before_it_starts_is_never_drawn() {
    let masks = masks(serde_json::json!([
        { "enabled": false },
        { "start": 3.0, "end": 1.0 },
        { "start": 2.0, "end": 2.0 },
    ]))
    .unwrap();
    assert_eq!(node(&masks, 0, 2.0), None);
    assert_eq!(node(&masks, 1, 2.0), None);
    assert!(node(&masks, 2, 2.0).is_some());
    assert_eq!(node(&masks, 3, 2.0), None);
}

#[test]
fn a_crowd_is_refused_and_a_long_queue_is_not() {
    let one = |start: usize| serde_json::json!({ "start": start, "end": start as f64 + 0.5 });
    let queue: Vec<_> = (0..100_000).map(one).collect();
    assert!(masks(serde_json::Value::Array(queue)).is_ok());
    let crowd = vec![one(7); MOST_MASKS_AT_ONCE + 1];
    let error = masks(serde_json::Value::Array(crowd)).unwrap_err().to_string();
    assert!(
        error.contains("33 masks") && error.contains("limit of 32"),
        "{error}"
    );
    let allowed = vec![one(7); MOST_MASKS_AT_ONCE];
    assert!(masks(serde_json::Value::Array(allowed)).is_ok());
}

#[test]
fn numbers_that_are_none_are_refused() {
    let mut segment: MaskSegment = serde_json::from_value(serde_json::json!({
        "start": 0, "end": 1, "maskType": "sensitive", "center": { "x": 0, "y": 0 }, "size": { "x": 1, "y": 1 },
    }))
    .unwrap();
    segment.size.y = f64::NAN;
    let error = Masks::new(&[segment], OUTPUT, &mut Checks::default()).unwrap_err();
    assert!(
        error.to_string().contains("timeline.maskSegments[0].size"),
        "{error}"
    );
}

proptest! {
    /// Whatever the keyframes, a mask's numbers can be drawn at any moment of its time.
    #[test]
    fn any_keyframes_give_a_rectangle(
        keys in prop::collection::vec((-5.0..9.0f64, -1e6..1e6f64, -1e6..1e6f64), 0..6),
        time in 1.0..3.0f64,
    ) {
        let keys: Vec<_> = keys.iter().map(|(time, x, y)| serde_json::json!({ "time": time, "x": x, "y": y })).collect();
        let list = serde_json::json!([{ "keyframes": { "position": keys, "size": keys } }]);
        let mask = filter(&masks(list).unwrap(), time).unwrap();
        prop_assert!(Filter::Mask(mask).check().is_ok());
        prop_assert!(mask.rect.width >= 19.2 - 1e-9 && mask.rect.width <= 3840.0);
    }
}
