//! The keyboard overlay (cap-look.md 14).

pub(crate) mod shown;
