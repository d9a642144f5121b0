//! The bytes of a file, all of one moment.

#[cfg(test)]
mod tests;

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;

/// How often a file is read that changes meanwhile.
const ATTEMPTS: usize = 5;

/// The wait before it is read again.
const BREATH: Duration = Duration::from_millis(20);

/// The largest file: far more than a gateway can be meant to serve.
const LARGEST: u64 = 256 << 20;

/// What would differ after somebody wrote to a file, or put another in its place.
#[derive(PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    length: u64,
    modified: (i64, i64),
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            file: (file.dev(), file.ino()),
            length: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
        }
    }
}

/// Reads a file. One that changes meanwhile is read again, a few times.
///
/// # Errors
/// Why it cannot be read, in a sentence that follows its name.
pub(super) fn read(path: &Path) -> Result<Bytes, String> {
    read_between(path, || {})
}

/// `meanwhile` happens each time between reading and making sure that nothing has changed.
pub(super) fn read_between(path: &Path, mut meanwhile: impl FnMut()) -> Result<Bytes, String> {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(BREATH);
        }
        let (bytes, before) = read_once(path)?;
        meanwhile();
        let after = std::fs::metadata(path).map_err(unreadable)?;
        if Stamp::of(&after) == before && bytes.len() as u64 == before.length {
            return Ok(bytes.into());
        }
    }
    Err("keeps changing while it is read: write it to another file and rename that".into())
}

fn read_once(path: &Path) -> Result<(Vec<u8>, Stamp), String> {
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err("is a directory: name a file".into());
    }
    // To open a pipe would wait for somebody to write to it.
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    if metadata.len() > LARGEST {
        return Err(format!("is larger than {} MiB", LARGEST >> 20));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let stamp = Stamp::of(&file.metadata().map_err(unreadable)?);
    let mut bytes = Vec::new();
    file.by_ref().take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((bytes, stamp))
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err passes")]
fn unreadable(error: std::io::Error) -> String {
    format!("cannot be read: {error}")
}
