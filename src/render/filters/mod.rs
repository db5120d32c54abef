//! How each kind of filter is drawn: from the surface below it, over a copy of that.

pub(in crate::render) mod mask;
