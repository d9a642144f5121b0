//! What a conversation says, fact by fact, whichever format it was said in: so what is written for an
//! upstream is read back, and compared with what the caller said.

use std::collections::BTreeSet;
use std::fmt::Debug;

use aisix_core::DialectId;
use aisix_core::chat::{
    CacheMark, ChatRequest, Media, MediaKind, MediaSource, Native, Part, Reasoning, ResponseFormat,
    Role, Sampling, Seal, Tool, ToolChoice, Turn,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Facts, each as a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Facts(BTreeSet<String>);

impl Facts {
    /// What a request says.
    pub(crate) fn of_request(request: &ChatRequest) -> Self {
        let mut facts = Self::default();
        let mut before = String::new();
        for turn in &request.turns {
            facts.turn(turn, &mut before);
        }
        request.tools.iter().for_each(|tool| facts.tool(tool));
        match &request.tool_choice {
            Some(ToolChoice::Native(native)) => facts.native(native),
            Some(choice) => facts.say("choice", format!("{choice:?}")),
            None => {}
        }
        if request.parallel_tool_calls == Some(false) {
            facts.say("calls", "one at a time");
        }
        facts.sampling(&request.sampling);
        match &request.response_format {
            Some(ResponseFormat::JsonSchema { description, schema, .. }) => {
                facts.say("answer by", json(schema.as_deref().unwrap_or_default()));
                facts.some("answer described", description.as_ref());
            }
            Some(ResponseFormat::JsonObject) => facts.say("answer by", "any JSON"),
            Some(ResponseFormat::Text) | None => {}
        }
        facts.some("effort", request.effort.as_ref());
        facts.some("thinking", request.thinking.as_ref());
        facts.some("end user", request.user.as_ref());
        request.metadata.iter().for_each(|note| facts.say("note", format!("{note:?}")));
        if request.stream {
            facts.say("stream", "wanted");
        }
        facts.natives(&request.native);
        facts
    }

    /// One fact.
    pub(crate) fn say(&mut self, what: &str, value: impl AsRef<str>) {
        self.0.insert(format!("{what}: {}", value.as_ref()));
    }

    /// One fact, where there is a value.
    pub(crate) fn some(&mut self, what: &str, value: Option<impl Debug>) {
        if let Some(value) = value {
            self.say(what, format!("{value:?}"));
        }
    }

    /// A statement, and which one it follows.
    pub(crate) fn statement(&mut self, who: &str, text: &str, before: &mut String) {
        let said = format!("{who} says {text}");
        self.say("statement", &said);
        self.say("order", format!("{before} / {said}"));
        *before = said;
    }

    /// Those that are not among the others.
    pub(crate) fn beyond(&self, others: &Self) -> Vec<String> {
        self.0.difference(&others.0).cloned().collect()
    }

    /// Whether one of them is this.
    pub(crate) fn holds(&self, fact: &str) -> bool {
        self.0.contains(fact)
    }

    /// Whether any is of this kind.
    pub(crate) fn speaks_of(&self, what: &str) -> bool {
        self.0.iter().any(|fact| fact.starts_with(&format!("{what}: ")))
    }

    fn turn(&mut self, turn: &Turn, before: &mut String) {
        let who = match turn.role {
            Role::System | Role::Developer => "the operator",
            Role::User => "the user",
            Role::Assistant => "the model",
            Role::Tool => "a tool",
        };
        self.some("speaker", turn.name.as_ref().filter(|_| turn.role != Role::Tool));
        self.natives(&turn.native);
        for part in &turn.parts {
            match part {
                Part::Text(text) => self.statement(who, &text.text, before),
                Part::ToolResult(result) => {
                    let texts = result.content.iter().filter_map(|part| match part {
                        Part::Text(text) => Some(&*text.text),
                        _ => None,
                    });
                    let text: String = texts.collect();
                    self.say("result", format!("{} {text}", result.call_id));
                    if result.is_error {
                        self.say("failed", &result.call_id);
                    }
                }
                _ => {}
            }
            self.part(part);
        }
    }

    /// What a part says beside its words.
    pub(crate) fn part(&mut self, part: &Part) {
        match part {
            Part::Text(text) => {
                self.cached(&text.text, text.cache.as_ref());
                self.natives(&text.native);
            }
            Part::Media(media) => self.media(media),
            Part::ToolCall(call) => {
                self.call(&call.id, &call.name, &call.arguments);
                self.cached(&call.id, call.cache.as_ref());
                self.natives(&call.native);
            }
            Part::ToolResult(result) => {
                result.content.iter().for_each(|part| self.part(part));
                self.cached(&result.call_id, result.cache.as_ref());
                self.natives(&result.native);
            }
            Part::Reasoning(thought) => self.thought(thought),
            Part::Native(native) => self.native(native),
        }
    }

    /// A call, its arguments as the JSON that they are.
    pub(crate) fn call(&mut self, id: &str, name: &str, arguments: &str) {
        self.say("call", format!("{id} {name} {}", json(arguments)));
    }

    /// That the prompt up to here is cached, for as long as the format that says so means where it
    /// does not say how long.
    pub(crate) fn cached(&mut self, what: &str, mark: Option<&CacheMark>) {
        let unsaid = |mark: &CacheMark| if mark.breakpoint { "30m" } else { "5m" };
        self.some("cached", mark.map(|mark| (what, mark.ttl.as_deref().unwrap_or(unsaid(mark)))));
    }

    fn thought(&mut self, thought: &Reasoning) {
        if !thought.text.is_empty() {
            self.say("thought", &thought.text);
        }
        let seal = |seal: &Seal| format!("{seal:?}");
        self.some("sealed", thought.signature.as_ref().map(seal));
        self.some("redacted", thought.redacted.as_ref().map(seal));
        self.natives(&thought.native);
    }

    /// What is shown: the bytes of a text are its words.
    pub(crate) fn media(&mut self, media: &Media) {
        let media_type = media.media_type.as_deref();
        let source = match &media.source {
            MediaSource::Base64(data) if media_type.is_some_and(|it| it.starts_with("text/")) => {
                let words = STANDARD.decode(data).expect("it is base64");
                format!("text {}", String::from_utf8(words).expect("it is text"))
            }
            MediaSource::Base64(data) => format!("{} {data}", media_type.unwrap_or_default()),
            MediaSource::Text(text) => format!("text {text}"),
            MediaSource::Url(url) => format!("at {url}"),
            MediaSource::FileId(id) => format!("file {id}"),
        };
        let kind = match media.kind {
            MediaKind::Image => "an image",
            MediaKind::Document => "a document",
            MediaKind::Audio => "a sound",
            MediaKind::Video => "a film",
        };
        self.say("shown", format!("{kind} {source}"));
        self.some("titled", media.name.as_ref());
        self.some("detail", media.detail.as_ref());
        self.cached(&source, media.cache.as_ref());
        self.natives(&media.native);
    }

    fn tool(&mut self, tool: &Tool) {
        match tool {
            Tool::Function { name, description, parameters, strict, cache, native } => {
                let schema = json(parameters.as_deref().unwrap_or_default());
                self.function(name, description.as_deref(), &schema, *strict);
                self.cached(name, cache.as_ref());
                self.natives(native);
            }
            Tool::Native(native) => self.native(native),
        }
    }

    /// A tool that may be called.
    pub(crate) fn function(
        &mut self,
        name: &str,
        description: Option<&str>,
        schema: &str,
        strict: Option<bool>,
    ) {
        self.say("tool", format!("{name} {description:?} {schema}"));
        if strict == Some(true) {
            self.say("binds", name);
        }
    }

    fn sampling(&mut self, sampling: &Sampling) {
        self.some("temperature", sampling.temperature);
        self.some("top_p", sampling.top_p);
        self.some("top_k", sampling.top_k);
        self.some("max_tokens", sampling.max_tokens);
        sampling.stop.iter().for_each(|text| self.say("stop", text));
        self.some("seed", sampling.seed);
        self.some("n", sampling.n);
        self.some("presence_penalty", sampling.presence_penalty);
        self.some("frequency_penalty", sampling.frequency_penalty);
        self.some("logprobs", sampling.logprobs);
        self.some("top_logprobs", sampling.top_logprobs);
    }

    /// What only one format knows, unless it says nothing.
    pub(crate) fn natives(&mut self, natives: &[Native]) {
        natives.iter().for_each(|native| self.native(native));
    }

    fn native(&mut self, native: &Native) {
        let silent = match &native.value {
            Value::Null => true,
            Value::Array(list) => list.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        match (native.name.rsplit('.').next().unwrap_or_default(), &native.value) {
            (":includeThoughts", Value::Bool(true)) => self.say("thoughts", "shown"),
            ("reasoning_details", Value::Array(details)) => self.details(native.dialect, details),
            ("annotations", Value::Array(annotations)) => self.annotations(annotations),
            _ => {}
        }
        if !silent && !native.name.starts_with(':') && !["id", "status"].contains(&&*native.name) {
            self.say("theirs", format!("{} {}", native.name, native.value));
        }
    }

    /// The seals that a caller of chat completions carries from an answer to the next request.
    fn details(&mut self, dialect: DialectId, details: &[Value]) {
        for detail in details {
            for (what, field) in [("sealed", "signature"), ("redacted", "data")] {
                let seal = detail[field].as_str().map(|text| Seal::read(dialect, text.to_owned()));
                self.some(what, seal.map(|seal| format!("{seal:?}")));
            }
        }
    }

    /// The pages that OpenAI's formats say an answer rests on.
    fn annotations(&mut self, annotations: &[Value]) {
        for annotation in annotations.iter().filter(|one| one["type"] == "url_citation") {
            let page = annotation.get("url_citation").unwrap_or(annotation);
            self.some("rests on", page["url"].as_str().map(|url| (url, page["title"].as_str())));
        }
    }
}

/// JSON in one spelling; a text that is none as it is.
pub(crate) fn json(text: &str) -> String {
    serde_json::from_str(text)
        .map_or_else(|_| text.to_owned(), |value: Value| sorted(value).to_string())
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            fields.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        other => other,
    }
}
