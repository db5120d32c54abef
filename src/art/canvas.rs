//! The drawing board: antialiased shapes on pixels, in units that the caller chooses.

use tiny_skia::{
    Color, FillRule, GradientStop, LinearGradient, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Point,
    Shader, SpreadMode, Stroke, Transform,
};

use super::Picture;
use crate::frame::Size;

/// A colour with its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ink {
    rgb: [u8; 3],
    alpha: f64,
}

impl Ink {
    /// `rgb` as 0xRRGGBB, opaque.
    pub(super) const fn of(rgb: u32) -> Self {
        Self {
            rgb: [(rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8],
            alpha: 1.0,
        }
    }

    /// The same, of this opacity.
    pub(super) const fn at(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    pub(super) const BLACK: Self = Self::of(0);
    pub(super) const WHITE: Self = Self::of(0xFF_FF_FF);

    fn color(self) -> Color {
        let [red, green, blue] = self.rgb;
        Color::from_rgba8(
            red,
            green,
            blue,
            (self.alpha.clamp(0.0, 1.0) * 255.0).round() as u8,
        )
    }
}

/// A shape's outline, in the units that the caller chose.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline(PathBuilder);

impl Outline {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn to(mut self, x: f64, y: f64) -> Self {
        if self.0.is_empty() {
            self.0.move_to(x as f32, y as f32);
        } else {
            self.0.line_to(x as f32, y as f32);
        }
        self
    }

    /// Begins another piece.
    pub(super) fn from(mut self, x: f64, y: f64) -> Self {
        self.0.move_to(x as f32, y as f32);
        self
    }

    /// A cubic Bezier curve through two control points.
    pub(super) fn curve(mut self, a: (f64, f64), b: (f64, f64), to: (f64, f64)) -> Self {
        self.0.cubic_to(
            a.0 as f32,
            a.1 as f32,
            b.0 as f32,
            b.1 as f32,
            to.0 as f32,
            to.1 as f32,
        );
        self
    }

    pub(super) fn close(mut self) -> Self {
        self.0.close();
        self
    }

    /// A circle.
    pub(super) fn circle(mut self, x: f64, y: f64, radius: f64) -> Self {
        self.0.push_circle(x as f32, y as f32, radius as f32);
        self
    }

    /// A rectangle from corner to corner whose lower and upper corners are rounded by circles of these radii.
    pub(super) fn rounded(
        self,
        (left, top): (f64, f64),
        (right, bottom): (f64, f64),
        upper: f64,
        lower: f64,
    ) -> Self {
        // Distance of the control points for a quarter of a circle.
        const K: f64 = 1.0 - 0.552_284_75;
        let most = ((right - left) / 2.0).min((bottom - top) / 2.0).max(0.0);
        let (u, l) = (upper.clamp(0.0, most), lower.clamp(0.0, most));
        self.from(left + u, top)
            .to(right - u, top)
            .curve((right - u * K, top), (right, top + u * K), (right, top + u))
            .to(right, bottom - l)
            .curve(
                (right, bottom - l * K),
                (right - l * K, bottom),
                (right - l, bottom),
            )
            .to(left + l, bottom)
            .curve((left + l * K, bottom), (left, bottom - l * K), (left, bottom - l))
            .to(left, top + u)
            .curve((left, top + u * K), (left + u * K, top), (left + u, top))
            .close()
    }

    /// An arc of a circle from one angle to a larger one, in degrees clockwise from the right.
    pub(super) fn arc(mut self, x: f64, y: f64, radius: f64, from: f64, to: f64) -> Self {
        let steps = ((to - from) / 30.0).ceil().max(1.0);
        let step = ((to - from) / steps).to_radians();
        let handle = 4.0 / 3.0 * (step / 4.0).tan() * radius;
        let at = |angle: f64| (x + radius * angle.cos(), y + radius * angle.sin());
        let along = |angle: f64| (-angle.sin() * handle, angle.cos() * handle);
        let mut angle = from.to_radians();
        let start = at(angle);
        self = self.from(start.0, start.1);
        for _ in 0..steps as u32 {
            let (a, b) = (at(angle), at(angle + step));
            let (out, into) = (along(angle), along(angle + step));
            self = self.curve((a.0 + out.0, a.1 + out.1), (b.0 - into.0, b.1 - into.1), b);
            angle += step;
        }
        self
    }

    /// Every point turned by degrees clockwise about (`x`, `y`).
    pub(super) fn turned(self, degrees: f64, x: f64, y: f64) -> Self {
        let turn = Transform::from_rotate_at(degrees as f32, x as f32, y as f32);
        match self.0.finish().and_then(|path| path.transform(turn)) {
            Some(path) => {
                let mut builder = PathBuilder::new();
                builder.push_path(&path);
                Self(builder)
            }
            None => Self::default(),
        }
    }

    fn finish(self) -> Option<Path> {
        self.0.finish()
    }
}

/// How ends and corners of a line look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Ends {
    Round,
    Straight,
}

/// Pixels that shapes are drawn on: pixel = unit * scale + offset.
#[derive(Debug)]
pub(super) struct Canvas {
    pixels: Pixmap,
    transform: Transform,
    scale: f64,
}

impl Canvas {
    /// Transparent; `None` where `size` is nothing or beyond memory.
    pub(super) fn new(size: Size, scale: f64, (x, y): (f64, f64)) -> Option<Self> {
        Some(Self {
            pixels: Pixmap::new(size.width, size.height)?,
            transform: Transform::from_row(scale as f32, 0.0, 0.0, scale as f32, x as f32, y as f32),
            scale,
        })
    }

