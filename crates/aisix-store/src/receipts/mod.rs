//! Who serves what: every gateway of an environment reports it, and administrators wait for it.
//!
//! **Two records.** A gateway that is cut off from its source goes on serving what it has. That
//! nothing is heard of it therefore never means that it serves the newest configuration, or nothing.
//! So each gateway has a *receipt*, which lasts only as long as it is renewed, and beside it a
//! *membership* that lasts until the gateway ends in good order or an operator says that it is gone.
//! A member without a receipt is lost, and whoever waits for all gateways waits for it too.
//!
//! **Nobody serves unrecorded.** [`Joining`] puts the gateway on record before it reads the source
//! each time. Whoever reads the record after a write thus finds everyone who may serve what was
//! before it.
//!
//! **Keys.** `<id>` is the receipt, `<id>/member` the membership, both below a place of the
//! environment's own, outside of what gateways watch.

mod joining;
mod local;
mod receipt;
mod registration;
mod reporter;
mod roster;

use std::time::Duration;

use async_trait::async_trait;

pub use joining::Joining;
pub use local::LocalReceipts;
pub use receipt::{Identity, Receipt, Served};
pub use registration::Registration;
pub use reporter::Reporter;
pub use roster::{Convergence, Forgotten, Member, Roster};

use crate::source::StoreError;

/// Where one gateway reports what it serves: all that it sees of those who want to know.
#[async_trait]
pub trait ReceiptSink: Send + Sync + 'static {
    /// Records this receipt and that the gateway is a member, or makes sure that both stand as they
    /// are. To be repeated before [`ttl`](Self::ttl) has passed.
    ///
    /// # Errors
    /// [`StoreError`] where it is not recorded, or nobody knows whether it is.
    async fn report(&self, receipt: &Receipt) -> Result<(), StoreError>;

    /// How long a receipt lasts that is not repeated.
    fn ttl(&self) -> Duration;

    /// Takes the gateway off the record. Only for one that serves nobody any more.
    ///
    /// # Errors
    /// [`StoreError`] where it may still be on record.
    async fn withdraw(&self) -> Result<(), StoreError>;
}

/// The key of a gateway's membership. That of its receipt is its id.
pub(crate) fn membership(id: &str) -> String {
    format!("{id}{MEMBERSHIP}")
}

/// The end of a membership's key.
const MEMBERSHIP: &str = "/member";
