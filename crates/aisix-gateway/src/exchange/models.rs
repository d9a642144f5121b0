//! The list of models that a caller may use.

use aisix_core::{Caller, Snapshot};
use bytes::Bytes;
use serde::Serialize;

/// The list, as OpenAI's API reference describes it ("Models", list).
#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
}

/// The models with one target each that the caller may use, by name. Groups and patterns can be
/// called, but are not listed.
pub(super) fn list(snapshot: &Snapshot, caller: &Caller, now: i64) -> Bytes {
    let mut data: Vec<_> = snapshot
        .models()
        .filter(|model| !model.spec.display_name.contains('*'))
        .filter(|model| caller.may_use(&model.spec.display_name))
        .filter_map(|model| {
            let direct = model.spec.direct()?;
            Some(Item {
                id: &model.spec.display_name,
                object: "model",
                created: now,
                owned_by: &direct.provider,
            })
        })
        .collect();
    data.sort_by_key(|item| item.id);
    // Strings and numbers always serialise; the empty body is unreachable.
    serde_json::to_vec(&List { object: "list", data }).unwrap_or_default().into()
}
