//! The `capstan` binary: runs the command line, prints what went wrong, sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    // SAFETY: the process has one thread yet.
    unsafe { capstan::cli::prepare_environment() };
    match capstan::cli::run() {
        Ok(exit) => exit.into(),
        Err(error) => {
            capstan::cli::print_error(&error);
            capstan::cli::Exit::Failed.into()
        }
    }
}
