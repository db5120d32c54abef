use std::ops::Range;

use proptest::prelude::*;

use super::*;
use crate::cap::config::SpeedAudioMode;
use crate::sound::{Channels, Retime, Retimer};
use crate::time::SourceTime;

/// A source of `len` samples whose value tells its position.
struct Fake {
    channels: Channels,
    len: i64,
    at: fn(i64) -> Stereo,
}

impl SampleSource for Fake {
    fn channels(&self) -> Channels {
        self.channels
    }

    fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError> {
        for (sample, i) in out.iter_mut().zip(position..) {
            *sample = if (0..self.len).contains(&i) {
                (self.at)(i)
            } else {
                [0.0; 2]
            };
        }
        Ok(())
    }
}

/// A stereo ramp: sample i is (i, -i) / 2^20, exact in single precision.
fn ramp(i: i64) -> Stereo {
    let value = i as f32 / 1_048_576.0;
    [value, -value]
}

fn stereo(len: i64, at: fn(i64) -> Stereo) -> Box<dyn SampleSource> {
    Box::new(Fake {
        channels: Channels::Stereo,
        len,
        at,
    })
}

fn mono(len: i64, at: fn(i64) -> Stereo) -> Box<dyn SampleSource> {
    Box::new(Fake {
        channels: Channels::Mono,
        len,
        at,
    })
}

/// Takes the input sample nearest below each output sample's time.
struct Nearest {
    speed: f64,
    input: Vec<Stereo>,
    pulled: u64,
}

impl Retimer for Nearest {
    fn push(&mut self, input: &[Stereo]) -> Result<(), BoxError> {
        self.input.extend_from_slice(input);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), BoxError> {
        Ok(())
    }

    fn pull(&mut self, out: &mut [Stereo]) -> usize {
        for (n, sample) in out.iter_mut().enumerate() {
            let Some(&input) = self.input.get((self.pulled as f64 * self.speed) as usize) else {
                return n;
            };
            *sample = input;
            self.pulled += 1;
        }
        out.len()
    }
}

fn nearest() -> RetimerFactory {
    Box::new(|Retime { speed, .. }| {
        Ok(Box::new(Nearest {
            speed,
            input: Vec::new(),
            pulled: 0,
        }))
    })
}

fn clip(span: Range<u64>, start: f64) -> ClipSound {
    ClipSound {
        span,
        transition: None,
        gain: 1.0,
        start: SourceTime::from_secs(start),
        speed: 1.0,
        speed_mode: None,
        segment: 0,
    }
}

fn track(source: usize) -> TrackSound {
    TrackSound {
        source,
        offset: 0,
        volume_db: 0.0,
        stereo_mode: MicStereoMode::Stereo,
    }
}

/// One microphone, source 0, played by `clips`.
fn microphone(total: u64, clips: Vec<ClipSound>) -> SoundPlan {
    let segments = vec![SegmentSound {
        mic: Some(track(0)),
        system: None,
    }];
    SoundPlan {
        total,
        clips,
        segments,
        ..SoundPlan::default()
    }
}

fn music(source: usize, span: Range<u64>) -> MusicSound {
    MusicSound {
        source,
        span,
        start: 0,
        volume_db: 0.0,
        fade_in: 0.0,
        fade_out: 0.0,
    }
}

fn render(plan: SoundPlan, sources: Vec<Box<dyn SampleSource>>) -> Vec<Stereo> {
    let mut out = vec![[9.0; 2]; plan.total as usize];
    let mut mixer = Mixer::new(plan, sources, nearest()).unwrap();
    assert_eq!(mixer.fill(&mut out).unwrap(), out.len());
    out
}

/// Start of every run of samples that don't simply continue the ramp: (output sample, source sample).
fn jumps(out: &[Stereo]) -> Vec<(usize, i64)> {
    let source = |sample: Stereo| (sample[0] * 1_048_576.0) as i64;
    let continues = |i: usize| i > 0 && source(out[i]) == source(out[i - 1]) + 1;
    let silent = |i: usize| i > 0 && out[i] == [0.0; 2] && out[i - 1] == [0.0; 2];
    (0..out.len())
        .filter(|&i| !continues(i) && !silent(i))
        .map(|i| (i, source(out[i])))
        .collect()
}

