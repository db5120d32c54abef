//! Reads the motion vectors of coded pictures and finds those that read outside of a rectangle.

use ffmpeg_next::{Error, codec, decoder, ffi, frame};

use super::super::EncodeError;
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
        let (x, y) = (self.x + (self.motion.0 >> 2), self.y + (self.motion.1 >> 2));
        // The six taps of a fraction reach 2 samples back and 3 on (8.4.2.2.1). Chroma interpolates eighths between two
        // samples, which are 2 luma samples each.
        let before = |motion: i32| if motion & 7 == 0 { 0 } else { 2 };
        let behind = |motion: i32| if motion & 7 == 0 { 0 } else { 3 };
        allowed.left.is_some_and(|left| x - before(self.motion.0) < left)
            || allowed
                .right
                .is_some_and(|right| x + self.width + behind(self.motion.0) > right)
            || y - before(self.motion.1) < allowed.top
            || y + self.height + behind(self.motion.1) > allowed.bottom
    }
}

/// Follows a stream picture by picture. Only what motion vectors need is decoded, not the pictures themselves.
pub(super) struct MotionCheck {
    decoder: decoder::Video,
    name: &'static str,
}

impl MotionCheck {
    /// For a stream with these parameter sets (Annex B).
    pub(super) fn open(parameter_sets: &[u8]) -> Result<Self, EncodeError> {
        const NAME: &str = "h264 (reading motion vectors)";
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
                    doing: "opening a decoder for motion vectors",
                });
            }
            std::ptr::copy_nonoverlapping(parameter_sets.as_ptr(), buffer, size);
            (*raw).extradata = buffer;
            (*raw).extradata_size = i32::try_from(size).unwrap_or(0);
            (*raw).thread_count = 1;
            (*raw).flags |= ffi::AV_CODEC_FLAG_LOW_DELAY as i32;
            (*raw).flags2 |= ffi::AV_CODEC_FLAG2_EXPORT_MVS;
            (*raw).skip_loop_filter = ffi::AVDiscard::AVDISCARD_ALL;
            (*raw).skip_idct = ffi::AVDiscard::AVDISCARD_ALL;
        }
        ffmpeg::forget_complaints();
        let decoder = context
            .decoder()
            .open_as(codec)
            .and_then(decoder::Opened::video)
            .map_err(|code| failed(code.into()))?;
        Ok(Self { decoder, name: NAME })
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
        let mut frame = frame::Video::empty();
        self.decoder
            .receive_frame(&mut frame)
            .map_err(|code| failed(code.into()))?;
        // SAFETY: the frame is valid; side data of this type is an array of AVMotionVector and lives as long as the frame,
        // which outlives the slice.
        let vectors = unsafe {
            let data = ffi::av_frame_get_side_data(
                frame.as_ptr(),
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
        // An odd number of whole pixels is half a chroma sample.
        assert!(!outside(32, 32, (15 * 4 - 8, 0), ALLOWED));
        assert!(outside(32, 32, (15 * 4, 0), ALLOWED));
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
