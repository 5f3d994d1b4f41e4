//! The backup: everything that can be wrong is found before the first dump starts.

use sidecar_sdk::{Artifact, Result, log};

use super::catalogue;
use super::lines::{DUMP, GLOBALS, GLOBALS_WITHOUT_PASSWORDS, VERSION};
use super::{Postgres, version};
use crate::layout::Layout;

pub(super) fn run(postgres: &Postgres, artifact: &mut Artifact) -> Result<()> {
    let client = postgres.client.ask(&postgres.client.command(VERSION))?;
    let server = catalogue::server(postgres)?;
    version::check(&client, &server.version, server.number)?;
    let mut databases = postgres
        .wanted
        .choose(server.databases, |database| &database.name)?;
    for database in &mut databases {
        catalogue::complete(postgres, database)?;
        for table in database
            .facts
            .citus
            .iter()
            .flat_map(|citus| citus.strangers())
        {
            log::warn(&format!(
                "how the table {table} of {} is distributed is not saved: it will come back as a plain table",
                database.name
            ));
        }
    }

    let mut layout = Layout::start(artifact, super::NAME, &server.version, &client)?;
    let globals = if server.passwords {
        GLOBALS
    } else {
        log::warn("the roles are dumped without their passwords: only a superuser may read them");
        GLOBALS_WITHOUT_PASSWORDS
    };
    let command = postgres.command(globals, &postgres.door);
    layout.globals(|artifact| artifact.append_stdout(&command).map(drop))?;
    for database in databases {
        log::info(&format!("dumping the database {}", database.name));
        let command = postgres.command(DUMP, &database.name);
        layout.database(&database.name, database.facts, |artifact| {
            artifact.append_stdout(&command).map(drop)
        })?;
    }
    layout.finish()
}
