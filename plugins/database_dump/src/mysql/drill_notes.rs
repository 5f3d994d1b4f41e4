//! The databases that drills have made. A name proves nothing: each has a procedure whose comment is the drill's id,
//! and tables in a database of the sidecar's own say which ids were given to which name, and when the procedure was made.

use sidecar_sdk::{Failure, Result, choices};

use super::existing::has_table;
use super::server::MysqlServer;
use super::sql::{identifier, is_named, text};

/// The database of the sidecar's own.
pub(super) const NOTES: &str = "sidecar_drill";
/// The procedure.
pub(super) const MARK: &str = "sidecar_drill";
const TABLE: &str = "marks";

/// When each mark was made: a dump of a drill's database has the mark too, and makes another one.
const MOMENTS: &str = "moments";

/// Whether the database `name`, an expression, has a mark that was noted for it. As long as no moment is noted (its drill was
/// killed, or is of an earlier version), any does.
fn is_marked_with(name: &str, has_moments: bool) -> String {
    let is_that_one = match has_moments {
        true => format!(
            " AND NOT EXISTS (SELECT 1 FROM {} w WHERE w.name = m.name AND w.id = m.id AND w.made <> UNIX_TIMESTAMP(r.CREATED))",
            moments()
        ),
        false => String::new(),
    };
    format!(
        "EXISTS (SELECT 1 FROM information_schema.ROUTINES r JOIN {notes} m ON CAST(m.id AS BINARY) = CAST(r.ROUTINE_COMMENT AS BINARY) \
         WHERE r.ROUTINE_SCHEMA = {name} AND CAST(r.ROUTINE_SCHEMA AS BINARY) = CAST({name} AS BINARY) \
         AND r.ROUTINE_NAME = '{MARK}' AND CAST(m.name AS BINARY) = CAST({name} AS BINARY){is_that_one})",
        notes = notes()
    )
}

/// The same, where there may be no notes.
pub(super) fn is_marked(server: &MysqlServer, name: &str) -> Result<String> {
    Ok(match has_table(server, NOTES, TABLE)? {
        true => is_marked_with(name, has_table(server, NOTES, MOMENTS)?),
        false => "FALSE".to_owned(),
    })
}

fn notes() -> String {
    super::sql::qualified(NOTES, TABLE)
}

fn moments() -> String {
    super::sql::qualified(NOTES, MOMENTS)
}

/// Those of these databases that are not empty, and that no drill has made.
pub(super) fn made_by_others(server: &MysqlServer, names: &[&str]) -> Result<Vec<String>> {
    let mut others = Vec::new();
    for name in names {
        let name = server.canonical(name)?;
        let marked = is_marked(server, &text(&name))?;
        let content = [
            ("TABLES", "TABLE_SCHEMA"),
            ("ROUTINES", "ROUTINE_SCHEMA"),
            ("EVENTS", "EVENT_SCHEMA"),
        ]
        .map(|(table, column)| {
            let is_it = is_named(column, &name);
            format!("EXISTS (SELECT 1 FROM information_schema.{table} WHERE {is_it})")
        });
        let sql = format!("SELECT ({}) AND NOT {marked}", content.join(" OR "));
        if server.query(&sql)? == "1" {
            others.push(name);
        }
    }
    Ok(others)
}

/// Notes this drill's id for these databases, before they are made: a drill that is killed leaves nothing that the next
/// one would not know.
pub(super) fn note(server: &MysqlServer, names: &[&str]) -> Result<()> {
    let mut statements = vec![
        format!("CREATE DATABASE IF NOT EXISTS {}", identifier(NOTES)),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             id VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, PRIMARY KEY (name, id))",
            notes()
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {} (name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, \
             id VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, made BIGINT NOT NULL, PRIMARY KEY (name, id))",
            moments()
        ),
    ];
    for name in names {
        let name = text(&server.canonical(name)?);
        let notes = notes();
        // What a database does not have now, it will never have again.
        statements.push(format!(
            "DELETE FROM {notes} WHERE name = {name} AND CAST(id AS BINARY) NOT IN (SELECT CAST(ROUTINE_COMMENT AS BINARY) \
             FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = {name} AND ROUTINE_NAME = '{MARK}')"
        ));
        statements.push(format!(
            "DELETE FROM {} WHERE (name, id) NOT IN (SELECT name, id FROM {notes})",
            moments()
        ));
        let id = text(&choices::id());
        statements.push(format!("INSERT IGNORE INTO {notes} VALUES ({name}, {id})"));
    }
    match names.is_empty() {
        true => Ok(()),
        false => server.script(&statements),
    }
}

/// Notes when the marks of this drill were made, which is over.
pub(super) fn note_moments(server: &MysqlServer) -> Result<()> {
    if !has_table(server, NOTES, MOMENTS)? {
        return Ok(());
    }
    let notes = notes();
    server.script(&[format!(
        "INSERT IGNORE INTO {} (name, id, made) SELECT m.name, m.id, UNIX_TIMESTAMP(r.CREATED) \
         FROM {notes} m JOIN information_schema.ROUTINES r ON CAST(r.ROUTINE_SCHEMA AS BINARY) = CAST(m.name AS BINARY) \
         AND r.ROUTINE_NAME = '{MARK}' AND CAST(r.ROUTINE_COMMENT AS BINARY) = CAST(m.id AS BINARY) WHERE m.id = {}",
        moments(),
        text(&choices::id())
    )])
}

/// The definition of this drill's mark; none for a restore that is no drill.
pub(super) fn mark() -> Option<String> {
    // Letters and digits only.
    let id = choices::id();
    choices::is_drill().then(|| format!("PROCEDURE {MARK}() COMMENT '{id}' SELECT '{id}'"))
}

/// Statements that fail in a drill if this database, which is about to be dropped or replaced, is not one that a drill has
/// made.
pub(super) fn require_marked(database: &str) -> Vec<String> {
    if !choices::is_drill() {
        return Vec::new();
    }
    let refusal =
        "SIGNAL SQLSTATE ''45000'' SET MESSAGE_TEXT = ''no drill has made this database''";
    vec![
        format!(
            "SELECT IF({}, 'DO 0', '{refusal}') INTO @mark",
            is_marked_with(&text(database), true)
        ),
        "PREPARE mark FROM @mark".to_owned(),
        "EXECUTE mark".to_owned(),
    ]
}

/// A failure of those statements, in words of its own.
pub(super) fn explained(failure: Failure, database: &str) -> Failure {
    if !failure.message.contains("no drill has made this database") {
        return failure;
    }
    Failure::new(
        "not-scratch",
        format!("{database} was made by something else than a drill while this one was at work, and is as it was"),
    )
    .hint("name a server that only drills use in drill.into")
}
