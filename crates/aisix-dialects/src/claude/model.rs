//! What a model's name tells.
//!
//! Source: the guides "Thinking" ("Limits and feature compatibility", "Troubleshooting"), "Effort" and
//! the migration guides of the models.

/// The first version that can think.
const FIRST_THINKING: Version = (3, 7);
/// The first version that takes a temperature or a share of words, and not both.
const FIRST_EXCLUSIVE: Version = (4, 1);
/// The first version that thinks as it sees fit.
const FIRST_ADAPTIVE: Version = (4, 6);
/// The first version that takes no number of tokens, and leaves no sampling to its callers.
const FIRST_UNNUMBERED: Version = (4, 7);
/// The first version that thinks unless told otherwise.
const FIRST_BY_DEFAULT: Version = (5, 0);
/// The first version of the largest models that cannot be made to call a tool.
const FIRST_UNFORCED_LARGEST: Version = (5, 1);
/// The first version of Opus that cannot but think, of Sonnet that does so between tools at least,
/// and of both that cannot be made to call a tool.
const FIRST_UNFORCED: Version = (5, 5);
/// The version of a name that tells none: one may stand for the newest.
const NEWEST: Version = (u32::MAX, 0);

type Version = (u32, u32);

/// A model of Claude's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    version: Version,
    size: Size,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Fable and Mythos.
    Largest,
    Opus,
    Sonnet,
    /// Haiku, and what says nothing.
    Other,
}

impl Default for Model {
    /// One whose name tells nothing.
    fn default() -> Self {
        Self { version: NEWEST, size: Size::Other }
    }
}

impl Model {
    /// Reads `claude-opus-4-6`, `claude-3-7-sonnet-20250219`, `us.anthropic.claude-opus-4-6-v1`,
    /// `claude-sonnet-4-5@20250929`.
    pub(super) fn named(model: &str) -> Self {
        let name = model.to_ascii_lowercase();
        let rest = name.split_once("claude").map(|(_, rest)| rest).unwrap_or_default();
        let mut words = rest
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            // What follows is the version of the listing, as in `-v1:0`.
            .take_while(|word| {
                word.strip_prefix('v').is_none_or(|rest| rest.parse::<u32>().is_err())
            });
        // Longer numbers are dates.
        let number = |word: &str| word.parse::<u32>().ok().filter(|_| word.len() <= 2);
        let version = words
            .find_map(number)
            .map_or(NEWEST, |major| (major, words.next().and_then(number).unwrap_or(0)));
        let sizes = [
            ("fable", Size::Largest),
            ("mythos", Size::Largest),
            ("opus", Size::Opus),
            ("sonnet", Size::Sonnet),
        ];
        let size = sizes.into_iter().find(|(word, _)| rest.contains(word));
        Self { version, size: size.map_or(Size::Other, |(_, size)| size) }
    }

    /// Whether it can think.
    pub(super) fn can_think(self) -> bool {
        self.version >= FIRST_THINKING
    }

    /// Whether it thinks as it sees fit, and as hard as a word says.
    pub(super) fn is_adaptive(self) -> bool {
        self.version >= FIRST_ADAPTIVE
    }

    /// Whether it knows the word between `high` and `max`.
    pub(super) fn knows_xhigh(self) -> bool {
        self.version >= FIRST_UNNUMBERED
    }

    /// Whether it takes no number of tokens to think.
    pub(super) fn refuses_numbers(self) -> bool {
        self.size == Size::Largest || self.is_known_from(FIRST_UNNUMBERED)
    }

    /// Whether it refuses what differs from its own sampling, thinking or not.
    pub(super) fn refuses_sampling(self) -> bool {
        self.refuses_numbers()
    }

    /// Whether it takes a temperature or a share of words, and not both.
    pub(super) fn samples_in_one_way(self) -> bool {
        self.is_known_from(FIRST_EXCLUSIVE)
    }

    /// Whether it thinks unless it is told not to.
    pub(super) fn thinks_by_default(self) -> bool {
        self.version >= FIRST_BY_DEFAULT
    }

    /// Whether it thinks whatever it is told.
    pub(super) fn always_thinks(self) -> bool {
        match self.size {
            Size::Largest => true,
            Size::Opus => self.is_known_from(FIRST_UNFORCED),
            Size::Sonnet | Size::Other => false,
        }
    }

    /// Whether it can be told to think between tools only, and to no less.
    pub(super) fn thinks_between_tools(self) -> bool {
        self.size == Size::Sonnet && self.is_known_from(FIRST_UNFORCED)
    }

    /// Whether it refuses to be made to call a tool, thinking or not.
    pub(super) fn cannot_be_forced(self) -> bool {
        match self.size {
            Size::Largest => self.is_known_from(FIRST_UNFORCED_LARGEST),
            Size::Opus | Size::Sonnet => self.is_known_from(FIRST_UNFORCED),
            Size::Other => false,
        }
    }

    fn is_known_from(self, version: Version) -> bool {
        self.version >= version && self.version != NEWEST
    }
}
