//! Single tracks for tests: numbered pictures, colour charts, beeps.

use std::path::Path;

use super::SynthError;
use super::barcode::{self, Placement};
use super::canvas::{Area, Canvas, Rgb};
use super::sound::{self, Voice};
use crate::frame::{PackedFrame, PackedView, Size};
use crate::media::track_writer::{AudioSpec, AudioTrackWriter, VideoSpec, VideoTrackWriter};
use crate::time::MediaTime;

/// Writes a video whose pictures are shown at `times` (rising) and numbered from 0 by a barcode at
/// [`Placement::STANDARD`], with a bar below that grows with the number. The last picture lasts until `end`.
///
/// # Errors
/// [`SynthError`] when the track cannot be written.
pub fn counter_video(
    path: &Path,
    spec: &VideoSpec,
    times: &[MediaTime],
    end: MediaTime,
) -> Result<(), SynthError> {
    let mut writer = VideoTrackWriter::create(path, spec)?;
    let mut canvas = Canvas::new(spec.size, [96, 104, 116]);
    let (width, height) = (spec.size.width as i32, spec.size.height as i32);
    for (number, &time) in times.iter().enumerate() {
        barcode::draw(&mut canvas, Placement::STANDARD, number as u32);
        let reach = width * (number as i32 % 64 + 1) / 64;
        let bar = Area::new(0, height - height / 8, width, height / 8);
        canvas.fill(bar, [40, 44, 52]);
        canvas.fill(Area { width: reach, ..bar }, [235, 120, 60]);
        writer.write(canvas.view(), time)?;
    }
    Ok(writer.finish(end)?)
}

/// Writes a video of one picture that lasts `seconds`.
///
/// # Errors
/// [`SynthError`] when the track cannot be written.
pub fn still_video(
    path: &Path,
    spec: &VideoSpec,
    picture: PackedView<'_>,
    seconds: f64,
) -> Result<(), SynthError> {
    let mut writer = VideoTrackWriter::create(path, spec)?;
    writer.write(picture, MediaTime::ZERO)?;
    Ok(writer.finish(MediaTime::from_secs(seconds))?)
}

/// A picture of solid patches, `columns` in a row, in reading order; see [`patch`] for where they are.
pub fn chart(size: Size, columns: u32, colors: &[Rgb]) -> PackedFrame {
    let mut canvas = Canvas::new(size, [0; 3]);
    for (index, &color) in colors.iter().enumerate() {
        canvas.fill(patch(size, columns, colors.len(), index), color);
    }
    canvas.into_frame()
}

/// Where patch `index` of a [`chart`] of `count` patches is.
pub fn patch(size: Size, columns: u32, count: usize, index: usize) -> Area {
    let rows = (count as u32).div_ceil(columns).max(1);
    let (column, row) = (index as u32 % columns, index as u32 / columns);
    let edge =
        |part: u32, parts: u32, whole: u32| (u64::from(part) * u64::from(whole) / u64::from(parts)) as i32;
    let (left, top) = (edge(column, columns, size.width), edge(row, rows, size.height));
    Area::new(
        left,
        top,
        edge(column + 1, columns, size.width) - left,
        edge(row + 1, rows, size.height) - top,
    )
}

/// Writes a silent track of `seconds` with a beep of 1 kHz at each of `onsets` (seconds), the same on every channel; see
/// [`sound`] for how long and loud it is.
///
/// # Errors
/// [`SynthError`] when the track cannot be written.
pub fn beeps(path: &Path, spec: &AudioSpec, onsets: &[f64], seconds: f64) -> Result<(), SynthError> {
    let mut writer = AudioTrackWriter::create(path, spec)?;
    for index in 0..(seconds * f64::from(spec.rate)).round() as u64 {
        let time = index as f64 / f64::from(spec.rate);
        let sample: f64 = onsets.iter().map(|onset| sound::beep(time - onset, 1000.0)).sum();
        writer.write(&vec![sample as f32; usize::from(spec.channels)])?;
    }
    Ok(writer.finish()?)
}

/// Writes a track of `seconds` that sounds like `voice`. The rate of `spec` must be [`sound::RATE`].
///
/// # Errors
/// [`SynthError`] when the track cannot be written.
pub fn voice(path: &Path, spec: &AudioSpec, voice: Voice, seconds: f64) -> Result<(), SynthError> {
    let mut writer = AudioTrackWriter::create(path, spec)?;
    let total = (seconds * f64::from(sound::RATE)).round() as u64;
    let mut start = 0;
    while start < total {
        let count = (total - start).min(u64::from(sound::RATE));
        writer.write(&voice.samples(start, count as usize, spec.channels))?;
        start += count;
    }
    Ok(writer.finish()?)
}
