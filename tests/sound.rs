//! What an export sounds like: beeps set in within 5 ms of where cap-look.md 21 and cap-format.md 6 put them, as loud as asked
//! for, after AAC and MP4.

use std::f64::consts::TAU;
use std::path::Path;

use crate::rig::{
    self, BLACK, Clip, DISPLAY, Exported, MIC, Recording, SYSTEM, plain, set, settings, timeline,
};
use capstan::cap::MediaSource;
use capstan::frame::Size;
use capstan::media::audio::AudioReader;
use capstan::media::input::Allowed;
use capstan::media::probe::{probe_audio, probe_video};
use capstan::media::track_writer::{AudioCodec, AudioSpec, AudioTrackWriter};
use capstan::synth::canvas::Canvas;
use capstan::synth::sound::{BEEP_AMPLITUDE, RATE};
use capstan::synth::tracks;
use serde_json::{Value, json};

const SIZE: Size = Size::new(64, 36);
/// An AAC frame, seconds.
const FRAME: f64 = 1024.0 / 48_000.0;
const STEREO: AudioSpec = AudioSpec::opus(2);
/// Root mean square of a full beep.
const BEEP_RMS: f64 = BEEP_AMPLITUDE * std::f64::consts::FRAC_1_SQRT_2;

/// Left and right of an export, from its first presented sample.
struct Sound(Vec<[f32; 2]>);

impl Sound {
    fn of(exported: &Exported) -> Self {
        let source = MediaSource::File(exported.path.clone());
        let video = probe_video(&source).unwrap();
        let audio = probe_audio(&source, Allowed::Track).unwrap();
        assert_eq!(
            (audio.codec.as_str(), audio.rate, audio.channels),
            ("aac", RATE, 2)
        );
        let difference = audio.duration - video.duration;
        assert!(
            difference.abs() <= FRAME + 1e-6,
            "{} s of sound beside {} s of video",
            audio.duration,
            video.duration
        );
        let (mut reader, _) = AudioReader::open(&source, Allowed::Track).unwrap();
        let mut samples = vec![[0.0; 2]; (video.duration * f64::from(RATE)).round() as usize];
        reader.read_at(0, &mut samples).unwrap();
        assert_eq!(reader.damage().packets(), 0);
        Self(samples)
    }

    /// When one of the channels gets loud after 30 ms of quiet.
    fn onsets(&self) -> Vec<f64> {
        let mut onsets = Vec::new();
        let mut quiet = RATE as usize;
        for (index, [left, right]) in self.0.iter().enumerate() {
            if left.abs().max(right.abs()) > 0.12 {
                if quiet > RATE as usize * 30 / 1000 {
                    onsets.push(index as f64 / f64::from(RATE));
                }
                quiet = 0;
            } else {
                quiet += 1;
            }
        }
        onsets
    }

    fn between(&self, from: f64, to: f64) -> &[[f32; 2]] {
        let index = |seconds: f64| ((seconds * f64::from(RATE)).round() as usize).min(self.0.len());
        &self.0[index(from)..index(to)]
    }

    /// Root mean square of left and right in `from..to` seconds.
    fn rms(&self, from: f64, to: f64) -> [f64; 2] {
        let samples = self.between(from, to);
        [0, 1].map(|channel| {
            let power: f64 = samples
                .iter()
                .map(|sample| f64::from(sample[channel]).powi(2))
                .sum();
            (power / samples.len() as f64).sqrt()
        })
    }

    /// Frequency of what sounds in `from..to` seconds, by the times at which the left side rises through zero.
    fn frequency(&self, from: f64, to: f64) -> f64 {
        let samples = self.between(from, to);
        let rising: Vec<f64> = samples
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0][0] < 0.0 && pair[1][0] >= 0.0)
            .map(|(index, pair)| index as f64 + f64::from(pair[0][0] / (pair[0][0] - pair[1][0])))
            .collect();
        (rising.len() - 1) as f64 / (rising[rising.len() - 1] - rising[0]) * f64::from(RATE)
    }
}

