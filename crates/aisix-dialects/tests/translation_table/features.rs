//! The things that can be said.

use serde_json::{Value, json};

use crate::Feature;
use crate::answers::{anthropic, openai};

fn feature(name: &'static str, openai: Value, anthropic: Value) -> Feature {
    let said = |value: Value| (!value.is_null()).then_some(value);
    Feature { name, openai: said(openai), anthropic: said(anthropic) }
}

/// A turn of a person's.
fn asked(content: Value) -> Value {
    json!({"messages": [{"role": "user", "content": content}]})
}

/// A turn of the model's, between two of a person's.
fn answered(fields: Value) -> Value {
    let mut turn = json!({"role": "assistant"});
    turn.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"messages": [{"role": "user", "content": "Hi"}, turn, {"role": "user", "content": "Go on"}]})
}

fn result(openai: Value, anthropic: Value) -> (Value, Value) {
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut told = json!({"role": "tool", "tool_call_id": "c"});
    told.as_object_mut().unwrap().extend(openai.as_object().unwrap().clone());
    let mut block = json!({"type": "tool_result", "tool_use_id": "c"});
    block.as_object_mut().unwrap().extend(anthropic.as_object().unwrap().clone());
    let used = json!([{"type": "tool_use", "id": "c", "name": "f", "input": {}}]);
    (
        json!({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [call]}, told]}),
        json!({"messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": used},
            {"role": "user", "content": [block]},
        ]}),
    )
}

/// What requests say.
pub(crate) fn requests() -> Vec<Feature> {
    let mut all = conversation();
    all.extend(media());
    all.extend(tools());
    all.extend(options());
    all
}

