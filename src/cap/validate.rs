//! A configuration's numbers brought into their domains (cap-format.md 4), so that everything after can reckon with them.
//!
//! Looks that leave their range are clamped with a warning. What decides which pictures are shown when (the clips) is never
//! guessed: there a number out of range is an error.

mod limits;
mod overlays;
mod timeline;

use std::collections::BTreeMap;
use std::path::Path;

use super::MAX_SECONDS;
use super::config::{
    AdvancedShadow, Background, BackgroundSource, CameraConfig, PointerConfig, ProjectConfig, SpringConfig,
};
use super::problem::Problems;

/// Largest crop side or position, pixels.
const MAX_PIXELS: u32 = 1 << 16;

/// Where the recording segments that a configuration speaks of are among those found.
pub(super) type SegmentMap = BTreeMap<u32, u32>;

/// Brings `config`, read from `file`, into its domains and lets it speak of recording segments as `segments` numbers them;
/// without a map (when the segments could not be read) their numbers are left as they are.
pub(super) fn validate(
    config: &mut ProjectConfig,
    file: &Path,
    segments: Option<&SegmentMap>,
    problems: &mut Problems,
) {
    let mut check = Check { file, problems };
    limits::check(config, &mut check);
    background("background", &mut config.background, &mut check);
    camera("camera", &mut config.camera, &mut check);
    pointer("cursor", &mut config.cursor, &mut check);
    if let Some(captions) = &mut config.captions {
        overlays::captions(captions, &mut check);
    }
    if let Some(keyboard) = &mut config.keyboard {
        overlays::keyboard_settings(keyboard, &mut check);
    }
    check.at_most("audio.micVolumeDb", &mut config.audio.mic_volume_db, 60.0);
    check.at_most("audio.systemVolumeDb", &mut config.audio.system_volume_db, 60.0);
    let spring = &mut config.screen_movement_spring;
    for (key, value, range) in [
        ("stiffness", &mut spring.stiffness, TENSION),
        ("damping", &mut spring.damping, FRICTION),
        ("mass", &mut spring.mass, MASS),
    ] {
        check.clamp(&format!("screenMovementSpring.{key}"), value, range);
    }
    for (index, clip) in config.clips.iter_mut().enumerate() {
        let at = |key: &str| format!("clips[{index}].offsets.{key}");
        check.clamp(
            &at("camera"),
            &mut clip.offsets.camera,
            (-MAX_SECONDS, MAX_SECONDS),
        );
        check.clamp(&at("mic"), &mut clip.offsets.mic, (-MAX_SECONDS, MAX_SECONDS));
        check.clamp(
            &at("system_audio"),
            &mut clip.offsets.system_audio,
            (-MAX_SECONDS, MAX_SECONDS),
        );
    }
    if let Some(map) = segments {
        config
            .clips
            .retain_mut(|clip| map.get(&clip.index).map(|index| clip.index = *index).is_some());
    }
    if let Some(timeline) = &mut config.timeline {
        timeline::validate(timeline, segments, &mut check);
    }
}

type Domain = (f64, f64);

const PERCENT: Domain = (0.0, 100.0);
const SECONDS: Domain = (0.0, MAX_SECONDS);
/// Spring constants: stiffer springs than these settle within a frame, and a mass must not be 0 (cap-look.md 6.5).
const TENSION: Domain = (0.0, 1e6);
const FRICTION: Domain = (0.0, 1e6);
const MASS: Domain = (0.001, 1e6);

/// Notes what it changes in one file.
struct Check<'a> {
    file: &'a Path,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn error(&mut self, at: &str, message: impl AsRef<str>) {
        self.problems.error(self.file, at, message);
    }

    fn warn(&mut self, at: &str, message: impl AsRef<str>) {
        self.problems.warn(self.file, at, message);
    }

    fn clamp(&mut self, at: &str, value: &mut f64, (low, high): Domain) {
        if !(low..=high).contains(value) {
            let used = if *value < low { low } else { high };
            self.warn(
                at,
                format!("expected {low} to {high}, found {value}; {used} is used"),
            );
            *value = used;
        }
    }

    fn at_most(&mut self, at: &str, value: &mut f64, high: f64) {
        if *value > high {
            self.warn(
                at,
                format!("expected at most {high}, found {value}; {high} is used"),
            );
            *value = high;
        }
    }

    /// Puts the first of `names`, with a warning, in the place of a name that is none of them.
    fn name(&mut self, at: &str, value: &mut String, names: &[&str], consequence: &str) {
        if !names.contains(&value.as_str()) {
            let found: String = value.chars().take(60).collect();
            self.warn(
                at,
                format!("{found:?} is not known to this version; {consequence}"),
            );
            names.first().copied().unwrap_or_default().clone_into(value);
        }
    }

    fn shadow(&mut self, at: &str, shadow: Option<&mut AdvancedShadow>) {
        if let Some(shadow) = shadow {
            self.clamp(&format!("{at}.size"), &mut shadow.size, PERCENT);
            self.clamp(&format!("{at}.opacity"), &mut shadow.opacity, PERCENT);
            self.clamp(&format!("{at}.blur"), &mut shadow.blur, PERCENT);
        }
    }
}

