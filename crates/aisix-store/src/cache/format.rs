//! The file: one JSON object, `{version: 1, revision, entries: [{key, value_b64, revision}],
//! stale: [{key, value_b64, revision, since_unix_secs}]}`, with keys as the source has them.

use std::collections::HashMap;
use std::io;

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use base64::Engine as _;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::image::{Image, Stale};

const VERSION: u64 = 1;

/// Why a file is ignored. No part of its content is in the message.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("cannot read it: {0}")]
    Read(#[from] io::Error),
    #[error("it is no regular file")]
    NotAFile,
    #[error("it is of version {0}, and this program reads version {VERSION}")]
    Version(u64),
    #[error("it is damaged, or no snapshot cache: line {0}, column {1}")]
    Malformed(usize, usize),
    #[error("it is damaged: the value of entry {0} is no base64")]
    NotBase64(usize),
    #[error("it is of documents that are not below {0}")]
    OtherPrefix(String),
}

/// What a file of any version has.
#[derive(Deserialize)]
struct AnyVersion {
    version: u64,
}

#[derive(Deserialize)]
struct Kept {
    revision: Revision,
    entries: Vec<Row>,
    #[serde(default)]
    stale: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    key: String,
    value_b64: String,
    revision: Revision,
    #[serde(default)]
    since_unix_secs: u64,
}

/// Reads the documents below `root`.
pub(super) fn read(text: &[u8], root: &str) -> Result<Image, Unusable> {
    let malformed = |error: serde_json::Error| Unusable::Malformed(error.line(), error.column());
    let AnyVersion { version } = serde_json::from_slice(text).map_err(malformed)?;
    if version != VERSION {
        return Err(Unusable::Version(version));
    }
    let kept: Kept = serde_json::from_slice(text).map_err(malformed)?;
    let revision = kept.revision;
    let mut image = Image { revision, ..Image::default() };
    let mut places = HashMap::new();
    // No document was created after the revision that it was read at.
    for (place, row) in (1..).zip(kept.entries) {
        let entry = row.entry(root, revision.min(place), image.entries.len())?;
        places.insert(entry.key.clone(), entry.created);
        image.entries.push(entry);
    }
    for row in kept.stale {
        let since = Stale::time(row.since_unix_secs);
        let mut entry = row.entry(root, revision, image.entries.len() + image.stale.len())?;
        match places.get(&entry.key) {
            Some(created) => entry.created = *created,
            // What it was replaced by is not there: then it is what there is.
            None => image.entries.push(entry.clone()),
        }
        image.stale.push(Stale { entry, since });
    }
    Ok(image)
}

impl Row {
    fn entry(self, root: &str, created: Revision, index: usize) -> Result<Entry, Unusable> {
        let Some(key) = self.key.strip_prefix(root) else {
            return Err(Unusable::OtherPrefix(root.to_owned()));
        };
        let value = STANDARD.decode(&self.value_b64).map_err(|_| Unusable::NotBase64(index))?;
        let (key, value) = (key.to_owned(), value.into());
        Ok(Entry { key, value, version: 1, created, modified: self.revision })
    }
}

/// Writes an image of the documents below `root`.
pub(super) fn write(image: &Image, root: &str, writer: impl io::Write) -> io::Result<()> {
    Ok(serde_json::to_writer(writer, &Written { image, root })?)
}

struct Written<'a> {
    image: &'a Image,
    root: &'a str,
}

/// One document, where it is written straight from.
struct WrittenRow<'a> {
    entry: &'a Entry,
    root: &'a str,
    since: Option<u64>,
}

/// A list that is nowhere as a whole.
struct Rows<I>(I);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { image, root } = *self;
        let row = |entry, since| WrittenRow { entry, root, since };
        let mut file = serializer.serialize_struct("SnapshotCache", 4)?;
        file.serialize_field("version", &VERSION)?;
        file.serialize_field("revision", &image.revision)?;
        file.serialize_field("entries", &Rows(image.entries.iter().map(|entry| row(entry, None))))?;
        let stale = image.stale.iter().map(|stale| row(&stale.entry, Some(stale.since_1970())));
        file.serialize_field("stale", &Rows(stale))?;
        file.end()
    }
}

impl Serialize for WrittenRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { entry, root, since } = self;
        let mut row = serializer.serialize_struct("Row", 4)?;
        row.serialize_field("key", &format_args!("{root}{}", entry.key))?;
        let value = Base64Display::new(&entry.value, &STANDARD);
        row.serialize_field("value_b64", &format_args!("{value}"))?;
        row.serialize_field("revision", &entry.modified)?;
        if let Some(since) = since {
            row.serialize_field("since_unix_secs", since)?;
        }
        row.end()
    }
}

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Rows<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.clone())
    }
}
