//! Masks: what is hidden or highlighted when (cap-look.md 12).
//!
//! A sensitive mask is a promise of privacy. It errs on the side of hiding: it is drawn from half a millisecond before its
//! start to as long after its end, since both may have been rounded when they were stored, and a cell or a radius is never
//! so small that the picture below stays as it is.

use super::easing::lerp;
use super::error::{Checks, SceneError, finite};
use super::filter::{Filter, Mask, MaskEffect};
use super::layer::{Layer, Shade};
use super::tree::{LayerId, Node, Role, Side};
use crate::cap::config::{MaskCover, MaskSegment, MaskType};
use crate::frame::{Rect, Size};
use crate::time::OutputTime;

/// Most masks at one moment: each may need a picture of its own of what lies below it.
pub(super) const MOST_MASKS_AT_ONCE: usize = 32;
/// Seconds that a sensitive mask is drawn longer at either end.
const SLACK: f64 = 0.0005;
/// Least cell or radius, output pixels: cells of one pixel would hide nothing.
const LEAST_AMOUNT: f64 = 2.0;
/// Least width of the soft edge (cap-look.md 12), which is none: far below a pixel.
const NO_EDGE: f64 = 0.0001;

/// The masks of a recording, by their position in `timeline.maskSegments`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Masks {
    output: Size,
    list: Vec<Option<TimedMask>>,
}

/// A mask with checked numbers.
#[derive(Clone, Debug, PartialEq)]
struct TimedMask {
    start: f64,
    end: f64,
    centre: Keyed<2>,
    size: Keyed<2>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Sensitive {
        effect: MaskEffect,
        feather: f64,
    },
    Highlight {
        intensity: Keyed<1>,
        darkness: f64,
        fade: f64,
    },
}

/// Numbers that keyframes may move.
#[derive(Clone, Debug, PartialEq)]
struct Keyed<const N: usize> {
    base: [f64; N],
    /// Seconds after the start, rising.
    keys: Vec<(f64, [f64; N])>,
}

impl<const N: usize> Keyed<N> {
    /// Keyframes in any order; of several at one time the last of the file counts from there on.
    fn new(base: [f64; N], mut keys: Vec<(f64, [f64; N])>) -> Self {
        keys.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { base, keys }
    }

    /// Linear between keyframes, held outside.
    fn at(&self, time: f64) -> [f64; N] {
        let next = self.keys.partition_point(|(at, _)| *at <= time);
        let before = next.checked_sub(1).and_then(|last| self.keys.get(last));
        match (before, self.keys.get(next)) {
            (None, None) => self.base,
            (None, Some((_, value))) | (Some((_, value)), None) => *value,
            (Some((from, a)), Some((to, b))) => {
                let t = (time - from) / (to - from);
                std::array::from_fn(|axis| lerp(a[axis], b[axis], t))
            }
        }
    }
}

impl Masks {
    /// Checks the masks for a picture of `output` pixels.
    ///
    /// # Errors
    /// When a number is none, or more than [`MOST_MASKS_AT_ONCE`] are drawn at one moment.
    pub(crate) fn new(
        segments: &[MaskSegment],
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let mut list = Vec::with_capacity(segments.len());
        for (index, segment) in segments.iter().enumerate() {
            list.push(TimedMask::new(segment, index, output, checks)?);
        }
        let drawn = || list.iter().flatten().map(TimedMask::drawn);
        if let Some((at, count)) = crowd(drawn()).filter(|(_, count)| *count > MOST_MASKS_AT_ONCE) {
            return Err(SceneError::TooManyMasks { at, count });
        }
        Ok(Self { output, list })
    }

    /// What mask `index` of the configuration does at `time`.
    pub(crate) fn node(&self, index: u32, time: OutputTime, side: Side) -> Option<Node> {
        let mask = self.list.get(index as usize)?.as_ref()?;
        let id = LayerId {
            role: Role::Mask,
            index,
            side,
        };
        mask.node(id, time.secs(), self.output)
    }
}

