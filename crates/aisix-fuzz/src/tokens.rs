//! Whatever a token endpoint answers: a token that a header can carry, or an error that says nothing of
//! the credential.

use std::future::ready;

use aisix_adapters::tokens::{AccessTokens, TokenRequest};
use aisix_adapters::{Answered, Transport};
use aisix_core::{ErrorCode, Secret};
use bytes::Bytes;
use http::{Request, Response, Uri};

use crate::keys::done;

/// What stands in seeds, too: an endpoint may quote it.
const CREDENTIAL: &str = "canary-0123456789";

/// Answers this.
#[derive(Debug)]
struct Says(u16, Bytes);

impl Transport for Says {
    fn send(&self, _: Request<Bytes>, limit: usize) -> Answered {
        let body = self.1.slice(..self.1.len().min(limit));
        let answer = Response::builder().status(self.0).body(body).expect("an answer");
        Box::pin(ready(Ok(answer)))
    }
}

pub(crate) fn check(body: &[u8]) {
    for status in [200, 302, 400, 401, 429, 503] {
        let credential = Secret::new(CREDENTIAL);
        let endpoint = Says(status, Bytes::copy_from_slice(body));
        let ask = || {
            let request = TokenRequest::new(Uri::from_static("https://login.test/token"));
            Ok(request.credential("client_secret", &credential))
        };
        match done(AccessTokens::new().of(&credential, &endpoint, ask)) {
            Ok(token) => {
                assert_eq!(status, 200);
                assert!(token.fits_a_header(), "no header carries it");
            }
            Err(error) => {
                let expected = match status {
                    200 => ErrorCode::UpstreamDecode,
                    400..500 => ErrorCode::UpstreamMisconfigured,
                    _ => ErrorCode::UpstreamFailed,
                };
                assert_eq!(error.code(), expected, "{error}");
                // A cut text may end in a piece of it, which is not looked for here.
                if !format!("{error:?}").contains('…') {
                    let shown = format!("{error:?} {}", aisix_core::error::with_causes(&error));
                    assert!(!shown.contains(CREDENTIAL), "it is told: {shown}");
                }
            }
        }
    }
}
