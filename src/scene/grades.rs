//! The colour grades of a configuration, and what they come to on a frame (cap-look.md 17).

use super::error::{Checks, SceneError};
use super::layer::{Grade, Grain, Layer, Vignette};
use super::tree::{Node, Role};
use crate::cap::config::{self, ColorCorrection};
use crate::frame::{Rect, Size};

/// Frames after which the grain begins anew.
const GRAIN_PERIOD: u64 = 600;
/// Values up to this change nothing.
const NOTHING: f64 = 1e-4;

/// The grades of a configuration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grades {
    screen: Option<GradeStyle>,
    camera: Option<GradeStyle>,
    /// Whether the pointer takes the screen's.
    pointer: bool,
    frame: Rect,
}

/// A grade for any frame and place.
#[derive(Clone, Copy, Debug, PartialEq)]
struct GradeStyle {
    /// Without vignette and grain.
    colors: Grade,
    vignette: f64,
    grain: f64,
}

impl Grades {
    /// Reads `config` for frames of `output`.
    ///
    /// # Errors
    /// When a value is no number.
    pub(crate) fn new(
        config: &ColorCorrection,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        Ok(Self {
            screen: GradeStyle::new(&config.screen, "colorCorrection.screen", checks)?,
            camera: GradeStyle::new(&config.camera, "colorCorrection.camera", checks)?,
            pointer: config.grade_cursor,
            frame: Rect {
                x: 0.0,
                y: 0.0,
                width: f64::from(output.width),
                height: f64::from(output.height),
            },
        })
    }

    /// Grades the layers of frame `number` that a grade covers: background, screen and perhaps pointer by the one, cameras
    /// by the other. Window frames, notch and overlays keep their colours.
    pub(crate) fn apply(&self, nodes: &mut [Node], number: u64) {
        if self.screen.is_none() && self.camera.is_none() {
            return;
        }
        let screen = self.screen.map(|style| style.of(number, self.frame));
        for node in nodes {
            match node {
                Node::Paint(id, layer) => match (id.role, layer) {
                    (Role::Background, Layer::Background(background)) => background.grade = screen,
                    (Role::Screen, Layer::Card(card)) => card.grade = screen,
                    (Role::Pointer, Layer::Pointer(pointer)) if self.pointer => pointer.grade = screen,
                    (Role::Camera | Role::FullCamera, Layer::Card(card)) => {
                        card.grade = self.camera.map(|style| style.of(number, card.rect));
                    }
                    _ => {}
                },
                Node::Filter(..) => {}
                Node::Warp(_, inside, _) => self.apply(inside, number),
                Node::Mix(_, mix) => {
                    self.apply(&mut mix.out, number);
                    self.apply(&mut mix.into, number);
                }
            }
        }
    }
}

impl GradeStyle {
    /// `None` where nothing changes.
    fn new(grade: &config::Grade, key: &str, checks: &mut Checks) -> Result<Option<Self>, SceneError> {
        let mut value =
            |name: &str, value: f64, low: f64| checks.clamp(&format!("{key}.{name}"), value, low..=1.0);
        let intensity = value("intensity", grade.intensity, 0.0)?;
        let exposure = value("exposure", grade.exposure, -1.0)? * intensity;
        let contrast = value("contrast", grade.contrast, -1.0)? * intensity;
        let saturation = value("saturation", grade.saturation, -1.0)? * intensity;
        let temperature = value("temperature", grade.temperature, -1.0)? * intensity;
        let tint = value("tint", grade.tint, -1.0)? * intensity;
        let split_tone = value("splitTone", grade.split_tone, -1.0)? * intensity;
        let fade = value("fade", grade.fade, 0.0)? * intensity;
        let vignette = value("vignette", grade.vignette, 0.0)? * intensity;
        // The one that intensity does not scale.
        let grain = value("grain", grade.grain, 0.0)?;
        let values = [
            exposure,
            contrast,
            saturation,
            temperature,
            tint,
            split_tone,
            fade,
            vignette,
            grain,
        ];
        if values.iter().all(|value| value.abs() <= NOTHING) {
            return Ok(None);
        }
        let gain = (exposure * 1.5).exp2();
        let colors = Grade {
            balance: [
                gain * (1.0 + 0.10 * temperature + 0.04 * tint),
                gain * (1.0 - 0.07 * tint),
                gain * (1.0 - 0.10 * temperature + 0.04 * tint),
            ],
            contrast: 1.0 + contrast,
            saturation: 1.0 + saturation,
            split_tone,
            fade,
            vignette: None,
            grain: None,
        };
        Ok(Some(Self {
            colors,
            vignette,
            grain,
        }))
    }

    fn of(self, number: u64, within: Rect) -> Grade {
        Grade {
            vignette: (self.vignette > 0.0).then_some(Vignette {
                strength: self.vignette,
                within,
            }),
            grain: (self.grain > 0.0).then_some(Grain {
                strength: self.grain,
                seed: (number % GRAIN_PERIOD) as u32,
            }),
            ..self.colors
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn style(grade: &config::Grade) -> Option<GradeStyle> {
        GradeStyle::new(grade, "colorCorrection.screen", &mut Checks::default()).unwrap()
    }

    #[test]
    fn the_identity_is_no_grade() {
        assert_eq!(style(&config::Grade::default()), None);
        let off = config::Grade {
            intensity: 0.0,
            exposure: 1.0,
            vignette: 1.0,
            ..config::Grade::default()
        };
        assert_eq!(style(&off), None);
        let tiny = config::Grade {
            contrast: 1e-4,
            ..config::Grade::default()
        };
        assert_eq!(style(&tiny), None);
    }

    #[test]
    fn intensity_scales_all_but_the_grain() {
        let whole = config::Grade {
            intensity: 0.5,
            exposure: 1.0,
            contrast: -0.4,
            saturation: 0.6,
            temperature: 0.8,
            tint: -1.0,
            fade: 0.2,
            grain: 0.7,
            ..config::Grade::default()
        };
        let graded = style(&whole).unwrap().of(
            1203,
            Rect {
                x: 0.0,
                y: 0.0,
                width: 1.0,
                height: 1.0,
            },
        );
        // 0.5 x 1.5 stops are a factor of 1.6818.
        let gain = 1.681_792_83;
        for (found, expected) in [
            (graded.balance[0], gain * (1.0 + 0.04 - 0.02)),
            (graded.balance[1], gain * (1.0 + 0.035)),
            (graded.balance[2], gain * (1.0 - 0.04 - 0.02)),
            (graded.contrast, 0.8),
            (graded.saturation, 1.3),
            (graded.fade, 0.1),
        ] {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
        assert_eq!(graded.vignette, None);
        assert_eq!(
            graded.grain,
            Some(Grain {
                strength: 0.7,
                seed: 3
            })
        );
    }

    #[test]
    fn values_are_kept_in_range_and_no_numbers_are_refused() {
        let mut checks = Checks::default();
        let far = config::Grade {
            contrast: 7.0,
            fade: -2.0,
            ..config::Grade::default()
        };
        let style = GradeStyle::new(&far, "colorCorrection.screen", &mut checks)
            .unwrap()
            .unwrap();
        assert_eq!((style.colors.contrast, style.colors.fade), (2.0, 0.0));
        assert_eq!(checks.warnings.len(), 2);
        let nan = config::Grade {
            grain: f64::NAN,
            ..config::Grade::default()
        };
        assert!(GradeStyle::new(&nan, "colorCorrection.screen", &mut checks).is_err());
    }
}
