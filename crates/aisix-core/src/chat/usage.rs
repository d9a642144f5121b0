//! What an answer took.

/// Counts of tokens, as the provider reports them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the prompt, cached ones included.
    pub input: u64,
    /// Tokens of the answer, reasoning included.
    pub output: u64,
    /// Of the input: read from a prompt cache.
    pub cache_read: u64,
    /// Of the input: written to a prompt cache.
    pub cache_write: u64,
    /// Of what was written to a prompt cache: to be kept for an hour.
    pub cache_write_1h: u64,
    /// Of the output: spent on reasoning.
    pub reasoning: u64,
    /// Whether the provider counts what its cache took part in beside the input, not within it.
    pub cache_beside: bool,
}

impl Usage {
    /// Input and output together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Of the input: neither read from a prompt cache nor written to one.
    #[must_use]
    pub fn uncached(&self) -> u64 {
        self.input.saturating_sub(self.cache_read).saturating_sub(self.cache_write)
    }

    /// Field by field the larger: streams report cumulative counts, some of them repeatedly.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            input: self.input.max(other.input),
            output: self.output.max(other.output),
            cache_read: self.cache_read.max(other.cache_read),
            cache_write: self.cache_write.max(other.cache_write),
            cache_write_1h: self.cache_write_1h.max(other.cache_write_1h),
            reasoning: self.reasoning.max(other.reasoning),
            cache_beside: self.cache_beside || other.cache_beside,
        }
    }
}
