//! The swap: the tables of the target go, those of the new database come, in one statement.

use sidecar_sdk::{Failure, Result, log};

use super::discard::discard_or_leave;
use super::marked::require_alone;
use super::names::SwapNames;
use super::objects::{StoredObject, run_object, statements, stored_objects};
use super::{foreign_keys, holders, state};
use crate::mysql::drill_notes;
use crate::mysql::existing::{ExistingObjects, exists, tables_of};
use crate::mysql::script::Kind;
use crate::mysql::server::{MysqlProperties, MysqlServer};
use crate::mysql::sql::{hex, identifier, is_named, qualified, text};

/// The first number of what was live before the swap.
const LIVE: usize = 1_000_000;

/// Swaps the tables of `target`. Fails with everything as it was, or has done it: then it returns what failed
/// after that.
pub(in crate::mysql) fn exchange(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    properties: &MysqlProperties,
) -> Result<Option<Failure>> {
    let made = !exists(server, target)?;
    if made {
        // Another one of this name may have come meanwhile: it stays.
        server
            .script(&[format!("CREATE DATABASE {}", identifier(target))])
            .inspect_err(|_| discard_or_leave(server, names))?;
    }
    swap(server, names, target, properties).inspect_err(|_| {
        if made {
            drop_if_empty(server, target);
        }
    })
}

fn swap(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    properties: &MysqlProperties,
) -> Result<Option<Failure>> {
    let in_the_way = require_alone(server, names, target)
        .and_then(|()| save_live(server, names, target))
        .and_then(|live| foreign_keys::save(server, names, target, target).map(|()| live))
        .inspect_err(|_| discard_or_leave(server, names))?;
    let mut script: Vec<String> = Vec::new();
    if ExistingObjects::of(server, target)?.any() {
        script.extend(drill_notes::require_marked(target));
    }
    let drops = |kind: Kind| {
        let of_kind = in_the_way.iter().filter(move |(other, _)| *other == kind);
        of_kind.map(|(kind, name)| {
            let name = qualified(target, name);
            format!("DROP {} IF EXISTS {name}", kind.word())
        })
    };
    if drops(Kind::Trigger).next().is_some() {
        // Sessions that hold a table are waited for here: no row is written without its trigger meanwhile.
        script.push(lock(target));
        script.extend(drops(Kind::Trigger));
        script.push("UNLOCK TABLES".to_owned());
    }
    script.extend(drops(Kind::View));
    script.push(rename(names, target));
    script.push(alter(target, properties));
    for trigger in stored_objects(server, names, &[Kind::Trigger], false)? {
        script.push(statements(names, &trigger, target).join(";\n"));
    }
    let swapped = holders::bounded(server, names, target, || server.script(&script));
    let Err(failure) = swapped else {
        return Ok(None);
    };
    match state::is_swapped(server, names) {
        Ok(true) => return Ok(triggers(server, names, target).err()),
        Ok(false) => {}
        // The server is gone: the next restore finds out.
        Err(_) => return Err(failure),
    }
    put_back(server, names, target)?;
    discard_or_leave(server, names);
    Err(drill_notes::explained(failure, target))
}

/// Drops a database that the swap has made, unless it is used already.
fn drop_if_empty(server: &MysqlServer, target: &str) {
    let dropped = ExistingObjects::of(server, target).and_then(|existing| match existing.any() {
        true => Ok(()),
        false => server.script(&[format!("DROP DATABASE IF EXISTS {}", identifier(target))]),
    });
    if let Err(failure) = dropped {
        log::warn(&format!("{target} is left: {}", failure.message));
    }
}

/// Makes the triggers of the backup, where the statement that makes them all has failed.
pub(super) fn triggers(server: &MysqlServer, names: &SwapNames, target: &str) -> Result<()> {
    let triggers = stored_objects(server, names, &[Kind::Trigger], false)?;
    let made = triggers
        .iter()
        .map(|trigger| run_object(server, names, trigger, target));
    made.fold(Ok(()), Result::and)
}

/// Makes the triggers and views again that were dropped for a swap that did not happen.
pub(super) fn put_back(server: &MysqlServer, names: &SwapNames, target: &str) -> Result<()> {
    let there = [
        format!(
            "SELECT JSON_QUOTE(TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE {}",
            is_named("TRIGGER_SCHEMA", target)
        ),
        format!(
            "SELECT JSON_QUOTE(TABLE_NAME) FROM information_schema.VIEWS WHERE {}",
            is_named("TABLE_SCHEMA", target)
        ),
    ];
    for (kind, there) in [Kind::Trigger, Kind::View].into_iter().zip(there) {
        let there: Vec<String> = server.query_lines(&there, target)?;
        let saved = stored_objects(server, names, &[kind], true)?;
        for object in saved.iter().filter(|saved| !there.contains(&saved.name)) {
            log::info(&format!(
                "putting back the {} {}",
                object.kind.to_lowercase(),
                object.name
            ));
            run_object(server, names, object, target)?;
        }
    }
    Ok(())
}

