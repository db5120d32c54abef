//! The background: a canvas that was prepared once (cap-look.md 4).

use super::card::worth_a_copy;
use crate::frame::PixelRect;
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Background;

/// Plans `background` on `area`. With `copies`, pieces that are worth it are copied.
pub(in crate::render) fn plan(background: &Background, area: Vec<PixelRect>, copies: bool) -> Vec<Draw> {
    let (copied, drawn): (Vec<_>, Vec<_>) = area.into_iter().partition(|rect| copies && worth_a_copy(*rect));
    let draw = |means, rects: Vec<PixelRect>| Draw {
        means,
        textures: Textures::Canvas(background.clone()),
        uniforms: 0,
        rects,
    };
    [
        draw(Means::Copy, copied),
        draw(Means::Pipeline(PipelineKey::Background), drawn),
    ]
    .into_iter()
    .filter(|draw| !draw.rects.is_empty())
    .collect()
}
