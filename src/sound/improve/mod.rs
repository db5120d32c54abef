//! A microphone made easier to listen to (cap-additions.md, `audio.improve`): noise is suppressed, speech is brought to one
//! level, loud parts are held down.
//!
//! Everything here depends on what came before: the network that tells speech from noise remembers, a compressor lets go
//! slowly. What is heard at a position must still not depend on the order in which an export asks. So the chain always runs from
//! the first sample of the file. It is kept every quarter of a minute, and a jump goes on from the last one kept.

mod chain;
mod dynamics;
mod level;

use std::sync::{Arc, OnceLock};

use super::{BoxError, Channels, SampleSource, Stereo};
use chain::{Chain, FRAME, Frame};
use level::Meter;

/// Frames between two chains that are kept: 15 s.
const KEPT_EVERY: u64 = 1500;
/// Chains that are kept at most: of more than an hour the later part is run through again.
const KEPT: usize = 256;

/// What was made of a microphone; it is known once the first sample was asked for.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Improvement {
    /// Share of the sound without noise in the result, 0 to 1; the rest is the sound as recorded.
    pub wet: f64,
    /// Seconds of speech that the level was measured on: 16 at most. Below 0.2 the level was left alone.
    pub speech_secs: f64,
    /// Gain in front of the compressor, dB.
    pub gain_db: f64,
    /// Gain behind it, dB.
    pub make_up_db: f64,
}

/// A source whose sound is improved.
pub struct Improved {
    source: Box<dyn SampleSource>,
    /// Samples of the source.
    length: u64,
    wet: f32,
    made: Arc<OnceLock<Improvement>>,
    /// The frame that `chain` gives next.
    next: u64,
    chain: Chain,
    kept: Vec<Chain>,
    /// The frame before `next`.
    frame: Box<Frame>,
}

impl Improved {
    /// `source`, which has `length` samples, with a share of `wet` (0 to 1) of the sound without noise.
    pub fn new(source: Box<dyn SampleSource>, length: u64, wet: f64) -> Self {
        let chain = Chain::new(source.channels());
        Self {
            source,
            length,
            wet: wet.clamp(0.0, 1.0) as f32,
            made: Arc::default(),
            next: 0,
            kept: vec![chain.clone()],
            chain,
            frame: Box::new([[0.0; 2]; FRAME]),
        }
    }

    /// What is made of it.
    pub fn improvement(&self) -> Arc<OnceLock<Improvement>> {
        Arc::clone(&self.made)
    }

    /// Measures the speech from the beginning on, until there is enough of it or the source ends.
    fn measure(&mut self) -> Result<Improvement, BoxError> {
        if let Some(made) = self.made.get() {
            return Ok(*made);
        }
        let mut chain = self.chain.clone();
        let mut meter = Meter::new(self.source.channels());
        let mut frame = Box::new([[0.0; 2]; FRAME]);
        for number in 0..self.length.div_ceil(FRAME as u64) {
            let speech = chain.suppress(&mut *self.source, number, self.wet, &mut frame)?;
            if !meter.hear(speech, &frame) {
                break;
            }
        }
        let measured = meter.measured()?;
        Ok(*self.made.get_or_init(|| Improvement {
            wet: f64::from(self.wet),
            ..measured
        }))
    }

    /// Makes frame `number` the one that is at hand.
    fn go_to(&mut self, number: u64, made: &Improvement) -> Result<(), BoxError> {
        let last = (self.kept.len() - 1).min((number / KEPT_EVERY) as usize);
        let kept_at = last as u64 * KEPT_EVERY;
        if number < self.next || kept_at > self.next {
            self.chain = self.kept[last].clone();
            self.next = kept_at;
        }
        while self.next <= number {
            let kept = self.kept.len();
            if self.next == kept as u64 * KEPT_EVERY && kept < KEPT {
                self.kept.push(self.chain.clone());
            }
            self.chain
                .improve(&mut *self.source, self.next, made, &mut self.frame)?;
            self.next += 1;
        }
        Ok(())
    }
}

impl SampleSource for Improved {
    fn channels(&self) -> Channels {
        self.source.channels()
    }

    fn read(&mut self, mut position: i64, mut out: &mut [Stereo]) -> Result<(), BoxError> {
        let made = self.measure()?;
        while !out.is_empty() {
            let at = u64::try_from(position).ok().filter(|at| *at < self.length);
            let length = match at {
                Some(at) => {
                    let (number, within) = (at / FRAME as u64, (at % FRAME as u64) as usize);
                    if self.next != number + 1 {
                        self.go_to(number, &made)?;
                    }
                    let left = (self.length - at).min((FRAME - within) as u64) as usize;
                    let length = out.len().min(left);
                    out[..length].copy_from_slice(&self.frame[within..within + length]);
                    length
                }
                // Before the first sample, or after the last.
                None => {
                    let silent = usize::try_from(position.saturating_neg()).unwrap_or(0);
                    let length = if position < 0 {
                        out.len().min(silent)
                    } else {
                        out.len()
                    };
                    out[..length].fill([0.0; 2]);
                    length
                }
            };
            position = position.saturating_add(length as i64);
            out = &mut out[length..];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
