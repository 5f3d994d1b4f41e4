//! The state of a swap, in tables: what the next restore needs to finish or undo it.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::discard::{discard_or_leave, discard_state};
use super::names::SwapNames;
use crate::mysql::existing::has_table;
use crate::mysql::server::{MysqlProperties, MysqlServer};
use crate::mysql::sql::{identifier, text};

/// What a swap is for.
#[derive(Deserialize)]
pub(super) struct Swap {
    pub(super) target: String,
    #[serde(flatten)]
    pub(super) properties: MysqlProperties,
}

/// Creates both databases, or none of them: what has such a name already is of others, and stays. The marker is there
/// before the first thing that it marks.
pub(super) fn create(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    properties: &MysqlProperties,
) -> Result<()> {
    let (old, new) = (
        identifier(&names.old_database()),
        identifier(&names.new_database()),
    );
    let comment = properties.comment.as_deref();
    let values = [
        text(target),
        text(&properties.charset),
        text(&properties.collation),
        comment.map_or("NULL".to_owned(), text),
    ];
    server.script(&[format!("CREATE DATABASE {old}")])?;
    server
        .script(&[
            format!(
                "CREATE TABLE {} (target VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, \
                 charset VARCHAR(64) NOT NULL, collation VARCHAR(64) NOT NULL, comment TEXT CHARACTER SET utf8mb4) \
                 ENGINE=InnoDB \
                 COMMENT='a restore of the sidecar is at work here, or was killed: the next one tidies up'",
                names.swap()
            ),
            create_objects(names),
            format!("CREATE TABLE {} (nothing INT PRIMARY KEY) ENGINE=InnoDB", names.pending()),
            format!("INSERT INTO {} VALUES ({})", names.swap(), values.join(", ")),
        ])
        .inspect_err(|_| discard_state(server, names))?;
    server
        .script(&[format!("CREATE DATABASE {new} {}", properties.clauses())])
        .inspect_err(|failure| match failure.message.contains("ERROR 1007 ") {
            true => discard_state(server, names),
            false => discard_or_leave(server, names),
        })
}

/// What this swap is for; none if it was killed before that was written.
pub(super) fn read(server: &MysqlServer, names: &SwapNames) -> Result<Option<Swap>> {
    let select = |comment: &str| {
        format!(
            "SELECT JSON_OBJECT('target', target, 'charset', charset, 'collation', collation{comment}) FROM {}",
            names.swap()
        )
    };
    let about = "its own tables";
    // One of an earlier version has no comment.
    let swaps = server
        .query_lines(&select(", 'comment', comment"), about)
        .or_else(|_| server.query_lines(&select(""), about))?;
    Ok(swaps.into_iter().next())
}

/// The table that definitions lie in until they are executed.
pub(in crate::mysql) fn create_objects(names: &SwapNames) -> String {
    format!(
        "CREATE TABLE {} (n INT PRIMARY KEY, is_live BOOL NOT NULL, kind VARCHAR(20) NOT NULL, \
         name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL, definition LONGBLOB NOT NULL, \
         sql_mode TEXT NOT NULL, client_charset VARCHAR(64) NOT NULL, connection_collation VARCHAR(64) NOT NULL, \
         database_collation VARCHAR(64) NOT NULL, time_zone VARCHAR(64) NOT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        names.objects()
    )
}

/// Whether the tables have been swapped.
pub(super) fn is_swapped(server: &MysqlServer, names: &SwapNames) -> Result<bool> {
    let table = format!("sidecar_done_{}", names.id());
    has_table(server, &names.old_database(), &table)
}
