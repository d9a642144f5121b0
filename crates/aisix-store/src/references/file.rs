//! Reading a secret from a file, and nothing else from the host.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use aisix_core::Secret;
use aisix_core::resource::SecretProblem;
use rustix::fs::{Mode, OFlags};
use zeroize::Zeroizing;

/// More than any credential takes.
const LIMIT: usize = 64 * 1024;

/// The content of a regular file below one of the directories, without the ends of lines after it.
pub(super) fn read(path: &Path, directories: &[PathBuf]) -> Result<Secret, SecretProblem> {
    let mut permitted =
        directories.iter().filter(|directory| path.starts_with(directory)).peekable();
    if permitted.peek().is_none() {
        // Whether there is such a file is nobody's business.
        let outside = "refers to a file outside of the directories of secrets.file_dirs";
        return Err(SecretProblem(outside.to_owned()));
    }
    let problem =
        |why: String| SecretProblem(format!("refers to the file {}, which {why}", path.display()));
    let unreadable = |error: io::Error| problem(format!("cannot be read: {error}"));
    let real = path.canonicalize().map_err(unreadable)?;
    let inside = |directory: &PathBuf| {
        directory.canonicalize().is_ok_and(|directory| real.starts_with(directory))
    };
    if !permitted.any(inside) {
        return Err(problem("is a link out of the directories of secrets.file_dirs".to_owned()));
    }
    let file = open(&real).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(problem("is not a regular file".to_owned()));
    }
    // A path that somebody redirects at this moment leads elsewhere now, or did when it was opened.
    let still = real.canonicalize().and_then(|now| Ok((now, fs::symlink_metadata(&real)?)));
    let (now, seen) = still.map_err(unreadable)?;
    if now != real || (seen.dev(), seen.ino()) != (metadata.dev(), metadata.ino()) {
        return Err(problem("was replaced while it was read".to_owned()));
    }
    content(file).map_err(unreadable)?.map_err(|why| problem(why.to_owned()))
}

/// Opens without waiting, as a pipe would make it.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

fn content(file: File) -> io::Result<Result<Secret, &'static str>> {
    // Allocated at once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT + 1));
    file.take(LIMIT as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > LIMIT {
        return Ok(Err("is larger than 64 KiB"));
    }
    Ok(match std::str::from_utf8(&bytes).map(|text| text.trim_end_matches(['\n', '\r'])) {
        Err(_) => Err("is not UTF-8"),
        Ok("") => Err("is empty"),
        Ok(text) => Ok(Secret::new(text)),
    })
}
