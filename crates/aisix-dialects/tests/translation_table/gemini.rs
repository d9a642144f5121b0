//! The things that an answer of Google's can say.

use serde_json::{Value, json};

use crate::Said;

/// An answer with these fields of the candidate, or of the answer.
pub(crate) fn answer(fields: Value) -> Value {
    let parts = json!([{"text": "Hi"}]);
    let mut candidate =
        json!({"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0});
    let mut usage = json!({"promptTokenCount": 9, "candidatesTokenCount": 3});
    let mut answer = json!({"responseId": "a", "modelVersion": "m"});
    for (name, value) in fields.as_object().expect("a feature is an object") {
        match name.as_str() {
            "parts" => candidate["content"]["parts"] = value.clone(),
            "candidate" | "promptFeedback" => answer[name] = value.clone(),
            name if name.ends_with("TokenCount") || name == "trafficType" => {
                usage[name] = value.clone();
            }
            _ => candidate[name] = value.clone(),
        }
    }
    let mut candidates = vec![candidate];
    candidates.extend(answer.as_object_mut().and_then(|answer| answer.shift_remove("candidate")));
    answer["candidates"] = candidates.into();
    answer["usageMetadata"] = usage;
    answer
}

/// What answers say.
pub(crate) fn answers() -> Vec<(&'static str, Said)> {
    let parts = |more: Value| answer(json!({"parts": [more, {"text": "Hi"}]}));
    let ended = |word: &str| answer(json!({ "finishReason": word }));
    let call = json!({"functionCall": {"id": "c", "name": "f", "args": {"a": 1}}});
    let mut sealed = call.clone();
    sealed["thoughtSignature"] = "seal".into();
    let mut blocked = answer(json!({"promptFeedback": {"blockReason": "SAFETY"}}));
    blocked["candidates"] = json!([]);
    let second =
        json!({"content": {"parts": [{"text": "Ho"}]}, "finishReason": "STOP", "index": 1});
    let features = [
        ("text", answer(json!({"parts": [{"text": "Ho"}]}))),
        ("a call", answer(json!({"parts": [call]}))),
        ("a call with its signature", answer(json!({"parts": [sealed]}))),
        ("a thought", parts(json!({"text": "Hm.", "thought": true}))),
        (
            "a text with its signature",
            answer(json!({"parts": [{"text": "Hi", "thoughtSignature": "seal"}]})),
        ),
        ("an image", parts(json!({"inlineData": {"mimeType": "image/png", "data": "aGk="}}))),
        (
            "a part of a tool that runs at the provider",
            parts(json!({"executableCode": {"language": "PYTHON", "code": "1"}})),
        ),
        (
            "what the answer rests on",
            answer(json!({"groundingMetadata": {"webSearchQueries": ["q"]}})),
        ),
        ("whom it quotes", answer(json!({"citationMetadata": {"citations": [{"uri": "u"}]}}))),
        ("ended at the limit of tokens", ended("MAX_TOKENS")),
        ("ended by a filter", ended("SAFETY")),
        ("ended by a filter of another name", ended("RECITATION")),
        ("ended for another reason", ended("MALFORMED_FUNCTION_CALL")),
        ("a prompt that was blocked", blocked),
        ("`safetyRatings`", answer(json!({"safetyRatings": [{"category": "c"}]}))),
        ("several candidates", answer(json!({ "candidate": second }))),
        ("`avgLogprobs`", answer(json!({"avgLogprobs": -0.5}))),
        ("`logprobsResult`", answer(json!({"logprobsResult": {"chosenCandidates": [1]}}))),
        ("tokens read from a cache", answer(json!({"cachedContentTokenCount": 4}))),
        ("tokens spent on thoughts", answer(json!({"thoughtsTokenCount": 4}))),
        ("tokens that tools added to the prompt", answer(json!({"toolUsePromptTokenCount": 4}))),
        ("`trafficType`", answer(json!({"trafficType": "ON_DEMAND"}))),
    ];
    features.map(|(name, said)| (name, Some(said))).into()
}
