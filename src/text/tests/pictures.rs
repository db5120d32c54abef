//! Pixels of glyphs.

use super::*;

fn draw(spec: &RasterSpec) -> Arc<Raster> {
    boxes().raster(spec)
}

fn at(raster: &Raster, x: i32, y: i32) -> u8 {
    let (column, row) = (x - raster.left, y - raster.top);
    if column < 0 || row < 0 || column >= raster.width as i32 || row >= raster.height as i32 {
        return 0;
    }
    raster.coverage[(row as u32 * raster.width + column as u32) as usize]
}

#[test]
fn a_letter_covers_its_box() {
    // The font's ascent is 1 and its descent 0.2 of the size: at 10 px in a line of 20 px the baseline is at
    // (20 - 12) / 2 + 10 = 14. The letter a is a box from 0.1 to 0.4 and up to 0.5: 1..4 across, 9..14 down.
    let raster = draw(&picture(spec("a", 10.0)));
    assert_eq!(bounds(&raster), (1, 9, 3, 5));
    assert!(raster.coverage.iter().all(|&value| value == 255));
    assert!(raster.color.is_empty());
}

#[test]
fn letters_stand_at_quarter_pixels() {
    let mut spec = picture(spec("a", 10.0));
    for (phase, edge) in [(0.25, 191), (0.5, 128), (0.75, 64), (0.13, 191), (0.12, 255)] {
        spec.phase = Px::new(phase);
        let raster = draw(&spec);
        assert!(
            at(&raster, 1, 11).abs_diff(edge) <= 1,
            "{phase}: {}",
            at(&raster, 1, 11)
        );
        assert_eq!(at(&raster, 2, 11), 255);
        assert!(at(&raster, 4, 11).abs_diff(255 - edge) <= 1, "{phase}");
    }
    spec.phase = Px::new(0.9);
    assert_eq!(bounds(&draw(&spec)), (2, 9, 3, 5), "nearest to the next pixel");
}

#[test]
fn the_scale_is_that_of_the_layout() {
    let mut spec = picture(spec("aa", 10.0));
    spec.scale = Px::new(2.0);
    // Twice of: boxes at 1..4 and 6..9, 9..14 down.
    let raster = draw(&spec);
    assert_eq!(bounds(&raster), (2, 18, 16, 10));
    assert_eq!(at(&raster, 7, 20), 255);
    assert_eq!(at(&raster, 9, 20), 0);
    assert_eq!(at(&raster, 12, 20), 255);
}

#[test]
fn parts_add_up_to_the_whole() {
    let whole = picture(spec("ab ba", 10.0));
    let mut seen = vec![0u32; 60 * 40];
    for bytes in [0..2, 2..3, 3..5] {
        let part = RasterSpec {
            bytes: Some(bytes.clone()),
            ..whole.clone()
        };
        let raster = draw(&part);
        assert_eq!(raster.is_empty(), bytes == (2..3), "a space has no pixels");
        for (index, seen) in seen.iter_mut().enumerate() {
            *seen += u32::from(at(&raster, index as i32 % 60, index as i32 / 60));
        }
    }
    let raster = draw(&whole);
    for (index, &seen) in seen.iter().enumerate() {
        assert_eq!(seen, u32::from(at(&raster, index as i32 % 60, index as i32 / 60)));
    }
}

#[test]
fn coloured_glyphs_keep_their_colours() {
    // U+1F600 of the test font is red on its left half and blue on its right, 10 px square on the baseline.
    let raster = draw(&picture(spec("a\u{1f600}", 10.0)));
    assert_eq!((raster.left, raster.top), (1, 4));
    assert_eq!((raster.width, raster.height), (14, 10));
    let color = |x: usize, y: usize| {
        let start = (y * 14 + x) * 4;
        raster.color[start..start + 4].to_vec()
    };
    let close = |found: &[u8], wanted: [u8; 4]| {
        assert!(
            found.iter().zip(wanted).all(|(&a, b)| a.abs_diff(b) <= 3),
            "{found:?}"
        );
    };
    close(&color(5, 5), [255, 0, 0, 255]);
    close(&color(12, 5), [0, 0, 255, 255]);
    assert_eq!(color(0, 5), [0, 0, 0, 0], "the a is no colour");
    assert_eq!(at(&raster, 1, 10), 255);
    assert_eq!(at(&raster, 8, 10), 0);

    let mut shadow = picture(spec("a\u{1f600}", 10.0));
    shadow.ink = Ink::Silhouette;
    let shadow = draw(&shadow);
    assert!(shadow.color.is_empty());
    assert!(at(&shadow, 8, 10) >= 252, "it throws a shadow as others do");
}

