//! How tokens are drawn, where formats agree.

use aisix_core::chat::Sampling;

use crate::sink::Sink;

/// Notes what a format cannot say that knows temperature, nucleus and stop texts only. What asks for
/// no more than such a format does anyway is no loss.
pub(crate) fn leave_out(sampling: &Sampling, sink: &mut Sink) {
    let penalty = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    let lost = [
        ("seed", sampling.seed.is_some()),
        ("n", sampling.n.is_some_and(|n| n > 1)),
        ("presence_penalty", penalty(sampling.presence_penalty)),
        ("frequency_penalty", penalty(sampling.frequency_penalty)),
        ("logprobs", sampling.logprobs == Some(true)),
        ("top_logprobs", sampling.top_logprobs.is_some_and(|top| top > 0)),
    ];
    lost.into_iter().filter(|(_, lost)| *lost).for_each(|(name, _)| sink.drop(name));
}
