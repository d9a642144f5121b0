//! Marks for a prompt cache, in the form that Anthropic defined and others took over.

use aisix_core::chat::CacheMark;
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds a mark.
pub(crate) const CACHE_CONTROL: &str = "cache_control";

/// Takes `{"type": "ephemeral", "ttl"}`; in any other form it stays.
pub(crate) fn read(fields: &mut Fields) -> Option<CacheMark> {
    fields.take_as(CACHE_CONTROL, |value| {
        let object = value.as_object().filter(|object| {
            object.get("type").is_some_and(|kind| kind == "ephemeral")
                && object.iter().all(|(name, value)| match name.as_str() {
                    "type" => true,
                    "ttl" => value.is_string(),
                    _ => false,
                })
        });
        match object {
            Some(object) => {
                let ttl = object.get("ttl").and_then(Value::as_str).map(ToOwned::to_owned);
                Ok(CacheMark { ttl })
            }
            None => Err(value),
        }
    })
}

/// Writes a mark into the object that it marks.
pub(crate) fn write(mark: Option<&CacheMark>, object: &mut Map<String, Value>) {
    let Some(CacheMark { ttl }) = mark else {
        return;
    };
    let mut value = Map::new();
    value.insert("type".to_owned(), "ephemeral".into());
    if let Some(ttl) = ttl {
        value.insert("ttl".to_owned(), ttl.as_str().into());
    }
    object.insert(CACHE_CONTROL.to_owned(), Value::Object(value));
}

/// Writes a mark only where it came in this format: some of its vendors know marks, most refuse
/// them.
pub(crate) fn write_own(
    mark: Option<&CacheMark>,
    object: &mut Map<String, Value>,
    sink: &mut Sink,
) {
    if sink.own {
        write(mark, object);
    } else if mark.is_some() {
        sink.drop(CACHE_CONTROL);
    }
}
