//! Finds out before an export whether its encoder's pictures can be joined with those of a rectangle.

use std::sync::Arc;

use super::super::video::VideoEncoder;
use super::super::{EncoderInput, RateControl, VideoSettings, codec as list};
use super::{REGION_ENCODER, RegionEncoder, RegionError};
use crate::frame::{Nv12Frame, Size};
use crate::media::h264::{Declined, Part, RegionStream, Source};

/// Pictures of the trial.
const PICTURES: usize = 6;

/// Encodes a few pictures with `settings`, which are for whole pictures, and a corner of others, and joins them. The result
/// is for the streams of encoders that are opened alike.
///
/// # Errors
/// With what speaks against it.
pub fn try_region_pictures(settings: &VideoSettings) -> Result<RegionStream, RegionError> {
    if matches!(settings.rate, RateControl::Bitrate { .. }) {
        let reason = "an average bit rate can't be shared by two encoders; it takes a constant quality";
        return Err(Declined::Unsupported(reason).into());
    }
    let codec =
        list::h264_encoder(REGION_ENCODER).ok_or(Declined::Unsupported("this FFmpeg has no libx264"))?;
    let opened = VideoEncoder::open(codec, settings)?;
    if let Some(option) = opened.unknown_options.first() {
        tracing::debug!("region pictures need {}={}", option.key, option.value);
        return Err(Declined::Unsupported("this FFmpeg's libx264 lacks options that they need").into());
    }
    let mut whole = opened.encoder;
    let fresh = RegionStream::new(
        whole.track().extradata(),
        settings.frame_rate.fps(),
        settings.rate.ceiling(),
    )?;
    let mut stream = fresh.clone();
    let (columns, rows) = stream.macroblocks();
    let mut small = RegionEncoder::open(settings, columns.min(4), rows.min(2), &stream)?;

    // A key frame, a rectangle twice, a picture of each kind after the others, and a second key frame.
    let whole_pictures = [0, 3, 5];
    for number in whole_pictures {
        let input = EncoderInput::Nv12(Arc::new(picture(settings.size, number)));
        whole.send(&input, number as i64, number == 0 || number == 5)?;
    }
    whole.finish()?;
    for number in 0..PICTURES {
        if whole_pictures.contains(&number) {
            let packet = whole.receive()?.ok_or(Declined::Malformed(
                "the encoder gives fewer pictures than it takes",
            ))?;
            stream.whole(packet.data(), number == 0 || number == 5)?;
            continue;
        }
        let source = match number {
            1 => Source::Itself,
            2 => Source::Previous,
            _ => Source::LastRun,
        };
        let rows = small
            .code(&picture(settings.size, number), 0, 0, number == 1)?
            .rows;
        let source = if rows.intra() { Source::Itself } else { source };
        stream.region(&[Part {
            x: 0,
            y: 0,
            rows,
            source,
        }])?;
        stream.still()?;
    }
    Ok(fresh)
}

/// A bar that moves: pictures without any change could hide slices and references that real ones have.
fn picture(size: Size, number: usize) -> Nv12Frame {
    let mut picture = Nv12Frame::new(size);
    picture.y.fill(96);
    let bar = (size.height as usize / 8 * number).min(size.height as usize - 1) * picture.y_stride;
    picture.y[bar..]
        .iter_mut()
        .take(16 * size.width as usize)
        .for_each(|luma| *luma = 200);
    picture.uv.fill(128);
    picture
}
