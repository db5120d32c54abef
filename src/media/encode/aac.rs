//! AAC-LC from interleaved stereo samples (cap-look.md 21.7).

use std::ptr;

use ffmpeg_next::format::sample::{Sample, Type as SampleType};
use ffmpeg_next::{ChannelLayout, Error, Rational, codec, encoder, ffi, frame};

use crate::media::encode::{EncodeError, Packet, Track, codec as list};
use crate::media::ffmpeg::{self, FfmpegError};

/// Samples per second of the output (cap-look.md 21.1).
pub const SAMPLE_RATE: u32 = 48_000;
/// Bits per second of the output (cap-look.md 21.7).
pub const AAC_BIT_RATE: u64 = 320_000;

const NAME: &str = "aac";

/// At 320 kb/s the fast quantiser stays closer to the samples than the default's search (55 against 44 dB on recorded
/// speech, FFmpeg 5.1), and the search for mid/side stereo costs half of the encoder's time.
const PREFERENCES: [(&str, &str); 2] = [("aac_coder", "fast"), ("aac_ms", "0")];

/// FFmpeg's own AAC-LC encoder at 48 kHz stereo. Takes runs of any length and gives packets of 1,024 samples.
///
/// An AAC decoder gives 1,024 samples more than went in, before the first. Packet times therefore start at -1024, and
/// the muxer writes an edit list that hides them: sound starts at 0, and ends with the last sample sent.
pub struct AacEncoder {
    encoder: encoder::Audio,
    /// Samples that do not fill a frame yet.
    partial: Vec<[f32; 2]>,
    frame_size: usize,
    /// Samples handed to the encoder, which is the next frame's time.
    sent: i64,
    ready: std::collections::VecDeque<Packet>,
    finished: bool,
}

