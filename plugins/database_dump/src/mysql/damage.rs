//! Damage that the server can tell of. InnoDB checks each page when it is read, and a dump of a damaged one fails; of other
//! engines a dump may be shorter without a word.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::server::MysqlServer;
use super::shortened::shortened;
use super::sql::{is_named, qualified};
use crate::coverage::{Content, Gap};

/// The engines whose tables the server looks through.
const ENGINES: &str = "'MyISAM', 'MRG_MyISAM', 'Aria', 'CSV', 'ARCHIVE'";

/// As many names as one statement holds with certainty.
const AT_ONCE: usize = 100;

/// Has the server look through the tables of a database: `QUICK` for the state and the sizes of the files, or nothing for
/// rows as well. Returns what it says of damaged ones.
pub(super) fn damaged(server: &MysqlServer, database: &str, how: &str) -> Result<Vec<String>> {
    let tables: Vec<String> = server.query_lines(
        &format!(
            "SELECT JSON_QUOTE(TABLE_NAME) FROM information_schema.TABLES WHERE {} AND ENGINE IN ({ENGINES})",
            is_named("TABLE_SCHEMA", database)
        ),
        database,
    )?;
    let mut answers = String::new();
    for tables in tables.chunks(AT_ONCE) {
        let names: Vec<String> = tables
            .iter()
            .map(|table| qualified(database, table))
            .collect();
        answers += &server.query(&format!("CHECK TABLE {} {how}", names.join(", ")))?;
        answers.push('\n');
    }
    let mut said = Vec::new();
    for line in answers.lines() {
        let mut fields = line.split("\tcheck\t");
        let (Some(table), Some((kind, text))) = (
            fields.next(),
            fields.next().and_then(|rest| rest.split_once('\t')),
        ) else {
            continue;
        };
        if kind.eq_ignore_ascii_case("error") {
            said.push(format!("{table}: {text}"));
        }
    }
    Ok(said)
}

/// The gap of a database with damaged tables.
pub(super) fn gap(server: &MysqlServer, database: &str) -> Result<Option<Gap>> {
    let said = damaged(server, database, "QUICK")?;
    Ok((!said.is_empty()).then(|| {
        Gap::new(
            Content::DamagedPages,
            format!("rows of damaged tables of {database}"),
            shortened(&said.join("; ")),
            "REPAIR TABLE, or restore them, before the next backup",
        )
    }))
}

/// A table of which InnoDB has the rows, and the server no definition.
#[derive(Debug, Deserialize, PartialEq, Eq)]
struct Lost {
    database: String,
    table: String,
}

/// The tables whose `.frm` is missing, as gaps of these databases. Nothing if the account may not ask InnoDB.
pub(super) fn lost_tables(server: &MysqlServer) -> Result<Vec<(String, Gap)>> {
    let Ok(mut lost) = lost(server) else {
        return Ok(Vec::new());
    };
    if !lost.is_empty() {
        // One that is being made or dropped is no longer so.
        let still = self::lost(server)?;
        lost.retain(|table| still.contains(table));
    }
    let gap = |Lost { database, table }| {
        let gap = Gap::new(
            Content::DamagedPages,
            format!("the table {table} of {database}"),
            "InnoDB has its rows, and the server no longer has its definition (the .frm file)",
            "restore it under another name and compare, then drop what is left of it",
        );
        (database, gap)
    };
    Ok(lost.into_iter().map(gap).collect())
}

fn lost(server: &MysqlServer) -> Result<Vec<Lost>> {
    server.query_lines(
        "SELECT JSON_OBJECT('database', s.SCHEMA_NAME, 'table', i.t) FROM (
             SELECT DISTINCT SUBSTRING_INDEX(NAME, '/', 1) AS d,
                 SUBSTRING_INDEX(SUBSTRING_INDEX(SUBSTRING(NAME, LOCATE('/', NAME) + 1), '#P#', 1), '#p#', 1) AS t
             FROM information_schema.INNODB_SYS_TABLES
             WHERE NAME LIKE '%/%' AND NAME NOT LIKE '%/#sql%' AND NAME NOT LIKE '%/FTS\\_0%') i
         JOIN information_schema.SCHEMATA s ON CAST(CONVERT(s.SCHEMA_NAME USING filename) AS BINARY) = CAST(i.d AS BINARY)
         WHERE NOT EXISTS (SELECT 1 FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = s.SCHEMA_NAME
             AND CAST(CONVERT(t.TABLE_NAME USING filename) AS BINARY) = CAST(i.t AS BINARY))",
        "its tables",
    )
}
