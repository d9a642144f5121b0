//! The bodies of the fuzz targets, as property tests: for mutations of the golden files and of the
//! seeds beside the targets, for JSON in which the names that are looked for hold anything, for any bytes, and for what broke a law once.

use std::fs;
use std::path::{Path, PathBuf};

use aisix_fuzz::TARGETS;
use aisix_fuzz::mutation::mutated;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::generate::{fields, json};

#[test]
fn what_broke_a_law_once_breaks_none() {
    let regressions = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aisix-fuzz/regressions");
    let inputs = files(&regressions);
    assert!(!inputs.is_empty(), "there are regressions");
    inputs.iter().for_each(|input| check(&fs::read(input).expect("the file is readable")));
}

#[test]
fn golden_files_break_no_law() {
    golden().iter().for_each(|input| check(input));
}

proptest! {
    // Each case goes through every target, and there through every pair of formats.
    // The cases are the same in every run: to look for others is the fuzzer's business.
    #![proptest_config(ProptestConfig {
        cases: 96,
        rng_seed: RngSeed::Fixed(39),
        ..ProptestConfig::default()
    })]

    #[test]
    fn mutations_of_golden_files_break_no_law(
        file in any::<prop::sample::Index>(),
        seeds in vec(any::<u64>(), 1..4),
    ) {
        let golden = golden();
        seeds.iter().for_each(|seed| check(&mutated(file.get::<Vec<u8>>(&golden), *seed)));
    }

    #[test]
    fn no_bytes_break_a_law(bytes in body()) {
        check(&bytes);
    }

    #[test]
    fn no_frames_break_a_law(frames in vec((event_name(), body()), 0..6)) {
        let mut stream = Vec::new();
        for (event, data) in frames {
            let event = event.map(|event| format!("event: {event}\n")).unwrap_or_default();
            stream.extend([event.as_bytes(), b"data: ", &data, b"\n\n"].concat());
        }
        check(&stream);
    }
}

/// Gives the bytes to every target: what is an odd request may be an odd answer.
fn check(bytes: &[u8]) {
    TARGETS.iter().for_each(|target| (target.body)(bytes));
}

/// What arrives, of all golden files, and the seeds.
fn golden() -> Vec<Vec<u8>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_input = |path: &PathBuf| !path.to_string_lossy().ends_with(".txt");
    let mut inputs = files(&here.join("../aisix-fuzz/seeds"));
    inputs.extend(files(&here.join("golden")).into_iter().filter(is_input));
    assert!(inputs.len() > 100, "there are golden files");
    inputs.iter().map(|input| fs::read(input).expect("the file is readable")).collect()
}

/// All files below a folder, in one order everywhere.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn event_name() -> impl Strategy<Value = Option<String>> {
    option::of("(message_start|content_block_delta|error|ping|future)")
}

/// Bytes; JSON; and JSON in which the names that are looked for hold anything.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let bytes = vec(any::<u8>(), 0..64);
    let any_json = json().prop_map(text);
    let known = prop_oneof![
        2 => openai_chat(),
        1 => openai_chat().prop_map(|value| json!([value])),
        2 => openai_responses(),
        3 => anthropic_messages(),
        3 => gemini(),
    ];
    prop_oneof![1 => bytes, 1 => any_json, 8 => known.prop_map(text)]
}

