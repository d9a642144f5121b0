//! `etcd`: the store that several gateways share.

use super::Tool;
use crate::commands::works;

/// The program, as PATH finds it. Debian's package may also start one as a service; the tests start
/// their own and never ask that one.
pub(crate) const PROGRAM: &str = "etcd";

pub(super) const TOOL: Tool =
    Tool { name: "etcd", present: || works(PROGRAM, &["--version"]), packages: &["etcd-server"] };
