//! The small encoder of region pictures: codes a rectangle of a picture so that its slices can be placed into a large one.

mod motion;
mod trial;

use std::ops::Range;
use std::sync::Arc;

pub use trial::try_region_pictures;

use super::settings::Part as EncoderPart;
use super::video::VideoEncoder;
use super::{EncodeError, EncoderInput, VideoSettings, codec as list};
use crate::frame::{Nv12Frame, Size};
use crate::media::h264::{Declined, MbRect, RegionStream, RowReader, Rows};
use motion::{Allowed, Follower};

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
///
/// Macroblocks that are as they were when the rectangle was coded last are shown to it as decoders have them. Nothing is
/// left to code there then. Otherwise it would search for what predicts the error of its last picture a little better, and
/// at the rectangle's edges find it outside.
pub struct RegionEncoder {
    encoder: VideoEncoder,
    reader: RowReader,
    follower: Follower,
    /// What the encoder is shown.
    picture: Arc<Nv12Frame>,
    /// The rectangle as it was when it was coded last, and room for the next one.
    before: Nv12Frame,
    next: Nv12Frame,
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
            follower: Follower::open(track.extradata())?,
            picture: Arc::new(Nv12Frame::new(settings.size)),
            before: Nv12Frame::new(settings.size),
            next: Nv12Frame::new(settings.size),
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
        fill(&mut self.next, picture, place);
        self.show(restart);
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
        if self.follower.outside(&packet, &allowed)? > 0 {
            again = true;
            self.show(true);
            packet = self.encode(true)?;
            #[cfg(test)]
            packets.push(packet.clone());
            if self.follower.outside(&packet, &allowed)? > 0 {
                let reason = "a picture that was to be coded by itself is predicted";
                return Err(Declined::Malformed(reason).into());
            }
        }
        std::mem::swap(&mut self.before, &mut self.next);
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

    /// Makes the encoder's next picture of `next`: all of it with `restart`, otherwise what differs from `before`.
    fn show(&mut self, restart: bool) {
        let picture = Arc::make_mut(&mut self.picture);
        for row in GUARD..GUARD + self.size.1 {
            for column in 0..self.size.0 {
                let (column, row) = (column as usize, row as usize);
                if !restart && is_equal(&self.before, &self.next, column, row) {
                    self.follower.copy(column, row, picture);
                } else {
                    copy(&self.next, picture, column, row);
                }
            }
        }
        if restart {
            set_guards(picture, self.size.1 as usize);
        }
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

/// Rows of both planes that a macroblock has, as ranges of bytes.
fn macroblock(
    frame: &Nv12Frame,
    column: usize,
    row: usize,
) -> [impl Iterator<Item = Range<usize>> + use<>; 2] {
    // A row of interleaved chroma has as many bytes as one of luma.
    [(MB, frame.y_stride), (MB / 2, frame.uv_stride)].map(|(side, stride)| {
        (row * side..(row + 1) * side).map(move |y| {
            let start = y * stride + column * MB;
            start..start + MB
        })
    })
}

fn is_equal(a: &Nv12Frame, b: &Nv12Frame, column: usize, row: usize) -> bool {
    let [mut luma, mut chroma] = macroblock(a, column, row);
    luma.all(|at| a.y[at.clone()] == b.y[at]) && chroma.all(|at| a.uv[at.clone()] == b.uv[at])
}

fn copy(from: &Nv12Frame, to: &mut Nv12Frame, column: usize, row: usize) {
    let [luma, chroma] = macroblock(from, column, row);
    luma.for_each(|at| to.y[at.clone()].copy_from_slice(&from.y[at]));
    chroma.for_each(|at| to.uv[at.clone()].copy_from_slice(&from.uv[at]));
}

/// Copies a rectangle to where it lies between its guards. What lies beyond the picture repeats its last row and column,
/// as encoders pad it.
fn fill(to: &mut Nv12Frame, from: &Nv12Frame, place: MbRect) {
    let (luma, chroma) = (from.size, from.size.chroma_420());
    let planes = [
        (&mut to.y, to.y_stride, &from.y, from.y_stride, MB, 1, luma),
        (
            &mut to.uv,
            to.uv_stride,
            &from.uv,
            from.uv_stride,
            MB / 2,
            2,
            chroma,
        ),
    ];
    for (to, to_stride, from, from_stride, side, sample, size) in planes {
        let guard = GUARD as usize * side;
        let left = place.x as usize * side;
        let columns = place.width as usize * side;
        let inside = columns.min((size.width as usize).saturating_sub(left)) * sample;
        for row in 0..place.height as usize * side {
            let y = (place.y as usize * side + row).min(size.height as usize - 1);
            let source = y * from_stride + left * sample;
            let target = &mut to[(guard + row) * to_stride..][..columns * sample];
            target[..inside].copy_from_slice(&from[source..source + inside]);
            for at in inside..columns * sample {
                target[at] = target[at - sample];
            }
        }
    }
}

/// Makes the guards black or white, unlike what lies beside them.
fn set_guards(picture: &mut Nv12Frame, rows: usize) {
    let guard = GUARD as usize * MB;
    let bottom = guard + rows * MB;
    for (at, beside) in [(0, guard), (bottom, bottom - 1)] {
        let width = picture.size.width as usize;
        let edge = &picture.y[beside * picture.y_stride..][..width];
        let sum: u64 = edge.iter().map(|&luma| u64::from(luma)).sum();
        let luma = if sum > 127 * width as u64 { 16 } else { 235 };
        for row in at..at + guard {
            picture.y[row * picture.y_stride..][..width].fill(luma);
        }
        for row in at / 2..(at + guard) / 2 {
            picture.uv[row * picture.uv_stride..][..width].fill(128);
        }
    }
}
