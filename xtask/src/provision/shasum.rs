//! `shasum`: hashes caller keys in the shell commands that the tests run. Debian ships it with Perl.

use super::Tool;
use crate::commands::works;

pub(super) const TOOL: Tool =
    Tool { name: "shasum", present: || works("shasum", &["--version"]), packages: &["perl"] };
