//! A frame of sound on its way: recorded, without noise, at its level.

use nnnoiseless::DenoiseState;

use super::Improvement;
use super::dynamics::{Compressor, Limiter};
use crate::sound::{BoxError, Channels, SampleSource, Stereo};

/// Samples that the network takes at once: 10 ms.
pub(super) const FRAME: usize = DenoiseState::FRAME_SIZE;
/// What the network calls full scale.
const FULL_SCALE: f32 = 32_768.0;
/// Recorded samples beyond this are cut: a file may hold any number.
const LARGEST: f32 = 8.0;

pub(super) type Frame = [Stereo; FRAME];

/// Everything that remembers.
#[derive(Clone)]
pub(super) struct Chain {
    /// One network a channel.
    networks: Vec<DenoiseState<'static>>,
    /// The recorded frame that the networks were given last; what they give out is this one.
    recorded: Box<Frame>,
    begun: bool,
    compressor: Compressor,
    limiter: Limiter,
}

impl Chain {
    pub(super) fn new(channels: Channels) -> Self {
        let networks = match channels {
            Channels::Mono => 1,
            Channels::Stereo => 2,
        };
        Self {
            networks: (0..networks).map(|_| *DenoiseState::new()).collect(),
            recorded: Box::new([[0.0; 2]; FRAME]),
            begun: false,
            compressor: Compressor::default(),
            limiter: Limiter::default(),
        }
    }

    /// Frame `number` of `source`, `wet` of it without noise, and how probable speech is in it, 0 to 1. Frames are asked for in order,
    /// from 0 on.
    pub(super) fn suppress(
        &mut self,
        source: &mut dyn SampleSource,
        number: u64,
        wet: f32,
        out: &mut Frame,
    ) -> Result<f32, BoxError> {
        let position = |frame: u64| i64::try_from(frame * FRAME as u64).unwrap_or(i64::MAX);
        if !self.begun {
            self.begun = true;
            source.read(position(number), &mut self.recorded[..])?;
            self.give(&mut Box::new([[0.0; 2]; FRAME]));
        }
        // What a network gives out is a frame late.
        let dry = self.recorded.clone();
        source.read(position(number + 1), &mut self.recorded[..])?;
        let speech = self.give(out);
        for (clean, dry) in out.iter_mut().zip(dry.iter()) {
            for (clean, dry) in clean.iter_mut().zip(dry) {
                *clean = dry + (*clean - dry) * wet;
            }
        }
        Ok(speech)
    }

    /// Gives the networks the recorded frame and takes the one before.
    fn give(&mut self, out: &mut Frame) -> f32 {
        for sample in self.recorded.as_flattened_mut() {
            let whole = if sample.is_finite() { *sample } else { 0.0 };
            *sample = whole.clamp(-LARGEST, LARGEST);
        }
        let mut speech = 0.0f32;
        for (side, network) in self.networks.iter_mut().enumerate() {
            let recorded: [f32; FRAME] = std::array::from_fn(|n| self.recorded[n][side] * FULL_SCALE);
            let mut clean = [0.0; FRAME];
            speech = speech.max(network.process_frame(&mut clean, &recorded));
            for (out, clean) in out.iter_mut().zip(clean) {
                out[side] = clean / FULL_SCALE;
            }
        }
        if self.networks.len() == 1 {
            for sides in out {
                sides[1] = sides[0];
            }
        }
        speech
    }

    /// Frame `number` of `source` as it is heard.
    pub(super) fn improve(
        &mut self,
        source: &mut dyn SampleSource,
        number: u64,
        made: &Improvement,
        out: &mut Frame,
    ) -> Result<(), BoxError> {
        self.suppress(source, number, made.wet as f32, out)?;
        let [gain, make_up] = [made.gain_db, made.make_up_db].map(|db| 10.0_f64.powf(db / 20.0) as f32);
        for sides in out {
            let compressed = self.compressor.next(sides.map(|side| side * gain));
            *sides = self.limiter.next(compressed.map(|side| side * make_up));
        }
        Ok(())
    }
}
