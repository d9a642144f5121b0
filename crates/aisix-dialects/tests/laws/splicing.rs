//! Relaying changes nothing but the model, and no byte outside it.

use aisix_dialects::{
    AnswerContext, CallerDialect, Depth, Dialect, Frame, OPENAI_CHAT, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::generate::{json, name, text, words};

/// A field's key and value as they stand in a text, blanks included.
type Raw = (String, String);

proptest! {
    #[test]
    fn a_relayed_request_differs_in_its_model_only(
        before in others(),
        after in others(),
        (key, model) in model_field(),
        stream in any::<bool>(),
        upstream in words(),
    ) {
        let messages = (r#" "messages" "#.to_owned(), r#"[{"model":"inner","model":2}]"#.to_owned());
        let flag = (r#""stream""#.to_owned(), stream.to_string());
        let fields = before.into_iter().chain([messages, (key, quoted(&model)), flag]).chain(after);
        let body = object(fields);
        let mut carried = OPENAI_CHAT.decode_request(body.clone()).expect("it is a request");
        let outline = carried.outline().clone();
        prop_assert_eq!(outline.model.as_deref(), Some(&*model));
        let span = outline.model_span;
        prop_assert_eq!(std::str::from_utf8(&body[span.clone()]).ok(), Some(&*quoted(&model)));
        let upstream = UpstreamRequest { model: &upstream, stream };
        let encoded = OPENAI_CHAT.encode_request(&mut carried, &upstream).expect("it is relayed");

        let asked = if stream { r#""stream_options":{"include_usage":true},"# } else { "" };
        let (brace, before) = (&body[..outline.insert_at], &body[outline.insert_at..span.start]);
        let before = [brace, asked.as_bytes(), before].concat();
        prop_assert!(encoded.body.starts_with(&before), "the bytes before the model");
        prop_assert!(encoded.body.ends_with(&body[span.end..]), "the bytes after the model");

        let mut relayed: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        let mut original: Value = serde_json::from_slice(&body).expect("it is JSON");
        let name = relayed.as_object_mut().and_then(|fields| fields.shift_remove("model"));
        prop_assert_eq!(name, Some(Value::from(upstream.model)));
        original.as_object_mut().map(|fields| fields.shift_remove("model"));
        if stream {
            relayed.as_object_mut().map(|fields| fields.shift_remove("stream_options"));
        }
        prop_assert_eq!(relayed, original);
    }

    #[test]
    fn a_relayed_answer_differs_in_its_model_only(
        before in others(),
        after in others(),
        field in model_field(),
        caller in words(),
    ) {
        let choices = ("\"choices\"".to_owned(), r#"[ {"model": "inner"} ]"#.to_owned());
        let (key, model) = field;
        let body = object(
            before.into_iter().chain([choices, (key, quoted(&model))]).chain(after),
        );
        let mut carried = OPENAI_CHAT.decode_response(body.clone()).expect("it is an answer");
        let context = AnswerContext::new(&*caller);
        let encoded = OPENAI_CHAT.encode_response(&mut carried, &context).expect("it is relayed");
        check_renamed(&body, &encoded.body, &caller)?;
    }

    #[test]
    fn a_relayed_chunk_differs_in_its_model_only(
        before in others(),
        field in proptest::option::of(model_field()),
        caller in words(),
        spread in any::<bool>(),
    ) {
        let choices = ("\"choices\"".to_owned(), r#"[{"delta":{"content":"x"}}]"#.to_owned());
        let model = field.map(|(key, model)| (key, quoted(&model)));
        let mut body = object(before.into_iter().chain([choices]).chain(model));
        if spread {
            body = [b"{\n", &body[1..body.len() - 1], b"\r\n}"].concat().into();
        }
        let mut decoder = OPENAI_CHAT.event_decoder(Depth::Outline);
        let frame = Frame { event: None, data: body.clone(), failed: false };
        let mut frame = decoder.push(frame).expect("it is a chunk").expect("it says something");
        let mut out = BytesMut::new();
        let mut encoder = OPENAI_CHAT.event_encoder(AnswerContext::new(&*caller));
        encoder.push(&mut frame, &mut out).expect("it is relayed");
        let event = out.strip_suffix(b"\n\n").expect("it is an event");
        let lines: Vec<_> = event
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_prefix(b"data: ").expect("every line is data"))
            .collect();
        check_renamed(&body, &lines.join(&b'\n'), &caller)?;
    }

    #[test]
    fn a_second_model_is_refused_however_it_is_spelled(
        (one, _) in model_field(),
        (other, model) in model_field(),
        between in others(),
    ) {
        let fields = [(one, "\"allowed\"".to_owned())]
            .into_iter()
            .chain(between)
            .chain([(other, quoted(&model)), ("\"messages\"".to_owned(), "[1]".to_owned())]);
        let error = OPENAI_CHAT.decode_request(object(fields)).expect_err("it has two models");
        prop_assert_eq!(error.status(), 400);
    }
}

fn check_renamed(original: &[u8], relayed: &[u8], name: &str) -> Result<(), TestCaseError> {
    let mut relayed: Value = serde_json::from_slice(relayed).expect("it is JSON");
    let mut original: Value = serde_json::from_slice(original).expect("it is JSON");
    let fields = relayed.as_object_mut().expect("it is an object");
    prop_assert_eq!(fields.shift_remove("model"), Some(Value::from(name)));
    original.as_object_mut().map(|fields| fields.shift_remove("model"));
    prop_assert_eq!(relayed, original);
    Ok(())
}

/// The key `model`, spelled plainly or escaped, and a name.
fn model_field() -> impl Strategy<Value = (String, String)> {
    let key = prop_oneof![
        Just(r#""model""#),
        Just(r#" "model"	"#),
        Just(r#""\u006dodel""#),
        Just(r#""mo\u0064e\u006C""#),
    ];
    (key.prop_map(ToOwned::to_owned), words())
}

/// Fields that relaying does not look at, with blanks around them.
fn others() -> impl Strategy<Value = Vec<Raw>> {
    let looked_at = [
        "model",
        "stream",
        "stream_options",
        "messages",
        "temperature",
        "top_p",
        "max_tokens",
        "choices",
        "usage",
        "error",
    ];
    let name = prop_oneof![name(), text()]
        .prop_filter("relaying does not look at it", move |name| !looked_at.contains(&&**name));
    let blank = prop_oneof![Just(""), Just(" "), Just("\t ")];
    let field = (name, json(), blank).prop_map(|(name, value, blank)| {
        (format!("{blank}{}{blank}", quoted(&name)), format!("{blank}{value}{blank}"))
    });
    vec(field, 0..3)
}

fn object(fields: impl Iterator<Item = Raw>) -> Bytes {
    let fields: Vec<_> = fields.map(|(key, value)| format!("{key}:{value}")).collect();
    format!("{{{}}}", fields.join(",")).into()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
