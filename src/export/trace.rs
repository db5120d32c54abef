//! A trace of an export in the Trace Event Format that Perfetto (ui.perfetto.dev) and chrome://tracing read: a track for
//! every stage with the frames it worked on, its waits, and the depth of the queues between stages.
//!
//! Collecting costs a few dozen bytes a frame and stage; an export that is not traced collects nothing.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A trace file: the object form of the format.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceFile {
    /// Events, in no particular order.
    pub trace_events: Vec<TraceEvent>,
    /// Unit in which viewers show times.
    pub display_time_unit: String,
    /// When time 0 was, microseconds since 1970.
    pub epoch_unix_us: f64,
}

/// An event of the format. Times are microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceEvent {
    /// What happened: a stage's name for its work on a frame, `repeat` for a frame that equals the one before, `finish` for
    /// what follows the last frame, `wait for input` and `wait for room ahead`; else the name of a counter or of metadata.
    pub name: String,
    /// `work`, `wait` or `export`; none for counters and metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cat: Option<String>,
    /// Kind: `X` is a span, `C` a counter, `M` metadata.
    pub ph: String,
    /// Begin.
    pub ts: f64,
    /// Length of a span.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dur: Option<f64>,
    /// Process: one a traced export.
    pub pid: u32,
    /// Track: one a stage.
    pub tid: u32,
    /// Number of the output frame, values of a counter, or the name that metadata gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<TraceArgs>,
}

/// Arguments of an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TraceArgs {
    /// Output frame, from 0; for sound the first of those that were mixed in one go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<u64>,
    /// Name of a process or track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Place of a process or track among its like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_index: Option<u32>,
    /// Frames or packets in a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<f64>,
    /// Resident set of the process, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<f64>,
}

/// Stages in the order of the pipeline, which is the order of their tracks.
const STAGES: [&str; 8] = [
    "decode", "upload", "render", "readback", "convert", "encode", "mux", "sound",
];

impl TraceFile {
    /// Places the trace into one of several: as process `pid`, `shift_us` later.
    pub fn place(&mut self, pid: u32, shift_us: f64) {
        for event in &mut self.trace_events {
            event.pid = pid;
            if event.ph != "M" {
                event.ts += shift_us;
            }
        }
    }

    /// Calls process `pid` by a name.
    pub fn name_process(&mut self, pid: u32, name: &str) {
        let args = TraceArgs {
            name: Some(name.to_owned()),
            ..TraceArgs::default()
        };
        self.trace_events.push(metadata("process_name", pid, 0, args));
        let args = TraceArgs {
            sort_index: Some(pid),
            ..TraceArgs::default()
        };
        self.trace_events
            .push(metadata("process_sort_index", pid, 0, args));
    }

    /// Adds a sample of the process' resident set.
    pub fn resident_set(&mut self, pid: u32, at_us: f64, bytes: u64) {
        self.trace_events.push(TraceEvent {
            name: "resident set".to_owned(),
            cat: None,
            ph: "C".to_owned(),
            ts: at_us,
            dur: None,
            pid,
            tid: 0,
            args: Some(TraceArgs {
                bytes: Some(bytes as f64),
                ..TraceArgs::default()
            }),
        });
    }
}

fn metadata(name: &str, pid: u32, tid: u32, args: TraceArgs) -> TraceEvent {
    TraceEvent {
        name: name.to_owned(),
        cat: None,
        ph: "M".to_owned(),
        ts: 0.0,
        dur: None,
        pid,
        tid,
        args: Some(args),
    }
}

/// What a span shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Work(Option<u64>),
    Repeat(Option<u64>),
    WaitInput,
    WaitOutput,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    lane: usize,
    kind: Kind,
    begin: Instant,
    end: Instant,
}

#[derive(Debug)]
struct Depth {
    queue: &'static str,
    at: Instant,
    depth: usize,
}

/// What one stage's thread notes for the trace.
#[derive(Debug)]
pub(super) struct StageLog {
    lanes: &'static [&'static str],
    /// Work that has begun: lane, frame, when.
    open: Option<(usize, Option<u64>, Instant)>,
    spans: Vec<Span>,
    depths: Vec<Depth>,
}

