//! The maintenance database: the one that is connected to for what concerns the whole server, and to rename another
//! one. Any database can be one, and none can be renamed through itself.

use sidecar_sdk::{Failure, Result, log};

use super::own_names::OURS;
use super::server::PostgresServer;

/// The databases through which the server can be reached.
pub(super) struct MaintenanceDatabases {
    open: Vec<String>,
}

/// Come with every server, though an operator may have dropped them.
pub(super) const USUAL: [&str; 2] = ["postgres", "template1"];

const PROBE: &str = "SELECT 1";

impl MaintenanceDatabases {
    /// Finds the first one: that of the URL, or another one where it is missing, as it is on a new server.
    pub(super) fn find(server: &PostgresServer) -> Result<Self> {
        let named = &server.maintenance_database;
        let failure = match server.query::<u8>(named, PROBE) {
            Ok(_) => return Self::through(server, named),
            Err(failure) => failure,
        };
        let others = USUAL.iter().filter(|name| *name != named);
        for other in others {
            if server.query::<u8>(other, PROBE).is_ok() {
                log::warn(&format!(
                    "cannot connect to {named}, the database of the URL: going on through {other}"
                ));
                return Self::through(server, other);
            }
        }
        Err(failure)
    }

    /// The server as it is reached through `first`, with what else is open there.
    fn through(server: &PostgresServer, first: &str) -> Result<Self> {
        let sql = format!(
            "SELECT coalesce(json_agg(datname ORDER BY datname NOT IN ('postgres', 'template1'), datname), '[]')
             FROM pg_catalog.pg_database d
             WHERE datname <> 'template0' AND datallowconn AND datconnlimit <> -2
             AND has_database_privilege(oid, 'CONNECT') AND NOT {OURS}"
        );
        let others: Vec<String> = server.query(first, &sql)?;
        let mut open = vec![first.to_owned()];
        open.extend(others.into_iter().filter(|name| name != first));
        Ok(Self { open })
    }

    /// The first one.
    pub(super) fn first(&self) -> &str {
        &self.open[0]
    }

    /// The first through which `patient` can be renamed; none if there is no other.
    pub(super) fn beside(&self, server: &PostgresServer, patient: &str) -> Option<&str> {
        let others = self.open.iter().filter(|name| *name != patient);
        let mut reachable = others.filter(|name| server.query::<u8>(name, PROBE).is_ok());
        reachable.next().map(String::as_str)
    }
}

/// The failure for a database that is the only way to its server.
pub(super) fn only_database(database: &str) -> Failure {
    Failure::new(
        "no-other-database",
        format!("{database} is the only database that can be connected to, and none can be renamed through itself"),
    )
    .hint("let the account connect to another one: CREATE DATABASE postgres")
}
