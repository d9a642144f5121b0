//! The columns of the table.

use serde_json::{Value, json};

use super::Row;
use super::clouds::{OF_CONVERSE, OF_GEMINI};
use super::frames::{changed, data, event};
use crate::common::spoken::{CHAT, FORMATS, MESSAGES, RESPONSES, Spoken};
use crate::common::ways::WAYS;

/// What callers of one format get wrong.
pub(super) struct Requests {
    /// A request in whose past a tool was called with these arguments, which are no JSON.
    pub(super) past_call: fn(&str) -> Value,
    /// A request with an image, as base64.
    pub(super) image: fn(&str) -> Value,
    /// A request with a part of this type, which nobody knows, beside the text `hi`.
    pub(super) part: fn(&str) -> Value,
    /// Where the arguments of a call stand in a whole answer.
    pub(super) arguments_at: &'static str,
    /// Where a piece of them stands in a streamed event.
    pub(super) piece_at: &'static str,
}

/// What upstreams of one format get wrong.
pub(super) struct Answers {
    /// Where callers of the same format call, if there are any.
    pub(super) callers: Option<&'static str>,
    /// A whole answer that calls a tool with these arguments, which are no JSON.
    pub(super) call: fn(&str) -> Value,
    /// A stream that calls one with these pieces of arguments.
    pub(super) calling: fn(&[&str]) -> Vec<String>,
    /// A whole answer with this text, beside a part of a type that nobody knows.
    pub(super) part: fn(&str) -> Value,
    /// A frame of a type that nobody knows.
    pub(super) unknown_frame: fn() -> String,
    /// A stream of which every frame that can says what it took so far; at the end, that is 7 and 3.
    pub(super) counting: fn(Vec<String>) -> Vec<String>,
    /// How many frames of a complete stream say that it ends.
    pub(super) ending: usize,
    /// The mistakes that cannot be made in this format, and why.
    pub(super) never: &'static [(Row, &'static str)],
}

/// In the order of [`FORMATS`].
pub(super) static REQUESTS: [Requests; FORMATS.len()] = [
    // Chat Completions.
    Requests {
        past_call: |arguments| {
            let function = json!({"name": "wx", "arguments": arguments});
            let call = json!({"id": "c1", "type": "function", "function": function});
            json!({"messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": null, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "c1", "content": "4C"},
            ]})
        },
        image: |data| {
            let url = format!("data:image/png;base64,{data}");
            let image = json!({"type": "image_url", "image_url": {"url": url}});
            json!({"messages": [{"role": "user", "content": [image]}]})
        },
        part: |kind| {
            let parts = json!([{"type": "text", "text": "hi"}, {"type": kind, kind: {"x": 1}}]);
            json!({"messages": [{"role": "user", "content": parts}]})
        },
        arguments_at: "/choices/0/message/tool_calls/0/function/arguments",
        piece_at: "/choices/0/delta/tool_calls/0/function/arguments",
    },
    // Messages.
    Requests {
        past_call: |arguments| {
            let call = json!({"type": "tool_use", "id": "c1", "name": "wx", "input": arguments});
            let result = json!({"type": "tool_result", "tool_use_id": "c1", "content": "4C"});
            json!({"max_tokens": 9, "messages": [
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": [call]},
                {"role": "user", "content": [result]},
            ]})
        },
        image: |data| {
            let source = json!({"type": "base64", "media_type": "image/png", "data": data});
            let image = json!({"type": "image", "source": source});
            json!({"max_tokens": 9, "messages": [{"role": "user", "content": [image]}]})
        },
        part: |kind| {
            let parts = json!([{"type": "text", "text": "hi"}, {"type": kind, kind: {"x": 1}}]);
            json!({"max_tokens": 9, "messages": [{"role": "user", "content": parts}]})
        },
        arguments_at: "/content/0/input",
        piece_at: "/delta/partial_json",
    },
    // Responses.
    Requests {
        past_call: |arguments| {
            json!({"input": [
                {"role": "user", "content": "hi"},
                {"type": "function_call", "call_id": "c1", "name": "wx", "arguments": arguments},
                {"type": "function_call_output", "call_id": "c1", "output": "4C"},
            ]})
        },
        image: |data| {
            let url = format!("data:image/png;base64,{data}");
            let image = json!({"type": "input_image", "image_url": url});
            json!({"input": [{"role": "user", "content": [image]}]})
        },
        part: |kind| {
            let text = json!({"type": "input_text", "text": "hi"});
            let parts = json!([text, {"type": kind, kind: {"x": 1}}]);
            json!({"input": [{"role": "user", "content": parts}]})
        },
        arguments_at: "/output/0/arguments",
        piece_at: "/delta",
    },
];

