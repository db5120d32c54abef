//! Where a text stands and how it is set (cap-look.md 11.1).

use crate::cap::config::{TextAlign, TextSegment};
use crate::frame::Size;
use crate::scene::typeset::{self, Align, Family, FontSpec, Px, TextSpec};

/// Room that a text has beyond its box before it wraps: a share of the width and some pixels.
const SLACK: (f64, f64) = (1.05, 4.0);
/// Boxes from this share of the frame's width on have no such room.
const FULL_WIDTH: f64 = 0.98;

/// Where a text stands, output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TextPlace {
    /// Left edge of the wrap width.
    pub(crate) left: f64,
    /// Top of the first line.
    pub(crate) top: f64,
    /// Lines break before they are wider than this.
    pub(crate) wrap_width: f64,
    /// Centre of the box, about which the text is scaled.
    pub(crate) center: [f64; 2],
}

impl TextPlace {
    /// The place of `segment` in a frame of `frame` pixels.
    pub(crate) fn new(segment: &TextSegment, frame: Size) -> Self {
        let frame = [f64::from(frame.width), f64::from(frame.height)];
        let center = [segment.center.x, segment.center.y];
        let size = [segment.size.x, segment.size.y];
        let center: [f64; 2] = std::array::from_fn(|axis| center[axis].clamp(0.0, 1.0) * frame[axis]);
        let size: [f64; 2] = std::array::from_fn(|axis| size[axis].clamp(0.01, 2.0) * frame[axis]);
        let wrap_width = wrap_width(size[0], frame[0]);
        let extra = wrap_width - size[0];
        let left = center[0] - size[0] / 2.0;
        Self {
            left: match segment.align {
                TextAlign::Left => left,
                TextAlign::Center => left - extra / 2.0,
                TextAlign::Right => left - extra,
            },
            top: center[1] - size[1] / 2.0,
            wrap_width,
            center,
        }
    }
}

fn wrap_width(width: f64, frame: f64) -> f64 {
    if width < FULL_WIDTH * frame {
        (width * SLACK.0 + SLACK.1).min(frame.max(width))
    } else {
        width
    }
}

/// Font size of `segment`, output pixels.
pub(crate) fn font_px(segment: &TextSegment, frame: Size) -> f64 {
    segment.font_size.clamp(8.0, 480.0) * unit(frame)
}

/// Output pixels per pixel at 1080 lines.
pub(crate) fn unit(frame: Size) -> f64 {
    f64::from(frame.height) / 1080.0
}

/// The typeface of `segment`.
pub(crate) fn font(segment: &TextSegment) -> FontSpec {
    FontSpec {
        family: Family::of_text(&segment.font_family),
        weight: segment.font_weight.round().clamp(100.0, 900.0) as u16,
        italic: segment.italic,
    }
}

/// The words of `segment` as they are set.
pub(crate) fn words(segment: &TextSegment) -> String {
    if segment.uppercase {
        typeset::clean(&segment.content.to_uppercase())
    } else {
        typeset::clean(&segment.content)
    }
}

/// How `text`, all or a part of the words of `segment`, is set.
pub(crate) fn spec(segment: &TextSegment, text: String, place: &TextPlace, frame: Size) -> TextSpec {
    let size = font_px(segment, frame);
    TextSpec {
        text,
        font: font(segment),
        size: Px::new(size),
        line_height: Px::new(size * segment.line_height.clamp(0.5, 3.0)),
        letter_spacing: Px::new(segment.letter_spacing.clamp(-24.0, 240.0) * unit(frame)),
        align: match segment.align {
            TextAlign::Left => Align::Left,
            TextAlign::Center => Align::Center,
            TextAlign::Right => Align::Right,
        },
        wrap_width: Some(Px::new(place.wrap_width)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::Xy;

    const HD: Size = Size::new(1920, 1080);

    fn segment(json: &serde_json::Value) -> TextSegment {
        let mut whole = serde_json::json!({ "start": 0, "end": 1 });
        for (key, value) in json.as_object().unwrap() {
            whole[key] = value.clone();
        }
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn the_box_is_wider_for_wrapping_than_configured() {
        // 0.35 of 1920 is 672; 672 x 1.05 + 4 = 709.6, 37.6 more.
        for (align, left) in [("left", 624.0), ("center", 605.2), ("right", 586.4)] {
            let place = TextPlace::new(&segment(&serde_json::json!({ "align": align })), HD);
            assert!((place.wrap_width - 709.6).abs() < 1e-9, "{align}");
            assert!((place.left - left).abs() < 1e-9, "{align}: {}", place.left);
            assert!((place.top - 432.0).abs() < 1e-9);
            assert_eq!(place.center, [960.0, 540.0]);
        }
    }

    #[test]
    fn wide_boxes_keep_to_the_frame() {
        let width = |share: f64| wrap_width(share * 1000.0, 1000.0);
        assert_eq!(width(0.5), 529.0);
        assert_eq!(width(0.97), 1000.0, "not above the frame");
        assert_eq!(width(0.98), 980.0, "as configured");
        assert_eq!(width(1.5), 1500.0);
    }

    #[test]
    fn numbers_are_clamped() {
        let mut wild = segment(&serde_json::json!({
            "fontSize": 9000, "lineHeight": 50, "letterSpacing": -900, "fontWeight": 12345.6
        }));
        wild.center = Xy { x: -3.0, y: 4.0 };
        wild.size = Xy { x: 0.0, y: 99.0 };
        let place = TextPlace::new(&wild, HD);
        assert_eq!(place.center, [0.0, 1080.0]);
        assert!((place.wrap_width - (19.2 * 1.05 + 4.0)).abs() < 1e-9);
        assert_eq!(place.top, 0.0);
        let spec = spec(&wild, "x".into(), &place, HD);
        assert_eq!(spec.size, Px::new(480.0));
        assert_eq!(spec.line_height, Px::new(1440.0));
        assert_eq!(spec.letter_spacing, Px::new(-24.0));
        assert_eq!(spec.font.weight, 900);
        let small = segment(&serde_json::json!({ "fontSize": 1 }));
        assert!((font_px(&small, Size::new(1280, 720)) - 8.0 * 720.0 / 1080.0).abs() < 1e-9);
    }

    #[test]
    fn words_can_be_upper_case() {
        assert_eq!(
            words(&segment(&serde_json::json!({ "content": "Straße\r\nzwei" }))),
            "Straße\nzwei"
        );
        let loud = segment(&serde_json::json!({ "content": "Straße", "uppercase": true }));
        assert_eq!(words(&loud), "STRASSE");
    }
}
