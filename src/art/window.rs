//! Window frames: bars, buttons, a computer's lid and base (cap-look.md 15.2).

use super::Picture;
use super::canvas::{Canvas, Ends, Ink, Outline};
use crate::frame::Size;

/// Whose windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WindowStyle {
    MacOs,
    Windows,
    Browser,
    Macbook,
}

/// Which colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theme {
    Light,
    Dark,
}

/// Room around a picture, in its heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Insets {
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) left: f64,
}

impl WindowStyle {
    /// cap-look.md 15.1.
    pub(crate) fn insets(self) -> Insets {
        let bar = |top| Insets {
            top,
            right: 0.0,
            bottom: 0.0,
            left: 0.0,
        };
        match self {
            Self::MacOs => bar(0.055),
            Self::Windows => bar(0.05),
            Self::Browser => bar(0.075),
            Self::Macbook => Insets {
                top: 0.028,
                right: 0.128,
                bottom: 0.108,
                left: 0.128,
            },
        }
    }
}

/// A window frame to be drawn. Lengths are output pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct WindowArt {
    pub(crate) style: WindowStyle,
    pub(crate) theme: Theme,
    /// Width of the outer card.
    pub(crate) width: f64,
    /// Height of the picture that it frames.
    pub(crate) content: f64,
    /// Whether an address stands in a browser's bar.
    pub(crate) addressed: bool,
}

struct Palette {
    bar: Ink,
    highlight: Ink,
    hairline: Ink,
    icons: Ink,
    pill: Ink,
    pill_edge: Ink,
}

impl Palette {
    const fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self {
                bar: Ink::of(0xEC_EB_EA),
                highlight: Ink::WHITE.at(0.55),
                hairline: Ink::BLACK.at(0.12),
                icons: Ink::of(0x87_86_8B),
                pill: Ink::WHITE,
                pill_edge: Ink::BLACK.at(0.07),
            },
            Theme::Dark => Self {
                bar: Ink::of(0x2E_2E_31),
                highlight: Ink::WHITE.at(0.07),
                hairline: Ink::BLACK.at(0.55),
                icons: Ink::of(0x9A_9A_A1),
                pill: Ink::of(0x3C_3C_41),
                pill_edge: Ink::WHITE.at(0.06),
            },
        }
    }
}

/// Parts of a macbook, in heights of the picture.
mod macbook {
    pub(super) const BEZEL: f64 = 0.028;
    pub(super) const OVERHANG: f64 = 0.10;
    pub(super) const DECK: f64 = 0.045;
    pub(super) const GROUND: f64 = 0.035;
}

impl WindowArt {
    /// Height of the bar at the top.
    pub(crate) fn bar(&self) -> f64 {
        self.style.insets().top * self.content
    }

    /// Height of what is drawn: all of a macbook, else the bar with what of it reaches below the picture's edge.
    pub(crate) fn height(&self) -> f64 {
        match self.style {
            WindowStyle::Macbook => {
                let insets = self.style.insets();
                self.content * (insets.top + 1.0 + insets.bottom)
            }
            _ => self.bar() + self.overlap(),
        }
    }

    fn overlap(&self) -> f64 {
        (0.04 * self.bar()).max(1.5)
    }

    /// Draws it `scale` times as large on a picture of `size`, its corner at `offset` pixels; `None` where there is no
    /// memory for that.
    pub(crate) fn draw(&self, size: Size, scale: f64, offset: (f64, f64)) -> Option<Picture> {
        let mut canvas = Canvas::new(size, scale, offset)?;
        match self.style {
            WindowStyle::Macbook => self.macbook(&mut canvas),
            WindowStyle::MacOs => {
                self.bar_with(&mut canvas, 0.045, 0.03);
                self.discs(&mut canvas);
            }
            WindowStyle::Windows => {
                self.bar_with(&mut canvas, 0.0, 0.028);
                self.controls(&mut canvas);
            }
            WindowStyle::Browser => {
                self.bar_with(&mut canvas, 0.03, 0.022);
                self.discs(&mut canvas);
                self.navigation(&mut canvas);
                self.address_bar(&mut canvas);
            }
        }
        Some(canvas.finish())
    }

