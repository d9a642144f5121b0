//! How hard a model is to work, in OpenAI's words.

use aisix_core::chat::{ChatRequest, Thinking};

use crate::sink::Sink;

/// The word for what the caller asks: OpenAI's formats know no number of tokens. The steps are
/// where other gateways draw them.
pub(crate) fn word<'a>(request: &'a ChatRequest, sink: &mut Sink) -> Option<&'a str> {
    if request.effort.is_some() || sink.own {
        return request.effort.as_deref();
    }
    match request.thinking.as_ref()? {
        Thinking::Budget(4096..) => Some("high"),
        Thinking::Budget(2048..) | Thinking::Adaptive => Some("medium"),
        Thinking::Budget(1024..) => Some("low"),
        Thinking::Budget(_) => Some("minimal"),
        // Only newer models know a word for it.
        Thinking::Off => {
            sink.drop("thinking");
            None
        }
    }
}
