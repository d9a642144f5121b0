//! Whom the gateway believes when it connects to upstreams, and as whom it shows itself.
//!
//! The deployment's trust is the platform's authorities and those of a file; a provider key may add
//! an authority for itself, or ask for no verification. Connections that were made under one trust
//! are never used under another, so each trust has a [`TrustId`], and with it a pool.

mod unverified;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aisix_core::resource::UpstreamTls;
use aisix_core::{Error, ErrorCode};
use arc_swap::ArcSwapOption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use self::unverified::Unverified;
use crate::files::{CertificateError, Files, Followed, certificates, private_key};

/// The trust of the deployment.
#[derive(Debug)]
pub struct UpstreamTrust {
    files: Followed<Sources>,
    /// Those of provider keys that are in use, by what tells them apart.
    own: Mutex<HashMap<TrustId, Weak<Trust>>>,
}

/// What is trusted beyond the platform, and our own certificate; all of it PEM.
#[derive(Debug, Clone)]
pub struct TrustFiles {
    /// Authorities that are trusted in addition.
    pub ca_file: Option<PathBuf>,
    /// The certificate chain that is shown to upstreams that ask, and its key.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Whether the certificates of upstreams are checked at all.
    pub verify: bool,
}

/// Nothing beyond the platform.
impl Default for TrustFiles {
    fn default() -> Self {
        Self { ca_file: None, client: None, verify: true }
    }
}

/// Why a trust cannot be put together.
#[derive(Debug)]
pub struct TrustError {
    /// The field that names the file: `ca_file`, `client_cert_file` or `client_key_file`.
    pub field: &'static str,
    /// What is wrong with it.
    pub cause: Box<CertificateError>,
}

/// What tells one trust from another, without its certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TrustId {
    /// That of the deployment.
    Deployment,
    /// The deployment's, and the authorities in the PEM with this digest.
    With([u8; 32]),
    /// Anything is believed.
    Unverified,
}

/// What new connections are made with; it follows the deployment's files.
#[derive(Debug)]
pub(crate) struct Trust {
    deployment: Arc<UpstreamTrust>,
    addition: Addition,
    built: ArcSwapOption<Built>,
}

#[derive(Debug)]
enum Addition {
    Nothing,
    Authorities(Vec<CertificateDer<'static>>),
    Anything,
}

/// A configuration, and the files' content that it was made of.
#[derive(Debug)]
struct Built {
    of: Arc<Material>,
    config: Arc<ClientConfig>,
}

#[derive(Debug)]
struct Sources {
    platform: RootCertStore,
    files: TrustFiles,
}

/// What the files hold.
#[derive(Debug)]
struct Material {
    roots: RootCertStore,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    verify: bool,
    config: Arc<ClientConfig>,
}

impl UpstreamTrust {
    /// The platform's authorities, which `SSL_CERT_FILE` and `SSL_CERT_DIR` replace, and what these
    /// files hold.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(files: TrustFiles) -> Result<Self, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        for problem in &found.errors {
            tracing::warn!(%problem, "a certificate of the platform's trust store cannot be read");
        }
        let mut platform = RootCertStore::empty();
        platform.add_parsable_certificates(found.certs);
        Self::based_on(platform, files)
    }

    /// These authorities instead of the platform's, and what these files hold.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn based_on(platform: RootCertStore, files: TrustFiles) -> Result<Self, TrustError> {
        let files = Followed::load(Sources { platform, files })?;
        Ok(Self { files, own: Mutex::default() })
    }

    /// Looks at the files every so often; new connections are made with what they hold from then
    /// on. Never ends.
    pub async fn follow(&self, every: Duration) {
        self.files.follow(every).await;
    }

    /// Looks at the files once.
    pub fn refresh(&self) {
        self.files.refresh();
    }

    /// The trust of provider keys that say nothing.
    pub(crate) fn deployment(self: &Arc<Self>) -> Arc<Trust> {
        Arc::new(Trust::new(self.clone(), Addition::Nothing))
    }

    /// The trust of a provider key that says this, the same one for all that say the same.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidUpstreamConfiguration`] where its authority is none.
    pub(crate) fn own(self: &Arc<Self>, tls: &UpstreamTls) -> Result<Arc<Trust>, Error> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        let id = TrustId::of(Some(tls));
        if let Some(trust) = own.get(&id).and_then(Weak::upgrade) {
            return Ok(trust);
        }
        let trust = Arc::new(Trust::new(self.clone(), Addition::of(tls)?));
        own.retain(|_, trust| trust.strong_count() > 0);
        own.insert(id, Arc::downgrade(&trust));
        Ok(trust)
    }
}

