//! Frames of server-sent events, made and spoilt.

use serde_json::Value;

/// How lines may end, and how the blank line after a frame may. A CR before an LF would be one end.
const ENDS: [(&str, &str); 6] =
    [("\n", "\n"), ("\r\n", "\r\n"), ("\r", "\r"), ("\r\n", "\n"), ("\n", "\r"), ("\r", "\r\n")];

/// A frame without a type.
pub(super) fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

/// A frame under the name of its type.
pub(super) fn event(value: &Value) -> String {
    format!("event: {}\n{}", value["type"].as_str().expect("a type"), data(value))
}

/// The frame with its JSON changed, where it holds any.
pub(super) fn changed(frame: &str, change: impl FnOnce(&mut Value)) -> String {
    let (name, json) = frame.split_once("data: ").expect("a frame has data");
    match serde_json::from_str(json) {
        Ok(mut value) => {
            change(&mut value);
            format!("{name}{}", data(&value))
        }
        Err(_) => frame.to_owned(),
    }
}

/// The frame with its JSON broken off.
pub(super) fn truncated(frame: &str) -> String {
    let (head, json) = frame.split_once("data: ").expect("a frame has data");
    format!("{head}data: {}\n\n", &json[..json.floor_char_boundary(json.len() / 2)])
}

/// The frame with a comma too many in its JSON.
pub(super) fn malformed(frame: &str) -> String {
    frame.replacen('{', "{,", 1)
}

/// The frames with lines that end in all ways that there are.
pub(super) fn mixed(frames: &[String]) -> String {
    let ends = ENDS.iter().cycle();
    let mixed = frames.iter().zip(ends).map(|(frame, (line, blank))| {
        let lines = frame.trim_end_matches('\n').replace('\n', line);
        format!("{lines}{line}{blank}")
    });
    mixed.collect()
}
