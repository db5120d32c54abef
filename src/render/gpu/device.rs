//! Adapters, the device opened on one of them, and the errors it reports out of band.

use std::cmp::Reverse;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::frame::Size;
use crate::render::error::{RenderError, Stage};

/// Kind of hardware behind an adapter.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum AdapterKind {
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the CPU's memory.
    Integrated,
    /// A GPU lent to a virtual machine.
    Virtual,
    /// A rasteriser that runs on the CPU (lavapipe, WARP).
    Software,
    /// The driver does not say.
    Other,
}

impl AdapterKind {
    /// Higher is taken first.
    const fn preference(self) -> u8 {
        match self {
            Self::Discrete => 4,
            Self::Integrated => 3,
            Self::Virtual => 2,
            Self::Other => 1,
            Self::Software => 0,
        }
    }
}

/// What an adapter says of itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct AdapterReport {
    /// Name, as "llvmpipe (LLVM 15.0.6, 256 bits)".
    pub name: String,
    /// `vulkan`, `metal` or `dx12`.
    pub backend: String,
    /// Name of the driver.
    pub driver: String,
    /// Version of the driver.
    pub driver_info: String,
    /// Kind of hardware.
    pub kind: AdapterKind,
    /// Whether it draws on the CPU.
    pub software: bool,
}

impl AdapterReport {
    fn of(adapter: &wgpu::Adapter) -> Self {
        let info = adapter.get_info();
        let kind = match info.device_type {
            wgpu::DeviceType::DiscreteGpu => AdapterKind::Discrete,
            wgpu::DeviceType::IntegratedGpu => AdapterKind::Integrated,
            wgpu::DeviceType::VirtualGpu => AdapterKind::Virtual,
            wgpu::DeviceType::Cpu => AdapterKind::Software,
            wgpu::DeviceType::Other => AdapterKind::Other,
        };
        Self {
            name: info.name,
            backend: info.backend.to_str().to_owned(),
            driver: info.driver,
            driver_info: info.driver_info,
            kind,
            software: kind == AdapterKind::Software,
        }
    }

    fn matches(&self, selector: &str) -> bool {
        let selector = selector.to_lowercase();
        self.name.to_lowercase().contains(&selector) || self.backend.to_lowercase().contains(&selector)
    }
}

/// Every adapter that can render, best first.
pub fn adapters() -> Vec<AdapterReport> {
    enumerate().into_iter().map(|(report, _)| report).collect()
}

fn enumerate() -> Vec<(AdapterReport, wgpu::Adapter)> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::PRIMARY,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let mut found: Vec<_> = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::PRIMARY))
        .into_iter()
        .map(|adapter| (AdapterReport::of(&adapter), adapter))
        .collect();
    found.sort_by_key(|(report, _)| Reverse(report.kind.preference()));
    found
}

/// An opened adapter. A clone is the same device.
#[derive(Clone, Debug)]
pub struct Device {
    report: AdapterReport,
    pub(in crate::render) device: wgpu::Device,
    pub(in crate::render) queue: wgpu::Queue,
    faults: Arc<Mutex<Faults>>,
    max_side: u32,
}

/// What the device reported outside of a call's return value. The first of each kind is kept: it is the cause.
#[derive(Debug, Default)]
struct Faults {
    lost: Option<String>,
    error: Option<Fault>,
}

#[derive(Debug)]
enum Fault {
    OutOfMemory,
    Other(String),
}

impl Device {
    /// Opens the best adapter (discrete, integrated, then software), or the best whose name or backend contains
    /// `selector`, upper and lower case being the same.
    ///
    /// # Errors
    /// When there is no adapter, none that matches, or it cannot be opened.
    pub fn open(selector: Option<&str>) -> Result<Self, RenderError> {
        let found = enumerate();
        if found.is_empty() {
            return Err(RenderError::NoAdapter);
        }
        let available: Vec<AdapterReport> = found.iter().map(|(report, _)| report.clone()).collect();
        let chosen = found
            .into_iter()
            .find(|(report, _)| selector.is_none_or(|selector| report.matches(selector)));
        let Some((report, adapter)) = chosen else {
            return Err(RenderError::NoSuchAdapter {
                selector: selector.unwrap_or_default().to_owned(),
                available,
            });
        };
        Self::request(report, &adapter)
    }