impl TrustId {
    /// That of a provider key's setting. Costs nothing: the digest is part of the setting.
    pub(crate) fn of(tls: Option<&UpstreamTls>) -> Self {
        match tls {
            Some(UpstreamTls { verify: false, .. }) => Self::Unverified,
            Some(UpstreamTls { ca_cert: Some(authority), .. }) => Self::With(authority.digest()),
            _ => Self::Deployment,
        }
    }
}

impl Trust {
    fn new(deployment: Arc<UpstreamTrust>, addition: Addition) -> Self {
        Self { deployment, addition, built: ArcSwapOption::empty() }
    }

    /// What a new connection is made with.
    ///
    /// # Errors
    /// Where the TLS library takes none of it; what the files hold alone was tried already.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let material = self.deployment.files.current();
        if matches!(self.addition, Addition::Nothing) {
            return Ok(material.config.clone());
        }
        if let Some(built) = &*self.built.load()
            && Arc::ptr_eq(&built.of, &material)
        {
            return Ok(built.config.clone());
        }
        let config = Arc::new(material.with(&self.addition)?);
        let built = Built { of: Arc::clone(&material), config: config.clone() };
        self.built.store(Some(Arc::new(built)));
        Ok(config)
    }

    /// What proxies on the way are met with: a provider key says nothing about them.
    pub(crate) fn of_proxies(&self) -> Arc<ClientConfig> {
        self.deployment.files.current().config.clone()
    }
}

impl Addition {
    fn of(tls: &UpstreamTls) -> Result<Self, Error> {
        if !tls.verify {
            return Ok(Self::Anything);
        }
        let Some(authority) = &tls.ca_cert else {
            return Ok(Self::Nothing);
        };
        authority.authorities().map(Self::Authorities).map_err(|problem| {
            let message = format!(
                "invalid upstream configuration: tls.ca_cert of the provider key {problem}"
            );
            Error::new(ErrorCode::InvalidUpstreamConfiguration, message)
        })
    }
}

impl Files for Sources {
    type Made = Material;
    type Problem = TrustError;

    fn paths(&self) -> Vec<&Path> {
        let TrustFiles { ca_file, client, .. } = &self.files;
        let client = client.iter().flat_map(|(certificate, key)| [certificate, key]);
        ca_file.iter().chain(client).map(PathBuf::as_path).collect()
    }

    fn read(&self) -> Result<Material, TrustError> {
        let at = |field| move |cause| TrustError { field, cause: Box::new(cause) };
        let TrustFiles { ca_file, client, verify } = &self.files;
        let mut roots = self.platform.clone();
        if let Some(file) = ca_file {
            trust(&mut roots, file).map_err(at("ca_file"))?;
        }
        let client = match client {
            None => None,
            Some((chain, key)) => Some((
                certificates(chain).map_err(at("client_cert_file"))?,
                private_key(key).map_err(at("client_key_file"))?,
            )),
        };
        let config = config(roots.clone(), *verify, client.as_ref())
            .map_err(|cause| at("client_cert_file")(self.of_no_use(cause)))?;
        Ok(Material { roots, client, verify: *verify, config: Arc::new(config) })
    }
}

impl Sources {
    fn of_no_use(&self, cause: rustls::Error) -> CertificateError {
        match self.files.client.clone() {
            Some((certificate, key)) => CertificateError::Unusable { certificate, key, cause },
            None => CertificateError::NoTls(cause),
        }
    }
}

impl Material {
    fn with(&self, addition: &Addition) -> Result<ClientConfig, rustls::Error> {
        let mut roots = self.roots.clone();
        if let Addition::Authorities(authorities) = addition {
            for authority in authorities {
                roots.add(authority.clone())?;
            }
        }
        let verify = self.verify && !matches!(addition, Addition::Anything);
        config(roots, verify, self.client.as_ref())
    }
}

impl fmt::Display for TrustError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { field, cause } = self;
        write!(f, "{field}: {cause}")
    }
}

impl std::error::Error for TrustError {}

fn trust(roots: &mut RootCertStore, file: &Path) -> Result<(), CertificateError> {
    for authority in certificates(file)? {
        roots
            .add(authority)
            .map_err(|cause| CertificateError::Untrustworthy { file: file.into(), cause })?;
    }
    Ok(())
}

fn config(
    roots: RootCertStore,
    verify: bool,
    client: Option<&(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let builder = match verify {
        true => builder.with_root_certificates(roots),
        false => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Unverified::new(&provider))),
    };
    match client {
        Some((chain, key)) => builder.with_client_auth_cert(chain.clone(), key.clone_key()),
        None => Ok(builder.with_no_client_auth()),
    }
}