#[test]
fn clips_play_their_source_in_their_order() {
    // Cut, jump back, repeat: each border is exact and nothing is lost or doubled.
    let clips = vec![
        clip(0..4800, 1.0),
        clip(4800..9600, 0.5),
        clip(9600..9700, 1.0),
        clip(9700..12_000, 4.0),
    ];
    let out = render(microphone(12_000, clips), vec![stereo(480_000, ramp)]);
    assert_eq!(
        jumps(&out),
        [(0, 48_000), (4800, 24_000), (9600, 48_000), (9700, 192_000)]
    );
    assert_eq!(out[11_999], ramp(192_000 + 2299));
}

#[test]
fn the_first_sample_is_the_nearest_to_the_in_point() {
    let out = render(
        microphone(10, vec![clip(0..10, 0.123_456)]),
        vec![stereo(48_000, ramp)],
    );
    assert_eq!(out[0], ramp(5926)); // 5925.888
}

/// Two clips of 1000 samples that overlap by 400, of sources that are constantly 0.5 and -0.25.
fn joined(kind: TransitionKind) -> (SoundPlan, Vec<Box<dyn SampleSource>>) {
    let clips = vec![
        clip(0..1000, 0.0),
        ClipSound {
            segment: 1,
            transition: Some(kind),
            ..clip(600..1600, 0.0)
        },
    ];
    let mut plan = microphone(1700, clips);
    plan.segments.push(SegmentSound {
        mic: Some(track(1)),
        system: None,
    });
    (
        plan,
        vec![
            stereo(100_000, |_| [0.5, 0.25]),
            stereo(100_000, |_| [-0.25, 0.5]),
        ],
    )
}

/// cap-look.md 21.4: cos(pi g / 2) and sin(pi g / 2), g advancing with every sample.
#[test]
fn a_cross_fade_keeps_the_power() {
    let (plan, sources) = joined(TransitionKind::CrossFade);
    let out = render(plan, sources);
    assert_eq!(
        (out[599], out[1000], out[1599]),
        ([0.5, 0.25], [-0.25, 0.5], [-0.25, 0.5])
    );
    assert_eq!(out[1600], [0.0; 2]);
    for (sample, g) in [
        (600, 0.0f64),
        (601, 0.0025),
        (700, 0.25),
        (800, 0.5),
        (999, 0.9975),
    ] {
        let (sin, cos) = (g * std::f64::consts::FRAC_PI_2).sin_cos();
        let expected = [0.5 * cos - 0.25 * sin, 0.25 * cos + 0.5 * sin];
        for side in [0, 1] {
            assert!(
                (f64::from(out[sample][side]) - expected[side]).abs() < 1e-6,
                "{sample}: {:?}",
                out[sample]
            );
        }
    }
}

/// cap-look.md 21.4: max(1 - 2g, 0) and max(2g - 1, 0).
#[test]
fn a_fade_through_black_is_silent_in_its_middle() {
    let (plan, sources) = joined(TransitionKind::FadeThroughBlack);
    let out = render(plan, sources);
    for (sample, expected) in [
        (600, [0.5, 0.25]),
        (700, [0.25, 0.125]),
        (800, [0.0, 0.0]),
        (900, [-0.125, 0.25]),
        (1000, [-0.25, 0.5]),
    ] {
        for side in [0, 1] {
            assert!(
                (out[sample][side] - expected[side]).abs() < 1e-6,
                "{sample}: {:?}",
                out[sample]
            );
        }
    }
}

#[test]
fn both_clips_of_a_transition_play_on_and_a_hold_stops_both() {
    let (mut plan, _) = joined(TransitionKind::CrossFade);
    plan.clips[1].start = SourceTime::from_secs(0.1);
    plan.segments[1] = plan.segments[0].clone();
    plan.holds.push(800..850);
    plan.total = 1650;
    let out = render(plan, vec![stereo(480_000, ramp)]);
    let expected = |clock: usize| {
        let (sin, cos) = ((clock - 600) as f64 / 400.0 * std::f64::consts::FRAC_PI_2).sin_cos();
        (clock as f64 * cos + (4800 + clock - 600) as f64 * sin) / 1_048_576.0
    };
    for (sample, clock) in [(700, 700), (799, 799), (850, 800), (1049, 999)] {
        assert!(
            (f64::from(out[sample][0]) - expected(clock)).abs() < 1e-6,
            "{sample}"
        );
    }
    assert!(out[800..850].iter().all(|&sample| sample == [0.0; 2]));
    assert_eq!(out[1050], ramp(4800 + 400));
}

