//! Captions (cap-look.md 13): one line in a box, with the word that is spoken highlighted.
//!
//! They are drawn when `enabled` is set and `exportWithSubtitles` is not `false`: recordings from before that switch existed
//! don't have it.

mod fit;
pub(crate) mod source;
mod words;

use std::ops::Range;
use std::sync::Arc;

use self::fit::{Fitted, fit};
use self::words::Spoken;
use super::appear::{Presence, Presences, Present};
use super::color::{Rgb, WHITE, mixed, parse};
use super::error::{Checks, SceneError, finite};
use super::layer::{Corner, Lettering, Mark, Plate};
use super::overlay_box::{Spot, place};
use super::setter::{Piece, Setter, Wanted};
use super::texts::place::unit;
use super::typeset::{self, Family, FontSpec, Ink, Measured, Px, TextSpec};
use crate::cap::config::{
    CaptionAnimation, CaptionSegment, CaptionSettings, HighlightStyle, OverlayPosition, RoundingType,
};
use crate::frame::Rect;

/// Pixels that a caption bounces by, whatever the resolution.
const BOUNCE: f64 = 8.0;
/// Line height, font sizes.
pub(crate) const LINE: f64 = 1.2;
/// Pixels to either side over which the edge of a box fades.
pub(crate) const SOFTNESS: f64 = 1.5;
/// Opacity of words that are not spoken.
const UNSPOKEN: f64 = 0.8;
/// Radius of the outline, pixels.
const OUTLINE: f64 = 1.2;
/// Room around the spoken word, font sizes.
const PILL_PAD: [f64; 2] = [0.28, 0.12];
/// Largest radius of its corners, share of its height.
const PILL_RADIUS: f64 = 0.4;

/// The captions of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Captions {
    setter: Setter,
    style: Style,
    captions: Vec<Caption>,
    presences: Presences,
}

/// What all captions have in common.
#[derive(Clone, Debug)]
struct Style {
    font: FontSpec,
    /// Output pixels.
    size: f64,
    uppercase: bool,
    color: Rgb,
    background: Rgb,
    background_alpha: f64,
    outline: Option<Rgb>,
    highlight: Option<HighlightStyle>,
    highlight_color: Rgb,
    /// Seconds.
    transition: f64,
    animation: CaptionAnimation,
}

#[derive(Clone, Debug)]
struct Caption {
    text: String,
    spot: Spot,
    words: Vec<Spoken>,
    /// Where each word stands in the text.
    found: Vec<Option<Range<usize>>>,
}

/// A caption at a moment.
#[derive(Clone, Debug)]
pub(crate) struct ShownCaption {
    /// What is drawn.
    pub(crate) lettering: Lettering,
    /// Where its box is.
    pub(crate) rect: Rect,
    /// Where it was placed.
    pub(crate) spot: Spot,
}

impl Captions {
    /// Reads `segments` in output time and notes what they need.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(
        segments: &[CaptionSegment],
        settings: &CaptionSettings,
        setter: &Setter,
        wanted: &mut Wanted,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let style = Style::new(settings, setter, checks)?;
        let fade = checks.clamp(
            "captions.settings.fadeDuration",
            settings.fade_duration,
            0.0..=3600.0,
        )?;
        let mut captions = Vec::with_capacity(segments.len());
        let mut presences = Vec::with_capacity(segments.len());
        for (index, segment) in segments.iter().enumerate() {
            let key = |name: &str| format!("timeline.captionSegments[{index}].{name}");
            let start = finite(&key("start"), segment.start)?;
            let end = finite(&key("end"), segment.end)?;
            for word in &segment.words {
                finite(&key("words.start"), word.start)?;
                finite(&key("words.end"), word.end)?;
            }
            let fade = match segment.fade_duration_override {
                Some(fade) => checks.clamp(&key("fadeDurationOverride"), fade, 0.0..=3600.0)?,
                None => fade,
            };
            let end = segment
                .words
                .last()
                .map_or(end, |word| end.min(word.start + source::LONGEST_WORD));
            presences.push(Presence { start, end, fade });
            let caption = Caption::new(segment, settings, &style);
            wanted.add(style.font.clone(), &caption.text);
            captions.push(caption);
        }
        Ok(Self {
            setter: setter.clone(),
            style,
            captions,
            presences: Presences::new(presences),
        })
    }

    /// The caption at `time` seconds of output, its opacity multiplied by `opacity`.
    pub(crate) fn at(&self, time: f64, opacity: f64) -> Option<ShownCaption> {
        let present = self.presences.at(time)?;
        let caption = self.captions.get(present.index)?;
        let alpha = present.opacity * opacity;
        if alpha <= 0.0 || caption.text.is_empty() {
            return None;
        }
        let frame = self.setter.frame();
        let text = Arc::new(self.style.spec(&caption.text));
        let measured = self.setter.measure(&text);
        let fitted = fit(
            f64::from(measured.width),
            f64::from(measured.height),
            self.style.size,
            f64::from(frame.width),
        );
        let mut rect = place(caption.spot, fitted.width, fitted.height, frame);
        let pop = self.style.moved(&present, &mut rect);
        let drawn = Drawn {
            captions: self,
            caption,
            time,
            alpha,
            text,
            measured,
            scale: fitted.scale * pop,
            font: fitted.font * pop,
            at: [rect.x + fitted.pad * pop, rect.y + fitted.pad * pop],
        };
        Some(ShownCaption {
            lettering: Lettering {
                marks: drawn.marks(&rect, &fitted, pop),
            },
            rect,
            spot: caption.spot,
        })
    }
}

