//! Captions (cap-look.md 13).

pub(crate) mod fit;
pub(crate) mod source;
pub(crate) mod words;
