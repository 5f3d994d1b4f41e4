//! What runs said, for as long as it is kept.

use rusqlite::{Connection, OptionalExtension as _, Result};

use crate::run_log::LogExcerpt;

/// Runs whose log is remembered.
const MOST: i64 = 200;

pub(super) fn put(connection: &Connection, id: &str, log: &LogExcerpt) -> Result<()> {
    let text = serde_json::to_string(log)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    connection.execute(
        "INSERT OR REPLACE INTO logs (id, log) VALUES (?1, ?2)",
        (id, text),
    )?;
    connection.execute(
        "DELETE FROM logs WHERE rowid <= (SELECT max(rowid) FROM logs) - ?1",
        [MOST],
    )?;
    Ok(())
}

/// Nothing of a run whose log is not remembered.
pub(super) fn get(connection: &Connection, id: &str) -> Result<LogExcerpt> {
    let mut one = connection.prepare("SELECT log FROM logs WHERE id = ?1")?;
    let text: Option<String> = one.query_row([id], |row| row.get(0)).optional()?;
    let log = text.and_then(|text| serde_json::from_str(&text).ok());
    Ok(log.unwrap_or_default())
}