#[test]
fn a_sum_beyond_the_limits_is_clamped() {
    let (plan, _) = joined(TransitionKind::CrossFade);
    let loud = || stereo(100_000, |_| [0.9, -0.9]);
    let out = render(plan, vec![loud(), loud()]);
    // 0.9 x (cos + sin) of 45 degrees is 1.27.
    assert_eq!(out[800], [1.0, -1.0]);
}

/// cap-additions.md: a factor on the clip's recorded tracks, not on music.
#[test]
fn a_clip_has_its_own_volume() {
    let clips = [0.0, 0.5, 2.0]
        .iter()
        .zip(0u64..)
        .map(|(&gain, index)| ClipSound {
            gain,
            ..clip(index * 100..index * 100 + 100, 0.0)
        });
    let mut plan = microphone(300, clips.collect());
    plan.music.push(music(1, 0..300));
    let out = render(
        plan,
        vec![stereo(1000, |_| [0.25, -0.75]), stereo(1000, |_| [0.125; 2])],
    );
    assert_eq!(
        [out[0], out[100], out[200]],
        [[0.125, 0.125], [0.25, -0.25], [0.625, -0.875]]
    );
}

#[test]
fn a_volume_counts_at_any_speed() {
    let mut plan = microphone(
        200,
        vec![ClipSound {
            speed: 2.0,
            speed_mode: Some(SpeedAudioMode::MatchSpeed),
            gain: 0.5,
            ..clip(0..200, 0.0)
        }],
    );
    plan.total = 200;
    let out = render(plan, vec![stereo(10_000, |_| [0.5; 2])]);
    assert_eq!(out[50], [0.25; 2]);
}

proptest! {
    /// However the samples are asked for, they are the same, through transitions and holds too.
    #[test]
    fn transitions_do_not_depend_on_the_calls(
        cuts in prop::collection::vec(1usize..400, 1..12), black in any::<bool>(), hold in 500u64..1200,
    ) {
        let kind = if black { TransitionKind::FadeThroughBlack } else { TransitionKind::CrossFade };
        let plan = || {
            let (mut plan, _) = joined(kind);
            plan.segments[1] = plan.segments[0].clone();
            plan.clips[1].speed = 0.5;
            plan.clips[1].speed_mode = Some(SpeedAudioMode::MatchSpeed);
            plan.holds.push(hold..hold + 77);
            plan
        };
        let sources = || -> Vec<Box<dyn SampleSource>> { vec![stereo(480_000, ramp)] };
        let whole = render(plan(), sources());
        let mut mixer = Mixer::new(plan(), sources(), nearest()).unwrap();
        let mut pieces = Vec::new();
        for &cut in cuts.iter().cycle() {
            let mut piece = vec![[0.0; 2]; cut];
            let written = mixer.fill(&mut piece).unwrap();
            pieces.extend_from_slice(&piece[..written]);
            if written < cut {
                break;
            }
        }
        prop_assert_eq!(pieces, whole);
    }
}

#[test]
fn gaps_between_clips_and_after_them_are_silent() {
    let out = render(
        microphone(500, vec![clip(100..200, 1.0)]),
        vec![stereo(96_000, ramp)],
    );
    assert_eq!(jumps(&out), [(0, 0), (100, 48_000), (200, 0)]);
}

#[test]
fn offsets_shift_the_file_and_silence_surrounds_it() {
    let mut plan = microphone(3000, vec![clip(0..3000, 0.0)]);
    if let Some(mic) = &mut plan.segments[0].mic {
        mic.offset = TrackSound::offset_of(-0.0125);
    }
    let out = render(plan, vec![stereo(1000, |i| ramp(i + 500))]);
    assert_eq!(jumps(&out), [(0, 0), (600, 500), (1600, 0)]);

    let mut plan = microphone(3000, vec![clip(0..3000, 0.0)]);
    if let Some(mic) = &mut plan.segments[0].mic {
        mic.offset = TrackSound::offset_of(0.25);
    }
    assert_eq!(
        jumps(&render(plan, vec![stereo(13_000, ramp)])),
        [(0, 12_000), (1000, 0)]
    );
}

