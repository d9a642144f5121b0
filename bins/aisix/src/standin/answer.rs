//! What the stand-in says, in the shapes of OpenAI's API reference ("The chat completion object",
//! "The chat completion chunk object").

use std::time::{SystemTime, UNIX_EPOCH};

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

/// The part of a request that matters here.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    pub(super) model: String,
    messages: Vec<Message>,
    #[serde(default)]
    pub(super) stream: bool,
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
}

#[derive(Debug, Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

/// One answer, before it is whole or streamed.
#[derive(Debug)]
pub(super) struct Answer {
    id: String,
    created: u64,
    text: String,
    prompt_words: usize,
}

impl Asked {
    pub(super) fn wants_usage(&self) -> bool {
        self.stream_options.as_ref().is_some_and(|options| options.include_usage)
    }

    /// The last thing that the user said.
    fn words(&self) -> &str {
        let last = self.messages.iter().rev().find(|message| message.role == "user");
        last.map_or("", Message::text)
    }
}

impl Message {
    /// The content, or its first part of text.
    fn text(&self) -> &str {
        let of_part = |part: &'_ Value| part["text"].is_string();
        match &self.content {
            Value::String(text) => text,
            Value::Array(parts) => {
                { parts.iter().find(|part| of_part(part)).and_then(|part| part["text"].as_str()) }
                    .unwrap_or_default()
            }
            _ => "",
        }
    }
}

impl Answer {
    pub(super) fn to(asked: &Asked) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let said = asked.words();
        Self {
            id: format!("chatcmpl-{:x}", now.as_micros()),
            created: now.as_secs(),
            text: format!(
                "You said: \"{said}\" I am a stand-in for a provider: I understand nothing, and I \
                 cost nothing."
            ),
            prompt_words: asked.messages.iter().map(|message| words(message.text())).sum(),
        }
    }

    pub(super) fn whole(&self) -> Value {
        let message = json!({"role": "assistant", "content": self.text, "refusal": null});
        json!({
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": super::MODEL,
            "choices": [
                {"index": 0, "message": message, "logprobs": null, "finish_reason": "stop"},
            ],
            "usage": self.usage(),
        })
    }

    /// The events of a stream: the role, each word, the end, the usage if it is wanted, `[DONE]`.
    pub(super) fn frames(&self, with_usage: bool) -> Vec<String> {
        let choice = |delta: Value, finish: Option<&str>| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]);
        let mut chunks = vec![choice(json!({"role": "assistant", "content": ""}), None)];
        let pieces = self.text.split_inclusive(' ');
        chunks.extend(pieces.map(|piece| choice(json!({"content": piece}), None)));
        chunks.push(choice(json!({}), Some("stop")));
        let mut chunks: Vec<_> = chunks.into_iter().map(|choices| self.chunk(choices)).collect();
        if with_usage {
            let mut last = self.chunk(json!([]));
            last["usage"] = self.usage();
            chunks.push(last);
        }
        let frames = chunks.into_iter().map(|chunk| format!("data: {chunk}\n\n"));
        frames.chain(["data: [DONE]\n\n".into()]).collect()
    }

    fn chunk(&self, choices: Value) -> Value {
        json!({
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": super::MODEL,
            "choices": choices,
        })
    }

    /// Counts words where a model counts tokens.
    fn usage(&self) -> Value {
        let said = words(&self.text);
        json!({
            "prompt_tokens": self.prompt_words,
            "completion_tokens": said,
            "total_tokens": self.prompt_words + said,
        })
    }
}

/// An error in the provider's shape.
pub(super) fn error(status: StatusCode, message: &str) -> Value {
    let code = (status == StatusCode::UNAUTHORIZED).then_some("invalid_api_key");
    json!({"error": {
        "message": message, "type": "invalid_request_error", "param": null, "code": code,
    }})
}

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}