/// `background` or what a style has in its place.
fn background(at: &str, background: &mut Background, check: &mut Check<'_>) {
    let key = |key: &str| format!("{at}.{key}");
    check.clamp(&key("blur"), &mut background.blur, PERCENT);
    check.clamp(&key("padding"), &mut background.padding, PERCENT);
    check.clamp(&key("rounding"), &mut background.rounding, PERCENT);
    check.clamp(&key("shadow"), &mut background.shadow, PERCENT);
    check.shadow(&key("advancedShadow"), background.advanced_shadow.as_mut());
    if let Some(centre) = &mut background.display_position {
        check.clamp(&key("displayPosition.x"), &mut centre.x, (0.0, 1.0));
        check.clamp(&key("displayPosition.y"), &mut centre.y, (0.0, 1.0));
    }
    if let Some(border) = &mut background.border {
        check.clamp(&key("border.width"), &mut border.width, (0.0, 1000.0));
        check.clamp(&key("border.opacity"), &mut border.opacity, PERCENT);
    }
    if let Some(frame) = &mut background.frame {
        let styles = ["none", "macOS", "windows", "browser", "macbook"];
        check.name(
            &key("frame.style"),
            &mut frame.style,
            &styles,
            "no frame is drawn",
        );
        check.name(
            &key("frame.theme"),
            &mut frame.theme,
            &["dark", "light"],
            "\"dark\" is used",
        );
    }
    if let BackgroundSource::Gradient {
        noise_intensity,
        noise_scale,
        ..
    } = &mut background.source
    {
        for (name, value) in [("noise_intensity", noise_intensity), ("noise_scale", noise_scale)] {
            if let Some(value) = value {
                check.clamp(&key(&format!("source.{name}")), value, PERCENT);
            }
        }
    }
    if let Some(crop) = &background.crop {
        // Whether it lies inside the screen is known once the screen is opened.
        for (axis, position, size) in [
            ("x", crop.position.x, crop.size.x),
            ("y", crop.position.y, crop.size.y),
        ] {
            let at = key(&format!("crop.size.{axis}"));
            if size == 0 {
                check.error(&at, "expected at least 1 pixel, found 0");
            } else if position.saturating_add(size) > MAX_PIXELS {
                let message = format!(
                    "expected at most {MAX_PIXELS} pixels with the position {position}, found {size}"
                );
                check.error(&at, message);
            }
        }
    }
}

/// `camera` or what a style has in its place.
fn camera(at: &str, camera: &mut CameraConfig, check: &mut Check<'_>) {
    let key = |key: &str| format!("{at}.{key}");
    check.clamp(&key("size"), &mut camera.size, (0.0, 1000.0));
    check.clamp(&key("rounding"), &mut camera.rounding, PERCENT);
    check.clamp(&key("shadow"), &mut camera.shadow, PERCENT);
    check.shadow(&key("advancedShadow"), camera.advanced_shadow.as_mut());
    check.clamp(
        &key("scaleDuringZoom"),
        &mut camera.scale_during_zoom,
        (0.0, 10.0),
    );
    if let Some(centre) = &mut camera.manual_position {
        check.clamp(&key("manualPosition.x"), &mut centre.x, (0.0, 1.0));
        check.clamp(&key("manualPosition.y"), &mut centre.y, (0.0, 1.0));
    }
}

/// `cursor` or what a style has in its place.
fn pointer(at: &str, pointer: &mut PointerConfig, check: &mut Check<'_>) {
    let key = |key: &str| format!("{at}.{key}");
    if pointer.size > 10_000 {
        check.warn(
            &key("size"),
            format!("expected at most 10000, found {}; 10000 is used", pointer.size),
        );
        pointer.size = 10_000;
    }
    let mut spring = SpringConfig {
        tension: pointer.tension,
        mass: pointer.mass,
        friction: pointer.friction,
    };
    check_spring(at, &mut spring, check);
    (pointer.tension, pointer.mass, pointer.friction) = (spring.tension, spring.mass, spring.friction);
    if let Some(spring) = &mut pointer.click_spring {
        check_spring(&key("clickSpring"), spring, check);
    }
    check.clamp(
        &key("hideWhenIdleDelay"),
        &mut pointer.hide_when_idle_delay,
        SECONDS,
    );
    check.clamp(
        &key("rotationAmount"),
        &mut pointer.rotation_amount,
        (-100.0, 100.0),
    );
    check.clamp(
        &key("baseRotation"),
        &mut pointer.base_rotation,
        (-1000.0, 1000.0),
    );
    if let Some(seconds) = &mut pointer.stop_movement_in_last_seconds {
        check.clamp(&key("stopMovementInLastSeconds"), seconds, SECONDS);
    }
    let ripple = &mut pointer.ripple;
    check.clamp(&key("ripple.strength"), &mut ripple.strength, (0.0, 1.0));
    check.clamp(&key("ripple.size"), &mut ripple.size, (0.25, 3.0));
    check.clamp(&key("ripple.duration"), &mut ripple.duration, (0.2, 1.5));
}

fn check_spring(at: &str, spring: &mut SpringConfig, check: &mut Check<'_>) {
    check.clamp(&format!("{at}.tension"), &mut spring.tension, TENSION);
    check.clamp(&format!("{at}.mass"), &mut spring.mass, MASS);
    check.clamp(&format!("{at}.friction"), &mut spring.friction, FRICTION);
}

#[cfg(test)]
mod tests;
