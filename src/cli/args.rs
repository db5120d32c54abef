//! The command line as parsed. What it means is decided by the subcommands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::args_bench::{BenchArgs, FloorArgs, parse_percent};
use super::args_shard::ShardArgs;
use super::span::SpanArgs;
use crate::cap::CameraDelay;
use crate::convert::PixelPath;
use crate::export::{RegionPictures, ZoomTails};
use crate::frame::Size;
use crate::media::encode::{Quality, X264Options};
use crate::time::FrameRate;

/// Exports Cap screen recordings to MP4 and measures itself doing it.
#[derive(Debug, Parser)]
#[command(
    name = "capstan",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.\n\
                  Environment: CAPSTAN_LOG sets the log filter (e.g. capstan=debug,wgpu=warn)."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) logging: Logging,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What is printed and logged, and whether files are replaced.
#[derive(Clone, Debug, Args)]
pub(super) struct Logging {
    /// Print nothing but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Log more: -v what is chosen and why, -vv what every stage does
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(super) verbose: u8,
    /// Also write the log, at debug level, to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) log_file: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long, global = true)]
    pub(super) overwrite: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Export a recording to MP4
    Export(Box<ExportArgs>),
    /// Divide an export into parts that are made anywhere, and join them
    Shard(ShardArgs),
    /// Measure exports: repeated runs, statistics, floor, quality; compare results
    Bench(Box<BenchArgs>),
    /// Decode and encode without composing, as `bench --floor` does
    #[command(hide = true)]
    BenchFloor(Box<FloorArgs>),
    /// Say what a recording holds and everything that is wrong with it
    Inspect(InspectArgs),
    /// List adapters, FFmpeg libraries, decoders and encoders, and whether they open
    Doctor(DoctorArgs),
    /// Make a recording to test or measure with
    Synth(SynthArgs),
    /// Compare two videos frame by frame (SSIM and PSNR of luma)
    Similarity(SimilarityArgs),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    capstan export talk.cap                                        # to talk.mp4 in this folder\n  \
    capstan export talk.cap small.mp4 --fps 30 --quality web\n  \
    capstan export talk.cap phone.mp4 --resolution 1280x720 --overwrite\n  \
    capstan export talk.cap part.mp4 --from 1:30 --to 2:00\n  \
    capstan export a.cap b.cap c.cap --output-dir out/")]
pub(super) struct ExportArgs {
    /// The recording: a .cap folder
    #[arg(value_name = "RECORDING")]
    pub(super) recording: PathBuf,
    /// The MP4 to write [default: the recording's name with .mp4, in the folder you are in]; with --output-dir, another
    /// recording
    #[arg(value_name = "OUTPUT")]
    pub(super) output: Option<PathBuf>,
    /// More recordings, with --output-dir
    #[arg(value_name = "MORE", requires = "output_dir")]
    pub(super) more: Vec<PathBuf>,
    /// Export several recordings, each under its own name into this folder; the failure of one does not stop the others
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["output_flag", "trace"])]
    pub(super) output_dir: Option<PathBuf>,
    /// Recordings that are exported at once [default: as many as processors and memory carry]
    #[arg(long, value_name = "N", requires = "output_dir", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: Option<u16>,
    /// The MP4 to write, as a flag
    #[arg(
        long = "output",
        short = 'o',
        value_name = "OUTPUT",
        conflicts_with = "output"
    )]
    pub(super) output_flag: Option<PathBuf>,
    /// Write newline-delimited JSON events to standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Write a trace of the stages, for ui.perfetto.dev or chrome://tracing
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
    /// Take longer by this part of the export's time, so that scripts/check-verdicts.sh can show that a slower build is found
    /// out
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = parse_percent, hide = true)]
    pub(super) slow_down: f64,
    #[command(flatten)]
    pub(super) span: SpanArgs,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
}

