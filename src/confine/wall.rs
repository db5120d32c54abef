//! Landlock: which files the process may reach (<https://docs.kernel.org/userspace-api/landlock.html>).

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, PathBeneath, PathFd, RestrictionStatus,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
};

use super::{Bounds, Wall, fonts, places};

/// The newest version that is asked for. An older kernel gives what it has.
const ASKED: ABI = ABI::V10;

/// To look at files and list folders. Not to execute: libraries are mapped, which is reading.
fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// To make, replace and remove files, and folders for the time of a test. Neither links nor devices nor sockets, and nothing
/// is moved out of the folder.
fn writing() -> BitFlags<AccessFs> {
    reading()
        | AccessFs::WriteFile
        | AccessFs::Truncate
        | AccessFs::MakeReg
        | AccessFs::RemoveFile
        | AccessFs::MakeDir
        | AccessFs::RemoveDir
}

/// To talk to a device.
fn talking() -> BitFlags<AccessFs> {
    reading() | AccessFs::WriteFile | AccessFs::IoctlDev
}

/// Whether this is the only thread.
pub(super) fn is_alone() -> bool {
    fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1)
}

/// Puts the wall up and tries whether it holds.
pub(super) fn enter(bounds: &Bounds) -> Wall {
    match restrict(bounds) {
        Ok(status) => judged(&status),
        Err(error) => Wall::absent(format!("the kernel refused it ({error})")),
    }
}

fn restrict(bounds: &Bounds) -> Result<RestrictionStatus, RulesetError> {
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ASKED))?
        .handle_access(AccessNet::from_all(ASKED))?
        .scope(Scope::from_all(ASKED))?
        .create()?;
    for path in places::system().into_iter().chain(fonts::places()) {
        rules = allow(rules, &path, reading())?;
    }
    for path in places::devices() {
        rules = allow(rules, &path, talking())?;
    }
    for path in &bounds.reads {
        rules = allow(rules, path, reading())?;
    }
    for path in &bounds.writes {
        rules = allow(rules, path, writing())?;
    }
    rules.restrict_self()
}

/// Allows `access` to what `path` leads to, and to all that is in it. What is not there needs no rule: it can't be reached.
fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, RulesetError> {
    let (Ok(metadata), Ok(opened)) = (fs::metadata(path), PathFd::new(path)) else {
        return Ok(rules);
    };
    let access = if metadata.is_dir() {
        access
    } else {
        access & AccessFs::from_file(ASKED)
    };
    rules.add_rule(PathBeneath::new(opened, access))
}

fn judged(status: &RestrictionStatus) -> Wall {
    let abi = match status.landlock {
        LandlockStatus::Available { effective_abi, .. } => effective_abi as i32,
        LandlockStatus::NotEnabled => {
            return Wall::absent("this kernel has it, but it is not enabled (boot with landlock in lsm=)");
        }
        LandlockStatus::NotImplemented => {
            return Wall::absent("this kernel has none (Linux has it from 5.13 on)");
        }
    };
    if status.ruleset == RulesetStatus::NotEnforced {
        return Wall::absent("the kernel did not put the rules in force");
    }
    match fs::read_dir("/") {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Wall {
            stands: true,
            abi: Some(abi),
            detail: format!("version {abi} of its interface is in force; listing / was refused"),
        },
        Err(error) => Wall::absent(format!("listing / failed otherwise than by it ({error})")),
        Ok(_) => Wall::absent("/ can still be listed: is it one of the folders that are read or written?"),
    }
}
