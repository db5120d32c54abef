//! Proof that an encoder writes what it is given: encode, decode in software, compare (cap-look.md 22.3).
//!
//! Hardware encoders are listed by FFmpeg wherever it was built with them, open on machines whose driver then gives
//! green, grey or shifted pictures, and some only do so at certain sizes. The test therefore runs at the real size.

use std::sync::Arc;

use ffmpeg_next::{Codec, Error, codec, decoder, frame};

use crate::frame::{Nv12Frame, Size};
use crate::media::encode::video::VideoEncoder;
use crate::media::encode::{EncodeError, EncoderInput, Quality, RateControl, VideoSettings, target_bitrate};
use crate::media::ffmpeg::FfmpegError;

/// Pictures that are encoded: enough for a P picture to follow a P picture and for a short reorder delay to drain.
const PICTURES: i64 = 8;
/// Least likeness of each plane. Encoders at work reach 40 dB and more on these pictures; swapped chroma, a plane left
/// empty or a picture repeated instead of moved on stay below 25.
const LEAST_PSNR: f64 = 30.0;

/// Pictures for a self-test: each differs from the one before, and none could pass for another.
pub trait TestPictures {
    /// Picture `number` as the encoder takes it.
    ///
    /// # Errors
    /// With why there is none.
    fn input(&mut self, number: i64) -> Result<EncoderInput, String>;

    /// What picture `number` should decode to.
    ///
    /// # Errors
    /// With why that can't be told.
    fn expected(&mut self, number: i64) -> Result<Nv12Frame, String>;
}

/// The pictures of an encoder that takes planes.
pub(super) struct InMemory(pub(super) Size);

impl TestPictures for InMemory {
    fn input(&mut self, number: i64) -> Result<EncoderInput, String> {
        Ok(Arc::new(test_picture(self.0, number)).into())
    }

    fn expected(&mut self, number: i64) -> Result<Nv12Frame, String> {
        Ok(test_picture(self.0, number))
    }
}

/// Opens a second instance of `codec` with the same settings and compares what its stream decodes to with the source.
///
/// The bit rate is raised to that of the preset web where the settings ask for less: the encoder is tested, not the
/// choice of rate. Returns the lowest PSNR of any plane of any picture, in dB.
pub(super) fn run(
    codec: Codec,
    settings: &VideoSettings,
    pictures: &mut dyn TestPictures,
) -> Result<f64, EncodeError> {
    let mut settings = settings.clone();
    settings.rate = settings.rate.as_bitrate();
    if let RateControl::Bitrate { target, max } = settings.rate {
        let web = target_bitrate(settings.size, settings.frame_rate, Quality::Web.bits_per_pixel());
        if target < web {
            let RateControl::Bitrate { max: web_max, .. } = RateControl::bitrate(web) else {
                return Err(failed(codec, "no bit rate".to_owned()));
            };
            settings.rate = RateControl::Bitrate {
                target: web,
                max: web_max.max(max),
            };
        }
    }
    let mut encoder = VideoEncoder::open(codec, &settings)?.encoder;
    let mut packets = Vec::new();
    for number in 0..PICTURES {
        let picture = pictures.input(number).map_err(|why| failed(codec, why))?;
        encoder.send(&picture, number, false)?;
        while let Some(packet) = encoder.receive()? {
            packets.push(packet);
        }
    }
    encoder.finish()?;
    while let Some(packet) = encoder.receive()? {
        packets.push(packet);
    }

    let decode_failed = |code: Error| {
        failed(
            codec,
            format!("its stream does not decode: {}", FfmpegError::new(code)),
        )
    };
    let mut decoder = open_decoder(&encoder).map_err(decode_failed)?;
    let mut comparison = Comparison {
        codec,
        source: pictures,
        pictures: 0,
        worst: f64::INFINITY,
    };
    for packet in packets {
        decoder
            .send_packet(&packet.into_ffmpeg())
            .map_err(decode_failed)?;
        comparison.take(&mut decoder)?;
    }
    decoder.send_eof().map_err(decode_failed)?;
    comparison.take(&mut decoder)?;
    if comparison.pictures != PICTURES {
        let count = comparison.pictures;
        return Err(failed(
            codec,
            format!("{PICTURES} pictures went in, {count} decoded"),
        ));
    }
    Ok(comparison.worst)
}

fn failed(codec: Codec, why: String) -> EncodeError {
    EncodeError::SelfTest {
        name: codec.name().to_owned(),
        why,
    }
}

/// FFmpeg's own software decoder, never a hardware one: it is the referee.
fn open_decoder(encoder: &VideoEncoder) -> Result<decoder::Video, Error> {
    let referee = decoder::find_by_name("h264").ok_or(Error::DecoderNotFound)?;
    let context = codec::Context::from_parameters(encoder.track().parameters)?;
    context.decoder().open_as(referee)?.video()
}

struct Comparison<'a> {
    codec: Codec,
    source: &'a mut dyn TestPictures,
    pictures: i64,
    worst: f64,
}

impl Comparison<'_> {
    fn take(&mut self, decoder: &mut decoder::Video) -> Result<(), EncodeError> {
        let mut decoded = frame::Video::empty();
        while decoder.receive_frame(&mut decoded).is_ok() {
            let number = self.pictures;
            self.pictures += 1;
            if decoded.pts() != Some(number) {
                let why = format!("picture {number} came out as {:?}", decoded.pts());
                return Err(failed(self.codec, why));
            }
            let expected = self.source.expected(number);
            let expected = expected.map_err(|why| failed(self.codec, why))?;
            let planes = psnr(&expected, &decoded).map_err(|why| failed(self.codec, why))?;
            for (plane, value) in ["luma", "U", "V"].into_iter().zip(planes) {
                self.worst = self.worst.min(value);
                if value < LEAST_PSNR {
                    let why = format!(
                        "picture {number} decodes to something else: {plane} PSNR {value:.1} dB, \
                         at least {LEAST_PSNR} dB is expected"
                    );
                    return Err(failed(self.codec, why));
                }
            }
        }
        Ok(())
    }
}

