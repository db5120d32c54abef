//! The system's own functions.
//!
//! CoreVideo comes from core-video-sys, except for what that crate leaves out (the colour attachments and
//! CVPixelBufferCreateWithBytes) or declares with a wrong result (CVPixelBufferPoolRelease). VideoToolbox is looked
//! up at run time, so that a system that lacks a function or key says so instead of not starting the program.

use std::ffi::{CStr, c_void};
use std::ptr;
use std::sync::OnceLock;

use super::{
    CVPixelBufferPoolRef, CVPixelBufferRef, CVReturn, CfRef, Constant, OSStatus, Property, ReleaseBytes,
    VTPixelTransferSessionRef,
};

#[link(name = "CoreFoundation", kind = "framework")]
unsafe extern "C" {
    fn CFNumberCreate(allocator: CfRef, kind: isize, value: *const c_void) -> CfRef;
    fn CFDictionaryCreate(
        allocator: CfRef,
        keys: *const CfRef,
        values: *const CfRef,
        count: isize,
        key_callbacks: *const c_void,
        value_callbacks: *const c_void,
    ) -> CfRef;
    #[link_name = "CFRelease"]
    fn release(object: CfRef);
    // Structures of function pointers that are only ever passed by address.
    static kCFTypeDictionaryKeyCallBacks: u8;
    static kCFTypeDictionaryValueCallBacks: u8;
}

#[link(name = "CoreVideo", kind = "framework")]
unsafe extern "C" {
    #[link_name = "CVPixelBufferPoolRelease"]
    fn pool_release(pool: CVPixelBufferPoolRef);
    #[link_name = "CVPixelBufferCreateWithBytes"]
    fn create_with_bytes(
        allocator: CfRef,
        width: usize,
        height: usize,
        format: u32,
        base: *mut c_void,
        stride: usize,
        release: Option<ReleaseBytes>,
        reference: *mut c_void,
        attributes: CfRef,
        out: *mut CVPixelBufferRef,
    ) -> CVReturn;
    static kCVImageBufferYCbCrMatrixKey: CfRef;
    static kCVImageBufferYCbCrMatrix_ITU_R_709_2: CfRef;
    static kCVImageBufferYCbCrMatrix_ITU_R_601_4: CfRef;
    static kCVImageBufferColorPrimariesKey: CfRef;
    static kCVImageBufferColorPrimaries_ITU_R_709_2: CfRef;
    static kCVImageBufferTransferFunctionKey: CfRef;
    static kCVImageBufferTransferFunction_ITU_R_709_2: CfRef;
}

/// `kCFNumberSInt32Type`.
const NUMBER_SINT32: isize = 3;
/// `kCVAttachmentMode_ShouldPropagate`.
const SHOULD_PROPAGATE: u32 = 1;

/// The string itself.
pub(crate) fn constant(name: Constant) -> CfRef {
    // SAFETY: the frameworks' constant strings are set when they are loaded and never change.
    unsafe {
        match name {
            Constant::PixelFormatType => core_video_sys::kCVPixelBufferPixelFormatTypeKey.cast(),
            Constant::Width => core_video_sys::kCVPixelBufferWidthKey.cast(),
            Constant::Height => core_video_sys::kCVPixelBufferHeightKey.cast(),
            Constant::IoSurfaceProperties => core_video_sys::kCVPixelBufferIOSurfacePropertiesKey.cast(),
            Constant::AllocationThreshold => core_video_sys::kCVPixelBufferPoolAllocationThresholdKey.cast(),
            Constant::Matrix => kCVImageBufferYCbCrMatrixKey,
            Constant::Matrix709 => kCVImageBufferYCbCrMatrix_ITU_R_709_2,
            Constant::Matrix601 => kCVImageBufferYCbCrMatrix_ITU_R_601_4,
            Constant::Primaries => kCVImageBufferColorPrimariesKey,
            Constant::Primaries709 => kCVImageBufferColorPrimaries_ITU_R_709_2,
            Constant::Transfer => kCVImageBufferTransferFunctionKey,
            Constant::Transfer709 => kCVImageBufferTransferFunction_ITU_R_709_2,
        }
    }
}

/// A new CFNumber, or null.
pub(crate) fn CFNumberCreateInt(value: i32) -> CfRef {
    // SAFETY: the kind says that an i32 is read, and one is given.
    unsafe { CFNumberCreate(ptr::null(), NUMBER_SINT32, ptr::from_ref(&value).cast()) }
}

/// A new CFDictionary that retains its keys and values, or null.
///
/// # Safety
/// All of `pairs` are valid objects.
pub(crate) unsafe fn CFDictionaryCreatePairs(pairs: &[(CfRef, CfRef)]) -> CfRef {
    let (keys, values): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    // SAFETY: both arrays hold as many valid objects as is said; the callbacks are the system's for such.
    unsafe {
        CFDictionaryCreate(
            ptr::null(),
            keys.as_ptr(),
            values.as_ptr(),
            pairs.len() as isize,
            (&raw const kCFTypeDictionaryKeyCallBacks).cast(),
            (&raw const kCFTypeDictionaryValueCallBacks).cast(),
        )
    }
}

