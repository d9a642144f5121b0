//! What becomes of what a request says.

use aisix_core::Error;
use aisix_dialects::{CallerDialect, Dialect, UpstreamRequest};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::{CALLERS, Said, Verdict, Written, asked_converse};

/// The verdict on fields that are added to the smallest request.
pub(crate) fn verdict(
    name: &str,
    from: &dyn CallerDialect,
    to: &dyn Dialect,
    said: Said,
) -> Verdict {
    let Some(fields) = said else {
        return Verdict::Unsaid;
    };
    let messages = json!([{"role": "user", "content": "Hi"}]);
    let mut request = match from.id().0 {
        "anthropic_messages" => json!({"model": "m", "max_tokens": 64, "messages": messages}),
        "openai_responses" => json!({"model": "m", "input": "Hi"}),
        _ => json!({"model": "m", "messages": messages}),
    };
    let said = |request: &Value| {
        let mut carried = from.decode_request(request.to_string().into()).expect("a request");
        Facts::of_request(carried.value().expect("a request"))
    };
    let plain = said(&request);
    let without = translated(from, to, &request).expect("the smallest request is translated");
    let fields = fields.as_object().expect("a feature is an object").clone();
    request.as_object_mut().expect("it is an object").extend(fields);
    let added = said(&request).beyond(&plain);
    Verdict::of(name, &added, &without, translated(from, to, &request))
}

fn translated(
    from: &dyn CallerDialect,
    to: &dyn Dialect,
    request: &Value,
) -> Result<Written, Error> {
    let mut carried = from.decode_request(request.to_string().into())?;
    let stream = carried.outline().stream;
    let encoded = to.encode_request(&mut carried, &UpstreamRequest { model: "up", stream })?;
    Ok((read_back(to, &encoded.body, stream), encoded.dropped))
}

/// What an upstream reads.
fn read_back(to: &dyn Dialect, body: &Bytes, stream: bool) -> Facts {
    let caller = CALLERS.into_iter().find(|caller| caller.id() == to.id());
    let Some(caller) = caller else {
        let mut body: Value = serde_json::from_slice(body).expect("it is JSON");
        body["stream"] = stream.into();
        return asked_converse::of(&body);
    };
    let mut written = caller.decode_request(body.clone()).expect("a request is written");
    Facts::of_request(written.value().expect("a request is written"))
}
