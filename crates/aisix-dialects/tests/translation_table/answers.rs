//! What becomes of what an answer says.

use aisix_core::chat::{FrameOutline, StreamOptions, fold, unfold};
use aisix_core::{Carried, Error};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{AnswerContext, CallerDialect, Depth, Dialect, FrameDecoder};
use aisix_testing::conformance::dialect::write_stream;
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::{Said, Verdict, Written, answered, gemini};

/// The verdict on fields of an answer: of the message and its choice, or of the answer itself. It
/// is the same for whole answers and for streams.
pub(crate) fn verdict(
    name: &str,
    from: &dyn CallerDialect,
    to: &dyn CallerDialect,
    said: Said,
) -> Verdict {
    let Some(answer) = said else {
        return Verdict::Unsaid;
    };
    let plain = plain(from);
    judged(
        name,
        from,
        [&plain, &answer],
        |said| whole(from, to, said),
        |said| streamed(from, to, said),
    )
}

/// The verdict on an answer of a format that only upstreams speak, beside a plain one.
pub(crate) fn verdict_on_upstream(
    name: &str,
    from: &dyn Dialect,
    to: &dyn CallerDialect,
    plain: &Value,
    answer: &Value,
) -> Verdict {
    judged(
        name,
        from,
        [plain, answer],
        |said| whole(from, to, said),
        |said| unfolded(from, to, said),
    )
}

type Told = Result<Written, Error>;

fn judged(
    name: &str,
    from: &dyn Dialect,
    [plain, answer]: [&Value; 2],
    whole: impl Fn(&Value) -> Told,
    streamed: impl Fn(&Value) -> Told,
) -> Verdict {
    let said = |answer: &Value| {
        let mut carried = from.decode_response(answer.to_string().into()).expect("an answer");
        answered::of(carried.value().expect("an answer"))
    };
    let added = said(answer).beyond(&said(plain));
    let of = |told: &dyn Fn(&Value) -> Told| {
        let without = told(plain).expect("a plain answer is translated");
        Verdict::of(name, &added, &without, told(answer))
    };
    let (whole, streamed) = (of(&whole), of(&streamed));
    let fields = |verdict: &Verdict| match verdict {
        Verdict::Kept(lost) | Verdict::LeftOut(lost) => {
            let mut lost = lost.clone();
            lost.sort();
            (matches!(verdict, Verdict::Kept(_)), lost)
        }
        _ => (false, Vec::new()),
    };
    assert_eq!(fields(&whole), fields(&streamed), "'{name}' streams as it is said whole");
    whole
}

fn plain(dialect: &dyn CallerDialect) -> Value {
    match dialect.id().0 {
        "openai_chat" => openai(json!({})),
        "gemini" => gemini::answer(json!({})),
        _ => anthropic(json!({})),
    }
}

/// An answer of OpenAI's with these fields of the message, and of the choice or the answer.
pub(crate) fn openai(fields: Value) -> Value {
    let mut message = json!({"role": "assistant", "content": "Hi"});
    let mut choice = json!({"index": 0, "finish_reason": "stop"});
    let mut usage = json!({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12});
    let mut answer = json!({"id": "a", "object": "chat.completion", "created": 1, "model": "m"});
    for (name, value) in fields.as_object().expect("a feature is an object") {
        let place = match name.as_str() {
            "finish_reason" | "logprobs" => &mut choice,
            "prompt_tokens_details" | "completion_tokens_details" => &mut usage,
            "choices" | "system_fingerprint" | "service_tier" => &mut answer,
            _ => &mut message,
        };
        place[name] = value.clone();
    }
    choice["message"] = message;
    answer["usage"] = usage;
    match answer.get_mut("choices") {
        Some(more) => more.as_array_mut().expect("it is a list").insert(0, choice),
        None => answer["choices"] = json!([choice]),
    }
    answer
}

/// An answer of Anthropic's with these fields.
pub(crate) fn anthropic(fields: Value) -> Value {
    let mut answer = json!({
        "id": "a", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 9, "output_tokens": 3},
    });
    let fields = fields.as_object().expect("a feature is an object").clone();
    answer.as_object_mut().expect("it is an object").extend(fields);
    answer
}

fn context() -> AnswerContext {
    let options = StreamOptions { include_usage: true };
    AnswerContext::new("m").stream_options(Some(options)).minted("minted", 1)
}

fn whole(from: &dyn Dialect, to: &dyn CallerDialect, answer: &Value) -> Told {
    let mut carried = from.decode_response(answer.to_string().into())?;
    let encoded = to.encode_response(&mut carried, &context())?;
    let mut told = to.decode_response(encoded.body).expect("an answer is written");
    Ok((answered::of(told.value().expect("an answer is written")), encoded.dropped))
}

/// What a caller is told of the events that the whole answer would have streamed as: that they are
/// those of the format's own stream is its law.
fn unfolded(from: &dyn Dialect, to: &dyn CallerDialect, answer: &Value) -> Told {
    let mut carried: Carried<_> = from.decode_response(answer.to_string().into())?;
    let mut encoder = to.event_encoder(context());
    let mut out = BytesMut::new();
    for event in unfold(carried.value()?.clone()) {
        let mut frame = Carried::made(from.id(), FrameOutline::default(), vec![event]);
        encoder.push(&mut frame, &mut out)?;
    }
    encoder.finish(&mut out);
    Ok((read_back(to, out.freeze()), encoder.dropped().to_vec()))
}

fn streamed(from: &dyn CallerDialect, to: &dyn CallerDialect, answer: &Value) -> Told {
    let mut carried: Carried<_> = from.decode_response(answer.to_string().into())?;
    let stream = write_stream(from, unfold(carried.value()?.clone()), context());
    let mut frames = Vec::new();
    SseDecoder::default().push(stream, &mut frames)?;
    let mut decoder = from.event_decoder(Depth::Full);
    let mut encoder = to.event_encoder(context());
    let mut out = BytesMut::new();
    for frame in frames {
        if let Some(mut frame) = decoder.push(frame)? {
            encoder.push(&mut frame, &mut out)?;
        }
    }
    decoder.finish()?;
    encoder.finish(&mut out);
    Ok((read_back(to, out.freeze()), encoder.dropped().to_vec()))
}

/// What a caller reads of a stream.
fn read_back(to: &dyn CallerDialect, stream: Bytes) -> Facts {
    let mut frames = Vec::new();
    SseDecoder::default().push(stream, &mut frames).expect("a stream is written");
    let mut decoder = to.event_decoder(Depth::Full);
    let mut events = Vec::new();
    for frame in frames {
        if let Some(mut frame) = decoder.push(frame).expect("a stream is written") {
            events.extend(frame.value().expect("it is read in full").clone());
        }
    }
    answered::of(&fold(events))
}
