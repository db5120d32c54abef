//! Decoded pictures to NV12 of a given size, for encoding them without composing.

use std::iter;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::software::scaling;
use ffmpeg_next::{Error, frame};

use crate::frame::{Nv12Frame, Size, YuvLayout, YuvPicture};
use crate::media::ffmpeg::{FfmpegError, forget_complaints};

/// Brings pictures to NV12 of one size: by copying where only the chroma lies differently, by swscale (bicubic, FFmpeg's own
/// default) where the size or the subsampling differs. Code values are not touched.
pub struct ToNv12 {
    size: Size,
    scaler: Option<Scaler>,
}

struct Scaler {
    from: (Pixel, Size),
    context: scaling::Context,
    source: frame::Video,
    target: frame::Video,
}

impl ToNv12 {
    /// Makes pictures of `size`.
    pub fn new(size: Size) -> Self {
        Self { size, scaler: None }
    }

    /// Converts `picture` into `target`.
    ///
    /// # Errors
    /// When swscale refuses the conversion or memory is short.
    ///
    /// # Panics
    /// When `target` is not of the size that was asked for.
    pub fn convert(&mut self, picture: &YuvPicture, target: &mut Nv12Frame) -> Result<(), FfmpegError> {
        assert_eq!(
            target.size, self.size,
            "the target has the size this was made for"
        );
        match picture.layout {
            YuvLayout::Planar {
                shift_x: 1,
                shift_y: 1,
            } if picture.size == self.size => {
                copy_luma(picture, target);
                interleave(picture, target);
                Ok(())
            }
            YuvLayout::SemiPlanar420 if picture.size == self.size => {
                copy_luma(picture, target);
                let chroma = picture.plane(1);
                let width = self.size.chroma_420().width as usize * 2;
                let rows = chroma.data.chunks(chroma.stride);
                rows.zip(target.uv.chunks_mut(target.uv_stride))
                    .for_each(|(from, to)| {
                        to[..width].copy_from_slice(&from[..width]);
                    });
                Ok(())
            }
            _ => self.scale(picture, target),
        }
    }

    fn scale(&mut self, picture: &YuvPicture, target: &mut Nv12Frame) -> Result<(), FfmpegError> {
        let format = match picture.layout {
            YuvLayout::Planar {
                shift_x: 1,
                shift_y: 1,
            } => Pixel::YUV420P,
            YuvLayout::Planar { shift_x: 1, .. } => Pixel::YUV422P,
            YuvLayout::Planar { .. } => Pixel::YUV444P,
            YuvLayout::SemiPlanar420 => Pixel::NV12,
        };
        let from = (format, picture.size);
        let scaler = match self.scaler.take() {
            Some(scaler) if scaler.from == from => scaler,
            _ => Scaler::new(from, self.size)?,
        };
        let scaler = self.scaler.insert(scaler);
        for plane in 0..scaler.source.planes() {
            let (view, stride) = (picture.plane(plane), scaler.source.stride(plane));
            let row = row_bytes(format, picture.size, plane);
            let rows = scaler.source.plane_height(plane) as usize;
            let from = view.data.chunks(view.stride).take(rows);
            for (from, to) in from.zip(scaler.source.data_mut(plane).chunks_mut(stride)) {
                to[..row].copy_from_slice(&from[..row]);
            }
        }
        forget_complaints();
        scaler
            .context
            .run(&scaler.source, &mut scaler.target)
            .map_err(FfmpegError::new)?;
        let planes = [
            (&mut target.y, target.y_stride),
            (&mut target.uv, target.uv_stride),
        ];
        for (plane, (to, to_stride)) in planes.into_iter().enumerate() {
            let row = row_bytes(Pixel::NV12, self.size, plane);
            let from = scaler.target.data(plane).chunks(scaler.target.stride(plane));
            for (from, to) in from.zip(to.chunks_mut(to_stride)) {
                to[..row].copy_from_slice(&from[..row]);
            }
        }
        Ok(())
    }
}

