//! The variables by which client programs of databases find their server and log in.

/// libpq's, those of the clients of MySQL and MariaDB, and of Redis. The host has the same, for what a command
/// with SIDE_CAR_RESTORE_INTO inherits.
const PREFIXES: [&str; 5] = ["PG", "MYSQL_", "MARIADB_", "LIBMYSQL_", "REDISCLI_"];

/// Whether a client program takes its server, its account or a password from this variable: a restore into
/// another server must not have it from `strategy.config`.
pub fn is_connection_variable(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
