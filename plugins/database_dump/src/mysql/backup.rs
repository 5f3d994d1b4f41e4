//! The backup: the users, then each database.

use sidecar_sdk::{Artifact, Result, log};

use super::catalogue::Catalogue;
use super::contents::{self, Contents};
use super::server::{BEFORE, DATABASE, MysqlServer, PRELUDE};
use super::{events, identity, roles};
use crate::coverage::{AllowedGaps, Content};
use crate::layout::{Database, LayoutWriter};

/// The variables that have the dump tool save more than tables and triggers.
pub(super) const ROUTINES: &str = "SIDE_CAR_ROUTINES";
pub(super) const EVENTS: &str = "SIDE_CAR_EVENTS";
pub(super) const HISTORY: &str = "SIDE_CAR_HISTORY";

pub(super) fn run(
    server: &MysqlServer,
    allowed: &AllowedGaps,
    artifact: &mut Artifact,
) -> Result<()> {
    let client = &server.client;
    server.require_all_rows()?;
    let client_version = client.capture(&client.command(server.lines.version))?;
    let server_version = server.query("SELECT VERSION()")?;
    let databases = server.selected_databases()?;
    let can_dump_history = server.can_dump_history()?;

    let mut layout = LayoutWriter::start(artifact, server.name, &server_version, &client_version)?;
    if let Ok(identity) = identity::read(server) {
        layout.identify(identity);
    }
    if !allowed.lack(Content::Users, None) {
        let command = client.command(server.lines.globals).env(BEFORE, PRELUDE);
        let passed_over = roles::passed_over(server)?;
        layout.globals(|artifact| {
            client.dump(&command, artifact)?;
            artifact.append(passed_over.as_bytes())
        })?;
    }
    for database in databases {
        let Database { name, properties } = database.clone();
        log::info(&format!("dumping the database {name}"));
        let mut command = client.command(server.lines.dump).env(DATABASE, &name);
        let writes_events =
            !allowed.lack(Content::Events, Some(&name)) && events::are_awkward(server, &name)?;
        for (variable, content) in [
            (ROUTINES, Content::Routines),
            (EVENTS, Content::Events),
            (HISTORY, Content::History),
        ] {
            let possible = match content {
                Content::History => can_dump_history,
                Content::Events => !writes_events,
                _ => true,
            };
            if possible && !allowed.lack(content, Some(&name)) {
                command = command.env(variable, "yes");
            }
        }
        let before = Catalogue::read(server, &name)?;
        layout.database_with(&name, properties, |artifact, properties| {
            let said = client.dump_and_hear(&command, artifact)?;
            if writes_events {
                artifact.append(events::dump(server, &database)?.as_bytes())?;
            }
            let wanted = wanted(&before.still(&Catalogue::read(server, &name)?), allowed, &name);
            let of_tool = match writes_events {
                true => wanted.clone().without(contents::EVENTS),
                false => wanted.clone(),
            };
            of_tool
                .require_in(
                    &Contents::of_tool(&name, &said)?,
                    &format!("the dump of {name}"),
                )
                .map_err(|failure| {
                    failure.hint("does an option file tell the dump tool to leave something out, or may the account not see it?")
                })?;
            properties.contents = Some(wanted);
            Ok(())
        })?;
    }
    // It may have been set meanwhile.
    server.require_all_rows()?;
    layout.finish()
}

/// What the dump of a database must hold: what there is, but for what may be missing.
fn wanted(there: &Contents, allowed: &AllowedGaps, database: &str) -> Contents {
    let kinds = [
        (Content::Tables, contents::TABLES),
        (Content::Triggers, contents::TRIGGERS),
        (Content::Routines, contents::ROUTINES),
        (Content::Events, contents::EVENTS),
    ];
    let mut wanted = there.clone();
    for (content, kind) in kinds {
        if allowed.lack(content, Some(database)) {
            wanted = wanted.without(kind);
        }
    }
    wanted
}
