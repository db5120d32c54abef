//! Decodes the pictures of a rectangle's encoder: finds motion vectors that read outside of the rectangle, and keeps what a
//! decoder shows.

use std::ops::Range;

use ffmpeg_next::{Error, codec, decoder, ffi, frame};

use super::super::EncodeError;
use super::MB;
use crate::frame::Nv12Frame;
use crate::media::ffmpeg::{self, FfmpegError};

/// What motion vectors may read, in pixels of the small picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    /// From this x on; `None` where the picture itself ends and both sides repeat its edge.
    pub left: Option<i32>,
    /// Up to before this x.
    pub right: Option<i32>,
    /// From this y on.
    pub top: i32,
    /// Up to before this y.
    pub bottom: i32,
}

/// A block of a coded picture and where it is predicted from.
#[derive(Clone, Copy, Debug)]
struct Block {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
    /// In quarter pixels.
    motion: (i32, i32),
}

impl Block {
    fn of(vector: &ffi::AVMotionVector) -> Self {
        let (width, height) = (i32::from(vector.w), i32::from(vector.h));
        Self {
            // FFmpeg gives the middle of the block.
            x: i32::from(vector.dst_x) - width / 2,
            y: i32::from(vector.dst_y) - height / 2,
            width,
            height,
            motion: (vector.motion_x, vector.motion_y),
        }
    }

    /// Whether the block is shown at all: rows above and below the rectangle are not.
    fn is_shown(&self, allowed: &Allowed) -> bool {
        self.y + self.height > allowed.top && self.y < allowed.bottom
    }

    fn reads_outside(&self, allowed: &Allowed) -> bool {
        let across = reads(self.x, self.width, self.motion.0);
        let down = reads(self.y, self.height, self.motion.1);
        allowed.left.is_some_and(|left| across.start < left)
            || allowed.right.is_some_and(|right| across.end > right)
            || down.start < allowed.top
            || down.end > allowed.bottom
    }
}

/// The luma samples along one axis that a block of `length` at `start` is predicted from, those of chroma counted as two.
fn reads(start: i32, length: i32, motion: i32) -> Range<i32> {
    let at = start + (motion >> 2);
    // The six taps of a quarter or a half reach 2 samples back and 3 on (8.4.2.2.1).
    let (back, on) = if motion & 3 == 0 { (0, 0) } else { (2, 3) };
    // Chroma has half as many samples. A fraction, here an eighth, lies between one sample and the next (8.4.2.2.2).
    let chroma = start + 2 * (motion >> 3);
    let next = if motion & 7 == 0 { 0 } else { 2 };
    (at - back).min(chroma)..(at + length + on).max(chroma + length + next)
}

/// Follows a stream picture by picture.
pub(super) struct Follower {
    decoder: decoder::Video,
    /// The last picture as decoded.
    shown: frame::Video,
    name: &'static str,
}

impl Follower {
    /// For a stream with these parameter sets (Annex B).
    pub(super) fn open(parameter_sets: &[u8]) -> Result<Self, EncodeError> {
        const NAME: &str = "h264 (following a rectangle)";
        let failed = |source: FfmpegError| EncodeError::Open {
            name: NAME.to_owned(),
            what: "a region encoder's stream".to_owned(),
            doing: "opening",
            source,
        };
        let codec = decoder::find_by_name("h264").ok_or_else(|| failed(Error::DecoderNotFound.into()))?;
        let mut context = codec::Context::new_with_codec(codec);
        let size = parameter_sets.len();
        let padded = size + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        // SAFETY: the context is ours and not open; extradata is a fresh buffer of FFmpeg's allocator with the padding that
        // it asks for, and belongs to the context from here. The others are plain fields meant to be set by users.
        unsafe {
            let raw = context.as_mut_ptr();
            let buffer = ffi::av_mallocz(padded).cast::<u8>();
            if raw.is_null() || buffer.is_null() {
                ffi::av_free(buffer.cast());
                return Err(EncodeError::OutOfMemory {
                    doing: "opening a decoder for rectangles",
                });
            }
            std::ptr::copy_nonoverlapping(parameter_sets.as_ptr(), buffer, size);
            (*raw).extradata = buffer;
            (*raw).extradata_size = i32::try_from(size).unwrap_or(0);
            (*raw).thread_count = 1;
            (*raw).flags |= ffi::AV_CODEC_FLAG_LOW_DELAY as i32;
            (*raw).flags2 |= ffi::AV_CODEC_FLAG2_EXPORT_MVS;
        }
        ffmpeg::forget_complaints();
        let decoder = context
            .decoder()
            .open_as(codec)
            .and_then(decoder::Opened::video)
            .map_err(|code| failed(code.into()))?;
        let shown = frame::Video::empty();
        let name = NAME;
        Ok(Self { decoder, shown, name })
    }

