//! Place and look of the camera overlay (cap-look.md 9).

use super::easing::lerp;
use super::error::{Checks, SceneError};
use super::layer::Corner;
use super::panes::snapped;
use super::shadow::ShadowStyle;
use crate::cap::config::{CameraConfig, CameraShape, HorizontalPosition, RoundingType, VerticalPosition};
use crate::frame::{Rect, Size};

/// Inset of the shown part, camera pixels.
pub(crate) const INSET: f64 = 2.0;
/// Distance from the edges and addition to the side, pixels at 1080 lines.
const PAD: f64 = 50.0;

/// The overlay as configured, for one output size.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CameraOverlay {
    /// Segment 0's camera.
    pub(crate) size: Size,
    /// Shown part, camera pixels.
    pub(crate) crop: Rect,
    /// Flipped horizontally.
    pub(crate) mirrored: bool,
    /// Shadow style.
    pub(crate) shadow: ShadowStyle,
    output: Size,
    /// Fraction of the output's shorter side.
    scale: f64,
    scale_during_zoom: f64,
    place: Place,
    shape: CameraShape,
    /// Corner curve, and radius as a fraction of the shorter side.
    corner: (RoundingType, f64),
}

/// Where the overlay stands.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Anchored(HorizontalPosition, VerticalPosition),
    /// Centre, fractions of the output.
    Centred(f64, f64),
}

impl CameraOverlay {
    /// Reads `config` for cameras of `size` in frames of `output`.
    pub(crate) fn new(
        config: &CameraConfig,
        size: Size,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let place = match config.manual_position {
            Some(centre) => Place::Centred(
                checks.clamp("camera.manualPosition.x", centre.x, 0.0..=1.0)?,
                checks.clamp("camera.manualPosition.y", centre.y, 0.0..=1.0)?,
            ),
            None => Place::Anchored(config.position.x, config.position.y),
        };
        Ok(Self {
            size,
            crop: shown_part(size, config.shape),
            mirrored: config.mirror,
            shadow: ShadowStyle::new(config.shadow, config.advanced_shadow, "camera", checks)?,
            output,
            scale: checks.clamp("camera.size", config.size, 0.0..=1000.0)? / 100.0,
            scale_during_zoom: checks.clamp(
                "camera.scaleDuringZoom",
                config.scale_during_zoom,
                0.0..=10.0,
            )?,
            place,
            shape: config.shape,
            corner: (
                config.rounding_type,
                checks.clamp("camera.rounding", config.rounding, 0.0..=100.0)? / 100.0 * 0.5,
            ),
        })
    }

    /// The overlay while zoom has the given activity, on whole pixels and within the frame.
    pub(crate) fn rect(&self, activity: f64) -> Rect {
        snapped(&self.place(activity), self.output)
    }

    /// All of the camera's picture, camera pixels.
    pub(crate) fn whole(&self) -> Rect {
        Rect {
            x: 0.0,
            y: 0.0,
            width: f64::from(self.size.width),
            height: f64::from(self.size.height),
        }
    }

    /// The same before its edges are moved to whole pixels.
    pub(crate) fn place(&self, activity: f64) -> Rect {
        let (frame_width, frame_height) = (f64::from(self.output.width), f64::from(self.output.height));
        let pad = PAD * frame_height / 1080.0;
        let factor = self.scale * lerp(1.0, self.scale_during_zoom, activity);
        let side = frame_width.min(frame_height) * factor + pad;
        let (width, height) = match self.shape {
            CameraShape::Square => (side, side),
            CameraShape::Source => {
                let aspect = f64::from(self.size.width) / f64::from(self.size.height);
                if aspect >= 1.0 {
                    (side * aspect, side)
                } else {
                    (side, side / aspect)
                }
            }
        };
        let (x, y) = match self.place {
            Place::Anchored(horizontal, vertical) => (
                match horizontal {
                    HorizontalPosition::Left => pad,
                    HorizontalPosition::Center => (frame_width - width) / 2.0,
                    HorizontalPosition::Right => frame_width - pad - width,
                },
                match vertical {
                    VerticalPosition::Top => pad,
                    VerticalPosition::Bottom => frame_height - pad - height,
                },
            ),
            Place::Centred(x, y) => (
                (x * frame_width - width / 2.0).clamp(0.0, (frame_width - width).max(0.0)),
                (y * frame_height - height / 2.0).clamp(0.0, (frame_height - height).max(0.0)),
            ),
        };
        Rect { x, y, width, height }
    }

