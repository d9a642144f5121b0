//! Seals on thoughts.

use std::borrow::Cow;
use std::fmt;

use crate::carried::DialectId;

/// A provider's seal on what its model thought: its signature, or the thought itself in a form that
/// only the provider can read. It is given back in the next turn, and worth something only to
/// whoever made it: it goes by the name of its dialect, or, where it is good at several places of one
/// vendor's, of the vendor's own.
///
/// A caller carries seals from turn to turn, also in a dialect that none of them was made in. There
/// a seal is marked with its maker, as `aisix-seal:<dialect>:<seal>`, and the mark is taken off
/// again when it comes back.
#[derive(Clone, PartialEq, Eq)]
pub struct Seal {
    maker: Cow<'static, str>,
    text: String,
}

impl Seal {
    /// How a seal begins that is carried in a dialect which it was not made in.
    pub const MARK: &'static str = "aisix-seal:";

    /// A seal that was made in this dialect.
    pub fn made_in(dialect: DialectId, text: impl Into<String>) -> Self {
        Self { maker: Cow::Borrowed(dialect.0), text: text.into() }
    }

    /// Reads what is written as a seal in this dialect: one of its own, or a marked one. A marked
    /// seal that streamed in pieces is marked piece by piece.
    #[must_use]
    pub fn read(dialect: DialectId, written: String) -> Self {
        let marked = || {
            let pieces = written.strip_prefix(Self::MARK)?.split(Self::MARK);
            let pieces: Option<Vec<_>> = pieces.map(|piece| piece.split_once(':')).collect();
            pieces
        };
        match marked().as_deref() {
            Some(pieces @ [(maker, _), ..]) => Self {
                maker: Cow::Owned((*maker).to_owned()),
                text: pieces.iter().map(|(_, text)| *text).collect(),
            },
            _ => Self::made_in(dialect, written),
        }
    }

    /// What is written of it in this dialect.
    #[must_use]
    pub fn written(&self, dialect: DialectId) -> Cow<'_, str> {
        match self.is_of(dialect) {
            true => Cow::Borrowed(&self.text),
            false => Cow::Owned(format!("{}{}:{}", Self::MARK, self.maker, self.text)),
        }
    }

    /// As whoever made it wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it was made in this dialect.
    #[must_use]
    pub fn is_of(&self, dialect: DialectId) -> bool {
        self.maker == dialect.0
    }

    /// Whether nothing is sealed: some streams announce a seal that may not follow.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds a later piece of the same seal.
    pub fn extend(&mut self, more: &Self) {
        self.text.push_str(&more.text);
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({}: {:?})", self.maker, self.text)
    }
}
