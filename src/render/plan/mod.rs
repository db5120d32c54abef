//! From a frame's tree to the passes that draw it, as plain data.
//!
//! A list of nodes is painted on one surface. Only three kinds of nodes need another one:
//!
//! * a filter reads all that lies below it. The nodes below it are painted on a surface of their own ([`SurfaceId::Below`]);
//!   the surface above begins as a copy of it, with the filter's pixels in their place;
//! * a warp's nodes are painted on a transparent surface ([`SurfaceId::Inside`]), which is then one layer among others;
//! * a mix shows two complete pictures, each painted on a surface of its own.
//!
//! Surfaces persist from frame to frame. What is painted on each is cut to its stale areas: where the scene says that it may
//! differ from the frame before, or everything where it was not part of that frame. Because a filter never writes to the surface
//! that it reads, a partial redraw reads the same pixels as a whole one.
//!
//! Within a surface, layers are planned from the top down, so that nothing is drawn where something opaque hides it.

pub(in crate::render) mod draw;
pub(in crate::render) mod key;
pub(in crate::render) mod placement;
pub(in crate::render) mod uniforms;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::error::RenderError;
use super::filters::processor::Filtering;
use super::filters::{FilterPlan, focus, mask};
use super::layers::card::{self, Source, worth_a_copy};
use super::layers::{
    background, lettering, notch, pointer, ripple, shade, sprite, surface, waveform, window,
};
use super::sampling::smear::Smeared;
use crate::frame::{Areas, PixelRect, Size, subtract_all};
use crate::scene::{
    Card, Damage, Filter, Grade, Layer, LayerId, MaskEffect, Node, SceneFrame, SourceId, SurfaceId,
};
use draw::{Draw, Means, Textures};
use key::PipelineKey;
use placement::Placement;
use uniforms::UniformBlocks;

/// What is painted on one surface.
#[derive(Debug, PartialEq)]
pub(in crate::render) struct Pass {
    /// Which.
    pub(in crate::render) target: SurfaceId,
    /// Copies first, the others in their order.
    pub(in crate::render) draws: Vec<Draw>,
}

/// A card that a frame shows, and how its picture lies on the output.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Shown {
    pub(in crate::render) source: SourceId,
    pub(in crate::render) placement: Placement,
    pub(in crate::render) smeared: Option<Smeared>,
    pub(in crate::render) grade: Option<Grade>,
}

/// All passes of a frame, in order.
#[derive(Debug, Default)]
pub(in crate::render) struct Plan {
    pub(in crate::render) passes: Vec<Pass>,
    pub(in crate::render) blocks: UniformBlocks,
    /// What draws of the processor apply.
    pub(in crate::render) filterings: Vec<Filtering>,
    /// The cards among the draws.
    pub(in crate::render) shown: BTreeMap<LayerId, Shown>,
}

/// What planning has to know beside the frame.
pub(in crate::render) struct Facts<'a> {
    /// Of the output and every surface.
    pub(in crate::render) size: Size,
    /// Number of the frame, counted by `submit`.
    pub(in crate::render) index: u64,
    /// Whether the processor samples cards, and copies are worth more than draws.
    pub(in crate::render) processor: bool,
    /// Whether borders take the place of what they frame, as in Cap (cap-look.md 26, quirk 10).
    pub(in crate::render) borders_replace: bool,
    /// What is known of the picture of a source; the sheet is filled in by the plan.
    pub(in crate::render) picture: &'a dyn Fn(SourceId) -> Option<Source>,
    /// Whether a surface holds what the frame submitted last left on it.
    pub(in crate::render) kept: &'a dyn Fn(SurfaceId) -> bool,
}

/// Plans `frame`, which may differ from the one before where `damage` says.
///
/// # Errors
/// When a picture is missing.
pub(in crate::render) fn plan(
    frame: &SceneFrame,
    damage: &Damage,
    facts: &Facts<'_>,
) -> Result<Plan, RenderError> {
    let mut planner = Planner {
        facts,
        damage,
        plan: Plan::default(),
    };
    planner.surface(SurfaceId::Output, &frame.nodes, Base::Covered)?;
    Ok(planner.plan)
}

/// What a surface begins with.
#[derive(Clone, Copy)]
enum Base<'a> {
    /// The nodes cover it.
    Covered,
    /// Nothing.
    Transparent,
    /// A filter over the surface below it.
    Filtered(LayerId, &'a Filter),
}

struct Planner<'a> {
    facts: &'a Facts<'a>,
    damage: &'a Damage,
    plan: Plan,
}

