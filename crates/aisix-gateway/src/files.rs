//! PEM files that operators replace while the process runs.

#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::{ArcSwap, Guard};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::time::{MissedTickBehavior, interval};

/// Files that together make something.
pub(crate) trait Files {
    /// What they make.
    type Made;
    /// Why they cannot.
    type Problem: fmt::Display;

    /// Every one of them; the first stands for all in the log.
    fn paths(&self) -> Vec<&Path>;

    /// Reads them all.
    fn read(&self) -> Result<Self::Made, Self::Problem>;
}

/// What files make: the newest that could be read.
#[derive(Debug)]
pub(crate) struct Followed<F: Files> {
    files: F,
    current: ArcSwap<F::Made>,
    last: Mutex<Reading>,
}

/// The last time that the files were read.
#[derive(Debug)]
struct Reading {
    /// The files then.
    stamps: Vec<Stamp>,
    /// Why they could not be used. What kept them from being read need not show in their stamps,
    /// such as permissions, so they are read until there is nothing wrong.
    problem: Option<String>,
}

/// What tells a file from the one that replaced it; `None` where there is none.
type Stamp = Option<(SystemTime, u64, u64)>;

/// Why files cannot be used.
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
    /// A file holds a certificate that nothing can be trusted on the word of.
    #[error("{} holds a certificate that cannot be used: {cause}", .file.display())]
    Untrustworthy {
        /// The file.
        file: PathBuf,
        /// Why.
        cause: rustls::Error,
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
    /// The TLS library has no protocol version for its own cryptography.
    #[error("TLS cannot be set up: {0}")]
    NoTls(rustls::Error),
}

impl<F: Files> Followed<F> {
    /// Reads the files.
    pub(crate) fn load(files: F) -> Result<Self, F::Problem> {
        let last = Mutex::new(Reading { stamps: stamps(&files), problem: None });
        let current = ArcSwap::from_pointee(files.read()?);
        Ok(Self { files, current, last })
    }

    /// What they made last.
    pub(crate) fn current(&self) -> Guard<Arc<F::Made>> {
        self.current.load()
    }

    /// Looks at the files every so often. Never ends.
    pub(crate) async fn follow(&self, every: Duration) {
        let mut looks = interval(every);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            self.refresh();
        }
    }

    /// Reads the files again if they are others than before, or could not be used. While they
    /// cannot, such as when only one of two was replaced yet, what they made last stays.
    pub(crate) fn refresh(&self) {
        let paths = self.files.paths();
        let file = paths.first().map(|path| tracing::field::display(path.display()));
        match self.news() {
            None => {}
            Some(Ok(())) => tracing::info!(file, "the new certificates are in use"),
            Some(Err(problem)) => {
                tracing::warn!(problem, "the new certificates cannot be used, the last ones stay");
            }
        }
    }

    /// What is new since the last look: other certificates, or another reason why there are none.
    fn news(&self) -> Option<Result<(), String>> {
        let stamps = stamps(&self.files);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.stamps == stamps && last.problem.is_none() {
            return None;
        }
        last.stamps = stamps;
        match self.files.read() {
            Ok(made) => {
                self.current.store(Arc::new(made));
                last.problem = None;
                Some(Ok(()))
            }
            Err(problem) => {
                let problem = problem.to_string();
                let known = last.problem.replace(problem.clone()).is_some_and(|p| p == problem);
                (!known).then_some(Err(problem))
            }
        }
    }
}

/// The certificates in a PEM file, at least one.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|cause| unusable(file, "certificate", cause))?;
    match found.is_empty() {
        true => Err(CertificateError::Missing { file: file.into(), what: "certificate" }),
        false => Ok(found),
    }
}

/// The private key in a PEM file.
pub(crate) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_file(file).map_err(|cause| unusable(file, "private key", cause))
}

fn unusable(file: &Path, what: &'static str, cause: pem::Error) -> CertificateError {
    match cause {
        pem::Error::Io(cause) => CertificateError::Unreadable { file: file.into(), cause },
        _ => CertificateError::Missing { file: file.into(), what },
    }
}

fn stamps(files: &impl Files) -> Vec<Stamp> {
    let stamp = |file: &Path| {
        let about = std::fs::metadata(file).ok()?;
        Some((about.modified().ok()?, about.ino(), about.len()))
    };
    files.paths().into_iter().map(stamp).collect()
}
