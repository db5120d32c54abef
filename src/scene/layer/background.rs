//! What lies behind everything (cap-look.md 4).

use super::{Grade, LayerKind, finite};
use crate::cap::config::{self, BackgroundSource};
use crate::frame::{Extent, Size};
use crate::scene::error::{Checks, SceneError};

/// The canvas of a frame; it covers every pixel.
#[derive(Clone, Debug, PartialEq)]
pub struct Background {
    /// What it is painted with.
    pub fill: Fill,
    /// Standard deviation of the gaussian that blurs it, output pixels; 0 is sharp (4.4).
    pub blur: f64,
    /// Grade of the blurred canvas.
    pub grade: Option<Grade>,
}

impl Background {
    /// Standard deviation of a blur of 100, in heights of the output (4.4).
    const BLUR: f64 = 0.025;

    /// `fill`, sharp and ungraded.
    pub const fn plain(fill: Fill) -> Self {
        Self {
            fill,
            blur: 0.0,
            grade: None,
        }
    }

    /// What `config` asks for in frames of `output`.
    pub(crate) fn of(
        config: &config::Background,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let blur = checks.clamp("background.blur", config.blur, 0.0..=100.0)? / 100.0;
        Ok(Self {
            blur: blur * Self::BLUR * f64::from(output.height),
            ..Self::plain(Fill::of(&config.source))
        })
    }
}

/// What a background is painted with.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// One colour, composited over black once (cap-look.md 26, quirk 9).
    Color {
        /// R, G, B, 0..=1.
        color: [f64; 3],
        /// 0..=1.
        alpha: f64,
    },
    /// A linear gradient in the unit square (4.2).
    Gradient {
        /// R, G, B at the start, 0..=1.
        from: [f64; 3],
        /// R, G, B at the end, 0..=1.
        to: [f64; 3],
        /// Degrees; 90 runs left to right, 180 top to bottom.
        angle: f64,
        /// Grain.
        noise: Noise,
    },
    /// The picture of this name, which the renderer was given: it covers the canvas, cut equally on both sides (4.3). White
    /// where there is none of that name.
    Image(String),
}

/// Grain over a gradient (4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// 0..=100; 0 is none.
    pub intensity: f64,
    /// 0..=100; higher is coarser.
    pub scale: f64,
}

impl Fill {
    /// What a missing or unreadable picture is replaced by (4.3).
    pub const WHITE: Self = Self::Color {
        color: [1.0; 3],
        alpha: 1.0,
    };

    /// What a configuration asks for.
    pub fn of(source: &BackgroundSource) -> Self {
        let unit = |color: &[u16; 3]| color.map(|channel| f64::from(channel.min(255)) / 255.0);
        match source {
            BackgroundSource::Wallpaper { path } | BackgroundSource::Image { path } => {
                Self::Image(path.clone().unwrap_or_default())
            }
            BackgroundSource::Color { value, alpha } => Self::Color {
                color: unit(value),
                alpha: f64::from(*alpha) / 255.0,
            },
            BackgroundSource::Gradient {
                from,
                to,
                angle,
                noise_intensity,
                noise_scale,
            } => Self::Gradient {
                from: unit(from),
                to: unit(to),
                angle: f64::from(*angle),
                noise: Noise {
                    intensity: noise_intensity.unwrap_or(0.0),
                    scale: noise_scale.unwrap_or(3.0),
                },
            },
            BackgroundSource::AnimatedGradient { config } => {
                config.first_color.map_or(Self::WHITE, |color| Self::Color {
                    color: unit(&color),
                    alpha: 1.0,
                })
            }
        }
    }
}

impl LayerKind for Background {
    fn extent(&self) -> Option<Extent> {
        Some(Extent::EVERYTHING)
    }

    fn looks_like(&self, other: &Self) -> bool {
        self == other
    }

    fn check(&self) -> Result<(), &'static str> {
        let fine = match &self.fill {
            Fill::Color { color, alpha } => finite(color) && alpha.is_finite(),
            Fill::Gradient {
                from,
                to,
                angle,
                noise,
            } => finite(from) && finite(to) && finite(&[*angle, noise.intensity, noise.scale]),
            Fill::Image(_) => true,
        };
        self.grade.map_or(Ok(()), |grade| grade.check())?;
        if fine && self.blur.is_finite() {
            Ok(())
        } else {
            Err("the background's colours")
        }
    }
}
