//! What the maths before the first pixel costs: building a scene, asking it for frames.

use std::hint::black_box;
use std::path::Path;

use capstan::cap::{self, OpenOptions, Opened};
use capstan::export::{self, ExportSettings};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Fixtures that differ in what has to be worked out.
const FIXTURES: [&str; 3] = ["desk", "cuts", "portrait"];

fn scene(criterion: &mut Criterion) {
    for name in FIXTURES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{name}.cap"));
        let open = || match cap::open(&folder, &OpenOptions::default()) {
            Ok(Opened::Studio(recording)) => *recording,
            other => panic!("{name} is no studio recording: {other:?}"),
        };
        let settings = ExportSettings::default();
        let mut group = criterion.benchmark_group(name);
        // Probing the tracks is part of a plan; it is the larger part of its cost.
        group.bench_function("plan", |bencher| {
            bencher.iter_batched(
                open,
                |recording| export::plan(recording, &settings).expect("the fixture can be planned"),
                criterion::BatchSize::SmallInput,
            );
        });
        let plan = export::plan(open(), &settings).expect("the fixture can be planned");
        let frames = plan.scene.frame_count();
        group.throughput(Throughput::Elements(frames));
        group.bench_function("frames", |bencher| {
            bencher.iter(|| {
                for frame in 0..frames {
                    black_box(plan.scene.frame(black_box(frame)));
                }
            });
        });
        group.finish();
    }
}

criterion_group!(benches, scene);
criterion_main!(benches);
