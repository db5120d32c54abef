//! Coded pictures and coded sound on their way to the muxer.

use std::ptr;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::packet::Mut as _;

use crate::media::encode::EncodeError;

/// One coded picture or one AAC frame. Times are in the time base of the [`Track`] it belongs to.
#[derive(Clone)]
pub struct Packet {
    inner: ffmpeg::Packet,
}

impl Packet {
    /// A packet over a copy of `data`, to be shown at `pts` for `duration` and decoded at `dts`.
    ///
    /// # Errors
    /// When the bytes cannot be allocated or exceed 2 GiB.
    pub fn from_bytes(
        data: &[u8],
        pts: i64,
        dts: i64,
        duration: i64,
        key: bool,
    ) -> Result<Self, EncodeError> {
        let oom = EncodeError::OutOfMemory {
            doing: "building a packet",
        };
        let Ok(size) = i32::try_from(data.len()) else {
            return Err(oom);
        };
        let mut inner = ffmpeg::Packet::empty();
        // SAFETY: `inner` is an initialised, empty packet; FFmpeg allocates its buffer or leaves it empty.
        if unsafe { ffi::av_new_packet(inner.as_mut_ptr(), size) } < 0 {
            return Err(oom);
        }
        inner.data_mut().ok_or(oom)?.copy_from_slice(data);
        inner.set_pts(Some(pts));
        inner.set_dts(Some(dts));
        inner.set_duration(duration);
        if key {
            inner.set_flags(ffmpeg::packet::Flags::KEY);
        }
        Ok(Self { inner })
    }

    pub(crate) fn from_ffmpeg(inner: ffmpeg::Packet) -> Self {
        Self { inner }
    }

    pub(crate) fn into_ffmpeg(self) -> ffmpeg::Packet {
        self.inner
    }

    /// When it is shown; `None` where the encoder did not say.
    pub fn pts(&self) -> Option<i64> {
        self.inner.pts()
    }

    /// When it is decoded; `None` where the encoder did not say.
    pub fn dts(&self) -> Option<i64> {
        self.inner.dts()
    }

    /// How long it is shown; 0 where that is not known.
    pub fn duration(&self) -> i64 {
        self.inner.duration()
    }

    /// Whether decoding can start here.
    pub fn is_key(&self) -> bool {
        self.inner.is_key()
    }

    /// The coded bytes; H.264 as the encoder wrote it, in Annex B form with start codes or with length prefixes.
    pub fn data(&self) -> &[u8] {
        self.inner.data().unwrap_or(&[])
    }

    /// Changes when it is shown and decoded, and for how long.
    pub fn set_timing(&mut self, pts: i64, dts: i64, duration: i64) {
        self.inner.set_pts(Some(pts));
        self.inner.set_dts(Some(dts));
        self.inner.set_duration(duration);
    }

    /// The same packet (times, flags) with other bytes.
    ///
    /// # Errors
    /// When the bytes cannot be allocated or exceed 2 GiB.
    pub fn with_data(&self, data: &[u8]) -> Result<Self, EncodeError> {
        let mut other = Self::from_bytes(data, 0, 0, self.duration(), self.is_key())?;
        other.inner.set_pts(self.inner.pts());
        other.inner.set_dts(self.inner.dts());
        Ok(other)
    }
}

impl std::fmt::Debug for Packet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packet")
            .field("pts", &self.pts())
            .field("dts", &self.dts())
            .field("duration", &self.duration())
            .field("key", &self.is_key())
            .field("bytes", &self.data().len())
            .finish()
    }
}

/// What a muxer has to know of a stream of packets.
#[derive(Clone)]
pub struct Track {
    pub(crate) parameters: ffmpeg::codec::Parameters,
    pub(crate) time_base: ffmpeg::Rational,
    /// Frames per second of video; `None` for sound.
    pub(crate) frame_rate: Option<ffmpeg::Rational>,
}

impl Track {
    /// Numerator and denominator of a packet's unit of time, in seconds.
    pub fn time_base(&self) -> (i32, i32) {
        (self.time_base.numerator(), self.time_base.denominator())
    }

    /// The codec's headers: SPS and PPS of H.264, in Annex B form or as an avcC record, as the encoder gave them.
    pub fn extradata(&self) -> &[u8] {
        // SAFETY: the parameters are owned by `self`; where the pointer is set it covers `extradata_size` bytes.
        unsafe {
            let raw = &*self.parameters.as_ptr();
            if raw.extradata.is_null() || raw.extradata_size <= 0 {
                return &[];
            }
            std::slice::from_raw_parts(raw.extradata, raw.extradata_size as usize)
        }
    }

    /// Replaces the codec's headers, for a module that adds a PPS of its own.
    ///
    /// # Errors
    /// When the bytes cannot be allocated or exceed 2 GiB.
    pub fn set_extradata(&mut self, data: &[u8]) -> Result<(), EncodeError> {
        let oom = EncodeError::OutOfMemory {
            doing: "storing codec headers",
        };
        let Ok(size) = i32::try_from(data.len()) else {
            return Err(oom);
        };
        let padded = data.len() + ffi::AV_INPUT_BUFFER_PADDING_SIZE as usize;
        // SAFETY: the new buffer is `padded` zeroed bytes, filled with `data.len()` of them and owned by the parameters
        // from then on; the old one came from FFmpeg's allocator and is freed exactly once.
        unsafe {
            let buffer = ffi::av_mallocz(padded).cast::<u8>();
            if buffer.is_null() {
                return Err(oom);
            }
            ptr::copy_nonoverlapping(data.as_ptr(), buffer, data.len());
            let raw = &mut *self.parameters.as_mut_ptr();
            ffi::av_freep((&raw mut raw.extradata).cast());
            raw.extradata = buffer;
            raw.extradata_size = size;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_made_from_bytes_and_rewritten() {
        let mut packet = Packet::from_bytes(&[0, 0, 0, 1, 0x65], 3, 2, 1, true).expect("small");
        assert_eq!(packet.data(), [0, 0, 0, 1, 0x65]);
        assert_eq!(
            (packet.pts(), packet.dts(), packet.duration()),
            (Some(3), Some(2), 1)
        );
        assert!(packet.is_key());
        packet.set_timing(9, 8, 2);
        let other = packet.with_data(&[7; 300]).expect("small");
        assert_eq!(other.data(), [7; 300]);
        assert_eq!(
            (other.pts(), other.dts(), other.duration()),
            (Some(9), Some(8), 2)
        );
        assert!(other.is_key());
    }
}
