//! Composes frames with wgpu and reads them back.
//!
//! A [`Renderer`] draws a [`SceneFrame`](crate::scene::SceneFrame) into a target that persists, one file a layer:
//! `backdrop`, `card`, `pointer`. Each plans draws with the pixels they cover; `picture` brings the source pictures
//! to the GPU, or `sampling` filters them on the processor and `sheets` brings its pixels there, `nv12` converts finished
//! frames there where that is asked for, `readback` brings them to memory, a ring of staging buffers behind the submits.

mod backdrop;
mod card;
mod converted;
mod device;
mod draw;
mod error;
mod finite;
mod map;
mod numbers;
mod nv12;
mod picture;
mod pipeline;
mod planes;
mod pointer;
mod readback;
mod region;
mod renderer;
mod sampling;
mod sheets;
mod spec;
mod target;
mod uploads;

#[cfg(test)]
mod tests;

pub use backdrop::{Backdrop, Noise};
pub use device::{AdapterKind, AdapterReport, Device, adapters};
pub use error::{RenderError, Stage};
pub use nv12::{GpuPlanes, ReadbackTimes};
pub use picture::{Pictures, Upload};
pub use readback::{Ready, ReadyFrame, ReadyNv12};
pub use renderer::Renderer;
pub use sampling::Sampling;
pub use spec::{ColorPolicy, RenderSpec, RenderStats};
