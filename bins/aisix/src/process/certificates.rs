//! The certificates of the listeners and the trust in upstreams, and the tasks that follow their
//! files.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use aisix_gateway::UpstreamTrust;
use aisix_gateway::serve::Certificate;
use anyhow::Context as _;
use tokio::task::JoinSet;

use super::following::log_lost;
use crate::config::Tls;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The tasks; they end with this value.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    following: JoinSet<()>,
}

impl Certificates {
    /// Loads the certificate of a listener, if it has one, and follows its files from then on.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub(super) fn load(
        &mut self,
        key: &'static str,
        tls: &Tls,
    ) -> anyhow::Result<Option<Arc<Certificate>>> {
        let Some((certificate, private)) = tls.files() else {
            return Ok(None);
        };
        let certificate = Arc::new(Certificate::load(certificate, private).context(key)?);
        let followed = certificate.clone();
        self.following.spawn(async move { followed.follow(LOOK).await });
        Ok(Some(certificate))
    }

    /// Follows the files of the trust in upstreams from now on.
    pub(super) fn follow(&mut self, trust: UpstreamTrust) -> Arc<UpstreamTrust> {
        let trust = Arc::new(trust);
        let followed = trust.clone();
        self.following.spawn(async move { followed.follow(LOOK).await });
        trust
    }

    /// Returns only if a task has ended, and logs that. From then on a certificate would expire
    /// although there is a new one.
    pub(super) async fn lost(&mut self) {
        match self.following.join_next().await {
            Some(ended) => log_lost("follows the files of certificates", ended),
            None => pending().await,
        }
    }

    /// As a defect would.
    #[cfg(test)]
    pub(super) fn break_off(&mut self) {
        self.following.abort_all();
    }
}
