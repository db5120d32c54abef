//! Plain maths: (recording, time) -> what is on screen, as numbers (cap-look.md 2, 3, 5, 6, 8, 9).
//!
//! Knows neither FFmpeg nor wgpu: every answer is checked with numbers, in microseconds. The renderer draws the
//! [`SceneFrame`]s this room hands out; two equal ones with the same source pictures are the same frame.

pub mod frame;

pub use frame::{
    BorderLine, Card, CardPicture, Corner, Layer, PictureRequest, Pointer, PointerArt, Rect, SceneFrame,
    Shadow, Track,
};
