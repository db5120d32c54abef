//! Random scenes through the decode stage's bookkeeping, the renderer and the pool of NV12 pictures, against frames that
//! are drawn and converted in full.

use std::sync::Arc;

use proptest::prelude::*;

use super::decode::Last;
use super::pool::Pool;
use crate::cap::config::{RoundingType, WaveformStyle};
use crate::convert::{Candidate, Chain, ConvertSpec, Luma, PixelPath};
use crate::frame::{
    Nv12Frame, PackedFormat, PackedFrame, PlaneStorage, PlaneView, Size, YuvColor, YuvLayout, YuvPicture,
};
use crate::render::{ColorPolicy, Device, Pictures, ReadyFrame, RenderError, RenderSpec, Renderer, Sampling};
use crate::scene::{
    Background, Bitmap, BorderLine, Card, CardPicture, Corner, Fill, Filter, FocusBlur, FocusShape, Grade,
    Grain, Layer, LayerId, Mask, MaskEffect, Mix, Node, Notch, PictureRequest, Plane, Pointer, PointerArt,
    Rect, Ripple, Role, SceneFrame, Shade, Shadow, Side, Smear, SourceId, Sprite, Track, Vignette, Waveform,
    Window,
};
use crate::time::{MediaTime, OutputTime};

const SCREEN: Size = Size::new(400, 226);
const CAMERA: Size = Size::new(96, 64);

#[derive(Clone)]
struct Planes([Vec<u8>; 3], [usize; 3]);

impl PlaneStorage for Planes {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        PlaneView {
            data: &self.0[index],
            stride: self.1[index],
        }
    }
}

fn blank(size: Size) -> Planes {
    let chroma = size.chroma_420();
    let plane = |size: Size, step: u64| (0..size.area()).map(move |i| (i * step % 199) as u8 + 20);
    Planes(
        [
            plane(size, 7).collect(),
            plane(chroma, 3).collect(),
            plane(chroma, 5).collect(),
        ],
        [size.width, chroma.width, chroma.width].map(|width| width as usize),
    )
}

fn picture(size: Size, planes: &Planes) -> YuvPicture {
    let layout = YuvLayout::Planar {
        shift_x: 1,
        shift_y: 1,
    };
    YuvPicture::new(size, layout, YuvColor::BT709_LIMITED, Arc::new(planes.clone()))
}

/// One thing that happens between two frames.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// Nothing, but the decoder hands out copies of the pictures.
    Copies,
    PointerTo(f64, f64, f64),
    PointerGone,
    Zoom(Rect, Rect),
    Camera(Option<(Rect, bool)>),
    /// Samples of a plane of the screen or the camera change.
    Content {
        camera: bool,
        plane: usize,
        at: (f64, f64),
        side: usize,
    },
    Look {
        radius: f64,
        shadow: bool,
        border: bool,
    },
    Opacity(f64),
    /// Screen and camera, or the pointer, are seen in motion.
    Smear(Option<Smear>),
    Trail(Option<(f64, f64)>),
    /// A ring on the screen.
    Ripple(Option<(f64, f64, f64)>),
    /// Everything is another recording's.
    Cut,
    /// A mask above the screen and its pointer, below the camera.
    Mask(Option<Mask>),
    /// A second one over everything.
    TopMask(Option<Mask>),
    /// Black over all but a rectangle.
    Shade(Option<(Rect, f64)>),
    /// The screen and its pointer on a plane in space.
    Warp(Option<(f64, f64)>),
    /// A frame around the screen and a notch on it, of this strength.
    Window(Option<f64>),
    /// Background, screen and pointer are graded, with or without grain.
    Grade(Option<(f64, bool)>),
    /// A picture over the screen; the flag takes another one.
    Sprite(Option<(Rect, f64, bool)>),
    /// A picture of the sound in this box, of this style, its levels from this number on.
    Waveform(Option<(Rect, usize, usize)>),
    /// Blur of what is out of focus, over the screen and its pointer.
    Focus(Option<FocusBlur>),
    /// A transition from the frame as it is without camera and masks.
    Mix(Option<f64>),
}

fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}

fn event() -> impl Strategy<Value = Event> {
    let part = || 0.0..1.0f64;
    let content = (any::<bool>(), 0usize..3, (part(), part()), 1usize..40);
    let content = content.prop_map(|(camera, plane, at, side)| Event::Content {
        camera,
        plane,
        at,
        side,
    });
    let card = (-60.0..200.0f64, -40.0..120.0f64, 60.0..700.0f64, 40.0..400.0f64);
    let crop = (part(), part(), 0.1..1.0f64, 0.1..1.0f64);
    let zoom = (card, crop, any::<bool>()).prop_map(|(card, crop, aligned)| {
        let (width, height) = (f64::from(SCREEN.width), f64::from(SCREEN.height));
        if aligned {
            return Event::Zoom(rect(20.0, 11.0, width, height), rect(0.0, 0.0, width, height));
        }
        let crop = rect(
            crop.0 * width * (1.0 - crop.2),
            crop.1 * height * (1.0 - crop.3),
            crop.2 * width,
            crop.3 * height,
        );
        Event::Zoom(rect(card.0, card.1, card.2, card.3), crop)
    });
    let camera = (0.0..400.0f64, 0.0..230.0f64, 30.0..120.0f64, any::<bool>())
        .prop_map(|(x, y, side, mirrored)| (rect(x, y, side, side * 0.7), mirrored));
    prop_oneof![
        1 => Just(Event::Copies),
        4 => (-20.0..500.0f64, -20.0..290.0f64, -3.0..3.0f64).prop_map(|(x, y, turn)| Event::PointerTo(x, y, turn)),
        1 => Just(Event::PointerGone),
        2 => zoom,
        2 => prop::option::of(camera).prop_map(Event::Camera),
        8 => content,
        1 => (0.0..40.0f64, any::<bool>(), any::<bool>())
            .prop_map(|(radius, shadow, border)| Event::Look { radius, shadow, border }),
        1 => (0.0..1.2f64).prop_map(Event::Opacity),
        2 => prop::option::of(smear()).prop_map(Event::Smear),
        1 => prop::option::of((-1.5..1.5f64, -1.5..1.5f64)).prop_map(Event::Trail),
        1 => prop::option::of((0.0..400.0f64, 0.0..230.0f64, 0.0..1.0f64)).prop_map(Event::Ripple),
        1 => Just(Event::Cut),
        2 => prop::option::of(mask()).prop_map(Event::Mask),
        2 => prop::option::of(mask()).prop_map(Event::TopMask),
        1 => prop::option::of((0.0..300.0f64, 0.0..200.0f64, 10.0..200.0f64, 0.0..1.0f64))
            .prop_map(|shade| Event::Shade(shade.map(|(x, y, side, strength)| (rect(x, y, side, side), strength)))),
        1 => prop::option::of((-0.0005..0.0005f64, 0.6..1.2f64)).prop_map(Event::Warp),
        2 => prop::option::of((0.3..1.5f64, any::<bool>())).prop_map(Event::Grade),
        1 => prop::option::of(0.2..1.2f64).prop_map(Event::Window),
        1 => prop::option::of((-40.0..440.0f64, -40.0..240.0f64, 5.0..90.0f64, -2.0..2.0f64, any::<bool>()))
            .prop_map(|sprite| Event::Sprite(sprite.map(|(x, y, side, turn, other)| (rect(x, y, side, side), turn, other)))),
        2 => prop::option::of((-40.0..400.0f64, -40.0..230.0f64, 30.0..200.0f64, 0..4usize, 0..40usize)).prop_map(|wave| {
            Event::Waveform(wave.map(|(x, y, side, style, from)| (rect(x, y, side, side / 2.0), style, from)))
        }),
        2 => prop::option::of(focus()).prop_map(Event::Focus),
        1 => prop::option::of(0.0..1.0f64).prop_map(Event::Mix),
    ]
}

