//! How much of everything a configuration may hold. Far above what people make, far below what would fill the memory or take
//! minutes to look through.

use super::super::config::{
    Camera3dTracks, CaptionData, EasedKeyframe, MAX_ENTRIES, ProjectConfig, Timeline,
};
use super::Check;

/// Keyframes, words and keys, in all entries of a list together.
pub(super) const MAX_PARTS: usize = 100_000;
/// Bytes of a text that is drawn, which is some ten pages.
pub(super) const MAX_TEXT: usize = 64 << 10;

/// Notes as errors what is more than that, and empties it, so that nothing after looks through it; cuts texts with a warning.
pub(super) fn check(config: &mut ProjectConfig, check: &mut Check<'_>) {
    entries("clips", &mut config.clips, check);
    entries("hiddenTextSegments", &mut config.hidden_text_segments, check);
    entries("overlayOrder", &mut config.overlay_order, check);
    if let Some(captions) = &mut config.captions {
        captions_data(captions, check);
    }
    if let Some(frame) = &mut config.background.frame {
        text("background.frame.url", &mut frame.url, check);
        text("background.frame.title", &mut frame.title, check);
    }
    if let Some(timeline) = &mut config.timeline {
        lists(timeline, check);
        parts(timeline, check);
        texts(timeline, check);
    }
}

fn lists(timeline: &mut Timeline, check: &mut Check<'_>) {
    entries("timeline.segments", &mut timeline.segments, check);
    entries("timeline.zoomSegments", &mut timeline.zoom_segments, check);
    entries("timeline.transitions", &mut timeline.transitions, check);
    entries("timeline.sceneSegments", &mut timeline.scene_segments, check);
    entries("timeline.maskSegments", &mut timeline.mask_segments, check);
    entries("timeline.textSegments", &mut timeline.text_segments, check);
    entries("timeline.captionSegments", &mut timeline.caption_segments, check);
    if let Some(keys) = &mut timeline.keyboard_segments {
        entries("timeline.keyboardSegments", keys, check);
    }
    entries("timeline.audioSegments", &mut timeline.audio_segments, check);
    entries(
        "timeline.camera3dSegments",
        &mut timeline.camera_3d_segments,
        check,
    );
    entries("timeline.styleSegments", &mut timeline.style_segments, check);
    entries("timeline.imageSegments", &mut timeline.image_segments, check);
    entries(
        "timeline.waveformSegments",
        &mut timeline.waveform_segments,
        check,
    );
}

fn entries<T>(at: &str, list: &mut Vec<T>, check: &mut Check<'_>) {
    if list.len() > MAX_ENTRIES {
        check.error(at, format!("expected at most {MAX_ENTRIES} entries, found more"));
        *list = Vec::new();
    }
}

fn parts(timeline: &mut Timeline, check: &mut Check<'_>) {
    let masks = timeline.mask_segments.iter().map(|mask| {
        let keyframes = &mask.keyframes;
        keyframes.position.len() + keyframes.size.len() + keyframes.intensity.len()
    });
    if too_many("timeline.maskSegments", "keyframes", masks.sum(), check) {
        timeline.mask_segments.clear();
    }
    let cameras = timeline.camera_3d_segments.iter_mut().map(|camera| {
        tracks(&mut camera.tracks)
            .into_iter()
            .map(|(_, track)| track.len())
            .sum::<usize>()
    });
    if too_many("timeline.camera3dSegments", "keyframes", cameras.sum(), check) {
        timeline.camera_3d_segments.clear();
    }
    let words = timeline
        .caption_segments
        .iter()
        .map(|caption| caption.words.len());
    if too_many("timeline.captionSegments", "words", words.sum(), check) {
        timeline.caption_segments.clear();
    }
    if let Some(segments) = &mut timeline.keyboard_segments {
        let keys = segments.iter().map(|keyboard| keyboard.keys.len());
        if too_many("timeline.keyboardSegments", "keys", keys.sum(), check) {
            segments.clear();
        }
    }
}

fn too_many(at: &str, what: &str, count: usize, check: &mut Check<'_>) -> bool {
    if count > MAX_PARTS {
        check.error(
            at,
            format!("expected at most {MAX_PARTS} {what} in all, found {count}"),
        );
    }
    count > MAX_PARTS
}

fn captions_data(captions: &mut CaptionData, check: &mut Check<'_>) {
    entries("captions.segments", &mut captions.segments, check);
    let words = captions.segments.iter().map(|caption| caption.words.len());
    if too_many("captions.segments", "words", words.sum(), check) {
        captions.segments.clear();
    }
    for (index, caption) in captions.segments.iter_mut().enumerate() {
        long_text(
            || format!("captions.segments[{index}].text"),
            &mut caption.text,
            check,
        );
    }
}

fn texts(timeline: &mut Timeline, check: &mut Check<'_>) {
    for (index, segment) in timeline.text_segments.iter_mut().enumerate() {
        long_text(
            || format!("timeline.textSegments[{index}].content"),
            &mut segment.content,
            check,
        );
    }
    for (index, caption) in timeline.caption_segments.iter_mut().enumerate() {
        long_text(
            || format!("timeline.captionSegments[{index}].text"),
            &mut caption.text,
            check,
        );
    }
    for (index, keyboard) in timeline.keyboard_segments.iter_mut().flatten().enumerate() {
        let at = || format!("timeline.keyboardSegments[{index}].displayText");
        long_text(at, &mut keyboard.display_text, check);
    }
}

fn text(at: &str, value: &mut String, check: &mut Check<'_>) {
    long_text(|| at.to_owned(), value, check);
}

/// Cuts a text that is too long at a character.
fn long_text(at: impl Fn() -> String, value: &mut String, check: &mut Check<'_>) {
    if value.len() > MAX_TEXT {
        let message = format!(
            "expected at most {MAX_TEXT} bytes of text, found {}; only the beginning is drawn",
            value.len()
        );
        check.warn(&at(), message);
        value.truncate(value.floor_char_boundary(MAX_TEXT));
        value.shrink_to_fit();
    }
}

/// The tracks of a 3D camera by their keys.
pub(super) fn tracks(tracks: &mut Camera3dTracks) -> [(&'static str, &mut Vec<EasedKeyframe>); 16] {
    [
        ("tiltX", &mut tracks.tilt_x),
        ("tiltY", &mut tracks.tilt_y),
        ("roll", &mut tracks.roll),
        ("rotateX", &mut tracks.rotate_x),
        ("rotateY", &mut tracks.rotate_y),
        ("fov", &mut tracks.fov),
        ("zoom", &mut tracks.zoom),
        ("panX", &mut tracks.pan_x),
        ("panY", &mut tracks.pan_y),
        ("blurStrength", &mut tracks.blur_strength),
        ("blurFalloff", &mut tracks.blur_falloff),
        ("blurFocusSize", &mut tracks.blur_focus_size),
        ("blurFocusX", &mut tracks.blur_focus_x),
        ("blurFocusY", &mut tracks.blur_focus_y),
        ("blurAngle", &mut tracks.blur_angle),
        ("blurDirPosition", &mut tracks.blur_dir_position),
    ]
}
