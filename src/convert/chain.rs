//! A converter that outlives the failure of a path.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use super::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedView};

/// Opens a converter for a spec; called once for calibration and once for the export.
pub type Opener = Arc<dyn Fn(&ConvertSpec) -> Result<Box<dyn Converter>, ConvertError> + Send + Sync>;

/// Measures a cost in milliseconds a frame; called when a calibration is not remembered.
pub type Stopwatch = Arc<dyn Fn(&ConvertSpec) -> Result<f64, ConvertError> + Send + Sync>;

/// What a path is judged by.
#[derive(Clone)]
pub enum Timing {
    /// The time of its conversion from memory to memory.
    Conversion,
    /// The time of its conversion and this cost beside it: reading back the pixels it converts.
    ConversionAnd(Stopwatch),
    /// This cost alone: its converter does more than the path does in an export.
    Whole(Stopwatch),
}

impl Timing {
    /// This and a cost beside it.
    pub fn and(self, beside: Stopwatch) -> Self {
        match self {
            Self::Conversion => Self::ConversionAnd(beside),
            Self::ConversionAnd(cost) => Self::ConversionAnd(sum(cost, beside)),
            Self::Whole(cost) => Self::Whole(sum(cost, beside)),
        }
    }
}

fn sum(a: Stopwatch, b: Stopwatch) -> Stopwatch {
    Arc::new(move |spec| Ok(a(spec)? + b(spec)?))
}

/// A path that may be tried, and how to open it.
#[derive(Clone)]
pub struct Candidate {
    /// Its name in choices and reports.
    pub path: PixelPath,
    /// How to open it.
    pub open: Opener,
    /// What it is judged by. Paths that are compared must be timed from and to the same places.
    pub timing: Timing,
}

