//! Pictures as an encoder takes them, without a copy where that is possible.

use std::sync::Arc;

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use ffmpeg_next::format::Pixel;
use libc::c_void;

use crate::frame::{Nv12Frame, Size};
use crate::media::encode::EncodeError;

/// A picture to encode. Frames that already lie in the memory of a hardware encoder join here as further variants.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EncoderInput {
    /// Planes in main memory. The encoder keeps a share for as long as it reads them; nothing is copied unless it
    /// wants another arrangement.
    Nv12(Arc<Nv12Frame>),
    /// A CVPixelBuffer, for an encoder that was opened for surfaces ([`VideoSettings::surfaces`]).
    ///
    /// [`VideoSettings::surfaces`]: crate::media::encode::VideoSettings::surfaces
    #[cfg(any(target_os = "macos", test))]
    Surface(crate::media::encode::Surface),
}

impl EncoderInput {
    /// The planes, where they lie in main memory.
    pub fn planes(&self) -> Option<&Nv12Frame> {
        match self {
            Self::Nv12(planes) => Some(planes),
            #[cfg(any(target_os = "macos", test))]
            Self::Surface(_) => None,
        }
    }

    /// The planes, where they lie in main memory, to be shared.
    pub fn shared_planes(&self) -> Option<&Arc<Nv12Frame>> {
        match self {
            Self::Nv12(planes) => Some(planes),
            #[cfg(any(target_os = "macos", test))]
            Self::Surface(_) => None,
        }
    }
}

impl From<Arc<Nv12Frame>> for EncoderInput {
    fn from(frame: Arc<Nv12Frame>) -> Self {
        Self::Nv12(frame)
    }
}

/// Whether the planes hold what size and strides promise, for pictures of `expected` size.
pub(super) fn check(frame: &Nv12Frame, expected: Size) -> Result<(), String> {
    if frame.size != expected {
        return Err(format!(
            "it is {}, the encoder was opened for {expected}",
            frame.size
        ));
    }
    let chroma = frame.size.chroma_420();
    let planes = [
        (
            "luma",
            frame.y.len(),
            frame.y_stride,
            frame.size.width as usize,
            frame.size.height,
        ),
        (
            "chroma",
            frame.uv.len(),
            frame.uv_stride,
            chroma.width as usize * 2,
            chroma.height,
        ),
    ];
    for (name, len, stride, row, rows) in planes {
        let needed = stride.checked_mul(rows as usize);
        if stride < row || i32::try_from(stride).is_err() || needed.is_none_or(|needed| len < needed) {
            return Err(format!(
                "its {name} plane has {len} bytes at stride {stride} for {rows} rows of {row}"
            ));
        }
    }
    Ok(())
}

/// Gives back the share that an FFmpeg buffer held in a picture.
unsafe extern "C" fn release(opaque: *mut c_void, _data: *mut u8) {
    // SAFETY: `opaque` is what Arc::into_raw returned when this buffer was made, and FFmpeg frees a buffer once.
    drop(unsafe { Arc::from_raw(opaque.cast_const().cast::<Nv12Frame>()) });
}

/// An FFmpeg buffer over one plane of `owner`, which it shares until the last reference to the buffer goes.
fn share(owner: &Arc<Nv12Frame>, plane: &[u8]) -> Result<*mut ffi::AVBufferRef, EncodeError> {
    let opaque = Arc::into_raw(Arc::clone(owner)).cast_mut().cast::<c_void>();
    // SAFETY: `plane` lies in the picture that `opaque` keeps alive until `release` runs. The buffer is marked read
    // only, so FFmpeg copies before it would write.
    let buffer = unsafe {
        ffi::av_buffer_create(
            plane.as_ptr().cast_mut(),
            plane.len(),
            Some(release),
            opaque,
            ffi::AV_BUFFER_FLAG_READONLY,
        )
    };
    if buffer.is_null() {
        // SAFETY: the buffer was not made, so nobody else will give this share back.
        drop(unsafe { Arc::from_raw(opaque.cast_const().cast::<Nv12Frame>()) });
        return Err(EncodeError::OutOfMemory {
            doing: "handing a picture to the encoder",
        });
    }
    Ok(buffer)
}

/// An FFmpeg frame over the planes of a picture that [`check`] has passed. No pixel is copied.
pub(super) fn wrap(frame: &Arc<Nv12Frame>) -> Result<ffmpeg::frame::Video, EncodeError> {
    let mut wrapped = empty_frame(Pixel::NV12, frame.size)?;
    let planes = [(&frame.y, frame.y_stride), (&frame.uv, frame.uv_stride)];
    for (index, (plane, stride)) in planes.into_iter().enumerate() {
        let buffer = share(frame, plane)?;
        // SAFETY: the frame is ours alone and has more than two slots; it owns the buffer from here, so that
        // dropping the frame, also after a failure on the next plane, gives the share back.
        unsafe {
            let raw = &mut *wrapped.as_mut_ptr();
            raw.buf[index] = buffer;
            raw.data[index] = plane.as_ptr().cast_mut();
            raw.linesize[index] = stride as i32;
        }
    }
    Ok(wrapped)
}

