//! Gains, channel handling and limits of one sample (cap-look.md 21.2, 21.5).

use super::{Channels, Stereo};
use crate::cap::config::{MicStereoMode, TransitionKind};

/// Level at and below which a recording track is silent, dB.
const TRACK_SILENT_DB: f64 = -30.0;
/// Level at and below which music is silent, dB.
pub(super) const MUSIC_SILENT_DB: f64 = -60.0;
/// What a mono source gives to each side.
const MONO: f32 = 0.707;
/// Largest gain. Far beyond it every sample but 0 is clamped anyway, and below it no product overflows.
const MAX_DB: f64 = 120.0;

fn factor(db: f64) -> f32 {
    10f64.powf(db.min(MAX_DB) / 20.0) as f32
}

/// Gain of a microphone or system track, `None` where it is silent.
pub(super) fn track_gain(db: f64) -> Option<f32> {
    (db > TRACK_SILENT_DB).then(|| factor(db))
}

/// Gain of a music segment, `None` where it is silent.
pub(super) fn music_gain(db: f64) -> Option<f32> {
    (db > MUSIC_SILENT_DB).then(|| factor(db))
}

/// What the clip that goes and the one that comes weigh at g of a transition (cap-look.md 21.4).
pub(super) fn transition_weights(kind: TransitionKind, g: f64) -> [f32; 2] {
    let weights = match kind {
        TransitionKind::CrossFade => {
            let (sin, cos) = (std::f64::consts::FRAC_PI_2 * g).sin_cos();
            [cos, sin]
        }
        TransitionKind::FadeThroughBlack => [1.0 - 2.0 * g, 2.0 * g - 1.0],
    };
    weights.map(|weight| weight.max(0.0) as f32)
}

/// Which of a source's channels is heard on which side, and how loud.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Route {
    left_from: usize,
    right_from: usize,
    gain: f32,
}

impl Route {
    /// The way of a source with `channels` at `gain`. A mono source has nothing to choose from.
    pub(super) fn new(channels: Channels, mode: MicStereoMode, gain: f32) -> Self {
        let (left_from, right_from, scale) = match (channels, mode) {
            (Channels::Mono, _) => (0, 1, MONO),
            (Channels::Stereo, MicStereoMode::Stereo) => (0, 1, 1.0),
            (Channels::Stereo, MicStereoMode::MonoL) => (0, 0, 1.0),
            (Channels::Stereo, MicStereoMode::MonoR) => (1, 1, 1.0),
        };
        Self {
            left_from,
            right_from,
            gain: gain * scale,
        }
    }

    /// What `sample` adds to the mix.
    pub(super) fn apply(self, sample: Stereo) -> Stereo {
        [
            sample[self.left_from] * self.gain,
            sample[self.right_from] * self.gain,
        ]
    }
}

/// Limits both sides to -1..=1. What is not a number, which a float file may hold, is silence.
pub(super) fn clamp(sample: Stereo) -> Stereo {
    sample.map(|side| if side.is_nan() { 0.0 } else { side.clamp(-1.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn decibels_become_factors() {
        assert!(near(track_gain(0.0).unwrap(), 1.0));
        assert!(near(track_gain(-6.0).unwrap(), 0.501_187_2));
        assert!(near(track_gain(6.0).unwrap(), 1.995_262_3));
        assert!(near(track_gain(-20.0).unwrap(), 0.1));
    }

    #[test]
    fn each_kind_has_its_floor() {
        assert_eq!(track_gain(-30.0), None);
        assert_eq!(track_gain(-1000.0), None);
        assert!(track_gain(-29.99).is_some());
        assert_eq!(music_gain(-60.0), None);
        assert!(near(music_gain(-40.0).unwrap(), 0.01));
    }

    #[test]
    fn transitions_weigh_both_sides() {
        let of = |kind, g| transition_weights(kind, g);
        for (g, out, into) in [
            (0.0, 1.0, 0.0),
            (1.0 / 3.0, 0.866_025_4, 0.5),
            (0.5, 0.707_106_77, 0.707_106_77),
            (1.0, 0.0, 1.0),
        ] {
            let [a, b] = of(TransitionKind::CrossFade, g);
            assert!(near(a, out) && near(b, into), "{g}: {a} {b}");
        }
        for (g, out, into) in [
            (0.0, 1.0, 0.0),
            (0.25, 0.5, 0.0),
            (0.5, 0.0, 0.0),
            (0.75, 0.0, 0.5),
            (1.0, 0.0, 1.0),
        ] {
            assert_eq!(of(TransitionKind::FadeThroughBlack, g), [out, into]);
        }
    }

    #[test]
    fn an_absurd_gain_stays_finite() {
        let gain = track_gain(1e9).unwrap();
        let route = Route::new(Channels::Stereo, MicStereoMode::Stereo, gain);
        assert_eq!(route.apply([0.0, 0.0]), [0.0, 0.0]);
        assert_eq!(clamp(route.apply([0.5, -0.5])), [1.0, -1.0]);
    }

    #[test]
    fn mono_goes_to_both_sides_whatever_the_mode() {
        for mode in [MicStereoMode::Stereo, MicStereoMode::MonoL, MicStereoMode::MonoR] {
            let [left, right] = Route::new(Channels::Mono, mode, 0.5).apply([0.8, 0.8]);
            assert!(near(left, 0.2828) && near(right, 0.2828), "{left} {right}");
        }
    }

    #[test]
    fn a_stereo_microphone_can_be_heard_from_one_side() {
        let heard = |mode| Route::new(Channels::Stereo, mode, 1.0).apply([0.25, -0.5]);
        assert_eq!(heard(MicStereoMode::Stereo), [0.25, -0.5]);
        assert_eq!(heard(MicStereoMode::MonoL), [0.25, 0.25]);
        assert_eq!(heard(MicStereoMode::MonoR), [-0.5, -0.5]);
    }

    #[test]
    fn limits_hold_for_anything() {
        assert_eq!(clamp([1.5, -7.0]), [1.0, -1.0]);
        assert_eq!(clamp([f32::INFINITY, f32::NAN]), [1.0, 0.0]);
        assert_eq!(clamp([0.1, -0.1]), [0.1, -0.1]);
    }
}
