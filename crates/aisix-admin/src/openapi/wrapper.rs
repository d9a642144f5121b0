//! Schemas of what is wrapped around a value of any kind.
//!
//! They are written out by hand because the name of a derived one would be the same for every
//! kind.

use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::endpoints::answer::Entry;
use crate::older::{Item, Items};

/// Schemas with their names.
pub(super) type Schemas = Vec<(String, RefOr<Schema>)>;

impl<T: ToSchema> PartialSchema for Entry<T> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("A resource as it is shown: secrets masked."))
            .property("id", text("Assigned at creation."))
            .property("value", reference::<T>())
            .property("revision", count("How often the resource was written: 1, 2, …"))
            .required("id")
            .required("value")
            .required("revision")
            .into()
    }
}

impl<T: ToSchema> ToSchema for Entry<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Entry", T::name()).into()
    }

    fn schemas(schemas: &mut Schemas) {
        collect::<T>(schemas);
    }
}

impl<V: ToSchema> PartialSchema for Item<V> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("A resource, as the older API wraps it."))
            .property("key", text("`/<collection>/<id>`."))
            .property("value", reference::<V>())
            .property("created_index", count("The store's revision at its creation."))
            .property("modified_index", count("The store's revision at its last write."))
            .property("id", text("The id."))
            .required("key")
            .required("value")
            .required("created_index")
            .required("modified_index")
            .required("id")
            .into()
    }
}

impl<V: ToSchema> ToSchema for Item<V> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Item", V::name()).into()
    }

    fn schemas(schemas: &mut Schemas) {
        collect::<V>(schemas);
    }
}

impl<V: ToSchema> PartialSchema for Items<V> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .description(Some("Resources, in the order of their creation."))
            .property("total", count("How many there are."))
            .property("list", ArrayBuilder::new().items(reference::<Item<V>>()))
            .required("total")
            .required("list")
            .into()
    }
}

impl<V: ToSchema> ToSchema for Items<V> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Items", V::name()).into()
    }

    fn schemas(schemas: &mut Schemas) {
        collect::<Item<V>>(schemas);
    }
}

/// A reference to the schema of a type.
pub(crate) fn reference<T: ToSchema>() -> Ref {
    Ref::from_schema_name(T::name())
}

/// The schema of a type and of all that it refers to.
pub(super) fn collect<T: ToSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn text(description: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).description(Some(description))
}

fn count(description: &str) -> ObjectBuilder {
    let number = ObjectBuilder::new().schema_type(Type::Integer).description(Some(description));
    number.minimum(Some(0))
}
