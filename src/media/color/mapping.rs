//! The whole way of one colour, from code values of a source to those of BT.709.

use super::curve::{DISPLAY_GAMMA, Table, hlg_to_scene, pq_to_nits};
use super::gamut::{luminance, to_bt709};
use super::tone::{REFERENCE_WHITE, map_nits};
use super::{Light, Transfer};

/// Brightness of the display that HLG's curve is meant for, and its system gamma less one (BT.2100, table 5).
const HLG_DISPLAY: f64 = 1000.0;
const HLG_GAMMA_LESS_ONE: f64 = 0.2;

/// Maps R'G'B' of a kind of light to R'G'B' of BT.709.
///
/// Code values become light. HDR light is scaled by one factor a colour, so that its hue and saturation stay: the one that
/// the EETF has for the largest of red, green and blue (the "maxRGB" of BT.2390, 5.4). Then the primaries are converted;
/// what BT.709 can't show is drawn towards the grey of the same luminance until it can. Last, light becomes code values by
/// the gamma of BT.1886.
pub(crate) struct Mapping {
    /// From a code value to light; 1 is the white of the output, for HLG that of the scene.
    linear: Table,
    hlg: Option<Hlg>,
    /// The factor for the largest channel, by the fourth root of its part of `brightest`.
    tone: Option<Table>,
    /// Light, in units of white, beyond which nothing gets brighter.
    brightest: f32,
    matrix: [[f32; 3]; 3],
    /// From light to a code value, by the fourth root.
    code: Table,
}

struct Hlg {
    weights: [f32; 3],
    /// From the fourth root of the scene's luminance to the gain of the display.
    gain: Table,
}

impl Mapping {
    /// `peak` is the brightest light of HDR pictures, cd/m².
    pub(crate) fn new(light: Light, peak: f64) -> Self {
        let linear = match light.transfer {
            Transfer::Sdr => Table::new(|code| code.powf(DISPLAY_GAMMA)),
            Transfer::Gamma28 => Table::new(|code| code.powf(2.8)),
            Transfer::Linear => Table::new(|code| code),
            // White at 48 cd/m² of the 52.37 that code 1 stands for (ST 428-1).
            Transfer::St428 => Table::new(|code| 52.37 / 48.0 * code.powf(2.6)),
            Transfer::Pq => Table::new(|code| pq_to_nits(code) / REFERENCE_WHITE),
            Transfer::Hlg => Table::new(hlg_to_scene),
        };
        let narrow = |values: [f64; 3]| values.map(|value| value as f32);
        let hlg = (light.transfer == Transfer::Hlg).then(|| Hlg {
            weights: narrow(luminance(light.primaries)),
            gain: Table::new(|root| {
                HLG_DISPLAY / REFERENCE_WHITE * root.powi(4).max(1e-12).powf(HLG_GAMMA_LESS_ONE)
            }),
        });
        let peak = if peak.is_finite() {
            peak.max(REFERENCE_WHITE)
        } else {
            REFERENCE_WHITE
        };
        let tone = light.is_hdr().then(|| {
            Table::new(|root| {
                let nits = peak * root.powi(4).max(1e-12);
                map_nits(nits, peak) / nits
            })
        });
        Self {
            linear,
            hlg,
            tone,
            brightest: (peak / REFERENCE_WHITE) as f32,
            matrix: to_bt709(light.primaries).map(narrow),
            code: Table::new(|root| root.powf(4.0 / DISPLAY_GAMMA)),
        }
    }

    /// R'G'B' of BT.709, each 0..=1, of R'G'B' of the source; what lies outside 0..=1 counts as the nearer end.
    pub(crate) fn map(&self, rgb: [f32; 3]) -> [f32; 3] {
        let mut light = rgb.map(|channel| self.linear.at(channel));
        if let Some(hlg) = &self.hlg {
            let gain = hlg.gain.at(fourth_root(dot(hlg.weights, light)));
            light = light.map(|channel| channel * gain);
        }
        if let Some(tone) = &self.tone {
            let largest = light[0].max(light[1]).max(light[2]);
            // Beyond the peak the factor keeps on falling, so that the largest channel stays white.
            let factor = tone.at(fourth_root(largest / self.brightest))
                * (self.brightest / largest.max(self.brightest));
            light = light.map(|channel| channel * factor);
        }
        into_gamut(self.matrix.map(|row| dot(row, light))).map(|channel| self.code.at(fourth_root(channel)))
    }
}

