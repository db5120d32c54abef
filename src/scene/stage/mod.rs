//! Where screen, camera and pointer stand at a moment: zoom, scene modes, takeovers and motion blur together
//! (cap-look.md 6.1, 7, 9, 10, 11.3).

use super::camera::{CameraOverlay, INSET};
use super::easing::lerp;
use super::layer::Corner;
use super::layout::Layout;
use super::modes::{ModeValues, Pane};
use super::motion::{Smear, full_camera_smear, smear};
use super::panes::{between, fitted, inset, pane_radius, panes, snapped};
use super::takeover::{Takeover, carried};
use super::zoom::ZoomState;
use crate::cap::config::RoundingType;
use crate::frame::Rect;

/// Below this the panes are not looked at (cap-look.md 10.3).
const LEAST_SPLIT: f64 = 0.001;
/// At or below this opacity no camera overlay is drawn (cap-look.md 9, 10.2).
const LEAST_OPACITY: f64 = 0.01;

/// A moment of one clip.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage<'a> {
    /// Frame and card.
    pub(crate) layout: &'a Layout,
    /// The camera, where the clip has one.
    pub(crate) camera: Option<&'a CameraOverlay>,
    /// Ring that the camera leaves free where it stands alone, a fraction of the output's shorter side. With one, what
    /// it covers otherwise is faded out.
    pub(crate) ring: f64,
    /// What the scene mode makes of them.
    pub(crate) values: ModeValues,
    /// Pane settings.
    pub(crate) pane: Pane,
    /// The text that moves the screen aside.
    pub(crate) takeover: Option<Takeover>,
    /// Zoom now.
    pub(crate) zoom: ZoomState,
    /// Zoom one frame ago; `None` on the first frame and where the zoom snapped since.
    pub(crate) before: Option<ZoomState>,
    /// mu: strength of the motion blur (cap-look.md 7).
    pub(crate) mu: f64,
}

/// Where a card stands, and how.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// Output pixels.
    pub(crate) rect: Rect,
    /// Shown part, source pixels.
    pub(crate) crop: Rect,
    /// Corner.
    pub(crate) corner: Corner,
    /// Factor of the shadow's strength and of its opacity.
    pub(crate) shadow: f64,
    /// 0..=1.
    pub(crate) opacity: f64,
    /// Motion blur.
    pub(crate) smear: Option<Smear>,
}

/// What scene modes and takeovers make of window frame and notch (cap-look.md 15.3, 16).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Chrome {
    /// 0..=1; also the factor of the shadow's strength and of its opacity.
    pub(crate) opacity: f64,
    /// How round the upper corners of the screen's card are.
    pub(crate) rounding: f64,
    /// psi: how far the screen's card has a shadow of its own.
    pub(crate) floating: f64,
}

/// Corner curve, and radius as a fraction of the card's shorter side.
pub(crate) type Rounding = (RoundingType, f64);

