//! Draws rectangles, text and ellipses into an RGBA picture.

use font8x8::UnicodeFonts;

use crate::frame::{PackedFormat, PackedFrame, PackedView, Size};

/// R, G, B.
pub type Rgb = [u8; 3];

/// A rectangle of whole pixels that may hang over the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Area {
    /// An area from its left, top, width and height.
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self { x, y, width, height }
    }

    /// The area without `margin` pixels on every side.
    pub const fn inner(self, margin: i32) -> Self {
        Self::new(
            self.x + margin,
            self.y + margin,
            self.width - 2 * margin,
            self.height - 2 * margin,
        )
    }
}

/// Width and height of a character at scale 1, pixels.
pub const GLYPH: i32 = 8;

/// An opaque RGBA picture that is drawn on. Everything is clipped to it.
pub struct Canvas {
    frame: PackedFrame,
}

impl Canvas {
    /// A picture of one colour.
    pub fn new(size: Size, color: Rgb) -> Self {
        let mut canvas = Self {
            frame: PackedFrame::new(size, PackedFormat::Rgba),
        };
        canvas.fill(Area::new(0, 0, size.width as i32, size.height as i32), color);
        canvas
    }

    /// Picture size.
    pub fn size(&self) -> Size {
        self.frame.size
    }

    /// Borrows the picture.
    pub fn view(&self) -> PackedView<'_> {
        self.frame.view()
    }

    /// Gives the picture away.
    pub fn into_frame(self) -> PackedFrame {
        self.frame
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, area: Area, color: Rgb) {
        let Some((x, y, width, height)) = self.clip(area) else {
            return;
        };
        let pixel = [color[0], color[1], color[2], 255];
        for row in y..y + height {
            for target in self.span_mut(row, x, width).chunks_exact_mut(4) {
                target.copy_from_slice(&pixel);
            }
        }
    }

    /// Fills a rectangle with a vertical gradient.
    pub fn gradient(&mut self, area: Area, top: Rgb, bottom: Rgb) {
        for row in 0..area.height {
            let mix = |i: usize| {
                let (a, b) = (i32::from(top[i]), i32::from(bottom[i]));
                (a + (b - a) * row / area.height.max(1)) as u8
            };
            let line = Area::new(area.x, area.y + row, area.width, 1);
            self.fill(line, [mix(0), mix(1), mix(2)]);
        }
    }

    /// Fills an ellipse that touches the sides of `area`.
    pub fn ellipse(&mut self, area: Area, color: Rgb) {
        let (half_w, half_h) = (f64::from(area.width) / 2.0, f64::from(area.height) / 2.0);
        for row in 0..area.height {
            let v = (f64::from(row) + 0.5 - half_h) / half_h;
            let reach = half_w * (1.0 - v * v).max(0.0).sqrt();
            let left = (half_w - reach).round() as i32;
            let right = (half_w + reach).round() as i32;
            self.fill(Area::new(area.x + left, area.y + row, right - left, 1), color);
        }
    }

    /// Writes one line of text with its top left corner at (x, y); a character is 8 `scale` pixels wide and high. The
    /// background shows through. Characters outside ASCII are drawn as `?`. Returns the x after the last character.
    pub fn text(&mut self, x: i32, y: i32, scale: i32, color: Rgb, text: &str) -> i32 {
        let mut left = x;
        for character in text.chars() {
            self.glyph(left, y, scale, color, character);
            left += GLYPH * scale;
        }
        left
    }

    fn glyph(&mut self, x: i32, y: i32, scale: i32, color: Rgb, character: char) {
        let fonts = font8x8::BASIC_FONTS;
        let rows = fonts
            .get(character)
            .or_else(|| fonts.get('?'))
            .unwrap_or_default();
        for (row, bits) in rows.iter().enumerate() {
            let mut column = 0;
            while column < GLYPH {
                if bits >> column & 1 == 0 {
                    column += 1;
                    continue;
                }
                let start = column;
                while column < GLYPH && bits >> column & 1 == 1 {
                    column += 1;
                }
                let top = y + row as i32 * scale;
                let run = Area::new(x + start * scale, top, (column - start) * scale, scale);
                self.fill(run, color);
            }
        }
    }

    /// Copies `area` of `source` so that its top left corner comes to (x, y).
    pub fn blit(&mut self, source: &Self, area: Area, x: i32, y: i32) {
        let Some((from_x, from_y, width, height)) = source.clip(area) else {
            return;
        };
        let (shift_x, shift_y) = (from_x as i32 - area.x, from_y as i32 - area.y);
        let target = Area::new(x + shift_x, y + shift_y, width as i32, height as i32);
        let Some((to_x, to_y, width, height)) = self.clip(target) else {
            return;
        };
        let skip_x = (to_x as i32 - target.x) as u32;
        let skip_y = (to_y as i32 - target.y) as u32;
        for row in 0..height {
            let from = source.span(from_y + skip_y + row, from_x + skip_x, width);
            self.span_mut(to_y + row, to_x, width).copy_from_slice(from);
        }
    }

    /// Mixes straight-alpha RGBA pixels over the picture, `width` of them a row, at (x, y).
    pub fn blend(&mut self, pixels: &[u8], width: i32, x: i32, y: i32) {
        for (row, line) in pixels.chunks_exact(width as usize * 4).enumerate() {
            for (column, source) in line.chunks_exact(4).enumerate() {
                let place = Area::new(x + column as i32, y + row as i32, 1, 1);
                let Some((x, y, ..)) = self.clip(place) else {
                    continue;
                };
                let alpha = u16::from(source[3]);
                for (target, &source) in self.span_mut(y, x, 1).iter_mut().zip(&source[..3]) {
                    *target =
                        ((u16::from(source) * alpha + u16::from(*target) * (255 - alpha) + 127) / 255) as u8;
                }
            }
        }
    }

    /// The four-byte pixels of `width` columns from `x` in row `y`, which must lie inside.
    pub(super) fn span_mut(&mut self, y: u32, x: u32, width: u32) -> &mut [u8] {
        let start = y as usize * self.frame.stride + x as usize * 4;
        &mut self.frame.data[start..start + width as usize * 4]
    }

    fn span(&self, y: u32, x: u32, width: u32) -> &[u8] {
        let start = y as usize * self.frame.stride + x as usize * 4;
        &self.frame.data[start..start + width as usize * 4]
    }

    /// The part of `area` inside the picture as (x, y, width, height), `None` when it is empty.
    fn clip(&self, area: Area) -> Option<(u32, u32, u32, u32)> {
        let size = self.frame.size;
        let left = area.x.max(0);
        let top = area.y.max(0);
        let right = (area.x + area.width).min(size.width as i32);
        let bottom = (area.y + area.height).min(size.height as i32);
        (left < right && top < bottom).then(|| {
            let (width, height) = ((right - left) as u32, (bottom - top) as u32);
            (left as u32, top as u32, width, height)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixel(canvas: &Canvas, x: u32, y: u32) -> [u8; 4] {
        canvas.view().row(y)[x as usize * 4..][..4].try_into().unwrap()
    }

    #[test]
    fn drawing_is_clipped_to_the_picture() {
        let mut canvas = Canvas::new(Size::new(8, 4), [1, 2, 3]);
        canvas.fill(Area::new(-5, -5, 6, 6), [9, 9, 9]);
        canvas.fill(Area::new(7, 3, 50, 50), [8, 8, 8]);
        canvas.ellipse(Area::new(100, 100, 10, 10), [0, 0, 0]);
        assert_eq!(pixel(&canvas, 0, 0), [9, 9, 9, 255]);
        assert_eq!(pixel(&canvas, 1, 0), [1, 2, 3, 255]);
        assert_eq!(pixel(&canvas, 7, 3), [8, 8, 8, 255]);
    }

    #[test]
    fn a_copy_that_hangs_over_both_pictures_keeps_its_place() {
        let mut source = Canvas::new(Size::new(4, 4), [0, 0, 0]);
        source.fill(Area::new(1, 1, 1, 1), [255, 0, 0]);
        let mut target = Canvas::new(Size::new(4, 4), [7, 7, 7]);
        target.blit(&source, Area::new(-2, -2, 10, 10), -3, -3);
        assert_eq!(pixel(&target, 0, 0), [255, 0, 0, 255]);
        assert_eq!(pixel(&target, 2, 2), [0, 0, 0, 255]);
        assert_eq!(pixel(&target, 3, 3), [7, 7, 7, 255]);
    }

    #[test]
    fn text_draws_the_font_s_pixels_scaled() {
        let mut canvas = Canvas::new(Size::new(32, 16), [0, 0, 0]);
        let end = canvas.text(0, 0, 2, [255, 255, 255], "I");
        assert_eq!(end, 16);
        // font8x8: the top row of 'I' is 0x1E, columns 1 to 4.
        assert_eq!(pixel(&canvas, 1, 0)[0], 0);
        assert_eq!(pixel(&canvas, 2, 0)[0], 255);
        assert_eq!(pixel(&canvas, 9, 1)[0], 255);
        assert_eq!(pixel(&canvas, 10, 1)[0], 0);
    }
}