#[test]
fn an_outline_surrounds_the_letter_evenly() {
    let mut spec = picture(spec("a", 10.0));
    spec.ink = Ink::Outline(Px::new(2.0));
    // The box 1..4 by 9..14, moved by 2 to all sides and by 1.41 to the corners.
    let raster = draw(&spec);
    assert_eq!(bounds(&raster), (-1, 7, 7, 9));
    for (x, y) in [(-1, 11), (5, 11), (2, 7), (2, 15)] {
        assert_eq!(at(&raster, x, y), 255, "{x} {y}");
    }
    for (x, y) in [(-1, 7), (5, 7), (-1, 15), (5, 15)] {
        assert!(at(&raster, x, y) < 70, "{x} {y}: {}", at(&raster, x, y));
    }
    for row in 0..9 {
        for column in 0..7 {
            let [here, mirrored, turned] =
                [(column, row), (6 - column, row), (column, 8 - row)].map(|(x, y)| at(&raster, x - 1, y + 7));
            assert!(
                here.abs_diff(mirrored) <= 2 && here.abs_diff(turned) <= 2,
                "{column} {row}"
            );
        }
    }
}

#[test]
fn a_stroke_lies_half_on_either_side() {
    let mut spec = picture(spec("a", 20.0));
    spec.ink = Ink::Stroke(Px::new(2.0));
    let fill = draw(&picture(super::spec("a", 20.0)));
    let raster = draw(&spec);
    assert_eq!(
        bounds(&raster),
        (fill.left - 1, fill.top - 1, fill.width + 2, fill.height + 2)
    );
    assert_eq!(at(&raster, fill.left - 1, fill.top + 5), 255);
    assert_eq!(at(&raster, fill.left, fill.top + 5), 255);
    assert_eq!(
        at(&raster, fill.left + 2, fill.top + 5),
        0,
        "the middle stays open"
    );
}

#[test]
fn a_glow_spreads_past_the_letter() {
    let mut spec = picture(spec("a", 40.0));
    spec.ink = Ink::Glow(Px::new(4.0));
    let fill = draw(&picture(super::spec("a", 40.0)));
    let raster = draw(&spec);
    assert!(raster.left < fill.left - 8 && raster.top < fill.top - 8);
    let middle = fill.top + fill.height as i32 / 2;
    let [inside, edge, outside] = [6, 0, -6].map(|x| at(&raster, fill.left + x, middle));
    assert!(
        inside > edge && edge > outside && outside > 0,
        "{inside} {edge} {outside}"
    );
}

#[test]
fn nothing_is_pictured_outside_the_window() {
    let mut spec = picture(spec("aaaa", 10.0));
    let whole = draw(&spec);
    spec.window = [3, 10, 8, 12];
    let cut = draw(&spec);
    assert_eq!(bounds(&cut), (3, 10, 5, 2));
    for y in 10..12 {
        for x in 3..8 {
            assert_eq!(at(&cut, x, y), at(&whole, x, y));
        }
    }
    spec.window = [500, 500, 600, 600];
    assert!(draw(&spec).is_empty());
}

#[test]
fn a_missing_glyph_is_a_box() {
    // .notdef is a box from 0.1 to 0.4 and up to 0.7: 1..4 by 7..14.
    assert_eq!(bounds(&draw(&picture(spec("\u{e4}", 10.0)))), (1, 7, 3, 7));
}

#[test]
fn the_same_question_has_the_same_answer() {
    let fonts = boxes();
    let asked = picture(spec("ab", 10.0));
    let first = fonts.raster(&asked);
    assert!(Arc::ptr_eq(&first, &fonts.raster(&asked)));
    let again = boxes().raster(&asked);
    assert_eq!(first.coverage, again.coverage);
    assert_eq!(first, again);
}

#[test]
fn a_gigantic_text_is_pictured_within_its_window() {
    let mut spec = picture(dejavu(&"W".repeat(2000)));
    spec.scale = Px::new(300.0);
    spec.window = [1_000_000, 0, 1_000_640, 4000];
    let raster = Fonts::system().raster(&spec);
    assert!(raster.width <= 640 && raster.height <= 4000);
    assert!(raster.coverage.contains(&255));
}

#[test]
fn an_italic_without_a_face_of_its_own_leans() {
    let mut spec = spec("b", 40.0);
    let upright = draw(&picture(spec.clone()));
    spec.font.italic = true;
    let slanted = draw(&picture(spec));
    // 0.8 x 40 px high: the top moves right by 32 tan 14 degrees = 8.0 px.
    assert_eq!(slanted.height, upright.height);
    assert_eq!(slanted.width, upright.width + 8);
}

/// DejaVu asks for whole sizes where it is hinted; a text between two of them must not be as wide as at one.
#[test]
fn glyphs_are_as_wide_as_their_size_says() {
    let fonts = Fonts::system();
    let width = |size: f64| {
        let mut dash = dejavu("\u{2014}");
        dash.size = Px::new(size);
        let raster = fonts.raster(&picture(dash));
        let rows = raster.coverage.chunks_exact(raster.width as usize);
        let covered = |row: &[u8]| row.iter().map(|&value| f64::from(value)).sum::<f64>() / 255.0;
        rows.map(covered).fold(0.0, f64::max)
    };
    let whole = width(33.0);
    for size in [33.3, 33.6, 34.0] {
        let ratio = width(size) / whole;
        assert!((ratio - size / 33.0).abs() < 0.003, "{size}: {ratio}");
    }
}
