//! Puts the parts together: output time to layers.

use std::collections::BTreeMap;
use std::ops::Range;

use super::camera3d::Camera3d;
use super::error::{Checks, SceneError};
use super::facts::{Facts, SegmentClock};
use super::grades::Grades;
use super::layer::{Bitmap, Layer, Shade};
use super::layout::Layout;
use super::looks::{Brought, Look, Looks, Moment, camera_card};
use super::modes::Modes;
use super::motion::shutter;
use super::overlays::Overlays;
use super::pointer::checked_events;
use super::pointer::hidden::Hidden;
use super::setter::TextSettings;
use super::stage::Stage;
use super::takeover::Takeovers;
use super::timeline::Timeline;
use super::tree::{LayerId, Mix, Node, PictureRequest, Role, SceneFrame, Side, SourceId, Track};
use super::waveforms::{Heard, LevelSpan, Levels, SoundTrack};
use super::writing::Writing;
use crate::cap::config::{ProjectConfig, TransitionKind};
use crate::cap::events::Click;
use crate::cap::{KeyPress, Recording};
use crate::frame::Size;
use crate::time::{EventTime, FrameRate, MediaTime, OutputTime, SourceTime};

/// What the output shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SceneSettings {
    /// Output frames per second.
    pub frame_rate: FrameRate,
    /// Box the output fits in, pixels (R of cap-look.md 2).
    pub bounds: Size,
    /// Whether a zoom that moves nothing by more than 1/16 of a pixel is held still.
    pub hold_zoom_tails: bool,
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
    output: Size,
    looks: Looks,
    grades: Grades,
    segments: Vec<SegmentTracks>,
    overlays: Overlays,
    camera3d: Camera3d,
    modes: Modes,
    takeovers: Takeovers,
    hidden_pointer: Hidden,
    /// mu of cap-look.md 7: motion blur of cards, adapted to the frame rate.
    card_blur: f64,
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
    /// Presses and releases, where ripples are drawn.
    clicks: Vec<Click>,
}

