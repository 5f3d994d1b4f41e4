//! The backup: everything that can fail beforehand is checked before the first dump starts.

use sidecar_sdk::{Artifact, Result, log};

use super::aside;
use super::catalogue;
use super::command_lines::DUMP;
use super::coverage::{Ready, ready};
use super::globals;
use super::identity;
use super::server::{ENCODING, NAME, PostgresServer};
use crate::coverage::{AllowedGaps, Content};
use crate::layout::LayoutWriter;

/// The schemas that a restore has left, as a pattern.
pub(super) const WITHOUT_SCHEMAS: &str = "SIDE_CAR_WITHOUT_SCHEMAS";

pub(super) fn run(
    server: &PostgresServer,
    allowed: &AllowedGaps,
    artifact: &mut Artifact,
) -> Result<()> {
    let Ready {
        client_version,
        info,
    } = ready(server)?;
    let passwords = info.passwords && !allowed.lack(Content::RolePasswords, None);
    let globals = globals::write(&globals::read(
        server,
        &server.maintenance_database,
        info.number,
        passwords,
    )?)?;
    let mut databases = server
        .filter
        .apply(info.databases, |database| &database.name)?;
    for database in &mut databases {
        catalogue::read_details(server, database)?;
        for table in database
            .properties
            .citus
            .iter()
            .flat_map(|citus| citus.unsupported_tables())
        {
            log::warn(&format!(
                "how the table {table} of {} is distributed is not saved: it will be restored as a plain table",
                database.name
            ));
        }
    }

    let mut layout = LayoutWriter::start(artifact, NAME, &info.version, &client_version)?;
    if let Ok(identity) = identity::read(server) {
        layout.identify(identity);
    }
    layout.globals(|artifact| artifact.append(globals.as_bytes()))?;
    for database in databases {
        // Their names are letters, digits and underscores.
        let aside: Vec<String> = server.query(&database.name, &aside::left_schemas())?;
        log::info(&format!("dumping the database {}", database.name));
        let command = server.command(DUMP, &database.name);
        let command = command
            .env(ENCODING, &database.properties.encoding)
            .env(WITHOUT_SCHEMAS, aside.join("|"));
        layout.database(&database.name, database.properties, |artifact| {
            server.client.dump(&command, artifact)
        })?;
    }
    layout.finish()
}
