//! Every line that a backup or a restore runs. What varies is in their environment: the connection
//! in libpq's own variables, and SQL in `SIDE_CAR_SQL`.

/// What a backup may run.
pub(super) const BACKUP: [&str; 5] = [VERSION, QUERY, GLOBALS, GLOBALS_WITHOUT_PASSWORDS, DUMP];

/// What a restore may run.
pub(super) const BACK: [&str; 8] = [
    QUERY,
    CONTENTS,
    GLOBALS_BACK,
    RESTORE_NEW,
    RESTORE,
    SECTIONS[0],
    SECTIONS[1],
    SECTIONS[2],
];

/// Hands SQL to the server, and prints what it answers.
pub(super) const QUERY: &str = "printf %s \"$SIDE_CAR_SQL\" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1";

pub(super) const VERSION: &str = "pg_dump --version";
pub(super) const DUMP: &str = "pg_dump --no-password --format=custom";

// A connection string without a database: that comes from PGDATABASE, whatever is in its name.
pub(super) const GLOBALS: &str =
    "pg_dumpall --no-password --globals-only --database=application_name=sidecar";
pub(super) const GLOBALS_WITHOUT_PASSWORDS: &str = "pg_dumpall --no-password --globals-only --no-role-passwords --database=application_name=sidecar";

/// Lists an archive, for nothing but to see that it can be read.
pub(super) const CONTENTS: &str = "pg_restore --list >/dev/null";
/// Makes the database that the archive is of, as it was, and fills it.
pub(super) const RESTORE_NEW: &str =
    "pg_restore --no-password --create --dbname=application_name=sidecar";
/// Fills a database.
pub(super) const RESTORE: &str = "pg_restore --no-password --dbname=application_name=sidecar";
/// The same in three steps: definitions, rows, and what is quicker to make or to check at the end.
pub(super) const SECTIONS: [&str; 3] = [
    "pg_restore --no-password --section=pre-data --dbname=application_name=sidecar",
    "pg_restore --no-password --section=data --dbname=application_name=sidecar",
    "pg_restore --no-password --section=post-data --dbname=application_name=sidecar",
];

/// Makes the roles. One that exists already (42710) is no error; every other one is, after all have
/// been tried. The role that asks is left as it is: a new password would lock the restore out.
pub(super) const GLOBALS_BACK: &str = r#"self=$(echo 'SELECT quote_ident(current_user)' | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align) && said=$(LC_ALL=C grep -vF "ALTER ROLE $self WITH " | psql --no-psqlrc --no-password --quiet --set=VERBOSITY=verbose 2>&1 >/dev/null) || { printf '%s\n' "$said" >&2; exit 1; }; ! printf '%s\n' "$said" | LC_ALL=C grep -E ':  [0-9A-Z]{5}: ' | LC_ALL=C grep -vE ':  (0[01]...|42710): ' >&2"#;
