//! What an answer says, fact by fact.

use aisix_core::chat::{ChatResponse, Choice, Citation, FinishReason, Native, Part, Usage};

use crate::facts::Facts;

/// What an answer says.
pub(crate) fn of(answer: &ChatResponse) -> Facts {
    let mut facts = Facts::default();
    answer.choices.iter().for_each(|one| choice(one, &mut facts));
    usage(answer.usage.unwrap_or_default(), &mut facts);
    facts.natives(&answer.native);
    facts
}

fn choice(choice: &Choice, facts: &mut Facts) {
    let (mut said, mut refused) = (String::new(), String::new());
    for part in &choice.parts {
        if let Part::Text(text) = part {
            let place = if text.refusal { &mut refused } else { &mut said };
            place.push_str(&text.text);
            text.citations.iter().for_each(|one| citation(one, facts));
        }
        facts.part(part);
    }
    for (what, text) in [("says", said), ("declines", refused)] {
        if !text.is_empty() {
            facts.say(what, format!("{} {text}", choice.index));
        }
    }
    if let Some(reason) = &choice.finish {
        facts.say("ended", ended(reason));
    }
    facts.natives(&choice.native);
}

/// Why it ended, as far as formats tell the reasons apart: whether a filter or the model declines,
/// and where a stop text was met, not all of them say.
fn ended(reason: &FinishReason) -> String {
    match reason {
        FinishReason::Stop | FinishReason::StopText => "done".to_owned(),
        FinishReason::Length | FinishReason::ContextFull => "cut off".to_owned(),
        FinishReason::ToolCalls => "calls".to_owned(),
        FinishReason::ContentFilter | FinishReason::Refusal => "declined".to_owned(),
        FinishReason::Paused => "pause_turn".to_owned(),
        FinishReason::Other(word) => word.clone(),
    }
}

fn citation(citation: &Citation, facts: &mut Facts) {
    facts.some("rests on", citation.url.as_ref().map(|url| (url, &citation.title)));
    if citation.url.is_none() {
        let names = citation.native.iter().map(|native: &Native| &*native.name);
        facts.some("rests on", Some((&citation.quote, names.collect::<Vec<_>>())));
    }
}

/// What it took. Whether the input counts what a cache took part in, formats differ.
fn usage(usage: Usage, facts: &mut Facts) {
    let cached = usage.cache_read + usage.cache_write > 0;
    facts.some("input", Some(usage.input).filter(|_| !cached));
    for (what, count) in [
        ("output", usage.output),
        ("read from a cache", usage.cache_read),
        ("written to a cache", usage.cache_write),
        ("written to a cache for an hour", usage.cache_write_1h),
        ("spent on reasoning", usage.reasoning),
    ] {
        facts.some(what, Some(count).filter(|count| *count > 0));
    }
}
