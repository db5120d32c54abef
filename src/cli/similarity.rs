//! `capstan similarity`: how alike two videos are, frame by frame.

use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;

use super::Exit;
use super::args::SimilarityArgs;
use crate::bench::similarity::{Luma, psnr, ssim};
use crate::cap::MediaSource;
use crate::frame::YuvPicture;
use crate::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use crate::media::probe::probe_video;
use crate::time::MediaTime;

/// One compared frame.
#[derive(Debug, Serialize)]
struct Row {
    frame: u64,
    /// Frame of the reference that was most alike.
    reference_frame: u64,
    ssim: f64,
    psnr_db: f64,
}

/// Runs the subcommand.
pub(super) fn run(args: &SimilarityArgs) -> anyhow::Result<Exit> {
    let mut video = Video::open(&args.video)?;
    let mut reference = Video::open(&args.reference)?;
    let mut rows = Vec::new();
    for frame in args.frames.clone().unwrap_or_else(|| video.all_frames()) {
        let picture = video.frame(frame)?;
        let mut best: Option<Row> = None;
        for reference_frame in frame.saturating_sub(args.slack)..=frame + args.slack {
            let other = reference.frame(reference_frame)?;
            let (Some(ssim), Some(psnr_db)) = (
                ssim(luma(&picture), luma(&other)),
                psnr(luma(&picture), luma(&other)),
            ) else {
                bail!("the pictures differ in size: {} and {}", picture.size, other.size);
            };
            if best.as_ref().is_none_or(|best| ssim > best.ssim) {
                best = Some(Row {
                    frame,
                    reference_frame,
                    ssim,
                    psnr_db,
                });
            }
        }
        rows.extend(best);
    }
    let lowest = rows.iter().map(|row| row.ssim).fold(f64::INFINITY, f64::min);
    for row in &rows {
        let line = if args.json {
            serde_json::to_string(row)?
        } else {
            format!(
                "frame {:4}  reference {:4}  ssim {:.5}  psnr {:.2} dB",
                row.frame, row.reference_frame, row.ssim, row.psnr_db
            )
        };
        super::print(&format!("{line}\n"))?;
    }
    match args.min_ssim {
        Some(bound) if rows.is_empty() || lowest < bound => Ok(Exit::Failed),
        _ => Ok(Exit::Done),
    }
}

fn luma(picture: &YuvPicture) -> Luma<'_> {
    Luma {
        size: picture.size,
        plane: picture.plane(0),
    }
}

struct Video {
    decoder: VideoDecoder,
    fps: f64,
    frames: u64,
}

impl Video {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let source = MediaSource::File(path.to_owned());
        let info = probe_video(&source)?;
        let fps = info
            .average_rate
            .with_context(|| format!("{} states no frame rate", path.display()))?;
        let options = DecodeOptions {
            nominal_fps: fps.round() as u32,
            hardware: HardwareChoice::Off,
            threads: 0,
        };
        let (decoder, _) = VideoDecoder::open(&source, &options)?;
        Ok(Self {
            decoder,
            fps: fps.round(),
            frames: info.frames.unwrap_or((info.duration * fps).round() as u64),
        })
    }

    fn all_frames(&self) -> Vec<u64> {
        (0..self.frames).collect()
    }

    fn frame(&mut self, n: u64) -> anyhow::Result<YuvPicture> {
        Ok(self
            .decoder
            .picture_at(MediaTime::from_secs(n as f64 / self.fps))?)
    }
}
