//! Puts the parts together: output time to layers.

use std::collections::BTreeMap;

use super::camera::CameraOverlay;
use super::camera3d::Camera3d;
use super::error::{Checks, SceneError};
use super::facts::{Facts, SegmentClock};
use super::grades::Grades;
use super::layer::{
    Background, BorderLine, Card, CardPicture, Layer, Pointer, PointerArt, Ripple, Shade, Shadow,
};
use super::layout::Layout;
use super::modes::Modes;
use super::motion::shutter;
use super::notch::NotchPlace;
use super::overlays::Overlays;
use super::pointer::hidden::Hidden;
use super::pointer::ripple::RippleRules;
use super::pointer::{PointerRules, PointerState, PointerTrack, checked_events, smear};
use super::setter::TextSettings;
use super::shadow::ShadowStyle;
use super::stage::{Place, Stage};
use super::takeover::Takeovers;
use super::timeline::Timeline;
use super::tree::{LayerId, Mix, Node, PictureRequest, Role, SceneFrame, Side, SourceId, Track};
use super::window_frame::WindowFrame;
use super::writing::Writing;
use super::zoom::Zooms;
use crate::art::pointer::{Shape, System};
use crate::cap::Recording;
use crate::cap::config::{self, PointerKind, ProjectConfig, RoundingType, TransitionKind, Xy};
use crate::cap::events::Click;
use crate::frame::{Extent, Rect, Size};
use crate::time::{EventTime, FrameRate, MediaTime, OutputTime, SourceTime};

/// Height of a pointer at size 100 on a 1080-line screen, pixels (cap-look.md 8.3).
const POINTER_HEIGHT: f64 = 60.0;
/// Side of the circle art, pixels (cap-look.md 8.8).
const CIRCLE_SIDE: u32 = 256;
/// Soft edge of the pointer's clip, output pixels (cap-look.md 8.9).
const CLIP_FEATHER: f64 = 1.0;

/// What the output shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneSettings {
    /// Output frames per second.
    pub frame_rate: FrameRate,
    /// Box the output fits in, pixels (R of cap-look.md 2).
    pub bounds: Size,
}

/// A recording ready to be asked for any output frame.
///
/// Everything that depends on what came before, springs and pointer, is integrated when it is made, so a frame costs the
/// same in whatever order frames are asked for, and the same frame always has the same numbers.
#[derive(Clone, Debug)]
pub struct Scene {
    settings: SceneSettings,
    timeline: Timeline,
    frame_count: u64,
    layout: Layout,
    background: Background,
    grades: Grades,
    window: Option<WindowFrame>,
    notch: Option<NotchPlace>,
    card: CardStyle,
    zooms: Zooms,
    segments: Vec<SegmentTracks>,
    pointer_size: f64,
    ripple: Option<RippleRules>,
    art: Art,
    camera: Option<CameraOverlay>,
    overlays: Overlays,
    camera3d: Camera3d,
    modes: Modes,
    takeovers: Takeovers,
    hidden_pointer: Hidden,
    blur: Blur,
    /// Whether the screen's card is drawn.
    shows_display: bool,
    writing: Writing,
    warnings: Vec<String>,
}

/// What belongs to one recording segment.
#[derive(Clone, Debug)]
struct SegmentTracks {
    clock: SegmentClock,
    has_camera: bool,
    pointer: Option<PointerTrack>,
    /// Presses and releases, where ripples are drawn.
    clicks: Vec<Click>,
}

/// Decoration of the screen card.
#[derive(Clone, Debug)]
struct CardStyle {
    corner: RoundingType,
    /// Radius as a fraction of the shorter side.
    rounding: f64,
    shadow: ShadowStyle,
    border: Option<BorderLine>,
}

/// Motion blur, adapted to the frame rate.
#[derive(Clone, Copy, Debug)]
struct Blur {
    /// mu of cap-look.md 7.
    cards: f64,
    /// Factor of a pointer's movement (8.7).
    pointer: f64,
}

