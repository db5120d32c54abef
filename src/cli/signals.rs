//! Signals, from the first moment on: a run that is asked to end leaves nothing half done, and a limit on the size of files is
//! an error like a full disk.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;

use super::Exit;
use super::terminal::say;
use crate::output;

type Action = Box<dyn FnMut() + Send>;

/// What a signal leads to. Before a command says what to do, the process ends.
static ACTION: Mutex<Option<Action>> = Mutex::new(None);

/// Signals that end a run.
#[cfg(unix)]
const ENDING: [nix::sys::signal::Signal; 3] = [
    nix::sys::signal::Signal::SIGINT,
    nix::sys::signal::Signal::SIGTERM,
    nix::sys::signal::Signal::SIGHUP,
];

/// Has the signals that end a run wait until this is dropped. Watching for them takes a thread, and a confined process must
/// have none before it is confined.
#[cfg(unix)]
pub(super) struct Held(nix::sys::signal::SigSet);

#[cfg(not(unix))]
pub(super) struct Held;

/// Has signals wait.
pub(super) fn hold() -> anyhow::Result<Held> {
    #[cfg(unix)]
    {
        use nix::sys::signal::SigSet;
        let before = SigSet::thread_get_mask().context("can't ask which signals are held back")?;
        let ending: SigSet = ENDING.into_iter().collect();
        ending.thread_block().context("can't hold signals back")?;
        Ok(Held(before))
    }
    #[cfg(not(unix))]
    Ok(Held)
}

#[cfg(unix)]
impl Drop for Held {
    fn drop(&mut self) {
        if let Err(error) = self.0.thread_set_mask() {
            tracing::error!(%error, "signals are held back: SIGKILL alone ends this run");
        }
    }
}

/// Watches for SIGINT, SIGTERM and SIGHUP.
pub(super) fn watch() -> anyhow::Result<()> {
    #[cfg(unix)]
    let ignored = ignored_signals();
    ctrlc::set_handler(
        || match &mut *ACTION.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(action) => action(),
            None => end(),
        },
    )
    .context("can't watch for SIGINT and SIGTERM")?;
    #[cfg(unix)]
    for signal in ignored.into_iter().chain([libc::SIGXFSZ]) {
        // SAFETY: ignoring a signal involves no code and no memory of this program.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    Ok(())
}

/// What a signal leads to from here on.
pub(super) fn on_signal(action: impl FnMut() + Send + 'static) {
    *ACTION.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(action));
}

/// Ends the process, leaving no unfinished file behind.
pub(super) fn end() -> ! {
    if let Err((file, error)) = output::remove_unfinished() {
        say(&format!(
            "can't remove the unfinished {}: {error}\n",
            file.display()
        ));
    }
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

/// Signals that would end the process, but that its parent process asked to ignore: `nohup` and shells without job control
/// do that.
#[cfg(unix)]
fn ignored_signals() -> Vec<libc::c_int> {
    let ignored = |signal: &libc::c_int| {
        // SAFETY: all zeros is a valid `sigaction`.
        let mut found: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: a null pointer changes nothing; the answer goes to a value that lives during the call.
        let asked = unsafe { libc::sigaction(*signal, std::ptr::null(), &mut found) };
        asked == 0 && found.sa_sigaction == libc::SIG_IGN
    };
    [libc::SIGINT, libc::SIGTERM, libc::SIGHUP]
        .into_iter()
        .filter(ignored)
        .collect()
}
