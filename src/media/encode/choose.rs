//! Which encoder an export uses (cap-look.md 22.3).

use std::env;
use std::time::Instant;

use ffmpeg_next::Codec;

use crate::causes::one_line;
use crate::media::encode::options::Family;
use crate::media::encode::video::{Opened, VideoEncoder};
use crate::media::encode::{
    EncodeError, EncoderChoice, RanRate, RateControl, VideoSettings, codec, self_test, vaapi,
};
use crate::media::ffmpeg;

/// Cap's variable that keeps exports off hardware encoders (cap-look.md 22.3).
const FORCE_SOFTWARE: &str = "CAP_EXPORT_FORCE_SOFTWARE_ENCODER";

/// One option of an encoder, in FFmpeg's names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct OptionSet {
    /// Name.
    pub key: String,
    /// Value.
    pub value: String,
}

/// What became of one encoder of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It encodes this export.
    Chosen,
    /// It was not tried.
    Skipped,
    /// It did not open or did not pass the self-test.
    Failed,
}

/// One encoder that was considered, in order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Attempt {
    /// FFmpeg's name of the encoder.
    pub name: String,
    /// What became of it.
    pub outcome: AttemptOutcome,
    /// Why, or what its self-test measured.
    pub reason: String,
}

/// Which encoder runs, with what, and why it and no other.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct EncoderReport {
    /// FFmpeg's name of the encoder.
    pub name: String,
    /// Whether the encoder is code that runs on the CPU.
    pub software: bool,
    /// FFmpeg's name of the pixel format that the encoder is given.
    pub pixel_format: String,
    /// How it was told to spend bits.
    pub rate: RanRate,
    /// Every option that was set, in order.
    pub options: Vec<OptionSet>,
    /// Options that were wanted and that this version of FFmpeg does not know.
    pub unknown_options: Vec<OptionSet>,
    /// What was considered, up to and including the one that runs.
    pub attempts: Vec<Attempt>,
}

/// Where the list of encoders differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    MacOs,
    Windows,
    Other,
}

impl Platform {
    const fn current() -> Self {
        if cfg!(target_os = "macos") {
            Self::MacOs
        } else if cfg!(target_os = "windows") {
            Self::Windows
        } else {
            Self::Other
        }
    }
}

/// The platform's encoders in order of preference. Constant rate factor is x264's alone. libopenh264 stands in where
/// FFmpeg was built without GPL parts.
fn candidates(platform: Platform, rate: RateControl) -> &'static [&'static str] {
    match (rate, platform) {
        (RateControl::Crf(_), _) => &["libx264"],
        (_, Platform::MacOs) => &["h264_videotoolbox", "libx264", "libopenh264"],
        (_, Platform::Windows) => &[
            "h264_nvenc",
            "h264_mf",
            "h264_qsv",
            "h264_amf",
            "libx264",
            "libopenh264",
        ],
        (_, Platform::Other) => &["h264_nvenc", "h264_vaapi", "libx264", "libopenh264"],
    }
}

/// Every name that any platform prefers, once.
pub(super) fn all_candidates() -> Vec<&'static str> {
    let mut names = Vec::new();
    for platform in [
        Platform::current(),
        Platform::MacOs,
        Platform::Windows,
        Platform::Other,
    ] {
        for name in candidates(platform, RateControl::bitrate(1_000_000)) {
            if !names.contains(name) {
                names.push(*name);
            }
        }
    }
    names
}

/// The names that `--encoder` may mean: of this FFmpeg's H.264 encoders, and of those that another build or platform has.
pub fn encoder_names() -> Vec<String> {
    let mut names: Vec<String> = all_candidates().into_iter().map(str::to_owned).collect();
    for codec in codec::h264_encoders() {
        if !names.iter().any(|name| name == codec.name()) {
            names.push(codec.name().to_owned());
        }
    }
    names
}

/// The encoders that an export tries here, in this order, unless it is told otherwise.
pub fn preferred_encoders() -> Vec<&'static str> {
    let force_software = env::var(FORCE_SOFTWARE).is_ok_and(|value| means_yes(&value));
    let all = candidates(Platform::current(), RateControl::bitrate(1_000_000))
        .iter()
        .copied();
    all.filter(|name| reason_to_skip(name, force_software).is_none())
        .collect()
}

/// Whether the variable's value means yes.
fn means_yes(value: &str) -> bool {
    matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on"
    )
}

/// Why an encoder is not even tried, if so.
fn reason_to_skip(name: &str, force_software: bool) -> Option<String> {
    if codec::h264_encoder(name).is_none() {
        return Some("not built into this FFmpeg".to_owned());
    }
    if force_software && !Family::of(name).is_software() {
        return Some(format!("{FORCE_SOFTWARE} is set"));
    }
    if Family::of(name) == Family::Vaapi && vaapi::render_nodes().is_empty() {
        return Some("no render node under /dev/dri".to_owned());
    }
    None
}

