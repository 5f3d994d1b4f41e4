//! The journal's SQL.
//!
//! Runs are in the order in which they were last written: ids and times are as right as the clock was.

use std::collections::HashMap;
use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, named_params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Whose;
use super::run::{Run, RunArtifact, RunFailure, RunKind, RunState};

pub(super) fn put(connection: &Connection, run: &Run) -> Result<()> {
    let artifact = run.artifact.as_ref();
    let error = run.error.as_ref();
    let omissions = artifact
        .map(|artifact| json(&artifact.omissions))
        .transpose()?;
    connection
        .prepare(
            "INSERT OR REPLACE INTO runs VALUES (
                :id, :state, :strategy, :asked_by, :drive_folder_id, :idempotency_key,
                :queued_at, :started_at, :finished_at, :duration_ms,
                :path, :filename, :format, :content_type, :size, :sha256,
                :error_code, :error_message, :error_hint, :delivered_at, :kind, :parts,
                :fingerprint, :warnings, :omissions, :member, :set_id, :backup)",
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
            ":parts": json(&run.parts)?,
            ":fingerprint": run.fingerprint,
            ":warnings": json(&run.warnings)?,
            ":omissions": omissions,
            ":member": run.member,
            ":set_id": run.set_id,
            ":backup": run.backup,
        })?;
    Ok(())
}

pub(super) fn record_sent(connection: &Connection, id: &str, at: Timestamp) -> Result<()> {
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

pub(super) fn by_key(connection: &Connection, key: &str) -> Result<Option<Run>> {
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE idempotency_key = ?1
            AND state <> 'interrupted' ORDER BY rowid DESC LIMIT 1",
    )?;
    one.query_row([key], run).optional()
}

pub(super) fn list(connection: &Connection, at_most: usize) -> Result<Vec<Run>> {
    let mut all = connection.prepare("SELECT * FROM runs ORDER BY rowid DESC LIMIT ?1")?;
    all.query_map([at_most], run)?.collect()
}

/// The backups that a set is made of.
pub(super) fn members(connection: &Connection, set: &str) -> Result<Vec<Run>> {
    let mut all = connection
        .prepare("SELECT * FROM runs WHERE set_id = ?1 AND member IS NOT NULL ORDER BY rowid")?;
    all.query_map([set], run)?.collect()
}

impl Whose {
    /// What the columns `member` and `of_set` hold. A set's run bears its own id as `set_id`; a configuration that had
    /// a single strategy before has left runs that do not.
    fn columns(&self) -> (Option<&str>, Option<bool>) {
        match self {
            Whose::Single => (None, Some(false)),
            Whose::Set => (None, Some(true)),
            Whose::Member(name) => (Some(name), None),
        }
    }
}

pub(super) fn own(connection: &Connection, whose: &Whose, at_most: usize) -> Result<Vec<Run>> {
    let (member, of_set) = whose.columns();
    let mut all = connection.prepare(
        "SELECT * FROM runs WHERE member IS ?1 AND coalesce((set_id IS NOT NULL) = ?2, TRUE) ORDER BY rowid DESC LIMIT ?3",
    )?;
    all.query_map((member, of_set, at_most), run)?.collect()
}

pub(super) fn own_backups(
    connection: &Connection,
    whose: &Whose,
    since: Option<Timestamp>,
    at_most: usize,
) -> Result<Vec<Run>> {
    let (member, of_set) = whose.columns();
    let mut all = connection.prepare(
        "SELECT * FROM runs WHERE kind = 'backup' AND member IS ?1 AND coalesce((set_id IS NOT NULL) = ?2, TRUE)
            AND coalesce(queued_at >= ?3, TRUE) ORDER BY rowid DESC LIMIT ?4",
    )?;
    all.query_map((member, of_set, since.map(text), at_most), run)?
        .collect()
}

pub(super) fn began(connection: &Connection, whose: &Whose) -> Result<Option<Timestamp>> {
    let (member, of_set) = whose.columns();
    let mut first = connection.prepare(
        "SELECT min(queued_at) AS queued_at FROM runs WHERE member IS ?1 AND coalesce((set_id IS NOT NULL) = ?2, TRUE)",
    )?;
    first.query_row((member, of_set), |row| time(row, "queued_at"))
}

/// By backup, when a drill last brought it back; of those that were drilled last.
pub(super) fn drilled(connection: &Connection) -> Result<HashMap<String, Timestamp>> {
    let mut all = connection.prepare(
        "SELECT backup, max(finished_at) AS finished_at FROM runs
            WHERE kind = 'drill' AND state = 'succeeded' AND backup IS NOT NULL
            GROUP BY backup ORDER BY max(rowid) DESC LIMIT 1000",
    )?;
    let drilled = all.query_map([], |row| {
        Ok((
            row.get("backup")?,
            time(row, "finished_at")?.unwrap_or_default(),
        ))
    })?;
    drilled.collect()
}

