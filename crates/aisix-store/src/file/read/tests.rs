use std::fs;

use super::*;

#[test]
fn a_file_that_changes_while_it_is_read_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resources.yaml");
    fs::write(&path, "old").unwrap();
    let mut times = 0;
    let read = read_between(&path, || {
        times += 1;
        if times == 1 {
            fs::write(&path, "newer").unwrap();
        }
    });
    assert_eq!(read.as_deref(), Ok(&b"newer"[..]));
    assert_eq!(times, 2);
}

#[test]
fn a_file_that_is_replaced_while_it_is_read_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let (path, next) = (directory.path().join("resources.yaml"), directory.path().join("next"));
    fs::write(&path, "old").unwrap();
    let read = read_between(&path, || {
        if fs::write(&next, "new").is_ok() && fs::read(&path).is_ok_and(|text| text == b"old") {
            fs::rename(&next, &path).unwrap();
        }
    });
    assert_eq!(read.as_deref(), Ok(&b"new"[..]));
}

#[test]
fn a_file_that_never_rests_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resources.yaml");
    fs::write(&path, "x").unwrap();
    let mut text = String::from("x");
    let read = read_between(&path, || {
        text.push('x');
        fs::write(&path, &text).unwrap();
    });
    let problem = read.expect_err("a file that never rests");
    assert!(problem.starts_with("keeps changing while it is read"), "{problem}");
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let absent = read(&directory.path().join("absent")).expect_err("nothing");
    assert!(absent.starts_with("cannot be read: No such file"), "{absent}");
    assert_eq!(read(directory.path()), Err("is a directory: name a file".into()));
    assert_eq!(read(Path::new("/dev/zero")), Err("is not a regular file".into()));
    let gone = directory.path().join("gone");
    fs::write(&gone, "x").unwrap();
    let removed = read_between(&gone, || drop(fs::remove_file(&gone)));
    assert!(removed.is_err_and(|why| why.starts_with("cannot be read")));
}

#[test]
fn a_link_is_followed() {
    let directory = tempfile::tempdir().unwrap();
    let (file, link) = (directory.path().join("file"), directory.path().join("link"));
    fs::write(&file, "text").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert_eq!(read(&link).as_deref(), Ok(&b"text"[..]));
}
