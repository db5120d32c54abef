//! Overlays brought into domains in which every number can be reckoned with. What cap-look.md clamps on its own (a font size, the
//! centre of a mask) is clamped where it is used; here absurd numbers end.

use super::super::config::{
    Camera3dSegment, CaptionData, CaptionSegment, EasedKeyframe, ImageSegment, KeyboardData, KeyboardSegment,
    MaskSegment, PointKeyframe, StyleSegment, TextSegment, Timeline, ValueKeyframe, WaveformSegment, Xy,
};
use super::limits::tracks;
use super::{Check, Domain, PERCENT, SECONDS};
use crate::cap::MAX_SECONDS;

const UNIT: Domain = (0.0, 1.0);
/// Fractions of the output, which may lie outside the frame.
const FRACTION: Domain = (-1000.0, 1000.0);
/// Pixels at 1080 lines.
const PIXELS: Domain = (-10_000.0, 10_000.0);
const WEIGHT: Domain = (1.0, 1000.0);
/// Angles, world units and other unbounded numbers.
const ANY: Domain = (-1e6, 1e6);
const TIME: Domain = (-MAX_SECONDS, MAX_SECONDS);

/// A key, its value and where the value has to lie.
type Field<'a> = (&'static str, &'a mut f64, Domain);

pub(super) fn validate(timeline: &mut Timeline, check: &mut Check<'_>) {
    each("maskSegments", &mut timeline.mask_segments, check, mask);
    each("textSegments", &mut timeline.text_segments, check, text);
    each("captionSegments", &mut timeline.caption_segments, check, caption);
    if let Some(keys) = &mut timeline.keyboard_segments {
        each("keyboardSegments", keys, check, keyboard);
    }
    each(
        "camera3dSegments",
        &mut timeline.camera_3d_segments,
        check,
        camera_3d,
    );
    each("styleSegments", &mut timeline.style_segments, check, style);
    each("imageSegments", &mut timeline.image_segments, check, image);
    each(
        "waveformSegments",
        &mut timeline.waveform_segments,
        check,
        waveform,
    );
}

fn each<T>(key: &str, list: &mut [T], check: &mut Check<'_>, one: impl Fn(&str, &mut T, &mut Check<'_>)) {
    for (index, entry) in list.iter_mut().enumerate() {
        one(&format!("timeline.{key}[{index}]"), entry, check);
    }
}

/// Clamps every field below `at`.
fn fields<'a>(at: &str, list: impl IntoIterator<Item = Field<'a>>, check: &mut Check<'_>) {
    for (key, value, domain) in list {
        if !(domain.0..=domain.1).contains(value) {
            check.clamp(&format!("{at}.{key}"), value, domain);
        }
    }
}

fn point(at: &str, key: &str, point: &mut Xy, domain: Domain, check: &mut Check<'_>) {
    for (axis, value) in [("x", &mut point.x), ("y", &mut point.y)] {
        if !(domain.0..=domain.1).contains(value) {
            check.clamp(&format!("{at}.{key}.{axis}"), value, domain);
        }
    }
}

/// Keyframes with finite times and values, in the order of their times.
fn keyframes<T>(
    at: &str,
    key: &str,
    list: &mut [T],
    check: &mut Check<'_>,
    time: impl Fn(&T) -> f64,
    numbers: impl Fn(&mut T) -> Vec<Field<'_>>,
) {
    for (index, keyframe) in list.iter_mut().enumerate() {
        let mut numbers = numbers(keyframe);
        if numbers
            .iter()
            .any(|(_, value, domain)| !(domain.0..=domain.1).contains(*value))
        {
            fields(&format!("{at}.{key}[{index}]"), numbers.drain(..), check);
        }
    }
    if !list.is_sorted_by(|a, b| time(a) <= time(b)) {
        check.warn(&format!("{at}.{key}"), "not in the order of time; sorted");
        list.sort_by(|a, b| time(a).total_cmp(&time(b)));
    }
}

fn point_keyframe(keyframe: &mut PointKeyframe) -> Vec<Field<'_>> {
    vec![
        ("time", &mut keyframe.time, TIME),
        ("x", &mut keyframe.x, FRACTION),
        ("y", &mut keyframe.y, FRACTION),
    ]
}

fn strength_keyframe(keyframe: &mut ValueKeyframe) -> Vec<Field<'_>> {
    vec![
        ("time", &mut keyframe.time, TIME),
        ("value", &mut keyframe.value, UNIT),
    ]
}

