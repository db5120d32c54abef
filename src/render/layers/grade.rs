//! Colour grades (cap-look.md 17): the numbers that the shaders of graded layers read.

use crate::scene::Grade;

/// Numbers of shaders/grade.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct GradeUniforms {
    /// Factors of R, G, B, and of the distance from mid-grey.
    pub(in crate::render) balance: [f32; 4],
    /// Saturation, split tone, factor and offset of the fade.
    pub(in crate::render) tone: [f32; 4],
    /// Place in the vignette = pixel * xy + zw.
    pub(in crate::render) vignette_map: [f32; 4],
    /// Strength of the vignette and of the grain, offset of the grain's lattice.
    pub(in crate::render) grain: [f32; 4],
}

/// What a shader must be able to do for a grade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::render) struct GradeKey {
    graded: bool,
    grained: bool,
    split: bool,
    vignetted: bool,
}

impl GradeKey {
    pub(in crate::render) fn of(grade: Option<&Grade>) -> Self {
        Self {
            graded: grade.is_some(),
            grained: grade.is_some_and(|grade| grade.grain.is_some()),
            split: grade.is_some_and(|grade| grade.split_tone != 0.0),
            vignetted: grade.is_some_and(|grade| grade.vignette.is_some()),
        }
    }

    /// Pipeline constants of shaders/grade.wgsl.
    pub(in crate::render) fn constants(self) -> [(&'static str, f64); 4] {
        [
            ("graded", f64::from(u8::from(self.graded))),
            ("grained", f64::from(u8::from(self.grained))),
            ("split", f64::from(u8::from(self.split))),
            ("vignetted", f64::from(u8::from(self.vignetted))),
        ]
    }
}

impl GradeUniforms {
    /// Zeroes where there is none.
    pub(in crate::render) fn of(grade: Option<&Grade>) -> Self {
        let Some(grade) = grade else {
            return Self::default();
        };
        let [red, green, blue] = grade.balance;
        // Twice the distance from the middle, in sides.
        let (vignette, map) = grade.vignette.map_or((0.0, [0.0; 4]), |vignette| {
            let within = vignette.within;
            let scale = |side: f64| 2.0 / side.max(f64::MIN_POSITIVE);
            let (x, y) = (scale(within.width), scale(within.height));
            let map = [x, y, -1.0 - within.x * x, -1.0 - within.y * y];
            (vignette.strength, map)
        });
        let (grain, seed) = grade
            .grain
            .map_or((0.0, 0.0), |grain| (grain.strength, f64::from(grain.seed)));
        let floats = |numbers: [f64; 4]| numbers.map(|number| number as f32);
        Self {
            balance: floats([red, green, blue, grade.contrast]),
            tone: floats([
                grade.saturation,
                grade.split_tone,
                1.0 - 0.18 * grade.fade,
                0.09 * grade.fade,
            ]),
            vignette_map: floats(map),
            grain: floats([0.65 * vignette, 0.35 * grain, 17.0 * seed, 29.0 * seed]),
        }
    }
}
