//! Signatures of version 4.
//!
//! Source: the IAM user guide's "AWS Signature Version 4 for API requests". The path is escaped once
//! more for the signature, which the signer does by itself.

use std::time::SystemTime;

use aisix_core::Error;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign as signed};
use aws_sigv4::sign::v4::SigningParams;
use bytes::Bytes;
use http::{HeaderName, Request};
use tracing::Dispatch;
use tracing::dispatcher::with_default;

use super::secret::Identity;

/// The name by which signatures know the service.
const SERVICE: &str = "bedrock";

/// Adds the headers that prove who sends this request: all of it but the agent's name is signed.
///
/// # Errors
/// A defect of this product.
pub(super) fn sign(
    request: &mut Request<Bytes>,
    identity: &Identity,
    region: &str,
) -> Result<(), Error> {
    let credentials = Credentials::new(
        identity.access_key_id.expose(),
        identity.secret_access_key.expose(),
        identity.session_token.as_ref().map(|token| token.expose().to_owned()),
        None,
        "provider key",
    );
    let identity = credentials.into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(SERVICE)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(Error::internal)?
        .into();
    let headers = request.headers().iter().filter_map(|(name, value)| {
        // What is not ASCII cannot be signed, and goes as it is.
        Some((name.as_str(), value.to_str().ok()?))
    });
    let body = SignableBody::Bytes(request.body());
    let signable =
        SignableRequest::new(request.method().as_str(), request.uri().to_string(), headers, body)
            .map_err(Error::internal)?;
    // At the level `trace` the signer logs what it signs with, so nobody listens to it.
    let signed = with_default(&Dispatch::none(), || signed(signable, &params));
    let (instructions, _) = signed.map_err(Error::internal)?.into_parts();
    instructions.apply_to_request_http1x(request);
    for secret in [HeaderName::from_static("x-amz-security-token"), http::header::AUTHORIZATION] {
        if let Some(value) = request.headers_mut().get_mut(secret) {
            value.set_sensitive(true);
        }
    }
    Ok(())
}
