//! How each kind of filter is drawn: from the surface below it, over a copy of that.

pub(in crate::render) mod focus;
pub(in crate::render) mod mask;
pub(in crate::render) mod processor;
pub(in crate::render) mod stripes;

use super::plan::draw::Draw;

/// The draws of a filter on one area.
pub(in crate::render) struct FilterPlan {
    /// On the scratch surface, before the others.
    pub(in crate::render) scratch: Option<Draw>,
    /// Over a copy of what is below.
    pub(in crate::render) draw: Draw,
    /// Whether the draw hides all that is below it.
    pub(in crate::render) opaque: bool,
}
