//! The presets by name, and the forms with parameters.

use super::plan::Plan;
use super::{SynthError, large, small};
use crate::frame::Size;

/// A recording that can be made.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Name or form it was asked for by.
    pub name: String,
    pub(super) plan: Plan,
}

/// A preset in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetInfo {
    /// Name.
    pub name: &'static str,
    /// What it shows, one line.
    pub about: &'static str,
    /// Whether it is kept in fixtures/ as `<name>.cap`.
    pub committed: bool,
}

const fn fixture(name: &'static str, about: &'static str) -> PresetInfo {
    PresetInfo {
        name,
        about,
        committed: true,
    }
}

const fn workload(name: &'static str, about: &'static str) -> PresetInfo {
    PresetInfo {
        name,
        about,
        committed: false,
    }
}

/// Every preset that has a name. See [`preset()`] for the forms with parameters.
pub const PRESETS: &[PresetInfo] = &[
    fixture(
        "desk",
        "the usual look: gradient, padding, squircle, shadow, border, camera, both sounds, zooms, clicks",
    ),
    fixture(
        "cuts",
        "two takes cut out of order, half and double speed, music, image background, crop, unaligned tracks",
    ),
    fixture(
        "legacy",
        "the single-segment form of 2024 with Windows paths, 4:3, MP3, circle pointer",
    ),
    fixture("instant", "a finished instant recording"),
    fixture(
        "fragments",
        "stopped by a crash: fragments with a second group, torn last pieces, no configuration",
    ),
    fixture(
        "portrait",
        "portrait screen, translucent colour, circle pointer, rounded corners, mirrored wide camera",
    ),
    workload(
        "screen-1080p30-60s",
        "screen content, 1920x1080 at 30 fps, 60 s, default look without camera",
    ),
    workload(
        "screen-4k30-60s",
        "screen content, 3840x2160 at 30 fps, 60 s, default look without camera",
    ),
    workload(
        "screen-1080p30-600s",
        "screen content, 1920x1080 at 30 fps, 600 s, default look without camera",
    ),
    workload(
        "fragmented-1080p30-60s",
        "screen-1080p30-60s, its screen in fragments of 2 s",
    ),
    workload(
        "reference-1667",
        "screen content with camera and both sounds: 1,667 frames when exported at 30 fps",
    ),
    workload(
        "worst-1080p30",
        "every pixel of every picture changes, 1920x1080 at 30 fps, 10 s",
    ),
    workload(
        "area-1",
        "1 % of the pixels change in every picture, 1920x1080 at 30 fps, 20 s",
    ),
    workload(
        "area-10",
        "10 % of the pixels change in every picture, 1920x1080 at 30 fps, 20 s",
    ),
    workload(
        "area-50",
        "50 % of the pixels change in every picture, 1920x1080 at 30 fps, 20 s",
    ),
    workload(
        "area-100",
        "all pixels change in every picture, 1920x1080 at 30 fps, 20 s",
    ),
];

/// The forms with parameters, for help texts.
pub const FORMS: &str = "screen:WxH@FPS:SECONDS, fragmented:WxH@FPS:SECONDS, camera:WxH@FPS:SECONDS, \
     counter:WxH@FPS:SECONDS, worst:WxH@FPS:SECONDS, area-PERCENT:WxH@FPS:SECONDS, pointer:WxH@FPS:SECONDS";

const FULL_HD: Size = Size::new(1920, 1080);

/// Finds a preset by its name in [`PRESETS`] or by a form of [`FORMS`], such as `screen:1920x1080@30:120`.
///
/// Sides are even and 64..=8192, rates 1..=240, lengths 0.1..=7200 s. `camera` is `screen` with a camera and both sounds;
/// `counter` numbers every picture with a barcode at [`super::barcode::Placement::STANDARD`]; `area-10` changes 10 % of the
/// pixels in every picture; in `pointer` nothing moves but the pointer.
///
/// # Errors
/// [`SynthError::UnknownPreset`] says what is wrong with the name and what is known.
pub fn preset(name: &str) -> Result<Preset, SynthError> {
    let plan = match name {
        "desk" => small::desk(),
        "cuts" => small::cuts(),
        "legacy" => small::legacy(),
        "instant" => small::instant(),
        "fragments" => small::fragments(),
        "portrait" => small::portrait(),
        "screen-1080p30-60s" => large::screen(FULL_HD, 30, 60.0),
        "screen-4k30-60s" => large::screen(Size::new(3840, 2160), 30, 60.0),
        "screen-1080p30-600s" => large::screen(FULL_HD, 30, 600.0),
        "fragmented-1080p30-60s" => large::fragmented(FULL_HD, 30, 60.0),
        "reference-1667" => large::reference(),
        "worst-1080p30" => large::noise(FULL_HD, 30, 10.0, 100),
        _ => parametric(name).map_err(|reason| SynthError::UnknownPreset {
            name: name.into(),
            reason,
            known: known(),
        })?,
    };
    Ok(Preset {
        name: name.into(),
        plan,
    })
}

