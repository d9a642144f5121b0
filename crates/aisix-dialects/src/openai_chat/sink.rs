//! What encoders share: where what cannot be written is noted.

use aisix_core::DialectId;
use aisix_core::chat::Native;
use serde_json::{Map, Value};

use super::{ID, spelling};
use crate::dialect::Dropped;

/// Notes what an encoder leaves out.
#[derive(Debug)]
pub(super) struct Sink {
    /// Whether the value came in this format: what vendors added to it goes back to them.
    pub(super) own: bool,
    /// What was left out.
    pub(super) dropped: Vec<Dropped>,
}

impl Sink {
    /// For a value that came in this dialect.
    pub(super) fn for_value_of(dialect: DialectId) -> Self {
        Self { own: dialect == ID, dropped: Vec::new() }
    }

    /// Notes a field that is left out.
    pub(super) fn drop(&mut self, field: impl Into<String>) {
        self.dropped.push(Dropped::new(field));
    }

    /// Writes native fields into an object: this dialect's own, under their names or, behind a dot,
    /// into the object of that name. What a noun said already stays.
    pub(super) fn put_natives(&mut self, natives: &[Native], object: &mut Map<String, Value>) {
        for native in natives {
            if native.dialect != ID {
                self.drop(&native.name);
            } else if !spelling::is_mark(native) {
                put(object, &native.name, &native.value);
            }
        }
    }
}

fn put(object: &mut Map<String, Value>, name: &str, value: &Value) {
    if let Some((outer, inner)) = name.split_once('.')
        && let Some(Value::Object(outer)) = object.get_mut(outer)
    {
        outer.entry(inner).or_insert_with(|| value.clone());
    } else {
        object.entry(name).or_insert_with(|| value.clone());
    }
}
