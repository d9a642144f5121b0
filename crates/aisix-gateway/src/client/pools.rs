//! Pooled connections, apart by the trust that they were made under.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aisix_core::Error;
use aisix_core::resource::UpstreamTls;
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use super::connect::Punctual;
use super::reach::Reach;
use crate::settings::UpstreamSettings;
use crate::trust::{Trust, TrustId, UpstreamTrust};

/// Connections under one trust.
pub(super) type Pool = Client<Punctual<Reach>, Full<Bytes>>;

/// How long a provider key's pool is kept that nobody asks for. Its connections may be gone sooner.
const KEPT: Duration = Duration::from_secs(600);

/// The pools of one worker.
#[derive(Debug, Clone)]
pub(super) struct Pools {
    /// That of the provider keys that say nothing about trust, which is almost all of them.
    deployment: Pool,
    own: Arc<Own>,
}

#[derive(Debug)]
struct Own {
    pools: Mutex<HashMap<TrustId, (Pool, Instant)>>,
    tcp: HttpConnector,
    settings: UpstreamSettings,
    trust: Arc<UpstreamTrust>,
}

impl Pools {
    pub(super) fn new(
        tcp: HttpConnector,
        settings: &UpstreamSettings,
        trust: Arc<UpstreamTrust>,
    ) -> Self {
        let deployment = pool(&tcp, settings, trust.deployment());
        let own = Own { pools: Mutex::default(), tcp, settings: settings.clone(), trust };
        Self { deployment, own: Arc::new(own) }
    }

    /// The pool for a provider key that says this about trust.
    ///
    /// # Errors
    /// Where what it says cannot be used.
    pub(super) fn of(&self, tls: Option<&UpstreamTls>) -> Result<Pool, Error> {
        match (TrustId::of(tls), tls) {
            (TrustId::Deployment, _) | (_, None) => Ok(self.deployment.clone()),
            (id, Some(tls)) => self.own.pool(id, tls),
        }
    }
}

impl Own {
    fn pool(&self, id: TrustId, tls: &UpstreamTls) -> Result<Pool, Error> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some((pool, used)) = pools.get_mut(&id) {
            *used = now;
            return Ok(pool.clone());
        }
        let pool = pool(&self.tcp, &self.settings, self.trust.own(tls)?);
        // Certificates are replaced now and then; what was made for the old one goes with it.
        pools.retain(|_, (_, used)| now.duration_since(*used) < KEPT);
        pools.insert(id, (pool.clone(), now));
        Ok(pool)
    }
}

fn pool(tcp: &HttpConnector, settings: &UpstreamSettings, trust: Arc<Trust>) -> Pool {
    let reach = Reach::new(tcp.clone(), settings.proxies.clone(), trust);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(settings.pool_idle_timeout)
        .pool_max_idle_per_host(settings.pool_max_idle_per_host.unwrap_or(usize::MAX))
        .build(Punctual::new(reach, settings.connect_timeout))
}