/// # Safety
/// `object` is valid, and a reference of the caller's is given up.
pub(crate) unsafe fn CFRelease(object: CfRef) {
    // SAFETY: the caller's promise.
    unsafe { release(object) };
}

/// # Safety
/// `attributes` is a valid dictionary.
pub(crate) unsafe fn CVPixelBufferPoolCreate(attributes: CfRef, out: &mut CVPixelBufferPoolRef) -> CVReturn {
    // SAFETY: the caller's promise; null asks for the default allocator and pool attributes.
    unsafe {
        core_video_sys::CVPixelBufferPoolCreate(
            ptr::null(),
            ptr::null(),
            attributes.cast(),
            ptr::from_mut(out).cast(),
        )
    }
}

/// # Safety
/// `pool` is valid, and a reference of the caller's is given up.
pub(crate) unsafe fn CVPixelBufferPoolRelease(pool: CVPixelBufferPoolRef) {
    // SAFETY: the caller's promise.
    unsafe { pool_release(pool) };
}

/// # Safety
/// `pool` and the dictionary `auxiliary` are valid.
pub(crate) unsafe fn CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(
    pool: CVPixelBufferPoolRef,
    auxiliary: CfRef,
    out: &mut CVPixelBufferRef,
) -> CVReturn {
    // SAFETY: the caller's promise; null asks for the default allocator.
    unsafe {
        core_video_sys::CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(
            ptr::null(),
            pool.cast(),
            auxiliary.cast(),
            ptr::from_mut(out).cast(),
        )
    }
}

/// # Safety
/// `base` points to `height` rows of `stride` bytes that may be read until `release` is called with `reference`.
pub(crate) unsafe fn CVPixelBufferCreateWithBytes(
    (width, height): (usize, usize),
    format: u32,
    base: *mut c_void,
    stride: usize,
    release: ReleaseBytes,
    reference: *mut c_void,
    out: &mut CVPixelBufferRef,
) -> CVReturn {
    // SAFETY: the caller's promise; nulls ask for the default allocator and no attributes.
    unsafe {
        create_with_bytes(
            ptr::null(),
            width,
            height,
            format,
            base,
            stride,
            Some(release),
            reference,
            ptr::null(),
            out,
        )
    }
}

/// # Safety
/// `buffer` is valid.
pub(crate) unsafe fn CVPixelBufferRetain(buffer: CVPixelBufferRef) {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferRetain(buffer.cast()) };
}

/// # Safety
/// `buffer` is valid, and a reference of the caller's is given up.
pub(crate) unsafe fn CVPixelBufferRelease(buffer: CVPixelBufferRef) {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferRelease(buffer.cast()) };
}

/// # Safety
/// `buffer` is valid.
pub(crate) unsafe fn CVPixelBufferLockBaseAddress(buffer: CVPixelBufferRef, flags: u64) -> CVReturn {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferLockBaseAddress(buffer.cast(), flags) }
}

/// # Safety
/// `buffer` is valid and locked with `flags`.
pub(crate) unsafe fn CVPixelBufferUnlockBaseAddress(buffer: CVPixelBufferRef, flags: u64) -> CVReturn {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferUnlockBaseAddress(buffer.cast(), flags) }
}

/// # Safety
/// `buffer` is valid and locked.
pub(crate) unsafe fn CVPixelBufferGetBaseAddress(buffer: CVPixelBufferRef) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferGetBaseAddress(buffer.cast()).cast() }
}

/// # Safety
/// `buffer` is valid.
pub(crate) unsafe fn CVPixelBufferGetBytesPerRow(buffer: CVPixelBufferRef) -> usize {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferGetBytesPerRow(buffer.cast()) }
}

/// # Safety
/// `buffer` is valid and locked.
pub(crate) unsafe fn CVPixelBufferGetBaseAddressOfPlane(buffer: CVPixelBufferRef, plane: usize) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferGetBaseAddressOfPlane(buffer.cast(), plane).cast() }
}

/// # Safety
/// `buffer` is valid.
pub(crate) unsafe fn CVPixelBufferGetBytesPerRowOfPlane(buffer: CVPixelBufferRef, plane: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { core_video_sys::CVPixelBufferGetBytesPerRowOfPlane(buffer.cast(), plane) }
}

/// Attaches `value`, which is retained, to be propagated to what is made of the buffer.
///
/// # Safety
/// `buffer`, `key` and `value` are valid.
pub(crate) unsafe fn CVBufferSetAttachment(buffer: CVPixelBufferRef, key: CfRef, value: CfRef) {
    // SAFETY: the caller's promise.
    unsafe {
        core_video_sys::CVBufferSetAttachment(buffer.cast(), key.cast(), value.cast(), SHOULD_PROPAGATE)
    };
}

type SessionCreate = unsafe extern "C" fn(CfRef, *mut VTPixelTransferSessionRef) -> OSStatus;
type SessionInvalidate = unsafe extern "C" fn(VTPixelTransferSessionRef);
type SessionTransfer =
    unsafe extern "C" fn(VTPixelTransferSessionRef, CVPixelBufferRef, CVPixelBufferRef) -> OSStatus;
