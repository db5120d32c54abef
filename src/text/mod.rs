//! Fonts and shaping: a text becomes laid-out lines, their sizes and pictures of its glyphs.
//!
//! [`Fonts`] is the [`Typesetter`](crate::scene::typeset::Typesetter) that the scene is given. Shaping, bidirectional
//! order, fallback between fonts and line breaking come from cosmic-text, outlines and their coverage from swash. Glyphs
//! stand at quarter pixels across and at whole pixels down, hinted vertically, as Cap's do. Nothing here names the GPU.

mod blur;
mod cache;
mod faces;
mod fonts;
mod glyphs;
mod layout;
mod raster;
#[cfg(test)]
mod tests;

pub use fonts::Fonts;
