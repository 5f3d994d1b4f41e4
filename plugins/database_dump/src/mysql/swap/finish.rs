//! After the swap: code and views get their new definitions, what the backup has not goes, and the old tables
//! last. All of it can be done again, from what lies in the state.

use serde::Deserialize;
use sidecar_sdk::{Failure, Result};

use super::build::{ROUTINES, run_rounds};
use super::discard::discard;
use super::exchange::{alter, names_of};
use super::foreign_keys;
use super::names::SwapNames;
use super::objects::stored_objects;
use crate::mysql::script::Kind;
use crate::mysql::server::{MysqlProperties, MysqlServer};
use crate::mysql::sql::{identifier, is_named};

#[derive(Deserialize)]
struct Existing {
    kind: String,
    name: String,
}

/// Gives the target the routines of the backup. Returns why some could not be made.
pub(in crate::mysql) fn routines(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
) -> Result<Vec<Failure>> {
    let routines = format!(
        "SELECT JSON_OBJECT('kind', ROUTINE_TYPE, 'name', ROUTINE_NAME) FROM information_schema.ROUTINES WHERE {}",
        is_named("ROUTINE_SCHEMA", target)
    );
    renew(server, names, target, &ROUTINES, &routines)
}

/// Gives the target the events of the backup. Returns why some could not be made.
pub(in crate::mysql) fn events(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
) -> Result<Vec<Failure>> {
    let events = format!(
        "SELECT JSON_OBJECT('kind', 'EVENT', 'name', EVENT_NAME) FROM information_schema.EVENTS WHERE {}",
        is_named("EVENT_SCHEMA", target)
    );
    renew(server, names, target, &[Kind::Event], &events)
}

/// Gives the target the views of the backup. Returns why some could not be made.
pub(in crate::mysql) fn views(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
) -> Result<Vec<Failure>> {
    let views = format!(
        "SELECT JSON_OBJECT('kind', 'VIEW', 'name', TABLE_NAME) FROM information_schema.VIEWS WHERE {}",
        is_named("TABLE_SCHEMA", target)
    );
    renew(server, names, target, &[Kind::View], &views)
}

fn renew(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    kinds: &[Kind],
    existing: &str,
) -> Result<Vec<Failure>> {
    let objects = stored_objects(server, names, kinds, false)?;
    let existing: Vec<Existing> = server.query_lines(existing, target)?;
    let wanted = names_of(&objects);
    let drops: Vec<String> = existing
        .iter()
        .filter(|existing| !wanted.contains(&(&existing.kind, existing.name.to_lowercase())))
        .map(|existing| {
            let name = format!("{}.{}", identifier(target), identifier(&existing.name));
            format!("DROP {} IF EXISTS {name}", existing.kind)
        })
        .collect();
    server.script(&drops)?;
    let failed = run_rounds(server, names, objects, target);
    Ok(failed.into_iter().map(|(_, failure)| failure).collect())
}

/// Gives other databases their foreign keys back, then drops the old tables, and the marker of the swap last. Returns the
/// foreign keys that cannot be made again.
pub(in crate::mysql) fn tidy_up(
    server: &MysqlServer,
    names: &SwapNames,
    target: &str,
    properties: &MysqlProperties,
) -> Result<Vec<Failure>> {
    let refused = foreign_keys::point_to(server, names, target)?;
    server.script(&[alter(target, properties)])?;
    discard(server, names)?;
    Ok(refused)
}
