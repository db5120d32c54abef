//! Text segments (cap-look.md 11).

pub(crate) mod animation;
pub(crate) mod place;
