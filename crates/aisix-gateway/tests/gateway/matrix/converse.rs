//! Bedrock's Converse and ConverseStream. Source: the reference of Amazon Bedrock Runtime, and the
//! user guide's "Use a tool to complete an Amazon Bedrock model response" and "Enhance model
//! responses with model reasoning".

use aisix_testing::eventstream::event;
use serde_json::{Value, json};

use super::format::UpstreamFormat;
use super::said::{
    Answer, Call, Conversation, Piece, Thought, Tool, Turn, halves, items, parsed, text_of,
};

pub const UPSTREAM: UpstreamFormat = UpstreamFormat {
    name: "converse",
    types: None,
    seals: true,
    ids: true,
    streamed_as: "application/vnd.amazon.eventstream",
    heard,
    say,
    stream,
};

fn heard(body: &Value) -> Conversation {
    let (inference, output) = (&body["inferenceConfig"], &body["outputConfig"]);
    let schema = &output["textFormat"]["structure"]["jsonSchema"]["schema"];
    let mut heard = Conversation {
        tools: items(&body["toolConfig"]["tools"]).map(heard_tool).collect(),
        must_call: body["toolConfig"]["toolChoice"]["any"].is_object(),
        schema: (!schema.is_null()).then(|| parsed(schema)),
        effort: output["effort"].as_str().map(str::to_owned),
        temperature: inference["temperature"].as_f64(),
        max_tokens: inference["maxTokens"].as_u64(),
        ..Conversation::default()
    };
    if !body["system"].is_null() {
        heard.system = Some(texts(&body["system"]));
    }
    for message in items(&body["messages"]) {
        let blocks = items(&message["content"]);
        if message["role"] == "assistant" {
            heard.turns.push(Turn::Model(answer_in(blocks)));
            continue;
        }
        assert_eq!(message["role"], "user", "{body}");
        let (results, said): (Vec<_>, Vec<_>) =
            blocks.partition(|block| block.get("toolResult").is_some());
        heard.turns.extend(results.into_iter().map(|block| {
            let result = &block["toolResult"];
            Turn::Result { call: text_of(&result["toolUseId"]), text: texts(&result["content"]) }
        }));
        if !said.is_empty() {
            heard.turns.push(Turn::User(said.into_iter().map(piece).collect()));
        }
    }
    heard
}

fn heard_tool(tool: &Value) -> Tool {
    let spec = &tool["toolSpec"];
    Tool {
        name: text_of(&spec["name"]),
        description: text_of(&spec["description"]),
        schema: spec["inputSchema"]["json"].clone(),
    }
}

fn texts(blocks: &Value) -> String {
    items(blocks).map(|block| text_of(&block["text"])).collect()
}

/// Types are words of this format's, which the ends of files' names have as well.
fn piece(block: &Value) -> Piece {
    let (image, document) = (&block["image"], &block["document"]);
    if image.is_object() {
        let media_type = format!("image/{}", text_of(&image["format"]));
        return Piece::Image { media_type, data: text_of(&image["source"]["bytes"]) };
    }
    if document.is_object() {
        let format = text_of(&document["format"]);
        let name = format!("{}.{format}", text_of(&document["name"]));
        let data = text_of(&document["source"]["bytes"]);
        return Piece::Document { name, media_type: format!("application/{format}"), data };
    }
    Piece::Text(text_of(&block["text"]))
}

fn answer_in<'a>(blocks: impl Iterator<Item = &'a Value>) -> Answer {
    let mut answer = Answer::default();
    for block in blocks {
        let (call, thought) = (&block["toolUse"], &block["reasoningContent"]["reasoningText"]);
        if call.is_object() {
            let [id, name] = ["toolUseId", "name"].map(|field| text_of(&call[field]));
            answer.calls.push(Call { id, name, arguments: call["input"].clone() });
        } else if thought.is_object() {
            let seal = thought["signature"].as_str().map(str::to_owned);
            answer.think(&text_of(&thought["text"]), seal);
        } else {
            answer.text.get_or_insert_default().push_str(&text_of(&block["text"]));
        }
    }
    answer
}

fn say(answer: &Answer) -> Value {
    let thought = answer.thought.iter().map(|Thought { text, seal }| {
        let said = json!({"text": text, "signature": seal});
        json!({"reasoningContent": {"reasoningText": said}})
    });
    let text = answer.text.iter().map(|text| json!({"text": text}));
    let calls = answer.calls.iter().map(|Call { id, name, arguments }| {
        json!({"toolUse": {"toolUseId": id, "name": name, "input": arguments}})
    });
    let content: Vec<_> = thought.chain(text).chain(calls).collect();
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(answer), "usage": usage(), "metrics": {"latencyMs": 80},
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    if answer.calls.is_empty() { "end_turn" } else { "tool_use" }
}

fn usage() -> Value {
    json!({"inputTokens": 19, "outputTokens": 10, "totalTokens": 29})
}

fn stream(answer: &Answer) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    if let Some(Thought { text, seal }) = &answer.thought {
        let mut deltas =
            halves(text).map(|text| json!({"reasoningContent": {"text": text}})).to_vec();
        deltas.push(json!({"reasoningContent": {"signature": seal}}));
        blocks.push((None, deltas));
    }
    if let Some(text) = &answer.text {
        blocks.push((None, halves(text).map(|text| json!({"text": text})).to_vec()));
    }
    for Call { id, name, arguments } in &answer.calls {
        let start = json!({"toolUse": {"toolUseId": id, "name": name}});
        let arguments = arguments.to_string();
        let deltas = halves(&arguments).map(|piece| json!({"toolUse": {"input": piece}}));
        blocks.push((Some(start), deltas.to_vec()));
    }
    let mut frames = vec![event("messageStart", r#"{"role":"assistant"}"#)];
    for (index, (start, deltas)) in blocks.into_iter().enumerate() {
        let mut say = |kind: &str, more: Option<(&str, Value)>| {
            let mut payload = json!({"contentBlockIndex": index});
            more.into_iter().for_each(|(name, value)| payload[name] = value);
            frames.push(event(kind, &payload.to_string()));
        };
        if let Some(start) = start {
            say("contentBlockStart", Some(("start", start)));
        }
        deltas.into_iter().for_each(|it| say("contentBlockDelta", Some(("delta", it))));
        say("contentBlockStop", None);
    }
    let stop = json!({"stopReason": stop_reason(answer)});
    frames.push(event("messageStop", &stop.to_string()));
    let metadata = json!({"usage": usage(), "metrics": {"latencyMs": 80}});
    frames.push(event("metadata", &metadata.to_string()));
    frames
}
