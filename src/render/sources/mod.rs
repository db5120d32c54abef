//! What draws read beside numbers: source pictures uploaded or sampled, canvases, the pointer's art.

pub(in crate::render) mod art;
pub(in crate::render) mod bitmaps;
pub(in crate::render) mod canvas;
pub(in crate::render) mod converted;
pub(in crate::render) mod glyphs;
pub(in crate::render) mod images;
pub(in crate::render) mod picture;
pub(in crate::render) mod planes;
pub(in crate::render) mod sheets;
pub(in crate::render) mod uploads;
