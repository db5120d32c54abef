//! Packed RGB to NV12, one file a path, one interface.
//!
//! Every path turns the renderer's four-byte pixels into the NV12 that an H.264 encoder takes, and is measured
//! against one double-precision [`reference`](mod@reference) before it is trusted. [`calibrate`](mod@calibrate)
//! opens what the machine has, drops what deviates and takes the fastest; [`Chain`] replaces a path that fails
//! in the middle of an export.
//!
//! Chroma is the mean of the 2x2 block of pixels it covers (cap-look.md 20.2); a block that hangs over the right
//! or lower edge of an odd-sized picture is averaged over the pixels that exist. Alpha is ignored.

pub mod calibrate;
mod chain;
mod error;
#[cfg(test)]
mod failing;
mod floored;
mod gpu;
pub mod reference;
mod simd;
mod swscale;
mod target;
#[cfg(any(target_os = "macos", test))]
pub(crate) mod videotoolbox;

pub use chain::{Candidate, Chain, Opener, PathSwitch, Stopwatch, Timing};
pub use error::ConvertError;
#[cfg(test)]
pub(crate) use failing::failing;
pub use gpu::{Gpu, ReadbackCost};
pub use simd::Simd;
pub use swscale::Swscale;
#[cfg(any(target_os = "macos", test))]
pub use videotoolbox::{
    PixelBuffer, SurfaceChain, SurfaceConverter, TrialPictures, VideoToolbox, open_surfaces,
    surface_candidate,
};

use crate::frame::{Nv12Frame, PackedFormat, PackedView, Size, YuvColor};
use floored::Floored;

/// A way for rendered pixels to become what the encoder takes.
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
#[serde(rename_all = "lowercase")]
pub enum PixelPath {
    /// libswscale on one core: there wherever FFmpeg is, the fallback of all others.
    Swscale,
    /// The `yuv` crate's SIMD kernels, in bands of rows where more than one thread pays.
    Simd,
    /// A compute shader of the renderer; 1.5 bytes a pixel are read back instead of 4.
    Gpu,
    /// A VTPixelTransferSession (macOS): the media engine or the GPU converts between CVPixelBuffers.
    VideoToolbox,
    /// No conversion on our side (macOS): BGRA CVPixelBuffers go to h264_videotoolbox, which converts.
    Bgra,
}

impl PixelPath {
    /// Every path, the last resort first.
    pub const ALL: [Self; 5] = [
        Self::Swscale,
        Self::Simd,
        Self::Gpu,
        Self::VideoToolbox,
        Self::Bgra,
    ];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Swscale => "swscale",
            Self::Simd => "simd",
            Self::Gpu => "gpu",
            Self::VideoToolbox => "videotoolbox",
            Self::Bgra => "bgra",
        }
    }

    /// How far this path's code values may lie from the reference's.
    ///
    /// The bound is 1 in luma and 2 in chroma. VideoToolbox states a wider one of its own: Apple documents neither
    /// the fixed-point precision nor the rounding of a transfer, and the path has not run on Apple hardware yet,
    /// so it is allowed one step of truncation more in luma and two in chroma (two roundings, one in the matrix and
    /// one in the mean).
    pub const fn tolerance(self) -> Tolerance {
        match self {
            Self::Swscale | Self::Simd | Self::Gpu => Tolerance { luma: 1, chroma: 2 },
            Self::VideoToolbox | Self::Bgra => Tolerance { luma: 2, chroma: 4 },
        }
    }
}

impl std::fmt::Display for PixelPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for PixelPath {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|path| path.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                format!("{name:?} is no pixel path; known: {known}")
            })
    }
}

/// Largest deviation from the reference that a path is trusted with, in 8-bit code values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// In Y'.
    pub luma: u8,
    /// In Cb and Cr.
    pub chroma: u8,
}

