//! Bitmaps in rectangles.

use crate::frame::{PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Sprite;

/// Numbers of shaders/sprite.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct SpriteUniforms {
    turn: [f32; 4],
    centre: [f32; 2],
    half_size: [f32; 2],
    scale: [f32; 2],
    corner_radius: f32,
    slope: f32,
    opacity: f32,
    level: f32,
    unused: [f32; 2],
}

/// Steepest soft edge: a hard one.
const HARD: f64 = 1e6;

/// Plans a sprite with finite numbers; `None` when no pixel of it is seen.
pub(in crate::render) fn plan(
    sprite: &Sprite,
    area: PixelRect,
    uniforms: impl FnOnce(&SpriteUniforms) -> u32,
) -> Option<Draw> {
    if !sprite.is_drawn() {
        return None;
    }
    let rect = sprite.rect;
    let turned = sprite.rotation != 0.0;
    let shaped = turned || sprite.corner_radius > 0.0 || sprite.feather > 0.0;
    // Where it is turned, rounding decides in the shader which centres lie on it: a pixel more on every side.
    let mut bounds = sprite.bounds()?;
    if turned {
        bounds = bounds.grown(1.0);
    }
    let mut seen = centres_within(area, bounds.left, bounds.top, bounds.right, bounds.bottom)?;
    if let Some(clip) = sprite.clip {
        let within = centres_within(area, clip.x, clip.y, clip.right(), clip.bottom())?;
        seen = seen.intersect(within)?;
    }
    let (sin, cos) = sprite.rotation.sin_cos();
    let size = sprite.bitmap.size();
    let reduction = (f64::from(size.width) / rect.width).max(f64::from(size.height) / rect.height);
    let flipped = |flip: bool, side: f64| (if flip { -1.0 / side } else { 1.0 / side }) as f32;
    let half = [rect.width / 2.0, rect.height / 2.0];
    let offset = uniforms(&SpriteUniforms {
        turn: [cos, sin, -sin, cos].map(|v| v as f32),
        centre: [(rect.x + half[0]) as f32, (rect.y + half[1]) as f32],
        half_size: half.map(|v| v as f32),
        scale: [
            flipped(sprite.flip[0], rect.width),
            flipped(sprite.flip[1], rect.height),
        ],
        corner_radius: sprite.corner_radius.clamp(0.0, half[0].min(half[1])) as f32,
        slope: (1.0 / sprite.feather.max(1.0 / HARD)) as f32,
        opacity: sprite.opacity.min(1.0) as f32,
        level: reduction.log2().max(0.0) as f32,
        unused: [0.0; 2],
    });
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Sprite { shaped }),
        textures: Textures::Bitmap(sprite.bitmap.clone()),
        uniforms: offset,
        rects: vec![seen],
    })
}
