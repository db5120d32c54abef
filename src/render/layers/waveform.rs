//! A picture of the sound: a shader over the columns of its slots (cap-additions.md).

use bytemuck::Zeroable;

use crate::cap::config::WaveformStyle;
use crate::frame::{PixelRect, centres_within};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::scene::{MOST_BARS, Waveform};

/// How the levels are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum WaveformKey {
    /// Bars on the bottom of the box.
    Bars,
    /// Bars about its middle.
    Mirrored,
    /// A line through the levels.
    Line,
    /// A dot for each.
    Dots,
}

impl WaveformKey {
    fn of(style: WaveformStyle) -> Self {
        match style {
            WaveformStyle::Bars => Self::Bars,
            WaveformStyle::Mirrored => Self::Mirrored,
            WaveformStyle::Line => Self::Line,
            WaveformStyle::Dots => Self::Dots,
        }
    }

    /// Of shaders/waveform.wgsl.
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self {
            Self::Bars => "standing",
            Self::Mirrored => "mirrored",
            Self::Line => "line",
            Self::Dots => "dots",
        }
    }
}

/// Numbers of shaders/waveform.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct WaveformUniforms {
    top: [f32; 4],
    bottom: [f32; 4],
    rect: [f32; 4],
    slot: f32,
    half: f32,
    radius: f32,
    count: i32,
    overhang: i32,
    unused: [i32; 3],
    reach: [f32; MOST_BARS],
}

/// Plans a waveform with finite numbers; `None` when no pixel of it is seen.
pub(in crate::render) fn plan(
    waveform: &Waveform,
    area: PixelRect,
    uniforms: impl FnOnce(&WaveformUniforms) -> u32,
) -> Option<Draw> {
    if !waveform.is_drawn() {
        return None;
    }
    let rects = columns(waveform, area);
    if rects.is_empty() {
        return None;
    }
    let [top, bottom] = waveform
        .colors
        .map(|[red, green, blue]| [red as f32, green as f32, blue as f32, 1.0]);
    let rect = waveform.rect;
    let mut block = WaveformUniforms {
        top,
        bottom,
        rect: [rect.x, rect.y, rect.width, rect.height].map(|v| v as f32),
        slot: waveform.slot() as f32,
        half: waveform.half as f32,
        radius: waveform.radius.clamp(0.0, waveform.half) as f32,
        count: waveform.levels.len().min(MOST_BARS) as i32,
        overhang: waveform.overhang() as i32,
        ..WaveformUniforms::zeroed()
    };
    for (to, &level) in block.reach.iter_mut().zip(&waveform.levels) {
        *to = waveform.reach(level) as f32;
    }
    Some(Draw {
        means: Means::Pipeline(PipelineKey::Waveform(WaveformKey::of(waveform.style))),
        textures: Textures::Nothing,
        uniforms: uniforms(&block),
        rects,
    })
}

/// The pixels of `area` that marks may reach, slot by slot, so that what lies over the marks costs nothing. They do not overlap.
fn columns(waveform: &Waveform, area: PixelRect) -> Vec<PixelRect> {
    let (slot, overhang, count) = (waveform.slot(), waveform.overhang(), waveform.levels.len());
    let out = waveform.half.max(0.5) + 1.0;
    (0..count)
        .filter_map(|number| {
            let near = number.saturating_sub(overhang)..(number + overhang + 1).min(count);
            let rows = waveform.levels[near].iter().map(|&level| waveform.rows(level));
            let [top, bottom] = rows.reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])?;
            let left = waveform.rect.x + number as f64 * slot;
            let left = if number == 0 { left - out } else { left };
            let right = waveform.rect.x + (number + 1) as f64 * slot;
            let right = if number + 1 == count { right + out } else { right };
            // A centre on the border of two slots belongs to the right one.
            centres_within(area, left, top - 1.0, right.next_down(), bottom + 1.0)
        })
        .collect()
}
