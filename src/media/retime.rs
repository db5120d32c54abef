//! Changes the speed of sound, with or without its pitch (cap-look.md 21.3).

use std::collections::VecDeque;
use std::ffi::c_int;

use ffmpeg_next::format::Sample;
use ffmpeg_next::format::sample::Type;
use ffmpeg_next::{ChannelLayout, filter, frame};

use super::ffmpeg::{self, FfmpegError};
use super::resample::Resampler;
use crate::sound::{BoxError, Onsets, Retime, Retimer, RetimerFactory, SAMPLE_RATE, Stereo};

/// Why sound can't be retimed.
#[derive(Debug, thiserror::Error)]
pub enum RetimeError {
    /// A build of FFmpeg without a filter.
    #[error("this FFmpeg has no filter {0:?}, which speed changes need; install a full FFmpeg build")]
    NoFilter(&'static str),
    /// FFmpeg refused.
    #[error("FFmpeg could not {action} of the speed change")]
    Ffmpeg {
        /// What was being done.
        action: &'static str,
        /// Why.
        source: FfmpegError,
    },
}

impl RetimeError {
    fn ffmpeg(action: &'static str) -> impl FnOnce(ffmpeg_next::Error) -> Self {
        move |source| Self::Ffmpeg {
            action,
            source: source.into(),
        }
    }
}

/// Makes FFmpeg's retimers for a [`Mixer`](crate::sound::Mixer).
pub fn retimers() -> RetimerFactory {
    Box::new(|retime| {
        ffmpeg::init();
        Ok(if retime.keep_pitch {
            Box::new(Tempo::new(retime.speed)?) as Box<dyn Retimer>
        } else {
            Box::new(Varispeed::new(retime)?)
        })
    })
}

/// Samples that were retimed but not pulled yet.
#[derive(Default)]
struct Ready(VecDeque<Stereo>);

impl Ready {
    fn pull(&mut self, out: &mut [Stereo]) -> usize {
        let count = out.len().min(self.0.len());
        for (to, from) in out.iter_mut().zip(self.0.drain(..count)) {
            *to = from;
        }
        count
    }
}

/// Resampling: the pitch follows the speed.
struct Varispeed {
    resampler: Resampler,
    scratch: Vec<Stereo>,
    ready: Ready,
}

impl Varispeed {
    /// The rates passed to the resampler count in this many steps a hertz, so that a speed which is no multiple of
    /// 1/48000 does not drift: at 1000 by less than 0.1 ms an hour.
    const STEPS: u32 = 1000;

    fn new(retime: Retime) -> Result<Self, RetimeError> {
        let rate = f64::from(SAMPLE_RATE) * f64::from(Self::STEPS);
        let input = (rate * retime.speed).round() as c_int;
        let resampler =
            Resampler::for_stereo(input, rate as c_int).map_err(|source| RetimeError::Ffmpeg {
                action: "set up the resampler",
                source,
            })?;
        Ok(Self {
            resampler,
            scratch: Vec::new(),
            ready: Ready::default(),
        })
    }
}

impl Retimer for Varispeed {
    fn push(&mut self, input: &[Stereo]) -> Result<(), BoxError> {
        self.resampler.push(input, &mut self.scratch)?;
        self.ready.0.extend(self.scratch.drain(..));
        Ok(())
    }

    fn finish(&mut self) -> Result<(), BoxError> {
        self.resampler.finish(&mut self.scratch)?;
        self.ready.0.extend(self.scratch.drain(..));
        Ok(())
    }

    fn pull(&mut self, out: &mut [Stereo]) -> usize {
        self.ready.pull(out)
    }
}

/// Time stretching: the pitch stays.
///
/// WSOLA shifts what it repeats or leaves out to where waveforms match, by up to half a window (21 ms), and has nothing
/// to match in silence, where an onset would come up to 40 ms early. So every onset starts a stretch of its own, at
/// exactly its place.
struct Tempo {
    speed: f64,
    stretch: Stretch,
    onsets: Onsets,
    /// Input samples taken so far.
    taken: u64,
    /// Output samples that became ready so far.
    given: u64,
    /// What the stretch at hand gave beyond the place of the input taken so far.
    held: VecDeque<Stereo>,
    ready: Ready,
}

impl Tempo {
    fn new(speed: f64) -> Result<Self, RetimeError> {
        Ok(Self {
            speed,
            stretch: Stretch::new(speed)?,
            onsets: Onsets::new(),
            taken: 0,
            given: 0,
            held: VecDeque::new(),
            ready: Ready::default(),
        })
    }

    fn take(&mut self, input: &[Stereo]) -> Result<(), RetimeError> {
        if input.is_empty() {
            return Ok(());
        }
        self.stretch.push(input, &mut self.held)?;
        self.taken += input.len() as u64;
        self.give((self.taken as f64 / self.speed).floor() as u64);
        Ok(())
    }