fn text(value: Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

/// What OpenAI's chat requests, answers and chunks are made of.
fn openai_chat() -> impl Strategy<Value = Value> {
    let function = object(vec![("name", json().boxed()), ("arguments", json().boxed())]);
    let call = object(vec![
        ("index", json().boxed()),
        ("id", json().boxed()),
        ("type", prop_oneof![Just(json!("function")), json()].boxed()),
        ("function", function.clone().boxed()),
        ("custom", json().boxed()),
    ]);
    let part = object(vec![
        ("type", word("(text|refusal|image_url|video_url|input_audio|file)")),
        ("text", json().boxed()),
        ("image_url", object(vec![("url", json().boxed())]).boxed()),
        ("input_audio", object(vec![("data", json().boxed())]).boxed()),
        ("file", object(vec![("file_data", json().boxed()), ("file_id", json().boxed())]).boxed()),
    ]);
    let message = object(vec![
        ("role", word("(system|user|assistant|tool|function)")),
        ("content", prop_oneof![vec(part, 0..3).prop_map(Value::from), json()].boxed()),
        ("reasoning_content", json().boxed()),
        ("reasoning", json().boxed()),
        ("refusal", json().boxed()),
        ("tool_calls", vec(call, 0..3).prop_map(Value::from).boxed()),
        ("function_call", prop_oneof![function, json()].boxed()),
        ("audio", json().boxed()),
    ]);
    let choice = object(vec![
        ("index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("message", message.clone().boxed()),
        ("delta", message.clone().boxed()),
        ("finish_reason", json().boxed()),
    ]);
    object(vec![
        ("id", json().boxed()),
        ("created", json().boxed()),
        ("model", json().boxed()),
        ("messages", vec(message, 1..3).prop_map(Value::from).boxed()),
        ("choices", vec(choice, 0..3).prop_map(Value::from).boxed()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("tools", json().boxed()),
        ("functions", json().boxed()),
        ("tool_choice", json().boxed()),
        ("response_format", json().boxed()),
        ("stop", json().boxed()),
        ("stream_options", json().boxed()),
    ])
}

/// What Anthropic's requests, answers and events are made of.
fn anthropic_messages() -> impl Strategy<Value = Value> {
    let source = object(vec![
        ("type", word("(base64|url|text|file|content)")),
        ("media_type", json().boxed()),
        ("data", prop_oneof![Just(json!("AAAA")), json()].boxed()),
        ("url", json().boxed()),
        ("file_id", json().boxed()),
    ]);
    let kinds =
        "(text|image|document|tool_use|tool_result|thinking|redacted_thinking|server_tool_use|x)";
    let text = || prop_oneof![Just(json!("a")), json()].boxed();
    let block = object(vec![
        ("type", word(kinds)),
        ("text", text()),
        ("source", source.boxed()),
        ("id", text()),
        ("name", text()),
        ("input", json().boxed()),
        ("tool_use_id", text()),
        ("content", json().boxed()),
        ("thinking", text()),
        ("signature", text()),
        ("data", text()),
        ("citations", prop_oneof![vec(json(), 0..2).prop_map(Value::from), json()].boxed()),
        ("cache_control", json().boxed()),
    ]);
    let delta = object(vec![
        ("type", word("(text|input_json|citations|thinking|signature|x)_delta")),
        ("text", text()),
        ("partial_json", text()),
        ("citation", json().boxed()),
        ("thinking", text()),
        ("signature", text()),
        ("stop_reason", prop_oneof![word("(end_turn|tool_use|refusal|x)"), json()].boxed()),
    ]);
    let content = vec(block.clone(), 0..3).prop_map(Value::from);
    let message = object(vec![
        ("role", word("(user|assistant|system)")),
        ("content", prop_oneof![content.clone(), json()].boxed()),
        ("usage", json().boxed()),
        ("model", json().boxed()),
    ]);
    let kinds = "(message_start|content_block_start|content_block_delta|content_block_stop|message_delta|message_stop|ping|error|x)";
    object(vec![
        ("type", word(kinds)),
        ("index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("message", message.clone().boxed()),
        ("messages", vec(message, 1..3).prop_map(Value::from).boxed()),
        ("content", content.boxed()),
        ("content_block", block.boxed()),
        ("delta", delta.boxed()),
        ("usage", json().boxed()),
        ("error", option::of(json()).prop_map(Value::from).boxed()),
        ("system", json().boxed()),
        ("tools", json().boxed()),
        ("tool_choice", json().boxed()),
        ("thinking", json().boxed()),
        ("output_config", json().boxed()),
        ("metadata", json().boxed()),
    ])
}

/// What the requests, answers and events of OpenAI's Responses are made of.
fn openai_responses() -> impl Strategy<Value = Value> {
    let part = object(vec![
        ("type", word("(input_text|output_text|refusal|input_image|input_file|summary_text)")),
        ("text", json().boxed()),
        ("image_url", json().boxed()),
        ("file_data", json().boxed()),
        ("annotations", json().boxed()),
    ]);
    let parts = prop_oneof![vec(part.clone(), 0..3).prop_map(Value::from), json()].boxed();
    let item = object(vec![
        ("type", word("(message|function_call|function_call_output|reasoning|web_search_call)")),
        ("id", json().boxed()),
        ("role", word("(user|assistant|system|developer)")),
        ("content", parts.clone()),
        ("summary", parts),
        ("call_id", json().boxed()),
        ("name", json().boxed()),
        ("arguments", json().boxed()),
        ("output", json().boxed()),
    ]);
    let items = prop_oneof![vec(item.clone(), 0..3).prop_map(Value::from), json()].boxed();
    let response = object(vec![
        ("id", json().boxed()),
        ("status", word("(completed|incomplete|failed|queued)")),
        ("output", items.clone()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("incomplete_details", json().boxed()),
    ]);
    let kinds = "response\\.(created|completed|incomplete|failed|output_item\\.added|\
                 output_item\\.done|content_part\\.added|content_part\\.done|output_text\\.delta|\
                 output_text\\.done|refusal\\.delta|function_call_arguments\\.delta|\
                 function_call_arguments\\.done|reasoning_summary_text\\.delta|\
                 reasoning_summary_part\\.added|reasoning_text\\.delta|new\\.event)";
    object(vec![
        ("type", word(kinds)),
        ("model", json().boxed()),
        ("input", items.clone()),
        ("output", items),
        ("instructions", json().boxed()),
        ("tools", json().boxed()),
        ("text", json().boxed()),
        ("reasoning", json().boxed()),
        ("response", prop_oneof![response.boxed(), json().boxed()].boxed()),
        ("item", item.boxed()),
        ("part", part.boxed()),
        ("delta", crate::generate::text().prop_map(Value::from).boxed()),
        ("output_index", (0..3u32).prop_map(Value::from).boxed()),
        ("content_index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("message", json().boxed()),
    ])
}

fn object(
    known: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Value> + Clone {
    fields(known).prop_map(Value::Object).boxed()
}

fn word(pattern: &'static str) -> BoxedStrategy<Value> {
    pattern.prop_map(Value::from).boxed()
}

fn gemini() -> impl Strategy<Value = Value> {
    let call = object(vec![
        ("name", prop_oneof![Just(json!("f")), json()].boxed()),
        ("id", json().boxed()),
        ("args", json().boxed()),
        ("response", json().boxed()),
        ("parts", json().boxed()),
    ]);
    let data = object(vec![
        ("data", json().boxed()),
        ("fileUri", json().boxed()),
        ("mimeType", json().boxed()),
    ]);
    let part = object(vec![
        ("text", json().boxed()),
        ("thought", json().boxed()),
        ("thoughtSignature", json().boxed()),
        ("functionCall", call.clone().boxed()),
        ("functionResponse", call.boxed()),
        ("inlineData", data.clone().boxed()),
        ("fileData", data.boxed()),
    ]);
    let parts = prop_oneof![vec(part, 0..3).prop_map(Value::from), json()];
    let content = object(vec![("role", word("(user|model)")), ("parts", parts.boxed())]);
    let candidate = object(vec![
        ("index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("content", content.clone().boxed()),
        ("finishReason", prop_oneof![Just(json!("STOP")), json()].boxed()),
        ("safetyRatings", json().boxed()),
    ]);
    let list = |of: BoxedStrategy<Value>| prop_oneof![vec(of, 0..3).prop_map(Value::from), json()];
    object(vec![
        ("model", Just(json!("m")).boxed()),
        ("contents", list(content.clone().boxed()).boxed()),
        ("systemInstruction", content.boxed()),
        ("tools", json().boxed()),
        ("toolConfig", object(vec![("functionCallingConfig", json().boxed())]).boxed()),
        ("generationConfig", object(vec![("thinkingConfig", json().boxed())]).boxed()),
        ("candidates", list(candidate.boxed()).boxed()),
        ("promptFeedback", object(vec![("blockReason", json().boxed())]).boxed()),
        ("usageMetadata", json().boxed()),
        ("modelVersion", json().boxed()),
        ("createTime", json().boxed()),
    ])
}
