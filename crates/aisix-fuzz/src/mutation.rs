//! Changes bytes that mean something into bytes that mean something else: JSON stays JSON, and
//! frames stay frames, most of the time.

use serde_json::{Value, json};

use crate::chance::Chance;

/// Changes the bytes, as this number decides.
#[must_use]
pub fn mutated(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut chance = Chance::of(seed);
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(4) {
        bytes = once(&bytes, &mut chance);
    }
    bytes
}

fn once(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    if chance.once_in(12) {
        return any_bytes(bytes, chance);
    }
    if let Ok(mut value) = serde_json::from_slice(bytes) {
        change(&mut value, chance);
        return value.to_string().into_bytes();
    }
    let mut lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    match chance.below(8) {
        0 => {
            lines.remove(chance.below(lines.len()));
        }
        1 => {
            let line = chance.of_these(&lines).clone();
            lines.insert(chance.below(lines.len()), line);
        }
        2 => {
            let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
            lines.swap(one, other);
        }
        3 => lines.truncate(chance.below(lines.len()) + 1),
        _ => change_data(&mut lines, chance),
    }
    let end: &[u8] = if chance.once_in(12) { b"\r" } else { b"\n" };
    lines.join(end)
}

/// Changes the JSON of one `data` line.
fn change_data(lines: &mut [Vec<u8>], chance: &mut Chance) {
    let is_data = |line: &&mut Vec<u8>| line.starts_with(b"data:");
    let mut data: Vec<_> = lines.iter_mut().filter(is_data).collect();
    if data.is_empty() {
        return;
    }
    let at = chance.below(data.len());
    if let Ok(mut value) = serde_json::from_slice(&data[at]["data:".len()..]) {
        change(&mut value, chance);
        *data[at] = format!("data: {value}").into_bytes();
    }
}

/// Changes one place of a value.
fn change(value: &mut Value, chance: &mut Chance) {
    let places = count(value);
    let donor = place(value, &mut chance.below(places)).cloned().unwrap_or_default();
    let Some(place) = place(value, &mut chance.below(places)) else {
        return;
    };
    match (chance.below(7), place) {
        (0, place) => *place = donor,
        (1 | 2, Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(chance.below(fields.len())).cloned().unwrap_or_default();
            fields.shift_remove(&name);
        }
        (3, Value::Object(fields)) if !fields.is_empty() => {
            let name = fields.keys().nth(chance.below(fields.len())).cloned().unwrap_or_default();
            fields.insert(name, donor);
        }
        (1, Value::Array(list)) if !list.is_empty() => drop(list.remove(chance.below(list.len()))),
        (2 | 3, Value::Array(list)) => list.insert(chance.below(list.len() + 1), donor),
        (4, Value::Array(list)) => list.reverse(),
        (1..4, Value::String(text)) => {
            *text = (*chance.of_these(&WORDS)).to_owned();
        }
        (_, place) => *place = strange(chance),
    }
}

/// A value that few expect.
fn strange(chance: &mut Chance) -> Value {
    let numbers = [json!(0), json!(-1), json!(u64::MAX), json!(1e300), json!(0.5), json!(i64::MIN)];
    match chance.below(9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(""),
        3 => json!([]),
        4 => json!({}),
        5 => json!("data: [DONE]\n\n\r\r\"\\\u{2028}☃"),
        6 => json!([{"type": "text", "text": "x"}]),
        7 => json!({"type": "object"}),
        _ => chance.of_these(&numbers).clone(),
    }
}

/// Words that mean something somewhere.
const WORDS: [&str; 24] = [
    "",
    " ",
    "\n",
    "text",
    "image",
    "tool",
    "tool_use",
    "tool_result",
    "function",
    "assistant",
    "system",
    "user",
    "developer",
    "error",
    "thinking",
    "refusal",
    "auto",
    "required",
    "stop",
    "length",
    "{}",
    "[1",
    "data:;base64,%",
    "message_stop",
];

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// The value at this place, counted from the outside in.
fn place<'a>(value: &'a mut Value, at: &mut usize) -> Option<&'a mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| place(value, at)),
        Value::Object(fields) => fields.values_mut().find_map(|value| place(value, at)),
        _ => None,
    }
}

fn any_bytes(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let at = chance.below(bytes.len());
    match chance.below(3) {
        0 => bytes.truncate(at),
        1 => {
            let odd = *chance.of_these(b"\0\r\n\xff\xc3\"{}[],:\\ ");
            bytes.insert(at, odd);
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
    }
    bytes
}
