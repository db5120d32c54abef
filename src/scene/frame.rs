//! What is on screen at one moment: layers from bottom to top with every number a renderer needs.
//!
//! All positions are output pixels, origin top left, y down, pixel centres at +0.5. A renderer needs no other input
//! than this, the pictures it names and the static background.

use crate::cap::config::RoundingType;
use crate::time::{MediaTime, OutputTime};

/// One output frame.
///
/// A transition (cap-look.md 19) needs two complete frames: it will be a second `Vec<Layer>` with a mix beside `layers`.
/// The 3D camera (18) will be a layer that holds the layers it warps.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneFrame {
    /// Time on the exported timeline.
    pub time: OutputTime,
    /// Bottom to top, in the order of cap-look.md 1.2. The background (layers 1-2) is not among them: it does not change
    /// and is handed to the renderer once.
    pub layers: Vec<Layer>,
}

impl SceneFrame {
    /// Source pictures that must be decoded for this frame.
    pub fn pictures(&self) -> impl Iterator<Item = PictureRequest> + '_ {
        self.layers.iter().filter_map(|layer| match layer {
            Layer::Card(card) => Some(card.picture.request),
            Layer::Pointer(_) => None,
        })
    }

    /// Whether both show the same, given that the source pictures they ask for are the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        self.layers.len() == other.layers.len()
            && self.layers.iter().zip(&other.layers).all(|(a, b)| match (a, b) {
                (Layer::Card(a), Layer::Card(b)) => a.looks_like(b),
                (Layer::Pointer(a), Layer::Pointer(b)) => a == b,
                _ => false,
            })
    }
}

/// One thing that is painted.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// Screen card or camera overlay: a picture in a rounded rectangle with shadow and border (cap-look.md 5).
    Card(Card),
    /// The pointer (cap-look.md 8).
    Pointer(Pointer),
}

/// A video track of a recording segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// Screen.
    Display,
    /// Webcam.
    Camera,
}

/// A source picture to be shown: the last whose quantised number is at most floor(time x nominal fps) (cap-look.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureRequest {
    /// Index of the recording segment.
    pub segment: usize,
    /// Which of its tracks.
    pub track: Track,
    /// Position in the file, not below 0.
    pub time: MediaTime,
}

/// A rectangle in output pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Rect {
    /// The x of the right edge.
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// The y of the bottom edge.
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

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
}

impl Card {
    /// Whether both show the same, given that the source pictures they ask for are the same.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        let mut other = other.clone();
        other.picture.request.time = self.picture.request.time;
        *self == other
    }
}

/// The part of a source picture that a card shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CardPicture {
    /// Which picture.
    pub request: PictureRequest,
    /// Size of the track's pictures that `crop` counts in: segment 0's (cap-look.md 2.6). A picture of another size is
    /// stretched to this one.
    pub size: crate::frame::Size,
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

/// Which art a pointer is drawn with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PointerArt {
    /// The recorded image of this id.
    Recorded(String),
    /// The disc of cap-look.md 8.8.
    Circle,
}

/// The pointer.
#[derive(Clone, Debug, PartialEq)]
pub struct Pointer {
    /// What is drawn.
    pub art: PointerArt,
    /// Unrotated sprite, zoom applied (cap-look.md 8.3).
    pub rect: Rect,
    /// Counter-clockwise radians about the sprite's top left corner, in unit-square coordinates before scaling (8.6).
    pub rotation: f64,
    /// 0..=1 (8.5).
    pub opacity: f64,
    /// Drawn only inside this rectangle, with a 1 px feather (8.9).
    pub clip: Rect,
}
