//! Exports of one recording by every pixel path show the same pictures.

use std::path::{Path, PathBuf};

use capstan::bench::similarity::{Luma, psnr};
use capstan::cap::MediaSource;
use capstan::convert::PixelPath;
use capstan::export::{
    Cancel, ExportError, ExportReport, ExportSettings, PixelPathSetting, Rate, Request, Unobserved, export,
};
use capstan::frame::{Size, YuvPicture};
use capstan::media::decode::{DecodeOptions, HardwareChoice, VideoDecoder};
use capstan::render::RenderError;
use capstan::time::{FrameRate, MediaTime};

/// Least PSNR of a decoded plane against the same plane by swscale, dB.
const ALIKE_DB: f64 = 48.0;
const FPS: u32 = 10;

fn desk() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/desk.cap")
}

fn export_by(
    path: PixelPathSetting,
    cap_colors: bool,
    folder: &Path,
) -> Result<(PathBuf, ExportReport), ExportError> {
    let name = match path {
        PixelPathSetting::Auto => "auto",
        PixelPathSetting::Fixed(path) => path.name(),
    };
    let target = folder.join(format!("{name}-{cap_colors}.mp4"));
    let request = Request {
        recording: desk(),
        target: target.clone(),
        overwrite: false,
        settings: ExportSettings {
            frame_rate: FrameRate::new(FPS).unwrap(),
            bounds: Size::new(480, 270),
            // 6 bits a pixel: what is compared is the conversions, not what scarce bits make of their roundings.
            rate: Rate::Bitrate(8_000_000),
            pixel_path: path,
            cap_colors,
            ..ExportSettings::default()
        },
    };
    let report = export(&request, &Cancel::new(), &mut Unobserved)?;
    Ok((target, report))
}

struct Decoded {
    decoder: VideoDecoder,
}

impl Decoded {
    fn open(file: &Path) -> Self {
        let options = DecodeOptions {
            nominal_fps: FPS,
            hardware: HardwareChoice::Off,
            threads: 1,
        };
        let (decoder, _) = VideoDecoder::open(&MediaSource::File(file.to_owned()), &options).unwrap();
        Self { decoder }
    }

    fn frame(&mut self, n: u64) -> YuvPicture {
        let time = MediaTime::from_secs(n as f64 / f64::from(FPS));
        self.decoder.picture_at(time).unwrap()
    }
}

/// The least PSNR of any plane of any frame.
fn least_alike(file: &Path, reference: &Path, frames: u64) -> f64 {
    let (mut file, mut reference) = (Decoded::open(file), Decoded::open(reference));
    let mut least = f64::INFINITY;
    for n in 0..frames {
        let (a, b) = (file.frame(n), reference.frame(n));
        assert_eq!((a.size, a.layout, a.color), (b.size, b.layout, b.color));
        for plane in 0..a.plane_count() {
            let size = if plane == 0 { a.size } else { a.size.chroma_420() };
            let view = |picture| Luma {
                size,
                plane: YuvPicture::plane(picture, plane),
            };
            least = least.min(psnr(view(&a), view(&b)).unwrap());
        }
    }
    least
}

/// Whether this machine cannot export at all, which is said aloud; CAPSTAN_REQUIRE_GPU forbids it.
#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests must see that these did not"
)]
fn without_adapter(error: &ExportError) -> bool {
    let without = matches!(error, ExportError::Render(RenderError::NoAdapter))
        && std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none();
    if without {
        eprintln!("skipped: {error}");
    }
    without
}

#[test]
fn every_path_exports_the_same_pictures() {
    let folder = tempfile::tempdir().unwrap();
    for cap_colors in [false, true] {
        let fixed = PixelPathSetting::Fixed;
        let (reference, report) = match export_by(fixed(PixelPath::Swscale), cap_colors, folder.path()) {
            Ok(exported) => exported,
            Err(error) if without_adapter(&error) => return,
            Err(error) => panic!("{error}"),
        };
        let mut compared = Vec::new();
        for path in PixelPath::ALL
            .into_iter()
            .filter(|path| *path != PixelPath::Swscale)
        {
            let (file, found) = match export_by(fixed(path), cap_colors, folder.path()) {
                Ok(exported) => exported,
                Err(ExportError::PixelPath { .. }) => continue,
                Err(error) => panic!("{path}: {error}"),
            };
            assert_eq!(found.paths.pixel_path.as_deref(), Some(path.name()));
            assert_eq!(found.frames, report.frames);
            let least = least_alike(&file, &reference, report.frames);
            assert!(least >= ALIKE_DB, "{path}: {least:.1} dB");
            compared.push(path);
        }
        assert!(compared.contains(&PixelPath::Simd), "{compared:?}");
        // Cap's colours cut luma off, and the shader rounds.
        assert_eq!(compared.contains(&PixelPath::Gpu), !cap_colors, "{compared:?}");
    }
}

/// PSNR that no pair of exports reached would hold nothing: the two matrices are told apart.
#[test]
fn another_matrix_is_not_alike() {
    let folder = tempfile::tempdir().unwrap();
    let simd = PixelPathSetting::Fixed(PixelPath::Simd);
    let (file, report) = match export_by(simd, false, folder.path()) {
        Ok(exported) => exported,
        Err(error) if without_adapter(&error) => return,
        Err(error) => panic!("{error}"),
    };
    let (other, _) = export_by(simd, true, folder.path()).unwrap();
    assert!(least_alike(&file, &other, report.frames) < ALIKE_DB);
}

#[test]
fn auto_says_what_it_chose_from() {
    let folder = tempfile::tempdir().unwrap();
    let report = match export_by(PixelPathSetting::Auto, false, folder.path()) {
        Ok((_, report)) => report,
        Err(error) if without_adapter(&error) => return,
        Err(error) => panic!("{error}"),
    };
    let calibration = report.paths.calibration.unwrap();
    assert_eq!(
        report.paths.pixel_path.as_deref(),
        Some(calibration.chosen.name())
    );
    let software = report
        .paths
        .adapter
        .as_ref()
        .is_some_and(|adapter| adapter.software);
    let tried_gpu = calibration
        .candidates
        .iter()
        .any(|report| report.path == PixelPath::Gpu);
    assert_eq!(tried_gpu, !software, "the GPU's path is tried on GPUs only");
    let gpu = (!software).then_some(PixelPath::Gpu);
    for path in [PixelPath::Swscale, PixelPath::Simd].into_iter().chain(gpu) {
        let candidate = calibration
            .candidates
            .iter()
            .find(|report| report.path == path)
            .unwrap();
        assert!(candidate.ms_per_frame.is_some_and(|ms| ms > 0.0), "{candidate:?}");
        assert!(
            candidate.max_error_luma.is_some_and(|off| off <= 1),
            "{candidate:?}"
        );
    }
}

#[cfg(not(target_os = "macos"))]
#[test]
fn macos_paths_elsewhere_say_what_they_need() {
    let folder = tempfile::tempdir().unwrap();
    for path in [PixelPath::VideoToolbox, PixelPath::Bgra] {
        let error = match export_by(PixelPathSetting::Fixed(path), false, folder.path()) {
            Ok(_) => panic!("{path} opened"),
            Err(error) if without_adapter(&error) => return,
            Err(error) => error,
        };
        assert!(matches!(
            &error,
            ExportError::PixelPath {
                reason: capstan::convert::ConvertError::Unavailable { .. }
            }
        ));
        let text = error.to_string();
        assert!(
            text.contains(path.name()) && text.contains("macOS") && text.contains("--pixel-path"),
            "{text}"
        );
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "nothing is left behind"
        );
    }
}