fn assert_onsets(sound: &Sound, expected: &[f64], what: &str) {
    let found = sound.onsets();
    assert_eq!(
        found.len(),
        expected.len(),
        "{what}: {found:.4?} for {expected:.4?}"
    );
    for (found_onset, expected_onset) in found.iter().zip(expected) {
        assert!(
            (found_onset - expected_onset).abs() < 0.005,
            "{what}: {found:.4?} for {expected:.4?}"
        );
    }
}

fn assert_level(found: [f64; 2], expected: [f64; 2], what: &str) {
    for (found_side, expected_side) in found.iter().zip(expected) {
        // Half a decibel, or the noise of two codecs.
        let tolerance = (expected_side * 0.06).max(0.005);
        assert!(
            (found_side - expected_side).abs() <= tolerance,
            "{what}: {found:.4?} for {expected:.4?}"
        );
    }
}

/// A black screen of `seconds`; the tracks of its segment are the caller's.
fn silent(seconds: f64) -> Recording {
    let recording = Recording::new();
    recording.still(DISPLAY, &Canvas::new(SIZE, BLACK).into_frame(), seconds);
    recording
}

fn display() -> Value {
    json!({ "path": DISPLAY, "fps": 30 })
}

/// A recording of `seconds` whose microphone beeps at `onsets`.
fn beeping(spec: &AudioSpec, onsets: &[f64], seconds: f64) -> Recording {
    let recording = silent(seconds);
    tracks::beeps(&recording.place(MIC), spec, onsets, seconds).unwrap();
    recording.meta(&json!([{ "display": display(), "mic": { "path": MIC } }]));
    recording
}

/// Writes a track of `seconds`, each sample as `wave` says for its time and channel.
fn track(path: &Path, spec: &AudioSpec, seconds: f64, wave: impl Fn(f64, u16) -> f64) {
    let mut writer = AudioTrackWriter::create(path, spec).unwrap();
    for index in 0..(seconds * f64::from(RATE)) as u64 {
        let time = index as f64 / f64::from(RATE);
        let moment: Vec<f32> = (0..spec.channels)
            .map(|channel| wave(time, channel) as f32)
            .collect();
        writer.write(&moment).unwrap();
    }
    writer.finish().unwrap();
}

fn tone(time: f64, frequency: f64) -> f64 {
    (time * frequency * TAU).sin()
}

fn export(recording: &Recording, config: &Value, fps: u32) -> Exported {
    recording.config(config);
    recording.export(settings(fps, SIZE))
}

fn heard(recording: &Recording, config: &Value) -> Sound {
    Sound::of(&export(recording, config, 30))
}

#[test]
fn beeps_stay_where_they_are() {
    if !rig::can_compose() {
        return;
    }
    let onsets = [0.3, 0.7513, 1.2, 1.71];
    for codec in [AudioCodec::Opus, AudioCodec::Aac, AudioCodec::Mp3] {
        let recording = beeping(&AudioSpec { codec, ..STEREO }, &onsets, 2.0);
        let sound = heard(&recording, &plain(&timeline(&[Clip::new(0.0, 2.0)])));
        assert_onsets(&sound, &onsets, &format!("{codec:?}"));
        for onset in onsets {
            let what = format!("{codec:?} at {onset}");
            assert_level(sound.rms(onset + 0.005, onset + 0.045), [BEEP_RMS; 2], &what);
        }
    }
}

