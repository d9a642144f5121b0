//! The families of upstreams, as the matrix calls them.

use super::format::{CallerFormat, UpstreamFormat};
use super::{chat, converse, gemini, messages, responses};
use aisix_testing::botocore::Signer;
use aisix_testing::fixtures::google;

use crate::common::{SECRET, UPSTREAM_MODEL};

/// A family, and models of one make behind it.
pub struct Family {
    pub name: &'static str,
    pub adapter: &'static str,
    /// The secret of its provider key.
    pub secret: fn() -> String,
    /// What is added to the address of an upstream to make the base of a provider key.
    pub base: &'static str,
    /// The upstream's name for the model.
    pub model: &'static str,
    /// How it is called for a caller who speaks this format, streamed or not.
    pub way: fn(&CallerFormat, bool) -> Way,
}

impl Family {
    /// The format that its seals go by, for a caller who speaks this one. Claude's go by its own
    /// wherever it is spoken to.
    pub fn seals_as(&self, caller: &CallerFormat, stream: bool) -> &'static str {
        let is_claude = self.model.contains("claude");
        if is_claude { messages::UPSTREAM.name } else { (self.way)(caller, stream).format.name }
    }
}

/// How a family is called.
pub struct Way {
    pub format: &'static UpstreamFormat,
    /// Where, below the address of the upstream.
    pub at: &'static str,
    /// The version of the format that the body names, instead of the model: that is in the address.
    pub version: Option<&'static str>,
    /// The operation of Bedrock's.
    pub operation: Option<&'static str>,
}

/// Where models of Vertex AI are.
macro_rules! vertex {
    ($path:literal) => {
        concat!("/v1/projects/p-1/locations/europe-west1", $path)
    };
}

pub const FAMILIES: [Family; 9] = [
    Family {
        name: "openai",
        adapter: "openai",
        secret: || SECRET.to_owned(),
        base: "/v1",
        model: UPSTREAM_MODEL,
        way: |caller, _| match caller.name {
            "responses" => Way::to(&responses::UPSTREAM, "/v1/responses"),
            _ => Way::to(&chat::UPSTREAM, "/v1/chat/completions"),
        },
    },
    Family {
        name: "anthropic",
        adapter: "anthropic",
        secret: || SECRET.to_owned(),
        base: "",
        model: "claude-x",
        way: |_, _| Way::to(&messages::UPSTREAM, "/v1/messages"),
    },
    // Below deployments chats are the only format, which the rows of `openai` have as well.
    Family {
        name: "azure-openai",
        adapter: "azure-openai",
        secret: || SECRET.to_owned(),
        base: "/openai/v1",
        model: UPSTREAM_MODEL,
        way: |caller, _| match caller.name {
            "responses" => Way::to(&responses::UPSTREAM, "/openai/v1/responses"),
            _ => Way::to(&chat::UPSTREAM, "/openai/v1/chat/completions"),
        },
    },
    Family {
        name: "bedrock",
        adapter: "bedrock",
        secret: || Signer::EXAMPLE.secret(),
        base: "",
        model: "us.meta.llama-z:0",
        way: |_, stream| match stream {
            false => Way::by("Converse", "/model/us.meta.llama-z%3A0/converse"),
            true => Way::by("ConverseStream", "/model/us.meta.llama-z%3A0/converse-stream"),
        },
    },
    // Whole answers come in Anthropic's format, streams do not.
    Family {
        name: "bedrock, Claude",
        adapter: "bedrock",
        secret: || Signer::EXAMPLE.secret(),
        base: "",
        model: "anthropic.claude-x-v1:0",
        way: |_, stream| match stream {
            false => Way {
                format: &messages::UPSTREAM,
                version: Some("bedrock-2023-05-31"),
                ..Way::by("InvokeModel", "/model/anthropic.claude-x-v1%3A0/invoke")
            },
            true => Way::by("ConverseStream", "/model/anthropic.claude-x-v1%3A0/converse-stream"),
        },
    },
    Family {
        name: "vertex, Gemini",
        adapter: "vertex",
        secret: || google::with_token("ya29.token-0123456789"),
        base: "",
        model: "gemini-2.5-flash",
        way: |_, stream| {
            let at = match stream {
                false => vertex!("/publishers/google/models/gemini-2.5-flash:generateContent"),
                true => vertex!(
                    "/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
                ),
            };
            Way::to(&gemini::UPSTREAM, at)
        },
    },
    Family {
        name: "vertex, Claude",
        adapter: "vertex",
        secret: || google::with_token("ya29.token-0123456789"),
        base: "",
        model: "claude-x@20250929",
        way: |_, stream| {
            let at = match stream {
                false => vertex!("/publishers/anthropic/models/claude-x@20250929:rawPredict"),
                true => vertex!("/publishers/anthropic/models/claude-x@20250929:streamRawPredict"),
            };
            Way { version: Some("vertex-2023-10-16"), ..Way::to(&messages::UPSTREAM, at) }
        },
    },
    Family {
        name: "vertex, open models",
        adapter: "vertex",
        secret: || google::with_token("ya29.token-0123456789"),
        base: "",
        model: "meta/llama-x",
        way: |_, _| Way::to(&chat::UPSTREAM, vertex!("/endpoints/openapi/chat/completions")),
    },
    Family {
        name: "vertex, partners",
        adapter: "vertex",
        secret: || google::with_token("ya29.token-0123456789"),
        base: "",
        model: "mistral-x",
        way: |_, stream| {
            let at = match stream {
                false => vertex!("/publishers/mistralai/models/mistral-x:rawPredict"),
                true => vertex!("/publishers/mistralai/models/mistral-x:streamRawPredict"),
            };
            Way::to(&chat::UPSTREAM, at)
        },
    },
];

impl Way {
    const fn by(operation: &'static str, at: &'static str) -> Self {
        Self { operation: Some(operation), ..Self::to(&converse::UPSTREAM, at) }
    }

    const fn to(format: &'static UpstreamFormat, at: &'static str) -> Self {
        Self { format, at, version: None, operation: None }
    }
}
