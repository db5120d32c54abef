//! `capstan similarity`: how alike two videos are, frame by frame.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;

use super::Exit;
use super::args::SimilarityArgs;
use crate::bench::similarity::{Luma, psnr, ssim_by_tile};
use crate::cap::MediaSource;
use crate::frame::{YuvLayout, YuvPicture};
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::probe::{picture_rate, probe_video};
use crate::time::MediaTime;

/// One compared frame.
#[derive(Debug, Serialize)]
struct Row {
    frame: u64,
    /// Frame of the reference that was most alike.
    reference_frame: u64,
    ssim: f64,
    /// SSIM of the least alike tile of 16x9.
    lowest_tile_ssim: f64,
    /// Column and row of that tile, from 0.
    lowest_tile: (usize, usize),
    psnr_db: f64,
    /// The lower of the chroma planes; absent where the videos are not both 4:2:0.
    #[serde(skip_serializing_if = "Option::is_none")]
    chroma_psnr_db: Option<f64>,
}

/// Runs the subcommand.
pub(super) fn run(args: &SimilarityArgs) -> anyhow::Result<Exit> {
    let mut video = Video::open(&args.video)?;
    let mut reference = Video::open(&args.reference)?;
    let mut rows = Vec::new();
    let frames = match (&args.frames, args.every) {
        (Some(frames), _) => frames.clone(),
        (None, every) => video.all_frames(every.unwrap_or(1)),
    };
    for frame in frames {
        let picture = video.frame(frame)?;
        let mut best: Option<Row> = None;
        for reference_frame in frame.saturating_sub(args.slack)..=frame + args.slack {
            let other = reference.frame(reference_frame)?;
            let (Some(alike), Some(psnr_db)) = (
                ssim_by_tile(luma(&picture), luma(&other)),
                psnr(luma(&picture), luma(&other)),
            ) else {
                bail!("the pictures differ in size: {} and {}", picture.size, other.size);
            };
            if best.as_ref().is_none_or(|best| alike.ssim > best.ssim) {
                best = Some(Row {
                    frame,
                    reference_frame,
                    ssim: alike.ssim,
                    lowest_tile_ssim: alike.lowest_tile,
                    lowest_tile: alike.tile,
                    psnr_db,
                    chroma_psnr_db: chroma_psnr(&picture, &other),
                });
            }
        }
        rows.extend(best);
    }
    for row in &rows {
        let line = if args.json {
            serde_json::to_string(row)?
        } else {
            let chroma = row
                .chroma_psnr_db
                .map_or_else(String::new, |db| format!(", chroma {db:.2} dB"));
            format!(
                "frame {:4}  reference {:4}  ssim {:.5}  lowest tile {:.3} at {},{}  psnr {:.2} dB{chroma}",
                row.frame,
                row.reference_frame,
                row.ssim,
                row.lowest_tile_ssim,
                row.lowest_tile.0,
                row.lowest_tile.1,
                row.psnr_db
            )
        };
        super::print_exactly(&format!("{line}\n"))?;
    }
    let lowest = |value: fn(&Row) -> f64| rows.iter().map(value).fold(f64::INFINITY, f64::min);
    let ssim = lowest(|row| row.ssim);
    let tile = lowest(|row| row.lowest_tile_ssim);
    let psnr = lowest(|row| {
        row.chroma_psnr_db
            .map_or(row.psnr_db, |chroma| chroma.min(row.psnr_db))
    });
    if !args.json && !rows.is_empty() {
        let frames = rows.len();
        super::print(&format!(
            "lowest of {frames} frames: ssim {ssim:.5}, of a tile {tile:.3}, psnr of a plane {psnr:.2} dB\n"
        ))?;
    }
    let below = |found: f64, bound: Option<f64>| bound.is_some_and(|bound| rows.is_empty() || found < bound);
    if below(ssim, args.min_ssim) || below(tile, args.min_tile) || below(psnr, args.min_psnr) {
        return Ok(Exit::Failed);
    }
    Ok(Exit::Done)
}

/// The lower PSNR of U and V, of pictures with planes for them in 4:2:0.
fn chroma_psnr(picture: &YuvPicture, other: &YuvPicture) -> Option<f64> {
    let planar = YuvLayout::Planar {
        shift_x: 1,
        shift_y: 1,
    };
    if picture.layout != planar || other.layout != planar {
        return None;
    }
    let of = |index| psnr(plane_of(picture, index), plane_of(other, index));
    Some(of(1)?.min(of(2)?))
}

fn luma(picture: &YuvPicture) -> Luma<'_> {
    Luma {
        size: picture.size,
        plane: picture.plane(0),
    }
}

/// A chroma plane of a 4:2:0 picture, to be compared as luma is.
fn plane_of(picture: &YuvPicture, index: usize) -> Luma<'_> {
    Luma {
        size: picture.size.chroma_420(),
        plane: picture.plane(index),
    }
}

struct Video {
    decoder: VideoDecoder,
    fps: f64,
    frames: u64,
}

impl Video {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let source = MediaSource::named(path);
        let info = probe_video(&source)?;
        // Not the average: an export may leave repeated pictures out.
        let fps = picture_rate(&source)?
            .or(info.average_rate)
            .map(f64::round)
            .with_context(|| format!("{} states no frame rate", path.display()))?;
        let options = DecodeOptions {
            nominal_fps: fps as u32,
            hardware: HardwareChoice::Off,
            threads: 0,
        };
        let (decoder, _) = VideoDecoder::open(&source, &options)?;
        Ok(Self {
            decoder,
            fps,
            frames: (info.duration * fps).round() as u64,
        })
    }

    fn all_frames(&self, every: u64) -> Vec<u64> {
        (0..self.frames)
            .step_by(usize::try_from(every).unwrap_or(usize::MAX))
            .collect()
    }

    fn frame(&mut self, n: u64) -> anyhow::Result<YuvPicture> {
        Ok(self
            .decoder
            .picture_at(MediaTime::from_secs(n as f64 / self.fps))?)
    }
}
