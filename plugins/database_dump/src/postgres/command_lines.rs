//! Every command line that a backup or a restore runs. What varies is in the environment: the connection
//! in libpq's own variables, and SQL in `SIDE_CAR_SQL`.

/// A line whose sessions begin with the sidecar's options, and then the operator's.
macro_rules! session {
    ($line:literal) => {
        concat!(
            r#"export PGOPTIONS="${SIDE_CAR_SESSION:+$SIDE_CAR_SESSION }${PGOPTIONS-}"; "#,
            $line
        )
    };
}

/// What a backup may run.
pub(super) const BACKUP_COMMANDS: [&str; 3] = [VERSION, QUERY, DUMP];

/// What a restore may run.
pub(super) const RESTORE_COMMANDS: [&str; 11] = [
    RESTORE_VERSION,
    QUERY,
    CONTENTS,
    REPLAY_PART,
    RESTORE_NEW,
    RESTORE,
    COMPARE,
    END_AND_SWAP,
    CANDIDATES,
    ENTRY,
    INSIDE,
];

/// Sends SQL to the server, and prints the answer.
pub(super) const QUERY: &str = session!(
    r#"printf %s "$SIDE_CAR_SQL" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1"#
);

pub(super) const VERSION: &str = "pg_dump --version";
pub(super) const RESTORE_VERSION: &str = "pg_restore --version";
pub(super) const DUMP: &str = session!(
    r#"pg_dump --no-password --format=custom ${SIDE_CAR_UNCOMPRESSED:+--compress=0} ${SIDE_CAR_WITHOUT_SCHEMAS:+--exclude-schema="$SIDE_CAR_WITHOUT_SCHEMAS"}"#
);

/// Lists an archive, which checks that it can be read.
pub(super) const CONTENTS: &str = "pg_restore --list >/dev/null";
// The connection string names no database: PGDATABASE does, which takes any name literally.
/// Creates the archive's database under its original name, and fills it: for a backup whose index lacks
/// what belongs to the database itself.
pub(super) const RESTORE_NEW: &str = session!(
    "LC_ALL=C pg_restore --no-password --create ${SIDE_CAR_WITHOUT_OWNERS:+--no-owner --no-privileges} ${SIDE_CAR_WITHOUT_TABLESPACES:+--no-tablespaces} --dbname=application_name=sidecar"
);
/// Fills an existing database, with one section of the archive or all. Its errors are judged by what it says of them: not in another language.
pub(super) const RESTORE: &str = session!(
    r#"LC_ALL=C pg_restore --no-password ${SIDE_CAR_SECTION:+--section="$SIDE_CAR_SECTION"} ${SIDE_CAR_WITHOUT_OWNERS:+--no-owner --no-privileges} ${SIDE_CAR_WITHOUT_TABLESPACES:+--no-tablespaces} --dbname=application_name=sidecar"#
);
/// Gives the archive's list to the server as a table, and asks it what is missing. Names are in the encoding of the
/// database.
pub(super) const COMPARE: &str = session!(
    r#"{ printf '%s\n' 'CREATE TEMPORARY TABLE sidecar_list (line text);' "COPY pg_temp.sidecar_list FROM STDIN WITH (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02');" && { pg_restore --list | LC_ALL=C tr '\001\002' '??'; } && printf '%s\n' '\.' && printf %s "$SIDE_CAR_SQL"; } | PGCLIENTENCODING=SQL_ASCII psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 >&2"#
);

/// Swaps, while another session ends those that are in the way: new ones wait behind the swap.
pub(super) const END_AND_SWAP: &str = session!(
    r#"printf %s "$SIDE_CAR_END_SESSIONS" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 & end=$!; swapped=0; printf %s "$SIDE_CAR_SQL" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 || swapped=$?; kill "$end" 2>/dev/null || true; wait "$end" 2>/dev/null || true; exit "$swapped""#
);

/// The entries of an archive that may have to be left out within a database.
pub(super) const CANDIDATES: &str = r#"pg_restore --list "$SIDE_CAR_TEMP_DUMP" | { LC_ALL=C grep -aE '^[0-9]+; (2615 [0-9]+ SCHEMA|0 0 COMMENT - EXTENSION) ' || test $? = 1; }"#;
/// The definition of one entry.
pub(super) const ENTRY: &str = r#"printf '%s;\n' "$SIDE_CAR_ENTRY" | pg_restore --file=- --use-list=/dev/stdin "$SIDE_CAR_TEMP_DUMP""#;

/// Fills a database in one transaction of one session, between what the session begins and ends with. Only
/// if every `pg_restore` succeeded is the end printed. In a script, pg_restore ends a transaction of its own after
/// large objects: these come in a pass of their own, in which nothing else has such lines. A server that
/// lacks a setting of the first lines would end the transaction.
pub(super) const INSIDE: &str = session!(
    r#"list() { pg_restore --list "$SIDE_CAR_TEMP_DUMP" | LC_ALL=C awk 'BEGIN { n = split(ENVIRON["SIDE_CAR_LEFT_OUT"], numbers, " "); for (i = 1; i <= n; i++) left_out[numbers[i]] } { number = $0; sub(/;.*/, "", number); if (!(number in left_out)) print }'; }; script() { pg_restore --file=- --use-list=/dev/stdin ${SIDE_CAR_WITHOUT_OWNERS:+--no-owner --no-privileges} ${SIDE_CAR_WITHOUT_TABLESPACES:+--no-tablespaces} "$@" "$SIDE_CAR_TEMP_DUMP" | LC_ALL=C sed '1,/^SET client_encoding = /{/^SET transaction_timeout = 0;$/d}'; }; objects='^[0-9]+; 0 0 BLOBS '; { printf '%s\n' "$SIDE_CAR_BEFORE" && list | script --section=pre-data && printf '%s\n' "$SIDE_CAR_BETWEEN" "$SIDE_CAR_BETWEEN_2" "$SIDE_CAR_BETWEEN_3" "$SIDE_CAR_BETWEEN_4" "$SIDE_CAR_BETWEEN_5" "$SIDE_CAR_BETWEEN_6" "$SIDE_CAR_BETWEEN_7" "$SIDE_CAR_BETWEEN_8" && list | LC_ALL=C grep -vE "$objects" | script --section=data && { list | LC_ALL=C grep -E "$objects" || true; } | script --section=data | LC_ALL=C sed '/^BEGIN;$/d; /^COMMIT;$/d' && list | script --section=post-data && printf '%s\n' "$SIDE_CAR_AFTER"; } | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 >/dev/null"#
);

/// The same as `QUERY` for a script that reads a part of the backup from descriptor 3.
pub(super) const REPLAY_PART: &str = session!(
    "exec 3<&0; printf %s \"$SIDE_CAR_SQL\" | PGCLIENTENCODING=UTF8 psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 >/dev/null"
);
