//! A database that is filled where it is: one that is empty, or whose account may make no other.

use sidecar_sdk::{Result, log};

use super::prepare::{Prepared, Way};
use crate::mysql::existing::{ExistingObjects, has_table};
use crate::mysql::script::Kind;
use crate::mysql::server::{AFTER, BEFORE, DATABASE, MysqlServer, session_settings};
use crate::mysql::sql::identifier;
use crate::mysql::swap::{create_objects, run_object, store_objects, stored_objects};
use crate::mysql::{drill_notes, load};

/// Loads the tables and makes their triggers. A database that was not there before goes again if that fails.
pub(super) fn tables(server: &MysqlServer, database: &Prepared) -> Result<()> {
    let target = identifier(&database.target);
    if !database.exists {
        // One of this name that has come meanwhile stays.
        server.script(&[format!("CREATE DATABASE {target}")])?;
    }
    let made = prepare(server, database).and_then(|()| fill(server, database));
    if made.is_err() && !database.exists && is_own(server, database)? {
        server.script(&[format!("DROP DATABASE {target}")])?;
    }
    made.map_err(|failure| drill_notes::explained(failure, &database.target))
}

/// Empties it, and marks it as one that a restore is filling.
fn prepare(server: &MysqlServer, database: &Prepared) -> Result<()> {
    let target = identifier(&database.target);
    let mut statements = Vec::new();
    if database.has_objects {
        log::warn(&format!("dropping {}, to fill it again", database.target));
        statements.extend(drill_notes::require_marked(&database.target));
        statements.push(format!("DROP DATABASE {target}"));
        statements.push(format!("CREATE DATABASE {target}"));
    }
    statements.push(format!(
        "ALTER DATABASE {target} {}",
        database.properties.clauses()
    ));
    if let Some(mark) = drill_notes::mark() {
        statements.push(format!("USE {target}"));
        statements.push(format!("CREATE {mark}"));
    }
    if database.way != Way::Plain {
        statements.push(create_objects(&database.names));
    }
    server.script(&statements)
}

/// Whether a database holds what the restore that makes it has put there, or nothing.
fn is_own(server: &MysqlServer, database: &Prepared) -> Result<bool> {
    if database.way == Way::Plain {
        return Ok(true);
    }
    Ok(
        has_table(server, &database.target, &database.names.objects_table())?
            || !ExistingObjects::of(server, &database.target)?.any(),
    )
}

fn fill(server: &MysqlServer, database: &Prepared) -> Result<()> {
    let Prepared {
        target,
        names,
        script,
        ..
    } = database;
    if database.way == Way::Plain {
        let load = server.client.command(server.lines.load);
        let load = load
            .env(DATABASE, target)
            .env(BEFORE, session_settings())
            .env(AFTER, "");
        return server.client.feed(&database.part, &load);
    }
    store_objects(server, names, &script.objects, database.retained)?;
    load::tables(server, target, script)?;
    load::check(server, target, script)?;
    for trigger in stored_objects(server, names, &[Kind::Trigger], false)? {
        run_object(server, names, &trigger, target)?;
    }
    Ok(())
}

/// Drops the table that the definitions lay in.
pub(super) fn tidy_up(server: &MysqlServer, database: &Prepared) -> Result<()> {
    if database.way == Way::Plain {
        return Ok(());
    }
    server.script(&[format!("DROP TABLE {}", database.names.objects())])
}
