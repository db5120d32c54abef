//! A number that survives encoding, scaling and composing: black and white squares.
//!
//! Two rows of 11 squares. In reading order: one white and one black square as reference levels, 16 bits of the number,
//! most significant first (white is 1), and 4 check bits, the exclusive or of the number's four nibbles, inverted. One
//! wrong square is always found out, and so is a picture without a barcode.

use super::canvas::{Area, Canvas};
use crate::frame::{PackedView, PlaneView, Size};

/// Squares per row.
pub const COLUMNS: u32 = 11;
/// Rows of squares.
pub const ROWS: u32 = 2;

const BLACK: [u8; 3] = [0; 3];
const WHITE: [u8; 3] = [255; 3];
/// Smallest difference between the reference squares that is taken for a barcode, code values.
const MIN_CONTRAST: f64 = 64.0;

/// Where a barcode is in a picture, in pixels of that picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Side of a square, at least 16 where it is drawn; readable from 8 on.
    pub cell: f64,
}

impl Placement {
    /// Where counter videos carry it: 16 px squares, 16 px from the top left corner.
    pub const STANDARD: Self = Self {
        x: 16.0,
        y: 16.0,
        cell: 16.0,
    };

    /// The same barcode after the picture was scaled by `factor` and then moved by (x, y).
    pub fn scaled(self, factor: f64, x: f64, y: f64) -> Self {
        Self {
            x: self.x * factor + x,
            y: self.y * factor + y,
            cell: self.cell * factor,
        }
    }

    /// Smallest picture that holds it.
    pub fn fits_in(self) -> Size {
        let width = (self.x + self.cell * f64::from(COLUMNS)).ceil() as u32;
        Size::new(width, (self.y + self.cell * f64::from(ROWS)).ceil() as u32)
    }
}

/// Draws the lowest 16 bits of `number`; fractions of pixels are rounded.
pub fn draw(canvas: &mut Canvas, at: Placement, number: u32) {
    for (index, white) in squares(number as u16).into_iter().enumerate() {
        let (column, row) = (index as u32 % COLUMNS, index as u32 / COLUMNS);
        let left = (at.x + f64::from(column) * at.cell).round() as i32;
        let top = (at.y + f64::from(row) * at.cell).round() as i32;
        let side = at.cell.round() as i32;
        canvas.fill(
            Area::new(left, top, side, side),
            if white { WHITE } else { BLACK },
        );
    }
}

/// Reads a number from an 8-bit luma plane of `size`; `None` where there is none that checks.
pub fn read(luma: PlaneView<'_>, size: Size, at: Placement) -> Option<u32> {
    read_with(size, at, |x, y| luma.data[y as usize * luma.stride + x as usize])
}

/// Reads a number from a packed picture (its green channel); `None` where there is none that checks.
pub fn read_packed(picture: PackedView<'_>, at: Placement) -> Option<u32> {
    read_with(picture.size, at, |x, y| picture.row(y)[x as usize * 4 + 1])
}

fn read_with(size: Size, at: Placement, level: impl Fn(u32, u32) -> u8) -> Option<u32> {
    let needed = at.fits_in();
    if at.x < 0.0 || at.y < 0.0 || needed.width > size.width || needed.height > size.height {
        return None;
    }
    let levels: Vec<f64> = (0..COLUMNS * ROWS)
        .map(|index| {
            let left = at.x + f64::from(index % COLUMNS) * at.cell;
            let top = at.y + f64::from(index / COLUMNS) * at.cell;
            // The middle half of the square: edges are smeared by scaling and chroma subsampling.
            mean(left + at.cell * 0.25, top + at.cell * 0.25, at.cell * 0.5, &level)
        })
        .collect();
    let (white, black) = (levels[0], levels[1]);
    if white - black < MIN_CONTRAST {
        return None;
    }
    let mut bits = 0u32;
    for value in &levels[2..] {
        let relative = (value - black) / (white - black);
        bits = bits << 1
            | match relative {
                ..0.35 => 0,
                0.65.. => 1,
                _ => return None,
            };
    }
    let number = (bits >> 4) as u16;
    (squares(number)[18..] == check_bits(bits as u8 & 0xf)).then_some(u32::from(number))
}

