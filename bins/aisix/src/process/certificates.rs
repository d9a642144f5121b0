//! The certificates of the listeners, and the tasks that follow their files.

use std::sync::Arc;
use std::time::Duration;

use aisix_gateway::serve::Certificate;
use anyhow::Context as _;
use tokio::task::JoinSet;

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
}
