//! CVReturn and OSStatus by name.

use super::sys::{CVReturn, OSStatus};
use crate::convert::{ConvertError, PixelPath};

/// A call into Apple's frameworks that failed; the path it was made for is added on the way up.
#[derive(Debug)]
pub(super) struct Failure {
    function: &'static str,
    doing: &'static str,
    status: String,
}

impl Failure {
    /// A call that gave nothing where it should have given an object or address.
    pub(super) fn nothing(function: &'static str, doing: &'static str) -> Self {
        let status = "it returned nothing".into();
        Self {
            function,
            doing,
            status,
        }
    }

    /// A call whose result contradicts what was asked for.
    pub(super) fn contradiction(function: &'static str, doing: &'static str, status: String) -> Self {
        Self {
            function,
            doing,
            status,
        }
    }

    /// The failure as `path`'s error.
    pub(super) fn of(self, path: PixelPath) -> ConvertError {
        ConvertError::Call {
            path,
            function: self.function,
            doing: self.doing,
            status: self.status,
        }
    }
}

/// `Ok` when CoreVideo's `status` says so.
pub(super) fn core_video(
    status: CVReturn,
    function: &'static str,
    doing: &'static str,
) -> Result<(), Failure> {
    named(status, core_video_name(status), function, doing)
}

/// `Ok` when VideoToolbox's `status` says so.
pub(super) fn video_toolbox(
    status: OSStatus,
    function: &'static str,
    doing: &'static str,
) -> Result<(), Failure> {
    named(status, video_toolbox_name(status), function, doing)
}

fn named(status: i32, name: &str, function: &'static str, doing: &'static str) -> Result<(), Failure> {
    if status == 0 {
        return Ok(());
    }
    let status = format!("{name} ({status})");
    Err(Failure {
        function,
        doing,
        status,
    })
}

/// CVReturn.h.
fn core_video_name(status: CVReturn) -> &'static str {
    match status {
        -6660 => "kCVReturnError",
        -6661 => "kCVReturnInvalidArgument",
        -6662 => "kCVReturnAllocationFailed",
        -6663 => "kCVReturnUnsupported",
        -6680 => "kCVReturnInvalidPixelFormat",
        -6681 => "kCVReturnInvalidSize",
        -6682 => "kCVReturnInvalidPixelBufferAttributes",
        -6684 => "kCVReturnPixelBufferNotMetalCompatible",
        -6689 => "kCVReturnWouldExceedAllocationThreshold",
        -6690 => "kCVReturnPoolAllocationFailed",
        -6691 => "kCVReturnInvalidPoolAttributes",
        -6692 => "kCVReturnRetry",
        _ => "unknown CVReturn",
    }
}

/// VTErrors.h, as far as sessions and transfers go, and MacErrors.h.
fn video_toolbox_name(status: OSStatus) -> &'static str {
    match status {
        -50 => "paramErr",
        -108 => "memFullErr",
        -12210 => "kVTVideoDecoderAuthorizationErr",
        -12212 => "kVTColorCorrectionPixelTransferFailedErr",
        -12218 => "kVTPixelTransferNotPermittedErr",
        -12900 => "kVTPropertyNotSupportedErr",
        -12901 => "kVTPropertyReadOnlyErr",
        -12902 => "kVTParameterErr",
        -12903 => "kVTInvalidSessionErr",
        -12904 => "kVTAllocationFailedErr",
        -12905 => "kVTPixelTransferNotSupportedErr",
        -12907 => "kVTCouldNotCreateInstanceErr",
        -12917 => "kVTInsufficientSourceColorDataErr",
        -12918 => "kVTCouldNotCreateColorCorrectionDataErr",
        -12919 => "kVTColorSyncTransformConvertFailedErr",
        -17691 => "kVTSessionMalfunctionErr",
        _ => core_video_name_or_unknown(status),
    }
}

/// VideoToolbox hands CoreVideo's results through.
fn core_video_name_or_unknown(status: OSStatus) -> &'static str {
    match core_video_name(status) {
        "unknown CVReturn" => "unknown OSStatus",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_their_names() {
        assert!(core_video(0, "f", "d").is_ok());
        let text =
            |failure: Result<(), Failure>| failure.unwrap_err().of(PixelPath::VideoToolbox).to_string();
        assert_eq!(
            text(core_video(-6681, "CVPixelBufferPoolCreate", "making a pool")),
            "pixel path videotoolbox: CVPixelBufferPoolCreate failed while making a pool: kCVReturnInvalidSize (-6681)"
        );
        assert!(text(video_toolbox(-12905, "f", "d")).ends_with("kVTPixelTransferNotSupportedErr (-12905)"));
        assert!(text(video_toolbox(-6662, "f", "d")).ends_with("kCVReturnAllocationFailed (-6662)"));
        assert!(text(video_toolbox(-4, "f", "d")).ends_with("unknown OSStatus (-4)"));
    }
}
