//! Which MySQL or MariaDB server answers. They tell nothing that a copy or another container of the same image could not
//! tell too: so a lock with a name that only this restore knows is held in the one, and looked for in the other.

use sidecar_sdk::Result;

use super::secret_line::secret_line;
use super::server::MysqlServer;
use crate::client::Client;
use crate::identity::Identity;

/// The name of the lock.
pub(super) const SECRET: &str = "SIDE_CAR_SECRET";

/// What the secret's line reads of the other server, and the variable that the other lines read of theirs.
pub(super) const INTO: [(&str, &str); 7] = [
    ("SIDE_CAR_INTO_HOST", "SIDE_CAR_HOST"),
    ("SIDE_CAR_INTO_PORT", "SIDE_CAR_PORT"),
    ("SIDE_CAR_INTO_USER", "SIDE_CAR_USER"),
    ("SIDE_CAR_INTO_SOCKET", "SIDE_CAR_SOCKET"),
    ("SIDE_CAR_INTO_SSL_CA", "SIDE_CAR_SSL_CA"),
    ("SIDE_CAR_INTO_OPTION_FILE", "SIDE_CAR_OPTION_FILE"),
    ("SIDE_CAR_INTO_PASSWORD", "MYSQL_PWD"),
];

const VARIABLES: &str = "
SHOW GLOBAL VARIABLES WHERE Variable_name IN
    ('server_uid', 'server_uuid', 'hostname', 'port', 'datadir', 'server_id');
SHOW GLOBAL STATUS LIKE 'wsrep_cluster_state_uuid';";

/// Asks the server.
pub(super) fn read(server: &MysqlServer) -> Result<Identity> {
    let mut identity = parse(&server.query(VARIABLES)?);
    let replicas = match server.name {
        "mariadb" => "SHOW ALL SLAVES STATUS",
        _ => "SHOW REPLICA STATUS",
    };
    // Not every account may see whose replica it is.
    if let Ok(status) = server.query_vertically(replicas) {
        identity.follows = sources(&status);
    }
    Ok(identity)
}

/// Whether a lock that is held in `source` is one of `target`.
pub(super) fn is_held(source: &Client, target: &MysqlServer, id: &str) -> Result<bool> {
    let mut command = source.command(secret_line(target.name));
    command = command.env(SECRET, format!("sidecar_{id}"));
    for (into, of_target) in INTO {
        if let Some(value) = target.client.variable(of_target) {
            command = command.env(into, value);
        }
    }
    source.capture(&command).map(|held| held == "1")
}

/// From "name<TAB>value", one a line.
fn parse(answer: &str) -> Identity {
    const NO_CLUSTER: &str = "00000000-0000-0000-0000-000000000000";
    let value = |name: &str| {
        let mut lines = answer.lines().filter_map(|line| line.split_once('\t'));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        let value = found.map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty()).map(str::to_owned)
    };
    let own = value("server_uid").or_else(|| value("server_uuid"));
    let place = ["hostname", "port", "datadir"].map(|name| value(name).unwrap_or_default());
    Identity {
        server: Some(format!("{} {}", own.unwrap_or_default(), place.join(" "))),
        cluster: value("wsrep_cluster_state_uuid").filter(|uuid| uuid != NO_CLUSTER),
        id: value("server_id"),
        ..Identity::default()
    }
}

/// The ids of those that a server replicates.
fn sources(status: &str) -> Vec<String> {
    let lines = status.lines().filter_map(|line| line.split_once(": "));
    let ids =
        lines.filter(|(name, _)| matches!(name.trim(), "Master_Server_Id" | "Source_Server_Id"));
    ids.map(|(_, id)| id.trim().to_owned())
        .filter(|id| !id.is_empty() && id != "0")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_tells_where_its_data_are() {
        let identity = parse(
            "datadir\t/var/lib/mysql/\nhostname\tdb\nport\t3306\nserver_id\t7\nserver_uid\tabc=\nwsrep_cluster_state_uuid\t\n",
        );
        assert_eq!(
            identity.server.as_deref(),
            Some("abc= db 3306 /var/lib/mysql/")
        );
        assert_eq!(
            (identity.id.as_deref(), identity.cluster),
            (Some("7"), None)
        );
    }

    #[test]
    fn a_replica_tells_whose_it_is() {
        let status = "*** 1. row ***\n   Master_Host: db\n   Master_Server_Id: 7\n";
        assert_eq!(sources(status), ["7"]);
        assert!(sources("").is_empty());
    }
}
