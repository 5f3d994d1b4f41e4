//! Versions of clients and servers, from what they print.

use sidecar_sdk::Failure;

/// A warning for a client that is older than its server: it may not know what it dumps or restores.
pub(crate) fn older_client(client: &str, server: &str) -> Option<Failure> {
    let is_mariadb = |text: &str| text.contains("MariaDB");
    // One that is the other's has numbers of its own.
    if is_mariadb(client) != is_mariadb(server) {
        return None;
    }
    let (of_client, of_server) = (client_version(client)?, version(server)?);
    (of_client < of_server).then(|| {
        let message =
            format!("the server is {server}, and the sidecar has an older client: {client}");
        Failure::new("client-older", message)
            .hint("install a client of the server's version in the sidecar's container image")
    })
}

/// From "mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian", "mariadb-dump from 11.4.2-MariaDB, client 10.19",
/// "mysqldump  Ver 8.0.36 for Linux", "redis-cli 7.0.15".
fn client_version(client: &str) -> Option<(u32, u32)> {
    let markers = ["Distrib ", " from ", "Ver ", "redis-cli "];
    markers.iter().find_map(|marker| {
        let (_, behind) = client.split_once(marker)?;
        version(behind)
    })
}

/// The first two numbers.
fn version(text: &str) -> Option<(u32, u32)> {
    // MariaDB once put this before its own version, for replicas.
    let text = text.strip_prefix("5.5.5-").unwrap_or(text);
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::older_client;

    #[test]
    fn a_client_may_be_newer_but_not_older() {
        let mariadb =
            "mariadb-dump  Ver 10.19 Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)";
        let newer = "mariadb-dump from 11.4.2-MariaDB, client 10.19 for Linux (x86_64)";
        for (client, server, is_older) in [
            (mariadb, "10.11.6-MariaDB-0+deb12u1", false),
            (mariadb, "5.5.5-10.11.14-MariaDB", false),
            (mariadb, "11.4.2-MariaDB", true),
            (newer, "11.4.2-MariaDB", false),
            (newer, "8.0.36", false),
            ("mysqldump  Ver 8.0.36 for Linux on x86_64", "8.4.0", true),
            ("mysqldump  Ver 8.0.36 for Linux on x86_64", "8.0.40", false),
            ("redis-cli 7.0.15", "7.2.4", true),
            ("redis-cli 7.0.15", "6.2.1", false),
            ("something else", "8.0.36", false),
        ] {
            assert_eq!(
                older_client(client, server).is_some(),
                is_older,
                "{client} {server}"
            );
        }
    }
}
