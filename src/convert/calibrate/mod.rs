//! `--pixel-path auto`: which path is right on this machine, and which of those is the fastest.
//!
//! Every candidate converts a picture of the export's own size. One that lies further from the reference than its
//! tolerance allows is dropped with a warning; the fastest of the rest is chosen. To stay far below 2 % of a
//! 60 s export, a path is timed for `TIME_PER_PATH` and compared on at most `PIXELS_COMPARED` pixels, and the
//! outcome is kept in a [`Cache`].

mod cache;
mod picture;

use std::time::{Duration, Instant};

pub use cache::Cache;

use super::reference::{self, Deviation};
use super::{Candidate, ConvertError, ConvertSpec, PixelPath, Timing};
use crate::frame::{Nv12Frame, PackedFrame};

/// After this much timed conversion a path is judged; one frame is always timed.
const TIME_PER_PATH: Duration = Duration::from_millis(15);
/// Frames after which a path is judged, however fast.
const FRAMES_PER_PATH: u32 = 8;
/// Pixels of a picture compared with the reference, spread over its height in pairs of rows.
const PIXELS_COMPARED: u64 = 128 * 1024;

/// What became of one candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Right, and the fastest.
    Chosen,
    /// Right, but not the fastest.
    Slower,
    /// Further from the reference than its tolerance; not used.
    Deviates,
    /// Opened, but failed to convert.
    Failed,
    /// Could not be opened.
    Unavailable,
}

/// One candidate's figures.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct CandidateReport {
    /// The path.
    pub path: PixelPath,
    /// The fastest of the timed frames with what the path costs outside its converter (see [`Timing`]), in milliseconds.
    pub ms_per_frame: Option<f64>,
    /// Largest deviation from the reference in Y', in code values.
    pub max_error_luma: Option<u8>,
    /// Largest deviation from the reference in Cb and Cr, in code values.
    pub max_error_chroma: Option<u8>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, for a reader.
    pub reason: String,
}

/// The result of a calibration, for the log and the JSON.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct Calibration {
    /// The path to use.
    pub chosen: PixelPath,
    /// Every candidate, in the order given.
    pub candidates: Vec<CandidateReport>,
    /// Whether this was remembered instead of measured.
    pub cached: bool,
    /// What measuring took, in milliseconds; of the original measurement when cached.
    pub took_ms: f64,
}

impl Calibration {
    /// The trusted paths, fastest first: what a [`super::Chain`] should hold.
    pub fn ranking(&self) -> Vec<PixelPath> {
        let mut trusted: Vec<_> = self
            .candidates
            .iter()
            .filter(|report| matches!(report.outcome, Outcome::Chosen | Outcome::Slower))
            .collect();
        trusted.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
        trusted.into_iter().map(|report| report.path).collect()
    }
}

/// Measures `candidates` for `spec`, or remembers an earlier measurement of the same.
///
/// `driver` names whatever outside this process decides how fast a path is: the graphics adapter and its driver.
///
/// # Errors
/// [`ConvertError::NoCandidate`] when no path is both available and right.
pub fn calibrate(
    spec: &ConvertSpec,
    candidates: &[Candidate],
    driver: &str,
    cache: Option<&Cache>,
) -> Result<Calibration, ConvertError> {
    let key = cache::key(spec, candidates, driver);
    if let Some(known) = cache.and_then(|cache| cache.get(&key)) {
        let usable = candidates.iter().find(|candidate| candidate.path == known.chosen);
        if usable.is_some_and(|candidate| (candidate.open)(spec).is_ok()) {
            tracing::info!(chosen = %known.chosen, "pixel path remembered from an earlier calibration");
            return Ok(known);
        }
        tracing::warn!(chosen = %known.chosen, "the remembered pixel path does not open, calibrating again");
    }
    let calibration = measure(spec, candidates)?;
    if let Some(cache) = cache
        && let Err(error) = cache.put(&key, &calibration)
    {
        tracing::warn!(%error, path = %cache.path().display(), "the calibration could not be remembered");
    }
    Ok(calibration)
}

