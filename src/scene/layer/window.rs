//! A window frame: artwork on a card of its own behind the screen (cap-look.md 15).

use super::{Bitmap, BorderLine, Corner, EDGE, LayerKind, Shadow, finite, smeared};
use crate::frame::{Extent, Rect};
use crate::scene::motion::Smear;

/// Artwork in a rounded rectangle with shadow and border.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The artwork; it may be there only where something is to be seen.
    pub bitmap: Bitmap,
    /// Where the artwork lies, output pixels.
    pub art: Rect,
    /// The outer card (15.1), which the artwork is cut to.
    pub rect: Rect,
    /// Corner curve and radius of the outer card; 0 where the artwork has corners of its own.
    pub corner: Corner,
    /// Shadow behind it.
    pub shadow: Option<Shadow>,
    /// Line around it.
    pub border: Option<BorderLine>,
    /// 0..=1, multiplies the artwork's coverage.
    pub opacity: f64,
    /// How the artwork is smeared, if it is; shadow and border are not.
    pub smear: Option<Smear>,
    /// What hides all that lies below it, if anything does: there a smeared frame need not be drawn.
    pub hidden: Option<Rect>,
}

impl Window {
    /// The shadow, where it darkens anything.
    pub fn seen_shadow(&self) -> Option<Shadow> {
        self.shadow.filter(Shadow::is_seen)
    }

    /// The border, where it colours anything.
    pub fn seen_border(&self) -> Option<BorderLine> {
        self.border.filter(BorderLine::is_seen)
    }

    /// The outer card grown by as much as the artwork is smeared beyond it.
    pub fn smeared(&self) -> Extent {
        smeared(self.rect, self.smear)
    }

    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        let sized = |rect: Rect| rect.width > 0.0 && rect.height > 0.0;
        self.opacity > 0.0 && sized(self.rect) && sized(self.art)
    }
}

impl LayerKind for Window {
    fn extent(&self) -> Option<Extent> {
        let border = self.seen_border().map_or(0.0, |border| border.width);
        let shadow = self.seen_shadow().map_or(0.0, |shadow| shadow.reach());
        self.is_drawn().then(|| {
            let around = Extent::from(self.rect).grown(border.max(shadow));
            around.hull(self.smeared()).grown(EDGE)
        })
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let shadow = self.shadow.is_none_or(|shadow| shadow.is_finite());
        let border = self.border.is_none_or(|border| border.is_finite());
        let smear = self.smear.is_none_or(|smear| finite(&smear.spread()));
        let own = finite(&[self.corner.radius, self.opacity]) && smear;
        let hidden = self.hidden.is_none_or(|hidden| hidden.is_finite());
        if own && shadow && border && hidden && self.rect.is_finite() && self.art.is_finite() {
            Ok(())
        } else {
            Err("a window frame's geometry")
        }
    }
}