impl StageLog {
    pub(super) fn new(lanes: &'static [&'static str]) -> Self {
        Self {
            lanes,
            open: None,
            spans: Vec::new(),
            depths: Vec::new(),
        }
    }

    /// Work on `frame` begins in `lane`; `None` is work that belongs to no frame.
    pub(super) fn begin(&mut self, lane: usize, frame: Option<u64>, at: Instant) {
        self.open = Some((lane, frame, at));
    }

    /// The first part of the open work, `spent` long, was another lane's.
    pub(super) fn shift(&mut self, lane: usize, spent: Duration) {
        if let Some((_, frame, begin)) = &mut self.open {
            let end = *begin + spent;
            self.spans.push(Span {
                lane,
                kind: Kind::Work(*frame),
                begin: *begin,
                end,
            });
            *begin = end;
        }
    }

    /// The open work of `lane` ends.
    pub(super) fn end(&mut self, lane: usize, at: Instant) {
        if self.open.is_some_and(|(open, ..)| open == lane) {
            self.close(Kind::Work, at);
        }
    }

    /// The open work ends; all it found was the frame before.
    pub(super) fn repeat(&mut self, at: Instant) {
        self.close(Kind::Repeat, at);
    }

    /// All work ends.
    pub(super) fn finish(&mut self, at: Instant) {
        self.close(Kind::Work, at);
    }

    fn close(&mut self, kind: fn(Option<u64>) -> Kind, at: Instant) {
        if let Some((lane, frame, begin)) = self.open.take() {
            self.spans.push(Span {
                lane,
                kind: kind(frame),
                begin,
                end: at,
            });
        }
    }

    /// The thread waited, for room ahead or else for input.
    pub(super) fn wait(&mut self, for_room: bool, begin: Instant, end: Instant) {
        let kind = if for_room {
            Kind::WaitOutput
        } else {
            Kind::WaitInput
        };
        self.spans.push(Span {
            lane: 0,
            kind,
            begin,
            end,
        });
    }

    /// So much stands in a queue at this moment.
    pub(super) fn depth(&mut self, queue: &'static str, depth: usize) {
        self.depths.push(Depth {
            queue,
            at: Instant::now(),
            depth,
        });
    }
}

/// Puts the notes of all stages into one trace. Times count from `begun`; the stages ran from `from` until `to`.
pub(super) fn gather(logs: Vec<StageLog>, begun: Instant, from: Instant, to: Instant) -> TraceFile {
    let us = |at: Instant| at.saturating_duration_since(begun).as_secs_f64() * 1e6;
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let pid = 1;
    let span =
        |name: &str, cat: &str, tid: u32, begin: Instant, end: Instant, frame: Option<u64>| TraceEvent {
            name: name.to_owned(),
            cat: Some(cat.to_owned()),
            ph: "X".to_owned(),
            ts: us(begin),
            dur: Some(us(end) - us(begin)),
            pid,
            tid,
            args: frame.map(|frame| TraceArgs {
                frame: Some(frame),
                ..TraceArgs::default()
            }),
        };
    let mut events = Vec::new();
    let mut tracks = vec![(0, "export")];
    for log in logs {
        let tid = |lane: usize| {
            let stage = log.lanes[lane];
            let place = STAGES.iter().position(|name| *name == stage);
            place.map_or(STAGES.len(), |place| place) as u32 + 1
        };
        tracks.extend(
            log.lanes
                .iter()
                .enumerate()
                .map(|(lane, name)| (tid(lane), *name)),
        );
        for Span {
            lane,
            kind,
            begin,
            end,
        } in log.spans
        {
            let (name, cat, frame) = match kind {
                Kind::Work(Some(frame)) => (log.lanes[lane], "work", Some(frame)),
                Kind::Work(None) => ("finish", "work", None),
                Kind::Repeat(frame) => ("repeat", "work", frame),
                Kind::WaitInput => ("wait for input", "wait", None),
                Kind::WaitOutput => ("wait for room ahead", "wait", None),
            };
            events.push(span(name, cat, tid(lane), begin, end, frame));
        }
        for Depth { queue, at, depth } in log.depths {
            events.push(TraceEvent {
                name: queue.to_owned(),
                cat: None,
                ph: "C".to_owned(),
                ts: us(at),
                dur: None,
                pid,
                tid: 0,
                args: Some(TraceArgs {
                    depth: Some(depth as f64),
                    ..TraceArgs::default()
                }),
            });
        }
    }
    for (tid, name) in tracks {
        let args = TraceArgs {
            name: Some(name.to_owned()),
            ..TraceArgs::default()
        };
        events.push(metadata("thread_name", pid, tid, args));
        let args = TraceArgs {
            sort_index: Some(tid),
            ..TraceArgs::default()
        };
        events.push(metadata("thread_sort_index", pid, tid, args));
    }
    // What no stage accounts for: opening files and devices before them, finishing the file after them.
    let ended = Instant::now();
    events.push(span("open", "export", 0, begun, from, None));
    events.push(span("stages", "export", 0, from, to, None));
    events.push(span("close", "export", 0, to, ended, None));
    TraceFile {
        trace_events: events,
        display_time_unit: "ms".to_owned(),
        epoch_unix_us: (since_1970.as_secs_f64() - (ended - begun).as_secs_f64()) * 1e6,
    }
}
