use serde_json::json;

use super::header_name::{HeaderPattern, is_barred, is_never_forwarded};
use super::{HeaderTemplate, HeaderVariable, ProviderKey, TemperatureRange};
use crate::resource::{Document, Resource, Strictness};
use crate::secret::Secret;

fn document(field: &str, quirks: serde_json::Value) -> Document {
    let mut key = json!({
        "display_name": "key", "provider": "p", "adapter": "openai", "secret": "sk-x",
        "api_base": "https://h/v1",
    });
    key[field] = quirks;
    Document::parse(key.to_string().as_bytes()).unwrap()
}

/// What is said to whoever writes it, and what is left out where another version wrote it.
#[track_caller]
fn refused(field: &str, quirks: serde_json::Value) -> (String, Vec<String>) {
    let document = document(field, quirks);
    let problem = ProviderKey::decode(&document, Strictness::Strict).unwrap_err().to_string();
    let checked = ProviderKey::decode(&document, Strictness::Lenient).unwrap();
    (problem, checked.ignored)
}

fn filled(template: &str) -> Option<String> {
    let template = HeaderTemplate::new(Secret::new(template));
    let filled = template.fill(|variable| match variable {
        HeaderVariable::RequestId => Some("r-1"),
        HeaderVariable::ModelName => Some("gpt"),
        HeaderVariable::TeamId => Some(""),
        _ => None,
    });
    filled.map(|text| text.to_string())
}

#[test]
fn places_of_a_template_are_filled_and_the_rest_is_kept() {
    assert_eq!(filled("plain").as_deref(), Some("plain"));
    assert_eq!(filled("${request.id}").as_deref(), Some("r-1"));
    assert_eq!(filled("a ${request.id}/${model.name} b").as_deref(), Some("a r-1/gpt b"));
    assert_eq!(filled("$request.id {x} ${open").as_deref(), Some("$request.id {x} ${open"));
    assert_eq!(filled("").as_deref(), Some(""));
}

#[test]
fn a_template_with_an_unresolved_or_empty_variable_has_no_value() {
    for template in ["a ${request.api_key.team_id}", "${request.api_key.user_id}", "${nobody}"] {
        assert_eq!(filled(template), None, "for {template}");
    }
}

#[test]
fn every_variable_is_known_by_its_name() {
    for (name, variable) in HeaderVariable::ALL {
        let template = HeaderTemplate::new(Secret::new(format!("<${{{name}}}>")));
        assert!(template.is_known(), "{name}");
        let value = template.fill(|asked| (asked == variable).then_some("value"));
        assert_eq!(value.map(|text| text.to_string()).as_deref(), Some("<value>"), "{name}");
    }
    for name in ["", "request", "request.ID", "model", " request.id", "env.HOME"] {
        let template = HeaderTemplate::new(Secret::new(format!("${{{name}}}")));
        assert!(!template.is_known(), "{name}");
    }
}

#[test]
fn the_literals_of_a_template_are_what_stands_around_its_places() {
    let template = HeaderTemplate::new(Secret::new("Bearer abc ${request.id}${model.id} end"));
    assert_eq!(template.literals().collect::<Vec<_>>(), ["Bearer abc ", "", " end"]);
    assert!(!format!("{template:?}").contains("abc"));
}

#[test]
fn an_unknown_variable_is_refused_when_it_is_written_and_left_out_when_it_is_read() {
    let headers = json!({"default_headers": {"x-a": "sk-${request.user}", "x-b": "b"}});
    let (problem, ignored) = refused("request", headers);
    assert!(problem.starts_with("request.default_headers.x-a: holds an unknown variable"));
    for (name, _) in HeaderVariable::ALL {
        assert!(problem.contains(&format!("${{{name}}}")), "{problem}");
    }
    assert!(!problem.contains("request.user") && !problem.contains("sk-"), "{problem}");
    assert_eq!(ignored, ["request.default_headers.x-a"]);
}

#[test]
fn headers_that_cannot_be_set_are_refused_when_they_are_written_and_left_out_when_read() {
    let cases = [
        ("Authorization", "x", "is a header that only the gateway sets"),
        ("x-api-key", "x", "is a header that only the gateway sets"),
        ("Content-Length", "x", "is a header that only the gateway sets"),
        ("transfer-encoding", "x", "is a header that only the gateway sets"),
        ("x y", "x", "is not the name of a header"),
        ("", "x", "is not the name of a header"),
        ("x-a", "a\r\nx-b: c", "must hold no line breaks and no other control characters"),
        ("x-a", "a\0", "must hold no line breaks and no other control characters"),
    ];
    for (name, value, expected) in cases {
        let (problem, ignored) = refused("request", json!({"default_headers": {name: value}}));
        assert_eq!(problem, format!("request.default_headers.{name}: {expected}"));
        assert_eq!(ignored, [format!("request.default_headers.{name}")]);
    }
}

