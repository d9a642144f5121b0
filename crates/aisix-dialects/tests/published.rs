//! Whatever is translated is of the types that the providers' own packages publish.
//!
//! Judged are the reviewed translations, `golden/translation/<from>.<to>`, for every format that has
//! such types. What a format says in its own words is its vendors' business: odd answers are among
//! the fixtures because there are vendors who give them.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::fs;
use std::path::Path;

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{ANTHROPIC_MESSAGES, Dialect, FrameDecoder, OPENAI_CHAT, OPENAI_RESPONSES};
use aisix_testing::{Claim, PublishedTypes};
use serde_json::Value;

/// The published types of a format, by the kind of file.
type Types = [(&'static str, &'static str); 3];

const CHAT: Types = [
    (".request.txt", "openai.types.chat.completion_create_params:CompletionCreateParams"),
    (".response.txt", "openai.types.chat:ChatCompletion"),
    (".stream.txt", "openai.types.chat:ChatCompletionChunk"),
];
const RESPONSES: Types = [
    (".request.txt", "openai.types.responses.response_create_params:ResponseCreateParams"),
    (".response.txt", "openai.types.responses:Response"),
    (".stream.txt", "openai.types.responses:ResponseStreamEvent"),
];
const MESSAGES: Types = [
    (".request.txt", "anthropic.types.message_create_params:MessageCreateParams"),
    (".response.txt", "anthropic.types:Message"),
    (".stream.txt", "anthropic.types:RawMessageStreamEvent"),
];

/// What the types do not know, and is said on purpose: how a complaint goes on behind the place.
const KNOWN: [&str; 11] = [
    // Thoughts, and what they rest on, where vendors and callers of chat have them.
    "reasoning_content: unknown field",
    "reasoning_details: unknown field",
    "delta.annotations: unknown field",
    // The provider's words for how a turn ended.
    "'function_call' ('pause_turn')",
    "'function_call' ('malformed_tool_use')",
    // Some vendors of chat look at images and hear sounds that tools answer with.
    "content.str: Input should be a valid string ([{'type': 'text', 'text':",
    // Node's package asks for it.
    ".name: unknown field",
    // API version 2023-06-01 draws tokens.
    "temperature: Extra inputs",
    "top_p: Extra inputs",
    "top_k: Extra inputs",
    // A message of a whole answer has it.
    ".usage.cache_creation: unknown field",
];

/// Requests with sounds and films, which some vendors take beyond what is published.
const VENDORS_OWN: [&str; 2] =
    ["openai_chat.openai_responses/audio.request.txt", "gemini.openai_chat/media.request.txt"];

#[test]
fn whatever_is_translated_is_of_the_types_that_providers_publish() {
    let judge = PublishedTypes::start();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/translation");
    let mut claims = Vec::new();
    for folder in fs::read_dir(golden).expect("there are translations") {
        let folder = folder.expect("it is readable").path();
        let to = folder.extension().expect("it names two formats").to_string_lossy().into_owned();
        let types = [(&OPENAI_CHAT as &dyn Dialect, CHAT), (&OPENAI_RESPONSES, RESPONSES)];
        let types = types.into_iter().chain([(&ANTHROPIC_MESSAGES as &dyn Dialect, MESSAGES)]);
        for (_, types) in types.filter(|(dialect, _)| dialect.id().0 == to) {
            collect(&folder, types, &mut claims);
        }
    }
    assert!(claims.len() > 100, "translations are read: {}", claims.len());
    let verdicts = judge.judge(&claims);
    let is_known = |said: &String| KNOWN.iter().any(|known| said.contains(known));
    let wrong: Vec<_> = claims
        .iter()
        .zip(verdicts)
        .map(|(claim, said)| (&claim.what, said))
        .map(|(what, said)| (what, said.into_iter().filter(|it| !is_known(it)).collect::<Vec<_>>()))
        .filter(|(what, said)| !said.is_empty() && !VENDORS_OWN.contains(&what.as_str()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn collect(folder: &Path, types: Types, claims: &mut Vec<Claim>) {
    for file in fs::read_dir(folder).expect("it is a folder") {
        let path = file.expect("it is readable").path();
        let what = path.strip_prefix(folder.parent().expect("it has one")).expect("it is below");
        let what = what.to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("it is text");
        let Some((kind, r#type)) = types.into_iter().find(|(kind, _)| what.ends_with(kind)) else {
            panic!("{what} is of no kind");
        };
        let each = kind == ".stream.txt";
        let json = if each { Some(events(&text)) } else { whole(&text) };
        claims.extend(json.map(|json| Claim { what, r#type, each, json }));
    }
}

/// The object that a file begins with; a refusal has none.
fn whole(text: &str) -> Option<String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let value = values.next()?.ok()?;
    value.is_object().then(|| value.to_string())
}

/// The events of a stream, but for those that say that it failed: packages raise them.
fn events(text: &str) -> String {
    let mut frames = Vec::new();
    let pushed = SseDecoder::default().push(text.to_owned().into(), &mut frames);
    pushed.expect("it is a stream");
    let events =
        frames.iter().filter_map(|frame| serde_json::from_slice::<Value>(&frame.data).ok());
    let said = events.filter(|event| event.get("error").is_none());
    Value::Array(said.collect()).to_string()
}