impl Style {
    fn new(settings: &CaptionSettings, setter: &Setter, checks: &mut Checks) -> Result<Self, SceneError> {
        let size = checks.clamp("captions.settings.size", settings.size, 1.0..=480.0)?;
        let opacity = "captions.settings.backgroundOpacity";
        let weight = finite("captions.settings.fontWeight", settings.font_weight)?;
        Ok(Self {
            font: FontSpec {
                family: Family::of_overlay(&settings.font),
                weight: overlay_weight(weight),
                italic: false,
            },
            size: size * unit(setter.frame()),
            uppercase: settings.uppercase,
            color: parse(&settings.color).unwrap_or(WHITE),
            background: parse(&settings.background_color).unwrap_or([0.0; 3]),
            background_alpha: checks.clamp(opacity, settings.background_opacity, 0.0..=100.0)? / 100.0,
            outline: settings
                .outline
                .then(|| parse(&settings.outline_color).unwrap_or([0.0; 3])),
            highlight: settings.active_word_highlight.then_some(settings.highlight_style),
            highlight_color: parse(&settings.highlight_color).unwrap_or(WHITE),
            transition: checks.clamp(
                "captions.settings.wordTransitionDuration",
                settings.word_transition_duration,
                0.0..=3600.0,
            )?,
            animation: settings.animation,
        })
    }

    fn spec(&self, text: &str) -> TextSpec {
        TextSpec {
            text: text.to_owned(),
            font: self.font.clone(),
            size: Px::new(self.size),
            line_height: Px::new(self.size * LINE),
            letter_spacing: Px::new(0.0),
            align: typeset::Align::Left,
            wrap_width: None,
        }
    }

    /// Moves a caption's box as its animation does and returns the scale about its centre, which is applied too.
    fn moved(&self, present: &Present, rect: &mut Rect) -> f64 {
        match self.animation {
            CaptionAnimation::None => 1.0,
            CaptionAnimation::Bounce => {
                rect.y += present.bounce(BOUNCE);
                1.0
            }
            CaptionAnimation::Pop => {
                let scale = present.pop();
                *rect = scaled(rect, scale);
                scale
            }
        }
    }
}

/// The weight that captions and keys have (cap-look.md 13).
pub(crate) fn overlay_weight(configured: f64) -> u16 {
    if configured >= 700.0 {
        700
    } else if configured >= 500.0 {
        500
    } else {
        400
    }
}

fn scaled(rect: &Rect, scale: f64) -> Rect {
    Rect {
        x: rect.x + rect.width * (1.0 - scale) / 2.0,
        y: rect.y + rect.height * (1.0 - scale) / 2.0,
        width: rect.width * scale,
        height: rect.height * scale,
    }
}

impl Caption {
    fn new(segment: &CaptionSegment, settings: &CaptionSettings, style: &Style) -> Self {
        let text = on_one_line(&segment.text, style.uppercase);
        let spoken = |text: &str| on_one_line(text, style.uppercase);
        let words: Vec<String> = segment.words.iter().map(|word| spoken(&word.text)).collect();
        let position = segment.position_override.unwrap_or(settings.position);
        let spot = match (position, settings.manual_position) {
            (OverlayPosition::Manual, Some(at)) => Spot::At(at.x, at.y),
            (OverlayPosition::Manual, None) => Spot::At(0.5, 0.85),
            (position, _) => Spot::of(position),
        };
        Self {
            found: words::locate(&text, words.iter().map(String::as_str)),
            words: segment
                .words
                .iter()
                .map(|word| Spoken {
                    start: word.start,
                    end: word.end,
                })
                .collect(),
            text,
            spot,
        }
    }
}

