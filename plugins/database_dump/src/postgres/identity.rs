//! Which PostgreSQL server answers. When a server was started, to the microsecond, is its own: no replica,
//! promoted or not, and no copy of its disk has the same.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::maintenance::USUAL;
use super::server::PostgresServer;
use crate::identity::Identity;

/// How long a server may take to answer.
pub(super) const CONNECT_TIMEOUT: &str = "PGCONNECT_TIMEOUT";
const CONNECT_SECONDS: &str = "15";

const STARTED: &str = "
SELECT json_build_object(
    'started', extract(epoch FROM pg_postmaster_start_time())::text,
    'replica', pg_is_in_recovery())";

// A hardened server may keep it from ordinary accounts.
const SYSTEM: &str = "SELECT to_json(system_identifier::text) FROM pg_control_system()";

#[derive(Deserialize)]
struct Started {
    started: String,
    replica: bool,
}

/// What a server has from its making on, and copies of its disk have as well.
pub(super) fn system(server: &PostgresServer) -> Result<String> {
    ask(server, SYSTEM)
}

/// Asks the server.
pub(super) fn read(server: &PostgresServer) -> Result<Identity> {
    let Started { started, replica } = ask(server, STARTED)?;
    Ok(Identity {
        instance: Some(started),
        server: system(server).ok(),
        replica,
        ..Identity::default()
    })
}

/// Through the database of the URL; on a new server, where that is missing, through another one.
fn ask<T: serde::de::DeserializeOwned>(server: &PostgresServer, sql: &str) -> Result<T> {
    let named = &server.maintenance_database;
    let through =
        |database: &str| server.query_with(database, sql, &[(CONNECT_TIMEOUT, CONNECT_SECONDS)]);
    through(named).or_else(|failure| {
        // A server that does not answer at all says nothing of a database.
        let others = USUAL
            .iter()
            .filter(|_| failure.message.contains(named.as_str()));
        let mut answers = others.filter_map(|other| through(other).ok());
        answers.next().ok_or(failure.clone())
    })
}