/// Locks all tables for writing.
fn lock(target: &str) -> String {
    format!(
        "SELECT CONCAT('LOCK TABLES ', GROUP_CONCAT('`', REPLACE(TABLE_SCHEMA, '`', '``'), '`.`', REPLACE(TABLE_NAME, '`', '``'), '` WRITE')) \
         INTO @lock FROM information_schema.TABLES WHERE {} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED');\n\
         PREPARE locking FROM @lock;\nEXECUTE locking",
        is_named("TABLE_SCHEMA", target)
    )
}

/// One statement for all tables: the server does it whole or not at all.
fn rename(names: &SwapNames, target: &str) -> String {
    let pairs = |from: &str, to: &str| {
        format!(
            "SELECT CONCAT({}, REPLACE(TABLE_NAME, '`', '``'), {}, REPLACE(TABLE_NAME, '`', '``'), '`') AS pair \
             FROM information_schema.TABLES WHERE {} AND TABLE_TYPE <> 'VIEW'",
            text(&format!("{}.`", identifier(from))),
            text(&format!("` TO {}.`", identifier(to))),
            is_named("TABLE_SCHEMA", from)
        )
    };
    // A table of the old database's own is one of the swap.
    let marker = format!("{} TO {}", names.pending(), names.done());
    format!(
        "SELECT CONCAT('RENAME TABLE ', IFNULL(CONCAT((SELECT GROUP_CONCAT(pair SEPARATOR ', ') FROM ({}) AS going), ', '), ''), \
         IFNULL(CONCAT((SELECT GROUP_CONCAT(pair SEPARATOR ', ') FROM ({}) AS coming), ', '), ''), {}) INTO @swap;\n\
         PREPARE swap FROM @swap;\nEXECUTE swap",
        pairs(target, &names.old_database()),
        pairs(&names.new_database(), target),
        text(&marker),
    )
}

pub(super) fn alter(target: &str, properties: &MysqlProperties) -> String {
    format!(
        "ALTER DATABASE {} {}",
        identifier(target),
        properties.clauses()
    )
}

/// Saves what has to be dropped before the swap: triggers, and views whose names tables will have.
fn save_live(server: &MysqlServer, names: &SwapNames, target: &str) -> Result<Vec<(Kind, String)>> {
    let triggers: Vec<String> = server.query_lines(
        &format!(
            "SELECT JSON_QUOTE(TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE {} \
             ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER",
            is_named("TRIGGER_SCHEMA", target)
        ),
        target,
    )?;
    let views: Vec<String> = server.query_lines(
        &format!(
            "SELECT JSON_QUOTE(TABLE_NAME) FROM information_schema.VIEWS WHERE {}",
            is_named("TABLE_SCHEMA", target)
        ),
        target,
    )?;
    let tables = tables_of(server, &names.new_database())?;
    let views = views.into_iter().filter(|view| tables.contains(view));
    let triggers = triggers.into_iter().map(|name| (Kind::Trigger, name));
    let all: Vec<(Kind, String)> = triggers
        .chain(views.map(|name| (Kind::View, name)))
        .collect();
    let mut saved = Vec::new();
    for (n, (kind, name)) in all.iter().enumerate() {
        saved.push(save(server, names, target, *kind, name, LIVE + n)?);
    }
    server.script(&saved)?;
    Ok(all)
}

/// The statement that stores the definition of something live, as the server shows it in UTF-8.
fn save(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    kind: Kind,
    name: &str,
    n: usize,
) -> Result<String> {
    let shown = server.query(&format!(
        "SHOW CREATE {} {}.{}",
        kind.word(),
        identifier(target),
        identifier(name)
    ))?;
    let unexpected = || {
        Failure::new(
            "unexpected-answer",
            format!("the server's definition of {name} cannot be understood"),
        )
    };
    let mut rest = shown
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('\t'))
        .ok_or_else(unexpected)?;
    let mut mode = "";
    let fields = if kind == Kind::Trigger {
        (mode, rest) = rest.split_once('\t').ok_or_else(unexpected)?;
        4
    } else {
        2
    };
    let mut after = rest.rsplitn(fields + 1, '\t');
    let last: Vec<&str> = after.by_ref().take(fields).collect();
    let definition = after.next().ok_or_else(unexpected)?;
    let collation = last[last.len() - 2];
    let values = [kind.word(), name, mode, "utf8mb4", collation, "", ""].map(text);
    Ok(format!(
        "INSERT INTO {} (n, is_live, definition, kind, name, sql_mode, client_charset, connection_collation, \
         database_collation, time_zone) VALUES ({n}, 1, X'{}', {})",
        names.objects(),
        hex(definition.as_bytes()),
        values.join(", ")
    ))
}

/// What was stored of a kind by name.
pub(super) fn names_of(objects: &[StoredObject]) -> Vec<(&str, String)> {
    let named = objects.iter();
    named
        .map(|object| (object.kind.as_str(), object.name.to_lowercase()))
        .collect()
}
