//! Joins a finished video track and a finished sound track into one file.

use std::path::Path;

use ffmpeg_next::format::context::Input;
use ffmpeg_next::{Packet, Rational, codec, encoder, format, media};

use super::{TrackError, check_path, failed, open_output};

/// Copies the video of `video` and the sound of `sound` into a new MP4 file, nothing is encoded again.
///
/// # Errors
/// [`TrackError`] when a file cannot be read or written, or lacks the stream.
pub fn mux(video: &Path, sound: &Path, target: &Path) -> Result<(), TrackError> {
    let mut output = open_output(target, "mp4")?;
    let mut sources = [
        Source::open(video, media::Type::Video, "video")?,
        Source::open(sound, media::Type::Audio, "audio")?,
    ];
    for source in &sources {
        let stream = source
            .input
            .stream(source.stream)
            .ok_or_else(|| TrackError::NoStream {
                path: source.path.into(),
                kind: "video or audio",
            })?;
        let mut added = output
            .add_stream(encoder::find(codec::Id::None))
            .map_err(failed("adding a stream", target))?;
        added.set_parameters(stream.parameters());
        added.set_time_base(source.time_base);
    }
    output
        .write_header()
        .map_err(failed("writing the header", target))?;
    let mut heads = [sources[0].next()?, sources[1].next()?];
    loop {
        // The earlier one by decoding time, so that the interleaving buffer stays short.
        let pick = match (&heads[0], &heads[1]) {
            (None, None) => break,
            (Some(_), None) => 0,
            (None, Some(_)) => 1,
            (Some(a), Some(b)) => usize::from(sources[0].seconds(a) > sources[1].seconds(b)),
        };
        let next = sources[pick].next()?;
        let Some(mut packet) = std::mem::replace(&mut heads[pick], next) else {
            break;
        };
        let time_base = output
            .stream(pick)
            .map_or(sources[pick].time_base, |stream| stream.time_base());
        packet.set_stream(pick);
        packet.set_position(-1);
        packet.rescale_ts(sources[pick].time_base, time_base);
        packet
            .write_interleaved(&mut output)
            .map_err(failed("writing a packet", target))?;
    }
    output
        .write_trailer()
        .map_err(failed("writing the index", target))
}

/// One stream of one file.
struct Source<'a> {
    path: &'a Path,
    input: Input,
    stream: usize,
    time_base: Rational,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path, medium: media::Type, kind: &'static str) -> Result<Self, TrackError> {
        check_path(path)?;
        let input = format::input(path).map_err(failed("opening the track", path))?;
        let stream = input.streams().best(medium).ok_or_else(|| TrackError::NoStream {
            path: path.into(),
            kind,
        })?;
        let (index, time_base) = (stream.index(), stream.time_base());
        Ok(Self {
            path,
            input,
            stream: index,
            time_base,
        })
    }

    fn next(&mut self) -> Result<Option<Packet>, TrackError> {
        loop {
            let mut packet = Packet::empty();
            match packet.read(&mut self.input) {
                Ok(()) if packet.stream() == self.stream => return Ok(Some(packet)),
                Ok(()) => {}
                Err(ffmpeg_next::Error::Eof) => return Ok(None),
                Err(source) => return Err(failed("reading the track", self.path)(source)),
            }
        }
    }

    fn seconds(&self, packet: &Packet) -> f64 {
        packet.dts().unwrap_or(0) as f64 * f64::from(self.time_base)
    }
}
