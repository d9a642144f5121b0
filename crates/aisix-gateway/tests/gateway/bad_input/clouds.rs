//! The columns of the formats that only clouds speak.

use serde_json::{Value, json};

use super::Row;
use super::columns::{Answers, ONE_ANSWER, future};
use super::frames::{changed, data};
use crate::common::ways::{conversed, counted, generated, named};

pub(super) static OF_GEMINI: Answers = Answers {
    callers: None,
    call: |arguments| generated(&json!([function_call(arguments)]), Some("STOP"), Some(3)),
    // A call comes in one piece.
    calling: |pieces| {
        let call = function_call(&pieces.concat());
        let finish = generated(&json!([]), Some("STOP"), Some(3));
        vec![data(&generated(&json!([call]), None, None)), data(&finish)]
    },
    part: |text| generated(&json!([{"text": text}, {"future": {"x": 1}}]), Some("STOP"), Some(3)),
    unknown_frame: || data(&json!({"future": {"x": 1}})),
    counting: |frames| {
        let each = |(frame, count): (String, u64)| {
            changed(&frame, |frame| {
                let count = count.min(3);
                frame["usageMetadata"] = json!({
                    "promptTokenCount": 7, "candidatesTokenCount": count,
                    "totalTokenCount": 7 + count,
                });
            })
        };
        frames.into_iter().zip(1..).map(each).collect()
    },
    ending: 1,
    never: &[
        (Row::SpoiltMessage, "a server-sent event has neither a length nor a checksum"),
        (Row::UnknownFrame, "answers in pieces have no types to be known by"),
        ONE_ANSWER,
    ],
};

fn function_call(arguments: &str) -> Value {
    json!({"functionCall": {"name": "wx", "args": arguments}})
}

pub(super) static OF_CONVERSE: Answers = Answers {
    callers: None,
    call: |arguments| {
        let call = json!({"toolUseId": "c1", "name": "wx", "input": arguments});
        conversed(&json!([{ "toolUse": call }]), "tool_use")
    },
    calling: |pieces| {
        let at = |mut event: Value| {
            event["contentBlockIndex"] = json!(0);
            event
        };
        let start = json!({"start": {"toolUse": {"toolUseId": "c1", "name": "wx"}}});
        let mut frames = vec![
            named("messageStart", &json!({"role": "assistant"})),
            named("contentBlockStart", &at(start)),
        ];
        frames.extend(pieces.iter().map(|piece| {
            let delta = json!({"delta": {"toolUse": {"input": piece}}});
            named("contentBlockDelta", &at(delta))
        }));
        frames.extend([
            named("contentBlockStop", &at(json!({}))),
            named("messageStop", &json!({"stopReason": "tool_use"})),
            counted(3),
        ]);
        frames
    },
    part: |text| conversed(&json!([{"text": text}, {"future": {"x": 1}}]), "end_turn"),
    unknown_frame: || named("future", &future()),
    counting: |frames| {
        let counts = (1..=3).chain(std::iter::repeat(3));
        frames.into_iter().zip(counts).flat_map(|(frame, count)| [frame, counted(count)]).collect()
    },
    // Why it stops, and the usage.
    ending: 2,
    never: &[
        (Row::MixedLines, "a binary message has no lines"),
        (Row::ErrorBeside, "a message is an event or an exception, never both"),
        ONE_ANSWER,
    ],
};
