//! House limits of source files: length, marks of unfinished work, lint attributes, where tests
//! stand, and that they wait on conditions.

use super::Violation;
use super::rust::{Rust, names, occurrences};
use super::tree::{File, Tree};

/// Aim at 300; over this nobody finds anything in one.
const LONGEST_FILE: usize = 800;

/// Marks of work that was left for later. An issue is the place for those.
const MARKS: &[&str] = &["TODO", "FIXME", "XXX"];

/// Text files other than Rust that hold source.
const SOURCE_ENDINGS: &[&str] = &[".toml", ".yaml", ".yml", ".sh", ".py", ".js", ".mjs", ".ci/run"];

const SLEEPS: &[&str] = &["thread::sleep", "time::sleep", "time::sleep_until"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files() {
        match &file.rust {
            Some(rust) => {
                length(file, &mut found);
                marks(file, &rust.comments, &mut found);
                lint_attributes(file, rust, &mut found);
                inline_tests(file, rust, &mut found);
                sleeps(file, rust, &mut found);
            }
            None if SOURCE_ENDINGS.iter().any(|end| file.path.ends_with(end)) => {
                marks(file, &file.text, &mut found);
            }
            None => {}
        }
    }
    found
}

fn length(file: &File, found: &mut Vec<Violation>) {
    let lines = file.text.lines().count();
    if lines > LONGEST_FILE {
        let message = format!("{lines} lines; split it by name (limit {LONGEST_FILE}, aim at 300)");
        found.push(Violation::new(&file.path, LONGEST_FILE + 1, "file-length", message));
    }
}

fn marks(file: &File, text: &str, found: &mut Vec<Violation>) {
    for (number, line) in (1..).zip(text.lines()) {
        for mark in MARKS.iter().filter(|mark| names(line, mark)) {
            let message = format!("{mark}: do it, or open an issue");
            found.push(Violation::new(&file.path, number, "unfinished", message));
        }
    }
}

fn lint_attributes(file: &File, rust: &Rust, found: &mut Vec<Violation>) {
    for attribute in rust.attributes() {
        if names(attribute.text, "allow(") {
            let message =
                "use #[expect(lint, reason = \"…\")]: it tells when it is no longer needed";
            found.push(Violation::new(&file.path, attribute.line, "bare-allow", message));
        }
        if names(attribute.text, "expect(") && !names(attribute.text, "reason") {
            let message = "#[expect] without a reason";
            found.push(Violation::new(&file.path, attribute.line, "expect-reason", message));
        }
    }
}

fn inline_tests(file: &File, rust: &Rust, found: &mut Vec<Violation>) {
    for attribute in rust.attributes() {
        if attribute.text != "#[cfg(test)]" {
            continue;
        }
        let Some(module) = attribute.rest.trim_start().strip_prefix("mod ") else {
            continue;
        };
        let end = module.find(['{', ';']).unwrap_or(module.len());
        if module[end..].starts_with('{') {
            let message = "tests stand in a sibling tests.rs (`mod tests;`) or in tests/";
            found.push(Violation::new(&file.path, attribute.line, "inline-tests", message));
        }
    }
}

fn sleeps(file: &File, rust: &Rust, found: &mut Vec<Violation>) {
    if !file.is_test() {
        return;
    }
    for place in SLEEPS.iter().flat_map(|sleep| occurrences(&rust.code, sleep)) {
        if place.starts_with("time::") && under_paused_clock(rust, place) {
            continue;
        }
        let message = "a test waits on a condition (aisix_testing::wait) or pauses the clock";
        found.push(Violation::new(&file.path, rust.line_of(place), "sleep", message));
    }
}

/// Whether a place is in a test whose clock moves only when everything waits: there a sleep is a
/// step of the clock and takes no time.
fn under_paused_clock(rust: &Rust, place: &str) -> bool {
    rust.attributes()
        .filter(|attribute| attribute.rest.len() > place.len() && names(attribute.text, "test"))
        .last()
        .is_some_and(|attribute| names(attribute.text, "start_paused"))
}
