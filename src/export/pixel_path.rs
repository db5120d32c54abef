//! The pixel path of an export, opened: the one asked for, or the fastest that proves itself, with the others in reserve.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use super::conversion::Conversion;
use super::encoder::Encoder;
use super::error::ExportError;
use super::open::PACKED;
use super::report::{Fallback, Paths};
use super::settings::{ExportSettings, PixelPathSetting};
use super::surfaces;
use crate::convert::calibrate::{Cache, calibrate};
use crate::convert::{
    Candidate, Chain, ConvertError, ConvertSpec, Gpu, Luma, PixelPath, ReadbackCost, Stopwatch, Timing,
};
use crate::frame::{Size, YuvColor};
use crate::render::Renderer;

/// Opens the pixel path for frames that `encoder` gets, or that nobody encodes.
///
/// A path that is asked for by name is that one or an error. One that fails in the middle of the export, asked for or
/// chosen, is replaced by the next at the same frame.
pub(super) fn open_conversion(
    settings: &ExportSettings,
    size: Size,
    renderer: &mut Renderer,
    mut encoder: Option<&mut Encoder>,
    paths: &mut Paths,
    fallbacks: &mut Vec<Fallback>,
) -> Result<Conversion, ExportError> {
    let spec = ConvertSpec {
        size,
        source: PACKED,
        color: if settings.cap_colors {
            YuvColor::BT601_LIMITED
        } else {
            YuvColor::BT709_LIMITED
        },
        luma: if settings.cap_colors {
            Luma::Floored
        } else {
            Luma::Rounded
        },
        threads: 1,
    };
    let mut ranking = match settings.pixel_path {
        PixelPathSetting::Fixed(path) => {
            let reserve = [PixelPath::Simd, PixelPath::Swscale];
            let reserve = reserve.into_iter().filter(|other| *other != path);
            [path].into_iter().chain(reserve).collect()
        }
        PixelPathSetting::Auto => {
            let cache = Cache::of_user();
            let adapter = renderer.adapter();
            let driver = format!("{} {} {}", adapter.name, adapter.driver, adapter.driver_info);
            let candidates = candidates(&spec, renderer, surfaces::fit(&spec, encoder.as_deref()).is_ok());
            let calibration = calibrate(&spec, &candidates, &driver, cache.as_ref())?;
            let ranking = calibration.ranking();
            paths.calibration = Some(calibration);
            VecDeque::from(ranking)
        }
    };
    while let Some(path) = ranking.pop_front() {
        let reserve = in_reserve(&ranking);
        match open_path(path, reserve, &spec, renderer, encoder.as_deref_mut(), fallbacks) {
            Ok(conversion) => return Ok(conversion),
            Err(reason) if settings.pixel_path == PixelPathSetting::Fixed(path) => {
                return Err(ExportError::PixelPath { reason });
            }
            Err(error) => {
                let to = ranking.front().map_or("none", |next| next.name());
                fall_back(path, to, &error, fallbacks);
            }
        }
    }
    Err(ConvertError::NoCandidate.into())
}

fn fall_back(from: PixelPath, to: &str, error: &ConvertError, fallbacks: &mut Vec<Fallback>) {
    let reason = error.to_string();
    tracing::warn!(%from, to, reason, "pixel path failed, switching");
    fallbacks.push(Fallback {
        what: "pixel path".to_owned(),
        from: from.to_string(),
        to: to.to_owned(),
        reason,
    });
}

/// Who converts in memory, in this order, when a path fails at a frame: frames are read back as pixels then.
fn in_reserve(ranking: &VecDeque<PixelPath>) -> Vec<Candidate> {
    ranking
        .iter()
        .filter(|path| !matches!(path, PixelPath::Gpu | PixelPath::Bgra))
        .map(|path| Candidate::builtin(*path))
        .collect()
}

fn open_path(
    path: PixelPath,
    reserve: Vec<Candidate>,
    spec: &ConvertSpec,
    renderer: &mut Renderer,
    encoder: Option<&mut Encoder>,
    fallbacks: &mut Vec<Fallback>,
) -> Result<Conversion, ConvertError> {
    match path {
        PixelPath::Gpu if spec.luma == Luma::Rounded => {
            renderer
                .read_back_nv12(spec.color)
                .map_err(|error| ConvertError::unavailable(path, error.to_string()))?;
            return Ok(Conversion::gpu(*spec, reserve));
        }
        PixelPath::Bgra if cfg!(target_os = "macos") => {
            return surfaces::open(path, reserve, spec, renderer, encoder);
        }
        PixelPath::VideoToolbox if surfaces::fit(spec, encoder.as_deref()).is_ok() => {
            match surfaces::open(path, reserve.clone(), spec, renderer, encoder) {
                Ok(conversion) => return Ok(conversion),
                Err(error) => fall_back(path, "videotoolbox, as planes", &error, fallbacks),
            }
        }
        // What can't serve says so when it is opened.
        PixelPath::Gpu | PixelPath::Bgra | PixelPath::VideoToolbox | PixelPath::Simd | PixelPath::Swscale => {
        }
    }
    let converter = crate::convert::open(path, spec)?;
    Ok(Conversion::memory(Chain::of(converter, reserve, spec)))
}

/// The paths that `auto` chooses from, each timed from the renderer's target to what the encoder takes: planes in memory, or
/// a surface.
///
/// On a software adapter the GPU's path is left out: its shader would run on the same cores as the conversion in memory,
/// an order of magnitude slower (docs/pixel-paths.md), and compiling it to find that out takes a second.
fn candidates(spec: &ConvertSpec, renderer: &Renderer, surfaces: bool) -> Vec<Candidate> {
    let mut in_memory = [PixelPath::Simd, PixelPath::Swscale]
        .map(Candidate::builtin)
        .to_vec();
    if surfaces {
        in_memory.extend(surfaces::candidates());
    } else if cfg!(target_os = "macos") {
        in_memory.push(Candidate::builtin(PixelPath::VideoToolbox));
    }
    if spec.luma == Luma::Floored {
        tracing::info!("pixel path gpu is not tried: it rounds luma, and --cap-colors cuts it off");
        return in_memory;
    }
    if renderer.adapter().software {
        tracing::info!("pixel path gpu is not tried: the adapter computes on the CPU");
        return in_memory;
    }
    // Measured once for all candidates: noise between them would decide otherwise.
    let cost = OnceLock::new();
    let device = renderer.device().clone();
    let measured = Arc::new(move |spec: &ConvertSpec| {
        if let Some(cost) = cost.get() {
            return Ok(*cost);
        }
        let measured = ReadbackCost::measure(device.clone(), spec)?;
        Ok::<_, ConvertError>(*cost.get_or_init(|| measured))
    });
    let device = renderer.device().clone();
    let gpu = Candidate {
        path: PixelPath::Gpu,
        open: Arc::new(move |spec| Ok(Box::new(Gpu::new(device.clone(), spec)?))),
        timing: Timing::Whole({
            let measured = Arc::clone(&measured);
            Arc::new(move |spec| Ok(measured(spec)?.planes_ms))
        }),
    };
    let readback: Stopwatch = Arc::new(move |spec| {
        // Alike for all paths in memory, and without it the GPU path has no time to be compared with.
        Ok(measured(spec).map_or_else(
            |error| {
                tracing::warn!(%error, "readback could not be timed");
                0.0
            },
            |cost| cost.packed_ms,
        ))
    });
    let in_memory = in_memory.into_iter().map(|candidate| Candidate {
        timing: candidate.timing.and(Arc::clone(&readback)),
        ..candidate
    });
    in_memory.chain([gpu]).collect()
}
