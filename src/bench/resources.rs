//! What a child process costs: wall and CPU time, memory over time. The child is given its own process so that memory,
//! caches and CPU time are its own.

use std::io::{self, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

/// Time between samples.
pub const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// Windows of the peak CPU figure: short ones would be quantised by the 10 ms that kernels account in.
const CPU_WINDOW: Duration = Duration::from_millis(500);
/// Points of the memory curve that are kept.
const MEMORY_POINTS: usize = 240;
/// Output of a child that is kept, bytes; what it prints beyond is read and dropped.
const OUTPUT_KEPT: u64 = 64 << 20;

/// What a process cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Seconds from the start of the process to its end.
    pub wall_s: f64,
    /// Seconds of CPU time in its own code, all threads.
    pub user_s: f64,
    /// Seconds of CPU time in the kernel.
    pub system_s: f64,
    /// CPU time over wall time, per cent of one core: 200 is two cores busy.
    pub cpu_percent: f64,
    /// The same over the busiest half second; null when the process was over sooner.
    pub cpu_percent_peak: Option<f64>,
    /// Largest resident set, bytes.
    pub peak_rss_bytes: u64,
    /// Whether the peak is the kernel's own high-water mark; else it is the largest sample (every 50 ms).
    pub peak_rss_exact: bool,
    /// Mean of the samples of the resident set, bytes.
    pub mean_rss_bytes: u64,
    /// Resident set over time, thinned out to 240 points.
    pub memory: Vec<MemoryPoint>,
}

/// A sample of the resident set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemoryPoint {
    /// Seconds after the start of the process.
    pub at_s: f64,
    /// Bytes.
    pub rss_bytes: u64,
}

/// A process that ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it complained of.
    pub stderr: Vec<u8>,
    /// What it cost.
    pub usage: Usage,
}

/// Runs `command` to its end and measures it. When `stop` is set the child is killed, and the call ends as if it had failed.
///
/// CPU times are what the kernel accounts to finished children, so no other child of this process may end meanwhile.
///
/// # Errors
/// When the process can't be started or read from.
pub fn measure(command: &mut Command, stop: &AtomicBool) -> io::Result<Finished> {
    let system = System::new().map_err(io::Error::other)?;
    let before = children_cpu()?;
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let (ended, end) = mpsc::channel();
    let stdout = child.stdout.take().map(|pipe| drain(pipe, Some(ended)));
    let stderr = child.stderr.take().map(|pipe| drain(pipe, None));
    let mut sampler = Sampler::new(system, child.id(), started);
    // The end of its output is the end of the process, to the microsecond; samples are taken until then.
    let finished = loop {
        sampler.sample();
        match end.recv_timeout(SAMPLE_EVERY) {
            Ok(at) => break at,
            Err(RecvTimeoutError::Disconnected) => break Instant::now(),
            Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {
                child.kill()?;
                break Instant::now();
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
    };
    let status = child.wait()?;
    let after = children_cpu()?;
    let joined = |reader: Option<thread::JoinHandle<io::Result<Vec<u8>>>>| match reader
        .map(thread::JoinHandle::join)
    {
        Some(Ok(bytes)) => bytes,
        Some(Err(_)) => Err(io::Error::other(
            "the thread that reads the child's output panicked",
        )),
        None => Ok(Vec::new()),
    };
    let wall_s = (finished - started).as_secs_f64();
    let usage = sampler.finish(wall_s, after.0 - before.0, after.1 - before.1);
    Ok(Finished {
        status,
        stdout: joined(stdout)?,
        stderr: joined(stderr)?,
        usage,
    })
}

fn drain(
    mut pipe: impl Read + Send + 'static,
    ended: Option<mpsc::Sender<Instant>>,
) -> thread::JoinHandle<io::Result<Vec<u8>>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let kept = pipe.by_ref().take(OUTPUT_KEPT).read_to_end(&mut bytes);
        let dropped = io::copy(&mut pipe, &mut io::sink());
        if let Some(ended) = ended {
            // Nobody listens any more once the child was killed.
            let _ = ended.send(Instant::now());
        }
        kept.and(dropped).map(|_| bytes)
    })
}

/// User and system time of all children that were waited for, seconds.
fn children_cpu() -> io::Result<(f64, f64)> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    Ok((seconds(usage.user_time()), seconds(usage.system_time())))
}

struct Sample {
    at: Duration,
    rss: u64,
    cpu_ms: u64,
}

struct Sampler {
    system: System,
    pid: Pid,
    started: Instant,
    samples: Vec<Sample>,
    high_water: Option<u64>,
}

impl Sampler {
    fn new(system: System, pid: u32, started: Instant) -> Self {
        Self {
            system,
            pid: Pid::from_u32(pid),
            started,
            samples: Vec::new(),
            high_water: None,
        }
    }