fn mask(at: &str, mask: &mut MaskSegment, check: &mut Check<'_>) {
    point(at, "center", &mut mask.center, FRACTION, check);
    point(at, "size", &mut mask.size, FRACTION, check);
    fields(
        at,
        [
            ("feather", &mut mask.feather, UNIT),
            ("opacity", &mut mask.opacity, UNIT),
            ("pixelation", &mut mask.pixelation, PIXELS),
            ("darkness", &mut mask.darkness, UNIT),
            ("fadeDuration", &mut mask.fade_duration, SECONDS),
        ],
        check,
    );
    let moves = &mut mask.keyframes;
    for (key, list) in [
        ("keyframes.position", &mut moves.position),
        ("keyframes.size", &mut moves.size),
    ] {
        keyframes(at, key, list, check, |keyframe| keyframe.time, point_keyframe);
    }
    let strength = &mut moves.intensity;
    keyframes(
        at,
        "keyframes.intensity",
        strength,
        check,
        |keyframe| keyframe.time,
        strength_keyframe,
    );
}

fn text(at: &str, text: &mut TextSegment, check: &mut Check<'_>) {
    point(at, "center", &mut text.center, FRACTION, check);
    point(at, "size", &mut text.size, FRACTION, check);
    fields(
        at,
        [
            ("fontSize", &mut text.font_size, PIXELS),
            ("fontWeight", &mut text.font_weight, WEIGHT),
            ("letterSpacing", &mut text.letter_spacing, PIXELS),
            ("lineHeight", &mut text.line_height, FRACTION),
            ("opacity", &mut text.opacity, UNIT),
            ("shadow", &mut text.shadow, UNIT),
            ("animationInDuration", &mut text.animation_in_duration, SECONDS),
            ("animationOutDuration", &mut text.animation_out_duration, SECONDS),
            ("layoutTransition", &mut text.layout_transition, SECONDS),
            ("strokeWidth", &mut text.stroke_width, (0.0, PIXELS.1)),
            ("glow", &mut text.glow, UNIT),
        ],
        check,
    );
}

fn caption(at: &str, caption: &mut CaptionSegment, check: &mut Check<'_>) {
    let overrides = caption.fade_duration_override.iter_mut();
    fields(
        at,
        overrides.map(|fade| ("fadeDurationOverride", fade, SECONDS)),
        check,
    );
    for (index, word) in caption.words.iter_mut().enumerate() {
        if [word.start, word.end]
            .iter()
            .any(|time| !(TIME.0..=TIME.1).contains(time))
        {
            let at = format!("{at}.words[{index}]");
            fields(
                &at,
                [("start", &mut word.start, TIME), ("end", &mut word.end, TIME)],
                check,
            );
        }
    }
}

fn keyboard(at: &str, keyboard: &mut KeyboardSegment, check: &mut Check<'_>) {
    let fade = keyboard.fade_duration_override.iter_mut();
    fields(
        at,
        fade.map(|fade| ("fadeDurationOverride", fade, SECONDS)),
        check,
    );
    let size = keyboard.font_size_override.iter_mut();
    fields(at, size.map(|size| ("fontSizeOverride", size, PIXELS)), check);
    for (index, key) in keyboard.keys.iter_mut().enumerate() {
        const MILLISECONDS: Domain = (TIME.0 * 1000.0, TIME.1 * 1000.0);
        if !(MILLISECONDS.0..=MILLISECONDS.1).contains(&key.time_offset) {
            check.clamp(
                &format!("{at}.keys[{index}].timeOffset"),
                &mut key.time_offset,
                MILLISECONDS,
            );
        }
    }
}

fn camera_3d(at: &str, camera: &mut Camera3dSegment, check: &mut Check<'_>) {
    let properties = &mut camera.properties;
    fields(
        at,
        [
            ("properties.tiltX", &mut properties.tilt_x, ANY),
            ("properties.tiltY", &mut properties.tilt_y, ANY),
            ("properties.roll", &mut properties.roll, ANY),
            ("properties.rotateX", &mut properties.rotate_x, ANY),
            ("properties.rotateY", &mut properties.rotate_y, ANY),
            ("properties.fov", &mut properties.fov, ANY),
            ("properties.zoom", &mut properties.zoom, ANY),
            ("properties.panX", &mut properties.pan_x, ANY),
            ("properties.panY", &mut properties.pan_y, ANY),
        ],
        check,
    );
    let blur = &mut camera.blur;
    fields(
        at,
        [
            ("blur.strength", &mut blur.strength, ANY),
            ("blur.falloff", &mut blur.falloff, UNIT),
            ("blur.focusX", &mut blur.focus_x, FRACTION),
            ("blur.focusY", &mut blur.focus_y, FRACTION),
            ("blur.focusSize", &mut blur.focus_size, FRACTION),
            ("blur.angle", &mut blur.angle, ANY),
            ("blur.dirPosition", &mut blur.dir_position, FRACTION),
            ("transitionIn", &mut camera.transition_in, SECONDS),
            ("transitionOut", &mut camera.transition_out, SECONDS),
        ],
        check,
    );
    for (key, track) in tracks(&mut camera.tracks) {
        keyframes(
            at,
            &format!("tracks.{key}"),
            track,
            check,
            |keyframe| keyframe.time,
            eased_keyframe,
        );
    }
}

