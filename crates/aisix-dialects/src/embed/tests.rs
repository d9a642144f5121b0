use aisix_core::{EmbedInput, Error};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{decode, encode};
use crate::dialect::UpstreamRequest;

const UPSTREAM: UpstreamRequest<'_> = UpstreamRequest { model: "up", stream: false };

fn text(text: &str) -> EmbedInput {
    EmbedInput::Text(text.to_owned())
}

#[test]
fn every_form_of_input_is_read_and_written_again() -> Result<(), Error> {
    let tokens = |tokens: &[u32]| EmbedInput::Tokens(tokens.to_vec());
    for (input, expected) in [
        (json!("a"), vec![text("a")]),
        (json!(["a"]), vec![text("a")]),
        (json!(["a", "b"]), vec![text("a"), text("b")]),
        (json!([1, 2]), vec![tokens(&[1, 2])]),
        (json!([[1, 2], [3]]), vec![tokens(&[1, 2]), tokens(&[3])]),
    ] {
        let mut body = json!({
            "model": "m", "input": input, "encoding_format": "base64", "dimensions": 3,
            "user": "u", "x_vendor": [1],
        });
        let mut request = decode(body.to_string().into())?;
        assert_eq!(request.outline().complaint, None, "{input}");
        assert_eq!(request.value_mut()?.inputs, expected, "{input}");
        let encoded = encode(&mut request, &UPSTREAM)?;
        assert!(encoded.dropped.is_empty(), "{:?}", encoded.dropped);
        let written: Value = serde_json::from_slice(&encoded.body).unwrap_or_default();
        body["model"] = json!("up");
        assert_eq!(written, body);
    }
    Ok(())
}

#[test]
fn what_nobody_changed_keeps_every_byte_but_the_model() -> Result<(), Error> {
    let body = r#"{ "input" : [ "\u0041" ],"x":1e999, "model":"m" }"#;
    let mut request = decode(Bytes::from_static(body.as_bytes()))?;
    let encoded = encode(&mut request, &UPSTREAM)?;
    assert_eq!(encoded.body, body.replace("\"m\"", "\"up\""));
    Ok(())
}

#[test]
fn what_is_no_input_is_complained_about() -> Result<(), Error> {
    for (body, complaint) in [
        (r#"{"model":"m"}"#, "missing field 'input'"),
        (r#"{"input":null}"#, "missing field 'input'"),
        (r#"{"input":[ ]}"#, "'input' must not be empty"),
        (r#"{"input":1}"#, "'input' must be a string or an array"),
        (
            r#"{"input":"a","dimensions":"3"}"#,
            "'dimensions' must be an integer from 0 to 4294967295",
        ),
    ] {
        let request = decode(Bytes::from_static(body.as_bytes()))?;
        assert_eq!(request.outline().complaint.as_deref(), Some(complaint), "{body}");
    }
    let mut request = decode(Bytes::from_static(br#"{"input":[{}]}"#))?;
    assert_eq!(request.value().map_err(|error| error.status()), Err(400));
    Ok(())
}
