//! Whatever a provider key's secret holds: a request leads where the key says, or an error says what
//! is wrong and nothing of the secret.

use aisix_adapters::Call;
use aisix_core::{Error, ErrorKind, Operation};
use bytes::Bytes;
use http::Uri;

use crate::keys::{CANARY, FAMILIES, HOST, adapter, done, is_silent, target};

/// A secret of each family that works.
const BEDROCKS: &str = r#"{"api_key":"canary-key","region":"r"}"#;
const VERTEXES: &str = r#"{"access_token":"canary-token","region":"r","project":"p"}"#;

pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for (family, model) in FAMILIES {
        prepared(family, model, text, |uri| {
            let path = uri.path();
            let named = path.starts_with("/model/meta.m/converse")
                || path.ends_with("/publishers/google/models/gemini-m:generateContent")
                || path.ends_with("/chat/completions")
                || path.ends_with("/messages");
            assert!(named, "{family} leads to {uri}");
        });
    }
    // A model's name may be told, so what is one here holds no credential.
    if !text.contains(CANARY) {
        names(text);
    }
}

/// A model's name is a part of a path, and nothing else.
fn names(model: &str) {
    prepared("azure-openai", model, "canary-key", |uri| {
        assert_eq!(uri.path().split('/').count(), 6, "{uri}");
        assert!(uri.query().is_some_and(|query| query.starts_with("api-version=")), "{uri}");
    });
    prepared("bedrock", model, BEDROCKS, |uri| {
        assert_eq!(uri.path().split('/').count(), 4, "{uri}");
        assert_eq!(uri.query(), None, "{uri}");
    });
    prepared("vertex", model, VERTEXES, |uri| {
        assert!(uri.path().starts_with("/v1/projects/p/locations/r/"), "{uri}");
        assert!(!uri.path().contains("..") && uri.query().is_none(), "{uri}");
        let segments = uri.path().split('/').count();
        assert!([10, 9].contains(&segments), "{uri} has {segments}");
    });
}

fn prepared(family: &str, model: &str, secret: &str, leads: impl FnOnce(&Uri)) {
    let Some((adapters, target)) = target(family, model, secret) else {
        return;
    };
    let adapter = adapter(&adapters, &target);
    let operation = Operation::Chat;
    if let Err(error) = adapter.dialect(&target, operation, false) {
        return refused(&error, family);
    }
    let call = Call::new(&target, operation, Bytes::from_static(b"{}"));
    match done(call.prepared_by(adapter)) {
        Ok(prepared) => {
            let uri = prepared.request.uri();
            assert_eq!(uri.host(), Some(HOST), "{family} leads elsewhere");
            assert!(!uri.to_string().contains(CANARY), "{family}: the address tells it");
            leads(uri);
        }
        Err(error) => refused(&error, family),
    }
}

/// Callers learn that the key cannot work, and nothing of it.
fn refused(error: &Error, family: &str) {
    let kind = error.kind();
    let blame = matches!(
        kind,
        ErrorKind::Internal
            | ErrorKind::Rejected
            | ErrorKind::Unreachable
            | ErrorKind::Unauthenticated
            | ErrorKind::InvalidRequest
    );
    assert!(blame || error.status() >= 400, "{family}: {kind:?}: {error}");
    assert_ne!(error.message(), "internal error", "{family}: a defect: {error:?}");
    is_silent(error, family);
}
