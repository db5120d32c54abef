//! The machine that measured, without naming it or its user.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// What a measurement ran on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Machine {
    /// CPU model as the CPU names itself.
    pub cpu: String,
    /// Instruction set: x86_64, aarch64.
    pub arch: String,
    /// Cores; null where the system does not tell them from threads.
    pub physical_cores: Option<usize>,
    /// Processors that this process may use.
    pub cores: usize,
    /// Main memory, bytes; null where the system does not say.
    pub memory_bytes: Option<u64>,
    /// Operating system with its release.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Where the power comes from; null where the system does not say.
    pub power: Option<PowerSource>,
    /// Governor of the CPU clock; null where the system has none or does not say.
    pub cpu_governor: Option<String>,
    /// Load before the first run.
    pub load_before: Option<Load>,
    /// Load after the last run; the runs themselves are part of it.
    pub load_after: Option<Load>,
}

/// Where the power comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PowerSource {
    /// Mains.
    Mains,
    /// A battery: clocks are lower and vary.
    Battery,
}

/// Mean number of processes that ran or wanted to (getloadavg(3)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Load {
    /// Over the last minute.
    pub one: f64,
    /// Over five minutes.
    pub five: f64,
    /// Over fifteen minutes.
    pub fifteen: f64,
}

impl Machine {
    /// Looks at this machine; the load is that of this moment, `load_after` is left empty.
    pub fn of_this() -> Self {
        let kinds = RefreshKind::nothing()
            .with_cpu(CpuRefreshKind::nothing())
            .with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(kinds).ok();
        let unknown = || "unknown".to_owned();
        Self {
            cpu: system
                .as_ref()
                .and_then(|system| system.cpus().first())
                .map(|cpu| cpu.brand().trim().to_owned())
                .filter(|brand| !brand.is_empty())
                .unwrap_or_else(unknown),
            arch: System::cpu_arch(),
            physical_cores: System::physical_core_count().ok(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: system.as_ref().map(System::total_memory),
            os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.to_owned()),
            kernel: System::kernel_version().unwrap_or_else(|_| unknown()),
            power: power_source(),
            cpu_governor: cpu_governor(),
            load_before: Load::at_present(),
            load_after: None,
        }
    }
}

impl Load {
    /// The load of this moment; `None` where the system keeps none.
    pub fn at_present() -> Option<Self> {
        let load = System::load_average().ok()?;
        Some(Self {
            one: load.one,
            five: load.five,
            fifteen: load.fifteen,
        })
    }
}

#[cfg(target_os = "linux")]
fn cpu_governor() -> Option<String> {
    let text = std::fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").ok()?;
    Some(text.trim().to_owned())
}

#[cfg(not(target_os = "linux"))]
fn cpu_governor() -> Option<String> {
    None
}

/// Mains where a mains supply is online; a battery where one discharges.
#[cfg(target_os = "linux")]
fn power_source() -> Option<PowerSource> {
    let supplies = std::fs::read_dir("/sys/class/power_supply").ok()?;
    let mut source = None;
    for supply in supplies.flatten() {
        let read = |name: &str| std::fs::read_to_string(supply.path().join(name)).unwrap_or_default();
        match read("type").trim() {
            "Mains" | "USB" if read("online").trim() == "1" => return Some(PowerSource::Mains),
            "Battery" if read("status").trim() == "Discharging" => source = Some(PowerSource::Battery),
            _ => {}
        }
    }
    source
}

#[cfg(target_os = "macos")]
fn power_source() -> Option<PowerSource> {
    let output = std::process::Command::new("/usr/bin/pmset")
        .args(["-g", "batt"])
        .output()
        .ok()?;
    drawing_from(&String::from_utf8_lossy(&output.stdout))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn power_source() -> Option<PowerSource> {
    None
}

/// Reads `pmset -g batt`, whose first line is "Now drawing from 'AC Power'" or "... 'Battery Power'".
#[cfg(any(target_os = "macos", test))]
fn drawing_from(pmset: &str) -> Option<PowerSource> {
    let first = pmset.lines().next()?;
    if first.contains("'AC Power'") {
        Some(PowerSource::Mains)
    } else {
        first.contains("'Battery Power'").then_some(PowerSource::Battery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known() {
        let machine = Machine::of_this();
        assert!(
            machine.cores >= 1 && machine.memory_bytes > Some(100 << 20),
            "{machine:?}"
        );
        assert!(!machine.cpu.is_empty() && !machine.os.is_empty() && machine.arch == std::env::consts::ARCH);
        assert!(machine.load_before.is_some() && machine.load_after.is_none());
    }

    #[test]
    fn pmset_says_where_the_power_comes_from() {
        let battery =
            "Now drawing from 'Battery Power'\n -InternalBattery-0 (id=1)\t87%; discharging; 5:12 remaining";
        assert_eq!(drawing_from(battery), Some(PowerSource::Battery));
        assert_eq!(
            drawing_from("Now drawing from 'AC Power'\n"),
            Some(PowerSource::Mains)
        );
        assert_eq!(drawing_from(""), None);
    }
}
