use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tempfile::TempDir;

use super::*;

fn pair() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap()
}

/// Puts files in place of those there were, as careful tools do.
fn put(directory: &TempDir, certificate: Option<&str>, key: Option<&str>) {
    for (name, text) in [("cert.pem", certificate), ("key.pem", key)] {
        if let Some(text) = text {
            let next = directory.path().join("next");
            std::fs::write(&next, text).unwrap();
            std::fs::rename(next, directory.path().join(name)).unwrap();
        }
    }
}

fn load(directory: &TempDir) -> Result<Certificate, String> {
    let (certificate, key) = (directory.path().join("cert.pem"), directory.path().join("key.pem"));
    let prefix = format!("{}/", directory.path().display());
    Certificate::load(&certificate, &key)
        .map_err(|problem| problem.to_string().replace(&prefix, ""))
}

#[test]
fn says_which_file_is_no_good() {
    let directory = TempDir::new().unwrap();
    let problem = || load(&directory).unwrap_err();
    let missing = "cannot be read: No such file or directory (os error 2)";
    let (one, other) = (pair(), pair());
    let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    assert_eq!(problem(), format!("cert.pem {missing}"));
    put(&directory, Some("nonsense"), None);
    assert_eq!(problem(), "cert.pem holds no certificate in PEM format");
    put(&directory, Some(&certificate), None);
    assert_eq!(problem(), format!("key.pem {missing}"));
    put(&directory, None, Some(&certificate));
    assert_eq!(problem(), "key.pem holds no private key in PEM format");
    put(&directory, None, Some(&other.signing_key.serialize_pem()));
    let start = "cert.pem and key.pem cannot be used together: ";
    assert!(problem().starts_with(start), "{}", problem());
    put(&directory, None, Some(&key));
    load(&directory).unwrap();
}

#[test]
fn the_last_pair_that_could_be_used_stays_until_the_next_is_whole() {
    let directory = TempDir::new().unwrap();
    let (one, other) = (pair(), pair());
    put(&directory, Some(&one.cert.pem()), Some(&one.signing_key.serialize_pem()));
    let certificate = load(&directory).unwrap();
    let first = Arc::clone(&certificate.files.current());
    let changed = || {
        certificate.files.refresh();
        !Arc::ptr_eq(&first, &certificate.files.current())
    };
    assert!(!changed());
    put(&directory, Some(&other.cert.pem()), None);
    assert!(!changed());
    std::fs::remove_file(directory.path().join("key.pem")).unwrap();
    assert!(!changed());
    put(&directory, None, Some(&other.signing_key.serialize_pem()));
    assert!(changed());
}
