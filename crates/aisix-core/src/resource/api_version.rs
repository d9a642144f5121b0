//! Which version of a provider's API is asked for, where its URLs say so.

/// Why a text is no version of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a version such as 2024-10-21 or preview: letters, digits, '-' and '.'")]
pub struct BadApiVersion;

/// The longest version; those that exist are half as long.
const LONGEST: usize = 64;

/// Judges a version, which becomes part of URLs.
///
/// # Errors
/// [`BadApiVersion`].
pub fn check(version: &str) -> Result<(), BadApiVersion> {
    let of_version = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let fits = (1..=LONGEST).contains(&version.len()) && version.bytes().all(of_version);
    fits.then_some(()).ok_or(BadApiVersion)
}