/// Opens `name`, after its self-test where the work is done by hardware. Returns also what the test measured.
pub(super) fn open_tested(name: &str, settings: &VideoSettings) -> Result<(Opened, String), EncodeError> {
    let found = find(name)?;
    if Family::of(name).is_software() {
        return Ok((VideoEncoder::open(found, settings)?, "opened".to_owned()));
    }
    let start = Instant::now();
    let worst = self_test::run(found, settings, &mut self_test::InMemory(settings.size))?;
    Ok((VideoEncoder::open(found, settings)?, passed(worst, start)))
}

fn passed(worst: f64, start: Instant) -> String {
    let took = start.elapsed().as_secs_f64() * 1e3;
    format!("self-test passed with {worst:.1} dB in {took:.0} ms")
}

/// Opens [`SURFACE_ENCODER`](super::SURFACE_ENCODER) for surfaces, which the settings must ask for, after a self-test on
/// `pictures`, which must be such surfaces.
///
/// # Errors
/// When this FFmpeg has no such encoder, or it does not open for surfaces or does not pass the test.
#[cfg(any(target_os = "macos", test))]
pub fn open_surface_video(
    settings: &VideoSettings,
    pictures: &mut dyn self_test::TestPictures,
) -> Result<(VideoEncoder, EncoderReport), EncodeError> {
    ffmpeg::init();
    settings.check()?;
    let found = find(super::SURFACE_ENCODER)?;
    let start = Instant::now();
    let worst = self_test::run(found, settings, pictures)?;
    let opened = VideoEncoder::open(found, settings)?;
    Ok(report(opened, passed(worst, start), Vec::new()))
}

