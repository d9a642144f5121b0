//! What must not be below a pure crate, directly or through others: asked of `cargo tree`.

use anyhow::Result;

use super::Violation;
use super::tree::Tree;
use crate::cargo::Workspace;
use crate::commands;

/// A crate, and the names (exact, or the beginnings before `-`) that must not be anywhere below it.
pub(super) struct Pure {
    name: &'static str,
    /// The folder that its own stands in.
    within: &'static str,
    /// What cargo is told of its features.
    features: &'static [&'static str],
    without: &'static [&'static str],
}

const SOCKETS: &[&str] = &["tokio", "hyper", "tower", "axum", "reqwest", "etcd"];

const PURE: &[Pure] = &[
    Pure::of("aisix-core", SOCKETS),
    Pure::of("aisix-dialects", SOCKETS),
    Pure::of("aisix-tokens", SOCKETS),
    Pure::of("aisix-hooks", &["aisix-gateway", "aisix-store", "aisix-adapters", "hyper"]),
    // Families of clouds are features, which the program asks for and the gateway does not.
    Pure::of("aisix-gateway", &["aws", "google-cloud", "azure"]),
    Pure {
        within: "bins",
        features: &["--no-default-features", "--features", "azure,vertex"],
        ..Pure::of("aisix", &["aws"])
    },
];

impl Pure {
    pub(super) const fn of(name: &'static str, without: &'static [&'static str]) -> Self {
        Self { name, within: "crates", features: &[], without }
    }

    fn manifest(&self) -> String {
        format!("{}/{}/Cargo.toml", self.within, self.name)
    }

    /// The violations in the crate's listing: a line per crate below it, name first.
    pub(super) fn judge(&self, listing: &str) -> Vec<Violation> {
        let mut below: Vec<_> = listing
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next())
            .filter(|below| self.without.iter().any(|banned| is(below, banned)))
            .collect();
        below.sort_unstable();
        below.dedup();
        let Self { name, features, .. } = self;
        let features: String = features.iter().map(|word| format!(" {word}")).collect();
        let violation = |below| {
            let ask = format!("cargo tree -p {name}{features} -i {below}");
            let message = format!("{name}{features} must not stand on {below} (`{ask}`)");
            Violation::new(&self.manifest(), 1, "pure", message)
        };
        below.into_iter().map(violation).collect()
    }
}

/// Asks cargo for what is below each pure crate.
///
/// # Errors
/// Where cargo cannot say.
pub(super) fn check(workspace: &Workspace, tree: &Tree) -> Result<Vec<Violation>> {
    let mut found = Vec::new();
    for pure in PURE.iter().filter(|pure| tree.file(&pure.manifest()).is_some()) {
        let listing = commands::output(
            workspace
                .cargo()
                .args(["tree", "--quiet", "--package", pure.name])
                .args(pure.features)
                .args(["--edges", "normal", "--target", "all"])
                .args(["--prefix", "none", "--format", "{p}"]),
        )?;
        found.extend(pure.judge(&listing));
    }
    Ok(found)
}

/// Whether a crate is the banned one or of its family: `tokio-util` is of `tokio`.
fn is(name: &str, banned: &str) -> bool {
    name.strip_prefix(banned).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
