//! The log: warnings on standard error by default, more with `-v`, everything in `--log-file`.

use std::fs::File;
use std::sync::OnceLock;

use anyhow::Context;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::args::Logging;
use super::progress;
use crate::confine::Confinement;
use crate::output::Door;

/// What the log is written to.
pub(super) const LOG: &str = "the log file";

/// The log file, which stays open until the process ends.
static FILE: OnceLock<File> = OnceLock::new();

/// Says what the walls around this process don't keep out.
pub(super) fn note_confinement(confinement: &Confinement) {
    tracing::info!("confined: {}", confinement.describe());
    for warning in confinement.warnings() {
        tracing::warn!("{warning}");
    }
}

/// Starts the log; its file goes through `door`.
pub(super) fn start(args: &Logging, door: &mut Door) -> anyhow::Result<()> {
    let default = match (args.quiet, args.verbose) {
        (true, _) => "off",
        (_, 0) => "capstan=warn",
        (_, 1) => "capstan=info,warn",
        (_, 2) => "capstan=debug,info",
        _ => "trace",
    };
    let filter = match std::env::var("CAPSTAN_LOG") {
        Ok(text) => EnvFilter::try_new(&text).with_context(|| format!("CAPSTAN_LOG is {text:?}"))?,
        Err(_) => EnvFilter::new(default),
    };
    let terminal = fmt::layer()
        .with_writer(progress::log_writer)
        .with_ansi(false)
        .with_target(args.verbose > 1)
        .without_time()
        .with_filter(filter);
    let file = match &args.log_file {
        Some(path) => {
            let opened = door.open_log(path, LOG)?;
            let file = FILE.get_or_init(|| opened);
            let layer = fmt::layer()
                .with_writer(move || progress::log_file_writer(file))
                .with_ansi(false);
            Some(layer.with_filter(EnvFilter::new("capstan=debug,info")))
        }
        None => None,
    };
    tracing_subscriber::registry().with(file).with(terminal).init();
    Ok(())
}
