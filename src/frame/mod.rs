//! Plain pixel buffers: the currency between the rooms.
//!
//! Nothing here knows FFmpeg or wgpu. A buffer says how large it is, how its rows are padded (stride) and
//! what its bytes mean; whoever produces or consumes one needs no other agreement.

mod areas;
mod rect;

use std::fmt;
use std::sync::Arc;

pub use areas::Areas;
pub use rect::{Extent, PixelRect, Rect};
pub(crate) use rect::{centres_within, subtract_all};

/// Width and height in pixels.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub struct Size {
    /// Pixels per row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size of `width` by `height` pixels.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Number of pixels.
    pub const fn area(self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Size of the chroma plane of a 4:2:0 picture: both sides halved, rounded up.
    pub const fn chroma_420(self) -> Self {
        Self::new(self.width.div_ceil(2), self.height.div_ceil(2))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Byte order of a packed 8-bit pixel of four channels.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PackedFormat {
    /// R, G, B, A in memory.
    Rgba,
    /// B, G, R, A in memory: what VideoToolbox calls 32BGRA.
    Bgra,
}

/// A borrowed packed picture: `size.height` rows of `size.width` four-byte pixels, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct PackedView<'a> {
    /// Picture size in pixels.
    pub size: Size,
    /// Bytes from one row to the next, at least `4 * size.width`.
    pub stride: usize,
    /// Byte order of a pixel.
    pub format: PackedFormat,
    /// At least `stride * (height - 1) + 4 * width` bytes.
    pub data: &'a [u8],
}

impl<'a> PackedView<'a> {
    /// The pixels of row `y`, `4 * width` bytes without padding.
    ///
    /// # Panics
    /// When `y` is not below the height or the data is shorter than the type demands.
    pub fn row(&self, y: u32) -> &'a [u8] {
        let start = y as usize * self.stride;
        &self.data[start..start + self.size.width as usize * 4]
    }
}

/// An owned packed picture; see [`PackedView`] for the layout.
#[derive(Clone, Debug)]
pub struct PackedFrame {
    /// Picture size in pixels.
    pub size: Size,
    /// Bytes from one row to the next.
    pub stride: usize,
    /// Byte order of a pixel.
    pub format: PackedFormat,
    /// `stride * height` bytes.
    pub data: Vec<u8>,
}

impl PackedFrame {
    /// A zeroed picture (transparent black) without row padding.
    pub fn new(size: Size, format: PackedFormat) -> Self {
        let stride = size.width as usize * 4;
        Self {
            size,
            stride,
            format,
            data: vec![0; stride * size.height as usize],
        }
    }

    /// Borrows the picture.
    pub fn view(&self) -> PackedView<'_> {
        PackedView {
            size: self.size,
            stride: self.stride,
            format: self.format,
            data: &self.data,
        }
    }
}

/// An owned NV12 picture: one plane of luma, one of interleaved U and V at half size in both directions
/// (odd sizes round the chroma up). Always BT.709 limited range unless [`crate::convert`] was told otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nv12Frame {
    /// Luma size in pixels.
    pub size: Size,
    /// Bytes from one luma row to the next, at least `width`.
    pub y_stride: usize,
    /// Bytes from one chroma row to the next, at least `2 * ceil(width / 2)`.
    pub uv_stride: usize,
    /// `y_stride * height` bytes.
    pub y: Vec<u8>,
    /// `uv_stride * ceil(height / 2)` bytes, U before V.
    pub uv: Vec<u8>,
}

impl Nv12Frame {
    /// A picture of zeroes. Strides are padded to 64 bytes so that rows start aligned for SIMD readers.
    pub fn new(size: Size) -> Self {
        let chroma = size.chroma_420();
        let y_stride = (size.width as usize).next_multiple_of(64);
        let uv_stride = (chroma.width as usize * 2).next_multiple_of(64);
        Self {
            size,
            y_stride,
            uv_stride,
            y: vec![0; y_stride * size.height as usize],
            uv: vec![0; uv_stride * chroma.height as usize],
        }
    }
}

