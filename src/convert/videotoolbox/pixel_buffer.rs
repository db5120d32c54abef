//! CVPixelBuffer and CVPixelBufferPool, owned.
//!
//! Every reference is held by one value and given up when it is dropped, on every path out of a function; every lock
//! is a [`Locked`] and ends with it. Base addresses exist only as slices that borrow the lock.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::status::{Failure, core_video};
use super::sys::{self, CfRef, Constant};
use crate::convert::target::span;
use crate::frame::{PackedView, Size};
use crate::media::encode::CoreVideoBuffer;

/// One reference to a CVPixelBuffer: released when dropped, retained when cloned.
pub struct PixelBuffer(NonNull<c_void>);

// SAFETY: CoreFoundation counts references atomically and CoreVideo's buffers may be used from any thread. The pixels
// are only reached through a lock, whose guard borrows the value.
unsafe impl Send for PixelBuffer {}

// SAFETY: the reference is held until the drop, and a CVPixelBuffer does not move.
unsafe impl CoreVideoBuffer for PixelBuffer {
    fn pixel_buffer(&self) -> NonNull<c_void> {
        self.as_ptr()
    }
}

impl PixelBuffer {
    /// Takes over the reference that a create function put into `raw`.
    ///
    /// # Safety
    /// `raw` is null or a valid buffer, one of whose references is given away.
    unsafe fn owned(raw: sys::CVPixelBufferRef) -> Option<Self> {
        NonNull::new(raw).map(Self)
    }

    /// Another reference to the buffer of `surface`.
    #[cfg(all(test, not(target_os = "macos")))]
    pub(super) fn shared(surface: &crate::media::encode::Surface) -> Self {
        let raw = surface.pixel_buffer();
        // SAFETY: the buffer is valid; the new reference belongs to the new value.
        unsafe { sys::CVPixelBufferRetain(raw.as_ptr()) };
        Self(raw)
    }

    /// The CVPixelBufferRef, valid as long as the value. Whoever keeps it longer keeps a clone.
    pub fn as_ptr(&self) -> NonNull<c_void> {
        self.0
    }

    /// Marks the pixels as BT.709 by primaries and transfer function, which a transfer reads from its source, and
    /// Y'CbCr by its matrix.
    pub(super) fn attach_colors(&self, matrix: Option<Constant>) {
        let attach = |key, value| {
            // SAFETY: the buffer is valid, key and value are constants of CoreVideo.
            unsafe {
                sys::CVBufferSetAttachment(self.0.as_ptr(), sys::constant(key), sys::constant(value));
            }
        };
        attach(Constant::Primaries, Constant::Primaries709);
        attach(Constant::Transfer, Constant::Transfer709);
        if let Some(matrix) = matrix {
            attach(Constant::Matrix, matrix);
        }
    }

    /// Makes the pixels readable.
    pub(super) fn lock_for_reading(&self) -> Result<Locked<'_>, Failure> {
        self.lock(sys::LOCK_READ_ONLY)
    }

    /// Makes the pixels writable.
    pub(super) fn lock_for_writing(&mut self) -> Result<Locked<'_>, Failure> {
        self.lock(0)
    }

    fn lock(&self, flags: u64) -> Result<Locked<'_>, Failure> {
        // SAFETY: the buffer is valid; Locked unlocks it with the same flags.
        let status = unsafe { sys::CVPixelBufferLockBaseAddress(self.0.as_ptr(), flags) };
        core_video(status, "CVPixelBufferLockBaseAddress", "locking a pixel buffer")?;
        Ok(Locked {
            buffer: self,
            flags,
            ended: false,
        })
    }
}

impl Clone for PixelBuffer {
    fn clone(&self) -> Self {
        // SAFETY: the buffer is valid; the new reference belongs to the new value.
        unsafe { sys::CVPixelBufferRetain(self.0.as_ptr()) };
        Self(self.0)
    }
}

impl Drop for PixelBuffer {
    fn drop(&mut self) {
        // SAFETY: the buffer is valid and the reference ours; it is not used again.
        unsafe { sys::CVPixelBufferRelease(self.0.as_ptr()) };
    }
}

impl std::fmt::Debug for PixelBuffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PixelBuffer").field(&self.0).finish()
    }
}

/// A plane of a locked buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Plane {
    /// All of a buffer without planes.
    Packed,
    /// Plane 0 of 4:2:0, one byte a pixel.
    Luma,
    /// Plane 1 of 4:2:0, two bytes for each 2x2 block.
    Chroma,
}

/// A lock on a buffer's pixels; ends when dropped.
pub(super) struct Locked<'a> {
    buffer: &'a PixelBuffer,
    flags: u64,
    ended: bool,
}

