//! What no entry can break alone.

use std::collections::HashMap;

use aisix_core::Kind;
use serde_json::Value;

use super::entry::Entry;
use super::paths::{self, EACH};
use super::references::Names;

/// Where a kind's entries name entries of another kind, by names that stay names.
const MENTIONS: &[(Kind, &[&str], Kind)] = &[
    (Kind::Models, &["routing", "targets", EACH, "model"], Kind::Models),
    (Kind::Models, &["ensemble", "panel", EACH, "model"], Kind::Models),
    (Kind::Models, &["ensemble", "judge", "model"], Kind::Models),
    (Kind::Models, &["semantic", "embedding_model"], Kind::Models),
    (Kind::Models, &["semantic", "default"], Kind::Models),
    (Kind::Models, &["semantic", "routes", EACH, "target"], Kind::Models),
    (Kind::Models, &["semantic", "on_embedding_failure", "target"], Kind::Models),
    (Kind::ApiKeys, &["allowed_models", EACH], Kind::Models),
    (Kind::ApiKeys, &["allowed_routes", EACH], Kind::PassthroughRoutes),
    (Kind::ClaimMappings, &["jwt_provider"], Kind::OidcProviders),
];

/// Refuses what does not go together.
pub(super) fn check(entries: &mut [Entry], names: &Names) {
    for entry in &mut *entries {
        check_mentions(entry, names);
        if entry.kind == Kind::OidcProviders {
            check_addresses(entry);
        }
    }
    check_targets(entries);
    refuse_repeated(entries, |entry| Some((entry.identity_field(), entry.identity.clone()?)));
    refuse_repeated(entries, |entry| {
        let hash = entry.text("key_hash").filter(|_| entry.kind == Kind::ApiKeys)?;
        Some(("key_hash", hash.to_owned()))
    });
    refuse_repeated(entries, |entry| {
        let provider = entry.text("jwt_provider").filter(|_| entry.kind == Kind::ApiKeys)?;
        Some(("jwt_subject", format!("{provider}\0{}", entry.text("jwt_subject")?)))
    });
    refuse_repeated(entries, |entry| {
        let enabled = entry.fields.get("enabled") != Some(&Value::Bool(false));
        let issuer = entry.text("issuer").filter(|_| entry.kind == Kind::OidcProviders)?;
        enabled.then(|| ("issuer", issuer.to_owned()))
    });
}

/// Refuses the second of two entries of a kind that say the same in a field where they must not.
fn refuse_repeated(
    entries: &mut [Entry],
    claim: impl Fn(&Entry) -> Option<(&'static str, String)>,
) {
    let mut first: HashMap<(Kind, String), usize> = HashMap::new();
    for entry in entries {
        let Some((field, claimed)) = claim(entry).filter(|(field, _)| !entry.is_settled(field))
        else {
            continue;
        };
        let key = (entry.kind, claimed);
        match first.get(&key) {
            Some(index) => {
                let message = format!("is that of {}[{index}] already", entry.kind);
                entry.refuse(field, message);
            }
            None => {
                first.insert(key, entry.index);
            }
        }
    }
}

fn check_mentions(entry: &mut Entry, names: &Names) {
    let whole = Value::Object(std::mem::take(&mut entry.fields));
    let mut unknown = Vec::new();
    for (_, steps, to) in MENTIONS.iter().filter(|(kind, ..)| *kind == entry.kind) {
        paths::texts(&whole, steps, &mut |path, name| {
            let known = match (entry.kind, to) {
                // A pattern may come before what it will match.
                (Kind::ApiKeys, _) if name.contains('*') => true,
                (Kind::ApiKeys, Kind::Models) => names.has_model_for(name),
                _ => names.has(*to, name),
            };
            // An empty name is found where the document is judged.
            if !known && !name.is_empty() && !entry.is_settled(path) {
                unknown.push((path.to_owned(), *to));
            }
        });
    }
    if let Value::Object(fields) = whole {
        entry.fields = fields;
    }
    for (path, to) in unknown {
        entry.refuse(&path, names.unknown(to));
    }
}

/// A group leads to direct models that are one upstream model each.
fn check_targets(entries: &mut [Entry]) {
    let mut unfit: HashMap<String, &'static str> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.kind == Kind::Models) {
        let Some(name) = &entry.identity else { continue };
        let star = |field| entry.text(field).is_some_and(|text| text.contains('*'));
        if ["routing", "ensemble", "semantic"].iter().any(|block| entry.has(block)) {
            unfit.insert(name.clone(), "must be a direct model, which that one is not");
        } else if star("display_name") || star("model_name") {
            unfit.insert(name.clone(), "must be one model, and that one stands for many");
        }
    }
    for entry in entries.iter_mut().filter(|entry| entry.kind == Kind::Models) {
        let mut found = Vec::new();
        if let Some(routing) = entry.fields.get("routing") {
            paths::texts(routing, &["targets", EACH, "model"], &mut |path, name| {
                if let Some(why) = unfit.get(name) {
                    found.push((format!("routing.{path}"), *why));
                }
            });
        }
        for (path, why) in found {
            entry.refuse(&path, why);
        }
    }
}

/// What is logged and compared must not hold a password.
fn check_addresses(entry: &mut Entry) {
    for field in ["issuer", "jwks_uri"] {
        let holds_user = entry.text(field).is_some_and(|url| {
            let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
            rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
        });
        if holds_user {
            entry.refuse(field, "must not hold a user or password");
        }
    }
}
