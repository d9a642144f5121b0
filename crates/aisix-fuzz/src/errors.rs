//! Whatever an upstream says of a failure is read, and what is read can be told to any caller.

use aisix_core::{Error, ErrorCode};
use serde_json::Value;

use crate::wires::{CALLERS, UPSTREAMS};

/// The longest message that is taken over from an upstream, in bytes.
const LONGEST_MESSAGE: usize = 1024 + "…".len();

pub(crate) fn check(body: &[u8]) {
    for wire in &UPSTREAMS {
        let read = wire.dialect.decode_error(body);
        let length = read.message.len();
        assert!(length <= LONGEST_MESSAGE, "{wire:?}: {length} bytes of message");
        for told in &CALLERS {
            let error = Error::new(ErrorCode::UpstreamInBand, read.message.clone());
            let body = told.dialect.encode_error(&error);
            let value = serde_json::from_slice::<Value>(&body).expect("an error is JSON");
            assert!(value.is_object(), "{told:?}: an error is an object: {value}");
            let again = told.dialect.decode_error(&body).message;
            // An empty message says nothing, so another may stand in for it.
            if !error.message().trim().is_empty() {
                assert_eq!(again, error.message(), "{told:?} says what it was told");
            }
        }
    }
}
