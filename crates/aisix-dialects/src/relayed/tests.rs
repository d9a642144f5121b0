use aisix_core::chat::Usage;
use aisix_core::{EmbedInput, Error, ErrorCode};
use bytes::Bytes;

use super::{ANTHROPIC_COUNT_TOKENS, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, RelayFormat};
use crate::dialect::UpstreamRequest;

fn sent(format: &RelayFormat, body: &'static str, stream: bool) -> Result<Bytes, Error> {
    let request = format.decode_request(Bytes::from_static(body.as_bytes()))?;
    assert_eq!(request.outline().stream, stream, "{body}");
    Ok(RelayFormat::encode_request(&request, &UpstreamRequest { model: "up", stream }).body)
}

#[test]
fn a_request_keeps_every_byte_but_the_model_and_asks_for_the_usage_of_streams() -> Result<(), Error>
{
    let format = &OPENAI_COMPLETIONS;
    let whole = r#"{"prompt": [1,2], "model" : "m","x":1e999}"#;
    assert_eq!(sent(format, whole, false)?, whole.replace("\"m\"", "\"up\""));
    let stream = r#"{"stream":true,"model":"m"}"#;
    let asked = r#"{"stream_options":{"include_usage":true},"stream":true,"model":"up"}"#;
    assert_eq!(sent(format, stream, true)?, asked);
    let said = r#"{"stream":true,"stream_options":{},"model":"m"}"#;
    assert_eq!(sent(format, said, true)?, said.replace("\"m\"", "\"up\""));
    // What does not stream there is left to the upstream.
    assert_eq!(sent(&ANTHROPIC_COUNT_TOKENS, stream, false)?, stream.replace("\"m\"", "\"up\""));
    Ok(())
}

#[test]
fn an_answer_is_passed_on_as_it_is_and_its_usage_is_read() -> Result<(), Error> {
    let body =
        r#"{ "choices":[], "model":"theirs", "usage":{"prompt_tokens":3,"completion_tokens":4}}"#;
    let answer = OPENAI_COMPLETIONS.decode_answer(Bytes::from_static(body.as_bytes()))?;
    assert_eq!(answer.body, body);
    assert_eq!(answer.usage, Some(Usage { input: 3, output: 4, ..Usage::default() }));
    let answer =
        ANTHROPIC_COUNT_TOKENS.decode_answer(Bytes::from_static(b"{\"input_tokens\":3}"))?;
    assert_eq!((&answer.body[..], answer.usage), (&b"{\"input_tokens\":3}"[..], None));
    Ok(())
}

#[test]
fn embeddings_always_say_what_they_took() -> Result<(), Error> {
    let answer = OPENAI_EMBEDDINGS.decode_answer(Bytes::from_static(b"{\"data\":[]}"))?;
    let expected = r#"{"usage":{"prompt_tokens":0,"total_tokens":0},"data":[]}"#;
    assert_eq!((&answer.body[..], answer.usage), (expected.as_bytes(), None));
    Ok(())
}

#[test]
fn what_is_no_answer_is_an_error() {
    for (body, code) in [
        ("<html>", ErrorCode::UpstreamDecode),
        ("{}", ErrorCode::UpstreamDecode),
        (r#"{"choices":null}"#, ErrorCode::UpstreamDecode),
        (r#"{"error":{"message":"no","code":404}}"#, ErrorCode::UpstreamInBand),
    ] {
        let answer = OPENAI_COMPLETIONS.decode_answer(Bytes::from_static(body.as_bytes()));
        assert_eq!(answer.map_err(|error| error.code()), Err(code), "{body}");
    }
}

#[test]
fn what_is_continued_and_what_continues_it_can_be_read() -> Result<(), Error> {
    let asked = |body: &'static str| {
        let request = OPENAI_COMPLETIONS.decode_request(Bytes::from_static(body.as_bytes()))?;
        Ok::<_, Error>(OPENAI_COMPLETIONS.asked(&request))
    };
    let text = |text: &str| EmbedInput::Text(text.to_owned());
    assert_eq!(asked(r#"{"model":"m","prompt":"\u0041"}"#)?, [text("A")]);
    let both = [text("a"), EmbedInput::Tokens(vec![1, 2])];
    assert_eq!(asked(r#"{"prompt":["a",[1,2]],"model":"m"}"#)?, both);
    assert_eq!(asked(r#"{"prompt":{"odd":1},"model":"m"}"#)?, []);
    assert_eq!(asked(r#"{"model":"m"}"#)?, []);
    let answer = br#"{"choices":[{"text":"a"},{"text":null},{"text":"b"}]}"#;
    assert_eq!(OPENAI_COMPLETIONS.answered(answer), "ab");
    assert_eq!(OPENAI_EMBEDDINGS.answered(answer), "");
    assert_eq!(OPENAI_COMPLETIONS.answered(b"{"), "");
    Ok(())
}
