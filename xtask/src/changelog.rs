//! `cargo xtask changelog`: a change says what it is in a fragment of its own, so that two changes
//! never meet on one line; a release moves the fragments into `CHANGELOG.md`.
//!
//! A fragment is `changelog.d/<anything>.<section>.md` and holds one line.

use anyhow::{Context, Result, bail};

use crate::cargo::Workspace;

#[cfg(test)]
mod tests;

/// The sections of keep-a-changelog, in their order.
const SECTIONS: &[&str] = &["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

/// One line of the changelog to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fragment {
    section: &'static str,
    line: String,
}

/// Moves all fragments into the newest section.
///
/// # Errors
/// Where a fragment is not one line, its name holds no section, or a file cannot be read or written.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut paths = std::fs::read_dir(workspace.root().join("changelog.d"))
        .context("there is no fragment in changelog.d")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut fragments = Vec::new();
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        fragments.push(Fragment::parse(&name, &std::fs::read_to_string(path)?)?);
    }
    let changelog = workspace.root().join("CHANGELOG.md");
    let text = std::fs::read_to_string(&changelog).context("cannot read CHANGELOG.md")?;
    std::fs::write(&changelog, gather(&text, &fragments)?)?;
    for path in &paths {
        std::fs::remove_file(path)?;
    }
    println!("{} fragments moved", fragments.len());
    Ok(())
}

impl Fragment {
    /// Reads a fragment from its file's name and text.
    ///
    /// # Errors
    /// Where the name holds no section, or the text is not one line.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self> {
        let section = name
            .strip_suffix(".md")
            .and_then(|name| name.rsplit_once('.'))
            .and_then(|(_, word)| SECTIONS.iter().find(|s| s.to_lowercase() == word));
        let Some(section) = section else {
            bail!(
                "{name}: name it <anything>.<section>.md, the section one of {SECTIONS:?} in lower case"
            );
        };
        let line = text.trim();
        if line.is_empty() || line.contains('\n') {
            bail!("{name}: write one line that tells users what is different for them");
        }
        Ok(Self { section, line: format!("- {}", line.trim_start_matches("- ")) })
    }
}

/// The changelog with the fragments at the end of their sections of the newest version.
fn gather(text: &str, fragments: &[Fragment]) -> Result<String> {
    let newest = text.find("\n## ").context("CHANGELOG.md has no version (`## …`)")? + 1;
    let end = text[newest..].find("\n## ").map_or(text.len(), |at| newest + at + 1);
    let (heading, body) =
        text[newest..end].split_once('\n').context("the newest version has no body")?;
    let mut merged = vec![heading.to_owned()];
    for section in SECTIONS {
        let mut lines = section_lines(body, section);
        let new = fragments.iter().filter(|f| f.section == *section);
        lines.extend(new.map(|fragment| fragment.line.as_str()));
        if !lines.is_empty() {
            merged.push(format!("### {section}\n{}", lines.join("\n")));
        }
    }
    let (before, after) = (&text[..newest], &text[end..]);
    let between = if after.is_empty() { "" } else { "\n" };
    Ok(format!("{before}{}\n{between}{after}", merged.join("\n\n")))
}

/// The lines that a section of a version has so far.
fn section_lines<'a>(body: &'a str, section: &str) -> Vec<&'a str> {
    body.lines()
        .skip_while(|line| line.strip_prefix("### ") != Some(section))
        .skip(1)
        .take_while(|line| !line.starts_with("### "))
        .filter(|line| !line.is_empty())
        .collect()
}
