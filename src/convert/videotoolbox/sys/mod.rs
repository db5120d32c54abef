//! The few functions of CoreFoundation, CoreVideo and VideoToolbox that are called, under Apple's names.
//!
//! On macOS they are the system's (`apple`). Anywhere else the tests get a `stand_in` that keeps reference counts,
//! lock states and pool limits, converts for real and fails on demand, so that everything above this module is the
//! same code in both.
#![allow(
    non_snake_case,
    non_upper_case_globals,
    reason = "Apple's names, as its documentation has them"
)]

use std::ffi::c_void;

#[cfg(target_os = "macos")]
mod apple;
#[cfg(not(target_os = "macos"))]
pub(super) mod stand_in;

#[cfg(target_os = "macos")]
pub(super) use apple::*;
#[cfg(not(target_os = "macos"))]
pub(super) use stand_in::functions::*;

/// A CFTypeRef: any CoreFoundation object, or null.
pub(super) type CfRef = *const c_void;
/// A CVPixelBufferRef.
pub(super) type CVPixelBufferRef = *mut c_void;
/// A CVPixelBufferPoolRef.
pub(super) type CVPixelBufferPoolRef = *const c_void;
/// A VTPixelTransferSessionRef.
pub(super) type VTPixelTransferSessionRef = *mut c_void;
/// Called once when a buffer over foreign memory dies: the reference given at its creation, and the memory.
pub(super) type ReleaseBytes = extern "C" fn(*mut c_void, *const c_void);

/// CoreVideo's result code.
pub(super) type CVReturn = i32;
/// VideoToolbox's result code.
pub(super) type OSStatus = i32;

/// `kCVReturnWouldExceedAllocationThreshold`: a pool has as many buffers out as it was told to allow.
pub(super) const WOULD_EXCEED_ALLOCATION_THRESHOLD: CVReturn = -6689;
/// `kCVPixelBufferLock_ReadOnly`.
pub(super) const LOCK_READ_ONLY: u64 = 1;

/// `kCVPixelFormatType_32BGRA`: B, G, R, A in memory.
pub(super) const FORMAT_BGRA: u32 = u32::from_be_bytes(*b"BGRA");
/// `kCVPixelFormatType_420YpCbCr8BiPlanarVideoRange`: NV12, limited range.
pub(super) const FORMAT_420V: u32 = u32::from_be_bytes(*b"420v");
/// `kCVPixelFormatType_420YpCbCr8BiPlanarFullRange`: NV12, full range.
pub(super) const FORMAT_420F: u32 = u32::from_be_bytes(*b"420f");

/// CoreVideo's constant strings that are passed as keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Constant {
    /// `kCVPixelBufferPixelFormatTypeKey`.
    PixelFormatType,
    /// `kCVPixelBufferWidthKey`.
    Width,
    /// `kCVPixelBufferHeightKey`.
    Height,
    /// `kCVPixelBufferIOSurfacePropertiesKey`.
    IoSurfaceProperties,
    /// `kCVPixelBufferPoolAllocationThresholdKey`.
    AllocationThreshold,
    /// `kCVImageBufferYCbCrMatrixKey`.
    Matrix,
    /// `kCVImageBufferYCbCrMatrix_ITU_R_709_2`.
    Matrix709,
    /// `kCVImageBufferYCbCrMatrix_ITU_R_601_4`.
    Matrix601,
    /// `kCVImageBufferColorPrimariesKey`.
    Primaries,
    /// `kCVImageBufferColorPrimaries_ITU_R_709_2`.
    Primaries709,
    /// `kCVImageBufferTransferFunctionKey`.
    Transfer,
    /// `kCVImageBufferTransferFunction_ITU_R_709_2`.
    Transfer709,
}

/// The properties of a transfer session that are set, with their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// `kVTPixelTransferPropertyKey_DestinationYCbCrMatrix`.
    DestinationMatrix(Constant),
    /// `kVTPixelTransferPropertyKey_DestinationColorPrimaries`.
    DestinationPrimaries(Constant),
    /// `kVTPixelTransferPropertyKey_DestinationTransferFunction`.
    DestinationTransfer(Constant),
    /// `kVTPixelTransferPropertyKey_DownsamplingMode` as `kVTDownsamplingMode_Average`: chroma is the mean of the
    /// pixels it covers. The default, decimation, takes one of them.
    AverageDownsampling,
}
