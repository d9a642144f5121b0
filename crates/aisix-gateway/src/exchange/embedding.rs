//! Embeddings in a format that takes few texts a call: one attempt, several calls.

use aisix_adapters::Prepared;
use aisix_core::Error;
use aisix_dialects::Dropped;
use aisix_dialects::embed::{EmbedCalls, EmbedPart};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::Source;
use super::attempt::{Attempt, Way, failed};

/// How many calls of one attempt are under way at the same time, each on a connection of its own: a
/// provider's rate limit is meant for more than one request.
const CALLS_AT_ONCE: usize = 8;

impl Attempt<'_> {
    /// Makes all calls, and joins their answers. The first that fails is how the attempt fails: the
    /// others are dropped with it, as all are when nobody waits for the answer any more.
    pub(super) async fn embed(
        &self,
        way: &Way<'_>,
        calls: &EmbedCalls,
        dropped: &mut Vec<Dropped>,
    ) -> Result<Source, Error> {
        dropped.extend_from_slice(calls.dropped());
        let made = calls.bodies().enumerate();
        let made = made.map(|(index, body)| self.part(way, calls, index, body));
        let made = stream::iter(made).buffer_unordered(CALLS_AT_ONCE);
        let (parts, lost): (Vec<_>, Vec<_>) =
            made.try_collect::<Vec<_>>().await?.into_iter().unzip();
        // The calls have the same fields: from one is taken what is taken from every other.
        dropped.extend(lost.into_iter().next().unwrap_or_default());
        calls.join(parts).map(Source::Relayed)
    }

    /// Makes one of the calls; says what the provider key's quirks took from it, too.
    async fn part(
        &self,
        way: &Way<'_>,
        calls: &EmbedCalls,
        index: usize,
        body: Bytes,
    ) -> Result<(EmbedPart, Vec<Dropped>), Error> {
        let (Prepared { request, dropped }, discretion) = self.prepared(way, body).await?;
        let reply = self.whole(way, request).await;
        let part = reply.and_then(|reply| {
            let counted = way.adapter.input_tokens(&reply.headers);
            calls.read(index, &reply.body, counted)
        });
        Ok((part.map_err(|error| failed(error, &discretion))?, dropped))
    }
}
