//! Drops what a swap has made.

use sidecar_sdk::{Result, log};

use super::names::SwapNames;
use crate::mysql::server::MysqlServer;
use crate::mysql::sql::{identifier, is_named, text};

/// Drops what the swap has made, as long as nothing was swapped. What cannot be dropped now, the next restore
/// drops.
pub(in crate::mysql) fn discard_or_leave(server: &MysqlServer, names: &SwapNames) {
    if let Err(failure) = discard(server, names) {
        log::warn(&format!(
            "{} is left: {}",
            names.new_database(),
            failure.message
        ));
    }
}

/// Drops the database with the state, which holds nothing else yet.
pub(super) fn discard_state(server: &MysqlServer, names: &SwapNames) {
    let old = names.old_database();
    if let Err(failure) = server.script(&[drop_database(&old)]) {
        log::warn(&format!("{old} is left: {}", failure.message));
    }
}

/// Drops what the swap has made. The marker goes last: until then all of it is known to be the sidecar's own.
pub(in crate::mysql) fn discard(server: &MysqlServer, names: &SwapNames) -> Result<()> {
    let old = names.old_database();
    let tables = format!(
        "{} AND RIGHT(TABLE_NAME, {length}) <> {id}",
        is_named("TABLE_SCHEMA", &old),
        length = names.id().len(),
        id = text(names.id())
    );
    server.script(&[
        drop_database(&names.new_database()),
        format!(
            "SELECT IFNULL(CONCAT('DROP TABLE IF EXISTS ', GROUP_CONCAT('`', REPLACE(TABLE_SCHEMA, '`', '``'), '`.`', \
             REPLACE(TABLE_NAME, '`', '``'), '`')), 'DO 0') INTO @old FROM information_schema.TABLES WHERE {tables};\n\
             PREPARE old FROM @old;\nEXECUTE old"
        ),
        drop_database(&old),
    ])
}

/// Drops a database that the swap has made.
fn drop_database(database: &str) -> String {
    format!("DROP DATABASE IF EXISTS {}", identifier(database))
}
