//! Captions as marks, set by a typesetter whose every character is half its size wide.

use super::*;
use crate::frame::Size;
use crate::scene::fixtures::setter;
use crate::scene::layer::Glyphs;

const HD: Size = Size::new(1920, 1080);

fn captions(settings: &serde_json::Value, segments: &serde_json::Value) -> Captions {
    let mut whole = serde_json::json!({ "enabled": true, "size": 40, "fadeDuration": 0.2 });
    for (key, value) in settings.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let settings: CaptionSettings = serde_json::from_value(whole).unwrap();
    let segments: Vec<CaptionSegment> = serde_json::from_value(segments.clone()).unwrap();
    Captions::new(
        &segments,
        &settings,
        &setter(HD, false),
        &mut Wanted::default(),
        &mut Checks::default(),
    )
    .unwrap()
}

fn two_words() -> serde_json::Value {
    serde_json::json!([{ "id": "c", "start": 1, "end": 3, "text": " two \n words ", "words": [
        { "text": "two", "start": 1, "end": 1.5 }, { "text": "words", "start": 2, "end": 3 }
    ] }])
}

fn plates(caption: &ShownCaption) -> Vec<Plate> {
    let of = |mark: &Mark| match mark {
        Mark::Plate(plate) => Some(*plate),
        Mark::Glyphs(_) => None,
    };
    caption.lettering.marks.iter().filter_map(of).collect()
}

fn glyphs(caption: &ShownCaption) -> Vec<&Glyphs> {
    fn of(mark: &Mark) -> Option<&Glyphs> {
        match mark {
            Mark::Glyphs(glyphs) => Some(glyphs),
            Mark::Plate(_) => None,
        }
    }
    caption.lettering.marks.iter().filter_map(of).collect()
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-3, "{a} is not {b}");
}

#[test]
fn one_line_in_a_box() {
    let captions = captions(&serde_json::json!({}), &two_words());
    let shown = captions.at(1.5, 1.0).unwrap();
    // "two words": 9 characters of 20 px and 20 px on either side; 48 + 40 px high, centred at 0.85 x 1080 = 918.
    close(shown.rect.width, 220.0);
    close(shown.rect.height, 88.0);
    close(shown.rect.x, 850.0);
    close(shown.rect.y, 874.0);
    let plate = plates(&shown)[0];
    close(plate.corner.radius, 22.0);
    close(plate.alpha, 0.9);
    let [text] = glyphs(&shown)[..] else { panic!() };
    assert_eq!((text.x + text.raster.left, text.y + text.raster.top), (870, 894));
    assert_eq!(text.raster.spec.text.text, "two words");
    close(text.alpha, 1.0);
}

#[test]
fn it_goes_with_its_last_word() {
    let long_word = serde_json::json!([{ "id": "c", "start": 0, "end": 9, "text": "a b", "words": [
        { "text": "a", "start": 0, "end": 1 }, { "text": "b", "start": 1, "end": 9 }
    ] }]);
    let captions = captions(&serde_json::json!({ "animation": "none" }), &long_word);
    close(plates(&captions.at(3.5, 1.0).unwrap())[0].alpha, 0.9);
    close(plates(&captions.at(3.6, 1.0).unwrap())[0].alpha, 0.45);
    assert!(captions.at(3.7, 1.0).is_none());
    close(plates(&captions.at(3.0, 0.5).unwrap())[0].alpha, 0.45);
    assert!(captions.at(3.0, 0.0).is_none());
}

#[test]
fn it_bounces_or_pops() {
    let bouncing = captions(&serde_json::json!({}), &two_words());
    close(bouncing.at(1.1, 1.0).unwrap().rect.y, 874.0 - 2.0);
    close(bouncing.at(3.1, 1.0).unwrap().rect.y, 874.0 + 8.0);
    let popping = captions(&serde_json::json!({ "animation": "pop" }), &two_words());
    let shown = popping.at(1.1, 1.0).unwrap();
    let scale = 0.72 + 0.28 * 1.087_697_5;
    close(shown.rect.width, 220.0 * scale);
    close(shown.rect.x, 960.0 - 110.0 * scale);
    close(f64::from(glyphs(&shown)[0].raster.spec.scale.get()), scale);
}

