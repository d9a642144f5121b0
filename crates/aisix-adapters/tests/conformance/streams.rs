//! Streamed chats, as families write them.

use aisix_testing::conformance::adapter::Streams;
use aisix_testing::eventstream::{event, exception};
use aisix_testing::fixtures::{google, openai};
use serde_json::{Value, json};

pub fn openai() -> Streams {
    Streams {
        whole: bytes(openai::chat_stream_with_usage(["Hel", "lo"])),
        failure: |message| {
            let error = json!({"message": message, "type": "server_error", "code": 503});
            format!("data: {}\n\n", json!({ "error": error })).into()
        },
        status: 503,
    }
}

pub fn anthropic() -> Streams {
    let usage = json!({"input_tokens": 5, "output_tokens": 1});
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    });
    let delta = |text: &str| {
        let delta = json!({"type": "text_delta", "text": text});
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    };
    let block = json!({"type": "text", "text": ""});
    let stop = json!({"stop_reason": "end_turn", "stop_sequence": null});
    let whole = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
        delta("Hel"),
        delta("lo"),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": stop, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ];
    Streams {
        whole: whole.iter().map(named).collect(),
        failure: |message| {
            let error = json!({"type": "overloaded_error", "message": message});
            named(&json!({"type": "error", "error": error}))
        },
        status: 529,
    }
}

pub fn gemini() -> Streams {
    Streams {
        whole: bytes(google::streamed(&["Hel", "lo", "!"])),
        failure: |message| {
            let error = json!({"code": 503, "message": message, "status": "UNAVAILABLE"});
            format!("data: {}\r\n\r\n", json!({ "error": error })).into()
        },
        status: 503,
    }
}

pub fn converse() -> Streams {
    let delta = |text: &str| {
        let delta = json!({"contentBlockIndex": 0, "delta": {"text": text}});
        event("contentBlockDelta", &delta.to_string())
    };
    let usage = json!({"inputTokens": 5, "outputTokens": 2, "totalTokens": 7});
    let metadata = json!({"usage": usage, "metrics": {"latencyMs": 1}});
    Streams {
        whole: vec![
            event("messageStart", r#"{"role":"assistant"}"#),
            delta("Hel"),
            delta("lo"),
            event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
            event("messageStop", r#"{"stopReason":"end_turn"}"#),
            event("metadata", &metadata.to_string()),
        ],
        failure: |message| {
            exception("throttlingException", &json!({ "message": message }).to_string())
        },
        status: 429,
    }
}

fn bytes(frames: Vec<String>) -> Vec<Vec<u8>> {
    frames.into_iter().map(String::into_bytes).collect()
}

fn named(event: &Value) -> Vec<u8> {
    format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type")).into()
}
