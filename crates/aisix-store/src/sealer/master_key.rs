//! The key that seals.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use super::SealError;

/// Length of a key's public name.
pub(super) const ID_DIGITS: usize = 8;

/// Separates the public name of a key from every other use of it.
const ID_DOMAIN: &[u8] = b"aisix master key id\0";

/// More than any form of a key takes.
const FILE_LIMIT: u64 = 1024;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// 32 bytes that seal secrets; overwritten in memory when dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

impl MasterKey {
    /// A new key.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`] where the system gives none.
    pub fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new([0; 32]);
        let random = SystemRandom::new();
        random.fill(&mut *bytes).map_err(|_| SealError::NoRandomness)?;
        Ok(Self(bytes))
    }

    /// Reads base64, of either alphabet, padded or not, or 64 hexadecimal digits; white space
    /// around it does not count.
    ///
    /// # Errors
    /// [`SealError::NotAKey`] for anything else.
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        let decoded = from_hex(text)
            .or_else(|| STANDARD.decode(text).ok().map(Zeroizing::new))
            .or_else(|| URL_SAFE.decode(text).ok().map(Zeroizing::new))
            .ok_or(SealError::NotAKey)?;
        Self::from_bytes(&decoded).ok_or(SealError::NotAKey)
    }

    /// Reads a key file: 32 bytes, or the text of a key. `None` where there is no file.
    ///
    /// # Errors
    /// [`SealError`] where the file is no key, cannot be read, or may be used by others.
    pub fn load(path: &Path) -> Result<Option<Self>, SealError> {
        let failed = |source| SealError::File { doing: "read", path: path.to_owned(), source };
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(SealError::Exposed { path: path.to_owned(), mode });
        }
        // Allocated at once, so that growing leaves no copy behind.
        let mut content = Zeroizing::new(Vec::with_capacity(2048));
        file.take(FILE_LIMIT).read_to_end(&mut content).map_err(failed)?;
        let text = || Self::from_text(std::str::from_utf8(&content).ok()?).ok();
        let key = Self::from_bytes(&content).or_else(text);
        key.map(Some).ok_or_else(|| SealError::NotAKeyFile(path.to_owned()))
    }

    /// Makes a new key and its file, as base64, with mode 0600.
    ///
    /// # Errors
    /// [`SealError::File`] where the file exists or cannot be made.
    pub fn create(path: &Path) -> Result<Self, SealError> {
        let key = Self::generate()?;
        key.write(path).map_err(|source| {
            let path = path.to_owned();
            SealError::File { doing: "create", path, source }
        })?;
        Ok(key)
    }

    /// The key's public name: it tells keys apart and says nothing of them.
    #[must_use]
    pub fn id(&self) -> String {
        let mut hash = Context::new(&SHA256);
        hash.update(ID_DOMAIN);
        hash.update(self.bytes());
        let digest = hash.finish();
        let bytes = &digest.as_ref()[..ID_DIGITS / 2];
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &*self.0
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        (bytes.len() == key.len()).then(|| {
            key.copy_from_slice(bytes);
            Self(key)
        })
    }

    /// On disk when this returns, the file's name included: what it seals must never outlive it.
    fn write(&self, path: &Path) -> io::Result<()> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let text = Zeroizing::new(STANDARD.encode(self.bytes()) + "\n");
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        File::open(directory)?.sync_all()
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(***)")
    }
}

fn from_hex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(32));
    for pair in digits.chunks_exact(2) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        let byte = digit(0)? << 4 | digit(1)?;
        bytes.push(u8::try_from(byte).ok()?);
    }
    Some(bytes)
}
