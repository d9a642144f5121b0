//! What callers and upstreams get wrong where nothing is translated, or only vectors are: older
//! completions, embeddings, counts of tokens.

use std::time::Duration;

use aisix_gateway::Settings;
use aisix_telemetry::names;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use serde_json::{Value, json};

use super::frames::{data, malformed, mixed, truncated};
use crate::common::spoken::{ANTHROPIC, OPENAI, asked, error_in};
use crate::common::ways::{WAYS, Way};
use crate::common::*;

/// An endpoint, as an upstream of one way has it.
struct Endpoint {
    path: &'static str,
    protocol: &'static str,
    /// The way, and the upstream's name for the model.
    way: &'static str,
    model: &'static str,
    /// A request, without its model, and the field that may be long.
    request: fn(&str) -> Value,
    /// An answer.
    answer: fn() -> Value,
    /// The body of an error.
    failure: fn(&str) -> String,
}

const COMPLETIONS: Endpoint = Endpoint {
    path: "/v1/completions",
    protocol: "openai",
    way: "openai",
    model: UPSTREAM_MODEL,
    request: |text| json!({ "prompt": text }),
    answer: || {
        let choice = json!({"text": "ok", "index": 0, "finish_reason": "stop"});
        json!({"id": "c", "object": "text_completion", "model": "up", "choices": [choice]})
    },
    failure: OPENAI.failure,
};

const EMBEDDINGS: Endpoint = Endpoint {
    path: "/v1/embeddings",
    request: |text| json!({ "input": text }),
    answer: || {
        let item = json!({"object": "embedding", "index": 0, "embedding": [0.5]});
        let usage = json!({"prompt_tokens": 1, "total_tokens": 1});
        json!({"object": "list", "model": "up", "data": [item], "usage": usage})
    },
    ..COMPLETIONS
};

/// Every endpoint, with every way that has it.
const ENDPOINTS: [Endpoint; 8] = [
    COMPLETIONS,
    Endpoint { way: "azure-openai", ..COMPLETIONS },
    EMBEDDINGS,
    Endpoint { way: "azure-openai", ..EMBEDDINGS },
    Endpoint {
        way: "vertex, gemini",
        model: "text-embedding-005",
        answer: || {
            let embeddings = json!({"values": [0.5], "statistics": {"token_count": 1}});
            json!({"predictions": [{ "embeddings": embeddings }]})
        },
        failure: |message| json!({"error": {"code": 429, "message": message}}).to_string(),
        ..EMBEDDINGS
    },
    Endpoint {
        way: "bedrock, llama",
        model: "amazon.titan-embed-text-v2:0",
        answer: || json!({"embedding": [0.5], "inputTextTokenCount": 1}),
        failure: |message| json!({ "message": message }).to_string(),
        ..EMBEDDINGS
    },
    Endpoint {
        way: "bedrock, llama",
        model: "cohere.embed-english-v3",
        answer: || json!({"id": "e", "embeddings": [[0.5]], "response_type": "embeddings_floats"}),
        failure: |message| json!({ "message": message }).to_string(),
        ..EMBEDDINGS
    },
    Endpoint {
        path: "/v1/messages/count_tokens",
        protocol: "anthropic",
        way: "anthropic",
        model: UPSTREAM_MODEL,
        request: |text| json!({"messages": [{"role": "user", "content": text}]}),
        answer: || json!({"input_tokens": 14}),
        failure: ANTHROPIC.failure,
    },
];

/// An endpoint in front of an upstream.
struct Row {
    name: String,
    endpoint: &'static Endpoint,
    upstream: ScriptedUpstream,
    world: World,
}

impl Row {
    fn of(endpoint: &'static Endpoint) -> Self {
        let upstream = ScriptedUpstream::start();
        let is_way = |way: &&Way| way.name == endpoint.way;
        let way = WAYS.iter().find(is_way).expect("there is such a way");
        let mut all = way.documents(&upstream);
        all[1].1["model_name"] = endpoint.model.into();
        let world = World::with(Settings::default(), &all);
        let name = format!("{} over {} {}", endpoint.path, endpoint.way, endpoint.model);
        Self { name, endpoint, upstream, world }
    }

