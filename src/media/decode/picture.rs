//! From a decoder's frame to a [`YuvPicture`]: shared as it is where its layout allows, converted where not.

use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::frame::side_data;
use ffmpeg_next::software::scaling;
use ffmpeg_next::{ffi, frame};

use super::recolor::{self, Recolorer};
use crate::frame::{PlaneStorage, PlaneView, Size, YuvColor, YuvLayout, YuvMatrix, YuvPicture, YuvRange};
use crate::media::color::{DEFAULT_PEAK, Light, REFERENCE_WHITE};
use crate::media::ffmpeg::{FfmpegError, MediaError, check, forget_complaints};
use crate::media::probe::{self, ColorTags, Orientation, checked_size};

/// How the pictures of a track are shown, by its headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presentation {
    pub(super) orientation: Orientation,
    /// Width of a stored pixel over its height.
    pub(super) pixel_aspect: f64,
    /// What pictures without tags of their own are taken for.
    pub(super) tags: ColorTags,
}

/// Makes pictures of one size, orientation and colour description out of the frames of one track.
pub(super) struct PictureMaker {
    file: PathBuf,
    presentation: Presentation,
    /// Size with square pixels, before turning, of the first picture; later ones are scaled to it.
    size: Option<Size>,
    scaler: Option<Scaler>,
    recolorer: Option<Recolorer>,
    /// Brightest light of HDR pictures, cd/m², once it is stated.
    peak: Option<f64>,
    /// A neutral chroma plane, for pictures without colour.
    neutral: Arc<[u8]>,
}

/// How the planes of a pixel format lie.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Planes {
    /// Y, U, V (an alpha plane behind them is ignored).
    Planar { shift_x: u8, shift_y: u8 },
    /// Y, then U and V interleaved at 4:2:0.
    SemiPlanar420,
    /// Y alone.
    Gray,
}

impl PictureMaker {
    pub(super) fn new(file: &Path, presentation: Presentation) -> Self {
        Self {
            file: file.to_owned(),
            presentation,
            size: None,
            scaler: None,
            recolorer: None,
            peak: None,
            neutral: Arc::from([]),
        }
    }

    /// What frames without tags are taken for from here on: the next group's.
    pub(super) fn set_stream_tags(&mut self, tags: ColorTags) {
        self.presentation.tags = tags;
    }

    /// Wraps or converts `frame`, which lies in main memory.
    ///
    /// # Errors
    /// When the frame is larger than the limits, or swscale refuses its pixel format.
    pub(super) fn make(&mut self, frame: frame::Video) -> Result<YuvPicture, MediaError> {
        let (width, height) = (frame.width().cast_signed(), frame.height().cast_signed());
        let found = checked_size(&self.file, width, height)?;
        let aspect = self.presentation.pixel_aspect;
        let size = *self
            .size
            .get_or_insert_with(|| probe::square_pixels(found, aspect));
        let tags = ColorTags::of_frame(&frame).or(self.presentation.tags);
        let light = tags.light();
        let (storage, planes, color): (Arc<dyn PlaneStorage>, _, _) = if light == Light::BT709 {
            let (frame, planes, color) = self.as_it_is(frame, size, tags.yuv())?;
            let chroma_bytes = size.chroma_420().area() as usize;
            if planes == Planes::Gray && self.neutral.len() != chroma_bytes {
                self.neutral = vec![128; chroma_bytes].into();
            }
            let shared = SharedFrame {
                frame,
                size,
                planes,
                neutral: self.neutral.clone(),
            };
            (Arc::new(shared), planes, color)
        } else {
            let (storage, planes) = self.recolored(&frame, size, tags)?;
            (Arc::new(storage), planes, recolor::OUTPUT)
        };
        let layout = match planes {
            Planes::Planar { shift_x, shift_y } => YuvLayout::Planar { shift_x, shift_y },
            Planes::SemiPlanar420 => YuvLayout::SemiPlanar420,
            Planes::Gray => YuvLayout::Planar {
                shift_x: 1,
                shift_y: 1,
            },
        };
        let orientation = self.presentation.orientation;
        let storage = if orientation.is_upright() {
            storage
        } else {
            Arc::new(turn(&*storage, size, planes, orientation))
        };
        Ok(YuvPicture::new(orientation.apply(size), layout, color, storage))
    }

