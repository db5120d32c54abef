//! The plan: everything that the parts of an export share, as data.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cost::costs;
use super::cut::cut;
use super::error::ShardError;
use super::fingerprint::fingerprint;
use super::part::PartId;
use super::tool::Tool;
use crate::cap::config::BackgroundSource;
use crate::export::{
    AdapterPath, EncoderSetting, ExportSettings, Fallback, Margin, PixelPathSetting, RegionPictures,
    Rehearsal, SamplingSetting, Span, rehearse,
};
use crate::frame::Size;
use crate::media::encode::{OptionSet, TrackFacts};
use crate::scene::Unrendered;
use crate::sound::samples_in_frames;

/// Version of the plan's form.
pub const FORMAT: u32 = 1;

/// An export in parts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardPlan {
    /// Version of this form.
    pub format: u32,
    /// SHA-256 of all the rest: parts belong to the plan of the same number.
    pub id: String,
    /// The program that made the plan, which runs it too.
    pub tool: Tool,
    /// The recording, as an absolute path of the machine that made the plan.
    pub recording: String,
    /// SHA-256 over the recording's files and those that the settings name. Files above 4 MiB count with their length and 128
    /// samples of 16 KiB.
    pub recording_sha256: String,
    /// Settings as resolved: encoder, pixel path and who filters the source pictures are those that were found to work.
    pub settings: ExportSettings,
    /// Size of the video.
    pub size: Size,
    /// First frame of the output.
    pub first: u64,
    /// The frame of the output behind the last.
    pub end: u64,
    /// Frames from one key frame to the next; every part begins with one.
    pub key_frame_interval: u32,
    /// Frames around a part that are rendered and encoded too, and thrown away, as far as the output has such.
    pub margin: Margin,
    /// The encoder.
    pub encoder: String,
    /// FFmpeg's name of the pixel format that the encoder is given.
    pub encoder_input: String,
    /// Its options, all of them, as set.
    pub encoder_options: Vec<OptionSet>,
    /// Parameters of the stream that it makes.
    pub track: TrackFacts,
    /// The adapter that the plan was made with. Another one may differ in the last bit of a pixel; `join` says so.
    pub adapter: Option<AdapterPath>,
    /// Parts that were asked for.
    pub requested_parts: u32,
    /// Parts that there are: fewer where the output has too few key frames.
    pub parts: Vec<PartPlan>,
    /// The sound, made once; null where the output has none.
    pub sound: Option<SoundPlan>,
    /// Settings of the recording that have no effect yet.
    pub unrendered: Vec<Unrendered>,
}

/// A run of frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PartPlan {
    /// Number, from 0.
    pub part: u32,
    /// First frame of the output.
    pub first: u64,
    /// The frame behind the last.
    pub end: u64,
    /// What it costs, a guess: 1 is a frame that is redrawn as a whole.
    pub cost: f64,
}

/// The sound track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SoundPlan {
    /// Samples at 48 kHz.
    pub samples: u64,
}

/// What a plan is made of.
#[derive(Clone, Debug)]
pub struct PlanRequest {
    /// The `.cap` folder.
    pub recording: PathBuf,
    /// How it is exported.
    pub settings: ExportSettings,
    /// Parts, 1 at least.
    pub parts: u32,
}

/// A plan, and what was odd about making it.
#[derive(Clone, Debug)]
pub struct MadePlan {
    /// The plan.
    pub plan: ShardPlan,
    /// What was odd about the recording.
    pub warnings: Vec<String>,
    /// What was tried first and did not serve.
    pub fallbacks: Vec<Fallback>,
}

