use super::{Fragment, gather};

fn fragment(name: &str, text: &str) -> Fragment {
    Fragment::parse(name, text).expect("a fragment")
}

#[test]
fn fragments_go_to_their_sections_of_the_newest_version() {
    let text = "# Changelog\n\n## 0.2.0 (unreleased)\n\n### Fixed\n- Old.\n\n## 0.1.0\n\n### Added\n- First.\n";
    let gathered = gather(
        text,
        &[fragment("a.fixed.md", "New fix.\n"), fragment("b.added.md", "- New thing.\n")],
    );
    assert_eq!(
        gathered.expect("a changelog"),
        "# Changelog\n\n## 0.2.0 (unreleased)\n\n### Added\n- New thing.\n\n### Fixed\n- Old.\n- New fix.\n\n\
         ## 0.1.0\n\n### Added\n- First.\n"
    );
}

#[test]
fn gathering_nothing_changes_nothing() {
    let text = "# Changelog\n\n## 0.1.0\n\n### Added\n- First.\n";
    assert_eq!(gather(text, &[]).expect("a changelog"), text);
}

#[test]
fn rejects_a_fragment_without_a_section_or_of_many_lines() {
    assert!(Fragment::parse("a.md", "Text.").is_err());
    assert!(Fragment::parse("a.improved.md", "Text.").is_err());
    assert!(Fragment::parse("a.fixed.md", "").is_err());
    assert!(Fragment::parse("a.fixed.md", "One.\nTwo.").is_err());
}
