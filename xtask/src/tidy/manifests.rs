//! Which crate may stand on which, read from the manifests; and that every crate follows the lints
//! of the workspace.

use super::Violation;
use super::tree::{File, Tree};

/// The crates of this workspace that a library may stand on: the arrows of ARCHITECTURE.md.
const MAY_STAND_ON: &[(&str, &[&str])] = &[
    ("aisix-core", &[]),
    ("aisix-dialects", &["aisix-core"]),
    ("aisix-adapters", &["aisix-core", "aisix-dialects"]),
    ("aisix-hooks", &["aisix-core"]),
    ("aisix-auth", &["aisix-core"]),
    ("aisix-store", &["aisix-core"]),
    ("aisix-telemetry", &["aisix-core"]),
    ("aisix-tokens", &["aisix-core"]),
    (
        "aisix-gateway",
        &[
            "aisix-core",
            "aisix-dialects",
            "aisix-adapters",
            "aisix-hooks",
            "aisix-auth",
            "aisix-store",
            "aisix-telemetry",
            "aisix-tokens",
        ],
    ),
    (
        "aisix-admin",
        &["aisix-core", "aisix-auth", "aisix-gateway", "aisix-store", "aisix-telemetry"],
    ),
    // Its targets read secrets and what token endpoints answer, too.
    ("aisix-fuzz", &["aisix-core", "aisix-dialects", "aisix-adapters"]),
    (
        "aisix-testing",
        &[
            "aisix-core",
            "aisix-dialects",
            "aisix-adapters",
            "aisix-hooks",
            "aisix-auth",
            "aisix-store",
        ],
    ),
];

/// The same for the crates below `examples/`: what each shows is how little it needs.
const EXAMPLES_MAY_STAND_ON: &[(&str, &[&str])] = &[
    ("custom-adapter", &["aisix-core", "aisix-dialects", "aisix-adapters"]),
    ("embed", &["aisix-core", "aisix-dialects", "aisix-hooks", "aisix-auth"]),
];

/// How the packages of examples are called: nothing stands on one.
const EXAMPLE: &str = "example-";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for folder in tree.crates() {
        let Some(file) = tree.file(&format!("{folder}/Cargo.toml")) else {
            continue;
        };
        let Ok(manifest) = toml::from_str::<toml::Table>(&file.text) else {
            found.push(Violation::new(&file.path, 1, "manifest", "not TOML"));
            continue;
        };
        lints(file, &manifest, &mut found);
        arrows(folder, file, &manifest, &mut found);
    }
    found
}

/// The names of a manifest's normal dependencies, those of single platforms among them.
pub(super) fn dependencies(manifest: &toml::Table) -> Vec<&str> {
    let platforms = manifest
        .get("target")
        .and_then(toml::Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(toml::Value::as_table);
    std::iter::once(manifest)
        .chain(platforms)
        .filter_map(|table| table.get("dependencies")?.as_table())
        .flat_map(|dependencies| dependencies.keys().map(String::as_str))
        .collect()
}

fn lints(file: &File, manifest: &toml::Table, found: &mut Vec<Violation>) {
    let inherits = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool);
    if inherits != Some(true) {
        let message = "the crate does not follow the workspace: add `[lints] workspace = true`";
        found.push(Violation::new(&file.path, 1, "lints", message));
    }
}

fn arrows(folder: &str, file: &File, manifest: &toml::Table, found: &mut Vec<Violation>) {
    let mut violation = |line, message| {
        found.push(Violation::new(&file.path, line, "dependency", message));
    };
    let (table, rows, name) = match folder.split_once('/') {
        Some(("crates", name)) => ("MAY_STAND_ON", MAY_STAND_ON, name),
        Some(("examples", name)) => ("EXAMPLES_MAY_STAND_ON", EXAMPLES_MAY_STAND_ON, name),
        _ => {
            for example in dependencies(manifest).iter().filter(|name| name.starts_with(EXAMPLE)) {
                let message = format!("{folder} must not depend on {example}");
                violation(line_of(&file.text, example), message);
            }
            return;
        }
    };
    let Some((_, allowed)) = rows.iter().find(|(of, _)| *of == name) else {
        let message = format!("{name} has no row in {table} (xtask/src/tidy/manifests.rs)");
        violation(1, message);
        return;
    };
    for dependency in dependencies(manifest) {
        let ours = dependency.starts_with("aisix-") || dependency.starts_with(EXAMPLE);
        if ours && !allowed.contains(&dependency) {
            let message = format!("{name} must not depend on {dependency}");
            violation(line_of(&file.text, dependency), message);
        }
        if dependency.starts_with("etcd") && name != "aisix-store" {
            let message = format!("{name} must not depend on {dependency}: only aisix-store may");
            violation(line_of(&file.text, dependency), message);
        }
    }
}

/// The line of a manifest that begins with a name.
pub(super) fn line_of(text: &str, name: &str) -> usize {
    (1..)
        .zip(text.lines())
        .find(|(_, line)| line.trim_start().starts_with(name))
        .map_or(1, |(number, _)| number)
}