fn smear() -> impl Strategy<Value = Smear> {
    prop_oneof![
        (-0.1..0.1f64, -0.1..0.1f64).prop_map(|(x, y)| Smear::Directional { vector: [x, y] }),
        (0.0..=1.0f64, 0.0..=1.0f64, 1e-4..0.5f64).prop_map(|(x, y, amount)| Smear::Radial {
            centre: [x, y],
            amount,
        }),
    ]
}

fn mask() -> impl Strategy<Value = Mask> {
    let place = (-30.0..450.0f64, -30.0..250.0f64, 1.0..200.0f64, 1.0..150.0f64);
    let effect = prop_oneof![
        (1.0..40.0f64).prop_map(|cell| MaskEffect::Pixelate { cell }),
        (1.0..40.0f64).prop_map(|radius| MaskEffect::Blur { radius }),
    ];
    let softness = prop_oneof![Just(0.0), 0.0001..0.2f64];
    (place, softness, effect).prop_map(|((x, y, width, height), softness, effect)| Mask {
        rect: rect(x, y, width, height),
        softness,
        effect,
    })
}

fn focus() -> impl Strategy<Value = FocusBlur> {
    let centre = || (-0.2..1.2f64, -0.2..1.2f64).prop_map(|(x, y)| [x, y]);
    let turn = || (0.0..6.3f64).prop_map(|turn| [turn.sin(), turn.cos()]);
    let shape = prop_oneof![
        (centre(), 0.0..1.0f64).prop_map(|(centre, size)| FocusShape::Radial { centre, size }),
        (centre(), 0.0..0.5f64, turn()).prop_map(|(centre, size, across)| FocusShape::TiltShift {
            centre,
            size,
            across
        }),
        (turn(), -1.0..1.0f64)
            .prop_map(|(towards, threshold)| FocusShape::Directional { towards, threshold }),
    ];
    (shape, 0.0..1.0f64, 0.0..15.0f64, any::<bool>()).prop_map(|(shape, falloff, strength, bokeh)| {
        FocusBlur {
            shape,
            falloff,
            strength,
            bokeh,
            size: Size::new(480, 270),
        }
    })
}

/// Eight levels in `rect`.
fn waveform((rect, style, from): (Rect, usize, usize)) -> Waveform {
    const STYLES: [WaveformStyle; 4] = [
        WaveformStyle::Bars,
        WaveformStyle::Mirrored,
        WaveformStyle::Line,
        WaveformStyle::Dots,
    ];
    let half = rect.width / 8.0 * 0.3;
    Waveform {
        rect,
        style: STYLES[style],
        levels: (from..from + 8).map(|n| (n * 7 % 11) as f64 / 10.0).collect(),
        half,
        radius: half / 2.0,
        colors: [[1.0, 0.8, 0.0], [0.0, 0.3, 1.0]],
    }
}

/// A plane that leans by `lean` and is enlarged by `scale` about the frame's corner.
fn plane((lean, scale): (f64, f64)) -> Plane {
    // The inverse of a triangular matrix.
    let to_flat = [
        [1.0 / scale, 0.0, 0.0],
        [0.0, 1.0 / scale, 0.0],
        [lean / scale, 0.0, 1.0],
    ];
    let from_flat = [[scale, 0.0, 0.0], [0.0, scale, 0.0], [-lean, 0.0, 1.0]];
    Plane { to_flat, from_flat }
}

/// What the events have made of the screen.
pub(super) struct World {
    pub(super) scene: SceneFrame,
    screen: Card,
    camera: Option<Card>,
    pointer: Option<Pointer>,
    trail: Option<[f64; 2]>,
    ripple: Option<Ripple>,
    masks: [Option<Mask>; 2],
    shade: Option<Shade>,
    plane: Option<Plane>,
    sprite: Option<Sprite>,
    waveform: Option<Waveform>,
    grade: Option<(f64, bool)>,
    window: Option<f64>,
    number: u32,
    bitmaps: [Bitmap; 2],
    size: Size,
    focus: Option<FocusBlur>,
    progress: Option<f64>,
    planes: [Planes; 2],
    pictures: [YuvPicture; 2],
}