/// cap-look.md 21.6: as long as the video, to the sample but for AAC's frames, at any rate.
#[test]
fn the_sound_is_as_long_as_the_video() {
    if !rig::can_compose() {
        return;
    }
    let recording = beeping(&STEREO, &[0.2], 1.0);
    for fps in [7, 24, 60] {
        // 0.83 s: 6, 20 and 50 frames.
        let exported = export(&recording, &plain(&timeline(&[Clip::new(0.0, 0.83)])), fps);
        let frames = (0.83 * f64::from(fps)).ceil();
        assert_eq!(exported.report.frames, frames as u64);
        let source = MediaSource::File(exported.path.clone());
        let length = probe_audio(&source, Allowed::Track).unwrap().duration;
        assert!(
            (length - frames / f64::from(fps)).abs() <= FRAME,
            "{length} s at {fps} fps"
        );
        assert_onsets(&Sound::of(&exported), &[0.2], &format!("{fps} fps"));
    }
}

/// cap-format.md 6.1 and 6.2: source time 0 is the start of the latest track.
#[test]
fn start_times_align_the_tracks() {
    if !rig::can_compose() {
        return;
    }
    let recording = silent(2.0);
    let onsets = [0.5, 1.2];
    tracks::beeps(&recording.place(MIC), &STEREO, &onsets, 2.0).unwrap();
    tracks::beeps(&recording.place(SYSTEM), &STEREO, &[0.75, 1.75], 2.0).unwrap();
    recording.meta(&json!([{
        "display": { "path": DISPLAY, "fps": 30, "start_time": 0.45 },
        "mic": { "path": MIC, "start_time": 0.15 },
        "system_audio": { "path": SYSTEM, "start_time": 0.0 },
    }]));
    let mut config = plain(&timeline(&[Clip::new(0.0, 1.5)]));
    // Microphone 0.3 s and system sound 0.45 s earlier.
    let expected = [0.2, 0.3, 0.9, 1.3];
    assert_onsets(&heard(&recording, &config), &expected, "automatic offsets");
    let offsets = json!({ "camera": 0.0, "mic": 0.1, "system_audio": 0.5 });
    set(&mut config, "/clips", json!([{ "index": 0, "offsets": offsets }]));
    assert_onsets(
        &heard(&recording, &config),
        &[0.25, 0.4, 1.1, 1.25],
        "stored offsets",
    );
}

#[test]
fn cuts_take_their_sound_along() {
    if !rig::can_compose() {
        return;
    }
    let recording = beeping(&STEREO, &[0.3, 0.8, 1.3, 1.8], 2.0);
    let clips = [
        Clip::new(1.1, 1.5),
        Clip::new(0.2, 0.95),
        Clip::new(1.7, 1.9),
        Clip::new(0.25, 0.5),
    ];
    let sound = heard(&recording, &plain(&timeline(&clips)));
    // 0.4 s, then 0.75 s, then 0.2 s, then 0.25 s.
    assert_onsets(&sound, &[0.2, 0.5, 1.0, 1.25, 1.4], "cuts");
}

/// Half a second of 1 kHz every second.
fn bursts() -> Recording {
    let recording = silent(4.0);
    track(&recording.place(MIC), &STEREO, 4.0, |time, _| {
        let sounding = (0.25..0.75).contains(&time.fract());
        if sounding { 0.5 * tone(time, 1000.0) } else { 0.0 }
    });
    recording.meta(&json!([{ "display": display(), "mic": { "path": MIC } }]));
    recording
}

/// Speeds, and what of the bursts they play.
const SPEEDS: [(f64, Clip); 3] = [
    (2.0, Clip::new(0.0, 4.0)),
    (0.5, Clip::new(1.0, 2.0)),
    (1.5, Clip::new(1.0, 4.0)),
];

/// When the bursts set in.
fn burst_onsets(speed: f64, clip: Clip) -> Vec<f64> {
    (0..4)
        .map(|n| (f64::from(n) + 0.25 - clip.start) / speed)
        .filter(|onset| (0.0..(clip.end - clip.start) / speed).contains(onset))
        .collect()
}

/// cap-look.md 21.3: onsets that keep their pitch.
#[test]

