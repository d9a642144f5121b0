//! Names of everything the gateway reports, the access log, and log set-up.
//!
//! **Purpose.** What operators search and count by is named here and nowhere else: the fields of
//! the access log, and how log lines look.
//!
//! **Invariants.**
//! - Nothing here takes a credential, so none can be logged by it.
//! - A field that is not known is absent, never empty.
//!
//! **Not here.** Deciding what to report: that is done where it happens.

mod access;
mod logs;

pub use access::AccessRecord;
pub use logs::{LogSettings, init};