/// mu of cap-look.md 7.
fn card_blur(config: &ProjectConfig, rate: FrameRate, checks: &mut Checks) -> Result<f64, SceneError> {
    // cap-format.md 4.16: a missing key takes the pointer's value.
    let amount = config.screen_motion_blur.unwrap_or(config.cursor.motion_blur);
    let amount = checks.clamp("screenMotionBlur", amount, 0.0..=1.0)?;
    Ok(shutter(amount, f64::from(rate.fps())))
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

        let brought = Brought {
            recording,
            facts,
            pointer_sizes,
            events: &events,
            texts,
            timeline: &timeline,
            frame_rate: settings.frame_rate,
            bounds: settings.bounds,
            hold_zoom_tails: settings.hold_zoom_tails,
        };
        let looks = Looks::new(&brought, &layout, &mut checks)?;
        let ripples = looks.have_ripples();
        let segments = events
            .into_iter()
            .zip(&facts.segments)
            .map(|(events, facts)| SegmentTracks {
                clock: facts.clock,
                has_camera: facts.camera.is_some(),
                clicks: if ripples {
                    events.into_owned().clicks
                } else {
                    Vec::new()
                },
            })
            .collect();

        let overlays = Overlays::new(config, layout.output, &mut checks)?;
        let moves = config
            .timeline
            .as_ref()
            .map_or(&[][..], |timeline| &timeline.camera_3d_segments);
        let camera3d = Camera3d::new(moves, layout.output, &mut checks)?;
        let pressed: Vec<&[KeyPress]> = recording
            .segments
            .iter()
            .map(|segment| &segment.keys[..])
            .collect();
        let writing = Writing::new(
            (config, &pressed),
            &timeline,
            facts,
            layout.output,
            texts,
            &mut checks,
        )?;
        Ok(Self {
            settings,
            frame_count,
            output: layout.output,
            looks,
            grades: Grades::new(&config.color_correction, layout.output, &mut checks)?,
            segments,
            overlays,
            camera3d,
            modes,
            takeovers,
            hidden_pointer,
            card_blur: card_blur(config, settings.frame_rate, &mut checks)?,
            shows_display: !config.hide_display,
            writing,
            timeline,
            warnings: checks.warnings,
        })
    }

    /// Pixels of the output; the width is a multiple of 4, the height of 2.
    pub fn output_size(&self) -> Size {
        self.output
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

    /// Hands over the pictures of image segments, by the paths that they name. A segment without one is not drawn.
    pub fn set_overlay_images(&mut self, pictures: BTreeMap<String, Bitmap>) {
        self.overlays.set_pictures(pictures);
    }

    /// Hands over the levels of sound tracks that waveforms show. A track without is silent.
    pub fn set_levels(&mut self, levels: BTreeMap<(usize, SoundTrack), Levels>) {
        self.overlays.set_levels(levels);
    }

    /// Of which segments, and of which times of their sources, waveforms show the levels of `track` in `frames`.
    pub fn sounding(&self, track: SoundTrack, frames: &Range<u64>) -> Vec<LevelSpan> {
        let mut spans: BTreeMap<usize, LevelSpan> = BTreeMap::new();
        let mut add = |clip: usize, source: SourceTime| {
            let (segment, at) = (self.timeline.clips()[clip].segment, source.secs());
            let span = spans.entry(segment).or_insert(LevelSpan {
                segment,
                from: at,
                to: at,
            });
            span.from = span.from.min(at);
            span.to = span.to.max(at);
        };
        let mut shown: Vec<[f64; 2]> = self.overlays.waveforms().spans(track).collect();
        shown.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let fps = f64::from(self.settings.frame_rate.fps());
        let mut done = frames.start;
        for [start, end] in shown {
            let first = ((start * fps).floor().max(0.0) as u64).max(done);
            let behind = ((end * fps).ceil().max(0.0) as u64).min(frames.end.min(self.frame_count));
            for located in (first..behind).filter_map(|n| self.timeline.locate(self.time_of(n))) {
                add(located.clip, located.source);
                if let Some(outgoing) = located.outgoing {
                    add(outgoing.clip, outgoing.source);
                }
            }
            done = done.max(behind);
        }
        spans.into_values().collect()
    }

    /// What frame `n` shows; `None` from [`Self::frame_count`] on.
    pub fn frame(&self, n: u64) -> Option<SceneFrame> {
        if n >= self.frame_count {
            return None;
        }
        let time = self.settings.frame_rate.time_of(n);
        let located = self.timeline.locate(time)?;
        let held = located.held;
        let incoming = |side| self.clip_nodes((located.clip, located.source), held, n, side);
        let mut nodes = match located.outgoing {
            None => incoming(Side::Incoming)?,
            Some(outgoing) => {
                let out = || self.clip_nodes((outgoing.clip, outgoing.source), held, n, Side::Outgoing);
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

    /// The complete picture of a clip when it is at `source` in frame `n`, for one side of a transition. While it is `held`
    /// nothing is heard.
    fn clip_nodes(
        &self,
        (clip, source): (usize, SourceTime),
        held: bool,
        n: u64,
        side: Side,
    ) -> Option<Vec<Node>> {
        let clip = self.timeline.clips().get(clip)?;
        let segment = clip.segment;
        let heard = Heard {
            segment,
            source,
            silent: held || clip.gain == 0.0,
        };
        let tracks = self.segments.get(segment)?;
        let source = source.secs();
        let request = |track, offset: f64| PictureRequest {
            source: SourceId { segment, track, side },
            time: MediaTime::from_secs((source + offset).max(0.0)),
        };
        let paint = |role, layer| Node::Paint(LayerId::only(role, side), layer);
        let time = self.time_of(n);
        let look = self.looks.at(time.secs());
        let background = look.background;
        let stage = self.stage(look, segment, side, n);

        let mut nodes = vec![paint(
            Role::Background,
            Layer::Background(background.canvas.clone()),
        )];
        let flat = nodes.len();
        let screen = stage.screen(background.rounding());
        let chrome = stage.chrome();
        let displayed = request(Track::Display, tracks.clock.display_offset);
        let (card, window) = background.screen(&screen, chrome, displayed);
        nodes.extend(window.map(|window| paint(Role::WindowFrame, Layer::Window(window))));
        if self.shows_display && card.opacity > 0.0 {
            nodes.push(paint(Role::Screen, Layer::Card(card)));
        }
        if let Some(pointer) = look.pointer {
            let moment = Moment {
                segment,
                clicks: &tracks.clicks,
                now: EventTime::from_secs(source + tracks.clock.event_offset),
                first: n == 0,
                clip: screen.rect,
                opacity: stage.pointer_opacity() * self.hidden_pointer.opacity(time),
            };
            let (rings, pointer) = pointer.layers(&moment, &stage);
            nodes.extend(rings.into_iter().map(|(index, ripple)| {
                let id = LayerId {
                    index,
                    ..LayerId::only(Role::Ripple, side)
                };
                Node::Paint(id, Layer::Ripple(ripple))
            }));
            nodes.extend(pointer.map(|pointer| paint(Role::Pointer, Layer::Pointer(pointer))));
        }
        let notch = background.notch(&screen, chrome);
        nodes.extend(notch.map(|notch| paint(Role::Notch, Layer::Notch(notch))));
        if let Some(camera) = stage.camera {
            let request = request(Track::Camera, tracks.clock.camera_offset);
            for (role, place) in [
                (Role::FullCamera, stage.full_camera(background.rounding())),
                (Role::Camera, stage.overlay()),
            ] {
                let card = place.map(|place| camera_card(camera, &place, request));
                nodes.extend(card.map(|card| paint(role, Layer::Card(card))));
            }
        }
        if let Some(shot) = self.camera3d.at(time.secs()) {
            let magnified = look.zooms.at(segment, side, time);
            shot.take(&mut nodes, flat, &magnified, &background.layout, side);
        }
        let text = |index| self.writing.text(index, time.secs(), side);
        nodes.extend(self.overlays.nodes(time, heard, side, text));
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

    /// Where things stand in frame `n` while a clip of `segment` is shown on `side` with `look`.
    fn stage<'a>(&self, look: Look<'a>, segment: usize, side: Side, n: u64) -> Stage<'a> {
        let time = self.time_of(n);
        let before = n
            .checked_sub(1)
            .filter(|&before| !look.zooms.snaps_between(self.time_of(before), time));
        let has_camera = self.segments.get(segment).is_some_and(|tracks| tracks.has_camera);
        let shot = self.camera3d.at(time.secs());
        // The moment before is seen as this one is: a camera that leaves the flat position does not smear the card.
        let rate = self.settings.frame_rate;
        let seen = |n| match &shot {
            // The 3D camera magnifies: a small movement may be a large one there.
            Some(shot) => shot.zoom(look.zooms.at(segment, side, rate.time_of(n))),
            None => look.zooms.of_frame(segment, side, n, rate),
        };
        Stage {
            layout: &look.background.layout,
            camera: look.camera.filter(|_| has_camera),
            ring: look.ring,
            values: self.modes.at(time.secs()).values(),
            pane: self.modes.pane(time.secs()),
            takeover: self.takeovers.at(time.secs()),
            zoom: seen(n),
            before: before.map(seen),
            mu: self.card_blur,
        }
    }
}

#[cfg(test)]
mod tests;
