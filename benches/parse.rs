//! What opening a recording costs: meta file, configuration, pointer events, by their size.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use capstan::cap::{self, OpenOptions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::json;

/// Pointer moves of 10 s, 2 min and 20 min at about 83 a second.
const MOVES: [usize; 3] = [833, 10_000, 100_000];

/// A single-segment recording with that many pointer moves. Its screen is never opened, so any bytes do.
fn recording(folder: &Path, moves: usize) -> u64 {
    let segment = folder.join("content/segments/segment-0");
    fs::create_dir_all(&segment).expect("a temporary folder");
    fs::write(segment.join("display.mp4"), b"\0\0\0\x18ftypmp42").expect("a temporary file");
    let meta = json!({
        "platform": "MacOS",
        "pretty_name": "parse",
        "segments": [{
            "display": {"path": "content/segments/segment-0/display.mp4", "fps": 60, "start_time": 0.0},
            "cursor": "content/segments/segment-0/cursor.json"
        }]
    });
    fs::write(folder.join("recording-meta.json"), meta.to_string()).expect("a temporary file");
    let mut random = fastrand::Rng::with_seed(1);
    let events: Vec<_> = (0..moves)
        .map(|n| {
            json!({"active_modifiers": [], "cursor_id": "0", "time_ms": n as f64 * 12.0,
                "x": random.f64(), "y": random.f64()})
        })
        .collect();
    let text = json!({"clicks": [], "moves": events}).to_string();
    fs::write(segment.join("cursor.json"), &text).expect("a temporary file");
    text.len() as u64
}

fn open(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("open");
    for moves in MOVES {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bytes = recording(folder.path(), moves);
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::new("pointer moves", moves), |bencher| {
            bencher.iter(|| {
                black_box(cap::open(folder.path(), &OpenOptions::default())).expect("the recording opens")
            });
        });
    }
    group.finish();
}

criterion_group!(benches, open);
criterion_main!(benches);
