//! The planes of a source picture, checked against what its size and layout promise.

use crate::frame::{PlaneView, Size, YuvLayout, YuvPicture};
use crate::render::error::RenderError;
use crate::scene::SourceId;

/// A source's picture, in messages.
pub(in crate::render) fn name(source: SourceId) -> String {
    format!("the picture of the {source}")
}

/// Luma texels per chroma texel in x and y, as powers of 2.
pub(in crate::render) fn shifts(layout: YuvLayout) -> (u8, u8) {
    match layout {
        // No side is longer than 2^31, so larger shifts leave one sample as well.
        YuvLayout::Planar { shift_x, shift_y } => (shift_x.min(31), shift_y.min(31)),
        YuvLayout::SemiPlanar420 => (1, 1),
    }
}

/// Size of a chroma plane in samples.
pub(in crate::render) fn chroma_size(picture: &YuvPicture) -> Size {
    let (shift_x, shift_y) = shifts(picture.layout);
    let shrink = |side: u32, shift: u8| u64::from(side).div_ceil(1u64 << shift) as u32;
    Size::new(
        shrink(picture.size.width, shift_x),
        shrink(picture.size.height, shift_y),
    )
}

/// The planes of a picture, checked against its size.
pub(in crate::render) struct Planes<'a> {
    luma: PlaneView<'a>,
    /// Size of a chroma plane in samples.
    pub(in crate::render) chroma: Size,
    /// Luma texels per chroma texel in x and y, as powers of 2.
    pub(in crate::render) shift: (u8, u8),
    layout: ChromaPlanes<'a>,
}

/// A part of a row of chroma, as it is stored.
pub(in crate::render) enum ChromaRows<'a> {
    /// U and V.
    Separate(&'a [u8], &'a [u8]),
    /// U, V, U, V ...
    Interleaved(&'a [u8]),
}

enum ChromaPlanes<'a> {
    Separate(PlaneView<'a>, PlaneView<'a>),
    Interleaved(PlaneView<'a>),
}

impl<'a> Planes<'a> {
    /// The planes of a picture of `source`.
    ///
    /// # Errors
    /// [`RenderError::Truncated`] when one is too short.
    pub(in crate::render) fn checked(picture: &'a YuvPicture, source: SourceId) -> Result<Self, RenderError> {
        Self::of(picture).map_err(|(found, expected)| RenderError::Truncated {
            what: name(source),
            found,
            expected,
        })
    }

    /// The planes, or the bytes found and expected of one that is too short.
    fn of(picture: &'a YuvPicture) -> Result<Self, (usize, usize)> {
        let chroma = chroma_size(picture);
        let plane = |index, row_bytes: u32, height: u32| {
            let plane = picture.plane(index);
            let row_bytes = row_bytes as usize;
            let expected = plane.stride.max(row_bytes) * (height as usize - 1) + row_bytes;
            if plane.data.len() < expected || plane.stride < row_bytes {
                return Err((plane.data.len(), expected));
            }
            Ok(plane)
        };
        let luma = plane(0, picture.size.width, picture.size.height)?;
        let layout = match picture.layout {
            YuvLayout::Planar { .. } => ChromaPlanes::Separate(
                plane(1, chroma.width, chroma.height)?,
                plane(2, chroma.width, chroma.height)?,
            ),
            YuvLayout::SemiPlanar420 => ChromaPlanes::Interleaved(plane(1, chroma.width * 2, chroma.height)?),
        };
        Ok(Self {
            luma,
            chroma,
            shift: shifts(picture.layout),
            layout,
        })
    }

    /// Row `y` of luma.
    pub(in crate::render) fn luma_row(&self, y: u32) -> &'a [u8] {
        &self.luma.data[y as usize * self.luma.stride..]
    }

    /// Samples `x..x + width` of row `y`.
    pub(in crate::render) fn chroma_rows(&self, y: u32, x: u32, width: u32) -> ChromaRows<'a> {
        let (x, width) = (x as usize, width as usize);
        let row = |plane: PlaneView<'a>, sample: usize| {
            let start = y as usize * plane.stride + x * sample;
            &plane.data[start..start + width * sample]
        };
        match self.layout {
            ChromaPlanes::Interleaved(plane) => ChromaRows::Interleaved(row(plane, 2)),
            ChromaPlanes::Separate(u, v) => ChromaRows::Separate(row(u, 1), row(v, 1)),
        }
    }

    /// The same as U, V, U, V ..., made in `scratch` unless they are stored that way.
    pub(in crate::render) fn chroma_row<'b>(
        &'b self,
        y: u32,
        x: u32,
        width: u32,
        scratch: &'b mut [u8],
    ) -> &'b [u8] {
        match self.chroma_rows(y, x, width) {
            ChromaRows::Interleaved(pairs) => pairs,
            ChromaRows::Separate(u, v) => {
                let scratch = &mut scratch[..width as usize * 2];
                for ((pair, u), v) in scratch.chunks_exact_mut(2).zip(u).zip(v) {
                    pair[0] = *u;
                    pair[1] = *v;
                }
                scratch
            }
        }
    }
}
