use super::*;
use crate::sound::SAMPLE_RATE;

/// Made-up sound, counted by its reads.
struct Made<F>(F, Channels);

impl<F: FnMut(i64) -> Stereo + Send> SampleSource for Made<F> {
    fn channels(&self) -> Channels {
        self.1
    }

    fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError> {
        for (sides, at) in out.iter_mut().zip(position..) {
            *sides = if at < 0 { [0.0; 2] } else { (self.0)(at) };
        }
        Ok(())
    }
}

/// White noise, -1..1, the same at the same place.
fn noise(at: i64, seed: u64) -> f32 {
    let mut rng = fastrand::Rng::with_seed(at as u64 ^ (seed << 40));
    rng.f32() * 2.0 - 1.0
}

/// A voice as far as the network cares: a buzz of 140 Hz with formants, in syllables of a third of a second with pauses.
fn voice(at: i64) -> f32 {
    let t = at as f64 / f64::from(SAMPLE_RATE);
    let pitch = 140.0 + 12.0 * (t * 9.0).sin();
    let syllable = (t * 3.0).fract();
    let loud = if syllable < 0.7 {
        (syllable / 0.7 * std::f64::consts::PI).sin()
    } else {
        0.0
    };
    let formant = |hertz: f64, at: f64, width: f64| (-((hertz - at) / width).powi(2)).exp();
    let vowel = 600.0 + 250.0 * (t * 2.1).sin();
    let sum: f64 = (1..28)
        .map(|k| {
            let hertz = pitch * f64::from(k);
            let weight = formant(hertz, vowel, 160.0) + 0.5 * formant(hertz, 1500.0, 250.0) + 0.1;
            weight
                * (std::f64::consts::TAU * 140.0 * f64::from(k) * t
                    + f64::from(k) * (12.0 / 9.0) * (t * 9.0).cos())
                .sin()
        })
        .sum();
    (0.06 * loud * sum) as f32
}

fn improved(
    sound: impl FnMut(i64) -> Stereo + Send + 'static,
    channels: Channels,
    seconds: f64,
    wet: f64,
) -> Improved {
    let length = (seconds * f64::from(SAMPLE_RATE)) as u64;
    Improved::new(Box::new(Made(sound, channels)), length, wet)
}

fn read(source: &mut Improved, position: i64, samples: usize) -> Vec<Stereo> {
    let mut out = vec![[9.0; 2]; samples];
    source.read(position, &mut out).unwrap();
    out
}

fn power(samples: &[Stereo]) -> f64 {
    samples
        .iter()
        .map(|sides| f64::from(sides[0]).powi(2))
        .sum::<f64>()
        / samples.len() as f64
}

#[test]
fn what_is_heard_does_not_depend_on_the_order_of_reading() {
    // A hiss that comes and goes keeps the network busy and is cheap to make.
    let sound = |at: i64| {
        let loud = ((at / 9000) % 4) as f32 * 0.05;
        [loud * noise(at, 1), loud * noise(at, 2)]
    };
    let seconds = 34;
    let mut whole = improved(sound, Channels::Stereo, f64::from(seconds), 0.9);
    let all = read(&mut whole, 0, seconds as usize * SAMPLE_RATE as usize);
    let mut jumping = improved(sound, Channels::Stereo, f64::from(seconds), 0.9);
    for (second, samples) in [
        (31, 9000),
        (2, 481),
        (16, 20_000),
        (15, 100),
        (0, 7),
        (30, 1),
        (32, 48_000),
    ] {
        let position = second * SAMPLE_RATE as usize + 13;
        let found = read(&mut jumping, position as i64, samples);
        assert!(found == all[position..position + samples], "at {second} s");
    }
}

