//! Records in SQLite.

use std::path::{Path, PathBuf};

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};
use bytes::Bytes;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction, params};

use super::file;
use crate::engine::Records;
use crate::source::StoreError;

/// An open store file.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
}

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: file::open(path)?, path: path.to_owned() })
    }

    /// From now on there is no room for more.
    #[cfg(test)]
    pub(super) fn is_as_large_as_it_may_be(&self) {
        // SQLite takes the number of pages that there are for a smaller one.
        let limit = "PRAGMA max_page_count = 1";
        self.connection.query_row(limit, [], |_| Ok(())).expect("a limit");
    }

    fn ask<T>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        question(&self.connection).map_err(|error| {
            let context = format!("cannot read the store {}", self.path.display());
            StoreError::unavailable(context, file::said(&error))
        })
    }
}

impl Records for Sqlite {
    fn revision(&self) -> Result<Revision, StoreError> {
        self.ask(|connection| {
            let mut query = connection.prepare_cached("SELECT revision FROM store")?;
            query.query_row([], |row| revision_at(row, 0))
        })
    }

    fn remembered_since(&self) -> Result<Revision, StoreError> {
        let first = self.ask(|connection| {
            let mut query = connection.prepare_cached("SELECT min(revision) FROM changes")?;
            query.query_row([], |row| row.get::<_, Option<i64>>(0))
        })?;
        first.map_or_else(|| self.revision(), |first| Ok(first.cast_unsigned() - 1))
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.ask(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT key, value, version, created, modified FROM documents WHERE key = ?1",
            )?;
            query.query_row([key], entry).optional()
        })
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        self.ask(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT key, value, version, created, modified FROM documents
                 WHERE key >= ?1 AND key < ?2 ORDER BY key",
            )?;
            query.query_map(params![prefix, end(prefix)], entry)?.collect()
        })
    }

    fn changes(
        &self,
        prefix: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        self.ask(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT key, value, version, created, revision FROM changes
                 WHERE revision > ?1 AND key >= ?2 AND key < ?3
                 ORDER BY revision, position LIMIT ?4",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let bounds = params![after.cast_signed(), prefix, end(prefix), limit];
            query.query_map(bounds, change)?.collect()
        })
    }

    fn write(&mut self, changes: &[Change], forgotten: Revision) -> Result<(), StoreError> {
        let path = &self.path;
        let write = |connection: &mut Connection| {
            let transaction = connection.transaction()?;
            for (position, change) in changes.iter().enumerate() {
                make(&transaction, change, position)?;
            }
            let mut forget =
                transaction.prepare_cached("DELETE FROM changes WHERE revision <= ?1")?;
            forget.execute([forgotten.cast_signed()])?;
            drop(forget);
            transaction.commit()
        };
        write(&mut self.connection).map_err(|error| {
            let context = format!("cannot write the store {}", path.display());
            match error.sqlite_error_code() {
                Some(ErrorCode::DiskFull) => {
                    StoreError::Full { context, source: file::said(&error).into() }
                }
                _ => StoreError::unavailable(context, file::said(&error)),
            }
        })
    }
}

/// Makes one change of a transaction, and logs it.
fn make(transaction: &Transaction<'_>, change: &Change, position: usize) -> rusqlite::Result<()> {
    let revision = change.revision().cast_signed();
    let position = i64::try_from(position).unwrap_or(i64::MAX);
    let mut advance = transaction.prepare_cached("UPDATE store SET revision = ?1")?;
    advance.execute([revision])?;
    let mut log = transaction.prepare_cached(
        "INSERT INTO changes (revision, position, key, value, version, created)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    match change {
        Change::Put(entry) => {
            let (version, created) = (entry.version.cast_signed(), entry.created.cast_signed());
            let value = &*entry.value;
            let mut put = transaction.prepare_cached(
                "INSERT OR REPLACE INTO documents (key, value, version, created, modified)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            put.execute(params![entry.key, value, version, created, revision])?;
            log.execute(params![revision, position, entry.key, value, version, created])?;
        }
        Change::Delete { key, .. } => {
            let mut delete = transaction.prepare_cached("DELETE FROM documents WHERE key = ?1")?;
            delete.execute([key])?;
            log.execute(params![revision, position, key, None::<&[u8]>, None::<i64>, None::<i64>])?;
        }
    }
    Ok(())
}

/// The first key after all that begin with `prefix`; where there is none, an empty blob, which
/// SQLite orders after every text.
fn end(prefix: &str) -> Value {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            end.push(next);
            return Value::Text(end);
        }
    }
    Value::Blob(Vec::new())
}

/// Columns: key, value, version, created, modified.
fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        key: row.get(0)?,
        value: Bytes::from(row.get::<_, Vec<u8>>(1)?),
        version: revision_at(row, 2)?,
        created: revision_at(row, 3)?,
        modified: revision_at(row, 4)?,
    })
}

/// Columns: those of an entry; without a value it is a deletion.
fn change(row: &Row<'_>) -> rusqlite::Result<Change> {
    match row.get_ref(1)? {
        rusqlite::types::ValueRef::Null => {
            Ok(Change::Delete { key: row.get(0)?, revision: revision_at(row, 4)? })
        }
        _ => entry(row).map(Change::Put),
    }
}

fn revision_at(row: &Row<'_>, column: usize) -> rusqlite::Result<Revision> {
    row.get::<_, i64>(column).map(i64::cast_unsigned)
}
