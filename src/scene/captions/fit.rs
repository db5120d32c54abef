//! How large a caption and its box are (cap-look.md 13).

use crate::scene::overlay_box::MARGIN;

/// Room around the text, font sizes.
const PAD: f64 = 0.5;
/// Corner radius, font sizes.
const RADIUS: f64 = 0.55;
/// Smallest factor by which a line that is too long is reduced; beyond, it hangs over its box.
const SMALLEST: f64 = 0.35;

/// Sizes of a caption, output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fitted {
    /// k of cap-look.md 13: factor on everything, so that a long line fits the frame.
    pub(crate) scale: f64,
    /// Font size.
    pub(crate) font: f64,
    /// From the box's edge to the text.
    pub(crate) pad: f64,
    /// Width of the box.
    pub(crate) width: f64,
    /// Height of the box.
    pub(crate) height: f64,
    /// Corner radius of the box.
    pub(crate) radius: f64,
}

/// The sizes of a text that takes `width` by `height` at the size `font`, in a frame `frame_width` wide.
pub(crate) fn fit(width: f64, height: f64, font: f64, frame_width: f64) -> Fitted {
    let available = frame_width * (1.0 - 2.0 * MARGIN);
    let wanted = width + 2.0 * PAD * font;
    let scale = if wanted > available {
        (available / wanted).clamp(SMALLEST, 1.0)
    } else {
        1.0
    };
    let pad = PAD * font * scale;
    Fitted {
        scale,
        font: font * scale,
        pad,
        width: (width * scale + 2.0 * pad).min(available),
        height: height * scale + 2.0 * pad,
        radius: RADIUS * font * scale,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_keeps_its_size() {
        let fitted = fit(600.0, 60.0, 50.0, 1920.0);
        assert_eq!(fitted.scale, 1.0);
        assert_eq!((fitted.width, fitted.height), (650.0, 110.0));
        assert_eq!(fitted.pad, 25.0);
        assert!((fitted.radius - 27.5).abs() < 1e-9);
    }

    #[test]
    fn a_long_line_is_reduced_to_the_margins() {
        // 1728 are available, 3456 are wanted.
        let fitted = fit(3356.0, 120.0, 100.0, 1920.0);
        assert_eq!(fitted.scale, 0.5);
        assert_eq!((fitted.width, fitted.height), (1728.0, 110.0));
        assert_eq!((fitted.font, fitted.pad), (50.0, 25.0));
    }

    #[test]
    fn an_endless_line_hangs_over() {
        let fitted = fit(1e6, 120.0, 100.0, 1920.0);
        assert_eq!(fitted.scale, 0.35);
        assert_eq!(fitted.width, 1728.0);
        assert!((fitted.height - 77.0).abs() < 1e-9);
    }
}
