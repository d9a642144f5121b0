//! What counts of requests and answers.

use aisix_core::EmbedInput;
use aisix_core::chat::{
    ChatRequest, ChatResponse, Media, MediaKind, MediaSource, Part, ResponseFormat, Tool, Turn,
};

use crate::tally::Tally;

/// What frames a turn, and what begins the answer. Source: OpenAI's cookbook, "How to count tokens
/// with tiktoken".
const FRAME: u64 = 3;
/// What a speaker's name adds to its text. Same source.
const NAME: u64 = 1;
/// An image of 1024 × 1024 pixels. Source: OpenAI's guide "Images and vision", GPT-4o.
const IMAGE: u64 = 765;
/// An image of any size, looked at coarsely. Same source.
const COARSE_IMAGE: u64 = 85;

pub(crate) fn request(request: &ChatRequest, tally: &mut Tally) {
    tally.known(FRAME);
    request.turns.iter().for_each(|said| turn(said, tally));
    request.tools.iter().for_each(|offered| tool(offered, tally));
    if let Some(ResponseFormat::JsonSchema { schema: Some(schema), .. }) = &request.response_format
    {
        tally.text(schema);
    }
}

pub(crate) fn response(response: &ChatResponse, tally: &mut Tally) {
    let parts = response.choices.iter().flat_map(|choice| &choice.parts);
    parts.for_each(|said| part(said, tally));
}

pub(crate) fn input(input: &EmbedInput, tally: &mut Tally) {
    match input {
        EmbedInput::Text(text) => tally.text(text),
        EmbedInput::Tokens(tokens) => tally.known(tokens.len() as u64),
    }
}

fn turn(turn: &Turn, tally: &mut Tally) {
    tally.known(FRAME);
    if let Some(name) = &turn.name {
        tally.known(NAME);
        tally.text(name);
    }
    turn.parts.iter().for_each(|said| part(said, tally));
}

fn part(said: &Part, tally: &mut Tally) {
    match said {
        Part::Text(text) => tally.text(&text.text),
        Part::Media(shown) => media(shown, tally),
        Part::ToolCall(call) => {
            tally.text(&call.name);
            tally.text(&call.arguments);
        }
        Part::ToolResult(result) => result.content.iter().for_each(|said| part(said, tally)),
        Part::Reasoning(thought) => tally.text(&thought.text),
        Part::Native(native) => tally.text(&native.value.to_string()),
    }
}

fn media(media: &Media, tally: &mut Tally) {
    match (media.kind, &media.source) {
        (_, MediaSource::Text(text)) => tally.text(text),
        (MediaKind::Image, _) if media.detail.as_deref() == Some("low") => {
            tally.known(COARSE_IMAGE);
        }
        (MediaKind::Image, _) => tally.known(IMAGE),
        (MediaKind::Document | MediaKind::Audio | MediaKind::Video, _) => {}
    }
}

fn tool(tool: &Tool, tally: &mut Tally) {
    match tool {
        Tool::Function { name, description, parameters, .. } => {
            tally.text(name);
            let more = [description, parameters].into_iter().flatten();
            more.for_each(|text| tally.text(text));
        }
        Tool::Native(native) => tally.text(&native.value.to_string()),
    }
}