#[test]
fn it_is_silent_outside_and_as_long_as_before() {
    let mut source = improved(|at| [voice(at); 2], Channels::Mono, 1.0, 0.9);
    let out = read(&mut source, -600, 600 + 48_000 + 500);
    assert!(out[..600].iter().all(|sides| *sides == [0.0; 2]));
    assert!(out[48_600..].iter().all(|sides| *sides == [0.0; 2]));
    assert!(power(&out[600..48_600]) > 1e-6);
    assert_eq!(read(&mut source, i64::MIN, 2), [[0.0; 2]; 2]);
    assert_eq!(read(&mut source, i64::MAX, 2), [[0.0; 2]; 2]);
}

#[test]
fn the_delay_of_the_network_is_taken_out() {
    let samples = 4 * SAMPLE_RATE as usize;
    let voice: Vec<f32> = (0..samples as i64).map(voice).collect();
    let spoken = voice.clone();
    let sound = move |at: i64| [spoken.get(at as usize).copied().unwrap_or(0.0); 2];
    let mut source = improved(sound, Channels::Mono, 4.0, 1.0);
    let out = read(&mut source, 0, samples);
    let alike = |shift: i64| -> f64 {
        let range = 2 * SAMPLE_RATE as usize..3 * SAMPLE_RATE as usize;
        let products = range.map(|n| f64::from(out[n][0] * voice[(n as i64 - shift) as usize]));
        products.sum()
    };
    let best = (-700..=700)
        .max_by(|a, b| alike(*a).total_cmp(&alike(*b)))
        .unwrap();
    assert!(best.abs() <= 8, "the sound is {best} samples late");
}

#[test]
fn noise_goes_and_speech_comes_to_its_level() {
    // A quiet voice with as quiet a fan, then the fan alone.
    let sound = |at: i64| {
        let speaking = at < 8 * i64::from(SAMPLE_RATE);
        let voice = if speaking { 0.1 * voice(at) } else { 0.0 };
        [voice + 0.001 * noise(at, 2); 2]
    };
    let mut source = improved(sound, Channels::Mono, 12.0, 0.98);
    let out = read(&mut source, 0, 12 * SAMPLE_RATE as usize);
    let made = *source.improvement().get().unwrap();
    assert!(made.speech_secs > 2.0 && made.gain_db > 3.0, "{made:?}");
    let gain = 10.0_f64.powf((made.gain_db + made.make_up_db) / 10.0);
    let second = |second: usize| second * SAMPLE_RATE as usize..(second + 1) * SAMPLE_RATE as usize;
    let fan = 0.001_f64.powi(2) / 3.0;
    let left = power(&out[second(11)]);
    assert!(left < gain * fan / 50.0, "of {} there is {left} left", gain * fan);
    // Of the recorded sound a share of 2 % stays.
    assert!(left > gain * fan * 0.02_f64.powi(2) / 2.0, "{left}");
    let mut meter = ebur128::EbuR128::new(1, SAMPLE_RATE, ebur128::Mode::I).unwrap();
    let spoken: Vec<f32> = out[..8 * SAMPLE_RATE as usize]
        .iter()
        .map(|sides| sides[0])
        .collect();
    meter.add_frames_f32(&spoken).unwrap();
    let level = meter.loudness_global().unwrap();
    assert!((-19.5..-14.0).contains(&level), "{level} LUFS");
}

#[test]
fn nothing_is_louder_than_the_ceiling_and_no_number_breaks_it() {
    let sound = |at: i64| match at {
        48_000 => [f32::NAN, f32::INFINITY],
        48_001 => [-1e30, 1e30],
        _ => [3.0 * voice(at), 20.0 * noise(at, 3)],
    };
    let mut source = improved(sound, Channels::Stereo, 4.0, 0.7);
    let out = read(&mut source, 0, 4 * SAMPLE_RATE as usize);
    assert!(
        out.as_flattened()
            .iter()
            .all(|side| side.abs() <= dynamics::CEILING)
    );
    let last = power(&out[3 * SAMPLE_RATE as usize..]);
    assert!(last > 1e-8, "it goes on: {last}");
}
