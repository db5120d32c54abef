//! The 3D camera: when it is active, from where it looks, and where its picture is sharp (cap-look.md 18).

mod pose;
mod track;

#[cfg(test)]
mod tests;

use super::easing::{Bezier, lerp};
use super::error::{Checks, SceneError, finite};
use super::filter::{Filter, FocusBlur, FocusShape};
use super::intervals::FirstAt;
use super::layer::Layer;
use super::layout::Layout;
use super::tree::{LayerId, Node, Role, Side};
use super::zoom::ZoomState;
use crate::cap::config::{Camera3dBlur, Camera3dProperties, Camera3dSegment, Camera3dTracks, FocusMode};
use crate::frame::Size;
use pose::{Magnified, Pose, View};
use track::Track;

/// E of cap-look.md 18.1.
const EASE: Bezier = Bezier::new([0.65, 0.0], [0.35, 1.0]);
/// Strength of the blur below which there is none, pixels at 1080 lines.
const LEAST_BLUR: f64 = 0.5;
/// Largest strength of the blur, pixels at 1080 lines.
const MOST_BLUR: f64 = 60.0;
/// The same of a bokeh.
const MOST_BOKEH: f64 = 20.0;

/// The 3D camera of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Camera3d {
    segments: Vec<Segment>,
    /// Which of the segments counts.
    active: FirstAt,
    /// Output pixels.
    size: Size,
}

#[derive(Clone, Debug, PartialEq)]
struct Segment {
    start: f64,
    end: f64,
    /// Seconds.
    transition_in: f64,
    transition_out: f64,
    properties: Camera3dProperties,
    blur: Camera3dBlur,
    tracks: Tracks,
}

/// A field for each of [`Camera3dTracks`].
#[derive(Clone, Debug, Default, PartialEq)]
struct Tracks {
    tilt_x: Track,
    tilt_y: Track,
    roll: Track,
    rotate_x: Track,
    rotate_y: Track,
    fov: Track,
    zoom: Track,
    pan_x: Track,
    pan_y: Track,
    blur_strength: Track,
    blur_falloff: Track,
    blur_focus_size: Track,
    blur_focus_x: Track,
    blur_focus_y: Track,
    blur_angle: Track,
    blur_dir_position: Track,
}

/// The 3D camera at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Shot {
    /// Alpha of cap-look.md 18.1: how far the camera has left the flat position, 0..=1.
    activity: f64,
    pose: Pose,
    blur: Option<FocusBlur>,
}

impl Camera3d {
    /// Reads `list`, `timeline.camera3dSegments` of the configuration, for frames of `size`.
    ///
    /// # Errors
    /// When a number is not finite.
    pub(crate) fn new(list: &[Camera3dSegment], size: Size, checks: &mut Checks) -> Result<Self, SceneError> {
        let mut segments = Vec::new();
        for (index, segment) in list.iter().enumerate() {
            if segment.enabled {
                segments.push(Segment::new(segment, index, checks)?);
            }
        }
        // The end counts too.
        let active = FirstAt::new(
            segments
                .iter()
                .map(|segment| (segment.start, segment.end.next_up())),
        );
        Ok(Self {
            segments,
            active,
            size,
        })
    }

