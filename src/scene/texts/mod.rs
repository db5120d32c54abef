//! Text segments (cap-look.md 11, cap-additions.md).
//!
//! A text is drawn in the order background, shadow, glow, stroke, glyphs. What cap-additions.md leaves open is decided here:
//! the stroke is as wide as configured outside the glyphs; the glow's standard deviation is a fifth of the font size; a `box`
//! lies 0.4 and 0.2 font sizes around the lines with corners of 0.2, a `pill` 0.6 and 0.2 with round ends, a `highlight`
//! 0.15 beside each line with corners of 0.1.

pub(crate) mod animation;
pub(crate) mod place;
mod units;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use unicode_segmentation::UnicodeSegmentation;

use self::animation::Motion;
use self::place::TextPlace;
use self::units::Group;
use super::color::{Rgb, WHITE, parse};
use super::error::{Checks, SceneError, finite};
use super::layer::{Corner, Gradient, Lettering, Mark, Plate};
use super::setter::{Piece, Setter, Wanted};
use super::typeset::{Ink, Measured, Px, TextSpec};
use crate::cap::config::{RoundingType, TextBackground, TextSegment};
use crate::frame::Rect;

/// Most texts on one frame.
const MAX_AT_ONCE: usize = 256;
/// Offset of the shadow, font sizes (cap-look.md 11.1).
const SHADOW_OFFSET: [f64; 2] = [0.02, 0.055];
/// Opacity of the strongest shadow.
const SHADOW_STRENGTH: f64 = 0.85;
/// Standard deviation of the glow, font sizes.
const GLOW: f64 = 0.2;
/// Pixels to either side over which the edge of a background fades.
const SOFTNESS: f64 = 1.0;

/// The text segments that are drawn.
#[derive(Clone, Debug)]
pub(crate) struct Texts {
    setter: Setter,
    texts: Vec<Text>,
}

#[derive(Clone, Debug)]
struct Text {
    /// Position in the configuration.
    index: u32,
    segment: TextSegment,
    words: String,
    place: TextPlace,
    font: f64,
}

impl Texts {
    /// Reads `segments`, of which those at the positions `hidden` are not drawn, and notes what they need.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(
        segments: &[TextSegment],
        hidden: &[u32],
        setter: &Setter,
        wanted: &mut Wanted,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let hidden: std::collections::BTreeSet<u32> = hidden.iter().copied().collect();
        let mut texts = Vec::new();
        for (index, segment) in (0..).zip(segments) {
            check(index, segment)?;
            if !segment.enabled || segment.end < segment.start || hidden.contains(&index) {
                continue;
            }
            let words = place::words(segment);
            if words.len() < segment.content.len() && words.chars().count() == super::typeset::MAX_TEXT_CHARS
            {
                checks.warnings.push(format!(
                    "`timeline.textSegments[{index}].content` is longer than {} characters; the rest is left out",
                    super::typeset::MAX_TEXT_CHARS
                ));
            }
            wanted.add(place::font(segment), &words);
            texts.push(Text {
                index,
                place: TextPlace::new(segment, setter.frame()),
                font: place::font_px(segment, setter.frame()),
                words,
                segment: segment.clone(),
            });
        }
        let left_out = thin_out(&mut texts);
        if left_out > 0 {
            checks.warnings.push(format!(
                "more than {MAX_AT_ONCE} texts are shown at once; {left_out} of them are not drawn"
            ));
        }
        Ok(Self {
            setter: setter.clone(),
            texts,
        })
    }

    /// The text at position `index` of the configuration; `None` where it is not seen at `time` seconds of output.
    pub(crate) fn at(&self, index: u32, time: f64) -> Option<Lettering> {
        let found = self.texts.binary_search_by_key(&index, |text| text.index).ok()?;
        let text = &self.texts[found];
        let shown = text.segment.start <= time && time <= text.segment.end;
        shown.then(|| text.lettering(&self.setter, time)).flatten()
    }
}

fn check(index: u32, segment: &TextSegment) -> Result<(), SceneError> {
    let numbers = [
        ("start", segment.start),
        ("end", segment.end),
        ("center.x", segment.center.x),
        ("center.y", segment.center.y),
        ("size.x", segment.size.x),
        ("size.y", segment.size.y),
        ("fontSize", segment.font_size),
        ("fontWeight", segment.font_weight),
        ("letterSpacing", segment.letter_spacing),
        ("lineHeight", segment.line_height),
        ("opacity", segment.opacity),
        ("shadow", segment.shadow),
        ("animationInDuration", segment.animation_in_duration),
        ("animationOutDuration", segment.animation_out_duration),
        ("strokeWidth", segment.stroke_width),
        ("glow", segment.glow),
    ];
    for (name, value) in numbers {
        finite(&format!("timeline.textSegments[{index}].{name}"), value)?;
    }
    Ok(())
}

