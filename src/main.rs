//! The `capstan` binary: runs the command line, prints what went wrong, sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    quieten_device_select();
    match capstan::cli::run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            capstan::cli::print_error(&error);
            capstan::cli::Exit::Failed.into()
        }
    }
}

/// Mesa's Vulkan layer that puts the display's GPU first asks a Wayland server for it, and libwayland prints an error when
/// there is no `XDG_RUNTIME_DIR` to find one in (a container, a service, ssh). Without a display the layer has nothing to
/// say unless the user chose a GPU through it, so it is left out then.
fn quieten_device_select() {
    let set = |name| std::env::var_os(name).is_some();
    let asked_for = ["DRI_PRIME", "MESA_VK_DEVICE_SELECT", "NODEVICE_SELECT"];
    if cfg!(target_os = "linux") && !set("XDG_RUNTIME_DIR") && !asked_for.into_iter().any(set) {
        // SAFETY: the process has one thread yet: nothing can read or write the environment meanwhile.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
