//! The background: a canvas that was prepared once (cap-look.md 4).

use super::card::worth_a_copy;
use super::grade::{GradeKey, GradeUniforms};
use crate::frame::PixelRect;
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Background;

/// Plans `background` on `area`. With `copies`, pieces that are worth it are copied.
///
/// A grade is part of the canvas, unless its grain makes it another one on every frame.
pub(in crate::render) fn plan(
    background: &Background,
    area: Vec<PixelRect>,
    copies: bool,
    uniforms: impl FnOnce(&GradeUniforms) -> u32,
) -> Vec<Draw> {
    let grade = background.grade.filter(|grade| grade.grain.is_some());
    let mut canvas = background.clone();
    if grade.is_some() {
        canvas.grade = None;
    }
    let uniforms = grade.map_or(0, |grade| uniforms(&GradeUniforms::of(Some(&grade))));
    let copies = copies && grade.is_none();
    let (copied, drawn): (Vec<_>, Vec<_>) = area.into_iter().partition(|rect| copies && worth_a_copy(*rect));
    let draw = |means, rects: Vec<PixelRect>| Draw {
        means,
        textures: Textures::Canvas(canvas.clone()),
        uniforms,
        rects,
    };
    let key = PipelineKey::Background(GradeKey::of(grade.as_ref()));
    [draw(Means::Copy, copied), draw(Means::Pipeline(key), drawn)]
        .into_iter()
        .filter(|draw| !draw.rects.is_empty())
        .collect()
}