/// Takes out texts that begin where as many as may be are shown already; tells how many.
fn thin_out(texts: &mut Vec<Text>) -> usize {
    let mut by_start: Vec<usize> = (0..texts.len()).collect();
    by_start.sort_by(|&a, &b| texts[a].segment.start.total_cmp(&texts[b].segment.start));
    // Ends of the texts that are shown, the earliest on top.
    let mut shown: BinaryHeap<Reverse<u64>> = BinaryHeap::new();
    let mut kept = vec![true; texts.len()];
    for index in by_start {
        let segment = &texts[index].segment;
        let start = ordered(segment.start);
        while shown.peek().is_some_and(|end| end.0 < start) {
            shown.pop();
        }
        if shown.len() < MAX_AT_ONCE {
            shown.push(Reverse(ordered(segment.end)));
        } else {
            kept[index] = false;
        }
    }
    let before = texts.len();
    let mut kept = kept.into_iter();
    texts.retain(|_| kept.next().unwrap_or(true));
    before - texts.len()
}

/// A number that orders as `time` does, which is finite.
fn ordered(time: f64) -> u64 {
    let bits = time.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

impl Text {
    /// `None` where nothing of it is seen.
    fn lettering(&self, setter: &Setter, time: f64) -> Option<Lettering> {
        let motion = Motion::new(&self.segment, self.font, time);
        let alpha = self.segment.opacity.clamp(0.0, 1.0) * motion.alpha;
        let shown = typed(&self.words, &motion);
        if alpha <= 0.0 || shown.is_empty() || motion.uncovered <= 0.0 {
            return None;
        }
        let spec = Arc::new(place::spec(
            &self.segment,
            shown.to_owned(),
            &self.place,
            setter.frame(),
        ));
        let measured = setter.measure(&spec);
        let placed = Placed::new(self, setter, spec, measured, motion, alpha);
        let mut marks = placed.background();
        marks.extend(placed.shadow());
        marks.extend(placed.glow());
        marks.extend(placed.stroke());
        marks.extend(placed.fill());
        (!marks.is_empty()).then_some(Lettering { marks })
    }
}

/// The part of `text` that a typewriter has reached.
fn typed<'a>(text: &'a str, motion: &Motion) -> &'a str {
    if motion.typed >= 1.0 {
        return text;
    }
    let ends: Vec<usize> = text
        .grapheme_indices(true)
        .map(|(start, grapheme)| start + grapheme.len())
        .collect();
    match motion.typed_of(ends.len()).checked_sub(1) {
        Some(last) => &text[..ends[last]],
        None => "",
    }
}

/// A text at a moment.
struct Placed<'a> {
    text: &'a Text,
    setter: &'a Setter,
    spec: Arc<TextSpec>,
    measured: Arc<Measured>,
    motion: Motion,
    alpha: f64,
    /// Corner of the layout, output pixels.
    at: [f64; 2],
    /// Column up to which it is uncovered.
    edge: Option<f64>,
    groups: Vec<Group>,
}

impl<'a> Placed<'a> {
    fn new(
        text: &'a Text,
        setter: &'a Setter,
        spec: Arc<TextSpec>,
        measured: Arc<Measured>,
        motion: Motion,
        alpha: f64,
    ) -> Self {
        let place = &text.place;
        let corner = [place.left, place.top];
        let at: [f64; 2] = std::array::from_fn(|axis| {
            let center = place.center[axis];
            center + (corner[axis] - center) * motion.scale + motion.offset[axis]
        });
        let edge = (motion.uncovered < 1.0).then(|| {
            let (left, right) = sides(&measured);
            at[0] + (left + (right - left) * motion.uncovered) * motion.scale
        });
        let by_line = text.segment.gradient_color.is_some();
        let groups = units::groups(&spec, &measured, &motion, by_line);
        Self {
            text,
            setter,
            spec,
            measured,
            motion,
            alpha,
            at,
            edge,
            groups,
        }
    }

    fn color(&self, name: &str) -> Rgb {
        parse(name).unwrap_or(WHITE)
    }

    /// Font size as drawn.
    fn font(&self) -> f64 {
        self.text.font * self.motion.scale
    }

