//! Composes frames with wgpu and reads them back.
//!
//! A [`Renderer`] draws [`SceneFrame`](crate::scene::SceneFrame)s. `plan` turns a frame's tree into passes over surfaces, as
//! plain data: `layers` and `filters` say how each kind is drawn. `sources` brings what draws read to the GPU, or `sampling`
//! filters source pictures on the processor. `passes` records the plan on what `gpu` holds; `readback` brings frames to
//! memory through a ring of staging buffers behind the submits, and converts them to NV12 before that where it is asked for.

mod error;
mod filters;
mod gpu;
mod layers;
mod passes;
mod plan;
mod readback;
mod renderer;
mod sampling;
mod sources;
mod spec;

#[cfg(test)]
mod tests;

pub use error::{RenderError, Stage};
pub use gpu::device::{AdapterKind, AdapterReport, Device, adapters};
pub use readback::nv12::{GpuPlanes, ReadbackTimes};
pub use readback::ring::{Ready, ReadyFrame, ReadyNv12};
pub use renderer::Renderer;
pub use sampling::Sampling;
pub use sources::picture::{Pictures, Upload};
pub use spec::{ColorPolicy, RenderSpec, RenderStats};
