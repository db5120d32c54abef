//! A frame as a tree: what is painted, what rewrites the paint below it, and what is made of whole pictures.
//!
//! All positions are output pixels, origin top left, y down, pixel centres at +0.5. A renderer needs no other input than
//! this tree, the source pictures it names, and the art (pointers, images) that it names.
//!
//! A list of nodes is painted bottom to top on one surface. A [`Node::Filter`] reads the surface that the nodes below it make
//! and begins a new one; a [`Node::Warp`] and a [`Node::Mix`] paint surfaces of their own first. Only these three cost a
//! surface.

use super::filter::Filter;
use super::layer::Layer;
use super::plane::Plane;
use crate::time::{MediaTime, OutputTime};

/// One output frame.
#[derive(Clone, Debug, PartialEq)]
pub struct SceneFrame {
    /// Output frame number, from 0.
    pub number: u64,
    /// Time on the exported timeline.
    pub time: OutputTime,
    /// Bottom to top, in the order of cap-look.md 1.2. The first one covers every pixel.
    pub nodes: Vec<Node>,
}

/// A part of a frame.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all of the few nodes of a frame are the large one"
)]
pub enum Node {
    /// Painted over what is below.
    Paint(LayerId, Layer),
    /// Rewrites what is below.
    Filter(LayerId, Filter),
    /// Nodes painted on a transparent surface, which is then mapped onto what is below (cap-look.md 18).
    Warp(LayerId, Vec<Node>, Plane),
    /// Two complete pictures, mixed (cap-look.md 19); hides what is below.
    Mix(LayerId, Mix),
}

/// A cross-fade.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// The picture that goes.
    pub out: Vec<Node>,
    /// The picture that comes.
    pub into: Vec<Node>,
    /// g of cap-look.md 3.2: 0 shows `out`, 1 shows `into`.
    pub progress: f64,
}

/// Which side of a transition something belongs to; outside of transitions everything is incoming.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The clip that stays.
    #[default]
    Incoming,
    /// The clip that goes.
    Outgoing,
}

/// What a node is, whatever else comes and goes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LayerId {
    /// Kind.
    pub role: Role,
    /// Which one of its kind: the position in its list of the configuration.
    pub index: u32,
    /// Side of a transition.
    pub side: Side,
}

impl LayerId {
    /// The only one of its kind on a side.
    pub const fn only(role: Role, side: Side) -> Self {
        Self { role, index: 0, side }
    }
}

/// What a layer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of cap-look.md 1.2")]
pub enum Role {
    Background,
    WindowFrame,
    Screen,
    Pointer,
    Ripple,
    Notch,
    FullCamera,
    Camera,
    Camera3d,
    FocusBlur,
    Mask,
    Image,
    Waveform,
    Text,
    Keyboard,
    Caption,
    Fade,
    Transition,
}

/// A video track of a recording segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Track {
    /// Screen.
    Display,
    /// Webcam.
    Camera,
}

/// Where source pictures come from; each has a decoder of its own, since a transition shows two moments of one track.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId {
    /// Index of the recording segment.
    pub segment: usize,
    /// Which of its tracks.
    pub track: Track,
    /// For which side of a transition.
    pub side: Side,
}

impl SourceId {
    /// A track of the clip that stays.
    pub const fn incoming(segment: usize, track: Track) -> Self {
        Self {
            segment,
            track,
            side: Side::Incoming,
        }
    }
}

impl std::fmt::Display for SourceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let track = match self.track {
            Track::Display => "display",
            Track::Camera => "camera",
        };
        write!(f, "{track} track of segment {}", self.segment)?;
        match self.side {
            Side::Incoming => Ok(()),
            Side::Outgoing => f.write_str(", outgoing"),
        }
    }
}

/// A source picture to be shown: the last whose quantised number is at most floor(time x nominal fps) (cap-look.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureRequest {
    /// Where from.
    pub source: SourceId,
    /// Position in the file, not below 0.
    pub time: MediaTime,
}

/// A picture that nodes are painted on. It persists from frame to frame, so that only what changed is painted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SurfaceId {
    /// The frame itself.
    Output,
    /// What lies below the filter of this identity.
    Below(LayerId),
    /// What the warp of this identity maps.
    Inside(LayerId),
    /// The outgoing picture of the mix of this identity.
    MixOut(LayerId),
    /// Its incoming picture.
    MixInto(LayerId),
    /// Room for the intermediate passes of a filter; nothing on it outlives them.
    Scratch,
}

impl Node {
    /// A layer that is the only one of its kind, outside of transitions.
    pub const fn paint(role: Role, layer: Layer) -> Self {
        Self::Paint(LayerId::only(role, Side::Incoming), layer)
    }

    /// Its identity.
    pub fn id(&self) -> LayerId {
        match self {
            Self::Paint(id, _) | Self::Filter(id, _) | Self::Warp(id, ..) | Self::Mix(id, _) => *id,
        }
    }

    /// Nodes inside it.
    fn children(&self) -> [&[Self]; 2] {
        match self {
            Self::Paint(..) | Self::Filter(..) => [&[], &[]],
            Self::Warp(_, nodes, _) => [nodes, &[]],
            Self::Mix(_, mix) => [&mix.out, &mix.into],
        }
    }

    /// Whether both show the same, given that the source pictures they ask for are the same.
    fn looks_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Paint(a, x), Self::Paint(b, y)) => a == b && x.looks_like(y),
            (Self::Filter(a, x), Self::Filter(b, y)) => a == b && x == y,
            (Self::Warp(a, x, p), Self::Warp(b, y, q)) => a == b && p == q && all_alike(x, y),
            (Self::Mix(a, x), Self::Mix(b, y)) => {
                a == b && x.progress == y.progress && all_alike(&x.out, &y.out) && all_alike(&x.into, &y.into)
            }
            _ => false,
        }
    }
}

fn all_alike(a: &[Node], b: &[Node]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.looks_like(b))
}

impl SceneFrame {
    /// Source pictures that must be decoded for this frame, each source once.
    pub fn pictures(&self) -> Vec<PictureRequest> {
        let mut requests: Vec<PictureRequest> = Vec::new();
        self.walk(&mut |node| {
            if let Node::Paint(_, layer) = node
                && let Some(request) = layer.source()
                && !requests.iter().any(|known| known.source == request.source)
            {
                requests.push(request);
            }
        });
        requests
    }

    /// Whether both show the same, given that the source pictures they ask for are the same.
    pub fn looks_like(&self, other: &Self) -> bool {
        all_alike(&self.nodes, &other.nodes)
    }

    /// Refuses numbers that can't be reckoned with.
    ///
    /// # Errors
    /// With what they belong to.
    pub fn check(&self) -> Result<(), &'static str> {
        let mut result = Ok(());
        self.walk(&mut |node| {
            let checked = match node {
                Node::Paint(_, layer) => layer.check(),
                Node::Filter(_, filter) => filter.check(),
                Node::Warp(_, _, plane) => plane.check(),
                Node::Mix(_, mix) if !mix.progress.is_finite() => Err("a transition's progress"),
                Node::Mix(..) => Ok(()),
            };
            if result.is_ok() {
                result = checked;
            }
        });
        result
    }

    fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Node)) {
        fn nodes<'a>(list: &'a [Node], visit: &mut impl FnMut(&'a Node)) {
            for node in list {
                visit(node);
                for children in node.children() {
                    nodes(children, visit);
                }
            }
        }
        nodes(&self.nodes, visit);
    }
}
