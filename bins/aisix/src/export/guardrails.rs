//! Which guardrails a file can hold: those that apply to everything, because it has no attachments.

use std::collections::HashMap;

use aisix_core::Kind;
use serde_json::Value;

use super::documents::Resource;
use super::notes::Notes;

/// Drops guardrails that apply to some requests only, or to none.
pub(super) fn keep_those_for_everything(resources: &mut Vec<Resource>, notes: &mut Notes) {
    let mut attached: HashMap<String, Vec<Attachment>> = HashMap::new();
    for resource in resources.iter().filter(|one| one.kind == Kind::GuardrailAttachments) {
        let guardrail = resource.fields.get("guardrail_id").and_then(Value::as_str);
        let guardrail = guardrail.unwrap_or_default().to_owned();
        attached.entry(guardrail).or_default().push(Attachment::of(resource));
    }
    resources.retain(|resource| {
        if resource.kind != Kind::Guardrails {
            return true;
        }
        // Without any attachment a guardrail applies to every request.
        let Some(attachments) = attached.get(resource.id.as_str()) else {
            return true;
        };
        let everywhere = attachments.iter().filter(|one| one.everywhere);
        let Some(priority) = everywhere.map(|one| one.priority).max() else {
            let why = "it does not apply to every request, and a file has no attachments";
            notes.warning(format!("{resource} is left out: {why}"));
            return false;
        };
        if priority != 0 {
            let what = "is not part of a file, where the oldest guardrail goes first";
            notes.warning(format!("{resource}: its priority {priority} {what}"));
        }
        true
    });
}

/// What a guardrail is attached to.
struct Attachment {
    /// Whether it is in force for every request.
    everywhere: bool,
    priority: i64,
}

impl Attachment {
    fn of(resource: &Resource) -> Self {
        let field = |name: &str| resource.fields.get(name);
        let enabled = field("enabled").and_then(Value::as_bool).unwrap_or(true);
        let scope = field("scope_type").and_then(Value::as_str);
        Self {
            everywhere: enabled && scope == Some("env"),
            priority: field("priority").and_then(Value::as_i64).unwrap_or_default(),
        }
    }
}
