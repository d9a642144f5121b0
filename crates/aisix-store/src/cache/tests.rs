use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::SystemTime;

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use bytes::Bytes;
use tempfile::TempDir;

use super::{Image, SnapshotCache, Stale};

const ROOT: &str = "/aisix/";

fn entry(key: &str, value: &'static [u8], created: Revision, modified: Revision) -> Entry {
    let value = Bytes::from_static(value);
    Entry { key: key.to_owned(), value, version: 1, created, modified }
}

fn image() -> Image {
    let since = Stale::time(1_700_000_000);
    let stale = Stale { entry: entry("models/b", b"{}", 1, 3), since };
    let entries =
        vec![entry("models/b", b"\xff\"", 1, 9), entry("api_keys/a/b", b"{\"x\": 1}", 2, 4)];
    Image { revision: 12, entries, stale: vec![stale] }
}

/// The text of `image()`, as the format demands it.
const TEXT: &str = concat!(
    r#"{"version":1,"revision":12,"entries":["#,
    r#"{"key":"/aisix/models/b","value_b64":"/yI=","revision":9},"#,
    r#"{"key":"/aisix/api_keys/a/b","value_b64":"eyJ4IjogMX0=","revision":4}],"#,
    r#""stale":[{"key":"/aisix/models/b","value_b64":"e30=","revision":3,"#,
    r#""since_unix_secs":1700000000}]}"#
);

fn cache(directory: &TempDir) -> SnapshotCache {
    SnapshotCache::new(directory.path().join("cache.json"), ROOT)
}

/// Why this text is no cache.
fn refused(text: &str) -> String {
    let directory = TempDir::new().unwrap();
    let cache = cache(&directory);
    fs::write(cache.path(), text).unwrap();
    cache.load().unwrap_err().to_string()
}

#[test]
fn the_file_is_as_the_format_says_and_only_for_its_owner() {
    let directory = TempDir::new().unwrap();
    let cache = cache(&directory);
    fs::write(cache.path(), "what was there").unwrap();
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o644)).unwrap();
    cache.save(&image()).unwrap();
    assert_eq!(fs::read_to_string(cache.path()).unwrap(), TEXT);
    assert_eq!(fs::metadata(cache.path()).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(cache.load().unwrap(), image());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing stays beside it");
}

#[test]
fn unknown_fields_and_missing_former_values_do_no_harm() {
    let directory = TempDir::new().unwrap();
    let cache = cache(&directory);
    let text = TEXT.replace(r#"{"version":1"#, r#"{"more":[],"version":1"#);
    let (text, _) = text.split_once(r#","stale""#).unwrap();
    fs::write(cache.path(), format!("{text}}}")).unwrap();
    assert_eq!(cache.load().unwrap(), Image { stale: Vec::new(), ..image() });
}

#[test]
fn a_former_value_without_a_newer_one_is_what_there_is() {
    let directory = TempDir::new().unwrap();
    let cache = cache(&directory);
    let image = Image { entries: Vec::new(), ..image() };
    cache.save(&image).unwrap();
    let keys: Vec<_> = cache.load().unwrap().entries.into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, ["models/b"]);
}

#[test]
fn what_is_no_cache_is_refused_with_a_reason_that_quotes_nothing() {
    for (text, reason) in [
        (TEXT.replace(":1,", ":2,"), "it is of version 2, and this program reads version 1"),
        (TEXT[..TEXT.len() / 2].to_owned(), "it is damaged, or no snapshot cache: line 1"),
        (String::new(), "it is damaged, or no snapshot cache: line 1"),
        ("[]".to_owned(), "it is damaged, or no snapshot cache: line 1"),
        (TEXT.replace("e30=", "e30?"), "it is damaged: the value of entry 2 is no base64"),
        (TEXT.replace("/aisix/api", "/other/api"), "it is of documents that are not below /aisix/"),
        (TEXT.replace(":12,", ":\"sesame\","), "it is damaged, or no snapshot cache: line 1"),
    ] {
        let refused = refused(&text);
        assert!(refused.starts_with(reason), "{refused}");
        assert!(!refused.contains("sesame"), "{refused}");
    }
    let directory = TempDir::new().unwrap();
    let missing = cache(&directory).load().unwrap_err().to_string();
    assert!(missing.starts_with("cannot read it: No such file"), "{missing}");
    let itself = SnapshotCache::new(directory.path(), ROOT).load().unwrap_err();
    assert_eq!(itself.to_string(), "it is no regular file");
}

#[test]
fn a_failed_write_leaves_the_file_before_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let cache = cache(&directory);
    // Where the new file would be made.
    fs::create_dir_all(directory.path().join("cache.json.tmp/occupied")).unwrap();
    fs::write(cache.path(), TEXT).unwrap();
    cache.save(&Image::default()).unwrap_err();
    assert_eq!(cache.load().unwrap(), image());

    let nowhere = SnapshotCache::new(directory.path().join("missing/cache.json"), ROOT);
    nowhere.save(&image()).unwrap_err();
    // A rename cannot replace a directory.
    fs::create_dir_all(directory.path().join("d/x")).unwrap();
    SnapshotCache::new(directory.path().join("d"), ROOT).save(&image()).unwrap_err();
    assert!(!directory.path().join("d.tmp").exists());
}

#[test]
fn a_fingerprint_tells_contents_apart_and_not_revisions() {
    let print = image().fingerprint();
    assert_eq!(Image { revision: 99, ..image() }.fingerprint(), print);
    let mut others = vec![Image::default(), Image { stale: Vec::new(), ..image() }];
    let mut other = image();
    other.entries[1].value = Bytes::from_static(b"{\"x\": 2}");
    others.push(other);
    let mut other = image();
    other.stale[0].since = SystemTime::UNIX_EPOCH;
    others.push(other);
    let mut other = image();
    other.entries.swap(0, 1);
    others.push(other);
    assert!(others.iter().all(|other| other.fingerprint() != print));
}
