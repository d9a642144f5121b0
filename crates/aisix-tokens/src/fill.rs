//! Estimates in the place of counts that are missing.

use aisix_core::chat::Usage;

/// What is accounted for: what the provider counted and, where it counted nothing, the estimate.
/// Says whether anything of it is an estimate.
///
/// `complete` says whether the answer came to its end: what was counted before the end of a stream
/// that broke off is only the least that the answer took.
#[must_use]
pub fn fill(counted: Option<Usage>, estimate: Usage, complete: bool) -> (Option<Usage>, bool) {
    let mut usage = counted.unwrap_or_default();
    if usage.input == 0 {
        usage.input = estimate.input;
    }
    if usage.output == 0 || !complete {
        usage.output = usage.output.max(estimate.output);
    }
    let estimated = usage != counted.unwrap_or_default();
    (if estimated { Some(usage) } else { counted }, estimated)
}
