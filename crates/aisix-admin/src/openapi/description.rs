//! What the document says of one endpoint.

use http::HeaderName;
use serde_json::{Value, json};
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Content, ContentBuilder, Ref, RefOr, Required, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::BodySchema;
use super::wrapper::{Schemas, collect, reference};
use crate::endpoints::answer::{BEHIND, CONFIG_REVISION, RECEIPT};
use crate::error::ErrorBody;

/// An operation in the making, with the schemas that it refers to.
pub(crate) struct Description {
    operation: OperationBuilder,
    schemas: Schemas,
}

impl Description {
    /// An operation that says nothing yet.
    pub(crate) fn new(id: &str, tag: &str, summary: &str) -> Self {
        let operation =
            OperationBuilder::new().operation_id(Some(id)).tag(tag).summary(Some(summary));
        Self { operation, schemas: Vec::new() }
    }

    pub(super) fn into_parts(self) -> (Operation, Schemas) {
        (self.operation.build(), self.schemas)
    }

    /// It is about the resource with the id in the path.
    pub(crate) fn id(self) -> Self {
        self.parameter("id", ParameterIn::Path, "The resource's id.")
    }

    /// It may be made conditional.
    pub(crate) fn if_match(self) -> Self {
        let text = "The revision that the resource must still have, in quotation marks; 409 where \
                    it has another. Without it the last writer wins.";
        self.parameter("If-Match", ParameterIn::Header, text)
    }

    /// It may be asked for every line.
    pub(crate) fn verbose(self) -> Self {
        self.parameter(
            "verbose",
            ParameterIn::Query,
            "Present, with or without a value: every check.",
        )
    }

    /// It takes a JSON body.
    pub(crate) fn body(self, schema: BodySchema, example: Value) -> Self {
        let BodySchema { name, schemas } = schema;
        let content = Content::builder().schema(Some(Ref::from_schema_name(name)));
        self.takes(content.example(Some(example)).build(), Required::True, schemas)
    }

    /// It takes a JSON body that its type describes.
    pub(crate) fn takes_json<T: ToSchema>(self, example: Value) -> Self {
        self.body(BodySchema::of::<T>(), example)
    }

    /// It takes a JSON body, or none.
    pub(crate) fn optional_body<T: ToSchema>(self, example: Value) -> Self {
        let content = Content::builder().schema(Some(reference::<T>()));
        let content = content.example(Some(example)).build();
        self.takes(content, Required::False, BodySchema::of::<T>().schemas)
    }

    /// It answers one JSON object.
    pub(crate) fn answers<T: ToSchema>(self, status: u16, text: &str, example: Value) -> Self {
        let schema = reference::<T>();
        self.says(status, json_response(text, schema, example)).knows::<T>()
    }

    /// It answers a bare list.
    pub(crate) fn answers_list<T: ToSchema>(self, text: &str, example: Value) -> Self {
        let schema = ArrayBuilder::new().items(reference::<T>());
        self.says(200, json_response(text, schema, example)).knows::<T>()
    }

    /// It writes, and answers one JSON object: with this status, or with 202 where the gateway
    /// does not serve the write yet.
    pub(crate) fn writes<T: ToSchema>(self, status: u16, text: &str, example: Value) -> Self {
        let schema = reference::<T>();
        let soon = "Durable, but not served yet by the local gateway, or by every gateway where \
                    that was waited for";
        let header = |response| written_headers().into_iter().fold(response, with_header);
        self.waits()
            .says(status, header(json_response(text, schema.clone(), example.clone())))
            .says(202, header(json_response(soon, schema, example)))
            .knows::<T>()
    }

    /// It may be told to wait.
    fn waits(self) -> Self {
        let text = "`applied`: answer when every gateway of the environment serves the write, or \
                    with 202 when the time is over.";
        let time = "With `wait=applied`: how many milliseconds to wait, from 1 to 60000; 10000 \
                    without it.";
        self.parameter("wait", ParameterIn::Query, text).parameter(
            "timeout_ms",
            ParameterIn::Query,
            time,
        )
    }

