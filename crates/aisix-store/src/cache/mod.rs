//! A file with the last configuration, so that a gateway can start while its source is away.
//!
//! The file holds documents as the source stores them: what is sealed stays sealed. It is replaced
//! as a whole, by a rename, so that whoever is killed while writing leaves the one before. It is one
//! gateway's: two that share a path overwrite each other's.

mod format;
mod image;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

pub(crate) use format::Unusable;
pub(crate) use image::{Fingerprint, Image, Stale};

/// Only the owner may read what credentials in clear may stand in.
const MODE: u32 = 0o600;

/// Where the last configuration is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotCache {
    path: PathBuf,
    /// What every key in the file begins with.
    root: String,
}

impl SnapshotCache {
    /// A cache in this file, of documents whose keys in the source begin with `root`, the slash at
    /// its end included: a file of other documents is none.
    pub fn new(path: impl Into<PathBuf>, root: impl Into<String>) -> Self {
        Self { path: path.into(), root: root.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the file holds.
    ///
    /// # Errors
    /// Where it cannot be used: then it is as good as none.
    pub(crate) fn load(&self) -> Result<Image, Unusable> {
        // A pipe or a device might never end.
        if !fs::metadata(&self.path)?.is_file() {
            return Err(Unusable::NotAFile);
        }
        format::read(&fs::read(&self.path)?, &self.root)
    }

    /// Replaces the file. What is acknowledged is durable.
    ///
    /// # Errors
    /// Where it cannot be written; then the one before is still there.
    pub(crate) fn save(&self, image: &Image) -> io::Result<()> {
        let mut beside = OsString::from(self.path.as_os_str());
        beside.push(".tmp");
        let beside = PathBuf::from(beside);
        let saved = self.write(image, &beside).and_then(|()| fs::rename(&beside, &self.path));
        if saved.is_err() {
            // What failed is the news; a remainder goes with the next attempt.
            let _ = fs::remove_file(&beside);
            return saved;
        }
        match self.path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(directory) => File::open(directory)?.sync_all(),
            None => File::open(".")?.sync_all(),
        }
    }

    fn write(&self, image: &Image, path: &Path) -> io::Result<()> {
        // Created anew each time: whatever lies there has a mode, or leads somewhere, of its own.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        let mut writer = BufWriter::with_capacity(1 << 16, file);
        format::write(image, &self.root, &mut writer)?;
        writer.flush()?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }
}