fn kept_pitch_keeps_onsets() {
    if !rig::can_compose() {
        return;
    }
    let recording = bursts();
    for (speed, clip) in SPEEDS {
        let sounding = clip.at_speed(speed).sounding("maintainPitch");
        let sound = heard(&recording, &plain(&timeline(&[sounding])));
        let what = format!("maintainPitch at speed {speed}");
        assert_onsets(&sound, &burst_onsets(speed, clip), &what);
    }
}

/// cap-look.md 21.3.
#[test]
fn speed_keeps_or_moves_the_pitch_or_mutes() {
    if !rig::can_compose() {
        return;
    }
    let recording = bursts();
    for (speed, clip) in SPEEDS {
        let expected = burst_onsets(speed, clip);
        for (mode, frequency) in [("maintainPitch", 1000.0), ("matchSpeed", 1000.0 * speed)] {
            let clip = clip.at_speed(speed).sounding(mode);
            let sound = heard(&recording, &plain(&timeline(&[clip])));
            let what = format!("{mode} at speed {speed}");
            if mode == "matchSpeed" {
                assert_onsets(&sound, &expected, &what);
            }
            for onset in &expected {
                let (from, to) = (onset + 0.05 / speed, onset + 0.45 / speed);
                let found = sound.frequency(from, to);
                assert!(
                    (found / frequency - 1.0).abs() < 0.02,
                    "{what}: {found:.1} Hz for {frequency} Hz"
                );
                assert_level(sound.rms(from, to), [BEEP_RMS; 2], &what);
            }
        }
        for clip in [clip.at_speed(speed).sounding("mute"), clip.at_speed(speed)] {
            let sound = heard(&recording, &plain(&timeline(&[clip])));
            assert_level(
                sound.rms(0.0, clip.duration()),
                [0.0; 2],
                &format!("muted at speed {speed}"),
            );
        }
    }
}

/// Between clips at other speeds the clips around keep their time.
#[test]
fn a_fast_clip_does_not_shift_its_neighbours() {
    if !rig::can_compose() {
        return;
    }
    let recording = beeping(&STEREO, &[0.3, 1.0, 1.6, 2.3], 3.0);
    let clips = [
        Clip::new(0.0, 0.5),
        Clip::new(0.6, 2.0).at_speed(2.0).sounding("maintainPitch"),
        Clip::new(2.0, 2.5),
    ];
    let sound = heard(&recording, &plain(&timeline(&clips)));
    assert_onsets(&sound, &[0.3, 0.7, 1.0, 1.5], "around a fast clip");
}

/// cap-look.md 21.2: mono x 0.707, decibels, one side of a stereo microphone on both, 5.1 by the standard downmix.
#[test]
fn channels_and_gains() {
    if !rig::can_compose() {
        return;
    }
    let side = |channel: u16| if channel == 0 { 0.4 } else { 0.2 };
    let stereo = |time: f64, channel: u16| side(channel) * tone(time, 1000.0);
    let rms = std::f64::consts::FRAC_1_SQRT_2;
    let clips = timeline(&[Clip::new(0.0, 0.8)]);
    let level = |channels: u16, wave: &dyn Fn(f64, u16) -> f64, audio: Value| {
        let recording = silent(1.0);
        track(
            &recording.place(MIC),
            &AudioSpec {
                channels,
                bit_rate: 256_000,
                ..STEREO
            },
            1.0,
            wave,
        );
        recording.meta(&json!([{ "display": display(), "mic": { "path": MIC } }]));
        let mut config = plain(&clips);
        set(&mut config, "/audio", audio);
        heard(&recording, &config).rms(0.2, 0.7)
    };
    assert_level(level(2, &stereo, json!({})), [0.4 * rms, 0.2 * rms], "stereo");
    assert_level(level(1, &stereo, json!({})), [0.4 * rms * 0.707; 2], "mono");
    let gain = 10f64.powf(-6.0 / 20.0);
    let quieter = level(2, &stereo, json!({ "micVolumeDb": -6.0 }));
    assert_level(quieter, [0.4 * rms * gain, 0.2 * rms * gain], "-6 dB");
    assert_level(
        level(2, &stereo, json!({ "micVolumeDb": -30.0 })),
        [0.0; 2],
        "-30 dB",
    );
    assert_level(
        level(2, &stereo, json!({ "micStereoMode": "monoL" })),
        [0.4 * rms; 2],
        "monoL",
    );
    assert_level(
        level(2, &stereo, json!({ "micStereoMode": "monoR" })),
        [0.2 * rms; 2],
        "monoR",
    );
    // FL FR FC LFE BL BR, only front left and the centre sound: the sides are FL + 0.707 FC + 0.707 BL and the like (ITU-R
    // BS.775), not scaled down, for nothing clips in floats. The two have different pitches, so their powers add.
    let surround = |time: f64, channel: u16| match channel {
        0 => 0.4 * tone(time, 1000.0),
        2 => 0.4 * tone(time, 700.0),
        _ => 0.0,
    };
    let found = level(6, &surround, json!({}));
    let centre = 0.4 * rms * rms;
    assert_level(found, [(0.4 * rms).hypot(centre), centre], "5.1");
}