fn conversation() -> Vec<Feature> {
    let system = |role: &str| json!({"messages": [{"role": role, "content": "Be terse."}, {"role": "user", "content": "Hi"}]});
    let late = json!({"messages": [{"role": "user", "content": "Hi"}, {"role": "system", "content": "In French."}, {"role": "user", "content": "Go on"}]});
    let sealed = |seal: &str| json!([{"type": "thinking", "thinking": "Hm.", "signature": seal}, {"type": "text", "text": "Yes"}]);
    let detailed =
        |detail: Value| answered(json!({"content": "Yes", "reasoning_details": [detail]}));
    let redacted =
        json!([{"type": "redacted_thinking", "data": "blob"}, {"type": "text", "text": "Yes"}]);
    let server = json!([{"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, {"type": "text", "text": "Yes"}]);
    let marked = json!([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]);
    let breakpoint = |ttl: &str| json!([{"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit", "ttl": ttl}}]);
    let unsaid =
        json!([{"type": "text", "text": "Hi", "prompt_cache_breakpoint": {"mode": "explicit"}}]);
    vec![
        feature("instructions", system("system"), json!({"system": "Be terse."})),
        feature("instructions for newer models", system("developer"), Value::Null),
        feature("instructions in mid-conversation", late.clone(), late),
        feature(
            "several turns",
            answered(json!({"content": "Yes"})),
            answered(json!({"content": "Yes"})),
        ),
        feature(
            "the speaker's name",
            json!({"messages": [{"role": "user", "content": "Hi", "name": "Ann"}]}),
            Value::Null,
        ),
        feature("a refusal in an earlier turn", answered(json!({"refusal": "No"})), Value::Null),
        feature(
            "a thought in an earlier turn",
            answered(json!({"content": "Yes", "reasoning_content": "Hm."})),
            Value::Null,
        ),
        feature(
            "a thought that a Claude sealed",
            detailed(
                json!({"type": "reasoning.text", "text": "Hm.", "signature": "aisix-seal:anthropic_messages:seal"}),
            ),
            answered(json!({"content": sealed("seal")})),
        ),
        feature(
            "a thought that a model of OpenAI's sealed",
            detailed(
                json!({"type": "reasoning.text", "text": "Hm.", "signature": "aisix-seal:openai_responses:seal"}),
            ),
            answered(json!({"content": sealed("aisix-seal:openai_responses:seal")})),
        ),
        feature(
            "a redacted thought of a Claude's",
            detailed(
                json!({"type": "reasoning.encrypted", "data": "aisix-seal:anthropic_messages:blob"}),
            ),
            answered(json!({"content": redacted})),
        ),
        feature(
            "a block of a tool that runs at the provider",
            Value::Null,
            answered(json!({"content": server})),
        ),
        feature("a prompt-cache marker", asked(marked.clone()), asked(marked)),
        feature("a prompt-cache breakpoint", asked(breakpoint("30m")), Value::Null),
        feature("a prompt-cache breakpoint that does not say how long", asked(unsaid), Value::Null),
        feature("a prompt-cache breakpoint for half a day", asked(breakpoint("12h")), Value::Null),
    ]
}

fn media() -> Vec<Feature> {
    let image = |url: &str| {
        asked(
            json!([{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "Hi"}]),
        )
    };
    let block = |kind: &str, source: Value| {
        asked(json!([{"type": kind, "source": source}, {"type": "text", "text": "Hi"}]))
    };
    let file = |file: Value| {
        asked(json!([{"type": "file", "file": file}, {"type": "text", "text": "Hi"}]))
    };
    let base64 =
        |media_type: &str| json!({"type": "base64", "media_type": media_type, "data": "aGk="});
    let url = |url: &str| json!({"type": "url", "url": url});
    let id = json!({"type": "file", "file_id": "file_1"});
    let detailed = json!([{"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}}]);
    let sound = json!([{"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}}]);
    let film = json!([{"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}}]);
    let chunks = json!({"type": "content", "content": [{"type": "text", "text": "hi"}]});
    let images =
        json!({"type": "content", "content": [{"type": "image", "source": base64("image/png")}]});
    let results = json!([{"type": "search_result", "source": "s", "title": "t", "content": [{"type": "text", "text": "hi"}]}]);
    let cited = json!([{"type": "document", "source": base64("application/pdf"), "citations": {"enabled": true}}]);
    vec![
        feature(
            "an image as data",
            image("data:image/png;base64,aGk="),
            block("image", base64("image/png")),
        ),
        feature(
            "an image at an address",
            image("https://example.com/a.png"),
            block("image", url("https://example.com/a.png")),
        ),
        feature("an image under a file id", Value::Null, block("image", id.clone())),
        feature("how closely to look at an image", asked(detailed), Value::Null),
        feature(
            "a PDF as data",
            file(json!({"file_data": "data:application/pdf;base64,aGk=", "filename": "a.pdf"})),
            block("document", base64("application/pdf")),
        ),
        feature(
            "a PDF at an address",
            Value::Null,
            block("document", url("https://example.com/a.pdf")),
        ),
        feature(
            "a document in plain text",
            file(json!({"file_data": "data:text/plain;base64,aGk=", "filename": "a.txt"})),
            block("document", json!({"type": "text", "media_type": "text/plain", "data": "hi"})),
        ),
        feature(
            "a document of another type",
            file(json!({"file_data": "data:application/zip;base64,aGk="})),
            Value::Null,
        ),
        feature(
            "a document under a file id",
            file(json!({"file_id": "file_1"})),
            block("document", id),
        ),
        feature("a document in chunks", Value::Null, block("document", chunks)),
        feature("results of a search of the caller's", Value::Null, asked(results)),
        feature("a document in chunks that are images", Value::Null, block("document", images)),
        feature("citations of a document asked for", Value::Null, asked(cited)),
        feature("a sound", asked(sound), Value::Null),
        feature("a film", asked(film), Value::Null),
    ]
}

fn tools() -> Vec<Feature> {
    let schema = json!({"type": "object", "properties": {}});
    let openai_tool = |more: Value| {
        let mut function = json!({"name": "f", "description": "d", "parameters": schema});
        function.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([{"type": "function", "function": function}])
    };
    let anthropic_tool = |more: Value| {
        let mut tool = json!({"name": "f", "description": "d", "input_schema": schema});
        tool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!([tool])
    };
    let plain = || json!({});
    let chosen = |openai: Value, anthropic: Value| {
        (
            json!({"tools": openai_tool(plain()), "tool_choice": openai}),
            json!({"tools": anthropic_tool(plain()), "tool_choice": anthropic}),
        )
    };
    let row = |name, (openai, anthropic): (Value, Value)| feature(name, openai, anthropic);
    let function = json!({"type": "function", "function": {"name": "f"}});
    let png = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}});
    let png_block = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}});
    let calls = |arguments: &str| {
        let call = |id: &str| json!({"id": id, "type": "function", "function": {"name": "f", "arguments": arguments}});
        answered(json!({"tool_calls": [call("c"), call("d")]}))
    };
    let uses = json!([{"type": "tool_use", "id": "c", "name": "f", "input": {}}, {"type": "tool_use", "id": "d", "name": "f", "input": {}}]);
    vec![
        feature(
            "tools",
            json!({"tools": openai_tool(plain())}),
            json!({"tools": anthropic_tool(plain())}),
        ),
        feature(
            "tools whose schema binds",
            json!({"tools": openai_tool(json!({"strict": true}))}),
            json!({"tools": anthropic_tool(json!({"strict": true}))}),
        ),
        feature(
            "tools that the provider runs",
            json!({"tools": [{"type": "web_search"}]}),
            json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        ),
        feature(
            "tools without a schema",
            json!({"tools": [{"type": "custom", "custom": {"name": "f"}}]}),
            Value::Null,
        ),
        row("a tool may be called", chosen(json!("auto"), json!({"type": "auto"}))),
        row("no tool may be called", chosen(json!("none"), json!({"type": "none"}))),
        row("some tool must be called", chosen(json!("required"), json!({"type": "any"}))),
        row("this tool must be called", chosen(function, json!({"type": "tool", "name": "f"}))),
        feature(
            "one call at a time",
            json!({"tools": openai_tool(plain()), "parallel_tool_calls": false}),
            json!({"tools": anthropic_tool(plain()), "tool_choice": {"type": "auto", "disable_parallel_tool_use": true}}),
        ),
        feature("calls in an earlier turn", calls("{}"), answered(json!({"content": uses}))),
        feature(
            "functions, from before there were tools",
            json!({"functions": [{"name": "f", "description": "d", "parameters": schema}]}),
            Value::Null,
        ),
        feature(
            "calls of functions, and their results, without ids",
            json!({"messages": [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "4"},
            ]}),
            Value::Null,
        ),
        feature("calls whose arguments are no JSON", calls("{\"a"), Value::Null),
        row("a result", result(json!({"content": "4"}), json!({"content": "4"}))),
        row(
            "a result with an image",
            result(json!({"content": [png]}), json!({"content": [png_block]})),
        ),
        row("a result that is an error", {
            let (_, anthropic) =
                result(json!({"content": "no"}), json!({"content": "no", "is_error": true}));
            (Value::Null, anthropic)
        }),
    ]
}

fn options() -> Vec<Feature> {
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let format = json!({"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}});
    let same = |name, value: Value| feature(name, value.clone(), value);
    let only_openai = |name, value: Value| feature(name, value, Value::Null);
    let only_anthropic = |name, value: Value| feature(name, Value::Null, value);
    vec![
        same("`max_tokens`", json!({"max_tokens": 5})),
        only_openai("`max_completion_tokens`", json!({"max_completion_tokens": 5})),
        same("`temperature` up to 1", json!({"temperature": 0.5})),
        only_openai("`temperature` above 1 (1 is sent)", json!({"temperature": 1.5})),
        same("`top_p`", json!({"top_p": 0.5})),
        same("`top_k`", json!({"top_k": 5})),
        feature("stop texts", json!({"stop": ["END"]}), json!({"stop_sequences": ["END"]})),
        only_openai("stop texts by their name elsewhere", json!({"stop_sequences": ["END"]})),
        only_openai("`seed`", json!({"seed": 1})),
        only_openai("`n` above 1", json!({"n": 2})),
        only_openai("`presence_penalty`", json!({"presence_penalty": 0.5})),
        only_openai("`frequency_penalty`", json!({"frequency_penalty": 0.5})),
        only_openai("`logprobs`", json!({"logprobs": true})),
        only_openai("`top_logprobs`", json!({"top_logprobs": 2})),
        only_openai("`logit_bias`", json!({"logit_bias": {"1": 5}})),
        feature(
            "an answer by a schema",
            json!({"response_format": format}),
            json!({"output_config": {"format": {"type": "json_schema", "schema": schema}}}),
        ),
        only_openai("an answer in any JSON", json!({"response_format": {"type": "json_object"}})),
        feature(
            "effort in a word",
            json!({"reasoning_effort": "high"}),
            json!({"output_config": {"effort": "high"}}),
        ),
        only_openai(
            "effort `none` (thinking is switched off)",
            json!({"reasoning_effort": "none"}),
        ),
        same(
            "thinking up to so many tokens",
            json!({"thinking": {"type": "enabled", "budget_tokens": 2048}}),
        ),
        same("thinking as the model sees fit", json!({"thinking": {"type": "adaptive"}})),
        same("no thinking", json!({"thinking": {"type": "disabled"}})),
        only_anthropic(
            "how thinking is shown",
            json!({"thinking": {"type": "adaptive", "display": "omitted"}}),
        ),
        feature("the end user", json!({"user": "u"}), json!({"metadata": {"user_id": "u"}})),
        only_openai("`metadata` of the caller's", json!({"metadata": {"a": "b"}})),
        feature(
            "`service_tier`",
            json!({"service_tier": "flex"}),
            json!({"service_tier": "standard_only"}),
        ),
        only_openai("`store`", json!({"store": true})),
        only_openai("`prompt_cache_key`", json!({"prompt_cache_key": "k"})),
        only_openai("`prompt_cache_retention`", json!({"prompt_cache_retention": "24h"})),
        only_openai("`prompt_cache_options`", json!({"prompt_cache_options": {"ttl": "30m"}})),
        only_anthropic(
            "a prompt-cache marker for the whole",
            json!({"cache_control": {"type": "ephemeral"}}),
        ),
        only_anthropic(
            "a thread that the provider keeps",
            json!({"thread": {"type": "continue", "previous_message_id": "msg_1"}}),
        ),
        only_anthropic("`container`", json!({"container": "c"})),
        only_anthropic("`context_management`", json!({"context_management": {"edits": [1]}})),
        only_anthropic("`mcp_servers`", json!({"mcp_servers": [{"name": "a"}]})),
        same("a field that this product does not know", json!({"x-later": 1})),
        same("a stream", json!({"stream": true})),
    ]
}

/// What answers say.
pub(crate) fn answers() -> Vec<Feature> {
    let mut all = contents();
    all.extend(ends());
    all.extend(counts());
    all
}

fn contents() -> Vec<Feature> {
    let call = json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]);
    let block =
        |block: Value| anthropic(json!({"content": [block, {"type": "text", "text": "Hi"}]}));
    let page = json!({"type": "web_search_result_location", "url": "https://example.com", "title": "t", "cited_text": "c", "encrypted_index": "e"});
    let words = json!({"type": "char_location", "document_index": 0, "document_title": "t", "cited_text": "c", "start_char_index": 0, "end_char_index": 1});
    let cited = |citation: Value| {
        anthropic(json!({"content": [{"type": "text", "text": "Hi", "citations": [citation]}]}))
    };
    let annotation = json!([{"type": "url_citation", "url_citation": {"url": "https://example.com", "title": "t", "start_index": 0, "end_index": 2}}]);
    vec![
        feature(
            "text",
            openai(json!({"content": "Ho"})),
            anthropic(json!({"content": [{"type": "text", "text": "Ho"}]})),
        ),
        feature(
            "calls",
            openai(json!({"tool_calls": call})),
            block(json!({"type": "tool_use", "id": "c", "name": "f", "input": {"a": 1}})),
        ),
        feature(
            "a thought",
            openai(json!({"reasoning_content": "Hm."})),
            block(json!({"type": "thinking", "thinking": "Hm.", "signature": ""})),
        ),
        feature(
            "a thought with its signature",
            Value::Null,
            block(json!({"type": "thinking", "thinking": "Hm.", "signature": "seal"})),
        ),
        feature(
            "a redacted thought",
            Value::Null,
            block(json!({"type": "redacted_thinking", "data": "blob"})),
        ),
        feature(
            "a refusal in words",
            openai(json!({"content": null, "refusal": "No"})),
            Value::Null,
        ),
        feature("a sound", openai(json!({"audio": {"id": "a", "data": "aGk="}})), Value::Null),
        feature(
            "a block of a tool that runs at the provider",
            Value::Null,
            block(json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}})),
        ),
        feature("a citation of a page", openai(json!({"annotations": annotation})), cited(page)),
        feature("a citation of a document", Value::Null, cited(words)),
    ]
}

fn ends() -> Vec<Feature> {
    let call =
        json!([{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]);
    let used = json!({"type": "tool_use", "id": "c", "name": "f", "input": {}});
    let stopped = |openai_word: &str, anthropic_word: &str| {
        let of_openai = if openai_word.is_empty() {
            Value::Null
        } else {
            openai(json!({"finish_reason": openai_word}))
        };
        (of_openai, anthropic(json!({"stop_reason": anthropic_word})))
    };
    let row = |name, (openai, anthropic): (Value, Value)| feature(name, openai, anthropic);
    let second = json!([{"index": 1, "message": {"role": "assistant", "content": "Ho"}, "finish_reason": "stop"}]);
    vec![
        row("ended at the limit of tokens", stopped("length", "max_tokens")),
        row(
            "ended to have a tool called",
            (
                openai(json!({"finish_reason": "tool_calls", "tool_calls": call})),
                anthropic(json!({"stop_reason": "tool_use", "content": [used]})),
            ),
        ),
        row("ended by a filter", (openai(json!({"finish_reason": "content_filter"})), Value::Null)),
        row("ended by refusing", stopped("", "refusal")),
        row("ended with a full context", stopped("", "model_context_window_exceeded")),
        row("paused", stopped("", "pause_turn")),
        row("ended for another reason", stopped("eos", "later")),
        feature(
            "which stop text was met",
            Value::Null,
            anthropic(json!({"stop_reason": "stop_sequence", "stop_sequence": "END"})),
        ),
        feature(
            "why it refused",
            Value::Null,
            anthropic(json!({"stop_details": {"category": "cyber"}})),
        ),
        feature(
            "several answers (the first is told)",
            openai(json!({"choices": second})),
            Value::Null,
        ),
        feature("`logprobs`", openai(json!({"logprobs": {"content": [1]}})), Value::Null),
    ]
}

fn counts() -> Vec<Feature> {
    let usage = |more: Value| {
        let mut usage = json!({"input_tokens": 9, "output_tokens": 3});
        usage.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        anthropic(json!({"usage": usage}))
    };
    let by_time = json!({"cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 3}});
    vec![
        feature(
            "tokens read from a cache",
            openai(json!({"prompt_tokens_details": {"cached_tokens": 4}})),
            usage(json!({"cache_read_input_tokens": 4})),
        ),
        feature(
            "tokens written to a cache",
            openai(json!({"prompt_tokens_details": {"cache_write_tokens": 4}})),
            usage(json!({"cache_creation_input_tokens": 4})),
        ),
        feature("tokens written to a cache, by its life", Value::Null, usage(by_time)),
        feature(
            "tokens spent on reasoning",
            openai(json!({"completion_tokens_details": {"reasoning_tokens": 2}})),
            usage(json!({"output_tokens_details": {"thinking_tokens": 2}})),
        ),
        feature(
            "other counts",
            openai(json!({"completion_tokens_details": {"audio_tokens": 2}})),
            usage(json!({"server_tool_use": {"web_search_requests": 1}})),
        ),
        feature(
            "`service_tier`",
            openai(json!({"service_tier": "default"})),
            usage(json!({"service_tier": "standard"})),
        ),
        feature("`system_fingerprint`", openai(json!({"system_fingerprint": "fp"})), Value::Null),
        feature("`container`", Value::Null, anthropic(json!({"container": {"id": "c"}}))),
    ]
}