impl TimedMask {
    /// `None` when it is never drawn.
    fn new(
        segment: &MaskSegment,
        index: usize,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Option<Self>, SceneError> {
        if !segment.enabled {
            return Ok(None);
        }
        let key = |name: &str| format!("timeline.maskSegments[{index}].{name}");
        let number = |name: &str, value| finite(&key(name), value);
        let point = |name: &str, x, y| Ok([number(name, x)?, number(name, y)?]);
        let frames = &segment.keyframes;
        let mut position = Vec::with_capacity(frames.position.len());
        for frame in &frames.position {
            let name = "keyframes.position";
            position.push((number(name, frame.time)?, point(name, frame.x, frame.y)?));
        }
        let mut size = Vec::with_capacity(frames.size.len());
        for frame in &frames.size {
            let name = "keyframes.size";
            size.push((number(name, frame.time)?, point(name, frame.x, frame.y)?));
        }
        let mut intensity = Vec::with_capacity(frames.intensity.len());
        for frame in &frames.intensity {
            let name = "keyframes.intensity";
            intensity.push((number(name, frame.time)?, [number(name, frame.value)?]));
        }
        let kind = match segment.mask_type {
            MaskType::Sensitive => Kind::Sensitive {
                effect: effect(segment.cover(), output.height),
                feather: checks.clamp(&key("feather"), segment.feather, 0.0..=1.0)?,
            },
            MaskType::Highlight => Kind::Highlight {
                intensity: Keyed::new([number("opacity", segment.opacity)?], intensity),
                darkness: number("darkness", segment.darkness)?,
                fade: number("fadeDuration", segment.fade_duration)?,
            },
        };
        let mask = Self {
            start: number("start", segment.start)?,
            end: number("end", segment.end)?,
            centre: Keyed::new(point("center", segment.center.x, segment.center.y)?, position),
            size: Keyed::new(point("size", segment.size.x, segment.size.y)?, size),
            kind,
        };
        Ok((mask.start <= mask.end).then_some(mask))
    }

    /// First and last moment it is drawn at.
    fn drawn(&self) -> (f64, f64) {
        let slack = match self.kind {
            Kind::Sensitive { .. } => SLACK,
            Kind::Highlight { .. } => 0.0,
        };
        (self.start - slack, self.end + slack)
    }

    fn node(&self, id: LayerId, time: f64, output: Size) -> Option<Node> {
        let (first, last) = self.drawn();
        if !(first..=last).contains(&time) {
            return None;
        }
        let local = time - self.start;
        let centre = self.centre.at(local).map(|at| at.clamp(0.0, 1.0));
        let size = self.size.at(local).map(|side| side.clamp(0.01, 2.0));
        let (width, height) = (f64::from(output.width), f64::from(output.height));
        let rect = Rect {
            x: (centre[0] - size[0] / 2.0) * width,
            y: (centre[1] - size[1] / 2.0) * height,
            width: size[0] * width,
            height: size[1] * height,
        };
        match &self.kind {
            Kind::Sensitive { effect, feather } => {
                let softness = 0.5 * size[0].min(size[1]) * feather;
                let mask = Mask {
                    rect,
                    softness: if softness > NO_EDGE { softness } else { 0.0 },
                    effect: *effect,
                };
                Some(Node::Filter(id, Filter::Mask(mask)))
            }
            Kind::Highlight {
                intensity,
                darkness,
                fade,
            } => {
                let [mut intensity] = intensity.at(local);
                if *fade > 0.0 {
                    intensity *= (local / fade).min(1.0) * ((self.end - time) / fade).min(1.0);
                }
                let strength = (darkness * intensity.clamp(0.0, 1.0)).clamp(0.0, 1.0);
                let shade = Shade {
                    spared: Some(rect),
                    strength,
                };
                (strength > 0.0).then_some(Node::Paint(id, Layer::Shade(shade)))
            }
        }
    }
}

/// The effect of a sensitive mask on a picture of `height` lines.
fn effect(cover: MaskCover, height: u32) -> MaskEffect {
    let pixels = |amount: f64| (amount * f64::from(height) / 1080.0).max(LEAST_AMOUNT);
    match cover {
        MaskCover::Pixelate(amount) => MaskEffect::Pixelate { cell: pixels(amount) },
        MaskCover::Blur(amount) => MaskEffect::Blur {
            radius: pixels(amount),
        },
    }
}

/// The moment at which most of these closed intervals are open, and how many are.
fn crowd(intervals: impl Iterator<Item = (f64, f64)>) -> Option<(f64, usize)> {
    let mut edges: Vec<(f64, bool)> = intervals
        .flat_map(|(start, end)| [(start, false), (end, true)])
        .collect();
    // At one moment intervals begin before others end.
    edges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut open, mut most) = (0usize, None);
    for (at, ends) in edges {
        if ends {
            open -= 1;
        } else {
            open += 1;
            if most.is_none_or(|(_, count)| open > count) {
                most = Some((at, open));
            }
        }
    }
    most
}

#[cfg(test)]
mod tests;
