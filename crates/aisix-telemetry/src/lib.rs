//! Names of everything the gateway reports, the access log, and log set-up.
//!
//! **Purpose.** What operators search and count by is named here and nowhere else: the fields of
//! the access log, how log lines look, and metrics.
//!
//! **Invariants.**
//! - Nothing here takes a credential, so none can be logged by it.
//! - A field that is not known is absent, never empty.
//!
//! **Not here.** Deciding what to report: that is done where it happens.

mod access;
mod exposition;
mod logs;
pub mod names;

pub use access::AccessRecord;
pub use exposition::{CONTENT_TYPE, Exposition, MetricType};
pub use logs::{LogSettings, init};