/// What decides how the output looks and how it is made.
#[derive(Clone, Debug, Args)]
pub(super) struct SettingsArgs {
    /// Format of the file
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Frames per second, a whole number [default: 60]
    #[arg(long, value_parser = parse_frame_rate)]
    pub(super) fps: Option<FrameRate>,
    /// Largest width and height in pixels; the video keeps its shape [default: 1920x1080]
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub(super) resolution: Option<Size>,
    /// How good the video is [default: maximum]
    #[arg(long, value_enum, conflicts_with_all = ["bitrate", "crf"])]
    pub(super) quality: Option<QualityArg>,
    /// Give the preset of --quality the average bit rate that Cap gives it (.3, .15, .08 or .04 bits a pixel) instead of a
    /// constant quality
    #[arg(long, conflicts_with_all = ["bitrate", "crf", "optimize_filesize"])]
    pub(super) cap_rate: bool,
    /// Average video bit rate, e.g. 8M, 2500k or bits per second
    #[arg(long, value_parser = parse_bitrate, conflicts_with = "crf")]
    pub(super) bitrate: Option<u64>,
    /// Constant quality with x264, 0 to 51, lower is better
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=51))]
    pub(super) crf: Option<u8>,
    /// Smaller file, slower: constant quality 24, 28, 32 or 36 by --quality, with x264
    #[arg(long, conflicts_with_all = ["bitrate", "crf"])]
    pub(super) optimize_filesize: bool,
    /// How x264 searches: with Cap's options, or leaner; --crf and --optimize-filesize have options of their own
    #[arg(long, value_enum, default_value = "lean")]
    pub(super) x264_options: X264OptionsArg,
    /// Settings in Cap's JSON form; flags given beside it win
    #[arg(long, value_name = "JSON")]
    pub(super) settings_json: Option<String>,
    /// H.264 encoder by FFmpeg's name, `auto`, or `none` to encode nothing (for measuring)
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) encoder: String,
    /// Hardware decoding: auto, software, or a device type (videotoolbox, vaapi, cuda, d3d11va)
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub(super) decoder: String,
    /// How rendered pixels reach the encoder
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) pixel_path: PixelPathArg,
    /// Write frames that equal the one before as pictures that cost no encoding, where the encoder's stream allows it
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) still_pictures: StillPicturesArg,
    /// Show the encoder only the rectangles that changed, with x264 and constant quality: `auto` where that is possible, `on` or an
    /// error
    #[arg(long, value_enum, default_value = "off")]
    pub(super) region_pictures: RegionPicturesArg,
    /// Constant frame rate, or variable: unchanged frames are not written at all
    #[arg(long, value_enum, default_value = "cfr")]
    pub(super) frame_rate_mode: FrameRateModeArg,
    /// Redraw, read back and convert only what changed; the frames are the same either way
    #[arg(long, value_enum, default_value = "on", hide = true)]
    pub(super) damage: DamageArg,
    /// GPU adapter, by a part of its name or backend (see `capstan doctor`)
    #[arg(long, value_name = "NAME")]
    pub(super) adapter: Option<String>,
    /// Who filters the source pictures: the adapter, or the processor, which is faster where the adapter computes on it
    #[arg(long, value_enum, default_value = "auto")]
    pub(super) sampling: SamplingArg,
    /// Image to use as background, for wallpapers that are not on this machine
    #[arg(long, value_name = "FILE")]
    pub(super) background: Option<PathBuf>,
    /// Configuration to use in the place of the recording's project-config.json
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Open nothing outside the recording but what flags name; on Linux, have the kernel keep this process to that, without
    /// network and without other programs
    #[arg(long)]
    pub(super) confined: bool,
    /// Cap's BT.601 colour maths with BT.709 tags and its single-precision times, to compare with its own exports
    #[arg(long)]
    pub(super) cap_colors: bool,
    /// Hold the picture still where a zoom moves nothing by more than 1/16 of a pixel, or draw every frame of it as Cap does
    #[arg(long, value_enum, default_value = "held")]
    pub(super) zoom_tails: ZoomTailsArg,
    /// Count a camera offset that the editor computed once (right) or twice (as Cap does)
    #[arg(long, value_enum, default_value = "once")]
    pub(super) camera_delay: CameraDelayArg,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SamplingArg {
    /// The processor where the adapter computes on it too
    Auto,
    /// Shaders
    Adapter,
    /// Before the frame is drawn
    Processor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// H.264 and AAC in MP4
    Mp4,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum QualityArg {
    Maximum,
    Social,
    Web,
    Potato,
}

impl From<QualityArg> for Quality {
    fn from(arg: QualityArg) -> Self {
        match arg {
            QualityArg::Maximum => Self::Maximum,
            QualityArg::Social => Self::Social,
            QualityArg::Web => Self::Web,
            QualityArg::Potato => Self::Potato,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum X264OptionsArg {
    /// Whole macroblocks, a small search pattern: less time of the processor
    Lean,
    /// As Cap
    Cap,
}

impl From<X264OptionsArg> for X264Options {
    fn from(arg: X264OptionsArg) -> Self {
        match arg {
            X264OptionsArg::Lean => Self::Lean,
            X264OptionsArg::Cap => Self::Cap,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StillPicturesArg {
    /// Where the encoder's stream allows it
    Auto,
    /// Every frame is encoded
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RegionPicturesArg {
    /// Where encoder and settings allow it
    Auto,
    /// Or the export fails
    On,
    /// Changed pictures are coded whole
    Off,
}

impl From<RegionPicturesArg> for RegionPictures {
    fn from(arg: RegionPicturesArg) -> Self {
        match arg {
            RegionPicturesArg::Auto => Self::Auto,
            RegionPicturesArg::On => Self::On,
            RegionPicturesArg::Off => Self::Off,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FrameRateModeArg {
    /// Constant
    Cfr,
    /// Variable
    Vfr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ZoomTailsArg {
    /// Still
    Held,
    /// Every frame
    Exact,
}

impl From<ZoomTailsArg> for ZoomTails {
    fn from(arg: ZoomTailsArg) -> Self {
        match arg {
            ZoomTailsArg::Held => Self::Held,
            ZoomTailsArg::Exact => Self::Exact,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DamageArg {
    /// What changed
    On,
    /// All of every frame that is new
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CameraDelayArg {
    Once,
    AsCap,
}

impl From<CameraDelayArg> for CameraDelay {
    fn from(arg: CameraDelayArg) -> Self {
        match arg {
            CameraDelayArg::Once => Self::CountedOnce,
            CameraDelayArg::AsCap => Self::CountedTwice,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum PixelPathArg {
    /// The fastest path that proves itself on this machine
    Auto,
    /// A VTPixelTransferSession converts (macOS)
    #[value(name = "videotoolbox")]
    VideoToolbox,
    /// h264_videotoolbox converts BGRA surfaces itself (macOS)
    Bgra,
    /// A compute shader converts before the readback
    Gpu,
    /// SIMD on the CPU
    Simd,
    /// FFmpeg's sws_scale
    Swscale,
}

impl PixelPathArg {
    pub(super) const fn fixed(self) -> Option<PixelPath> {
        match self {
            Self::Auto => None,
            Self::VideoToolbox => Some(PixelPath::VideoToolbox),
            Self::Bgra => Some(PixelPath::Bgra),
            Self::Gpu => Some(PixelPath::Gpu),
            Self::Simd => Some(PixelPath::Simd),
            Self::Swscale => Some(PixelPath::Swscale),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// The recording: a .cap folder
    #[arg(value_name = "RECORDING", required_unless_present = "schema")]
    pub(super) recording: Option<PathBuf>,
    /// Open nothing outside the recording; on Linux, have the kernel keep this process to that
    #[arg(long)]
    pub(super) confined: bool,
    /// Decode every picture and sample too, which finds damage that the files' headers don't show; takes as long as decoding
    #[arg(long)]
    pub(super) decode: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Print the JSON Schema of what --json prints
    #[arg(long, conflicts_with_all = ["recording", "json", "decode"])]
    pub(super) schema: bool,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SynthArgs {
    /// Name of a preset
    #[arg(value_name = "PRESET", required_unless_present = "list")]
    pub(super) preset: Option<String>,
    /// The .cap folder to make
    #[arg(value_name = "FOLDER", required_unless_present = "list")]
    pub(super) folder: Option<PathBuf>,
    /// List the presets
    #[arg(long)]
    pub(super) list: bool,
}

#[derive(Debug, Args)]
pub(super) struct SimilarityArgs {
    /// The video to judge
    #[arg(value_name = "VIDEO")]
    pub(super) video: PathBuf,
    /// What it should look like
    #[arg(value_name = "REFERENCE")]
    pub(super) reference: PathBuf,
    /// Frames to compare, e.g. 10,20,30 [default: all]
    #[arg(long, value_delimiter = ',')]
    pub(super) frames: Option<Vec<u64>>,
    /// Compare every so many frames, from the first on
    #[arg(long, value_name = "N", conflicts_with = "frames", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) every: Option<u64>,
    /// Take the most alike of so many reference frames to either side
    #[arg(long, default_value_t = 0)]
    pub(super) slack: u64,
    /// Exit with 1 when a frame is less alike
    #[arg(long, value_name = "SSIM")]
    pub(super) min_ssim: Option<f64>,
    /// Exit with 1 when a tile of a frame, one of 16x9, is less alike
    #[arg(long, value_name = "SSIM")]
    pub(super) min_tile: Option<f64>,
    /// Exit with 1 when a plane of a frame, luma or chroma, has a lower PSNR
    #[arg(long, value_name = "DB")]
    pub(super) min_psnr: Option<f64>,
    /// Print one JSON object a frame
    #[arg(long)]
    pub(super) json: bool,
}

fn parse_frame_rate(text: &str) -> Result<FrameRate, String> {
    let fps: u32 = text
        .parse()
        .map_err(|_| "expected whole frames per second".to_owned())?;
    FrameRate::new(fps)
        .filter(|_| fps <= 1000)
        .ok_or_else(|| "expected 1 to 1000 frames per second".to_owned())
}

fn parse_size(text: &str) -> Result<Size, String> {
    let expected = || "expected WIDTHxHEIGHT in pixels, each 2 to 16384, e.g. 1920x1080".to_owned();
    let (width, height) = text.split_once(['x', 'X']).ok_or_else(expected)?;
    let side = |text: &str| {
        text.parse()
            .ok()
            .filter(|side| (2..=16384).contains(side))
            .ok_or_else(expected)
    };
    Ok(Size::new(side(width)?, side(height)?))
}

fn parse_bitrate(text: &str) -> Result<u64, String> {
    let expected = || "expected bits per second, e.g. 8M, 2500k or 8000000".to_owned();
    let (digits, factor) = match text.char_indices().last() {
        Some((end, 'k' | 'K')) => (&text[..end], 1e3),
        Some((end, 'M' | 'm')) => (&text[..end], 1e6),
        _ => (text, 1.0),
    };
    let rate = digits.parse::<f64>().map_err(|_| expected())? * factor;
    if (1e3..=2e9).contains(&rate) {
        Ok(rate as u64)
    } else {
        Err(expected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_pixel_path_can_be_asked_for_by_its_name() {
        let mut named: Vec<_> = PixelPathArg::value_variants()
            .iter()
            .filter_map(|arg| arg.fixed())
            .collect();
        named.sort();
        assert_eq!(named, PixelPath::ALL);
        for arg in PixelPathArg::value_variants() {
            let name = arg.to_possible_value().expect("no variant is hidden");
            assert_eq!(name.get_name(), arg.fixed().map_or("auto", PixelPath::name));
        }
    }

    #[test]
    fn sizes_rates_and_bit_rates() {
        assert_eq!(parse_size("1920x1080"), Ok(Size::new(1920, 1080)));
        assert!(parse_size("1920").is_err() && parse_size("0x5").is_err() && parse_size("99999x2").is_err());
        assert_eq!(parse_bitrate("8M"), Ok(8_000_000));
        assert_eq!(parse_bitrate("2.5m"), Ok(2_500_000));
        assert_eq!(parse_bitrate("2500k"), Ok(2_500_000));
        assert!(parse_bitrate("").is_err() && parse_bitrate("NaN").is_err() && parse_bitrate("-3M").is_err());
        assert!(parse_frame_rate("0").is_err() && parse_frame_rate("29.97").is_err());
    }
}
