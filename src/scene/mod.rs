//! Plain maths: (recording, time) -> what is on screen, as numbers (cap-look.md 2, 3, 5, 6, 8, 9).
//!
//! Knows neither FFmpeg nor wgpu: every answer is checked with numbers, in microseconds. A [`Scene`] hands out frames as
//! trees ([`SceneFrame`]) of layers (`layer`) and filters (`filter`), which the renderer draws; two equal ones with the same
//! source pictures are the same frame. `damage` tells where two frames differ.

mod appear;
mod camera;
mod camera3d;
mod captions;
mod color;
mod damage;
mod easing;
mod error;
mod facts;
mod filter;
#[cfg(test)]
mod fixtures;
mod focus;
mod grades;
mod holds;
mod images;
mod intervals;
mod keyboard;
mod layer;
mod layout;
mod looks;
mod masks;
mod modes;
mod motion;
mod notch;
mod oddities;
mod overlay_box;
mod overlays;
mod panes;
mod plane;
mod pointer;
mod samples;
#[expect(clippy::module_inception, reason = "the scene is what the room makes")]
mod scene;
mod setter;
mod shadow;
mod spring;
mod stage;
mod styles;
mod takeover;
mod texts;
mod timeline;
mod tree;
pub mod typeset;
mod unrendered;
mod waveforms;
mod window_frame;
mod window_title;
mod writing;
mod zoom;

pub use crate::art::pointer::{Shape as PointerShape, System as PointerSystem};
pub use crate::frame::Rect;
pub use damage::{Damage, SourceChange, damage};
pub use error::{MAX_DURATION, MAX_FRAMES, MAX_OUTPUT_SIDE, SceneError};
pub use facts::{Facts, SegmentClock, SegmentFacts, VideoFacts};
pub use filter::{Filter, FocusBlur, FocusShape, Mask, MaskEffect};
pub use holds::Hold;
pub use layer::{
    Background, Bitmap, BorderLine, Card, CardPicture, Corner, Fill, Glyphs, Grade, Gradient, Grain, Layer,
    Lettering, MOST_BARS, Mark, Noise, Notch, Plate, Pointer, PointerArt, Ripple, Shade, Shadow, Sprite,
    Vignette, Waveform, Window,
};
pub use looks::own_art;
pub(crate) use motion::LONGEST_RAY;
pub use motion::Smear;
pub use oddities::oddities;
pub use plane::Plane;
pub use scene::{Scene, SceneSettings};
pub use setter::TextSettings;
pub use timeline::{ClipTransition, Located, Outgoing, Timeline, TimelineClip};
pub use tree::{LayerId, Mix, Node, PictureRequest, Role, SceneFrame, Side, SourceId, SurfaceId, Track};
pub use unrendered::{Unrendered, unrendered};
pub use waveforms::{BANDS, LEVELS_A_SECOND, LevelSpan, Levels, SoundTrack};
