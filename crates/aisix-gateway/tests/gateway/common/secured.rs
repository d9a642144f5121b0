//! TLS in front of scripted upstreams, and the authorities that sign for it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aisix_gateway::{TrustFiles, UpstreamTrust};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// An authority that nobody trusts unless told to.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What an authority signed.
pub struct Signed {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// A listener that speaks TLS and passes on what is said to an upstream.
pub struct Secured {
    address: SocketAddr,
    handshakes: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

/// PEM files, as an operator has them.
pub struct Pems {
    directory: TempDir,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for this name.
    pub fn sign(&self, name: &str) -> Signed {
        self.signed(CertificateParams::new([name.to_owned()]).expect("a name"))
    }

    /// A certificate for this name that was good once.
    pub fn sign_long_ago(&self, name: &str) -> Signed {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.signed(params)
    }

    fn signed(&self, params: CertificateParams) -> Signed {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signed { certificate, key }
    }
}

impl Signed {
    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).expect("a key")
    }

    fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![self.certificate.der().clone()]
    }
}

impl Secured {
    /// Shows this certificate to everybody.
    pub fn start(upstream: SocketAddr, shown: &Signed) -> Self {
        let config = server().with_no_client_auth().with_single_cert(shown.chain(), shown.key());
        Self::serve(upstream, config.expect("a certificate and its key"))
    }

    /// Demands a certificate that this authority signed.
    pub fn demanding(upstream: SocketAddr, shown: &Signed, of: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(of.issuer.der().clone()).expect("an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        let config = server()
            .with_client_cert_verifier(verifier.build().expect("a verifier"))
            .with_single_cert(shown.chain(), shown.key());
        Self::serve(upstream, config.expect("a certificate and its key"))
    }

    fn serve(upstream: SocketAddr, config: ServerConfig) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket for a runtime");
        let listener = TcpListener::from_std(listener).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let handshakes = Arc::new(AtomicUsize::new(0));
        let counted = handshakes.clone();
        let accepting = tokio::spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.expect("a connection");
                let acceptor = TlsAcceptor::from(Arc::new(config.clone()));
                let counted = counted.clone();
                open.spawn(async move {
                    // Those who do not believe us leave here.
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    counted.fetch_add(1, Ordering::Relaxed);
                    let mut upstream = TcpStream::connect(upstream).await.expect("the upstream");
                    let _ = copy_bidirectional(&mut stream, &mut upstream).await;
                });
            }
        });
        Self { address, handshakes, accepting: accepting.abort_handle() }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where provider keys find it.
    pub fn base_url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// How many handshakes it completed.
    pub fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Pems {
    pub fn new() -> Self {
        Self { directory: TempDir::new().expect("a directory") }
    }

    /// Puts a file in place of what was there, as careful tools do.
    pub fn put(&self, name: &str, pem: &str) -> PathBuf {
        let (next, file) = (self.directory.path().join("next"), self.directory.path().join(name));
        std::fs::write(&next, pem).expect("a file");
        std::fs::rename(next, &file).expect("a file");
        file
    }

    /// The files of a certificate and its key.
    pub fn pair(&self, signed: &Signed) -> (PathBuf, PathBuf) {
        let certificate = self.put("client.pem", &signed.certificate.pem());
        (certificate, self.put("client.key", &signed.key.serialize_pem()))
    }
}

/// Nothing but what these files say.
pub fn trusting(files: TrustFiles) -> Arc<UpstreamTrust> {
    Arc::new(UpstreamTrust::based_on(RootCertStore::empty(), files).expect("files in order"))
}

/// No files.
pub fn no_files() -> TrustFiles {
    TrustFiles { ca_file: None, client: None, verify: true }
}

fn server() -> rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    builder.with_safe_default_protocol_versions().expect("ring has the defaults")
}
