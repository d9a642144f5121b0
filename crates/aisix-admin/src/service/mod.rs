//! What both admin APIs do to the store: validate, seal, write in one transaction, wait until the
//! gateway serves it.

mod api_keys;
mod managed;
mod models;
mod plan;
mod provider_keys;
mod read;
mod resources;

use std::sync::Arc;
use std::time::Duration;

use aisix_core::error::with_causes;
use aisix_core::snapshot::Revision;
use aisix_core::{Entry, Resource};
use aisix_gateway::GatewayHandle;
use aisix_store::{ConfigStore, Convergence, Roster, Secrets, StoreError, Transaction, Written};
use http::StatusCode;
use tokio::sync::Mutex;
use tracing::Instrument as _;

pub(crate) use api_keys::{Rotate, new_plaintext};
pub(crate) use managed::Managed;
pub(crate) use models::owned_key_of;
pub(crate) use plan::{Plan, Step, uses};
pub(crate) use read::{Held, Standing, decode};
pub(crate) use resources::{Create, Delete, IfMatch, Replace};

use self::plan::Audit;
use crate::error::ApiError;

/// How often a write is planned anew because another writer came first.
const ATTEMPTS: usize = 64;

/// How long a write's answer waits for the local gateway.
const PATIENCE: Duration = Duration::from_secs(5);

/// The one path to the store, whichever API or kind a request speaks of.
pub(crate) struct Service {
    store: Arc<dyn ConfigStore>,
    secrets: Arc<Secrets>,
    gateway: Arc<dyn GatewayHandle>,
    roster: Roster,
    /// Writers of this process take turns, so that only those of others can come in between.
    turn: Mutex<()>,
}

/// Whom the answer to a write waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The local gateway.
    Here,
    /// Every gateway of the environment, but no longer than this.
    Everyone(Duration),
}

/// Who serves a write.
#[derive(Debug)]
pub(crate) enum Serving {
    /// The local gateway; others were not asked about.
    Here,
    /// Not even the local gateway.
    NotHere,
    /// Those that the record says.
    Known(Convergence),
    /// The record cannot be read.
    Unknown,
}

/// A write that is durable.
pub(crate) struct Done {
    /// The store's revision of it.
    pub(crate) revision: Revision,
    /// Who serves it already.
    pub(crate) serving: Serving,
    entries: Vec<Entry>,
}

impl Service {
    pub(crate) fn new(
        store: Arc<dyn ConfigStore>,
        secrets: Arc<Secrets>,
        gateway: Arc<dyn GatewayHandle>,
        roster: Roster,
    ) -> Self {
        let turn = Mutex::new(());
        Self { store, secrets, gateway, roster, turn }
    }

    pub(crate) fn gateway(&self) -> &dyn GatewayHandle {
        &*self.gateway
    }

    /// Whether the configuration is taken over whole or not at all, as that of a file is.
    pub(crate) fn is_whole(&self) -> bool {
        self.store.loads().is_some()
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Carries a step out: all of its writes or none. It is planned again, from what the store
    /// holds then, as long as another writer comes in between.
    pub(crate) async fn carry_out(&self, step: &dyn Step, wait: Wait) -> Result<Done, ApiError> {
        let Written { revision, entries, .. } = self.commit(step).await?;
        Ok(Done { revision, serving: self.serving(revision, wait).await, entries })
    }

    /// Who serves what was written just now. The record of gateways is read after the write, so that
    /// whoever is not on it then has not begun to read what there was before.
    async fn serving(&self, revision: Revision, wait: Wait) -> Serving {
        let Wait::Everyone(patience) = wait else {
            let served = self.gateway.serves(revision, PATIENCE).await;
            return if served { Serving::Here } else { Serving::NotHere };
        };
        match self.roster.converged(revision, patience).await {
            Ok(convergence) => Serving::Known(convergence),
            Err(error) => {
                let error = with_causes(&error);
                tracing::warn!(revision, error, "nobody can tell who serves a write");
                Serving::Unknown
            }
        }
    }

    async fn commit(&self, step: &dyn Step) -> Result<Written, ApiError> {
        // Whatever else is wrong with the request, it is the wrong place to ask.
        self.store.writable()?;
        let _turn = self.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let mut plan = Plan::new(&*self.store, &self.secrets);
            step.plan(&mut plan).await?;
            let (transaction, audit) = plan.into_parts();
            match self.write(transaction, audit).await? {
                Ok(written) => return Ok(written),
                Err(StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let message = "other writers kept changing the same resources: try again";
        Err(ApiError::new(StatusCode::CONFLICT, message))
    }

    /// Writes, and says so in the log: both or neither. A task of their own, because the request is
    /// dropped when its client leaves, and the store may write all the same.
    async fn write(
        &self,
        transaction: Transaction,
        audit: Audit,
    ) -> Result<Result<Written, StoreError>, ApiError> {
        let store = self.store.clone();
        let task = async move {
            let written = store.commit(transaction).await?;
            audit.write(written.revision);
            Ok(written)
        };
        let task = tokio::spawn(task.in_current_span());
        task.await
            .map_err(|error| ApiError::internal("the write broke off; the log says why", error))
    }
}

impl Done {
    /// The resource as it was written.
    pub(crate) fn resource<T: Resource>(&self, id: &str) -> Result<Held<T>, ApiError> {
        let key = read::key_of(T::KIND, id);
        let entry = self.entries.iter().find(|entry| entry.key == key);
        let entry = entry.ok_or_else(|| {
            ApiError::internal("the store did not confirm the write", format!("{key} is missing"))
        })?;
        decode(entry)
            .map_err(|invalid| ApiError::internal("the store changed what was written", invalid))
    }
}