    /// The camera at output time `time`, seconds; `None` where no segment is active.
    pub(crate) fn at(&self, time: f64) -> Option<Shot> {
        let segment = &self.segments[self.active.at(time)?];
        let activity = segment.activity(time);
        let since = time - segment.start;
        let tracks = &segment.tracks;
        let base = &segment.properties;
        let properties = Camera3dProperties {
            tilt_x: tracks.tilt_x.at(since, base.tilt_x),
            tilt_y: tracks.tilt_y.at(since, base.tilt_y),
            roll: tracks.roll.at(since, base.roll),
            rotate_x: tracks.rotate_x.at(since, base.rotate_x),
            rotate_y: tracks.rotate_y.at(since, base.rotate_y),
            fov: tracks.fov.at(since, base.fov),
            zoom: tracks.zoom.at(since, base.zoom),
            pan_x: tracks.pan_x.at(since, base.pan_x),
            pan_y: tracks.pan_y.at(since, base.pan_y),
        };
        let base = &segment.blur;
        let blur = Camera3dBlur {
            strength: tracks.blur_strength.at(since, base.strength),
            falloff: tracks.blur_falloff.at(since, base.falloff),
            focus_size: tracks.blur_focus_size.at(since, base.focus_size),
            focus_x: tracks.blur_focus_x.at(since, base.focus_x),
            focus_y: tracks.blur_focus_y.at(since, base.focus_y),
            angle: tracks.blur_angle.at(since, base.angle),
            dir_position: tracks.blur_dir_position.at(since, base.dir_position),
            ..*base
        };
        Some(Shot {
            activity,
            pose: Pose::new(&properties, activity, self.size),
            blur: focus_blur(&blur, activity, self.size),
        })
    }
}

impl Segment {
    fn new(segment: &Camera3dSegment, index: usize, checks: &mut Checks) -> Result<Self, SceneError> {
        let path = format!("timeline.camera3dSegments[{index}]");
        let at = |name: &str| format!("{path}.{name}");
        // Where a plane is out of sight in any case.
        const FAR: f64 = 1e4;
        let p = &segment.properties;
        let mut within = |name: &str, value: f64| checks.clamp(&at(name), value, -FAR..=FAR);
        let properties = Camera3dProperties {
            tilt_x: within("properties.tiltX", p.tilt_x)?,
            tilt_y: within("properties.tiltY", p.tilt_y)?,
            roll: within("properties.roll", p.roll)?,
            rotate_x: within("properties.rotateX", p.rotate_x)?,
            rotate_y: within("properties.rotateY", p.rotate_y)?,
            fov: within("properties.fov", p.fov)?,
            zoom: within("properties.zoom", p.zoom)?,
            pan_x: within("properties.panX", p.pan_x)?,
            pan_y: within("properties.panY", p.pan_y)?,
        };
        let b = &segment.blur;
        let blur = Camera3dBlur {
            strength: within("blur.strength", b.strength)?,
            falloff: within("blur.falloff", b.falloff)?,
            focus_x: within("blur.focusX", b.focus_x)?,
            focus_y: within("blur.focusY", b.focus_y)?,
            focus_size: within("blur.focusSize", b.focus_size)?,
            angle: within("blur.angle", b.angle)?,
            dir_position: within("blur.dirPosition", b.dir_position)?,
            ..*b
        };
        let start = finite(&at("start"), segment.start)?;
        let end = finite(&at("end"), segment.end)?;
        // Each way takes half of the segment at most.
        let half = (end - start).max(0.0) / 2.0;
        let way = |name: &str, value: f64| Ok::<_, SceneError>(finite(&at(name), value)?.clamp(0.0, half));
        Ok(Self {
            start,
            end,
            transition_in: way("transitionIn", segment.transition_in)?,
            transition_out: way("transitionOut", segment.transition_out)?,
            properties,
            blur,
            tracks: Tracks::new(&segment.tracks, &path, checks)?,
        })
    }

    /// Alpha of cap-look.md 18.1.
    fn activity(&self, time: f64) -> f64 {
        let way = |since: f64, takes: f64| if takes > 0.0 { EASE.at(since / takes) } else { 1.0 };
        way(time - self.start, self.transition_in) * way(self.end - time, self.transition_out)
    }
}

