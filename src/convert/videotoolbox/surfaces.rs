//! Frames as CVPixelBuffers, for h264_videotoolbox's hardware frames: no plane is copied on the way.

use super::converter::{SURFACES, VideoToolbox, filled, planar_format, uploaded};
use super::pixel_buffer::{PixelBuffer, Pool};
use super::sys;
use crate::convert::{Chain, ConvertError, ConvertSpec, PathSwitch, PixelPath, target};
use crate::frame::{Nv12Frame, PackedFormat, PackedView, YuvColor};
use crate::media::encode::{Surface, SurfaceFormat};

/// Turns packed pixels into surfaces that h264_videotoolbox takes.
pub trait SurfaceConverter: Send {
    /// Which path this is.
    fn path(&self) -> PixelPath;

    /// What its surfaces hold.
    fn format(&self) -> SurfaceFormat;

    /// The picture as a surface of the spec's size, of the caller to keep or drop. Waits where as many surfaces as
    /// a pool allows are still held.
    ///
    /// # Errors
    /// [`ConvertError::Format`] or [`ConvertError::Geometry`] when `source` is not what the spec says, otherwise what
    /// Apple's frameworks reported.
    fn surface(&mut self, source: PackedView<'_>) -> Result<PixelBuffer, ConvertError>;
}

/// Opens `path` for `spec`, to make surfaces.
///
/// # Errors
/// [`ConvertError::Unavailable`] for a path that makes none, for RGBA and for odd sizes; otherwise as [`super::super::open`].
pub fn open_surfaces(path: PixelPath, spec: &ConvertSpec) -> Result<Box<dyn SurfaceConverter>, ConvertError> {
    if spec.color != YuvColor::BT709_LIMITED {
        // The encoder converts by, and its session is told, what the stream is tagged with.
        return Err(ConvertError::unavailable(
            path,
            "h264_videotoolbox takes surfaces as BT.709 of limited range, and other colours are asked for (--cap-colors)",
        ));
    }
    if !spec.size.width.is_multiple_of(2) || !spec.size.height.is_multiple_of(2) {
        return Err(ConvertError::unavailable(path, "4:2:0 surfaces have even sides"));
    }
    match path {
        PixelPath::VideoToolbox => Ok(Box::new(Transferred {
            converter: VideoToolbox::new(spec)?,
            spec: *spec,
        })),
        PixelPath::Bgra => Ok(Box::new(Bgra::new(spec)?)),
        PixelPath::Swscale | PixelPath::Simd | PixelPath::Gpu => Err(ConvertError::unavailable(
            path,
            "it makes planes in memory, not surfaces",
        )),
    }
}

/// The `videotoolbox` path without the copy of its planes.
struct Transferred {
    converter: VideoToolbox,
    spec: ConvertSpec,
}

impl SurfaceConverter for Transferred {
    fn path(&self) -> PixelPath {
        PixelPath::VideoToolbox
    }

    fn format(&self) -> SurfaceFormat {
        SurfaceFormat::Nv12
    }

    fn surface(&mut self, source: PackedView<'_>) -> Result<PixelBuffer, ConvertError> {
        target::check_source(self.path(), &self.spec, source)?;
        self.converter
            .transfer(source)
            .map_err(|failure| failure.of(PixelPath::VideoToolbox))
    }
}

/// The `bgra` path: pixels as they are, in a surface; the encoder's media engine converts.
///
/// The pixels are copied once: the encoder holds a surface longer than a frame is lent. The matrix is the encoder's
/// choice, made by the colour settings it is opened with.
struct Bgra {
    spec: ConvertSpec,
    pool: Pool,
}

impl Bgra {
    fn new(spec: &ConvertSpec) -> Result<Self, ConvertError> {
        let path = PixelPath::Bgra;
        if spec.source != PackedFormat::Bgra {
            return Err(ConvertError::unavailable(path, "it takes BGRA pixels only"));
        }
        let pool = Pool::new(spec.size, sys::FORMAT_BGRA, SURFACES).map_err(|failure| failure.of(path))?;
        Ok(Self { spec: *spec, pool })
    }
}

impl SurfaceConverter for Bgra {
    fn path(&self) -> PixelPath {
        PixelPath::Bgra
    }

