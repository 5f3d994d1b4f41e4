//! The restore: the tables of each database, then the users, then what needs both: views and code of all
//! databases. The account that restores comes last: it may get another password.

mod complete;
mod inside;
mod prepare;
mod users;

use sidecar_sdk::restore::Outcome;
use sidecar_sdk::{Failure, Result, choices, log};

use super::packet_limit;
use super::server::{MysqlProperties, MysqlServer};
use super::swap::{self, SwapNames};
use crate::layout::{GLOBALS, Index};
use crate::restore::outcome;
use crate::selection::RestoreSelection;
use prepare::{Prepared, Way};

pub(super) fn run(
    server: &MysqlServer,
    selection: &RestoreSelection,
    replace: bool,
) -> Result<Vec<Outcome>> {
    let index: Index<MysqlProperties> = Index::read(&selection.index, server.name)?;
    if server.is_mariadb()? {
        swap::finish_leftovers(server)?;
    }
    let prepared = prepare_all(server, selection, &index, replace)?;
    packet_limit::raised(server, || restore(server, selection, prepared, replace))
}

/// Why databases would not be restored.
pub(super) fn refusals(
    server: &MysqlServer,
    selection: &RestoreSelection,
    replace: bool,
) -> Result<Vec<Failure>> {
    let index: Index<MysqlProperties> = Index::read(&selection.index, server.name)?;
    let prepared = prepare_all(server, selection, &index, replace)?;
    let refused = prepared
        .into_iter()
        .filter_map(|(_, prepared)| prepared.err());
    Ok(refused.collect())
}

/// All of them before the first one is touched.
fn prepare_all<'a>(
    server: &MysqlServer,
    selection: &'a RestoreSelection,
    index: &Index<MysqlProperties>,
    replace: bool,
) -> Result<Vec<(&'a str, Result<Prepared>)>> {
    let account = prepare::account(server)?;
    let databases = selection.databases.iter().enumerate();
    let prepared = databases.map(|(number, selected)| {
        let names = SwapNames::of(&choices::id(), number);
        let database = index.database(&selected.part.name);
        let prepared = database.and_then(|database| {
            prepare::prepare(
                server,
                &account,
                selected,
                &database.properties,
                names,
                replace,
            )
        });
        (selected.part.name.as_str(), prepared)
    });
    Ok(prepared.collect())
}

fn restore(
    server: &MysqlServer,
    selection: &RestoreSelection,
    prepared: Vec<(&str, Result<Prepared>)>,
    replace: bool,
) -> Vec<Outcome> {
    let mut results: Vec<(&str, Result<Prepared>)> = prepared
        .into_iter()
        .map(|(part, prepared)| {
            let restored = prepared.and_then(|mut prepared| {
                log::info(&format!("restoring the database {}", prepared.target));
                tables(server, &mut prepared)?;
                Ok(prepared)
            });
            (part, restored)
        })
        .collect();
    let globals = selection.globals.as_ref();
    let users = globals.map(|part| users::prepare(server, part, replace));
    if let Some(Ok(users)) = &users {
        users.create(server);
    }
    complete::complete(server, &mut results);
    let mut outcomes: Vec<Outcome> = results
        .into_iter()
        .map(|(part, result)| outcome(part, result.map(|prepared| prepared.note())))
        .collect();
    if let Some(users) = users {
        let result = users.and_then(|users| users.complete(server));
        outcomes.push(outcome(GLOBALS, result));
    }
    outcomes
}

/// Restores the tables of one database. A failure leaves what was there.
fn tables(server: &MysqlServer, database: &mut Prepared) -> Result<()> {
    let Way::Swap = database.way else {
        return inside::tables(server, database);
    };
    let Prepared {
        target,
        names,
        script,
        properties,
        retained,
        ..
    } = &*database;
    swap::build(server, names, target, script, properties, *retained)?;
    if !database.has_objects {
        prepare::require_empty(server, target)
            .inspect_err(|_| swap::discard_or_leave(server, names))?;
    }
    let late = swap::exchange(server, names, target, properties)?;
    database.late.extend(late);
    Ok(())
}
