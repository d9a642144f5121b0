//! Only a binary acts on the process: it reads the environment, ends, installs the log subscriber
//! and picks the allocator. A library takes what it needs as a parameter.

use super::Violation;
use super::rust::{Rust, names, occurrences};
use super::tree::{File, Tree};

const ENVIRONMENT: &[&str] =
    &["env::var", "env::var_os", "env::vars", "env::vars_os", "env::set_var", "env::remove_var"];
const EXITS: &[&str] = &["process::exit", "process::abort"];
/// The crate with the one function that installs the subscriber, for bins/ to call.
const INSTALLER: &str = "crates/aisix-telemetry";
const CALLS_INSTALLER: &[&str] = &["aisix_telemetry::init", "aisix_telemetry::logs::init"];
const INSTALLS: &[&str] =
    &["set_global_default", "tracing_subscriber::fmt::init", ".init()", ".try_init()"];
const ONLY_BINS_INSTALL: &str = "only bins/ installs the subscriber, by aisix_telemetry::init";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, rust) in tree.rust() {
        if file.is_in("bins") || file.is_in("xtask") {
            continue;
        }
        let mut rule = |paths: &[&str], rule, message: &str| {
            for place in paths.iter().flat_map(|path| occurrences(&rust.code, path)) {
                found.push(Violation::new(&file.path, rust.line_of(place), rule, message));
            }
        };
        if !may_read_environment(file) {
            rule(ENVIRONMENT, "environment", "only bins/ reads the environment: take a parameter");
        }
        rule(EXITS, "exit", "only bins/ ends the process, by returning an ExitCode");
        rule(CALLS_INSTALLER, "subscriber", ONLY_BINS_INSTALL);
        // A test may install one to read what is logged.
        if !file.is_in(INSTALLER) && !file.is_test() && names(&rust.code, "tracing_subscriber") {
            rule(INSTALLS, "subscriber", ONLY_BINS_INSTALL);
        }
        allocator(file, rust, &mut found);
    }
    found
}

/// The end-to-end tests are told by variables where the tools are.
fn may_read_environment(file: &File) -> bool {
    file.is_in("crates/aisix-testing") || file.path.contains("/tests/")
}

/// A benchmark is a program of its own, and measures with the allocator of the gateway.
fn allocator(file: &File, rust: &Rust, found: &mut Vec<Violation>) {
    if file.path.contains("/benches/") {
        return;
    }
    for attribute in rust.attributes() {
        if names(attribute.text, "global_allocator") {
            let message = "only bins/ picks the allocator";
            found.push(Violation::new(&file.path, attribute.line, "allocator", message));
        }
    }
}
