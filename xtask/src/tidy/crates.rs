//! Every crate says what it is, and the maps name the crates that exist: all of them, and no other.

use super::Violation;
use super::tree::{File, Tree};

/// The documents with a crate map: a table whose first cells name crates.
const MAPS: &[&str] = &["README.md", "ARCHITECTURE.md"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for folder in tree.crates() {
        crate_docs(tree, folder, &mut found);
    }
    for path in MAPS {
        match tree.file(path) {
            Some(map) => compare(tree, map, &mut found),
            None => found.push(Violation::new(path, 1, "crate-map", "the file is missing")),
        }
    }
    found
}

fn crate_docs(tree: &Tree, folder: &str, found: &mut Vec<Violation>) {
    let root = ["lib.rs", "main.rs"]
        .iter()
        .filter_map(|name| tree.file(&format!("{folder}/src/{name}")))
        .next();
    match root {
        Some(root) if root.text.starts_with("//!") => {}
        Some(root) => {
            let message =
                "begins without //! docs: purpose, invariants, what the crate does not do";
            found.push(Violation::new(&root.path, 1, "crate-docs", message));
        }
        None => {
            let path = format!("{folder}/Cargo.toml");
            found.push(Violation::new(&path, 1, "crate-docs", "no src/lib.rs or src/main.rs"));
        }
    }
}

fn compare(tree: &Tree, map: &File, found: &mut Vec<Violation>) {
    let rows: Vec<_> = (1..)
        .zip(map.text.lines())
        .filter_map(|(number, line)| Some((number, mapped_crate(line)?)))
        .collect();
    // The tool beside the product may have a row, but need not; examples have a page of their own.
    let product = |folder: &&str| *folder != "xtask" && !folder.starts_with("examples/");
    for folder in tree.crates().filter(product) {
        let name = folder.rsplit('/').next().unwrap_or(folder);
        if !rows.iter().any(|(_, row)| *row == name || *row == folder) {
            let message = format!("the crate map has no row for {folder}");
            found.push(Violation::new(&map.path, 1, "crate-map", message));
        }
    }
    for (number, row) in rows {
        let exists =
            tree.crates().any(|folder| folder == row || folder.rsplit('/').next() == Some(row));
        if !exists {
            let message = format!("{row} is on the crate map, but not in the workspace");
            found.push(Violation::new(&map.path, number, "crate-map", message));
        }
    }
}

/// The crate that a table row is about: its first cell is a crate's name or folder in backticks,
/// which may be a link.
fn mapped_crate(line: &str) -> Option<&str> {
    let cell = line.trim().strip_prefix('|')?.split('|').next()?.trim();
    let name = cell.trim_start_matches('[').strip_prefix('`')?;
    let name = name[..name.find('`')?].trim_end_matches('/');
    let folder = name.starts_with("crates/") || name.starts_with("bins/");
    (folder || name.starts_with("aisix-") || name == "xtask").then_some(name)
}