impl Tracks {
    fn new(tracks: &Camera3dTracks, path: &str, checks: &mut Checks) -> Result<Self, SceneError> {
        let mut read = |name: &str, keys: &[_]| Track::new(keys, &format!("{path}.tracks.{name}"), checks);
        Ok(Self {
            tilt_x: read("tiltX", &tracks.tilt_x)?,
            tilt_y: read("tiltY", &tracks.tilt_y)?,
            roll: read("roll", &tracks.roll)?,
            rotate_x: read("rotateX", &tracks.rotate_x)?,
            rotate_y: read("rotateY", &tracks.rotate_y)?,
            fov: read("fov", &tracks.fov)?,
            zoom: read("zoom", &tracks.zoom)?,
            pan_x: read("panX", &tracks.pan_x)?,
            pan_y: read("panY", &tracks.pan_y)?,
            blur_strength: read("blurStrength", &tracks.blur_strength)?,
            blur_falloff: read("blurFalloff", &tracks.blur_falloff)?,
            blur_focus_size: read("blurFocusSize", &tracks.blur_focus_size)?,
            blur_focus_x: read("blurFocusX", &tracks.blur_focus_x)?,
            blur_focus_y: read("blurFocusY", &tracks.blur_focus_y)?,
            blur_angle: read("blurAngle", &tracks.blur_angle)?,
            blur_dir_position: read("blurDirPosition", &tracks.blur_dir_position)?,
        })
    }
}

/// 18.3. Falloffs beyond 0..=1 and sizes below 0 are taken as the nearest that make sense.
fn focus_blur(blur: &Camera3dBlur, activity: f64, size: Size) -> Option<FocusBlur> {
    let centre = [blur.focus_x, blur.focus_y];
    let focus_size = blur.focus_size.max(0.0);
    let (sin, cos) = blur.angle.to_radians().sin_cos();
    let shape = match blur.mode {
        FocusMode::None => return None,
        FocusMode::Radial => FocusShape::Radial {
            centre,
            size: focus_size,
        },
        FocusMode::TiltShift => FocusShape::TiltShift {
            centre,
            size: focus_size,
            across: [sin, cos],
        },
        FocusMode::Directional => {
            let reach = f64::from(size.width) / f64::from(size.height) / 2.0 + 0.5;
            FocusShape::Directional {
                towards: [cos, sin],
                threshold: lerp(-reach, reach, blur.dir_position),
            }
        }
    };
    let most = if blur.bokeh { MOST_BOKEH } else { MOST_BLUR };
    let strength = (blur.strength.max(0.0) * activity).min(most);
    (strength >= LEAST_BLUR).then(|| FocusBlur {
        shape,
        falloff: blur.falloff.clamp(0.0, 1.0),
        strength: strength * f64::from(size.height) / 1080.0,
        bokeh: blur.bokeh,
        size,
    })
}

impl Shot {
    /// The 2D zoom as the layers see it: none while the camera is not flat, since the screen is magnified then.
    pub(crate) fn zoom(&self, zoom: ZoomState) -> ZoomState {
        if self.pose.is_flat() {
            return zoom;
        }
        ZoomState {
            amount: 1.0,
            activity: 0.0,
            ..zoom
        }
    }

    /// Maps the nodes from position `from` on, which show the unzoomed layers 4-9 of a picture that `zoom` would magnify, takes
    /// their cards' shadows away, and puts the focus blur above everything.
    pub(crate) fn take(
        &self,
        nodes: &mut Vec<Node>,
        from: usize,
        zoom: &ZoomState,
        layout: &Layout,
        side: Side,
    ) {
        for node in &mut nodes[from..] {
            let shadow = match node {
                Node::Paint(_, Layer::Card(card)) => &mut card.shadow,
                Node::Paint(_, Layer::Window(window)) => &mut window.shadow,
                _ => continue,
            };
            *shadow = shadow.and_then(|shadow| shadow.faded(1.0 - self.activity));
        }
        let magnified = Magnified {
            amount: zoom.amount,
            target: layout.zoom_target(zoom),
        };
        match self.pose.view(Some(magnified)) {
            View::Flat => {}
            View::Mapped(plane) => {
                let flat = nodes.split_off(from);
                if !flat.is_empty() {
                    nodes.push(Node::Warp(LayerId::only(Role::Camera3d, side), flat, plane));
                }
            }
            View::EdgeOn => nodes.truncate(from),
        }
        nodes.extend(self.blur.map(|blur| {
            let id = LayerId::only(Role::FocusBlur, side);
            Node::Filter(id, Filter::FocusBlur(blur))
        }));
    }
}
