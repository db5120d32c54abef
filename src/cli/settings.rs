//! Flags and Cap's settings JSON (cap-look.md 22.1) to resolved settings.

use anyhow::{Context, bail};
use serde::Deserialize;

use super::args::{DamageArg, Format, FrameRateModeArg, SamplingArg, SettingsArgs, StillPicturesArg};
use super::nearest::did_you_mean;
use crate::export::{EncoderSetting, ExportSettings, PixelPathSetting, Rate, Repeats, SamplingSetting, Span};
use crate::frame::Size;
use crate::media::decode::{HardwareChoice, hardware_names};
use crate::media::encode::{Quality, encoder_names};
use crate::render::Sampling;
use crate::time::FrameRate;

/// Cap's settings for an export. Every key is optional here; what is missing keeps its default.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CapSettings {
    format: Option<String>,
    fps: Option<u32>,
    resolution_base: Option<CapSize>,
    compression: Option<String>,
    custom_bpp: Option<f64>,
    force_ffmpeg_decoder: bool,
    optimize_filesize: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct CapSize {
    x: u32,
    y: u32,
}

/// Resolves what the command line asked for.
pub(super) fn resolve(args: &SettingsArgs) -> anyhow::Result<ExportSettings> {
    let cap = match &args.settings_json {
        Some(text) => serde_json::from_str(text).context("--settings-json is not what Cap writes")?,
        None => CapSettings::default(),
    };
    let defaults = ExportSettings::default();
    if let Some(format) = &cap.format
        && args.format != Some(Format::Mp4)
        && !format.eq_ignore_ascii_case("mp4")
    {
        bail!("--settings-json asks for the format {format}; only mp4 is written");
    }
    let frame_rate = match (args.fps, cap.fps) {
        (Some(fps), _) => fps,
        (None, Some(fps)) => FrameRate::new(fps).context("--settings-json: fps must be at least 1")?,
        (None, None) => defaults.frame_rate,
    };
    let bounds = args
        .resolution
        .or(cap.resolution_base.map(|size| Size::new(size.x, size.y)));
    let quality = match (args.quality, &cap.compression) {
        (Some(quality), _) => quality.into(),
        (None, Some(name)) => quality_named(name)?,
        (None, None) => Quality::Maximum,
    };
    let decoder = match args.decoder.as_str() {
        "auto" if cap.force_ffmpeg_decoder => HardwareChoice::Off,
        "auto" => HardwareChoice::Auto,
        "software" => HardwareChoice::Off,
        name => {
            let mut known = hardware_names();
            known.extend(["auto", "software"].map(str::to_owned));
            HardwareChoice::Named(known_name("--decoder", "a decoder", name, &known)?)
        }
    };
    let encoder = match args.encoder.as_str() {
        "auto" => EncoderSetting::Auto,
        "none" => EncoderSetting::None,
        name => {
            let mut known = encoder_names();
            known.extend(["auto", "none"].map(str::to_owned));
            EncoderSetting::Named(known_name("--encoder", "an H.264 encoder", name, &known)?)
        }
    };
    Ok(ExportSettings {
        frame_rate,
        bounds: bounds.unwrap_or(defaults.bounds),
        rate: rate(args, &cap, quality)?,
        x264: args.x264_options.into(),
        encoder,
        decoder,
        pixel_path: args
            .pixel_path
            .fixed()
            .map_or(PixelPathSetting::Auto, PixelPathSetting::Fixed),
        repeats: match (args.frame_rate_mode, args.still_pictures) {
            (FrameRateModeArg::Vfr, _) => Repeats::Skip,
            (FrameRateModeArg::Cfr, StillPicturesArg::Auto) => Repeats::StillPictures,
            (FrameRateModeArg::Cfr, StillPicturesArg::Off) => Repeats::Encode,
        },
        region_pictures: args.region_pictures.into(),
        damage: args.damage == DamageArg::On,
        adapter: args.adapter.clone(),
        sampling: match args.sampling {
            SamplingArg::Auto => SamplingSetting::Auto,
            SamplingArg::Adapter => SamplingSetting::Fixed(Sampling::Adapter),
            SamplingArg::Processor => SamplingSetting::Fixed(Sampling::Processor),
        },
        cap_colors: args.cap_colors,
        camera_delay: args.camera_delay.into(),
        zoom_tails: args.zoom_tails.into(),
        background: args.background.clone(),
        config: args.config.clone(),
        confined: args.confined,
        encoder_threads: None,
        span: Span::Whole,
    })
}

/// The name that was given with `flag`, which must be one of those that are known.
fn known_name(flag: &str, kind: &str, name: &str, known: &[String]) -> anyhow::Result<String> {
    if known.iter().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let guess = did_you_mean(name, known.iter().map(String::as_str));
    bail!(
        "{flag} {name}: that is no name of {kind}{guess} (known are {})",
        known.join(", ")
    )
}