impl Blur {
    fn new(config: &ProjectConfig, rate: FrameRate, checks: &mut Checks) -> Result<Self, SceneError> {
        let fps = f64::from(rate.fps());
        let pointer = checks.clamp("cursor.motionBlur", config.cursor.motion_blur, 0.0..=1.0)?;
        // cap-format.md 4.16: a missing key takes the pointer's value.
        let cards = config.screen_motion_blur.unwrap_or(pointer);
        Ok(Self {
            cards: shutter(checks.clamp("screenMotionBlur", cards, 0.0..=1.0)?, fps),
            pointer: smear::factor(pointer, fps),
        })
    }
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

impl Scene {
    /// Plans `recording`, whose media are as `facts` say and whose pointer images have the sizes `pointer_sizes`, by id;
    /// a pointer without an entry there is not drawn. `texts` says how texts are set.
    ///
    /// # Errors
    /// When the configuration, the facts or the settings make no sense, or the output would be unreasonably large.
    pub fn new(
        recording: &Recording,
        facts: &Facts,
        pointer_sizes: &BTreeMap<String, Size>,
        settings: SceneSettings,
        texts: &TextSettings,
    ) -> Result<Self, SceneError> {
        facts.check(recording.segments.len())?;
        let config = &recording.config;
        let mut checks = Checks::default();
        let timeline = Timeline::new(config.timeline.as_ref(), facts, &mut checks)?;
        let frame_count = timeline.frame_count(settings.frame_rate)?;
        let screen = facts.segments[0].display.size;
        let layout = Layout::new(config, screen, settings.bounds, &mut checks)?;

        let events = recording
            .segments
            .iter()
            .enumerate()
            .map(|(segment, recorded)| checked_events(&recorded.pointer, segment, &mut checks))
            .collect::<Result<Vec<_>, _>>()?;
        let zooms = Zooms::new(
            config,
            &timeline,
            layout.crop,
            screen,
            |segment| &events[segment].moves,
            1.0 / f64::from(settings.frame_rate.fps()),
            &mut checks,
        )?;
        let list = config.timeline.as_ref();
        let modes = Modes::new(list.map_or(&[], |list| &list.scene_segments), &mut checks)?;
        let takeovers = Takeovers::new(list.map_or(&[], |list| &list.text_segments))?;
        let hides = |index: usize| {
            list.and_then(|list| list.segments.get(index))
                .is_some_and(|clip| clip.hide_cursor)
        };
        let hidden_pointer = Hidden::new(
            timeline
                .clips()
                .iter()
                .map(|clip| (clip.output_start, hides(clip.index))),
        );

        let circle = config.cursor.kind == PointerKind::Circle;
        let has_pointer = !config.cursor.hide && (circle || !recording.legacy);
        let rules = if has_pointer {
            Some(PointerRules::new(
                &config.cursor,
                timeline.duration(),
                settings.bounds.width,
                &mut checks,
            )?)
        } else {
            None
        };
        let ripple = match &rules {
            Some(_) => RippleRules::new(&config.cursor.ripple, &mut checks)?,
            None => None,
        };
        let mut segments = Vec::with_capacity(events.len());
        for (index, (events, facts)) in events.iter().zip(&facts.segments).enumerate() {
            let pointer = match (&rules, timeline.of_segment(index).last_source()) {
                (Some(rules), Some(source)) => {
                    let until = EventTime::from_secs(source.secs() + facts.clock.event_offset);
                    PointerTrack::new(events, rules, until)?
                }
                _ => None,
            };
            segments.push(SegmentTracks {
                clock: facts.clock,
                has_camera: facts.camera.is_some(),
                pointer,
                clicks: ripple.map_or_else(Vec::new, |_| events.clicks.clone()),
            });
        }

        let camera = match facts.segments[0].camera {
            Some(camera) if !config.camera.hide => Some(CameraOverlay::new(
                &config.camera,
                camera.size,
                layout.output,
                &mut checks,
            )?),
            _ => None,
        };
        let overlays = Overlays::new(config, layout.output, &mut checks)?;
        let moves = config
            .timeline
            .as_ref()
            .map_or(&[][..], |timeline| &timeline.camera_3d_segments);
        let camera3d = Camera3d::new(moves, layout.output, &mut checks)?;
        let writing = Writing::new(config, &timeline, facts, layout.output, texts, &mut checks)?;
        let art = if circle {
            Art::Circle
        } else {
            Art::recorded(recording, pointer_sizes)?
        };
        Ok(Self {
            settings,
            frame_count,
            background: Background::of(&config.background, layout.output, &mut checks)?,
            window: WindowFrame::new(config, layout.card, &mut checks),
            notch: NotchPlace::new(config.background.notch, recording.notch, &mut checks)?,
            grades: Grades::new(&config.color_correction, layout.output, &mut checks)?,
            card: CardStyle::new(&config.background, &mut checks)?,
            layout,
            zooms,
            segments,
            pointer_size: rules.map_or(1.0, |rules| rules.size),
            ripple,
            art,
            camera,
            overlays,
            camera3d,
            modes,
            takeovers,
            hidden_pointer,
            blur: Blur::new(config, settings.frame_rate, &mut checks)?,
            shows_display: !config.hide_display,
            writing,
            timeline,
            warnings: checks.warnings,
        })
    }