fn measure(spec: &ConvertSpec, candidates: &[Candidate]) -> Result<Calibration, ConvertError> {
    let started = Instant::now();
    let picture = picture::paint(spec.size, spec.source);
    let mut target = Nv12Frame::new(spec.size);
    // The shortest conversion of a candidate that is right.
    let mut to_beat = Duration::MAX;
    let mut reports = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let (report, took) = judge(spec, candidate, &picture, &mut target, to_beat);
        if report.outcome == Outcome::Slower {
            to_beat = to_beat.min(took);
        }
        reports.push(report);
    }
    let fastest = reports
        .iter_mut()
        .filter(|report| report.outcome == Outcome::Slower)
        .min_by(|a, b| cost(a).total_cmp(&cost(b)))
        .ok_or(ConvertError::NoCandidate)?;
    fastest.outcome = Outcome::Chosen;
    fastest.reason = "the fastest that keeps within its tolerance".into();
    let chosen = fastest.path;
    for report in &reports {
        let CandidateReport {
            path,
            outcome,
            ms_per_frame,
            reason,
            ..
        } = report;
        if matches!(outcome, Outcome::Deviates | Outcome::Failed) {
            tracing::warn!(%path, reason, "pixel path dropped");
        } else {
            tracing::info!(%path, ?outcome, ms_per_frame, reason, "pixel path calibrated");
        }
    }
    Ok(Calibration {
        chosen,
        candidates: reports,
        cached: false,
        took_ms: started.elapsed().as_secs_f64() * 1e3,
    })
}

fn cost(report: &CandidateReport) -> f64 {
    report.ms_per_frame.unwrap_or(f64::INFINITY)
}

/// Opens, checks and times one candidate, for one frame only where a frame takes more than twice `to_beat`. A good one is
/// reported as slower until the fastest is known; with it comes the shortest of its conversions.
fn judge(
    spec: &ConvertSpec,
    candidate: &Candidate,
    picture: &PackedFrame,
    target: &mut Nv12Frame,
    to_beat: Duration,
) -> (CandidateReport, Duration) {
    let mut report = CandidateReport {
        path: candidate.path,
        ms_per_frame: None,
        max_error_luma: None,
        max_error_chroma: None,
        outcome: Outcome::Unavailable,
        reason: String::new(),
    };
    let mut converter = match (candidate.open)(spec) {
        Ok(converter) => converter,
        Err(error) => {
            report.reason = error.to_string();
            return (report, Duration::MAX);
        }
    };
    // The last frame is compared too, so that a path that only spoils the frames after its first is found out. What
    // the candidate before left in the target must not pass for a result.
    let mut best = Duration::MAX;
    let mut spent = Duration::ZERO;
    let mut worst = Deviation::default();
    let mut frame = 0;
    let mut hopeless = false;
    loop {
        let last = frame == FRAMES_PER_PATH || spent >= TIME_PER_PATH || hopeless;
        let compared = frame == 0 || last;
        if compared {
            target.y.fill(0);
            target.uv.fill(0);
        }
        let started = Instant::now();
        let outcome = converter.convert(picture.view(), target);
        let took = started.elapsed();
        let compared = outcome.and_then(|()| {
            if compared {
                reference::deviation_from(picture.view(), spec.color, target, PIXELS_COMPARED)
            } else {
                Ok(Deviation::default())
            }
        });
        match compared {
            Ok(found) => {
                worst.luma = worst.luma.max(found.luma);
                worst.chroma = worst.chroma.max(found.chroma);
            }
            Err(error) => {
                report.outcome = Outcome::Failed;
                report.reason = error.to_string();
                return (report, Duration::MAX);
            }
        }
        hopeless = took > to_beat.saturating_mul(2);
        // The first frame warms up: page faults and lazy set-up are not what an export pays per frame.
        if frame > 0 {
            best = best.min(took);
            spent += took;
        }
        if last {
            break;
        }
        frame += 1;
    }
    let allowed = candidate.path.tolerance();
    let converted = best.as_secs_f64() * 1e3;
    let cost = match &candidate.timing {
        Timing::Conversion => Ok(converted),
        Timing::ConversionAnd(beside) => beside(spec).map(|beside| converted + beside),
        Timing::Whole(whole) => whole(spec),
    };
    match cost {
        Ok(cost) => report.ms_per_frame = Some(cost),
        Err(error) => {
            report.outcome = Outcome::Failed;
            report.reason = error.to_string();
            return (report, Duration::MAX);
        }
    }
    report.max_error_luma = Some(worst.luma);
    report.max_error_chroma = Some(worst.chroma);
    if worst.luma > allowed.luma || worst.chroma > allowed.chroma {
        report.outcome = Outcome::Deviates;
        report.reason = format!(
            "up to {} code values off in luma and {} in chroma, where {} and {} are allowed",
            worst.luma, worst.chroma, allowed.luma, allowed.chroma
        );
    } else {
        report.outcome = Outcome::Slower;
        report.reason = "right, but not the fastest".into();
    }
    (report, best)
}

#[cfg(test)]
mod tests;
