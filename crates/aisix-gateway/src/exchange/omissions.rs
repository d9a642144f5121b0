//! What the format of the other side could not express: never silence.

use aisix_dialects::Dropped;
use aisix_telemetry::{Direction, Metrics, RequestLabels};
use http::HeaderValue;

/// What encoders left out of a request and of its answer.
#[derive(Debug, Default)]
pub(super) struct Omissions {
    of_request: Vec<Dropped>,
    of_answer: Vec<Dropped>,
}

/// The longest list of fields, in bytes: some of the names are a caller's own.
const LONGEST_LIST: usize = 1024;

impl Omissions {
    /// Of the request to the candidate that is called: what was left out of the request to another
    /// one does not matter any more.
    pub(super) fn of_request(&mut self, dropped: Vec<Dropped>) {
        self.of_request = dropped;
    }

    /// Of the answer.
    pub(super) fn of_answer(&mut self, dropped: &[Dropped]) {
        self.of_answer.extend_from_slice(dropped);
    }

    /// What is known by now, for the caller.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.listed()?).ok()
    }

    /// What was left out altogether; `None` where nothing was.
    pub(super) fn listed(&self) -> Option<String> {
        let mut names = self.of_request.iter().chain(&self.of_answer).map(printable);
        let mut list = names.next()?;
        list.truncate(LONGEST_LIST);
        let mut untold = 0;
        for name in names {
            if untold > 0 || list.len() + 2 + name.len() > LONGEST_LIST {
                untold += 1;
            } else {
                list.push_str(", ");
                list.push_str(&name);
            }
        }
        if untold > 0 {
            list.push_str(&format!(", and {untold} more"));
        }
        Some(list)
    }

    /// Counts everything.
    pub(super) fn count<'a>(&self, request: impl Fn() -> RequestLabels<'a>, metrics: &Metrics) {
        for (way, fields) in
            [(Direction::Request, &self.of_request), (Direction::Answer, &self.of_answer)]
        {
            if !fields.is_empty() {
                metrics.fields_dropped(&request(), way, fields.len());
            }
        }
    }
}

/// A field's name as a header and a log can carry it.
fn printable(dropped: &Dropped) -> String {
    let shown = |character: char| if character.is_ascii_graphic() { character } else { '?' };
    dropped.field.chars().map(shown).collect()
}
