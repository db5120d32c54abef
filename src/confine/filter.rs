//! A seccomp filter: system calls that no export makes, and that Landlock does not, or not on every kernel, keep in bounds.

use std::collections::BTreeMap;
use std::fs;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

use super::Wall;

/// Calls without a name in every version of libc; numbers from 424 on are the same on all processors.
const FCHMODAT2: i64 = 452;
const SETXATTRAT: i64 = 463;
const REMOVEXATTRAT: i64 = 466;

/// Calls that are refused.
const REFUSED: [i64; 51] = [
    // Other programs. Landlock knows files, not programs that were made in memory.
    libc::SYS_execve,
    libc::SYS_execveat,
    // The network and other programs' sockets. Landlock knows TCP, and on new kernels more.
    libc::SYS_socket,
    // Ways around both: a queue that the kernel works off, and files by number.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_open_by_handle_at,
    // Other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    // Owners and rights of files, which Landlock does not keep in bounds.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    FCHMODAT2,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    SETXATTRAT,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    REMOVEXATTRAT,
    libc::SYS_utimensat,
    // Parts of the kernel that a video needs nothing of, and that defects were found in.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_chroot,
    libc::SYS_pivot_root,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_fsopen,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_fanotify_init,
];

/// Older forms of some of these, which newer processors don't have.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: [i64; 5] = [
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: [i64; 0] = [];

/// Calls that send a signal to the process in their first argument: to this one they may.
const SIGNALS: [i64; 4] = [
    libc::SYS_kill,
    libc::SYS_tgkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
];

/// Puts the filter up around this thread and looks whether it is there.
pub(super) fn enter() -> Wall {
    if let Err(why) = apply() {
        return Wall::absent(why);
    }
    let status = match fs::read_to_string("/proc/thread-self/status") {
        Ok(status) => status,
        Err(error) => return Wall::absent(format!("whether it is in force can't be read ({error})")),
    };
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    // 2 is the mode of filters (proc_pid_status(5)).
    if (field("Seccomp:").as_str(), field("NoNewPrivs:").as_str()) == ("2", "1") {
        Wall {
            stands: true,
            abi: None,
            detail: format!(
                "a filter of {} system calls is in force",
                REFUSED.len() + REFUSED_HERE.len() + SIGNALS.len()
            ),
        }
    } else {
        Wall::absent("the kernel took the filter, but does not say that it is in force")
    }
}

fn apply() -> Result<(), String> {
    let program = program()?;
    seccompiler::apply_filter(&program).map_err(|error| format!("the kernel refused it ({error})"))
}

fn program() -> Result<BpfProgram, String> {
    let machine = std::env::consts::ARCH;
    let arch = TargetArch::try_from(machine).map_err(|_| format!("there is none for {machine}"))?;
    let own = u64::from(std::process::id());
    let made = || {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
        rules.extend(
            REFUSED
                .iter()
                .chain(&REFUSED_HERE)
                .map(|call| (*call, Vec::new())),
        );
        for call in SIGNALS {
            let elsewhere = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, own)?;
            rules.insert(call, vec![SeccompRule::new(vec![elsewhere])?]);
        }
        // The error of a missing right: libraries know it and go on without the call.
        let refuse = SeccompAction::Errno(libc::EPERM as u32);
        BpfProgram::try_from(SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch)?)
    };
    made().map_err(|error| format!("it can't be made ({error})"))
}