    pub(super) fn fill(&mut self, outline: Outline, ink: Ink) {
        self.paint(outline, Shader::SolidColor(ink.color()));
    }

    /// Filled with colours that run from `top` to `bottom`.
    pub(super) fn fill_down(&mut self, outline: Outline, (top, from): (f64, Ink), (bottom, to): (f64, Ink)) {
        let gradient = LinearGradient::new(
            Point::from_xy(0.0, top as f32),
            Point::from_xy(0.0, bottom as f32),
            vec![
                GradientStop::new(0.0, from.color()),
                GradientStop::new(1.0, to.color()),
            ],
            SpreadMode::Pad,
            Transform::identity(),
        );
        self.paint(outline, gradient.unwrap_or(Shader::SolidColor(from.color())));
    }

    fn paint(&mut self, outline: Outline, shader: Shader<'_>) {
        let paint = Paint {
            shader,
            ..Paint::default()
        };
        if let Some(path) = outline.finish() {
            self.pixels
                .fill_path(&path, &paint, FillRule::Winding, self.transform, None);
        }
    }

    pub(super) fn rect(&mut self, (left, top): (f64, f64), (right, bottom): (f64, f64), ink: Ink) {
        let outline = Outline::new()
            .to(left, top)
            .to(right, top)
            .to(right, bottom)
            .to(left, bottom)
            .close();
        self.fill(outline, ink);
    }

    pub(super) fn stroke(&mut self, outline: Outline, width: f64, ends: Ends, ink: Ink) {
        let paint = Paint {
            shader: Shader::SolidColor(ink.color()),
            ..Paint::default()
        };
        let (line_cap, line_join) = match ends {
            Ends::Round => (tiny_skia::LineCap::Round, tiny_skia::LineJoin::Round),
            Ends::Straight => (tiny_skia::LineCap::Butt, tiny_skia::LineJoin::Miter),
        };
        let stroke = Stroke {
            width: width as f32,
            line_cap,
            line_join,
            ..Stroke::default()
        };
        if let Some(path) = outline.finish() {
            self.pixels
                .stroke_path(&path, &paint, &stroke, self.transform, None);
        }
    }

    /// Draws by `draw` on a canvas of its own and puts it here blurred, by a standard deviation in units, at `opacity`.
    pub(super) fn blurred(&mut self, sigma: f64, opacity: f64, draw: impl FnOnce(&mut Self)) {
        let mut layer = self.blank();
        draw(&mut layer);
        layer.blur(sigma * self.scale);
        self.over(&layer, opacity);
    }

    /// Draws by `draw` on a canvas of its own and puts a soft shadow of that here, moved by units, and then that.
    pub(super) fn shadowed(
        &mut self,
        (x, y): (f64, f64),
        sigma: f64,
        opacity: f64,
        draw: impl Fn(&mut Self),
    ) {
        self.blurred(sigma, opacity, |shadow| {
            let resting = shadow.transform;
            shadow.transform = resting.pre_translate(x as f32, y as f32);
            draw(shadow);
            for pixel in shadow.pixels.data_mut().as_chunks_mut::<4>().0 {
                *pixel = [0, 0, 0, pixel[3]];
            }
            shadow.transform = resting;
        });
        draw(self);
    }

