//! Amazon's event stream, written: byte by byte as the specification says it, and by nothing that
//! the reader uses.

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// One byte.
    Byte(u8),
    /// Two bytes.
    Short(i16),
    /// Four bytes.
    Int(i32),
    /// Eight bytes.
    Long(i64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    Text(String),
    /// Milliseconds since the Unix epoch.
    Time(i64),
    /// A UUID.
    Uuid([u8; 16]),
}

/// A stream that a fixture describes line by line: each an object of one field, which names an event,
/// or an exception where it ends so, and holds the payload.
///
/// # Panics
/// Where a line is something else.
#[must_use]
pub fn stream(lines: &str) -> Vec<u8> {
    let mut stream = Vec::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        let said: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).expect("a line is an object");
        for (kind, payload) in said {
            let written = if kind.ends_with("Exception") { exception } else { event };
            stream.extend(written(&kind, &payload.to_string()));
        }
    }
    stream
}

/// An event of a type, with its payload.
#[must_use]
pub fn event(kind: &str, payload: &str) -> Vec<u8> {
    of_type("event", ":event-type", kind, payload)
}

/// An exception of a type, with its payload.
#[must_use]
pub fn exception(kind: &str, payload: &str) -> Vec<u8> {
    of_type("exception", ":exception-type", kind, payload)
}

/// An error that no service has a type for.
#[must_use]
pub fn error(code: &str, said: &str) -> Vec<u8> {
    let headers =
        [(":message-type", "error"), (":error-code", code), (":error-message", said)].map(text);
    message(&headers, b"")
}

fn of_type(message_type: &str, name: &str, kind: &str, payload: &str) -> Vec<u8> {
    let headers =
        [(":message-type", message_type), (name, kind), (":content-type", "application/json")];
    message(&headers.map(text), payload.as_bytes())
}

fn text((name, value): (&str, &str)) -> (String, Value) {
    (name.to_owned(), Value::Text(value.to_owned()))
}

/// A message with these headers.
///
/// # Panics
/// Where a length does not fit its field.
#[must_use]
pub fn message(headers: &[(String, Value)], payload: &[u8]) -> Vec<u8> {
    let mut written = Vec::new();
    for (name, value) in headers {
        written.push(u8::try_from(name.len()).expect("the name of a header is short"));
        written.extend(name.as_bytes());
        value.write(&mut written);
    }
    let total = u32::try_from(written.len() + payload.len() + 16).expect("a message is short");
    let headers = u32::try_from(written.len()).expect("headers are short");
    let mut message = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    message.extend(checksum(&message).to_be_bytes());
    message.extend(written);
    message.extend(payload);
    message.extend(checksum(&message).to_be_bytes());
    message
}

impl Value {
    fn write(&self, out: &mut Vec<u8>) {
        let (kind, bytes) = match self {
            Self::Bool(value) => (u8::from(!value), Vec::new()),
            Self::Byte(value) => (2, vec![*value]),
            Self::Short(value) => (3, value.to_be_bytes().to_vec()),
            Self::Int(value) => (4, value.to_be_bytes().to_vec()),
            Self::Long(value) => (5, value.to_be_bytes().to_vec()),
            Self::Bytes(value) => (6, with_length(value)),
            Self::Text(value) => (7, with_length(value.as_bytes())),
            Self::Time(value) => (8, value.to_be_bytes().to_vec()),
            Self::Uuid(value) => (9, value.to_vec()),
        };
        out.push(kind);
        out.extend(bytes);
    }
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("a value is short");
    [&length.to_be_bytes(), bytes].concat()
}

/// The CRC-32 of IEEE 802.3, bit by bit.
#[must_use]
pub fn checksum(bytes: &[u8]) -> u32 {
    let bit = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), bit);
    !bytes.iter().fold(u32::MAX, byte)
}