fn card(track: Track, size: Size, rect: Rect) -> Card {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, track),
                time: MediaTime::ZERO,
            },
            size,
            crop: Rect {
                x: 0.0,
                y: 0.0,
                width,
                height,
            },
            mirrored: false,
        },
        rect,
        corner: Corner {
            kind: RoundingType::Squircle,
            radius: 12.0,
        },
        shadow: None,
        border: None,
        opacity: 1.0,
        smear: None,
        top_rounding: 1.0,
        grade: None,
    }
}

impl World {
    /// For frames of `size`.
    pub(super) fn new(size: Size) -> Self {
        let planes = [blank(SCREEN), blank(CAMERA)];
        Self {
            scene: SceneFrame {
                number: 0,
                time: OutputTime::ZERO,
                nodes: Vec::new(),
            },
            screen: card(Track::Display, SCREEN, rect(30.0, 20.0, 410.3, 231.8)),
            camera: None,
            pointer: None,
            trail: None,
            ripple: None,
            masks: [None, None],
            shade: None,
            plane: None,
            sprite: None,
            waveform: None,
            grade: None,
            window: None,
            number: 0,
            bitmaps: [90, 200].map(|grey| {
                let data = [[grey; 4], [20; 4], [255; 4], [0; 4]].concat();
                Bitmap::new(Size::new(2, 2), data).unwrap()
            }),
            size,
            focus: None,
            progress: None,
            pictures: [picture(SCREEN, &planes[0]), picture(CAMERA, &planes[1])],
            planes,
        }
    }

    pub(super) fn happen(&mut self, event: &Event) {
        match *event {
            Event::Copies => {
                self.pictures = [picture(SCREEN, &self.planes[0]), picture(CAMERA, &self.planes[1])];
            }
            Event::PointerTo(x, y, rotation) => {
                self.pointer = Some(Pointer {
                    art: PointerArt::Circle,
                    rect: rect(x, y, 26.0, 31.0),
                    rotation,
                    opacity: 0.8,
                    clip: self.screen.rect,
                    smear: self.trail,
                    grade: None,
                });
            }
            Event::PointerGone => self.pointer = None,
            Event::Zoom(rect, crop) => {
                self.screen.rect = rect;
                self.screen.picture.crop = crop;
            }
            Event::Camera(to) => {
                self.camera = to.map(|(rect, mirrored)| {
                    let mut camera = card(Track::Camera, CAMERA, rect);
                    camera.picture.mirrored = mirrored;
                    camera.shadow = Some(Shadow {
                        size: 6.0,
                        blur: 9.0,
                        alpha: 0.6,
                    });
                    camera
                });
            }
            Event::Content {
                camera,
                plane,
                at,
                side,
            } => {
                let index = usize::from(camera);
                let size = [SCREEN, CAMERA][index];
                let Planes(planes, strides) = &mut self.planes[index];
                let (data, stride) = (&mut planes[plane], strides[plane]);
                let rows = data.len() / stride;
                let (x, y) = ((at.0 * stride as f64) as usize, (at.1 * rows as f64) as usize);
                for y in y..(y + side).min(rows) {
                    for x in x..(x + side).min(stride) {
                        data[y * stride + x] = data[y * stride + x].wrapping_mul(3).wrapping_add(41);
                    }
                }
                self.pictures[index] = picture(size, &self.planes[index]);
            }
            Event::Look {
                radius,
                shadow,
                border,
            } => {
                self.screen.corner.radius = radius;
                self.screen.shadow = shadow.then_some(Shadow {
                    size: 10.0,
                    blur: 12.0,
                    alpha: 0.5,
                });
                self.screen.border = border.then_some(BorderLine {
                    width: 5.0,
                    color: [1.0, 0.5, 0.0],
                    opacity: 0.7,
                });
            }
            Event::Opacity(opacity) => self.screen.opacity = opacity,
            Event::Smear(smear) => {
                self.screen.smear = smear;
                if let Some(camera) = &mut self.camera {
                    camera.smear = smear;
                }
            }
            Event::Trail(trail) => {
                self.trail = trail.map(|(x, y)| [x, y]);
                if let Some(pointer) = &mut self.pointer {
                    pointer.smear = self.trail;
                }
            }
            Event::Ripple(ripple) => {
                self.ripple = ripple.map(|(x, y, age)| Ripple {
                    centre: [x, y],
                    radius: 40.0,
                    age,
                    color: [0.2, 0.5, 1.0],
                    strength: 0.7,
                    clip: self.screen.rect,
                });
            }
            Event::Mask(mask) => self.masks[0] = mask,
            Event::TopMask(mask) => self.masks[1] = mask,
            Event::Shade(shade) => {
                self.shade = shade.map(|(spared, strength)| Shade {
                    spared: Some(spared),
                    strength,
                });
            }
            Event::Warp(to) => self.plane = to.map(plane),
            Event::Grade(to) => self.grade = to,
            Event::Window(to) => self.window = to,
            Event::Sprite(to) => {
                self.sprite = to.map(|(rect, rotation, other)| Sprite {
                    rotation,
                    feather: 1.0,
                    opacity: 0.7,
                    ..Sprite::new(self.bitmaps[usize::from(other)].clone(), rect)
                });
            }
            Event::Waveform(to) => self.waveform = to.map(waveform),
            Event::Focus(focus) => self.focus = focus,
            Event::Mix(progress) => self.progress = progress,
            Event::Cut => {
                self.screen.picture.request.source.segment += 1;
                for plane in &mut self.planes[0].0 {
                    plane.reverse();
                }
                self.pictures[0] = picture(SCREEN, &self.planes[0]);
            }
        }
        self.grow();
    }

