//! What was asked of the sidecar, by whom, and what came of it.

use jiff::Timestamp;
use rusqlite::{Connection, Result, Row};
use schemars::JsonSchema;
use serde::Serialize;

use super::store::{text, time};

/// Entries that are remembered.
const MOST: i64 = 10_000;

/// A request that changes something, reads the bytes of a backup, or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// When it was answered. RFC 3339, UTC.
    pub at: Timestamp,
    /// The name of the token: `api_token`, or one under `secrets.tokens`.
    pub who: String,
    /// Where the request came from.
    pub address: String,
    /// `POST /backup/restore`
    pub operation: String,
    /// What it was about: the path that was asked for, or the order in words.
    pub target: String,
    /// The status, and the code of an error or the id of the job: `202 job 0192…`, `403 scope-missing`.
    pub outcome: String,
}

pub(super) fn add(connection: &Connection, entry: &AuditEntry) -> Result<()> {
    connection.execute(
        "INSERT INTO audit (at, who, address, operation, target, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        (
            text(entry.at),
            &entry.who,
            &entry.address,
            &entry.operation,
            &entry.target,
            &entry.outcome,
        ),
    )?;
    connection.execute(
        "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?1",
        [MOST],
    )?;
    Ok(())
}

/// The youngest, youngest first.
pub(super) fn list(connection: &Connection, at_most: usize) -> Result<Vec<AuditEntry>> {
    let mut all = connection.prepare("SELECT * FROM audit ORDER BY id DESC LIMIT ?1")?;
    all.query_map([at_most], entry)?.collect()
}

fn entry(row: &Row<'_>) -> Result<AuditEntry> {
    Ok(AuditEntry {
        at: time(row, "at")?.unwrap_or_default(),
        who: row.get("who")?,
        address: row.get("address")?,
        operation: row.get("operation")?,
        target: row.get("target")?,
        outcome: row.get("outcome")?,
    })
}