impl Locked<'_> {
    /// The bytes of `rows` rows of `row` bytes each, and the stride between them.
    pub(super) fn bytes(&self, plane: Plane, row: usize, rows: u32) -> Result<(&[u8], usize), Failure> {
        let (base, stride) = self.address(plane, row)?;
        // SAFETY: a locked plane has that many rows of `stride` bytes at `base` until it is unlocked, which the
        // borrow of the lock prevents; nothing writes to it meanwhile but through another lock of the same buffer,
        // which a shared borrow cannot take for writing.
        Ok((
            unsafe { std::slice::from_raw_parts(base, span(stride, row, rows)) },
            stride,
        ))
    }

    /// As [`Locked::bytes`], for writing.
    pub(super) fn bytes_mut(
        &mut self,
        plane: Plane,
        row: usize,
        rows: u32,
    ) -> Result<(&mut [u8], usize), Failure> {
        debug_assert_eq!(self.flags, 0, "a read-only lock is no leave to write");
        let (base, stride) = self.address(plane, row)?;
        // SAFETY: as in `bytes`; the lock is for writing and mutably borrowed.
        Ok((
            unsafe { std::slice::from_raw_parts_mut(base, span(stride, row, rows)) },
            stride,
        ))
    }

    fn address(&self, plane: Plane, row: usize) -> Result<(*mut u8, usize), Failure> {
        const DOING: &str = "finding the rows of a pixel buffer";
        let raw = self.buffer.0.as_ptr();
        // SAFETY: the buffer is valid and locked, and has the planes of the format it was made with.
        let (function, base, stride) = unsafe {
            match plane {
                Plane::Packed => (
                    "CVPixelBufferGetBaseAddress",
                    sys::CVPixelBufferGetBaseAddress(raw),
                    sys::CVPixelBufferGetBytesPerRow(raw),
                ),
                Plane::Luma | Plane::Chroma => {
                    let index = usize::from(plane == Plane::Chroma);
                    (
                        "CVPixelBufferGetBaseAddressOfPlane",
                        sys::CVPixelBufferGetBaseAddressOfPlane(raw, index),
                        sys::CVPixelBufferGetBytesPerRowOfPlane(raw, index),
                    )
                }
            }
        };
        if base.is_null() {
            return Err(Failure::nothing(function, DOING));
        }
        if stride < row {
            let status = format!("rows of {row} bytes cannot be {stride} bytes apart");
            return Err(Failure::contradiction(
                "CVPixelBufferGetBytesPerRow",
                DOING,
                status,
            ));
        }
        Ok((base, stride))
    }

    /// Ends the lock and says whether that worked.
    pub(super) fn unlock(mut self) -> Result<(), Failure> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Failure> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        // SAFETY: the buffer is valid and was locked with these flags, once.
        let status = unsafe { sys::CVPixelBufferUnlockBaseAddress(self.buffer.0.as_ptr(), self.flags) };
        core_video(
            status,
            "CVPixelBufferUnlockBaseAddress",
            "unlocking a pixel buffer",
        )
    }
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        if let Err(failure) = self.end() {
            tracing::warn!(?failure, "a pixel buffer stays locked");
        }
    }
}

/// A buffer over the memory of a [`PackedView`], for as long as that is borrowed.
pub(super) struct Wrapped<'a> {
    buffer: PixelBuffer,
    given_back: Arc<AtomicBool>,
    memory: PhantomData<&'a [u8]>,
}

impl<'a> Wrapped<'a> {
    /// Whether `source` can be read in place: rows on 16-byte boundaries, each with its padding.
    pub(super) fn fits(source: PackedView<'_>) -> bool {
        source.data.as_ptr().addr().is_multiple_of(16)
            && source.stride.is_multiple_of(16)
            && source.data.len() >= source.stride * source.size.height as usize
    }

    /// Makes a 32BGRA buffer over `source`. The memory is only read: transfers do not write to their source.
    pub(super) fn new(source: PackedView<'a>) -> Result<Self, Failure> {
        const FUNCTION: &str = "CVPixelBufferCreateWithBytes";
        const DOING: &str = "wrapping a frame in a pixel buffer";
        debug_assert!(Self::fits(source));
        let given_back = Arc::new(AtomicBool::new(false));
        let reference = Arc::into_raw(Arc::clone(&given_back));
        let mut raw = ptr::null_mut();
        // SAFETY: the memory is readable for 'a, which outlives this value. Whoever retains the buffer beyond it
        // (see `end`) has no call left that makes it look at the memory. The reference is an Arc's, which
        // `on_release` turns back.
        let status = unsafe {
            sys::CVPixelBufferCreateWithBytes(
                (source.size.width as usize, source.size.height as usize),
                sys::FORMAT_BGRA,
                source.data.as_ptr().cast_mut().cast(),
                source.stride,
                on_release,
                reference.cast_mut().cast(),
                &mut raw,
            )
        };
        let created = core_video(status, FUNCTION, DOING).and_then(|()| {
            // SAFETY: the call succeeded and made us the buffer's owner.
            unsafe { PixelBuffer::owned(raw) }.ok_or_else(|| Failure::nothing(FUNCTION, DOING))
        });
        match created {
            Ok(buffer) => Ok(Self {
                buffer,
                given_back,
                memory: PhantomData,
            }),
            Err(failure) => {
                // SAFETY: no buffer came to be that could call `on_release`, so the reference is still ours.
                drop(unsafe { Arc::from_raw(reference) });
                Err(failure)
            }
        }
    }

