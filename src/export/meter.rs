//! Where the time of a stage goes: every moment of its thread is busy, waiting for input or waiting for room ahead.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::trace::StageLog;

/// What a stage's thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Working, in the lane of this index.
    Busy(usize),
    /// Waiting for the stage before it.
    WaitInput,
    /// Waiting for room in the queue to the stage after it.
    WaitOutput,
    /// Finished.
    Done,
}

impl Activity {
    const fn code(self) -> u8 {
        match self {
            Self::Busy(lane) => lane as u8,
            Self::WaitInput => 253,
            Self::WaitOutput => 254,
            Self::Done => 255,
        }
    }

    const fn from_code(code: u8) -> Self {
        match code {
            253 => Self::WaitInput,
            254 => Self::WaitOutput,
            255 => Self::Done,
            lane => Self::Busy(lane as usize),
        }
    }
}

/// Live view of one stage, read by whoever watches for a stall.
#[derive(Debug)]
pub(super) struct StageState {
    lanes: &'static [&'static str],
    activity: AtomicU8,
    since_us: AtomicU64,
    frames: AtomicU64,
    epoch: Instant,
}

impl StageState {
    /// A sentence for a person: what the stage does, for how long, after how many frames.
    pub(super) fn describe(&self) -> String {
        let now = self.epoch.elapsed().as_micros() as u64;
        let since = now.saturating_sub(self.since_us.load(Ordering::Relaxed)) as f64 / 1e6;
        let frames = self.frames.load(Ordering::Relaxed);
        let name = self.lanes[0];
        match Activity::from_code(self.activity.load(Ordering::Relaxed)) {
            Activity::Busy(lane) => {
                let lane = self.lanes.get(lane).copied().unwrap_or(name);
                format!("{lane} busy for {since:.1} s after {frames} frames")
            }
            Activity::WaitInput => format!("{name} has waited {since:.1} s for input after {frames} frames"),
            Activity::WaitOutput => {
                format!("{name} has waited {since:.1} s for room ahead after {frames} frames")
            }
            Activity::Done => format!("{name} is done after {frames} frames"),
        }
    }
}

/// Keeps a stage's books. One thread owns it; its lanes are the parts of the work that are told apart
/// (the render thread uploads, draws and reads back).
#[derive(Debug)]
pub(super) struct Meter {
    state: Arc<StageState>,
    current: Activity,
    since: Instant,
    started: Instant,
    wait_input: Duration,
    wait_output: Duration,
    lanes: Vec<Lane>,
    log: Option<StageLog>,
}

#[derive(Debug, Default)]
struct Lane {
    busy: Duration,
    this_frame: Duration,
    per_frame: Histogram,
    frames: u64,
    bytes: u64,
}

impl Meter {
    /// A meter whose thread starts out waiting for input. One that is traced also keeps a log.
    pub(super) fn new(lanes: &'static [&'static str], traced: bool) -> Self {
        let now = Instant::now();
        Self {
            state: Arc::new(StageState {
                lanes,
                activity: AtomicU8::new(Activity::WaitInput.code()),
                since_us: AtomicU64::new(0),
                frames: AtomicU64::new(0),
                epoch: now,
            }),
            current: Activity::WaitInput,
            since: now,
            started: now,
            wait_input: Duration::ZERO,
            wait_output: Duration::ZERO,
            lanes: lanes.iter().map(|_| Lane::default()).collect(),
            log: traced.then(|| StageLog::new(lanes)),
        }
    }

    /// The live view of this stage.
    pub(super) fn state(&self) -> Arc<StageState> {
        Arc::clone(&self.state)
    }

    /// Ends the current activity and begins another.
    pub(super) fn enter(&mut self, activity: Activity) {
        let now = Instant::now();
        let spent = now - self.since;
        match self.current {
            Activity::Busy(lane) => {
                self.lanes[lane].busy += spent;
                self.lanes[lane].this_frame += spent;
            }
            Activity::WaitInput => self.wait_input += spent,
            Activity::WaitOutput => self.wait_output += spent,
            Activity::Done => {}
        }
        if let (Some(log), Activity::WaitInput | Activity::WaitOutput) = (&mut self.log, self.current) {
            log.wait(self.current == Activity::WaitOutput, self.since, now);
        }
        self.current = activity;
        self.since = now;
        self.state.activity.store(activity.code(), Ordering::Relaxed);
        self.state
            .since_us
            .store((now - self.state.epoch).as_micros() as u64, Ordering::Relaxed);
    }

    /// Begins work in `lane` on an output frame, or on what belongs to none.
    pub(super) fn begin(&mut self, lane: usize, frame: Option<u64>) {
        self.enter(Activity::Busy(lane));
        if let Some(log) = &mut self.log {
            log.begin(lane, frame, self.since);
        }
    }

    /// Notes that the work that began last found nothing but the frame before.
    pub(super) fn repeated(&mut self) {
        if let Some(log) = &mut self.log {
            log.repeat(Instant::now());
        }
    }

    /// Notes how much stands in a queue, if anybody wants to know.
    pub(super) fn queue_depth(&mut self, queue: &'static str, depth: impl FnOnce() -> usize) {
        if let Some(log) = &mut self.log {
            log.depth(queue, depth());
        }
    }

    /// Books `spent` of the current lane's time on `lane` instead: work that a callee measured itself.
    pub(super) fn shift(&mut self, lane: usize, spent: Duration) {
        if let Activity::Busy(current) = self.current {
            self.enter(Activity::Busy(current));
            let spent = spent.min(self.lanes[current].this_frame);
            self.lanes[current].busy -= spent;
            self.lanes[current].this_frame -= spent;
            self.lanes[lane].busy += spent;
            self.lanes[lane].this_frame += spent;
            if let Some(log) = &mut self.log {
                log.shift(lane, spent);
            }
        }
    }

    /// Closes a frame in `lane`: the time booked since the last close is its cost, `bytes` what it moved.
    pub(super) fn frame_done(&mut self, lane: usize, bytes: u64) {
        self.enter(self.current);
        if let Some(log) = &mut self.log {
            log.end(lane, self.since);
        }
        let lane_books = &mut self.lanes[lane];
        lane_books
            .per_frame
            .record(std::mem::take(&mut lane_books.this_frame));
        lane_books.frames += 1;
        lane_books.bytes += bytes;
        if lane == 0 {
            self.state.frames.store(lane_books.frames, Ordering::Relaxed);
        }
    }

    /// Ends the books. Waits are the thread's and stand in its first lane.
    pub(super) fn finish(mut self) -> (Vec<StageReport>, Option<StageLog>) {
        self.enter(Activity::Done);
        let log = self.log.take().map(|mut log| {
            log.finish(self.since);
            log
        });
        let wall = self.started.elapsed();
        let state = Arc::clone(&self.state);
        let (wait_input, wait_output) = (self.wait_input, self.wait_output);
        let accounted: Duration =
            self.lanes.iter().map(|lane| lane.busy).sum::<Duration>() + wait_input + wait_output;
        let lanes = std::mem::take(&mut self.lanes);
        let reports = lanes
            .into_iter()
            .enumerate()
            .map(|(index, lane)| {
                let first = index == 0;
                let of_thread = |d: Duration| if first { d.as_secs_f64() } else { 0.0 };
                StageReport {
                    stage: state.lanes[index].to_owned(),
                    thread: state.lanes[0].to_owned(),
                    frames: lane.frames,
                    bytes: lane.bytes,
                    busy_s: lane.busy.as_secs_f64(),
                    wait_input_s: of_thread(wait_input),
                    wait_output_s: of_thread(wait_output),
                    unaccounted_s: of_thread(wall.saturating_sub(accounted)),
                    p50_ms: lane.per_frame.quantile_ms(0.5),
                    p95_ms: lane.per_frame.quantile_ms(0.95),
                    max_ms: lane.per_frame.max_ms(),
                }
            })
            .collect();
        (reports, log)
    }
}

