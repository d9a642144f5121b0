//! Names of everything the gateway reports, its metrics, the access log, and log set-up.
//!
//! **Purpose.** What operators search and count by is named here and nowhere else: the fields of
//! the access log, how log lines look, and metrics. [`Metrics`] has a method for each thing that
//! happens to a request, and writes all that is counted as text.
//!
//! **Invariants.**
//! - Nothing here takes a credential, so none can be logged by it.
//! - A field that is not known is absent from the log, never empty; a label says `unknown`.
//! - What a caller sends never becomes a label, and memory is bounded whether anybody reads the
//!   metrics or not.
//! - A label set that was seen before costs no allocation.
//!
//! **Not here.** Deciding what to report: that is done where it happens.

mod access;
mod exposition;
mod logs;
mod metric;
mod metrics;
pub mod names;

pub use access::AccessRecord;
pub use exposition::{CONTENT_TYPE, Exposition};
pub use logs::{LogSettings, init};
pub use metric::{Metric, MetricType};
pub use metrics::{
    AuthDecision, Buckets, BucketsError, ClientRule, ClientRuleError, ClientRules, ClientType,
    DeploymentLabels, Direction, Finished, Metrics, MetricsSettings, RequestLabels, TokenUsage,
    UNKNOWN,
};
