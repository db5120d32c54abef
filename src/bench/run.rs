//! One measured export.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gpu_use::GpuUse;
use super::resources::Usage;
use crate::export::StageReport;

/// One measured export.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// Seconds after the begin of the measurement.
    pub started_at_s: f64,
    /// Load of the machine over the minute before.
    pub load_before: Option<f64>,
    /// The process as a whole.
    #[serde(flatten)]
    pub usage: Usage,
    /// Use of the GPU.
    pub gpu: GpuUse,
    /// Seconds of the export by its own clock: the process without its start and end.
    pub export_s: f64,
    /// Seconds until the first frame was encoded.
    pub first_frame_s: Option<f64>,
    /// Output frames per second of the process' wall time.
    pub fps: f64,
    /// Frames in the video.
    pub frames: u64,
    /// Frames that were composed; the others repeat the one before.
    pub composed_frames: u64,
    /// Pictures the encoder coded.
    pub coded_pictures: u64,
    /// Pictures in the file.
    pub written_pictures: u64,
    /// Size of the output, bytes.
    pub bytes: u64,
    /// Where the time went.
    pub stages: Vec<StageReport>,
    /// Seconds of wall time in which no stage ran: start-up, opening of devices, the end.
    pub outside_stages_s: f64,
}
