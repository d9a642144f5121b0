//! What the name of a model tells.
//!
//! Source: the user guide's "Supported foundation models in Amazon Bedrock", "Increase throughput
//! with cross-Region inference" and the pattern of the reference's `modelId`.

/// Whose Claude is.
pub(super) const ANTHROPIC: &str = "anthropic";

/// Whose models Bedrock hosts, by the word with which their ids begin.
const VENDORS: [&str; 20] = [
    "ai21",
    "amazon",
    ANTHROPIC,
    "cohere",
    "deepseek",
    "google",
    "meta",
    "minimax",
    "minimaxai",
    "mistral",
    "moonshot",
    "moonshotai",
    "nvidia",
    "openai",
    "qwen",
    "stability",
    "twelvelabs",
    "writer",
    "zai",
    "zai-org",
];

/// Whose model this is, where its name says so: `anthropic` of `us.anthropic.claude-x`, and of an
/// ARN that ends with that.
#[must_use]
pub fn vendor(model: &str) -> Option<&'static str> {
    vendor_of(id(model)?)
}

/// The id that begins with the vendor: without the ARN around it, and without the prefix of two to
/// seven small letters, digits and hyphens that says in which regions a request may be answered.
#[must_use]
pub fn id(model: &str) -> Option<&str> {
    let name = model.rsplit('/').next().unwrap_or(model);
    let is_prefix = |word: &str| {
        let permitted =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (2..=7).contains(&word.len()) && word.bytes().all(permitted)
    };
    if vendor_of(name).is_some() {
        return Some(name);
    }
    let (prefix, rest) = name.split_once('.')?;
    vendor_of(rest).filter(|_| is_prefix(prefix)).map(|_| rest)
}

fn vendor_of(id: &str) -> Option<&'static str> {
    let (first, _) = id.split_once('.')?;
    VENDORS.into_iter().find(|vendor| *vendor == first)
}