    fn format(&self) -> SurfaceFormat {
        SurfaceFormat::Bgra
    }

    fn surface(&mut self, source: PackedView<'_>) -> Result<PixelBuffer, ConvertError> {
        target::check_source(self.path(), &self.spec, source)?;
        filled(&mut self.pool, source, self.spec.size).map_err(|failure| failure.of(PixelPath::Bgra))
    }
}

/// Makes surfaces by one path and, where it fails, by the planes of a [`Chain`] copied into surfaces: an encoder
/// that was opened for surfaces can go on.
pub struct SurfaceChain {
    spec: ConvertSpec,
    path: PixelPath,
    direct: Option<Box<dyn SurfaceConverter>>,
    format: SurfaceFormat,
    planes: Option<Planes>,
    reserve: Vec<crate::convert::Candidate>,
    switches: Vec<PathSwitch>,
}

/// The fallback: converted in memory, then copied into a 4:2:0 surface.
struct Planes {
    chain: Chain,
    frame: Nv12Frame,
    pool: Pool,
}

impl SurfaceChain {
    /// Opens `path` and keeps the planar paths of `reserve` for when it fails.
    ///
    /// # Errors
    /// As [`open_surfaces`].
    pub fn open(
        path: PixelPath,
        reserve: impl IntoIterator<Item = crate::convert::Candidate>,
        spec: &ConvertSpec,
    ) -> Result<Self, ConvertError> {
        let direct = open_surfaces(path, spec)?;
        Ok(Self {
            spec: *spec,
            path,
            format: direct.format(),
            direct: Some(direct),
            planes: None,
            reserve: reserve.into_iter().collect(),
            switches: Vec::new(),
        })
    }

    /// The path in use.
    pub fn path(&self) -> PixelPath {
        self.planes
            .as_ref()
            .map_or(self.path, |planes| planes.chain.path())
    }

    /// What the surfaces hold until the path fails: planes afterwards.
    pub fn format(&self) -> SurfaceFormat {
        self.format
    }

    /// The paths given up so far, oldest first.
    pub fn switches(&self) -> Vec<PathSwitch> {
        let planar = self
            .planes
            .as_ref()
            .map_or(&[][..], |planes| planes.chain.switches());
        self.switches.iter().chain(planar).cloned().collect()
    }

    /// Frame `frame` as a surface, on the next path where the current one fails.
    ///
    /// # Errors
    /// As [`Chain::convert`].
    pub fn surface(&mut self, frame: u64, source: PackedView<'_>) -> Result<Surface, ConvertError> {
        let size = self.spec.size;
        if let Some(direct) = &mut self.direct {
            let from = direct.path();
            match direct.surface(source) {
                Ok(surface) => return Ok(Surface::new(surface, size, self.format)),
                Err(error @ (ConvertError::Geometry { .. } | ConvertError::Format { .. })) => {
                    return Err(error);
                }
                Err(error) => {
                    self.direct = None;
                    self.planes = Some(self.fall_back(frame, from, &error)?);
                }
            }
        }
        let Some(planes) = &mut self.planes else {
            return Err(ConvertError::NoCandidate);
        };
        planes.chain.convert(frame, source, &mut planes.frame)?;
        let surface = uploaded(&mut planes.pool, &planes.frame, self.spec.color.matrix)
            .map_err(|failure| failure.of(planes.chain.path()))?;
        Ok(Surface::new(surface, size, SurfaceFormat::Nv12))
    }

    fn fall_back(
        &mut self,
        frame: u64,
        from: PixelPath,
        error: &ConvertError,
    ) -> Result<Planes, ConvertError> {
        let chain = Chain::open(self.reserve.drain(..), &self.spec)?;
        let (to, reason) = (chain.path(), error.to_string());
        tracing::warn!(frame, %from, %to, reason, "pixel path failed, switching");
        self.switches.push(PathSwitch {
            frame,
            from,
            to,
            reason,
        });
        let pool = Pool::new(self.spec.size, planar_format(self.spec.color.range), SURFACES)
            .map_err(|failure| failure.of(to))?;
        Ok(Planes {
            chain,
            frame: Nv12Frame::new(self.spec.size),
            pool,
        })
    }
}
