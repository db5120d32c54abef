//! What a frame costs on every pixel path this machine can open, against the floor: a memcpy of the same picture.
//!
//! A conversion to planes moves 5.5 bytes a pixel (4 read, 1.5 written); the memcpy copies the picture's 4 bytes a pixel and
//! thereby moves 8. Whole frames are timed by turns: every round times each path over some frames, one path after the
//! other, and ratios are those of a round, so what else the machine does weighs on all of them alike. The tables at the
//! end, medians over the rounds, are Markdown for docs/pixel-paths.md. Parts of a frame and the calibration are
//! criterion's; `cargo bench --bench convert -- frames` times whole frames alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use capstan::convert::calibrate::calibrate;
use capstan::convert::{Candidate, ConvertError, ConvertSpec, Luma, PixelPath, ReadbackCost, open};
use capstan::frame::{Nv12Frame, PackedFormat, PackedFrame, PackedView, Size, YuvColor};
use capstan::render::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};

const SIZES: [(&str, Size); 3] = [
    ("720p", Size::new(1280, 720)),
    ("1080p", Size::new(1920, 1080)),
    ("4K", Size::new(3840, 2160)),
];

/// Times of each path over which medians are taken.
const ROUNDS: usize = 15;
/// How long a path runs in a round; one frame at least.
const TURN: Duration = Duration::from_millis(40);
const FLOOR: &str = "memcpy of the picture";
/// The path in memory that exports use by default, as they use it.
const DEFAULT: &str = "`simd`, 1 thread";
const FALLBACK: &str = "`swscale`";

fn noise(size: Size, format: PackedFormat) -> PackedFrame {
    let mut picture = PackedFrame::new(size, format);
    fastrand::Rng::with_seed(1).fill(&mut picture.data);
    picture
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
            let mut converter = match open(path, &spec(size, 1)) {
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
        let spec = spec(size, 1);
        group.bench_function(name, |bencher| {
            bencher.iter(|| calibrate(&spec, &candidates, "", None).expect("the CPU paths serve"));
        });
    }
    group.finish();
}

criterion_group!(benches, changed_parts, calibration);

fn spec(size: Size, threads: usize) -> ConvertSpec {
    ConvertSpec {
        size,
        source: PackedFormat::Bgra,
        color: YuvColor::BT709_LIMITED,
        luma: Luma::Rounded,
        threads,
    }
}

/// One way to deal with a frame.
struct Contender<'a> {
    name: String,
    /// Bytes read and written for each pixel.
    moves: f64,
    frame: Box<dyn FnMut() + 'a>,
}

impl Contender<'_> {
    /// Milliseconds a frame over one turn.
    fn turn(&mut self) -> f64 {
        let started = Instant::now();
        let mut frames = 0;
        while frames == 0 || started.elapsed() < TURN {
            (self.frame)();
            frames += 1;
        }
        started.elapsed().as_secs_f64() * 1e3 / f64::from(frames)
    }
}

fn contenders<'a>(size: Size, source: &'a PackedFrame) -> Vec<Contender<'a>> {
    let mut copy = vec![0; source.data.len()];
    let mut all = vec![Contender {
        name: FLOOR.to_owned(),
        moves: 8.0,
        frame: Box::new(move || black_box(&mut copy).copy_from_slice(black_box(&source.data))),
    }];
    for path in [PixelPath::Simd, PixelPath::Swscale, PixelPath::VideoToolbox] {
        for threads in [1, 2] {
            if path != PixelPath::Simd && threads > 1 {
                continue;
            }
            let mut converter = match open(path, &spec(size, threads)) {
                Ok(converter) => converter,
                Err(ConvertError::Unavailable { .. }) => continue,
                Err(error) => panic!("{path}: {error}"),
            };
            let mut target = Nv12Frame::new(size);
            all.push(Contender {
                name: match path {
                    PixelPath::Simd if threads == 1 => DEFAULT.to_owned(),
                    PixelPath::Simd => format!("`simd`, {threads} threads"),
                    _ => format!("`{path}`"),
                },
                moves: 5.5,
                frame: Box::new(move || {
                    converter
                        .convert(black_box(source.view()), black_box(&mut target))
                        .expect("a whole frame converts");
                }),
            });
        }
    }
    #[cfg(target_os = "macos")]
    for (path, moves) in [(PixelPath::VideoToolbox, 5.5), (PixelPath::Bgra, 8.0)] {
        let mut surfaces = match capstan::convert::open_surfaces(path, &spec(size, 1)) {
            Ok(surfaces) => surfaces,
            Err(ConvertError::Unavailable { .. }) => continue,
            Err(error) => panic!("{path}: {error}"),
        };
        all.push(Contender {
            name: format!("`{path}`, as a surface"),
            moves,
            frame: Box::new(move || {
                let surface = surfaces.surface(black_box(source.view()));
                drop(black_box(surface.expect("a surface is made")));
            }),
        });
    }
    all
}

