//! What is claimed of the bytes that were exchanged, until somebody judges it.

use aisix_testing::botocore::{self, Signer};
use aisix_testing::{Claim, PublishedTypes, Received};
use serde_json::{Value, json};

use super::format::{Request, Types};

/// Claims, and who judges them.
pub struct Docket {
    types: PublishedTypes,
    claims: Vec<Claim>,
    /// What Amazon's own code judges.
    operations: Vec<Value>,
}

impl Docket {
    pub fn start() -> Self {
        Self { types: PublishedTypes::start(), claims: Vec::new(), operations: Vec::new() }
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

    /// That this is a request for an operation of Bedrock's, and signed.
    pub fn signed(&mut self, what: &str, operation: &str, received: &Received) {
        let claim = botocore::request(operation, received, Some(Signer::EXAMPLE));
        self.operation(what, claim);
    }

    /// That this is what an operation of Bedrock's answers.
    pub fn answered(&mut self, what: &str, operation: &str, answer: &Value) {
        self.operation(what, botocore::answer(operation, answer));
    }

    /// That this is what one streams.
    pub fn streamed(&mut self, what: &str, operation: &str, stream: &[u8]) {
        self.operation(what, botocore::stream_of(operation, stream));
    }

    /// Asserts that all of it is true.
    pub fn judge(self) {
        self.types.assert(&self.claims);
        botocore::assert(&self.operations);
    }

    fn operation(&mut self, what: &str, mut claim: Value) {
        claim["what"] = json!(what);
        self.operations.push(claim);
    }

    fn claim(&mut self, what: String, r#type: &'static str, types: &Types, value: &Value) {
        let (each, json) = (value.is_array(), types.published(value).to_string());
        self.claims.push(Claim { what, r#type, each, json });
    }
}
