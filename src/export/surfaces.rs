//! Where pixels reach the encoder as CVPixelBuffers: whether that can be, and the path and encoder opened for it.

#[cfg(target_os = "macos")]
pub(super) use apple::{candidates, fit, open};
#[cfg(not(target_os = "macos"))]
pub(super) use elsewhere::{candidates, fit, open};

#[cfg(target_os = "macos")]
mod apple {
    use crate::causes::one_line;
    use crate::convert::{
        Candidate, ConvertError, ConvertSpec, PixelPath, SurfaceChain, TrialPictures, surface_candidate,
    };
    use crate::export::conversion::Conversion;
    use crate::export::encoder::Encoder;
    use crate::frame::YuvColor;
    use crate::render::Renderer;

    /// Whether frames can reach this encoder as surfaces; why not.
    pub(in crate::export) fn fit(spec: &ConvertSpec, encoder: Option<&Encoder>) -> Result<(), String> {
        let encoder = encoder.ok_or("surfaces are for h264_videotoolbox, and nothing is encoded here")?;
        match encoder.refuses_surfaces() {
            Some(reason) => Err(reason),
            None if spec.color != YuvColor::BT709_LIMITED => Err(
                "surfaces are BT.709 of limited range, and other colours are asked for (--cap-colors)"
                    .to_owned(),
            ),
            None => Ok(()),
        }
    }

    /// The paths that make surfaces, for calibration.
    pub(in crate::export) fn candidates() -> Vec<Candidate> {
        [PixelPath::VideoToolbox, PixelPath::Bgra]
            .map(surface_candidate)
            .to_vec()
    }

    /// Opens `path` to make surfaces and `encoder` to take them, and tells `renderer` to read back whole frames.
    pub(in crate::export) fn open(
        path: PixelPath,
        reserve: Vec<Candidate>,
        spec: &ConvertSpec,
        renderer: &mut Renderer,
        encoder: Option<&mut Encoder>,
    ) -> Result<Conversion, ConvertError> {
        let refused = |reason| ConvertError::unavailable(path, reason);
        fit(spec, encoder.as_deref()).map_err(refused)?;
        let Some(encoder) = encoder else {
            return Err(ConvertError::NoCandidate);
        };
        let chain = SurfaceChain::open(path, reserve, spec)?;
        let mut pictures = TrialPictures::open(path, spec)?;
        encoder
            .take_surfaces(chain.format(), &mut pictures)
            .map_err(|error| refused(one_line(&error)))?;
        renderer.read_back_whole();
        Ok(Conversion::surfaces(chain))
    }
}

#[cfg(not(target_os = "macos"))]
mod elsewhere {
    use crate::convert::{Candidate, ConvertError, ConvertSpec, PixelPath};
    use crate::export::conversion::Conversion;
    use crate::export::encoder::Encoder;
    use crate::render::Renderer;

    const REASON: &str = "CVPixelBuffers are part of macOS";

    pub(in crate::export) fn fit(_: &ConvertSpec, _: Option<&Encoder>) -> Result<(), String> {
        Err(REASON.to_owned())
    }

    pub(in crate::export) fn candidates() -> Vec<Candidate> {
        Vec::new()
    }

    pub(in crate::export) fn open(
        path: PixelPath,
        _: Vec<Candidate>,
        _: &ConvertSpec,
        _: &mut Renderer,
        _: Option<&mut Encoder>,
    ) -> Result<Conversion, ConvertError> {
        Err(ConvertError::unavailable(path, REASON))
    }
}
