//! The page about translations says in which format each family is called.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::sync::Arc;

use aisix_adapters::{Adapters, Target};
use aisix_core::{Id, Operation};
use aisix_testing::conformance::resources;
use serde_json::json;

/// What the page calls a format.
const FORMATS: [(&str, &str); 5] = [
    ("openai_chat", "OpenAI chat"),
    ("openai_responses", "OpenAI Responses"),
    ("anthropic_messages", "Anthropic Messages"),
    ("gemini", "Gemini"),
    ("converse", "Converse"),
];

/// The format that a model is called in.
fn format(adapter: &str, model: &str, operation: Operation, stream: bool) -> &'static str {
    let base = match adapter {
        "openai" => "https://api.openai.com/v1",
        "azure-openai" => "https://res.openai.azure.com/openai/v1",
        _ => "https://upstream.example",
    };
    let key = resources::provider_key(json!({
        "display_name": "key", "provider": adapter, "adapter": adapter, "secret": "s",
        "api_base": base,
    }));
    let adapters = Adapters::builtin();
    let adapter = adapters.of(&key.spec).expect("it is a family's name");
    let target = Target {
        model_id: Id::from("model"),
        display_name: "alias".into(),
        upstream_model: model.into(),
        provider_key: Arc::clone(&key),
    };
    let dialect = adapter.dialect(&target, operation, stream).expect("it has the operation");
    let named = FORMATS.iter().find(|(id, _)| *id == dialect.id().0);
    named.expect("the page has a name for it").1
}

#[test]
fn the_page_says_in_which_format_each_family_is_called() {
    let page = include_str!("../../../docs/translation.md");
    let (_, section) = page.split_once("## Which column is mine\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next section");
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).skip(1).collect();
    assert!(rows.len() >= 8, "{section}");
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [adapter, models, whole, streamed, responses] = cells[..] else {
            panic!("five cells: {row}");
        };
        let adapter = adapter.trim_matches('`');
        for model in models.split('`').skip(1).step_by(2) {
            for operation in [Operation::Chat, Operation::Messages] {
                assert_eq!(format(adapter, model, operation, false), whole, "{row}");
                assert_eq!(format(adapter, model, operation, true), streamed, "{row}");
            }
            for (stream, same) in [(false, whole), (true, streamed)] {
                let expected = match responses {
                    "the same" => same,
                    other => other.split(',').next().expect("there is a first"),
                };
                assert_eq!(format(adapter, model, Operation::Responses, stream), expected, "{row}");
            }
        }
    }
}
