//! What the snapshot of one server does not have, or has beside what it should.

use sidecar_sdk::{Failure, Result};

use super::command_lines::{CLUSTER, LEFTOVERS};
use super::target::Target;
use crate::client::Client;
use crate::coverage::{Content, Gap};

/// A replica whose primary is away has what it had then.
pub(super) fn of_replica(server: &Target) -> Option<Gap> {
    server.is_cut_off.then(|| {
        Gap::new(
            Content::Databases,
            "what the primary has received since it was heard last",
            "the server is a replica, and INFO says master_link_status:down",
            "bring its primary back, or back the primary up",
        )
    })
}

/// A node of a cluster has its share of the keys.
pub(super) fn of_cluster(client: &Client, server: &Target) -> Result<Option<Gap>> {
    if !server.is_cluster {
        return Ok(None);
    }
    let said = client.capture(&client.command(CLUSTER))?;
    let nodes = said
        .lines()
        .find_map(|line| line.strip_prefix("cluster_size:"));
    let single = nodes.is_some_and(|nodes| matches!(nodes.trim(), "0" | "1"));
    Ok((!single).then(|| {
        Gap::new(
            Content::Databases,
            "the keys of the other nodes of the cluster",
            "the server is a node of a Redis Cluster: its snapshot has the keys of its own slots",
            "back up one node of each shard with a sidecar of its own, and allow this there",
        )
    }))
}

/// Fails while spare databases have what a restore that was killed has loaded into them: it would be backed up.
pub(super) fn require_no_leftovers(client: &Client) -> Result<()> {
    let said = client.capture(&client.command(LEFTOVERS))?;
    let found: Vec<String> = said
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(database, id)| format!("database {database} (restore {id})"))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let (server, found) = (client.server(), found.join(", "));
    Err(Failure::new(
        "restore-interrupted",
        format!("{server} has what a restore that was interrupted has left in {found}"),
    )
    .hint("repeat the restore, which removes it, or empty these databases: redis-cli -n NUMBER FLUSHDB"))
}

/// A restore reads the snapshot with a server of its own.
pub(super) fn unknown_types(modules: &[String]) -> Failure {
    Failure::new(
        "module-types",
        format!(
            "the server has loaded {}: a restore reads the snapshot with redis-server alone, which does not know the types of modules",
            modules.join(", ")
        ),
    )
    .hint("if there are keys of such types, try a restore now (drill), and keep a way to load the file by hand")
}
