//! The keyboard overlay (cap-look.md 14): pressed keys in a box, out of the way of captions.

pub(crate) mod recorded;
mod shown;

use std::sync::Arc;

use self::shown::shown;
use super::appear::{Presence, Presences};
use super::captions::{LINE, SOFTNESS, ShownCaption, overlay_weight};
use super::color::{Rgb, WHITE, parse};
use super::error::{Checks, SceneError, finite};
use super::layer::{Corner, Lettering, Mark, Plate};
use super::overlay_box::{MARGIN, Spot, keep_apart, place};
use super::setter::{Piece, Setter, Wanted};
use super::texts::place::unit;
use super::typeset::{Align, Family, FontSpec, Ink, Px, TextSpec, clean};
use crate::cap::config::{KeyboardSegment, KeyboardSettings, RoundingType};

/// Pixels that keys bounce by, whatever the resolution.
const BOUNCE: f64 = 6.0;
/// Room around the text, font sizes.
const PAD: f64 = 0.45;
/// Corner radius, font sizes.
const RADIUS: f64 = 0.5;

/// The keys that are shown in a recording.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    setter: Setter,
    font: FontSpec,
    background_alpha: f64,
    groups: Vec<Group>,
    presences: Presences,
}

#[derive(Clone, Debug)]
struct Group {
    /// Output seconds.
    start: f64,
    text: String,
    uppercase: bool,
    /// Milliseconds after the start.
    offsets: Vec<f64>,
    /// Font size, output pixels.
    size: f64,
    color: Rgb,
    background: Rgb,
    spot: Spot,
}

impl Keys {
    /// Reads `segments` and notes what they need.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(
        segments: &[KeyboardSegment],
        settings: &KeyboardSettings,
        setter: &Setter,
        wanted: &mut Wanted,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let font = FontSpec {
            family: Family::of_overlay(&settings.font),
            weight: overlay_weight(finite("keyboard.settings.fontWeight", settings.font_weight)?),
            italic: false,
        };
        let size = checks.clamp("keyboard.settings.size", settings.size, 1.0..=480.0)?;
        let fade = checks.clamp(
            "keyboard.settings.fadeDuration",
            settings.fade_duration,
            0.0..=3600.0,
        )?;
        let opacity = "keyboard.settings.backgroundOpacity";
        let background_alpha = checks.clamp(opacity, settings.background_opacity, 0.0..=100.0)? / 100.0;
        let mut groups = Vec::with_capacity(segments.len());
        let mut presences = Vec::with_capacity(segments.len());
        for (index, segment) in segments.iter().enumerate() {
            let key = |name: &str| format!("timeline.keyboardSegments[{index}].{name}");
            let start = finite(&key("start"), segment.start)?;
            let end = finite(&key("end"), segment.end)?;
            for pressed in &segment.keys {
                finite(&key("keys.timeOffset"), pressed.time_offset)?;
            }
            let fade = match segment.fade_duration_override {
                Some(fade) => checks.clamp(&key("fadeDurationOverride"), fade, 0.0..=3600.0)?,
                None => fade,
            };
            let size = match segment.font_size_override {
                Some(size) => checks.clamp(&key("fontSizeOverride"), size, 1.0..=480.0)?,
                None => size,
            };
            let color = |own: &Option<String>, all: &str, other: Rgb| {
                own.as_deref()
                    .and_then(parse)
                    .or_else(|| parse(all))
                    .unwrap_or(other)
            };
            let uppercase = segment.uppercase_override.unwrap_or(settings.uppercase);
            let text = clean(&segment.display_text);
            wanted.add(font.clone(), &cased(&text, uppercase));
            presences.push(Presence { start, end, fade });
            groups.push(Group {
                start,
                text,
                uppercase,
                offsets: segment.keys.iter().map(|key| key.time_offset).collect(),
                size: size * unit(setter.frame()),
                color: color(&segment.color_override, &settings.color, WHITE),
                background: color(
                    &segment.background_color_override,
                    &settings.background_color,
                    [0.0; 3],
                ),
                spot: Spot::of_keys(segment.position_override.unwrap_or(settings.position)),
            });
        }
        Ok(Self {
            setter: setter.clone(),
            font,
            background_alpha,
            groups,
            presences: Presences::new(presences),
        })
    }

    /// The keys at `time` seconds of output, out of the way of `caption`, their opacity multiplied by `opacity`.
    pub(crate) fn at(&self, time: f64, opacity: f64, caption: Option<&ShownCaption>) -> Option<Lettering> {
        let present = self.presences.at(time)?;
        let group = self.groups.get(present.index)?;
        let text = shown(&group.text, &group.offsets, (time - group.start) * 1000.0);
        let alpha = present.opacity * opacity;
        if alpha <= 0.0 || text.trim().is_empty() {
            return None;
        }
        let frame = self.setter.frame();
        let pad = PAD * group.size;
        let room = (f64::from(frame.width) * (1.0 - 2.0 * MARGIN) - 2.0 * pad).max(1.0);
        let text = Arc::new(TextSpec {
            text: cased(text, group.uppercase),
            font: self.font.clone(),
            size: Px::new(group.size),
            line_height: Px::new(group.size * LINE),
            letter_spacing: Px::new(0.0),
            align: Align::Center,
            wrap_width: Some(Px::new(room)),
        });
        let measured = self.setter.measure(&text);
        let width = f64::from(measured.width);
        let mut rect = place(
            group.spot.beside(caption.is_some()),
            width + 2.0 * pad,
            f64::from(measured.height) + 2.0 * pad,
            frame,
        );
        rect.y += present.bounce(BOUNCE);
        if let (Spot::Lane(side, _), Some(caption)) = (group.spot.beside(caption.is_some()), caption)
            && caption.spot == group.spot.beside(true)
        {
            rect = keep_apart(rect, &caption.rect, side, frame);
        }
        let plate = Mark::Plate(Plate {
            rect,
            corner: Corner {
                kind: RoundingType::Squircle,
                radius: RADIUS * group.size,
            },
            softness: SOFTNESS,
            color: group.background,
            alpha: alpha * self.background_alpha,
            edge: None,
        });
        // The lines are centred in the wrap width, the text in its box.
        let left = measured
            .lines
            .iter()
            .map(|line| f64::from(line.x))
            .reduce(f64::min);
        let at = [rect.x + pad - left.unwrap_or(0.0), rect.y + pad];
        let glyphs = self
            .setter
            .glyphs(&text, &measured, piece(at, group.color, alpha));
        Some(Lettering {
            marks: std::iter::once(plate).chain(glyphs).collect(),
        })
    }
}

fn cased(text: &str, uppercase: bool) -> String {
    if uppercase {
        text.to_uppercase()
    } else {
        text.to_owned()
    }
}

fn piece(at: [f64; 2], color: Rgb, alpha: f64) -> Piece {
    Piece {
        bytes: None,
        ink: Ink::Fill,
        scale: 1.0,
        at,
        moving: false,
        color,
        gradient: None,
        alpha,
        edge: None,
    }
}

#[cfg(test)]
mod tests;