/// What one stage of a finished export did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageReport {
    /// Stage: decode, upload, render, readback, convert, encode, mux or sound.
    pub stage: String,
    /// Stage whose thread this one runs on; waits are booked there.
    pub thread: String,
    /// Frames that passed (packets for mux, output frames' worth of samples for sound).
    pub frames: u64,
    /// Bytes moved: decoded planes, uploads, readback, NV12 written, packets.
    pub bytes: u64,
    /// Seconds of work.
    pub busy_s: f64,
    /// Seconds spent waiting for the stage before.
    pub wait_input_s: f64,
    /// Seconds spent waiting for room in the queue to the stage after.
    pub wait_output_s: f64,
    /// Seconds of the thread's life that neither work nor waits explain.
    pub unaccounted_s: f64,
    /// Median work per frame, milliseconds (0 when no frame passed).
    pub p50_ms: f64,
    /// 95th percentile of work per frame, milliseconds.
    pub p95_ms: f64,
    /// Largest work for one frame, milliseconds.
    pub max_ms: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::sleep;

    #[test]
    fn every_moment_is_booked_once() {
        let mut meter = Meter::new(&["render", "readback"], false);
        let begin = Instant::now();
        sleep(Duration::from_millis(5));
        meter.enter(Activity::Busy(0));
        sleep(Duration::from_millis(10));
        meter.frame_done(0, 7);
        meter.enter(Activity::Busy(1));
        sleep(Duration::from_millis(5));
        meter.frame_done(1, 9);
        meter.enter(Activity::WaitOutput);
        sleep(Duration::from_millis(5));
        let (reports, _) = meter.finish();
        let wall = begin.elapsed().as_secs_f64();
        let sum: f64 = reports
            .iter()
            .map(|r| r.busy_s + r.wait_input_s + r.wait_output_s + r.unaccounted_s)
            .sum();
        assert!((sum - wall).abs() < 0.002, "{sum} s booked of {wall} s");
        assert_eq!((reports[0].frames, reports[0].bytes, reports[1].bytes), (1, 7, 9));
        assert!(reports[0].busy_s >= 0.010 && reports[1].busy_s >= 0.005);
        assert!(reports[0].p50_ms >= 9.0 && reports[0].max_ms >= 10.0);
    }

    #[test]
    fn work_that_a_callee_measured_moves_between_lanes() {
        let mut meter = Meter::new(&["render", "upload"], false);
        meter.enter(Activity::Busy(0));
        sleep(Duration::from_millis(8));
        meter.shift(1, Duration::from_millis(3));
        meter.frame_done(0, 0);
        meter.frame_done(1, 0);
        let (reports, _) = meter.finish();
        assert!((reports[1].busy_s - 0.003).abs() < 1e-6);
        assert!(reports[0].busy_s >= 0.005);
    }

    #[test]
    fn a_stall_is_described_by_stage() {
        let mut meter = Meter::new(&["decode"], false);
        meter.enter(Activity::Busy(0));
        assert!(meter.state().describe().starts_with("decode busy for"));
        meter.enter(Activity::WaitOutput);
        assert!(meter.state().describe().contains("for room ahead"));
    }
}