/// Draws of one layer on one area, bottom to top, and what they hide.
type Layered = (Vec<Draw>, Vec<PixelRect>);

impl Planner<'_> {
    /// Plans the passes that paint `nodes` on `target`.
    fn surface(&mut self, target: SurfaceId, nodes: &[Node], base: Base<'_>) -> Result<(), RenderError> {
        let filter = nodes.iter().enumerate().rev().find_map(|(at, node)| match node {
            Node::Filter(id, filter) => Some((at, *id, filter)),
            _ => None,
        });
        let (base, nodes) = match filter {
            None => (base, nodes),
            Some((at, id, filter)) => {
                self.surface(SurfaceId::Below(id), &nodes[..at], base)?;
                (Base::Filtered(id, filter), &nodes[at + 1..])
            }
        };
        for node in nodes {
            match node {
                Node::Paint(..) | Node::Filter(..) => {}
                Node::Warp(id, inside, _) => {
                    self.surface(SurfaceId::Inside(*id), inside, Base::Transparent)?;
                }
                Node::Mix(id, mix) => {
                    self.surface(SurfaceId::MixOut(*id), &mix.out, Base::Covered)?;
                    self.surface(SurfaceId::MixInto(*id), &mix.into, Base::Covered)?;
                }
            }
        }
        let stale = self.stale(target);
        let mut draws = Vec::new();
        let mut scratch = Vec::new();
        for &area in stale.rects() {
            self.area(nodes, base, area, &mut draws, &mut scratch)?;
        }
        if !scratch.is_empty() {
            self.plan.passes.push(Pass {
                target: SurfaceId::Scratch,
                draws: scratch,
            });
        }
        self.plan.passes.push(Pass { target, draws });
        Ok(())
    }

    fn stale(&self, surface: SurfaceId) -> Areas {
        let whole = || Areas::whole(self.facts.size);
        if !(self.facts.kept)(surface) {
            return whole();
        }
        self.damage.of(surface).cloned().unwrap_or_else(whole)
    }

    /// The draws that `area` needs, bottom to top, without what opaque ones above hide.
    fn area(
        &mut self,
        nodes: &[Node],
        base: Base<'_>,
        area: PixelRect,
        draws: &mut Vec<Draw>,
        scratch: &mut Vec<Draw>,
    ) -> Result<(), RenderError> {
        // Top to bottom, so that a layer knows what hides it.
        let mut hidden: Vec<PixelRect> = Vec::new();
        let mut top_down: Vec<Draw> = Vec::new();
        let mut add = |(layer, opaque): Layered, hidden: &mut Vec<PixelRect>| {
            for draw in layer.into_iter().rev() {
                let rects = subtract_all(draw.rects, hidden);
                if !rects.is_empty() {
                    top_down.push(Draw { rects, ..draw });
                }
            }
            hidden.extend(opaque);
        };
        for node in nodes.iter().rev() {
            let layer = self.node(node, area, &hidden)?;
            add(layer, &mut hidden);
        }
        match base {
            Base::Covered => {}
            Base::Transparent => {
                let clear = Draw {
                    means: Means::Pipeline(PipelineKey::Clear),
                    textures: Textures::Nothing,
                    uniforms: 0,
                    rects: vec![area],
                };
                add((vec![clear], Vec::new()), &mut hidden);
            }
            Base::Filtered(id, filter) => {
                let below = SurfaceId::Below(id);
                if let Some(filtered) = self.filter(filter, below, area) {
                    scratch.extend(filtered.scratch);
                    let opaque = if filtered.opaque {
                        filtered.draw.rects.clone()
                    } else {
                        Vec::new()
                    };
                    add((vec![filtered.draw], opaque), &mut hidden);
                }
                // A draw that blends needs what is below it in place, so nothing of that may come later than it.
                let rest = subtract_all(vec![area], &hidden);
                let (copied, drawn) = rest.into_iter().partition(|rect| worth_a_copy(*rect));
                let below = [
                    surface::as_it_lies(below, copied, true),
                    surface::as_it_lies(below, drawn, false),
                ];
                add((below.into(), Vec::new()), &mut hidden);
            }
        }
        draws.extend(top_down.into_iter().rev());
        Ok(())
    }

    fn node(&mut self, node: &Node, area: PixelRect, hidden: &[PixelRect]) -> Result<Layered, RenderError> {
        let none = Vec::new;
        let blocks = &mut self.plan.blocks;
        Ok(match node {
            Node::Paint(id, Layer::Card(card)) => self.card(*id, card, area)?,
            Node::Paint(_, Layer::Background(background)) => {
                let seen = subtract_all(vec![area], hidden);
                (
                    background::plan(background, seen, self.facts.processor, |block| {
                        blocks.push(bytemuck::bytes_of(block))
                    }),
                    vec![area],
                )
            }
            Node::Paint(_, Layer::Pointer(pointer)) => {
                let draw = pointer::plan(pointer, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            Node::Paint(_, Layer::Ripple(ripple)) => {
                let draw = ripple::plan(ripple, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            Node::Paint(_, Layer::Shade(shade)) => {
                let draw = shade::plan(shade, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            Node::Paint(_, Layer::Sprite(sprite)) => {
                let draw = sprite::plan(sprite, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            Node::Paint(_, Layer::Waveform(waveform)) => {
                let draw = waveform::plan(waveform, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            Node::Paint(_, Layer::Lettering(lettering)) => (
                lettering::plan(lettering, area, |block| blocks.push(block)),
                none(),
            ),
            Node::Paint(_, Layer::Window(window)) => {
                let replace = self.facts.borders_replace;
                let draws = window::plan(window, area, replace, |block| {
                    blocks.push(bytemuck::bytes_of(block))
                });
                (draws, none())
            }
            Node::Paint(_, Layer::Notch(notch)) => {
                let draw = notch::plan(notch, area, |block| blocks.push(bytemuck::bytes_of(block)));
                (draw.into_iter().collect(), none())
            }
            // Filters are a surface's base.
            Node::Filter(..) => (Vec::new(), none()),
            Node::Warp(id, _, plane) => {
                let inside = SurfaceId::Inside(*id);
                let draw = surface::mapped(inside, plane, self.facts.size, area, |block| {
                    blocks.push(bytemuck::bytes_of(block))
                });
                (draw.into_iter().collect(), Vec::new())
            }
            Node::Mix(id, mix) => {
                let out = surface::as_it_lies(SurfaceId::MixOut(*id), vec![area], true);
                let into = surface::faded(SurfaceId::MixInto(*id), mix.progress, area, |block| {
                    blocks.push(bytemuck::bytes_of(block))
                });
                (vec![out, into], vec![area])
            }
        })
    }

    fn card(&mut self, id: LayerId, card: &Card, area: PixelRect) -> Result<Layered, RenderError> {
        let source = card.picture.request.source;
        let known = (self.facts.picture)(source).ok_or(RenderError::MissingPicture {
            frame: self.facts.index,
            picture: source,
        })?;
        let known = Source {
            sheet: self.facts.processor.then_some(id),
            ..known
        };
        let blocks = &mut self.plan.blocks;
        let replace = self.facts.borders_replace;
        let plan = card::plan(card, &known, (area, replace), |block| {
            blocks.push(bytemuck::bytes_of(block))
        });
        let placement = plan.placement;
        let smeared = Smeared::of(card);
        self.plan.shown.insert(
            id,
            Shown {
                source,
                placement,
                smeared,
                grade: card.grade,
            },
        );
        Ok((plan.draws, plan.opaque))
    }

    /// The number of a filter of the processor.
    fn filtering(&mut self, filtering: Filtering) -> usize {
        let filterings = &mut self.plan.filterings;
        let known = filterings.iter().position(|known| *known == filtering);
        known.unwrap_or_else(|| {
            filterings.push(filtering);
            filterings.len() - 1
        })
    }

    fn filter(&mut self, filter: &Filter, below: SurfaceId, area: PixelRect) -> Option<FilterPlan> {
        let size = self.facts.size;
        match filter {
            Filter::FocusBlur(blur) if self.facts.processor => {
                let index = self.filtering(Filtering::Focus(*blur));
                return focus::plan_for_processor(blur, index, below, area);
            }
            Filter::Mask(mask) if self.facts.processor => {
                if let MaskEffect::Blur { radius } = mask.effect {
                    let index = self.filtering(Filtering::Blur {
                        mask: *mask,
                        radius,
                        size,
                    });
                    return mask::plan_for_processor(mask, index, below, size, area);
                }
            }
            _ => {}
        }
        let blocks = &mut self.plan.blocks;
        match filter {
            Filter::FocusBlur(blur) => {
                focus::plan(blur, below, area, |block| blocks.push(bytemuck::bytes_of(block)))
            }
            Filter::Mask(mask) => mask::plan(mask, below, size, area, |block| {
                blocks.push(bytemuck::bytes_of(block))
            }),
        }
    }
}