    /// Makes the tree of what there is.
    fn grow(&mut self) {
        self.number += 1;
        let grade = self.grade.map(|(contrast, grained)| Grade {
            balance: [1.1, 1.0, 0.9],
            contrast,
            saturation: 0.8,
            split_tone: 0.3,
            fade: 0.1,
            vignette: Some(Vignette {
                strength: 0.6,
                within: rect(0.0, 0.0, 480.0, 270.0),
            }),
            grain: grained.then_some(Grain {
                strength: 0.5,
                seed: self.number,
            }),
        });
        self.screen.grade = grade;
        if let Some(pointer) = &mut self.pointer {
            pointer.grade = grade;
        }
        let background = Background {
            grade,
            ..Background::plain(Fill::WHITE)
        };
        let camera = self.camera.clone().map(Layer::Card);
        let pointer = self.pointer.clone().map(Layer::Pointer);
        let background = Node::paint(Role::Background, Layer::Background(background));
        let around = self.window.map(|opacity| {
            let place = self.screen.rect;
            let bar = place.height * 0.08;
            let outer = rect(place.x, place.y - bar, place.width, place.height + bar);
            Window {
                bitmap: self.bitmaps[0].clone(),
                art: rect(outer.x, outer.y, outer.width, bar + 2.0),
                rect: outer,
                corner: self.screen.corner,
                shadow: self.screen.shadow,
                border: self.screen.border,
                opacity,
                smear: self.screen.smear.map(|smear| smear.carried(place, outer)),
                hidden: None,
            }
        });
        self.screen.top_rounding = if around.is_some() { 0.0 } else { 1.0 };
        let notch = self.window.map(|opacity| Notch {
            rect: rect(self.screen.rect.x + 70.3, self.screen.rect.y - 4.0, 60.0, 21.7),
            clip: self.screen.rect,
            opacity,
        });
        let mut screen: Vec<Node> = around
            .map(|window| Node::paint(Role::WindowFrame, Layer::Window(window)))
            .into_iter()
            .collect();
        screen.push(Node::paint(Role::Screen, Layer::Card(self.screen.clone())));
        let ripple = self.ripple.map(Layer::Ripple);
        screen.extend(ripple.map(|ripple| Node::paint(Role::Ripple, ripple)));
        screen.extend(pointer.map(|pointer| Node::paint(Role::Pointer, pointer)));
        screen.extend(notch.map(|notch| Node::paint(Role::Notch, Layer::Notch(notch))));
        let incoming = |role, index| LayerId {
            role,
            index,
            side: Side::Incoming,
        };
        let filter = |index, mask: Mask| Node::Filter(incoming(Role::Mask, index), Filter::Mask(mask));
        let mut nodes = vec![background.clone()];
        match self.plane {
            Some(plane) => nodes.push(Node::Warp(incoming(Role::Camera3d, 0), screen.clone(), plane)),
            None => nodes.extend(screen.clone()),
        }
        nodes.extend(self.focus.map(|blur| {
            let blur = FocusBlur {
                size: self.size,
                ..blur
            };
            Node::Filter(incoming(Role::FocusBlur, 0), Filter::FocusBlur(blur))
        }));
        nodes.extend(self.masks[0].map(|mask| filter(0, mask)));
        nodes.extend(camera.map(|camera| Node::paint(Role::Camera, camera)));
        nodes.extend(self.masks[1].map(|mask| filter(1, mask)));
        nodes.extend(
            self.waveform
                .clone()
                .map(|waveform| Node::paint(Role::Waveform, Layer::Waveform(waveform))),
        );
        nodes.extend(
            self.sprite
                .clone()
                .map(|sprite| Node::paint(Role::Image, Layer::Sprite(sprite))),
        );
        nodes.extend(
            self.shade
                .map(|shade| Node::paint(Role::Fade, Layer::Shade(shade))),
        );
        self.scene.nodes = match self.progress {
            None => nodes,
            Some(progress) => {
                let mut out = vec![background];
                out.extend(screen);
                let into = nodes;
                let mix = Mix { out, into, progress };
                vec![Node::Mix(incoming(Role::Transition, 0), mix)]
            }
        };
    }