type SessionSetProperty = unsafe extern "C" fn(VTPixelTransferSessionRef, CfRef, CfRef) -> OSStatus;

/// What is used of VideoToolbox, as found in the running system.
#[derive(Clone, Copy)]
pub(crate) struct VideoToolbox {
    create: SessionCreate,
    invalidate: SessionInvalidate,
    transfer: SessionTransfer,
    set_property: SessionSetProperty,
    destination_matrix: Key,
    destination_primaries: Key,
    destination_transfer: Key,
    downsampling_mode: Key,
    downsampling_average: Key,
}

/// A constant string of the framework.
#[derive(Clone, Copy)]
struct Key(CfRef);

// SAFETY: the framework's constant strings are immutable, never freed and may be used from any thread.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

impl VideoToolbox {
    /// Looks the framework up, once a process.
    ///
    /// # Errors
    /// The framework or symbol that this system lacks.
    pub(crate) fn load() -> Result<Self, String> {
        static FOUND: OnceLock<Result<VideoToolbox, String>> = OnceLock::new();
        FOUND.get_or_init(Self::find).clone()
    }

    fn find() -> Result<Self, String> {
        const PATH: &CStr = c"/System/Library/Frameworks/VideoToolbox.framework/VideoToolbox";
        // SAFETY: a path to a system framework, whose initialisers are fit to run at any time. It stays loaded.
        let library = unsafe { libc::dlopen(PATH.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if library.is_null() {
            return Err("this system has no VideoToolbox framework".into());
        }
        let symbol = |name: &CStr| {
            // SAFETY: the handle is open and the name a C string.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            match found.is_null() {
                true => Err(format!(
                    "this system's VideoToolbox has no {}",
                    name.to_string_lossy()
                )),
                false => Ok(found),
            }
        };
        // SAFETY: a symbol of this kind is a variable that holds a CFStringRef.
        let key = |name| symbol(name).map(|at| Key(unsafe { *at.cast::<CfRef>() }));
        // SAFETY: these are the functions' types in VTPixelTransferSession.h and VTSession.h.
        unsafe {
            Ok(Self {
                create: std::mem::transmute::<*mut c_void, SessionCreate>(symbol(
                    c"VTPixelTransferSessionCreate",
                )?),
                invalidate: std::mem::transmute::<*mut c_void, SessionInvalidate>(symbol(
                    c"VTPixelTransferSessionInvalidate",
                )?),
                transfer: std::mem::transmute::<*mut c_void, SessionTransfer>(symbol(
                    c"VTPixelTransferSessionTransferImage",
                )?),
                set_property: std::mem::transmute::<*mut c_void, SessionSetProperty>(symbol(
                    c"VTSessionSetProperty",
                )?),
                destination_matrix: key(c"kVTPixelTransferPropertyKey_DestinationYCbCrMatrix")?,
                destination_primaries: key(c"kVTPixelTransferPropertyKey_DestinationColorPrimaries")?,
                destination_transfer: key(c"kVTPixelTransferPropertyKey_DestinationTransferFunction")?,
                downsampling_mode: key(c"kVTPixelTransferPropertyKey_DownsamplingMode")?,
                downsampling_average: key(c"kVTDownsamplingMode_Average")?,
            })
        }
    }

    pub(crate) fn VTPixelTransferSessionCreate(self, out: &mut VTPixelTransferSessionRef) -> OSStatus {
        // SAFETY: null asks for the default allocator; `out` receives the session.
        unsafe { (self.create)(ptr::null(), out) }
    }

    /// # Safety
    /// `session` is valid.
    pub(crate) unsafe fn VTPixelTransferSessionInvalidate(self, session: VTPixelTransferSessionRef) {
        // SAFETY: the caller's promise.
        unsafe { (self.invalidate)(session) };
    }

    /// # Safety
    /// `session` and both buffers are valid; no one else uses them meanwhile.
    pub(crate) unsafe fn VTPixelTransferSessionTransferImage(
        self,
        session: VTPixelTransferSessionRef,
        source: CVPixelBufferRef,
        destination: CVPixelBufferRef,
    ) -> OSStatus {
        // SAFETY: the caller's promise.
        unsafe { (self.transfer)(session, source, destination) }
    }

    /// # Safety
    /// `session` is valid.
    pub(crate) unsafe fn VTSessionSetProperty(
        self,
        session: VTPixelTransferSessionRef,
        property: Property,
    ) -> OSStatus {
        let (key, value) = match property {
            Property::DestinationMatrix(value) => (self.destination_matrix, constant(value)),
            Property::DestinationPrimaries(value) => (self.destination_primaries, constant(value)),
            Property::DestinationTransfer(value) => (self.destination_transfer, constant(value)),
            Property::AverageDownsampling => (self.downsampling_mode, self.downsampling_average.0),
        };
        // SAFETY: the caller's promise; key and value are the frameworks' own strings.
        unsafe { (self.set_property)(session, key.0, value) }
    }
}
