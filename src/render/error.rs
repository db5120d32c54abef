//! What can go wrong between a scene and its pixels.

use std::time::Duration;

use super::AdapterReport;
use crate::frame::Size;
use crate::scene::SourceId;

/// Part of the work that was under way when the GPU reported an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Opening the adapter.
    Open,
    /// Creating textures, buffers and pipelines at the start.
    Setup,
    /// Copying source pictures to the GPU.
    Upload,
    /// Recording and submitting the draws.
    Draw,
    /// Copying the frame back to memory.
    Readback,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "opening the adapter",
            Self::Setup => "setting up",
            Self::Upload => "uploading source pictures",
            Self::Draw => "drawing",
            Self::Readback => "reading back",
        })
    }
}

/// Rendering failed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// No driver offers an adapter.
    #[error(
        "no Vulkan, Metal or Direct3D 12 adapter on this machine; on Debian or Ubuntu without a GPU install the \
         software renderer: apt-get install mesa-vulkan-drivers"
    )]
    NoAdapter,
    /// Adapters exist, but none that was asked for.
    #[error("no adapter's name or backend contains \"{selector}\"; there is {}", list(.available))]
    NoSuchAdapter {
        /// What was asked for.
        selector: String,
        /// What exists.
        available: Vec<AdapterReport>,
    },
    /// The adapter exists but gives no device.
    #[error("cannot open adapter {adapter}; `capstan doctor` lists the others, --adapter NAME selects one")]
    Open {
        /// Name of the adapter.
        adapter: String,
        /// Why.
        source: wgpu::RequestDeviceError,
    },
    /// A picture or the output is larger than the adapter's textures.
    #[error("{what} is {size}, but adapter {adapter} takes textures of 1 to {limit} pixels a side")]
    Size {
        /// Which picture.
        what: String,
        /// Its size.
        size: Size,
        /// Name of the adapter.
        adapter: String,
        /// Its limit.
        limit: u32,
    },
    /// A buffer does not hold what its size promises.
    #[error("{what} holds {found} bytes where its size asks for {expected}")]
    Truncated {
        /// Which picture.
        what: String,
        /// Bytes that are there.
        found: usize,
        /// Bytes that must be there.
        expected: usize,
    },
    /// A number of the scene is infinite or no number.
    #[error("frame {frame}: {what} is not a finite number")]
    NotFinite {
        /// Index of the frame, counted by `submit`.
        frame: u64,
        /// Which layer.
        what: &'static str,
    },
    /// The scene names a picture that was not handed over.
    #[error("frame {frame} shows the {picture}, but no picture of it was given")]
    MissingPicture {
        /// Index of the frame, counted by `submit`.
        frame: u64,
        /// Whose picture.
        picture: SourceId,
    },
    /// All staging buffers are in flight or lent out.
    #[error(
        "frame {frame}: all {capacity} staging buffers are in use; receive and drop a frame before the next submit"
    )]
    RingFull {
        /// Index of the frame, counted by `submit`.
        frame: u64,
        /// Number of staging buffers.
        capacity: usize,
    },
    /// `receive` without a frame in flight.
    #[error("no frame is in flight; submit one before receiving")]
    NothingInFlight,
    /// `receive` on a renderer that reads back NV12.
    #[error("the frame was read back in another arrangement than it was asked for in")]
    Arrangement,
    /// The GPU does not finish.
    #[error(
        "frame {frame}: adapter {adapter} did not finish within {waited:?}; leave the machine less other work, or name another adapter with --adapter"
    )]
    Timeout {
        /// Index of the frame, counted by `submit`.
        frame: u64,
        /// Name of the adapter.
        adapter: String,
        /// How long was waited.
        waited: Duration,
    },
    /// The adapter ran out of memory.
    #[error("adapter {adapter} ran out of memory while {stage}{}; a smaller --resolution needs less", at(.frame))]
    OutOfMemory {
        /// Name of the adapter.
        adapter: String,
        /// What was under way.
        stage: Stage,
        /// Index of the frame, counted by `submit`; `None` before the first.
        frame: Option<u64>,
    },
    /// The device is gone: a driver reset, an unplugged GPU.
    #[error("adapter {adapter} was lost while {stage}{}: {reason}", at(.frame))]
    DeviceLost {
        /// Name of the adapter.
        adapter: String,
        /// What was under way.
        stage: Stage,
        /// Index of the frame, counted by `submit`; `None` before the first.
        frame: Option<u64>,
        /// What the driver says.
        reason: String,
    },
    /// wgpu or the driver refused an operation.
    #[error("adapter {adapter} failed while {stage}{}: {reason}", at(.frame))]
    Device {
        /// Name of the adapter.
        adapter: String,
        /// What was under way.
        stage: Stage,
        /// Index of the frame, counted by `submit`; `None` before the first.
        frame: Option<u64>,
        /// What wgpu says.
        reason: String,
    },
}

fn at(frame: &Option<u64>) -> String {
    frame.map_or_else(String::new, |frame| format!(" frame {frame}"))
}

fn list(adapters: &[AdapterReport]) -> String {
    let names: Vec<String> = adapters
        .iter()
        .map(|adapter| format!("{} ({})", adapter.name, adapter.backend))
        .collect();
    names.join(", ")
}