    pub(super) fn pictures(&self) -> Vec<(SourceId, YuvPicture)> {
        let [screen, camera] = self.pictures.clone();
        let mut shown = vec![(self.screen.picture.request.source, screen)];
        if let Some(card) = &self.camera {
            shown.push((card.picture.request.source, camera));
        }
        shown
    }
}

pub(super) fn renderer(size: Size, format: PackedFormat, ring: usize) -> Option<Renderer> {
    renderer_with(size, format, ring, Sampling::Adapter)
}

fn renderer_with(size: Size, format: PackedFormat, ring: usize, sampling: Sampling) -> Option<Renderer> {
    let device = match Device::open(None) {
        Ok(device) => device,
        Err(RenderError::NoAdapter) if std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none() => return None,
        Err(error) => panic!("{error}"),
    };
    let spec = RenderSpec {
        size,
        format,
        background_images: Default::default(),
        pointer_art: Default::default(),
        colors: ColorPolicy::ByTags,
        sampling,
        ring,
    };
    Some(Renderer::new(device, spec).unwrap())
}

pub(super) fn converter(spec: &ConvertSpec) -> Chain {
    Chain::open([Candidate::builtin(PixelPath::Simd)], spec).unwrap()
}

/// Writes what a frame brings over the one before.
fn patch(target: &mut PackedFrame, frame: &ReadyFrame) {
    for (rect, view) in frame.parts() {
        for y in 0..rect.height {
            let start = (rect.y + y) as usize * target.stride + rect.x as usize * 4;
            target.data[start..start + rect.width as usize * 4].copy_from_slice(view.row(y));
        }
    }
}

