//! What is written on a window frame: its title, or the address in a browser's bar (cap-look.md 15.2).

use std::sync::Arc;

use super::color::Rgb;
use super::error::Checks;
use super::setter::TextSettings;
use super::typeset::{Align, Family, FontSpec, Ink, Measured, Px, RasterSpec, TextSpec, Typesetter, clean};
use crate::art::Picture;
use crate::art::window::{Theme, WindowArt, WindowStyle};
use crate::cap::config::WindowChrome;

/// The fonts that Cap writes with, the first that is installed.
const FONTS: [&str; 4] = ["Helvetica Neue", "Helvetica", "Segoe UI", "Arial"];
/// Most characters that are written: far more than fit.
const MOST_CHARS: usize = 1000;
/// A text keeps this far from buttons and ends, bar heights.
const GAP: f64 = 0.3;

/// A line of text on a bar. Lengths are output pixels from the corner of the outer card.
#[derive(Clone, Debug)]
pub(super) struct Title {
    text: Arc<TextSpec>,
    /// Corner of the text's layout.
    at: [f64; 2],
    /// Nothing is written outside of these columns.
    room: [f64; 2],
    color: Rgb,
    typesetter: Arc<dyn Typesetter>,
}

/// How a style writes, in bar heights where nothing else is said.
struct Manner {
    words: String,
    size: f64,
    weight: u16,
    /// Below the top of the bar.
    baseline: f64,
    /// Left edge, output pixels; `None` is centred.
    left: Option<f64>,
    /// Output pixels.
    room: [f64; 2],
    color: u32,
}

impl Manner {
    fn of(art: &WindowArt, chrome: &WindowChrome) -> Option<Self> {
        let bar = art.bar();
        let title = match art.theme {
            Theme::Light => 0x4B_4B_4E,
            Theme::Dark => 0xC9_C9_CE,
        };
        // The baseline of a text that is not centred lies 0.37 of its size below the middle.
        let beside = |size: f64| 0.5 + 0.37 * size;
        let manner = match art.style {
            WindowStyle::MacOs => {
                // Beyond the third disc: its middle is at 1.26, its radius 0.135.
                let taken = (1.26 + 0.135 + GAP) * bar;
                Self {
                    words: line(&chrome.title),
                    size: 0.42,
                    weight: 600,
                    baseline: 0.655,
                    left: None,
                    room: [taken, art.width - taken],
                    color: title,
                }
            }
            WindowStyle::Windows => Self {
                words: line(&chrome.title),
                size: 0.38,
                weight: 400,
                baseline: beside(0.38),
                left: Some(0.55 * bar),
                room: [0.0, art.width - (3.0 * 1.3 + GAP) * bar],
                color: title,
            },
            WindowStyle::Browser => {
                let (left, right) = art.pill();
                Self {
                    words: line(&chrome.url),
                    size: 0.30,
                    weight: 400,
                    baseline: beside(0.30),
                    left: Some(left + 0.62 * bar),
                    room: [left, right - GAP * bar],
                    color: match art.theme {
                        Theme::Light => 0x41_41_45,
                        Theme::Dark => 0xC9_C9_CE,
                    },
                }
            }
            WindowStyle::Macbook => return None,
        };
        (!manner.words.is_empty()).then_some(manner)
    }
}

/// The first line of `words`, without blanks around it.
fn line(words: &str) -> String {
    let words = clean(words.trim());
    let first = words.lines().next().unwrap_or_default().trim();
    first.chars().take(MOST_CHARS).collect()
}

