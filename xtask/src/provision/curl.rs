//! `curl`: the client of the shell commands that the tests run.

use super::Tool;
use crate::commands::works;

pub(super) const TOOL: Tool =
    Tool { name: "curl", present: || works("curl", &["--version"]), packages: &["curl"] };
