//! Exports Cap screen recordings (`.cap` folders) to MP4 and measures itself doing it.
//!
//! The binary is a thin shell around this library. Rooms, from top to bottom (imports point down only):
//! [`cli`], [`bench`](mod@bench), [`shard`], [`export`], [`convert`], [`render`], [`media`], [`sound`], [`text`], [`scene`], [`cap`],
//! then the pictures that this project draws itself, `art`, the currency between them, [`frame`] and [`time`], and [`output`], the door that every written file goes through.
//! [`synth`] stands beside `export` and makes recordings to test and measure with.

mod art;
pub mod bench;
pub mod budget;
pub mod cap;
mod causes;
pub mod cli;
pub mod confine;
pub mod convert;
pub mod export;
pub mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod lossy;
pub mod media;
pub mod output;
mod reading;
pub mod render;
pub mod scene;
pub mod shard;
pub mod sound;
pub mod synth;
pub mod text;
pub mod time;
