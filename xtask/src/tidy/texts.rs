//! What the repository says: no paths of somebody's machine, no dead links, and changelog fragments
//! that the changelog can take.

use super::Violation;
use super::tree::{File, Tree};
use crate::changelog;

/// Folders of single machines. Spelled apart, so that this file does not break its own rule.
const ANYWHERE: &[&str] = &[concat!("/", "work/"), concat!("/", "root/")];
const IN_DOCS: &[&str] = &[concat!("/", "tmp/"), concat!("/", "home/")];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.files().filter(|file| file.path != "Cargo.lock") {
        places(file, ANYWHERE, &mut found);
        if file.path.ends_with(".md") {
            places(file, IN_DOCS, &mut found);
            links(tree, file, &mut found);
        }
        fragment(file, &mut found);
    }
    found
}

fn places(file: &File, folders: &[&str], found: &mut Vec<Violation>) {
    for (number, line) in (1..).zip(file.text.lines()) {
        for folder in folders.iter().filter(|folder| begins_in(line, folder)) {
            let message = format!("{folder} is a place on one machine");
            found.push(Violation::new(&file.path, number, "place", message));
        }
    }
}

/// Whether a line names something below the folder, as opposed to a longer path with it inside.
fn begins_in(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "_-./$}".contains(c))
    })
}

fn links(tree: &Tree, file: &File, found: &mut Vec<Violation>) {
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut in_code = false;
    for (number, line) in (1..).zip(file.text.lines()) {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in line_links(line) {
            let path = target.split(['#', '?']).next().unwrap_or("");
            let outside = target.contains("://") || target.starts_with("mailto:");
            if outside || path.is_empty() {
                continue;
            }
            if !resolve(folder, path).is_some_and(|path| path.is_empty() || tree.has(&path)) {
                let message = format!("{target} leads nowhere");
                found.push(Violation::new(&file.path, number, "link", message));
            }
        }
    }
}

/// The targets of `[text](target)` and `[name]: target` on a line, outside of inline code.
fn line_links(line: &str) -> Vec<&str> {
    let definition = line
        .trim_start()
        .strip_prefix('[')
        .and_then(|line| line.split_once("]: "))
        .map(|(_, target)| target.trim());
    let mut rest = line;
    let inline = std::iter::from_fn(move || {
        loop {
            let link = rest.find("](")?;
            let code = rest.find('`').filter(|code| *code < link);
            let Some(open) = code else {
                let after = &rest[link + 2..];
                let end = after.find([')', ' '])?;
                rest = &after[end..];
                return Some(&after[..end]);
            };
            let close = rest[open + 1..].find('`')?;
            rest = &rest[open + close + 2..];
        }
    });
    definition.into_iter().chain(inline).collect()
}

/// The path from the top of the tree that a link in a folder means, unless it leaves the tree.
fn resolve(folder: &str, link: &str) -> Option<String> {
    let mut parts: Vec<_> = if link.starts_with('/') {
        Vec::new()
    } else {
        folder.split('/').filter(|part| !part.is_empty()).collect()
    };
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn fragment(file: &File, found: &mut Vec<Violation>) {
    let Some(name) = file.path.strip_prefix("changelog.d/") else {
        return;
    };
    if let Err(problem) = changelog::Fragment::parse(name, &file.text) {
        found.push(Violation::new(&file.path, 1, "changelog", problem.to_string()));
    }
}
