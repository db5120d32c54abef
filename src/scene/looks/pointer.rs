//! What follows from a `cursor` object: the pointer's art and size, where it goes, and the rings of its presses.

use std::collections::BTreeMap;

use super::Brought;
use crate::art::pointer::{Shape, System};
use crate::cap::Recording;
use crate::cap::config::{PointerConfig, PointerKind, Xy};
use crate::cap::events::Click;
use crate::frame::{Extent, Rect, Size};
use crate::scene::error::{Checks, SceneError};
use crate::scene::layer::{Pointer, PointerArt, Ripple};
use crate::scene::layout::Layout;
use crate::scene::pointer::ripple::RippleRules;
use crate::scene::pointer::{PointerRules, PointerTrack, smear};
use crate::scene::stage::Stage;
use crate::scene::tree::Side;
use crate::time::EventTime;

/// Height of a pointer at size 100 on a 1080-line screen, pixels (cap-look.md 8.3).
const POINTER_HEIGHT: f64 = 60.0;
/// Side of the circle art, pixels (cap-look.md 8.8).
const CIRCLE_SIDE: u32 = 256;
/// Soft edge of the pointer's clip, output pixels (cap-look.md 8.9).
const CLIP_FEATHER: f64 = 1.0;

/// What is made of a `cursor` object that does not hide the pointer.
#[derive(Clone, Debug)]
pub(crate) struct PointerLook {
    /// By recording segment; `None` where there is no pointer.
    tracks: Vec<Option<PointerTrack>>,
    /// Factor of its height.
    size: f64,
    art: Art,
    ripple: Option<RippleRules>,
    /// Factor of its movement (cap-look.md 8.7).
    blur: f64,
    frame: f64,
}

/// Pointer art.
#[derive(Clone, Debug)]
enum Art {
    /// The disc, whatever was recorded.
    Circle,
    /// Recorded images, or the art of their shapes, by id.
    Shapes(BTreeMap<String, (PointerArt, Sprite)>),
}

/// A pointer image.
#[derive(Clone, Copy, Debug)]
struct Sprite {
    size: Size,
    /// Fraction of the image.
    hotspot: Xy,
}

/// A moment at which a pointer is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment<'a> {
    /// Recording segment.
    pub(crate) segment: usize,
    /// Its presses and releases.
    pub(crate) clicks: &'a [Click],
    /// Time among its events.
    pub(crate) now: EventTime,
    /// Whether nothing was shown before.
    pub(crate) first: bool,
    /// The screen's card, inside which the pointer is seen.
    pub(crate) clip: Rect,
    /// 0..=1.
    pub(crate) opacity: f64,
}

/// Makes looks of the `cursor` objects of a recording.
#[derive(Debug)]
pub(super) struct Pointers<'a> {
    brought: &'a Brought<'a>,
    /// Tracks made so far, by recording segment.
    known: Vec<Vec<PointerTrack>>,
}

impl<'a> Pointers<'a> {
    pub(super) fn new(brought: &'a Brought<'a>) -> Self {
        Self {
            brought,
            known: vec![Vec::new(); brought.events.len()],
        }
    }

    /// The look of `config`; `None` where nothing is to be drawn.
    pub(super) fn make(
        &mut self,
        config: &PointerConfig,
        checks: &mut Checks,
    ) -> Result<Option<PointerLook>, SceneError> {
        let Brought {
            recording,
            pointer_sizes,
            timeline,
            frame_rate,
            bounds,
            ..
        } = *self.brought;
        let circle = config.kind == PointerKind::Circle;
        if config.hide || (recording.legacy && !circle) {
            return Ok(None);
        }
        let duration = timeline.duration();
        let rules = PointerRules::new(config, duration, bounds.width, checks)?;
        let fps = f64::from(frame_rate.fps());
        let strength = checks.clamp("cursor.motionBlur", config.motion_blur, 0.0..=1.0)?;
        Ok(Some(PointerLook {
            tracks: self.tracks(&rules)?,
            size: rules.size,
            art: if circle {
                Art::Circle
            } else {
                Art::recorded(recording, config, pointer_sizes)?
            },
            ripple: RippleRules::new(&config.ripple, checks)?,
            blur: smear::factor(strength, fps),
            frame: 1.0 / fps,
        }))
    }