/// Times of one size: by path, then by round.
struct Timed {
    size: Size,
    paths: Vec<(String, f64, Vec<f64>)>,
}

impl Timed {
    fn take(size: Size, rounds: usize) -> Self {
        let source = noise(size, PackedFormat::Bgra);
        let mut contenders = contenders(size, &source);
        // Page faults and lazy set-up are not what an export pays for a frame.
        for contender in &mut contenders {
            (contender.frame)();
        }
        let mut times = vec![Vec::new(); contenders.len()];
        for _ in 0..rounds {
            for (contender, times) in contenders.iter_mut().zip(&mut times) {
                times.push(contender.turn());
            }
        }
        let named = contenders.into_iter().zip(times);
        let paths = named
            .map(|(contender, times)| (contender.name, contender.moves, times))
            .collect();
        Self { size, paths }
    }

    fn times(&self, name: &str) -> &[f64] {
        let found = self.paths.iter().find(|(of, ..)| of == name);
        found.map_or(&[], |(_, _, times)| times)
    }

    /// The median of the rounds' ratios.
    fn ratio(&self, over: &str, under: &str) -> f64 {
        let pairs = self.times(over).iter().zip(self.times(under));
        median(pairs.map(|(over, under)| over / under).collect())
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// `value` with about three significant digits.
fn figure(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
fn row(name: &str, cells: impl IntoIterator<Item = String>) {
    let cells: Vec<_> = cells.into_iter().collect();
    println!("| {name} | {} |", cells.join(" | "));
}

/// Times whole frames and prints the tables.
fn whole_frames(rounds: usize) {
    let timed: Vec<_> = SIZES.iter().map(|(_, size)| Timed::take(*size, rounds)).collect();
    row("ms a frame", SIZES.map(|(name, _)| name.to_owned()));
    row("---", SIZES.map(|_| "---".to_owned()));
    for (name, moves, _) in &timed[0].paths {
        let cells = timed.iter().map(|timed| {
            let megabytes = timed.size.area() as f64 * moves / 1e6;
            let ms = median(timed.times(name).to_vec());
            format!("{} ({megabytes:.1} MB)", figure(ms))
        });
        row(&format!("{name} (moves)"), cells);
    }
    for (over, under, bound) in [(DEFAULT, FLOOR, "at most 3"), (FALLBACK, DEFAULT, "at least 5")] {
        let cells = timed.iter().map(|timed| figure(timed.ratio(over, under)));
        row(&format!("{over} over {under} ({bound})"), cells);
    }
    from_the_target();
}

/// What the readback adds, and what the GPU's path costs as a whole.
#[expect(clippy::print_stdout, reason = "a benchmark prints what it found")]
fn from_the_target() {
    let device = match Device::open(None) {
        Ok(device) => device,
        Err(error) => return println!("no readback: {error}"),
    };
    println!("\non {}:\n", device.report().name);
    let costs: Vec<_> = SIZES
        .iter()
        .map(|(_, size)| ReadbackCost::measure(device.clone(), &spec(*size, 1)))
        .collect();
    let cells = |ms: fn(&ReadbackCost) -> f64| {
        let cell = move |cost: &Result<ReadbackCost, ConvertError>| match cost {
            Ok(cost) => figure(ms(cost)),
            Err(error) => error.to_string(),
        };
        costs.iter().map(cell).collect::<Vec<_>>()
    };
    row(
        "ms a frame, without overlap",
        SIZES.map(|(name, _)| name.to_owned()),
    );
    row("---", SIZES.map(|_| "---".to_owned()));
    row(
        "readback of 4 bytes a pixel, before any conversion in memory",
        cells(|cost| cost.packed_ms),
    );
    row(
        "`gpu`: converted, 1.5 bytes a pixel read back, planes copied",
        cells(|cost| cost.planes_ms),
    );
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    if !asked("frames") {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    // Without cargo's --bench this is a test of the benchmark.
    whole_frames(if asked("--bench") { ROUNDS } else { 1 });
}
