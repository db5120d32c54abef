//! Damage: which pixels of a frame, and of the surfaces it is made of, may differ from those of the frame drawn before it.
//!
//! Answers err on the large side only: pixels beyond the areas are the same, bit for bit. Two lists of nodes are walked
//! together, bottom to top. Nodes that both have in the same order are compared one by one; one that only one of them has
//! changes what it reaches, and beyond that the others lie on each other as they did. A filter spreads what changed below
//! it, and what changed on the surface that it reads is noted for the renderer, which keeps that surface.

use std::collections::BTreeMap;

use super::tree::{Mix, Node, SceneFrame, SourceId, SurfaceId};
use crate::frame::{Areas, Extent, PixelRect, Size};

#[cfg(test)]
mod tests;

/// A source picture that differs from the one shown before.
#[derive(Clone, Copy, Debug)]
pub struct SourceChange<'a> {
    /// Its size, luma pixels.
    pub size: Size,
    /// Where it differs, luma pixels.
    pub rects: &'a [PixelRect],
}

/// Where the surfaces of a frame may differ from those of the frame before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    output: Areas,
    /// Of surfaces that both frames have.
    surfaces: BTreeMap<SurfaceId, Areas>,
}

impl Damage {
    /// Nothing changed in frames of `size` pixels.
    pub fn none(size: Size) -> Self {
        Self::of_output(Areas::none(size))
    }

    /// Everything may have changed in frames of `size` pixels.
    pub fn whole(size: Size) -> Self {
        Self::of_output(Areas::whole(size))
    }

    /// Only `areas` changed, in frames that are made of no other surface.
    pub fn of_output(areas: Areas) -> Self {
        Self {
            output: areas,
            surfaces: BTreeMap::new(),
        }
    }

    /// Where the frame itself may differ.
    pub fn output(&self) -> &Areas {
        &self.output
    }

    /// Where a surface may differ; `None` when it was not part of the frame before, and all of it may.
    pub fn of(&self, surface: SurfaceId) -> Option<&Areas> {
        match surface {
            SurfaceId::Output => Some(&self.output),
            _ => self.surfaces.get(&surface),
        }
    }
}

/// The pixels of frames of `output` pixels in which `after` may differ from `before`. `change` tells what is new about the
/// picture of a source; `None` when it is the same.
pub fn damage<'a>(
    before: &SceneFrame,
    after: &SceneFrame,
    change: impl Fn(SourceId) -> Option<SourceChange<'a>>,
    output: Size,
) -> Damage {
    let mut walk = Walk {
        change: &change,
        size: output,
        surfaces: BTreeMap::new(),
    };
    let areas = walk.nodes(&before.nodes, &after.nodes);
    Damage {
        output: areas,
        surfaces: walk.surfaces,
    }
}

struct Walk<'w, 'a> {
    change: &'w dyn Fn(SourceId) -> Option<SourceChange<'a>>,
    size: Size,
    surfaces: BTreeMap<SurfaceId, Areas>,
}

impl Walk<'_, '_> {
    /// Where the surface that `after` is painted on may differ from the one that `before` was painted on.
    fn nodes(&mut self, before: &[Node], after: &[Node]) -> Areas {
        let mut areas = Areas::none(self.size);
        let mut rest = before.iter();
        for node in after {
            let found = rest.clone().position(|old| old.id() == node.id());
            if let Some(index) = found {
                for gone in rest.by_ref().take(index) {
                    cover(&mut areas, gone);
                }
            }
            match (found.and_then(|_| rest.next()), node) {
                (Some(old), node) => self.compare(&mut areas, old, node),
                (None, node) => {
                    if let Node::Filter(_, filter) = node {
                        areas = filter.spread(&areas);
                    }
                    cover(&mut areas, node);
                }
            }
        }
        for gone in rest {
            cover(&mut areas, gone);
        }
        areas
    }

    /// Adds to `areas`, what changed below, what changes with two nodes of one identity.
    fn compare(&mut self, areas: &mut Areas, before: &Node, after: &Node) {
        match (before, after) {
            (Node::Paint(_, old), Node::Paint(_, layer)) if old.looks_like(layer) => {
                let Some(source) = layer.source().map(|request| request.source) else {
                    return;
                };
                let Some(change) = (self.change)(source) else {
                    return;
                };
                for &rect in change.rects {
                    if let Some(extent) = layer.shown(source, change.size, rect) {
                        areas.add_extent(&extent);
                    }
                }
            }
            (Node::Filter(_, old), Node::Filter(id, filter)) => {
                self.surfaces.insert(SurfaceId::Below(*id), areas.clone());
                *areas = filter.spread(areas);
                if old != filter {
                    cover(areas, before);
                    cover(areas, after);
                }
            }
            (Node::Warp(_, old, from), Node::Warp(id, nodes, plane)) => {
                let inside = self.nodes(old, nodes);
                if from == plane {
                    areas.add_all(&plane.spread(&inside));
                } else {
                    cover(areas, before);
                    cover(areas, after);
                }
                self.surfaces.insert(SurfaceId::Inside(*id), inside);
            }
            (Node::Mix(_, old), Node::Mix(id, mix)) => {
                let Mix { out, into, progress } = mix;
                let out = self.nodes(&old.out, out);
                let into = self.nodes(&old.into, into);
                if old.progress == *progress {
                    areas.add_all(&out);
                    areas.add_all(&into);
                } else {
                    *areas = Areas::whole(self.size);
                }
                self.surfaces.insert(SurfaceId::MixOut(*id), out);
                self.surfaces.insert(SurfaceId::MixInto(*id), into);
            }
            _ => {
                if let Node::Filter(_, filter) = after {
                    *areas = filter.spread(areas);
                }
                cover(areas, before);
                cover(areas, after);
            }
        }
    }
}

/// Adds what `node` reaches.
fn cover(areas: &mut Areas, node: &Node) {
    let extent = match node {
        Node::Paint(_, layer) => layer.extent(),
        Node::Filter(_, filter) => filter.extent(),
        Node::Warp(..) | Node::Mix(..) => Some(Extent::EVERYTHING),
    };
    if let Some(extent) = extent {
        areas.add_extent(&extent);
    }
}