/// What each way answers a caller of a format in, whole or streamed; in the order of [`WAYS`].
pub(super) static ANSWERS: [fn(&Spoken, bool) -> &'static Answers; WAYS.len()] = [
    // OpenAI has an endpoint of its own for Responses.
    |spoken, _| if spoken.path == RESPONSES.path { &OF_RESPONSES } else { &OF_CHAT },
    // Anthropic.
    |_, _| &OF_MESSAGES,
    // Azure.
    |_, _| &OF_CHAT,
    // Vertex AI: Gemini, Claude, open models.
    |_, _| &OF_GEMINI,
    |_, _| &OF_MESSAGES,
    |_, _| &OF_CHAT,
    // Bedrock: most models, and Anthropic's.
    |_, _| &OF_CONVERSE,
    |_, stream| if stream { &OF_CONVERSE } else { &OF_MESSAGES },
];

/// What no stream of server-sent events has.
const NO_LENGTHS: (Row, &str) =
    (Row::SpoiltMessage, "a server-sent event has neither a length nor a checksum");

/// What only formats have in which several answers come at once.
pub(super) const ONE_ANSWER: (Row, &str) =
    (Row::FailedChoice, "an answer fails as a whole, beside what it says");

static OF_CHAT: Answers = Answers {
    callers: Some(CHAT.path),
    call: |arguments| {
        let function = json!({"name": "wx", "arguments": arguments});
        let call = json!({"id": "c1", "type": "function", "function": function});
        let message = json!({"role": "assistant", "content": null, "tool_calls": [call]});
        completion(&message, "tool_calls")
    },
    calling: calling_in_chat,
    part: |text| {
        let parts = json!([{"type": "text", "text": text}, future()]);
        completion(&json!({"role": "assistant", "content": parts}), "stop")
    },
    // Chunks have no types; this one says nothing that is known.
    unknown_frame: || data(&json!({"id": "c", "object": "future", "choices": [], "future": 1})),
    counting: |frames| {
        let each = |(frame, count): (String, u64)| {
            changed(&frame, |chunk| {
                chunk["usage"] = json!({"prompt_tokens": 7, "completion_tokens": count.min(3)});
            })
        };
        frames.into_iter().zip(1..).map(each).collect()
    },
    // A finish reason, the usage and the marker.
    ending: 3,
    never: &[NO_LENGTHS, (Row::UnknownFrame, "chunks have no types to be known by")],
};

static OF_RESPONSES: Answers = Answers {
    callers: Some(RESPONSES.path),
    call: |arguments| response(&json!([function_call(arguments)])),
    calling: calling_in_responses,
    part: |text| {
        let part = json!({"type": "output_text", "text": text, "annotations": []});
        let message = json!({
            "id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
            "content": [part, future()],
        });
        response(&json!([message, future()]))
    },
    unknown_frame: || event(&json!({"type": "response.future", "sequence_number": 2, "x": 1})),
    counting: |frames| {
        let mut counted = Vec::new();
        for (frame, count) in frames.into_iter().zip(1_u64..) {
            let so_far = |output: u64| json!({"input_tokens": 7, "output_tokens": output.min(3)});
            let is_last = frame.starts_with("event: response.completed");
            counted.push(changed(&frame, |event| {
                if event.get("response").is_some() {
                    event["response"]["usage"] = so_far(count);
                }
            }));
            if !is_last {
                let mut response = response(&json!([]));
                response["usage"] = so_far(count);
                counted.push(event(&json!({"type": "response.in_progress", "response": response})));
            }
        }
        counted
    },
    ending: 1,
    never: &[NO_LENGTHS, ONE_ANSWER],
};