/// Handles of a timing curve must not run back in time: their first number lies in 0..=1.
fn eased_keyframe(keyframe: &mut EasedKeyframe) -> Vec<Field<'_>> {
    let mut fields = vec![
        ("time", &mut keyframe.time, TIME),
        ("value", &mut keyframe.value, ANY),
    ];
    for (x, y, handle) in [
        ("outEasing[0]", "outEasing[1]", &mut keyframe.out_easing),
        ("inEasing[0]", "inEasing[1]", &mut keyframe.in_easing),
    ] {
        if let Some([first, second]) = handle {
            fields.push((x, first, UNIT));
            fields.push((y, second, FRACTION));
        }
    }
    fields
}

fn style(at: &str, style: &mut StyleSegment, check: &mut Check<'_>) {
    let overrides = &mut style.overrides;
    let padding = overrides.camera_only_padding.iter_mut();
    fields(
        at,
        padding.map(|padding| ("overrides.cameraOnlyPadding", padding, (0.0, 40.0))),
        check,
    );
    if let Some(background) = &mut overrides.background {
        super::background(&format!("{at}.overrides.background"), background, check);
    }
    if let Some(camera) = &mut overrides.camera {
        super::camera(&format!("{at}.overrides.camera"), camera, check);
    }
    if let Some(pointer) = &mut overrides.cursor {
        super::pointer(&format!("{at}.overrides.cursor"), pointer, check);
    }
}

fn image(at: &str, image: &mut ImageSegment, check: &mut Check<'_>) {
    point(at, "center", &mut image.center, FRACTION, check);
    point(at, "size", &mut image.size, FRACTION, check);
    fields(
        at,
        [
            ("opacity", &mut image.opacity, UNIT),
            ("rotation", &mut image.rotation, ANY),
            ("rounding", &mut image.rounding, PERCENT),
        ],
        check,
    );
}

fn waveform(at: &str, waveform: &mut WaveformSegment, check: &mut Check<'_>) {
    point(at, "center", &mut waveform.center, FRACTION, check);
    point(at, "size", &mut waveform.size, FRACTION, check);
    fields(
        at,
        [
            ("barWidth", &mut waveform.bar_width, UNIT),
            ("rounding", &mut waveform.rounding, UNIT),
            ("sensitivity", &mut waveform.sensitivity, (0.0, 1000.0)),
            ("smoothing", &mut waveform.smoothing, UNIT),
        ],
        check,
    );
    if !(8..=256).contains(&waveform.bar_count) {
        let used = waveform.bar_count.clamp(8, 256);
        let message = format!("expected 8 to 256, found {}; {used} is used", waveform.bar_count);
        check.warn(&format!("{at}.barCount"), message);
        waveform.bar_count = used;
    }
}

/// The source material and the settings of the captions.
pub(super) fn captions(data: &mut CaptionData, check: &mut Check<'_>) {
    for (index, segment) in data.segments.iter_mut().enumerate() {
        let at = format!("captions.segments[{index}]");
        fields(
            &at,
            [
                ("start", &mut segment.start, TIME),
                ("end", &mut segment.end, TIME),
            ],
            check,
        );
        caption(&at, segment, check);
    }
    let settings = &mut data.settings;
    fields(
        "captions.settings",
        [
            ("size", &mut settings.size, (0.0, PIXELS.1)),
            ("backgroundOpacity", &mut settings.background_opacity, PERCENT),
            ("fontWeight", &mut settings.font_weight, WEIGHT),
            ("fadeDuration", &mut settings.fade_duration, SECONDS),
            (
                "wordTransitionDuration",
                &mut settings.word_transition_duration,
                SECONDS,
            ),
        ],
        check,
    );
    if let Some(centre) = &mut settings.manual_position {
        point("captions.settings", "manualPosition", centre, FRACTION, check);
    }
}

/// The settings of the keyboard overlay.
pub(super) fn keyboard_settings(data: &mut KeyboardData, check: &mut Check<'_>) {
    let settings = &mut data.settings;
    fields(
        "keyboard.settings",
        [
            ("size", &mut settings.size, (0.0, PIXELS.1)),
            ("backgroundOpacity", &mut settings.background_opacity, PERCENT),
            ("fontWeight", &mut settings.font_weight, WEIGHT),
            ("fadeDuration", &mut settings.fade_duration, SECONDS),
        ],
        check,
    );
}
