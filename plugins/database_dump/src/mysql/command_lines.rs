//! Every command line that a backup or a restore runs. What varies is in the environment.

/// A client program with its connection options. What the URL leaves out, the program takes from
/// its option files.
macro_rules! connected {
    ($program:literal, $($options:literal),+) => {
        concat!(
            $program,
            r#" ${SIDE_CAR_OPTION_FILE:+--defaults-file="$SIDE_CAR_OPTION_FILE"}"#,
            r#" ${SIDE_CAR_HOST:+--host="$SIDE_CAR_HOST"} ${SIDE_CAR_PORT:+--port="$SIDE_CAR_PORT"}"#,
            r#" ${SIDE_CAR_USER:+--user="$SIDE_CAR_USER"} ${SIDE_CAR_SOCKET:+--socket="$SIDE_CAR_SOCKET"}"#,
            r#" ${SIDE_CAR_SSL_CA:+--ssl-ca="$SIDE_CAR_SSL_CA"} --default-character-set=utf8mb4"#,
            $($options),+
        )
    };
}

/// Sends SQL to the server, and prints the answer.
macro_rules! query {
    ($program:literal) => {
        concat!(
            r#"printf %s "$SIDE_CAR_SQL" | "#,
            connected!(
                $program,
                " --binary-mode --batch --skip-column-names --raw ${SIDE_CAR_VERTICAL:+--vertical}"
            )
        )
    };
}

/// Dumps one consistent snapshot of a database, with what the variables name: an option that is left out
/// is one that the operator allows to be missing. A row is twice as long in hexadecimal: of one that is
/// longer than half of the longest packet, no server could take the statement back. What is in the dump is counted by the
/// tool's own lines on the way, and said on stderr once its last line has come.
macro_rules! dump {
    ($program:literal) => {
        concat!(
            "{ ",
            connected!(
                $program,
                " --single-transaction --quick --hex-blob --no-tablespaces --max-allowed-packet=511M --triggers",
                " --comments --add-drop-table --tz-utc",
                " ${SIDE_CAR_ROUTINES:+--routines} ${SIDE_CAR_EVENTS:+--events} ${SIDE_CAR_HISTORY:+--dump-history}",
                r#" -- "$SIDE_CAR_DATABASE""#
            ),
            " | tee /dev/fd/3 | { LC_ALL=C grep -aoE '^(-- (Table|Sequence|Final view) structure|-- Dump completed",
            "|/.!50003 CREATE./|/.!50106 CREATE./|/.!50003 DROP (FUNCTION|PROCEDURE|PACKAGE))' || test $? = 1; }",
            " | LC_ALL=C awk '/Table|Sequence/ { t++ } /view/ { v++ } /50003 CREATE/ { g++ } /DROP/ { r++ } /50106/ { e++ }",
            " /completed/ { c++ } END { if (c) printf \"the dump holds %d tables, %d views, %d triggers, %d routines, %d events\\n\",",
            " t, v, g, r, e }' >&2; } 3>&1"
        )
    };
}

/// Lists the names of the options that the dump tool has from its option files.
macro_rules! options {
    ($program:literal) => {
        concat!(
            $program,
            r#" ${SIDE_CAR_OPTION_FILE:+--defaults-file="$SIDE_CAR_OPTION_FILE"} --print-defaults"#,
            r" | LC_ALL=C tr ' ' '\n' | { grep '^--' || test $? = 1; } | cut -d= -f1"
        )
    };
}

/// Loads a dump, or a range of one, between SQL of our own. In binary mode the client sends the server
/// what it reads: its own commands (`\!`, `system`, `source`) are none.
macro_rules! load {
    ($program:literal) => {
        concat!(
            r#"{ printf %s "$SIDE_CAR_BEFORE" && cat && printf %s "$SIDE_CAR_AFTER"; } | "#,
            connected!(
                $program,
                " --binary-mode --max-allowed-packet=1G ${SIDE_CAR_FORCE:+--force}",
                r#" ${SIDE_CAR_DATABASE:+--database="$SIDE_CAR_DATABASE"}"#
            )
        )
    };
}

/// Prints a line if the dump tool can save the history of system-versioned tables. As all lines here, it has no `*`, which
/// `allow.commands` would take for a pattern.
macro_rules! history {
    ($program:literal) => {
        concat!(
            $program,
            r" --help | LC_ALL=C sed -n '/-H, --dump-history/s/.\{1,\}/yes/p'"
        )
    };
}

/// The command lines for MySQL or for MariaDB.
#[derive(Debug)]
pub(super) struct CommandLines {
    pub(super) version: &'static str,
    pub(super) query: &'static str,
    pub(super) dump: &'static str,
    pub(super) options: &'static str,
    pub(super) history: &'static str,
    /// Dumps users, roles and their grants.
    pub(super) globals: &'static str,
    /// Whether that includes foreign servers.
    pub(super) saves_servers: bool,
    pub(super) load: &'static str,
}

pub(super) const MARIADB: CommandLines = CommandLines {
    version: "mariadb-dump --version",
    query: query!("mariadb"),
    dump: dump!("mariadb-dump"),
    options: options!("mariadb-dump"),
    history: history!("mariadb-dump"),
    globals: connected!("mariadb-dump", " --system=users,servers --insert-ignore"),
    saves_servers: true,
    load: load!("mariadb"),
};

// mysqldump does not dump users: the server is queried for the statements that create them, without
// its built-in ones.
pub(super) const MYSQL: CommandLines = CommandLines {
    version: "mysqldump --version",
    query: query!("mysql"),
    dump: dump!("mysqldump"),
    options: options!("mysqldump"),
    history: history!("mysqldump"),
    globals: concat!(
        r#"ask() { { printf %s "$SIDE_CAR_BEFORE"; cat; } | "#,
        connected!("mysql", " --batch --skip-column-names --raw"),
        "; }; each() { echo \"SELECT CONCAT('$1 ', QUOTE(user), '@', QUOTE(host), ';') FROM mysql.user",
        " WHERE user NOT LIKE 'mysql.%' AND user NOT LIKE 'mariadb.%' ORDER BY 1\" | ask;",
        " }; { echo '/*!80017 SET SESSION print_identified_with_as_hex=ON */;'; each 'SHOW CREATE USER'; } | ask",
        " | sed 's/^CREATE USER /CREATE USER IF NOT EXISTS /; s/$/;/' && each 'SHOW GRANTS FOR' | ask | sed 's/$/;/'"
    ),
    saves_servers: false,
    load: load!("mysql"),
};
