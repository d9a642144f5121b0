//! The file: where it lies, who may read it, whose it is.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use aisix_core::error::with_causes;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::source::StoreError;

/// `application_id` of a store: the letters `AISX`.
const APPLICATION: i64 = 0x4149_5358;

/// `user_version` of the tables below.
const SCHEMA: i64 = 1;

const TABLES: &str = "
    CREATE TABLE store (revision INTEGER NOT NULL) STRICT;
    INSERT INTO store (revision) VALUES (0);
    CREATE TABLE documents (
        key      TEXT PRIMARY KEY,
        value    BLOB NOT NULL,
        version  INTEGER NOT NULL,
        created  INTEGER NOT NULL,
        modified INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- A change without a value is a deletion.
    CREATE TABLE changes (
        revision INTEGER NOT NULL,
        position INTEGER NOT NULL,
        key      TEXT NOT NULL,
        value    BLOB,
        version  INTEGER,
        created  INTEGER,
        PRIMARY KEY (revision, position)
    ) STRICT, WITHOUT ROWID;
";

/// Opens the file for this process alone, and makes the tables where it is new.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    create(path).map_err(|error| {
        StoreError::unavailable(format!("cannot open the store {}", path.display()), error)
    })?;
    let connection = connect(path).map_err(|error| explain(path, error))?;
    match owner(&connection).map_err(|error| explain(path, error))? {
        Owner::Us => {}
        Owner::Nobody => initialise(&connection, path)?,
        Owner::NewerVersion(schema) => {
            return Err(refused(
                path,
                &format!(
                    "was written by a newer version (schema {schema}, this one knows {SCHEMA}): upgrade, or set another store.path"
                ),
            ));
        }
        Owner::Others => {
            return Err(refused(
                path,
                "is a database, but not an AISIX store: set another store.path",
            ));
        }
    }
    Ok(connection)
}

/// Makes sure that the file exists and can be read and written, so that what SQLite says later is
/// not about that. SQLite gives its companions the mode of the file.
fn create(path: &Path) -> io::Result<()> {
    if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    Ok(())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Who holds the lock keeps it for as long as it runs, so waiting for it is pointless.
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "exclusive")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.query_row("PRAGMA journal_mode = wal", [], |_| Ok(()))?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    Ok(connection)
}

/// Whose file it is.
enum Owner {
    Us,
    NewerVersion(i64),
    Nobody,
    Others,
}

fn owner(connection: &Connection) -> rusqlite::Result<Owner> {
    let number = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(tables, [], |row| row.get(0))?;
    Ok(match (number("application_id")?, number("user_version")?, tables) {
        (APPLICATION, SCHEMA, _) => Owner::Us,
        (APPLICATION, schema, _) => Owner::NewerVersion(schema),
        (0, 0, 0) => Owner::Nobody,
        _ => Owner::Others,
    })
}

/// Makes the tables, and makes sure that the file's name is on disk as well.
fn initialise(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let tables = format!(
        "BEGIN; {TABLES} PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {SCHEMA}; COMMIT"
    );
    connection.execute_batch(&tables).map_err(|error| explain(path, error))?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|error| {
        let context = format!("cannot write the directory {}", directory.display());
        StoreError::unavailable(context, error)
    })
}

/// One line that says what to do.
fn explain(path: &Path, error: rusqlite::Error) -> StoreError {
    let shown = path.display();
    let context = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => format!(
            "the store {shown} is in use by another process: stop it, or set another store.path \
             (a store file belongs to one gateway; several need etcd)"
        ),
        Some(ErrorCode::NotADatabase) => {
            format!("the file {shown} is not an AISIX store: set another store.path")
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!("the store {shown} is damaged: restore it from a backup")
        }
        _ => format!("cannot open the store {shown}"),
    };
    StoreError::unavailable(context, said(&error))
}

/// What SQLite says, once: its error has itself as its cause.
pub(super) fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(code, Some(message)) => {
            format!("{message} (SQLite error {})", code.extended_code)
        }
        _ => with_causes(error),
    }
}

fn refused(path: &Path, why: &str) -> StoreError {
    let context = format!("the file {} {why}", path.display());
    StoreError::unavailable(context, io::Error::from(io::ErrorKind::InvalidData))
}