/// Opens what an export needs, and divides its frames.
///
/// # Errors
/// When the recording can't be exported with these settings.
pub fn plan(request: &PlanRequest) -> Result<MadePlan, ShardError> {
    if request.settings.encoder == EncoderSetting::None {
        return Err(ShardError::NoEncoder);
    }
    if request.settings.region_pictures == RegionPictures::On {
        return Err(ShardError::RegionPictures);
    }
    let absolute = |path: &Path| {
        std::path::absolute(path).map_err(|source| ShardError::Read {
            path: path.to_owned(),
            source,
        })
    };
    let recording = absolute(&request.recording)?;
    let text = recording.to_str().ok_or_else(|| ShardError::Name {
        path: recording.clone(),
    })?;
    let mut settings = request.settings.clone();
    // Their references would have to be known across the borders.
    settings.region_pictures = RegionPictures::Off;
    // The same number of threads everywhere: x264's pictures depend on it.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    settings.encoder_threads = Some(settings.encoder_threads.unwrap_or(cores));
    for file in [&mut settings.background, &mut settings.config]
        .into_iter()
        .flatten()
    {
        *file = absolute(file)?;
    }
    let rehearsal = rehearse(&recording, &settings)?;
    pin(&mut settings, &rehearsal);
    let costs = costs(&rehearsal.plan, rehearsal.frames.clone()).map_err(crate::export::ExportError::from)?;
    let (first, end) = (rehearsal.frames.start, rehearsal.frames.end);
    let interval = rehearsal.key_frame_interval;
    let parts = (0..)
        .zip(cut(&costs, u64::from(interval), request.parts))
        .map(|(part, range)| PartPlan {
            part,
            first: first + range.start,
            end: first + range.end,
            cost: costs[range.start as usize..range.end as usize].iter().sum(),
        })
        .collect();
    let rate = settings.frame_rate;
    let sound = rehearsal.sound.then(|| SoundPlan {
        samples: samples_in_frames(end, rate) - samples_in_frames(first, rate),
    });
    let Rehearsal {
        plan,
        paths,
        fallbacks,
        ..
    } = rehearsal;
    let mut made = ShardPlan {
        format: FORMAT,
        id: String::new(),
        tool: Tool::of_this(),
        recording: text.to_owned(),
        recording_sha256: identity(&recording, &settings)?,
        settings,
        size: rehearsal.size,
        first,
        end,
        key_frame_interval: interval,
        margin: margin(interval, &paths.encoder_options),
        encoder: paths.encoder.unwrap_or_default(),
        encoder_input: paths.encoder_input.unwrap_or_default(),
        encoder_options: paths.encoder_options,
        track: rehearsal.track,
        adapter: paths.adapter,
        requested_parts: request.parts,
        parts,
        sound,
        unrendered: plan.unrendered,
    };
    made.id = made.identity()?;
    Ok(MadePlan {
        plan: made,
        warnings: plan.warnings,
        fallbacks,
    })
}

/// Frames before a part after which rate control does not tell any more where it began: key frames weigh those before them, by 0.95
/// for each frame that lies between.
const SETTLED: u64 = 60;
/// Frames that encoders look ahead where their options do not say: x264's 50 with `preset=slow`, and some.
const LOOKAHEAD: u64 = 64;
/// Frames behind those that x264 looks ahead by `rc-lookahead`: pictures that are shown after one that is coded before them.
const REORDERED: u64 = 4;

/// What has to be encoded around a part so that its pictures are coded as in the whole export. It begins at a key frame of the whole.
fn margin(key_frame_interval: u32, options: &[OptionSet]) -> Margin {
    let interval = u64::from(key_frame_interval).max(1);
    let told = options.iter().find(|option| option.key == "rc-lookahead");
    let told = told.and_then(|option| option.value.parse::<u64>().ok());
    Margin {
        before: SETTLED.next_multiple_of(interval),
        after: told.map_or(LOOKAHEAD, |frames| frames.saturating_add(REORDERED)),
    }
}

/// Puts what was found to work in the place of what was to be chosen.
fn pin(settings: &mut ExportSettings, rehearsal: &Rehearsal) {
    let paths = &rehearsal.paths;
    if let Some(encoder) = &paths.encoder {
        settings.encoder = EncoderSetting::Named(encoder.clone());
    }
    if let Some(path) = paths.pixel_path.as_ref().and_then(|path| path.parse().ok()) {
        settings.pixel_path = PixelPathSetting::Fixed(path);
    }
    if let Some(sampling) = &paths.sampling {
        settings.sampling = SamplingSetting::Fixed(sampling.by);
    }
    if let Some(repeats) = paths.repeats {
        settings.repeats = repeats;
    }
    settings.span = Span::Frames {
        first: rehearsal.frames.start,
        end: rehearsal.frames.end,
    };
}

