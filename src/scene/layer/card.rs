//! Screen card and camera: a picture in a rounded rectangle with shadow and border (cap-look.md 5).

use super::{EDGE, Grade, LayerKind, PictureRequest, SourceId, finite, smeared};
use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, Rect, Size};
use crate::scene::motion::Smear;

/// Texels beside its own that an output pixel may depend on: the bilinear filter's, the sharpening's neighbour (5.5), and
/// one for rounding.
const FOOTPRINT: f64 = 3.0;
/// Filtered pixels show no place closer than this to the crop's edge, texels (5.5).
const INSET: f64 = 1.0;

/// A picture in a rounded rectangle.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// What it shows.
    pub picture: CardPicture,
    /// Where, edges not snapped unless the scene snapped them (cap-look.md 2.4, 6.1, 9). May hang over the frame.
    pub rect: Rect,
    /// Corner curve and radius.
    pub corner: Corner,
    /// Shadow behind it; `None` when it has no strength.
    pub shadow: Option<Shadow>,
    /// Line around it.
    pub border: Option<BorderLine>,
    /// 0..=1, multiplies the picture's coverage.
    pub opacity: f64,
    /// Motion blur of the picture and its edge; shadow and border stay sharp (cap-look.md 5.6, 7).
    pub smear: Option<Smear>,
    /// 0..=1, factor of the radius of the two upper corners; they are square below a window frame's bar (15.3).
    pub top_rounding: f64,
    /// Grade of the picture; border and shadow keep their colours.
    pub grade: Option<Grade>,
}

/// The part of a source picture that a card shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CardPicture {
    /// Which picture.
    pub request: PictureRequest,
    /// Size of the track's pictures that `crop` counts in: segment 0's (cap-look.md 2.6). A picture of another size is
    /// stretched to this one.
    pub size: Size,
    /// Shown part, source pixels.
    pub crop: Rect,
    /// Flipped horizontally.
    pub mirrored: bool,
}

/// Corner of a card (cap-look.md 5.1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corner {
    /// Curve.
    pub kind: RoundingType,
    /// Output pixels.
    pub radius: f64,
}

/// Shadow numbers, resolved to pixels (cap-look.md 5.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shadow {
    /// Zs, output pixels.
    pub size: f64,
    /// Bs, output pixels.
    pub blur: f64,
    /// As, 0..=1.
    pub alpha: f64,
}

impl Shadow {
    /// Distance from the card's edge beyond which nothing is dark, output pixels.
    pub fn reach(&self) -> f64 {
        self.size + self.blur
    }

    /// Whether it darkens anything.
    pub(crate) fn is_seen(&self) -> bool {
        self.alpha > 0.0 && self.reach() > 0.0
    }

    pub(super) fn is_finite(&self) -> bool {
        finite(&[self.size, self.blur, self.alpha])
    }

    /// Faded by `factor`, 0..=1: that multiplies the setting *shadow* and the opacity (cap-look.md 5.3). `None` when nothing of
    /// it can be seen.
    pub(crate) fn faded(self, factor: f64) -> Option<Self> {
        let faded = Self {
            size: self.size * factor,
            blur: self.blur * factor,
            alpha: self.alpha * factor * factor,
        };
        faded.is_seen().then_some(faded)
    }
}

/// Line around a card (cap-look.md 5.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BorderLine {
    /// Output pixels, outside the card.
    pub width: f64,
    /// R, G, B, 0..=1.
    pub color: [f64; 3],
    /// 0..=1.
    pub opacity: f64,
}

impl BorderLine {
    /// Whether it colours anything.
    pub(crate) fn is_seen(&self) -> bool {
        self.width > 0.0 && self.opacity > 0.0
    }

    pub(super) fn is_finite(&self) -> bool {
        finite(&self.color) && finite(&[self.width, self.opacity])
    }
}

impl Card {
    /// Half the shorter side is the largest radius that has a meaning (cap-look.md 5.1).
    pub fn corner_radius(&self) -> f64 {
        self.corner
            .radius
            .clamp(0.0, (self.rect.width.min(self.rect.height) / 2.0).max(0.0))
    }

    /// The shadow, where it darkens anything.
    pub fn seen_shadow(&self) -> Option<Shadow> {
        self.shadow.filter(Shadow::is_seen)
    }

