//! Rows of a source picture as R'G'B', every texel with the chroma of its block, clamped (cap-look.md 20.1, 20.3).

use super::{CHANNELS, Source, Span};
use crate::frame::PackedFormat;
use crate::render::card::Conversion;

/// What a luma, U or V sample adds to the four channels of a texel, and what is added to all; texels are 0..=255.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    luma: [f32; CHANNELS],
    blue: [f32; CHANNELS],
    red: [f32; CHANNELS],
    offset: [f32; CHANNELS],
}

impl Weights {
    /// For texels in the byte order of `format`, opaque.
    pub(super) fn new(conversion: &Conversion, format: PackedFormat) -> Self {
        let ordered = |[red, green, blue]: [f64; 3], alpha: f64| {
            let color = match format {
                PackedFormat::Rgba => [red, green, blue, alpha],
                PackedFormat::Bgra => [blue, green, red, alpha],
            };
            color.map(|channel| channel as f32)
        };
        Self {
            luma: ordered([conversion.luma; 3], 0.0),
            blue: ordered(conversion.blue, 0.0),
            red: ordered(conversion.red, 0.0),
            offset: ordered(conversion.offset.map(|channel| channel * 255.0), 255.0),
        }
    }
}

/// Converts rows; keeps its buffer from call to call.
#[derive(Debug, Default)]
pub(super) struct Texels {
    pairs: Vec<u8>,
}

impl Texels {
    /// Writes the texels of `span` of row `y`.
    pub(super) fn row(&mut self, source: &Source<'_>, y: u32, span: Span, texels: &mut [f32]) {
        let planes = source.planes;
        let (shift_x, shift_y) = planes.shift;
        let first = span.start >> shift_x;
        let samples = ((span.end - 1) >> shift_x) + 1 - first;
        self.pairs.resize(samples * 2, 0);
        let pairs = planes.chroma_row(y >> shift_y, first as u32, samples as u32, &mut self.pairs);
        let luma = &planes.luma_row(y)[span.start..span.end];
        // The span starts with a block.
        let block = 1usize << shift_x.min(16);
        let blocks = luma.chunks(block).zip(pairs.chunks_exact(2));
        let texels = texels.chunks_mut(block * CHANNELS);
        for ((luma, pair), texels) in blocks.zip(texels) {
            let chroma = source.weights.chroma(pair[0], pair[1]);
            for (luma, texel) in luma.iter().zip(texels.chunks_exact_mut(CHANNELS)) {
                source.weights.texel(*luma, &chroma, texel);
            }
        }
    }
}

impl Weights {
    #[inline]
    fn chroma(&self, u: u8, v: u8) -> [f32; CHANNELS] {
        let (u, v) = (f32::from(u), f32::from(v));
        std::array::from_fn(|channel| u * self.blue[channel] + v * self.red[channel] + self.offset[channel])
    }

    #[inline]
    fn texel(&self, luma: u8, chroma: &[f32; CHANNELS], texel: &mut [f32]) {
        let luma = f32::from(luma);
        for channel in 0..CHANNELS {
            let value = luma * self.luma[channel] + chroma[channel];
            texel[channel] = value.clamp(0.0, 255.0);
        }
    }
}
