use super::pins::{Pins, Stamp};
use super::{Tool, apt};

const ABSENT: Tool =
    Tool { name: "frobnicator", present: || false, packages: &["frob", "frob-data"] };
const OTHER: Tool = Tool { name: "gizmo", present: || false, packages: &["gizmo"] };

#[test]
fn a_request_names_all_that_is_missing_and_the_commands_that_bring_it() {
    let request = apt::request(&[&ABSENT, &OTHER]);
    assert_eq!(
        request,
        "missing: frobnicator, gizmo; install them with:\n    sudo apt-get update\n    \
         sudo apt-get install --no-install-recommends frob frob-data gizmo"
    );
}

#[test]
fn the_committed_pins_name_one_version_each() {
    let pins = Pins::parse(include_str!("../../pins.toml")).expect("pins.toml");
    for versions in [&pins.python, &pins.node, &pins.compat.python, &pins.compat.node, &pins.cargo]
    {
        for pin in versions.join("=") {
            let (_, version) = pin.split_once('=').expect("a version");
            // A post-release of Python's is a version like any other.
            let version = version.replace(".post", ".");
            assert!(version.chars().all(|c| c.is_ascii_digit() || c == '.'), "{pin} is a range");
        }
    }
    assert!(pins.python.version("openai").is_ok());
    assert!(pins.node.version("openai").is_ok());
    assert!(pins.cargo.version("gizmo").is_err());
}

#[test]
fn a_stamp_matches_only_what_it_was_made_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let stamp = Stamp::new(folder.path(), &["openai==1.0.0"]);
    assert!(!stamp.matches());
    stamp.write().expect("a stamp");
    assert!(stamp.matches());
    assert!(!Stamp::new(folder.path(), &["openai==1.0.1"]).matches());
}
