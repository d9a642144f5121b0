//! The blocks that turns and answers are made of.

use super::{CacheMark, Citation, Native, Seal};

/// One block of a turn or of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(Text),
    /// An image, a document, a sound or a film.
    Media(Media),
    /// The model asks for a tool.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// What the model thought.
    Reasoning(Reasoning),
    /// What only one family understands.
    Native(Native),
}

/// Text, as the model reads or writes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    /// The text.
    pub text: String,
    /// Whether it says why the model declines.
    pub refusal: bool,
    /// What it rests on.
    pub citations: Vec<Citation>,
    /// Whether the prompt up to here is to be cached.
    pub cache: Option<CacheMark>,
    /// What only one dialect understands of it.
    pub native: Vec<Native>,
}

impl Text {
    /// Text that is no refusal.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// An image, a document, a sound or a film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Which of them it is to be read as.
    pub kind: MediaKind,
    /// Where it is.
    pub source: MediaSource,
    /// Its media type, such as `image/png`, where it is known.
    pub media_type: Option<String>,
    /// A file name or a title, where one is given.
    pub name: Option<String>,
    /// How closely to look (`low`, `high`, `auto`), where the caller says.
    pub detail: Option<String>,
    /// Whether the prompt up to here is to be cached.
    pub cache: Option<CacheMark>,
    /// What only one dialect understands of it.
    pub native: Vec<Native>,
}

impl Media {
    /// Media without anything that need not be said.
    #[must_use]
    pub fn new(kind: MediaKind, source: MediaSource) -> Self {
        let (media_type, name, detail, cache, native) = Default::default();
        Self { kind, source, media_type, name, detail, cache, native }
    }

    /// What it is, in words for whoever sent it: `an image under an id`.
    #[must_use]
    pub fn described(&self) -> String {
        let kind = match self.kind {
            MediaKind::Image => "an image",
            MediaKind::Document => "a document",
            MediaKind::Audio => "a sound",
            MediaKind::Video => "a film",
        };
        let source = match self.source {
            MediaSource::Url(_) => "at an address",
            MediaSource::Base64(_) => "in base64",
            MediaSource::Text(_) => "in plain text",
            MediaSource::FileId(_) => "under a file id",
        };
        let media_type = self
            .media_type
            .as_ref()
            .map(|media_type| format!(" ({media_type})"))
            .unwrap_or_default();
        format!("{kind} {source}{media_type}")
    }
}

/// What media is to be read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// Pages.
    Document,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Where media is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// At an address that the provider fetches.
    Url(String),
    /// Here, in base64.
    Base64(String),
    /// Here, as plain text.
    Text(String),
    /// At the provider, under an id.
    FileId(String),
}

/// The model asks for a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// The id that the result refers to.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// The arguments as JSON text, exactly as the model wrote them; it may not be valid JSON.
    pub arguments: String,
    /// Whether the prompt up to here is to be cached.
    pub cache: Option<CacheMark>,
    /// What only one dialect understands of it.
    pub native: Vec<Native>,
}

/// What a tool answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolResult {
    /// The id of the call.
    pub call_id: String,
    /// What came out.
    pub content: Vec<Part>,
    /// Whether the tool failed.
    pub is_error: bool,
    /// Whether the prompt up to here is to be cached.
    pub cache: Option<CacheMark>,
    /// What only one dialect understands of it.
    pub native: Vec<Native>,
}

/// What the model thought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// The thought, where the provider shows it.
    pub text: String,
    /// The provider's seal on it, to be given back in the next turn.
    pub signature: Option<Seal>,
    /// The thought in a form that only the provider can read.
    pub redacted: Option<Seal>,
    /// What only one dialect understands of it.
    pub native: Vec<Native>,
}

impl Reasoning {
    /// The seals on it.
    pub fn seals(&self) -> impl Iterator<Item = &Seal> {
        self.signature.iter().chain(&self.redacted)
    }
}
