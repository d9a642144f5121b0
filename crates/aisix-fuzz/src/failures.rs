//! Whatever an upstream answers a call with that is no success: an error that blames it, no longer than
//! messages are, and without any part of the credential.

use aisix_adapters::FailedReply;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::keys::{FAMILIES, adapter, target};

/// The longest message: what is taken over, and this product's words around it.
const LONGEST: usize = 1024 + 100;

/// What stands in seeds, too: an upstream may quote it.
const CREDENTIAL: &str = "canary-0123456789";

pub(crate) fn check(body: &[u8]) {
    let secret = format!(
        r#"{{"access_key_id":"{CREDENTIAL}","secret_access_key":"{CREDENTIAL}","region":"r"}}"#
    );
    let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(first) {
        headers.insert("x-amzn-errortype", value.clone());
        headers.insert("retry-after", value);
    }
    for (family, model) in FAMILIES {
        let (adapters, target) = target(family, model, &secret).expect("the key is a key");
        let adapter = adapter(&adapters, &target);
        for status in [302, 400, 401, 403, 404, 429, 503] {
            let status = StatusCode::from_u16(status).expect("a status");
            let error = adapter.classify(&target, &FailedReply { status, headers: &headers, body });
            assert!(error.status() >= 400, "{family}: {error}");
            let length = error.message().len();
            assert!(length <= LONGEST, "{family}: {length} bytes of message");
            let shown = format!("{error:?} {}", aisix_core::error::with_causes(&error));
            assert!(!shown.contains(CREDENTIAL), "{family}: it is told: {shown}");
        }
    }
}
