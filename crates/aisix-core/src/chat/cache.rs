//! Marks for the provider's prompt cache.

/// Says that the prompt up to here is to be kept in the provider's cache.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheMark {
    /// For how long (`5m`, `1h`), where that is said.
    pub ttl: Option<String>,
    /// Whether it was set in the words of OpenAI's formats, where lives are others (`30m`, `12h`) and
    /// only the latest marks count.
    pub breakpoint: bool,
}
