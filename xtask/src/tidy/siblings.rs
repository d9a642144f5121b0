//! Dialects never name one another, nor do adapters: what two of them need goes into the crate
//! beside them. A folder with a `mod.rs` directly below `src` is one.

use super::Violation;
use super::rust::{Rust, names, occurrences};
use super::tree::Tree;

/// The source folders of families, with what a member is called.
const FAMILIES: &[(&str, &str)] =
    &[("crates/aisix-dialects/src", "dialect"), ("crates/aisix-adapters/src", "adapter")];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for (folder, word) in FAMILIES {
        let members: Vec<_> = tree
            .files()
            .filter_map(|file| file.path.strip_prefix(folder)?.strip_prefix('/'))
            .filter_map(|path| path.strip_suffix("/mod.rs"))
            .filter(|name| !name.contains('/'))
            .collect();
        for (file, rust) in tree.rust() {
            let Some(member) =
                members.iter().find(|member| file.is_in(&format!("{folder}/{member}")))
            else {
                continue;
            };
            for other in members.iter().filter(|other| *other != member) {
                for line in mentions(rust, other) {
                    let message = format!("the {word} {member} names the {word} {other}");
                    found.push(Violation::new(&file.path, line, "siblings", message));
                }
            }
        }
    }
    found
}

/// The lines where a file names a module of its own crate.
fn mentions(rust: &Rust, module: &str) -> Vec<usize> {
    let in_paths =
        ["crate", "super"].iter().map(|root| format!("{root}::{module}")).flat_map(|path| {
            let places: Vec<_> = occurrences(&rust.code, &path).collect();
            places
        });
    let in_groups = rust
        .uses()
        .filter(|text| text.starts_with("use crate::{") || text.starts_with("use super::{"))
        .filter(|text| names(text, module));
    let mut lines: Vec<_> = in_paths.chain(in_groups).map(|place| rust.line_of(place)).collect();
    lines.dedup();
    lines
}
