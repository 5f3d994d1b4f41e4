//! What was asked of the sidecar, by whom, and what came of it.
//!
//! What was done and what was refused have places of their own, and equal entries share one: a caller that is
//! refused, however often, pushes out nothing that was done.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};
use schemars::JsonSchema;
use serde::Serialize;

use super::store::{text, time};

/// Entries of what was done that are remembered.
const MOST_DONE: i64 = 10_000;
/// Entries of what was refused or has failed.
const MOST_REFUSED: i64 = 2_000;
/// The same that is done again this soon counts with the last: each night has an entry of its own.
const DONE_AGAIN: Duration = Duration::from_secs(60);
/// The same for refusals, whatever they were about.
const REFUSED_AGAIN: Duration = Duration::from_secs(24 * 3600);

/// A request that changes something, reads the bytes of a backup, or was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// When it was answered; of several, the last. RFC 3339, UTC.
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
    /// How often the same was asked and answered. Of refusals, `target` is that of the last.
    #[serde(skip_serializing_if = "is_one")]
    #[schemars(default)]
    pub times: u64,
    /// When it was answered for the first time, if that was several times. RFC 3339, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

impl AuditEntry {
    /// Whether it was refused, or has failed: an answer with an error.
    pub fn is_refused(&self) -> bool {
        self.outcome.starts_with(['4', '5'])
    }
}

fn is_one(times: &u64) -> bool {
    *times == 1
}

pub(super) fn add(connection: &Connection, entry: &AuditEntry) -> Result<()> {
    let again = match same(connection, entry)? {
        Some(id) => connection.execute(
            "UPDATE audit SET id = (SELECT max(id) + 1 FROM audit), times = times + 1,
                since = coalesce(since, at), at = ?2, target = ?3 WHERE id = ?1",
            (id, text(entry.at), &entry.target),
        )?,
        None => 0,
    };
    if again > 0 {
        return Ok(());
    }
    connection.execute(
        "INSERT INTO audit (at, who, address, operation, target, outcome, refused) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            text(entry.at),
            &entry.who,
            &entry.address,
            &entry.operation,
            &entry.target,
            &entry.outcome,
            entry.is_refused(),
        ),
    )?;
    forget(connection, &entry.who, entry.is_refused())
}

/// The entry that says the same, if it was the case a short time ago.
fn same(connection: &Connection, entry: &AuditEntry) -> Result<Option<i64>> {
    let (refused, within) = match entry.is_refused() {
        true => (true, REFUSED_AGAIN),
        false => (false, DONE_AGAIN),
    };
    let mut last = connection.prepare(
        "SELECT id, at FROM audit WHERE refused = ?1 AND who = ?2 AND address = ?3 AND operation = ?4 AND outcome = ?5
            AND (refused OR target = ?6) ORDER BY id DESC LIMIT 1",
    )?;
    let asked = (
        refused,
        &entry.who,
        &entry.address,
        &entry.operation,
        &entry.outcome,
        &entry.target,
    );
    let found = last.query_row(asked, |row| Ok((row.get(0)?, time(row, "at")?)));
    let (id, at) = match found.optional()? {
        Some((id, Some(at))) => (id, at),
        _ => return Ok(None),
    };
    let away = entry.at.duration_since(at).unsigned_abs();
    Ok((away <= within).then_some(id))
}

/// Makes room: who has more than an equal share of all places loses its oldest, first of all who has just come.
fn forget(connection: &Connection, who: &str, refused: bool) -> Result<()> {
    let most = match refused {
        true => MOST_REFUSED,
        false => MOST_DONE,
    };
    let mut count = connection.prepare("SELECT count(*) FROM audit WHERE refused = ?1")?;
    let there: i64 = count.query_row([refused], |row| row.get(0))?;
    for _ in most..there {
        connection.execute(
            "DELETE FROM audit WHERE id = (SELECT min(id) FROM audit WHERE refused = ?1
                AND who = (SELECT who FROM audit WHERE refused = ?1 GROUP BY who
                    ORDER BY who = ?2 AND count(*) > ?3 / (SELECT count(DISTINCT who) FROM audit WHERE refused = ?1) DESC,
                        count(*) DESC LIMIT 1))",
            (refused, who, most),
        )?;
    }
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
        times: row.get("times")?,
        since: time(row, "since")?,
    })
}
