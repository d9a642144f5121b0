//! Folders of reviewed fixtures.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A golden folder.
pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

/// The files of a folder, by name.
pub(crate) fn files(folder: &Path) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.map(|file| {
        let path = file.expect("the golden folder is readable").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("the golden file is readable"))
    })
}

/// Checks a folder in which outputs stand beside their inputs.
pub(crate) fn check(
    name: &str,
    inputs: &[&str],
    made: impl Fn(&str, bytes::Bytes) -> Vec<(String, String)>,
) {
    let folder = golden(name);
    let is_input = |name: &str| inputs.iter().any(|kind| name.ends_with(kind));
    let of_input = files(&folder).filter(|(name, _)| is_input(name));
    let expected = of_input.flat_map(|(name, input)| made(&name, input.into())).collect();
    compare_where(&folder, |name| !is_input(name), &expected);
}

/// Checks a folder of outputs.
pub(crate) fn compare(folder: &Path, expected: BTreeMap<String, String>) {
    compare_where(folder, |_| true, &expected);
}

fn compare_where(
    folder: &Path,
    is_output: impl Fn(&str) -> bool,
    expected: &BTreeMap<String, String>,
) {
    let outputs = || files(folder).filter(|(name, _)| is_output(name));
    if option_env!("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(folder).expect("the golden folder can be made");
        for (stale, _) in outputs().filter(|(name, _)| !expected.contains_key(name)) {
            fs::remove_file(folder.join(stale)).expect("the stale file can be removed");
        }
        for (name, content) in expected {
            fs::write(folder.join(name), content).expect("the golden file can be written");
        }
        return;
    }
    assert!(!expected.is_empty(), "{} has fixtures", folder.display());
    let found: BTreeMap<_, _> = outputs().collect();
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(found.keys().collect()),
        names(expected.keys().collect()),
        "run with UPDATE_GOLDEN=1 and review"
    );
    for (name, content) in expected {
        assert_eq!(String::from_utf8_lossy(&found[name]), *content, "{name} differs");
    }
}
