//! The certificate of a listener, and the files that it comes from.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::files::{CertificateError, Files, Followed, certificates, private_key};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a listener shows of itself: the newest pair of files that could be read.
#[derive(Debug)]
pub struct Certificate {
    files: Followed<Pair>,
}

#[derive(Debug)]
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Certificate {
    /// Reads a certificate chain, the server's own first, and its private key, both PEM.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let pair = Pair { certificate: certificate.into(), key: key.into() };
        Followed::load(pair).map(|files| Self { files })
    }

    /// Looks at the files every so often, and shows what they hold from then on. Never ends.
    pub async fn follow(&self, every: Duration) {
        self.files.follow(every).await;
    }

    /// Shakes hands with a caller; `None` where that fails or takes too long.
    pub async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(Arc::clone(&self.files.current()));
        match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(cause)) => {
                tracing::debug!(%cause, "a TLS handshake failed");
                None
            }
            Err(_) => {
                tracing::debug!("a TLS handshake took too long");
                None
            }
        }
    }
}

impl Files for Pair {
    type Made = ServerConfig;
    type Problem = CertificateError;

    fn paths(&self) -> Vec<&Path> {
        vec![&self.certificate, &self.key]
    }

    fn read(&self) -> Result<ServerConfig, CertificateError> {
        let chain = certificates(&self.certificate)?;
        let key = private_key(&self.key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::NoTls)?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|cause| CertificateError::Unusable {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                cause,
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}