#[test]
fn a_reasoning_field_leads_below_delta() {
    for path in ["reasoning", "delta", "delta.", "delta.a..b", "message.reasoning", "delta.a."] {
        let (problem, ignored) = refused("response", json!({"reasoning_field": path}));
        assert!(problem.starts_with("response.reasoning_field: must be a path"), "{problem}");
        assert_eq!(ignored, ["response.reasoning_field"], "for {path}");
    }
    let document = document("response", json!({"reasoning_field": "delta.thinking.text"}));
    let key = ProviderKey::decode(&document, Strictness::Strict).unwrap().resource;
    let response = key.response.unwrap();
    let steps = response.reasoning_path().unwrap();
    assert_eq!(steps.collect::<Vec<_>>(), ["thinking", "text"]);
}

#[test]
fn bounds_that_contradict_each_other_are_refused_when_they_are_written() {
    let bounds = json!({"param_constraints": {"temperature_min": 1.5, "temperature_max": 1}});
    let document = document("request", bounds);
    let problem = ProviderKey::decode(&document, Strictness::Strict).unwrap_err().to_string();
    let field = "request.param_constraints.temperature_min";
    assert_eq!(problem, format!("{field}: must not be above temperature_max"));
    assert!(ProviderKey::decode(&document, Strictness::Lenient).is_ok());
}

#[test]
fn a_temperature_is_brought_below_the_upper_bound_and_then_above_the_lower() {
    let range = |least, most| TemperatureRange { temperature_min: least, temperature_max: most };
    for (bounds, temperature, expected) in [
        (range(None, None), 9.0, 9.0),
        (range(None, Some(1.0)), 9.0, 1.0),
        (range(None, Some(1.0)), -3.0, -3.0),
        (range(Some(0.5), None), 0.1, 0.5),
        (range(Some(0.0), Some(2.0)), 1.5, 1.5),
        (range(Some(2.0), Some(1.0)), 9.0, 2.0),
    ] {
        assert_eq!(bounds.clamp(temperature), expected, "for {bounds:?} and {temperature}");
    }
}

#[test]
fn names_of_headers_are_judged_in_whichever_case_they_are_written() {
    for name in ["authorization", "X-API-Key", "Cookie", "HOST", "x-amz-date", "content-type"] {
        assert!(is_barred(name) && is_never_forwarded(name), "{name}");
    }
    for name in ["Accept", "traceparent", "TraceState", "x-aisix-request-id", "X-Stainless-Lang"] {
        assert!(!is_barred(name) && is_never_forwarded(name), "{name}");
    }
    for name in ["anthropic-beta", "x-org", "x-aisix", "openai-organization", "user-agent"] {
        assert!(!is_barred(name) && !is_never_forwarded(name), "{name}");
    }
}

#[test]
fn a_pattern_of_headers_matches_in_whichever_case_it_is_written() {
    assert!(HeaderPattern::new("X-Org").matches("x-org"));
    assert!(HeaderPattern::new("Anthropic-*").matches("anthropic-beta"));
    assert!(!HeaderPattern::new("x-org").matches("x-organisation"));
    let shown = serde_json::to_string(&HeaderPattern::new("X-Org")).unwrap();
    assert_eq!(shown, r#""X-Org""#);
}

#[test]
fn a_default_field_is_written_as_json_and_a_text_among_them_is_masked() {
    let fields = json!({"default_body_fields": {"a": "sk-\"x", "b": {"c": [1, 2.50]}, "d": null}});
    let document = document("request", fields);
    let key = ProviderKey::decode(&document, Strictness::Strict).unwrap().resource;
    let fields = &key.request.as_ref().unwrap().default_body_fields;
    let written: Vec<_> = fields.values().map(|field| field.json()).collect();
    assert_eq!(written, [r#""sk-\"x""#, r#"{"c":[1,2.5]}"#, "null"]);
    assert_eq!(fields["a"].text().map(Secret::expose), Some("sk-\"x"));
    assert!(fields["b"].text().is_none());
    let shown = serde_json::to_string(&key).unwrap();
    assert!(shown.contains(r#""default_body_fields":{"a":"***","b":{"c":[1,2.5]},"d":null}"#));
}
