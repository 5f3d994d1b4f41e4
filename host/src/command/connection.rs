//! The variables by which client programs of databases find their server and log in.

use std::ffi::OsString;

/// Tells a command that it works for another server or directory than the configured one.
const ELSEWHERE: &str = "SIDE_CAR_RESTORE_INTO";

/// libpq's, those of the clients of MySQL and MariaDB, and of Redis. `plugins/sdk/src/connection.rs` has the same.
const PREFIXES: [&str; 5] = ["PG", "MYSQL_", "MARIADB_", "LIBMYSQL_", "REDISCLI_"];

/// Whether a client program takes its server, its account or a password from this variable.
pub fn is_connection_variable(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// What a command inherits that has variables of its own: one that works for another server gets neither the
/// address nor a password of the configured one.
pub fn inherited_by(
    own: &[(String, String)],
    inherited: &[(OsString, OsString)],
) -> Vec<(OsString, OsString)> {
    let elsewhere = own.iter().any(|(name, _)| name == ELSEWHERE);
    let passed_on = inherited
        .iter()
        .filter(|(name, _)| !elsewhere || !name.to_str().is_some_and(is_connection_variable));
    passed_on.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_for_another_server_inherits_no_connection() {
        let inherited = [
            "PATH",
            "PGSERVICE",
            "MYSQL_PWD",
            "REDISCLI_AUTH",
            "PGHOSTADDR",
        ]
        .map(|name| (name.into(), "x".into()));
        let own = |name: &str| [(name.to_owned(), "y".to_owned())];
        assert_eq!(inherited_by(&own("PGHOST"), &inherited).len(), 5);
        let rest = inherited_by(&own(ELSEWHERE), &inherited);
        assert_eq!(rest, [("PATH".into(), "x".into())]);
    }
}
