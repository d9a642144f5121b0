//! What the name of a model tells.
//!
//! Source: the guide "Thinking" (docs.cloud.google.com and ai.google.dev: the least and the most tokens
//! of each model, and which levels it knows), "Developer's guide to Gemini 3.8 Flash", and, for the
//! level that Gemini 3 Pro alone lacks and for ids, what the provider answers: "thinking_level MEDIUM
//! is not supported by this model" and, of models before Gemini 3, "Unknown name "id"".

/// The first generation that refuses calls of the model's own without a seal, and knows ids of calls.
const THIRD: (u32, u32) = (3, 0);

/// The first generation that thinks.
const FIRST_THAT_THINKS: (u32, u32) = (2, 5);

/// The first generation of which the middle-sized models know no level below low either.
const FIRST_WITHOUT_MINIMAL: (u32, u32) = (3, 7);

/// A model, by its name.
#[derive(Debug)]
pub(super) struct Model {
    /// In small letters.
    name: String,
    /// The generation in the name: 2 and 5 of `gemini-2.5-pro`.
    version: (u32, u32),
}

/// How a model is told how long to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinks {
    /// Not at all: it does not think, and refuses to be told.
    Never,
    /// By a number of tokens.
    Tokens {
        /// The fewest that it takes.
        least: u64,
        /// The most.
        most: u64,
        /// Whether it takes none at all.
        may_be_off: bool,
    },
    /// By a level, or by a number of tokens; it always thinks.
    Levels {
        /// The level with which it thinks least.
        lowest: &'static str,
        /// Whether there is a level between low and high.
        has_medium: bool,
    },
}

impl Model {
    /// The model of this name. A name without a generation stands for the newest.
    pub(super) fn named(name: &str) -> Self {
        let name = name.to_ascii_lowercase();
        let version = version(&name).unwrap_or((u32::MAX, 0));
        Self { name, version }
    }

    /// Whether it refuses calls of its own that come back without a seal.
    pub(super) fn asks_for_seals(&self) -> bool {
        self.version >= THIRD
    }

    /// Whether calls and results may say their id. Where they may not, they belong together by their
    /// order.
    pub(super) fn knows_ids(&self) -> bool {
        self.version >= THIRD
    }

    /// How it is told how long to think.
    pub(super) fn thinks(&self) -> Thinks {
        let is_large = self.is("-pro");
        let is_small = self.is("flash-lite");
        if self.version >= THIRD {
            let has_minimal = !is_large && (is_small || self.version < FIRST_WITHOUT_MINIMAL);
            let lowest = if has_minimal { "MINIMAL" } else { "LOW" };
            return Thinks::Levels { lowest, has_medium: !(is_large && self.version == THIRD) };
        }
        if self.version < FIRST_THAT_THINKS || self.is("-image") || self.is("-tts") {
            return Thinks::Never;
        }
        match (is_large, is_small) {
            (true, _) => Thinks::Tokens { least: 128, most: 32_768, may_be_off: false },
            (_, true) => Thinks::Tokens { least: 512, most: 24_576, may_be_off: true },
            _ => Thinks::Tokens { least: 1, most: 24_576, may_be_off: true },
        }
    }

    /// Whether its name holds this word.
    fn is(&self, word: &str) -> bool {
        self.name.contains(word)
    }
}

/// The first number behind `gemini`, and what stands behind its dot.
fn version(name: &str) -> Option<(u32, u32)> {
    let (_, rest) = name.split_once("gemini")?;
    let rest = &rest[rest.find(|letter: char| letter.is_ascii_digit())?..];
    let number = |text: &str| {
        let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let minor = rest.trim_start_matches(|letter: char| letter.is_ascii_digit()).strip_prefix('.');
    Some((number(rest)?, minor.and_then(number).unwrap_or(0)))
}
