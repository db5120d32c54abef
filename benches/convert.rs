//! What a frame costs on every pixel path this machine can open, against the floor: a memcpy of the same bytes.
//!
//! A conversion moves 5.5 bytes a pixel (4 read, 1.5 written); `memcpy/...` copies the picture's 4 bytes a pixel
//! and thereby moves 8. criterion's throughput counts the bytes of each. All paths of one size run in one group,
//! so that their figures come from the same minutes of the same machine.

use std::hint::black_box;

use capstan::convert::calibrate::calibrate;
use capstan::convert::{Candidate, ConvertError, ConvertSpec, PixelPath, open};
use capstan::frame::{Nv12Frame, PackedFormat, PackedFrame, PackedView, Size, YuvColor};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const SIZES: [(&str, Size); 3] = [
    ("720p", Size::new(1280, 720)),
    ("1080p", Size::new(1920, 1080)),
    ("4K", Size::new(3840, 2160)),
];

fn noise(size: Size, format: PackedFormat) -> PackedFrame {
    let mut picture = PackedFrame::new(size, format);
    fastrand::Rng::with_seed(1).fill(&mut picture.data);
    picture
}

fn whole_frames(criterion: &mut Criterion) {
    for (name, size) in SIZES {
        let mut group = criterion.benchmark_group(name);
        let source = noise(size, PackedFormat::Bgra);
        let mut copy = vec![0; source.data.len()];
        group.throughput(Throughput::Bytes(8 * size.area()));
        group.bench_function("memcpy", |bencher| {
            bencher.iter(|| black_box(&mut copy).copy_from_slice(black_box(&source.data)));
        });
        group.throughput(Throughput::Bytes(size.area() * 11 / 2));
        for path in PixelPath::ALL {
            for threads in [1, 2] {
                if path == PixelPath::Swscale && threads > 1 {
                    continue;
                }
                let spec = ConvertSpec {
                    size,
                    source: PackedFormat::Bgra,
                    color: YuvColor::BT709_LIMITED,
                    threads,
                };
                let mut converter = match open(path, &spec) {
                    Ok(converter) => converter,
                    Err(ConvertError::Unavailable { .. }) => continue,
                    Err(error) => panic!("{path}: {error}"),
                };
                let mut target = Nv12Frame::new(size);
                group.bench_function(BenchmarkId::new(path.name(), threads), |bencher| {
                    bencher.iter(|| {
                        converter
                            .convert(black_box(source.view()), black_box(&mut target))
                            .expect("a whole frame converts")
                    });
                });
            }
        }
        group.finish();
    }
}

/// What is left of the cost when only a part of a 1080p picture has changed.
fn changed_parts(criterion: &mut Criterion) {
    let size = Size::new(1920, 1080);
    let source = noise(size, PackedFormat::Bgra);
    let parts = [
        ("pointer", 960, 540, Size::new(64, 64)),
        ("line", 0, 540, Size::new(1920, 32)),
        ("window", 480, 270, Size::new(960, 540)),
    ];
    let mut group = criterion.benchmark_group("1080p parts");
    for path in [PixelPath::Swscale, PixelPath::Simd] {
        for (name, x, y, part) in parts {
            let spec = ConvertSpec {
                size,
                source: PackedFormat::Bgra,
                color: YuvColor::BT709_LIMITED,
                threads: 1,
            };
            let mut converter = match open(path, &spec) {
                Ok(converter) => converter,
                Err(error) => panic!("{path}: {error}"),
            };
            let mut target = Nv12Frame::new(size);
            let view = PackedView {
                size: part,
                data: &source.data[y as usize * source.stride + x as usize * 4..],
                ..source.view()
            };
            group.throughput(Throughput::Bytes(part.area() * 11 / 2));
            group.bench_function(BenchmarkId::new(path.name(), name), |bencher| {
                bencher.iter(|| {
                    converter
                        .convert_rect(black_box(view), black_box(&mut target), x, y)
                        .expect("a part converts")
                });
            });
        }
    }
    group.finish();
}

/// What `--pixel-path auto` costs where nothing is remembered.
fn calibration(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("calibration");
    group.sample_size(10);
    let candidates = PixelPath::ALL.map(Candidate::builtin);
    for (name, size) in SIZES {
        let spec = ConvertSpec {
            size,
            source: PackedFormat::Bgra,
            color: YuvColor::BT709_LIMITED,
            threads: 1,
        };
        group.bench_function(name, |bencher| {
            bencher.iter(|| calibrate(&spec, &candidates, "", None).expect("the CPU paths serve"));
        });
    }
    group.finish();
}

criterion_group!(benches, whole_frames, changed_parts, calibration);
criterion_main!(benches);
