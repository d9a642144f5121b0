//! Receipts in etcd: `<prefix>_meta/gateways/<environment>/<id>`, which a lease ends, and
//! `<id>/member` beside it, which nothing ends but the gateway or an operator. The environment holds
//! no slash; it is empty for gateways that have none, so that their place is nobody else's.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::Mutex;
use tracing::debug;

use super::EtcdStore;
use super::client::{Client, Failure};
use super::commit::op;
use super::wire::{
    Bound, Compare, Comparison, DeleteRangeRequest, LeaseGrantRequest, LeaseKeepAliveRequest,
    LeaseRevokeRequest, PutRequest, Request, Target, TxnRequest,
};
use crate::receipts::{Receipt, ReceiptSink, Roster, membership};
use crate::source::StoreError;

const REPORT: &str = "report to";

/// Where one gateway reports what it serves. Each report renews the lease, and makes a new one where
/// it has run out or is forgotten.
#[derive(Debug)]
pub struct EtcdReceipts {
    client: Arc<Client>,
    receipt: Bytes,
    membership: Bytes,
    ttl: Duration,
    lease: Mutex<Option<i64>>,
}

impl EtcdStore {
    /// Where the gateway with this id reports what it serves of this environment. A receipt lasts
    /// for `ttl`, in whole seconds; etcd does not go below 2.
    #[must_use]
    pub fn receipts(&self, environment: &str, id: &str, ttl: Duration) -> EtcdReceipts {
        let place = self.gateways(environment);
        EtcdReceipts {
            client: self.client.clone(),
            receipt: format!("{place}{id}").into(),
            membership: format!("{place}{}", membership(id)).into(),
            ttl,
            lease: Mutex::default(),
        }
    }

    /// Who serves what of this environment.
    #[must_use]
    pub fn roster(&self, environment: &str) -> Roster {
        Roster::new(Arc::new(Self { prefix: self.gateways(environment).into(), ..self.clone() }))
    }

    fn gateways(&self, environment: &str) -> String {
        format!("{}gateways/{environment}/", self.meta)
    }
}

impl EtcdReceipts {
    /// The lease, alive.
    async fn renewed(&self, lease: &mut Option<i64>) -> Result<i64, Failure> {
        if let Some(id) = *lease {
            if self.client.keep_alive(LeaseKeepAliveRequest { id }).await?.ttl > 0 {
                return Ok(id);
            }
            *lease = None;
        }
        let ttl = i64::try_from(self.ttl.as_secs()).unwrap_or(i64::MAX);
        let id = self.client.grant(LeaseGrantRequest { ttl }).await?.id;
        *lease = Some(id);
        Ok(id)
    }

    /// Whether both keys are as they should be: nothing is written then.
    async fn stands(&self, bytes: &Bytes, lease: i64) -> Result<bool, Failure> {
        let compare = vec![
            equal(&self.receipt, Target::Value, Bound::Value(bytes.clone())),
            equal(&self.receipt, Target::Lease, Bound::Lease(lease)),
            equal(&self.membership, Target::Value, Bound::Value(bytes.clone())),
        ];
        let success = Vec::new();
        Ok(self.client.txn(TxnRequest { compare, success }).await?.succeeded)
    }

    async fn record(&self, bytes: Bytes, lease: &mut Option<i64>) -> Result<(), Failure> {
        let id = self.renewed(lease).await?;
        if self.stands(&bytes, id).await? {
            return Ok(());
        }
        let (receipt, membership) = (self.receipt.clone(), self.membership.clone());
        let put = |key, lease| {
            let value = bytes.clone();
            op(Request::Put(PutRequest { key, value, lease, prev_kv: false }))
        };
        let success = vec![put(receipt, id), put(membership, 0)];
        let written = self.client.txn(TxnRequest { compare: Vec::new(), success }).await;
        if written.as_ref().is_err_and(Failure::is_lost_lease) {
            *lease = None;
        }
        written.map(drop)
    }

    async fn erase(&self) -> Result<(), Failure> {
        let keys = [&self.receipt, &self.membership];
        let gone =
            keys.map(|key| op(Request::DeleteRange(DeleteRangeRequest { key: key.clone() })));
        let request = TxnRequest { compare: Vec::new(), success: gone.into() };
        self.client.txn(request).await.map(drop)
    }
}

#[async_trait]
impl ReceiptSink for EtcdReceipts {
    async fn report(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let mut lease = self.lease.lock().await;
        let recorded = self.record(receipt.to_bytes(), &mut lease).await;
        recorded.map_err(|failure| failure.doing(REPORT))
    }

    fn ttl(&self) -> Duration {
        self.ttl
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        let mut lease = self.lease.lock().await;
        self.erase().await.map_err(|failure| failure.doing(REPORT))?;
        if let Some(id) = lease.take()
            && let Err(failure) = self.client.revoke(LeaseRevokeRequest { id }).await
        {
            debug!(error = %failure.doing(REPORT), "a lease of nothing is left to run out");
        }
        Ok(())
    }
}

fn equal(key: &Bytes, target: Target, bound: Bound) -> Compare {
    Compare {
        result: Comparison::Equal.into(),
        target: target.into(),
        key: key.clone(),
        bound: Some(bound),
        range_end: Bytes::new(),
    }
}
