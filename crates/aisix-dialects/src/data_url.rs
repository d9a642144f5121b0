//! Data inside addresses, as OpenAI's formats put it (RFC 2397).

use aisix_core::chat::MediaSource;

/// An address, or the data that stand in it, with their media type.
pub(crate) fn read(url: String) -> (MediaSource, Option<String>) {
    let inside = url.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,"));
    match inside {
        Some((media_type, data)) if !media_type.is_empty() => {
            (MediaSource::Base64(data.to_owned()), Some(media_type.to_owned()))
        }
        _ => (MediaSource::Url(url), None),
    }
}

/// An address that holds the data itself.
pub(crate) fn write(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}
