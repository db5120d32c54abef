//! The tests of the finished program and library, one module a subject, in one program: linking thirty of them took
//! longer than most of their tests do. `cargo test --test whole masks::` runs a module. What needs a process of its own
//! stands beside it: `tests/breakout.rs` is put behind walls, `tests/fuzz_corpus.rs` measures its memory.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up must fail")]

mod additions;
mod architecture;
mod banding;
mod baseline_schema;
mod bench;
mod browser;
mod chromium;
mod cli;
mod colours;
mod common;
mod confined;
mod damage;
mod decoders;
mod everything;
mod film_decoders;
mod films;
mod fixtures;
mod geometry;
mod identity;
#[cfg(unix)]
mod interrupt;
mod many;
mod masks;
#[cfg(target_os = "linux")]
mod memory;
mod not_needed;
mod odd_sources;
#[cfg(unix)]
mod outputs;
mod pixel_path_exports;
mod pixel_paths;
mod range;
mod recovered;
mod region_films;
mod rig;
mod shard;
mod sound;
mod still_films;
mod still_pictures;
mod untrusted;
