//! FFmpeg: opening, probing, decoding, encoding, muxing. The only room that names its types.

pub mod audio;
pub mod decode;
pub mod encode;
pub mod ffmpeg;
pub mod input;
pub mod mux;
pub mod probe;
mod resample;
pub mod retime;
pub mod still;
pub mod track_writer;
