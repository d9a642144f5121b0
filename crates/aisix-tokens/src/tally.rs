//! Texts, added up.

use tiktoken::CoreBpe;

/// The most of a prompt, and of an answer, that is counted, in bytes of text (256 KiB). What goes
/// beyond is taken to have as many tokens to the byte.
pub const COUNTED: usize = 256 << 10;

/// The tokens of texts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// How much text was counted, in bytes.
    counted: usize,
    /// Its tokens.
    tokens: u64,
    /// How much text was not, in bytes.
    beyond: u64,
    /// Tokens that are none of any text's.
    known: u64,
}

impl Tally {
    /// Adds a text.
    pub(crate) fn text(&mut self, text: &str) {
        let room = COUNTED - self.counted;
        let (counted, beyond) = text.split_at(text.floor_char_boundary(room));
        if !counted.is_empty() {
            self.tokens += tokenizer().count(counted) as u64;
            self.counted += counted.len();
        }
        self.beyond += beyond.len() as u64;
    }

    /// Adds tokens whose number is known.
    pub(crate) fn known(&mut self, tokens: u64) {
        self.known += tokens;
    }

    /// All of them.
    pub(crate) fn tokens(&self) -> u64 {
        let counted = self.counted.max(1) as u128;
        let beyond = u128::from(self.tokens) * u128::from(self.beyond) / counted;
        self.known + self.tokens + u64::try_from(beyond).unwrap_or(u64::MAX - self.known)
    }
}

/// The tokenizer; the first call loads its table.
fn tokenizer() -> &'static CoreBpe {
    #[expect(clippy::expect_used, reason = "the feature vocab-o200k_base builds this table in")]
    tiktoken::get_encoding("o200k_base").expect("the table is part of the program")
}
