//! Resources that are checked and kept as they were written.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::validity::{Findings, Problem, read};
use super::{Checked, Document, Invalid, Kind, Resource, Strictness};
use crate::id::ResourceKey;

/// A resource that is shown exactly as it was written, secrets masked.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept<S> {
    /// What the document says.
    pub spec: S,
    /// The document; every secret in it is the mask.
    shown: Document,
}

/// What the documents of a kind say, where showing them needs no more than the document.
pub trait Shape: DeserializeOwned + fmt::Debug + Send + Sync + 'static {
    /// Which kind this is.
    const KIND: Kind;

    /// The resource's unique name; `None` for kinds whose resources only have ids.
    fn name(&self) -> Option<&Arc<str>>;

    /// What no type can say of the fields: what is wrong with them.
    fn check(&self) -> Vec<Problem> {
        Vec::new()
    }

    /// Reads the fields, without [`Shape::check`].
    ///
    /// # Errors
    /// [`Invalid`] as for [`Resource::decode`].
    fn read(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        read(document, strictness)
    }

    /// The resources that must exist for this one to work, with the field that names each.
    fn references(&self) -> Vec<(&'static str, ResourceKey)> {
        Vec::new()
    }
}

impl<S: Shape> Resource for Kept<S> {
    const KIND: Kind = S::KIND;
    const IDENTITY_FIELD: &'static str = "name";
    type Identity = Arc<str>;

    fn decode(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        document.one_spelling(S::KIND)?;
        let Checked { resource: spec, ignored } = S::read(document, strictness)?;
        let mut findings = Findings::default();
        if let Some(name) = spec.name() {
            findings.not_empty(name, Self::IDENTITY_FIELD);
        }
        findings.extend(spec.check());
        let shown = document.masked(S::KIND);
        findings.into_result(Checked { resource: Self { spec, shown }, ignored })
    }

    fn identity(&self) -> Option<Arc<str>> {
        self.spec.name().cloned()
    }
}

impl<S> Serialize for Kept<S> {
    fn serialize<W: Serializer>(&self, serializer: W) -> Result<W::Ok, W::Error> {
        self.shown.json().serialize(serializer)
    }
}

/// One of the forms that a kind's documents have, told apart by their field `kind`.
pub(super) struct Variant {
    /// The value of `kind`.
    pub(super) name: &'static str,
    /// Fields of this form that must be there.
    pub(super) required: &'static [&'static str],
    /// Its other fields; `None` where this version does not know them all, so that none is unknown.
    pub(super) optional: Option<&'static [&'static str]>,
}

/// Reads a document that has one of several forms. A field of another form is an unknown one.
pub(super) fn read_variant<T: DeserializeOwned>(
    document: &Document,
    strictness: Strictness,
    variants: &[Variant],
) -> Result<Checked<T>, Invalid> {
    let of = |field| document.json().get(field);
    let named = of("kind").and_then(serde_json::Value::as_str);
    let Some(variant) = variants.iter().find(|variant| Some(variant.name) == named) else {
        return read(document, strictness);
    };
    let mut findings = Findings::default();
    for field in variant.required {
        let message = format!("is required for kind {}", variant.name);
        findings.require(of(field).is_some_and(|value| !value.is_null()), field, message);
    }
    let own = |field: &str| {
        variant.required.contains(&field)
            || variant.optional.is_some_and(|optional| optional.contains(&field))
    };
    let mut typed = document.clone();
    let mut foreign = Vec::new();
    let fields = variants
        .iter()
        .flat_map(|variant| variant.required.iter().chain(variant.optional.into_iter().flatten()));
    for field in fields.filter(|field| !own(field) && of(field).is_some()) {
        typed.remove(field);
        if !foreign.iter().any(|known| known == field) {
            foreign.push((*field).to_owned());
        }
    }
    let strictly = if variant.optional.is_some() { strictness } else { Strictness::Lenient };
    let mut checked: Checked<T> = read(&typed, strictly)?;
    if variant.optional.is_none() {
        checked.ignored.clear();
    } else if strictness == Strictness::Strict {
        for field in foreign {
            findings.require(false, &field, format!("does not apply to kind {}", variant.name));
        }
    } else {
        checked.ignored.extend(foreign);
    }
    findings.into_result(checked)
}
