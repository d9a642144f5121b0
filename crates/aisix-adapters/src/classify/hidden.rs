//! What of a secret must not be told.

use aisix_core::Secret;
use serde_json::Value;

/// The fields of secrets that are documents whose texts prove nothing, and say where something is or
/// what is called: errors are clearer with them, and callers read few of them.
const NO_CREDENTIALS: [&str; 15] = [
    "auth_provider_x509_cert_url",
    "auth_uri",
    "authority_host",
    "client_email",
    "client_id",
    "client_x509_cert_url",
    "private_key_id",
    "project",
    "project_id",
    "quota_project_id",
    "region",
    "tenant_id",
    "token_uri",
    "type",
    "universe_domain",
];

/// The fewest characters of a line that is worth hiding without the lines around it.
const SHORTEST_LINE: usize = 16;

/// The secret; where it is a JSON object, every text in it that may be a credential, because
/// providers quote the part that they were sent; of texts of several lines every line; and what JSON
/// writes for each, for answers that are quoted as they came. The longest come first: one may be a
/// part of another.
pub(super) fn of(secret: &Secret) -> Vec<Secret> {
    let mut hidden = Vec::new();
    add_text(secret.expose(), &mut hidden);
    for plain in 0..hidden.len() {
        let escaped = Value::String(hidden[plain].expose().to_owned()).to_string();
        let escaped = &escaped[1..escaped.len() - 1];
        // Some escape the slash, too.
        for form in [escaped, &escaped.replace('/', "\\/")] {
            add(form, &mut hidden);
        }
    }
    hidden.sort_by_key(|text| std::cmp::Reverse(text.expose().len()));
    hidden
}

fn add_text(text: &str, hidden: &mut Vec<Secret>) {
    let text = text.trim();
    add(text, hidden);
    if text.starts_with('{')
        && let Ok(document @ Value::Object(_)) = serde_json::from_str(text)
    {
        add_texts_in(&document, hidden);
    } else if text.contains('\n') {
        let lines = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
        lines.filter(|line| !line.starts_with("-----")).for_each(|line| add(line, hidden));
    }
}

fn add_texts_in(value: &Value, hidden: &mut Vec<Secret>) {
    match value {
        Value::Object(fields) => {
            let telling =
                fields.iter().filter(|(name, _)| !NO_CREDENTIALS.contains(&name.as_str()));
            telling.for_each(|(_, value)| add_texts_in(value, hidden));
        }
        Value::Array(list) => list.iter().for_each(|value| add_texts_in(value, hidden)),
        Value::String(text) => add_text(text, hidden),
        _ => {}
    }
}

fn add(text: &str, hidden: &mut Vec<Secret>) {
    if !text.is_empty() && hidden.iter().all(|known| known.expose() != text) {
        hidden.push(Secret::new(text));
    }
}