impl Title {
    /// What `chrome` writes on `art`; `None` where it writes nothing. Where none of Cap's fonts is installed Cap writes nothing
    /// either: so does this where `settings` ask for Cap's colours, else the system's sans-serif takes their place. `checks` says so.
    pub(super) fn new(
        art: &WindowArt,
        chrome: &WindowChrome,
        settings: &TextSettings,
        checks: &mut Checks,
    ) -> Option<Self> {
        let manner = Manner::of(art, chrome)?;
        let typesetter = &settings.typesetter;
        let installed = FONTS.into_iter().find(|name| typesetter.installed(name));
        let font = FontSpec {
            family: installed.map_or(Family::Sans, |name| Family::Named(name.to_owned())),
            weight: manner.weight,
            italic: false,
        };
        let mut say = |what: String| {
            let warning = format!("the text of the window frame: {what}");
            if !checks.warnings.contains(&warning) {
                checks.warnings.push(warning);
            }
        };
        let none = format!("none of {} is installed", FONTS.join(", "));
        if installed.is_none() && settings.linear_colors {
            say(format!("{none}; as in Cap it is left out"));
            return None;
        }
        match typesetter.prepare(&font, &manner.words) {
            Ok(findings) => findings.into_iter().for_each(&mut say),
            Err(error) => {
                say(format!("it is left out: {error}"));
                return None;
            }
        }
        if installed.is_none() {
            say(format!("{none}; the system's sans-serif is used instead"));
        }
        let size = manner.size * art.bar();
        let text = Arc::new(TextSpec {
            text: manner.words,
            font,
            size: Px::new(size),
            line_height: Px::new(1.2 * size),
            letter_spacing: Px::default(),
            align: Align::Left,
            wrap_width: None,
        });
        let measured: Arc<Measured> = typesetter.measure(&text);
        let baseline = measured
            .lines
            .first()
            .map_or(0.0, |line| f64::from(line.baseline));
        // One that is too long for the middle begins at the edge of its room.
        let centred = (art.width - f64::from(measured.width)) / 2.0;
        Some(Self {
            text,
            at: [
                manner.left.unwrap_or_else(|| centred.max(manner.room[0])),
                manner.baseline * art.bar() - baseline,
            ],
            room: manner.room,
            color: [16, 8, 0].map(|shift| f64::from((manner.color >> shift) as u8) / 255.0),
            typesetter: Arc::clone(typesetter),
        })
    }

    /// Writes it on a picture of the artwork, which is `scale` times as large and has the card's corner at `offset` pixels.
    pub(super) fn write(&self, picture: &mut Picture, scale: f64, offset: (f64, f64)) {
        let (width, height) = (picture.size.width as i32, picture.size.height as i32);
        let across = self.at[0] * scale + offset.0;
        // Baselines stand between two rows, as in other texts.
        let (left, top) = (across.floor(), (self.at[1] * scale + offset.1).round());
        let (left, top) = (left as i32, top as i32);
        let raster = self.typesetter.raster(&RasterSpec {
            text: Arc::clone(&self.text),
            bytes: None,
            ink: Ink::Fill,
            scale: Px::new(scale),
            phase: Px::new(across - across.floor()),
            window: [-left, -top, width - left, height - top],
        });
        let room = self.room.map(|column| column * scale + offset.0);
        for row in 0..raster.height as usize {
            for column in 0..raster.width as usize {
                let index = row * raster.width as usize + column;
                let x = left + raster.left + column as i32;
                let y = top + raster.top + row as i32;
                if !(0..width).contains(&x) || !(0..height).contains(&y) {
                    continue;
                }
                let middle = f64::from(x) + 0.5;
                let seen = (middle - room[0] + 0.5)
                    .min(room[1] - middle + 0.5)
                    .clamp(0.0, 1.0);
                let at = (y as usize * width as usize + x as usize) * 4;
                let below = &mut picture.data[at..at + 4];
                if let Some(&coverage) = raster.coverage.get(index) {
                    let alpha = f64::from(coverage) / 255.0 * seen;
                    over(
                        below,
                        [
                            self.color[0] * alpha,
                            self.color[1] * alpha,
                            self.color[2] * alpha,
                            alpha,
                        ],
                    );
                }
                if let Some(own) = raster.color.get(index * 4..index * 4 + 4) {
                    let own = [own[0], own[1], own[2], own[3]];
                    over(below, own.map(|channel| f64::from(channel) / 255.0 * seen));
                }
            }
        }
    }
}

