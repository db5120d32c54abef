//! A configuration's numbers brought into their domains (cap-format.md 4), so that everything after can reckon with them.
//!
//! Looks that leave their range are clamped with a warning. What decides which pictures are shown when (the clips) is never
//! guessed: there a number out of range is an error.

mod timeline;

use std::collections::BTreeMap;
use std::path::Path;

use super::MAX_SECONDS;
use super::config::{AdvancedShadow, BackgroundSource, ProjectConfig, SpringConfig};
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
    background(config, &mut check);
    camera(config, &mut check);
    pointer(config, &mut check);
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

    fn shadow(&mut self, at: &str, shadow: Option<&mut AdvancedShadow>) {
        if let Some(shadow) = shadow {
            self.clamp(&format!("{at}.size"), &mut shadow.size, PERCENT);
            self.clamp(&format!("{at}.opacity"), &mut shadow.opacity, PERCENT);
            self.clamp(&format!("{at}.blur"), &mut shadow.blur, PERCENT);
        }
    }
}

fn background(config: &mut ProjectConfig, check: &mut Check<'_>) {
    let background = &mut config.background;
    check.clamp("background.blur", &mut background.blur, PERCENT);
    check.clamp("background.padding", &mut background.padding, PERCENT);
    check.clamp("background.rounding", &mut background.rounding, PERCENT);
    check.clamp("background.shadow", &mut background.shadow, PERCENT);
    check.shadow("background.advancedShadow", background.advanced_shadow.as_mut());
    if let Some(border) = &mut background.border {
        check.clamp("background.border.width", &mut border.width, (0.0, 1000.0));
        check.clamp("background.border.opacity", &mut border.opacity, PERCENT);
    }
    if let BackgroundSource::Gradient {
        noise_intensity,
        noise_scale,
        ..
    } = &mut background.source
    {
        for (key, value) in [("noise_intensity", noise_intensity), ("noise_scale", noise_scale)] {
            if let Some(value) = value {
                check.clamp(&format!("background.source.{key}"), value, PERCENT);
            }
        }
    }
    if let Some(crop) = &background.crop {
        // Whether it lies inside the screen is known once the screen is opened.
        for (axis, position, size) in [
            ("x", crop.position.x, crop.size.x),
            ("y", crop.position.y, crop.size.y),
        ] {
            if size == 0 {
                check.error(
                    &format!("background.crop.size.{axis}"),
                    "expected at least 1 pixel, found 0",
                );
            } else if position.saturating_add(size) > MAX_PIXELS {
                let message = format!(
                    "expected at most {MAX_PIXELS} pixels with the position {position}, found {size}"
                );
                check.error(&format!("background.crop.size.{axis}"), message);
            }
        }
    }
}

fn camera(config: &mut ProjectConfig, check: &mut Check<'_>) {
    let camera = &mut config.camera;
    check.clamp("camera.size", &mut camera.size, (0.0, 1000.0));
    check.clamp("camera.rounding", &mut camera.rounding, PERCENT);
    check.clamp("camera.shadow", &mut camera.shadow, PERCENT);
    check.shadow("camera.advancedShadow", camera.advanced_shadow.as_mut());
    check.clamp(
        "camera.scaleDuringZoom",
        &mut camera.scale_during_zoom,
        (0.0, 10.0),
    );
    if let Some(centre) = &mut camera.manual_position {
        check.clamp("camera.manualPosition.x", &mut centre.x, (0.0, 1.0));
        check.clamp("camera.manualPosition.y", &mut centre.y, (0.0, 1.0));
    }
}

fn pointer(config: &mut ProjectConfig, check: &mut Check<'_>) {
    let pointer = &mut config.cursor;
    if pointer.size > 10_000 {
        check.warn(
            "cursor.size",
            format!("expected at most 10000, found {}; 10000 is used", pointer.size),
        );
        pointer.size = 10_000;
    }
    let mut spring = SpringConfig {
        tension: pointer.tension,
        mass: pointer.mass,
        friction: pointer.friction,
    };
    check_spring("cursor", &mut spring, check);
    (pointer.tension, pointer.mass, pointer.friction) = (spring.tension, spring.mass, spring.friction);
    if let Some(spring) = &mut pointer.click_spring {
        check_spring("cursor.clickSpring", spring, check);
    }
    check.clamp(
        "cursor.hideWhenIdleDelay",
        &mut pointer.hide_when_idle_delay,
        SECONDS,
    );
    check.clamp(
        "cursor.rotationAmount",
        &mut pointer.rotation_amount,
        (-100.0, 100.0),
    );
    check.clamp(
        "cursor.baseRotation",
        &mut pointer.base_rotation,
        (-1000.0, 1000.0),
    );
    if let Some(seconds) = &mut pointer.stop_movement_in_last_seconds {
        check.clamp("cursor.stopMovementInLastSeconds", seconds, SECONDS);
    }
}

fn check_spring(at: &str, spring: &mut SpringConfig, check: &mut Check<'_>) {
    check.clamp(&format!("{at}.tension"), &mut spring.tension, TENSION);
    check.clamp(&format!("{at}.mass"), &mut spring.mass, MASS);
    check.clamp(&format!("{at}.friction"), &mut spring.friction, FRICTION);
}

#[cfg(test)]
mod tests;
