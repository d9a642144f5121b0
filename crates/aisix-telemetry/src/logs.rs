//! How log lines look, and where they go.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogSettings {
    /// A level or directives, as in `info` or `aisix::access=off,info`.
    pub filter: String,
    /// Whether each request gets its line.
    pub access_log: bool,
}

/// Installs the process's log: single lines on standard error, coloured on a terminal only.
///
/// # Errors
/// Where the filter cannot be parsed. A subscriber that is installed already stays.
pub fn init(settings: &LogSettings) -> Result<(), ParseError> {
    let mut filter = EnvFilter::builder().parse(&settings.filter)?;
    if !settings.access_log {
        filter = filter.add_directive("aisix::access=off".parse()?);
    }
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    // Only fails where a subscriber exists: an embedder's own, which is the one to keep.
    let _ = subscriber.try_init();
    Ok(())
}
