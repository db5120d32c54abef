//! Puts set texts onto the frame: from a text and a place to a mark.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use super::color::{Rgb, linear};
use super::error::{Checks, SceneError};
use super::layer::{Glyphs, Gradient, Mark};
use super::typeset::{FontSpec, Ink, Measured, Px, RasterSpec, TextSpec, Typesetter};
use crate::frame::Size;

/// Longest side of a picture of glyphs that may hang over the frame, pixels: any adapter has textures of this size.
const LARGEST: f64 = 8192.0;

/// What sets the texts of a scene.
#[derive(Clone, Debug)]
pub struct TextSettings {
    /// Knows the fonts.
    pub typesetter: Arc<dyn Typesetter>,
    /// Text colours are taken for linear light, as Cap does (cap-look.md 11.1); mid-tones come out darker.
    pub linear_colors: bool,
}

/// Sets texts for frames of one size.
#[derive(Clone, Debug)]
pub(crate) struct Setter {
    settings: TextSettings,
    frame: Size,
}

/// Glyphs to be put onto the frame.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// The glyphs that begin within these bytes of the text; `None` is all.
    pub(crate) bytes: Option<Range<usize>>,
    /// What of them.
    pub(crate) ink: Ink,
    /// Factor on the layout.
    pub(crate) scale: f64,
    /// Corner of the layout, output pixels.
    pub(crate) at: [f64; 2],
    /// Whether it moves across: it keeps to quarter pixels then, so that few pictures serve many places.
    pub(crate) moving: bool,
    /// Colour as configured.
    pub(crate) color: Rgb,
    /// Second colour as configured, and the columns between which it takes over.
    pub(crate) gradient: Option<Gradient>,
    /// 0..=1.
    pub(crate) alpha: f64,
    /// Nothing is drawn right of this column.
    pub(crate) edge: Option<f64>,
}

/// Characters to be set, by font.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted(BTreeMap<FontSpec, BTreeSet<char>>);

impl Wanted {
    /// Adds the characters of a text.
    pub(crate) fn add(&mut self, font: FontSpec, text: &str) {
        self.0.entry(font).or_default().extend(text.chars());
    }
}

impl Setter {
    pub(crate) const fn new(settings: TextSettings, frame: Size) -> Self {
        Self { settings, frame }
    }

    /// Size of the frames.
    pub(crate) const fn frame(&self) -> Size {
        self.frame
    }

    /// Gets ready to set `wanted` and warns of what will look different from what was asked, each thing once.
    ///
    /// # Errors
    /// When no text can be set at all.
    pub(crate) fn prepare(&self, wanted: &Wanted, checks: &mut Checks) -> Result<(), SceneError> {
        for (font, chars) in &wanted.0 {
            let chars: String = chars.iter().collect();
            for finding in self.settings.typesetter.prepare(font, &chars)? {
                if !checks.warnings.contains(&finding) {
                    checks.warnings.push(finding);
                }
            }
        }
        Ok(())
    }

    /// Sizes of a text.
    pub(crate) fn measure(&self, text: &Arc<TextSpec>) -> Arc<Measured> {
        self.settings.typesetter.measure(text)
    }

    /// Glyphs of `text`, which is `measured`, in their place; `None` where nothing is seen.
    pub(crate) fn glyphs(&self, text: &Arc<TextSpec>, measured: &Measured, piece: Piece) -> Option<Mark> {
        if piece.alpha <= 0.0 || piece.at.iter().any(|at| at.abs() > f64::from(i32::MAX / 4)) {
            return None;
        }
        let across = if piece.moving {
            (piece.at[0] * 4.0).round() / 4.0
        } else {
            piece.at[0]
        };
        let (x, y) = (across.floor() as i32, piece.at[1].floor() as i32);
        let raster = self.settings.typesetter.raster(&RasterSpec {
            text: Arc::clone(text),
            bytes: piece.bytes,
            ink: piece.ink,
            scale: Px::new(piece.scale),
            phase: Px::new(across - across.floor()),
            window: self.window(text, measured, piece.scale, (x, y)),
        });
        let painted = |color: Rgb| {
            if self.settings.linear_colors {
                linear(color)
            } else {
                color
            }
        };
        let mark = Mark::Glyphs(Glyphs {
            raster,
            x,
            y,
            color: painted(piece.color),
            gradient: piece.gradient.map(|gradient| Gradient {
                color: painted(gradient.color),
                ..gradient
            }),
            alpha: piece.alpha.min(1.0),
            edge: piece.edge,
        });
        let (width, height) = (f64::from(self.frame.width), f64::from(self.frame.height));
        let seen = mark.extent().is_some_and(|extent| {
            extent.left < width && extent.right > 0.0 && extent.top < height && extent.bottom > 0.0
        });
        seen.then_some(mark)
    }

    /// What of a text's layout at (`x`, `y`) is worth a picture: all of it, whatever its place, unless it is very large;
    /// then what lies on the frame.
    fn window(&self, text: &TextSpec, measured: &Measured, scale: f64, (x, y): (i32, i32)) -> [i32; 4] {
        let (width, height) = (f64::from(self.frame.width), f64::from(self.frame.height));
        let overhang = 4.0 * f64::from(text.size.get()) * scale;
        let fits = |length: f32, side: f64| f64::from(length) * scale + overhang <= (2.0 * side).min(LARGEST);
        if fits(measured.width, width) && fits(measured.height, height) {
            // Further than anything of it reaches from its corner; a wrap width may be twice the frame's.
            let [across, down] = [self.frame.width, self.frame.height].map(|side| 8 * side as i32);
            return [-across, -down, across, down];
        }
        [-x, -y, self.frame.width as i32 - x, self.frame.height as i32 - y]
    }
}
