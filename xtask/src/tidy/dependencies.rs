//! What must not be below a pure crate, directly or through others: asked of `cargo tree`.

use anyhow::Result;

use super::Violation;
use super::tree::Tree;
use crate::cargo::Workspace;
use crate::commands;

/// A crate, and the names (exact, or the beginnings before `-`) that must not be anywhere below it.
struct Pure {
    name: &'static str,
    without: &'static [&'static str],
}

const PURE: &[Pure] = &[
    Pure { name: "aisix-core", without: &["tokio", "hyper", "tower", "axum", "reqwest", "etcd"] },
    Pure {
        name: "aisix-dialects",
        without: &["tokio", "hyper", "tower", "axum", "reqwest", "etcd"],
    },
    Pure { name: "aisix-tokens", without: &["tokio", "hyper", "tower", "axum", "reqwest", "etcd"] },
    Pure {
        name: "aisix-hooks",
        without: &["aisix-gateway", "aisix-store", "aisix-adapters", "hyper"],
    },
    // Families of clouds are features, which the program asks for and the gateway does not.
    Pure { name: "aisix-gateway", without: &["aws", "google-cloud", "azure"] },
];

/// Asks cargo for what is below each pure crate.
///
/// # Errors
/// Where cargo cannot say.
pub(super) fn check(workspace: &Workspace, tree: &Tree) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for pure in PURE {
        let manifest = format!("crates/{}/Cargo.toml", pure.name);
        if tree.file(&manifest).is_none() {
            continue;
        }
        let listing = commands::output(
            workspace
                .cargo()
                .args(["tree", "--quiet", "--package", pure.name])
                .args(["--edges", "normal", "--target", "all"])
                .args(["--prefix", "none", "--format", "{p}"]),
        )?;
        found.extend(judge(pure.name, &manifest, &listing));
    }
    Ok(found)
}

/// The violations in one crate's listing: a line per crate below it, name first.
pub(super) fn judge(name: &str, manifest: &str, listing: &str) -> Vec<Violation> {
    let without = PURE.iter().find(|pure| pure.name == name).map_or(&[][..], |pure| pure.without);
    let mut below: Vec<_> = listing
        .lines()
        .skip(1)
        .filter_map(|line| line.split_whitespace().next())
        .filter(|below| without.iter().any(|banned| is(below, banned)))
        .collect();
    below.sort_unstable();
    below.dedup();
    below
        .into_iter()
        .map(|below| {
            let message =
                format!("{name} must not stand on {below} (`cargo tree -p {name} -i {below}`)");
            Violation::new(manifest, 1, "pure", message)
        })
        .collect()
}

/// Whether a crate is the banned one or of its family: `tokio-util` is of `tokio`.
fn is(name: &str, banned: &str) -> bool {
    name.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
