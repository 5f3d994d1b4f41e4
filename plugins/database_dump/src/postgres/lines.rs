//! Every line that a backup or a restore runs. What varies is in their environment: the connection
//! in libpq's own variables, and SQL in `SIDE_CAR_SQL`.

/// What a backup may run.
pub(super) const BACKUP: [&str; 5] = [VERSION, QUERY, GLOBALS, GLOBALS_WITHOUT_PASSWORDS, DUMP];

/// Hands SQL to the server, and prints what it answers.
pub(super) const QUERY: &str = "printf %s \"$SIDE_CAR_SQL\" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1";

pub(super) const VERSION: &str = "pg_dump --version";
pub(super) const DUMP: &str = "pg_dump --no-password --format=custom";

// A connection string without a database: that comes from PGDATABASE, whatever is in its name.
pub(super) const GLOBALS: &str =
    "pg_dumpall --no-password --globals-only --database=application_name=sidecar";
pub(super) const GLOBALS_WITHOUT_PASSWORDS: &str = "pg_dumpall --no-password --globals-only --no-role-passwords --database=application_name=sidecar";
