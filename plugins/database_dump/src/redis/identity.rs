//! Which Redis server answers. It draws its `run_id` at each start; a replica has the `master_replid` of its source.

use sidecar_sdk::{Failure, Result};

use super::command_lines::{REPLICATION, SERVER};
use crate::client::Client;
use crate::identity::Identity;

/// Asks the server.
pub(super) fn read(client: &Client) -> Result<Identity> {
    let server = client.capture(&client.command(SERVER))?;
    let replication = client.capture(&client.command(REPLICATION))?;
    parse(&server, &replication).ok_or_else(|| {
        let first = server.lines().next().unwrap_or("nothing");
        let message = format!(
            "cannot ask {} which server it is: it answers: {first}",
            client.server()
        );
        Failure::new("unexpected-answer", message)
    })
}

fn parse(server: &str, replication: &str) -> Option<Identity> {
    let value = |answer: &str, name: &str| {
        let mut fields = answer.lines().filter_map(|line| line.split_once(':'));
        let found = fields.find(|(found, _)| *found == name);
        found.map(|(_, value)| value.trim().to_owned())
    };
    Some(Identity {
        instance: Some(value(server, "run_id")?),
        cluster: value(replication, "master_replid"),
        replica: value(replication, "role").is_some_and(|role| role == "slave"),
        ..Identity::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Relation;

    #[test]
    fn a_replica_has_the_data_of_its_source() {
        let of = |run: &str, role: &str, history: &str| {
            let server = format!("# Server\r\nrun_id:{run}\r\n");
            let replication = format!("role:{role}\r\nmaster_replid:{history}\r\n");
            parse(&server, &replication).unwrap_or_default()
        };
        let source = of("a", "master", "h");
        assert_eq!(source.relation(&of("a", "master", "h")), Relation::Same);
        assert_eq!(source.relation(&of("b", "slave", "h")), Relation::Linked);
        assert_eq!(source.relation(&of("b", "master", "i")), Relation::Other);
        assert!(parse("-NOAUTH", "").is_none());
    }
}
