//! Planted secrets, and the search for them wherever they might have leaked.

#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest secret whose encoded middle is still distinctive.
const MIN_LENGTH: usize = 16;

/// Secrets that a test has planted and that must show up nowhere.
///
/// A search finds each of them as it is, JSON-escaped, URL- or form-encoded, in either case of
/// hexadecimal, in base64 (both alphabets, at any offset within what was encoded), and as the list
/// of numbers that printing a byte array gives.
#[derive(Debug, Clone, Default)]
pub struct Canaries(Vec<Canary>);

#[derive(Debug, Clone)]
struct Canary {
    name: String,
    forms: Vec<Form>,
}

/// One way in which a secret can be written.
#[derive(Debug, Clone)]
struct Form {
    name: &'static str,
    needle: Vec<u8>,
    place: Place,
}

/// Which reading of a place a form is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    AsIs,
    LowerCase,
    UrlDecoded,
    FormDecoded,
    JsonDecoded,
}

impl Canaries {
    /// No secrets yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a secret, plants it and returns it. It is the same for the same name, may stand in a
    /// header, and holds characters that URL encoding changes.
    #[must_use = "a secret that is used nowhere cannot leak"]
    pub fn plant(&mut self, name: &str) -> String {
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        let secret = format!("sk-canary/{:016x}+{}==", hasher.finish(), name.len());
        self.add(name, &secret);
        secret
    }

    /// Plants a secret that the test made.
    ///
    /// # Panics
    ///
    /// When it has fewer than 16 bytes, so that a search could find it by chance.
    pub fn add(&mut self, name: &str, secret: &str) {
        assert!(secret.len() >= MIN_LENGTH, "the secret {name} is shorter than {MIN_LENGTH} bytes");
        let forms = forms(secret.as_bytes());
        self.0.push(Canary { name: name.to_owned(), forms });
    }

    /// Asserts that no secret is in `haystack`, in any form.
    ///
    /// # Panics
    ///
    /// When one is. The message says which, in which form, where, and what stands around it, but
    /// not the secret.
    pub fn assert_absent(&self, place: &str, haystack: &[u8]) {
        if let Some(leak) = self.find(haystack) {
            panic!("{leak} in {place}");
        }
    }

    fn find(&self, haystack: &[u8]) -> Option<String> {
        use Place::{AsIs, FormDecoded, JsonDecoded, LowerCase, UrlDecoded};
        for reading in [AsIs, LowerCase, UrlDecoded, FormDecoded, JsonDecoded] {
            let text = reading.read(haystack);
            for Canary { name, forms } in &self.0 {
                for form in forms.iter().filter(|form| form.place == reading) {
                    if let Some(offset) = position(&text, &form.needle) {
                        let before = text[offset.saturating_sub(60)..offset].escape_ascii();
                        return Some(format!(
                            "the secret \"{name}\" leaked ({}) after \"{before}\"",
                            form.name
                        ));
                    }
                }
            }
        }
        None
    }
}

impl Place {
    fn read(self, haystack: &[u8]) -> Vec<u8> {
        match self {
            Self::AsIs => haystack.to_vec(),
            Self::LowerCase => haystack.to_ascii_lowercase(),
            Self::UrlDecoded => unescape(haystack, b"%", 2),
            Self::FormDecoded => {
                let spaced: Vec<_> =
                    haystack.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
                unescape(&spaced, b"%", 2)
            }
            Self::JsonDecoded => unescape_json(haystack),
        }
    }
}

fn forms(secret: &[u8]) -> Vec<Form> {
    let numbers = |separator| {
        secret.iter().map(u8::to_string).collect::<Vec<_>>().join(separator).into_bytes()
    };
    let hex = secret.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut forms = vec![
        Form { name: "as it is", needle: secret.to_vec(), place: Place::AsIs },
        Form { name: "as numbers", needle: numbers(", "), place: Place::AsIs },
        Form { name: "as numbers", needle: numbers(","), place: Place::AsIs },
        Form { name: "hexadecimal", needle: hex.into_bytes(), place: Place::LowerCase },
        Form { name: "URL-encoded", needle: secret.to_vec(), place: Place::UrlDecoded },
        Form { name: "form-encoded", needle: secret.to_vec(), place: Place::FormDecoded },
        Form { name: "JSON-escaped", needle: secret.to_vec(), place: Place::JsonDecoded },
    ];
    for offset in 0..3 {
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            let needle = base64_core(&engine, secret, offset);
            forms.push(Form { name: "base64", needle, place: Place::AsIs });
        }
    }
    forms
}

/// The base64 characters that depend on the secret alone when it starts `offset` bytes after a
/// group of three: those that share bits with what stands before or after it are left out. Padding
/// comes after them, so one needle serves both conventions.
fn base64_core(engine: &base64::engine::GeneralPurpose, secret: &[u8], offset: usize) -> Vec<u8> {
    let mut shifted = vec![0; offset];
    shifted.extend_from_slice(secret);
    let encoded = engine.encode(&shifted).into_bytes();
    let first = (offset * 8).div_ceil(6);
    let end = shifted.len() * 8 / 6;
    encoded[first..end].to_vec()
}

fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Replaces every `marker` + `digits` hexadecimal digits by the byte they name, where they name one.
fn unescape(text: &[u8], marker: &[u8], digits: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, tail)) = rest.split_first() {
        let named = rest.strip_prefix(marker).and_then(|tail| {
            let (digits, tail) = tail.split_at_checked(digits)?;
            let number = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
            Some((u8::try_from(number).ok()?, tail))
        });
        let (byte, tail) = named.unwrap_or((first, tail));
        plain.push(byte);
        rest = tail;
    }
    plain
}

/// Undoes JSON's escapes, also those of JSON within a JSON string.
fn unescape_json(text: &[u8]) -> Vec<u8> {
    let plain = unescape(text, b"\\u", 4);
    plain.into_iter().filter(|&byte| byte != b'\\').collect()
}