#[test]
fn microphone_and_system_sound_are_summed_and_clamped() {
    let mut plan = microphone(4, vec![clip(0..4, 0.0)]);
    plan.segments[0].system = Some(TrackSound {
        volume_db: -20.0,
        ..track(1)
    });
    let sources = |system: fn(i64) -> Stereo| vec![mono(100, |_| [0.5; 2]), stereo(100, system)];
    let out = render(plan.clone(), sources(|_| [1.0, -1.0]));
    // 0.5 × 0.707 ± 1 × 0.1
    assert!(
        (out[0][0] - 0.4535).abs() < 1e-6 && (out[0][1] - 0.2535).abs() < 1e-6,
        "{:?}",
        out[0]
    );
    let out = render(plan, sources(|_| [30.0, -30.0]));
    assert_eq!(out[3], [1.0, -1.0]);
}

#[test]
fn a_track_at_minus_30_db_is_not_even_read() {
    struct Broken;
    impl SampleSource for Broken {
        fn channels(&self) -> Channels {
            Channels::Mono
        }
        fn read(&mut self, _: i64, _: &mut [Stereo]) -> Result<(), BoxError> {
            Err("the disk is gone".into())
        }
    }
    let mut plan = microphone(10, vec![clip(0..10, 2.0)]);
    let mut mixer = Mixer::new(plan.clone(), vec![Box::new(Broken)], nearest()).unwrap();
    let error = mixer.fill(&mut [[0.0; 2]; 10]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "reading sound at 2.000 s of its file failed, for output time 0.000 s"
    );
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the disk is gone"
    );
    if let Some(mic) = &mut plan.segments[0].mic {
        mic.volume_db = -30.0;
    }
    assert_eq!(render(plan, vec![Box::new(Broken)]), [[0.0; 2]; 10]);
}

#[test]
fn segments_have_their_own_tracks() {
    let mut plan = microphone(
        20,
        vec![
            clip(0..10, 0.0),
            ClipSound {
                segment: 1,
                ..clip(10..20, 0.0)
            },
        ],
    );
    plan.segments.push(SegmentSound {
        mic: None,
        system: Some(track(1)),
    });
    let out = render(plan, vec![stereo(100, |_| [0.25; 2]), stereo(100, |_| [0.75; 2])]);
    assert_eq!((out[9], out[10]), ([0.25; 2], [0.75; 2]));
}

#[test]
fn holds_stop_the_recording_but_not_the_music() {
    // cap-look.md 24: clips of 4 s and 6 s, hold 2..5: at 7.5 s clip 1 has played for 0.5 s.
    let second = 48_000;
    let clips = vec![clip(0..4 * second, 0.0), clip(4 * second..10 * second, 10.0)];
    let mut plan = microphone(13 * second, clips);
    plan.holds.push(2 * second..5 * second);
    let out = render(plan.clone(), vec![stereo(1_000_000, ramp)]);
    let second = second as usize;
    assert_eq!(
        jumps(&out),
        [
            (0, 0),
            (2 * second, 0),
            (5 * second, 96_000),
            (7 * second, 480_000)
        ]
    );
    assert_eq!(out[7 * second + second / 2], ramp(480_000 + 24_000));

    plan.music.push(music(1, 0..13 * 48_000));
    let out = render(
        plan,
        vec![stereo(1_000_000, |_| [0.5; 2]), stereo(1_000_000, |_| [0.25; 2])],
    );
    assert_eq!((out[2 * second - 1], out[2 * second]), ([0.75; 2], [0.25; 2]));
    assert_eq!((out[5 * second - 1], out[5 * second]), ([0.25; 2], [0.75; 2]));
}

#[test]
fn mute_leaves_the_music() {
    let mut plan = microphone(100, vec![clip(0..100, 0.0)]);
    plan.mute = true;
    plan.music.push(music(1, 50..100));
    let out = render(plan, vec![stereo(100, |_| [0.5; 2]), mono(100, |_| [0.5; 2])]);
    assert_eq!(out[49], [0.0; 2]);
    assert_eq!(out[50], [0.5 * 0.707; 2]);
}

#[test]
fn music_plays_from_its_trim_to_its_end_without_looping() {
    let mut plan = SoundPlan {
        total: 3000,
        ..SoundPlan::default()
    };
    plan.music.push(MusicSound {
        start: 500,
        ..music(0, 1000..2500)
    });
    let out = render(plan, vec![stereo(1500, ramp)]);
    assert_eq!(jumps(&out), [(0, 0), (1000, 500), (2000, 0)]);
}

