//! What a renderer is asked for, and what it tells of its cost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::layers::card;
use super::sampling::Sampling;
use crate::frame::{PackedFormat, PackedFrame, Size, YuvColor};

/// By which maths source pictures become R'G'B'.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ColorPolicy {
    /// The stream's own matrix and range.
    #[default]
    ByTags,
    /// As Cap does it: everything as BT.601 limited range with Cap's rounded numbers (cap-look.md 20.1), translucent
    /// backgrounds blended twice (26, quirk 9), borders in the place of the picture (quirk 10).
    Cap601,
}

impl ColorPolicy {
    /// The conversion of a picture that is tagged as `color`.
    pub(super) fn conversion(self, color: YuvColor) -> card::Conversion {
        match self {
            Self::ByTags => card::Conversion::of(color),
            Self::Cap601 => card::Conversion::cap(),
        }
    }
}

/// What a renderer draws into and with.
#[derive(Clone, Debug)]
pub struct RenderSpec {
    /// Size of the output.
    pub size: Size,
    /// Byte order of the frames.
    pub format: PackedFormat,
    /// Pictures that backgrounds name.
    pub background_images: BTreeMap<String, Arc<PackedFrame>>,
    /// Recorded pointer images by id, straight or premultiplied (cap-look.md 8.8).
    pub pointer_art: BTreeMap<String, Arc<PackedFrame>>,
    /// Conversion of the source pictures.
    pub colors: ColorPolicy,
    /// Who filters them; a processor that also draws does it in far less time than its texture units would take.
    pub sampling: Sampling,
    /// Number of staging buffers, at least 1: how many frames may be submitted or lent out at a time.
    pub ring: usize,
}

/// What rendering cost so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct RenderStats {
    /// Frames submitted.
    pub frames: u64,
    /// Source pictures uploaded; fewer than were shown when frames share them.
    pub pictures_uploaded: u64,
    /// Bytes of source pictures, of whole ones row padding included; where the processor samples, bytes of sampled pixels.
    pub bytes_uploaded: u64,
    /// Bytes of frames read back; of whole ones row padding included.
    pub bytes_read_back: u64,
    /// Time spent copying source pictures to upload buffers.
    pub upload_time: Duration,
    /// Pointer images that scenes named and the recording does not hold; nothing was drawn for them.
    pub missing_pointer_art: BTreeSet<String>,
}
