//! How background, camera and pointer look at a moment: as configured, or as the style in effect says (cap-additions.md).
//!
//! A style replaces whole objects of the configuration. All that follows from such an object is worked out once for each
//! different one, however many styles share it.

mod background;
mod camera;
mod pointer;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use self::background::BackgroundLook;
use self::background::Canvases;
pub(crate) use self::camera::camera_card;
use self::pointer::Pointers;
pub use self::pointer::own_art;
pub(crate) use self::pointer::{Moment, PointerLook};
use super::camera::CameraOverlay;
use super::error::{Checks, SceneError};
use super::facts::Facts;
use super::layout::Layout;
use super::setter::TextSettings;
use super::styles::Styles;
use super::timeline::Timeline;
use super::zoom::{Moved, StepsLeft, View, Zooms};
use crate::cap::Recording;
use crate::cap::config::{ProjectConfig, StyleOverrides, StyleSegment};
use crate::cap::events::PointerEvents;
use crate::frame::Size;
use crate::time::FrameRate;

/// Most different objects of a kind, that of the configuration included. Each costs memory and time before the first frame.
const MOST: usize = 32;

/// All looks of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    styles: Styles,
    backgrounds: Variants<BackgroundLook>,
    /// `None` where there is no camera, or a hidden one.
    cameras: Variants<Option<CameraOverlay>>,
    /// `None` where there is no pointer, or a hidden one.
    pointers: Variants<Option<PointerLook>>,
    /// By style segment, fractions of the output's shorter side.
    rings: BTreeMap<usize, f64>,
    zooms: Vec<Zooms>,
}

/// How things look at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    /// Canvas, and place and decoration of the screen.
    pub(crate) background: &'a BackgroundLook,
    /// Camera.
    pub(crate) camera: Option<&'a CameraOverlay>,
    /// Pointer.
    pub(crate) pointer: Option<&'a PointerLook>,
    /// Ring that a camera leaves free when it stands alone, a fraction of the output's shorter side.
    pub(crate) ring: f64,
    /// Zoom of the shown part of the screen.
    pub(crate) zooms: &'a Zooms,
}

/// What a recording brings, for looks to be made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Brought<'a> {
    /// The recording.
    pub(crate) recording: &'a Recording,
    /// What is known of its media.
    pub(crate) facts: &'a Facts,
    /// Sizes of recorded pointer images.
    pub(crate) pointer_sizes: &'a BTreeMap<String, Size>,
    /// Checked pointer events, by segment.
    pub(crate) events: &'a [Cow<'a, PointerEvents>],
    /// How texts are set.
    pub(crate) texts: &'a TextSettings,
    /// Which clip plays when.
    pub(crate) timeline: &'a Timeline,
    /// Output frames per second.
    pub(crate) frame_rate: FrameRate,
    /// Box the output fits in, pixels.
    pub(crate) bounds: Size,
    /// Whether zooms that hardly move are held still.
    pub(crate) hold_zoom_tails: bool,
}

/// What is made of the different objects of one kind.
#[derive(Clone, Debug)]
struct Variants<T> {
    /// That of the configuration first.
    made: Vec<T>,
    /// Position in `made` by style segment.
    of_style: BTreeMap<usize, usize>,
}

impl<T> Variants<T> {
    fn of(&self, style: Option<usize>) -> &T {
        let made = style.and_then(|style| self.of_style.get(&style)).copied();
        &self.made[made.unwrap_or(0)]
    }
}

/// The different objects of one kind.
struct Distinct<'a, C> {
    /// Each with the first style segment that brings it; `None` is the configuration's own.
    objects: Vec<(Option<usize>, &'a C)>,
    of_style: BTreeMap<usize, usize>,
}

