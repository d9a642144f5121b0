//! `nginx`: the plain reverse proxy that the benchmark measures the gateway against.

use super::Tool;
use crate::commands::works;

pub(super) const TOOL: Tool = Tool {
    name: "nginx",
    // Debian puts it where only root's PATH looks.
    present: || works("nginx", &["-v"]) || works("/usr/sbin/nginx", &["-v"]),
    packages: &["nginx"],
};