impl AacEncoder {
    /// Opens the encoder for a mean of `bit_rate` bits per second.
    ///
    /// # Errors
    /// When this FFmpeg lacks the encoder or it refuses the rate.
    pub fn open(bit_rate: u64) -> Result<Self, EncodeError> {
        ffmpeg::init();
        let failed = |doing: &'static str| {
            move |source: FfmpegError| EncodeError::Open {
                name: NAME.to_owned(),
                what: format!("{SAMPLE_RATE} Hz stereo at {bit_rate} bit/s"),
                doing,
                source,
            }
        };
        if !(8_000..=1_000_000).contains(&bit_rate) {
            return Err(EncodeError::Rate {
                what: format!("an AAC bit rate of {bit_rate} bit/s"),
                why: "it must lie between 8 kbit/s and 1 Mbit/s",
            });
        }
        let found = encoder::find_by_name(NAME)
            .ok_or(Error::EncoderNotFound)
            .map_err(|code| failed("looking it up")(code.into()))?;
        let mut context = codec::Context::new_with_codec(found);
        // SAFETY: only the pointer is read.
        if unsafe { context.as_ptr() }.is_null() {
            return Err(EncodeError::OutOfMemory {
                doing: "making a sound encoder",
            });
        }
        context.set_time_base(Rational(1, SAMPLE_RATE as i32));
        for (key, value) in [("flags", "+global_header"), ("b", &bit_rate.to_string())] {
            list::set_option(&mut context, key, value)
                .map_err(|code| failed("setting options")(code.into()))?;
        }
        for (key, value) in PREFERENCES {
            if let Err(error) = list::set_option(&mut context, key, value) {
                tracing::info!(key, value, %error, "this FFmpeg's AAC encoder decides by itself");
            }
        }
        let mut audio = context
            .encoder()
            .audio()
            .map_err(|code| failed("opening")(code.into()))?;
        audio.set_rate(SAMPLE_RATE as i32);
        audio.set_format(Sample::F32(SampleType::Planar));
        audio.set_channel_layout(ChannelLayout::STEREO);
        ffmpeg::forget_complaints();
        // SAFETY: the context was allocated for this very codec and is not open.
        let code = unsafe { ffi::avcodec_open2(audio.as_mut_ptr(), found.as_ptr(), ptr::null_mut()) };
        ffmpeg::check(code).map_err(failed("opening"))?;
        let encoder = encoder::audio::Encoder(audio);
        let frame_size = encoder.frame_size() as usize;
        if frame_size == 0 {
            return Err(failed("asking for the frame size")(Error::Bug.into()));
        }
        Ok(Self {
            encoder,
            partial: Vec::with_capacity(frame_size),
            frame_size,
            sent: 0,
            ready: std::collections::VecDeque::new(),
            finished: false,
        })
    }

    /// What the muxer has to know of the packets.
    pub fn track(&self) -> Track {
        Track {
            parameters: codec::Parameters::from(&self.encoder),
            time_base: Rational(1, SAMPLE_RATE as i32),
            frame_rate: None,
        }
    }

    /// Samples given so far, those that wait for a full frame included.
    pub fn samples(&self) -> u64 {
        self.sent.unsigned_abs() + self.partial.len() as u64
    }

    /// Appends samples, left before right, -1 to 1.
    ///
    /// # Errors
    /// After [`Self::finish`], and when the encoder fails (it refuses samples that are not finite).
    pub fn send(&mut self, mut samples: &[[f32; 2]]) -> Result<(), EncodeError> {
        if self.finished {
            return Err(EncodeError::Finished {
                name: NAME.to_owned(),
            });
        }
        while !samples.is_empty() {
            let room = self.frame_size - self.partial.len();
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.partial.extend_from_slice(now);
            samples = later;
            if self.partial.len() == self.frame_size {
                self.encode_partial()?;
            }
        }
        Ok(())
    }

    /// Encodes what is left, padded by the encoder; the padding is not part of the track's length.
    pub fn finish(&mut self) -> Result<(), EncodeError> {
        if self.finished {
            return Ok(());
        }
        if !self.partial.is_empty() {
            self.encode_partial()?;
        }
        self.finished = true;
        self.push(None)
    }

    /// The next packet; `None` when more samples are needed first, and after [`Self::finish`] when nothing is left.
    pub fn receive(&mut self) -> Result<Option<Packet>, EncodeError> {
        match self.ready.pop_front() {
            Some(packet) => Ok(Some(packet)),
            None => self.pull(),
        }
    }

    fn encode_partial(&mut self) -> Result<(), EncodeError> {
        let count = self.partial.len();
        let mut frame = frame::Audio::new(Sample::F32(SampleType::Planar), count, ChannelLayout::STEREO);
        // SAFETY: only the fields are read; without memory FFmpeg leaves the frame without a buffer.
        if unsafe { frame.as_ptr().as_ref().is_none_or(|raw| raw.buf[0].is_null()) } {
            return Err(EncodeError::OutOfMemory {
                doing: "handing samples to the encoder",
            });
        }
        frame.set_rate(SAMPLE_RATE);
        frame.set_pts(Some(self.sent));
        for channel in 0..2 {
            for (to, from) in frame.plane_mut::<f32>(channel).iter_mut().zip(&self.partial) {
                *to = from[channel];
            }
        }
        self.push(Some(&frame))?;
        self.sent += count as i64;
        self.partial.clear();
        Ok(())
    }

    /// Sends a frame, or the end; takes packets out while the encoder has no room.
    fn push(&mut self, frame: Option<&frame::Audio>) -> Result<(), EncodeError> {
        loop {
            ffmpeg::forget_complaints();
            let sent = match frame {
                Some(frame) => self.encoder.send_frame(frame),
                None => self.encoder.send_eof(),
            };
            let Err(code) = sent else {
                return Ok(());
            };
            let full = code == Error::Other { errno: libc::EAGAIN };
            let error = FfmpegError::new(code);
            match if full { self.pull()? } else { None } {
                Some(packet) => self.ready.push_back(packet),
                None => {
                    return Err(EncodeError::Run {
                        name: NAME.to_owned(),
                        doing: format!("encoding sound from sample {}", self.sent),
                        source: error,
                    });
                }
            }
        }
    }

    fn pull(&mut self) -> Result<Option<Packet>, EncodeError> {
        ffmpeg::forget_complaints();
        let mut packet = ffmpeg_next::Packet::empty();
        match self.encoder.receive_packet(&mut packet) {
            Ok(()) => Ok(Some(Packet::from_ffmpeg(packet))),
            Err(Error::Eof | Error::Other { errno: libc::EAGAIN }) => Ok(None),
            Err(code) => Err(EncodeError::Run {
                name: NAME.to_owned(),
                doing: "taking coded sound out".to_owned(),
                source: code.into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(encoder: &mut AacEncoder, packets: &mut Vec<Packet>) {
        while let Some(packet) = encoder.receive().expect("healthy") {
            packets.push(packet);
        }
    }

    #[test]
    fn packets_tile_the_track_from_the_priming_to_the_last_sample() {
        let mut encoder = AacEncoder::open(AAC_BIT_RATE).expect("FFmpeg's own");
        let mut packets = Vec::new();
        let mut total = 0;
        for length in [1, 5, 1024, 3000, 800, 0, 1600, 7] {
            encoder.send(&vec![[0.25, -0.25]; length]).expect("plain samples");
            total += length as i64;
            drain(&mut encoder, &mut packets);
        }
        assert_eq!(encoder.samples(), total as u64);
        encoder.finish().expect("healthy");
        drain(&mut encoder, &mut packets);
        let mut at = -1024;
        for packet in &packets {
            assert_eq!(packet.pts(), Some(at));
            assert!(packet.duration() <= 1024);
            at += packet.duration();
        }
        assert_eq!(at, total);
    }

    #[test]
    fn what_cannot_be_encoded_is_an_error() {
        assert!(AacEncoder::open(1).is_err());
        let mut encoder = AacEncoder::open(AAC_BIT_RATE).expect("FFmpeg's own");
        encoder.finish().expect("nothing to do");
        assert!(matches!(
            encoder.send(&[[0.0; 2]]),
            Err(EncodeError::Finished { .. })
        ));
        let mut encoder = AacEncoder::open(AAC_BIT_RATE).expect("FFmpeg's own");
        let mut failed = encoder.send(&[[f32::NAN; 2]; 4096]).is_err();
        failed |= encoder.receive().is_err();
        assert!(failed, "not-a-number must not be encoded in silence");
    }
}