impl<'a, C: PartialEq> Distinct<'a, C> {
    fn new(
        kind: &'static str,
        own: &'a C,
        styles: &'a [StyleSegment],
        replaced: impl Fn(&'a StyleOverrides) -> Option<&'a C>,
    ) -> Result<Self, SceneError> {
        let mut objects = vec![(None, own)];
        let mut of_style = BTreeMap::new();
        for (index, style) in styles.iter().enumerate().filter(|(_, style)| style.acts()) {
            let Some(object) = replaced(&style.overrides) else {
                continue;
            };
            let known = objects.iter().position(|(_, known)| *known == object);
            let at = known.unwrap_or(objects.len());
            if at == objects.len() {
                if at == MOST {
                    return Err(SceneError::TooManyStyles { kind, max: MOST });
                }
                objects.push((Some(index), object));
            }
            of_style.insert(index, at);
        }
        Ok(Self { objects, of_style })
    }

    /// Makes something of each object; what is odd is named where the object stands.
    fn make<T>(
        self,
        checks: &mut Checks,
        mut make: impl FnMut(&'a C, &mut Checks) -> Result<T, SceneError>,
    ) -> Result<Variants<T>, SceneError> {
        let mut made = Vec::with_capacity(self.objects.len());
        for (style, object) in self.objects {
            made.push(match style {
                None => make(object, checks)?,
                Some(index) => {
                    let path = format!("timeline.styleSegments[{index}].overrides");
                    checks.below(&path, |checks| make(object, checks))?
                }
            });
        }
        Ok(Variants {
            made,
            of_style: self.of_style,
        })
    }
}

impl Looks {
    /// Works out all looks of a recording whose screen the configuration itself lays out as `layout`.
    ///
    /// # Errors
    /// When a setting makes no sense, or there are more different ones than is reasonable.
    pub(crate) fn new(
        brought: &Brought<'_>,
        layout: &Layout,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let config = &brought.recording.config;
        let list = config.timeline.as_ref();
        let segments = list.map_or(&[][..], |list| &list.style_segments);
        let styles = Styles::new(segments)?;

        let objects = Distinct::new("background", &config.background, segments, |style| {
            style.background.as_deref()
        })?;
        let mut canvases = Canvases::new(config, brought.recording.notch, layout);
        let mut backgrounds = objects.make(checks, |background, checks| canvases.make(background, checks))?;
        canvases.draw_windows(&mut backgrounds.made, brought.texts, checks);
        let mut zooms = zooms(brought, &mut backgrounds.made, checks)?;

        let camera = brought.facts.segments.first().and_then(|segment| segment.camera);
        let objects = Distinct::new("camera", &config.camera, segments, |style| {
            style.camera.as_deref()
        })?;
        let cameras = objects.make(checks, |config, checks| {
            let shown = camera.filter(|_| !config.hide);
            shown
                .map(|camera| CameraOverlay::new(config, camera.size, layout.output, checks))
                .transpose()
        })?;

        if brought.hold_zoom_tails {
            hold_tails(
                brought.frame_rate,
                &mut zooms,
                &backgrounds.made,
                &cameras.made,
                checks,
            );
        }

        let objects = Distinct::new("cursor", &config.cursor, segments, |style| {
            style.cursor.as_deref()
        })?;
        let mut pointers = Pointers::new(brought);
        let pointers = objects.make(checks, |config, checks| pointers.make(config, checks))?;

        let mut rings = BTreeMap::new();
        for (index, style) in segments.iter().enumerate().filter(|(_, style)| style.acts()) {
            if let Some(padding) = style.overrides.camera_only_padding {
                let key = format!("timeline.styleSegments[{index}].overrides.cameraOnlyPadding");
                rings.insert(index, checks.clamp(&key, padding, 0.0..=40.0)? / 100.0);
            }
        }
        Ok(Self {
            styles,
            backgrounds,
            cameras,
            pointers,
            rings,
            zooms,
        })
    }

    /// How things look at output time `time`, seconds.
    pub(crate) fn at(&self, time: f64) -> Look<'_> {
        let state = self.styles.at(time);
        let background = self.backgrounds.of(state.background);
        let ring = state.camera_only_padding;
        Look {
            background,
            camera: self.cameras.of(state.camera).as_ref(),
            pointer: self.pointers.of(state.pointer).as_ref(),
            ring: ring
                .and_then(|style| self.rings.get(&style))
                .copied()
                .unwrap_or(0.0),
            zooms: &self.zooms[background.zooms],
        }
    }

    /// Whether rings spread from presses in any look.
    pub(crate) fn have_ripples(&self) -> bool {
        self.pointers.made.iter().flatten().any(PointerLook::ripples)
    }
}

/// Integrates the zooms, once for each different part of the screen that they depend on.
fn zooms(
    brought: &Brought<'_>,
    backgrounds: &mut [BackgroundLook],
    checks: &mut Checks,
) -> Result<Vec<Zooms>, SceneError> {
    let config: &ProjectConfig = &brought.recording.config;
    let list = config.timeline.as_ref();
    let follow = Zooms::follow_the_crop(list.map_or(&[], |list| &list.zoom_segments));
    let mut left = StepsLeft::default();
    let mut crops = Vec::new();
    let mut made = Vec::new();
    for background in backgrounds {
        let crop = background.layout.crop;
        let known = crops.iter().position(|known| *known == crop || !follow);
        background.zooms = match known {
            Some(known) => known,
            None => {
                let view = View {
                    crop,
                    screen: background.layout.screen,
                    look_back: 1.0 / f64::from(brought.frame_rate.fps()),
                };
                let moves = |segment: usize| &brought.events[segment].moves[..];
                // What is odd about the zooms is said once.
                let mut repeated = Checks::default();
                let checks = if made.is_empty() {
                    &mut *checks
                } else {
                    &mut repeated
                };
                made.push(Zooms::new(
                    config,
                    brought.timeline,
                    view,
                    moves,
                    &mut left,
                    checks,
                )?);
                crops.push(crop);
                crops.len() - 1
            }
        };
    }
    Ok(made)
}

/// Holds zooms still where they hardly move what they act on, in every look.
fn hold_tails(
    rate: FrameRate,
    zooms: &mut [Zooms],
    backgrounds: &[BackgroundLook],
    cameras: &[Option<CameraOverlay>],
    checks: &mut Checks,
) {
    for (index, zooms) in zooms.iter_mut().enumerate() {
        let of_these = backgrounds.iter().filter(|background| background.zooms == index);
        let moved = Moved {
            layouts: of_these.map(|background| &background.layout).collect(),
            cameras: cameras.iter().flatten().collect(),
        };
        if !zooms.hold_tails(rate, &moved) {
            let warning =
                "zooms move for so long that all their frames are drawn, also those that hardly move";
            checks.warnings.push(warning.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
