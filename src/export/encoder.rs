//! The encoder of an export with its treatment of repeated frames: opened before the pixel path, which asks it whether it
//! takes surfaces, and made into a sink behind it.

use super::coder::{Coder, RepeatMode};
use super::error::ExportError;
use super::pipeline::FileSink;
use super::regions::Regions;
use super::report::{Fallback, Paths};
use super::settings::{ExportSettings, RegionPictures, Repeats};
use super::stage::mux::Writer;
use crate::frame::Size;
use crate::media::encode::{
    AAC_BIT_RATE, AacEncoder, AttemptOutcome, EncoderReport, Part, REGION_ENCODER, Track, VideoEncoder,
    VideoSettings, open_video, try_region_pictures, try_still_pictures,
};
#[cfg(target_os = "macos")]
use crate::media::encode::{EncodeError, SURFACE_ENCODER, SurfaceFormat, TestPictures, open_surface_video};
use crate::media::h264::RegionStream;
use crate::media::mux::Mp4Writer;
use crate::media::packet_file::PacketFileWriter;
use crate::output::OutputFile;
use crate::sound::Mixer;

/// An open encoder.
pub(super) struct Encoder {
    video: VideoSettings,
    encoder: VideoEncoder,
    report: EncoderReport,
    mode: RepeatMode,
    regions: Option<Box<Regions>>,
}

impl Encoder {
    /// Opens the encoder that the settings ask for, to take planes.
    pub(super) fn open(
        settings: &ExportSettings,
        size: Size,
        paths: &mut Paths,
        fallbacks: &mut Vec<Fallback>,
    ) -> Result<Self, ExportError> {
        let mut video = settings.video(size);
        if settings.region_pictures != RegionPictures::Off {
            video.part = Part::WholePictures;
        }
        let (mut encoder, mut report) = open_video(&video)?;
        let mut regions = None;
        if video.part == Part::WholePictures {
            match try_regions(settings, &report.name, &video) {
                Ok(stream) => regions = Some(Box::new(Regions::new(video.clone(), stream))),
                Err(reason) if settings.region_pictures == RegionPictures::On => {
                    return Err(ExportError::NoRegionPictures { reason });
                }
                Err(reason) => {
                    fallbacks.push(Fallback {
                        what: "pictures of which little changes".to_owned(),
                        from: "region pictures".to_owned(),
                        to: "coded whole".to_owned(),
                        reason,
                    });
                    video.part = Part::Everything;
                    (encoder, report) = open_video(&video)?;
                }
            }
        }
        let mode = match settings.repeats {
            Repeats::Encode => RepeatMode::Encode,
            Repeats::Skip => RepeatMode::Skip,
            Repeats::StillPictures if regions.is_some() => RepeatMode::Still(None),
            Repeats::StillPictures => match try_still_pictures(&report.name, &video) {
                Ok(still) => RepeatMode::Still(Some(Box::new(still))),
                Err(error) => {
                    fallbacks.push(Fallback {
                        what: "repeated frames".to_owned(),
                        from: "still pictures".to_owned(),
                        to: "encoded again".to_owned(),
                        reason: error.to_string(),
                    });
                    video.max_references = None;
                    (encoder, report) = open_video(&video)?;
                    RepeatMode::Encode
                }
            },
        };
        note(&report, paths, fallbacks);
        paths.repeats = Some(mode.setting());
        Ok(Self {
            video,
            encoder,
            report,
            mode,
            regions,
        })
    }

    /// FFmpeg's name of the pixel format that it is given.
    pub(super) fn input(&self) -> &str {
        &self.report.pixel_format
    }

    /// What a muxer has to know of its packets.
    pub(super) fn track(&self) -> Track {
        self.encoder.track()
    }

    /// Everything that writes `output`, a packet file with this label, without sound.
    pub(super) fn into_part_sink(
        self,
        output: &OutputFile,
        label: &serde_json::Value,
    ) -> Result<FileSink, ExportError> {
        let writer = PacketFileWriter::create(output.partial(), output.target(), label)?;
        Ok(FileSink {
            video_track: self.encoder.track(),
            coder: Coder::new(self.encoder, self.mode, None, self.video.key_frame_interval()),
            sound: None,
            writer: Writer::Packets { writer, frames: 0 },
        })
    }

    /// Why it could not take surfaces, if so.
    #[cfg(target_os = "macos")]
    pub(super) fn refuses_surfaces(&self) -> Option<String> {
        let name = &self.report.name;
        (name != SURFACE_ENCODER).then(|| {
            format!("only {SURFACE_ENCODER} takes surfaces, and the encoder of this export is {name}")
        })
    }

    /// Opens it again to take surfaces of `format`, after a self-test on `pictures`. Stays as it is when that fails.
    #[cfg(target_os = "macos")]
    pub(super) fn take_surfaces(
        &mut self,
        format: SurfaceFormat,
        pictures: &mut dyn TestPictures,
    ) -> Result<(), EncodeError> {
        let mut video = self.video.clone();
        video.surfaces = Some(format);
        (self.encoder, self.report) = open_surface_video(&video, pictures)?;
        Ok(())
    }

    /// Everything that writes `output`.
    pub(super) fn into_sink(
        self,
        output: &OutputFile,
        sound: Option<Mixer>,
    ) -> Result<FileSink, ExportError> {
        let sound = match sound {
            Some(mixer) => Some((mixer, AacEncoder::open(AAC_BIT_RATE)?)),
            None => None,
        };
        let audio_track = sound.as_ref().map(|(_, aac)| aac.track());
        let mut video_track = self.encoder.track();
        if let Some(regions) = &self.regions {
            video_track.set_extradata(regions.parameter_sets())?;
        }
        let writer = Mp4Writer::create_named(
            output.partial(),
            output.target(),
            &video_track,
            audio_track.as_ref(),
        )?;
        let coder = Coder::new(
            self.encoder,
            self.mode,
            self.regions,
            self.video.key_frame_interval(),
        );
        Ok(FileSink {
            coder,
            video_track,
            sound,
            writer: Writer::Mp4(writer),
        })
    }
}

/// The stream of region pictures, or what speaks against them.
fn try_regions(
    settings: &ExportSettings,
    encoder: &str,
    video: &VideoSettings,
) -> Result<RegionStream, String> {
    if encoder != REGION_ENCODER {
        return Err(format!(
            "they take {REGION_ENCODER}, and the encoder of this export is {encoder}"
        ));
    }
    if settings.repeats == Repeats::Encode {
        return Err("every frame is to be encoded".to_owned());
    }
    try_region_pictures(video).map_err(|error| error.to_string())
}

fn note(report: &EncoderReport, paths: &mut Paths, fallbacks: &mut Vec<Fallback>) {
    paths.encoder = Some(report.name.clone());
    paths.rate = Some(report.rate);
    paths.encoder_options = report.options.clone();
    for attempt in report
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome != AttemptOutcome::Chosen)
    {
        fallbacks.push(Fallback {
            what: "encoder".to_owned(),
            from: attempt.name.clone(),
            to: report.name.clone(),
            reason: attempt.reason.clone(),
        });
    }
}
