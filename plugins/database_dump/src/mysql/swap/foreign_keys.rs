//! Foreign keys of other databases into the one that is replaced: they follow the old tables.

use std::fmt;

use serde::Deserialize;
use sidecar_sdk::{Failure, Result, choices, log};

use super::names::SwapNames;
use crate::mysql::drill_notes;
use crate::mysql::existing::has_table;
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::{identifier, is_named, qualified, text};

/// The word that accepts that they are dropped and made again.
const WORD: &str = "foreign-keys";

/// Refuses a target that other databases refer to, unless the operator accepts what happens to them.
pub(in crate::mysql) fn refuse_foreign_keys(server: &MysqlServer, target: &str) -> Result<()> {
    // Those of what only drills have made are a drill's own.
    let is_own = match choices::is_drill() {
        true => drill_notes::is_marked(server, "k.TABLE_SCHEMA")?,
        false => "FALSE".to_owned(),
    };
    let keys: Vec<String> = server.query_lines(
        &format!(
            "SELECT DISTINCT JSON_QUOTE(CONCAT(k.TABLE_SCHEMA, '.', k.TABLE_NAME)) FROM information_schema.KEY_COLUMN_USAGE k \
             WHERE {} AND NOT {} AND NOT {is_own}",
            is_named("k.REFERENCED_TABLE_SCHEMA", target),
            is_named("k.TABLE_SCHEMA", target)
        ),
        target,
    )?;
    if keys.is_empty() || choices::accepted(WORD) {
        return Ok(());
    }
    Err(Failure::new(
        "referenced",
        format!(
            "tables of other databases have foreign keys into {target}: {}",
            keys.join(", ")
        ),
    )
    .hint(format!(
        "--accept {WORD} points them to the restored tables, without a check of their rows; --only NAME=NEW restores beside"
    )))
}

/// A foreign key of another database, as it was saved.
#[derive(Deserialize)]
struct SavedKey {
    database: String,
    table: String,
    name: String,
    /// The table that it refers to.
    parent: String,
    /// What makes it: "ALTER TABLE … ADD CONSTRAINT …".
    definition: String,
    /// Asks whether there are rows that refer to none.
    orphans: String,
    /// What it refers to now; none if it is gone.
    refers_to: Option<String>,
}

impl fmt::Display for SavedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            database,
            table,
            ..
        } = self;
        write!(f, "the foreign key {name} of {database}.{table}")
    }
}

impl SavedKey {
    /// Makes it; returns why it cannot be made. Its rows are not checked, but looked at.
    fn make(&self, server: &MysqlServer, target: &str) -> Result<Option<String>> {
        // The server takes one to a table that is not there, and then refuses each row.
        if !has_table(server, target, &self.parent)? {
            return Ok(Some(format!("there is no {target}.{}", self.parent)));
        }
        if let Err(failure) = server.script(std::slice::from_ref(&self.definition)) {
            return match is_final(&failure) {
                true => Ok(Some(failure.message)),
                false => Err(failure.hint("the next restore makes the foreign key again")),
            };
        }
        if server.query(&self.orphans)? == "1" {
            log::warn(&format!(
                "{self} is as it was, and rows of that table refer to rows of {target}.{} that are not in the backup",
                self.parent
            ));
        }
        Ok(None)
    }

    fn drop(&self) -> String {
        format!(
            "ALTER TABLE {} DROP FOREIGN KEY {}",
            qualified(&self.database, &self.table),
            identifier(&self.name)
        )
    }
}

