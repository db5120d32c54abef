//! How busy the GPU is: what its driver's own tools and files say, sampled beside a run.

use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Time between samples of a file.
const SAMPLE_EVERY: Duration = Duration::from_millis(200);

/// Use of the GPU during a run. All processes of the machine are counted: drivers do not tell them apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GpuUse {
    /// Mean share of the time in which the GPU worked, per cent.
    pub percent: Option<f64>,
    /// Largest sample, per cent.
    pub percent_peak: Option<f64>,
    /// What was asked: nvidia-smi (NVML), gpu_busy_percent (amdgpu), ioreg (IOKit's accelerator statistics).
    pub source: Option<String>,
    /// Why there is no figure; null when there is one.
    pub reason: Option<String>,
}

impl GpuUse {
    /// No figure, for a reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self {
            percent: None,
            percent_peak: None,
            source: None,
            reason: Some(reason.into()),
        }
    }
}

/// Where a figure can be had on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GpuSource {
    /// A command that prints samples until it is stopped.
    Tool {
        /// Its name in the result.
        name: &'static str,
        /// Program and arguments.
        command: Vec<String>,
    },
    /// A file that holds the figure of the moment.
    File(PathBuf),
}

impl GpuSource {
    /// The first source that this machine has, else why there is none.
    ///
    /// # Errors
    /// With the reason.
    pub fn find() -> Result<Self, String> {
        if cfg!(target_os = "macos") {
            // Two samples a second: listing the registry takes some 20 ms of CPU time, not booked on the export.
            let script = "while :; do /usr/sbin/ioreg -r -d 1 -w 0 -c IOAccelerator; sleep 0.5; done";
            let command = ["/bin/sh", "-c", script].map(str::to_owned).to_vec();
            return Ok(Self::Tool {
                name: "ioreg",
                command,
            });
        }
        let nvidia = [
            "nvidia-smi",
            "--query-gpu=utilization.gpu",
            "--format=csv,noheader,nounits",
        ];
        let asked = Command::new(nvidia[0])
            .args(&nvidia[1..])
            .stdin(Stdio::null())
            .output();
        let nvidia_says = match asked {
            Ok(output) if output.status.success() => {
                let command = nvidia
                    .iter()
                    .copied()
                    .chain(["-lms", "200"])
                    .map(str::to_owned)
                    .collect();
                return Ok(Self::Tool {
                    name: "nvidia-smi",
                    command,
                });
            }
            Ok(output) => format!("nvidia-smi ended with {}", output.status),
            Err(error) => format!("nvidia-smi: {error}"),
        };
        let cards = std::fs::read_dir("/sys/class/drm")
            .into_iter()
            .flatten()
            .flatten();
        let busy = cards
            .map(|card| card.path().join("device/gpu_busy_percent"))
            .find(|file| file.is_file());
        busy.map(Self::File).ok_or_else(|| {
            format!(
                "nothing here tells how busy a GPU is ({nvidia_says}; no gpu_busy_percent in /sys/class/drm)"
            )
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Tool { name, .. } => name,
            Self::File(_) => "gpu_busy_percent",
        }
    }
}

/// Samples until it is finished.
pub struct GpuWatch {
    source: &'static str,
    stop: Arc<AtomicBool>,
    tool: Option<Child>,
    reader: JoinHandle<Vec<f64>>,
}

impl GpuWatch {
    /// Begins to sample.
    ///
    /// # Errors
    /// When the tool can't be started.
    pub fn start(source: &GpuSource) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (tool, reader) = match source {
            GpuSource::Tool { command, .. } => {
                let mut child = Command::new(&command[0])
                    .args(&command[1..])
                    .stdin(Stdio::null())
                    .stderr(Stdio::null())
                    .stdout(Stdio::piped())
                    .spawn()?;
                let pipe = child.stdout.take();
                let lines = move || {
                    let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).lines());
                    lines
                        .map_while(Result::ok)
                        .filter_map(|line| percent_in(&line))
                        .collect()
                };
                (Some(child), thread::spawn(lines))
            }
            GpuSource::File(file) => {
                let (file, stop) = (file.clone(), Arc::clone(&stop));
                let poll = move || {
                    let mut samples = Vec::new();
                    while !stop.load(Ordering::Relaxed) {
                        samples.extend(
                            std::fs::read_to_string(&file)
                                .ok()
                                .and_then(|text| percent_in(&text)),
                        );
                        thread::sleep(SAMPLE_EVERY);
                    }
                    samples
                };
                (None, thread::spawn(poll))
            }
        };
        Ok(Self {
            source: source.name(),
            stop,
            tool,
            reader,
        })
    }

    /// Ends the sampling.
    pub fn finish(mut self) -> GpuUse {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(tool) = &mut self.tool {
            // A tool that ended by itself has been told all the same by its missing samples.
            let _ = tool.kill();
            let _ = tool.wait();
        }
        let samples = self.reader.join().unwrap_or_default();
        if samples.is_empty() {
            return GpuUse::unknown(format!("{} gave no figure while the run lasted", self.source));
        }
        GpuUse {
            percent: Some(samples.iter().sum::<f64>() / samples.len() as f64),
            percent_peak: samples.iter().copied().reduce(f64::max),
            source: Some(self.source.to_owned()),
            reason: None,
        }
    }
}

/// The figure in a line of nvidia-smi or gpu_busy_percent ("37"), or of ioreg
/// (`"PerformanceStatistics" = {..."Device Utilization %"=37...}`).
fn percent_in(line: &str) -> Option<f64> {
    let text = match line.split_once("\"Device Utilization %\"=") {
        Some((_, rest)) => rest.split(|c: char| !c.is_ascii_digit()).next()?,
        None => line.trim(),
    };
    text.parse()
        .ok()
        .filter(|percent| (0.0..=100.0).contains(percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_every_source() {
        assert_eq!(percent_in("37\n"), Some(37.0));
        let ioreg =
            r#"  "PerformanceStatistics" = {"Tiler Utilization %"=12,"Device Utilization %"=64,"x"=1}"#;
        assert_eq!(percent_in(ioreg), Some(64.0));
        assert_eq!(percent_in("[N/A]"), None);
        assert_eq!(percent_in(r#""IOClass" = "AGXAccelerator""#), None);
    }

    #[test]
    fn a_tool_is_sampled_and_stopped() {
        let script = "while :; do printf '20\\n40\\n'; sleep 0.05; done";
        let command = ["sh", "-c", script].map(str::to_owned).to_vec();
        let watch = GpuWatch::start(&GpuSource::Tool {
            name: "test",
            command,
        })
        .unwrap();
        thread::sleep(Duration::from_millis(300));
        let usage = watch.finish();
        assert_eq!((usage.percent, usage.percent_peak), (Some(30.0), Some(40.0)));
    }

    #[test]
    fn silence_has_a_reason() {
        let command = ["sh", "-c", "exit 1"].map(str::to_owned).to_vec();
        let usage = GpuWatch::start(&GpuSource::Tool {
            name: "test",
            command,
        })
        .unwrap()
        .finish();
        assert!(usage.percent.is_none() && usage.reason.unwrap().contains("test"));
    }
}
