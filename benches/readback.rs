//! What it costs to get pixels back from the adapter, by the size of what changed: from submit to mapped memory with nothing
//! but the background drawn, then copying the mapped rows out, which is where memory that the CPU does not cache shows.
//!
//! Run with `cargo bench --bench readback`. Says nothing where there is no adapter.

use std::collections::BTreeMap;
use std::hint::black_box;

use capstan::frame::{Areas, PackedFormat, PixelRect, Size};
use capstan::render::{ColorPolicy, Device, Pictures, ReadyFrame, RenderSpec, Renderer, Sampling};
use capstan::scene::{Background, Damage, Fill, Layer, Node, Role, SceneFrame};
use capstan::time::OutputTime;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [(&str, Size); 3] = [
    ("720p", Size::new(1280, 720)),
    ("1080p", Size::new(1920, 1080)),
    ("4k", Size::new(3840, 2160)),
];

/// A frame that shows nothing but the background.
fn empty() -> SceneFrame {
    let background = Background::plain(Fill::WHITE);
    SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes: vec![Node::paint(Role::Background, Layer::Background(background))],
    }
}

fn renderer(size: Size) -> Option<Renderer> {
    let spec = RenderSpec {
        size,
        format: PackedFormat::Rgba,
        background_images: BTreeMap::new(),
        pointer_art: BTreeMap::new(),
        colors: ColorPolicy::ByTags,
        sampling: Sampling::Adapter,
        ring: 3,
    };
    let mut renderer = Renderer::new(Device::open(None).ok()?, spec).ok()?;
    // From the first frame on there is something that stays outside the areas.
    drop(read(&mut renderer, &Areas::whole(size)));
    Some(renderer)
}

/// Areas in the middle of a picture: what a pointer, a line of text, a window and everything take.
fn areas(size: Size) -> Vec<(String, Areas)> {
    let middle = |width: u32, height: u32| {
        let mut areas = Areas::none(size);
        areas.add(PixelRect {
            x: (size.width - width) / 2,
            y: (size.height - height) / 2,
            width,
            height,
        });
        areas
    };
    vec![
        ("64x64".to_owned(), middle(64, 64)),
        ("600x32".to_owned(), middle(600, 32)),
        ("half".to_owned(), middle(size.width, size.height / 2)),
        ("whole".to_owned(), Areas::whole(size)),
    ]
}

fn read(renderer: &mut Renderer, areas: &Areas) -> ReadyFrame {
    if let Err(error) = renderer.submit_damage(&empty(), &Pictures::new(), &Damage::of_output(areas.clone()))
    {
        panic!("{error}");
    }
    renderer.receive().unwrap_or_else(|error| panic!("{error}"))
}

fn readback(criterion: &mut Criterion) {
    for (name, size) in SIZES {
        let Some(mut renderer) = renderer(size) else {
            return;
        };
        let mut group = criterion.benchmark_group(format!("readback {name}"));
        group.sample_size(30);
        for (what, areas) in areas(size) {
            group.throughput(Throughput::Bytes(areas.pixels() * 4));
            group.bench_function(BenchmarkId::new("submit to mapped", &what), |bencher| {
                bencher.iter(|| drop(black_box(read(&mut renderer, &areas))));
            });
            let mapped = read(&mut renderer, &areas);
            let mut copy = vec![0; (areas.pixels() * 4) as usize];
            group.bench_function(BenchmarkId::new("copy mapped rows", &what), |bencher| {
                bencher.iter(|| {
                    let rows = mapped
                        .parts()
                        .flat_map(|(rect, view)| (0..rect.height).map(move |y| view.row(y)));
                    let mut to = copy.as_mut_slice();
                    for row in rows {
                        let (here, rest) = to.split_at_mut(row.len());
                        here.copy_from_slice(row);
                        to = rest;
                    }
                    black_box(to.len())
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, readback);
criterion_main!(benches);
