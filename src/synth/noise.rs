//! Content whose cost is known: in every picture a chosen share of the pixels changes, each of them.

use super::canvas::{Area, Canvas};
use crate::frame::Size;

/// A rectangle of drifting bars under noise, in the middle of a picture that stays as it is.
pub(super) struct Noise {
    area: Area,
    random: fastrand::Rng,
    pictures: u32,
}

impl Noise {
    /// Changes `percent` (1..=100) of the pixels of a picture of `size`.
    pub(super) fn new(size: Size, percent: u32) -> Self {
        let side = (f64::from(percent) / 100.0).sqrt();
        let width = (f64::from(size.width) * side).round() as i32;
        let height = (f64::from(size.height) * side).round() as i32;
        Self {
            area: Area::new(
                (size.width as i32 - width) / 2,
                (size.height as i32 - height) / 2,
                width,
                height,
            ),
            random: fastrand::Rng::with_seed(0x00ca_957a),
            pictures: 0,
        }
    }

    /// Draws the next picture over the last.
    pub(super) fn draw(&mut self, canvas: &mut Canvas) {
        let mut noise = vec![0u8; self.area.width as usize];
        // Even and odd pictures lie 32 code values apart, more than the noise spans: no pixel keeps its value.
        let level = if self.pictures.is_multiple_of(2) { 40 } else { 72 };
        let drift = self.pictures as usize * 3;
        for row in 0..self.area.height {
            self.random.fill(&mut noise);
            let y = (self.area.y + row) as u32;
            let span = canvas.span_mut(y, self.area.x as u32, self.area.width as u32);
            for (column, (pixel, random)) in span.chunks_exact_mut(4).zip(&noise).enumerate() {
                // Seven bars, as wide as 128 px, that wander to the right.
                let bar = (column + 896 - drift % 896) / 128 % 7;
                let value = level + (random & 0x0f);
                for (channel, byte) in pixel[..3].iter_mut().enumerate() {
                    *byte = value + if (bar + 1) >> channel & 1 == 1 { 128 } else { 0 };
                }
            }
        }
        self.pictures += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_chosen_share_changes() {
        let size = Size::new(200, 100);
        for (percent, expected) in [(1, 20 * 10), (25, 100 * 50), (100, 200 * 100)] {
            let mut canvas = Canvas::new(size, [1, 1, 1]);
            let mut noise = Noise::new(size, percent);
            noise.draw(&mut canvas);
            for _ in 0..5 {
                let before = canvas.view().data.to_vec();
                noise.draw(&mut canvas);
                let changed = before
                    .chunks(4)
                    .zip(canvas.view().data.chunks(4))
                    .filter(|(a, b)| a != b);
                assert_eq!(changed.count(), expected, "{percent} %");
            }
        }
    }
}
