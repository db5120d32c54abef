//! Why a recording can't be planned.

use crate::frame::Size;
use crate::time::FrameRate;

/// Longest output side, pixels: what GPUs take as one texture.
pub const MAX_OUTPUT_SIDE: u32 = 16_384;
/// Most frames of one export.
pub const MAX_FRAMES: u64 = 100_000_000;
/// Longest output, seconds (24 hours).
pub const MAX_DURATION: f64 = 86_400.0;

/// A recording, configuration or request of which no scene can be made.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SceneError {
    /// A setting that makes no sense.
    #[error(
        "planning the scene: `{key}` in project-config.json is {value}, but {expected}; \
         correct it in Cap's editor or in the file"
    )]
    Setting {
        /// Path of the key.
        key: String,
        /// What was found.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// Pointer events that are no numbers.
    #[error(
        "planning the pointer: {kind} {index} of segment {segment} has a time or position that is not finite; \
         correct or remove its cursor.json"
    )]
    PointerEvent {
        /// Index of the recording segment.
        segment: usize,
        /// `move` or `click`.
        kind: &'static str,
        /// Index of the event.
        index: usize,
    },
    /// A pointer image whose hotspot is no number.
    #[error(
        "planning the pointer: the hotspot of image `{id}` in recording-meta.json is not finite; correct it"
    )]
    Hotspot {
        /// Id of the image.
        id: String,
    },
    /// No clip is left to show.
    #[error("planning the timeline: nothing to export, {0}")]
    NothingToExport(&'static str),
    /// Media or alignment that can't be used.
    #[error("planning the scene: the {track} of segment {segment} has {problem}; the file may be damaged")]
    Media {
        /// Index of the recording segment.
        segment: usize,
        /// Which track, in words.
        track: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The caller described another number of segments than the recording has.
    #[error("planning the scene: {described} segments were described but the recording has {recorded}")]
    SegmentCount {
        /// Entries of the facts.
        described: usize,
        /// Segments of the recording.
        recorded: usize,
    },
    /// A requested size that can't be produced.
    #[error(
        "planning the output size: a box of {0} was asked for, but its sides must lie in 2..={max}; \
         ask for another resolution",
        max = MAX_OUTPUT_SIDE
    )]
    Bounds(Size),
    /// The recording has texts and this machine no font.
    #[error(
        "setting the texts: no font is installed; install one (on Debian and Ubuntu `apt-get install fonts-dejavu-core`), \
         or take texts, captions and keyboard overlay out of the recording"
    )]
    Fonts,
    /// Longer than an export may be.
    #[error(
        "planning the timeline: the output would be {seconds} s long, above the limit of {max} s; shorten the clips \
         or raise their speed",
        max = MAX_DURATION
    )]
    TooLong {
        /// Seconds of output.
        seconds: f64,
    },
    /// More frames than an export may have.
    #[error(
        "planning the timeline: {seconds} s at {rate} fps are {frames} frames, above the limit of {max}; \
         ask for a lower frame rate",
        max = MAX_FRAMES
    )]
    TooManyFrames {
        /// Seconds of output.
        seconds: f64,
        /// Requested rate.
        rate: FrameRate,
        /// Frames of output.
        frames: f64,
    },
    /// More masks at one moment than an export may have.
    #[error(
        "planning the masks: {count} masks are drawn at {at} s, above the limit of {max}; remove some, or put one \
         mask in the place of several",
        max = super::masks::MOST_MASKS_AT_ONCE
    )]
    TooManyMasks {
        /// Output second.
        at: f64,
        /// Masks drawn there.
        count: usize,
    },
    /// More different looks than an export may have.
    #[error(
        "planning the styles: `timeline.styleSegments` of project-config.json holds more than {max} different \
         `{kind}` objects; remove some, or give several of them the same settings"
    )]
    TooManyStyles {
        /// Key of the object.
        kind: &'static str,
        /// Different ones allowed.
        max: usize,
    },
    /// Integrating the motion would take unreasonably long.
    #[error(
        "planning {what}: {steps} simulation steps are needed, above the limit of {max}; \
         shorten the timeline or remove {remove}"
    )]
    TooManySteps {
        /// What is simulated.
        what: &'static str,
        /// Steps needed.
        steps: u64,
        /// Steps allowed.
        max: u64,
        /// What makes it long.
        remove: &'static str,
    },
}

/// Checks settings; keeps those within their documented range and says so when it moved one.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub(crate) warnings: Vec<String>,
}

impl Checks {
    /// `value` clamped to `range`; moving it leaves a warning.
    ///
    /// # Errors
    /// When it is not finite.
    pub(crate) fn clamp(
        &mut self,
        key: &str,
        value: f64,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<f64, SceneError> {
        let value = finite(key, value)?;
        let clamped = value.clamp(*range.start(), *range.end());
        if clamped != value {
            self.warnings.push(format!(
                "`{key}` is {value}, outside {}..={}; {clamped} is used",
                range.start(),
                range.end()
            ));
        }
        Ok(clamped)
    }

    /// What `make` makes of settings that stand below `path`: warnings and errors name them there.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn below<T>(
        &mut self,
        path: &str,
        make: impl FnOnce(&mut Self) -> Result<T, SceneError>,
    ) -> Result<T, SceneError> {
        let mut inner = Self::default();
        let made = make(&mut inner);
        let placed = inner
            .warnings
            .into_iter()
            .map(|warning| match warning.strip_prefix('`') {
                Some(rest) => format!("`{path}.{rest}"),
                None => warning,
            });
        self.warnings.extend(placed);
        made.map_err(|error| match error {
            SceneError::Setting { key, value, expected } => SceneError::Setting {
                key: format!("{path}.{key}"),
                value,
                expected,
            },
            other => other,
        })
    }
}

/// `value`, when it is a number.
pub(crate) fn finite(key: &str, value: f64) -> Result<f64, SceneError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(setting(key, value, "must be a finite number"))
    }
}

/// A [`SceneError::Setting`].
pub(crate) fn setting(key: &str, value: f64, expected: &'static str) -> SceneError {
    SceneError::Setting {
        key: key.to_owned(),
        value: value.to_string(),
        expected,
    }
}