#[test]
fn the_spoken_word_has_its_colour() {
    let captions = captions(
        &serde_json::json!({
            "activeWordHighlight": true, "color": "#000000", "highlightColor": "#ff0000",
            "wordTransitionDuration": 0.2, "animation": "none"
        }),
        &two_words(),
    );
    let shown = captions.at(1.25, 1.0).unwrap();
    let [two, words] = glyphs(&shown)[..] else {
        panic!("{shown:?}")
    };
    assert_eq!(two.raster.spec.bytes, Some(0..3));
    close(two.alpha, 1.0);
    close(two.color[0], 1.0);
    assert_eq!(words.raster.spec.bytes, Some(4..9));
    close(words.alpha, 0.8);
    close(words.color[0], 0.0);
    // 0.1 s after the word: 1 - 0.5^3.
    let fading = captions.at(1.6, 1.0).unwrap();
    close(glyphs(&fading)[0].alpha, 0.8 + 0.2 * 0.875);
    close(glyphs(&fading)[0].color[0], 0.875);
}

#[test]
fn a_pill_lies_behind_the_spoken_word() {
    let captions = captions(
        &serde_json::json!({ "activeWordHighlight": true, "highlightStyle": "pill", "highlightColor": "#00ff00" }),
        &two_words(),
    );
    let shown = captions.at(2.5, 1.0).unwrap();
    let [_, pill] = plates(&shown)[..] else { panic!() };
    // "words" from the fifth character on: 870 + 80, 100 px wide, 0.28 x 40 px of room.
    close(pill.rect.x, 950.0 - 11.2);
    close(pill.rect.width, 122.4);
    close(pill.rect.y, 894.0 - 4.8);
    close(pill.rect.height, 57.6);
    close(pill.corner.radius, 0.4 * 57.6);
    close(pill.alpha, 1.0);
    assert_eq!(glyphs(&shown).len(), 1);
    close(glyphs(&shown)[0].alpha, 1.0);
}

#[test]
fn an_outline_has_its_own_colour() {
    let captions = captions(
        &serde_json::json!({ "outline": true, "outlineColor": "#0000ff" }),
        &two_words(),
    );
    let shown = captions.at(2.0, 1.0).unwrap();
    let [outline, text] = glyphs(&shown)[..] else {
        panic!()
    };
    assert_eq!(outline.raster.spec.ink, Ink::Outline(Px::new(1.2)));
    assert_eq!(outline.color, [0.0, 0.0, 1.0]);
    assert_eq!(text.color, [1.0; 3]);
}

#[test]
fn a_line_too_long_is_reduced() {
    let long = serde_json::json!([{ "id": "c", "start": 0, "end": 2, "text": "x".repeat(170) }]);
    let captions = captions(&serde_json::json!({ "animation": "none" }), &long);
    let shown = captions.at(1.0, 1.0).unwrap();
    // 3400 + 40 px in 1728.
    close(
        f64::from(glyphs(&shown)[0].raster.spec.scale.get()),
        1728.0 / 3440.0,
    );
    close(shown.rect.width, 1728.0);
    close(shown.rect.x, 96.0);
}

#[test]
fn captions_stand_where_they_say() {
    let at = |settings: serde_json::Value, own: serde_json::Value| {
        let mut segments = serde_json::json!([{ "id": "c", "start": 0, "end": 2, "text": "ab" }]);
        for (key, value) in own.as_object().unwrap() {
            segments[0][key] = value.clone();
        }
        let rect = captions(&settings, &segments).at(1.0, 1.0).unwrap().rect;
        (rect.x, rect.y)
    };
    let none = || serde_json::json!({});
    assert_eq!(
        at(serde_json::json!({ "position": "top-left" }), none()),
        (96.0, 86.4 - 44.0)
    );
    assert_eq!(
        at(serde_json::json!({ "position": "top" }), none()),
        (920.0, 86.4 - 44.0)
    );
    let manual = serde_json::json!({ "position": "manual", "manualPosition": { "x": 0.25, "y": 0.5 } });
    assert_eq!(at(manual, none()), (440.0, 496.0));
    assert_eq!(
        at(none(), serde_json::json!({ "positionOverride": "bottom-right" })),
        (1920.0 - 96.0 - 80.0, 874.0)
    );
}

#[test]
fn upper_case_words_are_found() {
    let captions = captions(
        &serde_json::json!({ "uppercase": true, "activeWordHighlight": true }),
        &two_words(),
    );
    assert_eq!(captions.captions[0].text, "TWO WORDS");
    assert_eq!(captions.captions[0].found, [Some(0..3), Some(4..9)]);
}