fn mean(left: f64, top: f64, side: f64, level: &impl Fn(u32, u32) -> u8) -> f64 {
    let range =
        |start: f64| start.round() as u32..((start + side).round() as u32).max(start.round() as u32 + 1);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in range(top) {
        for x in range(left) {
            sum += f64::from(level(x, y));
            count += 1.0;
        }
    }
    sum / count
}

fn squares(number: u16) -> [bool; (COLUMNS * ROWS) as usize] {
    let mut squares = [false; (COLUMNS * ROWS) as usize];
    squares[0] = true;
    for bit in 0..16 {
        squares[2 + bit] = number >> (15 - bit) & 1 == 1;
    }
    let nibbles = number ^ number >> 4 ^ number >> 8 ^ number >> 12;
    squares[18..].copy_from_slice(&check_bits(!nibbles as u8 & 0xf));
    squares
}

fn check_bits(nibble: u8) -> [bool; 4] {
    [3, 2, 1, 0].map(|bit| nibble >> bit & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(number: u32, at: Placement) -> Canvas {
        let mut canvas = Canvas::new(at.fits_in(), [120, 130, 140]);
        draw(&mut canvas, at, number);
        canvas
    }

    #[test]
    fn every_number_comes_back() {
        for number in (0..=0xffff).step_by(37).chain([0, 1, 0xffff]) {
            let canvas = drawn(number, Placement::STANDARD);
            assert_eq!(read_packed(canvas.view(), Placement::STANDARD), Some(number));
        }
    }

    #[test]
    fn every_single_wrong_square_is_found_out() {
        for number in [0, 0x5a3c, 0xffff] {
            for square in 0..COLUMNS * ROWS {
                let mut canvas = drawn(number, Placement::STANDARD);
                let (x, y) = (
                    (16 + square % COLUMNS * 16) as i32,
                    (16 + square / COLUMNS * 16) as i32,
                );
                let white = squares(number as u16)[square as usize];
                canvas.fill(Area::new(x, y, 16, 16), if white { BLACK } else { WHITE });
                assert_eq!(
                    read_packed(canvas.view(), Placement::STANDARD),
                    None,
                    "square {square}"
                );
            }
        }
    }

    #[test]
    fn a_picture_without_barcode_has_no_number() {
        let canvas = Canvas::new(Size::new(300, 100), [200, 200, 200]);
        assert_eq!(read_packed(canvas.view(), Placement::STANDARD), None);
        let small = Canvas::new(Size::new(20, 20), [200, 200, 200]);
        assert_eq!(read_packed(small.view(), Placement::STANDARD), None);
    }

    #[test]
    fn scaled_pictures_are_read_at_the_scaled_place() {
        let canvas = drawn(0xbeef, Placement::STANDARD);
        let size = canvas.size();
        let source = image::RgbaImage::from_raw(size.width, size.height, canvas.into_frame().data).unwrap();
        for factor in [0.5, 0.617, 0.926, 1.33, 2.0] {
            let (width, height) = (f64::from(size.width) * factor, f64::from(size.height) * factor);
            let filter = image::imageops::FilterType::Triangle;
            let scaled = image::imageops::resize(&source, width.ceil() as u32, height.ceil() as u32, filter);
            let luma: Vec<u8> = scaled.pixels().map(|pixel| pixel[1]).collect();
            let plane = PlaneView {
                data: &luma,
                stride: scaled.width() as usize,
            };
            let at = Placement::STANDARD.scaled(factor, 0.0, 0.0);
            let found = read(plane, Size::new(scaled.width(), scaled.height()), at);
            assert_eq!(found, Some(0xbeef), "factor {factor}");
        }
    }
}
