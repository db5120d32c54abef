//! What the scene asks of whatever sets its texts: how large a text is, and its picture.
//!
//! A text is described by a [`TextSpec`]; the [`Typesetter`] answers with its [`Measured`] lines and with [`Raster`]s,
//! pictures of the glyphs without a colour. The same description always gives the same answer, so both are kept and
//! shared. The room that knows fonts is `text`; nothing here does.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::error::SceneError;
use crate::frame::Size;

/// Most characters of one text. What is beyond cannot fit a frame at the smallest font and is cut off.
pub const MAX_TEXT_CHARS: usize = 20_000;

/// A number in output pixels that compares and hashes by its bits, so that it can be part of a key.
///
/// The two zeros are one number here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Px(f32);

impl Px {
    /// `value` in single precision; what is not finite counts as 0.
    pub fn new(value: f64) -> Self {
        let value = value as f32;
        Self(if value.is_finite() { value + 0.0 } else { 0.0 })
    }

    /// The number.
    pub const fn get(self) -> f32 {
        self.0
    }
}

impl PartialEq for Px {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_bits() == other.0.to_bits()
    }
}

impl Eq for Px {}

impl std::hash::Hash for Px {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// Which typeface (cap-look.md 11.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The system's sans-serif.
    Sans,
    /// The system's serif.
    Serif,
    /// The system's monospaced.
    Mono,
    /// By name.
    Named(String),
}

impl Family {
    /// The family a text segment names: a generic one by its usual spellings, any other by its name.
    pub fn of_text(name: &str) -> Self {
        match name.trim().to_lowercase().as_str() {
            "" | "sans" | "sans-serif" | "system sans" | "system sans-serif" => Self::Sans,
            "serif" | "system serif" => Self::Serif,
            "mono" | "monospace" | "system mono" | "system monospace" => Self::Mono,
            _ => Self::Named(name.trim().to_owned()),
        }
    }

    /// The family a caption or keyboard overlay names: always a generic one (cap-format.md 4.13).
    pub fn of_overlay(name: &str) -> Self {
        match name {
            "System Serif" => Self::Serif,
            "System Monospace" => Self::Mono,
            _ => Self::Sans,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sans => f.write_str("sans-serif"),
            Self::Serif => f.write_str("serif"),
            Self::Mono => f.write_str("monospace"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// A typeface with its weight and slant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FontSpec {
    /// Typeface.
    pub family: Family,
    /// 100 (thin) to 900 (black); the nearest weight the family has is used.
    pub weight: u16,
    /// Slanted; made from the upright face where the family has no slanted one.
    pub italic: bool,
}

/// Where lines stand in the wrap width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Align {
    /// Flush left.
    Left,
    /// Centred.
    #[default]
    Center,
    /// Flush right.
    Right,
}

/// A text and how it is set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextSpec {
    /// The words, [cleaned](clean); `\n` ends a paragraph.
    pub text: String,
    /// Typeface.
    pub font: FontSpec,
    /// Font size.
    pub size: Px,
    /// From one baseline to the next.
    pub line_height: Px,
    /// Added after every character.
    pub letter_spacing: Px,
    /// Where lines stand in `wrap_width`.
    pub align: Align,
    /// Lines break between words that would pass this width; a word that is wider than it stands alone. `None`: lines
    /// never break and `align` has no effect.
    pub wrap_width: Option<Px>,
}

/// Sizes of a laid-out text. Positions are relative to its top left corner; x runs from the left edge of the wrap width.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Width of the widest line.
    pub width: f32,
    /// Lines times line height.
    pub height: f32,
    /// Lines from top to bottom.
    pub lines: Vec<Line>,
    /// What a reader sees as one character each, in the order of the text.
    pub clusters: Vec<Cluster>,
}

/// A laid-out line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Left edge.
    pub x: f32,
    /// Top of its share of the height.
    pub top: f32,
    /// Its baseline.
    pub baseline: f32,
    /// Width without trailing spaces.
    pub width: f32,
}

