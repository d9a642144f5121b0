//! Formats of embeddings that are not OpenAI's: whatever callers ask for is calls or a refusal, and
//! whatever upstreams answer is a vector for each text, or an error that blames them.

use aisix_core::{Error, ErrorKind};
use aisix_dialects::UpstreamRequest;
use aisix_dialects::embed::{
    COHERE_EMBED, EmbedCalls, EmbedFormat, TITAN_EMBED, VERTEX_EMBED, decode,
};
use bytes::Bytes;
use serde_json::Value;

use crate::requests::is_sent;

/// The formats, and a model of each.
static FORMATS: [(&dyn EmbedFormat, &str); 4] = [
    (&VERTEX_EMBED, "text-embedding-005"),
    (&VERTEX_EMBED, "gemini-embedding-001"),
    (&TITAN_EMBED, "amazon.titan-embed-text-v2:0"),
    (&COHERE_EMBED, "cohere.embed-english-v3"),
];

/// What is asked for, where the answer is what is odd.
const ASKED: [&str; 2] = [
    r#"{"model":"m","input":"a"}"#,
    r#"{"model":"m","input":["a","b"],"encoding_format":"base64"}"#,
];

pub(crate) fn check(bytes: &[u8]) {
    for (format, model) in FORMATS {
        let upstream = UpstreamRequest { model, stream: false };
        if let Ok(mut request) = decode(Bytes::copy_from_slice(bytes))
            && is_sent(request.outline())
        {
            match EmbedCalls::of(format, &mut request, &upstream) {
                Ok(calls) => calls.bodies().for_each(|body| {
                    serde_json::from_slice::<Value>(&body).expect("a call is JSON");
                }),
                Err(error) => assert!(error.status() < 500, "the caller is told why: {error}"),
            }
        }
        for asked in ASKED {
            let mut request = decode(Bytes::from_static(asked.as_bytes())).expect("it is one");
            let calls = EmbedCalls::of(format, &mut request, &upstream).expect("it is usual");
            answers(&calls, bytes);
        }
    }
}

/// Every call is answered with this.
fn answers(calls: &EmbedCalls, body: &[u8]) {
    let count = calls.bodies().count();
    let parts = (0..count).map(|call| calls.read(call, body, None)).collect::<Result<_, _>>();
    match parts {
        Ok(parts) => {
            let told = calls.join(parts).expect("answers are joined");
            let told: Value = serde_json::from_slice(&told.body).expect("it is JSON");
            let data = told["data"].as_array().expect("a list");
            assert!(data.len() >= count, "a vector for each text: {told}");
        }
        Err(error) => is_the_upstreams(&error),
    }
}

fn is_the_upstreams(error: &Error) {
    let blames_the_upstream = matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Failed);
    assert!(blames_the_upstream, "{:?}: {error}", error.kind());
}
