use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::References;

/// A directory that may be referred to, beside one that may not.
struct Host {
    _guard: TempDir,
    permitted: PathBuf,
    outside: PathBuf,
}

impl Host {
    fn new() -> Self {
        let guard = tempfile::tempdir().unwrap();
        let (permitted, outside) = (guard.path().join("permitted"), guard.path().join("outside"));
        fs::create_dir(&permitted).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "sk-outside").unwrap();
        Self { _guard: guard, permitted, outside }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.permitted.join(name);
        fs::write(&path, content).unwrap();
        to(&path)
    }

    fn references(&self) -> References {
        References::new([], [self.permitted.clone()])
    }
}

fn to(path: &Path) -> String {
    format!("file:{}", path.display())
}

fn found(references: &References, text: &str) -> Result<Option<String>, String> {
    let found = references.look_up(text).map_err(|problem| problem.to_string())?;
    Ok(found.map(|secret| secret.expose().to_owned()))
}

fn problem(references: &References, text: &str) -> String {
    found(references, text).expect_err(text)
}

#[test]
fn what_does_not_begin_as_a_reference_is_the_secret_itself() {
    let references = References::default();
    for text in ["", "sk-plain", "environment", "ENV:NAME", " env:NAME", "files:/x", "***"] {
        assert_eq!(found(&references, text), Ok(None), "{text}");
        assert!(!References::is_reference(text));
    }
}

#[test]
fn a_variable_is_found_where_it_is_listed_and_has_a_value() {
    let text = |text: &str| Some(OsString::from(text));
    let variables = [
        ("OPENAI".to_owned(), text("sk-of-openai")),
        ("NESTED".to_owned(), text("env:OPENAI")),
        ("UNSET".to_owned(), None),
        ("EMPTY".to_owned(), text("")),
        ("BYTES".to_owned(), Some(OsString::from_vec(vec![0xff]))),
    ];
    let references = References::new(variables, []);
    assert_eq!(found(&references, "env:OPENAI"), Ok(Some("sk-of-openai".into())));
    assert_eq!(found(&references, "env:NESTED"), Ok(Some("env:OPENAI".into())), "followed once");
    for (name, why) in [("UNSET", "is not set"), ("EMPTY", "is empty"), ("BYTES", "is not UTF-8")] {
        let expected = format!("refers to the environment variable {name}, which {why}");
        assert_eq!(problem(&references, &format!("env:{name}")), expected);
    }
    for text in ["env:PATH", "env:", "env:sk-a-secret-after-all", "env:openai"] {
        let expected = "refers to an environment variable that secrets.allow_env does not list";
        assert_eq!(problem(&references, text), expected, "{text}: nothing of it is repeated");
    }
}

#[test]
fn a_file_is_read_without_the_ends_of_lines_after_it() {
    let host = Host::new();
    for content in ["sk-of-file", "sk-of-file\n", "sk-of-file\r\n\n"] {
        let reference = host.write("secret", content);
        assert_eq!(found(&host.references(), &reference), Ok(Some("sk-of-file".into())));
    }
    let reference = host.write("nested", "file:/etc/passwd");
    assert_eq!(found(&host.references(), &reference), Ok(Some("file:/etc/passwd".into())));
}

#[test]
fn a_file_outside_of_the_directories_is_refused_whether_or_not_it_exists() {
    let host = Host::new();
    let expected = "refers to a file outside of the directories of secrets.file_dirs";
    let beside = host.permitted.with_file_name("permitted-not");
    for path in [host.outside.join("secret"), host.outside.join("none"), beside] {
        assert_eq!(problem(&host.references(), &to(&path)), expected);
        assert_eq!(problem(&References::default(), &to(&path)), expected);
    }
}

#[test]
fn a_path_that_is_relative_or_climbs_is_refused() {
    let host = Host::new();
    let climbing = format!("{}/../permitted/secret", to(&host.permitted));
    host.write("secret", "sk-of-file");
    for text in ["file:", "file:secret", "file:./secret", "file:/a\0b", &climbing] {
        let problem = problem(&host.references(), text);
        assert!(problem.starts_with("begins with 'file:', but no absolute path"), "{problem}");
    }
}

