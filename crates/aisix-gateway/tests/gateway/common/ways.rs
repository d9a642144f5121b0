//! Every way to an upstream: its family, the format that it is spoken to in, and how its frames are
//! separated. A family is several where its models speak several formats.

use aisix_testing::fixtures::google::with_token;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream, eventstream};
use serde_json::{Value, json};

use super::documents::{self, Documents};
use super::spoken::{ANTHROPIC, AZURE, MESSAGES, OPENAI, Spoken};
use super::{MODEL, SECRET, UPSTREAM_MODEL};

/// A way to an upstream.
pub struct Way {
    pub name: &'static str,
    /// What the provider key names.
    pub adapter: &'static str,
    /// The upstream's name for the model.
    model: &'static str,
    /// The provider key's secret.
    secret: fn() -> String,
    /// How the frames of its streams are separated.
    pub framing: Framing,
    /// A whole answer to a request in this format.
    pub whole: fn(&Spoken, &str) -> String,
    /// The frames of a streamed one.
    pub stream: fn(&Spoken, &[&str]) -> Vec<String>,
    /// A failed answer's body, of a request for a whole answer or for a stream.
    pub failure: fn(&str, bool) -> String,
    /// A frame that says that a stream failed.
    pub failed_frame: fn(&str) -> String,
}

/// How frames are separated. Tests write all of them as server-sent events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Sse,
    EventStream,
}

/// Every way.
pub static WAYS: [Way; 8] = [
    Way {
        name: "openai",
        adapter: "openai",
        model: UPSTREAM_MODEL,
        secret: plain,
        framing: Framing::Sse,
        whole: |spoken, text| OPENAI.whole_body(spoken, text),
        stream: |spoken, pieces| OPENAI.stream(spoken, pieces),
        failure: |message, _| (OPENAI.failure)(message),
        failed_frame: OPENAI.failed_event,
    },
    Way {
        name: "anthropic",
        adapter: "anthropic",
        model: UPSTREAM_MODEL,
        secret: plain,
        framing: Framing::Sse,
        whole: |_, text| ANTHROPIC.whole_body(&MESSAGES, text),
        stream: |_, pieces| ANTHROPIC.stream(&MESSAGES, pieces),
        failure: |message, _| (ANTHROPIC.failure)(message),
        failed_frame: ANTHROPIC.failed_event,
    },
    Way {
        name: "azure-openai",
        adapter: "azure-openai",
        model: UPSTREAM_MODEL,
        secret: plain,
        framing: Framing::Sse,
        whole: |_, text| openai::chat_completion(text),
        stream: |_, pieces| openai::chat_stream_with_usage(pieces),
        failure: |message, _| (AZURE.failure)(message),
        failed_frame: AZURE.failed_event,
    },
    Way {
        name: "vertex, gemini",
        adapter: "vertex",
        model: "gemini-2.5-flash",
        secret: token,
        framing: Framing::Sse,
        whole: |_, text| generated(&json!([{"text": text}]), Some("STOP"), Some(3)).to_string(),
        stream: |_, pieces| generated_stream(pieces),
        failure: |message, _| google_error(message).to_string(),
        failed_frame: |message| format!("data: {}\n\n", google_error(message)),
    },
    Way {
        name: "vertex, claude",
        adapter: "vertex",
        model: "claude-sonnet-4-5@20250929",
        secret: token,
        framing: Framing::Sse,
        whole: |_, text| ANTHROPIC.whole_body(&MESSAGES, text),
        stream: |_, pieces| ANTHROPIC.stream(&MESSAGES, pieces),
        failure: |message, _| (ANTHROPIC.failure)(message),
        failed_frame: ANTHROPIC.failed_event,
    },
    Way {
        name: "vertex, llama",
        adapter: "vertex",
        model: "meta/llama-4-maverick",
        secret: token,
        framing: Framing::Sse,
        whole: |_, text| openai::chat_completion(text),
        stream: |_, pieces| openai::chat_stream_with_usage(pieces),
        failure: |message, _| (OPENAI.failure)(message),
        failed_frame: OPENAI.failed_event,
    },
    Way {
        name: "bedrock, llama",
        adapter: "bedrock",
        model: "us.meta.llama-z:0",
        secret: signing,
        framing: Framing::EventStream,
        whole: |_, text| conversed(&json!([{"text": text}]), "end_turn").to_string(),
        stream: |_, pieces| conversed_stream(pieces),
        failure: |message, _| refusal(message),
        failed_frame: exception,
    },
    Way {
        name: "bedrock, claude",
        adapter: "bedrock",
        model: "anthropic.claude-x-v1:0",
        secret: signing,
        framing: Framing::EventStream,
        // Whole answers are asked for with InvokeModel, streams with ConverseStream.
        whole: |_, text| ANTHROPIC.whole_body(&MESSAGES, text),
        stream: |_, pieces| conversed_stream(pieces),
        failure: |message, stream| {
            if stream { refusal(message) } else { (ANTHROPIC.failure)(message) }
        },
        failed_frame: exception,
    },
];

