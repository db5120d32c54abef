//! Pictures in the memory of a VA-API device, which is where h264_vaapi reads them.

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::ptr;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{codec, ffi, frame};

use crate::frame::Size;
use crate::media::encode::{EncodeError, picture};
use crate::media::ffmpeg::{self, FfmpegError};

/// Surfaces in the pool: what the encoder holds back at its asynchronous depth and reference count, with reserve.
const POOL_SURFACES: i32 = 20;

/// The render nodes of this machine, in order of their number.
pub(super) fn render_nodes() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir("/dev/dri") else {
        return Vec::new();
    };
    let mut nodes: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().unwrap_or_default();
            name.as_bytes().starts_with(b"renderD")
        })
        .collect();
    nodes.sort();
    nodes
}

/// One reference to an FFmpeg buffer.
struct BufferRef(*mut ffi::AVBufferRef);

// SAFETY: FFmpeg counts buffer references atomically, and its VA-API contexts may be used from any one thread at a time,
// which `&mut` access to the encoder that owns this ensures.
unsafe impl Send for BufferRef {}

impl Drop for BufferRef {
    fn drop(&mut self) {
        // SAFETY: the reference is ours and given back once; null is allowed.
        unsafe { ffi::av_buffer_unref(&mut self.0) };
    }
}

/// A pool of NV12 surfaces on a device.
pub(super) struct Surfaces {
    frames: BufferRef,
    size: Size,
}

impl Surfaces {
    /// Opens the device behind `node` and a pool of surfaces of `size` on it.
    pub(super) fn open(node: &Path, size: Size) -> Result<Self, FfmpegError> {
        ffmpeg::forget_complaints();
        let Ok(path) = CString::new(node.as_os_str().as_bytes()) else {
            return Err(FfmpegError::new(ffmpeg_next::Error::InvalidData));
        };
        let mut device = BufferRef(ptr::null_mut());
        // SAFETY: `device.0` receives a new reference or stays null; the path is NUL-terminated.
        let code = unsafe {
            ffi::av_hwdevice_ctx_create(
                &mut device.0,
                ffi::AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI,
                path.as_ptr(),
                ptr::null_mut(),
                0,
            )
        };
        ffmpeg::check(code)?;
        // SAFETY: the device is open; the new context takes a reference of its own.
        let frames = BufferRef(unsafe { ffi::av_hwframe_ctx_alloc(device.0) });
        if frames.0.is_null() {
            let errno = libc::ENOMEM;
            return Err(FfmpegError::new(ffmpeg_next::Error::Other { errno }));
        }
        // SAFETY: the data of a frames buffer is an AVHWFramesContext, which is ours to fill before it is initialised.
        let code = unsafe {
            let context = &mut *(*frames.0).data.cast::<ffi::AVHWFramesContext>();
            context.format = Pixel::VAAPI.into();
            context.sw_format = Pixel::NV12.into();
            context.width = size.width as i32;
            context.height = size.height as i32;
            context.initial_pool_size = POOL_SURFACES;
            ffi::av_hwframe_ctx_init(frames.0)
        };
        ffmpeg::check(code)?;
        Ok(Self { frames, size })
    }

    /// Tells an encoder that is not open yet that its pictures come from this pool.
    pub(super) fn attach(&self, context: &mut codec::Context) -> Result<(), FfmpegError> {
        // SAFETY: the codec context owns the new reference from here and frees it with itself.
        unsafe {
            let reference = ffi::av_buffer_ref(self.frames.0);
            if reference.is_null() {
                let errno = libc::ENOMEM;
                return Err(FfmpegError::new(ffmpeg_next::Error::Other { errno }));
            }
            (*context.as_mut_ptr()).hw_frames_ctx = reference;
        }
        Ok(())
    }

    /// Copies a picture to a surface of the pool.
    pub(super) fn upload(&self, name: &str, nv12: &frame::Video) -> Result<frame::Video, EncodeError> {
        let failed = |source| EncodeError::Run {
            name: name.to_owned(),
            doing: "copying a picture to the device".to_owned(),
            source,
        };
        ffmpeg::forget_complaints();
        let mut surface = picture::empty_frame(Pixel::VAAPI, self.size)?;
        // SAFETY: the pool is initialised and `surface` has no buffer yet; the transfer reads the planes of `nv12`,
        // which has the pool's software format and size.
        unsafe {
            let surface = surface.as_mut_ptr();
            ffmpeg::check(ffi::av_hwframe_get_buffer(self.frames.0, surface, 0)).map_err(failed)?;
            ffmpeg::check(ffi::av_hwframe_transfer_data(surface, nv12.as_ptr(), 0)).map_err(failed)?;
        }
        Ok(surface)
    }
}
