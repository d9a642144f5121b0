//! What the quirks of a provider key make of a request's body.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use aisix_core::chat::Span;
use aisix_core::resource::{RequestQuirks, TemperatureRange};
use aisix_core::{DialectId, ProviderKey};
use aisix_dialects::json::{self, Member};
use aisix_dialects::{Dropped, converse, gemini, openai_chat};
use bytes::Bytes;

use super::flatten;

/// An edit of a body: a range, and what stands there instead.
pub(super) type Edit<'a> = (Span, Cow<'a, str>);

/// The sampling temperature, as formats write it that do not have it among their top-level fields.
const NESTED_TEMPERATURE: [(DialectId, [&str; 2]); 2] = [
    (converse::ID, ["inferenceConfig", TEMPERATURE]),
    (gemini::ID, ["generationConfig", TEMPERATURE]),
];

const TEMPERATURE: &str = "temperature";

const MESSAGES: &str = "messages";

/// What a provider key says of bodies, where it says something.
pub(super) struct Rules<'k> {
    request: Option<&'k RequestQuirks>,
    /// Whether lists of text parts become texts.
    flatten: bool,
}

/// The edits of one body, and what they take away.
#[derive(Default)]
pub(super) struct Patch<'a> {
    pub(super) edits: Vec<Edit<'a>>,
    /// The names of fields, as records have them.
    pub(super) dropped: BTreeSet<String>,
}

/// What becomes of a top-level field.
#[derive(Clone, Copy)]
enum Fate<'k> {
    /// It keeps its name.
    Kept,
    /// It gets this name.
    Renamed(&'k str),
    /// Another one takes its name.
    Overwritten,
}

impl<'k> Rules<'k> {
    /// `None` where the key leaves bodies alone.
    pub(super) fn of(key: &'k ProviderKey) -> Option<Self> {
        let flatten = key.response.as_ref().is_some_and(|quirks| quirks.content_list_to_string);
        let request = key.request.as_ref().filter(|quirks| {
            !quirks.param_renames.is_empty()
                || quirks.param_constraints.is_some()
                || !quirks.default_body_fields.is_empty()
        });
        (flatten || request.is_some()).then_some(Self { request, flatten })
    }

    /// The body in this format as the key wants it, and what that takes away. Every byte outside
    /// the patches is unchanged; what is no JSON object has no fields, and is left alone.
    pub(super) fn apply(&self, body: Bytes, dialect: DialectId) -> (Bytes, Vec<Dropped>) {
        let Ok(text) = std::str::from_utf8(&body) else {
            return (body, Vec::new());
        };
        let Ok(members) = json::members(text) else {
            return (body, Vec::new());
        };
        let Patch { edits, dropped } = self.patch(text, &members, dialect);
        let patched = (!edits.is_empty()).then(|| json::splice(&body, &edits));
        (patched.unwrap_or(body), dropped.into_iter().map(Dropped::new).collect())
    }

