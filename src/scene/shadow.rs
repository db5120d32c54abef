//! Shadow numbers (cap-look.md 5.3).

use super::error::{Checks, SceneError};
use super::layer::Shadow;
use crate::cap::config::AdvancedShadow;

/// A shadow as configured, independent of the card's size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ShadowStyle {
    /// Zs per half of the card's shorter side.
    size: f64,
    /// Bs per half of the card's shorter side.
    blur: f64,
    /// As.
    alpha: f64,
}

impl ShadowStyle {
    /// Reads `{key}.shadow` and `{key}.advancedShadow`.
    pub(crate) fn new(
        strength: f64,
        advanced: Option<AdvancedShadow>,
        key: &str,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let advanced = advanced.unwrap_or(AdvancedShadow::NULL);
        let mut percent = |name: &str, value| {
            checks
                .clamp(&format!("{key}.{name}"), value, 0.0..=100.0)
                .map(|value| value / 100.0)
        };
        let strength = percent("shadow", strength)?;
        Ok(Self {
            size: strength * percent("advancedShadow.size", advanced.size)?,
            blur: strength * percent("advancedShadow.blur", advanced.blur)?,
            alpha: strength * percent("advancedShadow.opacity", advanced.opacity)?,
        })
    }

    /// The shadow at `factor` of its strength and of its opacity number: every fade acts on both (cap-look.md 5.3).
    pub(crate) fn faded(self, factor: f64) -> Self {
        Self {
            size: self.size * factor,
            blur: self.blur * factor,
            alpha: self.alpha * factor * factor,
        }
    }

    /// The shadow of a card of `width` by `height` output pixels; `None` when nothing of it can be seen.
    pub(crate) fn of(&self, width: f64, height: f64) -> Option<Shadow> {
        let half = width.min(height) / 2.0;
        let shadow = Shadow {
            size: self.size * half,
            blur: self.blur * half,
            alpha: self.alpha,
        };
        shadow.is_seen().then_some(shadow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::{Background, CameraConfig};
    use crate::scene::easing::smoothstep;

    fn style(strength: f64, advanced: Option<AdvancedShadow>) -> ShadowStyle {
        ShadowStyle::new(strength, advanced, "background", &mut Checks::default()).unwrap()
    }

    #[test]
    fn defaults_of_the_screen() {
        let defaults = Background::default();
        let shadow = style(defaults.shadow, defaults.advanced_shadow)
            .of(1600.0, 900.0)
            .unwrap();
        // cap-look.md 24
        assert!((shadow.size - 47.693).abs() < 1e-3);
        assert!((shadow.blur - 12.586).abs() < 1e-3);
        for (distance, alpha) in [
            (0.0, 0.4615),
            (10.0, 0.3866),
            (20.0, 0.2901),
            (40.0, 0.0949),
            (60.0, 0.0),
        ] {
            let at = shadow.alpha * smoothstep(shadow.reach(), -shadow.blur, distance);
            assert!((at - alpha).abs() < 1e-4, "{distance}: {at}");
        }
    }

    #[test]
    fn defaults_of_the_camera() {
        let defaults = CameraConfig::default();
        let shadow = style(defaults.shadow, defaults.advanced_shadow)
            .of(200.0, 300.0)
            .unwrap();
        // cap-look.md 5.3: 0.212 m, 0.0656 m, 0.276
        assert!((shadow.size - 21.2).abs() < 0.05);
        assert!((shadow.blur - 6.56).abs() < 0.01);
        assert!((shadow.alpha - 0.276).abs() < 1e-3);
    }

    #[test]
    fn fades_act_on_strength_and_opacity() {
        // 100 / 50 / 18 / 50 of a card of 20 x 20 at a half.
        let half = style(100.0, None).faded(0.5).of(20.0, 20.0).unwrap();
        assert_eq!((half.size, half.blur), (2.5, 2.5));
        assert!((half.alpha - 0.045).abs() < 1e-12);
        assert_eq!(style(100.0, None).faded(0.0).of(20.0, 20.0), None);
    }

    #[test]
    fn null_and_nothing() {
        let shadow = style(100.0, None).of(20.0, 20.0).unwrap();
        assert_eq!((shadow.size, shadow.blur, shadow.alpha), (5.0, 5.0, 0.18));
        assert_eq!(style(0.0, None).of(20.0, 20.0), None);
    }

    #[test]
    fn strengths_are_kept_in_range() {
        let mut checks = Checks::default();
        let style = ShadowStyle::new(250.0, None, "camera", &mut checks).unwrap();
        assert_eq!(style.alpha, 0.18);
        assert_eq!(checks.warnings.len(), 1);
        assert!(ShadowStyle::new(f64::NAN, None, "camera", &mut checks).is_err());
    }
}