fn parametric(name: &str) -> Result<Plan, String> {
    let (kind, parameters) = match name.split_once(':') {
        Some((kind, parameters)) => (kind, Some(parameters)),
        None => (name, None),
    };
    if let Some(percent) = kind.strip_prefix("area-") {
        let percent = number(percent, "percentage", 1, 100)?;
        let (size, fps, seconds) = parameters.map_or(Ok((FULL_HD, 30, 20.0)), shape)?;
        return Ok(large::noise(size, fps, seconds, percent));
    }
    let make = match kind {
        "screen" => large::screen,
        "fragmented" => large::fragmented,
        "camera" => large::with_camera,
        "counter" => large::counter,
        "pointer" => large::pointer,
        "worst" => |size, fps, seconds| large::noise(size, fps, seconds, 100),
        _ => return Err("no such name".into()),
    };
    let (size, fps, seconds) = shape(parameters.ok_or("WxH@FPS:SECONDS is missing after the colon")?)?;
    Ok(make(size, fps, seconds))
}

/// Reads `WxH@FPS:SECONDS`.
fn shape(text: &str) -> Result<(Size, u32, f64), String> {
    let parts = text.split_once('@').and_then(|(size, rest)| {
        let (width, height) = size.split_once('x')?;
        let (fps, seconds) = rest.split_once(':')?;
        Some((width, height, fps, seconds))
    });
    let (width, height, fps, seconds) = parts.ok_or_else(|| format!("{text:?} is not WxH@FPS:SECONDS"))?;
    let (width, height) = (
        number(width, "width", 64, 8192)?,
        number(height, "height", 64, 8192)?,
    );
    if width % 2 != 0 || height % 2 != 0 {
        return Err(format!("width and height must be even, not {width}x{height}"));
    }
    let fps = number(fps, "frame rate", 1, 240)?;
    let length = seconds
        .parse()
        .ok()
        .filter(|length| (0.1..=7200.0).contains(length));
    let length = length.ok_or_else(|| format!("the length {seconds:?} is not a number in 0.1..=7200"))?;
    Ok((Size::new(width, height), fps, length))
}

fn number(text: &str, what: &str, min: u32, max: u32) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| format!("the {what} {text:?} is not a whole number in {min}..={max}"))
}

fn known() -> String {
    let names: Vec<_> = PRESETS.iter().map(|info| info.name).collect();
    format!("{}, {FORMS}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_preset_exists() {
        for info in PRESETS {
            assert_eq!(preset(info.name).unwrap().name, info.name);
        }
    }

    #[test]
    fn forms_are_read() {
        let plan = preset("screen:1366x768@60:2.5").unwrap().plan;
        let display = &plan.segments[0].display;
        assert_eq!(
            (display.size, display.fps, display.seconds),
            (Size::new(1366, 768), 60, 2.5)
        );
        for name in [
            "camera:64x64@1:0.1",
            "counter:640x360@25:3",
            "worst:320x240@30:1",
            "area-7:320x240@30:1",
            "pointer:320x240@30:1",
        ] {
            preset(name).unwrap();
        }
    }

    #[test]
    fn wrong_names_say_what_is_wrong() {
        for (name, reason) in [
            ("desc", "no such name"),
            ("screen", "WxH@FPS:SECONDS is missing"),
            ("screen:1920x1080", "is not WxH@FPS:SECONDS"),
            ("screen:1921x1080@30:1", "must be even"),
            ("screen:99999x1080@30:1", "width"),
            ("screen:1920x1080@0:1", "frame rate"),
            ("screen:1920x1080@30:NaN", "length"),
            ("screen:1920x1080@30:1e9", "length"),
            ("area-0", "percentage"),
            ("area-101:64x64@1:1", "percentage"),
        ] {
            let message = preset(name).unwrap_err().to_string();
            assert!(message.contains(reason), "{message}");
            assert!(message.contains("desk"), "{message}");
        }
    }
}