/// The picture with U and V in planes of their own, for encoders that do not take NV12.
pub(super) fn deinterleave(frame: &Nv12Frame) -> Result<ffmpeg::frame::Video, EncodeError> {
    let mut planar = empty_frame(Pixel::YUV420P, frame.size)?;
    // SAFETY: format and size are set, no buffer is attached yet; FFmpeg allocates all planes or none.
    if unsafe { ffi::av_frame_get_buffer(planar.as_mut_ptr(), 0) } < 0 {
        return Err(EncodeError::OutOfMemory {
            doing: "separating the chroma planes",
        });
    }
    let width = frame.size.width as usize;
    let y_stride = planar.stride(0);
    let rows = planar.data_mut(0).chunks_mut(y_stride);
    for (to, from) in rows.zip(frame.y.chunks(frame.y_stride)) {
        to[..width].copy_from_slice(&from[..width]);
    }
    let chroma = frame.size.chroma_420().width as usize;
    for offset in 0..2 {
        let stride = planar.stride(1 + offset);
        let rows = planar.data_mut(1 + offset).chunks_mut(stride);
        for (to, from) in rows.zip(frame.uv.chunks(frame.uv_stride)) {
            for (to, pair) in to[..chroma].iter_mut().zip(from.chunks_exact(2)) {
                *to = pair[offset];
            }
        }
    }
    Ok(planar)
}

/// A frame without planes, tagged BT.709 limited.
pub(super) fn empty_frame(format: Pixel, size: Size) -> Result<ffmpeg::frame::Video, EncodeError> {
    let mut frame = ffmpeg::frame::Video::empty();
    // SAFETY: only the pointer is read.
    if unsafe { frame.as_ptr() }.is_null() {
        return Err(EncodeError::OutOfMemory {
            doing: "making a frame",
        });
    }
    frame.set_format(format);
    frame.set_width(size.width);
    frame.set_height(size.height);
    frame.set_color_range(ffmpeg::color::Range::MPEG);
    frame.set_color_space(ffmpeg::color::Space::BT709);
    frame.set_color_primaries(ffmpeg::color::Primaries::BT709);
    frame.set_color_transfer_characteristic(ffmpeg::color::TransferCharacteristic::BT709);
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counting(size: Size) -> Nv12Frame {
        let mut frame = Nv12Frame::new(size);
        for (index, byte) in frame.y.iter_mut().chain(&mut frame.uv).enumerate() {
            *byte = (index * 7 % 251) as u8;
        }
        frame
    }

    #[test]
    fn wrapping_shares_the_planes_and_gives_them_back() {
        let frame = Arc::new(counting(Size::new(66, 34)));
        let wrapped = wrap(&frame).expect("small");
        assert_eq!(Arc::strong_count(&frame), 3, "one share for each plane");
        assert!(std::ptr::eq(wrapped.data(0).as_ptr(), frame.y.as_ptr()));
        assert!(std::ptr::eq(wrapped.data(1).as_ptr(), frame.uv.as_ptr()));
        assert_eq!(
            (wrapped.stride(0), wrapped.stride(1)),
            (frame.y_stride, frame.uv_stride)
        );
        drop(wrapped);
        assert_eq!(Arc::strong_count(&frame), 1);
    }

    #[test]
    fn deinterleaving_moves_every_sample_to_its_plane() {
        let size = Size::new(70, 38);
        let frame = counting(size);
        let planar = deinterleave(&frame).expect("small");
        for y in 0..38usize {
            for x in 0..70usize {
                assert_eq!(
                    planar.data(0)[y * planar.stride(0) + x],
                    frame.y[y * frame.y_stride + x]
                );
            }
        }
        for y in 0..19usize {
            for x in 0..35usize {
                let at = y * frame.uv_stride + 2 * x;
                assert_eq!(planar.data(1)[y * planar.stride(1) + x], frame.uv[at]);
                assert_eq!(planar.data(2)[y * planar.stride(2) + x], frame.uv[at + 1]);
            }
        }
    }

    #[test]
    fn pictures_that_lie_about_their_planes_are_refused() {
        let size = Size::new(64, 64);
        assert!(check(&Nv12Frame::new(size), size).is_ok());
        assert!(check(&Nv12Frame::new(Size::new(64, 62)), size).is_err());
        let mut short = Nv12Frame::new(size);
        short.uv.pop();
        assert!(check(&short, size).expect_err("short").contains("chroma"));
        let mut narrow = Nv12Frame::new(size);
        narrow.y_stride = 63;
        assert!(check(&narrow, size).expect_err("narrow").contains("luma"));
        let mut huge = Nv12Frame::new(size);
        huge.y_stride = usize::MAX;
        assert!(check(&huge, size).is_err());
    }
}
