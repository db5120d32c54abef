//! Puts the parts together: output time to layers.

use std::collections::BTreeMap;

use super::camera::CameraOverlay;
use super::error::{Checks, SceneError};
use super::facts::{Facts, SegmentClock};
use super::layer::{
    Background, BorderLine, Card, CardPicture, Corner, Fill, Layer, Pointer, PointerArt, Shade,
};
use super::layout::Layout;
use super::overlays::Overlays;
use super::pointer::{PointerRules, PointerState, PointerTrack, checked_events, turned_bounds};
use super::shadow::ShadowStyle;
use super::timeline::Timeline;
use super::tree::{LayerId, Mix, Node, PictureRequest, Role, SceneFrame, Side, SourceId, Track};
use super::zoom::{ZoomState, Zooms};
use crate::cap::Recording;
use crate::cap::config::{self, PointerKind, RoundingType, TransitionKind, Xy};
use crate::frame::{Rect, Size};
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
    card: CardStyle,
    zooms: Zooms,
    segments: Vec<SegmentTracks>,
    pointer_size: f64,
    art: Art,
    camera: Option<CameraOverlay>,
    overlays: Overlays,
    warnings: Vec<String>,
}

/// What belongs to one recording segment.
#[derive(Clone, Debug)]
struct SegmentTracks {
    clock: SegmentClock,
    has_camera: bool,
    pointer: Option<PointerTrack>,
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

/// Pointer art.
#[derive(Clone, Debug)]
enum Art {
    /// The disc, whatever was recorded.
    Circle,
    /// Recorded images by id.
    Recorded(BTreeMap<String, Sprite>),
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
    /// a pointer without an entry there is not drawn.
    ///
    /// # Errors
    /// When the configuration, the facts or the settings make no sense, or the output would be unreasonably large.
    pub fn new(
        recording: &Recording,
        facts: &Facts,
        pointer_sizes: &BTreeMap<String, Size>,
        settings: SceneSettings,
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
            &mut checks,
        )?;

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
        let art = if circle {
            Art::Circle
        } else {
            Art::recorded(recording, pointer_sizes)?
        };
        Ok(Self {
            settings,
            frame_count,
            background: Background {
                fill: Fill::of(&config.background.source),
            },
            card: CardStyle::new(&config.background, &mut checks)?,
            layout,
            zooms,
            segments,
            pointer_size: rules.map_or(1.0, |rules| rules.size),
            art,
            camera,
            overlays,
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
        let incoming = |side| self.clip_nodes(located.clip, located.source, time, side);
        let nodes = match located.outgoing {
            None => incoming(Side::Incoming)?,
            Some(outgoing) => {
                let out = || self.clip_nodes(outgoing.clip, outgoing.source, time, Side::Outgoing);
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
        Some(SceneFrame {
            number: n,
            time,
            nodes,
        })
    }

    /// The complete picture of clip `clip` when it is at `source`, for one side of a transition.
    fn clip_nodes(&self, clip: usize, source: SourceTime, time: OutputTime, side: Side) -> Option<Vec<Node>> {
        let segment = self.timeline.clips().get(clip)?.segment;
        let tracks = self.segments.get(segment)?;
        let zoom = self.zooms.at(segment, time);
        let source = source.secs();
        let request = |track, offset: f64| PictureRequest {
            source: SourceId { segment, track, side },
            time: MediaTime::from_secs((source + offset).max(0.0)),
        };
        let paint = |role, layer| Node::Paint(LayerId::only(role, side), layer);

        let card = self.card_layer(&zoom, request(Track::Display, tracks.clock.display_offset));
        let clip = card.rect;
        let mut nodes = vec![
            paint(Role::Background, Layer::Background(self.background.clone())),
            paint(Role::Screen, Layer::Card(card)),
        ];
        if let Some(pointer) = &tracks.pointer {
            let state = pointer.at(EventTime::from_secs(source + tracks.clock.event_offset));
            let pointer = self.pointer_layer(&state, &zoom, clip);
            nodes.extend(pointer.map(|pointer| paint(Role::Pointer, Layer::Pointer(pointer))));
        }
        if let Some(camera) = self.camera.as_ref().filter(|_| tracks.has_camera) {
            let request = request(Track::Camera, tracks.clock.camera_offset);
            nodes.push(paint(
                Role::Camera,
                Layer::Card(camera_layer(camera, &zoom, request)),
            ));
        }
        nodes.extend(self.overlays.nodes(time, side, |_| None));
        Some(nodes)
    }

    fn card_layer(&self, zoom: &ZoomState, request: PictureRequest) -> Card {
        let rect = self.layout.zoomed(self.layout.card, zoom);
        Card {
            picture: CardPicture {
                request,
                size: self.layout.screen,
                crop: self.layout.crop,
                mirrored: false,
            },
            rect,
            corner: Corner {
                kind: self.card.corner,
                radius: self.card.rounding * rect.width.min(rect.height),
            },
            shadow: self.card.shadow.of(rect.width, rect.height),
            border: self.card.border,
            opacity: 1.0,
        }
    }

    /// The pointer; `None` where it can't be seen.
    fn pointer_layer(&self, state: &PointerState<'_>, zoom: &ZoomState, clip: Rect) -> Option<Pointer> {
        let (art, sprite) = match &self.art {
            Art::Circle => (PointerArt::Circle, Sprite::CIRCLE),
            Art::Recorded(sprites) => {
                let (id, sprite) = sprites.get_key_value(state.shape)?;
                (PointerArt::Recorded(id.clone()), *sprite)
            }
        };
        let (width, height) = self.sprite_size(sprite.size, state.click_scale);
        let (x, y) = self.layout.frame_point(state.uv[0], state.uv[1]);
        let rect = Rect {
            x: x - sprite.hotspot.x * width,
            y: y - sprite.hotspot.y * height,
            width,
            height,
        };
        let rect = self.layout.zoomed(rect, zoom);
        (state.opacity > 0.0 && meet(&turned_bounds(&rect, state.rotation), &clip)).then_some(Pointer {
            art,
            rect,
            rotation: state.rotation,
            opacity: state.opacity,
            clip,
        })
    }

    /// Size of a pointer image before zoom (cap-look.md 8.3).
    fn sprite_size(&self, image: Size, click_scale: f64) -> (f64, f64) {
        let layout = &self.layout;
        let height = POINTER_HEIGHT
            * (f64::from(layout.screen.height) / 1080.0)
            * (layout.card.height / layout.crop.height)
            * self.pointer_size
            * click_scale;
        let aspect = f64::from(image.width) / f64::from(image.height);
        if aspect > 1.0 {
            (height, height / aspect)
        } else {
            (height * aspect, height)
        }
    }
}

fn camera_layer(camera: &CameraOverlay, zoom: &ZoomState, request: PictureRequest) -> Card {
    let rect = camera.rect(zoom.activity);
    Card {
        picture: CardPicture {
            request,
            size: camera.size,
            crop: camera.crop,
            mirrored: camera.mirrored,
        },
        rect,
        corner: camera.corner(&rect),
        shadow: camera.shadow.of(rect.width, rect.height),
        border: None,
        opacity: 1.0,
    }
}

/// Whether a picture within `bounds` leaves anything inside `clip` and its feather.
fn meet(bounds: &Rect, clip: &Rect) -> bool {
    bounds.x < clip.right() + CLIP_FEATHER
        && bounds.right() > clip.x - CLIP_FEATHER
        && bounds.y < clip.bottom() + CLIP_FEATHER
        && bounds.bottom() > clip.y - CLIP_FEATHER
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
            if let Some(&size) = sizes.get(id).filter(|size| size.area() > 0) {
                sprites.insert(id.clone(), Sprite { size, hotspot });
            }
        }
        Ok(Self::Recorded(sprites))
    }
}

impl Sprite {
    const CIRCLE: Self = Self {
        size: Size::new(CIRCLE_SIDE, CIRCLE_SIDE),
        hotspot: Xy { x: 0.5, y: 0.5 },
    };
}

#[cfg(test)]
mod tests;