/// How luma becomes integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Luma {
    /// To the nearest code value.
    #[default]
    Rounded,
    /// To the next lower one, about as Cap's exporter does it (cap-look.md 20.2), for `--cap-colors`. The paths that compute
    /// here know it, [`PixelPath::Simd`] and [`PixelPath::Swscale`].
    Floored,
}

/// What a converter is opened for; fixed for its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvertSpec {
    /// Size of the whole picture.
    pub size: Size,
    /// Byte order of the pixels that come in.
    pub source: PackedFormat,
    /// Matrix and range of what goes out: [`YuvColor::BT709_LIMITED`], or [`YuvColor::BT601_LIMITED`] for
    /// `--cap-colors`.
    pub color: YuvColor,
    /// How luma becomes integers.
    pub luma: Luma,
    /// Threads that one conversion may use, at least 1. More than one only pays where cores would idle otherwise:
    /// the encoder and a software rasteriser compete for them.
    pub threads: usize,
}

/// Turns packed RGB into NV12 planes.
pub trait Converter: Send {
    /// Which path this is.
    fn path(&self) -> PixelPath;

    /// Converts `source`, a rectangle of the picture, into the part of `target` whose upper left pixel is (`x`,
    /// `y`); the rest of `target`, row padding included, keeps its values.
    ///
    /// `target` has the spec's size. `x` and `y` are even, and so are the rectangle's sides unless it ends at the
    /// picture's own edge: a chroma sample belongs to one rectangle only. An empty rectangle changes nothing. A
    /// picture assembled from rectangles equals the one converted at once.
    ///
    /// # Errors
    /// [`ConvertError::Geometry`] or [`ConvertError::Format`] when the buffers break the above, otherwise what the
    /// path's own library reported. After an error the rectangle holds anything; the rest of `target` is intact.
    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError>;

    /// Converts the whole picture.
    ///
    /// # Errors
    /// As [`Converter::convert_rect`]; also when `source` is not of the spec's size.
    fn convert(&mut self, source: PackedView<'_>, target: &mut Nv12Frame) -> Result<(), ConvertError> {
        target::check_whole(self.path(), source, target.size)?;
        self.convert_rect(source, target, 0, 0)
    }
}

/// Opens `path` for `spec`.
///
/// # Errors
/// [`ConvertError::Unavailable`] with the reason where this machine, system or picture does not serve the path,
/// [`ConvertError::Call`] where its library refused.
pub fn open(path: PixelPath, spec: &ConvertSpec) -> Result<Box<dyn Converter>, ConvertError> {
    match (path, spec.luma) {
        (PixelPath::Swscale, Luma::Rounded) => Ok(Box::new(Swscale::new(spec)?)),
        (PixelPath::Simd, Luma::Rounded) => Ok(Box::new(Simd::new(spec)?)),
        (PixelPath::Swscale, Luma::Floored) => Ok(Box::new(Floored::new(*spec, Swscale::new(spec)?))),
        (PixelPath::Simd, Luma::Floored) => Ok(Box::new(Floored::new(*spec, Simd::new(spec)?))),
        (_, Luma::Floored) => Err(ConvertError::unavailable(
            path,
            "it rounds luma to the nearest, and --cap-colors cuts it off",
        )),
        (PixelPath::Gpu, _) => Ok(Box::new(Gpu::open(spec)?)),
        #[cfg(target_os = "macos")]
        (PixelPath::VideoToolbox, _) => Ok(Box::new(VideoToolbox::new(spec)?)),
        #[cfg(target_os = "macos")]
        (PixelPath::Bgra, _) => Err(ConvertError::unavailable(
            path,
            "it makes no planes: h264_videotoolbox alone takes its BGRA surfaces and converts them",
        )),
        #[cfg(not(target_os = "macos"))]
        (PixelPath::VideoToolbox | PixelPath::Bgra, _) => Err(ConvertError::unavailable(
            path,
            format!(
                "it needs VideoToolbox, which is part of macOS, and this is {}",
                std::env::consts::OS
            ),
        )),
    }
}