impl Way {
    /// A provider key of this family with this secret, its model, and one caller.
    pub fn documents_with(&self, upstream: &ScriptedUpstream, secret: &str) -> Documents {
        let base = upstream.base_url();
        let mut all = documents::standard(&base);
        all[0].1 = json!({
            "display_name": self.name, "provider": self.adapter, "adapter": self.adapter,
            "secret": secret, "api_base": base,
        });
        all[1].1 = documents::direct(MODEL, self.model, "pk");
        all[1].1["provider"] = self.adapter.into();
        all
    }

    /// The same with a secret of its own.
    pub fn documents(&self, upstream: &ScriptedUpstream) -> Documents {
        self.documents_with(upstream, &(self.secret)())
    }

    /// An answer of these frames.
    pub fn streamed<F: AsRef<str>>(&self, frames: impl IntoIterator<Item = F>) -> Reply {
        let framing = self.framing;
        let frames = frames.into_iter().map(move |frame| framing.bytes(frame.as_ref()));
        Reply::open(200, framing.content_type()).chunks(frames.collect::<Vec<_>>()).end()
    }
}

impl Framing {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::EventStream => "application/vnd.amazon.eventstream",
        }
    }

    /// A frame as it is sent, of one that is written as a server-sent event.
    pub fn bytes(self, frame: &str) -> Vec<u8> {
        match self {
            Self::Sse => frame.as_bytes().to_vec(),
            Self::EventStream => {
                let frame = frame.strip_prefix("event: ").expect("a frame has a name");
                let (name, data) = frame.split_once("\ndata: ").expect("a frame has data");
                let data = data.strip_suffix("\n\n").expect("a frame ends");
                let is_exception = name.ends_with("Exception");
                let write = if is_exception { eventstream::exception } else { eventstream::event };
                write(name, data)
            }
        }
    }
}

fn plain() -> String {
    SECRET.to_owned()
}

fn token() -> String {
    with_token(SECRET)
}

fn signing() -> String {
    json!({
        "access_key_id": "AKIDEXAMPLE0123456789", "secret_access_key": SECRET,
        "region": "eu-west-3",
    })
    .to_string()
}

/// An answer of Gemini's, or a piece of one; 7 tokens asked, and so many answered.
pub fn generated(parts: &Value, finish: Option<&str>, answered: Option<u64>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    let mut answer = json!({
        "candidates": [candidate], "modelVersion": "gemini-2.5-flash", "responseId": "r-1",
    });
    if let Some(answered) = answered {
        answer["usageMetadata"] = json!({
            "promptTokenCount": 7, "candidatesTokenCount": answered, "totalTokenCount": 7 + answered,
        });
    }
    answer
}

fn generated_stream(pieces: &[&str]) -> Vec<String> {
    let piece = |text: &&str| generated(&json!([{"text": text}]), None, None);
    let mut frames: Vec<_> = pieces.iter().map(piece).collect();
    frames.push(generated(&json!([{"text": ""}]), Some("STOP"), Some(3)));
    frames.iter().map(|frame| format!("data: {frame}\n\n")).collect()
}

fn google_error(message: &str) -> Value {
    json!({"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}})
}

/// An answer of Converse.
pub fn conversed(content: &Value, stop: &str) -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop,
        "usage": {"inputTokens": 7, "outputTokens": 3, "totalTokens": 10},
        "metrics": {"latencyMs": 1},
    })
}

fn conversed_stream(pieces: &[&str]) -> Vec<String> {
    let delta = |text: &&str| {
        let delta = json!({"contentBlockIndex": 0, "delta": {"text": text}});
        named("contentBlockDelta", &delta)
    };
    let mut frames = vec![named("messageStart", &json!({"role": "assistant"}))];
    frames.extend(pieces.iter().map(delta));
    frames.extend([
        named("contentBlockStop", &json!({"contentBlockIndex": 0})),
        named("messageStop", &json!({"stopReason": "end_turn"})),
        counted(3),
    ]);
    frames
}

/// What Converse says of usage at the end of a stream.
pub fn counted(answered: u64) -> String {
    let usage = json!({"inputTokens": 7, "outputTokens": answered, "totalTokens": 7 + answered});
    named("metadata", &json!({"usage": usage, "metrics": {"latencyMs": 1}}))
}

/// A frame under this name.
pub fn named(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

fn refusal(message: &str) -> String {
    json!({ "message": message }).to_string()
}

fn exception(message: &str) -> String {
    format!("event: throttlingException\ndata: {}\n\n", refusal(message))
}
