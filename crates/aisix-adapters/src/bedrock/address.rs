//! Where a model is.

use aisix_core::Error;
use http::Uri;

use crate::address;

/// The URL of a model's operation: below the configured base, such as a private endpoint, or at the
/// region's own.
pub(super) fn url(
    api_base: Option<&str>,
    region: &str,
    model: &str,
    word: &str,
) -> Result<Uri, Error> {
    let path = format!("/model/{}/{word}", segment(model));
    match api_base.map(str::trim).filter(|base| !base.is_empty()) {
        Some(base) => address::url(address::base(Some(base), "")?, &path),
        None => {
            let domain =
                if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
            address::url(&format!("https://bedrock-runtime.{region}.{domain}"), &path)
        }
    }
}

/// A model's id as one segment of a path: whatever is not unreserved is escaped.
fn segment(model: &str) -> String {
    let mut segment = String::with_capacity(model.len());
    for byte in model.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                segment.push(char::from(byte));
            }
            other => segment.push_str(&format!("%{other:02X}")),
        }
    }
    segment
}