    /// Pixels of the output; the width is a multiple of 4, the height of 2.
    pub fn output_size(&self) -> Size {
        self.layout.output
    }

    /// Frames of the output: ceil(fps x duration), less one where rounding puts the last past the end.
    pub fn frame_count(&self) -> u64 {
        self.frame_count
    }

    /// Seconds of the output.
    pub fn duration(&self) -> f64 {
        self.timeline.duration()
    }

    /// Which clip plays when.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// What was odd about the configuration and what was made of it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What frame `n` shows; `None` from [`Self::frame_count`] on.
    pub fn frame(&self, n: u64) -> Option<SceneFrame> {
        if n >= self.frame_count {
            return None;
        }
        let time = self.settings.frame_rate.time_of(n);
        let located = self.timeline.locate(time)?;
        let incoming = |side| self.clip_nodes(located.clip, located.source, n, side);
        let mut nodes = match located.outgoing {
            None => incoming(Side::Incoming)?,
            Some(outgoing) => {
                let out = || self.clip_nodes(outgoing.clip, outgoing.source, n, Side::Outgoing);
                let progress = outgoing.progress;
                match self.timeline.clips()[located.clip].transition_in?.kind {
                    TransitionKind::CrossFade => {
                        let mix = Mix {
                            out: out()?,
                            into: incoming(Side::Incoming)?,
                            progress,
                        };
                        vec![Node::Mix(LayerId::only(Role::Transition, Side::Incoming), mix)]
                    }
                    TransitionKind::FadeThroughBlack => {
                        // Only one of the two is seen at a time (cap-look.md 19).
                        let mut nodes = if progress < 0.5 {
                            out()?
                        } else {
                            incoming(Side::Incoming)?
                        };
                        let strength = 1.0 - (1.0 - 2.0 * progress).abs();
                        let spared = None;
                        let shade = Layer::Shade(Shade { spared, strength });
                        nodes.push(Node::Paint(LayerId::only(Role::Fade, Side::Incoming), shade));
                        nodes
                    }
                }
            }
        };
        self.grades.apply(&mut nodes, n);
        Some(SceneFrame {
            number: n,
            time,
            nodes,
        })
    }

