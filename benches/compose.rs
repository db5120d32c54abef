//! What one frame costs from submit to mapped pixels: the default look at three sizes, then parts of it alone; cards filtered
//! by the adapter and on the processor.
//!
//! Run with `cargo bench --bench compose`. Says nothing where there is no adapter.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use capstan::cap::config::RoundingType;
use capstan::frame::{PackedFormat, PlaneStorage, PlaneView, Size, YuvColor, YuvLayout, YuvPicture};
use capstan::render::{ColorPolicy, Device, Pictures, RenderSpec, Renderer, Sampling};
use capstan::scene::{
    Background, Card, CardPicture, Corner, Fill, Layer, Node, Noise, PictureRequest, Pointer, PointerArt,
    Rect, Role, SceneFrame, Shadow, SourceId, Track, damage,
};
use capstan::time::{MediaTime, OutputTime};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [(&str, Size); 3] = [
    ("720p", Size::new(1280, 720)),
    ("1080p", Size::new(1920, 1080)),
    ("4k", Size::new(3840, 2160)),
];

struct Planes(Vec<(Vec<u8>, usize)>);

impl PlaneStorage for Planes {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        let (data, stride) = &self.0[index];
        PlaneView {
            data,
            stride: *stride,
        }
    }
}

/// A 4:2:0 picture with a pattern that differs by `seed`.
fn picture(size: Size, seed: u32) -> YuvPicture {
    let plane = |size: Size, seed: u32| {
        let pixels =
            (0..size.height).flat_map(|y| (0..size.width).map(move |x| (x * 7 + y * 13 + seed) as u8 | 16));
        (pixels.collect(), size.width as usize)
    };
    let chroma = size.chroma_420();
    let planes = Planes(vec![
        plane(size, seed),
        plane(chroma, seed + 1),
        plane(chroma, seed + 2),
    ]);
    let layout = YuvLayout::Planar {
        shift_x: 1,
        shift_y: 1,
    };
    YuvPicture::new(size, layout, YuvColor::BT709_LIMITED, Arc::new(planes))
}

fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}

/// Screen card of a source of `source` pixels with padding 10, rounding 7.5 and the default shadow.
fn screen(size: Size, source: Size) -> Card {
    let (width, height) = (f64::from(size.width) / 1.08, f64::from(size.height) / 1.08);
    let (x, y) = (
        (f64::from(size.width) - width) / 2.0,
        (f64::from(size.height) - height) / 2.0,
    );
    let half = height / 2.0;
    Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, Track::Display),
                time: MediaTime::ZERO,
            },
            size: source,
            crop: rect(0.0, 0.0, f64::from(source.width), f64::from(source.height)),
            mirrored: false,
        },
        rect: rect(x, y, width, height),
        corner: Corner {
            kind: RoundingType::Squircle,
            radius: 0.075 * half,
        },
        shadow: Some(Shadow {
            size: 0.106 * half,
            blur: 0.028 * half,
            alpha: 0.501,
        }),
        border: None,
        opacity: 1.0,
        smear: None,
        top_rounding: 1.0,
        grade: None,
    }
}

fn camera(size: Size, source: Size) -> Card {
    let side = (f64::from(size.height) * 0.346).round();
    let half = side / 2.0;
    let mut card = screen(size, source);
    card.picture.request.source.track = Track::Camera;
    card.picture.crop = rect(
        2.0,
        2.0,
        f64::from(source.height) - 4.0,
        f64::from(source.height) - 4.0,
    );
    card.rect = rect(
        f64::from(size.width) - side - 50.0,
        f64::from(size.height) - side - 50.0,
        side,
        side,
    );
    card.corner.radius = half;
    card.shadow = Some(Shadow {
        size: 0.212 * half,
        blur: 0.0656 * half,
        alpha: 0.276,
    });
    card
}

fn pointer(size: Size) -> Pointer {
    let height = f64::from(size.height) / 18.0;
    Pointer {
        art: PointerArt::Circle,
        rect: rect(
            f64::from(size.width) / 2.0,
            f64::from(size.height) / 2.0,
            height,
            height,
        ),
        rotation: 0.1,
        opacity: 1.0,
        smear: None,
        clip: rect(0.0, 0.0, f64::from(size.width), f64::from(size.height)),
        grade: None,
    }
}

fn renderer(size: Size, sampling: Sampling) -> Option<Renderer> {
    let spec = RenderSpec {
        size,
        format: PackedFormat::Rgba,
        background_images: BTreeMap::new(),
        pointer_art: BTreeMap::new(),
        colors: ColorPolicy::ByTags,
        sampling,
        ring: 3,
    };
    Renderer::new(Device::open(None).ok()?, spec).ok()
}

/// Layers over a gradient.
fn frame(layers: Vec<Layer>) -> SceneFrame {
    let background = Background::plain(Fill::Gradient {
        from: [0.2, 0.4, 0.9],
        to: [0.9, 0.4, 0.2],
        angle: 135.0,
        noise: Noise {
            intensity: 0.0,
            scale: 3.0,
        },
    });
    let node = |layer: Layer| {
        let role = match &layer {
            Layer::Background(_) => Role::Background,
            Layer::Card(card) if card.picture.request.source.track == Track::Camera => Role::Camera,
            Layer::Card(_) => Role::Screen,
            _ => Role::Pointer,
        };
        Node::paint(role, layer)
    };
    let all = std::iter::once(Layer::Background(background)).chain(layers);
    SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes: all.map(node).collect(),
    }
}

