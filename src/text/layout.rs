//! A text becomes lines of glyphs.

use cosmic_text::fontdb::{self, Weight};
use cosmic_text::{
    Align as LineAlign, Attrs, AttrsList, BidiParagraphs, CacheKeyFlags, Family, FontSystem, Hinting,
    LayoutGlyph, LayoutLine, ShapeLine, Shaping, Wrap,
};

use super::faces::Face;
use crate::scene::typeset::{Align, Cluster, Line, Measured, TextSpec};

/// Columns from one tab stop to the next, in spaces.
const TAB_WIDTH: u16 = 8;

/// A text with every glyph in its place.
#[derive(Debug, Default)]
pub(super) struct Laid {
    /// Sizes.
    pub(super) measured: Measured,
    /// Glyphs, line by line and from left to right.
    pub(super) glyphs: Vec<Glyph>,
}

/// A glyph in its place, relative to the layout's corner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glyph {
    /// First byte of the text it shows.
    pub(super) start: usize,
    /// Font it is from.
    pub(super) font: fontdb::ID,
    /// Weight the font is set to.
    pub(super) weight: Weight,
    /// Number in its font.
    pub(super) id: u16,
    /// How it is pictured.
    pub(super) flags: CacheKeyFlags,
    /// Position of its origin.
    pub(super) x: f32,
    /// Below its line's baseline.
    pub(super) y: f32,
    /// Advance.
    pub(super) width: f32,
    /// Baseline of its line.
    pub(super) baseline: f32,
}

impl Laid {
    /// Bytes it takes, roughly.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(self.glyphs.as_slice())
            + size_of_val(self.measured.clusters.as_slice())
            + size_of_val(self.measured.lines.as_slice())
    }
}

/// Lays `spec` out in `face`. The size must be above 0.
pub(super) fn lay_out(system: &mut FontSystem, face: &Face, spec: &TextSpec) -> Laid {
    let size = spec.size.get();
    let attrs = Attrs::new()
        .family(Family::Name(&face.family))
        .weight(face.weight)
        .style(face.style)
        .stretch(face.stretch);
    let attrs = AttrsList::new(&attrs);
    let (wrap, width, align) = match spec.wrap_width {
        Some(width) => (Wrap::Word, Some(width.get()), spec.align),
        None => (Wrap::None, None, Align::Left),
    };
    let align = match align {
        Align::Left => LineAlign::Left,
        Align::Center => LineAlign::Center,
        Align::Right => LineAlign::Right,
    };
    let mut laid = Laid::default();
    for paragraph in BidiParagraphs::new(&spec.text) {
        let offset = paragraph.as_ptr() as usize - spec.text.as_ptr() as usize;
        let mut shaped = ShapeLine::new(system, paragraph, &attrs, Shaping::Advanced, TAB_WIDTH);
        space_letters(&mut shaped, spec.letter_spacing.get() / size);
        for line in shaped.layout(size, width, wrap, Some(align), None, Hinting::Disabled) {
            laid.add(&line, offset, spec.line_height.get());
        }
    }
    laid.measured
        .clusters
        .sort_by_key(|cluster| (cluster.bytes.start, cluster.line));
    laid
}

/// Adds `spacing`, in font sizes, after every character. A letter and its marks are one character.
fn space_letters(line: &mut ShapeLine, spacing: f32) {
    if spacing == 0.0 {
        return;
    }
    for word in line.spans.iter_mut().flat_map(|span| &mut span.words) {
        for index in 0..word.glyphs.len() {
            let start = word.glyphs[index].start;
            let last = word.glyphs.get(index + 1).is_none_or(|next| next.start != start);
            if last {
                word.glyphs[index].x_advance += spacing;
            }
        }
    }
}

impl Laid {
    fn add(&mut self, line: &LayoutLine, offset: usize, line_height: f32) {
        let top = self.measured.height;
        let index = self.measured.lines.len();
        // As Cap's text library does: the tallest ascent and descent of the line, centred in its height.
        let baseline = top + (line_height - (line.max_ascent + line.max_descent)) / 2.0 + line.max_ascent;
        let left = line.glyphs.iter().map(|glyph| glyph.x).reduce(f32::min);
        self.measured.lines.push(Line {
            x: left.unwrap_or(0.0),
            top,
            baseline,
            width: line.w,
        });
        self.measured.height += line_height;
        self.measured.width = self.measured.width.max(line.w);
        for glyph in &line.glyphs {
            self.add_cluster(glyph, offset, index);
            self.glyphs.push(Glyph {
                start: offset + glyph.start,
                font: glyph.font_id,
                weight: glyph.font_weight,
                id: glyph.glyph_id,
                flags: glyph.cache_key_flags,
                x: glyph.x + glyph.font_size * glyph.x_offset,
                y: glyph.y - glyph.font_size * glyph.y_offset,
                width: glyph.w,
                baseline,
            });
        }
    }

    /// Glyphs of one cluster follow one another in a line.
    fn add_cluster(&mut self, glyph: &LayoutGlyph, offset: usize, line: usize) {
        let bytes = offset + glyph.start..offset + glyph.end;
        let right = glyph.x + glyph.w;
        match self.measured.clusters.last_mut() {
            Some(last) if last.line == line && last.bytes.start == bytes.start => {
                let end = right.max(last.x + last.width);
                last.x = last.x.min(glyph.x);
                last.width = end - last.x;
                last.bytes.end = last.bytes.end.max(bytes.end);
            }
            _ => self.measured.clusters.push(Cluster {
                bytes,
                x: glyph.x,
                width: glyph.w,
                line,
            }),
        }
    }
}