    /// The buffer.
    pub(super) fn buffer(&self) -> &PixelBuffer {
        &self.buffer
    }

    /// Releases the buffer and says whether anyone still holds it.
    pub(super) fn end(self) -> bool {
        let Self {
            buffer, given_back, ..
        } = self;
        drop(buffer);
        !given_back.load(Ordering::Acquire)
    }
}

/// Called once, when the buffer over foreign memory dies.
extern "C" fn on_release(reference: *mut c_void, _base: *const c_void) {
    // SAFETY: `reference` came from Arc::into_raw and is handed over exactly once.
    let given_back = unsafe { Arc::from_raw(reference.cast::<AtomicBool>()) };
    given_back.store(true, Ordering::Release);
}

/// An owned CoreFoundation object.
struct Object(CfRef);

impl Object {
    fn number(value: u32, doing: &'static str) -> Result<Self, Failure> {
        // Apple's four-character codes and our sizes are kept as the bits of a signed number.
        Self::created(
            sys::CFNumberCreateInt(value.cast_signed()),
            "CFNumberCreate",
            doing,
        )
    }

    fn dictionary(pairs: &[(Constant, &Self)], doing: &'static str) -> Result<Self, Failure> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| (sys::constant(*key), value.0))
            .collect();
        // SAFETY: keys are constants, values are owned objects.
        Self::created(
            unsafe { sys::CFDictionaryCreatePairs(&pairs) },
            "CFDictionaryCreate",
            doing,
        )
    }

    fn created(raw: CfRef, function: &'static str, doing: &'static str) -> Result<Self, Failure> {
        if raw.is_null() {
            return Err(Failure::nothing(function, doing));
        }
        Ok(Self(raw))
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: the object is valid and the reference ours; it is not used again.
        unsafe { sys::CFRelease(self.0) };
    }
}

/// A CVPixelBufferPool of IOSurface-backed buffers of one size and format.
pub(super) struct Pool {
    raw: sys::CVPixelBufferPoolRef,
    /// `kCVPixelBufferPoolAllocationThresholdKey` with its number.
    limit: Object,
}

// SAFETY: pools may be used from any thread and count their references atomically; ours is used through `&mut`. The
// dictionary is immutable.
unsafe impl Send for Pool {}

impl Pool {
    /// A pool of `format` buffers of `size`, at most `limit` of which are out at a time.
    pub(super) fn new(size: Size, format: u32, limit: u32) -> Result<Self, Failure> {
        const FUNCTION: &str = "CVPixelBufferPoolCreate";
        const DOING: &str = "making a pool of pixel buffers";
        let (format, width) = (Object::number(format, DOING)?, Object::number(size.width, DOING)?);
        let height = Object::number(size.height, DOING)?;
        // An empty dictionary asks for an IOSurface with default properties.
        let surface = Object::dictionary(&[], DOING)?;
        let attributes = Object::dictionary(
            &[
                (Constant::PixelFormatType, &format),
                (Constant::Width, &width),
                (Constant::Height, &height),
                (Constant::IoSurfaceProperties, &surface),
            ],
            DOING,
        )?;
        let limit = Object::number(limit, DOING)?;
        let limit = Object::dictionary(&[(Constant::AllocationThreshold, &limit)], DOING)?;
        let mut raw = ptr::null();
        // SAFETY: the dictionary is valid; the pool keeps what it needs of it.
        let status = unsafe { sys::CVPixelBufferPoolCreate(attributes.0, &mut raw) };
        core_video(status, FUNCTION, DOING)?;
        if raw.is_null() {
            return Err(Failure::nothing(FUNCTION, DOING));
        }
        Ok(Self { raw, limit })
    }

    /// A buffer with any content. When all are out, waits up to `patience` for one to come back.
    pub(super) fn buffer(&mut self, patience: Duration) -> Result<PixelBuffer, Failure> {
        const FUNCTION: &str = "CVPixelBufferPoolCreatePixelBufferWithAuxAttributes";
        const DOING: &str = "taking a pixel buffer from its pool";
        let deadline = Instant::now() + patience;
        loop {
            let mut raw = ptr::null_mut();
            // SAFETY: pool and dictionary are valid.
            let status = unsafe {
                sys::CVPixelBufferPoolCreatePixelBufferWithAuxAttributes(self.raw, self.limit.0, &mut raw)
            };
            if status == sys::WOULD_EXCEED_ALLOCATION_THRESHOLD && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(1));
                continue;
            }
            core_video(status, FUNCTION, DOING)?;
            // SAFETY: the call succeeded and made us the buffer's owner.
            return unsafe { PixelBuffer::owned(raw) }.ok_or_else(|| Failure::nothing(FUNCTION, DOING));
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // SAFETY: the pool is valid and the reference ours; its buffers outlive it.
        unsafe { sys::CVPixelBufferPoolRelease(self.raw) };
    }
}