    /// Takes the next picture of the stream. Returns how many of its blocks are predicted from outside of `allowed`.
    pub(super) fn outside(&mut self, picture: &[u8], allowed: &Allowed) -> Result<usize, EncodeError> {
        let failed = |source: FfmpegError| EncodeError::Run {
            name: self.name.to_owned(),
            doing: "reading the motion of a coded rectangle".to_owned(),
            source,
        };
        ffmpeg::forget_complaints();
        let packet = ffmpeg_next::Packet::copy(picture);
        self.decoder
            .send_packet(&packet)
            .map_err(|code| failed(code.into()))?;
        self.decoder
            .receive_frame(&mut self.shown)
            .map_err(|code| failed(code.into()))?;
        // SAFETY: the frame is valid; side data of this type is an array of AVMotionVector and lives as long as the frame,
        // which outlives the slice.
        let vectors = unsafe {
            let data = ffi::av_frame_get_side_data(
                self.shown.as_ptr(),
                ffi::AVFrameSideDataType::AV_FRAME_DATA_MOTION_VECTORS,
            );
            if data.is_null() || (*data).data.is_null() {
                &[][..]
            } else {
                let count = (*data).size / size_of::<ffi::AVMotionVector>();
                std::slice::from_raw_parts((*data).data.cast::<ffi::AVMotionVector>(), count)
            }
        };
        let outside = vectors.iter().map(Block::of).filter(|block| {
            block.motion != (0, 0) && block.is_shown(allowed) && block.reads_outside(allowed)
        });
        Ok(outside.count())
    }

    /// Copies a macroblock of the last picture to the same place of `to`.
    pub(super) fn copy(&self, column: usize, row: usize, to: &mut Nv12Frame) {
        let strides = [0, 1, 2].map(|plane| self.shown.stride(plane));
        let planes = [0, 1, 2].map(|plane| self.shown.data(plane));
        for y in row * MB..(row + 1) * MB {
            let from = &planes[0][y * strides[0] + column * MB..][..MB];
            to.y[y * to.y_stride + column * MB..][..MB].copy_from_slice(from);
        }
        for y in row * MB / 2..(row + 1) * MB / 2 {
            let [u, v] = [1, 2].map(|plane| &planes[plane][y * strides[plane] + column * MB / 2..][..MB / 2]);
            let to = &mut to.uv[y * to.uv_stride + column * MB..][..MB];
            for ((to, u), v) in to.chunks_exact_mut(2).zip(u).zip(v) {
                to.copy_from_slice(&[*u, *v]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Allowed = Allowed {
        left: Some(0),
        right: Some(64),
        top: 16,
        bottom: 80,
    };

    fn outside(x: i32, y: i32, motion: (i32, i32), allowed: Allowed) -> bool {
        let block = Block {
            x,
            y,
            width: 16,
            height: 16,
            motion,
        };
        block.is_shown(&allowed) && block.reads_outside(&allowed)
    }

    #[test]
    fn whole_steps_reach_the_edge_and_fractions_need_their_taps() {
        // 16 px from the left edge: 16 px to the left is the edge itself.
        assert!(!outside(16, 32, (-64, 0), ALLOWED));
        assert!(outside(16, 32, (-68, 0), ALLOWED));
        // 13.5 px to the left reads from 16 - 14 - 2 = 0 on; another quarter stays, half a pixel more does not.
        assert!(!outside(16, 32, (-54, 0), ALLOWED));
        assert!(!outside(16, 32, (-55, 0), ALLOWED));
        assert!(outside(16, 32, (-58, 0), ALLOWED));
        // On the right, three samples more: 32 + 16 + 13 + 3 = 64.
        assert!(!outside(32, 32, (13 * 4 + 2, 0), ALLOWED));
        assert!(outside(32, 32, (14 * 4 + 2, 0), ALLOWED));
        // An odd number of whole pixels is half a chroma sample: the one beside it is read, which still lies within.
        assert!(!outside(32, 32, (15 * 4, 0), ALLOWED));
        assert!(outside(32, 32, (15 * 4 + 1, 0), ALLOWED));
        assert!(!outside(16, 16, (-15 * 4, 4), ALLOWED));
        assert!(outside(32, 32, (17 * 4, 0), ALLOWED));
        // Above and below.
        assert!(!outside(0, 32, (0, -64), ALLOWED));
        assert!(outside(0, 32, (0, -66), ALLOWED));
        assert!(outside(0, 64, (0, 1), ALLOWED));
    }

    #[test]
    fn the_pictures_own_edge_is_no_border_and_hidden_rows_do_not_count() {
        let corner = Allowed {
            left: None,
            right: None,
            ..ALLOWED
        };
        assert!(!outside(0, 32, (-90, 0), corner));
        assert!(!outside(48, 32, (90, 0), corner));
        assert!(!outside(0, 0, (0, -10), ALLOWED));
        assert!(!outside(0, 80, (0, 10), ALLOWED));
    }
}
