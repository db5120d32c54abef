//! Grades of sampled pixels (cap-look.md 17), in single precision: the maths of shaders/grade.wgsl in the same order.

use multiversion::multiversion;

use super::CHANNELS;
use super::filter::rounded;
use crate::frame::PackedFormat;
use crate::render::layers::grade::GradeUniforms;
use crate::scene::Grade;

/// Pixels that are graded together.
const BLOCK: usize = 32;

/// A channel of a block, 0..=1.
type Channel = [f32; BLOCK];

/// Applies a grade to rows of pixels.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Grading {
    numbers: GradeUniforms,
    grained: bool,
    /// Bytes of red and of blue in a pixel.
    order: [usize; 2],
}

impl Grading {
    /// Of pixels in the byte order of `format`.
    pub(in crate::render) fn new(grade: &Grade, format: PackedFormat) -> Self {
        Self {
            numbers: GradeUniforms::of(Some(grade)),
            grained: grade.grain.is_some(),
            order: match format {
                PackedFormat::Rgba => [0, 2],
                PackedFormat::Bgra => [2, 0],
            },
        }
    }

    /// Grades `pixels`, 4 bytes each and premultiplied, which lie from the output's column `x` on in its row `y`.
    pub(in crate::render) fn apply(&self, pixels: &mut [u8], x: u32, y: u32) {
        for (index, block) in pixels.chunks_mut(BLOCK * CHANNELS).enumerate() {
            let x = x + (index * BLOCK) as u32;
            grade(self, block, [x as f32 + 0.5, y as f32 + 0.5]);
        }
    }
}

