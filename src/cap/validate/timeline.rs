//! The timeline brought into its domains (cap-format.md 4.8, 8.5).

use super::super::MAX_SECONDS;
use super::super::config::{
    Camera3dSegment, CaptionSegment, Clip, ImageSegment, KeyboardSegment, MaskSegment, SceneSegment,
    StyleSegment, TextSegment, Timeline, Transition, WaveformSegment, ZoomMode, ZoomSegment,
};
use super::{Check, SECONDS, SegmentMap, overlays};

/// Slowest and fastest clips; cap-look.md 27 has speeds of 0 and less rejected.
const SPEED: (f64, f64) = (0.001, 1000.0);
/// Sums of decimal fractions may come out a little below 0.
const ROUNDING: f64 = 0.001;

pub(super) fn validate(timeline: &mut Timeline, segments: Option<&SegmentMap>, check: &mut Check<'_>) {
    clips(timeline, segments, check);
    // Overlays go last, so that every message counts them as the file does.
    for (index, zoom) in timeline.zoom_segments.iter_mut().enumerate() {
        let at = |key: &str| format!("timeline.zoomSegments[{index}].{key}");
        check.at_most(&at("amount"), &mut zoom.amount, 100.0);
        check.clamp(&at("edgeSnapRatio"), &mut zoom.edge_snap_ratio, (0.0, 0.5));
        if let ZoomMode::Manual(centre) = &mut zoom.mode {
            check.clamp(&at("mode.manual.x"), &mut centre.x, (0.0, 1.0));
            check.clamp(&at("mode.manual.y"), &mut centre.y, (0.0, 1.0));
        }
    }
    for (index, scene) in timeline.scene_segments.iter_mut().enumerate() {
        let at = |key: &str| format!("timeline.sceneSegments[{index}].{key}");
        check.clamp(&at("transitionIn"), &mut scene.transition_in, SECONDS);
        check.clamp(&at("transitionOut"), &mut scene.transition_out, SECONDS);
        if let Some(layout) = &mut scene.split_layout {
            check.clamp(
                &at("splitLayout.screenZoom"),
                &mut layout.screen_zoom,
                (0.01, 100.0),
            );
            check.clamp(
                &at("splitLayout.cameraZoom"),
                &mut layout.camera_zoom,
                (0.01, 100.0),
            );
            for (key, point) in [
                ("screenPosition", &mut layout.screen_position),
                ("cameraPosition", &mut layout.camera_position),
            ] {
                check.clamp(&at(&format!("splitLayout.{key}.x")), &mut point.x, (0.0, 1.0));
                check.clamp(&at(&format!("splitLayout.{key}.y")), &mut point.y, (0.0, 1.0));
            }
        }
    }
    overlays::validate(timeline, check);
    spans("zoomSegments", &mut timeline.zoom_segments, check);
    spans("sceneSegments", &mut timeline.scene_segments, check);
    spans("maskSegments", &mut timeline.mask_segments, check);
    spans("captionSegments", &mut timeline.caption_segments, check);
    if let Some(keys) = &mut timeline.keyboard_segments {
        spans("keyboardSegments", keys, check);
    }
    spans("camera3dSegments", &mut timeline.camera_3d_segments, check);
    spans("styleSegments", &mut timeline.style_segments, check);
    spans("imageSegments", &mut timeline.image_segments, check);
    spans("waveformSegments", &mut timeline.waveform_segments, check);
    // Texts are counted by `hiddenTextSegments`, so those that are never shown are switched off in their places.
    for (index, text) in timeline.text_segments.iter_mut().enumerate() {
        text.enabled &= span("textSegments", index, text, check);
    }
}

/// Clips of unknown segments go, with their transitions; the others must be playable.
fn clips(timeline: &mut Timeline, segments: Option<&SegmentMap>, check: &mut Check<'_>) {
    let mut kept: Vec<Option<u32>> = Vec::with_capacity(timeline.segments.len());
    let mut clips = Vec::with_capacity(timeline.segments.len());
    let mut total = 0.0;
    let errors_before = check.problems.error_count();
    for (index, mut clip) in std::mem::take(&mut timeline.segments).into_iter().enumerate() {
        let keep = playable(index, &mut clip, check) && known(index, &mut clip, segments, check);
        kept.push(if keep {
            u32::try_from(clips.len()).ok()
        } else {
            None
        });
        if keep {
            total += (clip.end - clip.start) / clip.timescale;
            clips.push(clip);
        }
    }
    timeline.segments = clips;
    if timeline.segments.is_empty() && check.problems.error_count() == errors_before {
        check.error(
            "timeline.segments",
            "no clip is left to be shown; take `timeline` out to show the recording whole",
        );
    }
    if total > MAX_SECONDS {
        let message = format!("the clips take {total:.0} s; at most {MAX_SECONDS} s are exported");
        check.error("timeline.segments", message);
    }
    let place = |index: u32| usize::try_from(index).ok().and_then(|index| *kept.get(index)?);
    let mut index = 0;
    timeline.transitions.retain_mut(|transition| {
        let at = format!("timeline.transitions[{index}]");
        index += 1;
        keep_transition(&at, transition, &kept, place, check)
    });
}