    /// It answers something else than JSON that a schema describes.
    pub(crate) fn text(self, status: u16, text: &str, media_type: &str, example: &str) -> Self {
        let mut content = ContentBuilder::new();
        if media_type.starts_with("text/") {
            content = content.schema(Some(String::schema()));
        }
        if !example.is_empty() {
            content = content.example(Some(json!(example)));
        }
        self.says(
            status,
            ResponseBuilder::new().description(text).content(media_type, content.build()),
        )
    }

    /// It fails in these ways, beside those that every endpoint for administrators knows.
    pub(crate) fn fails(self, statuses: &[u16]) -> Self {
        statuses.iter().fold(self, |description, &status| description.says(status, failure(status)))
    }

    /// It needs an admin key.
    pub(crate) fn needs_admin_key(self) -> Self {
        let none: [&str; 0] = [];
        self.fails(&[401, 500]).with(|operation| {
            let operation = operation.security(SecurityRequirement::new("bearer", none));
            operation.security(SecurityRequirement::new("x-api-key", none))
        })
    }

    fn parameter(self, name: &str, place: ParameterIn, text: &str) -> Self {
        let required = if place == ParameterIn::Path { Required::True } else { Required::False };
        let parameter: Parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(place)
            .required(required)
            .description(Some(text))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
            .build();
        self.with(|operation| operation.parameter(parameter))
    }

    fn says(self, status: u16, response: ResponseBuilder) -> Self {
        self.with(|operation| operation.response(status.to_string(), response.build()))
    }

    fn knows<T: ToSchema>(mut self) -> Self {
        collect::<T>(&mut self.schemas);
        self
    }

    fn takes(mut self, content: Content, required: Required, schemas: Schemas) -> Self {
        self.schemas.extend(schemas);
        let body = RequestBodyBuilder::new().content("application/json", content);
        let body = body.required(Some(required)).build();
        self.with(|operation| operation.request_body(Some(body)))
    }

    fn with(mut self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        self.operation = change(self.operation);
        self
    }
}

/// The headers of every answer to a write.
fn written_headers() -> [(HeaderName, Type, &'static str); 3] {
    let receipt = "With `wait=applied`: `applied;gateways=3`, or \
                   `pending;gateways=3;behind=2` with 202, or `unknown` with 202 where nobody can \
                   tell.";
    let behind = "With `wait=applied` and 202: the gateways that may not serve the write, the first \
                  50 of them: `\"<id>\";state=lost;applied=40`. `state` is `live` or `lost`; \
                  `applied` is the last revision that the gateway said it serves, `rejected` stands there \
                  where it cannot serve the document as it was written.";
    [
        (CONFIG_REVISION, Type::Integer, "The store's revision of the write."),
        (RECEIPT, Type::String, receipt),
        (BEHIND, Type::String, behind),
    ]
}

fn with_header(response: ResponseBuilder, header: (HeaderName, Type, &str)) -> ResponseBuilder {
    let (name, of, text) = header;
    let schema = ObjectBuilder::new().schema_type(of);
    let header = HeaderBuilder::new().schema(Some(schema)).description(Some(text));
    response.header(name.as_str(), header.build())
}

fn json_response(text: &str, schema: impl Into<RefOr<Schema>>, example: Value) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(schema)).example(Some(example));
    ResponseBuilder::new().description(text).content("application/json", content.build())
}

fn failure(status: u16) -> ResponseBuilder {
    let (text, message) = match status {
        400 => {
            ("The request is wrong; the message names the field", "display_name: must not be empty")
        }
        401 => ("No admin key", "missing or malformed admin authorization"),
        404 => ("No such resource", "resource not found"),
        409 => (
            "Another resource or another writer stands in the way",
            "display_name: 'openai-prod' is already used by provider key 7d0f1f0c",
        ),
        413 => ("The body is too large", "request body: larger than 8 MiB"),
        415 => ("The body is not JSON", "Content-Type: must be application/json"),
        _ => ("The gateway failed; its log says why", "store error: the log says why"),
    };
    let schema = reference::<ErrorBody>();
    json_response(text, schema, json!({"error_msg": message}))
}
