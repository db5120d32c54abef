//! Hardware decoders: which to try, opening their devices, fetching their pictures.

use std::ffi::{CStr, CString, c_int, c_void};
use std::path::Path;
use std::ptr;
use std::sync::{Mutex, PoisonError};

use ffmpeg_next::ffi::{self, AVHWDeviceType, AVPixelFormat};
use ffmpeg_next::{Codec, codec, frame};

use super::report::{FailedAttempt, HardwareChoice};
use crate::media::ffmpeg::{FfmpegError, check, forget_complaints};

/// Attempts that failed, each with its reason.
pub(super) type Failures = Vec<FailedAttempt>;

/// A kind of device worth trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind(AVHWDeviceType);

impl Kind {
    /// FFmpeg's name.
    pub(super) fn name(self) -> String {
        // SAFETY: any enum value may be asked about; the answer is null or static text.
        unsafe {
            let name = ffi::av_hwdevice_get_type_name(self.0);
            if name.is_null() {
                format!("{:?}", self.0)
            } else {
                CStr::from_ptr(name).to_string_lossy().into_owned()
            }
        }
    }
}

/// The kinds to try for `choice`, in order. A kind whose device files are missing is not tried at all, for the driver
/// libraries would be loaded, and complain, in vain.
pub(super) fn kinds(choice: &HardwareChoice, failures: &mut Failures) -> Vec<Kind> {
    let candidates: &[(AVHWDeviceType, &[&str])] = if cfg!(target_os = "macos") {
        &[(AVHWDeviceType::AV_HWDEVICE_TYPE_VIDEOTOOLBOX, &[])]
    } else if cfg!(windows) {
        &[(AVHWDeviceType::AV_HWDEVICE_TYPE_D3D11VA, &[])]
    } else {
        &[
            (AVHWDeviceType::AV_HWDEVICE_TYPE_VAAPI, &["/dev/dri"]),
            (
                AVHWDeviceType::AV_HWDEVICE_TYPE_CUDA,
                &["/dev/nvidiactl", "/dev/nvidia0"],
            ),
        ]
    };
    let mut failed = |name: String, reason: String| failures.push(FailedAttempt { name, reason });
    match choice {
        HardwareChoice::Off => Vec::new(),
        HardwareChoice::Named(name) => {
            let c_name = CString::new(name.as_str()).unwrap_or_default();
            // SAFETY: NUL-terminated text.
            let kind = unsafe { ffi::av_hwdevice_find_type_by_name(c_name.as_ptr()) };
            if kind == AVHWDeviceType::AV_HWDEVICE_TYPE_NONE {
                failed(name.clone(), "this FFmpeg knows no such kind of device".into());
                Vec::new()
            } else {
                vec![Kind(kind)]
            }
        }
        HardwareChoice::Auto => candidates
            .iter()
            .filter(|(kind, files)| {
                let present = files.is_empty() || files.iter().any(|file| Path::new(file).exists());
                if !present {
                    failed(
                        Kind(*kind).name(),
                        format!("no device: {} is not there", files.join(" nor ")),
                    );
                }
                present
            })
            .map(|(kind, _)| Kind(*kind))
            .collect(),
    }
}