    fn tracks(&mut self, rules: &PointerRules) -> Result<Vec<Option<PointerTrack>>, SceneError> {
        let Brought {
            facts,
            events,
            timeline,
            ..
        } = *self.brought;
        let mut tracks = Vec::with_capacity(events.len());
        for (index, ((events, facts), known)) in events
            .iter()
            .zip(&facts.segments)
            .zip(&mut self.known)
            .enumerate()
        {
            let track = match timeline.of_segment(index, Side::Incoming).last_source() {
                Some(source) => {
                    let until = EventTime::from_secs(source.secs() + facts.clock.event_offset);
                    PointerTrack::new(events, rules, until, known.iter())?
                }
                None => None,
            };
            known.extend(track.clone());
            tracks.push(track);
        }
        Ok(tracks)
    }
}

impl PointerLook {
    /// Whether rings spread from presses.
    pub(super) fn ripples(&self) -> bool {
        self.ripple.is_some()
    }

    /// The rings of presses (cap-additions.md), each with its number, and the pointer; nothing where it can't be seen.
    pub(crate) fn layers(
        &self,
        moment: &Moment<'_>,
        stage: &Stage<'_>,
    ) -> (Vec<(u32, Ripple)>, Option<Pointer>) {
        let Some(track) = self.tracks.get(moment.segment).and_then(Option::as_ref) else {
            return (Vec::new(), None);
        };
        (
            self.rings(track, moment, stage),
            self.pointer(track, moment, stage),
        )
    }

    fn rings(&self, track: &PointerTrack, moment: &Moment<'_>, stage: &Stage<'_>) -> Vec<(u32, Ripple)> {
        let Some(rules) = self.ripple.filter(|_| moment.opacity > 0.0) else {
            return Vec::new();
        };
        let rings = rules.at(moment.clicks, 1000.0 * moment.now.secs());
        let ring = |ring: crate::scene::pointer::ripple::RippleState| {
            let uv = track.uv_at(ring.pressed_ms);
            let (x, y) = stage.layout.frame_point(uv[0], uv[1]);
            let radius = rules.radius * self.height(stage.layout);
            let around = Rect {
                x: x - radius,
                y: y - radius,
                width: 2.0 * radius,
                height: 2.0 * radius,
            };
            let rect = stage.pointer(&around, recorded(stage.layout, uv));
            let ripple = Ripple {
                centre: [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0],
                radius: rect.width / 2.0,
                age: ring.age,
                color: rules.color,
                strength: rules.strength * moment.opacity,
                clip: moment.clip,
            };
            (ring.index as u32, ripple)
        };
        rings.map(ring).collect()
    }

    fn pointer(&self, track: &PointerTrack, moment: &Moment<'_>, stage: &Stage<'_>) -> Option<Pointer> {
        let state = track.at(moment.now);
        let moved = if moment.first {
            [0.0; 2]
        } else {
            track.moved(moment.now, self.frame)
        };
        let (art, sprite) = match &self.art {
            Art::Circle => (PointerArt::Circle, Sprite::CIRCLE),
            Art::Shapes(sprites) => sprites.get(state.shape)?.clone(),
        };
        let layout = stage.layout;
        let (width, height) = sprite.shown(self.height(layout) * state.click_scale);
        let (x, y) = layout.frame_point(state.uv[0], state.uv[1]);
        let rect = Rect {
            x: x - sprite.hotspot.x * width,
            y: y - sprite.hotspot.y * height,
            width,
            height,
        };
        let rect = stage.pointer(&rect, recorded(layout, state.uv));
        let pointer = Pointer {
            smear: smear::vector(recorded(layout, moved), self.blur, [rect.width, rect.height]),
            art,
            rect,
            rotation: state.rotation,
            opacity: state.opacity * moment.opacity,
            clip: moment.clip,
            grade: None,
        };
        (pointer.opacity > 0.0 && meet(&pointer.turned(), &pointer.clip)).then_some(pointer)
    }

