//! Configuration in, snapshots out.
//!
//! **Purpose.** A [`ConfigSource`] lists and watches documents; a [`ConfigStore`] also writes them.
//! The [`Supervisor`] turns a source into a sequence of published [`Snapshot`]s, with a [`Sealer`]
//! between the two that opens encrypted secrets and [`References`] that lead to those kept elsewhere.
//!
//! **Invariants.**
//! - A write that was acknowledged is durable.
//! - Every write has a revision of its own, larger than all before it; a watcher that begins after
//!   a listing's revision sees every later write exactly once, in order.
//! - A document's `version` counts its writes since it was created.
//! - The supervisor publishes what the source says, in its order, and goes on serving it while the
//!   source is away.
//! - Nobody is on record as serving what it does not, or may no longer, serve ([`Roster`]).
//! - A sealed secret opens only in the field of the document that it was sealed for.
//!
//! **Not here.** What the documents mean is [`aisix_core`]'s business; who may write them, the
//! admin API's.
//!
//! [`Snapshot`]: aisix_core::Snapshot

mod cache;
pub mod embedded;
mod engine;
mod etcd;
pub mod file;
mod memory;
mod receipts;
mod references;
mod rekey;
mod sealer;
mod secrets;
mod source;
mod supervisor;

pub use cache::SnapshotCache;
pub use embedded::EmbeddedStore;
pub use etcd::{EtcdLogin, EtcdOptions, EtcdReceipts, EtcdStore, EtcdTls};
pub use file::FileStore;
pub use memory::MemoryStore;
pub use receipts::{
    Convergence, Forgotten, Identity, Joining, LocalReceipts, Member, Receipt, ReceiptSink,
    Registration, Reporter, Roster, Served,
};
pub use references::References;
pub use rekey::{Progress, Rekeyed, Unopened, rekey};
pub use sealer::{MasterKey, SealError, Sealer};
pub use secrets::Secrets;
pub use source::{
    Condition, ConfigSource, ConfigStore, Expect, Listing, StoreError, Transaction, Watch, Write,
    Written,
};
pub use supervisor::{
    Applied, AppliedStatus, ConfigStatus, IgnoredField, LastFailure, LastReload, LoadedBytes,
    Loads, Rejected, ReloadCounts, ServedBytes, SourceStatus, Supervisor,
};