fn fourth_root(value: f32) -> f32 {
    value.max(0.0).sqrt().sqrt()
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Draws a colour of BT.709's primaries towards the grey of its luminance until no channel is below 0 or above 1.
fn into_gamut(light: [f32; 3]) -> [f32; 3] {
    let [low, high] = [
        light[0].min(light[1]).min(light[2]),
        light[0].max(light[1]).max(light[2]),
    ];
    if low >= 0.0 && high <= 1.0 {
        return light;
    }
    let grey = dot([0.2126, 0.7152, 0.0722], light);
    if grey >= 1.0 || grey <= 0.0 {
        return [grey.clamp(0.0, 1.0); 3];
    }
    let mut keep = 1.0_f32;
    if low < 0.0 {
        keep = keep.min(grey / (grey - low));
    }
    if high > 1.0 {
        keep = keep.min((1.0 - grey) / (high - grey));
    }
    light.map(|channel| (grey + (channel - grey) * keep).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Primaries;
    use super::super::curve::nits_to_pq;
    use super::super::tone::DEFAULT_PEAK;
    use super::*;

    fn pq(primaries: Primaries) -> Mapping {
        let light = Light {
            transfer: Transfer::Pq,
            primaries,
        };
        Mapping::new(light, DEFAULT_PEAK)
    }

    fn eight_bits(rgb: [f32; 3]) -> [i32; 3] {
        rgb.map(|channel| (channel * 255.0).round() as i32)
    }

    #[test]
    fn bt709_comes_out_as_it_was() {
        let mapping = Mapping::new(Light::BT709, DEFAULT_PEAK);
        for rgb in [[0.0, 0.5, 1.0], [0.1, 0.02, 0.97], [1.0; 3]] {
            for (found, expected) in mapping.map(rgb).into_iter().zip(rgb) {
                assert!((found - expected).abs() < 0.5 / 255.0, "{found} {expected}");
            }
        }
    }

    /// 159.04 of 203 cd/m² by the EETF; (159.04 / 203)^(1 / 2.4) x 255 = 230.3.
    #[test]
    fn reference_white_is_near_white_and_grey_stays_grey() {
        let code = nits_to_pq(203.0) as f32;
        let white = eight_bits(pq(Primaries::Bt2020).map([code; 3]));
        assert!(
            white.iter().all(|channel| (229..=231).contains(channel)),
            "{white:?}"
        );
        let hlg = Light {
            transfer: Transfer::Hlg,
            primaries: Primaries::Bt2020,
        };
        let white = eight_bits(Mapping::new(hlg, DEFAULT_PEAK).map([0.75; 3]));
        assert!(
            white.iter().all(|channel| (229..=231).contains(channel)),
            "{white:?}"
        );
        // Content whose brightest light is white keeps it.
        let dim = Mapping::new(
            Light {
                transfer: Transfer::Pq,
                primaries: Primaries::Bt2020,
            },
            203.0,
        );
        assert_eq!(eight_bits(dim.map([code; 3])), [255; 3]);
    }

    /// 50 cd/m² lies below the knee: (50/203)^(1/2.4) = 0.5578. Red of BT.709 is (0.6274, 0.0691, 0.0164) in BT.2020
    /// (BT.2087), so only red is left of it.
    #[test]
    fn colours_of_bt709_inside_bt2020_are_found_again() {
        let red = [0.6274_f64, 0.0691, 0.0164].map(|part| nits_to_pq(part * 50.0) as f32);
        let [r, g, b] = pq(Primaries::Bt2020).map(red);
        assert!((r - 0.5578).abs() < 0.004 && g < 0.06 && b < 0.06, "{r} {g} {b}");
    }

    proptest! {
        #[test]
        fn whatever_comes_in_a_colour_comes_out(
            transfer in prop::sample::select(vec![Transfer::Sdr, Transfer::Gamma28, Transfer::Linear, Transfer::St428,
                                                  Transfer::Pq, Transfer::Hlg]),
            primaries in prop::sample::select(vec![Primaries::Bt709, Primaries::Bt2020, Primaries::DciP3, Primaries::Film]),
            peak in prop::num::f64::ANY,
            colour in prop::array::uniform3(prop::num::f32::ANY),
        ) {
            let mapped = Mapping::new(Light { transfer, primaries }, peak).map(colour);
            prop_assert!(mapped.iter().all(|channel| (0.0..=1.0).contains(channel)), "{:?}", mapped);
        }

        /// The order of the channels is the hue's sextant; scaling by one factor and a matrix towards grey keep it.
        #[test]
        fn hue_stays(r in 0.1..1.0_f64, g in 0.1..1.0_f64, b in 0.1..1.0_f64, nits in 10.0..800.0_f64) {
            let light = [r, g, b];
            let code = light.map(|channel| nits_to_pq(channel * nits) as f32);
            let out = pq(Primaries::Bt709).map(code).map(|channel| f64::from(channel).powf(2.4));
            let hue = |[r, g, b]: [f64; 3]| (3.0_f64.sqrt() * (g - b)).atan2(2.0 * r - g - b);
            let chroma = (light[0].max(light[1]).max(light[2]) - light[0].min(light[1]).min(light[2])) / light[0].max(light[1]).max(light[2]);
            prop_assume!(chroma > 0.1);
            let turned = (hue(light) - hue(out)).abs();
            let turned = turned.min(std::f64::consts::TAU - turned);
            prop_assert!(turned < 0.05, "{:?} {:?} {}", light, out, turned);
        }
    }
}
