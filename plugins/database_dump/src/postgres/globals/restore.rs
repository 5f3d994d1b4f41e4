//! The restore of the part `globals`.

use sidecar_sdk::restore::Part;
use sidecar_sdk::{Failure, Result, choices, log};

use super::compare::{Comparison, compare};
use super::facts::Globals;
use super::script::{self, Content};
use super::{legacy, read, replay};
use crate::postgres::ownership::NO_OWNER;
use crate::postgres::server::PostgresServer;

/// Who restores, and where.
#[derive(Debug, serde::Deserialize)]
struct Account {
    name: String,
    version: u32,
}

const ACCOUNT: &str = "
SELECT json_build_object('name', current_user, 'version', int4in(textout(current_setting('server_version_num'))))";

/// Replays the globals through `database`, in one transaction, and looks what came of it.
pub(in crate::postgres) fn restore(
    server: &PostgresServer,
    database: &str,
    part: &Part,
    replace: bool,
) -> Result<String> {
    let account: Account = server.query(database, ACCOUNT)?;
    let content = script::read(part)?;
    let before = read(server, database, account.version, false)?;
    let backup = match content {
        Content::Facts { globals, line } => {
            announce(&globals);
            replay::part(server, database, &line, replace)?;
            globals
        }
        Content::Script(text) => {
            let globals = legacy::read(&text)?;
            announce(&globals);
            let facts = serde_json::to_string(&globals).map_err(|error| {
                Failure::new("internal", format!("cannot write the globals: {error}"))
            })?;
            replay::text(server, database, &facts, replace)?;
            globals
        }
    };
    let after = read(server, database, account.version, false)?;
    let told = compare(&backup, &before, &after, &account.name, replace);
    judge(&backup, told)
}

/// Before anything is changed.
fn announce(globals: &Globals) {
    let powerful = globals.powerful();
    if !powerful.is_empty() {
        log::warn(&format!(
            "roles of the backup that no right is denied to: {}",
            powerful.join(", ")
        ));
    }
}

/// Words for the operator; a failure where something is missing that was not given up.
fn judge(backup: &Globals, told: Comparison) -> Result<String> {
    let mut notes = vec![format!(
        "{} of {} roles made",
        told.made,
        backup.roles.len()
    )];
    if !told.unchanged.is_empty() {
        notes.push(format!(
            "left as they are and not as in the backup: {}",
            told.unchanged.join(", ")
        ));
    }
    let powerful = backup.powerful();
    if !powerful.is_empty() {
        notes.push(format!("in the backup are {}", powerful.join(", ")));
    }
    if !told.tablespaces.is_empty() {
        notes.push(format!(
            "tablespaces that this server has not: {}: what lay in them goes to the default",
            told.tablespaces.join(", ")
        ));
    }
    if told.missing.is_empty() {
        return Ok(notes.join("; "));
    }
    let missing = told.missing.join(", ");
    if choices::accepted(NO_OWNER) {
        notes.push(format!("left out: {missing}"));
        return Ok(notes.join("; "));
    }
    Err(Failure::new(
        "incomplete",
        format!("all other globals are restored, but not {missing}"),
    )
    .hint(format!(
        "the log has the reasons; restore as a superuser, or accept it: --accept {NO_OWNER}"
    )))
}
