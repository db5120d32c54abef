//! How many bits a picture may cost (cap-look.md 22.1).

use crate::frame::Size;
use crate::media::encode::EncodeError;
use crate::time::FrameRate;

/// Cap's four compression presets (cap-look.md 22.1).
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
pub enum Quality {
    /// For editing on.
    #[default]
    Maximum,
    /// For sites that encode again.
    Social,
    /// For embedding.
    Web,
    /// As small as can be watched.
    Potato,
}

impl Quality {
    /// Bits per pixel, the factor of [`target_bitrate`].
    pub const fn bits_per_pixel(self) -> f64 {
        match self {
            Self::Maximum => 0.3,
            Self::Social => 0.15,
            Self::Web => 0.08,
            Self::Potato => 0.04,
        }
    }

    /// The constant rate factor of x264 that a preset is coded with, under the ceiling that goes with its bit rate. With it the
    /// output is at most 0.7 VMAF below what Cap's options at Cap's bit rate give (docs/performance.md).
    pub const fn rate_factor(self) -> u8 {
        match self {
            Self::Maximum => 12,
            Self::Social => 15,
            Self::Web => 18,
            Self::Potato => 22,
        }
    }

    /// The constant rate factor that "optimise file size" uses instead of a bit rate.
    pub const fn crf(self) -> u8 {
        match self {
            Self::Maximum => 24,
            Self::Social => 28,
            Self::Web => 32,
            Self::Potato => 36,
        }
    }
}

/// Target in bits per second: W x H x (30 + 0.6 max(fps - 30, 0)) x bits per pixel, truncated (cap-look.md 22.1).
/// A factor that is not a positive number gives 0, which [`RateControl::bits_per_pixel`] refuses.
pub fn target_bitrate(size: Size, frame_rate: FrameRate, bits_per_pixel: f64) -> u64 {
    let pictures = 30.0 + 0.6 * (f64::from(frame_rate.fps()) - 30.0).max(0.0);
    (size.area() as f64 * pictures * bits_per_pixel) as u64
}

/// What decides the size of the coded pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RateControl {
    /// A mean and a ceiling in bits per second.
    Bitrate {
        /// Mean over the whole export.
        target: u64,
        /// Ceiling that encoders with a buffer of their own are given (not x264), at least `target`.
        max: u64,
    },
    /// As good as a rate factor says, within a ceiling. Encoders that have no rate factor take a bit rate instead.
    Quality {
        /// Constant rate factor of x264.
        crf: u8,
        /// Mean in bits per second of encoders without a rate factor.
        target: u64,
        /// Ceiling in bits per second, kept over any second; at least `target`.
        max: u64,
    },
    /// Constant rate factor of x264, 0 (lossless) to 51 (worst), without a ceiling.
    Crf(u8),
}

impl RateControl {
    /// A mean of `target` bits per second with the ceiling of cap-look.md 22.1, 1.5 times as much.
    pub const fn bitrate(target: u64) -> Self {
        Self::Bitrate {
            target,
            max: target.saturating_add(target / 2),
        }
    }

    /// The bit rate that `bits_per_pixel` gives at this size and rate ([`target_bitrate`]).
    pub fn bits_per_pixel(size: Size, frame_rate: FrameRate, bits_per_pixel: f64) -> Self {
        Self::bitrate(target_bitrate(size, frame_rate, bits_per_pixel))
    }

    /// The quality of a preset, with the ceiling that goes with its bit rate.
    pub fn preset(size: Size, frame_rate: FrameRate, quality: Quality) -> Self {
        let target = target_bitrate(size, frame_rate, quality.bits_per_pixel());
        Self::Quality {
            crf: quality.rate_factor(),
            target,
            max: target.saturating_add(target / 2),
        }
    }

    /// What an encoder without a rate factor is told in the place of a quality.
    pub(crate) const fn as_bitrate(self) -> Self {
        match self {
            Self::Quality { target, max, .. } => Self::Bitrate { target, max },
            other => other,
        }
    }

    /// Bits per second that the stream is to stay below, where there are such.
    pub const fn ceiling(self) -> Option<u64> {
        match self {
            Self::Bitrate { max, .. } | Self::Quality { max, .. } => Some(max),
            Self::Crf(_) => None,
        }
    }

    /// Refuses what no encoder can take: x264 counts kilobits in 32 bits.
    pub(crate) fn check(self) -> Result<(), EncodeError> {
        match self {
            Self::Bitrate { target, .. } | Self::Quality { target, .. }
                if !(1_000..=2_000_000_000).contains(&target) =>
            {
                Err(EncodeError::Rate {
                    what: format!("a bit rate of {target} bit/s"),
                    why: "it must lie between 1 kbit/s and 2 Gbit/s",
                })
            }
            Self::Bitrate { target, max } | Self::Quality { target, max, .. } if max < target => {
                Err(EncodeError::Rate {
                    what: format!("a maximum of {max} bit/s below the target of {target} bit/s"),
                    why: "the maximum must be at least the target",
                })
            }
            Self::Crf(crf) | Self::Quality { crf, .. } if crf > 51 => Err(EncodeError::Rate {
                what: format!("CRF {crf}"),
                why: "it must lie between 0 and 51",
            }),
            _ => Ok(()),
        }
    }
}