    fn request(&self, text: &str) -> Value {
        let mut body = (self.endpoint.request)(text);
        body["model"] = MODEL.into();
        body
    }

    /// What a caller gets, of an upstream that says this.
    async fn told(&self, reply: Reply) -> (u16, String) {
        self.upstream.enqueue(reply);
        let answer = self.world.send(asked(self.endpoint.path, self.request("hi"))).await;
        (answer.status, answer.text().to_owned())
    }

    #[track_caller]
    fn assert_refused(&self, (status, body): (u16, String), expected: u16, message: &str) {
        assert_eq!(status, expected, "{}: {body}", self.name);
        let body = serde_json::from_str(&body).expect("an error is JSON");
        assert_eq!(error_in(self.endpoint.protocol, &body).1, message, "{}", self.name);
    }
}

async fn for_every_row(check: impl AsyncFn(&Row)) {
    static ROWS: [Endpoint; ENDPOINTS.len()] = ENDPOINTS;
    for endpoint in &ROWS {
        check(&Row::of(endpoint)).await;
    }
}

#[tokio::test]
async fn a_request_that_is_truncated_or_no_json_is_refused_and_goes_nowhere() {
    for_every_row(async |row| {
        let body = row.request("hi").to_string();
        let half = body[..body.len() / 2].to_owned();
        for body in [half, malformed(&body), format!("{body}}}"), String::new()] {
            let answer = row.world.send(asked(row.endpoint.path, body)).await;
            let told = (answer.status, answer.text().to_owned());
            row.assert_refused(told, 400, "invalid JSON request body");
        }
        assert!(row.upstream.requests().is_empty(), "{}", row.name);
    })
    .await;
}

