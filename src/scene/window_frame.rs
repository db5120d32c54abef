//! The window frame around the screen (cap-look.md 15): its geometry, and its artwork at the sizes that are needed.

use super::error::Checks;
use super::layer::{Bitmap, BorderLine, Card, Corner, Window};
use super::setter::TextSettings;
use super::shadow::ShadowStyle;
use super::stage::Chrome;
use super::window_title::Title;
use crate::art::window::{Insets, Theme, WindowArt, WindowStyle};
use crate::cap::config::WindowChrome;
use crate::frame::{Rect, Size};

/// Largest zoom that artwork is drawn for; beyond it is stretched.
const MOST_ZOOM: f64 = 4.0;
/// Longest side of a picture of artwork, and most pixels of those that are drawn for zooms together.
const MOST_SIDE: f64 = 8192.0;
const MOST_PIXELS: f64 = 16e6;
/// How many times as many pixels those have that are drawn for no zoom, together; each has at most [`MOST_PIXELS`].
const RESTING: f64 = 4.0;

/// A window frame at the size that the layout gives it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WindowFrame {
    style: WindowStyle,
    /// The outer card without zoom, output pixels.
    outer: Rect,
    /// Pixel by pixel, for the card without zoom.
    resting: Artwork,
    /// For all other sizes.
    zoomed: Artwork,
}

/// A picture of the artwork, and where it lies on the outer card without zoom.
#[derive(Clone, Debug, PartialEq)]
struct Artwork {
    bitmap: Bitmap,
    /// From the outer card's corner, output pixels.
    place: Rect,
}

/// Which frame a configuration asks for; `None` is none.
pub(crate) fn style_of(chrome: Option<&WindowChrome>, checks: &mut Checks) -> Option<WindowStyle> {
    let chrome = chrome?;
    match chrome.style.as_str() {
        "none" => None,
        "macOS" => Some(WindowStyle::MacOs),
        "windows" => Some(WindowStyle::Windows),
        "browser" => Some(WindowStyle::Browser),
        "macbook" => Some(WindowStyle::Macbook),
        other => {
            checks.warnings.push(format!(
                "`background.frame.style` is {other:?}, which is none of none, macOS, windows, browser and macbook; \
                 no window is drawn around the screen"
            ));
            None
        }
    }
}

/// Places a picture of aspect `shape` and the frame around it in the padded `room` (15.1): picture and outer card.
pub(crate) fn place(style: WindowStyle, shape: f64, room: Rect) -> (Rect, Rect) {
    let insets = style.insets();
    let height = (room.width / (shape + insets.left + insets.right))
        .min(room.height / (1.0 + insets.top + insets.bottom))
        .max(1.0);
    let (width, x, y) = (
        height * shape,
        room.x + room.width / 2.0,
        room.y + room.height / 2.0,
    );
    let outer_width = width + (insets.left + insets.right) * height;
    let outer_height = height * (1.0 + insets.top + insets.bottom);
    let content = Rect {
        x: x - outer_width / 2.0 + insets.left * height,
        y: y - outer_height / 2.0 + insets.top * height,
        width,
        height,
    };
    (content, around(content, insets))
}

/// The outer card around a picture.
fn around(content: Rect, insets: Insets) -> Rect {
    let height = content.height;
    Rect {
        x: content.x - insets.left * height,
        y: content.y - insets.top * height,
        width: content.width + (insets.left + insets.right) * height,
        height: height * (1.0 + insets.top + insets.bottom),
    }
}

impl WindowFrame {
    /// Draws the artwork of the frame that `chrome` asks for around `content`, the screen card without zoom, for zooms up to
    /// `zoom`. `None` where there is none. It is one of `among` frames that share the memory for artwork.
    pub(crate) fn new(
        chrome: Option<&WindowChrome>,
        content: Rect,
        zoom: f64,
        among: usize,
        texts: &TextSettings,
        checks: &mut Checks,
    ) -> Option<Self> {
        let style = style_of(chrome, &mut Checks::default())?;
        let outer = around(content, style.insets());
        let art = WindowArt {
            style,
            theme: match chrome.map(|chrome| chrome.theme.as_str()) {
                Some("light") => Theme::Light,
                _ => Theme::Dark,
            },
            width: outer.width,
            content: content.height,
            addressed: chrome.is_some_and(|chrome| !chrome.url.trim().is_empty()),
        };
        let title = chrome.and_then(|chrome| Title::new(&art, chrome, texts, checks));
        let title = title.as_ref();
        let share = MOST_PIXELS / among.max(1) as f64;
        let resting = Artwork::new(
            &art,
            title,
            outer,
            (1.0, true),
            (RESTING * share).min(MOST_PIXELS),
        );
        let zoomed = Artwork::new(&art, title, outer, (zoom.clamp(1.0, MOST_ZOOM), false), share);
        let Some((resting, zoomed)) = resting.zip(zoomed) else {
            checks.warnings.push(format!(
                "`background.frame`: there is no memory for its artwork at {:.0}x{:.0} pixels; no window is drawn \
                 around the screen",
                outer.width, outer.height
            ));
            return None;
        };
        Some(Self {
            style,
            outer,
            resting,
            zoomed,
        })
    }

