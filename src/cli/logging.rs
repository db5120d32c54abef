//! The log: warnings on standard error by default, more with `-v`, everything in `--log-file`.

use std::fs::File;
use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use super::args::Logging;
use super::progress;

/// Starts the log.
pub(super) fn start(args: &Logging) -> anyhow::Result<()> {
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
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(args.verbose > 1)
        .without_time()
        .with_filter(filter);
    let file = match &args.log_file {
        Some(path) => {
            let file =
                File::create(path).with_context(|| format!("can't write the log file {}", path.display()))?;
            let layer = fmt::layer().with_writer(file).with_ansi(false);
            Some(layer.with_filter(EnvFilter::new("capstan=debug,info")))
        }
        None => None,
    };
    tracing_subscriber::registry().with(file).with(terminal).init();
    Ok(())
}
