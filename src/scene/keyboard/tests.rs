//! Keys as marks, set by a typesetter whose every character is half its size wide.

use super::*;
use crate::cap::config::{CaptionSegment, CaptionSettings};
use crate::frame::Size;
use crate::scene::captions::Captions;
use crate::scene::fixtures::setter;

const HD: Size = Size::new(1920, 1080);

fn keys(settings: &serde_json::Value, segments: &serde_json::Value) -> Keys {
    let mut whole = serde_json::json!({ "enabled": true, "size": 40, "fadeDuration": 0.2 });
    for (key, value) in settings.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let settings: KeyboardSettings = serde_json::from_value(whole).unwrap();
    let segments: Vec<KeyboardSegment> = serde_json::from_value(segments.clone()).unwrap();
    Keys::new(
        &segments,
        &settings,
        &setter(HD, false),
        &mut Wanted::default(),
        &mut Checks::default(),
    )
    .unwrap()
}

fn caption(position: &str) -> ShownCaption {
    let settings: CaptionSettings = serde_json::from_value(serde_json::json!({
        "enabled": true, "size": 40, "position": position, "animation": "none"
    }))
    .unwrap();
    let segments: Vec<CaptionSegment> =
        serde_json::from_value(serde_json::json!([{ "id": "c", "start": 0, "end": 9, "text": "caption" }]))
            .unwrap();
    let setter = setter(HD, false);
    let captions = Captions::new(
        &segments,
        &settings,
        &setter,
        &mut Wanted::default(),
        &mut Checks::default(),
    )
    .unwrap();
    captions.at(2.0, 1.0).unwrap()
}

fn one() -> serde_json::Value {
    serde_json::json!([{ "id": "k", "start": 1, "end": 3, "displayText": "abc" }])
}

fn plate(lettering: &Lettering) -> Plate {
    match &lettering.marks[0] {
        Mark::Plate(plate) => *plate,
        Mark::Glyphs(_) => panic!("{lettering:?}"),
    }
}

fn text(lettering: &Lettering) -> String {
    match &lettering.marks[1] {
        Mark::Glyphs(glyphs) => glyphs.raster.spec.text.text.clone(),
        Mark::Plate(_) => panic!("{lettering:?}"),
    }
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-3, "{a} is not {b}");
}

#[test]
fn keys_stand_in_a_box() {
    let keys = keys(&serde_json::json!({}), &one());
    let shown = keys.at(2.0, 1.0, None).unwrap();
    let plate = plate(&shown);
    // 60 px and 18 px on either side; 48 + 36 px high, centred at 918.
    close(plate.rect.width, 96.0);
    close(plate.rect.height, 84.0);
    close(plate.rect.x, 912.0);
    close(plate.rect.y, 876.0);
    close(plate.corner.radius, 20.0);
    close(plate.alpha, 0.95);
    match &shown.marks[1] {
        Mark::Glyphs(glyphs) => assert_eq!(
            (glyphs.x + glyphs.raster.left, glyphs.y + glyphs.raster.top),
            (930, 894)
        ),
        Mark::Plate(_) => panic!(),
    }
}

#[test]
fn they_appear_as_they_were_pressed() {
    let pressed = serde_json::json!([{ "id": "k", "start": 1, "end": 3, "displayText": "abc", "keys": [
        { "key": "a", "timeOffset": 0 }, { "key": "b", "timeOffset": 500 }, { "key": "c", "timeOffset": 1000 }
    ], "uppercaseOverride": true }]);
    let keys = keys(&serde_json::json!({}), &pressed);
    assert_eq!(text(&keys.at(1.4, 1.0, None).unwrap()), "A");
    assert_eq!(text(&keys.at(1.5, 1.0, None).unwrap()), "AB");
    assert_eq!(text(&keys.at(2.5, 1.0, None).unwrap()), "ABC");
}

#[test]
fn they_fade_and_bounce() {
    let keys = keys(&serde_json::json!({}), &one());
    let coming = plate(&keys.at(1.1, 1.0, None).unwrap());
    close(coming.alpha, 0.475);
    close(coming.rect.y, 876.0 - 1.5);
    let going = plate(&keys.at(3.1, 1.0, None).unwrap());
    close(going.rect.y, 876.0 + 6.0);
    assert!(keys.at(3.2, 1.0, None).is_none());
}

#[test]
fn a_segment_overrides_the_settings() {
    let own = serde_json::json!([{ "id": "k", "start": 1, "end": 3, "displayText": "abc", "fontSizeOverride": 20,
        "colorOverride": "#ff0000", "backgroundColorOverride": "#00ff00", "positionOverride": "top-right" }]);
    let shown = keys(&serde_json::json!({}), &own).at(2.0, 1.0, None).unwrap();
    let plate = plate(&shown);
    assert_eq!(plate.color, [0.0, 1.0, 0.0]);
    close(plate.rect.width, 48.0);
    close(plate.rect.right(), 1920.0 - 96.0);
    assert!(matches!(&shown.marks[1], Mark::Glyphs(glyphs) if glyphs.color == [1.0, 0.0, 0.0]));
}

#[test]
fn they_make_room_for_captions() {
    let y = |position: &str, caption: Option<&ShownCaption>| {
        let keys = keys(&serde_json::json!({ "position": position }), &one());
        plate(&keys.at(2.0, 1.0, caption).unwrap()).rect.y
    };
    let bottom = caption("bottom-center");
    // The caption's box begins at 874.
    close(y("bottom-center", Some(&bottom)), 874.0 - 15.0 - 84.0);
    close(y("bottom-left", Some(&bottom)), 876.0);
    let top = caption("top-center");
    close(y("top", Some(&top)), top.rect.bottom() + 15.0);
    close(y("above-captions", Some(&bottom)), 810.0 - 42.0);
    close(y("above-captions", None), 876.0);
}

#[test]
fn long_groups_wrap_within_the_margins() {
    let long =
        serde_json::json!([{ "id": "k", "start": 1, "end": 3, "displayText": "abcd ".repeat(40).trim() }]);
    let plate = plate(&keys(&serde_json::json!({}), &long).at(2.0, 1.0, None).unwrap());
    // 1692 px hold 84 characters: 16 words of 5 and one without its space; three lines.
    close(plate.rect.width, 1680.0 + 36.0);
    close(plate.rect.height, 3.0 * 48.0 + 36.0);
}
