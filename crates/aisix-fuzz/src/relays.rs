//! What is passed on and never translated.

use aisix_core::{Carried, EmbedRequest, Relayed};
use aisix_dialects::embed::{
    self, COHERE_EMBED, EmbedCalls, EmbedFormat, GEMINI_EMBED, TITAN_EMBED, VERTEX_EMBED,
};
use aisix_dialects::{
    ANTHROPIC_COUNT_TOKENS, AnswerContext, Depth, Encoded, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS,
    RelayFormat, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::requests::{UPSTREAM_MODEL, differs_in_what_is_patched_only, is_sent};
use crate::streams::frames;

/// Every format that is only passed on.
static FORMATS: [&RelayFormat; 3] =
    [&OPENAI_COMPLETIONS, &OPENAI_EMBEDDINGS, &ANTHROPIC_COUNT_TOKENS];

/// Every format of embeddings, with a model that takes all that the format has.
static EMBEDS: [(&dyn EmbedFormat, &str); 4] = [
    (&COHERE_EMBED, "cohere.embed-v4:0"),
    (&GEMINI_EMBED, "gemini-embedding-2"),
    (&TITAN_EMBED, "amazon.titan-embed-text-v2:0"),
    (&VERTEX_EMBED, "text-embedding-005"),
];

pub(crate) fn check(bytes: &[u8]) {
    let bytes = Bytes::copy_from_slice(bytes);
    for format in FORMATS {
        if let Ok(request) = format.decode_request(bytes.clone()) {
            passes_on(&bytes, &request);
        }
        if let Ok(answer) = format.decode_answer(bytes.clone()) {
            serde_json::from_slice::<Value>(&answer.body).expect("it stays JSON");
        }
        streams(format, &bytes);
    }
    embeds(&bytes);
    reads_embeddings(&bytes);
}

fn passes_on(original: &Bytes, request: &Relayed) {
    if is_sent(request.outline()) {
        let stream = request.outline().stream;
        let upstream = UpstreamRequest { model: UPSTREAM_MODEL, stream };
        let Encoded { body, dropped } = RelayFormat::encode_request(request, &upstream);
        assert_eq!(dropped, [], "what is passed on says everything");
        differs_in_what_is_patched_only(original, &body);
    }
}

fn streams(format: &RelayFormat, bytes: &Bytes) {
    let mut decoder = format.dialect().event_decoder(Depth::Outline);
    let mut encoder = format.event_encoder(AnswerContext::new("m"));
    let mut out = BytesMut::new();
    for frame in frames(bytes) {
        match decoder.push(frame) {
            Ok(Some(mut frame)) => encoder.push(&mut frame, &mut out).expect("it is passed on"),
            Ok(None) => {}
            Err(error) => return encoder.fail(&error, &mut out),
        }
    }
    match decoder.finish() {
        Ok(()) => encoder.finish(&mut out),
        Err(error) => encoder.fail(&error, &mut out),
    }
}

fn embeds(bytes: &Bytes) {
    let Ok(mut request) = embed::decode(bytes.clone()) else {
        return;
    };
    if !is_sent(request.outline()) {
        return;
    }
    let upstream = UpstreamRequest { model: UPSTREAM_MODEL, stream: false };
    let relayed = embed::encode(&mut request, &upstream).expect("nobody changed it").body;
    differs_in_what_is_patched_only(bytes, &relayed);
    let Ok(read) = request.value_mut().cloned() else {
        return;
    };
    let written = embed::encode(&mut request, &upstream).expect("it is decoded").body;
    serde_json::from_slice::<Value>(&written).expect("it is JSON");
    let mut again = embed::decode(written).expect("it wrote a request");
    let again = again.value().expect("it wrote a request");
    assert_eq!(again.inputs, read.inputs, "the inputs are the same");
    assert_eq!(again.dimensions, read.dimensions, "as long as they were asked for");
    divides(&mut request);
}

/// Whatever a request holds: its calls are objects, and there are no more of them than texts.
fn divides(request: &mut Carried<EmbedRequest>) {
    let texts = request.value().map_or(0, |request| request.inputs.len());
    for (format, model) in EMBEDS {
        let upstream = UpstreamRequest { model, stream: false };
        let Ok(calls) = EmbedCalls::of(format, request, &upstream) else {
            continue;
        };
        assert!(calls.bodies().count() <= texts, "nobody is called for nothing");
        for body in calls.bodies() {
            let body: Value = serde_json::from_slice(&body).expect("a call is JSON");
            assert!(body.is_object(), "a call is an object");
        }
    }
}

/// Whatever an upstream says: it is an answer to the call, or an error.
fn reads_embeddings(bytes: &[u8]) {
    for (format, model) in EMBEDS {
        for packing in ["float", "base64"] {
            let asked = format!(r#"{{"input":"a","encoding_format":"{packing}","model":"m"}}"#);
            let mut asked = embed::decode(asked.into()).expect("it is a request");
            let upstream = UpstreamRequest { model, stream: false };
            let calls = EmbedCalls::of(format, &mut asked, &upstream).expect("it is divided");
            if let Ok(part) = calls.read(0, bytes, None) {
                let told = calls.join(vec![part]).expect("it can be told");
                let told: Value = serde_json::from_slice(&told.body).expect("it is JSON");
                assert_eq!(told["data"].as_array().map(Vec::len), Some(1), "one text was asked");
            }
        }
    }
}
