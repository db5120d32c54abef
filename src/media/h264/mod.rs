//! Still pictures: repeats a coded H.264 picture at no encoding cost.
//!
//! A picture that equals the one before it can be written as a P picture in which every macroblock is skipped: some 70
//! bytes at 1080p. [`StillPictures`] writes such copies between the pictures that an encoder made and renumbers what
//! follows. It reads parameter sets and slice headers itself and declines every stream it is not sure of; whoever uses
//! it then encodes the repetition as any other picture.
//!
//! Section numbers are those of ITU-T H.264 (08/2021).

mod bits;
mod cabac;
mod idr;
mod nal;
mod parameter_sets;
mod region;
mod slice;
mod still;

pub use idr::{idr_pic_id, with_idr_pic_id};
pub use region::{Limits, MbRect, Part, RegionStream, RowReader, Rows, Source, slice_count};
pub use still::{Declined, StillPictures};