fn planes_equal(a: &Nv12Frame, b: &Nv12Frame) -> bool {
    let rows = |data: &[u8], stride: usize, width: u32| {
        let rows = data.chunks(stride).map(|row| row[..width as usize].to_vec());
        rows.collect::<Vec<_>>()
    };
    let chroma = a.size.chroma_420().width * 2;
    rows(&a.y, a.y_stride, a.size.width) == rows(&b.y, b.y_stride, b.size.width)
        && rows(&a.uv, a.uv_stride, chroma) == rows(&b.uv, b.uv_stride, chroma)
}

fn check(size: Size, events: &[Event], sampling: Sampling) -> Result<(), TestCaseError> {
    let renderer = || renderer_with(size, PackedFormat::Rgba, 2, sampling);
    let (Some(mut partial), Some(mut full)) = (renderer(), renderer()) else {
        return Ok(());
    };
    let mut converter = converter(&ConvertSpec {
        size,
        source: PackedFormat::Rgba,
        color: YuvColor::BT709_LIMITED,
        luma: Luma::Rounded,
        threads: 1,
    });
    let (mut last, mut pool) = (Last::new(size, true), Pool::new(size));
    let mut packed = PackedFrame::new(size, PackedFormat::Rgba);
    let mut expected = PackedFrame::new(size, PackedFormat::Rgba);
    let mut world = World::new(size);
    world.happen(&Event::Copies);
    let mut held = std::collections::VecDeque::new();
    for (index, event) in [Event::Copies].iter().chain(events).enumerate() {
        world.happen(event);
        let mut pictures = Pictures::new();
        for (source, picture) in world.pictures() {
            pictures.insert(source, picture);
        }
        full.submit(&world.scene, &pictures).unwrap();
        let whole = full.receive().unwrap();
        patch(&mut expected, &whole);
        let mut reference = Nv12Frame::new(size);
        converter.convert(0, whole.view(), &mut reference).unwrap();

        if let Some(decoded) = last.replace(index as u64, world.scene.clone(), world.pictures()) {
            partial
                .submit_damage(&decoded.scene, &decoded.pictures, &decoded.damage)
                .unwrap();
            let ready = partial.receive().unwrap();
            patch(&mut packed, &ready);
            let made = pool.next(ready.areas(), |target| {
                ready
                    .parts()
                    .try_for_each(|(rect, view)| converter.convert_rect(0, view, target, rect.x, rect.y))
            });
            held.push_back(made.unwrap());
        }
        while held.len() > 1 + index % 3 {
            held.pop_front();
        }
        prop_assert!(packed.data == expected.data, "pixels of frame {index}: {event:?}");
        let latest = pool.latest();
        prop_assert!(
            latest.is_some_and(|latest| planes_equal(&latest, &reference)),
            "planes of frame {index}: {event:?}"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn partial_frames_equal_whole_ones(events in prop::collection::vec(event(), 1..24)) {
        check(Size::new(480, 270), &events, Sampling::Adapter)?;
    }

    #[test]
    fn so_they_do_where_the_processor_filters(events in prop::collection::vec(event(), 1..24)) {
        check(Size::new(480, 270), &events, Sampling::Processor)?;
    }

    #[test]
    fn so_they_do_where_the_sides_are_odd(events in prop::collection::vec(event(), 1..12)) {
        check(Size::new(477, 269), &events, Sampling::Adapter)?;
    }
}

#[test]
fn what_rests_is_neither_drawn_nor_read() {
    let size = Size::new(480, 270);
    let mut last = Last::new(size, true);
    let mut world = World::new(size);
    world.happen(&Event::PointerTo(200.0, 100.0, 0.0));
    let first = last.replace(0, world.scene.clone(), world.pictures());
    assert!(first.is_some_and(|first| first.damage.output().is_whole()));
    world.happen(&Event::Copies);
    assert!(last.replace(1, world.scene.clone(), world.pictures()).is_none());
    world.happen(&Event::PointerTo(210.0, 100.0, 0.0));
    let moved = last.replace(2, world.scene.clone(), world.pictures()).unwrap();
    // 26x31 moved by 10, with 2.5 pixels around it, to even edges.
    assert_eq!(moved.damage.output().pixels(), 44 * 38);
}
