//! What is known of an event does not depend on how closely it was looked at.

use aisix_core::chat::{ChatEvent, ChatEvents, Delta, FinishReason, FrameOutline, PartStart};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Dialect, Frame, FrameDecoder, GEMINI,
    OPENAI_CHAT, OPENAI_RESPONSES,
};
use aisix_testing::conformance::dialect::write_stream;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::generate::words;

const DIALECTS: [&dyn CallerDialect; 4] =
    [&OPENAI_CHAT, &ANTHROPIC_MESSAGES, &OPENAI_RESPONSES, &GEMINI];

proptest! {
    /// Decoders keep the form of an event, to know others by it: one that sees an event alone has
    /// nothing to go by.
    #[test]
    fn an_event_has_the_outline_among_others_that_it_has_alone(
        dialect in 0..DIALECTS.len(),
        texts in vec(words(), 1..8),
    ) {
        let dialect = DIALECTS[dialect];
        let context = AnswerContext::new("a model").minted("minted", 7);
        let stream = write_stream(dialect, growing(texts), context);
        let mut frames = Vec::new();
        SseDecoder::default().push(stream, &mut frames).expect("the frames are sound");
        let mut among_others = dialect.event_decoder(Depth::Outline);
        for frame in frames {
            let mut alone = dialect.event_decoder(Depth::Outline);
            let [among_others, alone] = [&mut among_others, &mut alone].map(|decoder| {
                decoder.push(frame.clone()).expect("it is sound").map(|it| it.outline().clone())
            });
            prop_assert_eq!(known(among_others), known(alone), "{:?}", frame);
        }
    }
}

#[test]
fn an_event_that_is_no_json_is_noticed_among_others() {
    let sound = Frame { data: chunk(r#"{"content":"a"}"#).into(), ..Frame::default() };
    for broken in [r#"{"content":"a}"#, r#"{"content":"a"}}"#, r#"{"content":1,}"#, ""] {
        let mut decoder = OPENAI_CHAT.event_decoder(Depth::Outline);
        decoder.push(sound.clone()).expect("it is sound");
        let broken = Frame { data: chunk(broken).into(), ..Frame::default() };
        decoder.push(broken).expect_err("it is not");
    }
}

fn chunk(delta: &str) -> String {
    format!(r#"{{"id":"1","model":"m","choices":[{{"index":0,"delta":{delta}}}],"usage":null}}"#)
}

/// What was counted grows with a stream: it is left out.
fn known(outline: Option<FrameOutline>) -> Option<FrameOutline> {
    outline.map(|outline| FrameOutline { usage: None, ..outline })
}

/// An answer of one text that grows.
fn growing(texts: Vec<String>) -> ChatEvents {
    let (choice, part) = (0, 0);
    let (id, model) = ("id".to_owned(), "model".to_owned());
    let mut events = vec![
        ChatEvent::Start { id, model, created: Some(1) },
        ChatEvent::PartStart { choice, part, start: PartStart::Text { refusal: false } },
    ];
    let deltas = texts.into_iter().map(Delta::Text);
    events.extend(deltas.map(|delta| ChatEvent::PartDelta { choice, part, delta }));
    events.push(ChatEvent::PartEnd { choice, part });
    events.push(ChatEvent::Finish { choice, reason: FinishReason::Stop });
    events.push(ChatEvent::End);
    events
}
