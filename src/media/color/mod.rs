//! What the code values of a picture mean as light, and their way to the BT.709 that everything behind the decoder works
//! in: HDR is tone-mapped, other primaries are converted. Plain maths; names neither FFmpeg nor pictures.

mod curve;
mod gamut;
mod mapping;
mod tone;

pub(crate) use self::mapping::Mapping;
pub(crate) use self::tone::{DEFAULT_PEAK, REFERENCE_WHITE};

/// How code values become light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    /// An ordinary screen's curve. The transfers of BT.709, BT.601, BT.2020, sRGB and gamma 2.2 are taken for one another,
    /// as players do and as the compositor does with colours of a configuration.
    Sdr,
    /// Gamma 2.8 (BT.470 B/G).
    Gamma28,
    /// Code values are light.
    Linear,
    /// SMPTE ST 428-1 (digital cinema).
    St428,
    /// SMPTE ST 2084, absolute: 0 to 10,000 cd/m².
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// Chromaticities of red, green, blue and white.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Primaries {
    /// BT.709 and sRGB.
    Bt709,
    /// BT.601 with 525 lines, SMPTE 170M and 240M.
    Bt601With525,
    /// BT.601 with 625 lines, BT.470 B/G.
    Bt601With625,
    /// BT.470 M (NTSC of 1953).
    Bt470M,
    /// Generic film.
    Film,
    /// BT.2020 and BT.2100.
    Bt2020,
    /// SMPTE RP 431-2, P3 with the white of cinemas.
    DciP3,
    /// SMPTE EG 432-1, P3 with D65.
    DisplayP3,
    /// EBU Tech 3213-E.
    Ebu3213,
}

/// The light of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Light {
    /// From code values to light.
    pub(crate) transfer: Transfer,
    /// From light to colour.
    pub(crate) primaries: Primaries,
}

impl Light {
    /// What needs no conversion.
    pub(crate) const BT709: Self = Self {
        transfer: Transfer::Sdr,
        primaries: Primaries::Bt709,
    };

    /// Whether the light goes beyond what an ordinary screen shows.
    pub(crate) fn is_hdr(self) -> bool {
        matches!(self.transfer, Transfer::Pq | Transfer::Hlg)
    }
}