    pub(super) fn finish(self) -> Picture {
        Picture {
            size: Size::new(self.pixels.width(), self.pixels.height()),
            data: self.pixels.take(),
        }
    }

    fn blank(&self) -> Self {
        let mut pixels = self.pixels.clone();
        pixels.fill(Color::TRANSPARENT);
        Self {
            pixels,
            transform: self.transform,
            scale: self.scale,
        }
    }

    fn over(&mut self, layer: &Self, opacity: f64) {
        let paint = PixmapPaint {
            opacity: opacity as f32,
            ..PixmapPaint::default()
        };
        let here = Transform::identity();
        self.pixels
            .draw_pixmap(0, 0, layer.pixels.as_ref(), &paint, here, None);
    }

    /// A gaussian of `sigma` pixels, horizontally and then vertically.
    fn blur(&mut self, sigma: f64) {
        let reach = (3.0 * sigma).ceil();
        if !(1.0..=4096.0).contains(&reach) {
            return;
        }
        let weights: Vec<f32> = (0..=2 * reach as u32)
            .map(|tap| (-0.5 * ((f64::from(tap) - reach) / sigma).powi(2)).exp() as f32)
            .collect();
        let total: f32 = weights.iter().sum();
        let (width, height) = (self.pixels.width() as usize, self.pixels.height() as usize);
        // Rows that the blur of what is drawn reaches.
        let drawn = |row: &usize| {
            let row = row * width * 4..(row + 1) * width * 4;
            self.pixels.data()[row].iter().any(|&value| value > 0)
        };
        let (Some(first), Some(last)) = ((0..height).find(drawn), (0..height).rfind(drawn)) else {
            return;
        };
        let top = first.saturating_sub(reach as usize);
        let rows = (last + 1 + reach as usize).min(height) - top;
        for (count, length, step, stride) in [(rows, width, 4, width * 4), (width, rows, width * 4, 4)] {
            let mut line = vec![[0f32; 4]; length];
            for start in (0..count).map(|line| line * stride) {
                let data = &mut self.pixels.data_mut()[top * width * 4..];
                for (at, pixel) in line.iter_mut().enumerate() {
                    *pixel = std::array::from_fn(|channel| f32::from(data[start + at * step + channel]));
                }
                for at in 0..length {
                    let mut sum = [0f32; 4];
                    for (tap, weight) in weights.iter().enumerate() {
                        // Beyond the edges is nothing.
                        let Some(from) = (at + tap).checked_sub(reach as usize) else {
                            continue;
                        };
                        if let Some(pixel) = line.get(from) {
                            sum = std::array::from_fn(|channel| sum[channel] + pixel[channel] * weight);
                        }
                    }
                    for (channel, sum) in sum.into_iter().enumerate() {
                        data[start + at * step + channel] = (sum / total).round() as u8;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        Canvas::new(Size::new(20, 10), 2.0, (1.0, 0.0)).unwrap()
    }

    fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 4] {
        let at = (y * picture.size.width as usize + x) * 4;
        *picture.data[at..].first_chunk().unwrap()
    }

    #[test]
    fn units_are_scaled_and_moved() {
        let mut canvas = canvas();
        canvas.rect((1.0, 1.0), (3.0, 2.0), Ink::of(0xFF_00_80));
        let picture = canvas.finish();
        assert_eq!(pixel(&picture, 3, 2), [255, 0, 128, 255]);
        assert_eq!(pixel(&picture, 6, 3), [255, 0, 128, 255]);
        assert_eq!(pixel(&picture, 2, 2)[3], 0);
        assert_eq!(pixel(&picture, 7, 3)[3], 0);
        assert_eq!(pixel(&picture, 6, 4)[3], 0);
    }

    #[test]
    fn a_blur_keeps_the_sum() {
        let mut canvas = canvas();
        canvas.blurred(0.75, 1.0, |layer| layer.rect((4.0, 2.0), (5.0, 3.0), Ink::BLACK));
        let picture = canvas.finish();
        let sum: u32 = picture
            .data
            .chunks_exact(4)
            .map(|pixel| u32::from(pixel[3]))
            .sum();
        // 2 x 2 pixels of 255, but for rounding.
        assert!(sum.abs_diff(1020) < 80, "{sum}");
        assert!(pixel(&picture, 9, 4)[3] < 255);
    }
}