    fn request(report: AdapterReport, adapter: &wgpu::Adapter) -> Result<Self, RenderError> {
        let offered = adapter.limits();
        let limits = wgpu::Limits {
            max_texture_dimension_2d: offered.max_texture_dimension_2d,
            max_buffer_size: offered.max_buffer_size,
            ..wgpu::Limits::downlevel_defaults()
        };
        let request = adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("capstan"),
            required_limits: limits,
            memory_hints: wgpu::MemoryHints::Performance,
            ..wgpu::DeviceDescriptor::default()
        });
        let (device, queue) = pollster::block_on(request).map_err(|source| RenderError::Open {
            adapter: report.name.clone(),
            source,
        })?;
        let faults = Arc::new(Mutex::new(Faults::default()));
        let sink = Arc::clone(&faults);
        device.on_uncaptured_error(Arc::new(move |error| {
            let fault = match error {
                wgpu::Error::OutOfMemory { .. } => Fault::OutOfMemory,
                other => Fault::Other(other.to_string()),
            };
            lock(&sink).error.get_or_insert(fault);
        }));
        let sink = Arc::clone(&faults);
        device.set_device_lost_callback(move |reason, message| {
            // Dropping the device destroys it: nobody is left to be told.
            if reason != wgpu::DeviceLostReason::Destroyed {
                lock(&sink).lost.get_or_insert(message);
            }
        });
        tracing::info!(adapter = %report.name, backend = %report.backend, kind = ?report.kind, "opened adapter");
        Ok(Self {
            report,
            device,
            queue,
            faults,
            max_side: offered.max_texture_dimension_2d,
        })
    }

    /// What the adapter says of itself.
    pub fn report(&self) -> &AdapterReport {
        &self.report
    }

    /// Turns what the device reported since the last check into an error.
    pub(in crate::render) fn check(&self, stage: Stage, frame: Option<u64>) -> Result<(), RenderError> {
        let mut faults = lock(&self.faults);
        let adapter = || self.report.name.clone();
        if let Some(reason) = &faults.lost {
            return Err(RenderError::DeviceLost {
                adapter: adapter(),
                stage,
                frame,
                reason: reason.clone(),
            });
        }
        match faults.error.take() {
            None => Ok(()),
            Some(Fault::OutOfMemory) => Err(RenderError::OutOfMemory {
                adapter: adapter(),
                stage,
                frame,
            }),
            Some(Fault::Other(reason)) => Err(RenderError::Device {
                adapter: adapter(),
                stage,
                frame,
                reason,
            }),
        }
    }

    /// An error of this adapter that is not one of wgpu's.
    pub(in crate::render) fn failure(&self, stage: Stage, frame: Option<u64>, reason: String) -> RenderError {
        RenderError::Device {
            adapter: self.report.name.clone(),
            stage,
            frame,
            reason,
        }
    }

    /// Waits for `submission`, the one that draws `frame`.
    pub(in crate::render) fn wait(
        &self,
        submission: wgpu::SubmissionIndex,
        frame: u64,
        timeout: Duration,
    ) -> Result<(), RenderError> {
        self.check(Stage::Readback, Some(frame))?;
        let poll = || {
            // wgpu panics here when it learns during the wait that the device is lost.
            self.device.poll(wgpu::PollType::Wait {
                submission_index: Some(submission.clone()),
                timeout: Some(timeout),
            })
        };
        // The clock goes on while the process is stopped (Ctrl-Z, a machine that sleeps) and the adapter's threads with it: a
        // wait that runs out gets a second one.
        let polled = catch_unwind(AssertUnwindSafe(|| match poll() {
            Err(wgpu::PollError::Timeout) => poll(),
            done => done,
        }));
        self.check(Stage::Readback, Some(frame))?;
        match polled {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(wgpu::PollError::Timeout)) => Err(RenderError::Timeout {
                frame,
                adapter: self.report.name.clone(),
                waited: 2 * timeout,
            }),
            Ok(Err(error)) => Err(self.failure(Stage::Readback, Some(frame), error.to_string())),
            Err(panic) => {
                let reason = panic
                    .downcast_ref::<String>()
                    .map_or("wgpu gave up waiting", String::as_str);
                Err(RenderError::DeviceLost {
                    adapter: self.report.name.clone(),
                    stage: Stage::Readback,
                    frame: Some(frame),
                    reason: reason.to_owned(),
                })
            }
        }
    }

    /// A plain two-dimensional texture of a size that [`check_size`](Self::check_size) let pass.
    pub(in crate::render) fn texture(
        &self,
        label: &str,
        size: Size,
        format: wgpu::TextureFormat,
        usage: wgpu::TextureUsages,
    ) -> wgpu::Texture {
        self.device.create_texture(&wgpu::TextureDescriptor {
            label: Some(label),
            size: wgpu::Extent3d {
                width: size.width,
                height: size.height,
                depth_or_array_layers: 1,
            },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage,
            view_formats: &[],
        })
    }

    /// Longest side of a texture.
    pub(in crate::render) fn max_side(&self) -> u32 {
        self.max_side
    }

    /// Refuses sizes that no texture of this adapter can have.
    pub(in crate::render) fn check_size(&self, what: &str, size: Size) -> Result<(), RenderError> {
        let fits = |side| (1..=self.max_side).contains(&side);
        if fits(size.width) && fits(size.height) {
            return Ok(());
        }
        Err(RenderError::Size {
            what: what.to_owned(),
            size,
            adapter: self.report.name.clone(),
            limit: self.max_side,
        })
    }
}

fn lock(faults: &Mutex<Faults>) -> MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}
