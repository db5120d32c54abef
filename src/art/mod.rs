//! Pictures that this project draws itself, once and on the processor: window frames and pointers. Both imitate no system's
//! own files: they were drawn for this project and are under its licence.
//!
//! `canvas` is the drawing board; `window` and `pointer` each say what is drawn, in their own units.

mod canvas;
pub(crate) mod pointer;
pub(crate) mod window;

use crate::frame::Size;

/// A finished picture: RGBA with premultiplied alpha, row by row without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picture {
    /// Columns and rows.
    pub(crate) size: Size,
    /// 4 bytes a pixel.
    pub(crate) data: Vec<u8>,
}
