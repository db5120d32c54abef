//! Sound tracks.

use std::path::{Path, PathBuf};

use ffmpeg_next as ffmpeg;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, Dictionary, Packet, Rational, codec, encoder, format, frame};

use super::{TrackError, failed, open_output};

/// Codec and container of a sound track (cap-format.md 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudioCodec {
    /// Opus in Ogg by libopus: microphone and system sound of a finished recording. 48 kHz only.
    Opus,
    /// AAC in MP4.
    Aac,
    /// AAC in one fragmented MP4, readable as far as it goes: sound of an unfinished recording.
    AacFragmented,
    /// MP3 by libmp3lame: 2024 recordings and music.
    Mp3,
}

impl AudioCodec {
    fn encoder_name(self) -> &'static str {
        match self {
            Self::Opus => "libopus",
            Self::Aac | Self::AacFragmented => "aac",
            Self::Mp3 => "libmp3lame",
        }
    }

    fn muxer(self) -> &'static str {
        match self {
            Self::Opus => "ogg",
            Self::Aac | Self::AacFragmented => "mp4",
            Self::Mp3 => "mp3",
        }
    }

    /// Sample format that the encoder takes; every sample is 32-bit float.
    fn sample_type(self) -> Type {
        match self {
            Self::Opus => Type::Packed,
            Self::Aac | Self::AacFragmented | Self::Mp3 => Type::Planar,
        }
    }
}

/// What a sound track is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioSpec {
    /// Codec and container.
    pub codec: AudioCodec,
    /// Samples per second.
    pub rate: u32,
    /// 1, 2 or 6 (5.1, in the order FL FR FC LFE BL BR).
    pub channels: u16,
    /// Bits per second.
    pub bit_rate: u32,
}

impl AudioSpec {
    /// What Cap's recorder writes, 48 kHz at 128 kb/s, with `channels` channels.
    pub const fn opus(channels: u16) -> Self {
        Self {
            codec: AudioCodec::Opus,
            rate: 48_000,
            channels,
            bit_rate: 128_000,
        }
    }
}

/// Writes one sound track.
pub struct AudioTrackWriter {
    path: PathBuf,
    spec: AudioSpec,
    layout: ChannelLayout,
    output: format::context::Output,
    encoder: encoder::audio::Encoder,
    stream_time_base: Rational,
    /// Interleaved samples that don't fill an encoder frame yet.
    pending: Vec<f32>,
    samples_sent: i64,
}

impl AudioTrackWriter {
    /// Opens `path` and the encoder.
    ///
    /// # Errors
    /// [`TrackError`] when the encoder is missing or refuses, or the file cannot be made.
    pub fn create(path: &Path, spec: &AudioSpec) -> Result<Self, TrackError> {
        let mut output = open_output(path, spec.codec.muxer())?;
        let name = spec.codec.encoder_name();
        let found = encoder::find_by_name(name).ok_or_else(|| TrackError::MissingEncoder {
            encoder: name,
            path: path.into(),
        })?;
        let mut audio = codec::Context::new_with_codec(found)
            .encoder()
            .audio()
            .map_err(failed("preparing the encoder", path))?;
        let layout = match spec.channels {
            6 => ChannelLayout::_5POINT1_BACK,
            n => ChannelLayout::default(i32::from(n)),
        };
        let time_base = Rational::new(1, spec.rate as i32);
        audio.set_rate(spec.rate as i32);
        audio.set_format(format::Sample::F32(spec.codec.sample_type()));
        audio.set_channel_layout(layout);
        audio.set_bit_rate(spec.bit_rate as usize);
        audio.set_time_base(time_base);
        audio.set_flags(codec::Flags::GLOBAL_HEADER);
        let encoder = audio
            .open_with(Dictionary::new())
            .map_err(failed("opening the encoder", path))?;

        let mut stream = output
            .add_stream(found)
            .map_err(failed("adding a stream", path))?;
        stream.set_time_base(time_base);
        stream.set_parameters(&encoder);
        let mut options = Dictionary::new();
        // No random stream numbers, no version strings: the same sound gives the same file.
        options.set("fflags", "+bitexact");
        if spec.codec == AudioCodec::AacFragmented {
            options.set("movflags", "frag_keyframe+empty_moov+default_base_moof");
            options.set("frag_duration", "250000");
        }
        output
            .write_header_with(options)
            .map_err(failed("writing the header", path))?;
        let stream_time_base = output.stream(0).map_or(time_base, |stream| stream.time_base());
        Ok(Self {
            path: path.into(),
            spec: *spec,
            layout,
            output,
            encoder,
            stream_time_base,
            pending: Vec::new(),
            samples_sent: 0,
        })
    }