impl Stage<'_> {
    /// phi, where there is a camera to split the frame with.
    fn split(&self) -> f64 {
        let split = self.values.split;
        if self.camera.is_some() && split > LEAST_SPLIT {
            split
        } else {
            0.0
        }
    }

    /// psi / phi: how far the panes are floating cards.
    fn floating(&self) -> f64 {
        (self.values.floating / self.values.split).clamp(0.0, 1.0)
    }

    fn shadow(&self) -> f64 {
        if self.split() > 0.0 {
            (1.0 - self.split() + self.values.floating).clamp(0.0, 1.0)
        } else {
            1.0
        }
    }

    fn radius(&self, own: f64) -> f64 {
        let split = self.split();
        if split > 0.0 {
            own * (1.0 - split) + pane_radius(self.layout.output) * self.values.floating
        } else {
            own
        }
    }

    /// Factor of the opacity of all that lies under a camera that fills the frame: where that leaves a ring, the rest is gone.
    fn uncovered(&self) -> f64 {
        if self.camera.is_some() && self.ring > 0.0 {
            1.0 - self.values.full_opacity
        } else {
            1.0
        }
    }

    /// The zoomed card, whatever the scene mode.
    fn zoomed(&self, zoom: &ZoomState) -> Rect {
        self.layout.zoomed(self.layout.card, zoom)
    }

    /// The screen's card before a text moves it.
    fn screen_rect(&self) -> Rect {
        let card = self.zoomed(&self.zoom);
        match self.split() {
            0.0 => card,
            split => between(&card, &panes(self.layout.output, self.floating())[0], split),
        }
    }

    /// The screen's card.
    pub(crate) fn screen(&self, (kind, rounding): Rounding) -> Place {
        let split = self.split();
        let rect = self.screen_rect();
        let mut place = Place {
            rect,
            crop: if split > 0.0 {
                let focus = self.pane.screen_position.map(|focus| lerp(0.5, focus, split));
                let zoom = lerp(1.0, self.pane.screen_zoom, split);
                fitted(&self.layout.crop, rect.width / rect.height, zoom, focus)
            } else {
                self.layout.crop
            },
            corner: Corner {
                kind,
                radius: self.radius(rounding * rect.width.min(rect.height)),
            },
            shadow: self.shadow() * self.uncovered(),
            opacity: self.uncovered(),
            smear: self.before.and_then(|before| {
                let (now, before) = (self.zoomed(&self.zoom), self.zoomed(&before));
                smear(&now, &before, self.mu, self.values.screen_blur)
            }),
        };
        if let Some(takeover) = self.takeover {
            place.rect = takeover.moved(&rect, self.layout.output);
            place.corner.radius = takeover.radius(place.corner.radius, pane_radius(self.layout.output));
            place.shadow *= takeover.card_opacity();
            place.opacity *= takeover.card_opacity();
        }
        place
    }

    /// Window frame and notch.
    pub(crate) fn chrome(&self) -> Chrome {
        let split = self.split();
        let left = self.takeover.map_or(1.0, |takeover| takeover.camera_opacity());
        Chrome {
            opacity: (1.0 - split) * left * self.uncovered(),
            rounding: split.max(1.0 - left),
            floating: if split > 0.0 { self.values.floating } else { 0.0 },
        }
    }

    /// The camera's card; `None` where it can't be seen.
    pub(crate) fn overlay(&self) -> Option<Place> {
        let camera = self.camera?;
        let fade = self.takeover.map_or(1.0, |takeover| takeover.camera_opacity());
        let opacity = self.values.overlay_opacity * fade;
        if opacity <= LEAST_OPACITY {
            return None;
        }
        let split = self.split();
        let output = self.layout.output;
        let (rect, crop) = if split > 0.0 {
            let own = camera.place(self.zoom.activity);
            let rect = snapped(&between(&own, &panes(output, self.floating())[1], split), output);
            let focus = self.pane.camera_position.map(|focus| lerp(0.5, focus, split));
            let zoom = lerp(1.0, self.pane.camera_zoom, split);
            let shown = fitted(&camera.whole(), rect.width / rect.height, zoom, focus);
            (rect, inset(&shown, INSET))
        } else {
            (camera.rect(self.zoom.activity), camera.crop)
        };
        let own = camera.corner(&rect);
        Some(Place {
            rect,
            crop,
            corner: Corner {
                radius: self.radius(own.radius),
                ..own
            },
            shadow: self.shadow() * fade,
            opacity,
            smear: self.before.and_then(|before| {
                let rects = [self.zoom.activity, before.activity].map(|activity| camera.rect(activity));
                smear(&rects[0], &rects[1], self.mu, 0.0)
            }),
        })
    }

    /// The camera that fills the frame; `None` where it can't be seen. Its zoom (10.4) has no effect: the scaled rectangle is
    /// clamped to the frame, and Cap's exports show none.
    ///
    /// Inside a ring it has the screen's corners, `kind` and `rounding`.
    pub(crate) fn full_camera(&self, (kind, rounding): Rounding) -> Option<Place> {
        let camera = self.camera?;
        let fade = self.takeover.map_or(1.0, |takeover| takeover.camera_opacity());
        let opacity = self.values.full_opacity * fade;
        if opacity <= 0.0 {
            return None;
        }
        let (width, height) = (
            f64::from(self.layout.output.width),
            f64::from(self.layout.output.height),
        );
        let side = width.min(height);
        let ring = self.ring.clamp(0.0, 0.49) * side;
        let rect = Rect {
            x: ring,
            y: ring,
            width: width - 2.0 * ring,
            height: height - 2.0 * ring,
        };
        let shown = fitted(&camera.whole(), rect.width / rect.height, 1.0, [0.5; 2]);
        Some(Place {
            rect,
            crop: inset(&shown, INSET),
            corner: if ring > 0.0 {
                let radius = rounding * rect.width.min(rect.height);
                Corner { kind, radius }
            } else {
                Corner {
                    kind: RoundingType::Rounded,
                    radius: 0.0,
                }
            },
            shadow: 0.0,
            opacity,
            smear: full_camera_smear(self.values.full_blur, self.mu),
        })
    }

    /// Where a sprite lies whose place on the unzoomed frame is `sprite` and whose tip shows the recorded pixel `tip`.
    pub(crate) fn pointer(&self, sprite: &Rect, tip: [f64; 2]) -> Rect {
        let mut rect = self.layout.zoomed(*sprite, &self.zoom);
        let split = self.split();
        if split > 0.0 {
            rect = between(&rect, &self.pointer_in_pane(sprite, tip), split);
        }
        match self.takeover {
            Some(takeover) => {
                let from = self.screen_rect();
                carried(&rect, &from, &takeover.moved(&from, self.layout.output))
            }
            None => rect,
        }
    }

    fn pointer_in_pane(&self, sprite: &Rect, tip: [f64; 2]) -> Rect {
        let layout = self.layout;
        let pane = panes(layout.output, self.floating())[0];
        let crop = fitted(
            &layout.crop,
            pane.width / pane.height,
            self.pane.screen_zoom,
            self.pane.screen_position,
        );
        let (u, v) = (
            tip[0] / f64::from(layout.screen.width),
            tip[1] / f64::from(layout.screen.height),
        );
        let (own_x, own_y) = layout.frame_point(u, v);
        let scale = (pane.width / crop.width) / (layout.card.width / layout.crop.width);
        Rect {
            x: pane.x + (tip[0] - crop.x) / crop.width * pane.width - (own_x - sprite.x) * scale,
            y: pane.y + (tip[1] - crop.y) / crop.height * pane.height - (own_y - sprite.y) * scale,
            width: sprite.width * scale,
            height: sprite.height * scale,
        }
    }

    /// Factor of the opacity of pointer, captions and keyboard.
    pub(crate) fn pointer_opacity(&self) -> f64 {
        self.takeover.map_or(1.0, |takeover| takeover.pointer_opacity()) * self.uncovered()
    }
}

#[cfg(test)]
mod tests;
