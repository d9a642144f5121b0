//! The certificate of a listener, and the files that it comes from.

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// What a listener shows of itself: the newest pair of files that could be read.
#[derive(Debug)]
pub struct Certificate {
    files: Files,
    current: ArcSwap<ServerConfig>,
    /// The files that were read last, whether they could be used or not.
    seen: Mutex<Stamp>,
}

/// Why a pair of files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be opened.
    #[error("{} cannot be read: {cause}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file holds something else.
    #[error("{} holds no {what} in PEM format", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// What should be in it.
        what: &'static str,
    },
    /// They do not go together, or are of no use for TLS.
    #[error("{} and {} cannot be used together: {cause}", .certificate.display(), .key.display())]
    Unusable {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of its key.
        key: PathBuf,
        /// Why.
        cause: rustls::Error,
    },
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells a file from the one that replaced it.
type Stamp = [Option<(SystemTime, u64, u64)>; 2];

impl Certificate {
    /// Reads a certificate chain, the server's own first, and its private key, both PEM.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let files = Files { certificate: certificate.into(), key: key.into() };
        let seen = Mutex::new(files.stamp());
        let current = ArcSwap::from_pointee(files.read()?);
        Ok(Self { files, current, seen })
    }

    /// Looks at the files every so often, and shows what they hold from then on. Never ends.
    pub async fn follow(&self, every: Duration) {
        let mut looks = interval(every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.refresh();
        }
    }

    /// Reads the files again if they are others than before. While they cannot be used, such as
    /// when only one of them was replaced yet, the last pair that could be stays.
    fn refresh(&self) {
        let stamp = self.files.stamp();
        let before = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *seen, stamp)
        };
        if before == stamp {
            return;
        }
        let file = self.files.certificate.display();
        match self.files.read() {
            Ok(config) => {
                self.current.store(Arc::new(config));
                tracing::info!(%file, "serving with the new certificate");
            }
            Err(problem) => {
                tracing::warn!(%problem, "the new certificate cannot be used, the last one stays");
            }
        }
    }

    /// Shakes hands with a caller; `None` where that fails or takes too long.
    pub async fn accept(&self, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let acceptor = TlsAcceptor::from(self.current.load_full());
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

impl Files {
    fn read(&self) -> Result<ServerConfig, CertificateError> {
        let failed = |file: &Path, what, cause| match cause {
            pem::Error::Io(cause) => CertificateError::Unreadable { file: file.into(), cause },
            _ => CertificateError::Missing { file: file.into(), what },
        };
        let chain: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|cause| failed(&self.certificate, "certificate", cause))?;
        if chain.is_empty() {
            let file = self.certificate.clone();
            return Err(CertificateError::Missing { file, what: "certificate" });
        }
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|cause| failed(&self.key, "private key", cause))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|cause| CertificateError::Unusable {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
                cause,
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn stamp(&self) -> Stamp {
        [&self.certificate, &self.key].map(|file| {
            let about = std::fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.ino(), about.len()))
        })
    }
}
