//! Capabilities: what root may do beyond its files. A process that runs as root gives up all but these for files, for Landlock does not
//! hold against every one of them: with `CAP_PERFMON`, Linux lets a process read the memory of others.

use std::collections::HashSet;

use caps::{CapSet, Capability};

/// Kept where the process has them: reading and writing files of other owners. Landlock limits which files.
const KEPT: [Capability; 2] = [Capability::CAP_DAC_OVERRIDE, Capability::CAP_DAC_READ_SEARCH];

/// Gives up all others, for this thread and those that it starts.
///
/// # Errors
/// With the system's reason when some are left.
pub(super) fn give_up() -> Result<(), String> {
    let limit = || {
        for set in [CapSet::Ambient, CapSet::Inheritable] {
            caps::set(None, set, &HashSet::new())?;
        }
        for set in [CapSet::Effective, CapSet::Permitted] {
            let mut kept = caps::read(None, set)?;
            kept.retain(|capability| KEPT.contains(capability));
            caps::set(None, set, &kept)?;
        }
        let left = caps::read(None, CapSet::Permitted)?;
        Ok::<_, caps::errors::CapsError>(left.iter().all(|capability| KEPT.contains(capability)))
    };
    match limit() {
        Ok(true) => Ok(()),
        Ok(false) => Err("capabilities are left".to_owned()),
        Err(error) => Err(format!("capabilities can't be given up ({error})")),
    }
}
