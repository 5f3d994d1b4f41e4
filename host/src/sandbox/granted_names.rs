//! The hosts that a module was granted, as names to look up.

use std::collections::HashSet;
use std::net::IpAddr;

/// Names of hosts, without ports.
#[derive(Debug, Default)]
pub(super) struct GrantedNames(HashSet<String>);

impl GrantedNames {
    /// Of addresses, as "host:port".
    pub(super) fn of(addresses: &[String]) -> Self {
        let hosts = addresses
            .iter()
            .filter_map(|address| address.rsplit_once(':'));
        Self(hosts.map(|(host, _)| normal(host)).collect())
    }

    /// Whether to look it up tells no server anything that was not granted.
    pub(super) fn has(&self, name: &str) -> bool {
        let name = normal(name);
        name.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

/// Names are compared without regard to case; a dot at the end only says that a name is complete.
fn normal(name: &str) -> String {
    let name = name.strip_suffix('.').unwrap_or(name);
    let address = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    address.unwrap_or(name).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::GrantedNames;

    #[test]
    fn only_granted_hosts_are_looked_up() {
        let names = GrantedNames::of(&["db.example:5432".into(), "[::1]:80".into()]);
        for (name, granted) in [
            ("db.example", true),
            ("DB.Example.", true),
            ("127.0.0.1", true),
            ("[::1]", true),
            ("example", false),
            ("secret.db.example", false),
            ("db.example.attacker.example", false),
            ("0x7f.1", false),
            ("", false),
        ] {
            assert_eq!(names.has(name), granted, "{name}");
        }
    }
}
