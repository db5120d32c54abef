//! Where the notch of the recorded screen lies (cap-look.md 16, cap-format.md 4.2).

use super::error::{Checks, SceneError};
use super::layer::Notch;
use super::stage::Place;
use crate::cap::config::NotchConfig;
use crate::cap::meta::DisplayNotch;
use crate::frame::{Rect, Size};

/// The notch of a screen of which nothing is recorded.
const USUAL: DisplayNotch = DisplayNotch {
    x: 0.438_492_063_492_063_5,
    width: 0.122_354_497_354_497_35,
    height: 0.032_586_558_044_806_514,
};

/// A notch in fractions of the recorded screen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NotchPlace(DisplayNotch);

impl NotchPlace {
    /// What `config` asks for; its missing fields are the recorded notch's, or the usual one's. `None` where there is none.
    ///
    /// # Errors
    /// When a field is no number.
    pub(crate) fn new(
        config: Option<NotchConfig>,
        recorded: Option<DisplayNotch>,
        checks: &mut Checks,
    ) -> Result<Option<Self>, SceneError> {
        let Some(config) = config.filter(|notch| notch.enabled) else {
            return Ok(None);
        };
        let base = recorded.unwrap_or(USUAL);
        let mut unit = |name: &str, value: f64, most: f64| {
            checks.clamp(&format!("background.notch.{name}"), value, 0.0..=most)
        };
        let width = unit("width", config.width.unwrap_or(base.width), 1.0)?;
        let height = unit("height", config.height.unwrap_or(base.height), 1.0)?;
        if width == 0.0 || height == 0.0 {
            return Ok(None);
        }
        let x = unit("x", config.x.unwrap_or(base.x), 1.0 - width)?;
        Ok(Some(Self(DisplayNotch { x, width, height })))
    }

    /// The notch on a screen of `screen` pixels that is shown at `place`.
    pub(crate) fn on(&self, screen: Size, place: &Place, opacity: f64) -> Notch {
        let Self(notch) = self;
        let (crop, shown) = (place.crop, place.rect);
        let across = |fraction: f64| fraction * f64::from(screen.width) * shown.width / crop.width;
        let down = |fraction: f64| fraction * f64::from(screen.height) * shown.height / crop.height;
        Notch {
            rect: Rect {
                x: shown.x + across(notch.x) - crop.x * shown.width / crop.width,
                y: shown.y - crop.y * shown.height / crop.height,
                width: across(notch.width),
                height: down(notch.height),
            },
            clip: shown,
            opacity,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(config: NotchConfig, recorded: Option<DisplayNotch>) -> Option<DisplayNotch> {
        let found = NotchPlace::new(Some(config), recorded, &mut Checks::default());
        found.unwrap().map(|NotchPlace(notch)| notch)
    }

    const ON: NotchConfig = NotchConfig {
        enabled: true,
        x: None,
        width: None,
        height: None,
    };

    #[test]
    fn missing_fields_are_the_recorded_notchs() {
        let recorded = DisplayNotch {
            x: 0.44,
            width: 0.12,
            height: 0.03,
        };
        assert_eq!(place(ON, Some(recorded)), Some(recorded));
        assert_eq!(place(ON, None), Some(USUAL));
        let narrow = NotchConfig {
            width: Some(0.05),
            ..ON
        };
        assert_eq!(place(narrow, Some(recorded)).unwrap().width, 0.05);
        let off = NotchConfig { enabled: false, ..ON };
        assert_eq!(place(off, Some(recorded)), None);
    }

    #[test]
    fn it_stays_on_the_screen_and_may_be_nothing() {
        let wide = NotchConfig {
            x: Some(0.9),
            width: Some(0.4),
            ..ON
        };
        assert_eq!(place(wide, None).unwrap().x, 0.6);
        let flat = NotchConfig {
            height: Some(-3.0),
            ..ON
        };
        assert_eq!(place(flat, None), None);
        let nan = NotchConfig {
            x: Some(f64::NAN),
            ..ON
        };
        assert!(NotchPlace::new(Some(nan), None, &mut Checks::default()).is_err());
    }
}