#[test]
fn fades_are_linear_to_the_sample() {
    let mut plan = SoundPlan {
        total: 48_000,
        ..SoundPlan::default()
    };
    plan.music.push(MusicSound {
        fade_in: 0.1,
        fade_out: 0.25,
        ..music(0, 9600..33_600)
    });
    let out = render(plan, vec![stereo(48_000, |_| [1.0, -1.0])]);
    let at = |j: usize| out[j][0];
    assert_eq!((at(9599), at(9600)), (0.0, 0.0));
    assert!((at(9601) - 1.0 / 4800.0).abs() < 1e-7);
    assert!((at(12_000) - 0.5).abs() < 1e-7);
    assert!((at(14_399) - 4799.0 / 4800.0).abs() < 1e-6);
    assert_eq!((at(14_400), at(21_599), at(21_600)), (1.0, 1.0, 1.0)); // 12000 samples remain
    assert!((at(21_601) - 11_999.0 / 12_000.0).abs() < 1e-6);
    assert!((at(27_600) - 0.5).abs() < 1e-7);
    assert!((at(33_599) - 1.0 / 12_000.0).abs() < 1e-8);
    assert_eq!(at(33_600), 0.0);
    assert!(out.iter().all(|s| s[0] == -s[1]));
}

#[test]
fn overlapping_fades_multiply() {
    let mut plan = SoundPlan {
        total: 4800,
        ..SoundPlan::default()
    };
    plan.music.push(MusicSound {
        fade_in: 0.1,
        fade_out: 0.1,
        ..music(0, 0..4800)
    });
    let out = render(plan, vec![stereo(4800, |_| [1.0; 2])]);
    assert!((out[2400][0] - 0.25).abs() < 1e-6);
    assert!((out[1200][0] - 0.1875).abs() < 1e-6);
}

#[test]
fn each_addition_is_clamped_by_itself() {
    // 0.9 + 0.9 clamps to 1 before -0.5 is added: 0.5, not 1.3 clamped.
    let mut plan = SoundPlan {
        total: 2,
        ..SoundPlan::default()
    };
    plan.music = vec![music(0, 0..2), music(0, 0..2), music(1, 0..2)];
    let out = render(plan, vec![stereo(2, |_| [0.9; 2]), stereo(2, |_| [-0.5; 2])]);
    assert_eq!(out[0], [0.5; 2]);
}

#[test]
fn a_retimed_clip_has_exactly_its_samples() {
    for speed in [0.25, 0.5, 1.37, 2.0, 8.0] {
        let retimed = ClipSound {
            speed,
            speed_mode: Some(SpeedAudioMode::MatchSpeed),
            ..clip(100..10_100, 1.0)
        };
        let clips = vec![clip(0..100, 0.0), retimed, clip(10_100..10_200, 3.0)];
        let out = render(microphone(10_200, clips), vec![stereo(480_000, ramp)]);
        for n in [0, 1, 777, 9_990] {
            assert_eq!(
                out[100 + n],
                ramp(48_000 + (n as f64 * speed) as i64),
                "speed {speed}, sample {n}"
            );
        }
        assert_eq!((out[99], out[10_100]), (ramp(99), ramp(144_000)));
    }
}

