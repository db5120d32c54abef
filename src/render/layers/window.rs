//! Window frames (cap-look.md 15): which pixels need which maths, and the numbers for the shader.

use super::card::ANTIALIASED;
use super::smear::{SmearKey, Smearing};
use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, centres_within, subtract_all};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::Window;

/// What the shader must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) struct WindowKey {
    /// Nothing but the shadow.
    shadow_alone: bool,
    squircle: bool,
    bordered: bool,
    /// The border takes the artwork's place.
    replaced: bool,
    smear: SmearKey,
}

impl WindowKey {
    /// Of shaders/window.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        if self.shadow_alone { "shadow" } else { "frame" }
    }

    /// Pipeline constants of shaders/window.wgsl.
    pub(in crate::render) fn constants(self) -> Vec<(&'static str, f64)> {
        vec![
            ("superellipse", f64::from(u8::from(self.squircle))),
            ("bordered", f64::from(u8::from(self.bordered))),
            ("replaced", f64::from(u8::from(self.replaced))),
            self.smear.constant(),
        ]
    }
}

/// Numbers of shaders/window.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct WindowUniforms {
    shape: [f32; 4],
    art: [f32; 4],
    border_color: [f32; 4],
    corner_radius: f32,
    border_width: f32,
    border_alpha: f32,
    opacity: f32,
    shadow: [f32; 4],
    smear: [f32; 4],
    size: [f32; 4],
}

/// The draws of a window frame with finite numbers, whose border may take the artwork's place.
pub(in crate::render) fn plan(
    window: &Window,
    area: PixelRect,
    borders_replace: bool,
    uniforms: impl FnOnce(&WindowUniforms) -> u32,
) -> Vec<Draw> {
    if !window.is_drawn() {
        return Vec::new();
    }
    let (shadow, border) = (window.seen_shadow(), window.seen_border());
    let within = |extent: Extent| centres_within(area, extent.left, extent.top, extent.right, extent.bottom);
    let bordered = Extent::from(window.rect).grown(border.map_or(0.0, |border| border.width));
    let near = within(window.smeared().hull(bordered).grown(ANTIALIASED));
    let far = shadow.and_then(|shadow| within(Extent::from(window.rect).grown(shadow.reach())));
    let around = subtract_all(far.into_iter().collect(), near.as_slice());
    let rect = window.rect;
    let smearing = window.smear.map(|smear| Smearing::of(rect, smear));
    // Many samples for what is hidden would cost more than the rest of the frame.
    let hidden = smearing
        .zip(window.hidden)
        .and_then(|(smearing, hidden)| smearing.reading(Extent::from(hidden)))
        .and_then(within);
    let near = subtract_all(near.into_iter().collect(), hidden.as_slice());
    let art = window.art;
    let offset = uniforms(&WindowUniforms {
        shape: [
            rect.x + rect.width / 2.0,
            rect.y + rect.height / 2.0,
            rect.width / 2.0,
            rect.height / 2.0,
        ]
        .map(|v| v as f32),
        art: [
            1.0 / art.width,
            1.0 / art.height,
            -art.x / art.width,
            -art.y / art.height,
        ]
        .map(|v| v as f32),
        border_color: border.map_or([0.0; 4], |border| {
            let [red, green, blue] = border.color.map(|v| v as f32);
            [red, green, blue, 0.0]
        }),
        corner_radius: window.corner.radius.clamp(0.0, rect.width.min(rect.height) / 2.0) as f32,
        border_width: border.map_or(0.0, |border| border.width) as f32,
        border_alpha: border.map_or(0.0, |border| border.opacity) as f32,
        opacity: window.opacity.min(1.0) as f32,
        shadow: shadow.map_or([0.0; 4], |shadow| {
            let slope = 1.0 / (shadow.size + 2.0 * shadow.blur);
            [shadow.reach(), slope, shadow.alpha, 0.0].map(|v| v as f32)
        }),
        smear: Smearing::uniform(smearing),
        size: [1.0 / rect.width, 1.0 / rect.height, 0.0, 0.0].map(|v| v as f32),
    });
    let key = WindowKey {
        shadow_alone: false,
        squircle: window.corner.kind == RoundingType::Squircle,
        bordered: border.is_some(),
        replaced: borders_replace && border.is_some(),
        smear: SmearKey::of(window.smear),
    };
    let draw = |key, rects: Vec<PixelRect>| Draw {
        means: Means::Pipeline(PipelineKey::Window(key)),
        textures: Textures::Bitmap(window.bitmap.clone()),
        uniforms: offset,
        rects,
    };
    let shadow_alone = WindowKey {
        shadow_alone: true,
        bordered: false,
        replaced: false,
        smear: SmearKey::Sharp,
        ..key
    };
    vec![draw(shadow_alone, around), draw(key, near)]
}
