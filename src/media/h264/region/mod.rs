//! Region pictures: full-size pictures of which an encoder was shown a rectangle only.
//!
//! A second, small encoder codes the rectangle, one slice a row of macroblocks. [`RegionStream`] places these slices into a
//! P picture of full size, between slices in which every macroblock is skipped. Their headers are written anew, the
//! coded macroblocks are copied. This works because a slice depends on nothing outside of it but its reference picture:
//!
//! * Neighbours in another slice count as absent for prediction and context, here as in the small picture. One slice a row
//!   leaves no neighbour above, so that skipped macroblocks have no motion in either.
//! * The deblocking filter is off in region and skip slices.
//! * Motion vectors must not read outside the rectangle: the small encoder sees its own padding there, a decoder the
//!   picture's other pixels. The code that encodes the rectangle checks that.
//! * There is one sequence and one picture parameter set, that of the whole pictures. What the small encoder's set says
//!   about macroblocks must be equal.

mod header;
mod level;
mod rect;
mod references;
mod rows;
mod skips;
mod stream;

pub use level::Limits;
pub use rect::{MbRect, slice_count};
pub use rows::{RowReader, Rows};
pub use stream::{Part, RegionStream, Source};
