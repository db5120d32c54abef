//! Sizes, lines, order and fallback.

use super::*;

fn xs(measured: &Measured) -> Vec<(f32, f32, usize)> {
    measured
        .clusters
        .iter()
        .map(|cluster| (cluster.x, cluster.width, cluster.line))
        .collect()
}

#[test]
fn letters_advance_by_their_widths() {
    // Every letter of the test font advances by half its size.
    let measured = measure(&boxes(), &spec("aab", 20.0));
    assert_eq!(measured.width, 30.0);
    assert_eq!(measured.height, 20.0);
    assert_eq!(xs(&measured), [(0.0, 10.0, 0), (10.0, 10.0, 0), (20.0, 10.0, 0)]);
    assert_eq!(measured.clusters[2].bytes, 2..3);
    assert_eq!(measured.lines.len(), 1);
}

#[test]
fn words_wrap_and_lines_align() {
    for (align, x) in [(Align::Left, 0.0), (Align::Center, 12.5), (Align::Right, 25.0)] {
        let mut spec = spec("aa aa b", 20.0);
        spec.wrap_width = Some(Px::new(45.0));
        spec.align = align;
        // "aa " is 30 wide and "aa aa" 50: one word a line, but "aa b" of 40 fits.
        let measured = measure(&boxes(), &spec);
        assert_eq!(measured.lines.len(), 2, "{align:?}");
        assert_eq!(measured.height, 40.0);
        assert_eq!(measured.lines[0].width, 20.0, "without the space");
        assert_eq!(measured.lines[0].x, x, "{align:?}");
        assert_eq!(measured.lines[1].width, 40.0);
        assert_eq!(measured.lines[1].top, 20.0);
        assert_eq!(measured.width, 40.0);
    }
}

#[test]
fn a_word_wider_than_the_box_stands_alone() {
    let mut spec = spec("a aaaaaa a", 20.0);
    spec.wrap_width = Some(Px::new(45.0));
    let widths: Vec<f32> = measure(&boxes(), &spec)
        .lines
        .iter()
        .map(|line| line.width)
        .collect();
    assert_eq!(widths, [10.0, 60.0, 10.0]);
}

#[test]
fn paragraphs_and_empty_lines_take_their_height() {
    let measured = measure(&boxes(), &spec("a\n\nab", 20.0));
    assert_eq!(measured.lines.len(), 3);
    assert_eq!(measured.height, 60.0);
    assert_eq!(measured.clusters.last().unwrap().bytes, 4..5);
    assert_eq!(measured.clusters.last().unwrap().line, 2);
    assert_eq!(*measure(&boxes(), &spec("", 20.0)), Measured::default());
}

#[test]
fn letter_spacing_comes_after_every_character() {
    let mut spec = spec("aab", 20.0);
    spec.letter_spacing = Px::new(4.0);
    assert_eq!(
        xs(&measure(&boxes(), &spec)),
        [(0.0, 14.0, 0), (14.0, 14.0, 0), (28.0, 14.0, 0)]
    );
    spec.letter_spacing = Px::new(-4.0);
    assert_eq!(measure(&boxes(), &spec).width, 18.0);
}

#[test]
fn a_letter_and_its_mark_are_one_character() {
    // x has no precomposed form with a dot below, so the mark is a glyph of its own.
    let mut marked = dejavu("x\u{323}x");
    marked.letter_spacing = Px::new(5.0);
    let mut plain = dejavu("xx");
    plain.letter_spacing = Px::new(5.0);
    let fonts = Fonts::system();
    let [marked, plain] = [marked, plain].map(|spec| measure(&fonts, &spec));
    assert_eq!(marked.clusters.len(), 2);
    assert_eq!(marked.clusters[0].bytes, 0..3);
    assert_eq!(xs(&marked), xs(&plain), "the mark takes no room and no spacing");
}

#[test]
fn right_to_left_text_runs_from_the_right() {
    // Aleph, bet, gimel.
    let measured = measure(&Fonts::system(), &dejavu("\u{5d0}\u{5d1}\u{5d2}"));
    let clusters = &measured.clusters;
    assert_eq!(clusters.len(), 3);
    assert_eq!(clusters[0].bytes, 0..2);
    assert!(clusters[0].x > clusters[1].x && clusters[1].x > clusters[2].x);
    assert!((clusters[0].x + clusters[0].width - measured.width).abs() < 0.01);
}

