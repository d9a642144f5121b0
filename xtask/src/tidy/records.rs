//! Decision records: numbered without gaps and without twins, by file name and heading alike.

use super::Violation;
use super::tree::Tree;

const FOLDER: &str = "docs/adr/";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut records: Vec<_> = tree
        .files()
        .filter_map(|file| Some((file.path.strip_prefix(FOLDER)?, file)))
        .filter(|(name, _)| name.ends_with(".md"))
        .collect();
    records.sort_unstable_by_key(|(name, _)| *name);
    let mut found = Vec::new();
    for (number, (name, file)) in (1..).zip(records) {
        let mut wrong =
            |line, message| found.push(Violation::new(&file.path, line, "record", message));
        if !name.starts_with(&format!("{number:04}-")) {
            wrong(1, format!("the next record is number {number:04}: rename it, heading included"));
        } else if !file.text.starts_with(&format!("# {number}. ")) {
            wrong(1, format!("the heading begins with '# {number}. '"));
        }
    }
    found
}
