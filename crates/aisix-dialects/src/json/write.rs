//! Writing values, long texts above all.

use serde_json::{Map, Value};

/// How many bytes of a text are looked at together: as many as a compiler makes one step of.
const STRIDE: usize = 32;

/// An object as JSON, byte for byte as `serde_json` writes it. That looks at every byte of a text by
/// itself, and prompts are long.
pub(crate) fn written(object: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::new();
    write_object(object, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        Value::String(text) => write_text(text, out),
        Value::Array(list) => {
            out.push(b'[');
            for (position, value) in list.iter().enumerate() {
                separate(position, out);
                write(value, out);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(object, out),
    }
}

fn write_object(object: &Map<String, Value>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (position, (name, value)) in object.iter().enumerate() {
        separate(position, out);
        write_text(name, out);
        out.push(b':');
        write(value, out);
    }
    out.push(b'}');
}

fn separate(position: usize, out: &mut Vec<u8>) {
    if position > 0 {
        out.push(b',');
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    while let Some(at) = first_special(rest) {
        out.extend_from_slice(&rest[..at]);
        escape(rest[at], out);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Where the first byte stands that cannot stand for itself.
fn first_special(text: &[u8]) -> Option<usize> {
    let any = |stride: &[u8]| stride.iter().fold(false, |any, byte| any | is_special(*byte));
    let plain = text.chunks(STRIDE).take_while(|stride| !any(stride)).count() * STRIDE;
    let rest = text.get(plain..)?;
    rest.iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let letter = match byte {
        b'\x08' => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        b'\x0c' => b'f',
        b'\r' => b'r',
        b'"' | b'\\' => byte,
        control => {
            let digits = [control >> 4, control & 0xf].map(|digit| DIGITS[usize::from(digit)]);
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&digits);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}
