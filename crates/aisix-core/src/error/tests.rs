use std::fmt;

use super::with_causes;

/// An error of a text, and one that caused it.
#[derive(Debug)]
struct Said(&'static str, Option<Box<Self>>);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Said {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.1.as_deref().map(|cause| cause as _)
    }
}

#[test]
fn an_error_is_told_with_all_its_causes_and_none_twice() {
    let said = |text, cause: Option<Said>| Said(text, cause.map(Box::new));
    let error = said("cannot open", Some(said("no disk", Some(said("broken", None)))));
    assert_eq!(with_causes(&error), "cannot open: no disk: broken");
    let quoting = said("cannot open: no disk", Some(said("no disk", Some(said("broken", None)))));
    assert_eq!(with_causes(&quoting), "cannot open: no disk: broken");
    assert_eq!(with_causes(&said("alone", None)), "alone");
}