    /// The border, where it colours anything.
    pub fn seen_border(&self) -> Option<BorderLine> {
        self.border.filter(BorderLine::is_seen)
    }

    /// Its rectangle grown by as much as the picture is smeared beyond it.
    pub fn smeared(&self) -> Extent {
        smeared(self.rect, self.smear)
    }

    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        let crop = self.picture.crop;
        let sized = |rect: Rect| rect.width > 0.0 && rect.height > 0.0;
        let visible = self.opacity > 0.0 || self.seen_shadow().is_some() || self.seen_border().is_some();
        visible && sized(self.rect) && sized(crop)
    }
}

impl LayerKind for Card {
    fn source(&self) -> Option<PictureRequest> {
        Some(self.picture.request)
    }

    /// Picture, border and shadow.
    fn extent(&self) -> Option<Extent> {
        let border = self.seen_border().map_or(0.0, |border| border.width);
        let shadow = self.seen_shadow().map_or(0.0, |shadow| shadow.reach());
        self.is_drawn().then(|| {
            let around = Extent::from(self.rect).grown(border.max(shadow));
            around.hull(self.smeared()).grown(EDGE)
        })
    }

    fn looks_like(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.picture.request.time = self.picture.request.time;
        *self == other
    }

    fn shown(&self, source: SourceId, size: Size, rect: PixelRect) -> Option<Extent> {
        if self.picture.request.source != source {
            return None;
        }
        // A smeared picture shows every part of itself in many places.
        if self.smear.is_some() {
            return self.is_drawn().then(|| self.smeared().grown(EDGE));
        }
        shown_extent(self, size, rect)
    }

    fn check(&self) -> Result<(), &'static str> {
        let shadow = self.shadow.is_none_or(|shadow| shadow.is_finite());
        let border = self.border.is_none_or(|border| border.is_finite());
        self.grade.map_or(Ok(()), |grade| grade.check())?;
        let smear = self.smear.is_none_or(|smear| finite(&smear.spread()));
        let own =
            finite(&[self.corner.radius, self.opacity, self.top_rounding]) && self.rect.is_finite() && smear;
        if own && shadow && border && self.picture.crop.is_finite() {
            Ok(())
        } else {
            Err("a card's geometry")
        }
    }
}

/// Where a card shows `rect` of its source picture, which is of `size`; `None` when nowhere.
fn shown_extent(card: &Card, size: Size, rect: PixelRect) -> Option<Extent> {
    if !card.is_drawn() {
        return None;
    }
    let picture = &card.picture;
    let (crop, at) = (picture.crop, card.rect);
    // A picture of another size than the crop counts in is stretched to it (2.6).
    let stretch = |side: u32, counted: u32| f64::from(side) / f64::from(counted.max(1));
    let (left, right) = along(
        (rect.x, rect.x + rect.width),
        (crop.x, crop.right()),
        stretch(size.width, picture.size.width),
        (at.x, at.right()),
        picture.mirrored,
    );
    let (top, bottom) = along(
        (rect.y, rect.y + rect.height),
        (crop.y, crop.bottom()),
        stretch(size.height, picture.size.height),
        (at.y, at.bottom()),
        false,
    );
    let shown = Extent {
        left,
        top,
        right,
        bottom,
    };
    shown.grown(1.0).within(Extent::from(at).grown(EDGE))
}

/// Where output coordinates depend on the texels `start..end` along one axis. Beyond the place that shows the crop's
/// outermost texels, pixels go on showing those.
fn along(
    (start, end): (u32, u32),
    (crop_start, crop_end): (f64, f64),
    stretch: f64,
    (out_start, out_end): (f64, f64),
    mirrored: bool,
) -> (f64, f64) {
    let (start, end) = (f64::from(start) - FOOTPRINT, f64::from(end) + FOOTPRINT);
    let scale = (out_end - out_start) / (crop_end - crop_start);
    let map = |texel: f64| {
        let from_start = (texel / stretch - crop_start) * scale;
        if mirrored {
            out_end - from_start
        } else {
            out_start + from_start
        }
    };
    let first = (start > crop_start * stretch + INSET).then(|| map(start));
    let last = (end < crop_end * stretch - INSET).then(|| map(end));
    let (low, high) = if mirrored { (last, first) } else { (first, last) };
    (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY))
}
