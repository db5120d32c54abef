//! Finds out before an export whether an encoder's pictures can be repeated without encoding them.

use std::sync::Arc;

use super::{EncodeError, EncoderChoice, EncoderInput, VideoSettings, open_video};
use crate::frame::Nv12Frame;
use crate::media::h264::{Declined, StillPictures};

/// Pictures of the trial: an IDR picture and two that refer back.
const PICTURES: i64 = 3;

/// Why pictures can't be repeated.
#[derive(Debug, thiserror::Error)]
pub enum StillTrialError {
    /// The stream does not meet the conditions.
    #[error("{0}")]
    Declined(#[from] Declined),
    /// The encoder failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// Encodes a few pictures with `settings` by the encoder called `name`, and checks that each may be repeated. The result
/// is for the stream of another encoder that was opened alike.
///
/// # Errors
/// With what in the stream speaks against it.
pub fn try_still_pictures(name: &str, settings: &VideoSettings) -> Result<StillPictures, StillTrialError> {
    let settings = VideoSettings {
        choice: EncoderChoice::Named(name.to_owned()),
        ..settings.clone()
    };
    let (mut encoder, _) = open_video(&settings)?;
    let fresh = StillPictures::new(encoder.track().extradata())?;
    let mut still = fresh.clone();
    for pts in 0..PICTURES {
        let mut picture = Nv12Frame::new(settings.size);
        // A bar that moves: pictures without any change could hide slices and references that real ones have.
        let bar = settings.size.height as usize / 8 * pts as usize * picture.y_stride;
        picture.y.fill(96);
        picture.y[bar..]
            .iter_mut()
            .take(16 * settings.size.width as usize)
            .for_each(|luma| *luma = 200);
        picture.uv.fill(128);
        encoder.send(&EncoderInput::Nv12(Arc::new(picture)), pts, false)?;
    }
    encoder.finish()?;
    while let Some(packet) = encoder.receive()? {
        still.coded(packet.data())?;
        still.repeat()?;
    }
    Ok(fresh)
}