#[test]
fn a_link_is_followed_within_its_directory_and_no_further() {
    let host = Host::new();
    // As Kubernetes mounts a Secret: each name leads through a link that is exchanged as a whole.
    fs::create_dir(host.permitted.join("..1")).unwrap();
    fs::write(host.permitted.join("..1/key"), "sk-mounted").unwrap();
    symlink("..1", host.permitted.join("..data")).unwrap();
    symlink("..data/key", host.permitted.join("key")).unwrap();
    let reference = to(&host.permitted.join("key"));
    assert_eq!(found(&host.references(), &reference), Ok(Some("sk-mounted".into())));

    symlink(host.outside.join("secret"), host.permitted.join("file-out")).unwrap();
    symlink(&host.outside, host.permitted.join("directory-out")).unwrap();
    for name in ["file-out", "directory-out/secret"] {
        let problem = problem(&host.references(), &to(&host.permitted.join(name)));
        assert!(problem.contains("is a link out of the directories"), "{name}: {problem}");
        assert!(!problem.contains("sk-outside"), "{problem}");
    }
    // The directory itself may be a link.
    let alias = host.permitted.with_file_name("alias");
    symlink(&host.permitted, &alias).unwrap();
    let references = References::new([], [alias.clone()]);
    assert_eq!(found(&references, &to(&alias.join("key"))), Ok(Some("sk-mounted".into())));
}

#[test]
fn what_is_no_credential_in_a_regular_file_is_refused() {
    let host = Host::new();
    let references = host.references();
    for (content, why) in [
        (vec![], "is empty"),
        (b"\n\n".to_vec(), "is empty"),
        (vec![0xff, 0xfe], "is not UTF-8"),
        (vec![b'x'; 64 * 1024 + 1], "is larger than 64 KiB"),
    ] {
        let reference = host.write("odd", content);
        let expected = format!("refers to the file {}, which {why}", &reference[5..]);
        assert_eq!(problem(&references, &reference), expected);
    }
    assert!(found(&references, &host.write("most", vec![b'x'; 64 * 1024])).is_ok());
    let missing = problem(&references, &to(&host.permitted.join("missing")));
    assert!(missing.contains("which cannot be read: No such file"), "{missing}");
    let directory = problem(&references, &to(&host.permitted));
    assert!(directory.contains("which is not a regular file"), "{directory}");
    let pipe = host.permitted.join("pipe");
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let pipe = problem(&references, &to(&pipe));
    assert!(pipe.contains("which is not a regular file"), "{pipe}");
}

#[test]
fn a_change_of_a_file_is_noticed_once() {
    let host = Host::new();
    let references = host.references();
    let reference = host.write("secret", "sk-one");
    assert!(!references.changed(), "nobody followed anything");
    references.follow(&reference).unwrap();
    host.write("secret", "sk-one\n");
    assert!(!references.changed(), "it says the same");
    host.write("secret", "sk-two");
    references.look_up(&reference).unwrap();
    assert!(references.changed(), "who only looks hides nothing");
    assert!(!references.changed());

    references.follow(&reference).unwrap();
    fs::remove_file(&reference[5..]).unwrap();
    assert!(references.changed(), "it is gone");
    assert!(references.follow(&reference).is_err());
    assert!(!references.changed(), "it still is");
    host.write("secret", "sk-three");
    assert!(references.changed(), "it is back");
}

#[test]
fn a_file_that_two_documents_found_different_has_changed() {
    let host = Host::new();
    let references = host.references();
    references.follow(&host.write("secret", "sk-one")).unwrap();
    references.follow(&host.write("secret", "sk-two")).unwrap();
    assert!(references.changed());
}

#[test]
fn nothing_shows_a_value() {
    let host = Host::new();
    let variables = [("NAME".to_owned(), Some("sk-of-variable".into()))];
    let references = References::new(variables, [host.permitted.clone()]);
    references.follow(&host.write("secret", "sk-of-file")).unwrap();
    let shown = format!("{references:?}");
    assert!(shown.contains("NAME") && !shown.contains("sk-"), "{shown}");
}