/// Both tracks are heard, each at its own level.
#[test]
fn microphone_and_system_sound_are_mixed() {
    if !rig::can_compose() {
        return;
    }
    let recording = silent(1.2);
    tracks::beeps(&recording.place(MIC), &STEREO, &[0.2], 1.2).unwrap();
    tracks::beeps(&recording.place(SYSTEM), &STEREO, &[0.6], 1.2).unwrap();
    recording
        .meta(&json!([{ "display": display(), "mic": { "path": MIC }, "system_audio": { "path": SYSTEM } }]));
    let mut config = plain(&timeline(&[Clip::new(0.0, 1.0)]));
    set(&mut config, "/audio", json!({ "systemVolumeDb": -6.0 }));
    let sound = heard(&recording, &config);
    assert_onsets(&sound, &[0.2, 0.6], "both tracks");
    assert_level(sound.rms(0.205, 0.245), [BEEP_RMS; 2], "microphone");
    assert_level(
        sound.rms(0.605, 0.645),
        [BEEP_RMS * 10f64.powf(-0.3); 2],
        "system sound at -6 dB",
    );
}

/// cap-look.md 21.6: without any sound there is a silent track, with *mute* there is none.
#[test]
fn silence_is_written_and_mute_is_not() {
    if !rig::can_compose() {
        return;
    }
    let recording = silent(1.0);
    recording.meta(&json!([{ "display": display() }]));
    let mut config = plain(&timeline(&[Clip::new(0.0, 0.7)]));
    assert_level(heard(&recording, &config).rms(0.0, 0.7), [0.0; 2], "no tracks");
    set(&mut config, "/audio", json!({ "mute": true }));
    let muted = beeping(&STEREO, &[0.3], 1.0);
    let exported = export(&muted, &config, 30);
    assert!(probe_audio(&MediaSource::File(exported.path), Allowed::Track).is_err());
}

