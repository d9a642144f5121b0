//! Work that an exchange leaves behind, beside the threads that serve.

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::published::InFlight;

/// How much may wait for its turn, in KiB (64 MiB).
const ROOM_KIB: u32 = 64 << 10;

/// What may wait, in the whole process.
static ROOM: Semaphore = Semaphore::const_new(ROOM_KIB as usize);

/// How many threads work at a time: the tokenizer keeps a megabyte for each.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Does this on a thread that serves nobody. The request that it is for counts as in flight until it
/// is done, so that shutdown waits for it; a runtime that ends before its turn drops it.
///
/// `size` says how many bytes it holds until then: where too many wait already, it is done at once,
/// which slows down where it comes from.
pub(super) fn aside(in_flight: InFlight, size: usize, work: impl FnOnce() + Send + 'static) {
    let kib = u32::try_from(size >> 10).unwrap_or(ROOM_KIB).clamp(1, ROOM_KIB);
    let (Ok(room), Ok(runtime)) = (ROOM.try_acquire_many(kib), Handle::try_current()) else {
        return work();
    };
    runtime.spawn(async move {
        let turn = TURNS.acquire().await;
        #[expect(clippy::disallowed_methods, reason = "the request is in flight: drain awaits it")]
        let done = tokio::task::spawn_blocking(work).await;
        if let Err(error) = done {
            tracing::error!(%error, "an estimate of usage was given up");
        }
        drop((turn, room, in_flight));
    });
}
