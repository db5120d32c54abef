//! `manifest.json` of a fragment folder, both types (cap-format.md 3.3 and 3.4).

use std::time::Duration;

use serde::Deserialize;

use crate::cap::MAX_SECONDS;
use crate::cap::json::Issue;

/// Newest version of each type that is described.
const KNOWN_VERSION: u32 = 5;
const KNOWN_OLD_VERSION: u32 = 2;

/// The file.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    #[serde(default = "one")]
    version: u32,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    init_segment: Option<String>,
    #[serde(default)]
    codec_info: Option<CodecInfo>,
    #[serde(default)]
    segments: Vec<Entry>,
    #[serde(default)]
    fragments: Vec<Entry>,
}

const fn one() -> u32 {
    1
}

/// Nominal rate of a video; the other keys are informational.
#[derive(Debug, Deserialize)]
struct CodecInfo {
    #[serde(default)]
    frame_rate_num: i64,
    #[serde(default)]
    frame_rate_den: i64,
}

/// One piece.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Entry {
    /// Bare file name.
    pub(super) path: String,
    /// Order.
    #[serde(default)]
    pub(super) index: u32,
    /// Seconds; 0 for the piece that was being written, `None` where an older recorder did not know.
    #[serde(default)]
    duration: Option<f64>,
    /// False for the piece that was being written.
    #[serde(default)]
    pub(super) is_complete: bool,
    /// Bytes.
    #[serde(default)]
    pub(super) file_size: Option<u64>,
}

impl Entry {
    /// How long the piece lasts, where a believable time is written.
    pub(super) fn stated(&self) -> Option<Duration> {
        let seconds = self
            .duration
            .filter(|seconds| *seconds > 0.0 && *seconds <= MAX_SECONDS)?;
        Duration::try_from_secs_f64(seconds).ok()
    }
}

impl Manifest {
    /// Whether the pieces need an init segment.
    pub(super) fn has_init(&self) -> bool {
        self.kind.as_deref() == Some("m4s_segments")
    }

    /// Name of the init segment, where one is named.
    pub(super) fn init_name(&self) -> Option<&str> {
        self.init_segment.as_deref().filter(|_| self.has_init())
    }

    /// The entries in order of their index, each with its JSON path.
    pub(super) fn entries(&self) -> Vec<(String, &Entry)> {
        let (key, list) = if self.has_init() {
            ("segments", &self.segments)
        } else {
            ("fragments", &self.fragments)
        };
        let mut entries: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(place, entry)| (format!("{key}[{place}].path"), entry))
            .collect();
        entries.sort_by_key(|(_, entry)| entry.index);
        entries
    }

    /// Nominal rate, rounded to whole frames per second.
    pub(super) fn frame_rate(&self) -> Option<u32> {
        let info = self.codec_info.as_ref()?;
        if info.frame_rate_num <= 0 || info.frame_rate_den <= 0 {
            return None;
        }
        let rate = (info.frame_rate_num as f64 / info.frame_rate_den as f64).round();
        (1.0..=1000.0).contains(&rate).then_some(rate as u32)
    }

    /// What is unusual about it.
    pub(super) fn oddities(&self) -> Vec<Issue> {
        let mut odd = Vec::new();
        let known = if self.has_init() {
            KNOWN_VERSION
        } else {
            KNOWN_OLD_VERSION
        };
        if self.version > known {
            odd.push(Issue {
                path: "version".into(),
                message: format!(
                    "version {} is newer than {known}, the newest one known; read like that one",
                    self.version
                ),
            });
        }
        if let Some(kind) = self.kind.as_deref().filter(|_| !self.has_init()) {
            odd.push(Issue {
                path: "type".into(),
                message: format!(
                    "expected \"m4s_segments\" or no type, found {kind:?}; read as without type"
                ),
            });
        }
        odd
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Manifest {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_current_type_is_read() {
        let manifest = read(
            r#"{ "version": 5, "type": "m4s_segments", "init_segment": "init.mp4",
              "codec_info": { "width": 1920, "height": 1080, "frame_rate_num": 60, "frame_rate_den": 1,
                              "time_base_num": 1, "time_base_den": 1000000, "pixel_format": "NV12" },
              "segments": [
                { "path": "segment_002.m4s", "index": 2, "duration": 0.0,   "is_complete": false },
                { "path": "segment_001.m4s", "index": 1, "duration": 2.016, "is_complete": true,  "file_size": 812345 } ],
              "is_complete": false }"#,
        );
        assert_eq!(
            (manifest.init_name(), manifest.frame_rate()),
            (Some("init.mp4"), Some(60))
        );
        let entries = manifest.entries();
        assert_eq!(
            (entries[0].0.as_str(), entries[0].1.file_size),
            ("segments[1].path", Some(812_345))
        );
        assert!(entries[0].1.is_complete && !entries[1].1.is_complete);
        assert_eq!(manifest.oddities(), []);
    }

    #[test]
    fn the_older_type_is_read() {
        let manifest = read(
            r#"{ "fragments": [ { "path": "fragment_000.m4a", "index": 0, "duration": null, "is_complete": true, "file_size": 40960 } ],
              "total_duration": 3.0, "is_complete": true }"#,
        );
        assert!(!manifest.has_init());
        assert_eq!(manifest.entries()[0].1.path, "fragment_000.m4a");
        assert_eq!(manifest.version, 1);
    }

    #[test]
    fn newer_versions_and_unknown_types_are_odd() {
        let paths = |text| {
            read(text)
                .oddities()
                .into_iter()
                .map(|odd| odd.path)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            paths(r#"{"version": 6, "type": "m4s_segments", "segments": []}"#),
            ["version"]
        );
        assert_eq!(paths(r#"{"version": 3, "fragments": []}"#), ["version"]);
        assert_eq!(paths(r#"{"type": "hls", "fragments": []}"#), ["type"]);
    }

    #[test]
    fn impossible_rates_are_no_rates() {
        for (numerator, denominator, rate) in [
            (30000, 1001, Some(30)),
            (0, 1, None),
            (60, 0, None),
            (i64::MAX, 1, None),
            (-60, -1, None),
        ] {
            let text = format!(
                r#"{{"codec_info": {{"frame_rate_num": {numerator}, "frame_rate_den": {denominator}}}}}"#
            );
            assert_eq!(read(&text).frame_rate(), rate);
        }
    }
}
