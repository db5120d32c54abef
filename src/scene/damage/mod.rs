//! Damage: which output pixels of a frame may differ from those of the frame drawn before it.
//!
//! Answers err on the large side only: pixels beyond the areas are the same, bit for bit.

mod areas;
mod extent;
#[cfg(test)]
mod tests;

pub use areas::Areas;

use super::frame::{Card, Layer, SceneFrame, Track};
use crate::frame::{PixelRect, Size};
use extent::{card_extent, pointer_extent, shown_extent};

/// A source picture that differs from the one shown before.
#[derive(Clone, Copy, Debug)]
pub struct SourceChange<'a> {
    /// Its size, luma pixels.
    pub size: Size,
    /// Where it differs, luma pixels.
    pub rects: &'a [PixelRect],
}

/// The pixels of an output of `output` pixels in which `after` may differ from `before`. `change` tells what is new about
/// the picture that a track shows; `None` when it is the same.
///
/// Layers that both frames have in the same order are compared one by one. Beyond the extents of those that only one of
/// them has, the others lie on each other as they did.
pub fn damage<'a>(
    before: &SceneFrame,
    after: &SceneFrame,
    change: impl Fn(Track) -> Option<SourceChange<'a>>,
    output: Size,
) -> Areas {
    let mut areas = Areas::none(output);
    let mut rest = before.layers.iter();
    for layer in &after.layers {
        let mut ahead = rest.clone();
        if let Some(index) = ahead.position(|old| same_kind(old, layer)) {
            for gone in rest.by_ref().take(index) {
                add_layer(&mut areas, gone);
            }
            if let Some(old) = rest.next() {
                compare(&mut areas, old, layer, &change);
            }
        } else {
            add_layer(&mut areas, layer);
        }
    }
    for gone in rest {
        add_layer(&mut areas, gone);
    }
    areas
}

fn same_kind(a: &Layer, b: &Layer) -> bool {
    match (a, b) {
        (Layer::Card(a), Layer::Card(b)) => a.picture.request.track == b.picture.request.track,
        (Layer::Pointer(_), Layer::Pointer(_)) => true,
        _ => false,
    }
}

fn compare<'a>(
    areas: &mut Areas,
    before: &Layer,
    after: &Layer,
    change: &impl Fn(Track) -> Option<SourceChange<'a>>,
) {
    match (before, after) {
        (Layer::Card(old), Layer::Card(card)) if old.looks_like(card) => add_changes(areas, card, change),
        (Layer::Pointer(old), Layer::Pointer(pointer)) if old == pointer => {}
        _ => {
            add_layer(areas, before);
            add_layer(areas, after);
        }
    }
}

fn add_changes<'a>(areas: &mut Areas, card: &Card, change: &impl Fn(Track) -> Option<SourceChange<'a>>) {
    let Some(change) = change(card.picture.request.track) else {
        return;
    };
    for &rect in change.rects {
        if let Some(extent) = shown_extent(card, change.size, rect) {
            areas.add_extent(&extent);
        }
    }
}

fn add_layer(areas: &mut Areas, layer: &Layer) {
    let extent = match layer {
        Layer::Card(card) => card_extent(card),
        Layer::Pointer(pointer) => pointer_extent(pointer),
    };
    if let Some(extent) = extent {
        areas.add_extent(&extent);
    }
}