/// `text` with single spaces for white space of any kind.
pub(crate) fn on_one_line(text: &str, uppercase: bool) -> String {
    let short: String = text.chars().take(2 * typeset::MAX_TEXT_CHARS).collect();
    let line = short.split_whitespace().collect::<Vec<_>>().join(" ");
    if uppercase {
        typeset::clean(&line.to_uppercase())
    } else {
        typeset::clean(&line)
    }
}

/// A caption as it is drawn at a moment.
struct Drawn<'a> {
    captions: &'a Captions,
    caption: &'a Caption,
    time: f64,
    alpha: f64,
    text: Arc<TextSpec>,
    measured: Arc<Measured>,
    /// Factor on the layout.
    scale: f64,
    /// Font size as drawn.
    font: f64,
    /// Corner of the layout, output pixels.
    at: [f64; 2],
}

impl Drawn<'_> {
    fn marks(&self, rect: &Rect, fitted: &Fitted, pop: f64) -> Vec<Mark> {
        let style = &self.captions.style;
        let mut marks = vec![Mark::Plate(Plate {
            rect: *rect,
            corner: Corner {
                kind: RoundingType::Squircle,
                radius: fitted.radius * pop,
            },
            softness: SOFTNESS,
            color: style.background,
            alpha: self.alpha * style.background_alpha,
            edge: None,
        })];
        if let Some(color) = style.outline {
            let ink = Ink::Outline(Px::new(OUTLINE * self.scale));
            marks.extend(self.glyphs(None, ink, color, self.alpha));
        }
        match style.highlight.filter(|_| !self.caption.words.is_empty()) {
            Some(HighlightStyle::Color) => marks.extend(self.colored()),
            Some(HighlightStyle::Pill) => {
                marks.extend(self.pill());
                marks.extend(self.glyphs(None, Ink::Fill, style.color, self.alpha));
            }
            None => marks.extend(self.glyphs(None, Ink::Fill, style.color, self.alpha)),
        }
        marks
    }

    fn glyphs(&self, bytes: Option<Range<usize>>, ink: Ink, color: Rgb, alpha: f64) -> Option<Mark> {
        self.captions.setter.glyphs(
            &self.text,
            &self.measured,
            Piece {
                bytes,
                ink,
                scale: self.scale,
                at: self.at,
                moving: false,
                color,
                gradient: None,
                alpha,
                edge: None,
            },
        )
    }

    /// Words and what stands between them, each in its colour.
    fn colored(&self) -> Vec<Mark> {
        let style = &self.captions.style;
        let mut marks = Vec::new();
        let mut from = 0;
        let rest = |range: Range<usize>| {
            let blank = self.text.text[range.clone()].trim().is_empty();
            let mark = || self.glyphs(Some(range), Ink::Fill, style.color, self.alpha * UNSPOKEN);
            (!blank).then(mark).flatten()
        };
        for (index, range) in self.caption.found.iter().enumerate() {
            let Some(range) = range else { continue };
            marks.extend(rest(from..range.start));
            from = range.end;
            let strength = words::highlight(&self.caption.words, index, self.time, style.transition);
            let color = mixed(style.color, style.highlight_color, strength);
            let alpha = self.alpha * (UNSPOKEN + (1.0 - UNSPOKEN) * strength);
            marks.extend(self.glyphs(Some(range.clone()), Ink::Fill, color, alpha));
        }
        marks.extend(rest(from..self.text.text.len()));
        marks
    }

    /// The box behind the word that is spoken.
    fn pill(&self) -> Option<Mark> {
        let current = words::current(&self.caption.words, self.time)?;
        let span = self.measured.span(self.caption.found.get(current)?.as_ref()?)?;
        let line = self.measured.lines.get(span.line)?;
        let [pad_x, pad_y] = PILL_PAD.map(|pad| pad * self.font);
        let width = f64::from(span.width) * self.scale + 2.0 * pad_x;
        let height = f64::from(self.text.line_height.get()) * self.scale + 2.0 * pad_y;
        Some(Mark::Plate(Plate {
            rect: Rect {
                x: self.at[0] + f64::from(span.x) * self.scale - pad_x,
                y: self.at[1] + f64::from(line.top) * self.scale - pad_y,
                width,
                height,
            },
            corner: Corner {
                kind: RoundingType::Squircle,
                radius: (PILL_RADIUS * height).min(width / 2.0),
            },
            softness: SOFTNESS,
            color: self.captions.style.highlight_color,
            alpha: self.alpha,
            edge: None,
        }))
    }
}

#[cfg(test)]
mod tests;
