//! What is claimed of the bytes that were exchanged, until somebody judges it.

use aisix_testing::{Claim, PublishedTypes};
use serde_json::Value;

use super::format::{Request, Types};

/// Claims, and who judges them.
pub struct Docket {
    types: PublishedTypes,
    claims: Vec<Claim>,
}

impl Docket {
    pub fn start() -> Self {
        Self { types: PublishedTypes::start(), claims: Vec::new() }
    }

    /// That this is a request.
    pub fn request(&mut self, what: String, types: &Types, body: &Value) {
        match types.request {
            Request::Whole(r#type) => self.claim(what, r#type, types, body),
            Request::Fields(fields) => self.claims.extend(Claim::of_fields(&what, body, fields)),
        }
    }

    /// That this is a whole answer.
    pub fn answer(&mut self, what: String, types: &Types, answer: &Value) {
        self.claim(what, types.answer, types, answer);
    }

    /// That these are the events of a streamed one.
    pub fn events(&mut self, what: String, types: &Types, events: &[Value]) {
        self.claim(what, types.event, types, &Value::Array(events.to_vec()));
    }

    /// Asserts that all of it is true.
    pub fn judge(self) {
        self.types.assert(&self.claims);
    }

    fn claim(&mut self, what: String, r#type: &'static str, types: &Types, value: &Value) {
        let (each, json) = (value.is_array(), types.published(value).to_string());
        self.claims.push(Claim { what, r#type, each, json });
    }
}