/// Paints a premultiplied colour over a premultiplied pixel.
fn over(below: &mut [u8], above: [f64; 4]) {
    let [.., alpha] = above;
    for (channel, above) in below.iter_mut().zip(above) {
        *channel = (255.0 * above + f64::from(*channel) * (1.0 - alpha)).round() as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::scene::fixtures::text_settings;

    /// A card of 800 pixels around a picture of 400 lines.
    fn art(style: WindowStyle) -> WindowArt {
        WindowArt {
            style,
            theme: Theme::Light,
            width: 800.0,
            content: 400.0,
            addressed: true,
        }
    }

    fn title(style: WindowStyle, words: &str) -> Option<Title> {
        let chrome = WindowChrome {
            title: words.into(),
            url: words.into(),
            ..WindowChrome::default()
        };
        Title::new(
            &art(style),
            &chrome,
            &text_settings(false),
            &mut Checks::default(),
        )
    }

    /// The fixture's letters are blocks whose baseline lies four fifths down the line.
    #[test]
    fn places_and_sizes() {
        // macOS: a bar of 22 pixels, letters of 9.24, baseline 14.41; as wide on either side.
        let mac = title(WindowStyle::MacOs, "Notes").unwrap();
        let size = f64::from(mac.text.size.get());
        assert!((size - 0.42 * 22.0).abs() < 1e-5);
        assert_eq!(mac.text.font.weight, 600);
        assert!((mac.at[1] + 0.8 * 1.2 * size - 0.655 * 22.0).abs() < 1e-4);
        let width = f64::from(mac.typesetter.measure(&mac.text).width);
        assert!((mac.at[0] + width / 2.0 - 400.0).abs() < 1e-4);
        // windows: a bar of 20 pixels, letters of 7.6, baseline 10 + 0.37 x 7.6.
        let windows = title(WindowStyle::Windows, "Notes").unwrap();
        assert!((windows.at[0] - 11.0).abs() < 1e-9);
        assert!((windows.at[1] + 0.8 * 1.2 * 7.6 - 12.812).abs() < 1e-4);
        assert_eq!(windows.text.font.weight, 400);
        // browser: a bar of 30 pixels; the pill of 336 begins at 232.
        let browser = title(WindowStyle::Browser, "cap.so").unwrap();
        assert!((browser.at[0] - (232.0 + 18.6)).abs() < 1e-9);
        assert!((f64::from(browser.text.size.get()) - 9.0).abs() < 1e-5);
        assert!((browser.at[1] + 0.8 * 1.2 * 9.0 - (15.0 + 3.33)).abs() < 1e-4);
        let of = |rgb: [u8; 3]| rgb.map(|channel| f64::from(channel) / 255.0);
        assert_eq!(windows.color, of([0x4B, 0x4B, 0x4E]));
        assert_eq!(browser.color, of([0x41, 0x41, 0x45]));
    }

    #[test]
    fn nothing_is_written_of_nothing() {
        assert!(title(WindowStyle::MacOs, "  \n ").is_none());
        assert!(title(WindowStyle::Macbook, "Notes").is_none());
        assert_eq!(title(WindowStyle::MacOs, " one\ntwo").unwrap().text.text, "one");
    }

    /// A title that is too long begins behind the discs and ends as far from the right edge: 1.695 bars.
    #[test]
    fn long_titles_are_cut() {
        let long = title(WindowStyle::MacOs, &"m".repeat(500)).unwrap();
        let edge = 1.695 * 22.0;
        assert!((long.at[0] - edge).abs() < 1e-9);
        let mut picture = Picture {
            size: Size::new(800, 23),
            data: vec![255; 800 * 23 * 4],
        };
        long.write(&mut picture, 1.0, (0.0, 0.0));
        let written = |x: usize| (0..23).any(|y| picture.data[(y * 800 + x) * 4] != 255);
        assert!(!written(36) && written(38) && written(761) && !written(763));
    }

    /// Twice as large, from the half pixel on: twice as far from the corner.
    #[test]
    fn enlarged_artwork_has_enlarged_letters() {
        let windows = title(WindowStyle::Windows, "H").unwrap();
        let mut picture = Picture {
            size: Size::new(1601, 42),
            data: vec![255; 1601 * 42 * 4],
        };
        windows.write(&mut picture, 2.0, (0.0, 0.0));
        let columns: Vec<usize> = (0..1601)
            .filter(|x| (0..42).any(|y| picture.data[(y * 1601 + x) * 4] != 255))
            .collect();
        let width = 2.0 * f64::from(windows.typesetter.measure(&windows.text).width);
        assert_eq!(columns[0], 22);
        assert!(
            (columns.len() as f64 - width).abs() <= 1.0,
            "{columns:?} for {width}"
        );
        // The colour itself where a letter covers a pixel.
        let pixel = (20 * 1601 + 24) * 4;
        assert_eq!(picture.data[pixel..pixel + 4], [0x4B, 0x4B, 0x4E, 255]);
    }

    /// Without Cap's fonts: the system's, and said so; nothing where the colours are Cap's.
    #[test]
    fn a_fallback_is_named() {
        let chrome = WindowChrome {
            title: "Notes".into(),
            ..WindowChrome::default()
        };
        for (cap, drawn, says) in [
            (false, true, "the system's sans-serif is used instead"),
            (true, false, "as in Cap it is left out"),
        ] {
            let mut checks = Checks::default();
            let title = Title::new(
                &art(WindowStyle::MacOs),
                &chrome,
                &text_settings(cap),
                &mut checks,
            );
            assert_eq!(title.is_some(), drawn);
            assert_eq!(checks.warnings.len(), 1);
            assert!(checks.warnings[0].ends_with(says), "{:?}", checks.warnings);
        }
    }
}
