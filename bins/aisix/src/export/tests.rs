use aisix_core::{Document, Entry};
use aisix_store::file::validate;
use serde_json::json;

use super::*;

fn listing(documents: &[(&str, Value)]) -> Listing {
    let entry = |(revision, (key, document)): (u64, &(&str, Value))| Entry {
        key: (*key).to_owned(),
        value: document.to_string().into(),
        version: 1,
        created: revision,
        modified: revision,
    };
    let entries: Vec<_> = (1..).zip(documents).map(entry).collect();
    Listing { revision: entries.len() as u64, entries }
}

fn exported(documents: &[(&str, Value)]) -> Exported {
    export(&listing(documents), Secrets::new(&Sealer::plain(), false))
}

fn provider_key(secret: &str) -> Value {
    json!({"display_name": "p", "provider": "openai", "secret": secret, "api_base": "http://a/v1"})
}

#[test]
fn an_empty_etcd_is_an_empty_file() {
    let Exported { text, counts, notes } = exported(&[]);
    assert_eq!((&*text, counts.len()), ("_format_version: \"1\"\n", 0));
    assert!(notes.problems.is_empty() && notes.warnings.is_empty() && notes.variables.is_empty());
}

#[test]
fn a_sealed_credential_is_a_variable_unless_its_key_reveals_it() {
    let key = MasterKey::generate().unwrap();
    let (right, other) = (Sealer::with(&key), MasterKey::generate().unwrap());
    let mut document = Document::parse(provider_key("sk-$ealed").to_string().as_bytes()).unwrap();
    right.seal_document(Kind::ProviderKeys, "k", &mut document).unwrap();
    let sealed: Value = serde_json::from_slice(&document.to_bytes()).unwrap();
    let listing = listing(&[("provider_keys/k", sealed)]);

    let hidden = export(&listing, Secrets::new(&Sealer::plain(), false));
    let variable = "api_key: \"${AISIXSECRET_PROVIDER_KEY_P_API_KEY}\"";
    assert!(hidden.text.contains(variable), "{}", hidden.text);
    assert!(hidden.notes.problems.is_empty());

    let revealed = export(&listing, Secrets::new(&right, true));
    assert!(revealed.text.contains("api_key: \"sk-$$ealed\""), "{}", revealed.text);
    assert!(revealed.notes.problems.is_empty() && revealed.notes.variables.is_empty());

    for wrong in [Sealer::plain(), Sealer::with(&other)] {
        let Exported { text, notes, .. } = export(&listing, Secrets::new(&wrong, true));
        assert!(text.contains(variable), "{text}");
        let [problem] = &notes.problems[..] else { panic!("{notes:?}") };
        let what = format!("secret: is sealed with key {}", key.id());
        assert!(problem.starts_with(&format!("provider_keys/k (\"p\"): {what}")), "{problem}");
        let advice = ": give the file of that key with --master-key-file";
        assert!(problem.ends_with(advice), "{problem}");
        assert_eq!(notes.variables.len(), 1);
    }
}

#[test]
fn two_credentials_of_one_variable_are_a_warning() {
    let headers = json!({"x-a": "one", "x_a": "two"});
    let mut key = provider_key("sk");
    key["request"] = json!({"default_headers": headers});
    let notes = exported(&[("provider_keys/k", key)]).notes;
    let [warning] = &notes.warnings[..] else { panic!("{notes:?}") };
    let expected = "provider_keys/k (\"p\"): request.default_headers.x_a has the same variable as \
                    provider_keys/k (\"p\"): request.default_headers.x-a, so both will be the same: \
                    AISIXSECRET_PROVIDER_KEY_P_DEFAULT_HEADERS_X_A";
    assert_eq!(warning, expected);
    assert!(notes.problems.is_empty());
}

#[test]
fn guardrails_for_everything_are_kept_and_others_left_out() {
    let attachment = |scope: &str, more: Value| {
        let mut attachment = json!({"guardrail_id": "g", "scope_type": scope});
        attachment.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        attachment
    };
    let environment = attachment("env", json!({}));
    let model = attachment("model", json!({"scope_id": "m"}));
    let off = attachment("env", json!({"enabled": false}));
    let first = attachment("env", json!({"priority": 7}));
    for (attachments, kept, warnings) in [
        (vec![], true, 0),
        (vec![environment.clone()], true, 0),
        (vec![model.clone(), environment], true, 0),
        (vec![model], false, 1),
        (vec![off], false, 1),
        (vec![first], true, 1),
    ] {
        let guardrail = json!({"name": "g", "kind": "keyword", "patterns": []});
        let mut documents = vec![("guardrails/g", guardrail)];
        let keys = ["guardrail_attachments/1", "guardrail_attachments/2"];
        documents.extend(keys.into_iter().zip(attachments.clone()));
        let Exported { counts, notes, .. } = exported(&documents);
        assert_eq!(!counts.is_empty(), kept, "{attachments:?}");
        assert_eq!(notes.warnings.len(), warnings, "{notes:?}");
        assert!(notes.problems.is_empty());
    }
}