    fn patch<'a>(&self, text: &'a str, members: &[Member<'a>], dialect: DialectId) -> Patch<'a>
    where
        'k: 'a,
    {
        let fates = self.fates(members);
        let mut patch = Patch::default();
        self.add_defaults(text, members, &fates, &mut patch);
        // Whether everything before this field goes.
        let mut leads = true;
        for (index, (member, fate)) in members.iter().zip(&fates).enumerate() {
            let name = match *fate {
                Fate::Overwritten => {
                    patch.edits.push((room(members, index, leads), "".into()));
                    continue;
                }
                Fate::Renamed(to) => {
                    patch.edits.push((member.name_span.clone(), json::quoted(to).into()));
                    to
                }
                Fate::Kept => &*member.name,
            };
            leads = false;
            self.clamp(text, name, member, dialect, &mut patch);
            if self.flatten && dialect == openai_chat::ID && name == MESSAGES {
                flatten::messages(text, member.value, &mut patch);
            }
        }
        patch
    }

    /// All fields are renamed at once, each of them once. A field gives way to one that gets its
    /// name; of several that get the same, the last by its old name stays.
    fn fates(&self, members: &[Member<'_>]) -> Vec<Fate<'k>> {
        let Some(quirks) = self.request.filter(|quirks| !quirks.param_renames.is_empty()) else {
            return vec![Fate::Kept; members.len()];
        };
        let new_name = |member: &Member<'_>| {
            let (from, to) = quirks.param_renames.get_key_value(&*member.name)?;
            (from != to).then_some((from.as_str(), to.as_str()))
        };
        let mut old_names: BTreeMap<&str, &str> = BTreeMap::new();
        for (from, to) in members.iter().filter_map(new_name) {
            let last = old_names.entry(to).or_insert(from);
            *last = from.max(last);
        }
        let fate = |member: &Member<'_>| match new_name(member) {
            Some((from, to)) if old_names.get(to) == Some(&from) => Fate::Renamed(to),
            None if !old_names.contains_key(&*member.name) => Fate::Kept,
            _ => Fate::Overwritten,
        };
        members.iter().map(fate).collect()
    }

    fn add_defaults<'a>(
        &self,
        text: &'a str,
        members: &[Member<'a>],
        fates: &[Fate<'k>],
        patch: &mut Patch<'a>,
    ) where
        'k: 'a,
    {
        let is_there = |name: &str| {
            members.iter().zip(fates).any(|(member, fate)| match fate {
                Fate::Kept => member.name == name,
                Fate::Renamed(to) => *to == name,
                Fate::Overwritten => false,
            })
        };
        let mut fields = String::new();
        for (name, value) in self.request.iter().flat_map(|quirks| &quirks.default_body_fields) {
            if is_there(name) {
                continue;
            }
            if !fields.is_empty() {
                fields.push(',');
            }
            fields.push_str(&json::quoted(name));
            fields.push(':');
            fields.push_str(value.json());
        }
        if fields.is_empty() {
            return;
        }
        // A rename leaves at least the field that it renames.
        if !members.is_empty() {
            fields.push(',');
        }
        let at = text.find('{').map_or(0, |brace| brace + 1);
        patch.edits.push((at..at, fields.into()));
    }

    fn clamp<'a>(
        &self,
        text: &'a str,
        name: &str,
        member: &Member<'a>,
        dialect: DialectId,
        patch: &mut Patch<'a>,
    ) {
        let Some(range) = self.request.and_then(|quirks| quirks.param_constraints) else {
            return;
        };
        let nested = NESTED_TEMPERATURE.iter().find(|(format, _)| *format == dialect);
        match nested {
            None if name == TEMPERATURE => patch.edits.extend(clamped(member, range)),
            Some((_, [group, field])) if name == *group => {
                let start = member.value_span.start;
                let within = json::members(&text[member.value_span.clone()]).unwrap_or_default();
                let edits = within.iter().filter(|member| member.name == *field);
                let edits = edits.filter_map(|member| clamped(member, range));
                patch.edits.extend(
                    edits.map(|(span, number)| (span.start + start..span.end + start, number)),
                );
            }
            _ => {}
        }
    }
}

/// The number within its bounds, where it is a number outside of them.
fn clamped<'a>(member: &Member<'_>, range: TemperatureRange) -> Option<Edit<'a>> {
    // Of JSON's values only numbers are read by this.
    let number: f64 = member.value.get().parse().ok()?;
    let within = range.clamp(number);
    (within != number).then(|| (member.value_span.clone(), within.to_string().into()))
}

/// What goes when a field goes: the comma before it, or the one behind it where it leads, as
/// nothing before it is left.
fn room(members: &[Member<'_>], index: usize, leads: bool) -> Span {
    let start = members[index].name_span.start;
    match (index.checked_sub(1), members.get(index + 1)) {
        (_, Some(next)) if leads => start..next.name_span.start,
        (Some(before), _) => members[before].value_span.end..members[index].value_span.end,
        (None, _) => start..members[index].value_span.end,
    }
}
