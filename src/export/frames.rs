//! All frames as the encoder would get them, for whoever compares or measures them.

use std::time::Instant;

use super::cancel::Cancel;
use super::error::ExportError;
use super::instruments::Instruments;
use super::plan::{self, Destination};
use super::progress::Unobserved;
use super::report::ExportReport;
use super::stage::encode::Visitor;
use super::{EncoderSetting, Request};
use crate::cap::{self, Opened};
use crate::frame::Nv12Frame;

/// Runs the pipeline of an export up to the encoder and shows every converted frame to `visit`, in order and with its number;
/// a repetition is shown as often as it stands in the video. Nothing is encoded or written: the request's target and encoder
/// have no meaning here.
///
/// # Errors
/// As [`super::export()`], and for instant recordings, which are not rendered.
pub fn frames<'a>(
    request: &Request,
    cancel: &Cancel,
    visit: &'a mut (dyn FnMut(u64, &Nv12Frame) + Send + 'a),
) -> Result<ExportReport, ExportError> {
    let begun = Instant::now();
    let mut request = request.clone();
    request.settings.encoder = EncoderSetting::None;
    let recording = match cap::open(&request.recording, &plan::open_options(&request.settings))? {
        Opened::Studio(recording) => *recording,
        Opened::Instant(_) => {
            return Err(ExportError::InstantSetting {
                setting: "rendering of frames",
            });
        }
    };
    let visit: &'a mut Visitor<'a> = visit;
    plan::run(
        recording,
        &request,
        Destination::Visitor(visit),
        &Instruments::default(),
        cancel,
        begun,
        &mut Unobserved,
    )
    .map(|(report, _)| report)
}