#[test]
fn caller_keys_of_one_hash_collide() {
    let key = json!({"key_hash": "0".repeat(64), "allowed_models": []});
    let notes = exported(&[("api_keys/a", key.clone()), ("api_keys/b", key)]).notes;
    let name = "apikey-0000000000000000";
    let problem = format!("api_keys/b (\"{name}\") has the same name as api_keys/a in a file");
    let entry = format!("the file will not load: api_keys[1] (\"{name}\")");
    let refused = ["display_name", "key_hash"]
        .map(|field| format!("{entry}: {field}: is that of api_keys[0] already"));
    assert_eq!(notes.problems[0], problem);
    assert_eq!(notes.problems[1..], refused);
}

#[test]
fn a_file_takes_one_setting_of_how_callers_of_tools_authenticate() {
    let setting = |name: &str| json!({"name": name});
    let two = [("mcp_auth_settings/a", setting("a")), ("mcp_auth_settings/b", setting("b"))];
    assert!(exported(&two[..1]).notes.problems.is_empty());
    let problem = "the file will not load: (file): mcp_auth_settings: must hold one entry at most";
    assert_eq!(exported(&two).notes.problems, [problem]);
}

#[test]
fn fields_that_are_not_known_or_do_not_apply_are_left_out_wherever_they_are() {
    let group = json!({
        "display_name": "g", "retries": 3, "colour": "red",
        "routing": {"targets": [{"model": "a", "size": 1}, {"model": "b", "size": 2}], "x": {}},
    });
    let Exported { text, notes, .. } = exported(&[("models/g", group)]);
    let expected = "_format_version: \"1\"\nmodels:\n  - display_name: \"g\"\n    routing:\n      \
                    targets:\n        - model: \"a\"\n        - model: \"b\"\n";
    assert_eq!(text, expected);
    assert_eq!(notes.warnings.len(), 1);
    // The targets are not there, and nothing else is wrong.
    let targets = ["routing.targets[0].model", "routing.targets[1].model"]
        .map(|path| format!("the file will not load: models[0] (\"g\"): {path}: "));
    assert_eq!(notes.problems.len(), targets.len());
    for (problem, target) in notes.problems.iter().zip(targets) {
        assert!(problem.starts_with(&target), "{problem}");
    }
}

#[test]
fn credentials_in_the_middle_of_a_change_of_keys_are_revealed_with_both() {
    let keys = [MasterKey::generate().unwrap(), MasterKey::generate().unwrap()];
    let documents = ["old", "new"].into_iter().zip(&keys).map(|(name, key)| {
        let mut fields = provider_key(&format!("sk-{name}"));
        fields["display_name"] = name.into();
        let mut document = Document::parse(fields.to_string().as_bytes()).unwrap();
        Sealer::with(key).seal_document(Kind::ProviderKeys, name, &mut document).unwrap();
        (format!("provider_keys/{name}"), serde_json::from_slice(&document.to_bytes()).unwrap())
    });
    let documents: Vec<(String, Value)> = documents.collect();
    let documents: Vec<_> = documents.iter().map(|(key, value)| (&**key, value.clone())).collect();
    let sealer = Sealer::plain().opening(&keys);
    let Exported { text, notes, .. } = export(&listing(&documents), Secrets::new(&sealer, true));
    assert!(text.contains("\"sk-old\"") && text.contains("\"sk-new\""), "{text}");
    assert!(notes.problems.is_empty(), "{notes:?}");
}

#[test]
fn what_yaml_could_take_for_something_else_is_quoted() {
    let value = json!({
        "plain-key": "true", "no": "1e3", "a b": "# x: y", "1": null, "f": 1.5, "e": {}, "l": [],
        "s": "\"\\ \n\t\u{7}\u{7f}\u{85}\u{2028}é😀", "ll": [[1, {"a": ["b"]}], "x"],
        "": {"deep": [{"er": false}]},
    });
    let expected = r##"plain-key: "true"
"no": "1e3"
"a b": "# x: y"
"1": null
f: 1.5
e: {}
l: []
s: "\"\\ \n\t\u0007\u007f\u0085\u2028é😀"
ll:
  - [1, {"a": ["b"]}]
  - "x"
"":
  deep:
    - er: false
"##;
    assert_eq!(yaml::document(value.as_object().unwrap()), expected);
}

#[test]
fn what_is_exported_loads_with_and_without_credentials_in_it() {
    let documents: Map<String, Value> =
        serde_json::from_str(include_str!("../../tests/end_to_end/export/filled.json")).unwrap();
    let documents: Vec<_> = documents.iter().map(|(key, value)| (&**key, value.clone())).collect();
    let listing = listing(&documents);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("resources.yaml");
    for reveal in [false, true] {
        let exported = export(&listing, Secrets::new(&Sealer::plain(), reveal));
        std::fs::write(&path, &exported.text).unwrap();
        let known = exported.notes.variables;
        // What a variable holds is not looked into again; a header may be made of one of these.
        let value = "of $the ${request.id}";
        let variables = move |name: &str| known.contains(name).then(|| value.into());
        let loaded = validate(&path, &variables)
            .map(|found| found.resources)
            .map_err(|report| report.to_string());
        assert_eq!(loaded, Ok(16));
    }
}
