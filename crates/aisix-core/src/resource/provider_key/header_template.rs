//! Values of headers, with places that each request fills.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::secret::Secret;

/// The value of a header that is sent upstream: a text, which may be a credential, with places of
/// the form `${variable}`.
///
/// Taken apart once, when the document is read.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderTemplate {
    text: Secret,
    places: Vec<Place>,
}

/// What a place of a template stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HeaderVariable {
    /// The id of the caller's request.
    RequestId,
    /// The id of the caller's key.
    ApiKeyId,
    /// The name of the caller's key.
    ApiKeyName,
    /// The team that the caller's key is accounted to.
    TeamId,
    /// The person that the caller's key is accounted to.
    UserId,
    /// The id of the model that is called.
    ModelId,
    /// The name of the model that is called.
    ModelName,
    /// The id of the provider key.
    ProviderKeyId,
    /// The name of the provider key.
    ProviderKeyName,
}

#[derive(Clone, PartialEq, Eq)]
struct Place {
    /// Where it stands, braces included.
    span: Range<usize>,
    /// `None` where no variable is called like this.
    variable: Option<HeaderVariable>,
}

impl HeaderVariable {
    /// Every variable, by the name that stands between the braces.
    pub const ALL: [(&'static str, Self); 9] = [
        ("request.id", Self::RequestId),
        ("request.api_key.id", Self::ApiKeyId),
        ("request.api_key.name", Self::ApiKeyName),
        ("request.api_key.team_id", Self::TeamId),
        ("request.api_key.user_id", Self::UserId),
        ("model.id", Self::ModelId),
        ("model.name", Self::ModelName),
        ("provider_key.id", Self::ProviderKeyId),
        ("provider_key.name", Self::ProviderKeyName),
    ];

    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, variable)| *variable)
    }
}

impl HeaderTemplate {
    /// Takes a text apart. A `${` without a `}` behind it is text.
    #[must_use]
    pub fn new(text: Secret) -> Self {
        let places = places(text.expose());
        Self { text, places }
    }

    /// Whether every variable in it exists.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.places.iter().all(|place| place.variable.is_some())
    }

    /// The text with its places filled; `None` where one of them has no value, or an empty one.
    pub fn fill<'v>(
        &self,
        value_of: impl Fn(HeaderVariable) -> Option<&'v str>,
    ) -> Option<Zeroizing<String>> {
        let text = self.text.expose();
        let mut filled = Zeroizing::new(String::with_capacity(2 * text.len()));
        let mut at = 0;
        for place in &self.places {
            let value = value_of(place.variable?).filter(|value| !value.is_empty())?;
            filled.push_str(&text[at..place.span.start]);
            filled.push_str(value);
            at = place.span.end;
        }
        filled.push_str(&text[at..]);
        Some(filled)
    }

    /// What stands around the places: whatever of the value may be a credential.
    pub fn literals(&self) -> impl Iterator<Item = &str> {
        let text = self.text.expose();
        let starts = std::iter::once(0).chain(self.places.iter().map(|place| place.span.end));
        let ends = self.places.iter().map(|place| place.span.start);
        starts.zip(ends.chain(std::iter::once(text.len()))).map(|(start, end)| &text[start..end])
    }
}

fn places(text: &str) -> Vec<Place> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(opens) = text[at..].find("${").map(|found| at + found) {
        let Some(closes) = text[opens..].find('}').map(|found| opens + found) else {
            break;
        };
        let variable = HeaderVariable::named(&text[opens + 2..closes]);
        at = closes + 1;
        places.push(Place { span: opens..at, variable });
    }
    places
}

impl fmt::Debug for HeaderTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HeaderTemplate(***)")
    }
}

impl Serialize for HeaderTemplate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.text.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for HeaderTemplate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Secret::deserialize(deserializer).map(Self::new)
    }
}