    /// The frame itself where its planes can be used, else 8-bit planes of the same colours.
    fn as_it_is(
        &mut self,
        frame: frame::Video,
        size: Size,
        color: YuvColor,
    ) -> Result<(frame::Video, Planes, YuvColor), MediaError> {
        let implied = is_full_range(frame.format()).then_some(YuvRange::Full);
        let color = YuvColor {
            range: implied.unwrap_or(color.range),
            ..color
        };
        let planes = planes_of(frame.format());
        // A quarter turn of 4:2:2 would be 4:4:0, which nobody downstream knows.
        let turned_422 = self.presentation.orientation.swaps_sides()
            && planes
                == Some(Planes::Planar {
                    shift_x: 1,
                    shift_y: 0,
                });
        let found = Size::new(frame.width(), frame.height());
        match planes {
            Some(planes) if found == size && !turned_422 && !has_negative_stride(&frame) => {
                Ok((frame, planes, color))
            }
            _ => self.convert(&frame, size, color),
        }
    }

    /// The colours of `frame`, which mean another light than BT.709's, as those of BT.709.
    fn recolored(
        &mut self,
        frame: &frame::Video,
        size: Size,
        tags: ColorTags,
    ) -> Result<(OwnPlanes, Planes), MediaError> {
        let light = tags.light();
        if light.is_hdr() {
            self.peak = stated_peak(frame).or(self.peak);
        }
        // Higher peaks than the usual one are not believed: cap-format.md 7.
        let peak = self
            .peak
            .unwrap_or(DEFAULT_PEAK)
            .clamp(REFERENCE_WHITE, DEFAULT_PEAK);
        let implied = is_full_range(frame.format()).then_some(YuvRange::Full);
        let color = YuvColor {
            range: implied.unwrap_or(tags.yuv().range),
            ..tags.yuv()
        };
        let turned = self.presentation.orientation.swaps_sides();
        let (eight_bits, planes, rgb) = conversion_of(frame.format(), turned);
        let found = Size::new(frame.width(), frame.height());
        let readable = found == size && recolor::reads(frame.format()) && !has_negative_stride(frame);
        let scaled = if readable {
            None
        } else {
            // Twelve bits keep what ten have.
            let deep = match eight_bits {
                _ if rgb => Pixel::GBRP12,
                Pixel::YUV420P => Pixel::YUV420P12,
                Pixel::YUV422P => Pixel::YUV422P12,
                _ => Pixel::YUV444P12,
            };
            Some(self.scaled(frame, size, deep, color)?)
        };
        let recolorer = match self.recolorer.take() {
            Some(recolorer) if recolorer.is_for(light, peak) => recolorer,
            _ => {
                tracing::info!(
                    "{}: pictures of {light:?} are converted to BT.709{}",
                    self.file.display(),
                    if light.is_hdr() {
                        format!(", tone-mapped from {peak:.0} cd/m²")
                    } else {
                        String::new()
                    },
                );
                Recolorer::new(light, peak)
            }
        };
        let shifts = match planes {
            Planes::Planar { shift_x, shift_y } => (shift_x, shift_y),
            Planes::SemiPlanar420 | Planes::Gray => (1, 1),
        };
        let recolored = self
            .recolorer
            .insert(recolorer)
            .run(scaled.as_ref().unwrap_or(frame), color, shifts);
        let planes = Planes::Planar {
            shift_x: shifts.0,
            shift_y: shifts.1,
        };
        recolored
            .map(|recolored| (OwnPlanes(recolored), planes))
            .ok_or_else(|| {
                // Only reached if swscale had made another format than it was told to.
                MediaError::ffmpeg(
                    "convert a picture of",
                    &self.file,
                    ffmpeg_next::Error::PatchWelcome,
                )
            })
    }

