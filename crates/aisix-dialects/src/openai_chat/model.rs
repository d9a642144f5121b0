//! What the name of a model tells.
//!
//! Source: OpenAI's API reference, "Create chat completion" (`max_tokens` is "not compatible with
//! o-series models") and, for GPT-5, what the provider answers: "Unsupported parameter: 'max_tokens'
//! is not supported with this model. Use 'max_completion_tokens' instead."

/// What the names begin with of OpenAI's models that think.
const THINK: [&str; 4] = ["gpt-5", "o1", "o3", "o4"];

/// Whether this is one of OpenAI's models that think, whoever hosts it: `openai/o4-mini`, and
/// `ft:o4-mini-2025-04-16:org` where it was trained further. They know the limit of tokens under its
/// newer name alone; vendors of compatible APIs often know the older one alone.
pub(super) fn thinks(model: &str) -> bool {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let name = name.strip_prefix("ft:").unwrap_or(&name);
    let whole_word = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
    THINK.iter().any(|start| name.strip_prefix(start).is_some_and(whole_word))
}
