//! A picture of the sound: bars, dots or a line (cap-additions.md).

use super::{EDGE, LayerKind, finite};
use crate::cap::config::WaveformStyle;
use crate::frame::{Extent, Rect};

/// Most bars of a waveform.
pub const MOST_BARS: usize = 256;

/// The levels of a moment, each in a slot of its own from left to right. The slots share the box equally.
#[derive(Clone, Debug, PartialEq)]
pub struct Waveform {
    /// The box, output pixels. May hang over the frame.
    pub rect: Rect,
    /// How levels are drawn.
    pub style: WaveformStyle,
    /// 0..=1 each; at most [`MOST_BARS`].
    pub levels: Vec<f64>,
    /// Half the width of a bar or of the line, radius of a dot, output pixels.
    pub half: f64,
    /// Radius of a bar's corners, output pixels.
    pub radius: f64,
    /// R, G, B, 0..=1, at the top of the box and at its bottom.
    pub colors: [[f64; 3]; 2],
}

impl Waveform {
    /// Whether any pixel of it can be seen.
    pub fn is_drawn(&self) -> bool {
        self.rect.width > 0.0 && self.rect.height > 0.0 && !self.levels.is_empty()
    }

    /// Width of a slot, output pixels.
    pub fn slot(&self) -> f64 {
        self.rect.width / self.levels.len().max(1) as f64
    }

    /// The number that a level is drawn with: a bar's height, or the row of a dot's centre or of a point of the line.
    pub fn reach(&self, level: f64) -> f64 {
        let rect = &self.rect;
        match self.style {
            WaveformStyle::Bars | WaveformStyle::Mirrored => (level * rect.height).max(2.0 * self.half),
            WaveformStyle::Dots => {
                rect.bottom() - self.half - level * (rect.height - 2.0 * self.half).max(0.0)
            }
            WaveformStyle::Line => rect.bottom() - level * rect.height,
        }
    }

    /// The rows that the mark of a level covers: top and bottom.
    pub fn rows(&self, level: f64) -> [f64; 2] {
        let (rect, reach) = (&self.rect, self.reach(level));
        match self.style {
            WaveformStyle::Bars => [rect.bottom() - reach, rect.bottom()],
            WaveformStyle::Mirrored => {
                let middle = rect.y + rect.height / 2.0;
                [middle - reach / 2.0, middle + reach / 2.0]
            }
            WaveformStyle::Dots | WaveformStyle::Line => [reach - self.half, reach + self.half],
        }
    }

    /// How many slots to either side a mark reaches out of its own.
    pub fn overhang(&self) -> usize {
        let out = match self.style {
            // Bars are half a pixel wide at least.
            WaveformStyle::Bars | WaveformStyle::Mirrored | WaveformStyle::Dots => {
                (self.half + EDGE) / self.slot().max(1e-6) - 0.5
            }
            // The next point is one further.
            WaveformStyle::Line => (self.half + EDGE) / self.slot().max(1e-6) + 0.5,
        };
        out.ceil().clamp(0.0, MOST_BARS as f64) as usize
    }
}

impl LayerKind for Waveform {
    fn extent(&self) -> Option<Extent> {
        if !self.is_drawn() {
            return None;
        }
        let rows = self.levels.iter().map(|&level| self.rows(level));
        let [top, bottom] = rows.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
        let across = self.half.max(0.5) + EDGE;
        Some(Extent {
            left: self.rect.x - across,
            top: top - EDGE,
            right: self.rect.right() + across,
            bottom: bottom + EDGE,
        })
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let fine = self.rect.is_finite()
            && finite(&self.levels)
            && finite(&[self.half, self.radius])
            && self.colors.iter().all(|color| finite(color));
        if fine && self.levels.len() <= MOST_BARS {
            Ok(())
        } else {
            Err("a waveform's numbers")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waveform(style: WaveformStyle) -> Waveform {
        Waveform {
            rect: Rect {
                x: 100.0,
                y: 200.0,
                width: 80.0,
                height: 40.0,
            },
            style,
            levels: vec![0.0, 0.5, 1.0, 0.25],
            half: 6.0,
            radius: 6.0,
            colors: [[1.0; 3]; 2],
        }
    }

    /// A level of 0 is as high as a bar is wide, 12 pixels.
    #[test]
    fn rows_of_the_levels() {
        let rows = |style| {
            let waveform = waveform(style);
            [0.0, 0.5, 1.0].map(|level| waveform.rows(level))
        };
        assert_eq!(
            rows(WaveformStyle::Bars),
            [[228.0, 240.0], [220.0, 240.0], [200.0, 240.0]]
        );
        assert_eq!(
            rows(WaveformStyle::Mirrored),
            [[214.0, 226.0], [210.0, 230.0], [200.0, 240.0]]
        );
        assert_eq!(
            rows(WaveformStyle::Dots),
            [[228.0, 240.0], [214.0, 226.0], [200.0, 212.0]]
        );
        assert_eq!(
            rows(WaveformStyle::Line),
            [[234.0, 246.0], [214.0, 226.0], [194.0, 206.0]]
        );
    }

    #[test]
    fn the_extent_holds_what_is_drawn_and_no_more() {
        let mut low = waveform(WaveformStyle::Bars);
        low.levels = vec![0.5; 4];
        let extent = low.extent().unwrap();
        assert_eq!((extent.top, extent.bottom), (220.0 - EDGE, 240.0 + EDGE));
        low.levels.clear();
        assert_eq!(low.extent(), None);
    }
}
