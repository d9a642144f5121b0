//! The pages that an answer rests on.
//!
//! Source: the reference's "annotations" of a message: a citation of a page says which characters
//! of the content rest on it. For other sources than pages this format has no words.

use aisix_core::chat::Citation;
use serde_json::{Value, json};

use crate::sink::Sink;

/// The field that holds them.
pub(super) const ANNOTATIONS: &str = "annotations";

/// The annotations of an answer whose content is all of its texts, one after the other.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    /// How many characters of content were told.
    told: usize,
    texts: Vec<Cited>,
}

/// A text, by the number of its part.
#[derive(Debug)]
struct Cited {
    part: usize,
    start: usize,
    end: usize,
    citations: Vec<Citation>,
}

impl Annotations {
    /// A part's text goes on.
    pub(super) fn grow(&mut self, part: usize, more: &str) {
        let told = self.told + more.chars().count();
        // A text that is new begins where the content stood before.
        self.text(part).end = told;
        self.told = told;
    }

    /// A part's text rests on something.
    pub(super) fn cite(&mut self, part: usize, citation: &Citation, sink: &mut Sink) {
        if citation.url.is_some() {
            self.text(part).citations.push(citation.clone());
        } else {
            sink.drop("citations");
        }
    }

    /// What was cited, if anything was.
    pub(super) fn written(&self) -> Option<Value> {
        let all = self.texts.iter().flat_map(|text| {
            text.citations.iter().map(move |citation| {
                let page = json!({
                    "start_index": text.start,
                    "end_index": text.end,
                    "title": citation.title.as_deref().unwrap_or_default(),
                    "url": citation.url,
                });
                json!({"type": "url_citation", "url_citation": page})
            })
        });
        let all: Vec<_> = all.collect();
        (!all.is_empty()).then_some(Value::Array(all))
    }

    fn text(&mut self, part: usize) -> &mut Cited {
        match self.texts.iter().position(|text| text.part == part) {
            Some(place) => &mut self.texts[place],
            None => {
                let start = self.told;
                self.texts.push(Cited { part, start, end: start, citations: Vec::new() });
                let last = self.texts.len() - 1;
                &mut self.texts[last]
            }
        }
    }
}
