//! Calls whose results are still to come, where results do not always say which call they belong to.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

/// Calls in their order: of several that a result may belong to, it belongs to the earliest.
///
/// Each call is looked at once for each of its two names, however many there are.
#[derive(Default)]
pub(crate) struct Unanswered {
    /// The ids of all calls; `None` where the result has come.
    calls: Vec<Option<String>>,
    by_function: HashMap<String, VecDeque<usize>>,
    by_id: HashMap<String, VecDeque<usize>>,
}

impl Unanswered {
    /// Takes note of a call.
    pub(crate) fn call(&mut self, id: &str, function: &str) {
        let place = self.calls.len();
        self.calls.push(Some(id.to_owned()));
        self.by_function.entry(function.to_owned()).or_default().push_back(place);
        self.by_id.entry(id.to_owned()).or_default().push_back(place);
    }

    /// A result of this function came: the id of its call.
    pub(crate) fn answer_function(&mut self, function: &str) -> Option<String> {
        first(&mut self.calls, self.by_function.get_mut(function)?)
    }

    /// The result of the call of this id came.
    pub(crate) fn answer_id(&mut self, id: &str) {
        if let Some(places) = self.by_id.get_mut(id) {
            first(&mut self.calls, places);
        }
    }
}

/// Takes the first of these calls that is unanswered.
fn first(calls: &mut [Option<String>], places: &mut VecDeque<usize>) -> Option<String> {
    std::iter::from_fn(|| places.pop_front()).find_map(|place| calls[place].take())
}