    /// Adds interleaved samples, -1..=1; their number must be a multiple of the channels.
    ///
    /// # Errors
    /// [`TrackError`] when encoding or writing fails.
    pub fn write(&mut self, samples: &[f32]) -> Result<(), TrackError> {
        self.pending.extend_from_slice(samples);
        let channels = usize::from(self.spec.channels);
        let frame_size = match self.encoder.frame_size() as usize {
            0 => 1024,
            size => size,
        } * channels;
        let whole = self.pending.len() / frame_size * frame_size;
        let rest = self.pending.split_off(whole);
        let ready = std::mem::replace(&mut self.pending, rest);
        ready
            .chunks_exact(frame_size)
            .try_for_each(|chunk| self.encode(chunk))
    }

    /// Ends the track after the last sample.
    ///
    /// # Errors
    /// [`TrackError`] when encoding or writing fails.
    pub fn finish(mut self) -> Result<(), TrackError> {
        let rest = std::mem::take(&mut self.pending);
        if !rest.is_empty() {
            self.encode(&rest)?;
        }
        self.encoder
            .send_eof()
            .map_err(failed("ending the encoder", &self.path))?;
        self.drain()?;
        self.output
            .write_trailer()
            .map_err(failed("ending the file", &self.path))
    }

    fn encode(&mut self, interleaved: &[f32]) -> Result<(), TrackError> {
        let channels = usize::from(self.spec.channels);
        let samples = interleaved.len() / channels;
        let sample_type = self.spec.codec.sample_type();
        let mut frame = frame::Audio::new(format::Sample::F32(sample_type), samples, self.layout);
        frame.set_rate(self.spec.rate);
        frame.set_pts(Some(self.samples_sent));
        match sample_type {
            Type::Packed => {
                let bytes = bytemuck::cast_slice(interleaved);
                frame.data_mut(0)[..bytes.len()].copy_from_slice(bytes);
            }
            Type::Planar => {
                for channel in 0..channels {
                    let plane = frame.plane_mut::<f32>(channel);
                    let source = interleaved.iter().skip(channel).step_by(channels);
                    plane.iter_mut().zip(source).for_each(|(to, from)| *to = *from);
                }
            }
        }
        self.samples_sent += samples as i64;
        self.encoder
            .send_frame(&frame)
            .map_err(failed("encoding sound", &self.path))?;
        self.drain()
    }

    fn drain(&mut self) -> Result<(), TrackError> {
        loop {
            let mut packet = Packet::empty();
            match self.encoder.receive_packet(&mut packet) {
                Ok(()) => {
                    packet.set_stream(0);
                    packet.rescale_ts(Rational::new(1, self.spec.rate as i32), self.stream_time_base);
                    packet
                        .write_interleaved(&mut self.output)
                        .map_err(failed("writing a packet", &self.path))?;
                }
                Err(
                    ffmpeg::Error::Eof
                    | ffmpeg::Error::Other {
                        errno: ffmpeg::error::EAGAIN,
                    },
                ) => return Ok(()),
                Err(source) => return Err(failed("encoding sound", &self.path)(source)),
            }
        }
    }
}
