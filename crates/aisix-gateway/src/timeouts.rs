//! How long each phase of an attempt may take: resolved once, in one place.

#[cfg(test)]
mod tests;

use std::time::Duration;

use aisix_core::{Error, ErrorCode, Model};

use crate::settings::UpstreamSettings;

/// The deadlines of one attempt. Connecting has its own, in the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timeouts {
    /// Of the whole attempt, where the answer is not streamed.
    pub(crate) total: Option<Duration>,
    /// Up to the first event of a stream, and between two of them.
    pub(crate) gap: Option<Duration>,
    /// Whether the model or its group set the gap: then the first event is waited for, so that its
    /// failing to come can still lead to another candidate.
    pub(crate) awaits_first_event: bool,
}

impl Timeouts {
    /// The first level that says something decides: the target, the group it was reached through,
    /// the process. A `timeout` of 0 means no deadline; a `stream_timeout` of 0 says nothing.
    pub(crate) fn resolve(
        target: &Model,
        group: Option<&Model>,
        upstream: &UpstreamSettings,
    ) -> Self {
        let levels = || std::iter::once(target).chain(group);
        let total = levels().find_map(|level| level.timeout).map(deadline);
        let gap = levels()
            .find_map(|level| level.stream_timeout.filter(|millis| *millis > 0))
            .map(deadline)
            .or(total);
        Self {
            total: total.unwrap_or(upstream.timeout),
            gap: gap.unwrap_or(upstream.stream_timeout.or(upstream.timeout)),
            awaits_first_event: gap.is_some(),
        }
    }
}

fn deadline(millis: u64) -> Option<Duration> {
    (millis > 0).then(|| Duration::from_millis(millis))
}

/// What a caller reads of a deadline that passed: how long was really waited, and no more.
pub(crate) fn timed_out(waited: Duration) -> Error {
    let millis = waited.as_millis();
    Error::new(ErrorCode::UpstreamTimeout, format!("upstream request timed out after {millis}ms"))
}