    /// Height of a pointer image before zoom and click animation, output pixels (cap-look.md 8.3).
    fn height(&self, layout: &Layout) -> f64 {
        POINTER_HEIGHT
            * (f64::from(layout.screen.height) / 1080.0)
            * (layout.card.height / layout.crop.height)
            * self.size
    }
}

/// Recorded pixels of a recorded UV.
fn recorded(layout: &Layout, uv: [f64; 2]) -> [f64; 2] {
    let screen = layout.screen;
    [uv[0] * f64::from(screen.width), uv[1] * f64::from(screen.height)]
}

/// Whether a picture within `bounds` leaves anything inside `clip` and its feather.
fn meet(bounds: &Extent, clip: &Rect) -> bool {
    bounds.left < clip.right() + CLIP_FEATHER
        && bounds.right > clip.x - CLIP_FEATHER
        && bounds.top < clip.bottom() + CLIP_FEATHER
        && bounds.bottom > clip.y - CLIP_FEATHER
}

impl Art {
    fn recorded(
        recording: &Recording,
        config: &PointerConfig,
        sizes: &BTreeMap<String, Size>,
    ) -> Result<Self, SceneError> {
        let mut sprites = BTreeMap::new();
        for (id, art) in &recording.cursors {
            let hotspot = art.image.hotspot;
            if !(hotspot.x.is_finite() && hotspot.y.is_finite()) {
                return Err(SceneError::Hotspot { id: id.clone() });
            }
            if let Some(shape) = own_art(config, art.image.shape.as_deref()) {
                sprites.insert(id.clone(), (PointerArt::Own(shape), Sprite::of(shape)));
            } else if let Some(&size) = sizes.get(id).filter(|size| size.area() > 0) {
                let recorded = PointerArt::Recorded(id.clone());
                sprites.insert(id.clone(), (recorded, Sprite { size, hotspot }));
            }
        }
        Ok(Self::Shapes(sprites))
    }
}

/// The art that a pointer of a recorded shape is drawn with in place of its recorded image: that of another system where
/// the configuration names one, else that of its own (cap-look.md 8.8). `None` where the image is drawn.
pub fn own_art(config: &PointerConfig, shape: Option<&str>) -> Option<Shape> {
    let shape = shape.and_then(Shape::of)?;
    match config.kind {
        PointerKind::Auto | PointerKind::Pointer => config.use_svg.then_some(shape),
        PointerKind::Macos => Some(shape.in_manner_of(System::MacOs)),
        PointerKind::Tahoe => Some(shape.in_manner_of(System::Tahoe)),
        PointerKind::Windows => Some(shape.in_manner_of(System::Windows)),
        PointerKind::Circle => None,
    }
}

impl Sprite {
    fn of(shape: Shape) -> Self {
        let (x, y) = shape.hotspot();
        Self {
            size: shape.size(),
            hotspot: Xy { x, y },
        }
    }

    /// Its size where its longer side is `height` (cap-look.md 8.3).
    fn shown(&self, height: f64) -> (f64, f64) {
        let aspect = f64::from(self.size.width) / f64::from(self.size.height);
        if aspect > 1.0 {
            (height, height / aspect)
        } else {
            (height * aspect, height)
        }
    }

    const CIRCLE: Self = Self {
        size: Size::new(CIRCLE_SIDE, CIRCLE_SIDE),
        hotspot: Xy { x: 0.5, y: 0.5 },
    };
}
