//! H.264 and AAC encoders: which one, with which options, and proof that it works.
//!
//! [`open_video`] walks the encoders of the platform in order of preference; one that runs on hardware must first
//! pass a self-test at the real size. What was tried, what was refused and why, and every option that was set are
//! in the [`EncoderReport`]. Pictures go in by reference ([`EncoderInput`]), [`Packet`]s come out with their bytes
//! in reach, and [`Track`] tells the muxer ([`crate::media::mux`]) what they are.

mod aac;
mod choose;
mod codec;
mod error;
mod options;
mod packet;
mod picture;
mod probe;
mod quality;
mod region;
mod self_test;
mod settings;
mod still_trial;
#[cfg(any(target_os = "macos", test))]
mod surface;
#[cfg(test)]
mod tests;
mod track_facts;
mod vaapi;
mod video;

pub use aac::{AAC_BIT_RATE, AacEncoder, SAMPLE_RATE};
#[cfg(any(target_os = "macos", test))]
pub use choose::open_surface_video;
pub use choose::{
    Attempt, AttemptOutcome, EncoderReport, OptionSet, encoder_names, open_video, preferred_encoders,
};
pub use error::EncodeError;
pub use packet::{Packet, Track};
pub use picture::EncoderInput;
pub use probe::{EncoderProbe, probe_encoders};
pub use quality::{Quality, RanRate, RateControl, target_bitrate};
pub use region::{CodedRegion, REGION_ENCODER, RegionEncoder, RegionError, try_region_pictures};
pub use self_test::TestPictures;
pub use settings::{EncoderChoice, Part, VideoSettings, X264Options};
pub use still_trial::{StillTrialError, try_still_pictures};
#[cfg(any(target_os = "macos", test))]
pub use surface::{CoreVideoBuffer, SURFACE_ENCODER, Surface, SurfaceFormat};
pub use track_facts::TrackFacts;
pub use video::VideoEncoder;