    /// Corner of the overlay at `rect`.
    pub(crate) fn corner(&self, rect: &Rect) -> Corner {
        Corner {
            kind: self.corner.0,
            radius: self.corner.1 * rect.width.min(rect.height),
        }
    }
}

/// The part of the camera that is shown: the centred square or all of it, less the inset.
fn shown_part(size: Size, shape: CameraShape) -> Rect {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let (shown_width, shown_height) = match shape {
        CameraShape::Square => (width.min(height), width.min(height)),
        CameraShape::Source => (width, height),
    };
    let inset = |side: f64| (side - 2.0 * INSET).max(1.0);
    Rect {
        x: (width - inset(shown_width)) / 2.0,
        y: (height - inset(shown_height)) / 2.0,
        width: inset(shown_width),
        height: inset(shown_height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::{CornerPosition, Xy};
    use proptest::prelude::*;

    const HD: Size = Size::new(1920, 1080);

    fn overlay(config: &CameraConfig, size: Size) -> CameraOverlay {
        CameraOverlay::new(config, size, HD, &mut Checks::default()).unwrap()
    }

    fn edges(rect: Rect) -> (f64, f64, f64, f64) {
        (rect.x, rect.y, rect.right(), rect.bottom())
    }

    #[test]
    fn defaults_without_and_with_zoom() {
        let overlay = overlay(&CameraConfig::default(), Size::new(1280, 720));
        // cap-look.md 9 and 24
        let rect = overlay.rect(0.0);
        assert_eq!(edges(rect), (1496.0, 656.0, 1870.0, 1030.0));
        assert_eq!(overlay.corner(&rect).radius, 187.0);
        assert_eq!(edges(overlay.rect(1.0)), (1593.0, 753.0, 1870.0, 1030.0));
    }

    #[test]
    fn shapes_and_their_crops() {
        let source = CameraConfig {
            shape: CameraShape::Source,
            position: CornerPosition {
                x: HorizontalPosition::Left,
                y: VerticalPosition::Top,
            },
            ..CameraConfig::default()
        };
        // e = 374; 16:9 is 664.9 wide
        let wide = overlay(&source, Size::new(1280, 720));
        assert_eq!(edges(wide.rect(0.0)), (50.0, 50.0, 715.0, 424.0));
        assert_eq!(edges(wide.crop), (2.0, 2.0, 1278.0, 718.0));
        let tall = overlay(&source, Size::new(720, 1280));
        assert_eq!(edges(tall.rect(0.0)), (50.0, 50.0, 424.0, 715.0));
        let square = overlay(&CameraConfig::default(), Size::new(1280, 720));
        assert_eq!(edges(square.crop), (282.0, 2.0, 998.0, 718.0));
        let tiny = overlay(&CameraConfig::default(), Size::new(3, 2));
        assert_eq!(edges(tiny.crop), (1.0, 0.5, 2.0, 1.5));
    }

    #[test]
    fn a_manual_position_stays_inside() {
        let at = |x, y| {
            let config = CameraConfig {
                manual_position: Some(Xy { x, y }),
                ..CameraConfig::default()
            };
            edges(overlay(&config, Size::new(1280, 720)).rect(0.0))
        };
        assert_eq!(at(0.5, 0.5), (773.0, 353.0, 1147.0, 727.0));
        assert_eq!(at(0.0, 1.0), (0.0, 706.0, 374.0, 1080.0));
    }

    proptest! {
        #[test]
        fn the_overlay_is_whole_pixels_within_the_frame(
            size in 0.0..1000.0f64, activity in 0.0..1.0f64, width in 1u32..4000, height in 1u32..4000,
            frame in (1u32..1000, 1u32..1000),
        ) {
            let config = CameraConfig { size, shape: CameraShape::Source, ..CameraConfig::default() };
            let frame = Size::new(frame.0 * 4, frame.1 * 2);
            let overlay =
                CameraOverlay::new(&config, Size::new(width, height), frame, &mut Checks::default()).unwrap();
            let rect = overlay.rect(activity);
            for edge in [rect.x, rect.y, rect.right(), rect.bottom()] {
                prop_assert_eq!(edge, edge.round());
            }
            prop_assert!(rect.x >= 0.0 && rect.y >= 0.0 && rect.width >= 1.0 && rect.height >= 1.0);
            prop_assert!(rect.right() <= f64::from(frame.width) && rect.bottom() <= f64::from(frame.height));
            let crop = overlay.crop;
            prop_assert!(crop.width >= 1.0 && crop.height >= 1.0 && crop.x >= 0.0 && crop.y >= 0.0);
        }
    }
}
