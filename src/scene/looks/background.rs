//! What follows from a `background` object: canvas, place and decoration of the screen, window frame and notch.

use crate::cap::config::{self, AspectRatio, NotchConfig, ProjectConfig, RoundingType, WindowChrome};
use crate::cap::meta::DisplayNotch;
use crate::frame::{Rect, Size};
use crate::scene::error::{Checks, SceneError};
use crate::scene::layer::{Background, BorderLine, Card, CardPicture, Notch, Window};
use crate::scene::layout::Layout;
use crate::scene::notch::NotchPlace;
use crate::scene::setter::TextSettings;
use crate::scene::shadow::ShadowStyle;
use crate::scene::stage::{Chrome, Place, Rounding};
use crate::scene::tree::PictureRequest;
use crate::scene::window_frame::{WindowFrame, style_of};

/// What is made of a `background` object.
#[derive(Clone, Debug)]
pub(crate) struct BackgroundLook {
    /// Place of the screen.
    pub(crate) layout: Layout,
    /// What lies behind everything.
    pub(crate) canvas: Background,
    /// Position of the zooms of the shown part of the screen.
    pub(crate) zooms: usize,
    card: CardStyle,
    chrome: Option<WindowChrome>,
    window: Option<WindowFrame>,
    notch: Option<NotchPlace>,
}

/// Decoration of the screen card.
#[derive(Clone, Debug)]
struct CardStyle {
    corner: RoundingType,
    /// Radius as a fraction of the shorter side.
    rounding: f64,
    shadow: ShadowStyle,
    border: Option<BorderLine>,
}

/// Makes looks of the `background` objects of a recording.
#[derive(Debug)]
pub(super) struct Canvases<'a> {
    own: &'a Layout,
    aspect: Option<AspectRatio>,
    notch: Option<DisplayNotch>,
    /// Largest amount of a zoom.
    zoom: f64,
    begun: bool,
}

impl<'a> Canvases<'a> {
    /// `own` is the layout of the configuration itself, whose `background` comes first.
    pub(super) fn new(config: &ProjectConfig, notch: Option<DisplayNotch>, own: &'a Layout) -> Self {
        let zooms = config.timeline.iter().flat_map(|list| &list.zoom_segments);
        let amounts = zooms.map(|zoom| zoom.amount).filter(|amount| amount.is_finite());
        Self {
            own,
            aspect: config.aspect_ratio,
            notch,
            zoom: amounts.fold(1.0, f64::max),
            begun: false,
        }
    }

    /// The look of `background`, its window frame excepted.
    pub(super) fn make(
        &mut self,
        background: &config::Background,
        checks: &mut Checks,
    ) -> Result<BackgroundLook, SceneError> {
        let layout = if std::mem::replace(&mut self.begun, true) {
            self.own.styled(background, self.aspect, checks)?
        } else {
            self.own.clone()
        };
        let notch: Option<NotchConfig> = background.notch;
        Ok(BackgroundLook {
            canvas: Background::of(background, layout.output, checks)?,
            zooms: 0,
            card: CardStyle::new(background, checks)?,
            chrome: background.frame.clone(),
            window: None,
            notch: NotchPlace::new(notch, self.notch, checks)?,
            layout,
        })
    }

    /// Draws the window frames of `looks`, each different one once.
    pub(super) fn draw_windows(
        &self,
        looks: &mut [BackgroundLook],
        texts: &TextSettings,
        checks: &mut Checks,
    ) {
        let mut windows: Vec<(Option<WindowChrome>, Rect)> = Vec::new();
        let mut of_look = Vec::with_capacity(looks.len());
        for look in &*looks {
            let window = (look.chrome.clone(), look.layout.card);
            let known = windows.iter().position(|known| *known == window);
            of_look.push(known.unwrap_or(windows.len()));
            if known.is_none() {
                windows.push(window);
            }
        }
        let framed =
            |chrome: &Option<WindowChrome>| style_of(chrome.as_ref(), &mut Checks::default()).is_some();
        let among = windows.iter().filter(|(chrome, _)| framed(chrome)).count();
        let drawn: Vec<Option<WindowFrame>> = windows
            .iter()
            .map(|(chrome, card)| WindowFrame::new(chrome.as_ref(), *card, self.zoom, among, texts, checks))
            .collect();
        for (look, window) in looks.iter_mut().zip(of_look) {
            look.window.clone_from(&drawn[window]);
        }
    }
}

impl BackgroundLook {
    /// Corners of the screen.
    pub(crate) fn rounding(&self) -> Rounding {
        (self.card.corner, self.card.rounding)
    }

    /// The screen's card at `place`, and the window frame around it.
    pub(crate) fn screen(
        &self,
        place: &Place,
        chrome: Chrome,
        request: PictureRequest,
    ) -> (Card, Option<Window>) {
        let border = self.card.border.map(|border| BorderLine {
            opacity: border.opacity * place.opacity,
            ..border
        });
        let shadow = self.card.shadow.faded(place.shadow);
        let mut card = Card {
            picture: CardPicture {
                request,
                size: self.layout.screen,
                crop: place.crop,
                mirrored: false,
            },
            rect: place.rect,
            corner: place.corner,
            shadow: shadow.of(place.rect.width, place.rect.height),
            border: border.filter(|border| border.opacity > 0.0),
            opacity: place.opacity,
            smear: place.smear,
            top_rounding: 1.0,
            grade: None,
        };
        let window = self
            .window
            .as_ref()
            .and_then(|window| window.around(&mut card, &self.card.shadow, self.card.border, chrome));
        (card, window)
    }

    /// The notch of the screen at `place`.
    pub(crate) fn notch(&self, place: &Place, chrome: Chrome) -> Option<Notch> {
        let screen: Size = self.layout.screen;
        self.notch.map(|notch| notch.on(screen, place, chrome.opacity))
    }
}

impl CardStyle {
    fn new(background: &config::Background, checks: &mut Checks) -> Result<Self, SceneError> {
        let border = match background.border {
            Some(border) if border.enabled => {
                let line = BorderLine {
                    width: checks.clamp("background.border.width", border.width, 0.0..=10_000.0)?,
                    color: border.color.map(|channel| f64::from(channel.min(255)) / 255.0),
                    opacity: checks.clamp("background.border.opacity", border.opacity, 0.0..=100.0)? / 100.0,
                };
                line.is_seen().then_some(line)
            }
            _ => None,
        };
        Ok(Self {
            corner: background.rounding_type,
            rounding: checks.clamp("background.rounding", background.rounding, 0.0..=100.0)? / 100.0 * 0.5,
            shadow: ShadowStyle::new(
                background.shadow,
                background.advanced_shadow,
                "background",
                checks,
            )?,
            border,
        })
    }
}
