//! Whatever a store holds under a name: a resource, or a diagnostic; and never a credential where
//! resources are shown.

use aisix_core::resource::Document;
use aisix_core::{Kind, Snapshot};
use bytes::Bytes;

pub(crate) fn check(bytes: &[u8]) {
    for kind in Kind::ALL {
        let key = format!("{}/id", kind.plural());
        let (snapshot, diagnostics) = Snapshot::of([(key.clone(), Bytes::copy_from_slice(bytes))]);
        let served = snapshot.count(kind);
        assert!(served <= 1, "{key}: one document is one resource at most");
        assert!(served == 1 || !diagnostics.is_empty(), "{key} vanished without a word");
        if let Some(key) = snapshot.provider_key("id") {
            let secret = key.spec.secret.expose();
            // Words of fewer characters occur in what is shown of the rest.
            let shown = format!("{snapshot:?} {key:?} {diagnostics:?}");
            let tells = secret.starts_with("canary-") && shown.contains(secret);
            assert!(!tells, "the secret is shown: {shown}");
        }
    }
    let Ok(document) = Document::parse(bytes) else {
        return;
    };
    let written = document.to_bytes();
    let again = Document::parse(&written).expect("a document is written as one");
    assert_eq!(again.to_bytes(), written, "written twice, it is the same");
}
