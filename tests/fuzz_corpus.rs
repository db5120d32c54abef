//! The fuzz targets (src/fuzzing.rs) without a fuzzer: every seed and every finding that was kept is replayed, and
//! `CAPSTAN_MUTATE` changes them at random for a while where no nightly Rust is at hand.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]
#![allow(
    clippy::print_stderr,
    reason = "the seed and the counts of a run of the mutator"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use capstan::fuzzing::{TARGETS, Target};

/// All seeds together, bytes.
const LARGEST: u64 = 300_000;
/// No input takes more of the processor, in a debug build either. On a busy machine it may take longer than that.
const LIMIT: Duration = Duration::from_secs(10);

/// What the process took of the processor so far.
#[cfg(unix)]
fn used() -> Duration {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let micros = |seconds, micros| Duration::from_secs(seconds as u64) + Duration::from_micros(micros as u64);
    let (user, system) = (usage.user_time(), usage.system_time());
    micros(user.tv_sec(), user.tv_usec()) + micros(system.tv_sec(), system.tv_usec())
}

#[cfg(not(unix))]
fn used() -> Duration {
    static BEGUN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    BEGUN.elapsed()
}

/// Gives `bytes` to a target and judges the time that it took.
fn judge((name, entry): Target, bytes: &[u8], file: &Path) {
    let begun = used();
    entry(bytes);
    let took = used().saturating_sub(begun);
    assert!(took < LIMIT, "{name}: {} took {took:?}", file.display());
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz")
}

/// The seeds of a target in order of their names.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(corpus().join(target))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_seed_is_replayed() {
    let mut bytes = 0;
    for (name, entry) in TARGETS {
        let seeds = seeds(name);
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for (path, content) in seeds {
            bytes += content.len() as u64;
            judge((name, entry), &content, &path);
        }
    }
    assert!(bytes < LARGEST, "the seeds are {bytes} bytes");
    // Among the seeds are files of a few bytes that count millions of samples, or unpack to much.
    #[cfg(target_os = "linux")]
    {
        let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF).unwrap();
        let peak = usage.max_rss() >> 10;
        assert!(peak < 700, "the seeds took {peak} MB");
    }
}

/// Every target has a fuzzer of that name, and its folder of seeds; none is left over.
#[test]
fn targets_fuzzers_and_folders_agree() {
    let names = |folder: PathBuf| {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        names.sort();
        names
    };
    let targets: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(corpus()), targets);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(names(root.join("fuzz/fuzz_targets")), targets);
}

/// Changes seeds at random: `CAPSTAN_MUTATE=SECONDS[:SEED[:TARGET]] cargo test --test fuzz_corpus mutated -- --ignored`. A
/// fuzzer that knows which code was reached finds more; see scripts/fuzz.sh.
#[test]
#[ignore = "runs for as long as CAPSTAN_MUTATE says"]
fn mutated_seeds() {
    let given = std::env::var("CAPSTAN_MUTATE").unwrap_or_else(|_| "60".to_owned());
    let mut parts = given.split(':');
    let seconds: u64 = parts.next().unwrap().parse().unwrap();
    let seed: u64 = parts
        .next()
        .map_or_else(|| fastrand::u64(..), |text| text.parse().unwrap());
    let only = parts.next();
    eprintln!("seed {seed}");
    let targets: Vec<Target> = TARGETS
        .into_iter()
        .filter(|(name, _)| only.is_none_or(|only| only == *name))
        .collect();
    assert!(!targets.is_empty(), "no target is called {only:?}");
    for (name, entry) in targets {
        let seeds = seeds(name);
        let mut random = fastrand::Rng::with_seed(seed);
        let end = Instant::now() + Duration::from_secs(seconds);
        let mut count = 0_u64;
        // What is tried stands in a file, so that it is there when the process does not live to tell.
        let tried = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mutated-{name}"));
        while Instant::now() < end {
            let mut bytes = seeds[random.usize(..seeds.len())].1.clone();
            for _ in 0..random.usize(1..=8) {
                mutate(&mut bytes, &seeds[random.usize(..seeds.len())].1, &mut random);
            }
            fs::write(&tried, &bytes).unwrap();
            judge((name, entry), &bytes, &tried);
            count += 1;
        }
        eprintln!("{name}: {count} inputs");
    }
}

/// Changes, inserts, removes or takes over a few bytes.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut fastrand::Rng) {
    const NUMBERS: [&str; 8] = [
        "-1",
        "0",
        "1e300",
        "-1e308",
        "4294967296",
        "0.0000001",
        "null",
        "[]",
    ];
    let at = random.usize(..=bytes.len());
    let length = random.usize(..=64).min(bytes.len() - at);
    match random.u8(..7) {
        0 if length > 0 => bytes[at] ^= 1 << random.u8(..8),
        1 if length > 0 => bytes[at] = random.u8(..),
        2 => drop(bytes.drain(at..at + length)),
        3 => {
            let piece = bytes[at..at + length].to_vec();
            bytes.splice(at..at, piece);
        }
        4 if !other.is_empty() => {
            let from = random.usize(..other.len());
            let piece = &other[from..(from + length).min(other.len())];
            bytes.splice(at..at, piece.iter().copied());
        }
        5 if length >= 4 => {
            let number = [0_u32, 1, 7, 8, 0xff, 0xffff, 0x7fff_ffff, u32::MAX][random.usize(..8)];
            bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
        }
        // A number of a JSON text becomes another value.
        _ => {
            let digit = |byte: &u8| byte.is_ascii_digit() || b"-.".contains(byte);
            if let Some(start) = bytes[at..].iter().position(digit) {
                let start = at + start;
                let end = bytes[start..]
                    .iter()
                    .position(|byte| !digit(byte))
                    .map_or(bytes.len(), |end| start + end);
                bytes.splice(start..end, NUMBERS[random.usize(..NUMBERS.len())].bytes());
            }
        }
    }
}
