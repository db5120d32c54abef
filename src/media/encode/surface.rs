//! CVPixelBuffers as h264_videotoolbox takes them: hardware frames, no pixel is copied.

use std::ffi::c_void;
use std::fmt;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{codec, ffi, frame};

use crate::frame::Size;
use crate::media::encode::{EncodeError, picture};
use crate::media::ffmpeg::{self, FfmpegError};

/// The only encoder that takes surfaces.
pub const SURFACE_ENCODER: &str = "h264_videotoolbox";

/// One reference to a CVPixelBuffer, given up when the value is dropped.
///
/// # Safety
/// [`Self::pixel_buffer`] gives the same valid CVPixelBufferRef for as long as the value lives, wherever it is moved.
pub unsafe trait CoreVideoBuffer: Send + 'static {
    /// The CVPixelBufferRef.
    fn pixel_buffer(&self) -> NonNull<c_void>;
}

/// What the pixels of a surface are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurfaceFormat {
    /// 4:2:0 in two planes, limited range (CoreVideo's 420v).
    Nv12,
    /// Four bytes a pixel (32BGRA); the encoder converts.
    Bgra,
}

/// A CVPixelBuffer to encode. Clones share it; it is given up with the last of them and of the encoder's frames.
#[derive(Clone)]
pub struct Surface {
    owner: Arc<Mutex<dyn CoreVideoBuffer>>,
    size: Size,
    format: SurfaceFormat,
}

impl Surface {
    /// A surface of `size` whose pixels are `format`.
    pub fn new(owner: impl CoreVideoBuffer, size: Size, format: SurfaceFormat) -> Self {
        let owner = Arc::new(Mutex::new(owner));
        Self { owner, size, format }
    }

    /// What its pixels are.
    pub fn format(&self) -> SurfaceFormat {
        self.format
    }

    /// The CVPixelBufferRef, valid as long as a share of the surface.
    pub(crate) fn pixel_buffer(&self) -> NonNull<c_void> {
        let owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        owner.pixel_buffer()
    }
}

impl fmt::Debug for Surface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surface")
            .field("size", &self.size)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// One reference to an FFmpeg buffer.
struct BufferRef(*mut ffi::AVBufferRef);

// SAFETY: FFmpeg counts buffer references atomically, and the contexts behind them are used by the encoder that owns
// this only, through `&mut`.
unsafe impl Send for BufferRef {}

impl Drop for BufferRef {
    fn drop(&mut self) {
        // SAFETY: the reference is ours and given back once; null is allowed.
        unsafe { ffi::av_buffer_unref(&mut self.0) };
    }
}

/// What an encoder is told of the surfaces it will get.
pub(super) struct SurfaceFrames {
    frames: BufferRef,
    size: Size,
    format: SurfaceFormat,
}

impl SurfaceFrames {
    /// Opens a VideoToolbox device and describes surfaces of `size` on it.
    pub(super) fn open(size: Size, format: SurfaceFormat) -> Result<Self, FfmpegError> {
        ffmpeg::forget_complaints();
        let mut device = BufferRef(ptr::null_mut());
        // SAFETY: `device.0` receives a new reference or stays null; the device takes no name and no options.
        let code = unsafe {
            ffi::av_hwdevice_ctx_create(
                &mut device.0,
                ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VIDEOTOOLBOX,
                ptr::null(),
                ptr::null_mut(),
                0,
            )
        };
        ffmpeg::check(code)?;
        // SAFETY: the device is open; the new context takes a reference of its own.
        let frames = BufferRef(unsafe { ffi::av_hwframe_ctx_alloc(device.0) });
        if frames.0.is_null() {
            return Err(out_of_memory());
        }
        // SAFETY: the data of a frames buffer is an AVHWFramesContext, which is ours to fill before it is initialised.
        let code = unsafe {
            let context = &mut *(*frames.0).data.cast::<ffi::AVHWFramesContext>();
            context.format = Pixel::VIDEOTOOLBOX.into();
            context.sw_format = match format {
                SurfaceFormat::Nv12 => Pixel::NV12.into(),
                SurfaceFormat::Bgra => Pixel::BGRA.into(),
            };
            context.width = size.width as i32;
            context.height = size.height as i32;
            ffi::av_hwframe_ctx_init(frames.0)
        };
        ffmpeg::check(code)?;
        Ok(Self { frames, size, format })
    }

