//! The data plane as a tower service.

pub mod handle;
pub mod probe;

pub use handle::{ConfigurationStatus, GatewayHandle, ModelHealth, Readiness};