    /// The bar, with the bright line at its top and the dark one at its bottom, in bar heights.
    fn bar_with(&self, canvas: &mut Canvas, highlight: f64, hairline: f64) {
        let (bar, palette) = (self.bar(), Palette::of(self.theme));
        canvas.rect((0.0, 0.0), (self.width, bar + self.overlap()), palette.bar);
        if highlight > 0.0 {
            let line = (highlight * bar).max(1.0);
            canvas.rect((0.0, 0.0), (self.width, line), palette.highlight);
        }
        let line = (hairline * bar).max(1.0);
        canvas.rect((0.0, bar - line), (self.width, bar), palette.hairline);
    }

    fn discs(&self, canvas: &mut Canvas) {
        let bar = self.bar();
        let radius = 0.135 * bar;
        for (index, color) in [(0.0, 0xFF_5F_57), (1.0, 0xFE_BC_2E), (2.0, 0x28_C8_40)] {
            let x = 0.45 * bar + index * 3.0 * radius;
            canvas.fill(Outline::new().circle(x, bar / 2.0, radius), Ink::of(color));
        }
    }

    /// Close, maximise and minimise, from the right.
    fn controls(&self, canvas: &mut Canvas) {
        let (bar, ink) = (self.bar(), Palette::of(self.theme).icons);
        let (half, stroke, y) = (0.145 * bar, (0.038 * bar).max(1.2), bar / 2.0);
        let middle = |zone: f64| self.width - (zone + 0.5) * 1.3 * bar;
        let x = middle(0.0);
        let cross = Outline::new()
            .from(x - half, y - half)
            .to(x + half, y + half)
            .from(x + half, y - half)
            .to(x - half, y + half);
        canvas.stroke(cross, stroke, Ends::Round, ink);
        let x = middle(1.0);
        let radius = 0.25 * half;
        let square = Outline::new().rounded((x - half, y - half), (x + half, y + half), radius, radius);
        canvas.stroke(square, stroke, Ends::Round, ink);
        let x = middle(2.0);
        let line = Outline::new().to(x - half, y).to(x + half, y);
        canvas.stroke(line, stroke, Ends::Round, ink);
    }

    /// Back, forward and reload. The third disc's middle is at 1.26 bars; these follow 0.55 bars behind it.
    fn navigation(&self, canvas: &mut Canvas) {
        let (bar, ink) = (self.bar(), Palette::of(self.theme).icons);
        let (glyph, stroke, y) = (0.14 * bar, (0.032 * bar).max(1.2), bar / 2.0);
        let x = 1.81 * bar;
        for (x, side) in [(x, 1.0), (x + 0.62 * bar, -1.0)] {
            let reach = 0.55 * glyph * side;
            let chevron = Outline::new()
                .to(x + reach, y - glyph)
                .to(x - reach, y)
                .to(x + reach, y + glyph);
            canvas.stroke(chevron, stroke, Ends::Round, ink);
        }
        let (x, radius) = (x + 2.0 * 0.62 * bar, 1.05 * glyph);
        let circle = Outline::new().arc(x, y, radius, -22.0, 290.0);
        canvas.stroke(circle, stroke, Ends::Round, ink);
        let head = Outline::new()
            .to(x + 0.04 * glyph, y - 0.46 * glyph)
            .to(x + 1.28 * glyph, y - 0.46 * glyph)
            .to(x + 0.74 * glyph, y - 1.54 * glyph)
            .close();
        canvas.fill(head, ink);
    }

    /// Left and right end of the address bar.
    pub(crate) fn pill(&self) -> (f64, f64) {
        let bar = self.bar();
        // On a card that is narrower than it is high the two bounds cross; the upper one counts.
        let width = (0.42 * self.width).max(2.4 * bar).min(0.8 * self.width);
        ((self.width - width) / 2.0, (self.width + width) / 2.0)
    }

