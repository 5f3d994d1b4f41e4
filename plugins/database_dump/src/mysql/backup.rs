//! The backup: the users, then each database.

use sidecar_sdk::{Artifact, Result, log};

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
        layout.database(&name, properties, |artifact| {
            client.dump(&command, artifact)?;
            match writes_events {
                true => artifact.append(events::dump(server, &database)?.as_bytes()),
                false => Ok(()),
            }
        })?;
    }
    // It may have been set meanwhile.
    server.require_all_rows()?;
    layout.finish()
}