static OF_MESSAGES: Answers = Answers {
    callers: Some(MESSAGES.path),
    call: |arguments| {
        let call = json!({"type": "tool_use", "id": "c1", "name": "wx", "input": arguments});
        message(&json!([call]), "tool_use")
    },
    calling: calling_in_messages,
    part: |text| message(&json!([{"type": "text", "text": text}, future()]), "end_turn"),
    unknown_frame: || event(&json!({"type": "future", "x": 1})),
    counting: |frames| {
        let mut counted = Vec::new();
        for (frame, count) in frames.into_iter().zip(1_u64..) {
            let so_far = json!({"input_tokens": 7, "output_tokens": count.min(3)});
            let ends = ["event: message_delta", "event: message_stop"];
            let is_end = ends.iter().any(|name| frame.starts_with(name));
            counted.push(changed(&frame, |event| match event["type"].as_str() {
                Some("message_start") => event["message"]["usage"] = so_far.clone(),
                Some("message_delta") => event["usage"] = so_far.clone(),
                _ => {}
            }));
            if !is_end {
                let delta = json!({"type": "message_delta", "delta": {}, "usage": so_far});
                counted.push(event(&delta));
            }
        }
        counted
    },
    ending: 2,
    never: &[NO_LENGTHS, ONE_ANSWER],
};

/// Something of a type that nobody knows.
pub(super) fn future() -> Value {
    json!({"type": "future", "future": {"x": 1}})
}

fn completion(message: &Value, finish: &str) -> Value {
    let choice = json!({"index": 0, "message": message, "finish_reason": finish});
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "up",
        "choices": [choice],
    })
}

fn calling_in_chat(pieces: &[&str]) -> Vec<String> {
    let chunk = |delta: Value, finish: Value| {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
        let object = "chat.completion.chunk";
        data(
            &json!({"id": "c", "object": object, "created": 1, "model": "up", "choices": [choice]}),
        )
    };
    let function = json!({"name": "wx", "arguments": ""});
    let call = json!({"index": 0, "id": "c1", "type": "function", "function": function});
    let mut frames = vec![chunk(json!({"role": "assistant", "tool_calls": [call]}), Value::Null)];
    frames.extend(pieces.iter().map(|piece| {
        let fragment = json!({"index": 0, "function": {"arguments": piece}});
        chunk(json!({"tool_calls": [fragment]}), Value::Null)
    }));
    frames.extend([chunk(json!({}), json!("tool_calls")), "data: [DONE]\n\n".to_owned()]);
    frames
}

fn function_call(arguments: &str) -> Value {
    json!({
        "id": "fc_1", "type": "function_call", "status": "completed", "call_id": "c1",
        "name": "wx", "arguments": arguments,
    })
}

fn response(output: &Value) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed",
        "model": "up", "output": output,
    })
}

fn calling_in_responses(pieces: &[&str]) -> Vec<String> {
    let whole = function_call(&pieces.concat());
    let grow = |name: &str, field: &str, text: &str| {
        json!({
            "type": format!("response.function_call_arguments.{name}"), "item_id": "fc_1",
            "output_index": 0, field: text,
        })
    };
    let mut events = vec![
        json!({"type": "response.created", "response": response(&json!([]))}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": function_call("")}),
    ];
    events.extend(pieces.iter().map(|piece| grow("delta", "delta", piece)));
    events.extend([
        grow("done", "arguments", &pieces.concat()),
        json!({"type": "response.output_item.done", "output_index": 0, "item": whole}),
        json!({"type": "response.completed", "response": response(&json!([whole]))}),
    ]);
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events.iter().map(event).collect()
}

fn calling_in_messages(pieces: &[&str]) -> Vec<String> {
    let block = json!({"type": "tool_use", "id": "c1", "name": "wx", "input": {}});
    let mut events = vec![
        json!({"type": "message_start", "message": message(&json!([]), "")}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
    ];
    events.extend(pieces.iter().map(|piece| {
        let delta = json!({"type": "input_json_delta", "partial_json": piece});
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    }));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ]);
    events.iter().map(event).collect()
}

fn message(content: &Value, stop: &str) -> Value {
    let stop = if stop.is_empty() { Value::Null } else { json!(stop) };
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "up", "content": content,
        "stop_reason": stop, "stop_sequence": null,
        "usage": {"input_tokens": 7, "output_tokens": 1},
    })
}
