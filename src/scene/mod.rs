//! Plain maths: (recording, time) -> what is on screen, as numbers (cap-look.md 2, 3, 5, 6, 8, 9).
//!
//! Knows neither FFmpeg nor wgpu: every answer is checked with numbers, in microseconds. The renderer draws the
//! [`SceneFrame`]s that a [`Scene`] hands out; two equal ones with the same source pictures are the same frame.

mod camera;
mod damage;
mod easing;
mod error;
mod facts;
#[cfg(test)]
mod fixtures;
mod focus;
pub mod frame;
mod holds;
mod layout;
mod pointer;
mod samples;
#[expect(clippy::module_inception, reason = "the scene is what the room makes")]
mod scene;
mod shadow;
mod spring;
mod timeline;
mod unrendered;
mod zoom;

pub use damage::{Areas, SourceChange, damage};
pub use error::{MAX_DURATION, MAX_FRAMES, MAX_OUTPUT_SIDE, SceneError};
pub use facts::{Facts, SegmentClock, SegmentFacts, VideoFacts};
pub use frame::{
    BorderLine, Card, CardPicture, Corner, Layer, PictureRequest, Pointer, PointerArt, Rect, SceneFrame,
    Shadow, Track,
};
pub use holds::Hold;
pub use scene::{Scene, SceneSettings};
pub use timeline::{ClipTransition, Located, Outgoing, Timeline, TimelineClip};
pub use unrendered::{Unrendered, unrendered};