    fn sample(&mut self) {
        let what = ProcessRefreshKind::nothing().with_memory().with_cpu();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), false, what);
        let Some(process) = self.system.process(self.pid) else {
            return;
        };
        if process.memory() > 0 {
            let (rss, cpu_ms) = (process.memory(), process.accumulated_cpu_time());
            self.samples.push(Sample {
                at: self.started.elapsed(),
                rss,
                cpu_ms,
            });
        }
        self.high_water = high_water(self.pid.as_u32()).or(self.high_water);
    }

    fn finish(self, wall_s: f64, user_s: f64, system_s: f64) -> Usage {
        let sampled_peak = self.samples.iter().map(|sample| sample.rss).max().unwrap_or(0);
        let sum: u128 = self.samples.iter().map(|sample| u128::from(sample.rss)).sum();
        let step = self.samples.len().div_ceil(MEMORY_POINTS).max(1);
        let memory = self
            .samples
            .iter()
            .step_by(step)
            .map(|sample| MemoryPoint {
                at_s: sample.at.as_secs_f64(),
                rss_bytes: sample.rss,
            })
            .collect();
        Usage {
            wall_s,
            user_s,
            system_s,
            cpu_percent: if wall_s > 0.0 {
                (user_s + system_s) / wall_s * 100.0
            } else {
                0.0
            },
            cpu_percent_peak: peak_cpu(&self.samples),
            peak_rss_bytes: self.high_water.unwrap_or(0).max(sampled_peak),
            peak_rss_exact: self.high_water.is_some(),
            mean_rss_bytes: (sum / self.samples.len().max(1) as u128) as u64,
            memory,
        }
    }
}

/// Largest share of a core over any window of half a second.
fn peak_cpu(samples: &[Sample]) -> Option<f64> {
    let mut from = 0;
    let mut peak = None;
    for to in samples {
        while samples[from + 1..]
            .first()
            .is_some_and(|next| to.at.saturating_sub(next.at) >= CPU_WINDOW)
        {
            from += 1;
        }
        let span = to.at.saturating_sub(samples[from].at);
        if span >= CPU_WINDOW {
            let busy =
                to.cpu_ms.saturating_sub(samples[from].cpu_ms) as f64 / 1e3 / span.as_secs_f64() * 100.0;
            peak = Some(busy.max(peak.unwrap_or(0.0)));
        }
    }
    peak
}

/// Linux keeps the largest resident set of a process (`VmHWM`, proc(5)); other kernels tell it only of finished children,
/// and then of all of them together.
#[cfg(target_os = "linux")]
fn high_water(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()
        .map(|kib| kib * 1024)
}

#[cfg(not(target_os = "linux"))]
fn high_water(_: u32) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Finished {
        measure(Command::new("sh").args(["-c", script]), &AtomicBool::new(false)).unwrap()
    }

    #[test]
    fn a_child_is_measured_from_start_to_end() {
        let finished = shell("sleep 0.3; echo out; echo err >&2; exit 3");
        assert_eq!(finished.status.code(), Some(3));
        assert_eq!(
            (finished.stdout.as_slice(), finished.stderr.as_slice()),
            (&b"out\n"[..], &b"err\n"[..])
        );
        let usage = finished.usage;
        assert!((0.3..3.0).contains(&usage.wall_s), "{usage:?}");
        assert!(
            usage.peak_rss_bytes >= usage.mean_rss_bytes && usage.mean_rss_bytes > 0,
            "{usage:?}"
        );
        assert!(!usage.memory.is_empty() && usage.memory.len() <= MEMORY_POINTS);
    }

    #[test]
    fn a_child_that_hangs_ends_when_asked_to() {
        let begun = Instant::now();
        let finished = measure(Command::new("sleep").arg("60"), &AtomicBool::new(true)).unwrap();
        assert!(!finished.status.success() && begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn the_busiest_half_second_is_the_peak() {
        let at = |ms: u64, cpu_ms: u64| Sample {
            at: Duration::from_millis(ms),
            rss: 1,
            cpu_ms,
        };
        assert_eq!(peak_cpu(&[at(0, 0), at(400, 400)]), None);
        let samples = [at(0, 0), at(500, 100), at(1000, 1100), at(1500, 1200)];
        assert_eq!(peak_cpu(&samples), Some(200.0));
    }

    #[test]
    fn memory_points_are_bounded() {
        let mut sampler = Sampler::new(System::new().unwrap(), 1, Instant::now());
        for ms in 0..1000 {
            sampler.samples.push(Sample {
                at: Duration::from_millis(ms),
                rss: ms,
                cpu_ms: 0,
            });
        }
        let usage = sampler.finish(1.0, 0.5, 0.25);
        assert_eq!(
            (usage.memory.len(), usage.peak_rss_bytes, usage.cpu_percent),
            (200, 999, 75.0)
        );
    }
}