    /// Converts to 8-bit planes of the same subsampling, matrix and range, and to `size`. What has no Y'CbCr matrix
    /// (RGB) becomes 4:4:4 BT.709 full range.
    fn convert(
        &mut self,
        frame: &frame::Video,
        size: Size,
        color: YuvColor,
    ) -> Result<(frame::Video, Planes, YuvColor), MediaError> {
        let (target, planes, rgb) =
            conversion_of(frame.format(), self.presentation.orientation.swaps_sides());
        let color = if rgb {
            YuvColor {
                matrix: YuvMatrix::Bt709,
                range: YuvRange::Full,
            }
        } else {
            color
        };
        Ok((self.scaled(frame, size, target, color)?, planes, color))
    }

    /// `frame` as a picture of this size and format.
    fn scaled(
        &mut self,
        frame: &frame::Video,
        size: Size,
        target: Pixel,
        color: YuvColor,
    ) -> Result<frame::Video, MediaError> {
        let job = ScalerJob {
            from: frame.format(),
            from_size: Size::new(frame.width(), frame.height()),
            to: target,
            size,
            color,
        };
        let scaler = match self.scaler.take() {
            Some(scaler) if scaler.job == job => scaler,
            _ => {
                tracing::debug!(
                    "{}: pictures are converted from {:?} {} to {:?} {}",
                    self.file.display(),
                    job.from,
                    job.from_size,
                    job.to,
                    job.size
                );
                Scaler::new(job)
                    .map_err(|error| MediaError::ffmpeg("convert pictures of", &self.file, error))?
            }
        };
        let scaler = self.scaler.insert(scaler);
        let mut converted = frame::Video::new(target, size.width, size.height);
        // SAFETY: only looks whether the frame has memory.
        if unsafe { converted.is_empty() } {
            let error = ffmpeg_next::Error::Other { errno: libc::ENOMEM };
            return Err(MediaError::ffmpeg(
                "take memory for a picture of",
                &self.file,
                error,
            ));
        }
        scaler
            .context
            .run(frame, &mut converted)
            .map_err(|error| MediaError::ffmpeg("convert a picture of", &self.file, error))?;
        Ok(converted)
    }
}

/// A configured conversion.
struct Scaler {
    job: ScalerJob,
    context: scaling::Context,
}

// SAFETY: the context is owned, reachable through `&mut` only, and swscale ties it to no thread.
unsafe impl Send for Scaler {}

#[derive(Clone, Copy, PartialEq, Eq)]
struct ScalerJob {
    from: Pixel,
    from_size: Size,
    to: Pixel,
    size: Size,
    color: YuvColor,
}

impl Scaler {
    fn new(job: ScalerJob) -> Result<Self, FfmpegError> {
        forget_complaints();
        let flags = scaling::Flags::BICUBIC | scaling::Flags::ACCURATE_RND | scaling::Flags::FULL_CHR_H_INT;
        let mut context = scaling::Context::get(
            job.from,
            job.from_size.width,
            job.from_size.height,
            job.to,
            job.size.width,
            job.size.height,
            flags,
        )?;
        let range = i32::from(job.color.range == YuvRange::Full);
        let matrix = match job.color.matrix {
            YuvMatrix::Bt601 => ffi::SWS_CS_ITU601,
            YuvMatrix::Bt709 => ffi::SWS_CS_ITU709,
            YuvMatrix::Bt2020 => ffi::SWS_CS_BT2020,
        };
        // SAFETY: the context was just made; the table is static and copied. Brightness 0, contrast and saturation 1 in
        // 16.16 change nothing. The same matrix and range on both sides keep the code values as they are; for RGB the
        // source's range is ignored.
        let code = unsafe {
            let table = ffi::sws_getCoefficients(matrix);
            ffi::sws_setColorspaceDetails(
                context.as_mut_ptr(),
                table,
                range,
                table,
                range,
                0,
                1 << 16,
                1 << 16,
            )
        };
        // FFmpeg 5 answers -1, later versions an error code, where a pair of formats has no such setting (gray).
        if let Err(error) = check(code) {
            tracing::debug!("swscale keeps its default colours for {:?}: {error}", job.from);
        }
        Ok(Self { job, context })
    }
}