impl Scaler {
    fn new(from: (Pixel, Size), to: Size) -> Result<Self, FfmpegError> {
        forget_complaints();
        let (format, size) = from;
        let (w, h) = (size.width, size.height);
        let context = scaling::Context::get(
            format,
            w,
            h,
            Pixel::NV12,
            to.width,
            to.height,
            scaling::Flags::BICUBIC,
        )
        .map_err(FfmpegError::new)?;
        let source = frame::Video::new(format, w, h);
        let target = frame::Video::new(Pixel::NV12, to.width, to.height);
        // SAFETY: only looks whether the frames have memory.
        if unsafe { source.is_empty() || target.is_empty() } {
            return Err(FfmpegError::new(Error::Other { errno: libc::ENOMEM }));
        }
        Ok(Self {
            from,
            context,
            source,
            target,
        })
    }
}

/// Bytes of a row of a plane without padding.
fn row_bytes(format: Pixel, size: Size, plane: usize) -> usize {
    let half = size.chroma_420().width as usize;
    match (format, plane) {
        (_, 0) | (Pixel::YUV444P, _) => size.width as usize,
        (Pixel::NV12, _) => half * 2,
        _ => half,
    }
}

fn copy_luma(picture: &YuvPicture, target: &mut Nv12Frame) {
    let (luma, width) = (picture.plane(0), picture.size.width as usize);
    for (from, to) in luma
        .data
        .chunks(luma.stride)
        .zip(target.y.chunks_mut(target.y_stride))
    {
        to[..width].copy_from_slice(&from[..width]);
    }
}

fn interleave(picture: &YuvPicture, target: &mut Nv12Frame) {
    let (u, v) = (picture.plane(1), picture.plane(2));
    let width = picture.size.chroma_420().width as usize;
    let rows = iter::zip(u.data.chunks(u.stride), v.data.chunks(v.stride));
    for ((u, v), uv) in rows.zip(target.uv.chunks_mut(target.uv_stride)) {
        for ((u, v), uv) in u[..width].iter().zip(&v[..width]).zip(uv.chunks_exact_mut(2)) {
            uv.copy_from_slice(&[*u, *v]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::frame::{PlaneStorage, PlaneView, YuvColor};

    struct Planes(Vec<(Vec<u8>, usize)>);

    impl PlaneStorage for Planes {
        fn plane(&self, index: usize) -> PlaneView<'_> {
            let (data, stride) = &self.0[index];
            PlaneView {
                data,
                stride: *stride,
            }
        }
    }

    fn picture(size: Size, layout: YuvLayout, planes: Vec<(Vec<u8>, usize)>) -> YuvPicture {
        YuvPicture::new(size, layout, YuvColor::BT709_LIMITED, Arc::new(Planes(planes)))
    }

    #[test]
    fn chroma_is_interleaved_at_odd_sizes_and_strides() {
        let size = Size::new(5, 3);
        let luma: Vec<u8> = (0..8 * 3).collect();
        let planes = vec![
            (luma, 8),
            (vec![1, 2, 3, 0, 4, 5, 6], 4),
            (vec![11, 12, 13, 0, 14, 15, 16], 4),
        ];
        let source = picture(
            size,
            YuvLayout::Planar {
                shift_x: 1,
                shift_y: 1,
            },
            planes,
        );
        let mut target = Nv12Frame::new(size);
        ToNv12::new(size).convert(&source, &mut target).unwrap();
        assert_eq!(target.y[2 * target.y_stride..][..5], [16, 17, 18, 19, 20]);
        assert_eq!(target.uv[..6], [1, 11, 2, 12, 3, 13]);
        assert_eq!(target.uv[target.uv_stride..][..6], [4, 14, 5, 15, 6, 16]);
    }

    #[test]
    fn other_sizes_and_subsamplings_are_scaled() {
        let from = Size::new(64, 32);
        let planes = vec![
            (vec![90; 64 * 32], 64),
            (vec![100; 64 * 32], 64),
            (vec![150; 64 * 32], 64),
        ];
        let source = picture(
            from,
            YuvLayout::Planar {
                shift_x: 0,
                shift_y: 0,
            },
            planes,
        );
        let size = Size::new(32, 24);
        let mut target = Nv12Frame::new(size);
        ToNv12::new(size).convert(&source, &mut target).unwrap();
        let near = |a: u8, b: u8| a.abs_diff(b) <= 1;
        assert!((0..24).all(|y| target.y[y * target.y_stride..][..32].iter().all(|&v| near(v, 90))));
        assert!(
            target.uv[..32]
                .chunks(2)
                .all(|uv| near(uv[0], 100) && near(uv[1], 150)),
            "{:?}",
            &target.uv[..32]
        );
    }
}