pub(super) fn last(
    connection: &Connection,
    whose: &Whose,
    kind: RunKind,
    state: RunState,
) -> Result<Option<Run>> {
    let (member, of_set) = whose.columns();
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE state = ?1 AND kind = ?2 AND member IS ?3 AND coalesce((set_id IS NOT NULL) = ?4, TRUE)
            ORDER BY rowid DESC LIMIT 1",
    )?;
    one.query_row((state.as_str(), kind.as_str(), member, of_set), run)
        .optional()
}

/// Of a set in progress the set itself, before its members.
pub(super) fn running(connection: &Connection, kind: RunKind) -> Result<Option<Run>> {
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE state = 'running' AND kind = ?1
            ORDER BY member IS NOT NULL, rowid DESC LIMIT 1",
    )?;
    one.query_row([kind.as_str()], run).optional()
}

pub(super) fn last_over(
    connection: &Connection,
    whose: &Whose,
    kind: RunKind,
) -> Result<Option<Run>> {
    let (member, of_set) = whose.columns();
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE state NOT IN ('queued', 'running') AND kind = ?1
            AND member IS ?2 AND coalesce((set_id IS NOT NULL) = ?3, TRUE) ORDER BY rowid DESC LIMIT 1",
    )?;
    one.query_row((kind.as_str(), member, of_set), run)
        .optional()
}

pub(super) fn last_asked_by(
    connection: &Connection,
    whose: &Whose,
    asker: &str,
) -> Result<Option<Run>> {
    let (member, of_set) = whose.columns();
    let mut one = connection.prepare(
        "SELECT * FROM runs WHERE asked_by = ?1 AND member IS ?2 AND coalesce((set_id IS NOT NULL) = ?3, TRUE) ORDER BY rowid DESC LIMIT 1",
    )?;
    one.query_row((asker, member, of_set), run).optional()
}

pub(super) fn counts(connection: &Connection, whose: &Whose) -> Result<Vec<(RunState, u64)>> {
    let (member, of_set) = whose.columns();
    let mut all = connection.prepare(
        "SELECT state, count(*) AS runs FROM runs WHERE kind = 'backup' AND member IS ?1 AND coalesce((set_id IS NOT NULL) = ?2, TRUE)
            GROUP BY state",
    )?;
    all.query_map((member, of_set), |row| Ok((state(row)?, row.get("runs")?)))?
        .collect()
}

/// Of one width, so that text sorts as time does.
pub(super) fn text(at: Timestamp) -> String {
    format!("{at:.6}")
}

fn run(row: &Row<'_>) -> Result<Run> {
    let path: Option<String> = row.get("path")?;
    let artifact = path.map(|path| {
        Ok::<_, rusqlite::Error>(RunArtifact {
            path: PathBuf::from(path),
            filename: row.get("filename")?,
            format: row.get("format")?,
            content_type: row.get("content_type")?,
            size: row.get("size")?,
            sha256: row.get("sha256")?,
            omissions: list_of(row, "omissions")?,
        })
    });
    let code: Option<String> = row.get("error_code")?;
    let error = code.map(|code| {
        Ok::<_, rusqlite::Error>(RunFailure {
            code,
            message: row.get("error_message")?,
            hint: row.get("error_hint")?,
        })
    });
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
        parts: list_of(row, "parts")?,
        warnings: list_of(row, "warnings")?,
        member: row.get("member")?,
        set_id: row.get("set_id")?,
        backup: row.get("backup")?,
    })
}

fn json(list: &impl Serialize) -> Result<String> {
    serde_json::to_string(list)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// What stands in a column as JSON; an earlier version wrote none.
fn list_of<T: DeserializeOwned>(row: &Row<'_>, column: &str) -> Result<Vec<T>> {
    let text: Option<String> = row.get(column)?;
    let list = text.map(|text| serde_json::from_str(&text)).transpose();
    let list = list.map_err(|error| unreadable(format!("the {column} of a run: {error}")))?;
    Ok(list.unwrap_or_default())
}

fn kind(row: &Row<'_>) -> Result<RunKind> {
    let word: String = row.get("kind")?;
    let known = RunKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    known.ok_or_else(|| unreadable(format!("no kind of a run: {word}")))
}

fn state(row: &Row<'_>) -> Result<RunState> {
    let word: String = row.get("state")?;
    let known = RunState::ALL
        .into_iter()
        .find(|state| state.as_str() == word);
    known.ok_or_else(|| unreadable(format!("no state of a run: {word}")))
}

pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
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
