//! libswscale: slower than the others, and there wherever FFmpeg is.
//!
//! The SIMD loops of libswscale read and write past the end of a row: FFmpeg allocates its own pictures with room
//! for that. Our buffers need not have it, so the last rows of the source go in as a second slice from a padded
//! copy, and a row whose length is no multiple of 64 is written through a padded picture of our own.

use std::ptr;

use ffmpeg_next::ffi;
use ffmpeg_next::software::scaling::Flags;

use super::target::{self, Region};
use super::{ConvertError, ConvertSpec, Converter, PixelPath};
use crate::frame::{Nv12Frame, PackedFormat, PackedView, Size, YuvColor, YuvMatrix, YuvRange};

/// Bytes past a row's end that libswscale may touch: two AVX2 registers of four-byte pixels and then some.
const OVERSHOOT: usize = 256;

/// Converts with one `SwsContext` on the calling thread.
///
/// A context belongs to one size. Rectangles of changing sizes pay for a new one each time the size changes (some
/// 50 us); bands of equal height share one.
pub struct Swscale {
    spec: ConvertSpec,
    context: Context,
    /// Rows that libswscale may read past.
    padded_source: Vec<u8>,
    /// A picture that libswscale may write past, for targets that it may not.
    padded_target: Nv12Frame,
}

impl Swscale {
    /// A converter for `spec`.
    ///
    /// # Errors
    /// [`ConvertError::Call`] when libswscale refuses the size or the colours.
    pub fn new(spec: &ConvertSpec) -> Result<Self, ConvertError> {
        Ok(Self {
            spec: *spec,
            context: Context::new(working_size(spec.size), spec.source, spec.color)?,
            padded_source: Vec::new(),
            padded_target: Nv12Frame::new(Size::new(0, 0)),
        })
    }
}

impl Converter for Swscale {
    fn path(&self) -> PixelPath {
        PixelPath::Swscale
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        let whole_width = source.size.width == target.size.width;
        let Some(region) = target::region(PixelPath::Swscale, &self.spec, source, target, x, y)? else {
            return Ok(());
        };
        // An odd edge is repeated to make its pair of pixels or rows whole, which is the mean over those that exist.
        let size = working_size(source.size);
        if self.context.size != size {
            self.context = Context::new(size, self.spec.source, self.spec.color)?;
        }
        // Rows of whole registers are the only ones that libswscale ends where they end.
        let direct = whole_width && source.size.width.is_multiple_of(64) && size == source.size;
        if direct {
            return self.scale(source, region);
        }
        let mut picture = std::mem::replace(&mut self.padded_target, Nv12Frame::new(Size::new(0, 0)));
        if picture.size != size {
            picture = Nv12Frame::new(size);
            picture.y.resize(picture.y.len() + OVERSHOOT, 0);
            picture.uv.resize(picture.uv.len() + OVERSHOOT, 0);
        }
        let padded = Region {
            y: &mut picture.y,
            y_stride: picture.y_stride,
            uv: &mut picture.uv,
            uv_stride: picture.uv_stride,
        };
        let outcome = self.scale(source, padded);
        if outcome.is_ok() {
            copy_region(&picture, source.size, region);
        }
        self.padded_target = picture;
        outcome
    }
}

impl Swscale {
    /// Scales `source`, extended to the context's size, into `region`, whose rows may be written up to the next multiple of 64 bytes.
    fn scale(&mut self, source: PackedView<'_>, region: Region<'_>) -> Result<(), ConvertError> {
        let size = self.context.size;
        // So many last rows that reading OVERSHOOT bytes past any other row stays inside the buffer.
        let last = OVERSHOOT.div_ceil(source.stride).next_multiple_of(2).max(2);
        let last = u32::try_from(last).unwrap_or(u32::MAX);
        let extended = size != source.size;
        let direct = if extended {
            0
        } else {
            size.height.saturating_sub(last)
        };

        let row_bytes = size.width as usize * 4;
        self.padded_source.clear();
        for y in direct..size.height {
            let row = source.row(y.min(source.size.height - 1));
            self.padded_source.extend_from_slice(row);
            if row.len() < row_bytes {
                self.padded_source.extend_from_slice(&row[row.len() - 4..]);
            }
        }
        let tail_length = self.padded_source.len() + OVERSHOOT;
        self.padded_source.resize(tail_length, 0);

        let Region {
            y,
            y_stride,
            uv,
            uv_stride,
        } = region;
        debug_assert!(y.len() >= target::span(y_stride, size.width as usize, size.height));
        debug_assert!(uv.len() >= target::span(uv_stride, size.width as usize, size.height / 2));
        let target = Planes {
            data: [y.as_mut_ptr(), uv.as_mut_ptr(), ptr::null_mut(), ptr::null_mut()],
            strides: [stride(y_stride)?, stride(uv_stride)?, 0, 0],
        };
        if direct > 0 {
            // SAFETY: rows 0..direct of `source` lie in its buffer, and its last `last` rows follow them there, at
            // least OVERSHOOT bytes. `y` and `uv` are borrowed mutably for the call and hold size.height rows
            // that may be written up to the next multiple of 64 bytes (the caller's promise).
            unsafe {
                self.context
                    .slice(source.data.as_ptr(), stride(source.stride)?, 0, direct, &target)?
            };
        }
        // SAFETY: `padded_source` holds the rows direct..size.height and OVERSHOOT bytes more; `y` and `uv` as above.
        unsafe {
            let rows = size.height - direct;
            self.context.slice(
                self.padded_source.as_ptr(),
                stride(row_bytes)?,
                direct,
                rows,
                &target,
            )
        }
    }
}