    /// Makes ready what is held, up to output sample `until`.
    fn give(&mut self, until: u64) {
        let count = (until.saturating_sub(self.given) as usize).min(self.held.len());
        self.given += count as u64;
        self.ready.0.extend(self.held.drain(..count));
    }

    /// Ends the stretch at hand where the input taken so far ends.
    fn end_stretch(&mut self) -> Result<(), RetimeError> {
        self.stretch.finish(&mut self.held)?;
        let end = (self.taken as f64 / self.speed).round() as u64;
        self.give(end);
        let missing = end.saturating_sub(self.given);
        self.ready
            .0
            .extend(std::iter::repeat_n([0.0; 2], missing as usize));
        self.given += missing;
        self.held.clear();
        Ok(())
    }
}

impl Retimer for Tempo {
    fn push(&mut self, mut input: &[Stereo]) -> Result<(), BoxError> {
        while let Some(onset) = self.onsets.find(input) {
            let (before, after) = input.split_at(onset);
            self.take(before)?;
            self.end_stretch()?;
            self.stretch = Stretch::new(self.speed)?;
            input = after;
        }
        Ok(self.take(input)?)
    }

    fn finish(&mut self) -> Result<(), BoxError> {
        Ok(self.end_stretch()?)
    }

    fn pull(&mut self, out: &mut [Stereo]) -> usize {
        self.ready.pull(out)
    }
}

/// A chain of FFmpeg's `atempo` (WSOLA).
struct Stretch {
    graph: filter::Graph,
    /// Samples pushed so far: the next frame's timestamp.
    pushed: i64,
}

/// Silence that follows the input, samples; more than the windows of three chained filters.
const TAIL: usize = 16_384;
const SOURCE: &str = "in";
const SINK: &str = "out";

impl Stretch {
    fn new(speed: f64) -> Result<Self, RetimeError> {
        let mut graph = filter::Graph::new();
        let find = |name| filter::find(name).ok_or(RetimeError::NoFilter(name));
        let failed = RetimeError::ffmpeg;
        let layout = "sample_fmt=flt:channel_layout=stereo";
        let arguments = format!("time_base=1/{SAMPLE_RATE}:sample_rate={SAMPLE_RATE}:{layout}");
        let mut last = graph
            .add(&find("abuffer")?, SOURCE, &arguments)
            .map_err(failed("set up the input"))?;
        for (i, factor) in factors(speed).into_iter().enumerate() {
            let mut next = graph
                .add(&find("atempo")?, &format!("tempo{i}"), &format!("tempo={factor}"))
                .map_err(failed("set up the filter"))?;
            last.link(0, &mut next, 0);
            last = next;
        }
        let mut sink = graph
            .add(&find("abuffersink")?, SINK, "")
            .map_err(failed("set up the output"))?;
        last.link(0, &mut sink, 0);
        graph.validate().map_err(failed("connect the filters"))?;
        Ok(Self { graph, pushed: 0 })
    }

    fn endpoint(&mut self, name: &str) -> Result<filter::Context, RetimeError> {
        let missing = || RetimeError::ffmpeg("find the ends")(ffmpeg_next::Error::FilterNotFound);
        self.graph.get(name).ok_or_else(missing)
    }

    fn push(&mut self, input: &[Stereo], out: &mut VecDeque<Stereo>) -> Result<(), RetimeError> {
        let mut frame = frame::Audio::new(Sample::F32(Type::Packed), input.len(), ChannelLayout::STEREO);
        frame.set_rate(SAMPLE_RATE);
        frame.set_pts(Some(self.pushed));
        for (to, from) in frame.plane_mut::<(f32, f32)>(0).iter_mut().zip(input) {
            *to = (from[0], from[1]);
        }
        self.pushed += input.len() as i64;
        let mut source = self.endpoint(SOURCE)?;
        source
            .source()
            .add(&frame)
            .map_err(RetimeError::ffmpeg("pass on the input"))?;
        self.collect(out)
    }

    /// Ends the input and takes the rest. The filter drops some of what it could still blend with when its input ends,
    /// so silence pushes that out first.
    fn finish(&mut self, out: &mut VecDeque<Stereo>) -> Result<(), RetimeError> {
        self.push(&[[0.0; 2]; TAIL], out)?;
        let mut source = self.endpoint(SOURCE)?;
        source
            .source()
            .flush()
            .map_err(RetimeError::ffmpeg("end the input"))?;
        self.collect(out)
    }