impl Candidate {
    /// A path of this room, opened by [`super::open`].
    pub fn builtin(path: PixelPath) -> Self {
        Self {
            path,
            open: Arc::new(move |spec| super::open(path, spec)),
            timing: Timing::Conversion,
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// One path given up for the next, for the log and the result of an export.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct PathSwitch {
    /// The frame that was converted again, counted from 0.
    pub frame: u64,
    /// The path that failed.
    pub from: PixelPath,
    /// The path that took over.
    pub to: PixelPath,
    /// Why.
    pub reason: String,
}

/// Converts with the first path that works and falls back to the next where one fails, at the same frame: no frame
/// is lost or converted twice into the output.
pub struct Chain {
    spec: ConvertSpec,
    current: Box<dyn Converter>,
    rest: VecDeque<Candidate>,
    switches: Vec<PathSwitch>,
}

impl Chain {
    /// Opens the first of `candidates` that can be opened and keeps the others in reserve, in this order. A path
    /// skipped here is recorded as a switch at frame 0.
    ///
    /// # Errors
    /// [`ConvertError::Exhausted`] when none opens, [`ConvertError::NoCandidate`] for an empty list.
    pub fn open(
        candidates: impl IntoIterator<Item = Candidate>,
        spec: &ConvertSpec,
    ) -> Result<Self, ConvertError> {
        let mut rest: VecDeque<_> = candidates.into_iter().collect();
        let first = rest.pop_front().ok_or(ConvertError::NoCandidate)?;
        let mut switches = Vec::new();
        let current = match (first.open)(spec) {
            Ok(converter) => converter,
            Err(error) => next(&mut rest, spec, &mut switches, 0, first.path, error)?,
        };
        Ok(Self {
            spec: *spec,
            current,
            rest,
            switches,
        })
    }

    /// Takes over a converter that was opened for `spec` and keeps `reserve`, in this order, for when it fails.
    pub fn of(
        converter: Box<dyn Converter>,
        reserve: impl IntoIterator<Item = Candidate>,
        spec: &ConvertSpec,
    ) -> Self {
        Self {
            spec: *spec,
            current: converter,
            rest: reserve.into_iter().collect(),
            switches: Vec::new(),
        }
    }

    /// The path in use.
    pub fn path(&self) -> PixelPath {
        self.current.path()
    }

    /// The paths given up so far, oldest first.
    pub fn switches(&self) -> &[PathSwitch] {
        &self.switches
    }

    /// Converts a rectangle of frame `frame` as [`Converter::convert_rect`] does, on the next path where the current
    /// one fails.
    ///
    /// # Errors
    /// [`ConvertError::Geometry`] and [`ConvertError::Format`], which no other path would mend, at once;
    /// [`ConvertError::Exhausted`] when the last path has failed.
    pub fn convert_rect(
        &mut self,
        frame: u64,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        loop {
            match self.current.convert_rect(source, target, x, y) {
                Ok(()) => return Ok(()),
                Err(error @ (ConvertError::Geometry { .. } | ConvertError::Format { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    let from = self.current.path();
                    self.current = next(&mut self.rest, &self.spec, &mut self.switches, frame, from, error)?;
                }
            }
        }
    }

    /// Converts all of frame `frame`.
    ///
    /// # Errors
    /// As [`Chain::convert_rect`].
    pub fn convert(
        &mut self,
        frame: u64,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
    ) -> Result<(), ConvertError> {
        super::target::check_whole(self.path(), source, target.size)?;
        self.convert_rect(frame, source, target, 0, 0)
    }
}

/// Opens the next path that can be opened after `failed` gave `error` at `frame`.
fn next(
    rest: &mut VecDeque<Candidate>,
    spec: &ConvertSpec,
    switches: &mut Vec<PathSwitch>,
    frame: u64,
    mut failed: PixelPath,
    mut error: ConvertError,
) -> Result<Box<dyn Converter>, ConvertError> {
    while let Some(candidate) = rest.pop_front() {
        let reason = error.to_string();
        tracing::warn!(frame, from = %failed, to = %candidate.path, reason, "pixel path failed, switching");
        switches.push(PathSwitch {
            frame,
            from: failed,
            to: candidate.path,
            reason,
        });
        match (candidate.open)(spec) {
            Ok(converter) => return Ok(converter),
            Err(refused) => (failed, error) = (candidate.path, refused),
        }
    }
    Err(ConvertError::Exhausted {
        frame,
        path: failed,
        source: Box::new(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::Luma;
    use crate::convert::failing::failing;
    use crate::frame::{PackedFormat, PackedFrame, Size, YuvColor};

    const SPEC: ConvertSpec = ConvertSpec {
        size: Size::new(8, 8),
        source: PackedFormat::Rgba,
        color: YuvColor::BT709_LIMITED,
        luma: Luma::Rounded,
        threads: 1,
    };

    fn picture(frame: u64) -> PackedFrame {
        let mut picture = PackedFrame::new(SPEC.size, PackedFormat::Rgba);
        picture.data.fill(frame as u8 * 20);
        picture
    }

    #[test]
    fn a_failure_is_made_good_at_the_same_frame() {
        let candidates = [
            failing(3),
            Candidate::builtin(PixelPath::VideoToolbox),
            Candidate::builtin(PixelPath::Swscale),
        ];
        let mut chain = Chain::open(candidates, &SPEC).unwrap();
        for frame in 0..6 {
            let mut target = Nv12Frame::new(SPEC.size);
            chain.convert(frame, picture(frame).view(), &mut target).unwrap();
            let grey = 16.0 + 219.0 * (frame as f64 * 20.0) / 255.0;
            assert!((f64::from(target.y[0]) - grey).abs() <= 1.0, "frame {frame}");
        }
        assert_eq!(chain.path(), PixelPath::Swscale);
        let switches: Vec<_> = chain.switches().iter().map(|s| (s.frame, s.from, s.to)).collect();
        assert_eq!(
            switches,
            [
                (3, PixelPath::Gpu, PixelPath::VideoToolbox),
                (3, PixelPath::VideoToolbox, PixelPath::Swscale)
            ]
        );
        assert!(chain.switches()[0].reason.contains("device lost"));
    }

    #[test]
    fn the_last_failure_names_frame_and_cause() {
        let mut chain = Chain::open([failing(0)], &SPEC).unwrap();
        let error = chain
            .convert(41, picture(1).view(), &mut Nv12Frame::new(SPEC.size))
            .unwrap_err();
        assert!(
            matches!(
                error,
                ConvertError::Exhausted {
                    frame: 41,
                    path: PixelPath::Gpu,
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_buffer_is_the_callers_fault_and_switches_nothing() {
        let mut chain = Chain::open([failing(9), Candidate::builtin(PixelPath::Simd)], &SPEC).unwrap();
        let small = PackedFrame::new(Size::new(4, 4), PackedFormat::Rgba);
        assert!(
            chain
                .convert(0, small.view(), &mut Nv12Frame::new(SPEC.size))
                .is_err()
        );
        assert!(chain.switches().is_empty());
    }
}
