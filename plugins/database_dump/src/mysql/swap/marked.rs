//! The swaps of this server, known by their markers.

use sidecar_sdk::{Failure, Result};

use super::names::SwapNames;
use super::state;
use crate::mysql::existing::has_table;
use crate::mysql::server::MysqlServer;

/// Fails if another restore is about to replace the same database: one of two gives way.
pub(super) fn require_alone(server: &MysqlServer, names: &SwapNames, target: &str) -> Result<()> {
    for other in marked(server)? {
        // One that has just ended is gone.
        let swap = state::read(server, &other).ok().flatten();
        if other.id() < names.id() && swap.is_some_and(|swap| swap.target == target) {
            let message = format!(
                "another restore of {target} is at work, in {}",
                other.old_database()
            );
            return Err(Failure::new("in-use", message).hint("wait for its end"));
        }
    }
    Ok(())
}

/// The swaps whose databases are there, with the marker of one.
pub(super) fn marked(server: &MysqlServer) -> Result<Vec<SwapNames>> {
    let mut marked = Vec::new();
    for database in server.own_databases()? {
        if let Some(names) = SwapNames::of_old(&database)
            && has_marker(server, &names)?
        {
            marked.push(names);
        }
    }
    Ok(marked)
}

pub(super) fn has_marker(server: &MysqlServer, names: &SwapNames) -> Result<bool> {
    let table = format!("sidecar_swap_{}", names.id());
    has_table(server, &names.old_database(), &table)
}