/// Neutral grey (luma 126, no colour) with a bright, coloured box of a sixteenth of the area that moves by an eighth of
/// the width with each picture.
fn test_picture(size: Size, number: i64) -> Nv12Frame {
    let mut frame = Nv12Frame::new(size);
    frame.y.fill(126);
    frame.uv.fill(128);
    // In chroma samples, so that luma and chroma edges coincide.
    let chroma = size.chroma_420();
    let (width, height) = (
        (chroma.width / 4).max(1) as usize,
        (chroma.height / 4).max(1) as usize,
    );
    let room = (chroma.width as usize).saturating_sub(width).max(1);
    let left = (number.unsigned_abs() as usize * (chroma.width as usize / 8).max(1)) % room;
    let top = chroma.height as usize / 3;
    for y in top..(top + height).min(chroma.height as usize) {
        for pair in frame.uv[y * frame.uv_stride + 2 * left..][..2 * width].chunks_exact_mut(2) {
            pair.copy_from_slice(&[90, 180]);
        }
    }
    let rows = 2 * top..(2 * (top + height)).min(size.height as usize);
    for y in rows {
        frame.y[y * frame.y_stride + 2 * left..][..2 * width].fill(210);
    }
    frame
}

/// Peak signal-to-noise ratio of Y, U and V in dB; infinite for equal planes.
pub(super) fn psnr(expected: &Nv12Frame, decoded: &frame::Video) -> Result<[f64; 3], String> {
    use ffmpeg_next::format::Pixel;
    let (width, height) = (decoded.width(), decoded.height());
    let planar = matches!(decoded.format(), Pixel::YUV420P | Pixel::YUVJ420P);
    if !planar || Size::new(width, height) != expected.size {
        return Err(format!(
            "{} pictures went in, {width}x{height} {:?} decoded",
            expected.size,
            decoded.format()
        ));
    }
    let chroma = expected.size.chroma_420();
    let luma = squares(
        expected
            .y
            .chunks(expected.y_stride)
            .map(|row| row.iter().copied()),
        decoded.data(0).chunks(decoded.stride(0)),
        expected.size,
    );
    let plane = |offset: usize| {
        squares(
            expected
                .uv
                .chunks(expected.uv_stride)
                .map(move |row| row.iter().copied().skip(offset).step_by(2)),
            decoded.data(1 + offset).chunks(decoded.stride(1 + offset)),
            chroma,
        )
    };
    Ok([(luma, expected.size), (plane(0), chroma), (plane(1), chroma)]
        .map(|(sum, size)| 10.0 * (255.0 * 255.0 * size.area() as f64 / sum as f64).log10()))
}

/// Sum of squared differences of two planes.
fn squares<'a>(
    expected: impl Iterator<Item = impl Iterator<Item = u8>>,
    decoded: impl Iterator<Item = &'a [u8]>,
    size: Size,
) -> u64 {
    expected
        .zip(decoded)
        .take(size.height as usize)
        .map(|(a, b)| {
            let row = a.zip(b).take(size.width as usize);
            row.map(|(a, b)| u64::from(a.abs_diff(*b)).pow(2)).sum::<u64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::encode::picture;
    use crate::time::FrameRate;

    #[test]
    fn likeness_tells_the_faults_of_broken_encoders_from_a_working_one() {
        let size = Size::new(320, 180);
        let source = test_picture(size, 3);
        let least = |other: &Nv12Frame| {
            let decoded = picture::deinterleave(other).expect("small");
            psnr(&source, &decoded)
                .expect("same size")
                .into_iter()
                .fold(f64::INFINITY, f64::min)
        };
        assert_eq!(least(&source), f64::INFINITY);

        let mut noisy = source.clone();
        for (index, byte) in noisy.y.iter_mut().chain(&mut noisy.uv).enumerate() {
            *byte += (index % 3) as u8;
        }
        assert!(least(&noisy) > LEAST_PSNR, "coding noise passes");

        let mut swapped = source.clone();
        for pair in swapped.uv.chunks_exact_mut(2) {
            pair.swap(0, 1);
        }
        assert!(least(&swapped) < LEAST_PSNR, "swapped chroma");
        assert!(least(&test_picture(size, 2)) < LEAST_PSNR, "the picture before");
        let mut green = source.clone();
        green.uv.fill(0);
        assert!(least(&green) < LEAST_PSNR, "green");
        let mut black = source.clone();
        black.y.fill(16);
        assert!(least(&black) < LEAST_PSNR, "black");
        let mut grey = source.clone();
        grey.uv.fill(128);
        assert!(least(&grey) < LEAST_PSNR, "colour lost");
    }

    #[test]
    fn an_encoder_that_works_passes_at_any_size_and_rate() {
        let Some(codec) = super::super::codec::h264_encoder("libx264") else {
            return crate::media::encode::tests::skip("libx264 is not in this FFmpeg");
        };
        for (size, target) in [
            (Size::new(2, 2), 1_000),
            (Size::new(1366, 768), 10_000),
            (Size::new(640, 360), 4_000_000),
        ] {
            let fps = FrameRate::new(30).expect("not 0");
            let settings = VideoSettings::new(size, fps, RateControl::bitrate(target));
            let worst =
                run(codec, &settings, &mut InMemory(size)).unwrap_or_else(|error| panic!("{size}: {error}"));
            assert!(worst >= LEAST_PSNR);
        }
    }
}