    /// Every group of glyphs in `ink`, `moved` from its place.
    fn pieces(&self, ink: Ink, moved: [f64; 2], color: Rgb, second: Option<Rgb>, alpha: f64) -> Vec<Mark> {
        let piece = |group: &Group| {
            let [dx, dy] = group.moved;
            let at = [
                self.at[0] + moved[0] + dx * self.motion.scale,
                self.at[1] + moved[1] + dy * self.motion.scale,
            ];
            let gradient = second.and_then(|color| {
                let line = self.measured.lines.get(group.line?)?;
                let from = at[0] + f64::from(line.x) * self.motion.scale;
                let to = from + f64::from(line.width) * self.motion.scale;
                (to > from).then_some(Gradient { from, to, color })
            });
            self.setter.glyphs(
                &self.spec,
                &self.measured,
                Piece {
                    bytes: group.bytes.clone(),
                    ink,
                    scale: self.motion.scale,
                    at,
                    moving: self.motion.offset[0] != 0.0 || dx != 0.0,
                    color,
                    gradient,
                    alpha: alpha * group.alpha,
                    edge: self.edge,
                },
            )
        };
        self.groups.iter().filter_map(piece).collect()
    }

    fn fill(&self) -> Vec<Mark> {
        let segment = &self.text.segment;
        let second = segment.gradient_color.as_deref().map(|color| self.color(color));
        self.pieces(
            Ink::Fill,
            [0.0; 2],
            self.color(&segment.color),
            second,
            self.alpha,
        )
    }

    fn shadow(&self) -> Vec<Mark> {
        let strength = self.text.segment.shadow.clamp(0.0, 1.0) * SHADOW_STRENGTH;
        let moved = SHADOW_OFFSET.map(|offset| offset * self.font());
        if strength > 0.0 {
            self.pieces(Ink::Silhouette, moved, [0.0; 3], None, self.alpha * strength)
        } else {
            Vec::new()
        }
    }

    fn glow(&self) -> Vec<Mark> {
        let segment = &self.text.segment;
        let strength = segment.glow.clamp(0.0, 1.0);
        if strength > 0.0 {
            let ink = Ink::Glow(Px::new(GLOW * self.font()));
            self.pieces(
                ink,
                [0.0; 2],
                self.color(&segment.color),
                None,
                self.alpha * strength,
            )
        } else {
            Vec::new()
        }
    }

    fn stroke(&self) -> Vec<Mark> {
        let segment = &self.text.segment;
        // No stroke is wider than the letters are high.
        let width = segment.stroke_width.clamp(0.0, 480.0) * place::unit(self.setter.frame());
        let width = width.min(self.text.font) * self.motion.scale;
        if width > 0.0 {
            let ink = Ink::Stroke(Px::new(2.0 * width));
            self.pieces(ink, [0.0; 2], self.color(&segment.stroke_color), None, self.alpha)
        } else {
            Vec::new()
        }
    }

    fn background(&self) -> Vec<Mark> {
        let segment = &self.text.segment;
        let Some(color) = &segment.background_color else {
            return Vec::new();
        };
        let color = self.color(color);
        let line_height = f64::from(self.spec.line_height.get());
        let font = self.text.font;
        let plate = |x: f64, y: f64, width: f64, height: f64, pad: [f64; 2], radius: Option<f64>| {
            let [pad_x, pad_y] = pad.map(|pad| pad * font);
            let (width, height) = (width + 2.0 * pad_x, height + 2.0 * pad_y);
            let scale = self.motion.scale;
            let rect = Rect {
                x: self.at[0] + (x - pad_x) * scale,
                y: self.at[1] + (y - pad_y) * scale,
                width: width * scale,
                height: height * scale,
            };
            let corner = match radius {
                Some(radius) => Corner {
                    kind: RoundingType::Squircle,
                    radius: radius * font * scale,
                },
                None => Corner {
                    kind: RoundingType::Rounded,
                    radius: rect.width.min(rect.height) / 2.0,
                },
            };
            Mark::Plate(Plate {
                rect,
                corner,
                softness: SOFTNESS,
                color,
                alpha: self.alpha * self.motion.begun(),
                edge: self.edge,
            })
        };
        let (left, right) = sides(&self.measured);
        if right <= left {
            return Vec::new();
        }
        let (width, height) = (right - left, f64::from(self.measured.height));
        match segment.background_style {
            TextBackground::Box => vec![plate(left, 0.0, width, height, [0.4, 0.2], Some(0.2))],
            TextBackground::Pill => vec![plate(left, 0.0, width, height, [0.6, 0.2], None)],
            TextBackground::Highlight => self
                .measured
                .lines
                .iter()
                .filter(|line| line.width > 0.0)
                .map(|line| {
                    let [x, top, width] = [line.x, line.top, line.width].map(f64::from);
                    plate(x, top, width, line_height, [0.15, 0.0], Some(0.1))
                })
                .collect(),
        }
    }
}

/// Leftmost and rightmost edge of the lines.
fn sides(measured: &Measured) -> (f64, f64) {
    let lines = measured.lines.iter().filter(|line| line.width > 0.0);
    lines.fold((f64::INFINITY, f64::NEG_INFINITY), |(left, right), line| {
        (
            left.min(f64::from(line.x)),
            right.max(f64::from(line.x + line.width)),
        )
    })
}

#[cfg(test)]
mod tests;
