//! From a decoder's frame to a [`YuvPicture`]: shared as it is where its layout allows, converted where not.

use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling;
use ffmpeg_next::{ffi, frame};

use crate::frame::{PlaneStorage, PlaneView, Size, YuvColor, YuvLayout, YuvMatrix, YuvPicture, YuvRange};
use crate::media::ffmpeg::{FfmpegError, MediaError, check, forget_complaints};
use crate::media::probe::{Orientation, checked_size, matrix_of, range_of};

/// Makes pictures of one size, orientation and colour description out of the frames of one track.
pub(super) struct PictureMaker {
    file: PathBuf,
    orientation: Orientation,
    /// What frames without tags are taken for.
    stream_color: YuvColor,
    /// Size as stored of the first picture; later ones are scaled to it.
    size: Option<Size>,
    scaler: Option<Scaler>,
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
    pub(super) fn new(file: &Path, orientation: Orientation, stream_color: YuvColor) -> Self {
        Self {
            file: file.to_owned(),
            orientation,
            stream_color,
            size: None,
            scaler: None,
            neutral: Arc::from([]),
        }
    }

    /// What frames without tags are taken for from here on: the next group's.
    pub(super) fn set_stream_color(&mut self, color: YuvColor) {
        self.stream_color = color;
    }

    /// Wraps or converts `frame`, which lies in main memory.
    ///
    /// # Errors
    /// When the frame is larger than the limits, or swscale refuses its pixel format.
    pub(super) fn make(&mut self, frame: frame::Video) -> Result<YuvPicture, MediaError> {
        let (width, height) = (frame.width().cast_signed(), frame.height().cast_signed());
        let found = checked_size(&self.file, width, height)?;
        let size = *self.size.get_or_insert(found);
        let color = self.color_of(&frame);
        let planes = planes_of(frame.format());
        // A quarter turn of 4:2:2 would be 4:4:0, which nobody downstream knows.
        let turned_422 = self.orientation.swaps_sides()
            && planes
                == Some(Planes::Planar {
                    shift_x: 1,
                    shift_y: 0,
                });
        let (frame, planes, color) = match planes {
            Some(planes) if found == size && !turned_422 && !has_negative_stride(&frame) => {
                (frame, planes, color)
            }
            _ => self.convert(&frame, size, color)?,
        };
        let chroma_bytes = size.chroma_420().area() as usize;
        if planes == Planes::Gray && self.neutral.len() != chroma_bytes {
            self.neutral = vec![128; chroma_bytes].into();
        }
        let layout = match planes {
            Planes::Planar { shift_x, shift_y } => YuvLayout::Planar { shift_x, shift_y },
            Planes::SemiPlanar420 => YuvLayout::SemiPlanar420,
            Planes::Gray => YuvLayout::Planar {
                shift_x: 1,
                shift_y: 1,
            },
        };
        let shared = SharedFrame {
            frame,
            size,
            planes,
            neutral: self.neutral.clone(),
        };
        let storage: Arc<dyn PlaneStorage> = if self.orientation.is_upright() {
            Arc::new(shared)
        } else {
            Arc::new(turn(&shared, size, layout, self.orientation))
        };
        Ok(YuvPicture::new(
            self.orientation.apply(size),
            layout,
            color,
            storage,
        ))
    }

    /// The frame's own tags, else the stream's.
    fn color_of(&self, frame: &frame::Video) -> YuvColor {
        let implied = is_full_range(frame.format()).then_some(YuvRange::Full);
        YuvColor {
            matrix: matrix_of(frame.color_space()).unwrap_or(self.stream_color.matrix),
            range: implied
                .or_else(|| range_of(frame.color_range()))
                .unwrap_or(self.stream_color.range),
        }
    }

    /// Converts to 8-bit planes of the same subsampling, matrix and range, and to `size`. What has no Y'CbCr matrix
    /// (RGB) becomes 4:4:4 BT.709 full range.
    fn convert(
        &mut self,
        frame: &frame::Video,
        size: Size,
        color: YuvColor,
    ) -> Result<(frame::Video, Planes, YuvColor), MediaError> {
        let (target, planes, rgb) = conversion_of(frame.format(), self.orientation.swaps_sides());
        let color = if rgb {
            YuvColor {
                matrix: YuvMatrix::Bt709,
                range: YuvRange::Full,
            }
        } else {
            color
        };
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
        Ok((converted, planes, color))
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

/// Planes that were turned into memory of our own.
struct TurnedPlanes(Vec<(Vec<u8>, usize)>);

impl PlaneStorage for TurnedPlanes {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        let (data, stride) = &self.0[index];
        PlaneView {
            data,
            stride: *stride,
        }
    }
}

/// Turns every plane of a picture of `size`.
fn turn(source: &SharedFrame, size: Size, layout: YuvLayout, orientation: Orientation) -> TurnedPlanes {
    let planes = match layout {
        YuvLayout::Planar { .. } => vec![1, 1, 1],
        YuvLayout::SemiPlanar420 => vec![1, 2],
    };
    let turned = planes.into_iter().enumerate().map(|(index, bytes)| {
        let (row_bytes, rows) = plane_extent(size, source.planes, index);
        turn_plane(source.plane(index), row_bytes / bytes, rows, bytes, orientation)
    });
    TurnedPlanes(turned.collect())
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