    /// The complete picture of clip `clip` when it is at `source` in frame `n`, for one side of a transition.
    fn clip_nodes(&self, clip: usize, source: SourceTime, n: u64, side: Side) -> Option<Vec<Node>> {
        let segment = self.timeline.clips().get(clip)?.segment;
        let tracks = self.segments.get(segment)?;
        let source = source.secs();
        let request = |track, offset: f64| PictureRequest {
            source: SourceId { segment, track, side },
            time: MediaTime::from_secs((source + offset).max(0.0)),
        };
        let paint = |role, layer| Node::Paint(LayerId::only(role, side), layer);
        let stage = self.stage(segment, n);

        let mut nodes = vec![paint(
            Role::Background,
            Layer::Background(self.background.clone()),
        )];
        let flat = nodes.len();
        let screen = stage.screen((self.card.corner, self.card.rounding));
        let clip = screen.rect;
        let mut card = self.screen_card(&screen, request(Track::Display, tracks.clock.display_offset));
        if let Some(window) = &self.window {
            let window = window.around(&mut card, &self.card.shadow, self.card.border, stage.chrome());
            nodes.extend(window.map(|window| paint(Role::WindowFrame, Layer::Window(window))));
        }
        if self.shows_display {
            nodes.push(paint(Role::Screen, Layer::Card(card)));
        }
        if let Some(pointer) = &tracks.pointer {
            let now = EventTime::from_secs(source + tracks.clock.event_offset);
            let state = pointer.at(now);
            let moved = if n == 0 {
                [0.0; 2]
            } else {
                pointer.moved(now, 1.0 / f64::from(self.settings.frame_rate.fps()))
            };
            let opacity = stage.pointer_opacity() * self.hidden_pointer.opacity(self.time_of(n));
            nodes.extend(
                self.ripples(tracks, pointer, now, &stage, clip, opacity)
                    .map(|(index, ripple)| {
                        let id = LayerId {
                            index,
                            ..LayerId::only(Role::Ripple, side)
                        };
                        Node::Paint(id, Layer::Ripple(ripple))
                    }),
            );
            let pointer = self.pointer_layer(&state, moved, &stage, clip, opacity);
            nodes.extend(pointer.map(|pointer| paint(Role::Pointer, Layer::Pointer(pointer))));
        }
        if let Some(notch) = self.notch {
            let notch = notch.on(self.layout.screen, &screen, stage.chrome().opacity);
            nodes.push(paint(Role::Notch, Layer::Notch(notch)));
        }
        if let Some(camera) = stage.camera {
            let request = request(Track::Camera, tracks.clock.camera_offset);
            for (role, place) in [
                (Role::FullCamera, stage.full_camera()),
                (Role::Camera, stage.overlay()),
            ] {
                let card = place.map(|place| camera_card(camera, &place, request));
                nodes.extend(card.map(|card| paint(role, Layer::Card(card))));
            }
        }
        let time = self.time_of(n);
        if let Some(shot) = self.camera3d.at(time.secs()) {
            let magnified = self.zooms.at(segment, time);
            shot.take(&mut nodes, flat, &magnified, &self.layout, side);
        }
        let text = |index| self.writing.text(index, time.secs(), side);
        nodes.extend(self.overlays.nodes(time, side, text));
        let opacity = self
            .takeovers
            .at(time.secs())
            .map_or(1.0, |takeover| takeover.pointer_opacity());
        nodes.extend(self.writing.keys_and_captions(time.secs(), opacity, side));
        Some(nodes)
    }

    fn time_of(&self, n: u64) -> OutputTime {
        self.settings.frame_rate.time_of(n)
    }

    /// Where things stand in frame `n` while a clip of `segment` is shown.
    fn stage(&self, segment: usize, n: u64) -> Stage<'_> {
        let time = self.time_of(n);
        let before = n.checked_sub(1).map(|before| self.time_of(before));
        let before = before.filter(|&before| !self.zooms.snaps_between(before, time));
        let has_camera = self.segments.get(segment).is_some_and(|tracks| tracks.has_camera);
        let shot = self.camera3d.at(time.secs());
        // The moment before is seen as this one is: a camera that leaves the flat position does not smear the card.
        let seen = |at| {
            let zoom = self.zooms.at(segment, at);
            shot.map_or(zoom, |shot| shot.zoom(zoom))
        };
        Stage {
            layout: &self.layout,
            camera: self.camera.as_ref().filter(|_| has_camera),
            values: self.modes.at(time.secs()).values(),
            pane: self.modes.pane(time.secs()),
            takeover: self.takeovers.at(time.secs()),
            zoom: seen(time),
            before: before.map(seen),
            mu: self.blur.cards,
        }
    }

