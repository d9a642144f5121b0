//! Where a model is.

use aisix_core::Error;
use http::Uri;

use crate::address;

/// How the names of regions begin that stand apart from the others, and the domain of their endpoints.
///
/// Source: `partitions.json` of the package `botocore`.
const PARTITIONS: [(&str, &str); 6] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

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
            let domain = domain(region);
            address::url(&format!("https://bedrock-runtime.{region}.{domain}"), &path)
        }
    }
}

/// The domain of a region's endpoints.
fn domain(region: &str) -> &'static str {
    let apart = PARTITIONS.into_iter().find(|(begins, _)| region.starts_with(begins));
    apart.map_or("amazonaws.com", |(_, domain)| domain)
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
