//! Walls around the process, for recordings that somebody sends: what `--confined` has the kernel refuse.
//!
//! The rest of the program checks every path before it opens a file. This room is for the day when that is not enough: when
//! a defect in a decoder or a driver lets a recording run code of its own. On Linux, Landlock then keeps the process to the
//! files that an export needs, and a seccomp filter keeps it from the network, from other programs and other processes.
//!
//! Walls stand around a thread and the threads that it starts. So they are put up before the first of these.

#[cfg(target_os = "linux")]
mod capabilities;
#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
mod filter;
#[cfg(target_os = "linux")]
mod fonts;
#[cfg(target_os = "linux")]
mod places;
mod report;
#[cfg(target_os = "linux")]
mod wall;

/// A filter is written for one kind of processor; of these there are some.
#[cfg(all(
    target_os = "linux",
    not(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64"))
))]
mod filter {
    pub(super) fn enter() -> super::Wall {
        super::Wall::absent(format!("there is none for {}", std::env::consts::ARCH))
    }
}

use std::path::PathBuf;

pub use report::{Confinement, Guard, Missing, Wall};

/// What a confined process may still reach, beside the libraries, drivers, devices and fonts that it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Files that are read, and folders that are read with all that is in them.
    pub reads: Vec<PathBuf>,
    /// Folders that files are made, replaced and removed in, and devices that are written to. All that is in such a folder can
    /// be read as well.
    pub writes: Vec<PathBuf>,
}

/// Puts the walls up around this thread and all that it will start, for the rest of their lives.
///
/// A wall that this system lacks is named in the answer; it is no error.
pub fn enter(bounds: &Bounds) -> Confinement {
    #[cfg(target_os = "linux")]
    {
        let alone = wall::is_alone();
        stand(bounds, alone)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = bounds;
        not_here()
    }
}

#[cfg(target_os = "linux")]
fn stand(bounds: &Bounds, alone: bool) -> Confinement {
    let given_up = capabilities::give_up();
    let landlock = wall::enter(bounds);
    let found = Confinement::of(landlock, filter::enter(), alone);
    match given_up {
        Ok(()) => found,
        Err(why) => found.without(Guard::Processes, why),
    }
}

/// Which walls this system has: tried on a thread that ends at once.
pub fn trial() -> Confinement {
    #[cfg(target_os = "linux")]
    {
        let tried = std::thread::spawn(|| stand(&Bounds::default(), true));
        tried.join().unwrap_or_else(|_| {
            let failed = || Wall::absent("the trial stopped on a defect of this program");
            Confinement::of(failed(), failed(), true)
        })
    }
    #[cfg(not(target_os = "linux"))]
    not_here()
}

/// Whether this process has no other thread yet, so that a wall around this one is a wall around all.
pub fn is_alone() -> bool {
    #[cfg(target_os = "linux")]
    {
        wall::is_alone()
    }
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(not(target_os = "linux"))]
fn not_here() -> Confinement {
    let absent = |what| Wall::absent(format!("{what} is a part of Linux"));
    Confinement::of(absent("Landlock"), absent("seccomp"), true)
}