/// Saves how the foreign keys of other databases into `parent` are made for `target`, before any of them is dropped.
pub(super) fn save(
    server: &MysqlServer,
    names: &SwapNames,
    parent: &str,
    target: &str,
) -> Result<()> {
    let name = |column: &str| format!("'`', REPLACE({column}, '`', '``'), '`'");
    // Where nothing is said, the server restricts; said, it remembers another rule.
    let rule =
        |on: &str| format!("IF(r.{on}_RULE = 'RESTRICT', '', CONCAT(' ON {on} ', r.{on}_RULE))");
    let columns = |column: &str| {
        format!(
            "GROUP_CONCAT({} ORDER BY k.ORDINAL_POSITION)",
            name(&format!("k.{column}"))
        )
    };
    let text_type = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL";
    server.script(&[
        format!(
            "CREATE TABLE IF NOT EXISTS {} (n INT AUTO_INCREMENT PRIMARY KEY, key_database VARCHAR(64) {text_type}, key_table VARCHAR(64) {text_type}, \
             name VARCHAR(64) {text_type}, parent VARCHAR(64) {text_type}, definition LONGTEXT {text_type}, \
             orphans LONGTEXT {text_type}) ENGINE=InnoDB",
            names.keys()
        ),
        format!(
            "INSERT INTO {keys} (key_database, key_table, name, parent, definition, orphans) SELECT k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.REFERENCED_TABLE_NAME, \
             CONCAT('ALTER TABLE ', {schema}, '.', {table}, ' ADD CONSTRAINT ', {key}, ' FOREIGN KEY (', {from}, ') REFERENCES ', \
             {target}, {to_table}, ' (', {to}, ')', {on_delete}, {on_update}), \
             CONCAT('SELECT EXISTS (SELECT 1 FROM ', {schema}, '.', {table}, ' c WHERE ', \
             GROUP_CONCAT(CONCAT('c.', {child}, ' IS NOT NULL') SEPARATOR ' AND '), ' AND NOT EXISTS (SELECT 1 FROM ', {target}, {to_table}, \
             ' p WHERE ', GROUP_CONCAT(CONCAT('p.', {parent}, ' = c.', {child}) SEPARATOR ' AND '), '))') \
             FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
             ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
             WHERE {is_parent} AND NOT {is_old} AND NOT {is_own} AND k.TABLE_SCHEMA NOT REGEXP '^sidecar_old_[a-z0-9]{{10}}$' AND NOT EXISTS (SELECT 1 FROM {keys} saved \
             WHERE saved.key_database = k.TABLE_SCHEMA AND saved.key_table = k.TABLE_NAME AND saved.name = k.CONSTRAINT_NAME) \
             GROUP BY k.TABLE_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.REFERENCED_TABLE_NAME, r.DELETE_RULE, r.UPDATE_RULE",
            keys = names.keys(),
            schema = name("k.TABLE_SCHEMA"),
            table = name("k.TABLE_NAME"),
            key = name("k.CONSTRAINT_NAME"),
            from = columns("COLUMN_NAME"),
            target = text(&format!("{}.", identifier(target))),
            to_table = name("k.REFERENCED_TABLE_NAME"),
            child = name("k.COLUMN_NAME"),
            parent = name("k.REFERENCED_COLUMN_NAME"),
            to = columns("REFERENCED_COLUMN_NAME"),
            on_delete = rule("DELETE"),
            on_update = rule("UPDATE"),
            is_parent = is_named("k.REFERENCED_TABLE_SCHEMA", parent),
            is_old = is_named("k.TABLE_SCHEMA", &names.old_database()),
            is_own = is_named("k.TABLE_SCHEMA", target),
        ),
    ])
}

/// Points the foreign keys that have followed the old tables to the new ones, and makes those again that a killed restore
/// has dropped. Returns those that the new tables do not take; any other failure leaves what is saved for the next restore.
pub(super) fn point_to(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
) -> Result<Vec<Failure>> {
    // Those that came since, and those of a swap that was begun by an earlier version.
    save(server, names, &names.old_database(), target)?;
    let mut refused = Vec::new();
    for key in saved(server, names)? {
        if key.refers_to.as_deref() == Some(target) {
            continue;
        }
        log::info(&format!("pointing {key} to the restored tables"));
        if key.refers_to.is_some() {
            server.script(&[key.drop()])?;
        }
        if let Some(why) = key.make(server, target)? {
            refused.push(Failure::new(
                "foreign-key",
                format!(
                    "{key} is gone, because the restored tables do not take it: {why}; it was made by: {}",
                    key.definition
                ),
            ));
        }
    }
    Ok(refused)
}

/// The databases whose foreign keys are saved.
pub(super) fn databases(server: &MysqlServer, names: &SwapNames) -> Result<Vec<String>> {
    let table = format!("sidecar_keys_{}", names.id());
    if !has_table(server, &names.old_database(), &table)? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT DISTINCT JSON_QUOTE(key_database) FROM {}",
        names.keys()
    );
    server.query_lines(&sql, "its own tables")
}

fn saved(server: &MysqlServer, names: &SwapNames) -> Result<Vec<SavedKey>> {
    server.query_lines(
        &format!(
            "SELECT JSON_OBJECT('database', s.key_database, 'table', s.key_table, 'name', s.name, 'parent', s.parent, 'definition', s.definition, 'orphans', s.orphans, \
             'refers_to', (SELECT MAX(k.REFERENCED_TABLE_SCHEMA) FROM information_schema.KEY_COLUMN_USAGE k \
             WHERE k.TABLE_SCHEMA = s.key_database AND k.TABLE_NAME = s.key_table AND k.CONSTRAINT_NAME = s.name \
             AND k.REFERENCED_TABLE_SCHEMA IS NOT NULL)) FROM {} s",
            names.keys()
        ),
        "its own tables",
    )
}

/// Whether another try would fail as well: the tables or columns do not fit, or are not there.
fn is_final(failure: &Failure) -> bool {
    const CODES: [u32; 11] = [
        1005, 1072, 1146, 1215, 1239, 1451, 1452, 1822, 1825, 1826, 3780,
    ];
    let says = |code: &u32| failure.message.contains(&format!("ERROR {code} "));
    CODES.iter().any(says)
}