    fn address_bar(&self, canvas: &mut Canvas) {
        let (bar, palette) = (self.bar(), Palette::of(self.theme));
        let (left, right) = self.pill();
        let (top, bottom) = (0.2 * bar, 0.8 * bar);
        let radius = 0.3 * bar;
        let pill = |inset: f64| {
            let corner = radius - inset;
            Outline::new().rounded(
                (left + inset, top + inset),
                (right - inset, bottom - inset),
                corner,
                corner,
            )
        };
        canvas.fill(pill(0.0), palette.pill);
        let edge = (0.022 * bar).max(1.0);
        canvas.stroke(pill(edge / 2.0), edge, Ends::Straight, palette.pill_edge);
        if self.addressed {
            let (x, y) = (left + 0.4 * bar, bar / 2.0);
            let (half, stroke) = (0.09 * bar, (0.026 * bar).max(1.0));
            let body = Outline::new().rounded(
                (x - half, y - 0.02 * bar),
                (x + half, y + 0.12 * bar),
                0.025 * bar,
                0.025 * bar,
            );
            canvas.fill(body, palette.icons);
            let shackle = Outline::new()
                .arc(x, y - 0.05 * bar, 0.058 * bar, 180.0, 360.0)
                .to(x + 0.058 * bar, y);
            canvas.stroke(shackle, stroke, Ends::Straight, palette.icons);
            let post = Outline::new()
                .to(x - 0.058 * bar, y - 0.05 * bar)
                .to(x - 0.058 * bar, y);
            canvas.stroke(post, stroke, Ends::Straight, palette.icons);
        }
    }

