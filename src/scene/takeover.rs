//! Texts that move the screen aside (cap-look.md 11.3).

use super::easing::Bezier;
use super::error::{SceneError, finite};
use super::panes::between;
use crate::cap::config::{TextLayout, TextSegment};
use crate::frame::{Rect, Size};

/// Shortest way in or out, seconds.
const SHORTEST: f64 = 0.05;
/// Scale of the card under a fullscreen text.
const BEHIND: f64 = 0.92;
/// Distance of the card from the edges of its half, fraction of the frame's shorter side.
const PADDING: f64 = 0.05;

/// The texts whose layout moves the screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Takeovers {
    /// By rising start.
    texts: Vec<Text>,
    /// For each text the latest end among it and those before.
    latest_end: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Text {
    start: f64,
    end: f64,
    transition: f64,
    layout: Layout,
}

/// Where the card goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Behind the text, and out of sight.
    Behind,
    /// Into the right half: the text stands left.
    Right,
    /// Into the left half: the text stands right.
    Left,
}

/// A takeover at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Takeover {
    /// Where the card goes.
    pub(crate) layout: Layout,
    /// t: 0 is its own place, 1 is there.
    pub(crate) progress: f64,
}

impl Takeovers {
    /// Reads `texts`, `timeline.textSegments` of the configuration.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(texts: &[TextSegment]) -> Result<Self, SceneError> {
        let mut kept = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let layout = match text.layout {
                TextLayout::Overlay => continue,
                TextLayout::Fullscreen => Layout::Behind,
                TextLayout::SplitLeft => Layout::Right,
                TextLayout::SplitRight => Layout::Left,
            };
            let key = |name: &str| format!("timeline.textSegments[{index}].{name}");
            let (start, end) = (finite(&key("start"), text.start)?, finite(&key("end"), text.end)?);
            let transition = finite(&key("layoutTransition"), text.layout_transition)?;
            if !text.enabled || end <= start {
                continue;
            }
            let half = ((end - start) / 2.0).max(SHORTEST);
            kept.push(Text {
                start,
                end,
                transition: transition.clamp(SHORTEST, half),
                layout,
            });
        }
        kept.sort_by(|a, b| a.start.total_cmp(&b.start));
        let latest_end = kept
            .iter()
            .scan(f64::NEG_INFINITY, |latest, text| {
                *latest = latest.max(text.end);
                Some(*latest)
            })
            .collect();
        Ok(Self {
            texts: kept,
            latest_end,
        })
    }

    /// The takeover at output time `time`, seconds: of several the one that has come farthest, of equals the one that started last.
    pub(crate) fn at(&self, time: f64) -> Option<Takeover> {
        let begun = self.texts.partition_point(|text| text.start < time);
        let mut best: Option<(f64, Layout)> = None;
        for index in (0..begun).rev() {
            if self.latest_end[index] <= time {
                break;
            }
            let text = &self.texts[index];
            let way = (time - text.start).min(text.end - time) / text.transition;
            let way = way.min(1.0);
            if way > best.map_or(0.0, |(farthest, _)| farthest) {
                best = Some((way, text.layout));
            }
            if way >= 1.0 {
                break;
            }
        }
        best.map(|(way, layout)| Takeover {
            layout,
            progress: Bezier::SCENE.at(way),
        })
    }
}

impl Takeover {
    /// What the screen's card becomes that stands at `card` in a frame of `output`.
    pub(crate) fn moved(&self, card: &Rect, output: Size) -> Rect {
        between(card, &self.target(card, output), self.progress)
    }

    fn target(&self, card: &Rect, output: Size) -> Rect {
        let (width, height) = (f64::from(output.width), f64::from(output.height));
        let left = match self.layout {
            Layout::Behind => {
                return Rect {
                    x: card.x + card.width * (1.0 - BEHIND) / 2.0,
                    y: card.y + card.height * (1.0 - BEHIND) / 2.0,
                    width: card.width * BEHIND,
                    height: card.height * BEHIND,
                };
            }
            Layout::Right => width / 2.0,
            Layout::Left => 0.0,
        };
        let padding = PADDING * width.min(height);
        let room = (
            (width / 2.0 - 2.0 * padding).max(1.0),
            (height - 2.0 * padding).max(1.0),
        );
        let scale = (room.0 / card.width).min(room.1 / card.height);
        let (fitted_width, fitted_height) = (card.width * scale, card.height * scale);
        Rect {
            x: left + (width / 2.0 - fitted_width) / 2.0,
            y: (height - fitted_height) / 2.0,
            width: fitted_width,
            height: fitted_height,
        }
    }

    /// Factor of the card's opacity, border and shadow.
    pub(crate) fn card_opacity(&self) -> f64 {
        match self.layout {
            Layout::Behind => 1.0 - self.progress,
            Layout::Right | Layout::Left => 1.0,
        }
    }

    /// Factor of the opacity of pointer, captions and keyboard.
    pub(crate) fn pointer_opacity(&self) -> f64 {
        self.card_opacity()
    }

    /// Factor of the opacity of cameras, window chrome and notch.
    pub(crate) fn camera_opacity(&self) -> f64 {
        1.0 - self.progress
    }

    /// The card's corner radius, which is `own` without it; `pane` is that of cards beside a text.
    pub(crate) fn radius(&self, own: f64, pane: f64) -> f64 {
        match self.layout {
            Layout::Behind => own,
            Layout::Right | Layout::Left => super::easing::lerp(own, pane, self.progress),
        }
    }
}