/// cap-look.md 21.5: gain, trim, linear fades, and not muted with the recording.
#[test]
fn music_fades_in_and_out() {
    if !rig::can_compose() {
        return;
    }
    const MUSIC: &str = "assets/bed.mp3";
    let recording = beeping(&STEREO, &[0.1], 3.0);
    let spec = AudioSpec {
        codec: AudioCodec::Mp3,
        bit_rate: 192_000,
        ..STEREO
    };
    // Silent for 0.6 s, then 440 Hz to its end at 2.4 s.
    track(&recording.place(MUSIC), &spec, 2.4, |time, _| {
        if time < 0.6 { 0.0 } else { 0.5 * tone(time, 440.0) }
    });
    let mut config = plain(&timeline(&[Clip::new(0.0, 3.0)]));
    let mut music = json!({
        "start": 0.4, "end": 2.0, "path": MUSIC, "trimStart": 0.6, "volumeDb": -6.0, "fadeIn": 0.5, "fadeOut": 0.5,
    });
    set(&mut config, "/timeline/audioSegments", json!([music]));
    set(&mut config, "/audio", json!({ "mute": true }));
    let sound = heard(&recording, &config);
    let full = BEEP_RMS * 10f64.powf(-0.3);
    // Mean square of a fade that goes from a to b: (a^2 + a b + b^2) / 3.
    let faded = |a: f64, b: f64| full * ((a * a + a * b + b * b) / 3.0).sqrt();
    for (from, to, expected, what) in [
        (0.0, 0.39, 0.0, "before"),
        (0.45, 0.55, faded(0.1, 0.3), "early in the fade"),
        (0.7, 0.8, faded(0.6, 0.8), "late in the fade"),
        (0.95, 1.45, full, "between the fades"),
        (1.55, 1.65, faded(0.9, 0.7), "as it fades out"),
        (1.85, 1.95, faded(0.3, 0.1), "nearly out"),
        (2.01, 3.0, 0.0, "after"),
    ] {
        assert_level(sound.rms(from, to), [expected; 2], what);
    }
    // Without trim and fades it sets in 0.6 s after the segment, and ends with the file: it does not loop.
    music = json!({ "start": 0.4, "end": 2.95, "path": MUSIC });
    set(&mut config, "/timeline/audioSegments", json!([music]));
    let sound = heard(&recording, &config);
    assert_onsets(&sound, &[1.0], "music");
    assert_level(sound.rms(1.1, 2.7), [BEEP_RMS; 2], "music");
    assert_level(sound.rms(2.85, 3.0), [0.0; 2], "behind the music's end");
}

/// cap-additions.md, `audio.improve`: the noise of the microphone goes by as much as `isolation` says, the rest is left alone, and the
/// report tells what was done.
#[test]
fn the_noise_of_an_improved_microphone_goes() {
    if !rig::can_compose() {
        return;
    }
    let recording = silent(4.0);
    let hiss = std::cell::RefCell::new(fastrand::Rng::with_seed(7));
    track(&recording.place(MIC), &STEREO, 4.0, |_, _| {
        0.1 * (hiss.borrow_mut().f64() * 2.0 - 1.0)
    });
    recording.meta(&json!([{ "display": display(), "mic": { "path": MIC } }]));
    let mut config = plain(&timeline(&[Clip::new(0.0, 4.0)]));
    let recorded = export(&recording, &config, 30);
    assert_eq!(recorded.report.paths.improved_microphones, []);
    let before = Sound::of(&recorded).rms(3.0, 4.0)[0];
    assert!((before - 0.1 / 3.0_f64.sqrt()).abs() < 0.01, "{before}");
    let mut quietest = before;
    for (isolation, wet) in [("light", 0.7), ("strong", 0.98)] {
        set(
            &mut config,
            "/audio",
            json!({ "improve": true, "isolation": isolation }),
        );
        let improved = export(&recording, &config, 30);
        let sound = Sound::of(&improved);
        let made = &improved.report.paths.improved_microphones;
        assert_eq!(made.len(), 1);
        let gain = 10.0_f64.powf((made[0].improvement.gain_db + made[0].improvement.make_up_db) / 20.0);
        // Without the gains, of which the compressor may take some away. Of loud white noise the network leaves a half.
        let left = sound.rms(3.0, 4.0).map(|side| side / gain);
        for side in left {
            assert!(
                side > 0.0 && side < 0.8 * quietest,
                "{isolation}: {side}, {quietest}, {made:?}"
            );
        }
        quietest = left[0].max(left[1]) / 0.8;
        assert_eq!(made[0].segment, 0);
        assert!((made[0].improvement.wet - wet).abs() < 1e-6);
        assert!(
            improved.report.unrendered.is_empty(),
            "{:?}",
            improved.report.unrendered
        );
    }
}