    fn screen_card(&self, place: &Place, request: PictureRequest) -> Card {
        let border = self.card.border.map(|border| BorderLine {
            opacity: border.opacity * place.opacity,
            ..border
        });
        Card {
            picture: CardPicture {
                request,
                size: self.layout.screen,
                crop: place.crop,
                mirrored: false,
            },
            rect: place.rect,
            corner: place.corner,
            shadow: self
                .card
                .shadow
                .faded(place.shadow)
                .of(place.rect.width, place.rect.height),
            border: border.filter(|border| border.opacity > 0.0),
            opacity: place.opacity,
            smear: place.smear,
            top_rounding: 1.0,
            grade: None,
        }
    }

    /// The rings of presses (cap-additions.md), each with its number.
    fn ripples<'a>(
        &'a self,
        tracks: &'a SegmentTracks,
        pointer: &'a PointerTrack,
        now: EventTime,
        stage: &'a Stage<'_>,
        clip: Rect,
        opacity: f64,
    ) -> impl Iterator<Item = (u32, Ripple)> {
        let now_ms = 1000.0 * now.secs();
        let rules = self.ripple.filter(|_| opacity > 0.0);
        let states = rules.into_iter().flat_map(move |rules| {
            let rings = rules.at(&tracks.clicks, now_ms);
            rings.map(move |ring| (rules, ring))
        });
        states.map(move |(rules, ring)| {
            let uv = pointer.uv_at(ring.pressed_ms);
            let (x, y) = self.layout.frame_point(uv[0], uv[1]);
            let radius = rules.radius * self.pointer_height();
            let around = Rect {
                x: x - radius,
                y: y - radius,
                width: 2.0 * radius,
                height: 2.0 * radius,
            };
            let rect = stage.pointer(&around, self.recorded(uv));
            let ripple = Ripple {
                centre: [rect.x + rect.width / 2.0, rect.y + rect.height / 2.0],
                radius: rect.width / 2.0,
                age: ring.age,
                color: rules.color,
                strength: rules.strength * opacity,
                clip,
            };
            (ring.index as u32, ripple)
        })
    }

    /// Recorded pixels of a recorded UV.
    fn recorded(&self, uv: [f64; 2]) -> [f64; 2] {
        let screen = self.layout.screen;
        [uv[0] * f64::from(screen.width), uv[1] * f64::from(screen.height)]
    }

    /// The pointer, which moved by `moved` (recorded UV) since the frame before; `None` where it can't be seen.
    fn pointer_layer(
        &self,
        state: &PointerState<'_>,
        moved: [f64; 2],
        stage: &Stage<'_>,
        clip: Rect,
        opacity: f64,
    ) -> Option<Pointer> {
        let (art, sprite) = match &self.art {
            Art::Circle => (PointerArt::Circle, Sprite::CIRCLE),
            Art::Shapes(sprites) => sprites.get(state.shape)?.clone(),
        };
        let (width, height) = self.sprite_size(sprite.size, state.click_scale);
        let (x, y) = self.layout.frame_point(state.uv[0], state.uv[1]);
        let rect = Rect {
            x: x - sprite.hotspot.x * width,
            y: y - sprite.hotspot.y * height,
            width,
            height,
        };
        let rect = stage.pointer(&rect, self.recorded(state.uv));
        let pointer = Pointer {
            smear: smear::vector(self.recorded(moved), self.blur.pointer, [rect.width, rect.height]),
            art,
            rect,
            rotation: state.rotation,
            opacity: state.opacity * opacity,
            clip,
            grade: None,
        };
        (pointer.opacity > 0.0 && meet(&pointer.turned(), &clip)).then_some(pointer)
    }

    /// Height of a pointer image before zoom and click animation, output pixels (cap-look.md 8.3).
    fn pointer_height(&self) -> f64 {
        let layout = &self.layout;
        POINTER_HEIGHT
            * (f64::from(layout.screen.height) / 1080.0)
            * (layout.card.height / layout.crop.height)
            * self.pointer_size
    }

    /// Size of a pointer image before zoom (cap-look.md 8.3).
    fn sprite_size(&self, image: Size, click_scale: f64) -> (f64, f64) {
        let height = self.pointer_height() * click_scale;
        let aspect = f64::from(image.width) / f64::from(image.height);
        if aspect > 1.0 {
            (height, height / aspect)
        } else {
            (height * aspect, height)
        }
    }
}

