//! What callers and upstreams say to each other, in each of the formats that take part.

use super::Scenario;

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenAI's Chat Completions.
    OpenAi,
    /// Anthropic's Messages.
    Anthropic,
}

impl Format {
    /// The adapter that reaches upstreams of this format.
    pub(super) fn adapter(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }

    /// What a provider key's base ends with.
    pub(super) fn base_path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1",
            Self::Anthropic => "",
        }
    }

    /// The path that callers ask.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    /// The body of a caller's request.
    pub(super) fn request(self, scenario: &Scenario) -> String {
        let Scenario { model, prompt, chunks, .. } = *scenario;
        let stream = if chunks > 0 { r#","stream":true"# } else { "" };
        let limit = match self {
            Self::OpenAi => "",
            Self::Anthropic => r#","max_tokens":512"#,
        };
        let prompt = "x".repeat(prompt);
        format!(
            r#"{{"model":"{model}"{stream}{limit},"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
        )
    }

    /// What a complete answer ends with.
    pub(super) fn ending(self, stream: bool) -> &'static [u8] {
        match self {
            _ if !stream => b"}",
            Self::OpenAi => b"data: [DONE]\n\n",
            Self::Anthropic => b"data: {\"type\":\"message_stop\"}\n\n",
        }
    }

    /// A whole answer.
    pub(super) fn answer(self, model: &str) -> String {
        match self {
            Self::OpenAi => format!(
                r#"{{"id":"chatcmpl-bench","object":"chat.completion","created":1760000000,"model":"{model}","choices":[{{"index":0,"message":{{"role":"assistant","content":"Hello! How can I help you today?"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":19,"completion_tokens":10,"total_tokens":29}}}}"#
            ),
            Self::Anthropic => format!(
                r#"{{"id":"msg_bench","type":"message","role":"assistant","model":"{model}","content":[{{"type":"text","text":"Hello! How can I help you today?"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":19,"output_tokens":10}}}}"#
            ),
        }
    }

    /// What a stream begins with.
    pub(super) fn beginning(self, model: &str) -> String {
        match self {
            Self::OpenAi => String::new(),
            Self::Anthropic => {
                let message = format!(
                    r#"{{"type":"message_start","message":{{"id":"msg_bench","type":"message","role":"assistant","model":"{model}","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":19,"output_tokens":1}}}}}}"#
                );
                let block = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#;
                format!(
                    "event: message_start\ndata: {message}\n\nevent: content_block_start\ndata: {block}\n\n"
                )
            }
        }
    }

    /// A piece of content within a stream.
    pub(super) fn content(self, model: &str) -> String {
        match self {
            Self::OpenAi => chunk(model, r#""delta":{"content":" token"},"finish_reason":null"#),
            Self::Anthropic => "event: content_block_delta\n\
                 data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" token\"}}\n\n"
                .to_owned(),
        }
    }

    /// What a stream ends with.
    pub(super) fn end(self, model: &str) -> String {
        match self {
            Self::OpenAi => {
                let last = chunk(model, r#""delta":{},"finish_reason":"stop""#);
                // The gateway asks for it, and providers send it then.
                let usage = format!(
                    "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"{model}\",\"choices\":[],\"usage\":{{\"prompt_tokens\":19,\"completion_tokens\":10,\"total_tokens\":29}}}}\n\n"
                );
                format!("{last}{usage}data: [DONE]\n\n")
            }
            Self::Anthropic => "event: content_block_stop\n\
                 data: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
                 event: message_delta\n\
                 data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":10}}\n\n\
                 event: message_stop\n\
                 data: {\"type\":\"message_stop\"}\n\n"
                .to_owned(),
        }
    }
}

fn chunk(model: &str, choice: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1760000000,\"model\":\"{model}\",\"choices\":[{{\"index\":0,{choice}}}]}}\n\n"
    )
}