/// One character as a reader sees it: a letter with its marks, a ligature, an emoji.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Bytes of [`TextSpec::text`].
    pub bytes: Range<usize>,
    /// Left edge.
    pub x: f32,
    /// Advance.
    pub width: f32,
    /// Index of its line.
    pub line: usize,
}

impl Measured {
    /// Left edge and width of what the bytes `range` of the text take on one line: that of its first character.
    /// `None` where nothing of it was laid out.
    pub fn span(&self, range: &Range<usize>) -> Option<Span> {
        let mut found: Option<Span> = None;
        for cluster in self
            .clusters
            .iter()
            .filter(|cluster| cluster.bytes.start < range.end && cluster.bytes.end > range.start)
        {
            let right = cluster.x + cluster.width;
            match &mut found {
                None => {
                    found = Some(Span {
                        x: cluster.x,
                        width: cluster.width,
                        line: cluster.line,
                    });
                }
                Some(span) if span.line == cluster.line => {
                    let end = right.max(span.x + span.width);
                    span.x = span.x.min(cluster.x);
                    span.width = end - span.x;
                }
                Some(_) => {}
            }
        }
        found
    }
}

/// A stretch of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Left edge.
    pub x: f32,
    /// Width.
    pub width: f32,
    /// Index of the line.
    pub line: usize,
}

/// What of a text is pictured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The glyphs; those with colours of their own keep them.
    Fill,
    /// The glyphs in one colour, coloured ones included: what a shadow needs.
    Silhouette,
    /// The silhouette twelve times around its place, at this radius: eight directions, the diagonals again at 0.7 of it
    /// (cap-look.md 13).
    Outline(Px),
    /// A line of this width along the edges of the glyphs, half of it inside.
    Stroke(Px),
    /// The silhouette blurred by a gaussian of this standard deviation.
    Glow(Px),
}

/// A picture of a text or of a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RasterSpec {
    /// The text.
    pub text: Arc<TextSpec>,
    /// The glyphs that begin within these bytes of the text; `None` is all.
    pub bytes: Option<Range<usize>>,
    /// What of them.
    pub ink: Ink,
    /// Factor on the layout; the glyphs are drawn at that size, not resampled.
    pub scale: Px,
    /// Where the layout's left edge stands in its pixel, 0..1.
    pub phase: Px,
    /// Pixels (left, top, right, bottom) relative to the layout's corner beyond which nothing is pictured.
    pub window: [i32; 4],
}

/// A picture of glyphs. Its pixels depend on `spec` alone, by which two compare.
#[derive(Clone, Debug)]
pub struct Raster {
    id: u64,
    /// What it pictures.
    pub spec: RasterSpec,
    /// Column of its left edge relative to the pixel that holds the layout's corner.
    pub left: i32,
    /// Row of its top edge, likewise.
    pub top: i32,
    /// Columns; 0 where there is nothing to see.
    pub width: u32,
    /// Rows; 0 where there is nothing to see.
    pub height: u32,
    /// Coverage of each pixel, row by row without padding; empty where there is none, as where every glyph has colours of
    /// its own.
    pub coverage: Vec<u8>,
    /// Glyphs with colours of their own: RGBA, premultiplied, row by row without padding; empty where there are none.
    pub color: Vec<u8>,
}

impl PartialEq for Raster {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.spec == other.spec
    }
}

impl Raster {
    /// A picture of `size` whose top left pixel is at `corner` from the pixel that holds the layout's corner. `coverage` has
    /// a byte for every pixel and `color` four, or none at all.
    pub fn new(spec: RasterSpec, corner: (i32, i32), size: Size, coverage: Vec<u8>, color: Vec<u8>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            spec,
            left: corner.0,
            top: corner.1,
            width: size.width,
            height: size.height,
            coverage,
            color,
        }
    }

    /// A number that no other picture made by this process has.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Whether there is nothing to see.
    pub fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// Bytes of its pixels.
    pub fn bytes(&self) -> usize {
        self.coverage.len() + self.color.len()
    }
}

