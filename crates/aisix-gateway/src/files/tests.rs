use std::cell::Cell;
use std::path::Path;

use super::{Files, Followed};

/// A file that never changes, and what reading it comes to.
struct Scripted {
    path: &'static Path,
    outcome: Cell<Result<u32, &'static str>>,
}

impl Files for Scripted {
    type Made = u32;
    type Problem = &'static str;

    fn paths(&self) -> Vec<&Path> {
        vec![self.path]
    }

    fn read(&self) -> Result<u32, &'static str> {
        self.outcome.get()
    }
}

#[test]
fn files_that_could_not_be_read_are_tried_again_although_they_did_not_change() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("a.pem");
    std::fs::write(&file, "a").unwrap();
    let path: &Path = Box::leak(file.into_boxed_path());
    let followed = Followed::load(Scripted { path, outcome: Cell::new(Ok(1)) }).unwrap();
    let look = |outcome| {
        followed.files.outcome.set(outcome);
        (followed.news(), **followed.current())
    };
    assert_eq!(look(Err("never asked")), (None, 1));

    std::fs::write(path, "longer").unwrap();
    let refused = "Permission denied";
    assert_eq!(look(Err(refused)), (Some(Err(refused.into())), 1));
    assert_eq!(look(Err(refused)), (None, 1), "a reason is told once");
    let other = "Too many open files";
    assert_eq!(look(Err(other)), (Some(Err(other.into())), 1));
    assert_eq!(look(Ok(2)), (Some(Ok(())), 2));
    assert_eq!(look(Err("never asked")), (None, 2));
}
