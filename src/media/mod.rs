//! FFmpeg: opening, probing, decoding, encoding, muxing. The only room that names its types.

pub mod audio;
mod color;
pub mod decode;
pub mod decoding_order;
pub mod encode;
pub mod ffmpeg;
pub mod h264;
pub mod input;
pub mod mux;
pub mod nv12;
pub mod packet_file;
pub mod probe;
mod reduce;
pub mod remux;
mod resample;
pub mod retime;
pub mod still;
#[cfg(test)]
pub(crate) mod testing;
pub mod track_writer;

pub use ffmpeg::MediaError;
