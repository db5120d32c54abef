//! How surfaces are judged before an export relies on them: their content against the reference and what making one
//! costs (`surface_candidate`), and what an encoder makes of them (`TrialPictures`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::converter::copy_planes;
use super::pixel_buffer::{PixelBuffer, Plane};
use super::status::Failure;
use super::surfaces::{SurfaceConverter, open_surfaces};
use crate::convert::target;
use crate::convert::{Candidate, ConvertError, ConvertSpec, Converter, PixelPath, Simd, Stopwatch, Timing};
use crate::frame::{Nv12Frame, PackedFormat, PackedFrame, PackedView, Size};
use crate::media::encode::{EncoderInput, Surface, SurfaceFormat, TestPictures};

/// Surfaces that are timed, after one that warms up.
const TIMED: u32 = 4;

/// A path as it runs where the encoder takes surfaces: judged by their content, timed without a copy of it.
///
/// For `bgra` the content is the pixels, converted by `simd`: what the media engine makes of them lies inside the
/// encoder, whose self-test on [`TrialPictures`] answers for it, and takes time that is not part of this figure.
pub fn surface_candidate(path: PixelPath) -> Candidate {
    Candidate {
        path,
        open: Arc::new(move |spec| {
            Ok(Box::new(ReadBack {
                surfaces: open_surfaces(path, spec)?,
                simd: Simd::new(spec)?,
                spec: *spec,
            }))
        }),
        timing: Timing::Whole(stopwatch(path)),
    }
}

/// The shortest time that a surface takes, in milliseconds.
fn stopwatch(path: PixelPath) -> Stopwatch {
    Arc::new(move |spec| {
        let mut surfaces = open_surfaces(path, spec)?;
        let picture = PackedFrame::new(spec.size, spec.source);
        let mut best = Duration::MAX;
        for round in 0..=TIMED {
            let started = Instant::now();
            drop(surfaces.surface(picture.view())?);
            if round > 0 {
                best = best.min(started.elapsed());
            }
        }
        Ok(best.as_secs_f64() * 1e3)
    })
}

/// Makes surfaces and reads them.
struct ReadBack {
    surfaces: Box<dyn SurfaceConverter>,
    simd: Simd,
    spec: ConvertSpec,
}

impl Converter for ReadBack {
    fn path(&self) -> PixelPath {
        self.surfaces.path()
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        let path = self.path();
        let surface = self.surfaces.surface(source)?;
        match self.surfaces.format() {
            SurfaceFormat::Nv12 => match target::region(path, &self.spec, source, target, x, y)? {
                Some(region) => {
                    copy_planes(&surface, source.size, region).map_err(|failure| failure.of(path))
                }
                None => Ok(()),
            },
            SurfaceFormat::Bgra => {
                let pixels = read_pixels(&surface, source.size).map_err(|failure| failure.of(path))?;
                self.simd.convert_rect(pixels.view(), target, x, y)
            }
        }
    }
}

/// The pixels of a 32BGRA buffer.
pub(super) fn read_pixels(surface: &PixelBuffer, size: Size) -> Result<PackedFrame, Failure> {
    let mut pixels = PackedFrame::new(size, PackedFormat::Bgra);
    let row = size.width as usize * 4;
    let locked = surface.lock_for_reading()?;
    let (bytes, stride) = locked.bytes(Plane::Packed, row, size.height)?;
    target::copy_rows(
        (bytes, stride),
        (&mut pixels.data, pixels.stride),
        row,
        size.height,
    );
    locked.unlock()?;
    Ok(pixels)
}

/// Pictures for the self-test of an encoder that takes surfaces: a coloured box that moves over grey.
pub struct TrialPictures {
    surfaces: Box<dyn SurfaceConverter>,
    reference: Simd,
    spec: ConvertSpec,
}

impl TrialPictures {
    /// Pictures of `spec`'s size as surfaces of `path`.
    ///
    /// # Errors
    /// As [`open_surfaces`].
    pub fn open(path: PixelPath, spec: &ConvertSpec) -> Result<Self, ConvertError> {
        Ok(Self {
            surfaces: open_surfaces(path, spec)?,
            reference: Simd::new(spec)?,
            spec: *spec,
        })
    }

    /// Grey with an orange box of a sixteenth of the area, which moves by an eighth of the width with each picture.
    fn picture(&self, number: i64) -> PackedFrame {
        const GREY: [u8; 4] = [128, 128, 128, 255];
        /// In memory order of BGRA.
        const ORANGE: [u8; 4] = [40, 120, 240, 255];
        let mut picture = PackedFrame::new(self.spec.size, PackedFormat::Bgra);
        let (pixels, _) = picture.data.as_chunks_mut::<4>();
        pixels.fill(GREY);
        let (width, height) = (self.spec.size.width as usize, self.spec.size.height as usize);
        // Even edges: chroma is as sharp as luma.
        let side = |length: usize| (length / 8).max(1) * 2;
        let room = (width / 2).saturating_sub(side(width) / 2).max(1);
        let left = number.unsigned_abs() as usize * (width / 16).max(1) % room * 2;
        let rows = pixels.chunks_mut(width.max(1));
        for row in rows.skip(height / 6 * 2).take(side(height)) {
            let right = (left + side(width)).min(width);
            row[left.min(right)..right].fill(ORANGE);
        }
        picture
    }
}

impl TestPictures for TrialPictures {
    fn input(&mut self, number: i64) -> Result<EncoderInput, String> {
        let picture = self.picture(number);
        let surface = self.surfaces.surface(picture.view());
        let surface = surface.map_err(|error| error.to_string())?;
        let format = self.surfaces.format();
        Ok(EncoderInput::Surface(Surface::new(
            surface,
            self.spec.size,
            format,
        )))
    }

    fn expected(&mut self, number: i64) -> Result<Nv12Frame, String> {
        let mut expected = Nv12Frame::new(self.spec.size);
        let converted = self.reference.convert(self.picture(number).view(), &mut expected);
        converted.map(|()| expected).map_err(|error| error.to_string())
    }
}
