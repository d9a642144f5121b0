//! What relaying and translating cost: `cargo bench -p aisix-dialects --bench translation`.
//!
//! Prints processor time for each event of a streamed text, between every two formats, and for each
//! request with a prompt of 100 kB. Within one format, bytes are relayed.
#![expect(clippy::expect_used, reason = "a benchmark that cannot measure ends there")]
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::hint::black_box;
use std::time::Duration;

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Dialect, FrameDecoder, OPENAI_CHAT,
    OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};

/// Pieces of text in the stream.
const PIECES: u32 = 200;
const STREAMS: u32 = 500;
const REQUESTS: u32 = 500;

fn main() {
    let dialects: [&dyn CallerDialect; 3] = [&OPENAI_CHAT, &ANTHROPIC_MESSAGES, &OPENAI_RESPONSES];
    for upstream in dialects {
        let stream = written(upstream, &streamed());
        for caller in dialects {
            let each = per_run(STREAMS, || relay(upstream, caller, &stream)) / PIECES;
            println!("{} → {}: {} ns per event", upstream.id(), caller.id(), each.as_nanos());
        }
    }
    for caller in dialects {
        let request = asked(caller);
        for upstream in dialects {
            let each = per_run(REQUESTS, || pass_on(caller, upstream, &request));
            println!("{} → {}: {} µs per request", caller.id(), upstream.id(), each.as_micros());
        }
    }
}

/// A text in pieces, as OpenAI's chat streams it.
fn streamed() -> Bytes {
    let head = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1760000000,"model":"m","choices":[{"index":0,"#;
    let mut stream =
        format!("{head}\"delta\":{{\"role\":\"assistant\",\"content\":\"\"}}}}]}}\n\n");
    for _ in 0..PIECES {
        stream.push_str(head);
        stream.push_str("\"delta\":{\"content\":\" token\"},\"finish_reason\":null}]}\n\n");
    }
    stream.push_str(head);
    stream.push_str("\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
    stream.into()
}

/// The same in another format.
fn written(dialect: &dyn CallerDialect, stream: &Bytes) -> Bytes {
    relay(&OPENAI_CHAT, dialect, stream)
}

fn relay(upstream: &dyn Dialect, caller: &dyn CallerDialect, stream: &Bytes) -> Bytes {
    let depth = if upstream.id() == caller.id() { Depth::Outline } else { Depth::Full };
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    let mut decoder = upstream.event_decoder(depth);
    let mut encoder = caller.event_encoder(AnswerContext::new("model").minted("1", 1_760_000_000));
    framing.push(stream.clone(), &mut frames).expect("the frames are sound");
    let mut out = BytesMut::with_capacity(2 * stream.len());
    for frame in frames {
        if let Some(mut events) = decoder.push(frame).expect("the events are sound") {
            encoder.push(&mut events, &mut out).expect("the events are decoded");
        }
    }
    encoder.finish(&mut out);
    out.freeze()
}

fn asked(caller: &dyn CallerDialect) -> Bytes {
    let prompt = "Say it again, Sam. ".repeat(5_000);
    let body = format!(
        r#"{{"model":"model","max_tokens":100,"messages":[{{"role":"user","content":"{prompt}"}}]}}"#
    );
    pass_on(&OPENAI_CHAT, caller, &body.into())
}

fn pass_on(caller: &dyn CallerDialect, upstream: &dyn Dialect, request: &Bytes) -> Bytes {
    let mut request = caller.decode_request(request.clone()).expect("the request is sound");
    let to = UpstreamRequest { model: "model", stream: false };
    upstream.encode_request(&mut request, &to).expect("every format can say it").body
}

/// The median of what one run costs.
fn per_run(runs: u32, mut work: impl FnMut() -> Bytes) -> Duration {
    let mut costs: Vec<Duration> = (0..9)
        .map(|_| {
            let before = processor_time();
            for _ in 0..runs {
                black_box(work());
            }
            (processor_time() - before) / runs
        })
        .collect();
    costs.sort_unstable();
    costs[4]
}

/// How long this thread has had a processor, as Linux says: a busy machine does not change it.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}
