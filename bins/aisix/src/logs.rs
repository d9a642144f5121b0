//! The log of the process.

use aisix_telemetry::LogSettings;

use crate::config::Observability;

/// The variable that wins over the configuration.
const RUST_LOG: &str = "RUST_LOG";

/// Installs the log.
///
/// # Errors
/// Where a filter cannot be read.
pub(crate) fn install(observability: &Observability) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the program is what reads the environment")]
    let variable = std::env::var(RUST_LOG).ok().filter(|filter| !filter.trim().is_empty());
    let (origin, filter) = match variable {
        Some(filter) => (RUST_LOG, filter),
        None => ("observability.log_level", observability.log_level.clone()),
    };
    let settings = LogSettings { filter, access_log: observability.access_log };
    // Of its causes the reason says all there is.
    aisix_telemetry::init(&settings)
        .map_err(|reason| anyhow::anyhow!("config load failed: {origin}: {reason}"))
}