/// Whether the transition still stands between two clips that follow one another; then under the new number of its clip.
fn keep_transition(
    at: &str,
    transition: &mut Transition,
    clips: &[Option<u32>],
    place: impl Fn(u32) -> Option<u32>,
    check: &mut Check<'_>,
) -> bool {
    let right = transition.segment_index;
    let Some(left) = right.checked_sub(1).filter(|_| (right as usize) < clips.len()) else {
        let message =
            format!("expected the index of a clip that another one precedes, found {right}; left out");
        check.warn(&format!("{at}.segmentIndex"), message);
        return false;
    };
    match (place(left), place(right)) {
        (Some(_), Some(right)) => transition.segment_index = right,
        _ => {
            check.warn(at, "one of its clips is left out, and so is the transition");
            return false;
        }
    }
    check.clamp(&format!("{at}.duration"), &mut transition.duration, SECONDS);
    true
}

/// Whether the clip can be played; false after an error, or with a warning when it has no length.
fn playable(index: usize, clip: &mut Clip, check: &mut Check<'_>) -> bool {
    let at = |key: &str| format!("timeline.segments[{index}].{key}");
    let mut fits = true;
    if !(SPEED.0..=SPEED.1).contains(&clip.timescale) {
        let message = format!(
            "expected a speed of {} to {}, found {}",
            SPEED.0, SPEED.1, clip.timescale
        );
        check.error(&at("timescale"), message);
        fits = false;
    }
    for (key, value) in [("start", &mut clip.start), ("end", &mut clip.end)] {
        if (-ROUNDING..0.0).contains(value) {
            *value = 0.0;
        }
        if !(0.0..=MAX_SECONDS).contains(value) {
            check.error(&at(key), format!("expected 0 to {MAX_SECONDS} s, found {value}"));
            fits = false;
        }
    }
    if clip.end < clip.start {
        let message = format!(
            "the clip ends at {} s, before it starts at {} s",
            clip.end, clip.start
        );
        check.error(&at("end"), message);
        return false;
    }
    if fits && clip.end == clip.start {
        check.warn(&format!("timeline.segments[{index}]"), "has no length; left out");
        return false;
    }
    fits
}

/// Whether the clip's recording segment was found; then under its number there.
fn known(index: usize, clip: &mut Clip, segments: Option<&SegmentMap>, check: &mut Check<'_>) -> bool {
    let Some(map) = segments else {
        return true;
    };
    match map.get(&clip.recording_segment) {
        Some(number) => {
            clip.recording_segment = *number;
            true
        }
        None => {
            let message = format!(
                "there is no recording segment {}, there are {}; the clip is left out",
                clip.recording_segment,
                map.len()
            );
            check.warn(&format!("timeline.segments[{index}].recordingSegment"), message);
            false
        }
    }
}

/// Output time of an overlay.
trait Span {
    fn span(&mut self) -> (&mut f64, &mut f64);
}

macro_rules! span {
    ($($overlay:ty),+) => {
        $(impl Span for $overlay {
            fn span(&mut self) -> (&mut f64, &mut f64) {
                (&mut self.start, &mut self.end)
            }
        })+
    };
}

span!(
    ZoomSegment,
    SceneSegment,
    MaskSegment,
    TextSegment,
    CaptionSegment,
    KeyboardSegment,
    Camera3dSegment,
    StyleSegment,
    ImageSegment,
    WaveformSegment
);

/// Drops overlays that end before they start. Ends far after the export, which mean "to the end", are shortened.
fn spans<T: Span>(key: &str, overlays: &mut Vec<T>, check: &mut Check<'_>) {
    let mut index = 0;
    overlays.retain_mut(|overlay| {
        index += 1;
        span(key, index - 1, overlay, check)
    });
}

fn span<T: Span>(key: &str, index: usize, overlay: &mut T, check: &mut Check<'_>) -> bool {
    let at = format!("timeline.{key}[{index}]");
    let (start, end) = overlay.span();
    if end < start {
        check.warn(
            &at,
            format!("ends at {end} s, before it starts at {start} s; never shown"),
        );
        return false;
    }
    check.clamp(&format!("{at}.start"), start, (-MAX_SECONDS, MAX_SECONDS));
    check.clamp(&format!("{at}.end"), end, (-MAX_SECONDS, MAX_SECONDS));
    true
}
