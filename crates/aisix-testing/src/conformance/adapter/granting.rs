//! A token endpoint that grants.

use aisix_adapters::{Answered, Transport};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

/// Grants this token to whoever asks; without one, nobody is to ask.
#[derive(Debug)]
pub struct TokenEndpoint(pub Option<&'static str>);

impl Transport for TokenEndpoint {
    fn send(&self, request: Request<Bytes>, _: usize) -> Answered {
        let token = self.0.unwrap_or_else(|| panic!("nobody is to be asked: {}", request.uri()));
        let granted = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token});
        Box::pin(async move { Ok(Response::new(granted.to_string().into())) })
    }
}