#[tokio::test]
async fn ten_megabytes_and_an_unknown_content_type_arrive() {
    let text = "ten chars ".repeat(1024 * 1024);
    for_every_row(async |row| {
        let odd = Reply::open(200, "application/x-future; charset=future");
        row.upstream.enqueue(odd.chunk((row.endpoint.answer)().to_string()).end());
        let answer = row.world.send(asked(row.endpoint.path, row.request(&text))).await;
        assert_eq!(answer.status, 200, "{}: {}", row.name, answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{}", row.name);
        let received = row.upstream.next_request().await;
        assert!(received.text().contains(&text), "{}: it arrives whole", row.name);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_is_truncated_or_no_json_is_an_error_in_the_callers_format() {
    for_every_row(async |row| {
        let whole = (row.endpoint.answer)().to_string();
        for body in [
            whole[..whole.len() / 2].to_owned(),
            whole[..whole.len() - 1].to_owned(),
            malformed(&whole),
            format!("{whole}}}"),
            String::new(),
            "{}".to_owned(),
        ] {
            let told = row.told(Reply::json(200, body)).await;
            row.assert_refused(told, 502, "upstream response could not be decoded");
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_inside_a_success_is_an_error() {
    for_every_row(async |row| {
        let alone: Value =
            serde_json::from_str(&(row.endpoint.failure)("tired")).expect("an error is JSON");
        let mut beside = alone.clone();
        for (name, value) in (row.endpoint.answer)().as_object().expect("an object") {
            beside[name] = value.clone();
        }
        for body in [alone, beside] {
            let told = row.told(Reply::json(200, body.to_string())).await;
            assert!(told.0 >= 400, "{}: {}", row.name, told.1);
            let body = serde_json::from_str(&told.1).expect("an error is JSON");
            let message = error_in(row.endpoint.protocol, &body).1;
            // Clouds' words name what is their operators': callers read a sentence instead.
            let is_cloud = !["openai", "anthropic"].contains(&row.endpoint.way);
            let is_told = message == "tired" || (is_cloud && message.starts_with("upstream "));
            assert!(is_told, "{}: {message}", row.name);
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_lacks_an_endpoint_is_not_called() {
    for (endpoint, lacking) in [
        (&ENDPOINTS[0], ["anthropic", "vertex, gemini", "bedrock, llama"].as_slice()),
        (&ENDPOINTS[2], &["anthropic"]),
    ] {
        for name in lacking {
            let way = WAYS.iter().find(|way| way.name == *name).expect("there is such a way");
            let upstream = ScriptedUpstream::start();
            let world = World::with(Settings::default(), &way.documents(&upstream));
            let mut body = (endpoint.request)("hi");
            body["model"] = MODEL.into();
            let answer = world.send(asked(endpoint.path, body)).await;
            assert_eq!(answer.status, 501, "{name}: {}", answer.text());
            assert!(upstream.requests().is_empty(), "{name}");
        }
    }
}

/// The frames of a streamed completion.
fn frames(texts: &[&str]) -> Vec<String> {
    let chunk = |text: &str, finish: Value| {
        let choice = json!({"text": text, "index": 0, "finish_reason": finish});
        data(&json!({"id": "c", "model": "up", "choices": [choice]}))
    };
    let mut frames: Vec<_> = texts.iter().map(|text| chunk(text, Value::Null)).collect();
    frames.extend([chunk("", json!("stop")), openai::DONE.to_owned()]);
    frames
}

/// What a caller reads of a stream, and the id of its request.
async fn streamed(row: &Row, reply: Reply) -> (u16, String, String) {
    let mut body = row.request("hi");
    body["stream"] = json!(true);
    row.upstream.enqueue(reply);
    let mut answer = row.world.stream(asked(row.endpoint.path, body)).await;
    let text = answer.rest().await;
    let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
    (answer.status(), text, id)
}

fn said(text: &str) -> String {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let chunks = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    chunks.filter_map(|chunk| Some(chunk["choices"][0]["text"].as_str()?.to_owned())).collect()
}

/// Only completions are streamed.
async fn for_every_stream(check: impl AsyncFn(&Row)) {
    for_every_row(async |row| {
        if row.endpoint.path == COMPLETIONS.path {
            check(row).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_streamed_completion_that_breaks_is_not_complete() {
    for_every_stream(async |row| {
        let whole = frames(&["Hel", "lo"]);
        let mut streams = vec![whole[..2].to_vec()];
        for spoil in [truncated, malformed] {
            let mut spoilt = whole.clone();
            spoilt[1] = spoil(&spoilt[1]);
            streams.push(spoilt);
        }
        let failed = (OPENAI.failed_event)("tired");
        streams.push(vec![whole[0].clone(), failed]);
        for stream in streams {
            let (status, text, _) = streamed(row, Reply::sse(stream)).await;
            assert_eq!(status, 200, "{}: {text}", row.name);
            assert!(said(&text).starts_with("Hel"), "{}: {text}", row.name);
            assert!(text.contains("event: error\ndata: "), "{}: {text}", row.name);
            assert!(!text.contains("[DONE]"), "{}: {text}", row.name);
        }
    })
    .await;
}

#[tokio::test]
async fn lines_usage_and_unknown_events_of_completions_may_be_odd() {
    for_every_stream(async |row| {
        let usage = |count: u64| json!({"prompt_tokens": 7, "completion_tokens": count});
        let mut frames = frames(&["Grü", "ße ☃"]);
        for (frame, count) in frames.iter_mut().zip(1..4) {
            *frame = super::frames::changed(frame, |chunk| chunk["usage"] = usage(count));
        }
        frames.insert(1, "event: later\ndata: {\"type\":\"later\"}\n\n".to_owned());
        let head = "HTTP/1.0 200 OK\r\ncontent-type: text/x-future\r\n\r\n";
        let reply = Reply::raw(head).trickle(mixed(&frames), 1, Duration::ZERO).close();
        let (status, text, id) = streamed(row, reply).await;
        assert_eq!((status, &*said(&text)), (200, "Grüße ☃"), "{}: {text}", row.name);
        assert!(text.trim_end().ends_with("data: [DONE]"), "{}: {text}", row.name);
        let usage = row.world.recorder.outcome(&id).await.usage.expect("usage");
        assert_eq!((usage.input, usage.output), (7, 3), "{}: {text}", row.name);
        let labels =
            [("endpoint", COMPLETIONS.path), ("model", MODEL), ("provider", row.endpoint.way)];
        row.world.assert_counted(&names::UNKNOWN_EVENTS, &[(&labels, 1.0)]);
    })
    .await;
}
