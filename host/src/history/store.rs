//! The journal's SQL.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::types::Type;
use rusqlite::{
    Connection, OptionalExtension as _, Result, Row, TransactionBehavior, named_params,
};

use super::run::{Artifact, Failure, Kind, Run, State};

/// Raised when the table changes; a file of a later version is treated as damaged.
const VERSION: i64 = 3;

/// From version 1, which knew of backups only.
const SECOND: &str = "
    ALTER TABLE runs ADD COLUMN kind TEXT NOT NULL DEFAULT 'backup';
    ALTER TABLE runs ADD COLUMN parts TEXT;
";

/// From version 2, which could not tell two orders under one key apart.
const THIRD: &str = "ALTER TABLE runs ADD COLUMN fingerprint TEXT;";

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(2);

const TABLE: &str = "
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
        if version == 0 {
            transaction.execute_batch(TABLE)?;
        }
        if version < 2 {
            transaction.execute_batch(SECOND)?;
        }
        if version < 3 {
            transaction.execute_batch(THIRD)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
    }
    Ok(connection)
}

pub(super) fn in_memory() -> Connection {
    let connection = Connection::open_in_memory().expect("an empty data base in memory opens");
    connection
        .execute_batch(&format!("{TABLE}{SECOND}{THIRD}"))
        .expect("an empty data base takes a table");
    connection
}

pub(super) fn put(connection: &Connection, run: &Run) -> Result<()> {
    let artifact = run.artifact.as_ref();
    let error = run.error.as_ref();
    let parts = serde_json::to_string(&run.parts)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection
        .prepare(
            "INSERT OR REPLACE INTO runs VALUES (
                :id, :state, :strategy, :asked_by, :drive_folder_id, :idempotency_key,
                :queued_at, :started_at, :finished_at, :duration_ms,
                :path, :filename, :format, :content_type, :size, :sha256,
                :error_code, :error_message, :error_hint, :delivered_at, :kind, :parts,
                :fingerprint)",
        )?
        .execute(named_params! {
            ":id": run.id,
            ":state": run.state.as_str(),
            ":strategy": run.strategy,
            ":asked_by": run.asked_by,
            ":drive_folder_id": run.drive_folder_id,
            ":idempotency_key": run.idempotency_key,
            ":queued_at": text(run.queued_at),
            ":started_at": run.started_at.map(text),
            ":finished_at": run.finished_at.map(text),
            ":duration_ms": run.duration_ms,
            ":path": artifact.map(|artifact| artifact.path.to_string_lossy()),
            ":filename": artifact.map(|artifact| &artifact.filename),
            ":format": artifact.map(|artifact| &artifact.format),
            ":content_type": artifact.map(|artifact| &artifact.content_type),
            ":size": artifact.map(|artifact| artifact.size),
            ":sha256": artifact.map(|artifact| &artifact.sha256),
            ":error_code": error.map(|error| &error.code),
            ":error_message": error.map(|error| &error.message),
            ":error_hint": error.and_then(|error| error.hint.as_ref()),
            ":delivered_at": run.delivered_at.map(text),
            ":kind": run.kind.as_str(),
            ":parts": parts,
            ":fingerprint": run.fingerprint,
        })?;
    Ok(())
}

pub(super) fn delivered(connection: &Connection, id: &str, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE runs SET delivered_at = ?2 WHERE id = ?1 AND delivered_at IS NULL",
        (id, text(at)),
    )?;
    Ok(())
}

pub(super) fn interrupt(connection: &Connection, at: Timestamp) -> Result<usize> {
    connection.execute(
        "UPDATE runs SET state = 'interrupted', finished_at = ?1, error_code = 'interrupted',
            error_message = 'the sidecar ended in the middle of the run',
            error_hint = 'start it again; the log of that time may say why the sidecar ended'
         WHERE state IN ('queued', 'running')",
        [text(at)],
    )
}

pub(super) fn get(connection: &Connection, id: &str) -> Result<Option<Run>> {
    let mut one = connection.prepare("SELECT * FROM runs WHERE id = ?1")?;
    one.query_row([id], run).optional()
}

