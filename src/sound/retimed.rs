//! Sound of a clip whose speed is not 1 (cap-look.md 21.3).

use super::{BoxError, Stereo};

/// A change of speed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retime {
    /// Input seconds per output second, [`MIN_SPEED`](Self::MIN_SPEED)..=[`MAX_SPEED`](Self::MAX_SPEED).
    pub speed: f64,
    /// Whether the pitch stays, rather than following the speed.
    pub keep_pitch: bool,
}

impl Retime {
    /// Slowest clip that is heard.
    pub const MIN_SPEED: f64 = 0.25;
    /// Fastest clip that is heard.
    pub const MAX_SPEED: f64 = 8.0;
}

/// Plays a stream of samples at another speed. The first sample out is the first one in.
pub trait Retimer: Send {
    /// Takes the next input samples.
    ///
    /// # Errors
    /// When they can't be processed.
    fn push(&mut self, input: &[Stereo]) -> Result<(), BoxError>;

    /// Says that all input was pushed; what is still inside can then be pulled.
    ///
    /// # Errors
    /// When the rest can't be processed.
    fn finish(&mut self) -> Result<(), BoxError>;

    /// Writes the output samples that are ready, and says how many: fewer than `out` holds means that more input is
    /// needed, or, after [`finish`](Self::finish), that there is no more.
    fn pull(&mut self, out: &mut [Stereo]) -> usize;
}

/// Makes the retimer of a clip.
pub type RetimerFactory = Box<dyn FnMut(Retime) -> Result<Box<dyn Retimer>, BoxError> + Send>;

/// Input samples pushed at a time. It is fixed, so that the output does not depend on how much is asked for.
const BLOCK: u64 = 1024;

/// The retimed sound of one clip, from its first sample on.
///
/// A clip is always rendered from its start, and a hold only interrupts it, so there is nothing to pre-roll.
pub(super) struct RetimedClip {
    retimer: Box<dyn Retimer>,
    /// Source sample that is fed next.
    next: i64,
    /// Source samples not fed yet: what lies outside the clip is not heard.
    left: u64,
    finished: bool,
    input: Vec<Stereo>,
}

impl RetimedClip {
    /// The `samples` output samples that start at source sample `first`.
    pub(super) fn new(retimer: Box<dyn Retimer>, speed: f64, first: i64, samples: u64) -> Self {
        Self {
            retimer,
            next: first,
            left: (samples as f64 * speed).round() as u64,
            finished: false,
            input: Vec::new(),
        }
    }

    /// Writes the clip's next samples, silence once its input is used up. `mix` renders the given source samples.
    pub(super) fn read<E: From<BoxError>>(
        &mut self,
        mut out: &mut [Stereo],
        mut mix: impl FnMut(i64, &mut [Stereo]) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let written = self.retimer.pull(out);
            out = &mut out[written..];
            if out.is_empty() {
                return Ok(());
            }
            if self.left > 0 {
                let block = self.left.min(BLOCK);
                self.input.clear();
                self.input.resize(block as usize, [0.0; 2]);
                mix(self.next, &mut self.input)?;
                self.next = self.next.saturating_add_unsigned(block);
                self.left -= block;
                self.retimer.push(&self.input)?;
            } else if !self.finished {
                self.finished = true;
                self.retimer.finish()?;
            } else {
                out.fill([0.0; 2]);
                return Ok(());
            }
        }
    }
}