/// Layers and the pictures that take turns in them; one alone is uploaded once.
struct Case {
    name: &'static str,
    layers: Vec<Layer>,
    pictures: Vec<Pictures>,
}

fn cases(size: Size) -> Vec<Case> {
    let larger = Size::new(size.width * 3 / 2, size.height * 3 / 2);
    let camera_size = Size::new(1280, 720);
    let shown = |screen: YuvPicture| {
        let mut pictures = Pictures::new();
        pictures.insert(SourceId::incoming(0, Track::Display), screen);
        pictures.insert(SourceId::incoming(0, Track::Camera), picture(camera_size, 9));
        pictures
    };
    let still = vec![shown(picture(size, 0))];
    let moving: Vec<Pictures> = (0..3).map(|seed| shown(picture(size, seed * 40))).collect();
    let retina: Vec<Pictures> = (0..3).map(|seed| shown(picture(larger, seed * 40))).collect();
    let card = |card| Layer::Card(card);
    let mut bare = screen(size, size);
    bare.shadow = None;
    bare.corner.radius = 0.0;
    let mut whole = bare.clone();
    whole.rect = rect(0.0, 0.0, f64::from(size.width), f64::from(size.height));
    let mut zoomed = screen(size, size);
    zoomed.rect = rect(
        -0.3 * f64::from(size.width),
        -0.2 * f64::from(size.height),
        1.8 * f64::from(size.width),
        1.8 * f64::from(size.height),
    );
    let everything = vec![
        card(screen(size, size)),
        Layer::Pointer(pointer(size)),
        card(camera(size, camera_size)),
    ];
    let case = |name, layers, pictures: &Vec<Pictures>| Case {
        name,
        layers,
        pictures: pictures.clone(),
    };
    vec![
        case("default look", vec![card(screen(size, size))], &moving),
        case(
            "default look, picture kept",
            vec![card(screen(size, size))],
            &still,
        ),
        case("default look, pointer and camera", everything, &moving),
        case("zoomed", vec![card(zoomed)], &moving),
        case(
            "default look, source reduced",
            vec![card(screen(size, larger))],
            &retina,
        ),
        case("background alone", Vec::new(), &still),
        case("bare card", vec![card(bare)], &still),
        case("picture fills the output", vec![card(whole)], &still),
    ]
}

fn compose(criterion: &mut Criterion) {
    for ((name, size), sampling) in SIZES
        .into_iter()
        .flat_map(|size| [Sampling::Adapter, Sampling::Processor].map(|sampling| (size, sampling)))
    {
        let mut group = criterion.benchmark_group(format!("{name}, {sampling}"));
        group.throughput(Throughput::Elements(1));
        group.sample_size(20);
        for case in cases(size) {
            let Some(mut renderer) = renderer(size, sampling) else {
                return;
            };
            let frame = frame(case.layers);
            let mut turn = case.pictures.iter().cycle();
            group.bench_function(BenchmarkId::from_parameter(case.name), |bencher| {
                bencher.iter(|| {
                    let Some(pictures) = turn.next() else { return };
                    if let Err(error) = renderer.submit(&frame, pictures) {
                        panic!("{error}");
                    }
                    match renderer.receive() {
                        Ok(ready) => drop(black_box(ready)),
                        Err(error) => panic!("{error}"),
                    }
                });
            });
        }
        group.finish();
    }
}

/// A pointer that moves over the default look and nothing else: what is redrawn when only that is.
fn pointer_alone(criterion: &mut Criterion) {
    for (name, size) in SIZES {
        let Some(mut renderer) = renderer(size, Sampling::Processor) else {
            return;
        };
        let mut pictures = Pictures::new();
        pictures.insert(SourceId::incoming(0, Track::Display), picture(size, 0));
        let frames = [0.0, 7.0].map(|moved| {
            let mut pointer = pointer(size);
            pointer.rect.x += moved;
            frame(vec![Layer::Card(screen(size, size)), Layer::Pointer(pointer)])
        });
        let [first, second] = &frames;
        let damage = damage(first, second, |_| None, size);
        let mut turn = frames.iter().cycle();
        criterion
            .benchmark_group(name)
            .throughput(Throughput::Elements(1))
            .bench_function("default look, pointer alone redrawn", |bencher| {
                bencher.iter(|| {
                    let Some(frame) = turn.next() else { return };
                    if let Err(error) = renderer.submit_damage(frame, &pictures, &damage) {
                        panic!("{error}");
                    }
                    match renderer.receive() {
                        Ok(ready) => drop(black_box(ready)),
                        Err(error) => panic!("{error}"),
                    }
                });
            });
    }
}

criterion_group!(benches, compose, pointer_alone);
criterion_main!(benches);
