//! The journal's tables, and how a journal of an earlier version comes to have them.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Result, TransactionBehavior};

/// What makes each version of the one before it. A file of a later version is treated as damaged.
const STEPS: [&str; 10] = [
    FIRST, SECOND, THIRD, FOURTH, FIFTH, SIXTH, SEVENTH, EIGHTH, NINTH, TENTH,
];

const VERSION: i64 = STEPS.len() as i64;

/// From version 1, which knew of backups only.
const SECOND: &str = "
    ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'backup';
    ALTER TABLE runs ADD COLUMN parts TEXT;
";

/// From version 2, which could not tell two orders under one key apart.
const THIRD: &str = "ALTER TABLE runs ADD COLUMN fingerprint TEXT;";

/// From version 3, in which a good run had nothing to say.
const FOURTH: &str = "ALTER TABLE runs ADD COLUMN warnings TEXT;";

/// From version 4, which did not know what a backup lacks.
const FIFTH: &str = "ALTER TABLE runs ADD COLUMN omissions TEXT;";

/// From version 5, which knew of one strategy.
const SIXTH: &str = "
    ALTER TABLE runs ADD COLUMN member TEXT;
    ALTER TABLE runs ADD COLUMN set_id TEXT;
";

/// From version 6, which did not say what a restore or a drill brought back.
const SEVENTH: &str = "ALTER TABLE runs ADD COLUMN backup TEXT;";

/// From version 7, which did not know who asked for what.
const EIGHTH: &str = "
    CREATE TABLE IF NOT EXISTS audit (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        who TEXT NOT NULL,
        address TEXT NOT NULL,
        operation TEXT NOT NULL,
        target TEXT NOT NULL,
        outcome TEXT NOT NULL
    ) STRICT;
";

/// From version 8, which did not keep what runs said.
const NINTH: &str = "
    CREATE TABLE IF NOT EXISTS logs (
        id TEXT PRIMARY KEY,
        log TEXT NOT NULL
    ) STRICT;
";

/// From version 9, in which refusals pushed out what was done.
const TENTH: &str = "
    ALTER TABLE audit ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE audit ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
    ALTER TABLE audit ADD COLUMN since TEXT;
    UPDATE audit SET refused = 1 WHERE outcome >= '4';
    CREATE INDEX IF NOT EXISTS audit_by_caller ON audit (refused, who, address, operation, outcome);
";

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(2);

const FIRST: &str = "
    CREATE TABLE IF NOT EXISTS runs (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        strategy TEXT NOT NULL,
        asked_by TEXT NOT NULL,
        drive_folder_id TEXT,
        idempotency_key TEXT,
        queued_at TEXT NOT NULL,
        started_at TEXT,
        finished_at TEXT,
        duration_ms INTEGER,
        path TEXT,
        filename TEXT,
        format TEXT,
        content_type TEXT,
        size INTEGER,
        sha256 TEXT,
        error_code TEXT,
        error_message TEXT,
        error_hint TEXT,
        delivered_at TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS runs_by_key ON runs (idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS runs_by_state ON runs (state, id);
";

pub(super) fn open(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A crash of the machine may cost the last lines, never the file.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // Nor is a short command held up by copying its lines from the log into the file.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if !(0..=VERSION).contains(&version) {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        let found = format!("it has version {version}, this sidecar writes {VERSION}");
        return Err(rusqlite::Error::SqliteFailure(code, Some(found)));
    }
    if version < VERSION {
        // Another process may be doing the same.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let done = usize::try_from(version).unwrap_or_default();
        for step in STEPS.iter().skip(done) {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(connection)
}

pub(super) fn in_memory() -> Connection {
    let connection = Connection::open_in_memory().expect("an empty data base in memory opens");
    connection
        .execute_batch(&STEPS.concat())
        .expect("an empty data base takes a table");
    connection
}
