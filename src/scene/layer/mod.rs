//! The kinds of layers, one file each: its numbers, the source pictures it shows, how far it reaches, what of it changed,
//! and whether its numbers can be drawn. How a layer is drawn is the renderer's matter.

mod background;
mod bitmap;
mod card;
mod grade;
mod lettering;
mod notch;
mod pointer;
mod ripple;
mod shade;
mod sprite;
mod waveform;
mod window;

pub use background::{Background, Fill, Noise};
pub use bitmap::Bitmap;
pub use card::{BorderLine, Card, CardPicture, Corner, Shadow};
pub use grade::{Grade, Grain, Vignette};
pub use lettering::{Glyphs, Gradient, Lettering, Mark, Plate};
pub use notch::Notch;
pub use pointer::{Pointer, PointerArt};
pub use ripple::Ripple;
pub use shade::Shade;
pub use sprite::Sprite;
pub use waveform::{MOST_BARS, Waveform};
pub use window::Window;

use super::motion::Smear;
use super::tree::{PictureRequest, SourceId};
use crate::frame::{Extent, PixelRect, Rect, Size};

/// Output pixels that antialiasing may reach beyond an edge: 1.36 at a card's (cap-look.md 5.2), half of one at the
/// pointer's feather (8.9); the rest is for rounding.
pub(crate) const EDGE: f64 = 2.5;

/// What every kind of layer answers.
pub(crate) trait LayerKind {
    /// The source picture it shows.
    fn source(&self) -> Option<PictureRequest> {
        None
    }

    /// Where it draws, output pixels; `None` when nothing of it is seen.
    fn extent(&self) -> Option<Extent>;

    /// Whether both draw the same, given that the source pictures they ask for are the same.
    fn looks_like(&self, other: &Self) -> bool
    where
        Self: Sized;

    /// Where it shows `rect` of the picture of `source`, which is of `size`; `None` when nowhere.
    fn shown(&self, _source: SourceId, _size: Size, _rect: PixelRect) -> Option<Extent> {
        None
    }

    /// Refuses numbers that can't be reckoned with.
    ///
    /// # Errors
    /// With what they belong to.
    fn check(&self) -> Result<(), &'static str>;
}

/// One thing that is painted over what lies below.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// The canvas behind everything (cap-look.md 4).
    Background(Background),
    /// Screen card or camera: a picture in a rounded rectangle with shadow and border (5, 9).
    Card(Card),
    /// The pointer (8).
    Pointer(Pointer),
    /// A ring from a press of the pointer (cap-additions.md).
    Ripple(Ripple),
    /// Black over everything but a rectangle (12, 19).
    Shade(Shade),
    /// A picture that the scene brings.
    Sprite(Sprite),
    /// A picture of the sound (cap-additions.md).
    Waveform(Waveform),
    /// A text, a caption or a group of keys (11, 13, 14).
    Lettering(Lettering),
    /// A window frame (15).
    Window(Window),
    /// The notch (16).
    Notch(Notch),
}

impl Layer {
    fn kind(&self) -> &dyn LayerKind {
        match self {
            Self::Background(layer) => layer,
            Self::Card(layer) => layer,
            Self::Pointer(layer) => layer,
            Self::Ripple(layer) => layer,
            Self::Shade(layer) => layer,
            Self::Sprite(layer) => layer,
            Self::Waveform(layer) => layer,
            Self::Lettering(layer) => layer,
            Self::Window(layer) => layer,
            Self::Notch(layer) => layer,
        }
    }

    /// The source picture it shows.
    pub fn source(&self) -> Option<PictureRequest> {
        self.kind().source()
    }

    /// Where it draws, output pixels; `None` when nothing of it is seen.
    pub fn extent(&self) -> Option<Extent> {
        self.kind().extent()
    }

    /// Where it shows `rect` of the picture of `source`, which is of `size`; `None` when nowhere.
    pub fn shown(&self, source: SourceId, size: Size, rect: PixelRect) -> Option<Extent> {
        self.kind().shown(source, size, rect)
    }

    /// Refuses numbers that can't be reckoned with.
    ///
    /// # Errors
    /// With what they belong to.
    pub fn check(&self) -> Result<(), &'static str> {
        self.kind().check()
    }

    /// Whether both draw the same, given that the source pictures they ask for are the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Background(a), Self::Background(b)) => a.looks_like(b),
            (Self::Card(a), Self::Card(b)) => a.looks_like(b),
            (Self::Pointer(a), Self::Pointer(b)) => a.looks_like(b),
            (Self::Ripple(a), Self::Ripple(b)) => a.looks_like(b),
            (Self::Shade(a), Self::Shade(b)) => a.looks_like(b),
            (Self::Sprite(a), Self::Sprite(b)) => a.looks_like(b),
            (Self::Waveform(a), Self::Waveform(b)) => a.looks_like(b),
            (Self::Lettering(a), Self::Lettering(b)) => a.looks_like(b),
            (Self::Window(a), Self::Window(b)) => a.looks_like(b),
            (Self::Notch(a), Self::Notch(b)) => a.looks_like(b),
            _ => false,
        }
    }
}

/// `rect` grown by as much as what it shows is smeared beyond it.
fn smeared(rect: Rect, smear: Option<Smear>) -> Extent {
    let [left, top, right, bottom] = smear.map_or([0.0; 4], |smear| smear.spread());
    Extent {
        left: rect.x - left * rect.width,
        top: rect.y - top * rect.height,
        right: rect.right() + right * rect.width,
        bottom: rect.bottom() + bottom * rect.height,
    }
}

pub(crate) fn finite(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite())
}