/// The formats whose planes can be used as they are.
fn planes_of(format: Pixel) -> Option<Planes> {
    Some(match format {
        Pixel::YUV420P | Pixel::YUVJ420P | Pixel::YUVA420P => Planes::Planar {
            shift_x: 1,
            shift_y: 1,
        },
        Pixel::YUV422P | Pixel::YUVJ422P | Pixel::YUVA422P => Planes::Planar {
            shift_x: 1,
            shift_y: 0,
        },
        Pixel::YUV444P | Pixel::YUVJ444P | Pixel::YUVA444P => Planes::Planar {
            shift_x: 0,
            shift_y: 0,
        },
        Pixel::NV12 => Planes::SemiPlanar420,
        Pixel::GRAY8 => Planes::Gray,
        _ => return None,
    })
}

/// The deprecated "J" formats are full range by definition.
fn is_full_range(format: Pixel) -> bool {
    matches!(
        format,
        Pixel::YUVJ420P | Pixel::YUVJ422P | Pixel::YUVJ444P | Pixel::YUVJ440P | Pixel::YUVJ411P
    )
}

/// 8-bit planar format that keeps the subsampling of `format` (or the next finer one there is), and whether `format`
/// is RGB.
fn conversion_of(format: Pixel, turned: bool) -> (Pixel, Planes, bool) {
    let (shifts, rgb) = match format.descriptor() {
        Some(descriptor) => {
            // SAFETY: a descriptor points at FFmpeg's static table.
            let flags = unsafe { (*descriptor.as_ptr()).flags };
            // A palette holds RGB.
            let rgb =
                flags & u64::from((ffi::AV_PIX_FMT_FLAG_RGB | ffi::AV_PIX_FMT_FLAG_PAL).unsigned_abs()) != 0;
            ((descriptor.log2_chroma_w(), descriptor.log2_chroma_h()), rgb)
        }
        None => ((0, 0), false),
    };
    let (format, shift_x, shift_y) = match shifts {
        (1.., 1..) => (Pixel::YUV420P, 1, 1),
        (1.., 0) if !turned => (Pixel::YUV422P, 1, 0),
        _ => (Pixel::YUV444P, 0, 0),
    };
    (format, Planes::Planar { shift_x, shift_y }, rgb)
}

/// Brightest light that a picture states, cd/m²: that of its content, else that of the screen it was made on.
///
/// The two kinds of side data are C structs that the bindings lack (libavutil/mastering_display_metadata.h): MaxCLL and
/// MaxFALL; eight rationals for the chromaticities, the least and the greatest luminance, and two flags of which the second
/// says that the luminances are there.
fn stated_peak(frame: &frame::Video) -> Option<f64> {
    let number = |data: &[u8], at: usize| data.get(at..)?.first_chunk().copied().map(i32::from_ne_bytes);
    let content = frame
        .side_data(side_data::Type::ContentLightLevel)
        .and_then(|data| number(data.data(), 0).map(f64::from));
    let screen = frame
        .side_data(side_data::Type::MasteringDisplayMetadata)
        .and_then(|data| {
            let data = data.data();
            let (numerator, denominator) = (number(data, 72)?, number(data, 76)?);
            let there = number(data, 84)? != 0 && denominator > 0;
            there.then(|| f64::from(numerator) / f64::from(denominator))
        });
    content.into_iter().chain(screen).find(|nits| *nits > 0.0)
}

