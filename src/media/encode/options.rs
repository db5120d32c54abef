//! The options of each encoder (cap-look.md 22.4), in FFmpeg's names.

use crate::media::encode::settings::Part;
use crate::media::encode::{RanRate, RateControl, VideoSettings, X264Options};

/// Encoders that share a set of options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    VideoToolbox,
    Nvenc,
    Vaapi,
    QuickSync,
    Amf,
    MediaFoundation,
    X264,
    OpenH264,
    /// An encoder that is only used by name: it gets what every encoder gets.
    Other,
}

impl Family {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "h264_videotoolbox" => Self::VideoToolbox,
            "h264_nvenc" => Self::Nvenc,
            "h264_vaapi" => Self::Vaapi,
            "h264_qsv" => Self::QuickSync,
            "h264_amf" => Self::Amf,
            "h264_mf" => Self::MediaFoundation,
            "libx264" => Self::X264,
            "libopenh264" => Self::OpenH264,
            _ => Self::Other,
        }
    }

    /// Whether the work is done in this process, by code that ships with FFmpeg: nothing to distrust.
    pub(super) fn is_software(self) -> bool {
        matches!(self, Self::X264 | Self::OpenH264)
    }
}

/// Threads of x264 when the settings leave them open: one for each processor, within x264's own limit.
fn all_threads() -> usize {
    std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(128)
}

/// What an encoder is told of the rate: only x264 has a rate factor.
fn rate_of(family: Family, rate: RateControl) -> RateControl {
    match family {
        Family::X264 => rate,
        _ => rate.as_bitrate(),
    }
}

/// The same for people and results.
pub(super) fn ran_rate(family: Family, rate: RateControl) -> RanRate {
    match rate_of(family, rate) {
        RateControl::Bitrate { target, max } => RanRate::Bitrate {
            mean: target,
            max: (family != Family::X264).then_some(max),
        },
        RateControl::Quality { crf, max, .. } => RanRate::ConstantQuality { crf, max: Some(max) },
        RateControl::Crf(crf) => RanRate::ConstantQuality { crf, max: None },
    }
}