#[test]
fn a_retimed_clip_hears_nothing_beyond_its_out_point() {
    let retimed = ClipSound {
        speed: 2.0,
        speed_mode: Some(SpeedAudioMode::MatchSpeed),
        ..clip(0..5000, 0.0)
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    struct Spy(std::sync::mpsc::Sender<i64>);
    impl SampleSource for Spy {
        fn channels(&self) -> Channels {
            Channels::Stereo
        }
        fn read(&mut self, position: i64, out: &mut [Stereo]) -> Result<(), BoxError> {
            self.0.send(position + out.len() as i64)?;
            Ok(())
        }
    }
    render(microphone(5000, vec![retimed]), vec![Box::new(Spy(sender))]);
    assert_eq!(receiver.try_iter().max(), Some(10_000));
}

#[test]
fn a_hold_interrupts_a_retimed_clip() {
    let retimed = ClipSound {
        speed: 2.0,
        speed_mode: Some(SpeedAudioMode::MatchSpeed),
        ..clip(0..2000, 0.0)
    };
    let mut plan = microphone(3000, vec![retimed]);
    plan.holds.push(1000..2000);
    let out = render(plan, vec![stereo(480_000, ramp)]);
    assert_eq!(
        (out[999], out[1000], out[1999], out[2000]),
        (ramp(1998), [0.0; 2], [0.0; 2], ramp(2000))
    );
}

#[test]
fn muted_and_extreme_speeds_are_silent() {
    for (speed, speed_mode) in [
        (2.0, None),
        (2.0, Some(SpeedAudioMode::Mute)),
        (8.5, Some(SpeedAudioMode::MaintainPitch)),
        (0.2, Some(SpeedAudioMode::MatchSpeed)),
    ] {
        let silent = ClipSound {
            speed,
            speed_mode,
            ..clip(0..100, 0.0)
        };
        let out = render(
            microphone(200, vec![silent, clip(100..200, 1.0)]),
            vec![stereo(96_000, ramp)],
        );
        assert_eq!(jumps(&out), [(0, 0), (100, 48_000)]);
    }
}

#[test]
fn a_failing_retimer_is_named() {
    let retimed = ClipSound {
        speed: 2.0,
        speed_mode: Some(SpeedAudioMode::MatchSpeed),
        ..clip(0..100, 0.0)
    };
    let plan = microphone(100, vec![retimed]);
    let mut mixer = Mixer::new(
        plan,
        vec![stereo(100, ramp)],
        Box::new(|_| Err("no such filter".into())),
    )
    .unwrap();
    let error = mixer.fill(&mut [[0.0; 2]; 10]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "playing sound at speed 2 failed at output time 0.000 s"
    );
}

#[test]
fn the_total_ends_the_sound() {
    let mut mixer = Mixer::new(microphone(10, vec![]), vec![stereo(1, ramp)], nearest()).unwrap();
    let mut out = [[0.0; 2]; 8];
    assert_eq!(
        [mixer.fill(&mut out).unwrap(), mixer.fill(&mut out).unwrap()],
        [8, 2]
    );
    assert_eq!((mixer.fill(&mut out).unwrap(), mixer.position()), (0, 10));
}

/// Everything at once: cuts, speeds, a gap, holds, two fading pieces of music.
fn everything() -> (SoundPlan, Vec<Box<dyn SampleSource>>) {
    let clips = vec![
        clip(0..5_000, 0.5),
        ClipSound {
            speed: 1.5,
            speed_mode: Some(SpeedAudioMode::MatchSpeed),
            ..clip(5_000..11_000, 0.0)
        },
        ClipSound {
            speed: 0.3,
            speed_mode: Some(SpeedAudioMode::MaintainPitch),
            ..clip(11_500..14_000, 1.0)
        },
        clip(14_000..18_000, 0.1),
    ];
    let mut plan = microphone(20_000, clips);
    plan.segments[0].system = Some(TrackSound {
        offset: -700,
        volume_db: -3.0,
        ..track(1)
    });
    plan.holds = vec![2_000..2_500, 7_000..7_700];
    plan.music = vec![
        MusicSound {
            fade_in: 0.05,
            fade_out: 0.02,
            ..music(2, 1_000..9_000)
        },
        MusicSound {
            start: 300,
            ..music(1, 6_000..19_000)
        },
    ];
    let noise = |i: i64| {
        let bits = (i as u32).wrapping_mul(2_654_435_761);
        [
            (bits >> 16) as f32 / 65_536.0 - 0.5,
            (bits & 0xffff) as f32 / 65_536.0 - 0.5,
        ]
    };
    (
        plan,
        vec![stereo(60_000, noise), mono(30_000, noise), stereo(5_000, noise)],
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_division_into_calls_does_not_matter(sizes in prop::collection::vec(1usize..6000, 1..40)) {
        let (plan, sources) = everything();
        let whole = render(plan, sources);
        let (plan, sources) = everything();
        let mut mixer = Mixer::new(plan, sources, nearest()).unwrap();
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            let mut piece = vec![[9.0; 2]; *size];
            let written = mixer.fill(&mut piece).unwrap();
            if written == 0 {
                break;
            }
            pieces.extend_from_slice(&piece[..written]);
        }
        prop_assert_eq!(pieces, whole);
    }

    #[test]
    fn what_follows_a_skip_is_what_is_heard_there(steps in prop::collection::vec((0usize..9_000, 1usize..3000), 1..6)) {
        let (plan, sources) = everything();
        let whole = render(plan, sources);
        let (plan, sources) = everything();
        let mut mixer = Mixer::new(plan, sources, nearest()).unwrap();
        for (skip, size) in steps {
            let from = mixer.position() as usize + skip;
            mixer.skip_to(from as u64);
            let mut piece = vec![[9.0; 2]; size];
            let written = mixer.fill(&mut piece).unwrap();
            let expected = whole.get(from..whole.len().min(from + size)).unwrap_or_default();
            prop_assert_eq!(&piece[..written], expected);
        }
    }
}
