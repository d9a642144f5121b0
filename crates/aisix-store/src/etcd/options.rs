//! How an etcd is reached.

use std::path::PathBuf;
use std::time::Duration;

use aisix_core::Secret;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use crate::source::StoreError;

/// How long a silent connection is left alone before the other side is asked whether it is there.
/// etcd refuses to be asked more often than every 5 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How an etcd is reached, and which part of its keys is ours.
#[derive(Debug, Clone)]
pub struct EtcdOptions {
    /// The members of the cluster, in order of preference: `http://host:2379`, `https://…`, or
    /// `host:2379`, which is https where there is `tls`.
    pub endpoints: Vec<String>,
    /// The root of the keys, such as `/aisix`; a slash at its end changes nothing.
    pub prefix: String,
    /// Who we are, where etcd asks for it.
    pub login: Option<EtcdLogin>,
    /// How to trust the members, for https.
    pub tls: Option<EtcdTls>,
    /// How long a connection may take to be made.
    pub dial_timeout: Duration,
    /// How long an answer may take, connection included.
    pub request_timeout: Duration,
    /// After how much silence a member is asked whether it is still there; it has the request
    /// timeout to answer. Not below what the server permits, by default 5 s.
    pub keep_alive: Duration,
}

/// A user of etcd.
#[derive(Debug, Clone)]
pub struct EtcdLogin {
    /// The user's name.
    pub user: String,
    /// The user's password.
    pub password: Secret,
}

/// PEM files of certificates and a key. They are read again when a member cannot be asked, so that
/// new ones may take the place of those that expire.
#[derive(Debug, Clone)]
pub struct EtcdTls {
    /// Who signs the members' certificates.
    pub ca: PathBuf,
    /// Our certificate.
    pub certificate: PathBuf,
    /// Our certificate's key.
    pub key: PathBuf,
    /// The name that the members' certificates bear; unset: the host of the first endpoint.
    pub domain_name: Option<String>,
}

/// What the files hold.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Trust {
    ca: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl EtcdTls {
    fn read(&self) -> Result<Trust, StoreError> {
        let read = |path: &PathBuf| {
            let context = || format!("cannot use etcd: cannot read {}", path.display());
            std::fs::read(path).map_err(|error| StoreError::unavailable(context(), error))
        };
        Ok(Trust {
            ca: read(&self.ca)?,
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }
}

impl EtcdOptions {
    /// These endpoints and prefix, nobody's name, 5 s for everything.
    #[must_use]
    pub fn new(endpoints: Vec<String>, prefix: impl Into<String>) -> Self {
        Self {
            endpoints,
            prefix: prefix.into(),
            login: None,
            tls: None,
            dial_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(5),
            keep_alive: KEEP_ALIVE,
        }
    }

    /// What to trust, as the files say it now; `None` without TLS.
    pub(super) fn trust(&self) -> Result<Option<Trust>, StoreError> {
        self.tls.as_ref().map(EtcdTls::read).transpose()
    }

    /// How to connect to each member, with the URL that messages name.
    pub(super) fn members(
        &self,
        trust: Option<&Trust>,
    ) -> Result<Vec<(String, Endpoint)>, StoreError> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let urls = self.endpoints.iter().map(|endpoint| match endpoint.contains("://") {
            true => endpoint.clone(),
            false => format!("{scheme}://{endpoint}"),
        });
        let urls: Vec<_> = urls.collect();
        if urls.is_empty() {
            return Err(StoreError::unavailable("cannot use etcd", "there is no endpoint"));
        }
        let tls = self.client_tls(trust, &urls[0]);
        urls.into_iter().map(|url| Ok((url.clone(), self.member(&url, tls.clone())?))).collect()
    }

    fn member(&self, url: &str, tls: Option<ClientTlsConfig>) -> Result<Endpoint, StoreError> {
        let wrong = |error| StoreError::unavailable(format!("cannot use etcd at {url}"), error);
        let endpoint = Endpoint::from_shared(url.to_owned()).map_err(wrong)?;
        let endpoint = match tls {
            Some(tls) => endpoint.tls_config(tls).map_err(wrong)?,
            None => endpoint,
        };
        Ok(endpoint
            .connect_timeout(self.dial_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(self.keep_alive)
            .keep_alive_timeout(self.request_timeout)
            .keep_alive_while_idle(true))
    }

    fn client_tls(&self, trust: Option<&Trust>, first: &str) -> Option<ClientTlsConfig> {
        let (tls, trust) = self.tls.as_ref().zip(trust)?;
        let host = || {
            let url = first.parse::<tonic::transport::Uri>().ok()?;
            Some(url.host()?.trim_matches(['[', ']']).to_owned())
        };
        let config = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(&trust.ca))
            .identity(Identity::from_pem(&trust.certificate, &trust.key));
        Some(match tls.domain_name.clone().or_else(host) {
            Some(name) => config.domain_name(name),
            None => config,
        })
    }
}