/// Option names and values for an encoder, in the order in which they are set.
///
/// `g` is also given to VideoToolbox, where Cap leaves FFmpeg's default: key frames every two seconds are promised
/// for every encoder. With a bit rate x264 is given no ceiling, as in the files that Cap writes: it keeps one only under a buffer
/// model (`bufsize`) and ignores `maxrate` without. With a preset's quality it has a ceiling, and a buffer of one second of it.
pub(super) fn options(family: Family, settings: &VideoSettings) -> Vec<(&'static str, String)> {
    let interval = settings.key_frame_interval().min(i32::MAX as u32).to_string();
    let mut list: Vec<(&'static str, String)> = Vec::new();
    let mut set = |key: &'static str, value: &str| list.push((key, value.to_owned()));

    set("flags", "+global_header");
    set("color_range", "tv");
    set("colorspace", "bt709");
    set("color_primaries", "bt709");
    set("color_trc", "bt709");
    set("g", &interval);
    let rate = rate_of(family, settings.rate);
    match rate {
        RateControl::Bitrate { target, max } => {
            set("b", &target.to_string());
            if family != Family::X264 {
                set("maxrate", &max.to_string());
            }
        }
        RateControl::Quality { crf, max, .. } => {
            set("crf", &crf.to_string());
            set("maxrate", &max.to_string());
            set("bufsize", &max.min(i32::MAX as u64).to_string());
        }
        RateControl::Crf(crf) => set("crf", &crf.to_string()),
    }

    match (family, rate) {
        (Family::VideoToolbox, _) => {
            set("profile", "main");
            set("realtime", "0");
            set("allow_sw", "0");
        }
        (Family::Nvenc, _) => {
            set("preset", "p5");
            set("tune", "hq");
            set("rc", "vbr");
            set("spatial-aq", "1");
            set("temporal-aq", "1");
            set("b_ref_mode", "middle");
            set("forced-idr", "1");
        }
        (Family::Vaapi, _) => set("rc_mode", "VBR"),
        (Family::QuickSync, _) => {
            set("preset", "medium");
            set("look_ahead", "1");
            set("look_ahead_depth", "20");
            set("forced_idr", "1");
        }
        (Family::Amf, _) => {
            set("quality", "quality");
            set("rc", "vbr_peak");
        }
        (Family::MediaFoundation, _) => {
            set("hw_encoding", "1");
            set("scenario", "0");
            set("quality", "0");
        }
        (Family::X264, RateControl::Bitrate { .. } | RateControl::Quality { .. }) => {
            set("preset", "veryfast");
            set("bf", "0");
            set("rc-lookahead", "10");
            set("b_strategy", "0");
            set("aq-mode", "1");
            set("refs", "2");
            set("trellis", "0");
            set("keyint_min", &interval);
            match settings.x264 {
                X264Options::Cap => set("subq", "2"),
                X264Options::Lean => {
                    set("subq", "1");
                    set("motion-est", "dia");
                    set("partitions", "none");
                    set("weightp", "0");
                    set("sc_threshold", "0");
                }
            }
        }
        (Family::X264, RateControl::Crf(_)) => {
            set("preset", "slow");
            set("keyint_min", &interval);
        }
        (Family::OpenH264, _) => {
            set("rc_mode", "bitrate");
            set("allow_skip_frames", "0");
        }
        (Family::Other, _) => {}
    }
    if family.is_software() {
        set(
            "threads",
            &settings.threads.unwrap_or_else(all_threads).to_string(),
        );
    }
    if let Some(references) = settings.max_references {
        list.retain(|(key, _)| *key != "refs");
        list.push(("refs", references.to_string()));
    }
    if family == Family::X264 {
        part_options(&mut list, settings);
    }
    list
}

/// Constant rate factor of a rectangle's encoder over that of the whole pictures. It codes without lookahead, at lower QP
/// for the same factor: with 2 more, the file is 3 % larger than that of whole pictures, and changed blocks are 0.3 dB
/// worse (docs/performance.md).
const RECTANGLE_CRF: u8 = 2;

/// What the two encoders of region pictures need: pictures that depend on the one before alone, key frames where they are
/// asked for, and slices that can stand in each other's pictures.
fn part_options(list: &mut Vec<(&'static str, String)>, settings: &VideoSettings) {
    let mut set = |key: &'static str, value: String| {
        list.retain(|(other, _)| *other != key);
        list.push((key, value));
    };
    if settings.part == Part::Everything {
        return;
    }
    for (key, value) in [
        ("bf", "0"),
        ("refs", "1"),
        ("weightp", "0"),
        ("sc_threshold", "0"),
    ] {
        set(key, value.to_owned());
    }
    if settings.part == Part::WholePictures {
        x264_params(list, "dpb-size=2");
        return;
    }
    // Key frames come when they are asked for, a picture comes out at once, and only one thread works on so little. A
    // rectangle that is coded by itself is hardly better than those that follow: most of them are cameras.
    for (key, value) in [("g", "1073741824"), ("rc-lookahead", "0"), ("mbtree", "0")] {
        set(key, value.to_owned());
    }
    if let RateControl::Crf(crf) | RateControl::Quality { crf, .. } = settings.rate {
        set("crf", crf.saturating_add(RECTANGLE_CRF).min(51).to_string());
    }
    list.retain(|(key, _)| !["keyint_min", "maxrate", "bufsize"].contains(key));
    let columns = settings.size.width.div_ceil(16);
    x264_params(
        list,
        &format!(
            "ipratio=1.1:no-deblock=1:slice-max-mbs={columns}:mvrange=32:partitions=i8x8,i4x4:force-cfr=1:sync-lookahead=0:sliced-threads=0"
        ),
    );
}

/// Adds to x264's own options.
fn x264_params(list: &mut Vec<(&'static str, String)>, params: &str) {
    match list.iter_mut().find(|(key, _)| *key == "x264-params") {
        Some((_, value)) => {
            value.push(':');
            value.push_str(params);
        }
        None => list.push(("x264-params", params.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Size;
    use crate::time::FrameRate;

    fn settings(rate: RateControl) -> VideoSettings {
        let fps = FrameRate::new(60).expect("not 0");
        let mut settings = VideoSettings::new(Size::new(1920, 1080), fps, rate);
        settings.threads = Some(3);
        settings.x264 = X264Options::Cap;
        settings
    }

    fn pairs(list: &[(&'static str, String)]) -> Vec<String> {
        list.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    const COMMON: [&str; 6] = [
        "flags=+global_header",
        "color_range=tv",
        "colorspace=bt709",
        "color_primaries=bt709",
        "color_trc=bt709",
        "g=120",
    ];

    fn expect(family: Family, rate: RateControl, own: &[&str]) {
        let list = pairs(&options(family, &settings(rate)));
        let expected: Vec<String> = COMMON.iter().chain(own).map(|pair| (*pair).to_owned()).collect();
        assert_eq!(list, expected, "{family:?}");
    }

    /// The rows of cap-look.md 22.4, and what is added to them.
    #[test]
    fn every_family_has_the_options_of_its_row() {
        let rate = RateControl::bitrate(8_000_000);
        let with_rate = |own: &[&'static str]| -> Vec<&'static str> {
            ["b=8000000", "maxrate=12000000"]
                .iter()
                .chain(own)
                .copied()
                .collect()
        };
        expect(
            Family::VideoToolbox,
            rate,
            &with_rate(&["profile=main", "realtime=0", "allow_sw=0"]),
        );
        expect(
            Family::Nvenc,
            rate,
            &with_rate(&[
                "preset=p5",
                "tune=hq",
                "rc=vbr",
                "spatial-aq=1",
                "temporal-aq=1",
                "b_ref_mode=middle",
                "forced-idr=1",
            ]),
        );
        expect(
            Family::QuickSync,
            rate,
            &with_rate(&[
                "preset=medium",
                "look_ahead=1",
                "look_ahead_depth=20",
                "forced_idr=1",
            ]),
        );
        expect(Family::Amf, rate, &with_rate(&["quality=quality", "rc=vbr_peak"]));
        expect(
            Family::MediaFoundation,
            rate,
            &with_rate(&["hw_encoding=1", "scenario=0", "quality=0"]),
        );
        expect(
            Family::X264,
            rate,
            &[
                "b=8000000",
                "preset=veryfast",
                "bf=0",
                "rc-lookahead=10",
                "b_strategy=0",
                "aq-mode=1",
                "refs=2",
                "trellis=0",
                "keyint_min=120",
                "subq=2",
                "threads=3",
            ],
        );
        expect(
            Family::X264,
            RateControl::Crf(28),
            &["crf=28", "preset=slow", "keyint_min=120", "threads=3"],
        );
    }

    #[test]
    fn x264_keeps_a_quality_under_a_ceiling_and_others_take_the_bit_rate() {
        let rate = RateControl::Quality {
            crf: 18,
            target: 8_000_000,
            max: 12_000_000,
        };
        let mut settings = settings(rate);
        let has = |family, settings: &VideoSettings, pair: &str| {
            pairs(&options(family, settings)).iter().any(|it| it == pair)
        };
        for pair in [
            "crf=18",
            "maxrate=12000000",
            "bufsize=12000000",
            "subq=2",
            "rc-lookahead=10",
        ] {
            assert!(has(Family::X264, &settings, pair), "{pair}");
        }
        assert!(!has(Family::X264, &settings, "b=8000000"));
        settings.x264 = X264Options::Lean;
        for pair in [
            "subq=1",
            "motion-est=dia",
            "partitions=none",
            "weightp=0",
            "sc_threshold=0",
            "aq-mode=1",
        ] {
            assert!(has(Family::X264, &settings, pair), "{pair}");
        }
        for family in [
            Family::VideoToolbox,
            Family::Nvenc,
            Family::OpenH264,
            Family::Other,
        ] {
            assert!(has(family, &settings, "b=8000000"), "{family:?}");
            assert!(has(family, &settings, "maxrate=12000000"), "{family:?}");
            assert!(!has(family, &settings, "crf=18"), "{family:?}");
            let ran = RanRate::Bitrate {
                mean: 8_000_000,
                max: Some(12_000_000),
            };
            assert_eq!(ran_rate(family, rate), ran);
        }
        let ran = RanRate::ConstantQuality {
            crf: 18,
            max: Some(12_000_000),
        };
        assert_eq!(ran_rate(Family::X264, rate), ran);
    }

    #[test]
    fn a_bound_on_references_replaces_the_default() {
        let mut settings = settings(RateControl::bitrate(8_000_000));
        settings.max_references = Some(1);
        let list = pairs(&options(Family::X264, &settings));
        let refs: Vec<&String> = list.iter().filter(|pair| pair.starts_with("refs")).collect();
        assert_eq!(refs, ["refs=1"]);
    }
}
