//! The stages of the pipeline, one file each, every one on a thread of its own:
//! decode -> compose (upload, render, readback) -> convert -> encode -> mux, with sound beside them.

pub(super) mod compose;
pub(super) mod convert;
pub(super) mod decode;
pub(super) mod encode;
pub(super) mod mux;
pub(super) mod pool;
pub(super) mod sound;

#[cfg(test)]
mod path_tests;
#[cfg(test)]
mod tests;

/// A frame on its way, or the word that it equals the one before.
#[derive(Debug)]
pub(super) enum Step<T> {
    /// A frame that differs.
    New(T),
    /// The frame before once more.
    Repeat,
}
