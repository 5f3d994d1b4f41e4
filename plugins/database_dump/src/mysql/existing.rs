//! What is on the server.

use std::collections::BTreeSet;

use serde::Deserialize;
use sidecar_sdk::Result;

use super::server::MysqlServer;
use super::sql::{is_named, text};
use crate::restore::not_empty;

/// What a database contains; all 0 if it does not exist.
#[derive(Deserialize)]
pub(super) struct ExistingObjects {
    pub(super) exists: u64,
    tables: u64,
    others: u64,
}

impl ExistingObjects {
    pub(super) fn of(server: &MysqlServer, database: &str) -> Result<Self> {
        let sql = format!(
            "SELECT JSON_OBJECT(
                'exists', (SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE {}),
                'tables', (SELECT COUNT(*) FROM information_schema.TABLES WHERE {}),
                'others', (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE {})
                    + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE {}))",
            is_named("SCHEMA_NAME", database),
            is_named("TABLE_SCHEMA", database),
            is_named("ROUTINE_SCHEMA", database),
            is_named("EVENT_SCHEMA", database),
        );
        server.query_json(&sql, database)
    }

    pub(super) fn any(&self) -> bool {
        self.tables + self.others > 0
    }

    pub(super) fn require_none(&self, target: &str) -> Result<()> {
        match self.any() {
            true => Err(not_empty(target, self.tables, self.others)),
            false => Ok(()),
        }
    }
}

/// The tables and sequences of a database.
pub(super) fn tables_of(server: &MysqlServer, database: &str) -> Result<BTreeSet<String>> {
    let names: Vec<String> = server.query_lines(
        &format!(
            "SELECT JSON_QUOTE(TABLE_NAME) FROM information_schema.TABLES WHERE {} AND TABLE_TYPE <> 'VIEW'",
            is_named("TABLE_SCHEMA", database)
        ),
        database,
    )?;
    Ok(names.into_iter().collect())
}

/// Whether there is a database of this name.
pub(super) fn exists(server: &MysqlServer, database: &str) -> Result<bool> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = {}",
        text(database)
    );
    Ok(server.query(&sql)? == "1")
}

/// Whether there is a table of this name.
pub(super) fn has_table(server: &MysqlServer, database: &str, table: &str) -> Result<bool> {
    let sql = format!(
        "SELECT COUNT(*) FROM information_schema.TABLES WHERE {} AND {}",
        is_named("TABLE_SCHEMA", database),
        is_named("TABLE_NAME", table)
    );
    Ok(server.query(&sql)? == "1")
}