    /// The frame around `card`, which loses what the frame draws in its place: its upper corners are square but for
    /// the rounding that is left of them, and shadow and border are the frame's (15.3). `None` where nothing of it is seen.
    pub(crate) fn around(
        &self,
        card: &mut Card,
        shadow: &ShadowStyle,
        border: Option<BorderLine>,
        chrome: Chrome,
    ) -> Option<Window> {
        let outer = around(card.rect, self.style.insets());
        let macbook = self.style == WindowStyle::Macbook;
        let corner = Corner {
            radius: if macbook { 0.0 } else { card.corner.radius },
            ..card.corner
        };
        if !macbook {
            card.top_rounding = chrome.rounding;
        }
        card.shadow = shadow
            .faded(chrome.floating)
            .of(card.rect.width, card.rect.height);
        card.border = None;
        let scale = outer.width / self.outer.width;
        let artwork = if outer == self.outer {
            &self.resting
        } else {
            &self.zoomed
        };
        let place = artwork.place;
        let shadow = shadow.faded(chrome.opacity).of(outer.width, outer.height);
        let border = border.map(|border| BorderLine {
            opacity: border.opacity * chrome.opacity,
            ..border
        });
        (chrome.opacity > 0.0).then(|| Window {
            bitmap: artwork.bitmap.clone(),
            art: Rect {
                x: outer.x + place.x * scale,
                y: outer.y + place.y * scale,
                width: place.width * scale,
                height: place.height * scale,
            },
            rect: outer,
            corner,
            shadow: shadow.filter(|_| !macbook),
            border: border.filter(|_| !macbook),
            opacity: chrome.opacity,
            smear: card.smear.map(|smear| smear.carried(card.rect, outer)),
            hidden: hidden_by(card),
        })
    }
}

/// Where `card` hides what is below it: all of it but its rim and its corners.
fn hidden_by(card: &Card) -> Option<Rect> {
    let inset = card.corner_radius() + 2.0;
    let rect = Rect {
        x: card.rect.x + inset,
        y: card.rect.y + inset,
        width: card.rect.width - 2.0 * inset,
        height: card.rect.height - 2.0 * inset,
    };
    (card.opacity >= 1.0 && rect.width > 0.0 && rect.height > 0.0).then_some(rect)
}

impl Artwork {
    /// Draws `art` with what is written on it `zoom` times as large as on the card `outer`, with at most `pixels`; with `aligned` so that its pixels are
    /// the output's.
    fn new(
        art: &WindowArt,
        title: Option<&Title>,
        outer: Rect,
        (zoom, aligned): (f64, bool),
        pixels: f64,
    ) -> Option<Self> {
        let (width, height) = (art.width, art.height());
        let fitting = (MOST_SIDE / width.max(height)).min((pixels / (width * height)).sqrt());
        let scale = zoom.min(fitting);
        // From the pixel that the corner lies in.
        let (x, y) = if aligned && scale == 1.0 {
            (outer.x - outer.x.floor(), outer.y - outer.y.floor())
        } else {
            (0.0, 0.0)
        };
        let pixels = |length: f64, start: f64| (length * scale + start).ceil().clamp(1.0, MOST_SIDE) as u32;
        let size = Size::new(pixels(width, x), pixels(height, y));
        let mut picture = art.draw(size, scale, (x, y))?;
        if let Some(title) = title {
            title.write(&mut picture, scale, (x, y));
        }
        Some(Self {
            bitmap: Bitmap::new(picture.size, picture.data)?,
            place: Rect {
                x: -x,
                y: -y,
                width: f64::from(size.width) / scale,
                height: f64::from(size.height) / scale,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The padded box of a 1920x1080 screen with a padding of 10 in 1280x720.
    const ROOM: Rect = Rect {
        x: 47.398,
        y: 26.662,
        width: 1185.204,
        height: 666.676,
    };

    #[test]
    fn the_picture_leaves_room_for_the_frame() {
        // Browser: h = min(1185.204 / 1.7778, 666.676 / 1.075) = 620.164.
        let (content, outer) = place(WindowStyle::Browser, 16.0 / 9.0, ROOM);
        for (found, expected) in [
            (content.height, 620.164),
            (content.width, 1102.514),
            (content.x, 88.743),
            (content.y, 73.174),
            (outer.x, 88.743),
            (outer.y, 26.662),
            (outer.width, 1102.514),
            (outer.height, 666.676),
        ] {
            assert!((found - expected).abs() < 2e-3, "{found} for {expected}");
        }
        // Macbook: h = min(1185.204 / 2.0338, 666.676 / 1.136) = 582.759; outer 2.0338 h by 1.136 h.
        let (content, outer) = place(WindowStyle::Macbook, 16.0 / 9.0, ROOM);
        for (found, expected) in [
            (content.height, 582.759),
            (content.x - outer.x, 74.593),
            (content.y - outer.y, 16.317),
            (outer.width, 1185.204),
            (outer.height, 662.014),
        ] {
            assert!((found - expected).abs() < 5e-3, "{found} for {expected}");
        }
    }

    #[test]
    fn unknown_styles_are_none_and_said_so() {
        let mut checks = Checks::default();
        let chrome = |style: &str| WindowChrome {
            style: style.into(),
            ..WindowChrome::default()
        };
        assert_eq!(style_of(None, &mut checks), None);
        assert_eq!(style_of(Some(&chrome("none")), &mut checks), None);
        assert!(checks.warnings.is_empty());
        assert_eq!(style_of(Some(&chrome("amiga")), &mut checks), None);
        assert!(checks.warnings[0].contains("amiga"));
    }

    #[test]
    fn artwork_is_bounded() {
        let art = WindowArt {
            style: WindowStyle::Macbook,
            theme: Theme::Light,
            width: 9000.0,
            content: 4000.0,
            addressed: false,
        };
        let outer = Rect {
            x: 0.5,
            y: 0.25,
            width: 9000.0,
            height: 4600.0,
        };
        let artwork = Artwork::new(&art, None, outer, (4.0, false), MOST_PIXELS).unwrap();
        assert!(artwork.bitmap.size().area() <= 16_100_000);
        // Stretched over all of the card.
        assert!((artwork.place.width - 9000.0).abs() < 4.0);
    }
}