/// The names that `--decoder` may mean: of the kinds of device that this FFmpeg knows, and of those that exports use on any
/// platform.
pub fn hardware_names() -> Vec<String> {
    let mut names: Vec<String> = ["videotoolbox", "vaapi", "cuda", "d3d11va"]
        .map(str::to_owned)
        .into();
    let mut kind = AVHWDeviceType::AV_HWDEVICE_TYPE_NONE;
    loop {
        // SAFETY: any kind may be given; the next one is returned, and none after the last.
        kind = unsafe { ffi::av_hwdevice_iterate_types(kind) };
        if kind == AVHWDeviceType::AV_HWDEVICE_TYPE_NONE {
            return names;
        }
        let name = Kind(kind).name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// A kind of device that this platform usually decodes with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct HardwareProbe {
    /// FFmpeg's name of the kind.
    pub name: String,
    /// Whether a device opened.
    pub opened: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// Tries to open a device of every kind that [`HardwareChoice::Auto`] would try.
pub fn probe_hardware() -> Vec<HardwareProbe> {
    super::super::ffmpeg::init();
    let mut failures = Failures::new();
    let kinds = kinds(&HardwareChoice::Auto, &mut failures);
    let absent = failures.into_iter().map(|failed| HardwareProbe {
        name: failed.name,
        opened: false,
        reason: Some(failed.reason),
    });
    let present = kinds.into_iter().map(|kind| {
        let opened = Device::open(kind);
        HardwareProbe {
            name: kind.name(),
            opened: opened.is_ok(),
            reason: opened.err().map(|error| error.to_string()),
        }
    });
    present.chain(absent).collect()
}

/// A reference to an opened device.
pub(super) struct Device(*mut ffi::AVBufferRef);

// SAFETY: AVBufferRef counts atomically, and FFmpeg's device contexts may be used from any thread.
unsafe impl Send for Device {}

impl Device {
    /// Opens the first device of a kind, once for the whole program: a failure is remembered as well, so that the next
    /// track costs nothing.
    pub(super) fn open(kind: Kind) -> Result<Self, FfmpegError> {
        static OPENED: Mutex<Vec<(Kind, Result<Device, FfmpegError>)>> = Mutex::new(Vec::new());
        // A panic while the list was held can't have left it half written: entries are pushed whole.
        let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
        let known = opened.iter().position(|(known, _)| *known == kind);
        let index = known.unwrap_or_else(|| {
            opened.push((kind, Self::create(kind)));
            opened.len() - 1
        });
        match &opened[index].1 {
            Ok(device) => device.another(),
            Err(error) => Err(error.clone()),
        }
    }

    fn create(kind: Kind) -> Result<Self, FfmpegError> {
        forget_complaints();
        let mut device = ptr::null_mut();
        // SAFETY: `device` receives a reference on success; no name and no options mean the default device.
        check(unsafe { ffi::av_hwdevice_ctx_create(&mut device, kind.0, ptr::null(), ptr::null_mut(), 0) })?;
        Ok(Self(device))
    }

    fn another(&self) -> Result<Self, FfmpegError> {
        // SAFETY: the reference is valid as long as `self`.
        let device = unsafe { ffi::av_buffer_ref(self.0) };
        if device.is_null() {
            return Err(FfmpegError::new(ffmpeg_next::Error::Other {
                errno: libc::ENOMEM,
            }));
        }
        Ok(Self(device))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: this reference is ours and dropped once.
        unsafe { ffi::av_buffer_unref(&mut self.0) }
    }
}

/// The pixel format in which `codec` hands out pictures that lie on a device of `kind`.
pub(super) fn device_format(codec: &Codec, kind: Kind) -> Option<AVPixelFormat> {
    for index in 0.. {
        // SAFETY: the codec is a static description; the entries are static and end with null.
        let config = unsafe { ffi::avcodec_get_hw_config(codec.as_ptr(), index).as_ref() }?;
        let by_device = config.methods & (ffi::AV_CODEC_HW_CONFIG_METHOD_HW_DEVICE_CTX as c_int) != 0;
        if by_device && config.device_type == kind.0 {
            return Some(config.pix_fmt);
        }
    }
    None
}

/// Makes `context`, which is not opened yet, decode on `device` into `format`.
pub(super) fn attach(context: &mut codec::Context, device: Device, format: AVPixelFormat) {
    // SAFETY: the context is not open, so its fields may be set. It takes over the reference (freed with the context),
    // which is why `device` is forgotten. `opaque` is for the user's use: it carries the format's number to the callback.
    unsafe {
        let raw = context.as_mut_ptr();
        (*raw).hw_device_ctx = device.0;
        (*raw).opaque = format as usize as *mut c_void;
        (*raw).get_format = Some(choose_format);
        // The pictures that the lookup holds besides those that the decoder refers to.
        (*raw).extra_hw_frames = 4;
    }
    std::mem::forget(device);
}

/// FFmpeg's `get_format` callback: the device's format or nothing. FFmpeg would go on in software by itself otherwise,
/// on one thread and without saying so.
unsafe extern "C" fn choose_format(
    context: *mut ffi::AVCodecContext,
    mut offered: *const AVPixelFormat,
) -> AVPixelFormat {
    // SAFETY: FFmpeg passes an open context, whose `opaque` `attach` set, and a list that ends with NONE.
    unsafe {
        let wanted = (*context).opaque as usize;
        while *offered != AVPixelFormat::AV_PIX_FMT_NONE {
            if *offered as usize == wanted {
                return *offered;
            }
            offered = offered.add(1);
        }
    }
    AVPixelFormat::AV_PIX_FMT_NONE
}

/// Whether a frame lies on a device.
pub(super) fn is_on_device(frame: &frame::Video) -> bool {
    // SAFETY: the frame is valid; only a pointer is looked at.
    unsafe { !(*frame.as_ptr()).hw_frames_ctx.is_null() }
}

/// Copies a frame from its device to main memory, in the device's first format (NV12, or P010 for 10 bits).
pub(super) fn fetch(frame: &frame::Video) -> Result<frame::Video, FfmpegError> {
    forget_complaints();
    let mut fetched = frame::Video::empty();
    // SAFETY: both frames are valid; the empty one receives memory and format.
    unsafe {
        check(ffi::av_hwframe_transfer_data(
            fetched.as_mut_ptr(),
            frame.as_ptr(),
            0,
        ))?;
        check(ffi::av_frame_copy_props(fetched.as_mut_ptr(), frame.as_ptr()))?;
    }
    Ok(fetched)
}