/// Where `rect` comes to lie when what it lies on moves from `from` to `to`.
pub(crate) fn carried(rect: &Rect, from: &Rect, to: &Rect) -> Rect {
    let (scale_x, scale_y) = (to.width / from.width, to.height / from.height);
    Rect {
        x: to.x + (rect.x - from.x) * scale_x,
        y: to.y + (rect.y - from.y) * scale_y,
        width: rect.width * scale_x,
        height: rect.height * scale_y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::fixtures::text;

    const HD: Size = Size::new(1920, 1080);

    fn takeovers(texts: &[TextSegment]) -> Takeovers {
        Takeovers::new(texts).unwrap()
    }

    fn at(takeovers: &Takeovers, time: f64) -> Option<(Layout, f64)> {
        let takeover = takeovers.at(time)?;
        Some((takeover.layout, (takeover.progress * 1e4).round() / 1e4))
    }

    #[test]
    fn the_card_comes_and_goes_within_the_texts_time() {
        let list = takeovers(&[text(1.0, 4.0, "splitLeft")]);
        assert_eq!(at(&list, 1.0), None);
        // 0.5 s by default: B(0.25), B(0.5)
        assert_eq!(at(&list, 1.125), Some((Layout::Right, 0.1292)));
        assert_eq!(at(&list, 1.25), Some((Layout::Right, 0.5)));
        assert_eq!(at(&list, 2.0), Some((Layout::Right, 1.0)));
        assert_eq!(at(&list, 3.75), Some((Layout::Right, 0.5)));
        assert_eq!(at(&list, 4.0), None);
    }

    #[test]
    fn short_texts_are_half_coming_half_going() {
        let mut short = text(1.0, 1.4, "splitRight");
        short.layout_transition = 9.0;
        let list = takeovers(&[short]);
        assert_eq!(at(&list, 1.1), Some((Layout::Left, 0.5)));
        assert_eq!(at(&list, 1.2), Some((Layout::Left, 1.0)));
        let mut step = text(1.0, 1.4, "splitRight");
        step.layout_transition = -1.0;
        assert_eq!(at(&takeovers(&[step]), 1.025), Some((Layout::Left, 0.5)));
    }

    #[test]
    fn the_farthest_counts_and_of_equals_the_later() {
        let mut off = text(0.0, 9.0, "splitRight");
        off.enabled = false;
        let list = takeovers(&[
            text(1.0, 5.0, "splitLeft"),
            text(2.0, 4.0, "fullscreen"),
            text(0.0, 9.0, "overlay"),
            off,
        ]);
        assert_eq!(at(&list, 2.1), Some((Layout::Right, 1.0)));
        assert_eq!(at(&list, 3.0), Some((Layout::Behind, 1.0)));
        assert_eq!(at(&list, 3.9), Some((Layout::Right, 1.0)));
        // 0.3 of the way out here, 0.1 there.
        let crossing = takeovers(&[text(1.0, 3.15, "splitLeft"), text(2.95, 5.0, "fullscreen")]);
        assert_eq!(crossing.at(3.0).unwrap().layout, Layout::Right);
        assert_eq!(crossing.at(3.1).unwrap().layout, Layout::Behind);
    }

    #[test]
    fn where_the_card_goes() {
        let card = Rect {
            x: 100.0,
            y: 50.0,
            width: 1600.0,
            height: 900.0,
        };
        let takeover = |layout, progress| Takeover { layout, progress };
        let edges =
            |rect: Rect| [rect.x, rect.y, rect.right(), rect.bottom()].map(|v| (v * 1e6).round() / 1e6);
        // 8 % less: 64 and 36 pixels off each side.
        assert_eq!(
            edges(takeover(Layout::Behind, 1.0).moved(&card, HD)),
            [164.0, 86.0, 1636.0, 914.0]
        );
        // Half of 1920 less 54 on each side is 852 wide, 479.25 high.
        let right = takeover(Layout::Right, 1.0).moved(&card, HD);
        assert_eq!(edges(right), [1014.0, 300.375, 1866.0, 779.625]);
        let left = takeover(Layout::Left, 1.0).moved(&card, HD);
        assert_eq!(edges(left), [54.0, 300.375, 906.0, 779.625]);
        let midway = takeover(Layout::Left, 0.5).moved(&card, HD);
        assert_eq!(edges(midway), [77.0, 175.1875, 1303.0, 864.8125]);
    }

    #[test]
    fn what_fades_and_what_stays() {
        let at = |layout| {
            let takeover = Takeover {
                layout,
                progress: 0.25,
            };
            (
                takeover.card_opacity(),
                takeover.pointer_opacity(),
                takeover.camera_opacity(),
                takeover.radius(10.0, 30.0),
            )
        };
        assert_eq!(at(Layout::Behind), (0.75, 0.75, 0.75, 10.0));
        assert_eq!(at(Layout::Left), (1.0, 1.0, 0.75, 15.0));
        assert_eq!(at(Layout::Right), (1.0, 1.0, 0.75, 15.0));
    }

    #[test]
    fn what_lies_on_a_card_goes_with_it() {
        let rect = |x, y, width, height| Rect { x, y, width, height };
        let carried = carried(
            &rect(150.0, 100.0, 20.0, 30.0),
            &rect(100.0, 50.0, 400.0, 200.0),
            &rect(0.0, 0.0, 200.0, 100.0),
        );
        assert_eq!(carried, rect(25.0, 25.0, 10.0, 15.0));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let mut bad = text(1.0, 2.0, "splitLeft");
        bad.layout_transition = f64::NAN;
        assert!(Takeovers::new(&[bad]).is_err());
    }
}