    /// Moves what the graph has ready.
    fn collect(&mut self, out: &mut VecDeque<Stereo>) -> Result<(), RetimeError> {
        let mut sink = self.endpoint(SINK)?;
        let mut frame = frame::Audio::empty();
        loop {
            match sink.sink().frame(&mut frame) {
                Ok(()) => {
                    out.extend(
                        frame
                            .plane::<(f32, f32)>(0)
                            .iter()
                            .map(|&(left, right)| [left, right]),
                    );
                }
                Err(ffmpeg_next::Error::Eof) => return Ok(()),
                Err(ffmpeg_next::Error::Other { errno: libc::EAGAIN }) => return Ok(()),
                Err(error) => return Err(RetimeError::ffmpeg("take the output")(error)),
            }
        }
    }
}

/// `speed` as a product of equal factors within 0.5..=2, beyond which `atempo` skips samples rather than blending them.
fn factors(speed: f64) -> Vec<f64> {
    let count = speed.log2().abs().ceil().max(1.0);
    vec![speed.powf(1.0 / count); count as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = SAMPLE_RATE as f64;

    /// Everything the retimer makes of `input`, pushed in blocks.
    fn retime(speed: f64, keep_pitch: bool, input: &[Stereo]) -> Vec<Stereo> {
        let mut retimer = retimers()(Retime { speed, keep_pitch }).unwrap();
        let mut out = Vec::new();
        let mut block = [[0.0; 2]; 777];
        let mut pull = |retimer: &mut dyn Retimer| {
            loop {
                let count = retimer.pull(&mut block);
                out.extend_from_slice(&block[..count]);
                if count < block.len() {
                    return;
                }
            }
        };
        for block in input.chunks(1024) {
            retimer.push(block).unwrap();
            pull(&mut *retimer);
        }
        retimer.finish().unwrap();
        pull(&mut *retimer);
        out
    }

    /// Half a second of silence, then a tone; the right side is the left side turned over.
    fn late_tone(seconds: f64, hertz: f64) -> Vec<Stereo> {
        let sample = |i: usize| {
            let time = i as f64 / RATE - 0.5;
            let value = if time < 0.0 {
                0.0
            } else {
                (time * hertz * std::f64::consts::TAU).sin() as f32 * 0.5
            };
            [value, -value]
        };
        (0..(seconds * RATE) as usize).map(sample).collect()
    }

    /// Frequency by the upward zero crossings of the left side.
    fn frequency(samples: &[Stereo]) -> f64 {
        let crossings: Vec<f64> = samples
            .windows(2)
            .enumerate()
            .filter(|(_, pair)| pair[0][0] < 0.0 && pair[1][0] >= 0.0)
            .map(|(i, pair)| i as f64 + f64::from(pair[0][0] / (pair[0][0] - pair[1][0])))
            .collect();
        (crossings.len() - 1) as f64 / (crossings[crossings.len() - 1] - crossings[0]) * RATE
    }

    const SPEEDS: [f64; 9] = [0.25, 0.5, 0.8, 1.25, 1.5, 2.0, 3.0, 1.234_567, 8.0];

    fn check(keep_pitch: bool, tolerance: f64) {
        for speed in SPEEDS {
            let input = late_tone(6.0, 440.0);
            let out = retime(speed, keep_pitch, &input);
            let expected = input.len() as f64 / speed;
            assert!(
                (expected - out.len() as f64).abs() <= 2.0,
                "speed {speed}: {} samples",
                out.len()
            );
            // At a quarter of the speed each half of the chain adds its share of a window.
            let late = if speed < 0.5 { 0.025 } else { 0.006 };
            let end = out.iter().rposition(|s| s[0].abs() > 0.1).unwrap() as f64 / RATE;
            assert!((end - 6.0 / speed).abs() < late, "speed {speed}: end at {end}");
            let onset = out.iter().position(|s| s[0].abs() > 0.1).unwrap() as f64 / RATE;
            assert!(
                (onset - 0.5 / speed).abs() < 0.005,
                "speed {speed}: onset at {onset}"
            );
            let tone = &out[((0.55 / speed + 0.05) * RATE) as usize..((5.8 / speed - 0.03) * RATE) as usize];
            let hertz = frequency(tone);
            let wanted = if keep_pitch { 440.0 } else { 440.0 * speed };
            assert!(
                (hertz / wanted - 1.0).abs() < tolerance,
                "speed {speed}: {hertz} Hz"
            );
            assert!(
                tone.iter()
                    .all(|s| (s[0] + s[1]).abs() < 1e-4 && s[0].abs() < 0.6),
                "speed {speed}"
            );
        }
    }

    #[test]
    fn tempo_keeps_the_pitch() {
        check(true, 0.005);
    }

    #[test]
    fn varispeed_scales_the_pitch() {
        check(false, 1e-4);
    }

    #[test]
    fn factors_stay_where_samples_are_blended() {
        for speed in SPEEDS {
            let factors = factors(speed);
            assert!((factors.iter().product::<f64>() - speed).abs() < 1e-9);
            assert!(
                factors.iter().all(|factor| (0.5..=2.0).contains(factor)),
                "{factors:?}"
            );
        }
        assert_eq!(factors(8.0), [2.0; 3]);
        assert_eq!(factors(0.25), [0.5; 2]);
    }
}