/// Coefficients that relate R'G'B' to Y'CbCr.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum YuvMatrix {
    /// ITU-R BT.601 (Kr 0.299, Kb 0.114).
    Bt601,
    /// ITU-R BT.709 (Kr 0.2126, Kb 0.0722).
    Bt709,
    /// ITU-R BT.2020 non-constant luminance (Kr 0.2627, Kb 0.0593).
    Bt2020,
}

impl YuvMatrix {
    /// (Kr, Kb): weight of red and of blue in luma.
    pub const fn luma_weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }
}

/// How code values map to levels.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum YuvRange {
    /// 8-bit luma 16..=235, chroma 16..=240.
    Limited,
    /// 0..=255.
    Full,
}

/// Colour description of a Y'CbCr picture.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct YuvColor {
    /// Coefficients.
    pub matrix: YuvMatrix,
    /// Code value range.
    pub range: YuvRange,
}

impl YuvColor {
    /// What an untagged stream is taken for (cap-look.md 20.3, cap-format.md 7) and what capstan writes.
    pub const BT709_LIMITED: Self = Self {
        matrix: YuvMatrix::Bt709,
        range: YuvRange::Limited,
    };
    /// What Cap's own exporter uses whatever the tags say (cap-look.md 20.1).
    pub const BT601_LIMITED: Self = Self {
        matrix: YuvMatrix::Bt601,
        range: YuvRange::Limited,
    };
}

/// Arrangement of the planes of an 8-bit Y'CbCr picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum YuvLayout {
    /// Three planes Y, U, V; chroma is the luma size shifted right (rounded up) by these amounts:
    /// (1, 1) is 4:2:0, (1, 0) is 4:2:2, (0, 0) is 4:4:4.
    Planar {
        /// log2 of the horizontal subsampling.
        shift_x: u8,
        /// log2 of the vertical subsampling.
        shift_y: u8,
    },
    /// Two planes, Y and interleaved UV at 4:2:0 (NV12).
    SemiPlanar420,
}

/// Bytes of one plane, row by row.
#[derive(Clone, Copy, Debug)]
pub struct PlaneView<'a> {
    /// At least `stride * (rows - 1) + row_bytes` bytes.
    pub data: &'a [u8],
    /// Bytes from one row to the next.
    pub stride: usize,
}

/// Whoever owns the memory of a decoded picture (a decoder's reference-counted frame, or a plain vector).
pub trait PlaneStorage: Send + Sync {
    /// Plane `index` in the order of [`YuvLayout`].
    fn plane(&self, index: usize) -> PlaneView<'_>;
}

/// A decoded 8-bit Y'CbCr picture. Cloning shares the planes.
#[derive(Clone)]
pub struct YuvPicture {
    /// Luma size in pixels, after rotation.
    pub size: Size,
    /// Arrangement of the planes.
    pub layout: YuvLayout,
    /// Colour description, from the stream's tags ([`YuvColor::BT709_LIMITED`] where it has none).
    pub color: YuvColor,
    planes: Arc<dyn PlaneStorage>,
}

impl YuvPicture {
    /// A picture over `planes`, which must hold what `size` and `layout` promise.
    pub fn new(size: Size, layout: YuvLayout, color: YuvColor, planes: Arc<dyn PlaneStorage>) -> Self {
        Self {
            size,
            layout,
            color,
            planes,
        }
    }

    /// Plane `index` in the order of the layout.
    pub fn plane(&self, index: usize) -> PlaneView<'_> {
        self.planes.plane(index)
    }

    /// Number of planes.
    pub const fn plane_count(&self) -> usize {
        match self.layout {
            YuvLayout::Planar { .. } => 3,
            YuvLayout::SemiPlanar420 => 2,
        }
    }

    /// Bytes of all planes, row padding included.
    pub fn bytes(&self) -> u64 {
        (0..self.plane_count())
            .map(|index| self.plane(index).data.len() as u64)
            .sum()
    }

    /// Whether both are the very same decoded picture (shared memory, no pixel is compared).
    pub fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.planes, &other.planes)
    }
}

impl fmt::Debug for YuvPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YuvPicture")
            .field("size", &self.size)
            .field("layout", &self.layout)
            .field("color", &self.color)
            .finish_non_exhaustive()
    }
}
