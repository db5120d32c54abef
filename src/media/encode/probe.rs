//! What every H.264 encoder of this FFmpeg can do on this machine, for `capstan doctor`.

use crate::causes::one_line;
use crate::frame::Size;
use crate::media::encode::options::Family;
use crate::media::encode::{RateControl, VideoSettings, choose, codec};
use crate::media::ffmpeg;
use crate::time::FrameRate;

/// Size, rate and bits at which the encoders are tried: small, so that a dozen take little time, and above the least
/// size that hardware encoders accept.
const TRIAL: (Size, u32, u64) = (Size::new(640, 360), 30, 4_000_000);

/// One encoder on this machine.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct EncoderProbe {
    /// FFmpeg's name of the encoder.
    pub name: String,
    /// Whether this FFmpeg was built with it.
    pub available: bool,
    /// Whether it is code that runs on the CPU.
    pub software: bool,
    /// FFmpeg's names of the pixel formats that it takes.
    pub pixel_formats: Vec<String>,
    /// Whether it opened and, unless it is software, passed a self-test.
    pub opened: bool,
    /// What the self-test measured, or why it did not open.
    pub reason: String,
}

/// Tries every H.264 encoder that this FFmpeg has, and names those that an export would look for in vain.
pub fn probe_encoders() -> Vec<EncoderProbe> {
    ffmpeg::init();
    choose::encoder_names().iter().map(|name| probe(name)).collect()
}

fn probe(name: &str) -> EncoderProbe {
    let software = Family::of(name).is_software();
    let Some(found) = codec::h264_encoder(name) else {
        return EncoderProbe {
            name: name.to_owned(),
            available: false,
            software,
            pixel_formats: Vec::new(),
            opened: false,
            reason: "not built into this FFmpeg".to_owned(),
        };
    };
    let (size, fps, target) = TRIAL;
    let outcome = match FrameRate::new(fps) {
        Some(frame_rate) => {
            let settings = VideoSettings::new(size, frame_rate, RateControl::bitrate(target));
            choose::open_tested(name, &settings)
                .map(|(_, note)| note)
                .map_err(|error| one_line(&error))
        }
        None => Err("no frame rate to try it at".to_owned()),
    };
    EncoderProbe {
        name: name.to_owned(),
        available: true,
        software,
        pixel_formats: codec::pixel_formats(found)
            .into_iter()
            .map(|it| codec::pixel_name(it).to_owned())
            .collect(),
        opened: outcome.is_ok(),
        reason: outcome.unwrap_or_else(|reason| reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoder_is_listed_once_with_formats_and_a_verdict() {
        let probes = probe_encoders();
        for codec in codec::h264_encoders() {
            let rows: Vec<&EncoderProbe> = probes.iter().filter(|row| row.name == codec.name()).collect();
            assert_eq!(rows.len(), 1, "{}", codec.name());
            assert!(rows[0].available);
        }
        for row in &probes {
            assert!(!row.reason.is_empty(), "{row:?}");
            assert_eq!(row.available, codec::h264_encoder(&row.name).is_some(), "{row:?}");
            assert!(row.available || !row.opened, "{row:?}");
        }
        if let Some(x264) = probes.iter().find(|row| row.name == "libx264" && row.available) {
            assert!(x264.opened && x264.software, "{x264:?}");
            assert!(
                x264.pixel_formats.iter().any(|format| format == "nv12"),
                "{x264:?}"
            );
        }
        assert!(probes.iter().any(|row| row.name == "h264_videotoolbox"));
    }
}