/// Sets texts.
pub trait Typesetter: fmt::Debug + Send + Sync {
    /// Gets ready to set `chars` in `font` and says, in sentences for a reader, what will look different from what was
    /// asked: a family that is not installed, characters without a glyph.
    ///
    /// # Errors
    /// When no text can be set at all.
    fn prepare(&self, font: &FontSpec, chars: &str) -> Result<Vec<String>, SceneError>;

    /// Whether a font of this family is installed, upper and lower case not told apart.
    fn installed(&self, family: &str) -> bool;

    /// Sizes of a text.
    fn measure(&self, text: &Arc<TextSpec>) -> Arc<Measured>;

    /// Picture of a text.
    fn raster(&self, spec: &RasterSpec) -> Arc<Raster>;
}

/// `text` as it can be set: every kind of line end is `\n`, other control characters but tabs are gone, and no more
/// than [`MAX_TEXT_CHARS`] characters are left.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(4 * MAX_TEXT_CHARS));
    let mut after_return = false;
    for c in text.chars().take(MAX_TEXT_CHARS) {
        match c {
            '\n' if after_return => {}
            // The paragraph separators of Unicode's bidirectional algorithm, and the line separator.
            '\n' | '\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push('\n'),
            '\t' => cleaned.push('\t'),
            c if c.is_control() => {}
            c => cleaned.push(c),
        }
        after_return = c == '\r';
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_families_have_many_names() {
        for name in [
            "",
            "sans",
            "Sans-Serif",
            "System Sans",
            "system sans-serif",
            " sans ",
        ] {
            assert_eq!(Family::of_text(name), Family::Sans, "{name:?}");
        }
        assert_eq!(Family::of_text("Serif"), Family::Serif);
        assert_eq!(Family::of_text("System Serif"), Family::Serif);
        for name in ["mono", "monospace", "System Mono", "System Monospace"] {
            assert_eq!(Family::of_text(name), Family::Mono, "{name}");
        }
        assert_eq!(
            Family::of_text("DejaVu Sans"),
            Family::Named("DejaVu Sans".into())
        );
        assert_eq!(Family::of_overlay("System Sans-Serif"), Family::Sans);
        assert_eq!(Family::of_overlay("System Serif"), Family::Serif);
        assert_eq!(Family::of_overlay("System Monospace"), Family::Mono);
        assert_eq!(Family::of_overlay("Comic Sans MS"), Family::Sans);
    }

    #[test]
    fn pixels_compare_by_their_bits() {
        assert_eq!(Px::new(-0.0), Px::new(0.0));
        assert_eq!(Px::new(f64::NAN), Px::new(0.0));
        assert_eq!(Px::new(1e300), Px::new(0.0));
        assert_ne!(Px::new(1.0), Px::new(1.0 + 1e-6));
    }

    #[test]
    fn every_line_end_becomes_one() {
        assert_eq!(
            clean("a\r\nb\rc\nd\u{2029}e\u{85}f\r\r\ng"),
            "a\nb\nc\nd\ne\nf\n\ng"
        );
        assert_eq!(clean("a\u{0}b\tc\u{7f}d\u{1b}"), "ab\tcd");
        assert_eq!(clean("مرحبا 👋🏽"), "مرحبا 👋🏽");
    }

    #[test]
    fn a_text_of_a_megabyte_is_cut() {
        let long = "ä".repeat(600_000);
        assert_eq!(clean(&long).chars().count(), MAX_TEXT_CHARS);
    }

    #[test]
    fn a_span_covers_its_characters() {
        let cluster = |start, x, line| Cluster {
            bytes: start..start + 1,
            x,
            width: 2.0,
            line,
        };
        let measured = Measured {
            clusters: vec![
                cluster(0, 0.0, 0),
                cluster(1, 2.0, 0),
                cluster(2, 4.0, 0),
                cluster(3, 0.0, 1),
            ],
            ..Measured::default()
        };
        let span = |range| measured.span(&range).map(|span| (span.x, span.width, span.line));
        assert_eq!(span(1..3), Some((2.0, 4.0, 0)));
        assert_eq!(
            span(2..4),
            Some((4.0, 2.0, 0)),
            "only what stands on the first line"
        );
        assert_eq!(span(7..9), None);
    }
}
