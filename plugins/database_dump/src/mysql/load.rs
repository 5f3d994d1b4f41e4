//! Loads the tables of a dump, and compares what came with what was to come.

use std::collections::BTreeSet;

use sidecar_sdk::{Failure, Result};

use super::damage;
use super::existing::tables_of;
use super::script::Script;
use super::server::{AFTER, BEFORE, DATABASE, MysqlServer, session_settings};

/// What the head of a dump sets: a range of it comes without.
const SETTINGS: &str = "\
SET NAMES utf8mb4;
SET SESSION time_zone = '+00:00', unique_checks = 0, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', sql_notes = 0;
";

pub(super) fn tables(server: &MysqlServer, database: &str, script: &Script) -> Result<()> {
    for range in &script.data {
        let load = server.client.command(server.lines.load);
        let load = load
            .env(DATABASE, database)
            .env(BEFORE, session_settings() + SETTINGS)
            .env(AFTER, "");
        server.client.feed(range, &load)?;
    }
    Ok(())
}

/// Compares the tables with those of the dump, and has the server look through those whose engine does not
/// recover by itself.
pub(super) fn check(server: &MysqlServer, database: &str, script: &Script) -> Result<()> {
    let expected: BTreeSet<String> = script.tables.iter().cloned().collect();
    let found = tables_of(server, database)?;
    if let Some(missing) = expected.difference(&found).next() {
        return Err(Failure::new(
            "incomplete",
            format!("the table {missing} is in the dump and was not created"),
        ));
    }
    match damage::damaged(server, database, "")?.as_slice() {
        [] => Ok(()),
        damaged => Err(Failure::new(
            "incomplete",
            format!(
                "the server finds a restored table damaged: {}",
                damaged.join("; ")
            ),
        )),
    }
}