fn has_negative_stride(frame: &frame::Video) -> bool {
    // SAFETY: the frame is valid; its line sizes are plain numbers.
    unsafe { (*frame.as_ptr()).linesize }
        .iter()
        .any(|stride| *stride < 0)
}

/// Planes of a frame that the decoder counts references to; nothing is copied.
struct SharedFrame {
    frame: frame::Video,
    size: Size,
    planes: Planes,
    neutral: Arc<[u8]>,
}

impl PlaneStorage for SharedFrame {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        let (row_bytes, rows) = plane_extent(self.size, self.planes, index);
        if self.planes == Planes::Gray && index > 0 {
            return PlaneView {
                data: &self.neutral,
                stride: row_bytes,
            };
        }
        // SAFETY: the frame holds a picture of `size` in the layout `planes` (both were taken from it when this was
        // made), so its plane `index` < 3 has that many rows of that many bytes, `linesize` (checked to be positive)
        // apart. The bytes live as long as the frame, which is never written to again: decoders only write to frames
        // that nobody else refers to.
        unsafe {
            let raw = &*self.frame.as_ptr();
            let stride = raw.linesize[index].unsigned_abs() as usize;
            let length = stride * (rows - 1) + row_bytes;
            PlaneView {
                data: slice::from_raw_parts(raw.data[index], length),
                stride,
            }
        }
    }
}

/// Bytes in a row and number of rows of a plane.
fn plane_extent(size: Size, planes: Planes, index: usize) -> (usize, usize) {
    let (shift_x, shift_y, bytes) = match planes {
        _ if index == 0 => (0, 0, 1),
        Planes::Planar { shift_x, shift_y } => (shift_x, shift_y, 1),
        Planes::SemiPlanar420 => (1, 1, 2),
        Planes::Gray => (1, 1, 1),
    };
    let width = size.width.div_ceil(1 << shift_x) as usize;
    let height = size.height.div_ceil(1 << shift_y) as usize;
    (width * bytes, height)
}

/// Planes in memory of our own, each with its stride.
struct OwnPlanes(Vec<(Vec<u8>, usize)>);

impl PlaneStorage for OwnPlanes {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        let (data, stride) = &self.0[index];
        PlaneView {
            data,
            stride: *stride,
        }
    }
}

/// Turns every plane of a picture of `size`.
fn turn(source: &dyn PlaneStorage, size: Size, planes: Planes, orientation: Orientation) -> OwnPlanes {
    let samples = match planes {
        Planes::Planar { .. } | Planes::Gray => vec![1, 1, 1],
        Planes::SemiPlanar420 => vec![1, 2],
    };
    let turned = samples.into_iter().enumerate().map(|(index, bytes)| {
        let (row_bytes, rows) = plane_extent(size, planes, index);
        turn_plane(source.plane(index), row_bytes / bytes, rows, bytes, orientation)
    });
    OwnPlanes(turned.collect())
}

/// Turns one plane of `width` by `height` elements of `bytes` bytes; returns it with its stride.
fn turn_plane(
    plane: PlaneView<'_>,
    width: usize,
    height: usize,
    bytes: usize,
    orientation: Orientation,
) -> (Vec<u8>, usize) {
    let (out_width, out_height) = if orientation.swaps_sides() {
        (height, width)
    } else {
        (width, height)
    };
    let mut out = Vec::with_capacity(out_width * out_height * bytes);
    for y in 0..out_height {
        for x in 0..out_width {
            // Where the shown element comes from before turning clockwise, then before mirroring.
            let (from_x, from_y) = match orientation.quarter_turns {
                0 => (x, y),
                1 => (y, height - 1 - x),
                2 => (width - 1 - x, height - 1 - y),
                _ => (width - 1 - y, x),
            };
            let from_x = if orientation.mirrored {
                width - 1 - from_x
            } else {
                from_x
            };
            let start = from_y * plane.stride + from_x * bytes;
            out.extend_from_slice(&plane.data[start..start + bytes]);
        }
    }
    (out, out_width * bytes)
}