/// Fingerprint of a recording with the files that the settings and its configuration name outside of it.
pub(super) fn identity(recording: &Path, settings: &ExportSettings) -> Result<String, ShardError> {
    let mut others: Vec<PathBuf> = settings
        .background
        .iter()
        .chain(&settings.config)
        .cloned()
        .collect();
    let options = crate::cap::OpenOptions {
        config_override: settings.config.clone(),
    };
    if let crate::cap::Opened::Studio(opened) =
        crate::cap::open(recording, &options).map_err(crate::export::ExportError::from)?
    {
        for background in opened.config.backgrounds() {
            let (BackgroundSource::Wallpaper { path } | BackgroundSource::Image { path }) =
                &background.source
            else {
                continue;
            };
            let stored = path.as_deref().unwrap_or_default();
            let candidates = opened.background_image_candidates(stored, settings.confined);
            others.extend(candidates.into_iter().find(|file| file.exists()));
        }
    }
    fingerprint(recording, &others)
}

impl ShardPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// When the file is none, or was changed.
    pub fn read(path: &Path) -> Result<Self, ShardError> {
        let bytes = fs::read(path).map_err(|source| ShardError::Read {
            path: path.to_owned(),
            source,
        })?;
        let plan: Self = serde_json::from_slice(&bytes).map_err(|source| ShardError::Plan {
            path: path.to_owned(),
            source,
        })?;
        if plan.format != FORMAT || plan.identity()? != plan.id {
            return Err(ShardError::Changed {
                path: path.to_owned(),
            });
        }
        Ok(plan)
    }

    /// The plan as the bytes of its file.
    ///
    /// # Errors
    /// When a number in it can't stand in JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ShardError> {
        let mut bytes = serde_json::to_vec_pretty(self).map_err(ShardError::Json)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// SHA-256 of the plan without its own number.
    fn identity(&self) -> Result<String, ShardError> {
        let unnamed = Self {
            id: String::new(),
            ..self.clone()
        };
        // Through a value, so that a number is hashed as it is read back.
        let bytes = serde_json::to_vec(&unnamed).map_err(ShardError::Json)?;
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(ShardError::Json)?;
        let hash = Sha256::digest(value.to_string());
        Ok(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Frames of the output.
    pub fn frames(&self) -> u64 {
        self.end - self.first
    }

    /// The part of this number.
    ///
    /// # Errors
    /// When there is none.
    pub fn part(&self, number: u32) -> Result<PartPlan, ShardError> {
        self.parts
            .get(number as usize)
            .copied()
            .ok_or_else(|| self.no_part(&number.to_string()))
    }

    /// All jobs: the parts, then the sound.
    pub fn jobs(&self) -> Vec<PartId> {
        let parts = self.parts.iter().map(|part| PartId::Video(part.part));
        parts.chain(self.sound.map(|_| PartId::Sound)).collect()
    }

    /// The job of this name. The number behind the last part is the sound, so that one array covers everything.
    ///
    /// # Errors
    /// When there is none.
    pub fn job(&self, asked: PartId) -> Result<PartId, ShardError> {
        let job = match asked {
            PartId::Video(number) if number as usize == self.parts.len() => PartId::Sound,
            other => other,
        };
        if self.jobs().contains(&job) {
            Ok(job)
        } else {
            Err(self.no_part(&asked.to_string()))
        }
    }

    fn no_part(&self, asked: &str) -> ShardError {
        let last = self.parts.len().saturating_sub(1);
        let sound = match self.sound {
            Some(_) => " and sound",
            None => ", and no sound",
        };
        ShardError::NoPart {
            part: asked.to_owned(),
            known: format!("0 to {last}{sound}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_holds_what_rate_control_remembers_and_sees() {
        let option = |key: &str, value: &str| OptionSet {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let of = |interval, options: &[OptionSet]| {
            let margin = margin(interval, options);
            (margin.before, margin.after)
        };
        assert_eq!(of(120, &[option("preset", "slow")]), (120, 64));
        assert_eq!(of(60, &[option("rc-lookahead", "10")]), (60, 14));
        assert_eq!(of(20, &[]), (60, 64));
        assert_eq!(of(14, &[]), (70, 64));
    }
}