fn find(name: &str) -> Result<Codec, EncodeError> {
    codec::h264_encoder(name).ok_or_else(|| {
        let known: Vec<String> = codec::h264_encoders()
            .iter()
            .map(|codec| codec.name().to_owned())
            .collect();
        EncodeError::UnknownEncoder {
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

/// Opens the encoder that the settings ask for.
///
/// With [`EncoderChoice::Auto`] the platform's list is walked until one opens and, if it is a hardware encoder, has
/// passed its self-test at the real size; `CAP_EXPORT_FORCE_SOFTWARE_ENCODER` (1, true, yes, on) leaves out hardware.
/// A named encoder is that one or an error, whatever the variable says.
///
/// # Errors
/// Sizes and rates that cannot be encoded, an unknown name, an encoder that fails, or a list without one that works.
pub fn open_video(settings: &VideoSettings) -> Result<(VideoEncoder, EncoderReport), EncodeError> {
    let force_software = env::var(FORCE_SOFTWARE).is_ok_and(|value| means_yes(&value));
    open_from(
        settings,
        candidates(Platform::current(), settings.rate),
        force_software,
    )
}

fn open_from(
    settings: &VideoSettings,
    candidates: &[&str],
    force_software: bool,
) -> Result<(VideoEncoder, EncoderReport), EncodeError> {
    ffmpeg::init();
    settings.check()?;
    let mut attempts = Vec::new();
    if let EncoderChoice::Named(name) = &settings.choice {
        let (opened, note) = open_tested(name, settings)?;
        return Ok(report(opened, note, attempts));
    }
    for name in candidates {
        let outcome = match reason_to_skip(name, force_software) {
            Some(reason) => (AttemptOutcome::Skipped, reason),
            None => match open_tested(name, settings) {
                Ok((opened, note)) => return Ok(report(opened, note, attempts)),
                Err(error) => (AttemptOutcome::Failed, one_line(&error)),
            },
        };
        let (outcome, reason) = outcome;
        tracing::info!(
            "video encoder {name} {}: {reason}",
            match outcome {
                AttemptOutcome::Failed => "failed",
                _ => "skipped",
            }
        );
        attempts.push(Attempt {
            name: (*name).to_owned(),
            outcome,
            reason,
        });
    }
    let reasons: Vec<String> = attempts
        .iter()
        .map(|it| format!("{}: {}", it.name, it.reason))
        .collect();
    Err(EncodeError::NoEncoder {
        attempts: reasons.join("; "),
    })
}

fn report(opened: Opened, note: String, mut attempts: Vec<Attempt>) -> (VideoEncoder, EncoderReport) {
    let name = opened.encoder.name().to_owned();
    tracing::info!(
        "video encoder {name}: {note}, takes {} pictures",
        opened.pixel_format
    );
    attempts.push(Attempt {
        name: name.clone(),
        outcome: AttemptOutcome::Chosen,
        reason: note,
    });
    let report = EncoderReport {
        software: Family::of(&name).is_software(),
        name,
        pixel_format: opened.pixel_format.to_owned(),
        rate: opened.rate,
        options: opened.options,
        unknown_options: opened.unknown_options,
        attempts,
    };
    (opened.encoder, report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::media::encode::tests::skip;
    use crate::time::FrameRate;

    fn settings(rate: RateControl) -> VideoSettings {
        VideoSettings::new(Size::new(128, 96), FrameRate::new(30).expect("not 0"), rate)
    }

    #[test]
    fn the_order_is_that_of_the_specification() {
        let rate = RateControl::bitrate(1_000_000);
        assert_eq!(
            candidates(Platform::MacOs, rate)[..2],
            ["h264_videotoolbox", "libx264"]
        );
        assert_eq!(
            candidates(Platform::Other, rate)[..3],
            ["h264_nvenc", "h264_vaapi", "libx264"]
        );
        for platform in [Platform::MacOs, Platform::Windows, Platform::Other] {
            assert_eq!(candidates(platform, RateControl::Crf(24)), ["libx264"]);
            assert_eq!(candidates(platform, rate).last(), Some(&"libopenh264"));
        }
    }

    #[test]
    fn the_variable_knows_four_words_for_yes() {
        for yes in ["1", "true", "yes", "on", "TRUE", " On "] {
            assert!(means_yes(yes), "{yes:?}");
        }
        for no in ["", "0", "false", "no", "off", "2"] {
            assert!(!means_yes(no), "{no:?}");
        }
    }

    #[test]
    fn what_does_not_work_is_passed_over_with_its_reason() {
        let (encoder, report) = match open_from(
            &settings(RateControl::bitrate(1_000_000)),
            &["h264_nowhere", "libx264rgb", "libx264", "libopenh264"],
            false,
        ) {
            Ok(opened) => opened,
            Err(EncodeError::NoEncoder { .. }) => return skip("no software encoder in this FFmpeg"),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(encoder.name(), report.name);
        assert!(report.software);
        let names: Vec<&str> = report.attempts.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names[..2], ["h264_nowhere", "libx264rgb"]);
        assert_eq!(report.attempts[0].outcome, AttemptOutcome::Skipped);
        assert!(
            report.attempts[0].reason.contains("not built"),
            "{:?}",
            report.attempts
        );
        let last = report.attempts.last().expect("one was chosen");
        assert_eq!(
            (last.name.as_str(), last.outcome),
            (report.name.as_str(), AttemptOutcome::Chosen)
        );
        if codec::h264_encoder("libx264rgb").is_some() {
            assert_eq!(report.attempts[1].outcome, AttemptOutcome::Failed);
            assert!(
                report.attempts[1].reason.contains("rgb24"),
                "{:?}",
                report.attempts
            );
        }
        assert!(report.unknown_options.is_empty(), "{:?}", report.unknown_options);
    }

    #[test]
    fn forcing_software_skips_hardware_and_says_so() {
        let Ok((_, report)) = open_from(
            &settings(RateControl::bitrate(1_000_000)),
            candidates(Platform::Other, RateControl::bitrate(1_000_000)),
            true,
        ) else {
            return skip("no software encoder in this FFmpeg");
        };
        assert!(report.software);
        for attempt in &report.attempts {
            let built = codec::h264_encoder(&attempt.name).is_some();
            if built && !Family::of(&attempt.name).is_software() {
                assert_eq!(attempt.outcome, AttemptOutcome::Skipped);
                assert!(attempt.reason.contains(FORCE_SOFTWARE), "{attempt:?}");
            }
        }
    }

    #[test]
    fn a_named_encoder_is_that_one_or_an_error() {
        let mut named = settings(RateControl::bitrate(1_000_000));
        named.choice = EncoderChoice::Named("h264_nowhere".to_owned());
        let error = open_video(&named).err().expect("there is no such encoder");
        let text = error.to_string();
        assert!(text.contains("h264_nowhere"), "{text}");
        for codec in codec::h264_encoders() {
            assert!(text.contains(codec.name()), "{text}");
        }

        // A decoder's name, another codec's encoder and a name with a NUL are no H.264 encoders either.
        for name in ["h264", "aac", "a\0b", ""] {
            named.choice = EncoderChoice::Named(name.to_owned());
            let error = open_video(&named).err();
            assert!(
                matches!(error, Some(EncodeError::UnknownEncoder { .. })),
                "{name:?}: {error:?}"
            );
        }
    }

    #[test]
    fn a_constant_rate_factor_needs_x264() {
        for codec in codec::h264_encoders() {
            let mut named = settings(RateControl::Crf(28));
            named.choice = EncoderChoice::Named(codec.name().to_owned());
            match open_video(&named) {
                Ok((encoder, _)) => assert_eq!(encoder.name(), "libx264"),
                Err(error) => assert!(error.to_string().contains("--crf"), "{}: {error}", codec.name()),
            }
        }
    }

    #[test]
    fn a_list_without_a_working_encoder_names_every_reason() {
        let rate = RateControl::bitrate(1_000_000);
        let error = open_from(&settings(rate), &["h264_nowhere", "h264_neither"], false).err();
        let text = error.expect("neither exists").to_string();
        assert!(text.contains("h264_nowhere: not built"), "{text}");
        assert!(text.contains("h264_neither: not built"), "{text}");
    }
}
