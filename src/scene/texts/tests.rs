//! Texts as marks, set by a typesetter whose every character is half its size wide.

use super::*;
use crate::frame::Size;
use crate::scene::fixtures::setter;
use crate::scene::layer::Glyphs;

const HD: Size = Size::new(1920, 1080);

fn segment(json: &serde_json::Value) -> TextSegment {
    let mut whole = serde_json::json!({
        "start": 1, "end": 5, "content": "two words", "fontSize": 40, "color": "#ff0000",
        "animationIn": "none", "animationOut": "none"
    });
    for (key, value) in json.as_object().unwrap() {
        whole[key] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn texts(segments: &[TextSegment], hidden: &[u32]) -> Texts {
    let mut wanted = Wanted::default();
    Texts::new(
        segments,
        hidden,
        &setter(HD, false),
        &mut wanted,
        &mut Checks::default(),
    )
    .unwrap()
}

fn at(json: &serde_json::Value, time: f64) -> Vec<Mark> {
    let texts = texts(&[segment(json)], &[]);
    texts
        .at(0, time)
        .map(|lettering| lettering.marks)
        .unwrap_or_default()
}

/// Positions of the texts that are seen at `time`, of as many as there are.
fn seen(texts: &Texts, count: u32, time: f64) -> Vec<u32> {
    (0..count)
        .filter(|&index| texts.at(index, time).is_some())
        .collect()
}

fn glyphs(marks: &[Mark]) -> Vec<&Glyphs> {
    fn of(mark: &Mark) -> Option<&Glyphs> {
        match mark {
            Mark::Glyphs(glyphs) => Some(glyphs),
            Mark::Plate(_) => None,
        }
    }
    marks.iter().filter_map(of).collect()
}

/// Left and top of a mark's pixels.
fn corner(glyphs: &Glyphs) -> (i32, i32) {
    (glyphs.x + glyphs.raster.left, glyphs.y + glyphs.raster.top)
}

#[test]
fn a_text_stands_in_its_box() {
    let marks = at(&serde_json::json!({}), 2.0);
    let [text] = glyphs(&marks)[..] else {
        panic!("{marks:?}")
    };
    // 9 characters of 20 px, centred about 960; the box is 216 px high about 540 and the text at its top.
    assert_eq!(corner(text), (870, 432));
    assert_eq!(text.raster.width, 180);
    assert_eq!(text.color, [1.0, 0.0, 0.0]);
    assert_eq!(text.alpha, 1.0);
}

#[test]
fn it_is_there_from_its_start_to_its_end() {
    let texts = texts(
        &[
            segment(&serde_json::json!({})),
            segment(&serde_json::json!({ "enabled": false })),
            segment(&serde_json::json!({})),
            segment(&serde_json::json!({ "start": 4, "end": 9 })),
        ],
        &[2],
    );
    let shown = |time| seen(&texts, 4, time);
    assert!(shown(0.999).is_empty());
    assert_eq!(shown(1.0), [0]);
    assert_eq!(shown(4.5), [0, 3], "in the order of the configuration");
    assert_eq!(shown(5.0), [0, 3]);
    assert_eq!(shown(5.001), [3]);
}

#[test]
fn the_shadow_lies_below_and_right() {
    let marks = at(&serde_json::json!({ "shadow": 0.5, "opacity": 0.8 }), 2.0);
    let [shadow, text] = glyphs(&marks)[..] else {
        panic!("{marks:?}")
    };
    assert_eq!(shadow.raster.spec.ink, Ink::Silhouette);
    assert_eq!(shadow.color, [0.0; 3]);
    assert!((shadow.alpha - 0.8 * 0.5 * 0.85).abs() < 1e-9);
    // 0.055 x 40 = 2.2 px down; 0.02 x 40 = 0.8 px right, within the pixel.
    assert_eq!(shadow.y, text.y + 2);
    let column = |glyphs: &Glyphs| f64::from(glyphs.x) + f64::from(glyphs.raster.spec.phase.get());
    assert!((column(shadow) - column(text) - 0.8).abs() < 1e-4);
}

#[test]
fn parts_are_drawn_in_order() {
    let marks = at(
        &serde_json::json!({
            "shadow": 1, "glow": 0.5, "strokeWidth": 3, "strokeColor": "#00ff00", "backgroundColor": "#0000ff"
        }),
        2.0,
    );
    assert!(matches!(&marks[0], Mark::Plate(plate) if plate.color == [0.0, 0.0, 1.0]));
    let inks: Vec<Ink> = glyphs(&marks)
        .iter()
        .map(|glyphs| glyphs.raster.spec.ink)
        .collect();
    assert_eq!(
        inks,
        [
            Ink::Silhouette,
            Ink::Glow(Px::new(8.0)),
            Ink::Stroke(Px::new(6.0)),
            Ink::Fill
        ]
    );
    assert_eq!(glyphs(&marks)[2].color, [0.0, 1.0, 0.0]);
    assert_eq!(glyphs(&marks)[1].alpha, 0.5);
}

#[test]
fn backgrounds_surround_text_or_lines() {
    let plates = |style: &str| -> Vec<Plate> {
        let json = serde_json::json!({
            "content": "aa\nbbbb", "backgroundColor": "#ffffff", "backgroundStyle": style, "lineHeight": 1.5
        });
        let of = |mark| match mark {
            Mark::Plate(plate) => Some(plate),
            Mark::Glyphs(_) => None,
        };
        at(&json, 2.0).into_iter().filter_map(of).collect()
    };
    // In single precision the text's width is not exact.
    let of =
        |rect: Rect| [rect.x, rect.y, rect.width, rect.height].map(|value| (value * 100.0).round() / 100.0);
    // Two lines of 60 px, the longer 80 px wide: 920..1000 by 432..552.
    let [whole] = plates("box")[..] else { panic!() };
    assert_eq!(of(whole.rect), [904.0, 424.0, 112.0, 136.0]);
    let [pill] = plates("pill")[..] else { panic!() };
    assert_eq!(of(pill.rect), [896.0, 424.0, 128.0, 136.0]);
    assert_eq!(pill.corner.radius, 64.0);
    let [short, long] = plates("highlight")[..] else {
        panic!()
    };
    assert_eq!(of(short.rect), [934.0, 432.0, 52.0, 60.0]);
    assert_eq!(of(long.rect), [914.0, 492.0, 92.0, 60.0]);
}

#[test]
fn a_typewriter_sets_only_what_it_has_reached() {
    let json = serde_json::json!({ "animationIn": "typewriter", "animationInDuration": 1 });
    let text = |time| {
        glyphs(&at(&json, time))
            .first()
            .map(|text| text.raster.spec.text.text.clone())
    };
    assert_eq!(text(1.0), None);
    assert_eq!(text(1.3).as_deref(), Some("two"), "9 x 0.3 = 2.7");
    assert_eq!(text(2.5).as_deref(), Some("two words"));
    // Centred as far as it goes: 3 characters of 20 px.
    let marks = at(&json, 1.3);
    assert_eq!(corner(glyphs(&marks)[0]), (930, 432));
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    let json = serde_json::json!({
        "content": format!("{family}x"), "animationIn": "typewriter", "animationInDuration": 1
    });
    assert_eq!(glyphs(&at(&json, 1.4))[0].raster.spec.text.text, family);
}

#[test]
fn a_slide_moves_by_whole_pixels_down_and_quarters_across() {
    let up = at(
        &serde_json::json!({ "animationIn": "slideUp", "animationInDuration": 1 }),
        1.5,
    );
    // (1 - u) font / 2 = 0.125 x 20 = 2.5 px.
    assert_eq!(corner(glyphs(&up)[0]), (870, 434));
    let left = at(
        &serde_json::json!({ "animationIn": "slideLeft", "animationInDuration": 1 }),
        1.4,
    );
    // (1 - u) font = 0.216 x 40 = 8.64 px, from 605.2 + 8.64 = 613.84: at 613.75.
    let left = glyphs(&left)[0];
    assert_eq!(left.x, 613);
    assert_eq!(left.raster.spec.phase, Px::new(0.75));
}

#[test]
fn a_pop_scales_about_the_box() {
    let marks = at(
        &serde_json::json!({ "animationIn": "zoom", "animationInDuration": 1 }),
        1.5,
    );
    let text = glyphs(&marks)[0];
    let scale = 0.5 + 0.5 * 0.875;
    assert_eq!(text.raster.spec.scale, Px::new(scale));
    assert_eq!(text.y, (540.0 - 108.0 * scale) as i32);
}

#[test]
fn a_wipe_uncovers_from_the_left() {
    let marks = at(
        &serde_json::json!({ "animationIn": "wipe", "animationInDuration": 1 }),
        1.5,
    );
    // 180 px from 870, 0.875 of them.
    assert!((glyphs(&marks)[0].edge.unwrap() - (870.0 + 157.5)).abs() < 1e-3);
    assert!(at(&serde_json::json!({ "animationIn": "wipe" }), 1.0).is_empty());
}

#[test]
fn words_and_letters_come_one_by_one() {
    let bytes = |json: &serde_json::Value| -> Vec<std::ops::Range<usize>> {
        let marks = at(json, 1.5);
        glyphs(&marks)
            .iter()
            .filter_map(|text| text.raster.spec.bytes.clone())
            .collect()
    };
    let words = serde_json::json!({ "animationIn": "words", "animationInDuration": 1 });
    // The second of two words begins at a third of the time.
    assert_eq!(bytes(&words), [0..3, 4..9]);
    let letters = serde_json::json!({ "animationIn": "letters", "animationInDuration": 1 });
    // 8 letters, each takes 1 / 4.5 of the time and begins 1 / 9 after the one before: at 0.5 the fifth has begun.
    assert_eq!(bytes(&letters), [0..1, 1..2, 2..3, 4..5, 5..6]);
}

#[test]
fn tracking_spreads_letters_about_the_middle() {
    let json = serde_json::json!({ "content": "abc", "animationIn": "tracking", "animationInDuration": 1 });
    let marks = at(&json, 1.5);
    let columns: Vec<i32> = glyphs(&marks).iter().map(|text| corner(text).0).collect();
    // 0.4 x 40 x 0.125 = 2 px each way of letters that stand at 930, 950, 970.
    assert_eq!(columns, [928, 950, 972]);
}

#[test]
fn a_gradient_runs_along_each_line() {
    let json = serde_json::json!({ "content": "aa\nbbbb", "gradientColor": "#0000ff" });
    let marks = at(&json, 2.0);
    let runs: Vec<(f64, f64)> = glyphs(&marks)
        .iter()
        .map(|text| text.gradient.unwrap())
        .map(|gradient| (gradient.from, gradient.to))
        .collect();
    let close = |found: (f64, f64), wanted: (f64, f64)| {
        assert!(
            (found.0 - wanted.0).abs() < 1e-3 && (found.1 - wanted.1).abs() < 1e-3,
            "{found:?}"
        );
    };
    assert_eq!(runs.len(), 2);
    close(runs[0], (940.0, 980.0));
    close(runs[1], (920.0, 1000.0));
}

#[test]
fn caps_colours_are_linear_light() {
    let mut wanted = Wanted::default();
    let segment = segment(&serde_json::json!({ "color": "#808080" }));
    let texts = Texts::new(
        &[segment],
        &[],
        &setter(HD, true),
        &mut wanted,
        &mut Checks::default(),
    )
    .unwrap();
    let lettering = texts.at(0, 2.0).unwrap();
    let red = glyphs(&lettering.marks)[0].color[0] * 255.0;
    assert_eq!(red.round(), 55.0, "cap-look.md 11.1");
}

#[test]
fn very_many_texts_at_once_are_thinned_out() {
    let mut many = vec![segment(&serde_json::json!({ "content": "a" })); 99_999];
    many.push(segment(
        &serde_json::json!({ "content": "later", "start": 5.5, "end": 6 }),
    ));
    let mut checks = Checks::default();
    let texts = Texts::new(
        &many,
        &[],
        &setter(HD, false),
        &mut Wanted::default(),
        &mut checks,
    )
    .unwrap();
    assert_eq!(seen(&texts, 100_000, 2.0).len(), MAX_AT_ONCE);
    assert_eq!(seen(&texts, 100_000, 5.7), [99_999]);
    assert!(
        checks.warnings[0].contains("99743 of them"),
        "{:?}",
        checks.warnings
    );
}

#[test]
fn times_are_ordered_as_numbers() {
    let times = [-2.5, -1.0, -0.0, 0.0, 1e-9, 3.0];
    assert!(times.windows(2).all(|pair| ordered(pair[0]) < ordered(pair[1])));
}

#[test]
fn a_text_of_a_megabyte_is_cut_with_a_warning() {
    let long = [segment(
        &serde_json::json!({ "content": "word ".repeat(200_000) }),
    )];
    let mut checks = Checks::default();
    Texts::new(
        &long,
        &[],
        &setter(HD, false),
        &mut Wanted::default(),
        &mut checks,
    )
    .unwrap();
    assert!(
        checks.warnings[0].contains("20000 characters"),
        "{:?}",
        checks.warnings
    );
}
