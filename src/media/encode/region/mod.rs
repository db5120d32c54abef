//! The small encoder of region pictures: codes a rectangle of a picture so that its slices can be placed into a large one.

mod motion;
mod trial;

use std::sync::Arc;

pub use trial::try_region_pictures;

use super::settings::Part as EncoderPart;
use super::video::VideoEncoder;
use super::{EncodeError, EncoderInput, VideoSettings, codec as list};
use crate::frame::{Nv12Frame, Size};
use crate::media::h264::{Declined, MbRect, RegionStream, RowReader, Rows};
use motion::{Allowed, MotionCheck};

/// The encoder whose streams region pictures are made of.
pub const REGION_ENCODER: &str = "libx264";

/// Pixels along a macroblock's side.
const MB: usize = 16;
/// Rows of macroblocks above and below the rectangle that are coded and never shown.
const GUARD: u32 = 1;

/// Why a rectangle could not be coded.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// The stream does not meet the conditions.
    #[error("{0}")]
    Declined(#[from] Declined),
    /// The encoder failed.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// A coded rectangle.
#[derive(Debug)]
pub struct CodedRegion {
    /// Its slices.
    pub rows: Rows,
    /// Whether it was coded again without prediction, because motion vectors read outside of it.
    pub again: bool,
    /// Everything that the encoder wrote, with its parameter sets, for comparing with what it decodes to.
    #[cfg(test)]
    pub(crate) packets: Vec<Vec<u8>>,
}

/// An encoder for rectangles of one size.
///
/// Its picture is the rectangle with a row of macroblocks above and one below. These guards are black or white, whichever
/// is further from the content beside it, and stay so: they look like nothing that a block could be predicted from. Without
/// them the encoder would see its own padding there, which looks like the rectangle's edge, and refer to it often.
pub struct RegionEncoder {
    encoder: VideoEncoder,
    reader: RowReader,
    check: MotionCheck,
    picture: Arc<Nv12Frame>,
    size: (u32, u32),
    coded: i64,
}

impl RegionEncoder {
    /// Opens an encoder for `columns` by `rows` macroblocks, beside the one of whole pictures that `whole` opens and whose
    /// stream `stream` writes.
    ///
    /// # Errors
    /// When it does not open, or its slices would mean something else in the stream.
    pub fn open(
        whole: &VideoSettings,
        columns: u32,
        rows: u32,
        stream: &RegionStream,
    ) -> Result<Self, RegionError> {
        let settings = VideoSettings {
            size: Size::new(columns * MB as u32, (rows + 2 * GUARD) * MB as u32),
            part: EncoderPart::Rectangle,
            threads: Some(1),
            ..whole.clone()
        };
        let codec =
            list::h264_encoder(REGION_ENCODER).ok_or(Declined::Unsupported("this FFmpeg has no libx264"))?;
        let opened = VideoEncoder::open(codec, &settings)?;
        if let Some(option) = opened.unknown_options.first() {
            tracing::debug!("region pictures need {}={}", option.key, option.value);
            return Err(Declined::Unsupported("this FFmpeg's libx264 lacks options that they need").into());
        }
        let encoder = opened.encoder;
        let track = encoder.track();
        Ok(Self {
            reader: stream.reader(track.extradata(), GUARD)?,
            check: MotionCheck::open(track.extradata())?,
            picture: Arc::new(Nv12Frame::new(settings.size)),
            encoder,
            size: (columns, rows),
            coded: 0,
        })
    }

    /// Columns and rows of macroblocks of the rectangle.
    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    /// Codes the rectangle of `picture` whose top left macroblock is at `x`, `y`. With `restart` nothing is predicted from
    /// what this encoder coded before; otherwise its last picture must be what a decoder refers to.
    ///
    /// # Errors
    /// When the encoder fails, or what it writes can't be placed. It must start anew then.
    pub fn code(
        &mut self,
        picture: &Nv12Frame,
        x: u32,
        y: u32,
        restart: bool,
    ) -> Result<CodedRegion, RegionError> {
        let restart = restart || self.coded == 0;
        let place = MbRect {
            x,
            y,
            width: self.size.0,
            height: self.size.1,
        };
        let columns = picture.size.width.div_ceil(MB as u32);
        fill(Arc::make_mut(&mut self.picture), picture, place, restart);
        let allowed = Allowed {
            left: (x > 0).then_some(0),
            right: (place.right() < columns).then_some((place.width as usize * MB) as i32),
            top: (GUARD as usize * MB) as i32,
            bottom: ((GUARD + place.height) as usize * MB) as i32,
        };
        let mut packet = self.encode(restart)?;
        #[cfg(test)]
        let mut packets = vec![[self.encoder.track().extradata(), &packet].concat()];
        let mut again = false;
        if self.check.outside(&packet, &allowed)? > 0 {
            again = true;
            packet = self.encode(true)?;
            #[cfg(test)]
            packets.push(packet.clone());
            if self.check.outside(&packet, &allowed)? > 0 {
                let reason = "a picture that was to be coded by itself is predicted";
                return Err(Declined::Malformed(reason).into());
            }
        }
        let rows = self.reader.read(&packet)?;
        if rows.intra() != (restart || again) {
            let reason = "the encoder starts anew at other pictures than it was told";
            return Err(Declined::Unsupported(reason).into());
        }
        Ok(CodedRegion {
            rows,
            again,
            #[cfg(test)]
            packets,
        })
    }

    fn encode(&mut self, restart: bool) -> Result<Vec<u8>, RegionError> {
        let input = EncoderInput::Nv12(Arc::clone(&self.picture));
        self.encoder.send(&input, self.coded, restart)?;
        self.coded += 1;
        match self.encoder.receive()? {
            Some(packet) => Ok(packet.data().to_vec()),
            None => Err(Declined::Unsupported("the encoder holds pictures back").into()),
        }
    }
}

/// Copies a rectangle between its guards. What lies beyond the picture repeats its last row and column, as encoders pad
/// it. The guards' colours are chosen anew only with `restart`.
fn fill(to: &mut Nv12Frame, from: &Nv12Frame, place: MbRect, restart: bool) {
    let chroma = from.size.chroma_420();
    let planes = [
        (
            &mut to.y,
            to.y_stride,
            &from.y,
            from.y_stride,
            MB,
            1,
            from.size.width as usize,
            from.size.height as usize,
        ),
        (
            &mut to.uv,
            to.uv_stride,
            &from.uv,
            from.uv_stride,
            MB / 2,
            2,
            chroma.width as usize,
            chroma.height as usize,
        ),
    ];
    for (to, to_stride, from, from_stride, side, sample, width, height) in planes {
        let guard = GUARD as usize * side;
        let left = place.x as usize * side;
        let columns = place.width as usize * side;
        let inside = columns.min(width.saturating_sub(left)) * sample;
        let rows = place.height as usize * side;
        for row in 0..rows {
            let y = (place.y as usize * side + row).min(height - 1);
            let source = y * from_stride + left * sample;
            let target = &mut to[(guard + row) * to_stride..][..columns * sample];
            target[..inside].copy_from_slice(&from[source..source + inside]);
            for at in inside..columns * sample {
                target[at] = target[at - sample];
            }
        }
        if !restart {
            continue;
        }
        for (guard_rows, beside) in [
            (0..guard, guard),
            (guard + rows..guard + rows + guard, guard + rows - 1),
        ] {
            let luma = sample == 1;
            let edge = &to[beside * to_stride..][..columns * sample];
            let mean = edge.iter().map(|&value| u64::from(value)).sum::<u64>() / edge.len().max(1) as u64;
            let value = match (luma, mean > 127) {
                (false, _) => 128,
                (true, true) => 16,
                (true, false) => 235,
            };
            for row in guard_rows {
                to[row * to_stride..][..columns * sample].fill(value);
            }
        }
    }
}