    /// Tells an encoder that is not open yet which surfaces it will get.
    pub(super) fn attach(&self, context: &mut codec::Context) -> Result<(), FfmpegError> {
        // SAFETY: the codec context owns the new reference from here and frees it with itself.
        unsafe {
            let reference = ffi::av_buffer_ref(self.frames.0);
            if reference.is_null() {
                return Err(out_of_memory());
            }
            (*context.as_mut_ptr()).hw_frames_ctx = reference;
        }
        Ok(())
    }

    /// An FFmpeg frame over `surface`, which it shares until the encoder lets go of it.
    ///
    /// Planes are taken where BGRA was announced too: a compression session accepts pixel buffers of any format and
    /// converts where it must (VTCompressionSession.h), and FFmpeg hands them on unseen. That is what an export falls back to.
    ///
    /// # Errors
    /// With what is wrong when `surface` is not what the encoder was opened for.
    pub(super) fn wrap(&self, surface: &Surface, pts: i64) -> Result<frame::Video, EncodeError> {
        let format_fits = surface.format == self.format || surface.format == SurfaceFormat::Nv12;
        if surface.size != self.size || !format_fits {
            return Err(EncodeError::Picture {
                pts,
                why: format!(
                    "it is a {:?} surface of {}, the encoder was opened for {:?} of {}",
                    surface.format, surface.size, self.format, self.size
                ),
            });
        }
        wrap(surface, self.frames.0)
    }
}

/// A VIDEOTOOLBOX frame over `surface`, described by `frames`, an AVHWFramesContext or null.
fn wrap(surface: &Surface, frames: *mut ffi::AVBufferRef) -> Result<frame::Video, EncodeError> {
    const OUT_OF_MEMORY: EncodeError = EncodeError::OutOfMemory {
        doing: "handing a surface to the encoder",
    };
    let mut wrapped = picture::empty_frame(Pixel::VIDEOTOOLBOX, surface.size)?;
    let share = Box::into_raw(Box::new(surface.clone()));
    let data = surface.pixel_buffer().as_ptr().cast::<u8>();
    // SAFETY: `data` stays valid until `release` drops the share. Nobody reads it as bytes: by FFmpeg's convention the
    // buffer of a VIDEOTOOLBOX frame is the CVPixelBufferRef itself.
    let buffer =
        unsafe { ffi::av_buffer_create(data, size_of::<*mut c_void>(), Some(release), share.cast(), 0) };
    if buffer.is_null() {
        // SAFETY: the buffer was not made, so nobody else will give this share back.
        drop(unsafe { Box::from_raw(share) });
        return Err(OUT_OF_MEMORY);
    }
    // SAFETY: the frame is ours alone; it owns the references from here and gives them back when dropped.
    unsafe {
        let raw = &mut *wrapped.as_mut_ptr();
        raw.buf[0] = buffer;
        raw.data[3] = data;
        if !frames.is_null() {
            raw.hw_frames_ctx = ffi::av_buffer_ref(frames);
            if raw.hw_frames_ctx.is_null() {
                return Err(OUT_OF_MEMORY);
            }
        }
    }
    Ok(wrapped)
}

/// Gives back the share that an FFmpeg buffer held in a surface.
unsafe extern "C" fn release(opaque: *mut c_void, _data: *mut u8) {
    // SAFETY: `opaque` is what Box::into_raw returned when this buffer was made, and FFmpeg frees a buffer once.
    drop(unsafe { Box::from_raw(opaque.cast::<Surface>()) });
}

fn out_of_memory() -> FfmpegError {
    FfmpegError::new(ffmpeg_next::Error::Other { errno: libc::ENOMEM })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// Stands for a CVPixelBuffer: nothing reads it.
    struct Counted(Arc<AtomicU32>);

    // SAFETY: the pointer is the counter's, which the value keeps alive.
    unsafe impl CoreVideoBuffer for Counted {
        fn pixel_buffer(&self) -> NonNull<c_void> {
            NonNull::from(&*self.0).cast()
        }
    }

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_surface_lives_until_the_last_frame_over_it_is_gone() {
        let dropped = Arc::new(AtomicU32::new(0));
        let size = Size::new(64, 32);
        let surface = Surface::new(Counted(Arc::clone(&dropped)), size, SurfaceFormat::Nv12);
        let first = wrap(&surface, ptr::null_mut()).expect("small");
        let second = wrap(&surface, ptr::null_mut()).expect("small");
        assert_eq!(
            (first.format(), first.width(), first.height()),
            (Pixel::VIDEOTOOLBOX, 64, 32)
        );
        // SAFETY: only the pointer is compared.
        let data = unsafe { (*first.as_ptr()).data[3] };
        assert!(ptr::eq(data.cast::<c_void>(), surface.pixel_buffer().as_ptr()));
        drop(surface);
        drop(first);
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        drop(second);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }
}