fn camera_card(camera: &CameraOverlay, place: &Place, request: PictureRequest) -> Card {
    let shadow = camera
        .shadow
        .faded(place.shadow)
        .of(place.rect.width, place.rect.height);
    Card {
        picture: CardPicture {
            request,
            size: camera.size,
            crop: place.crop,
            mirrored: camera.mirrored,
        },
        rect: place.rect,
        corner: place.corner,
        // Quirk 11: the shadow goes with the camera.
        shadow: shadow.map(|shadow| Shadow {
            alpha: shadow.alpha * place.opacity,
            ..shadow
        }),
        border: None,
        opacity: place.opacity,
        smear: place.smear,
        top_rounding: 1.0,
        grade: None,
    }
}

/// Whether a picture within `bounds` leaves anything inside `clip` and its feather.
fn meet(bounds: &Extent, clip: &Rect) -> bool {
    bounds.left < clip.right() + CLIP_FEATHER
        && bounds.right > clip.x - CLIP_FEATHER
        && bounds.top < clip.bottom() + CLIP_FEATHER
        && bounds.bottom > clip.y - CLIP_FEATHER
}

impl CardStyle {
    fn new(background: &config::Background, checks: &mut Checks) -> Result<Self, SceneError> {
        let border = match background.border {
            Some(border) if border.enabled => {
                let line = BorderLine {
                    width: checks.clamp("background.border.width", border.width, 0.0..=10_000.0)?,
                    color: border.color.map(|channel| f64::from(channel.min(255)) / 255.0),
                    opacity: checks.clamp("background.border.opacity", border.opacity, 0.0..=100.0)? / 100.0,
                };
                (line.width > 0.0 && line.opacity > 0.0).then_some(line)
            }
            _ => None,
        };
        Ok(Self {
            corner: background.rounding_type,
            rounding: checks.clamp("background.rounding", background.rounding, 0.0..=100.0)? / 100.0 * 0.5,
            shadow: ShadowStyle::new(
                background.shadow,
                background.advanced_shadow,
                "background",
                checks,
            )?,
            border,
        })
    }
}

impl Art {
    fn recorded(recording: &Recording, sizes: &BTreeMap<String, Size>) -> Result<Self, SceneError> {
        let mut sprites = BTreeMap::new();
        for (id, art) in &recording.cursors {
            let hotspot = art.image.hotspot;
            if !(hotspot.x.is_finite() && hotspot.y.is_finite()) {
                return Err(SceneError::Hotspot { id: id.clone() });
            }
            if let Some(shape) = own_art(&recording.config.cursor, art.image.shape.as_deref()) {
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
pub fn own_art(config: &config::PointerConfig, shape: Option<&str>) -> Option<Shape> {
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

    const CIRCLE: Self = Self {
        size: Size::new(CIRCLE_SIDE, CIRCLE_SIDE),
        hotspot: Xy { x: 0.5, y: 0.5 },
    };
}

#[cfg(test)]
mod tests;
