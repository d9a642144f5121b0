//! Trust for one provider key's endpoint.

#[cfg(test)]
mod tests;

use std::fmt;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Trust for one endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UpstreamTls {
    /// PEM of a certificate authority that is trusted in addition.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_cert: Option<CaCert>,
    /// Whether certificates are checked at all.
    #[serde(default = "super::yes")]
    pub verify: bool,
}

/// Certificate authorities as PEM, whatever the text holds: documents that other programs wrote may
/// hold anything, and [`CaCert::authorities`] says whether it can be used.
///
/// Two are equal if their texts are. The digest is computed once, so that comparing and hashing
/// are cheap on the way of a request.
#[derive(Clone)]
pub struct CaCert {
    pem: String,
    digest: [u8; 32],
}

/// The text holds no certificates that could be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACaCert {
    /// There is no `BEGIN CERTIFICATE`, or what follows it is not base64.
    #[error("must hold at least one certificate in PEM format (-----BEGIN CERTIFICATE-----)")]
    NotPem,
    /// The base64 does not hold an X.509 certificate.
    #[error("holds a PEM block that is not an X.509 certificate")]
    NotX509,
}

impl CaCert {
    /// Keeps a text.
    pub fn new(pem: impl Into<String>) -> Self {
        let pem = pem.into();
        let digest = Sha256::digest(&pem).into();
        Self { pem, digest }
    }

    /// SHA-256 of the text.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The certificates, at least one.
    ///
    /// # Errors
    /// What the text is instead.
    pub fn authorities(&self) -> Result<Vec<CertificateDer<'static>>, NotACaCert> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(self.pem.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| NotACaCert::NotPem)?;
        if certificates.is_empty() {
            return Err(NotACaCert::NotPem);
        }
        let usable = |certificate| webpki::anchor_from_trusted_cert(certificate).is_ok();
        if !certificates.iter().all(usable) {
            return Err(NotACaCert::NotX509);
        }
        Ok(certificates)
    }
}

impl PartialEq for CaCert {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for CaCert {}

impl fmt::Debug for CaCert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaCert(..)")
    }
}

impl Serialize for CaCert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.pem)
    }
}

impl<'de> Deserialize<'de> for CaCert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