/// libswscale's version as it numbers itself.
pub(super) fn library_version() -> u32 {
    ffmpeg_next::software::scaling::version()
}

/// Copies the upper left `size` of `picture` to `region`.
fn copy_region(picture: &Nv12Frame, size: Size, region: Region<'_>) {
    let chroma = size.chroma_420();
    let chroma_row = chroma.width as usize * 2;
    let (luma, uv) = ((region.y, region.y_stride), (region.uv, region.uv_stride));
    target::copy_rows(
        (&picture.y, picture.y_stride),
        luma,
        size.width as usize,
        size.height,
    );
    target::copy_rows((&picture.uv, picture.uv_stride), uv, chroma_row, chroma.height);
}

/// The size that a picture of `size` is converted at: even sides, and at least 8 rows. libswscale shortens its
/// vertical filter to the height less two, which for two rows leaves one of them instead of their mean.
const fn working_size(size: Size) -> Size {
    let height = size.height.next_multiple_of(2);
    Size::new(
        size.width.next_multiple_of(2),
        if height < 8 { 8 } else { height },
    )
}

fn stride(bytes: usize) -> Result<i32, ConvertError> {
    i32::try_from(bytes).map_err(|_| failed("sws_scale", "converting to NV12", "the stride is over 2 GiB"))
}

fn failed(function: &'static str, doing: &'static str, status: impl Into<String>) -> ConvertError {
    ConvertError::Call {
        path: PixelPath::Swscale,
        function,
        doing,
        status: status.into(),
    }
}

/// The planes of an NV12 picture, as libswscale takes them.
struct Planes {
    data: [*mut u8; 4],
    strides: [i32; 4],
}

/// An owned `SwsContext` from packed pixels to NV12 of the same size, a [`working_size`].
struct Context {
    raw: ptr::NonNull<ffi::SwsContext>,
    size: Size,
}

// SAFETY: an SwsContext is plain memory without thread affinity; it is owned and used through `&mut` only.
unsafe impl Send for Context {}

impl Context {
    fn new(size: Size, source: PackedFormat, color: YuvColor) -> Result<Self, ConvertError> {
        const OPENING: &str = "opening a conversion to NV12";
        let side = |length: u32| {
            i32::try_from(length).map_err(|_| failed("sws_getContext", OPENING, "the picture is too large"))
        };
        let (width, height) = (side(size.width)?, side(size.height)?);
        let source = match source {
            PackedFormat::Rgba => ffi::AVPixelFormat::AV_PIX_FMT_RGBA,
            PackedFormat::Bgra => ffi::AVPixelFormat::AV_PIX_FMT_BGRA,
        };
        // AREA makes chroma the mean of two rows (bicubic, the default, reaches over four).
        let flags = (Flags::AREA | Flags::ACCURATE_RND | Flags::BITEXACT).bits();
        // SAFETY: plain values; null filters and parameters ask for the defaults.
        let raw = unsafe {
            ffi::sws_getContext(
                width,
                height,
                source,
                width,
                height,
                ffi::AVPixelFormat::AV_PIX_FMT_NV12,
                flags,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null(),
            )
        };
        let raw = ptr::NonNull::new(raw)
            .ok_or_else(|| failed("sws_getContext", OPENING, format!("no conversion of {size}")))?;
        let context = Self { raw, size };
        let matrix = match color.matrix {
            YuvMatrix::Bt601 => ffi::SWS_CS_ITU601,
            YuvMatrix::Bt709 => ffi::SWS_CS_ITU709,
            YuvMatrix::Bt2020 => ffi::SWS_CS_BT2020,
        };
        let range = i32::from(color.range == YuvRange::Full);
        // SAFETY: the context is valid; the coefficients are static tables of libswscale, copied by the call.
        // Full range in, neutral brightness, contrast and saturation (16.16 fixed point).
        let status = unsafe {
            let table = ffi::sws_getCoefficients(matrix);
            ffi::sws_setColorspaceDetails(raw.as_ptr(), table, 1, table, range, 0, 1 << 16, 1 << 16)
        };
        if status < 0 {
            let status = ffmpeg_next::Error::from(status).to_string();
            return Err(failed(
                "sws_setColorspaceDetails",
                "choosing matrix and range",
                status,
            ));
        }
        Ok(context)
    }

    /// Feeds rows `first..first + rows`; the last slice completes the picture.
    ///
    /// # Safety
    /// `source` points to `rows` rows of `stride` bytes and OVERSHOOT readable bytes behind the last pixel, `target`
    /// to planes of the context's height whose rows may be written up to the next multiple of 64 bytes.
    unsafe fn slice(
        &mut self,
        source: *const u8,
        stride: i32,
        first: u32,
        rows: u32,
        target: &Planes,
    ) -> Result<(), ConvertError> {
        let data = [source, ptr::null(), ptr::null(), ptr::null()];
        let strides = [stride, 0, 0, 0];
        // SAFETY: the arrays live through the call, and the caller vouches for what they point to. `first` and
        // `rows` are at most the height, which fitted an i32.
        let status = unsafe {
            ffi::sws_scale(
                self.raw.as_ptr(),
                data.as_ptr(),
                strides.as_ptr(),
                first as i32,
                rows as i32,
                target.data.as_ptr(),
                target.strides.as_ptr(),
            )
        };
        if status < 0 {
            let status = ffmpeg_next::Error::from(status).to_string();
            return Err(failed("sws_scale", "converting to NV12", status));
        }
        Ok(())
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context came from sws_getContext, is owned and not used again.
        unsafe { ffi::sws_freeContext(self.raw.as_ptr()) };
    }
}