pub(super) fn by_key(connection: &Connection, key: &str, since: Timestamp) -> Result<Option<Run>> {
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE idempotency_key = ?1 AND queued_at >= ?2
            AND state <> 'interrupted' ORDER BY id DESC LIMIT 1",
    )?;
    one.query_row((key, text(since)), run).optional()
}

pub(super) fn list(connection: &Connection, at_most: usize) -> Result<Vec<Run>> {
    let mut all = connection.prepare("SELECT * FROM runs ORDER BY id DESC LIMIT ?1")?;
    all.query_map([at_most], run)?.collect()
}

pub(super) fn last(connection: &Connection, kind: Kind, state: State) -> Result<Option<Run>> {
    let mut one = connection
        .prepare("SELECT * FROM runs WHERE state = ?1 AND kind = ?2 ORDER BY id DESC LIMIT 1")?;
    one.query_row([state.as_str(), kind.as_str()], run)
        .optional()
}

pub(super) fn last_asked_by(connection: &Connection, asker: &str) -> Result<Option<Run>> {
    let mut one =
        connection.prepare("SELECT * FROM runs WHERE asked_by = ?1 ORDER BY id DESC LIMIT 1")?;
    one.query_row([asker], run).optional()
}

pub(super) fn counts(connection: &Connection) -> Result<Vec<(State, u64)>> {
    let mut all = connection
        .prepare("SELECT state, count(*) AS runs FROM runs WHERE kind = 'backup' GROUP BY state")?;
    all.query_map([], |row| Ok((state(row)?, row.get("runs")?)))?
        .collect()
}

/// Of one width, so that text sorts as time does.
fn text(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn run(row: &Row<'_>) -> Result<Run> {
    let path: Option<String> = row.get("path")?;
    let artifact = path.map(|path| {
        Ok::<_, rusqlite::Error>(Artifact {
            path: PathBuf::from(path),
            filename: row.get("filename")?,
            format: row.get("format")?,
            content_type: row.get("content_type")?,
            size: row.get("size")?,
            sha256: row.get("sha256")?,
        })
    });
    let code: Option<String> = row.get("error_code")?;
    let error = code.map(|code| {
        Ok::<_, rusqlite::Error>(Failure {
            code,
            message: row.get("error_message")?,
            hint: row.get("error_hint")?,
        })
    });
    let parts: Option<String> = row.get("parts")?;
    let parts = parts.map(|text| serde_json::from_str(&text));
    Ok(Run {
        id: row.get("id")?,
        kind: kind(row)?,
        state: state(row)?,
        strategy: row.get("strategy")?,
        asked_by: row.get("asked_by")?,
        drive_folder_id: row.get("drive_folder_id")?,
        idempotency_key: row.get("idempotency_key")?,
        fingerprint: row.get("fingerprint")?,
        queued_at: time(row, "queued_at")?.unwrap_or_default(),
        started_at: time(row, "started_at")?,
        finished_at: time(row, "finished_at")?,
        duration_ms: row.get("duration_ms")?,
        artifact: artifact.transpose()?,
        error: error.transpose()?,
        delivered_at: time(row, "delivered_at")?,
        parts: parts
            .transpose()
            .map_err(|error| unreadable(format!("the parts of a run: {error}")))?
            .unwrap_or_default(),
    })
}

fn kind(row: &Row<'_>) -> Result<Kind> {
    let word: String = row.get("kind")?;
    let known = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    known.ok_or_else(|| unreadable(format!("no kind of a run: {word}")))
}

fn state(row: &Row<'_>) -> Result<State> {
    let word: String = row.get("state")?;
    let known = State::ALL.into_iter().find(|state| state.as_str() == word);
    known.ok_or_else(|| unreadable(format!("no state of a run: {word}")))
}

fn time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    let text: Option<String> = row.get(column)?;
    let parse = |text: String| {
        text.parse()
            .map_err(|error| unreadable(format!("{text}: {error}")))
    };
    text.map(parse).transpose()
}

fn unreadable(what: String) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, what.into())
}