fn rate(args: &SettingsArgs, cap: &CapSettings, quality: Quality) -> anyhow::Result<Rate> {
    if let Some(bitrate) = args.bitrate {
        return Ok(Rate::Bitrate(bitrate));
    }
    if let Some(crf) = args.crf {
        return Ok(Rate::Crf(crf));
    }
    if args.optimize_filesize || cap.optimize_filesize {
        return Ok(Rate::Crf(quality.crf()));
    }
    match cap.custom_bpp {
        Some(bpp) if args.quality.is_none() => {
            if !(bpp.is_finite() && bpp > 0.0 && bpp <= 10.0) {
                bail!("--settings-json: custom_bpp is {bpp}; expected bits per pixel above 0, at most 10");
            }
            Ok(Rate::BitsPerPixel(bpp))
        }
        _ if args.cap_rate => Ok(Rate::CapBitrate(quality)),
        _ => Ok(Rate::Quality(quality)),
    }
}

fn quality_named(name: &str) -> anyhow::Result<Quality> {
    Ok(match name {
        "Maximum" => Quality::Maximum,
        "Social" => Quality::Social,
        "Web" => Quality::Web,
        "Potato" => Quality::Potato,
        _ => bail!(
            "--settings-json: compression is {name:?}; expected Maximum, Social, Web or Potato{}",
            did_you_mean(name, ["Maximum", "Social", "Web", "Potato"])
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use crate::media::encode::X264Options;
    use clap::Parser;

    fn settings(flags: &[&str]) -> anyhow::Result<ExportSettings> {
        let cli = Cli::try_parse_from(["capstan", "export", "a.cap", "b.mp4"].iter().chain(flags))?;
        match cli.command {
            Command::Export(args) => resolve(&args.settings),
            other => bail!("{other:?}"),
        }
    }

    #[test]
    fn defaults_are_those_of_caps_command_line() {
        let settings = settings(&[]).unwrap();
        assert_eq!(settings, ExportSettings::default());
        assert_eq!(
            (settings.frame_rate.fps(), settings.bounds),
            (60, Size::new(1920, 1080))
        );
        assert_eq!(settings.rate, Rate::Quality(Quality::Maximum));
    }

    #[test]
    fn caps_settings_json_means_the_same() {
        let json = r#"{"format":"Mp4","fps":24,"resolution_base":{"x":1280,"y":720},"compression":"Web",
            "custom_bpp":null,"force_ffmpeg_decoder":true,"optimize_filesize":false}"#;
        let cap = settings(&["--settings-json", json]).unwrap();
        assert_eq!((cap.frame_rate.fps(), cap.bounds), (24, Size::new(1280, 720)));
        assert_eq!(
            (cap.rate, cap.decoder),
            (Rate::Quality(Quality::Web), HardwareChoice::Off)
        );
        let flagged = settings(&["--settings-json", json, "--fps", "30", "--quality", "potato"]).unwrap();
        assert_eq!(
            (flagged.frame_rate.fps(), flagged.rate),
            (30, Rate::Quality(Quality::Potato))
        );
    }

    #[test]
    fn size_optimisation_is_constant_quality_by_preset() {
        for (name, crf) in [("maximum", 24), ("social", 28), ("web", 32), ("potato", 36)] {
            let settings = settings(&["--quality", name, "--optimize-filesize"]).unwrap();
            assert_eq!(settings.rate, Rate::Crf(crf));
        }
    }

    #[test]
    fn caps_bit_rate_is_asked_for_by_name() {
        let given = settings(&["--quality", "web", "--cap-rate", "--x264-options", "cap"]).unwrap();
        assert_eq!(
            (given.rate, given.x264),
            (Rate::CapBitrate(Quality::Web), X264Options::Cap)
        );
        assert_eq!(
            settings(&["--quality", "web"]).unwrap().rate,
            Rate::Quality(Quality::Web)
        );
        assert!(settings(&["--cap-rate", "--bitrate", "8M"]).is_err());
        // Bits per pixel that the caller chose are a bit rate already.
        let chosen = settings(&["--cap-rate", "--settings-json", r#"{"custom_bpp":0.2}"#]).unwrap();
        assert_eq!(chosen.rate, Rate::BitsPerPixel(0.2));
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest_one() {
        let message = |flags: &[&str]| settings(flags).unwrap_err().to_string();
        assert!(message(&["--encoder", "libx246"]).contains("did you mean libx264?"));
        assert!(message(&["--decoder", "vapi"]).contains("did you mean vaapi?"));
        assert!(message(&["--decoder", "softwear"]).contains("did you mean software?"));
        assert!(message(&["--encoder", "qqq"]).contains("known are "));
        // Another platform's is known, and is said to be absent when it is opened.
        for flags in [["--encoder", "h264_videotoolbox"], ["--decoder", "d3d11va"]] {
            settings(&flags).unwrap();
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for json in [
            "{",
            r#"{"format":"Gif"}"#,
            r#"{"fps":0}"#,
            r#"{"custom_bpp":-1}"#,
            r#"{"compression":"x"}"#,
        ] {
            assert!(settings(&["--settings-json", json]).is_err(), "{json}");
        }
        assert!(settings(&["--quality", "web", "--crf", "20"]).is_err());
    }
}
