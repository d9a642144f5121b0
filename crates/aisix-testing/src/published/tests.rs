use super::{Claim, Judge, PublishedTypes};

const REQUEST: &str = "openai.types.chat.completion_create_params:CompletionCreateParams";
const MESSAGE: &str = "anthropic.types.message_create_params:MessageCreateParams";
const ANSWER: &str = "anthropic.types:Message";

fn claim(r#type: &'static str, json: &str) -> Claim {
    Claim { what: json.to_owned(), r#type, each: false, json: json.to_owned() }
}

#[test]
fn takes_what_is_right_and_finds_what_is_wrong_or_unknown() {
    let right = [
        claim(REQUEST, r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#),
        claim(MESSAGE, r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[]}]}"#),
    ];
    let wrong = [
        (REQUEST, r#"{"model":"m"}"#, "messages: Field required"),
        (REQUEST, r#"{"model":1,"messages":[]}"#, "model"),
        (REQUEST, r#"{"model":"m","messages":[],"top_k":1}"#, "top_k: Extra inputs"),
        (
            REQUEST,
            r#"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"hi","x":1}]}]}"#,
            "x: Extra inputs",
        ),
        (MESSAGE, r#"{"model":"m","max_tokens":"1","messages":[]}"#, "max_tokens"),
        (
            MESSAGE,
            r#"{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"text","text":"hi","x":1}]}]}"#,
            "x: ",
        ),
        (
            ANSWER,
            r#"{"id":"a","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1,"x":1}}"#,
            ".usage.x: unknown field",
        ),
        (ANSWER, r#"{"id":"a","type":"message"}"#, "content: Field required"),
    ];
    let mut claims = right.to_vec();
    claims.extend(wrong.map(|(r#type, json, _)| claim(r#type, json)));
    let items = format!("[{},{}]", right[0].json, wrong[0].1);
    claims.push(Claim { each: true, ..claim(REQUEST, &items) });
    let verdicts = PublishedTypes::start().judge(&claims);
    let (taken, refused) = verdicts.split_at(right.len());
    assert!(taken.iter().all(Vec::is_empty), "{taken:?}");
    let expected = wrong.map(|(_, _, said)| said).into_iter().chain(["1: "]);
    for (found, said) in refused.iter().zip(expected) {
        assert!(found.iter().any(|it| it.contains(said)), "no '{said}' in {found:#?}");
    }
    assert!(refused[wrong.len()].iter().all(|it| it.starts_with("1: ")), "{verdicts:?}");
}

#[test]
#[should_panic(expected = "AISIX_TEST_PYTHON is not set")]
fn says_what_is_missing_without_python() {
    let _ = Judge::start_with(None, "");
}
