//! Rows of a source picture as R'G'B', every texel with the chroma of its block, clamped (cap-look.md 20.1, 20.3).

use multiversion::multiversion;

use super::{CHANNELS, Source, Span};
use crate::frame::PackedFormat;
use crate::render::layers::card::Conversion;
use crate::render::sources::planes::ChromaRows;

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

/// Converts rows; keeps its buffers from call to call.
#[derive(Debug, Default)]
pub(super) struct Texels {
    luma: Vec<f32>,
    blue: Vec<f32>,
    red: Vec<f32>,
}

impl Texels {
    /// Writes the texels of `span` of row `y`.
    pub(super) fn row(&mut self, source: &Source<'_>, y: u32, span: Span, texels: &mut [f32]) {
        let planes = source.planes;
        let (shift_x, shift_y) = planes.shift;
        // The span starts with a block.
        let first = span.start >> shift_x;
        let samples = ((span.end - 1) >> shift_x) + 1 - first;
        for (values, count) in [
            (&mut self.luma, span.len()),
            (&mut self.blue, samples),
            (&mut self.red, samples),
        ] {
            values.resize(count, 0.0);
        }
        widen(&planes.luma_row(y)[span.start..span.end], &mut self.luma);
        match planes.chroma_rows(y >> shift_y, first as u32, samples as u32) {
            ChromaRows::Separate(u, v) => {
                widen(u, &mut self.blue);
                widen(v, &mut self.red);
            }
            ChromaRows::Interleaved(pairs) => widen_pairs(pairs, &mut self.blue, &mut self.red),
        }
        let weights = &source.weights;
        // Of all layouts nearly every picture has this one; the others go one texel at a time.
        let done = if shift_x == 1 {
            convert_pairs(weights, &self.luma, &self.blue, &self.red, texels)
        } else {
            0
        };
        let rest = texels[done * CHANNELS..].chunks_exact_mut(CHANNELS);
        for ((index, luma), texel) in self.luma.iter().enumerate().skip(done).zip(rest) {
            let block = index >> shift_x;
            let chroma = weights.chroma(self.blue[block], self.red[block]);
            for channel in 0..CHANNELS {
                let value = luma * weights.luma[channel] + chroma[channel];
                texel[channel] = value.clamp(0.0, 255.0);
            }
        }
    }
}

impl Weights {
    #[inline]
    fn chroma(&self, u: f32, v: f32) -> [f32; CHANNELS] {
        std::array::from_fn(|channel| u * self.blue[channel] + v * self.red[channel] + self.offset[channel])
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn widen(samples: &[u8], values: &mut [f32]) {
    for (value, sample) in values.iter_mut().zip(samples) {
        *value = f32::from(*sample);
    }
}

#[multiversion(targets("x86_64+avx2"))]
fn widen_pairs(pairs: &[u8], blue: &mut [f32], red: &mut [f32]) {
    let (pairs, _) = pairs.as_chunks::<2>();
    for ((pair, u), v) in pairs.iter().zip(blue).zip(red) {
        *u = f32::from(pair[0]);
        *v = f32::from(pair[1]);
    }
}

/// Texels two by two, each pair with one sample of chroma; how many were converted: all, or all but the last.
#[multiversion(targets("x86_64+avx2"))]
fn convert_pairs(weights: &Weights, luma: &[f32], blue: &[f32], red: &[f32], texels: &mut [f32]) -> usize {
    const PAIR: usize = 2 * CHANNELS;
    let twice =
        |weights: &[f32; CHANNELS]| -> [f32; PAIR] { std::array::from_fn(|index| weights[index % CHANNELS]) };
    let (by_luma, by_blue) = (twice(&weights.luma), twice(&weights.blue));
    let (by_red, offset) = (twice(&weights.red), twice(&weights.offset));
    let (luma, _) = luma.as_chunks::<2>();
    let (pairs, _) = texels.as_chunks_mut::<PAIR>();
    for (((luma, u), v), pair) in luma.iter().zip(blue).zip(red).zip(pairs) {
        let [a, b] = *luma;
        let luma = [a, a, a, a, b, b, b, b];
        for index in 0..PAIR {
            let chroma = u * by_blue[index] + v * by_red[index] + offset[index];
            pair[index] = (luma[index] * by_luma[index] + chroma).clamp(0.0, 255.0);
        }
    }
    luma.len() * 2
}
