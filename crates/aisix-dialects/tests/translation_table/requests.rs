//! What becomes of what a request says.

use aisix_core::Error;
use aisix_dialects::{CallerDialect, Dialect, Dropped, UpstreamRequest};
use serde_json::{Value, json};

use crate::{Said, Verdict};

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
    let without = translated(from, to, &request).expect("the smallest request is translated");
    let fields = fields.as_object().expect("a feature is an object").clone();
    request.as_object_mut().expect("it is an object").extend(fields);
    Verdict::of(name, without, translated(from, to, &request))
}

fn translated(
    from: &dyn CallerDialect,
    to: &dyn Dialect,
    request: &Value,
) -> Result<(Value, Vec<Dropped>), Error> {
    let mut carried = from.decode_request(request.to_string().into())?;
    let stream = carried.outline().stream;
    let encoded = to.encode_request(&mut carried, &UpstreamRequest { model: "up", stream })?;
    let mut body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    if to.id().0 == "converse" {
        // There the address says it.
        body["stream"] = stream.into();
    }
    Ok((body, encoded.dropped))
}
