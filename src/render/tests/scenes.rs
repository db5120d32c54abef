//! Scenes and pictures for the tests.

use super::*;
use crate::cap::config::RoundingType;
use crate::scene::{
    Background, Card, CardPicture, Corner, Fill, Layer, LayerId, Node, PictureRequest, Rect, Role, Side,
    SourceId, Track,
};
use crate::time::{MediaTime, OutputTime};

pub(super) const I420: YuvLayout = YuvLayout::Planar {
    shift_x: 1,
    shift_y: 1,
};

/// The canvas of one colour.
pub(super) const FILL: Fill = Fill::Color {
    color: CANVAS,
    alpha: 1.0,
};

/// Layers over a canvas of one colour.
pub(super) fn scene(layers: Vec<Layer>) -> SceneFrame {
    over(FILL, layers)
}

/// Layers over a canvas.
pub(super) fn over(fill: Fill, layers: Vec<Layer>) -> SceneFrame {
    let background = Node::paint(Role::Background, Layer::Background(Background::plain(fill)));
    let nodes = (0..).zip(layers).map(|(index, layer)| {
        let role = match &layer {
            Layer::Card(card) if card.picture.request.source.track == Track::Camera => Role::Camera,
            Layer::Pointer(_) => Role::Pointer,
            _ => Role::Screen,
        };
        let side = Side::Incoming;
        Node::Paint(LayerId { role, index, side }, layer)
    });
    SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes: std::iter::once(background).chain(nodes).collect(),
    }
}

/// A plain card that shows all of a picture of `size` in `rect`.
pub(super) fn card(track: Track, size: Size, rect: Rect) -> Card {
    Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, track),
                time: MediaTime::ZERO,
            },
            size,
            crop: Rect {
                x: 0.0,
                y: 0.0,
                width: f64::from(size.width),
                height: f64::from(size.height),
            },
            mirrored: false,
        },
        rect,
        corner: Corner {
            kind: RoundingType::Squircle,
            radius: 0.0,
        },
        shadow: None,
        border: None,
        opacity: 1.0,
        smear: None,
        top_rounding: 1.0,
        grade: None,
    }
}

/// A grey picture of grain that covers a frame of `size`, pixel by pixel; its pixels are `grain(seed, x, y, 0, 255)`.
pub(super) fn noise(size: Size, seed: u32) -> (Node, Pictures) {
    let full = YuvColor {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Full,
    };
    let layout = YuvLayout::Planar {
        shift_x: 0,
        shift_y: 0,
    };
    let source = picture(size, layout, full, |plane, x, y| match plane {
        0 => grain(seed, x, y, 0, 255),
        _ => 128,
    });
    // Beyond the frame on every side, so that no edge is antialiased within it.
    let [width, height] = [size.width, size.height].map(|side| f64::from(side) + 8.0);
    let mut card = card(Track::Display, size, rect(-4.0, -4.0, width, height));
    card.picture.crop = card.rect;
    let id = SourceId::incoming(seed as usize, Track::Display);
    card.picture.request.source = id;
    let mut pictures = Pictures::new();
    pictures.insert(id, source);
    let layer = LayerId {
        role: Role::Screen,
        index: seed,
        side: Side::Incoming,
    };
    (Node::Paint(layer, Layer::Card(card)), pictures)
}

/// Fine grain whose colours are all within R'G'B': clamping before and after filtering is then the same.
pub(super) fn grainy(size: Size, layout: YuvLayout, color: YuvColor, seed: u32) -> YuvPicture {
    picture(size, layout, color, |plane, x, y| match plane {
        0 => grain(seed, x, y, 70, 180),
        _ => grain(seed + plane as u32, x, y, 112, 144),
    })
}

pub(super) fn of(entries: &[(Track, &YuvPicture)]) -> Pictures {
    let mut pictures = Pictures::new();
    for (track, picture) in entries {
        pictures.insert(SourceId::incoming(0, *track), (*picture).clone());
    }
    pictures
}

pub(super) fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}
