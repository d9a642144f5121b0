//! Schemas of the types that JSON writes as one word: the rest derives its own.

use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::glob::Glob;
use crate::hash::KeyHash;
use crate::id::Id;
use crate::resource::{BodyField, HeaderPattern, HeaderTemplate, Kept};
use crate::secret::Secret;

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).description(Some(description))
}

impl PartialSchema for Secret {
    fn schema() -> RefOr<Schema> {
        text("A credential. Answers show `***`; writing `***` over a stored one keeps it.")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(1))
            .into()
    }
}

impl PartialSchema for KeyHash {
    fn schema() -> RefOr<Schema> {
        text("SHA-256 of a caller API key's plaintext, in lower-case hexadecimal digits.")
            .pattern(Some("^[0-9a-f]{64}$"))
            .into()
    }
}

impl PartialSchema for Glob {
    fn schema() -> RefOr<Schema> {
        text("An exact name, or a pattern in which one `*` stands for any text.").into()
    }
}

impl PartialSchema for HeaderPattern {
    fn schema() -> RefOr<Schema> {
        text("The name of a header, or a pattern in which one `*` stands for any text.").into()
    }
}

impl PartialSchema for HeaderTemplate {
    fn schema() -> RefOr<Schema> {
        text("A header's value, in which `${variables}` stand for what is known of the request. It may be a credential: answers show `***`; writing `***` over a stored one keeps it.")
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
            .min_length(Some(1))
            .into()
    }
}

impl PartialSchema for Id {
    fn schema() -> RefOr<Schema> {
        text("The id of a resource.").min_length(Some(1)).into()
    }
}

impl PartialSchema for BodyField {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(SchemaType::AnyValue)
            .description(Some("Any JSON value. Answers show `***` in place of a text."))
            .into()
    }
}

impl ToSchema for Secret {}
impl ToSchema for KeyHash {}
impl ToSchema for Glob {}
impl ToSchema for HeaderPattern {}
impl ToSchema for HeaderTemplate {}
impl ToSchema for Id {}
impl ToSchema for BodyField {}

/// What is kept is written and shown alike.
impl<S: ToSchema> PartialSchema for Kept<S> {
    fn schema() -> RefOr<Schema> {
        S::schema()
    }
}

impl<S: ToSchema> ToSchema for Kept<S> {
    fn name() -> std::borrow::Cow<'static, str> {
        S::name()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        S::schemas(schemas);
    }
}
