//! What a text rests on.

use super::Native;

/// One place that a text of an answer rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Citation {
    /// The address of the source, where it is a page.
    pub url: Option<String>,
    /// The title of the source.
    pub title: Option<String>,
    /// The words of the source.
    pub quote: Option<String>,
    /// What only one dialect understands of it, such as where in a document the words stand.
    pub native: Vec<Native>,
}
