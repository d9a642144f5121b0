//! What callers of OpenAI's Responses can say.

use serde_json::{Value, json};

/// A turn of a person's.
fn asked(content: Value) -> Value {
    json!({"input": [{"role": "user", "content": content}]})
}

/// Items between two turns of a person's.
fn between(items: Value) -> Value {
    let mut input = vec![json!({"role": "user", "content": "Hi"})];
    input.extend(items.as_array().unwrap().iter().cloned());
    input.push(json!({"role": "user", "content": "Go on"}));
    json!({"input": input})
}

/// A turn of the model's.
fn said(part: Value) -> Value {
    json!({"type": "message", "role": "assistant", "content": [part]})
}

/// What requests say.
pub(crate) fn requests() -> Vec<(&'static str, Value)> {
    let mut all = conversation();
    all.extend(media());
    all.extend(tools());
    all.extend(options());
    all
}

fn conversation() -> Vec<(&'static str, Value)> {
    let yes = said(json!({"type": "output_text", "text": "Yes", "annotations": []}));
    let refusal = said(json!({"type": "refusal", "refusal": "No"}));
    let thought = |seal: &str| {
        let summary = json!([{"type": "summary_text", "text": "Hm."}]);
        json!([
            {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": seal},
            yes,
        ])
    };
    let developer =
        json!([{"role": "developer", "content": "Be terse."}, {"role": "user", "content": "Hi"}]);
    let marked = json!([{"type": "input_text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}]);
    vec![
        ("instructions", json!({"instructions": "Be terse."})),
        ("instructions among the items", json!({"input": developer})),
        ("several turns", between(json!([yes]))),
        ("a refusal in an earlier turn", between(json!([refusal]))),
        ("a thought that a model of OpenAI's sealed", between(thought("seal"))),
        ("a thought that a Claude sealed", between(thought("aisix-seal:anthropic_messages:seal"))),
        ("a prompt-cache breakpoint", asked(marked)),
        ("an earlier response", json!({"previous_response_id": "resp_1"})),
        ("a conversation that the provider keeps", json!({"conversation": "conv_1"})),
        ("a prompt that the provider keeps", json!({"prompt": {"id": "pmpt_1"}})),
    ]
}

fn media() -> Vec<(&'static str, Value)> {
    let image = |image: Value| {
        let mut part = json!({"type": "input_image"});
        part.as_object_mut().unwrap().extend(image.as_object().unwrap().clone());
        asked(json!([part, {"type": "input_text", "text": "Hi"}]))
    };
    let file = |file: Value| {
        let mut part = json!({"type": "input_file"});
        part.as_object_mut().unwrap().extend(file.as_object().unwrap().clone());
        asked(json!([part, {"type": "input_text", "text": "Hi"}]))
    };
    let data = "data:image/png;base64,aGk=";
    let address = "https://example.com/a.png";
    let pdf = json!({"filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="});
    vec![
        ("an image as data", image(json!({"image_url": data}))),
        ("an image at an address", image(json!({"image_url": address}))),
        ("how closely to look at an image", image(json!({"image_url": address, "detail": "low"}))),
        ("an image under a file id", image(json!({"file_id": "file_1"}))),
        ("a PDF as data", file(pdf)),
        ("a PDF at an address", file(json!({"file_url": "https://example.com/a.pdf"}))),
        ("a document under a file id", file(json!({"file_id": "file_1"}))),
    ]
}

fn tools() -> Vec<(&'static str, Value)> {
    let tool = |strict: bool| {
        let schema = json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
        json!([{"type": "function", "name": "f", "description": "d", "parameters": schema, "strict": strict}])
    };
    let chosen = |choice: Value| json!({"tools": tool(false), "tool_choice": choice});
    let call =
        |id: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"});
    let result = |id: &str, output: Value| json!({"type": "function_call_output", "call_id": id, "output": output});
    let picture = json!([{"type": "input_image", "image_url": "data:image/png;base64,aGk="}]);
    vec![
        ("tools", json!({"tools": tool(false)})),
        ("tools whose schema binds", json!({"tools": tool(true)})),
        ("tools that the provider runs", json!({"tools": [{"type": "web_search"}]})),
        ("tools without a schema", json!({"tools": [{"type": "custom", "name": "f"}]})),
        ("a tool may be called", chosen(json!("auto"))),
        ("no tool may be called", chosen(json!("none"))),
        ("some tool must be called", chosen(json!("required"))),
        ("this tool must be called", chosen(json!({"type": "function", "name": "f"}))),
        ("one call at a time", json!({"tools": tool(false), "parallel_tool_calls": false})),
        (
            "calls in an earlier turn, and their results",
            between(json!([
                call("c"),
                call("d"),
                result("c", json!("4")),
                result("d", json!("5"))
            ])),
        ),
        ("a result with an image", between(json!([call("c"), result("c", picture)]))),
    ]
}

fn options() -> Vec<(&'static str, Value)> {
    let schema =
        json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false});
    let format = json!({"type": "json_schema", "name": "n", "schema": schema, "strict": true});
    vec![
        ("`max_output_tokens`", json!({"max_output_tokens": 5})),
        ("`temperature` up to 1", json!({"temperature": 0.5})),
        ("`temperature` above 1 (1 is sent where it is the most)", json!({"temperature": 1.5})),
        ("`top_p`", json!({"top_p": 0.5})),
        ("`top_logprobs`", json!({"top_logprobs": 2})),
        ("an answer by a schema", json!({"text": {"format": format}})),
        ("an answer in any JSON", json!({"text": {"format": {"type": "json_object"}}})),
        ("how many words to make", json!({"text": {"verbosity": "low"}})),
        ("effort in a word", json!({"reasoning": {"effort": "high"}})),
        ("effort `none` (thinking is switched off)", json!({"reasoning": {"effort": "none"}})),
        ("how thoughts are told", json!({"reasoning": {"summary": "auto"}})),
        ("the end user", json!({"user": "u"})),
        ("`metadata` of the caller's", json!({"metadata": {"a": "b"}})),
        ("`service_tier`", json!({"service_tier": "flex"})),
        ("`store`", json!({"store": true})),
        ("`prompt_cache_key`", json!({"prompt_cache_key": "k"})),
        ("`prompt_cache_retention`", json!({"prompt_cache_retention": "24h"})),
        ("`prompt_cache_options`", json!({"prompt_cache_options": {"ttl": "30m"}})),
        ("`safety_identifier`", json!({"safety_identifier": "s"})),
        ("`background`", json!({"background": true})),
        ("`truncation`", json!({"truncation": "auto"})),
        ("`max_tool_calls`", json!({"max_tool_calls": 3})),
        ("a field that this product does not know", json!({"x-later": 1})),
        ("a stream", json!({"stream": true})),
    ]
}