    fn macbook(&self, canvas: &mut Canvas) {
        let unit = self.content;
        let bezel = macbook::BEZEL * unit;
        let deck = macbook::DECK * unit;
        let overhang = macbook::OVERHANG * unit;
        let panel_bottom = 2.0 * bezel + unit;
        let deck_bottom = panel_bottom + deck;
        // The ground: an ellipse in the lowest strip, half of it behind the base.
        let (middle, half) = (self.width / 2.0, 0.92 * self.width / 2.0);
        let flat = macbook::GROUND * unit / 2.0;
        canvas.blurred(0.55 * deck / 2.0, 1.0, |layer| {
            let ground = Outline::new().rounded(
                (middle - half, deck_bottom - flat),
                (middle + half, deck_bottom + flat),
                flat,
                flat,
            );
            layer.fill(ground, Ink::BLACK.at(0.42));
        });
        let panel = Outline::new().rounded(
            (overhang, 0.0),
            (self.width - overhang, panel_bottom),
            1.35 * bezel,
            0.0,
        );
        canvas.fill(panel, Ink::of(0x0E_0E_11));
        let lens = Outline::new().circle(middle, bezel / 2.0, 0.16 * bezel);
        canvas.fill(lens, Ink::of(0x24_24_2B));
        let (from, to) = match self.theme {
            Theme::Light => (Ink::of(0xE6_E7_E9), Ink::of(0xAD_AF_B4)),
            Theme::Dark => (Ink::of(0x3E_3F_43), Ink::of(0x23_24_27)),
        };
        let base = Outline::new().rounded((0.0, panel_bottom), (self.width, deck_bottom), 0.0, 0.42 * deck);
        canvas.fill_down(base, (panel_bottom, from), (deck_bottom, to));
        let (scoop, depth) = (0.14 * self.width / 2.0, 0.52 * deck);
        let thumb = Outline::new().rounded(
            (middle - scoop, panel_bottom),
            (middle + scoop, panel_bottom + depth),
            0.0,
            depth,
        );
        canvas.fill(thumb, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ART: WindowArt = WindowArt {
        style: WindowStyle::Browser,
        theme: Theme::Dark,
        width: 1102.5,
        content: 620.17,
        addressed: false,
    };

    fn drawn(art: &WindowArt) -> impl Fn(f64, f64) -> [u8; 4] {
        let size = Size::new(art.width.ceil() as u32, art.height().ceil() as u32);
        let picture = art.draw(size, 1.0, (0.0, 0.0)).unwrap();
        move |x: f64, y: f64| {
            let at = (y as usize * size.width as usize + x as usize) * 4;
            *picture.data[at..].first_chunk().unwrap()
        }
    }

    /// Places and colours by the table of 15.2; b = 0.075 x 620.17 = 46.51.
    #[test]
    fn a_browsers_bar() {
        let at = drawn(&ART);
        assert_eq!(at(60.0, 35.0), [0x2E, 0x2E, 0x31, 255]);
        // Discs at 0.45 b, 0.855 b and 1.26 b.
        assert_eq!(at(20.9, 23.2), [0xFF, 0x5F, 0x57, 255]);
        assert_eq!(at(39.7, 23.2), [0xFE, 0xBC, 0x2E, 255]);
        assert_eq!(at(58.6, 23.2), [0x28, 0xC8, 0x40, 255]);
        // The pill is 0.42 x 1102.5 = 463 wide and 27.9 high.
        assert_eq!(at(551.0, 12.0), [0x3C, 0x3C, 0x41, 255]);
        assert_eq!(at(551.0, 8.0), [0x2E, 0x2E, 0x31, 255]);
        let edge = at(551.0 + 231.0, 23.0);
        assert!((0x3C + 1..0x3C + 14).contains(&edge[0]), "{edge:?}");
        assert_eq!(at(551.0 + 233.0, 23.0), [0x2E, 0x2E, 0x31, 255]);
        // Bar + max(0.04 b, 1.5).
        assert!((ART.height() - 48.37).abs() < 0.01);
        // Bright line: white at 7 % over the bar.
        let bright = at(300.0, 0.0);
        assert!((0x2E + 13..0x2E + 17).contains(&bright[0]), "{bright:?}");
    }

    #[test]
    fn windows_has_its_controls_on_the_right() {
        let art = WindowArt {
            style: WindowStyle::Windows,
            theme: Theme::Light,
            ..ART
        };
        let at = drawn(&art);
        let bar = 0.05 * 620.17;
        assert_eq!(at(200.0, bar / 2.0), [0xEC, 0xEB, 0xEA, 255]);
        // The cross's middle is half a zone of 1.3 b from the right.
        let ink = at(1102.5 - 0.65 * bar, bar / 2.0);
        assert!(ink[0] < 0xA0, "{ink:?}");
        let line = at(1102.5 - 3.25 * bar, bar / 2.0);
        assert!(line[0] < 0xB8, "{line:?}");
    }

    #[test]
    fn a_macbook_has_lid_base_and_ground() {
        let art = WindowArt {
            style: WindowStyle::Macbook,
            theme: Theme::Light,
            width: 1102.5 + 2.0 * 0.128 * 620.17,
            ..ART
        };
        let at = drawn(&art);
        let unit = 620.17;
        assert_eq!(at(700.0, 0.014 * unit + 6.0), [0x0E, 0x0E, 0x11, 255]);
        // The lid stands 0.10 inside the base.
        assert_eq!(at(0.05 * unit, 0.5 * unit)[3], 0);
        assert_eq!(at(0.11 * unit, 0.5 * unit), [0x0E, 0x0E, 0x11, 255]);
        let base = at(300.0, 1.058 * unit);
        assert!(base[0] > 0xD8 && base[3] == 255, "{base:?}");
        let ground = at(art.width / 2.0, 1.111 * unit);
        assert!(
            ground[..3] == [0; 3] && (10..107).contains(&ground[3]),
            "{ground:?}"
        );
    }

    #[test]
    fn nothing_is_too_small_or_narrow() {
        for style in [
            WindowStyle::MacOs,
            WindowStyle::Windows,
            WindowStyle::Browser,
            WindowStyle::Macbook,
        ] {
            for (width, content) in [(1.0, 1.0), (3.0, 4000.0), (4000.0, 2.0)] {
                let art = WindowArt {
                    style,
                    width,
                    content,
                    addressed: true,
                    ..ART
                };
                assert!(art.draw(Size::new(8, 8), 1.0, (0.3, 0.7)).is_some());
            }
        }
    }
}