#[test]
fn numbers_in_right_to_left_text_run_from_the_left() {
    let measured = measure(&Fonts::system(), &dejavu("\u{5d0} 12 \u{5d1}"));
    let at = |byte: usize| {
        measured
            .clusters
            .iter()
            .find(|cluster| cluster.bytes.start == byte)
            .unwrap()
            .x
    };
    let (aleph, one, two, bet) = (at(0), at(3), at(4), at(6));
    assert!(bet < one && one < two && two < aleph, "{bet} {one} {two} {aleph}");
}

#[test]
fn arabic_letters_join() {
    // Beh has one shape alone and others at the start, in the middle and at the end; joined they are narrower.
    let fonts = Fonts::system();
    let alone = measure(&fonts, &dejavu("\u{628}")).width;
    let joined = measure(&fonts, &dejavu("\u{628}\u{628}\u{628}"));
    assert!(joined.width < 2.5 * alone, "{} against {alone}", joined.width);
    // Lam and alef become one glyph.
    assert_eq!(measure(&fonts, &dejavu("\u{644}\u{627}")).clusters.len(), 1);
}

#[test]
fn a_family_of_emoji_is_one_character() {
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    let measured = measure(&Fonts::system(), &dejavu(&format!("a{family}b")));
    let starts: Vec<usize> = measured
        .clusters
        .iter()
        .map(|cluster| cluster.bytes.start)
        .collect();
    assert_eq!(starts, [0, 1, 1 + family.len()], "{:?}", measured.clusters);
}

fn font(family: &str, weight: u16) -> FontSpec {
    FontSpec {
        family: Family::of_text(family),
        weight,
        italic: false,
    }
}

#[test]
fn what_is_not_installed_is_named() {
    let fonts = Fonts::system();
    assert_eq!(
        fonts.prepare(&font("DejaVu Serif", 400), "abc").unwrap(),
        Vec::<String>::new()
    );
    assert_eq!(
        fonts.prepare(&font("sans-serif", 700), "ab\u{301} \n").unwrap(),
        Vec::<String>::new()
    );
    let found = fonts.prepare(&font("No Such Font", 400), "abc").unwrap();
    assert_eq!(
        found,
        ["the font `No Such Font` is not installed; `DejaVu Sans` is used instead"]
    );
    let found = boxes()
        .prepare(&font("monospace", 400), "ab\u{e4}b\u{e4}")
        .unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        found[0].contains("stands for monospace, is not installed; `Capstan Test`"),
        "{}",
        found[0]
    );
    assert!(found[1].contains("a glyph for U+00E4 (\u{e4});"), "{}", found[1]);
}

#[test]
fn without_a_font_no_text_can_be_set() {
    let none = Fonts::files(vec![PathBuf::from("/nonexistent.ttf")]);
    let error = none.prepare(&font("sans", 400), "abc").unwrap_err().to_string();
    assert!(error.contains("fonts-dejavu-core"), "{error}");
    assert_eq!(*measure(&none, &spec("abc", 20.0)), Measured::default());
    assert!(none.raster(&picture(spec("abc", 20.0))).is_empty());
}

#[test]
fn the_nearest_weight_of_the_family_is_used() {
    // DejaVu Sans Mono has 400 and 700 and advances alike; DejaVu Sans bold is wider than regular.
    let fonts = Fonts::system();
    let width = |weight| {
        let mut spec = dejavu("weight");
        spec.font.weight = weight;
        measure(&fonts, &spec).width
    };
    assert_eq!(width(500), width(400));
    assert_eq!(width(600), width(700));
    assert_eq!(width(900), width(700));
    assert!(width(700) > width(400));
}

#[test]
fn a_very_long_text_is_laid_out() {
    let long = "word ".repeat(crate::scene::typeset::MAX_TEXT_CHARS / 5);
    let mut spec = dejavu(&long);
    spec.wrap_width = Some(Px::new(700.0));
    let measured = measure(&Fonts::system(), &spec);
    assert!(measured.lines.len() > 200);
    assert!(measured.width <= 700.0);
}
