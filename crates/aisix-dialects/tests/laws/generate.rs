//! Generators that several laws share.

use aisix_core::DialectId;
use aisix_core::chat::Seal;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value};

/// Text with everything that has to be escaped somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z ]{0,12}",
        1 => any::<String>(),
        1 => Just("data: [DONE]\n\n\r\r\"\\\u{2028}☃😀".to_owned()),
    ]
}

/// Text that says something.
pub(crate) fn words() -> impl Strategy<Value = String> {
    text().prop_filter("says something", |text| !text.is_empty())
}

/// A seal that was made in this dialect, or in another one.
pub(crate) fn seal(dialect: DialectId) -> impl Strategy<Value = Seal> {
    let maker = prop_oneof![Just(dialect), Just(DialectId("another"))];
    (maker, words()).prop_map(|(maker, text)| Seal::made_in(maker, text))
}

/// Any JSON; null only inside.
pub(crate) fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000i32..1000).prop_map(|number| Value::from(f64::from(number) / 8.0)),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let inner = prop_oneof![4 => inner, 1 => Just(Value::Null)];
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            object(name(), inner).prop_map(Value::Object),
        ]
    })
}

/// A field's name, some of which mean something elsewhere.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,8}", "(model|stream|choices|usage|error|type)", text()]
}

pub(crate) fn object(
    name: impl Strategy<Value = String>,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    vec((name, value), 0..4).prop_map(|fields| fields.into_iter().collect())
}

/// Field by field: present or not.
pub(crate) fn fields(
    fields: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Map<String, Value>> {
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| {
            option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        })
        .collect();
    fields.prop_map(|fields| fields.into_iter().flatten().collect())
}