/// How an encoder was told to spend bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RanRate {
    /// As many as a quality takes.
    ConstantQuality {
        /// Constant rate factor of x264, 0 (lossless) to 51 (worst).
        crf: u8,
        /// Ceiling in bits per second, kept over any second; null without one.
        max: Option<u64>,
    },
    /// A mean.
    Bitrate {
        /// Mean in bits per second.
        mean: u64,
        /// Ceiling in bits per second; null where the encoder is given none.
        max: Option<u64>,
    },
}

impl std::fmt::Display for RanRate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let megabits = |bits: u64| bits as f64 / 1e6;
        let max = match self {
            Self::ConstantQuality { crf, max } => {
                write!(f, "quality {crf} (CRF)")?;
                max
            }
            Self::Bitrate { mean, max } => {
                write!(f, "{:.2} Mb/s", megabits(*mean))?;
                max
            }
        };
        max.map_or(Ok(()), |max| write!(f, ", at most {:.2} Mb/s", megabits(max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn megabits(size: Size, fps: u32, quality: Quality) -> f64 {
        let rate = FrameRate::new(fps).expect("not 0");
        target_bitrate(size, rate, quality.bits_per_pixel()) as f64 / 1e6
    }

    /// The table of cap-look.md 22.1, in Mb/s with two decimals.
    #[test]
    fn bit_rates_match_the_table() {
        let columns = [
            (Size::new(1280, 720), 30),
            (Size::new(1920, 1080), 30),
            (Size::new(1920, 1080), 60),
            (Size::new(3840, 2160), 60),
        ];
        let rows = [
            (Quality::Maximum, [8.29, 18.66, 29.86, 119.44]),
            (Quality::Social, [4.15, 9.33, 14.93, 59.72]),
            (Quality::Web, [2.21, 4.98, 7.96, 31.85]),
            (Quality::Potato, [1.11, 2.49, 3.98, 15.93]),
        ];
        for (quality, row) in rows {
            for ((size, fps), expected) in columns.into_iter().zip(row) {
                let got = megabits(size, fps, quality);
                assert!(
                    (got - expected).abs() <= 0.005,
                    "{quality:?} {size} {fps}: {got} != {expected}"
                );
            }
        }
    }

    #[test]
    fn below_30_fps_the_bit_rate_stays_that_of_30() {
        let size = Size::new(640, 480);
        assert_eq!(megabits(size, 24, Quality::Web), megabits(size, 30, Quality::Web));
    }

    #[test]
    fn the_ceiling_is_one_and_a_half_times_the_target() {
        assert_eq!(
            RateControl::bitrate(10_000_000),
            RateControl::Bitrate {
                target: 10_000_000,
                max: 15_000_000
            }
        );
    }

    #[test]
    fn presets_keep_a_quality_of_their_own_below_the_ceiling_of_their_bit_rate() {
        let size = Size::new(1920, 1080);
        let rate = FrameRate::SIXTY;
        let mut last = 0;
        for quality in [Quality::Maximum, Quality::Social, Quality::Web, Quality::Potato] {
            let control = RateControl::preset(size, rate, quality);
            let RateControl::Quality { crf, target, max } = control else {
                panic!("{control:?}")
            };
            assert!(crf > last && crf < quality.crf(), "{quality:?}: {crf}");
            last = crf;
            assert_eq!(target, target_bitrate(size, rate, quality.bits_per_pixel()));
            assert_eq!(max, target + target / 2);
            assert_eq!(control.as_bitrate(), RateControl::bitrate(target));
            assert!(control.check().is_ok());
        }
    }

    #[test]
    fn rates_are_told_in_words() {
        let quality = RanRate::ConstantQuality {
            crf: 18,
            max: Some(11_943_936),
        };
        assert_eq!(quality.to_string(), "quality 18 (CRF), at most 11.94 Mb/s");
        let mean = RanRate::Bitrate {
            mean: 7_962_624,
            max: None,
        };
        assert_eq!(mean.to_string(), "7.96 Mb/s");
    }

    #[test]
    fn presets_have_the_crf_values_of_the_table() {
        let values = [Quality::Maximum, Quality::Social, Quality::Web, Quality::Potato].map(Quality::crf);
        assert_eq!(values, [24, 28, 32, 36]);
    }

    #[test]
    fn rates_out_of_range_are_refused() {
        assert!(RateControl::bitrate(999).check().is_err());
        assert!(RateControl::bitrate(u64::MAX).check().is_err());
        assert!(
            RateControl::Bitrate {
                target: 5000,
                max: 4000
            }
            .check()
            .is_err()
        );
        assert!(RateControl::Crf(52).check().is_err());
        assert!(RateControl::Crf(0).check().is_ok());
        let nothing =
            RateControl::bits_per_pixel(Size::new(64, 64), FrameRate::new(30).expect("not 0"), f64::NAN);
        assert!(nothing.check().is_err());
    }
}