#[inline(always)]
fn smoothstep(low: f32, high: f32, value: f32) -> f32 {
    // Both are constants, so only the product is left.
    let t = ((value - low) * (1.0 / (high - low))).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

#[inline(always)]
fn fract(value: f32) -> f32 {
    value - value.floor()
}

#[inline(always)]
fn luma(red: f32, green: f32, blue: f32) -> f32 {
    red.clamp(0.0, 1.0) * 0.2126 + green.clamp(0.0, 1.0) * 0.7152 + blue.clamp(0.0, 1.0) * 0.0722
}

/// Grades up to [`BLOCK`] pixels, the first with its centre at `place`.
#[multiversion(targets("x86_64+avx2"))]
fn grade(grading: &Grading, pixels: &mut [u8], place: [f32; 2]) {
    let numbers = &grading.numbers;
    let [at_red, at_blue] = grading.order;
    let (mut red, mut green, mut blue, mut alpha): (Channel, Channel, Channel, Channel) =
        ([0.0; BLOCK], [0.0; BLOCK], [0.0; BLOCK], [1.0; BLOCK]);
    let (texels, _) = pixels.as_chunks_mut::<CHANNELS>();
    for (index, texel) in texels.iter().enumerate().take(BLOCK) {
        red[index] = f32::from(texel[at_red]);
        green[index] = f32::from(texel[1]);
        blue[index] = f32::from(texel[at_blue]);
        alpha[index] = f32::from(texel[3]);
    }
    let [by_red, by_green, by_blue, contrast] = numbers.balance;
    let [saturation, split_tone, fade, fade_offset] = numbers.tone;
    let [scale_x, scale_y, origin_x, origin_y] = numbers.vignette_map;
    let [vignette, grain, seed_x, seed_y] = numbers.grain;
    let down = place[1] * scale_y + origin_y;
    // Straight colours of what is premultiplied.
    let mut whole = [1.0 / 255.0; BLOCK];
    if alpha.iter().any(|&alpha| alpha < 255.0) {
        for index in 0..BLOCK {
            whole[index] = 1.0 / alpha[index].max(1e-6);
        }
    }
    let mut lumas = [0.0; BLOCK];
    for index in 0..BLOCK {
        let balanced = |value: f32, factor: f32| {
            let part = (value * whole[index]).min(1.0);
            (part * factor - 0.5) * contrast + 0.5
        };
        let (r, g, b) = (
            balanced(red[index], by_red),
            balanced(green[index], by_green),
            balanced(blue[index], by_blue),
        );
        let y = luma(r, g, b);
        lumas[index] = y;
        red[index] = y + (r - y) * saturation;
        green[index] = y + (g - y) * saturation;
        blue[index] = y + (b - y) * saturation;
    }
    if split_tone != 0.0 {
        for index in 0..BLOCK {
            let shadows = split_tone * (1.0 - smoothstep(0.2, 0.65, lumas[index]));
            let highlights = split_tone * smoothstep(0.35, 0.8, lumas[index]);
            red[index] += shadows * -0.06 + highlights * 0.08;
            green[index] += shadows * 0.02 + highlights * 0.02;
            blue[index] += shadows * 0.08 + highlights * -0.06;
        }
    }
    let mut lightness = [1.0; BLOCK];
    if vignette > 0.0 {
        for (index, lightness) in lightness.iter_mut().enumerate() {
            let across = (place[0] + index as f32) * scale_x + origin_x;
            let from_middle = (across * across + down * down).sqrt();
            *lightness = 1.0 - vignette * smoothstep(0.5, 1.5, from_middle);
        }
    }
    for index in 0..BLOCK {
        red[index] = (red[index] * fade + fade_offset) * lightness[index];
        green[index] = (green[index] * fade + fade_offset) * lightness[index];
        blue[index] = (blue[index] * fade + fade_offset) * lightness[index];
    }
    if grading.grained {
        // The hash of 4.2.
        let v_y = fract((place[1] + seed_y) * 0.1031);
        for index in 0..BLOCK {
            let v_x = fract((place[0] + index as f32 + seed_x) * 0.1031);
            let dot = v_x * (v_y + 33.33) + v_y * (v_x + 33.33) + v_x * (v_x + 33.33);
            let (h_x, h_y) = (v_x + dot, v_y + dot);
            let hash = fract((h_x + h_y) * h_x);
            let brightness = luma(red[index], green[index], blue[index]);
            let strength = 0.25 + 0.75 * (1.0 - (2.0 * brightness - 1.0).abs());
            let noise = (hash - 0.5) * grain * strength;
            red[index] += noise;
            green[index] += noise;
            blue[index] += noise;
        }
    }
    for index in 0..BLOCK {
        let premultiplied = |value: f32| value.clamp(0.0, 1.0) * alpha[index];
        red[index] = premultiplied(red[index]);
        green[index] = premultiplied(green[index]);
        blue[index] = premultiplied(blue[index]);
    }
    for (index, texel) in texels.iter_mut().enumerate().take(BLOCK) {
        texel[at_red] = rounded(red[index]);
        texel[1] = rounded(green[index]);
        texel[at_blue] = rounded(blue[index]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Rect;
    use crate::scene::{Grain, Vignette};

    fn graded(grade: &Grade, texel: [u8; 4], x: u32, y: u32) -> [u8; 4] {
        let mut pixels = texel;
        Grading::new(grade, PackedFormat::Rgba).apply(&mut pixels, x, y);
        pixels
    }

    const NEUTRAL: Grade = Grade {
        balance: [1.0; 3],
        contrast: 1.0,
        saturation: 1.0,
        split_tone: 0.0,
        fade: 0.0,
        vignette: None,
        grain: None,
    };

    #[test]
    fn a_neutral_grade_changes_nothing() {
        for texel in [
            [0, 0, 0, 255],
            [255, 255, 255, 255],
            [13, 200, 91, 255],
            [40, 20, 60, 100],
        ] {
            assert_eq!(graded(&NEUTRAL, texel, 5, 7), texel);
        }
    }

    #[test]
    fn steps_follow_the_formulas() {
        // 17, 3: (100/255 - 0.5) x 1.5 + 0.5 = 0.33824, x 255 = 86.25.
        let contrast = Grade {
            contrast: 1.5,
            ..NEUTRAL
        };
        assert_eq!(graded(&contrast, [100, 100, 100, 255], 0, 0), [86, 86, 86, 255]);
        // 4: Y = 0.7152 x 100 = 71.52; half the way from there to (0, 100, 0).
        let saturation = Grade {
            saturation: 0.5,
            ..NEUTRAL
        };
        assert_eq!(graded(&saturation, [0, 100, 0, 255], 0, 0), [36, 86, 36, 255]);
        // 5: black is all shadow: 255 x (-0.06, 0.02, 0.08).
        let split = Grade {
            split_tone: 1.0,
            ..NEUTRAL
        };
        assert_eq!(graded(&split, [0, 0, 0, 255], 0, 0), [0, 5, 20, 255]);
        // 6: 200 x 0.82 + 255 x 0.09.
        let fade = Grade { fade: 1.0, ..NEUTRAL };
        assert_eq!(graded(&fade, [200, 200, 200, 255], 0, 0), [187, 187, 187, 255]);
        // 7: at the corner pixel of 100 x 100, r = sqrt(2) x 0.99 and S = 0.9720; white x (1 - 0.65 x 0.9720) = 93.9.
        let vignette = Grade {
            vignette: Some(Vignette {
                strength: 1.0,
                within: Rect {
                    x: 0.0,
                    y: 0.0,
                    width: 100.0,
                    height: 100.0,
                },
            }),
            ..NEUTRAL
        };
        assert_eq!(graded(&vignette, [255; 4], 0, 0), [94, 94, 94, 255]);
        assert_eq!(graded(&vignette, [255; 4], 50, 50), [255; 4]);
    }

    #[test]
    fn translucent_pixels_are_graded_straight() {
        // 100 of 255 at alpha 51: premultiplied 20. Graded 86, premultiplied 17.
        let contrast = Grade {
            contrast: 1.5,
            ..NEUTRAL
        };
        assert_eq!(graded(&contrast, [20, 20, 20, 51], 0, 0), [17, 17, 17, 51]);
        assert_eq!(graded(&contrast, [0; 4], 0, 0), [0; 4]);
    }

    #[test]
    fn grain_is_the_hash_of_the_pixel() {
        let grain = Grade {
            grain: Some(Grain {
                strength: 1.0,
                seed: 2,
            }),
            ..NEUTRAL
        };
        // 4.2 and 17.8 at pixel (70, 3) moved by (34, 58), grey 128, for which the strength is 0.9971.
        let v = [104.5f32, 61.5].map(|at| (at * 0.1031).fract());
        let dot = v[0] * (v[1] + 33.33) + v[1] * (v[0] + 33.33) + v[0] * (v[0] + 33.33);
        let hash = ((v[0] + dot + v[1] + dot) * (v[0] + dot)).fract();
        let expected = (128.0 + 255.0 * (hash - 0.5) * 0.35 * 0.9971).round() as u8;
        let mut row = [128, 128, 128, 255].repeat(80);
        Grading::new(&grain, PackedFormat::Bgra).apply(&mut row, 0, 3);
        assert!(expected.abs_diff(row[4 * 70]) <= 1, "{expected} {}", row[4 * 70]);
        assert_ne!(row[4 * 70], row[4 * 71]);
        // The same pixel by itself.
        assert_eq!(graded(&grain, [128, 128, 128, 255], 70, 3)[0], row[4 * 70]);
    }
}
