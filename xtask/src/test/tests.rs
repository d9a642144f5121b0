use super::{Tally, names_packages};

#[test]
fn a_tally_adds_the_closing_lines_of_every_runner() {
    let mut tally = Tally::default();
    for line in [
        "test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s",
        "test a ... ok",
        "test result: FAILED. 40 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s",
    ] {
        tally.read(line);
    }
    assert_eq!(tally.to_string(), "42 passed, 3 failed, 1 skipped");
}

#[test]
fn named_packages_replace_the_whole_workspace() {
    let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert!(names_packages(&args("-p aisix-core")));
    assert!(names_packages(&args("--package=aisix-core filter")));
    assert!(!names_packages(&args("filter -- --package")));
}
